//! The name of a file. Refused: marks that turn the direction of writing or take no room (a name is then read otherwise than it is), an
//! extension that is not one of the content, and a part between dots that is the extension of something that runs (`surat.exe.pdf`). Made
//! safe: only what stands after the last separator counts, control characters go, dots and spaces at both ends go, signs that a system
//! gives a meaning become `-`, a name that Windows keeps for a device gets `_` before it, a long one is cut. The extension is that of
//! what is kept.

use crate::Refused;

/// Most characters before the extension.
const CHARS_MAX: usize = 80;

/// Extensions of what runs, or makes something run, on a desk or phone.
const RUNS: &[&str] = &[
    "ade", "adp", "apk", "app", "appx", "asp", "aspx", "bash", "bat", "bin", "cab", "cgi", "chm", "class",
    "cmd", "com", "cpl", "deb", "dll", "dmg", "docm", "dotm", "elf", "exe", "gadget", "hta", "htm", "html",
    "inf", "ins", "iso", "jar", "jnlp", "js", "jse", "jsp", "ksh", "lnk", "mht", "mhtml", "mjs", "msc",
    "msi", "msp", "mst", "pif", "php", "phtml", "pl", "pptm", "ps1", "psm1", "py", "pyc", "rb", "reg", "rpm",
    "run", "scf", "scr", "sct", "sh", "shtml", "so", "svg", "svgz", "swf", "sys", "url", "vb", "vbe", "vbs",
    "vxd", "wasm", "wsc", "wsf", "wsh", "xhtml", "xht", "xlsm", "xml", "xsl", "xslt",
];

const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];

/// A name to show and to save under.
pub(crate) fn safe(sent: &str, allowed: &[&str], extension: &str) -> Result<String, Refused> {
    if sent.chars().any(misleads) {
        return Err(Refused::Name);
    }
    let last = sent.rsplit(['/', '\\']).next().unwrap_or("");
    let visible: String = last.chars().filter(|c| !c.is_control()).map(plain).collect();
    let trimmed = visible.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let mut parts = trimmed.split('.').map(|part| part.trim().to_lowercase());
    let first = parts.next().unwrap_or_default();
    let after: Vec<String> = parts.collect();
    let runs = |part: &String| RUNS.contains(&part.as_str());
    if after.iter().any(runs) {
        return Err(Refused::Name);
    }
    if after.last().is_some_and(|own| !allowed.contains(&own.as_str())) {
        return Err(Refused::Contradicts);
    }
    let stem = if after.is_empty() { trimmed } else { trimmed.rsplit_once('.').map_or("", |(stem, _)| stem) };
    let stem: String = stem.chars().take(CHARS_MAX).collect();
    let stem = stem.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let before = if is_device(&first) { "_" } else { "" };
    let stem = if stem.is_empty() { "berkas" } else { stem };
    Ok(format!("{before}{stem}.{extension}"))
}

/// Marks that take no room or turn the direction: with them a name is not what it looks like.
fn misleads(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Signs that a shell, a header or a file system gives a meaning.
fn plain(c: char) -> char {
    if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '%' | ';' | '`' | '$' | '&') { '-' } else { c }
}

fn is_device(stem: &str) -> bool {
    let port = |name: &str| {
        stem.strip_prefix(name).is_some_and(|rest| {
            let mut rest = rest.chars();
            matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    DEVICES.contains(&stem) || port("com") || port("lpt")
}

//! Style, script, icons and vendored files, embedded in the binary. In: a path below `/aset/`; out: bytes that may be kept for a
//! year, because every address carries the hash of all of them. Nothing is read from disk when serving.

use std::{fmt::Write, sync::LazyLock};

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use include_dir::{Dir, include_dir};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../assets");
static VERSION: LazyLock<String> = LazyLock::new(version);
static ICONS: LazyLock<String> = LazyLock::new(sprite);

/// The address of an asset, with its version.
pub(crate) fn href(path: &str) -> String {
    format!("/aset/{path}?v={}", *VERSION)
}

/// The house's style sheet, for pages that stand alone.
pub(crate) fn style() -> &'static str {
    FILES.get_file("pilar.css").and_then(include_dir::File::contents_utf8).unwrap_or_default()
}

/// The address of one icon in the sprite.
pub(crate) fn icon_href(name: &str) -> String {
    format!("/aset/ikon.svg?v={}#{name}", *VERSION)
}

/// Names of the icons in the sprite, sorted.
pub(crate) fn icon_names() -> Vec<String> {
    let files = FILES.get_dir("vendor/lucide").map(include_dir::Dir::files).into_iter().flatten();
    let svg = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "svg"));
    let mut names: Vec<String> =
        svg.filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

pub(crate) async fn serve(Path(path): Path<String>) -> Response {
    let kept = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    if path == "ikon.svg" {
        return ([kept, (header::CONTENT_TYPE, "image/svg+xml")], ICONS.as_str()).into_response();
    }
    let Some(file) = FILES.get_file(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    ([kept, (header::CONTENT_TYPE, kind)], file.contents()).into_response()
}

fn version() -> String {
    let mut hash = blake3::Hasher::new();
    hash_files(&FILES, &mut hash);
    hash.finalize().to_hex()[..10].to_owned()
}

fn hash_files(folder: &Dir<'static>, hash: &mut blake3::Hasher) {
    for file in folder.files() {
        hash.update(file.path().as_os_str().as_encoded_bytes());
        hash.update(file.contents());
    }
    for inner in folder.dirs() {
        hash_files(inner, hash);
    }
}

/// All vendored icons as one file of symbols: one request, kept for a year.
fn sprite() -> String {
    let mut out = String::from(r#"<svg xmlns="http://www.w3.org/2000/svg">"#);
    let Some(folder) = FILES.get_dir("vendor/lucide") else { return out + "</svg>" };
    for file in folder.files() {
        let (Some(name), Some(text)) =
            (file.path().file_stem().and_then(|n| n.to_str()), file.contents_utf8())
        else {
            continue;
        };
        let Some((_, rest)) = text.split_once("<svg") else { continue };
        let Some((_, inner)) = rest.split_once('>') else { continue };
        let inner = inner.trim().trim_end_matches("</svg>");
        let inner: String = inner.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = write!(out, r#"<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>"#);
    }
    out + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendored_files_are_as_published() {
        let listed = FILES.get_file("vendor/vendor.csv").and_then(|f| f.contents_utf8()).unwrap_or_default();
        let mut found = Vec::new();
        for folder in FILES.get_dir("vendor").unwrap().dirs() {
            for file in folder.files() {
                let sum = blake3::hash(file.contents()).to_hex();
                found.push(format!("{},{sum}", file.path().display()));
            }
        }
        found.sort();
        let found = format!("file,blake3\n{}\n", found.join("\n"));
        assert!(listed == found, "vendor.csv should read:\n{found}");
    }

    #[test]
    fn every_icon_is_in_the_sprite() {
        assert!(ICONS.contains(r#"<symbol id="search""#) && ICONS.matches("<symbol").count() > 30);
    }
}

//! What stands around every page: who is signed in and where, the way to the other pages, language and theme, the date.
//! The menu shows only what the role may do; hiding is a courtesy, the refusal is made by `access`.

use access::Session;

use crate::lang::Tongue;

/// One entry of the menu.
#[derive(Debug, Clone)]
pub(crate) struct NavItem {
    /// Address.
    pub href: &'static str,
    /// Words.
    pub label: String,
    /// Name of the icon.
    pub icon: &'static str,
    /// Whether this page lies there.
    pub current: bool,
    /// How many things wait there.
    pub count: Option<String>,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// Name of the person.
    pub name: String,
    /// Name of the role.
    pub role: String,
    /// Name of the territory.
    pub place: String,
    /// Proof that a form was made by us for this session.
    pub csrf: String,
}

/// Around the page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shell {
    /// Empty for a visitor.
    pub nav: Vec<NavItem>,
    /// None for a visitor.
    pub who: Option<Who>,
    /// Say that all people are invented.
    pub demo: bool,
    /// `terang`, `gelap`, or empty for what the device prefers.
    pub theme: String,
    /// The same page in the other theme.
    pub theme_href: String,
    /// Words of that link.
    pub theme_key: &'static str,
    /// The same page in the other language.
    pub lang_href: String,
    /// To quote when something is wrong.
    pub request_id: String,
    /// The present instant, in words.
    pub as_of: String,
    /// Today, for ages.
    pub today: jiff::civil::Date,
    /// What the visitor may do.
    pub rights: Option<policy::Role>,
}

impl Shell {
    /// Whether a link is of use to the visitor; the refusal itself is made by `access`.
    pub(crate) fn may(&self, action: &str) -> bool {
        self.rights.as_ref().is_some_and(|role| role.may(action))
    }

    /// The token of the session, empty for a visitor.
    pub(crate) fn csrf(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.csrf)
    }
}

/// (address, key of the words, icon, any of these actions opens it)
const PLACES: [(&str, &str, &str, &[&str]); 24] = [
    ("/beranda", "web-nav-home", "house", &[]),
    ("/cari", "web-nav-search", "search", &["search"]),
    ("/keluarga", "web-families", "users", &["family.read"]),
    ("/tugas", "web-nav-tasks", "list-checks", &["case.read"]),
    ("/pemberitahuan", "web-notices", "inbox", &["case.open"]),
    ("/layanan", "web-catalogue", "map", &[]),
    ("/tinjau", "web-nav-review", "git-compare", &["review.read"]),
    ("/daftar", "web-nav-lists", "inbox", &["list.read"]),
    ("/program", "web-nav-programmes", "file-text", &["programme.read"]),
    ("/keputusan", "web-nav-decisions", "scale", &["decision.read"]),
    ("/pembayaran", "web-nav-payments", "wallet", &["payment.read"]),
    ("/kartu", "web-nav-cards", "id-card", &["payment.read"]),
    ("/verifikasi", "web-nav-verification", "list-checks", &["verify.read"]),
    ("/barang", "web-nav-goods", "shapes", &["goods.read"]),
    ("/dana", "web-nav-funds", "banknote", &["fund.read"]),
    ("/pilar", "web-nav-pillars", "users", &["pillar.read", "pillar.own"]),
    ("/wilayah", "web-nav-regions", "map", &["region.read"]),
    ("/anggaran", "web-nav-budget", "landmark", &["report.read"]),
    ("/angka", "web-nav-figures", "gauge", &["report.read"]),
    ("/kepuasan", "web-survey-title", "scale", &["survey.read"]),
    ("/ekspor", "web-desk-exports", "file-text", &["export.read"]),
    ("/pengguna", "web-nav-users", "user-cog", &["user.manage"]),
    ("/audit", "web-nav-audit", "scroll-text", &["audit.read"]),
    ("/akun", "web-nav-account", "key-round", &[]),
];

/// The menu of a session, with the entry of `path` marked.
pub(crate) fn menu(t: &Tongue, session: &Session, path: &str) -> Vec<NavItem> {
    let here = |href: &str| path == href || path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'));
    let person = path.starts_with("/orang/");
    let case = path.starts_with("/kasus");
    let day = ["/hari-ini", "/kalender", "/kelompok", "/kesesuaian"].contains(&path);
    let rule = path == "/aturan" || path.starts_with("/simulasi");
    let paper = path == "/periksa";
    let device = path.starts_with("/alat");
    PLACES
        .iter()
        .filter(|(_, _, _, actions)| actions.is_empty() || actions.iter().any(|action| session.may(action)))
        .map(|&(href, key, icon, _)| NavItem {
            href,
            label: t.say(key),
            icon,
            current: here(href)
                || (paper && href == "/pembayaran")
                || (person && href == "/keluarga")
                || ((case || day) && href == "/tugas")
                || (rule && href == "/program")
                || (device && href == "/anggaran"),
            count: None,
        })
        .collect()
}

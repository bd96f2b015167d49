//! A house for tests: fresh database, empty lake, the embedded policy, a clock that stands still, one account for each role; and a
//! browser that keeps cookies and speaks to the router without a network.

#![allow(unreachable_pub, reason = "shared by the test binaries of this room")]
#![allow(clippy::unwrap_used, reason = "a house that cannot be built fails the test")]

use std::{collections::BTreeMap, sync::Arc};

use access::{NewUser, Session};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use model::{FixedClock, RegionCode, RegionLevel};
use policy::Policy;
use store::testing::TestDb;
use tower::ServiceExt;

pub const ROLES: [&str; 10] = [
    "village_operator",
    "companion",
    "district_officer",
    "social_worker",
    "district_head",
    "data_centre",
    "programme_manager",
    "treasurer",
    "auditor",
    "administrator",
];

/// Every place of the menu.
pub const PLACES: [&str; 25] = [
    "/beranda",
    "/cari",
    "/keluarga",
    "/tugas",
    "/layanan",
    "/hari-ini",
    "/kalender",
    "/tinjau",
    "/daftar",
    "/program",
    "/keputusan",
    "/pembayaran",
    "/dana",
    "/kartu",
    "/barang",
    "/verifikasi",
    "/pilar",
    "/wilayah",
    "/anggaran",
    "/angka",
    "/kepuasan",
    "/ekspor",
    "/pengguna",
    "/audit",
    "/akun",
];

pub struct House {
    pub inner: access::House,
    pub router: Router,
    pub passwords: BTreeMap<String, String>,
    _db: TestDb,
}

impl House {
    pub fn new() -> Self {
        let db = TestDb::sqlite();
        let policy = Policy::embedded().unwrap_or_else(|faults| panic!("the policy has faults: {faults:#?}"));
        let inner = access::House {
            db: db.db.clone(),
            lake: lake::Lake::open(&db.folder.join("lake")).unwrap(),
            policy: Arc::new(policy),
            clock: Arc::new(FixedClock::at(jiff::civil::date(2026, 11, 20))),
        };
        territory(&inner);
        let passwords = accounts(&inner);
        let options = web::WebOptions { demo: true, secure: false };
        Self { router: web::router(inner.clone(), options), inner, passwords, _db: db }
    }

    pub fn password(&self, role: &str) -> String {
        self.passwords[role].clone()
    }

    pub fn visitor(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), set_cookies: Vec::new() }
    }

    pub async fn signed_in(&self, role: &str) -> Browser {
        let mut browser = self.visitor();
        let csrf = browser.csrf("/masuk").await;
        let password = self.password(role);
        let form = [("csrf", csrf.as_str()), ("login", role), ("password", password.as_str())];
        let answer = browser.post("/masuk", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{role}: {}", answer.body);
        browser
    }
}

/// One village of an invented province, with all above it.
fn territory(house: &access::House) {
    let region = |code: &str, kind: &str, name: &str| {
        let code = RegionCode::parse(code).unwrap();
        let level = code.as_str().split('.').count() as i64;
        let parent = code.parent().unwrap();
        let (kind, name) = (kind.to_owned(), name.to_owned());
        store::regions::Region { code, parent, level, kind, name, postal_code: None, edition: "uji".into() }
    };
    let regions = [
        region("99", "provinsi", "Rekaan"),
        region("99.01", "kabupaten", "Uji"),
        region("99.01.01", "kecamatan", "Coba"),
        region("99.01.01.2001", "desa", "Sukamaju"),
    ];
    house.db.write(|tx| store::regions::load(tx, &regions)).unwrap();
}

/// The login of each account is the key of its role.
fn accounts(house: &access::House) -> BTreeMap<String, String> {
    let console = Session::console(house).scope("user.manage").unwrap();
    let territory = RegionCode::parse("99.01.01.2001").unwrap();
    ROLES
        .iter()
        .map(|key| {
            let role = house.policy.roles().get(key).unwrap_or_else(|| panic!("no role {key}"));
            let level = role.levels.iter().copied().max().unwrap_or(RegionLevel::Nation);
            let new = NewUser {
                login: (*key).to_owned(),
                name: format!("Petugas {key}"),
                role: (*key).to_owned(),
                region: territory.at(level),
                password: None,
            };
            ((*key).to_owned(), access::create_user(house, &console, new).unwrap().password.unwrap())
        })
        .collect()
}

/// Type of a plain form.
const FORM: &str = "application/x-www-form-urlencoded";

pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    pub set_cookies: Vec<String>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: impl header::AsHeaderName) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Answer {
        let (status, headers, bytes) = self.send("GET", path, Body::empty(), FORM, false).await;
        Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Bytes of an answer as sent to a browser that unpacks gzip.
    pub async fn get_packed(&mut self, path: &str) -> usize {
        let (status, headers, bytes) = self.send("GET", path, Body::empty(), FORM, true).await;
        assert_eq!((status, headers[header::CONTENT_ENCODING].to_str().unwrap()), (StatusCode::OK, "gzip"));
        bytes.len()
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> = form.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
        let (status, headers, bytes) =
            self.send("POST", path, Body::from(pairs.join("&")), FORM, false).await;
        Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Sends a form with files: its type and its body.
    pub async fn post_parts(&mut self, path: &str, (kind, body): (String, Vec<u8>)) -> Answer {
        let (status, headers, bytes) = self.send("POST", path, Body::from(body), &kind, false).await;
        Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// The token in the last form of a page.
    pub async fn csrf(&mut self, path: &str) -> String {
        let body = self.get(path).await.body;
        let (_, rest) =
            body.rsplit_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form at {path}: {body}"));
        rest.split('"').next().unwrap().to_owned()
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Body,
        kind: &str,
        packed: bool,
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let cookies: Vec<String> = self.cookies.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let mut request =
            Request::builder().method(method).uri(path).header(header::COOKIE, cookies.join("; "));
        if method == "POST" {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if packed {
            request = request.header(header::ACCEPT_ENCODING, "gzip");
        }
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            self.set_cookies.push(set.to_owned());
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = axum::body::to_bytes(answer.into_body(), 4 << 20).await.unwrap();
        (status, headers, bytes.to_vec())
    }
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Words that were not found show as their key: `web-...` between tags.
pub fn bare_keys(body: &str) -> Vec<String> {
    let text = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    text.filter(|text| {
        let key = text.split_whitespace().next().unwrap_or("");
        ["web-", "galat-"].iter().any(|prefix| key.starts_with(prefix))
            && !["web-not-found", "web-csrf"].contains(&key)
    })
    .map(str::to_owned)
    .collect()
}

store::sql! {
    pub ADD_FAMILY = "INSERT INTO family (family_id, head_person_id, head_name, region, size, vars, version, digest)
        VALUES ($1, $1, 'UJI', $2, 1, '{}', 1, 0)";
}

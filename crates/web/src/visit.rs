//! A request seen as a visit: language, theme, session. Handlers take [`Guest`] (anyone), [`Visit`] (signed in) or [`Posted`] (a
//! form of a signed-in visitor whose token was checked); there is no way to read a form of a session without the check.

use std::{
    collections::BTreeMap,
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    sync::Arc,
};

use access::{Scope, Session};
use axum::{
    extract::{ConnectInfo, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, Method, Uri, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use model::Lang;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use crate::{
    app::App,
    fault::Fault,
    guard::RequestId,
    lang::Tongue,
    shell::{Shell, Who, menu},
};

pub(crate) const SESSION_COOKIE: &str = "pilar_sesi";
pub(crate) const LANG_COOKIE: &str = "pilar_bahasa";
pub(crate) const THEME_COOKIE: &str = "pilar_tema";

/// What a handler answers.
pub(crate) type Answer = Result<Response, Fault>;

/// Writes a page. It is never kept by a browser or proxy: there may be people on it.
pub(crate) fn page(template: &impl askama::Template) -> Answer {
    let text = template.render().map_err(|error| Fault::internal("web-template", error))?;
    Ok(Html(text).into_response())
}

/// Anyone.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) app: Arc<App>,
    pub(crate) t: Tongue,
    pub(crate) uri: Uri,
    pub(crate) theme: String,
    pub(crate) request_id: String,
    pub(crate) peer: String,
    pub(crate) token: Option<String>,
}

impl Guest {
    pub(crate) fn of(app: &Arc<App>, parts: &Parts) -> Self {
        let cookies = Cookies(&parts.headers);
        let asked = query_value(&parts.uri, "lang").or_else(|| cookies.get(LANG_COOKIE).map(str::to_owned));
        let lang = match asked.as_deref().and_then(Lang::from_code) {
            Some(lang) => lang,
            None => Lang::Id,
        };
        let theme = match cookies.get(THEME_COOKIE) {
            Some(theme @ ("terang" | "gelap")) => theme.to_owned(),
            _ => String::new(),
        };
        let peer = parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>();
        Self {
            t: Tongue::new(lang, app.house.policy.clone()),
            app: app.clone(),
            uri: parts.uri.clone(),
            theme,
            request_id: parts.extensions.get::<RequestId>().map_or_else(String::new, |id| id.0.clone()),
            peer: peer.map_or_else(|| "-".to_owned(), |info| info.0.ip().to_string()),
            token: cookies.get(SESSION_COOKIE).map(str::to_owned),
        }
    }

    /// The session of the cookie, if it lives, with the name of its territory.
    pub(crate) async fn session(&self) -> Result<Option<Signed>, Fault> {
        let Some(token) = self.token.clone() else { return Ok(None) };
        self.app
            .ask(move |house| {
                let Some(session) = access::session(house, &token)? else { return Ok::<_, Fault>(None) };
                let region = house.db.read(|tx| store::regions::find(tx, &session.region))?;
                Ok(Some(Signed { session, place: region.map_or_else(String::new, |region| region.name) }))
            })
            .await
    }

    /// What stands around a page for a visitor who is not signed in.
    pub(crate) fn shell(&self) -> Shell {
        let path = self.uri.path();
        let (theme, theme_key) =
            if self.theme == "gelap" { ("terang", "web-theme-light") } else { ("gelap", "web-theme-dark") };
        let here = self.uri.path_and_query().map_or(path, |all| all.as_str());
        Shell {
            demo: self.app.options.demo,
            theme: self.theme.clone(),
            theme_href: format!("/tampilan?tema={theme}&ke={}", encode(here)),
            theme_key,
            lang_href: format!("/tampilan?lang={}&ke={}", self.t.other_lang(), encode(here)),
            request_id: self.request_id.clone(),
            as_of: self.t.stamp(self.app.house.clock.now_ms()),
            today: self.app.house.clock.today(),
            ..Shell::default()
        }
    }
}

/// A living session and the name of its territory; empty for the nation.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) session: Session,
    pub(crate) place: String,
}

impl FromRequestParts<Arc<App>> for Guest {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Fault> {
        Ok(Self::of(app, parts))
    }
}

/// Someone who is signed in.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) guest: Guest,
    pub(crate) session: Session,
    place: String,
}

impl Visit {
    /// The words of the visitor's language.
    pub(crate) fn t(&self) -> Tongue {
        self.guest.t.clone()
    }

    pub(crate) fn new(guest: Guest, signed: Signed) -> Self {
        Self { guest, session: signed.session, place: signed.place }
    }

    /// Name of the territory.
    pub(crate) fn place(&self) -> String {
        match (self.place.as_str(), self.session.region.as_str()) {
            ("", "") => self.guest.t.say("web-nation"),
            ("", code) => code.to_owned(),
            (name, _) => name.to_owned(),
        }
    }

    /// What stands around the page.
    pub(crate) fn shell(&self) -> Shell {
        let t = &self.guest.t;
        Shell {
            nav: menu(t, &self.session, self.guest.uri.path()),
            rights: self.session.rights().cloned(),
            who: Some(Who {
                name: self.session.name.clone(),
                role: self.session.role_label(t.lang),
                place: self.place(),
                csrf: self.session.csrf.clone(),
            }),
            ..self.guest.shell()
        }
    }

    /// What this visitor may see for `action`, or the refusal.
    pub(crate) fn scope(&self, action: &str) -> Result<Scope, Fault> {
        self.session.scope(action).map_err(Into::into)
    }

    /// Runs a room's read or write in the visitor's scope for `action`.
    pub(crate) async fn ask<T, E>(
        &self,
        action: &str,
        work: impl FnOnce(&access::House, &Scope) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Fault>
    where
        T: Send + 'static,
        E: Into<Fault> + Send + 'static,
    {
        let scope = self.scope(action)?;
        self.guest.app.ask(move |house| work(house, &scope)).await
    }
}

impl Visit {
    /// Names of regions by path.
    pub(crate) async fn names(
        &self,
        codes: impl IntoIterator<Item = String>,
    ) -> Result<HashMap<String, String>, Fault> {
        let codes: BTreeSet<String> = codes.into_iter().collect();
        let places = self.guest.app.places.clone();
        self.guest.app.ask(move |house| places.names(house, codes)).await
    }
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Fault> {
        let guest = Guest::of(app, parts);
        match guest.session().await? {
            Some(signed) => Ok(Self::new(guest, signed)),
            None if parts.method == Method::GET => {
                let to = parts.uri.path_and_query().map_or("/beranda", |all| all.as_str());
                Err(Fault::sign_in(to))
            }
            None => Err(Fault::signed_out()),
        }
    }
}

/// A form of a signed-in visitor, its token checked.
pub(crate) struct Posted<T> {
    pub(crate) visit: Visit,
    pub(crate) form: T,
}

#[derive(serde::Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Posted<T> {
    type Rejection = Fault;
    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, app).await?;
        let bytes = axum::body::Bytes::from_request(Request::from_parts(parts, body), app)
            .await
            .map_err(|_| Fault::bad_form())?;
        let token: Token = serde_urlencoded(&bytes)?;
        if !same(&token.csrf, &visit.session.csrf) {
            return Err(Fault::csrf());
        }
        Ok(Self { visit, form: serde_urlencoded(&bytes)? })
    }
}

/// Reads a form body.
pub(crate) fn serde_urlencoded<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::bad_form())?;
    // `Form` and `Query` read the same grammar; a query is what can be read from a text at hand.
    let uri = Uri::builder().path_and_query(format!("/?{text}")).build().map_err(|_| Fault::bad_form())?;
    axum::extract::Query::try_from_uri(&uri).map(|query| query.0).map_err(|_| Fault::bad_form())
}

/// Adds a field as it was sent. What is ticked has the name of a list (`languages[]`); several ticks of a field stand behind each other,
/// and the 0 for none goes where there are others.
pub(crate) fn add_sent(fields: &mut BTreeMap<String, String>, key: &str, text: String) {
    let key = key.strip_suffix("[]").unwrap_or(key);
    match fields.get_mut(key) {
        Some(before) if before == "0" => *before = text,
        Some(before) => {
            before.push(' ');
            before.push_str(&text);
        }
        None => {
            fields.insert(key.to_owned(), text);
        }
    }
}

/// All fields of a form, by [`add_sent`].
pub(crate) fn sent(form: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for (key, text) in form {
        add_sent(&mut fields, &key, text);
    }
    fields
}

/// Whether something is among what was ticked.
pub(crate) fn among(chosen: &str, one: &str) -> bool {
    chosen.split(' ').any(|ticked| ticked == one)
}

/// Compares two secrets without telling where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

/// The cookies of a request.
pub(crate) struct Cookies<'a>(pub(crate) &'a HeaderMap);

impl<'a> Cookies<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let all = self.0.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|line| line.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    }
}

/// A cookie that script cannot read and other sites do not send along with forms. `seconds` 0 takes it back.
pub(crate) fn cookie(name: &str, value: &str, seconds: u32, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

/// A path on this site to go back to; anything else leads home. Never another site.
pub(crate) fn safe_path(to: &str) -> &str {
    let inner = to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n']);
    if inner && to.len() < 500 && to.is_ascii() { to } else { "/beranda" }
}

/// Percent-encodes a value for a query.
pub(crate) fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn query_value(uri: &Uri, name: &str) -> Option<String> {
    let pairs = uri.query()?.split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_back_never_leaves_the_site() {
        for evil in
            ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\r\nSet-Cookie: x=1"]
        {
            assert_eq!(safe_path(evil), "/beranda", "{evil}");
        }
        assert_eq!(safe_path("/keluarga/7?lang=en"), "/keluarga/7?lang=en");
    }

    #[test]
    fn what_is_ticked_stands_together_and_none_gives_way() {
        let form = |pairs: &[(&str, &str)]| {
            sent(pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect())
        };
        let fields = form(&[("lain", "teks"), ("bahasa[]", "0"), ("bahasa[]", "id"), ("bahasa[]", "jv")]);
        assert_eq!((fields["lain"].as_str(), fields["bahasa"].as_str(), fields.len()), ("teks", "id jv", 2));
        assert!(among(&fields["bahasa"], "jv") && !among(&fields["bahasa"], "j"));
        assert_eq!(form(&[("bahasa[]", "0")])["bahasa"], "0");
    }

    #[test]
    fn an_empty_token_is_never_right() {
        assert!(!same("", "") && !same("a", "") && same("abc", "abc") && !same("abc", "abd"));
    }
}

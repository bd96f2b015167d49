//! Clarifications for everybody: the list, one clarification, its share cards and the feed. Links that go round come broken from the
//! room; the only addresses here are our own and the official sites of the policy.

use std::fmt::Write as _;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::header,
    response::IntoResponse,
};
use casework::public::{self, Clarification, ClarificationFilter};
use policy::OfficialSite;
use serde::Deserialize;
use store::Page;

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{
        Pager,
        card::{Card, escape},
    },
    visit::{Answer, Guest, encode, page},
};

/// The list.
#[derive(Template)]
#[template(path = "klarifikasi.html")]
pub(crate) struct ClarificationsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) items: Vec<Clarification>,
    pub(crate) words: String,
    pub(crate) verdict: String,
    pub(crate) verdicts: Vec<(String, String)>,
    pub(crate) pager: Pager,
    pub(crate) sites: Vec<OfficialSite>,
}

/// One of them.
#[derive(Template)]
#[template(path = "klarifikasi_satu.html")]
pub(crate) struct ClarificationPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) one: Clarification,
    pub(crate) sites: Vec<OfficialSite>,
    /// Whole address of the page, to be passed on.
    pub(crate) address: String,
    /// The same of its card.
    pub(crate) card: String,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    putusan: String,
    setelah: Option<String>,
}

/// Clarifications on a page.
const EACH: u32 = 20;
/// Clarifications in the feed.
const FEED: u32 = 30;

pub(crate) async fn list(guest: Guest, Query(asked): Query<Asked>) -> Answer {
    let words: String = asked.q.chars().take(80).collect();
    let filter = ClarificationFilter { words: words.clone(), verdict: asked.putusan.clone() };
    let from = Page { after: asked.setelah, limit: EACH };
    let wanted = from.clone();
    let found = guest.app.ask(move |house| public::clarifications(house, &filter, &wanted)).await?;
    let t = guest.t.clone();
    let any = (String::new(), t.say("web-clear-any"));
    let known = public::verdicts(&guest.app.house).into_iter();
    let verdicts = std::iter::once(any).chain(known.map(|(key, label)| (key, t.label(&label).to_owned())));
    let base = format!("/klarifikasi?q={}&putusan={}", encode(&words), encode(&asked.putusan));
    page(&ClarificationsPage {
        verdicts: verdicts.collect(),
        pager: Pager::of(&t, &base, &from, found.items.len(), found.next).leafing(),
        items: found.items,
        words,
        verdict: asked.putusan,
        sites: t.policy().official().to_vec(),
        shell: guest.shell(),
        t,
    })
}

async fn find(guest: &Guest, number: i64) -> Result<Clarification, Fault> {
    let found = guest.app.ask(move |house| public::clarification(house, number)).await?;
    found.ok_or_else(Fault::not_found)
}

/// Whole address of a page of ours.
fn address(t: &Tongue, path: &str) -> String {
    format!("{}{path}", t.policy().settings().desk.address)
}

pub(crate) async fn show(guest: Guest, Path(number): Path<i64>) -> Answer {
    let one = find(&guest, number).await?;
    let t = guest.t.clone();
    page(&ClarificationPage {
        trail: vec![
            ("/klarifikasi".into(), t.say("web-clear-title")),
            (String::new(), t.one("web-clear-number", "n", number)),
        ],
        address: address(&t, &format!("/klarifikasi/{number}")),
        card: address(&t, &format!("/klarifikasi/{number}/kartu.svg")),
        sites: t.policy().official().to_vec(),
        one,
        shell: guest.shell(),
        t,
    })
}

pub(crate) async fn card(guest: Guest, Path(number): Path<i64>) -> Answer {
    drawn(guest, number, (1200, 630)).await
}

pub(crate) async fn square(guest: Guest, Path(number): Path<i64>) -> Answer {
    drawn(guest, number, (1080, 1080)).await
}

async fn drawn(guest: Guest, number: i64, size: (u32, u32)) -> Answer {
    let one = find(&guest, number).await?;
    let t = &guest.t;
    let withdrawn = one.withdrawn_on.is_some();
    let letterhead = t.policy().settings().desk.letterhead.first();
    let official = t.policy().official().first().map_or("", |site| site.host.as_str());
    let drawing = Card {
        size,
        head: letterhead.map_or_else(String::new, |line| t.label(line).to_owned()),
        tone: if withdrawn { policy::Tone::Note } else { one.tone },
        verdict: if withdrawn { t.say("web-clear-withdrawn") } else { t.label(&one.verdict).to_owned() },
        parts: [
            (t.say("web-clear-claim"), one.claim.clone()),
            if withdrawn {
                (t.say("web-clear-why"), one.withdrawn_why.clone())
            } else {
                (t.say("web-clear-truth"), one.truth.clone())
            },
        ],
        foot: [
            t.two("web-clear-card-foot", "site", official, "day", t.day(one.published_on)),
            address(t, &format!("/klarifikasi/{number}")),
        ],
    };
    Ok(([(header::CONTENT_TYPE, "image/svg+xml; charset=utf-8")], drawing.draw()).into_response())
}

/// The newest clarifications as an Atom feed (RFC 4287); every link in it is one of ours.
pub(crate) async fn feed(guest: Guest) -> Answer {
    let found = guest
        .app
        .ask(|house| public::clarifications(house, &ClarificationFilter::default(), &Page::first(FEED)))
        .await?;
    let t = &guest.t;
    let stamp =
        |ms: i64| jiff::Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |at| at.to_string());
    let newest = found.items.iter().map(|one| one.written_at).max().unwrap_or(0);
    let home = address(t, "/klarifikasi");
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
         <title>{}</title>\n<id>{home}</id>\n<updated>{}</updated>\n\
         <link rel=\"self\" href=\"{home}/umpan.xml\"/>\n<link href=\"{home}\"/>\n<author><name>Pilar</name></author>\n",
        t.html_lang(),
        escape(&t.say("web-clear-title")),
        stamp(newest),
        home = escape(&home),
    );
    for one in &found.items {
        let at = escape(&format!("{home}/{}", one.number));
        let verdict = if one.withdrawn_on.is_some() {
            t.say("web-clear-withdrawn")
        } else {
            t.label(&one.verdict).to_owned()
        };
        let said = if one.withdrawn_on.is_some() { &one.withdrawn_why } else { &one.truth };
        let _ = writeln!(
            out,
            "<entry><title>{}</title><id>{at}</id><link href=\"{at}\"/><updated>{}</updated><summary>{}</summary></entry>",
            escape(&format!("{verdict}: {}", title(&one.claim))),
            stamp(one.written_at),
            escape(said),
        );
    }
    out.push_str("</feed>\n");
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], out).into_response())
}

/// The beginning of what goes round, to be recognised in a list.
pub(crate) fn title(claim: &str) -> String {
    let short: String = claim.chars().take(90).collect();
    if short.len() < claim.len() { format!("{}…", short.trim_end()) } else { short }
}

//! Notices to families whose aid will end: whom to tell in the territory or caseload, the letter of each to print and hand over, and the
//! way to object.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;
use store::Page;
use targeting::{Notice, NoticeState};

use super::keputusan::{head_or_number, heads_of, reason_words};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Visit, page},
};

/// The list of notices.
#[derive(Template)]
#[template(path = "pemberitahuan.html")]
pub(crate) struct NoticesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) lead: String,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) letters: String,
    /// The decisions that gave the notices shown: address of what they change, words.
    pub(crate) decisions: Vec<(String, String)>,
    pub(crate) lines: Vec<Told>,
    pub(crate) pager: Pager,
}

/// The letters of one page of the list, to print.
#[derive(Template)]
#[template(path = "pemberitahuan_surat.html")]
pub(crate) struct LettersPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) letters: Vec<Told>,
}

/// A notice in words.
pub(crate) struct Told {
    pub(crate) notice: Notice,
    pub(crate) head: String,
    pub(crate) village: String,
    pub(crate) programme: String,
    pub(crate) reason: String,
    /// The same where a sentence before it already says how it is meant.
    pub(crate) letter_reason: String,
    pub(crate) remedy: String,
    pub(crate) given: String,
    pub(crate) until: String,
    /// Where an objection is recorded: empty when nothing is left to object to.
    pub(crate) object: String,
}

impl Told {
    pub(crate) fn of(
        t: &Tongue,
        notice: Notice,
        heads: &BTreeMap<i64, String>,
        names: &HashMap<String, String>,
    ) -> Self {
        let programme = t.policy().programme(&notice.programme);
        let name = programme.map_or(notice.programme.as_str(), |programme| t.label(&programme.label));
        let programme = format!("{name}, {}", t.period(&notice.period));
        let rule = (notice.programme.as_str(), notice.version.as_str());
        let reason = reason_words(t, rule, &notice.reason, t.label(&notice.reason_text), notice.unknown);
        let letter_reason =
            if notice.unknown { t.label(&notice.reason_text).to_owned() } else { reason.clone() };
        Self {
            head: head_or_number(t, heads, notice.family_id),
            village: names.get(&notice.region).cloned().unwrap_or_else(|| notice.region.clone()),
            programme,
            reason,
            letter_reason,
            remedy: notice.remedy.as_ref().map_or_else(String::new, |remedy| t.label(remedy).to_owned()),
            given: t.day_text(&notice.given_on),
            until: t.day_text(&notice.until),
            // No case is opened for a family that the register does not have: first it is recorded again.
            object: if notice.state == NoticeState::Open && !notice.gone {
                place_to_object(t, notice.family_id)
            } else {
                String::new()
            },
            notice,
        }
    }

    /// Look of the state as a tag.
    pub(crate) fn look(&self) -> &'static str {
        match self.notice.state {
            NoticeState::Open => "warn",
            NoticeState::Renewed => "note",
            NoticeState::InForce => "bad",
            NoticeState::Withdrawn => "good",
        }
    }

    /// Key of the state's words.
    pub(crate) fn state(&self) -> &'static str {
        match self.notice.state {
            NoticeState::Open => "web-notice-open",
            NoticeState::Renewed => "web-notice-renewed",
            NoticeState::InForce => "web-notice-in-force",
            NoticeState::Withdrawn => "web-notice-withdrawn",
        }
    }

    /// Key of the sentence before the reason in a letter.
    pub(crate) fn intro(&self) -> &'static str {
        match (self.notice.gone, self.notice.unknown) {
            (true, _) => "web-letter-intro-gone",
            (false, true) => "web-letter-intro-unknown",
            (false, false) => "web-letter-intro",
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.notice.state == NoticeState::Open
    }
}

/// Where a family's objection is recorded: a new case of the workflow that protects families.
fn place_to_object(t: &Tongue, family: i64) -> String {
    let mut workflows = t.policy().workflows().values();
    let found =
        workflows.find(|workflow| workflow.protects && workflow.subject == policy::CaseSubject::Family);
    found.map_or_else(String::new, |workflow| format!("/kasus/baru?keluarga={family}&jenis={}", workflow.key))
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    keadaan: String,
}

/// Notices of one page with their words.
async fn told(
    visit: &Visit,
    asked: &Asked,
    from: &Page,
) -> Result<(NoticeState, Vec<Told>, Option<String>), Fault> {
    let state = match asked.keadaan.as_str() {
        "" => NoticeState::Open,
        word => NoticeState::parse(word).ok_or_else(Fault::not_found)?,
    };
    let wanted = from.clone();
    let families = visit.scope("family.read").ok();
    let (found, heads) = visit
        .ask("decision.read", move |house, scope| {
            let found = targeting::notices(house, scope, state, &wanted)?;
            let heads = heads_of(house, families.as_ref(), found.items.iter().map(|one| one.family_id))?;
            Ok::<_, Fault>((found, heads))
        })
        .await?;
    let names = visit.names(found.items.iter().map(|one| one.region.clone())).await?;
    let t = visit.t();
    let lines = found.items.into_iter().map(|one| Told::of(&t, one, &heads, &names)).collect();
    Ok((state, lines, found.next))
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 25 };
    let (state, lines, next) = told(&visit, &asked, &from).await?;
    let t = visit.t();
    let base = |state: NoticeState| format!("/pemberitahuan?keadaan={}", state.word());
    let mut letters = format!("/pemberitahuan/surat?keadaan={}", state.word());
    if let Some(after) = &asked.setelah {
        letters.push_str("&setelah=");
        letters.push_str(&crate::visit::encode(after));
    }
    let mut decisions: Vec<(String, String)> = Vec::new();
    for line in &lines {
        let to = format!("/keputusan/{}/perubahan", line.notice.run);
        if !decisions.iter().any(|(known, _)| *known == to) {
            decisions.push((to, t.one("web-changes-of", "what", &line.programme)));
        }
    }
    let tab = |one: NoticeState, key: &str| (base(one), t.say(key), one == state);
    page(&NoticesPage {
        lead: t.one("web-notices-lead", "whom", visit.place()),
        tabs: vec![
            tab(NoticeState::Open, "web-notice-open"),
            tab(NoticeState::Renewed, "web-notice-renewed"),
            tab(NoticeState::InForce, "web-notice-in-force"),
            tab(NoticeState::Withdrawn, "web-notice-withdrawn"),
        ],
        letters,
        decisions,
        pager: Pager::of(&t, &base(state), &from, lines.len(), next),
        lines,
        shell: visit.shell(),
        t,
    })
}

pub(crate) async fn letters(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 25 };
    let (_, letters, _) = told(&visit, &asked, &from).await?;
    let t = visit.t();
    page(&LettersPage {
        trail: vec![
            ("/pemberitahuan".into(), t.say("web-notices")),
            (String::new(), t.say("web-notice-letters")),
        ],
        letters,
        shell: visit.shell(),
        t,
    })
}

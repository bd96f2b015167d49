//! Decisions: the runs, one run with its figures, its families, why one family receives or not, and the approval by a second person.

use std::collections::HashMap;

use access::{House, Scope};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use model::{FamilyId, Outcome, ReasonKind};
use serde::Deserialize;
use store::Page;
use targeting::{
    ConditionView, DecisionRun, Explanation, FamilyLine, FamilyOutcome, OutcomeCount, RunPage, RunState,
};

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{Bar, Bars, Pager},
    visit::{Answer, Posted, Visit, page},
};

/// All runs.
#[derive(Template)]
#[template(path = "keputusan_daftar.html")]
pub(crate) struct RunsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) runs: Vec<DecisionRun>,
    pub(crate) pager: Pager,
}

/// One run.
#[derive(Template)]
#[template(path = "keputusan.html")]
pub(crate) struct OneRunPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: RunPage,
    pub(crate) outcomes: Bars,
    pub(crate) reasons: Bars,
    pub(crate) names: HashMap<String, String>,
    /// May approve, and is another person than the maker.
    pub(crate) may_approve: bool,
    /// May approve, but made it.
    pub(crate) is_maker: bool,
}

/// Families of a run with one outcome.
#[derive(Template)]
#[template(path = "keputusan_keluarga.html")]
pub(crate) struct RunFamiliesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) run: String,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) lines: Vec<FamilyLine>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
}

/// Why, why not.
#[derive(Template)]
#[template(path = "keputusan_alasan.html")]
pub(crate) struct ExplanationPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: Explanation,
    /// Names of the members by id.
    pub(crate) people: HashMap<i64, String>,
    pub(crate) head: String,
    pub(crate) quota_region: String,
}

/// What a run is called: programme and period.
pub(crate) fn title(t: &Tongue, run: &DecisionRun) -> String {
    let programme = t.policy().programme(&run.programme);
    let name = programme.map_or(run.programme.as_str(), |programme| t.label(&programme.label));
    format!("{name}, {}", t.period(&run.period))
}

/// Why a family does not receive: a condition of eligibility is a sentence that does not hold.
pub(crate) fn reason_words(t: &Tongue, run: &DecisionRun, code: &str, text: &str, unknown: bool) -> String {
    if unknown {
        return t.one("web-not-known-reason", "what", text);
    }
    let programme = t.policy().programme(&run.programme);
    let version =
        programme.and_then(|found| found.versions.iter().find(|version| version.key == run.version));
    let must_hold = version.is_some_and(|version| version.eligibility.iter().any(|one| one.code == code));
    if must_hold { t.one("web-not-met-reason", "what", text) } else { text.to_owned() }
}

/// Colour of an outcome as a tag.
pub(crate) fn outcome_kind(outcome: &FamilyOutcome) -> &'static str {
    match outcome {
        FamilyOutcome::Eligible => "good",
        FamilyOutcome::Waiting => "warn",
        FamilyOutcome::NotEligible => "mute",
    }
}

fn state_kind(run: &DecisionRun) -> &'static str {
    if run.state == RunState::Approved { "good" } else { "warn" }
}

fn state_key(run: &DecisionRun) -> &'static str {
    if run.state == RunState::Approved { "web-run-approved" } else { "web-run-draft" }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    hasil: Option<String>,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 30 };
    let wanted = from.clone();
    let found =
        visit.ask("decision.read", move |house, scope| targeting::runs(house, scope, &wanted)).await?;
    let t = visit.t();
    let pager = Pager::of(&t, "/keputusan", &from, found.items.len(), found.next);
    page(&RunsPage { runs: found.items, pager, shell: visit.shell(), t })
}

pub(crate) async fn show(visit: Visit, Path(run): Path<String>) -> Answer {
    let view =
        visit.ask("decision.read", move |house, scope| targeting::run_page(house, scope, &run)).await?;
    let codes = view.quota.iter().map(|one| one.region.clone());
    let names = visit.names(codes.chain(view.regions.iter().map(|one| one.region.clone()))).await?;
    let approver = visit.session.may("decision.approve") && view.run.state == RunState::Draft;
    let is_maker = view.run.made_by == visit.session.user_id.0;
    let t = visit.t();
    let title = title(&t, &view.run);
    page(&OneRunPage {
        trail: vec![("/keputusan".into(), t.say("web-nav-decisions")), (String::new(), title.clone())],
        outcomes: outcome_bars(&t, &view.run.run, &view.outcomes, true),
        reasons: reason_bars(&t, &view),
        title,
        view,
        names,
        may_approve: approver && !is_maker,
        is_maker: approver && is_maker,
        shell: visit.shell(),
        t,
    })
}

pub(crate) fn outcome_bars(t: &Tongue, run: &str, outcomes: &[OutcomeCount], links: bool) -> Bars {
    let bar = |one: &OutcomeCount| Bar {
        label: t.say(one.outcome.words_key()),
        text: t.n(one.families),
        value: one.families,
        colour: match one.outcome {
            FamilyOutcome::Eligible => 1,
            FamilyOutcome::Waiting => 2,
            FamilyOutcome::NotEligible => 4,
        },
        href: if links {
            format!("/keputusan/{run}/keluarga?hasil={}", one.outcome.code())
        } else {
            String::new()
        },
    };
    Bars {
        title: t.say("web-run-outcomes"),
        heads: (t.say("web-outcome"), t.say("web-families")),
        bars: outcomes.iter().map(bar).collect(),
        as_table: t.say("web-as-table"),
    }
}

fn reason_bars(t: &Tongue, view: &RunPage) -> Bars {
    let bar = |one: &targeting::ReasonCount| Bar {
        label: reason_words(t, &view.run, &one.code, t.label(&one.text), one.unknown),
        text: t.n(one.families),
        value: one.families,
        colour: if one.unknown { 2 } else { 4 },
        href: String::new(),
    };
    Bars {
        title: t.say("web-run-reasons"),
        heads: (t.say("web-reason"), t.say("web-families")),
        bars: view.reasons.iter().map(bar).collect(),
        as_table: t.say("web-as-table"),
    }
}

#[derive(Deserialize)]
pub(crate) struct ApproveForm {
    hash: String,
}

pub(crate) async fn approve(Path(run): Path<String>, posted: Posted<ApproveForm>) -> Answer {
    let (id, hash) = (run.clone(), posted.form.hash);
    posted
        .visit
        .ask("decision.approve", move |house, scope| targeting::approve(house, scope, &id, &hash))
        .await?;
    Ok(Redirect::to(&format!("/keputusan/{run}")).into_response())
}

pub(crate) async fn families(visit: Visit, Path(run): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let code = asked.hasil.as_deref().and_then(|code| code.parse().ok()).unwrap_or(1);
    let outcome = FamilyOutcome::from_code(code).ok_or_else(Fault::not_found)?;
    let from = Page { after: asked.setelah, limit: 50 };
    let (id, wanted) = (run.clone(), from.clone());
    let (of, found) = visit
        .ask("decision.read", move |house, scope| {
            let of = targeting::run_page(house, scope, &id)?;
            Ok::<_, targeting::Error>((of.run, targeting::run_families(house, scope, &id, outcome, &wanted)?))
        })
        .await?;
    let names = visit.names(found.items.iter().map(|line| line.region.clone())).await?;
    let t = visit.t();
    let title = title(&t, &of);
    let base = format!("/keputusan/{run}/keluarga");
    let all = [FamilyOutcome::Eligible, FamilyOutcome::Waiting, FamilyOutcome::NotEligible];
    let tab =
        |one: FamilyOutcome| (format!("{base}?hasil={}", one.code()), t.say(one.words_key()), one == outcome);
    page(&RunFamiliesPage {
        trail: vec![
            ("/keputusan".into(), t.say("web-nav-decisions")),
            (format!("/keputusan/{run}"), title.clone()),
            (String::new(), t.say("web-families")),
        ],
        tabs: all.into_iter().map(tab).collect(),
        pager: Pager::of(&t, &format!("{base}?hasil={code}"), &from, found.items.len(), found.next),
        lines: found.items,
        title,
        run,
        names,
        shell: visit.shell(),
        t,
    })
}

pub(crate) async fn explain(visit: Visit, Path((run, family)): Path<(String, i64)>) -> Answer {
    // Names are for those who may see families; the reasons are the same without them.
    let family_scope = visit.session.scope("family.read").ok();
    let (view, members) = visit
        .ask("decision.read", move |house: &House, scope: &Scope| {
            let view = targeting::explain(house, scope, &run, family)?;
            let members = match &family_scope {
                Some(scope) => Some(registry::views::family(house, scope, FamilyId(family))?),
                None => None,
            };
            Ok::<_, Fault>((view, members))
        })
        .await?;
    let places = visit.names(view.quota.iter().map(|quota| quota.region.clone())).await?;
    let t = visit.t();
    let title = title(&t, &view.run);
    let head = members.as_ref().map_or_else(
        || t.one("web-family-no", "id", family),
        |found| t.one("web-family-of", "name", super::keluarga::head_name(&t, found)),
    );
    let run_step = (format!("/keputusan/{}", view.run.run), title);
    let family_step = members.as_ref().map(|_| (format!("/keluarga/{family}"), head.clone()));
    let people = members.map_or_else(Vec::new, |found| found.members);
    page(&ExplanationPage {
        trail: family_step.into_iter().chain([run_step, (String::new(), t.say("web-why"))]).collect(),
        people: people.into_iter().map(|one| (one.person_id, one.name)).collect(),
        quota_region: view
            .quota
            .as_ref()
            .and_then(|quota| places.get(&quota.region).cloned())
            .unwrap_or_default(),
        head,
        view,
        shell: visit.shell(),
        t,
    })
}

impl ExplanationPage {
    /// Look and icon of a condition: in favour, against, or not known.
    fn look(&self, condition: &ConditionView) -> (&'static str, &'static str, &'static str) {
        match (condition.outcome, condition.in_favour) {
            (Outcome::Unknown, _) => ("warn", "circle-help", "web-not-known"),
            (_, favour) => {
                let must_hold = condition.kind == ReasonKind::Eligibility;
                let (look, icon) = if favour { ("good", "circle-check") } else { ("bad", "circle-x") };
                // A condition is met; an exclusion, a full quota or another programme happens or does not.
                let word = match (must_hold, favour) {
                    (true, true) => "web-met",
                    (true, false) => "web-not-met",
                    (false, true) => "web-does-not-apply",
                    (false, false) => "web-applies",
                };
                (look, icon, word)
            }
        }
    }

    fn main_reason(&self) -> String {
        let Some(reason) = &self.view.reason else { return String::new() };
        reason_words(
            &self.t,
            &self.view.run,
            &reason.code,
            self.t.label(&reason.text),
            !reason.unknown.is_empty(),
        )
    }

    fn kind(&self, condition: &ConditionView) -> &'static str {
        match condition.kind {
            ReasonKind::Eligibility => "web-kind-eligibility",
            ReasonKind::Exclusion => "web-kind-exclusion",
            ReasonKind::Component => "web-kind-component",
            ReasonKind::Cap => "web-kind-cap",
            ReasonKind::Quota => "web-kind-quota",
            ReasonKind::Combination => "web-kind-combination",
        }
    }

    fn person(&self, id: &i64) -> String {
        self.people.get(id).cloned().unwrap_or_else(|| id.to_string())
    }

    fn component(&self, code: &str) -> String {
        let found = self.view.components.iter().find(|component| component.code == code);
        found.map_or_else(|| code.to_owned(), |component| self.t.label(&component.label).to_owned())
    }
}

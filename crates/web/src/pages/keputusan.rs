//! Decisions: the runs, one run with its figures, its families, why one family receives or not, and the approval by a second person.

use std::collections::{BTreeMap, HashMap};

use access::{House, Scope};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use model::{FamilyId, Outcome, ReasonKind, Rupiah};
use serde::Deserialize;
use store::{Page, Paged};
use targeting::{
    CeilingOf, CeilingView, ConditionView, DecisionRun, Explanation, FamilyLine, FamilyOutcome, OutcomeCount,
    PersonLine, RunPage, RunState,
};

use crate::{
    csv::{self, Sheet},
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
    pub(crate) runs: Vec<RunRow>,
    pub(crate) pager: Pager,
}

/// One run and what it means for whoever looks: the territory or the caseload.
pub(crate) struct RunRow {
    pub(crate) run: DecisionRun,
    pub(crate) sums: Sums,
}

/// Figures of a run in the visitor's territory or caseload.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sums {
    pub(crate) families: i64,
    pub(crate) eligible: i64,
    pub(crate) waiting: i64,
    pub(crate) kept: i64,
    pub(crate) not_eligible: i64,
    pub(crate) amount: i64,
}

impl Sums {
    fn of(outcomes: &[OutcomeCount]) -> Self {
        let mut sums = Self::default();
        for one in outcomes {
            sums.families += one.families;
            sums.amount = sums.amount.saturating_add(one.amount_idr.idr());
            match one.outcome {
                FamilyOutcome::Eligible => sums.eligible = one.families,
                FamilyOutcome::Kept => sums.kept = one.families,
                FamilyOutcome::Waiting => sums.waiting = one.families,
                FamilyOutcome::NotEligible => sums.not_eligible = one.families,
            }
        }
        sums
    }
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
    pub(crate) sums: Sums,
    /// For whom the figures are: the territory or the caseload, in words.
    pub(crate) of_whom: String,
    pub(crate) outcomes: Bars,
    pub(crate) reasons: Bars,
    pub(crate) names: HashMap<String, String>,
    /// It follows a list of the period before.
    pub(crate) follows: bool,
    /// It decides persons.
    pub(crate) by_person: bool,
    /// The list beside its ceilings.
    pub(crate) ceilings: Vec<Ceiling>,
    /// Title and text of a warning that it is over one.
    pub(crate) over: Option<(String, String)>,
    /// Each case of it is decided by people; it is never approved as a whole.
    pub(crate) candidates: bool,
    /// May approve, and is another person than the maker.
    pub(crate) may_approve: bool,
    /// May approve, but made it.
    pub(crate) is_maker: bool,
}

/// A list beside one ceiling, in words.
pub(crate) struct Ceiling {
    pub(crate) name: String,
    pub(crate) most: String,
    pub(crate) before: String,
    pub(crate) list: String,
    /// What is over, and how many families fit; dashes where it fits.
    pub(crate) over: String,
    pub(crate) fits: String,
}

impl Ceiling {
    fn of(t: &Tongue, view: &CeilingView) -> Self {
        let amount = |value: i64| in_units(t, view.of, value);
        Self {
            name: match &view.valid_from {
                None => t.say("web-ceiling-places"),
                Some(day) => {
                    let scope = t.code("budget-scope", &view.scope);
                    t.two("web-ceiling-money", "scope", scope, "day", t.day_text(day))
                }
            },
            most: amount(view.ceiling),
            before: if view.of == CeilingOf::Money { amount(view.before) } else { "–".to_owned() },
            list: amount(view.list),
            over: if view.over > 0 { amount(view.over) } else { "–".to_owned() },
            fits: view.fits.map_or_else(|| "–".to_owned(), |fits| t.n(fits)),
        }
    }
}

fn in_units(t: &Tongue, of: CeilingOf, value: i64) -> String {
    match of {
        CeilingOf::Places => t.n(value),
        CeilingOf::Money => t.idr(Rupiah::new(value)),
    }
}

/// The warning that a list is over a ceiling: by how much, how many fit.
fn over_ceiling(t: &Tongue, views: &[CeilingView]) -> Option<(String, String)> {
    let view = views.iter().find(|view| view.over > 0)?;
    let refused = t.policy().settings().decision.refuse_over_ceiling;
    let text = if refused { "web-ceiling-refused-text" } else { "web-ceiling-is-over-text" };
    let fits = t.n(view.fits.unwrap_or_default());
    Some((t.one("web-ceiling-is-over", "over", in_units(t, view.of, view.over)), t.one(text, "fits", fits)))
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
    /// Names of the heads, for those who may see families.
    pub(crate) heads: BTreeMap<i64, String>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
    pub(crate) code: i64,
}

impl RunFamiliesPage {
    fn head(&self, line: &FamilyLine) -> String {
        head_or_number(&self.t, &self.heads, line.family_id)
    }
}

/// Names of the heads of families; none for those who may not see families.
pub(crate) fn heads_of(
    house: &House,
    families: Option<&Scope>,
    ids: impl IntoIterator<Item = i64>,
) -> Result<BTreeMap<i64, String>, registry::Error> {
    match families {
        Some(scope) => registry::views::head_names(house, scope, ids.into_iter().map(FamilyId)),
        None => Ok(BTreeMap::new()),
    }
}

/// The name of a family's head, or the family's number where the name is not known or not to be seen.
pub(crate) fn head_or_number(t: &Tongue, heads: &BTreeMap<i64, String>, family: i64) -> String {
    heads.get(&family).cloned().unwrap_or_else(|| t.one("web-family-no", "id", family))
}

/// What a family is called on its own page: the family of its head, or by its number.
pub(crate) fn family_called(t: &Tongue, head: Option<&String>, family: i64) -> String {
    head.map_or_else(|| t.one("web-family-no", "id", family), |name| t.one("web-family-of", "name", name))
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
pub(crate) fn reason_words(
    t: &Tongue,
    (programme, version): (&str, &str),
    code: &str,
    text: &str,
    unknown: bool,
) -> String {
    if unknown {
        return t.one("web-not-known-reason", "what", text);
    }
    let programme = t.policy().programme(programme);
    let version = programme.and_then(|found| found.versions.iter().find(|one| one.key == version));
    let must_hold = version.is_some_and(|version| version.eligibility.iter().any(|one| one.code == code));
    if must_hold { t.one("web-not-met-reason", "what", text) } else { text.to_owned() }
}

/// Programme and version of the rule that a run was made by.
pub(crate) fn rule_of(run: &DecisionRun) -> (&str, &str) {
    (&run.programme, &run.version)
}

/// Colour of an outcome as a tag.
pub(crate) fn outcome_kind(outcome: &FamilyOutcome) -> &'static str {
    match outcome {
        FamilyOutcome::Eligible => "good",
        FamilyOutcome::Kept => "note",
        FamilyOutcome::Waiting => "warn",
        FamilyOutcome::NotEligible => "mute",
    }
}

/// How a list stands: look of the tag, key of the words. A list of candidates waits for nobody's approval.
pub(crate) fn state_of(t: &Tongue, run: &DecisionRun) -> (&'static str, &'static str) {
    match run.state {
        RunState::Approved => ("good", "web-run-approved"),
        RunState::Draft if run.candidates(t.policy()) => ("note", "web-run-candidates"),
        RunState::Draft => ("warn", "web-run-draft"),
    }
}

/// What is said of those who pass: candidates receive nothing by the list alone.
fn receive_key(candidates: &bool) -> &'static str {
    if *candidates { "web-eligible" } else { "web-receive" }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    hasil: Option<String>,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 30 };
    let wanted = from.clone();
    let (runs, next) = visit
        .ask("decision.read", move |house, scope| {
            let found = targeting::runs(house, scope, &wanted)?;
            let row = |run: DecisionRun| {
                let sums = Sums::of(&targeting::run_outcomes(house, scope, &run)?);
                Ok::<_, targeting::Error>(RunRow { run, sums })
            };
            Ok::<_, targeting::Error>((
                found.items.into_iter().map(row).collect::<Result<Vec<_>, _>>()?,
                found.next,
            ))
        })
        .await?;
    let t = visit.t();
    let pager = Pager::of(&t, "/keputusan", &from, runs.len(), next);
    page(&RunsPage { runs, pager, shell: visit.shell(), t })
}

pub(crate) async fn show(visit: Visit, Path(run): Path<String>) -> Answer {
    let (view, follows, by_person) = visit
        .ask("decision.read", move |house, scope| {
            let changes = targeting::change_counts(house, scope, &run)?;
            let view = targeting::run_page(house, scope, &run)?;
            let by_person = targeting::decides_people(house, &view.run)?;
            Ok::<_, targeting::Error>((view, !changes.is_empty(), by_person))
        })
        .await?;
    let codes = view.quota.iter().map(|one| one.region.clone());
    let names = visit.names(codes.chain(view.regions.iter().map(|one| one.region.clone()))).await?;
    let is_maker = view.run.made_by == visit.session.user_id.0;
    let t = visit.t();
    let candidates = view.run.candidates(t.policy());
    let over = over_ceiling(&t, &view.ceilings);
    let refused = over.is_some() && t.policy().settings().decision.refuse_over_ceiling;
    let may = visit.session.may("decision.approve") && !candidates && !refused;
    let approver = may && view.run.state == RunState::Draft;
    let title = title(&t, &view.run);
    page(&OneRunPage {
        trail: vec![("/keputusan".into(), t.say("web-nav-decisions")), (String::new(), title.clone())],
        outcomes: outcome_bars(&t, &view.run.run, &view.outcomes, true),
        reasons: reason_bars(&t, &view),
        sums: Sums::of(&view.outcomes),
        of_whom: if view.caseload { t.say("web-own-families") } else { visit.place() },
        title,
        ceilings: view.ceilings.iter().map(|one| Ceiling::of(&t, one)).collect(),
        over,
        view,
        names,
        follows,
        by_person,
        candidates,
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
            FamilyOutcome::Kept => 3,
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
        full: None,
        as_table: t.say("web-as-table"),
    }
}

fn reason_bars(t: &Tongue, view: &RunPage) -> Bars {
    let bar = |one: &targeting::ReasonCount| Bar {
        label: reason_words(t, rule_of(&view.run), &one.code, t.label(&one.text), one.unknown),
        text: t.n(one.families),
        value: one.families,
        colour: if one.unknown { 2 } else { 4 },
        href: String::new(),
    };
    Bars {
        title: t.say("web-run-reasons"),
        heads: (t.say("web-reason"), t.say("web-families")),
        bars: view.reasons.iter().map(bar).collect(),
        full: None,
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
    let families = visit.scope("family.read").ok();
    let (of, found, heads) = visit
        .ask("decision.read", move |house, scope| {
            let of = targeting::run_page(house, scope, &id)?;
            let found = targeting::run_families(house, scope, &id, outcome, &wanted)?;
            let heads = heads_of(house, families.as_ref(), found.items.iter().map(|line| line.family_id))?;
            Ok::<_, Fault>((of.run, found, heads))
        })
        .await?;
    let names = visit.names(found.items.iter().map(|line| line.region.clone())).await?;
    let t = visit.t();
    let title = title(&t, &of);
    let base = format!("/keputusan/{run}/keluarga");
    let kept = of.totals.kept > 0;
    let all = FamilyOutcome::ALL.into_iter().filter(|one| kept || *one != FamilyOutcome::Kept);
    let tab =
        |one: FamilyOutcome| (format!("{base}?hasil={}", one.code()), t.say(one.words_key()), one == outcome);
    page(&RunFamiliesPage {
        trail: vec![
            ("/keputusan".into(), t.say("web-nav-decisions")),
            (format!("/keputusan/{run}"), title.clone()),
            (String::new(), t.say("web-families")),
        ],
        tabs: all.map(tab).collect(),
        pager: Pager::of(&t, &format!("{base}?hasil={code}"), &from, found.items.len(), found.next),
        lines: found.items,
        heads,
        title,
        run,
        names,
        code,
        shell: visit.shell(),
        t,
    })
}

/// Families of a run with one outcome, as a file.
pub(crate) async fn export(visit: Visit, Path(run): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let code = asked.hasil.as_deref().and_then(|code| code.parse().ok()).unwrap_or(1);
    let outcome = FamilyOutcome::from_code(code).ok_or_else(Fault::not_found)?;
    let families = visit.scope("family.read").ok();
    let (t, places) = (visit.t(), visit.guest.app.places.clone());
    let sheet = Sheet {
        action: "decision.read",
        what: "decision-families",
        detail: format!("run={run} outcome={code}"),
        name: format!("keputusan-{run}-{code}"),
        heads: &[
            "web-family-id",
            "web-head",
            "web-region-code",
            "web-village",
            "web-decile",
            "web-quota-rank",
            "web-outcome",
            "web-amount",
        ],
    };
    let word = t.say(outcome.words_key());
    csv::stream(&visit, sheet, move |house, scope, at| {
        let found = targeting::run_families(house, scope, &run, outcome, at)?;
        let heads = heads_of(house, families.as_ref(), found.items.iter().map(|line| line.family_id))?;
        let names = places.names(house, found.items.iter().map(|line| line.region.clone()).collect())?;
        let row = |line: FamilyLine| {
            vec![
                line.family_id.to_string(),
                heads.get(&line.family_id).cloned().unwrap_or_default(),
                line.region.clone(),
                names.get(&line.region).cloned().unwrap_or_default(),
                csv::number(line.decile),
                csv::number(line.quota_place),
                word.clone(),
                line.amount_idr.idr().to_string(),
            ]
        };
        Ok(Paged { items: found.items.into_iter().map(row).collect(), next: found.next })
    })
    .await
}

/// Persons of a run that decides persons.
#[derive(Template)]
#[template(path = "keputusan_orang.html")]
pub(crate) struct RunPeoplePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) run: String,
    pub(crate) lines: Vec<(PersonLine, String)>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
}

/// Names of persons; none for those who may not see people.
fn people_of(
    house: &House,
    people: Option<&Scope>,
    lines: &[PersonLine],
) -> Result<BTreeMap<i64, String>, registry::Error> {
    match people {
        Some(scope) => registry::views::person_names(house, scope, lines.iter().map(|line| line.person_id)),
        None => Ok(BTreeMap::new()),
    }
}

pub(crate) async fn people(visit: Visit, Path(run): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 50 };
    let (id, wanted) = (run.clone(), from.clone());
    let people = visit.scope("person.read").ok();
    let (of, found, known) = visit
        .ask("decision.read", move |house, scope| {
            let of = targeting::run_page(house, scope, &id)?.run;
            let found = targeting::run_people(house, scope, &id, &wanted)?;
            let known = people_of(house, people.as_ref(), &found.items)?;
            Ok::<_, Fault>((of, found, known))
        })
        .await?;
    let names = visit.names(found.items.iter().map(|line| line.region.clone())).await?;
    let t = visit.t();
    let title = title(&t, &of);
    let name = |line: &PersonLine| {
        known.get(&line.person_id).cloned().unwrap_or_else(|| t.one("web-person-no", "id", line.person_id))
    };
    page(&RunPeoplePage {
        trail: vec![
            ("/keputusan".into(), t.say("web-nav-decisions")),
            (format!("/keputusan/{run}"), title.clone()),
            (String::new(), t.say("web-run-people")),
        ],
        pager: Pager::of(&t, &format!("/keputusan/{run}/orang"), &from, found.items.len(), found.next),
        lines: found.items.into_iter().map(|line| (line.clone(), name(&line))).collect(),
        title,
        run,
        names,
        shell: visit.shell(),
        t,
    })
}

/// Persons of a run, as a file.
pub(crate) async fn export_people(visit: Visit, Path(run): Path<String>) -> Answer {
    let people = visit.scope("person.read").ok();
    let (t, places) = (visit.t(), visit.guest.app.places.clone());
    let sheet = Sheet {
        action: "decision.read",
        what: "decision-people",
        detail: format!("run={run}"),
        name: format!("keputusan-{run}-orang"),
        heads: &[
            "web-person-id",
            "web-name",
            "web-family-id",
            "web-region-code",
            "web-village",
            "web-benefit",
            "web-outcome",
            "web-amount",
        ],
    };
    csv::stream(&visit, sheet, move |house, scope, at| {
        let found = targeting::run_people(house, scope, &run, at)?;
        let known = people_of(house, people.as_ref(), &found.items)?;
        let names = places.names(house, found.items.iter().map(|line| line.region.clone()).collect())?;
        let row = |line: PersonLine| {
            vec![
                line.person_id.to_string(),
                known.get(&line.person_id).cloned().unwrap_or_default(),
                line.family_id.to_string(),
                line.region.clone(),
                names.get(&line.region).cloned().unwrap_or_default(),
                t.label(&line.label).to_owned(),
                t.say(line.outcome.words_key()),
                line.amount_idr.idr().to_string(),
            ]
        };
        Ok(Paged { items: found.items.into_iter().map(row).collect(), next: found.next })
    })
    .await
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
    let name = members.as_ref().map(|found| super::keluarga::head_name(&t, found));
    let head = family_called(&t, name.as_ref(), family);
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
            rule_of(&self.view.run),
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

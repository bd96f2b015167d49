//! Families: the list of a territory, and one family with its members, house, ranks, programmes, payments, cases and history.

use std::collections::{BTreeMap, HashMap};

use access::{House, Scope};
use askama::Template;
use axum::extract::{Path, Query};
use casework::{Series, views::CaseRow};
use model::{FamilyId, RegionCode, RegionLevel, Sex};
use payment::{FamilyPayment, StatusView, cards::CardView};
use registry::{
    Shown,
    views::{self, EventView, FamilyRow, FamilyView, MemberView, VariableView},
};
use serde::Deserialize;
use store::{Page, Paged};
use targeting::{FamilyDecision, FamilyOutcome};

use super::{
    audit, kartu, kasus,
    keputusan::outcome_kind,
    pembayaran::{account_kind, payment_kind, payment_word, problem, programme},
    pemberitahuan::Told,
    status,
};
use crate::{
    csv::{self, Sheet},
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{Pager, Plot},
    visit::{Answer, Visit, page},
};

/// Families of a territory.
#[derive(Template)]
#[template(path = "keluarga_daftar.html")]
pub(crate) struct FamiliesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) families: Vec<FamilyRow>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
    /// Regions below the one shown, to narrow the list: code and name, first the region itself.
    pub(crate) choices: Vec<(String, String)>,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) kode: String,
    pub(crate) title: String,
}

/// One family.
#[derive(Template)]
#[template(path = "keluarga.html")]
pub(crate) struct FamilyPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: FamilyView,
    pub(crate) decisions: Vec<FamilyDecision>,
    pub(crate) notices: Vec<Told>,
    pub(crate) payments: Vec<FamilyPayment>,
    /// Payments of a family that parted, which this one carries.
    pub(crate) carried: Vec<FamilyPayment>,
    /// The status of each of the newest payments.
    pub(crate) statuses: Vec<StatusView>,
    pub(crate) cards: Vec<CardView>,
    pub(crate) cases: Vec<CaseRow>,
    /// Amounts over time: name and drawing.
    pub(crate) series: Vec<(String, Plot)>,
    pub(crate) may_open: bool,
    /// The visitor's territory.
    pub(crate) within: RegionCode,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    kode: String,
}

fn part_of(kode: &str) -> Result<Option<RegionCode>, Fault> {
    match kode {
        "" => Ok(None),
        code => RegionCode::parse(code).map(Some).map_err(|_| Fault::not_found()),
    }
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let within = part_of(&asked.kode)?;
    let at = within.clone().unwrap_or_else(|| visit.session.region.clone());
    let from = Page { after: asked.setelah, limit: 50 };
    let wanted = from.clone();
    let found = visit
        .ask("family.read", move |house, scope| views::families(house, scope, within.as_ref(), &wanted))
        .await?;
    let names = visit.names(found.items.iter().map(|family| family.region.clone())).await?;
    let (path, below) = visit.guest.app.ask(move |house| around(house, &at)).await?;
    let t = visit.t();
    let base =
        if asked.kode.is_empty() { "/keluarga".to_owned() } else { format!("/keluarga?kode={}", asked.kode) };
    let title = path.last().map_or_else(|| t.say("web-nation"), |(_, name)| name.clone());
    let all = t.one("web-all-of", "what", &title);
    // Steps above the own territory lead nowhere: they are left out of the trail.
    let own = visit.session.region.as_str().len();
    let steps = path.into_iter().filter(|(code, _)| code.len() > own);
    let steps = steps.map(|(code, name)| (format!("/keluarga?kode={code}"), name));
    page(&FamiliesPage {
        trail: std::iter::once(("/keluarga".to_owned(), t.say("web-families"))).chain(steps).collect(),
        choices: std::iter::once((asked.kode.clone(), all)).chain(below).collect(),
        kode: asked.kode,
        title,
        pager: Pager::of(&t, &base, &from, found.items.len(), found.next),
        families: found.items,
        names,
        shell: visit.shell(),
        t,
    })
}

/// Codes and names.
type Named = Vec<(String, String)>;

/// The regions from the province down to this one, and those right below it.
fn around(house: &House, at: &RegionCode) -> Result<(Named, Named), store::Error> {
    let named = |regions: Vec<store::regions::Region>| {
        regions.into_iter().map(|region| (region.code.to_string(), region.name)).collect()
    };
    house.db.read(|tx| {
        let path = if at.as_str().is_empty() { Vec::new() } else { store::regions::path(tx, at)? };
        let below =
            if at.level() == RegionLevel::Village { Vec::new() } else { store::regions::children(tx, at)? };
        Ok((named(path), named(below)))
    })
}

/// The list as a file, as far as the visitor's families go.
pub(crate) async fn export(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let within = part_of(&asked.kode)?;
    let places = visit.guest.app.places.clone();
    let part = if asked.kode.is_empty() { visit.session.region.to_string() } else { asked.kode };
    let sheet = Sheet {
        action: "family.read",
        what: "families",
        name: format!("keluarga-{}", if part.is_empty() { "semua" } else { &part }),
        detail: part,
        heads: &[
            "web-family-id",
            "web-head",
            "web-kk",
            "web-region-code",
            "web-village",
            "web-members",
            "web-decile",
            "web-rank-date",
        ],
    };
    csv::stream(&visit, sheet, move |house, scope, at| {
        let found = views::families(house, scope, within.as_ref(), at)?;
        let names = places.names(house, found.items.iter().map(|family| family.region.clone()).collect())?;
        let row = |family: FamilyRow| {
            vec![
                family.family_id.to_string(),
                family.head_name,
                family.kk.unwrap_or_default(),
                family.region.clone(),
                names.get(&family.region).cloned().unwrap_or_default(),
                family.size.to_string(),
                csv::number(family.decile),
                family.rank_date.unwrap_or_default(),
            ]
        };
        Ok(Paged { items: found.items.into_iter().map(row).collect(), next: found.next })
    })
    .await
}

pub(crate) async fn show(visit: Visit, Path(family): Path<i64>) -> Answer {
    let scopes =
        ["decision.read", "payment.read", "case.read"].map(|action| visit.session.scope(action).ok());
    let (view, decisions, notices, (payments, carried, statuses), cards, (cases, series)) =
        visit.ask("family.read", move |house, scope| whole(house, scope, scopes, family)).await?;
    let t = visit.t();
    let head = head_name(&t, &view);
    let (heads, names) = (BTreeMap::from([(view.family_id, head.clone())]), HashMap::new());
    let told = |notice| Told::of(&t, notice, &heads, &names);
    let notices = notices.into_iter().map(told).collect();
    let mut trail: Vec<(String, String)> = vec![("/keluarga".into(), t.say("web-families"))];
    let own = visit.session.region.as_str().len();
    trail.extend(
        view.region_path
            .iter()
            .filter(|region| region.code.len() > own)
            .map(|region| (format!("/keluarga?kode={}", region.code), region.name.clone())),
    );
    trail.push((String::new(), t.one("web-family-of", "name", head)));
    page(&FamilyPage {
        trail,
        view,
        decisions,
        notices,
        payments,
        carried,
        statuses,
        cards,
        cases,
        series: kasus::series_plots(&t, &series),
        may_open: visit.session.may("case.open"),
        within: visit.session.region.clone(),
        shell: visit.shell(),
        t,
    })
}

type Whole = (
    FamilyView,
    Vec<FamilyDecision>,
    Vec<targeting::Notice>,
    (Vec<FamilyPayment>, Vec<FamilyPayment>, Vec<StatusView>),
    Vec<CardView>,
    (Vec<CaseRow>, Vec<Series>),
);

/// The family and what other rooms say of it, each only as far as the visitor may ask there.
fn whole(house: &House, scope: &Scope, scopes: [Option<Scope>; 3], family: i64) -> Result<Whole, Fault> {
    let [decision, payment, case] = scopes;
    let view = views::family(house, scope, FamilyId(family))?;
    let id = view.family_id;
    let notice = |scope: &Scope| targeting::family_notices(house, scope, FamilyId(id));
    let notices = decision.as_ref().map(notice).transpose()?;
    let decisions = decision.map(|scope| targeting::family_decisions(house, &scope, id)).transpose()?;
    let cards = payment.as_ref().map(|scope| payment::cards::family_cards(house, scope, FamilyId(id)));
    let cards = cards.transpose()?;
    let payments = |scope: Scope| {
        let own = payment::family_payments(house, &scope, FamilyId(id))?;
        let statuses = payment::family_statuses(house, &scope, &own)?;
        let carried = payment::plan::carried_payments(house, &scope, FamilyId(id))?;
        Ok::<_, payment::Error>((own, carried, statuses))
    };
    let payments = payment.map(payments).transpose()?;
    let cases = |scope: Scope| {
        let cases = casework::views::family_cases(house, &scope, FamilyId(id))?;
        Ok::<_, casework::Error>((cases, casework::family_series(house, &scope, FamilyId(id))?))
    };
    let cases = case.map(cases).transpose()?;
    Ok((
        view,
        decisions.unwrap_or_default(),
        notices.unwrap_or_default(),
        payments.unwrap_or_default(),
        cards.unwrap_or_default(),
        cases.unwrap_or_default(),
    ))
}

/// Name of the head, or words when there is none.
pub(crate) fn head_name(t: &Tongue, view: &FamilyView) -> String {
    if view.head_name.is_empty() { t.say("web-nameless") } else { view.head_name.clone() }
}

/// A name, or words when there is none.
pub(crate) fn name_or(t: &Tongue, name: &str) -> String {
    if name.is_empty() { t.say("web-nameless") } else { name.to_owned() }
}

/// Sex in words.
pub(crate) fn sex(t: &Tongue, code: Option<i64>) -> String {
    match code.and_then(Sex::from_code) {
        Some(Sex::Male) => t.say("web-man"),
        Some(Sex::Female) => t.say("web-woman"),
        None => t.say("web-unknown"),
    }
}

/// A value of a canonical column in words.
pub(crate) fn shown(t: &Tongue, value: &Shown) -> String {
    match &value.label {
        Some(label) => t.label(label).to_owned(),
        None => t.day_text(&value.text),
    }
}

/// Completed years today, if the birth date is known.
pub(crate) fn age(t: &Tongue, born: Option<&String>, today: jiff::civil::Date) -> String {
    match born.and_then(|born| born.parse().ok()) {
        Some(born) => t.count("web-years", i64::from(model::age_in_years(born, today))),
        None => t.say("web-unknown"),
    }
}

/// What happened, with both sides of a change.
pub(crate) fn event_detail(t: &Tongue, event: &EventView) -> String {
    let side = |text: &Option<String>| text.as_deref().map(|text| t.day_text(text)).unwrap_or_default();
    if let Some(found) = &event.finding {
        return t.label(found).to_owned();
    }
    match (side(&event.before).as_str(), side(&event.after).as_str()) {
        ("", "") => event.evidence.clone().unwrap_or_default(),
        ("", after) => after.to_owned(),
        (before, "") => before.to_owned(),
        (before, after) => format!("{before} → {after}"),
    }
}

impl FamilyPage {
    /// Decisions by which the family receives nothing and waits for nothing.
    fn left_out(&self) -> usize {
        let out = |one: &&FamilyDecision| one.outcome == FamilyOutcome::NotEligible;
        self.decisions.iter().filter(out).count()
    }

    /// Whether the member's own page opens: a member may be registered outside the visitor's territory.
    fn opens(&self, member: &MemberView) -> bool {
        let (from, to) = self.within.path_range();
        self.shell.may("person.read") && (from..to).contains(&member.region)
    }

    fn relation(&self, member: &MemberView) -> String {
        match member.relation {
            Some(code) => self.t.code_label("relation", code),
            None => self.t.say("web-unknown"),
        }
    }

    fn age(&self, member: &MemberView, today: &jiff::civil::Date) -> String {
        age(&self.t, member.birth_date.as_ref(), *today)
    }

    /// The status of a payment: the word of SIKS-NG with who set it and when, and the sentence for the citizen with the next step.
    fn told(&self, line: &FamilyPayment) -> Option<(String, String)> {
        let told = self.statuses.iter().find(|told| told.line_id == line.line_id)?;
        let known = status::status(&self.t, &told.key)?;
        let last = told.last.as_ref();
        let who = last.map_or_else(String::new, |last| {
            format!(" · {}, {}", audit::actor(&self.t, &last.actor), self.t.stamp(last.at_ms))
        });
        let word = format!("{}: {}{who}", status::printed(&self.t, known), self.t.label(&known.label));
        let next = self.t.one("web-next-is", "what", self.t.label(&known.next));
        Some((word, format!("{} {next}", self.t.label(&known.citizen))))
    }

    /// The status of a decision by which the family receives nothing, where an exclusion gives it one.
    fn excluded(&self, decision: &FamilyDecision) -> Option<String> {
        let code = decision.reason.as_deref()?;
        let programme = self.t.policy().programme(&decision.run.programme)?;
        let mut exclusions = programme.versions.iter().rev().flat_map(|version| &version.exclusions);
        let printed = &exclusions.find(|one| one.code == code)?.siks_ng;
        let known = self.t.policy().statuses().of_exclusion(printed)?;
        Some(format!("{}: {}", status::printed(&self.t, known), self.t.label(&known.citizen)))
    }

    fn reason(&self, decision: &FamilyDecision) -> String {
        let text = decision.reason_text.as_ref().map_or("", |text| self.t.label(text));
        let code = decision.reason.as_deref().unwrap_or_default();
        super::keputusan::reason_words(&self.t, super::keputusan::rule_of(&decision.run), code, text, false)
    }

    fn known(&self) -> Vec<&VariableView> {
        self.view.variables.iter().filter(|variable| variable.value.is_some()).collect()
    }

    fn unknown(&self) -> String {
        let unknown = self.view.variables.iter().filter(|variable| variable.value.is_none());
        unknown.map(|variable| self.t.label(&variable.label)).collect::<Vec<_>>().join(", ")
    }
}

//! Programmes: the rule as it stands in the policy pack, in words that come from the same tree that decides. Nothing is retold here,
//! so the page cannot say other than what is decided.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query};
use jiff::civil::Date;
use policy::{Arg, Change, Every, Pillar, Programme, ProgrammeVersion, Quota, Selection};
use serde::Deserialize;

use crate::{
    fault::Fault,
    lang::{Tongue, word},
    shell::Shell,
    ui::Bars,
    visit::{Answer, Visit, page},
};

/// One programme in the list.
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) purpose: String,
    pub(crate) recipient: String,
    pub(crate) basis: String,
    /// Kind and words of its mark: in force, candidates, off, past.
    pub(crate) mark: (&'static str, String),
}

/// All programmes.
#[derive(Template)]
#[template(path = "program_daftar.html")]
pub(crate) struct ProgrammesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    /// Fields of work with their programmes, those in force first.
    pub(crate) pillars: Vec<(String, Vec<Entry>)>,
}

/// A condition, exclusion or other line of a rule.
pub(crate) struct RuleLine {
    pub(crate) code: String,
    pub(crate) text: String,
    /// The expression in words; empty when there is none.
    pub(crate) words: String,
    /// What can be done about it; empty when nothing.
    pub(crate) remedy: String,
    /// The word of the national application for it; empty when there is none.
    pub(crate) status: String,
    /// The words tell the opposite of what is asked: no component, where one is asked for.
    pub(crate) missing: bool,
    /// In the latest run: for how many families it holds, in words; empty without a run of this version.
    pub(crate) figures: String,
}

/// A benefit component.
pub(crate) struct ComponentLine {
    pub(crate) label: String,
    pub(crate) words: String,
    pub(crate) year: String,
    pub(crate) stage: String,
    pub(crate) most: String,
    pub(crate) duty: String,
    /// How the duty is checked.
    pub(crate) check: String,
    pub(crate) enabled: bool,
    /// In the latest run: how many members count; a dash without a run of this version.
    pub(crate) counted: String,
}

/// One programme on one day.
#[derive(Template)]
#[template(path = "program.html")]
pub(crate) struct ProgrammePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) name: String,
    pub(crate) purpose: String,
    pub(crate) note: String,
    pub(crate) on: String,
    pub(crate) versions: Vec<(String, String, bool)>,
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) eligibility: Vec<RuleLine>,
    pub(crate) exclusions: Vec<RuleLine>,
    pub(crate) components: Vec<ComponentLine>,
    pub(crate) cap: Option<String>,
    pub(crate) quota: Vec<String>,
    pub(crate) others: Vec<RuleLine>,
    pub(crate) ends: Vec<RuleLine>,
    pub(crate) has_rule: bool,
    pub(crate) latest: Option<Latest>,
    /// Words of an alert about the rule: kind, title, text.
    pub(crate) alert: Option<(&'static str, String, String)>,
    /// Every version with what changed, newest first.
    pub(crate) history: Vec<Change>,
}

/// The latest decision by this programme.
pub(crate) struct Latest {
    pub(crate) title: String,
    /// Where it is told in full; empty for those who may not see decisions.
    pub(crate) href: String,
    pub(crate) figures: Vec<(String, String)>,
    pub(crate) outcomes: Bars,
}

pub(crate) async fn list(visit: Visit) -> Answer {
    visit.scope("programme.read")?;
    let (t, shell) = (visit.t(), visit.shell());
    let today = visit.guest.app.house.clock.today();
    let entry = |programme: &Programme| {
        let version = programme.on(today);
        let mark = match version {
            None => ("mute", "web-not-in-force"),
            Some(version) if !version.enabled => ("mute", "web-rule-off"),
            Some(version) if version.selection == Selection::Candidates => ("note", "web-candidates"),
            Some(_) => ("good", "web-in-force"),
        };
        Entry {
            key: programme.key.clone(),
            name: t.label(&programme.label).to_owned(),
            purpose: t.label(&programme.purpose).to_owned(),
            recipient: t.code("web-recipient", &word(&programme.recipient)),
            basis: version.map_or_else(String::new, |version| version.legal_basis.clone()),
            mark: (mark.0, t.say(mark.1)),
        }
    };
    let mut of_pillar: BTreeMap<Pillar, Vec<Entry>> = BTreeMap::new();
    for programme in t.policy().programmes().values() {
        of_pillar.entry(programme.pillar).or_default().push(entry(programme));
    }
    let pillars = of_pillar.into_iter().map(|(pillar, mut entries)| {
        entries.sort_by_key(|entry| entry.mark.0 == "mute");
        (t.code("web-pillar", &word(&pillar)), entries)
    });
    let pillars = pillars.collect();
    page(&ProgrammesPage { t: t.clone(), shell, pillars })
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    tanggal: Option<String>,
}

pub(crate) async fn show(visit: Visit, Path(key): Path<String>, Query(asked): Query<Asked>) -> Answer {
    visit.scope("programme.read")?;
    let (t, shell) = (visit.t(), visit.shell());
    let today = visit.guest.app.house.clock.today();
    let on = asked.tanggal.and_then(|text| text.parse().ok()).unwrap_or(today);
    let policy = visit.guest.app.house.policy.clone();
    let programme = policy.programme(&key).ok_or_else(Fault::not_found)?;
    let view = visit
        .ask("programme.read", move |house, scope| targeting::programme_page(house, scope, &key, None))
        .await?;
    let mut shown = ProgrammePage::new(t, shell, programme, on);
    shown.add_figures(&view, programme.on(on).is_some_and(|version| version.key == view.version));
    page(&shown)
}

impl ProgrammePage {
    pub(crate) fn new(t: Tongue, shell: Shell, programme: &Programme, on: Date) -> Self {
        let name = t.label(&programme.label).to_owned();
        let version = programme.on(on);
        let mut page = Self {
            trail: vec![("/program".into(), t.say("web-nav-programmes")), (String::new(), name.clone())],
            name,
            purpose: t.label(&programme.purpose).to_owned(),
            note: programme.note.as_ref().map_or_else(String::new, |note| t.label(note).to_owned()),
            on: t.day(on),
            versions: programme.versions.iter().map(|other| version_link(&t, programme, other, on)).collect(),
            facts: Vec::new(),
            eligibility: Vec::new(),
            exclusions: Vec::new(),
            components: Vec::new(),
            cap: None,
            quota: Vec::new(),
            others: Vec::new(),
            ends: Vec::new(),
            has_rule: version.is_some(),
            latest: None,
            alert: version.and_then(|version| alert(&t, version)),
            history: t.policy().history(programme, t.lang).into_iter().rev().collect(),
            shell,
            t,
        };
        if let Some(version) = version {
            page.fill(programme, version, on);
        }
        page
    }

    fn fill(&mut self, programme: &Programme, version: &ProgrammeVersion, on: Date) {
        let t = &self.t;
        let params = version.params(on);
        let line = |code: &str, text: &policy::Label, words: String| RuleLine {
            code: code.to_owned(),
            text: t.label(text).to_owned(),
            words,
            remedy: String::new(),
            status: String::new(),
            missing: false,
            figures: String::new(),
        };
        let reason = |reason: &policy::ReasonWords| line(&reason.code, &reason.text, String::new());
        self.facts = facts(t, programme, version);
        self.eligibility = version
            .eligibility
            .iter()
            .map(|one| line(&one.code, &one.text, one.when.words_with(t.lang, &params)))
            .collect();
        self.exclusions = version
            .exclusions
            .iter()
            .map(|one| RuleLine {
                remedy: t.label(&one.remedy).to_owned(),
                status: if one.siks_ng == "-" { String::new() } else { one.siks_ng.clone() },
                ..line(&one.code, &one.text, one.when.words_with(t.lang, &params))
            })
            // Its words say what is missing, so it leaves out like an exclusion, though it is asked as a condition.
            .chain(version.needs_component.iter().map(|needs| RuleLine { missing: true, ..reason(needs) }))
            .collect();
        self.components = version
            .components
            .iter()
            .map(|one| ComponentLine {
                label: t.label(&one.label).to_owned(),
                words: one.when.words_with(t.lang, &params),
                year: if one.kind.is_money() { t.idr(one.amount_year) } else { "–".to_owned() },
                stage: if one.kind.is_money() && !one.once {
                    t.idr(one.amount_stage)
                } else {
                    "–".to_owned()
                },
                most: one.max_per_family.map_or_else(|| "–".to_owned(), |most| t.n(most)),
                duty: one.conditionality.as_ref().map_or_else(String::new, |duty| t.label(duty).to_owned()),
                check: one.verification.as_ref().map_or_else(String::new, |check| t.label(check).to_owned()),
                enabled: one.enabled,
                counted: "–".to_owned(),
            })
            .collect();
        self.cap = version.cap.as_ref().map(|cap| t.label(&cap.text).to_owned());
        self.quota = version.quota.as_ref().map_or_else(Vec::new, |quota| quota_lines(t, quota, &params));
        self.others = version.combinations.iter().map(|one| reason(&one.reason)).collect();
        self.ends = version.ends.iter().map(reason).collect();
    }
}

impl ProgrammePage {
    /// Puts the latest run beside the rule; figures of single conditions only when it ran by the version that is shown.
    fn add_figures(&mut self, view: &targeting::ProgrammePage, same_version: bool) {
        let Some(run) = &view.run else { return };
        let t = self.t.clone();
        let totals = &run.run.totals;
        let places: i64 = run.quota.iter().map(|one| one.places).sum();
        let used: i64 = run.quota.iter().map(|one| one.used).sum();
        self.latest = Some(Latest {
            title: t.period(&run.run.period),
            href: if self.shell.may("decision.read") {
                format!("/keputusan/{}", run.run.run)
            } else {
                String::new()
            },
            figures: vec![
                (t.say("web-families"), t.n(totals.families)),
                (t.say("web-amount"), t.idr_short(totals.amount_idr)),
                (t.say("web-places-used"), format!("{}/{}", t.n(used), t.n(places))),
            ],
            outcomes: super::keputusan::outcome_bars(
                &t,
                &run.run.run,
                &run.outcomes,
                self.shell.may("decision.read"),
            ),
        });
        if !same_version {
            return;
        }
        for line in self.eligibility.iter_mut().chain(&mut self.exclusions) {
            let found = view.conditions.iter().find(|one| one.code == line.code).and_then(|one| one.figures);
            if let Some([holds, fails, unknown]) = found {
                let (holds, fails) = if line.missing { (fails, holds) } else { (holds, fails) };
                let key = if unknown > 0 { "web-holds-unknown" } else { "web-holds" };
                let args = [
                    ("yes", Arg::Number(holds)),
                    ("no", Arg::Number(fails)),
                    ("unknown", Arg::Number(unknown)),
                ];
                line.figures = t.policy().words().get(t.lang, key, &args);
            }
        }
        for (line, rule) in self.components.iter_mut().zip(&view.components) {
            if let Some(figures) = rule.figures {
                line.counted = t.n(figures.counted);
            }
        }
    }
}

fn alert(t: &Tongue, version: &ProgrammeVersion) -> Option<(&'static str, String, String)> {
    let note =
        || version.note.as_ref().map_or_else(|| t.say("web-rule-off-text"), |note| t.label(note).to_owned());
    if !version.enabled {
        return Some(("warn", t.say("web-rule-off"), note()));
    }
    let candidates = version.selection == Selection::Candidates;
    candidates.then(|| ("note", t.say("web-candidates"), t.say("web-candidates-text")))
}

fn version_link(
    t: &Tongue,
    programme: &Programme,
    version: &ProgrammeVersion,
    on: Date,
) -> (String, String, bool) {
    let until = version.valid_to.map_or_else(|| t.say("web-in-force"), |day| t.day(day));
    let label = t.two("web-from-to", "from", t.day(version.valid_from), "to", until);
    (format!("/program/{}?tanggal={}", programme.key, version.valid_from), label, version.holds_on(on))
}

fn facts(t: &Tongue, programme: &Programme, version: &ProgrammeVersion) -> Vec<(String, String)> {
    let policy = t.policy();
    let channel = |key: &str| match policy.channel(key) {
        Some(channel) => t.label(&channel.label).to_owned(),
        None => key.to_owned(),
    };
    let mut facts = vec![
        (t.say("web-recipient"), t.code("web-recipient", &word(&programme.recipient))),
        (t.say("web-legal-basis"), version.legal_basis.clone()),
        (t.say("web-schedule"), policy.schedule_words(&version.schedule, t.lang)),
    ];
    if let Some(key) = &version.channel {
        facts.push((t.say("web-channel"), channel(key)));
    }
    if let Some(fallback) = &version.fallback_channel {
        facts.push((t.say("web-fallback-channel"), channel(fallback)));
    }
    if !programme.tags.is_empty() {
        facts.push((t.say("web-tags"), programme.tags.join(", ")));
    }
    let funding: Vec<String> = version.funding.iter().map(word).collect();
    if !funding.is_empty() {
        facts.push((t.say("web-funding"), funding.join(", ")));
    }
    for goods in &version.goods {
        let mut what = format!("{} {}", t.n(goods.quantity), goods.unit);
        if goods.value.idr() > 0 {
            what = t.two("web-goods-value", "what", what, "value", t.idr(goods.value));
        }
        facts.push((t.label(&goods.label).to_owned(), every(t, goods.every, what)));
    }
    if let Some(group) = &version.group {
        let families = t.two("web-group-rule", "least", group.families_min, "most", group.families_max);
        facts.push((t.say("web-group"), families));
    }
    let listed = |labels: Vec<&str>| labels.join("; ");
    if !version.services.is_empty() {
        let labels = version.services.iter().map(|one| t.label(&one.label)).collect();
        facts.push((t.say("web-services"), listed(labels)));
    }
    if !version.steps.is_empty() {
        facts
            .push((t.say("web-steps"), listed(version.steps.iter().map(|one| t.label(&one.text)).collect())));
    }
    if let Some(flat) = &version.flat {
        facts.push((t.label(&flat.label).to_owned(), every(t, flat.every, t.idr(flat.amount))));
    }
    facts.push((t.say("web-reference-day"), t.code("web-reference", &word(&version.reference))));
    facts.push((t.say("web-budget-line"), version.budget_line.clone()));
    let proof: Vec<&str> = version.proof.iter().map(|proof| t.label(&proof.text)).collect();
    facts.push((t.say("web-proof"), proof.join("; ")));
    facts
}

/// An amount or quantity with how often it is given.
fn every(t: &Tongue, every: Every, what: String) -> String {
    t.two("web-every", "what", what, "every", word(&every))
}

fn quota_lines(t: &Tongue, quota: &Quota, params: &rules::Params) -> Vec<String> {
    let level = t.code("web-level", &word(&quota.by));
    let mut lines = vec![t.two(
        "web-quota-share",
        "share",
        t.decimal(f64::from(quota.share_permille) / 10.0, 1),
        "level",
        level,
    )];
    if let Some(most) = quota.ceiling {
        lines.push(t.one("web-quota-ceiling", "most", t.n(i64::try_from(most).unwrap_or(i64::MAX))));
    }
    if !quota.table.is_empty() {
        lines.push(t.count("web-quota-table", quota.table.len()));
    }
    for (at, (by, direction)) in quota.order.iter().enumerate() {
        let how = t.code("web-direction", &word(direction));
        let by = by.words_with(t.lang, params);
        lines.push(format!("{}. {}", at + 1, t.two("web-quota-order", "by", by, "how", how)));
    }
    lines
}

//! The pillars: the register by kind and place, one worker with what the year asked and what came of it, what a territory lacks, and
//! proposals of who accompanies which families. Who sees no others sees the own page.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use casework::{
    Error,
    pillar::{
        self, AVAILABILITY, Achieved, Coverage, CoverageRow, KindCount, PillarFilter, PillarRow, PillarView,
        ProposalRow, ProposalState, ProposalView,
    },
};
use model::{FamilyId, RegionCode, RegionLevel, UserId};
use serde::Deserialize;
use store::Page;

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Posted, Visit, encode, page},
};

const READ: &str = "pillar.read";
const OWN: &str = "pillar.own";
const APPROVE: &str = "pillar.approve";
pub(crate) const MANAGE: &str = "pillar.manage";

/// The register.
#[derive(Template)]
#[template(path = "pilar.html")]
pub(crate) struct PillarsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<PillarRow>,
    pub(crate) counts: Vec<KindCount>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) kinds: Vec<(String, String)>,
    pub(crate) presence: Vec<(String, String)>,
    pub(crate) expiry: Vec<(String, String)>,
    pub(crate) asked: Asked,
    /// Name of the part of the territory, empty for all of it.
    pub(crate) place: String,
    pub(crate) year: Vec<Achieved>,
    pub(crate) pager: Pager,
}

/// One worker or body.
#[derive(Template)]
#[template(path = "pilar_satu.html")]
pub(crate) struct PillarPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: PillarView,
    pub(crate) place: String,
    pub(crate) person: bool,
    /// Own family and those of relatives that receive aid, where the visitor may know it.
    pub(crate) receiving: Vec<i64>,
    /// A personal number was written that the registry does not know.
    pub(crate) unknown: bool,
}

/// What a sheet says after it was taken.
#[derive(Deserialize)]
pub(crate) struct Shown {
    nik: Option<String>,
}

/// What a territory has and lacks.
#[derive(Template)]
#[template(path = "pilar_cakupan.html")]
pub(crate) struct CoveragePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: Coverage,
    /// Families a companion in the ordinary case, and at most.
    pub(crate) usual: i64,
    pub(crate) most: i64,
}

/// Proposals.
#[derive(Template)]
#[template(path = "pilar_usulan.html")]
pub(crate) struct ProposalsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) rows: Vec<ProposalView>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
}

/// One proposal.
#[derive(Template)]
#[template(path = "pilar_usulan_satu.html")]
pub(crate) struct ProposalPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: ProposalView,
    pub(crate) rows: Vec<ProposalRow>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) companions: Vec<(String, String)>,
    pub(crate) may_decide: bool,
    pub(crate) mine: bool,
    pub(crate) after: String,
    pub(crate) pager: Pager,
}

/// What is asked for.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    setelah: Option<String>,
    pub(crate) jenis: String,
    pub(crate) wilayah: String,
    pub(crate) kesiapan: String,
    pub(crate) berlaku: String,
}

impl Asked {
    fn region(&self) -> Result<Option<RegionCode>, Fault> {
        let code = Some(self.wilayah.as_str()).filter(|code| !code.is_empty());
        code.map(|code| RegionCode::parse(code).map_err(|_| Fault::not_found())).transpose()
    }

    fn address(&self, kind: &str) -> String {
        format!(
            "/pilar?jenis={}&wilayah={}&kesiapan={}&berlaku={}",
            encode(kind),
            encode(&self.wilayah),
            encode(&self.kesiapan),
            encode(&self.berlaku)
        )
    }
}

/// The right with which the visitor looks: at the register, or at the own page alone.
fn action(visit: &Visit) -> &'static str {
    if visit.session.may(READ) { READ } else { OWN }
}

/// Name of a kind.
pub(crate) fn kind(t: &Tongue, key: &str) -> String {
    t.policy().pillars().kind(key).map_or_else(|| key.to_owned(), |found| t.label(&found.label).to_owned())
}

/// Words of codes of the register, with commas between.
fn codes(t: &Tongue, list: &[policy::PillarCode], keys: &[String]) -> String {
    let word = |key: &String| {
        let found = list.iter().find(|code| code.key == *key);
        found.map_or_else(|| key.clone(), |code| t.label(&code.label).to_owned())
    };
    keys.iter().map(word).collect::<Vec<_>>().join(", ")
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let region = asked.region()?;
    let filter = PillarFilter {
        kind: asked.jenis.clone(),
        region: region.clone(),
        availability: asked.kesiapan.clone(),
        expiring: asked.berlaku == "segera",
    };
    let wanted = from.clone();
    let (found, counts, year) = visit
        .ask(action(&visit), move |house, scope| {
            let found = pillar::pillars(house, scope, &filter, &wanted)?;
            let counts = pillar::kind_counts(house, scope, region.as_ref())?;
            let year = match house.policy.pillars().kind(&filter.kind) {
                Some(kind) => {
                    let count = counts.iter().find(|one| one.kind == kind.key).map_or(0, |one| one.count);
                    pillar::year_of(house, scope, kind, count, region.as_ref())?
                }
                None => Vec::new(),
            };
            Ok::<_, Error>((found, counts, year))
        })
        .await?;
    let codes = found.items.iter().map(|row| row.region.clone()).chain([asked.wilayah.clone()]);
    let names = visit.names(codes).await?;
    let t = visit.t();
    let all = (String::new(), t.say("web-pillar-all"));
    let kinds = t.policy().pillars().kinds.iter();
    let kinds = kinds.map(|one| (one.key.clone(), t.label(&one.label).to_owned()));
    let words = AVAILABILITY.iter().map(|key| ((*key).to_owned(), t.say(&format!("web-pillar-there-{key}"))));
    page(&PillarsPage {
        pager: Pager::of(&t, &asked.address(&asked.jenis), &from, found.items.len(), found.next),
        kinds: std::iter::once(all.clone()).chain(kinds).collect(),
        presence: std::iter::once(all.clone()).chain(words).collect(),
        expiry: vec![all, ("segera".to_owned(), t.say("web-pillar-expiring"))],
        place: if asked.wilayah.is_empty() {
            String::new()
        } else {
            names.get(&asked.wilayah).cloned().unwrap_or_default()
        },
        rows: found.items,
        counts,
        names,
        asked,
        year,
        shell: visit.shell(),
        t: t.clone(),
    })
}

pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(shown): Query<Shown>) -> Answer {
    let view = visit.ask(action(&visit), move |house, scope| pillar::pillar_page(house, scope, id)).await?;
    let Some(view) = view else { return Err(Fault::not_found()) };
    let kin = view.kin.iter().copied().chain(Some(view.family_id).filter(|family| *family != 0));
    let mut families: Vec<i64> = kin.collect();
    families.sort_unstable();
    families.dedup();
    let receiving = if visit.session.may("payment.read") && visit.session.may(READ) {
        visit.ask("payment.read", move |house, scope| receiving(house, scope, families)).await?
    } else {
        Vec::new()
    };
    let place = visit.names([view.row.region.clone()]).await?.remove(&view.row.region).unwrap_or_default();
    let t = visit.t();
    let person = t.policy().pillars().kind(&view.row.kind).is_none_or(|kind| kind.person);
    page(&PillarPage {
        trail: vec![("/pilar".into(), t.say("web-nav-pillars")), (String::new(), view.row.name.clone())],
        view,
        place,
        person,
        receiving,
        unknown: shown.nik.is_some(),
        shell: visit.shell(),
        t,
    })
}

/// Of these families, those that have lines of payment.
fn receiving(
    house: &access::House,
    scope: &access::Scope,
    families: Vec<i64>,
) -> Result<Vec<i64>, payment::Error> {
    let mut found = Vec::new();
    for family in families {
        if !payment::family_payments(house, scope, FamilyId(family))?.is_empty() {
            found.push(family);
        }
    }
    Ok(found)
}

impl PillarPage {
    /// Where the row is corrected.
    fn sheet(&self) -> String {
        format!("/pilar/{}/ubah", self.view.row.pillar_id)
    }

    /// From and until, as far as they are told.
    fn contract(&self) -> String {
        let day = |text: &str| if text.is_empty() { "…".to_owned() } else { self.t.day_text(text) };
        let (from, to) = (&self.view.contract_from, &self.view.row.contract_to);
        if from.is_empty() && to.is_empty() {
            "–".to_owned()
        } else {
            format!("{} – {}", day(from), day(to))
        }
    }

    /// A share, or a dash where there is nothing to share.
    fn part(&self, part: &i64, whole: &i64) -> String {
        if *whole > 0 { self.t.share(*part, *whole) } else { "–".to_owned() }
    }

    fn certificates(&self, keys: &[String]) -> String {
        codes(&self.t, &self.t.policy().pillars().certificates, keys)
    }

    fn certificate(&self, key: &str) -> String {
        self.certificates(&[key.to_owned()])
    }

    fn skills(&self) -> String {
        codes(&self.t, &self.t.policy().pillars().skills, &self.view.skills)
    }

    fn languages(&self) -> String {
        codes(&self.t, &self.t.policy().pillars().languages, &self.view.languages)
    }

    fn columns(&self, columns: &[String]) -> String {
        columns.iter().map(|key| self.t.say(&format!("web-pillar-col-{key}"))).collect::<Vec<_>>().join(", ")
    }
}

pub(crate) async fn cover(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let region = asked.region()?.unwrap_or_else(|| visit.session.region.clone());
    let view = visit.ask(READ, move |house, scope| pillar::coverage(house, scope, &region)).await?;
    let t = visit.t();
    let work = t.policy().settings().work;
    let mut trail = vec![
        ("/pilar".to_owned(), t.say("web-nav-pillars")),
        ("/pilar/cakupan".to_owned(), t.say("web-pillar-coverage")),
    ];
    let inside = view.path.iter().filter(|(code, _)| {
        code.level() > visit.session.region.level() && visit.session.region.contains(code)
    });
    trail.extend(inside.map(|(code, name)| (format!("/pilar/cakupan?wilayah={code}"), name.clone())));
    page(&CoveragePage {
        trail,
        view,
        usual: work.caseload,
        most: work.caseload_max,
        shell: visit.shell(),
        t,
    })
}

impl CoveragePage {
    /// Families of a companion, rounded up; nothing without companions.
    fn ratio(&self, row: &CoverageRow) -> Option<i64> {
        (row.companions > 0).then(|| (row.accompanied + row.companions - 1) / row.companions)
    }

    fn mark(&self, ratio: &i64) -> &'static str {
        match *ratio {
            ratio if ratio > self.most => "bad",
            ratio if ratio > self.usual => "warn",
            _ => "good",
        }
    }

    fn missing(&self, row: &CoverageRow) -> String {
        let one = |(key, count): (&String, &i64)| {
            let label = self
                .t
                .policy()
                .pillars()
                .kind(key)
                .map_or(key.as_str(), |kind| self.t.short_label(&kind.label));
            if *count > 1 { format!("{label} ({})", self.t.n(*count)) } else { label.to_owned() }
        };
        row.missing.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn deeper(&self, row: &CoverageRow) -> bool {
        row.region.level() < RegionLevel::Village && row.region != self.view.region
    }

    fn workers(row: &CoverageRow) -> i64 {
        row.kinds.values().sum()
    }
}

pub(crate) async fn proposals(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 30 };
    let wanted = from.clone();
    let found = visit.ask(READ, move |house, scope| pillar::proposals(house, scope, &wanted)).await?;
    let names = visit.names(found.items.iter().map(|row| row.region.clone())).await?;
    let t = visit.t();
    page(&ProposalsPage {
        trail: vec![("/pilar".into(), t.say("web-nav-pillars")), (String::new(), t.say("web-pillar-shares"))],
        pager: Pager::of(&t, "/pilar/usulan", &from, found.items.len(), found.next),
        rows: found.items,
        names,
        shell: visit.shell(),
        t,
    })
}

pub(crate) async fn sharing(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let wanted = from.clone();
    let (view, rows, companions) = visit
        .ask(READ, move |house, scope| {
            let view = pillar::sharing(house, scope, id)?;
            let rows = pillar::proposal_rows(house, scope, id, &wanted)?;
            let companions = pillar::choosable(house, scope, &view)?;
            Ok::<_, Error>((view, rows, companions))
        })
        .await?;
    let codes = rows.items.iter().map(|row| row.region.clone()).chain([view.region.clone()]);
    let names = visit.names(codes).await?;
    let t = visit.t();
    let mine = view.made_by == visit.session.user_id.0;
    let title = t.one("web-pillar-share", "id", id);
    page(&ProposalPage {
        trail: vec![
            ("/pilar".into(), t.say("web-nav-pillars")),
            ("/pilar/usulan".into(), t.say("web-pillar-shares")),
            (String::new(), title),
        ],
        pager: Pager::of(&t, &format!("/pilar/usulan/{id}"), &from, rows.items.len(), rows.next),
        companions: companions.into_iter().map(|(user, name)| (user.to_string(), name)).collect(),
        may_decide: visit.session.may(APPROVE) && view.state == ProposalState::Proposed,
        mine,
        after: asked.setelah.unwrap_or_default(),
        rows: rows.items,
        names,
        view,
        shell: visit.shell(),
        t,
    })
}

impl ProposalPage {
    fn chosen(&self, choice: &str, user: &i64) -> bool {
        choice.parse() == Ok(*user)
    }

    fn person(&self, user: &i64, name: &str) -> String {
        if *user == 0 { self.t.say("web-pillar-nobody") } else { name.to_owned() }
    }
}

/// Another companion for a family.
#[derive(Deserialize)]
pub(crate) struct Change {
    keluarga: i64,
    pendamping: i64,
    #[serde(default)]
    setelah: String,
}

pub(crate) async fn adjust(Path(id): Path<i64>, posted: Posted<Change>) -> Answer {
    let Posted { visit, form } = posted;
    let (family, to) = (FamilyId(form.keluarga), UserId(form.pendamping));
    visit.ask(APPROVE, move |house, scope| pillar::adjust(house, scope, id, family, to)).await?;
    let after =
        if form.setelah.is_empty() { String::new() } else { format!("?setelah={}", encode(&form.setelah)) };
    Ok(Redirect::to(&format!("/pilar/usulan/{id}{after}")).into_response())
}

/// Yes or no.
#[derive(Deserialize)]
pub(crate) struct Decision {
    putusan: String,
}

pub(crate) async fn decide(Path(id): Path<i64>, posted: Posted<Decision>) -> Answer {
    let Posted { visit, form } = posted;
    let approve = match form.putusan.as_str() {
        "setuju" => true,
        "tolak" => false,
        _ => return Err(Fault::bad_form()),
    };
    visit.ask(APPROVE, move |house, scope| pillar::decide_proposal(house, scope, id, approve)).await?;
    Ok(Redirect::to(&format!("/pilar/usulan/{id}")).into_response())
}

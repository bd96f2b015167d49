//! Papers that are printed and signed: the annex of an order, the statement of responsibility for it (SPTJM), the minutes of a
//! reconciliation, and what a decision gives by region. Each bears the hash of its list; `/periksa` says what such a hash belongs to.

use std::collections::HashMap;

use access::{House, Scope, Session};
use askama::Template;
use axum::extract::{Path, Query};
use model::RegionCode;
use payment::{
    OrderView,
    desk::{self, Annex, AnnexLine, Found, Minutes, ReleaseView},
};
use serde::Deserialize;
use store::Page;
use targeting::{DecisionRun, RegionCount};

use super::{
    keluarga::name_or,
    pembayaran::{channel, payment_word, problem, programme, role, title},
};
use crate::{
    fault::Fault,
    lang::Tongue,
    places::Places,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Guest, Visit, encode, page},
};

/// Lines printed at once.
const LINES: u32 = 500;
/// Papers that may be looked up from one address without an account within the window of tries.
const CHECKS_MAX: i64 = 60;

/// The annex.
#[derive(Template)]
#[template(path = "naskah_lampiran.html")]
pub(crate) struct AnnexPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) place: String,
    pub(crate) view: Annex,
    pub(crate) lines: Vec<AnnexLine>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) export: String,
    pub(crate) pager: Pager,
    pub(crate) more: bool,
    /// The first part: totals stand on it.
    pub(crate) whole: bool,
    /// Mark of a copy that was released; empty on the page that is only looked at, whose recipients are not printed.
    pub(crate) mark: String,
}

/// The statement.
#[derive(Template)]
#[template(path = "naskah_sptjm.html")]
pub(crate) struct StatementPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: Annex,
}

/// The minutes.
#[derive(Template)]
#[template(path = "naskah_berita_acara.html")]
pub(crate) struct MinutesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: Minutes,
    pub(crate) figures: Vec<(String, i64)>,
}

/// The annex of a decision: what it gives, by region; who receives stands on its pages.
#[derive(Template)]
#[template(path = "naskah_keputusan.html")]
pub(crate) struct DecisionPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) place: String,
    pub(crate) run: DecisionRun,
    pub(crate) regions: Vec<RegionCount>,
    /// Families that receive or keep, and rupiah, of these regions.
    pub(crate) sums: (i64, i64),
    pub(crate) names: HashMap<String, String>,
}

/// What a hash belongs to.
#[derive(Template)]
#[template(path = "periksa.html")]
pub(crate) struct CheckPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) hash: String,
    pub(crate) found: Found,
    /// Decisions.
    pub(crate) runs: Vec<DecisionRun>,
    /// Whether the visitor sees payments.
    pub(crate) inside: bool,
    /// Whether the visitor sees decisions.
    pub(crate) decides: bool,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    kode: String,
}

/// Where a hash is looked up, as it stands on paper.
pub(crate) fn check_at(t: &Tongue) -> String {
    format!("{}/periksa", t.policy().settings().desk.address)
}

/// Place and day of signing.
pub(crate) fn signed_at(t: &Tongue, shell: &Shell) -> String {
    format!("{}, {}", t.policy().settings().desk.place, t.day(shell.today))
}

/// Head of a paper, line by line.
pub(crate) fn letterhead(t: &Tongue) -> Vec<String> {
    t.policy().settings().desk.letterhead.iter().map(|line| t.label(line).to_owned()).collect()
}

/// A region by name.
pub(crate) fn place_of(t: &Tongue, names: &HashMap<String, String>, region: &RegionCode) -> String {
    if region == &RegionCode::nation() {
        return t.say("web-nation");
    }
    names.get(region.as_str()).cloned().unwrap_or_else(|| region.to_string())
}

fn trail(t: &Tongue, cycle: i64, title: &str, last: &str) -> Vec<(String, String)> {
    vec![
        ("/pembayaran".into(), t.say("web-nav-payments")),
        (format!("/pembayaran/siklus/{cycle}"), title.to_owned()),
        (String::new(), t.say(last)),
    ]
}

pub(crate) async fn annex(visit: Visit, Path(order): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let region = match asked.kode.as_str() {
        "" => visit.session.region.clone(),
        code => RegionCode::parse(code).map_err(|_| Fault::not_found())?,
    };
    let from = Page { after: asked.setelah.clone(), limit: LINES };
    let (wanted, of) = (from.clone(), region.clone());
    let (view, found) = visit
        .ask("payment.read", move |house, scope| {
            let view = desk::annex(house, scope, order, &of)?;
            let scope = scope.within(&of).ok_or_else(Fault::not_found)?;
            Ok::<_, Fault>((view, desk::annex_lines(house, &scope, order, &wanted)?))
        })
        .await?;
    let codes = view.villages.iter().map(|one| one.region.clone());
    let lines = found.items.iter().map(|line| line.region.clone());
    let names = visit.names(codes.chain(lines).chain([region.to_string()])).await?;
    let t = visit.t();
    let base = format!("/pembayaran/perintah/{order}/lampiran");
    let here = if asked.kode.is_empty() { base } else { format!("{base}?kode={}", encode(&asked.kode)) };
    let name = title(&t, &view.cycle.programme, &view.cycle.period);
    page(&AnnexPage {
        trail: trail(&t, view.cycle.cycle_id, &name, "web-desk-annex"),
        title: name,
        place: place_of(&t, &names, &region),
        export: format!("/ekspor/baru?jenis=order&kode={}&pokok={order}", encode(region.as_str())),
        more: found.next.is_some() || from.after.is_some(),
        whole: from.after.is_none(),
        mark: String::new(),
        pager: Pager::of(&t, &here, &from, found.items.len(), found.next).leafing(),
        lines: found.items,
        view,
        names,
        shell: visit.shell(),
        t,
    })
}

impl AnnexPage {
    /// The annex as a copy that leaves, with its mark and all its lines.
    pub(crate) fn marked(
        house: &House,
        scope: &Scope,
        (t, shell, places): (&Tongue, &Shell, &Places),
        asked: &ReleaseView,
        mark: String,
    ) -> Result<Self, Fault> {
        let order = asked.subject.parse().map_err(|_| Fault::not_found())?;
        let view = desk::annex(house, scope, order, &asked.region)?;
        let scope = scope.within(&asked.region).ok_or_else(Fault::not_found)?;
        let (mut lines, mut at) = (Vec::new(), Page::first(1_000));
        loop {
            let found = desk::annex_lines(house, &scope, order, &at)?;
            lines.extend(found.items);
            match found.next {
                Some(after) => at.after = Some(after),
                None => break,
            }
        }
        let codes = view.villages.iter().map(|one| one.region.clone());
        let codes =
            codes.chain(lines.iter().map(|line| line.region.clone())).chain([asked.region.to_string()]);
        let names = places.names(house, codes.collect())?;
        let name = title(t, &view.cycle.programme, &view.cycle.period);
        let number = asked.export_no;
        Ok(Self {
            trail: vec![
                ("/ekspor".into(), t.say("web-desk-exports")),
                (format!("/ekspor/{number}"), t.one("web-desk-export", "n", number)),
                (String::new(), t.say("web-desk-annex")),
            ],
            title: name,
            place: place_of(t, &names, &asked.region),
            export: String::new(),
            more: false,
            whole: true,
            mark,
            pager: Pager::of(t, "/ekspor", &Page::default(), lines.len(), None).leafing(),
            lines,
            view,
            names,
            shell: shell.clone(),
            t: t.clone(),
        })
    }

    fn name(&self, code: &str) -> String {
        self.names.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// The part of one region.
    fn part(&self, code: &str) -> String {
        format!("/pembayaran/perintah/{}/lampiran?kode={}", self.view.order.order_id, encode(code))
    }
}

pub(crate) async fn statement(visit: Visit, Path(order): Path<i64>) -> Answer {
    let region = visit.session.region.clone();
    let view =
        visit.ask("payment.read", move |house, scope| desk::annex(house, scope, order, &region)).await?;
    let t = visit.t();
    let name = title(&t, &view.cycle.programme, &view.cycle.period);
    page(&StatementPage {
        trail: trail(&t, view.cycle.cycle_id, &name, "web-desk-sptjm"),
        title: name,
        view,
        shell: visit.shell(),
        t,
    })
}

pub(crate) async fn decision(visit: Visit, Path(run): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let region = match asked.kode.as_str() {
        "" => visit.session.region.clone(),
        code => RegionCode::parse(code).map_err(|_| Fault::not_found())?,
    };
    let of = region.clone();
    let (run, regions) = visit
        .ask("decision.read", move |house, scope| {
            // A paper is about a territory, not about the families of one person.
            if scope.caseload() != 0 {
                return Err(Fault::not_found());
            }
            let regions = targeting::region_counts(house, scope, &run, &of)?;
            Ok((targeting::run_page(house, scope, &run)?.run, regions))
        })
        .await?;
    let codes = regions.iter().map(|one| one.region.clone());
    let names = visit.names(codes.chain([region.to_string()])).await?;
    let t = visit.t();
    let name = title(&t, &run.programme, &run.period);
    let sum = |of: fn(&RegionCount) -> i64| regions.iter().map(of).fold(0, i64::saturating_add);
    page(&DecisionPage {
        trail: vec![
            ("/keputusan".into(), t.say("web-nav-decisions")),
            (format!("/keputusan/{}", run.run), name.clone()),
            (String::new(), t.say("web-desk-decision-annex")),
        ],
        title: name,
        place: place_of(&t, &names, &region),
        sums: (sum(|one| one.eligible.saturating_add(one.kept)), sum(|one| one.amount_idr.idr())),
        regions,
        run,
        names,
        shell: visit.shell(),
        t,
    })
}

impl DecisionPage {
    fn name(&self, code: &str) -> String {
        self.names.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    fn state(&self) -> &'static str {
        super::keputusan::state_of(&self.t, &self.run).1
    }

    /// The part of one region; a village has no parts.
    fn part(&self, code: &str) -> String {
        format!("/keputusan/{}/lampiran?kode={}", self.run.run, encode(code))
    }
}

pub(crate) async fn minutes(visit: Visit, Path(cycle): Path<i64>) -> Answer {
    let view = visit.ask("payment.read", move |house, scope| desk::minutes(house, scope, cycle)).await?;
    let t = visit.t();
    let name = title(&t, &view.cycle.programme, &view.cycle.period);
    let found = &view.reconciliation;
    let figures = [
        ("web-desk-minutes-set", found.set_idr),
        ("payment-step-ordered", found.ordered_idr),
        ("payment-step-topped_up", found.topped_up_idr),
        ("payment-step-withdrawn", found.withdrawn_idr),
        ("web-on-card", found.on_card_idr),
        ("web-returned", found.returned_idr),
        ("web-pending", found.pending_idr),
        ("web-unexplained", found.unexplained_idr),
    ];
    page(&MinutesPage {
        trail: trail(&t, cycle, &name, "web-desk-minutes"),
        figures: figures.iter().map(|(key, idr)| (t.say(key), *idr)).collect(),
        title: name,
        view,
        shell: visit.shell(),
        t,
    })
}

impl MinutesPage {
    /// A state of payment, or the trouble that holds lines up.
    fn queue(&self, code: &str) -> String {
        match payment::PaymentState::from_code(code) {
            Some(state) => payment_word(&self.t, &state),
            None => problem(&self.t, code),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct AskedHash {
    #[serde(default)]
    sidik: String,
}

/// Who holds a paper may ask whether it is genuine, with or without an account; who made and fetched it is for those who see payments.
pub(crate) async fn check(guest: Guest, Query(asked): Query<AskedHash>) -> Answer {
    let visit = guest.session().await?.map(|signed| Visit::new(guest.clone(), signed));
    let inside = visit.as_ref().is_some_and(|visit| visit.session.may("payment.read"));
    let decides = visit.as_ref().is_some_and(|visit| visit.session.may("decision.read"));
    let hash: String = asked.sidik.trim().chars().take(80).collect();
    let (of, peer) = (hash.to_lowercase(), guest.peer.clone());
    let session = visit.as_ref().map(|visit| visit.session.clone()).filter(|_| inside);
    let (found, runs) = guest
        .app
        .ask(move |house| {
            if of.is_empty() {
                return Ok::<_, Fault>((Found::default(), Vec::new()));
            }
            let scope = if let Some(session) = session {
                session.scope("payment.read")?
            } else {
                access::attempt(house, &format!("paper:{peer}"), CHECKS_MAX)?;
                Session::citizen(house).scope("paper.check")?
            };
            let runs =
                if decides || !inside { targeting::runs_of_hash(house, &scope, &of)? } else { Vec::new() };
            Ok((desk::found(house, &scope, &of)?, runs))
        })
        .await?;
    let t = guest.t.clone();
    let name = (String::new(), t.say("web-desk-verify"));
    let above = ("/pembayaran".to_owned(), t.say("web-nav-payments"));
    page(&CheckPage {
        trail: if inside { vec![above, name] } else { Vec::new() },
        hash,
        found,
        runs,
        inside,
        decides,
        shell: visit.map_or_else(|| guest.shell(), |visit| visit.shell()),
        t,
    })
}

impl CheckPage {
    fn nothing(&self) -> bool {
        !self.hash.is_empty() && self.runs.is_empty() && self.found == Found::default()
    }

    fn state(&self, order: &OrderView) -> String {
        self.t.code("payment-order", &order.state)
    }
}

//! Money that did not arrive: what is missing, what can be paid again and why the rest cannot, plans and their approval.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use model::{RegionCode, RegionLevel};
use payment::{
    PaymentState,
    plan::{self, CandidatePage, CandidateRow, Count, PayeeView, PlanPage, PlanView, PlanWish},
};
use serde::Deserialize;
use store::Page;

use super::pembayaran::{bank_word, channel, problem, title};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Posted, Visit, encode, page},
};

const READ: &str = "payment.read";
const BUILD: &str = "payment.build";
const APPROVE: &str = "payment.approve";

/// What is missing, and the plans.
#[derive(Template)]
#[template(path = "susulan.html")]
pub(crate) struct MissingPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) missing: Vec<MissingRow>,
    pub(crate) plans: Vec<PlanView>,
    pub(crate) payees: Vec<PayeeView>,
    pub(crate) pager: Pager,
}

/// Money of a programme and period that did not arrive: lines and rupiah by what became of it.
pub(crate) struct MissingRow {
    pub(crate) programme: String,
    pub(crate) period: String,
    /// With a channel; back before the card; back from the card.
    pub(crate) parts: [(i64, i64); 3],
    pub(crate) total: (i64, i64),
}

/// What can be paid again of a programme and period, and why the rest cannot.
#[derive(Template)]
#[template(path = "susulan_calon.html")]
pub(crate) struct CandidatesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) asked: Asked,
    pub(crate) view: CandidatePage,
    pub(crate) channels: Vec<(String, String)>,
    pub(crate) causes: Vec<(String, String)>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) may_propose: bool,
}

/// One plan.
#[derive(Template)]
#[template(path = "susulan_satu.html")]
pub(crate) struct OnePlanPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: PlanPage,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
    pub(crate) me: i64,
}

/// What is asked for.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    setelah: Option<String>,
    pub(crate) program: String,
    pub(crate) periode: String,
    pub(crate) saluran: String,
    pub(crate) sebab: String,
    pub(crate) kode: String,
}

/// Why money did not arrive, in words: the channel's own, or a trouble of ours.
pub(crate) fn cause(t: &Tongue, code: &str) -> String {
    if let Some(word) = code.strip_prefix("bank:") {
        return bank_word(t, word).unwrap_or_else(|| word.to_owned());
    }
    let said = t.code("payment-reason", code);
    if said == code { problem(t, code) } else { said }
}

/// Colour of a plan.
pub(crate) fn plan_kind(state: &str) -> &'static str {
    match state {
        "approved" => "good",
        "refused" => "mute",
        _ => "warn",
    }
}

fn start(t: &Tongue) -> Vec<(String, String)> {
    vec![
        ("/pembayaran".into(), t.say("web-nav-payments")),
        ("/pembayaran/susulan".into(), t.say("web-plan-title")),
    ]
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 30 };
    let wanted = from.clone();
    let (missing, plans, payees) = visit
        .ask(READ, move |house, scope| {
            let plans = plan::plans(house, scope, &wanted)?;
            Ok::<_, Fault>((plan::missing(house, scope)?, plans, plan::payees_waiting(house, scope)?))
        })
        .await?;
    let mut by_period: BTreeMap<(String, String), MissingRow> = BTreeMap::new();
    for one in missing {
        let row =
            by_period.entry((one.programme.clone(), one.period.clone())).or_insert_with(|| MissingRow {
                programme: one.programme.clone(),
                period: one.period.clone(),
                parts: [(0, 0); 3],
                total: (0, 0),
            });
        let part = match one.payment {
            PaymentState::Failed => 0,
            PaymentState::SentBack => 1,
            _ => 2,
        };
        for sum in [&mut row.parts[part], &mut row.total] {
            *sum = (sum.0 + one.lines, sum.1.saturating_add(one.amount_idr));
        }
    }
    let t = visit.t();
    let mut trail = start(&t);
    trail[1].0.clear();
    page(&MissingPage {
        trail,
        missing: by_period.into_values().collect(),
        pager: Pager::of(&t, "/pembayaran/susulan", &from, plans.items.len(), plans.next),
        plans: plans.items,
        payees,
        shell: visit.shell(),
        t,
    })
}

impl MissingRow {
    fn href(&self) -> String {
        format!(
            "/pembayaran/susulan/calon?program={}&periode={}",
            encode(&self.programme),
            encode(&self.period)
        )
    }
}

fn wish(asked: &Asked) -> Result<PlanWish, Fault> {
    let region = match asked.kode.as_str() {
        "" => None,
        code => Some(RegionCode::parse(code).map_err(|_| Fault::not_found())?),
    };
    Ok(PlanWish {
        programme: asked.program.clone(),
        period: asked.periode.clone(),
        region,
        channel: asked.saluran.clone(),
        causes: Some(asked.sebab.clone()).filter(|cause| !cause.is_empty()).into_iter().collect(),
    })
}

pub(crate) async fn candidates(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let wish = wish(&asked)?;
    let view = visit.ask(READ, move |house, scope| plan::candidates(house, scope, &wish)).await?;
    let codes = view.regions.iter().map(|one| one.code.clone());
    let codes = codes.chain(view.rows.iter().map(|row| row.region.to_string())).chain([asked.kode.clone()]);
    let names = visit.names(codes.filter(|code| !code.is_empty()).collect::<Vec<_>>()).await?;
    let t = visit.t();
    let title = title(&t, &asked.program, &asked.periode);
    let mut trail = start(&t);
    if asked.kode.is_empty() {
        trail.push((String::new(), title.clone()));
    } else {
        let all = Asked { kode: String::new(), ..asked.clone() };
        trail.push((address(&all, ""), title.clone()));
        trail.push((String::new(), names.get(&asked.kode).cloned().unwrap_or_else(|| asked.kode.clone())));
    }
    let named = |key: &String| (key.clone(), channel(&t, key));
    let mut causes = vec![(String::new(), t.say("web-plan-all-causes"))];
    causes.extend(view.causes.iter().map(|one| (one.code.clone(), cause(&t, &one.code))));
    if !asked.sebab.is_empty() && !causes.iter().any(|(code, _)| *code == asked.sebab) {
        causes.push((asked.sebab.clone(), cause(&t, &asked.sebab)));
    }
    page(&CandidatesPage {
        channels: view.channels.iter().map(named).collect(),
        may_propose: visit.session.may(BUILD),
        causes,
        trail,
        title,
        names,
        view,
        asked,
        shell: visit.shell(),
        t,
    })
}

fn address(asked: &Asked, kode: &str) -> String {
    format!(
        "/pembayaran/susulan/calon?program={}&periode={}&saluran={}&sebab={}&kode={}",
        encode(&asked.program),
        encode(&asked.periode),
        encode(&asked.saluran),
        encode(&asked.sebab),
        encode(kode)
    )
}

impl CandidatesPage {
    fn name(&self, code: &str) -> String {
        self.names.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// One level deeper, where there is one.
    fn deeper(&self, one: &Count) -> Option<String> {
        let region = RegionCode::parse(&one.code).ok()?;
        (region.level() != RegionLevel::Village).then(|| address(&self.asked, &one.code))
    }

    fn why(&self, row: &CandidateRow) -> String {
        row.why.map_or_else(
            || self.t.say("web-plan-ready"),
            |why| self.t.say(&format!("payment-plan-why-{}", why.code())),
        )
    }

    fn until(&self) -> String {
        self.view.until.as_ref().map_or_else(String::new, |until| self.t.day_text(until))
    }
}

pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 50 };
    let wanted = from.clone();
    let view = visit.ask(READ, move |house, scope| plan::plan_page(house, scope, id, &wanted)).await?;
    let codes = view.lines.iter().map(|line| line.region.to_string());
    let names = visit.names(codes.chain([view.plan.region.to_string()]).collect::<Vec<_>>()).await?;
    let t = visit.t();
    let mut trail = start(&t);
    trail.push((String::new(), t.one("web-plan-no", "n", id)));
    let base = format!("/pembayaran/susulan/{id}");
    page(&OnePlanPage {
        title: format!(
            "{}: {}",
            t.one("web-plan-no", "n", id),
            title(&t, &view.plan.programme, &view.plan.period)
        ),
        pager: Pager::of(&t, &base, &from, view.lines.len(), view.next.clone()),
        me: visit.session.user_id.0,
        trail,
        names,
        view,
        shell: visit.shell(),
        t,
    })
}

impl OnePlanPage {
    fn name(&self, code: &RegionCode) -> String {
        let nation = || self.t.say("web-nation");
        if code.as_str().is_empty() {
            return nation();
        }
        self.names.get(code.as_str()).cloned().unwrap_or_else(|| code.to_string())
    }

    /// Whether the visitor may decide on it, as one who did not propose it.
    fn decides(&self) -> bool {
        self.view.plan.state == "proposed" && self.shell.may(APPROVE) && self.view.plan.made_by_id != self.me
    }

    /// Whether the visitor proposed it and may take it back.
    fn takes_back(&self) -> bool {
        self.view.plan.state == "proposed" && self.shell.may(BUILD) && self.view.plan.made_by_id == self.me
    }
}

pub(crate) async fn propose(posted: Posted<Asked>) -> Answer {
    let wish = wish(&posted.form)?;
    let made = posted.visit.ask(BUILD, move |house, scope| plan::propose(house, scope, &wish)).await?;
    Ok(Redirect::to(&format!("/pembayaran/susulan/{}", made.plan_id)).into_response())
}

#[derive(Deserialize)]
pub(crate) struct ApproveForm {
    hash: String,
}

pub(crate) async fn approve(Path(id): Path<i64>, posted: Posted<ApproveForm>) -> Answer {
    let hash = posted.form.hash;
    posted.visit.ask(APPROVE, move |house, scope| plan::approve(house, scope, id, &hash)).await?;
    Ok(Redirect::to(&format!("/pembayaran/susulan/{id}")).into_response())
}

#[derive(Deserialize)]
pub(crate) struct RefuseForm {
    #[serde(default)]
    note: String,
    /// Taken back by who proposed it.
    #[serde(default)]
    own: String,
}

pub(crate) async fn refuse(Path(id): Path<i64>, posted: Posted<RefuseForm>) -> Answer {
    let RefuseForm { note, own } = posted.form;
    let action = if own.is_empty() { APPROVE } else { BUILD };
    posted.visit.ask(action, move |house, scope| plan::refuse(house, scope, id, &note)).await?;
    Ok(Redirect::to(&format!("/pembayaran/susulan/{id}")).into_response())
}

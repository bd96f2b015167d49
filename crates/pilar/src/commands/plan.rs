//! `pilar pay plan` and `pilar pay deaths`: what did not arrive is paid again, and nothing more is sent to the dead. The demo calls the
//! same functions.

use access::{House, Session};
use model::{RegionCode, Rupiah};
use payment::plan::{self, CandidatePage, Death, PlanView, PlanWish};
use serde_json::json;

use crate::{
    cli::{Plan, PlanOf},
    commands::{Answer, acting, money},
    failure::Failure,
    screen::grouped,
};

/// Deaths taken in with one transaction.
const DEATHS: i64 = 1_000;

pub(crate) fn run(house: &House, command: &Plan) -> anyhow::Result<Answer> {
    let console = Session::console(house);
    match command {
        Plan::Candidates(of) => {
            let page = plan::candidates(house, &console.scope("payment.read")?, &wish(of)?)
                .map_err(money::refused)?;
            let lines = told_candidates(&page);
            Answer::of(&page, lines)
        }
        Plan::Propose(of) => told(&propose(house, &console, &wish(of)?)?),
        Plan::TopUp { run, channel } => {
            let list = money::approved(house, &console, run)?;
            let scope = console.scope("payment.build")?;
            told(&plan::propose_top_up(house, &scope, &list, channel).map_err(money::refused)?)
        }
        Plan::Approve { plan, approver } => told(&approve(house, &acting(house, Some(approver))?, *plan)?),
        Plan::Refuse { plan, reason, approver } => {
            let session = acting(house, approver.as_deref())?;
            let action = if approver.is_some() { "payment.approve" } else { "payment.build" };
            let scope = session.scope(action).map_err(|error| Failure::not_allowed(error.to_string()))?;
            told(&plan::refuse(house, &scope, *plan, reason).map_err(money::refused)?)
        }
    }
}

fn wish(of: &PlanOf) -> anyhow::Result<PlanWish> {
    let region = of.region.as_deref().map(RegionCode::parse).transpose();
    Ok(PlanWish {
        programme: of.programme.clone(),
        period: of.period.clone(),
        region: region.map_err(|error| Failure::input(error.to_string()))?,
        channel: of.channel.clone(),
        causes: of.cause.clone(),
    })
}

/// A plan of what did not arrive. Without a channel it is the first that the programme may take.
pub(crate) fn propose(house: &House, session: &Session, wish: &PlanWish) -> anyhow::Result<PlanView> {
    let mut wish = wish.clone();
    if wish.channel.is_empty() {
        let read = session.scope("payment.read")?;
        wish.channel = plan::candidates(house, &read, &wish).map_err(money::refused)?.channel;
    }
    plan::propose(house, &session.scope("payment.build")?, &wish).map_err(money::refused)
}

/// A second person approves the list as it stands.
pub(crate) fn approve(house: &House, session: &Session, plan: i64) -> anyhow::Result<PlanView> {
    let scope = session.scope("payment.approve").map_err(|error| Failure::not_allowed(error.to_string()))?;
    let read = session.scope("payment.read")?;
    let page = plan::plan_page(house, &read, plan, &store::Page::first(1)).map_err(money::refused)?;
    plan::approve(house, &scope, plan, &page.plan.list_hash).map_err(|error| match error {
        payment::Error::SamePerson => Failure::not_allowed(error.to_string()),
        other => money::refused(other),
    })
}

fn told(plan: &PlanView) -> anyhow::Result<Answer> {
    let id = plan.plan_id;
    let next = match plan.state.as_str() {
        "proposed" => format!("next: pilar pay plan approve {id} --as LOGIN"),
        "approved" => format!("next: pilar pay export --cycle {} --kind accounts", plan.cycle_id),
        _ => "its lines may stand in another plan".to_owned(),
    };
    let (lines, amount) = (grouped(plan.lines.unsigned_abs()), Rupiah::new(plan.amount_idr));
    Answer::of(plan, vec![format!("plan {id} is {}: {lines} lines, {amount}", plan.state), next])
}

fn told_candidates(page: &CandidatePage) -> Vec<String> {
    let count = |lines: i64, amount: i64, what: &str| {
        format!("{:>12} {:>24}  {what}", grouped(lines.unsigned_abs()), Rupiah::new(amount).to_string())
    };
    let mut lines =
        vec![count(page.ready.lines, page.ready.amount_idr, &format!("through {}", page.channel))];
    lines.extend(page.causes.iter().map(|one| count(one.lines, one.amount_idr, &format!("  {}", one.code))));
    lines.extend(
        page.others.iter().map(|one| count(one.lines, one.amount_idr, &format!("not: {}", one.code))),
    );
    if page.more {
        lines.push("and more: limit it to a region".to_owned());
    }
    lines
}

/// Deaths as payment takes them in: one for each family that the person is or was a member of.
pub(crate) fn told_of(deaths: &[registry::views::DeathView], source: &str) -> Vec<Death> {
    let each = |one: &registry::views::DeathView| {
        let (person, on) = (one.person, one.on);
        let told =
            |family: &model::FamilyId| Death { family: *family, person, on, source: source.to_owned() };
        one.families.iter().map(told).collect::<Vec<Death>>()
    };
    deaths.iter().flat_map(each).collect()
}

/// Takes in the deaths that the registry tells of since the last time.
pub(crate) fn deaths(house: &House) -> anyhow::Result<Answer> {
    let console = Session::console(house);
    let (scope, families) = (console.scope("payment.build")?, console.scope("family.read")?);
    let (mut seen, mut held) = (0, 0);
    loop {
        let mark = plan::deaths_watched(house, &scope)?;
        let (found, next) = registry::views::deaths(house, &families, mark, DEATHS)?;
        if found.is_empty() {
            let said = format!("{} deaths, {held} lines held", grouped(seen));
            return Answer::of(&json!({"deaths": seen, "held": held}), vec![said]);
        }
        seen += found.len() as u64;
        let versions = format!("registry version {}", next.0);
        held += plan::watch_deaths(house, &scope, &told_of(&found, &versions), next)?;
    }
}

//! Effects: what one room asks of another is carried over here, since rooms do not know each other. Payment asks for cases; a case asks
//! for a death to be recorded, a line to be checked again or a notice to begin anew. Effects wait in the outbox until they are carried,
//! so nothing is lost when the power fails; carrying twice changes nothing. What the registry tells of people lets open cases follow.

use std::collections::BTreeMap;

use access::{House, Session};
use casework::NewCase;
use model::{FamilyId, RegionCode};
use payment::LineDecision;

use super::{follow, plan};

/// Effects carried over in one go; the next round takes up the rest.
const BATCH: u32 = 1_000;

/// Carries over everything that waits; answers how many cases payment asked for.
pub(crate) fn carry(house: &House) -> anyhow::Result<u64> {
    let opened = open_cases(house)?;
    // Before effects: they act on who people are now.
    follow::carry(house)?;
    let console = Session::console(house);
    casework::carry_effects(house, |effect| {
        act(house, &console, effect).map_err(|error| format!("{error:#}"))
    })?;
    Ok(opened)
}

fn open_cases(house: &House) -> anyhow::Result<u64> {
    let console = Session::console(house);
    let (scope, families) = (console.scope("case.open")?, console.scope("family.read")?);
    let mut carried = 0;
    loop {
        let waiting = payment::effects(house, BATCH)?;
        if waiting.is_empty() {
            return Ok(carried);
        }
        // A case is known by whom it is about, as one opened by hand is.
        let heads = registry::views::head_names(house, &families, waiting.iter().map(family_of))?;
        let cases: Vec<NewCase> = waiting.iter().map(|pending| new_case(&pending.effect, &heads)).collect();
        casework::open_caused(house, &scope, &cases)?;
        // Opening is safe to repeat, so marking afterwards loses nothing when the power fails in between.
        house
            .db
            .write(|tx| waiting.iter().try_for_each(|pending| payment::effect_done(tx, house, pending.id)))?;
        carried += waiting.len() as u64;
    }
}

fn family_of(pending: &payment::PendingEffect) -> FamilyId {
    let payment::Effect::OpenCase { family, .. } = &pending.effect;
    *family
}

fn new_case(effect: &payment::Effect, heads: &BTreeMap<i64, String>) -> NewCase {
    let payment::Effect::OpenCase { workflow, family, line, region, reason } = effect;
    NewCase {
        workflow: workflow.clone(),
        family: *family,
        person: None,
        line: *line,
        region: RegionCode::clone(region),
        title: heads.get(&family.0).cloned().unwrap_or_default(),
        written: [("reason".to_owned(), reason.clone())].into(),
    }
}

/// Does what a case asks for, in the name of the console; the audit log and the case name the person who decided.
fn act(house: &House, console: &Session, effect: &casework::Effect) -> anyhow::Result<()> {
    let argument = |name: &str| effect.caused.arguments.get(name).map(String::as_str).unwrap_or_default();
    let by = format!("case {} by {}", effect.case, effect.actor_name);
    let decision = match effect.caused.name.as_str() {
        "registry.report_death" => return report_death(house, console, effect, &by),
        "targeting.renew_notice" => {
            let scope = console.scope("decision.run")?;
            let family = registry::resolve_family(house, &console.scope("family.read")?, effect.family)?;
            targeting::renew_notices(house, &scope, family, &by)?;
            return Ok(());
        }
        "payment.recheck_account" => {
            let account = Some(argument("account")).filter(|account| !account.is_empty());
            LineDecision::CheckAgain { account: account.map(str::to_owned) }
        }
        "payment.use_fallback_channel" => LineDecision::OtherChannel,
        "payment.hold" => LineDecision::Hold,
        "payment.release" => LineDecision::Release,
        other => anyhow::bail!("nobody carries out `{other}` yet"),
    };
    let line = effect.line.ok_or_else(|| anyhow::anyhow!("the case is about no payment line"))?;
    let scope = console.scope("payment.build")?;
    Ok(payment::decide_line(house, &scope, line, &decision, &by)?)
}

fn report_death(house: &House, console: &Session, effect: &casework::Effect, by: &str) -> anyhow::Result<()> {
    // Between the step and now the person may have been merged.
    let person = follow::person_now(house, &console.scope("family.read")?, effect.person)?;
    let person = person.ok_or_else(|| anyhow::anyhow!("the case is about no person"))?;
    let argument = |name: &str| effect.caused.arguments.get(name).map(String::as_str).unwrap_or_default();
    let date = model::parse_date(argument("death_date"))?;
    let scope = console.scope("death.report")?;
    let evidence = format!("{} {} ({by})", argument("proof"), argument("proof_number"));
    match registry::report_death(house, &scope, person, date, &evidence) {
        // Carried before a crash, or known from a list meanwhile: what was asked for holds.
        Ok(_) | Err(registry::Error::AlreadyDead) => {}
        Err(error) => return Err(error.into()),
    }
    // Nothing more is sent to the dead.
    if let Some(death) = registry::views::death_of(house, &console.scope("family.read")?, person)? {
        let scope = console.scope("payment.build")?;
        payment::plan::payees_died(house, &scope, &plan::told_of(std::slice::from_ref(&death), by))?;
        follow::death(house, &death)?;
    }
    Ok(())
}

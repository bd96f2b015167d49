//! The demo's follow-up plan: what came back from the bank is proposed to be paid in cash, and waits for a second person.

use std::collections::BTreeSet;

use access::{House, Session};
use payment::plan::{self, PlanWish};
use serde_json::{Value, json};
use store::Page;

use crate::commands::plan as commands;

/// Proposes the first plan that has lines; the one that stands already when the demo is run again.
pub(super) fn propose(house: &House, treasurer: &Session) -> anyhow::Result<Value> {
    let read = treasurer.scope("payment.read")?;
    let mut standing = plan::plans(house, &read, &Page::first(1))?.items.pop();
    let missing = plan::missing(house, &read)?;
    let periods: BTreeSet<(String, String)> =
        missing.iter().map(|one| (one.programme.clone(), one.period.clone())).collect();
    for (programme, period) in periods {
        if standing.is_some() {
            break;
        }
        let mut wish = PlanWish { programme, period, ..PlanWish::default() };
        for channel in plan::candidates(house, &read, &wish)?.channels {
            wish.channel = channel;
            if plan::candidates(house, &read, &wish)?.ready.lines > 0 {
                standing = Some(commands::propose(house, treasurer, &wish)?);
                break;
            }
        }
    }
    Ok(standing.map_or(Value::Null, |plan| {
        json!({"plan": plan.plan_id, "programme": plan.programme, "lines": plan.lines, "amount_idr": plan.amount_idr})
    }))
}

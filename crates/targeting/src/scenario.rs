//! Scenarios: a simulation with its name, kept so that others see the same figures and compare it with theirs. What was asked and
//! what came out are kept as they were; nothing is worked out again when they are read.

use access::{House, Scope};
use model::{Month, Period};
use policy::Policy;
use serde::{Deserialize, Serialize};
use store::{Row, params};

use crate::{Comparison, Error, Question, Result, Wish, queries, simulate};

/// Scenarios shown in the list.
const SHOWN: i64 = 50;
const NAME_MAX: usize = 80;

/// What a scenario asked: programmes with their periods, numbers set otherwise, truth, budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Key of the programme and the period, as text.
    pub programmes: Vec<(String, String)>,
    /// The rest.
    pub question: Question,
}

/// A kept simulation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    /// Its number.
    pub scenario_id: i64,
    /// Its name.
    pub name: String,
    /// The territory of its figures.
    pub region: String,
    /// Month of the closing.
    pub closing: String,
    /// Hash of the other pack.
    pub policy_hash: String,
    /// What was asked.
    pub asked: Asked,
    /// What came out, a programme each.
    pub found: Vec<Comparison>,
    /// Who made it.
    pub made_by_name: String,
    /// When, milliseconds since the epoch.
    pub made_at_ms: i64,
}

/// Simulates with numbers set otherwise and keeps the result.
///
/// # Errors As [`simulate`]; a setting that the programme does not have.
pub fn make_scenario(
    house: &House,
    scope: &Scope,
    name: &str,
    wishes: &[Wish],
    closing: Month,
    question: &Question,
    progress: &dyn model::Progress,
) -> Result<Scenario> {
    let other = house.policy.variant(&question.settings).map_err(Error::Settings)?;
    let found = simulate(house, scope, &other, wishes, closing, question, progress)?;
    keep(house, scope, name, &other, wishes, closing, question, found)
}

#[expect(clippy::too_many_arguments, reason = "everything that names a scenario")]
fn keep(
    house: &House,
    scope: &Scope,
    name: &str,
    other: &Policy,
    wishes: &[Wish],
    closing: Month,
    question: &Question,
    found: Vec<Comparison>,
) -> Result<Scenario> {
    let name: String = name.trim().chars().take(NAME_MAX).collect();
    let name = if name.is_empty() { other.hash()[..8].to_owned() } else { name };
    let of = |wish: &Wish| (wish.programme.clone(), wish.period.to_string());
    let asked = Asked { programmes: wishes.iter().map(of).collect(), question: question.clone() };
    let json =
        |value: serde_json::Result<String>| value.map_err(|error| Error::BrokenScenario(error.to_string()));
    let (asked, found) = (json(serde_json::to_string(&asked))?, json(serde_json::to_string(&found))?);
    let id = house.db.write(|tx| {
        let id = store::next_number(tx, "scenario", 1)?;
        let (made_by, made_by_name) = scope.actor_pair();
        let values = params![
            id,
            &name,
            scope.region(),
            closing.to_string(),
            other.hash(),
            &asked,
            &found,
            made_by,
            made_by_name,
            house.clock.now_ms(),
        ];
        tx.execute(&queries::SCENARIO_ADD, values)?;
        Ok::<_, Error>(id)
    })?;
    scenario(house, scope, id)
}

/// The latest scenarios of the scope's territory, newest first.
///
/// # Errors The database's.
pub fn scenarios(house: &House, scope: &Scope) -> Result<Vec<Scenario>> {
    let (from, to) = scope.path_range();
    let rows = house.db.read(|tx| tx.query(&queries::SCENARIOS, params![from, to, SHOWN]))?;
    rows.iter().map(read).collect()
}

/// One scenario.
///
/// # Errors [`Error::NotFound`] when there is none in the territory.
pub fn scenario(house: &House, scope: &Scope, id: i64) -> Result<Scenario> {
    let (from, to) = scope.path_range();
    let row = house.db.read(|tx| tx.query_opt(&queries::SCENARIO, params![id, from, to]))?;
    read(&row.ok_or(Error::NotFound)?)
}

fn read(row: &Row) -> Result<Scenario> {
    let broken = |error: serde_json::Error| Error::BrokenScenario(error.to_string());
    Ok(Scenario {
        scenario_id: row.int(0)?,
        name: row.string(1)?,
        region: row.string(2)?,
        closing: row.string(3)?,
        policy_hash: row.string(4)?,
        asked: serde_json::from_str(row.text(5)?).map_err(broken)?,
        found: serde_json::from_str(row.text(6)?).map_err(broken)?,
        made_by_name: row.string(7)?,
        made_at_ms: row.int(8)?,
    })
}

impl Scenario {
    /// One row a figure: programme, cut (all, decile, region, group), key, figure, before, after. Small cells are empty.
    pub fn rows(&self) -> Vec<[String; 6]> {
        let mut rows = Vec::new();
        let text = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
        for one in &self.found {
            let mut add = |cut: &str, key: &str, figure: &str, before: String, after: String| {
                let [programme, cut, key, figure] = [&one.programme, cut, key, figure].map(str::to_owned);
                rows.push([programme, cut, key, figure, before, after]);
            };
            let [before, after] = &one.sides;
            add("all", "", "receive", before.eligible.to_string(), after.eligible.to_string());
            add("all", "", "wait", before.waiting.to_string(), after.waiting.to_string());
            add(
                "all",
                "",
                "amount_idr",
                before.amount_idr.idr().to_string(),
                after.amount_idr.idr().to_string(),
            );
            add("all", "", "gini", format!("{:.4}", before.gini), format!("{:.4}", after.gini));
            let permille = |of: fn(&crate::Side) -> Option<i64>| (text(of(before)), text(of(after)));
            let (left, right) = permille(|side| side.coverage_permille);
            add("all", "", "coverage_permille", left, right);
            let (left, right) = permille(|side| side.inclusion_error_permille);
            add("all", "", "inclusion_error_permille", left, right);
            for moved in &one.moves {
                let key = format!("{:?}", moved.what).to_lowercase();
                add("move", &key, "families", String::new(), moved.families.to_string());
                add("move", &key, "change_idr", String::new(), moved.change_idr.to_string());
            }
            for (cut, parts) in [("decile", &one.deciles), ("region", &one.regions), ("group", &one.groups)] {
                for part in parts {
                    add(cut, &part.key, "receive", text(part.eligible[0]), text(part.eligible[1]));
                    let [left, right] = part.amount_idr.map(|idr| idr.to_string());
                    add(cut, &part.key, "amount_idr", left, right);
                    add(cut, &part.key, "enter", String::new(), text(part.enters));
                    add(cut, &part.key, "leave", String::new(), text(part.leaves));
                }
            }
        }
        rows
    }
}

/// The period that a programme can be simulated for: the wished one, else the closing's month or the year.
pub fn wish_for(policy: &Policy, programme: &str, period: Period, closing: Month) -> Option<Wish> {
    crate::wishes(policy, period, closing).into_iter().find(|wish| wish.programme == programme)
}

//! Scenarios: a simulation with its name, kept so that others see the same figures and compare it with theirs. What was asked and
//! what came out are kept as they were; nothing is worked out again when they are read.

use access::{House, Scope};
use lake::Origin;
use model::{Month, Period, RegionCode, shown};
use policy::Policy;
use serde::{Deserialize, Serialize};
use store::{Row, params};

use crate::{
    Comparison, Error, Outside, Part, Question, RegionCube, Result, Simulated, Wish, queries, simulate,
};

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
#[expect(clippy::too_many_arguments, reason = "everything that names a scenario")]
pub fn make_scenario(
    house: &House,
    scope: &Scope,
    name: &str,
    wishes: &[Wish],
    closing: Month,
    question: &Question,
    outside: &Outside,
    progress: &dyn model::Progress,
) -> Result<Scenario> {
    let other = house.policy.variant(&question.settings).map_err(Error::Settings)?;
    let made = simulate(house, scope, &other, wishes, closing, question, outside, progress)?;
    let name: String = name.trim().chars().take(NAME_MAX).collect();
    let name = if name.is_empty() { other.hash()[..8].to_owned() } else { name };
    keep(house, scope, &name, other.hash(), wishes, closing, question, &made)
}

#[expect(clippy::too_many_arguments, reason = "everything that names a scenario")]
fn keep(
    house: &House,
    scope: &Scope,
    name: &str,
    policy: &str,
    wishes: &[Wish],
    closing: Month,
    question: &Question,
    made: &Simulated,
) -> Result<Scenario> {
    let of = |wish: &Wish| (wish.programme.clone(), wish.period.to_string());
    let asked = Asked { programmes: wishes.iter().map(of).collect(), question: question.clone() };
    let json =
        |value: serde_json::Result<String>| value.map_err(|error| Error::BrokenScenario(error.to_string()));
    let (asked, found) = (json(serde_json::to_string(&asked))?, json(serde_json::to_string(&made.found))?);
    // The number is given out first: a crash afterwards leaves a gap and villages that no scenario shows.
    let id = house.db.write(|tx| Ok::<_, Error>(store::next_number(tx, "scenario", 1)?))?;
    let inputs = ["families", "persons"].map(|kind| format!("closing/{closing}/{kind}"));
    let mut hashes = Vec::with_capacity(inputs.len());
    for name in &inputs {
        hashes.push(house.lake.require(name)?.manifest().hash.clone());
    }
    let origin = Origin {
        made_by: "targeting".to_owned(),
        inputs: hashes,
        policy: policy.to_owned(),
        note: [("scenario".to_owned(), name.to_owned())].into(),
    };
    made.cube.write(house, id, origin)?;
    house.db.write(|tx| {
        let (made_by, made_by_name) = scope.actor_pair();
        let values = params![
            id,
            name,
            scope.region(),
            closing.to_string(),
            policy,
            &asked,
            &found,
            made_by,
            made_by_name,
            house.clock.now_ms(),
        ];
        tx.execute(&queries::SCENARIO_ADD, values)?;
        Ok::<_, Error>(())
    })?;
    scenario(house, scope, id)
}

/// The villages of a scenario; none if it was kept before villages were.
///
/// # Errors [`Error::NotFound`] when the scenario, or `within`, is not in the territory.
pub fn scenario_regions(
    house: &House,
    scope: &Scope,
    id: i64,
    within: &RegionCode,
) -> Result<Option<RegionCube>> {
    let kept = scenario(house, scope, id)?;
    let own = RegionCode::parse(&kept.region).map_err(|_| Error::NotFound)?;
    if !(scope.covers(within) && own.contains(within)) {
        return Err(Error::NotFound);
    }
    RegionCube::read(house, id)
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

/// One figure of a comparison, as a row of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureRow {
    /// Key of the programme.
    pub programme: String,
    /// All, move, decile, region, group, look_first, condition, or by which members are told apart.
    pub cut: String,
    /// Which of the cut.
    pub key: String,
    /// Which figure.
    pub figure: &'static str,
    /// By the present rule; empty for a small cell and where only the change is told.
    pub before: String,
    /// By the other rule, or the change.
    pub after: String,
}

/// Headings of [`FigureRow`].
pub const FIGURE_HEADS: [&str; 6] = ["programme", "cut", "key", "figure", "before", "after"];

impl FigureRow {
    /// In the order of the headings.
    pub fn cells(self) -> [String; 6] {
        [self.programme, self.cut, self.key, self.figure.to_owned(), self.before, self.after]
    }
}

impl Comparison {
    /// All its figures. `regions` stand in the place of its own where a cube tells them.
    pub fn rows(&self, regions: Option<&[Part]>) -> Vec<FigureRow> {
        let mut rows = Vec::new();
        let text = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
        let mut add = |cut: &str, key: &str, figure: &'static str, [before, after]: [String; 2]| {
            let [programme, cut, key] = [&self.programme, cut, key].map(str::to_owned);
            rows.push(FigureRow { programme, cut, key, figure, before, after });
        };
        let sides = |of: &dyn Fn(&crate::Side) -> String| [of(&self.sides[0]), of(&self.sides[1])];
        add("all", "", "receive", sides(&|side| side.eligible.to_string()));
        add("all", "", "wait", sides(&|side| side.waiting.to_string()));
        add("all", "", "amount_idr", sides(&|side| side.amount_idr.idr().to_string()));
        add("all", "", "gini", sides(&|side| format!("{:.4}", side.gini)));
        add("all", "", "coverage_permille", sides(&|side| text(side.coverage_permille)));
        add("all", "", "inclusion_error_permille", sides(&|side| text(side.inclusion_error_permille)));
        if let Some(gap) = &self.poverty_gap {
            let index = |side: usize| format!("{:.6}", gap.index[side]);
            add("all", "assumed", "poverty_gap_without", [index(0), index(0)]);
            add("all", "assumed", "poverty_gap", [index(1), index(2)]);
        }
        for moved in &self.moves {
            let key = format!("{:?}", moved.what).to_lowercase();
            let families = shown(moved.families);
            add("move", &key, "families", [String::new(), text(families)]);
            add("move", &key, "change_idr", [String::new(), text(families.map(|_| moved.change_idr))]);
        }
        for look in &self.look_first {
            let families = text(shown(look.families));
            add("look_first", &look.fact, "families", [String::new(), families]);
        }
        let regions = regions.unwrap_or(&self.regions);
        for (cut, parts) in [("decile", &self.deciles[..]), ("region", regions), ("group", &self.groups)] {
            for part in parts {
                add(cut, &part.key, "receive", part.eligible.map(text));
                add(cut, &part.key, "amount_idr", part.amount_idr.map(text));
                add(cut, &part.key, "enter", [String::new(), text(part.enters)]);
                add(cut, &part.key, "leave", [String::new(), text(part.leaves)]);
            }
        }
        // Families whom one condition alone keeps out: what would change without it.
        for (code, _, families) in &self.only {
            add("condition", code, "fail_by_it_alone", [String::new(), text(shown(*families))]);
        }
        let fits = self.share_that_fits.map(i64::from);
        if fits.is_some() {
            add("all", "budget", "share_that_fits_permille", [String::new(), text(fits)]);
        }
        for share in &self.shares {
            add(&share.cut, &share.key, "members", share.members.map(text));
            add(&share.cut, &share.key, "amount_idr", share.amount_idr.map(text));
        }
        rows
    }
}

/// The period that a programme can be simulated for: the wished one, else the closing's month or the year.
pub fn wish_for(policy: &Policy, programme: &str, period: Period, closing: Month) -> Option<Wish> {
    crate::wishes(policy, period, closing).into_iter().find(|wish| wish.programme == programme)
}

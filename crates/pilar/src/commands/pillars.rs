//! `pilar pillars`: the register taken in, families shared out among companions, a proposal decided. The families come from the approved
//! lists of the programmes that `policy/pillars.toml` names.

use std::{collections::BTreeMap, path::Path};

use access::{House, Scope, Session};
use arrow_array::{
    Array,
    cast::AsArray,
    types::{Int8Type, Int64Type},
};
use casework::pillar::{self, Accompanied, PILLAR_BYTES_MAX, ProposalView};
use model::{FamilyId, RegionCode, Sex};
use serde_json::json;

use crate::{
    cli::Pillars,
    commands::{
        Answer, acting,
        registers::{refused, text_of},
    },
    failure::Failure,
    screen::grouped,
};

pub(crate) fn run(house: &House, command: &Pillars) -> anyhow::Result<Answer> {
    match command {
        Pillars::Import { file } => import(house, file),
        Pillars::Balance { region, needs, maker } => {
            let scope = acting(house, maker.as_deref())?.scope("pillar.manage")?;
            let needs = needs.as_deref().map(read_needs).transpose()?.unwrap_or_default();
            let made = balance(house, &scope, region, &needs)?;
            let number = |value: i64| grouped(value.unsigned_abs());
            let lines = vec![format!(
                "sharing {}: {} families stay, {} move, {} had nobody, for {} nobody fits",
                made.proposal_id,
                number(made.kept),
                number(made.moved),
                number(made.fresh),
                number(made.unplaced)
            )];
            Answer::of(&made, lines)
        }
        Pillars::Decide { sharing, refuse, decider } => {
            let scope = acting(house, Some(decider))?.scope("pillar.approve")?;
            pillar::decide_proposal(house, &scope, *sharing, !refuse)?;
            let word = if *refuse { "refused" } else { "approved" };
            Answer::of(
                &json!({ "sharing": sharing, "state": word }),
                vec![format!("sharing {sharing}: {word}")],
            )
        }
    }
}

fn import(house: &House, file: &Path) -> anyhow::Result<Answer> {
    let text = text_of(file, PILLAR_BYTES_MAX)?;
    let scope = Session::console(house).scope("pillar.manage")?;
    let taken = pillar::take_pillars(house, &scope, &text).map_err(|error| refused(file, error))?;
    let lines = vec![format!(
        "import {}: {} rows, {} new, {} corrected, {} personal numbers that the registry does not know",
        taken.import_no,
        grouped(taken.rows as u64),
        grouped(taken.new as u64),
        grouped(taken.corrected as u64),
        grouped(taken.unknown as u64)
    )];
    Answer::of(&taken, lines)
}

/// What families need: languages and sex of the companion.
type Needs = BTreeMap<i64, (Vec<String>, Option<Sex>)>;

fn read_needs(file: &Path) -> anyhow::Result<Needs> {
    let mut needs = Needs::new();
    for (line, text) in (1..)
        .zip(text_of(file, PILLAR_BYTES_MAX)?.lines())
        .skip(1)
        .filter(|(_, text)| !text.trim().is_empty())
    {
        let cells: Vec<&str> = text.split(',').map(str::trim).collect();
        let read = || {
            let [family, languages, sex] = cells.as_slice() else { return None };
            let sex = match *sex {
                "" => None,
                "1" | "L" => Some(Sex::Male),
                "2" | "P" => Some(Sex::Female),
                _ => return None,
            };
            let languages = languages.split(' ').filter(|key| !key.is_empty()).map(str::to_owned).collect();
            Some((family.parse::<i64>().ok()?, (languages, sex)))
        };
        let Some((family, need)) = read() else {
            let told = "write family_id,languages,sex: a number, keys with blanks between, 1 or 2 or nothing";
            return Err(Failure::input(format!("{} line {line}: {told}", file.display())));
        };
        needs.insert(family, need);
    }
    Ok(needs)
}

/// Proposes for the families of a region that the newest approved lists have.
pub(crate) fn balance(
    house: &House,
    scope: &Scope,
    region: &RegionCode,
    needs: &Needs,
) -> anyhow::Result<ProposalView> {
    let mut families = BTreeMap::new();
    for programme in &house.policy.pillars().balance.programmes {
        if let Some(dataset) = approved(house, programme)? {
            receiving(house, &dataset, region, &mut families)?;
        }
    }
    let families: Vec<Accompanied> = families
        .into_iter()
        .map(|(family, village)| {
            let (languages, sex) = needs.get(&family).cloned().unwrap_or_default();
            Accompanied { family: FamilyId(family), village, languages, sex }
        })
        .collect();
    Ok(pillar::propose(house, scope, region, &families)?)
}

/// The list of the newest approved run of a programme, by name; runs come newest first.
pub(crate) fn approved(house: &House, programme: &str) -> anyhow::Result<Option<String>> {
    let scope = Session::console(house).scope("decision.read")?;
    let mut page = store::Page::first(200);
    loop {
        let runs = targeting::runs(house, &scope, &page)?;
        let found = runs
            .items
            .into_iter()
            .find(|run| run.programme == programme && run.state == targeting::RunState::Approved);
        if let Some(run) = found {
            return Ok(Some(run.dataset));
        }
        match runs.next {
            Some(next) => page.after = Some(next),
            None => return Ok(None),
        }
    }
}

/// Adds the families of a region that receive by a list, with their villages.
pub(crate) fn receiving(
    house: &House,
    dataset: &str,
    region: &RegionCode,
    families: &mut BTreeMap<i64, RegionCode>,
) -> anyhow::Result<()> {
    for batch in house.lake.require(dataset)?.read(&["family_id", "region", "outcome"])? {
        let batch = batch?;
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let regions = batch.column(1).as_string::<i32>();
        let outcomes = batch.column(2).as_primitive::<Int8Type>();
        for row in 0..batch.num_rows() {
            let outcome = targeting::FamilyOutcome::from_code(outcomes.value(row).into());
            if regions.is_null(row) || !outcome.is_some_and(targeting::FamilyOutcome::receives) {
                continue;
            }
            if let Ok(village) = RegionCode::parse(regions.value(row))
                && region.contains(&village)
            {
                families.insert(ids.value(row), village);
            }
        }
    }
    Ok(())
}

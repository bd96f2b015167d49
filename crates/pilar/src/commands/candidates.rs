//! `pilar cases candidates`: families whom a workflow looks for are found in a closing, among those who receive by the newest approved
//! list, and put forward as cases. The words of the condition go with each; a person decides, never this.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Session};
use casework::{NewCase, PutForward, Tally};
use model::{FamilyId, Month, RegionCode};
use policy::{Candidate, Workflow};
use rules::{Lang, Params};
use serde::Serialize;

use crate::{
    commands::{
        Answer,
        pillars::{approved, receiving},
    },
    screen::grouped,
};

/// Families put forward together: as many as names are asked for at once.
const TOGETHER: usize = 500;

/// What came of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    /// Key of the workflow.
    pub(crate) workflow: String,
    /// How many each condition found first, by its key.
    pub(crate) conditions: BTreeMap<String, usize>,
    /// Families of the closing that the registry no longer has.
    pub(crate) gone: i64,
    /// What became of the others.
    #[serde(flatten)]
    pub(crate) put: PutForward,
}

pub(crate) fn run(house: &House, closing: Month, dry_run: bool) -> anyhow::Result<Answer> {
    let all = put_forward(house, closing, dry_run)?;
    let mut lines = Vec::new();
    for found in &all {
        lines.push(format!("{}: {}", found.workflow, told(&found.put.total, dry_run)));
        lines.extend(
            found
                .put
                .districts
                .iter()
                .map(|(district, tally)| format!("  {district}: {}", told(tally, dry_run))),
        );
    }
    Answer::of(&all, lines)
}

fn told(tally: &Tally, dry_run: bool) -> String {
    let number = |value: i64| grouped(value.unsigned_abs());
    format!(
        "{} found, {} {}; left out: {} open already, {} within the months, {} protected, {} with a notice",
        number(tally.found),
        number(tally.opened),
        if dry_run { "would be opened" } else { "opened" },
        number(tally.open),
        number(tally.recent),
        number(tally.protected),
        number(tally.noticed)
    )
}

/// Finds and opens, workflow by workflow; counts only with `dry_run`.
pub(crate) fn put_forward(house: &House, closing: Month, dry_run: bool) -> anyhow::Result<Vec<Found>> {
    let console = Session::console(house);
    let noticed = targeting::noticed_families(house, &console.scope("decision.read")?)?;
    let mut lists = BTreeMap::new();
    let mut all = Vec::new();
    for workflow in house.policy.workflows().values().filter(|workflow| !workflow.candidates.is_empty()) {
        let mut found = Found {
            workflow: workflow.key.clone(),
            conditions: BTreeMap::new(),
            gone: 0,
            put: PutForward::default(),
        };
        let mut seen = BTreeSet::new();
        for candidate in &workflow.candidates {
            let receives = of_lists(house, candidate, &mut lists)?;
            let scope = console.scope("programme.read")?;
            let mut chosen = targeting::select_families(house, &scope, closing, &candidate.when)?;
            // The first condition that is true gives the reason.
            chosen.retain(|one| receives.contains(&one.family_id) && seen.insert(one.family_id));
            found.conditions.insert(candidate.key.clone(), chosen.len());
            let families: Vec<i64> = chosen.iter().map(|one| one.family_id).collect();
            open(
                house,
                &console,
                (workflow, candidate, closing),
                (&families, &noticed, dry_run),
                &mut found,
            )?;
        }
        all.push(found);
    }
    Ok(all)
}

/// Families that receive by the newest approved list of a programme, by its key.
type Lists = BTreeMap<String, BTreeSet<i64>>;

fn of_lists(house: &House, candidate: &Candidate, lists: &mut Lists) -> anyhow::Result<BTreeSet<i64>> {
    let programmes: Vec<String> = match &candidate.programme {
        Some(programme) => vec![programme.clone()],
        None => house.policy.programmes().keys().cloned().collect(),
    };
    let mut receives = BTreeSet::new();
    for programme in programmes {
        if !lists.contains_key(&programme) {
            let mut families = BTreeMap::new();
            if let Some(dataset) = approved(house, &programme)? {
                receiving(house, &dataset, &RegionCode::nation(), &mut families)?;
            }
            lists.insert(programme.clone(), families.into_keys().collect());
        }
        receives.extend(lists.get(&programme).into_iter().flatten());
    }
    Ok(receives)
}

fn open(
    house: &House,
    console: &Session,
    (workflow, candidate, closing): (&Workflow, &Candidate, Month),
    (families, noticed, dry_run): (&[i64], &[i64], bool),
    found: &mut Found,
) -> anyhow::Result<()> {
    let (scope, read) = (console.scope("case.open")?, console.scope("family.read")?);
    let written = written(workflow, candidate, closing);
    for together in families.chunks(TOGETHER) {
        let mut now = Vec::with_capacity(together.len());
        for family in together {
            // Between the closing and now the family may have been merged, or have moved.
            now.push(registry::resolve_family(house, &read, FamilyId(*family))?);
        }
        let homes = registry::views::dwellings(house, &read, now.iter().copied())?;
        let mut cases = Vec::with_capacity(now.len());
        for family in now {
            let home =
                homes.get(&family.0).and_then(|home| Some((home, RegionCode::parse(&home.region).ok()?)));
            let Some((home, region)) = home else {
                found.gone += 1;
                continue;
            };
            cases.push(NewCase {
                workflow: workflow.key.clone(),
                family,
                person: None,
                line: None,
                region,
                title: home.head_name.clone(),
                written: written.clone(),
            });
        }
        found.put.add(casework::put_forward(house, &scope, &cases, noticed, dry_run)?);
    }
    Ok(())
}

/// What the opening form is told: the choice that says why, and the condition in words with the month whose data it was true for.
fn written(workflow: &Workflow, candidate: &Candidate, closing: Month) -> BTreeMap<String, String> {
    let mut written = BTreeMap::from([(candidate.field.clone(), candidate.value.clone())]);
    if let Some(note) = &candidate.note {
        let words = candidate.when.words_with(Lang::Id, &Params::at(closing.last_day()));
        let most = workflow.field(note).map_or(0, |field| field.max_length as usize);
        written.insert(note.clone(), format!("{closing}: {words}").chars().take(most).collect());
    }
    written
}

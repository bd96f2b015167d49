//! A decision made again from what it was made of: the same closing, the same rule, the same lists of other programmes must give the
//! same bytes.

use access::{House, Scope};
use model::{Month, Period, Progress};
use serde::Serialize;

use crate::{
    DecisionRun, Error, Result, archive,
    closing::Closing,
    columns::int64,
    decide::{judge_all, read_run_by_id, recipients, text_column},
    holders, list,
    pass::Pass,
    plan::{PlaceKind, Plan},
    quota::Regions,
    settle::{Other, settle},
};

/// What came of making a run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// The run as it stands.
    pub run: DecisionRun,
    /// Hash of the list that was made again.
    pub hash: String,
    /// Whether it is the stored list, bit for bit.
    pub same: bool,
}

/// Makes a run's list again and compares it with the stored one. The new list is kept under `replay/RUN`; nothing else is changed.
///
/// # Errors [`Error::NoRun`]; [`Error::OtherPack`] when the run's pack is neither in force nor was it kept; the closing or a list that it
/// was made of is gone or another.
pub fn replay(house: &House, _scope: &Scope, run: &str, progress: &dyn Progress) -> Result<Replay> {
    let run = read_run_by_id(house, run)?;
    // By the rules of then, whatever holds now.
    let house = &archive::house_with(house, &run.policy_hash)?;
    let broken = |why: &str| Error::BrokenRun { run: run.run.clone(), why: why.to_owned() };
    let period: Period = run.period.parse().map_err(|_| broken("its period is none"))?;
    let closing: Month = run.closing.parse().map_err(|_| broken("its closing is none"))?;
    let stored = house.lake.require(&run.dataset)?.manifest().clone();
    let source = Closing::open(&house.lake, closing)?;
    let now = [&source.people, &source.families].map(|dataset| dataset.manifest().hash.clone());
    let (closed, lists) = stored.origin.inputs.split_at(stored.origin.inputs.len().min(2));
    if closed != now {
        return Err(broken("the closing is another than the one it was made of"));
    }
    let plan = Plan::new(&house.policy, &run.programme, period, closing)?;
    let mut others = Vec::new();
    for place in &plan.places {
        let PlaceKind::Combination(combination) = place.of else { continue };
        for with in plan.version.combinations[combination].programmes() {
            let known = house.lake.list(&format!("decisions/{with}/"))?;
            let recipients = match known.iter().find(|manifest| lists.contains(&manifest.hash)) {
                Some(manifest) => Some(recipients(&house.lake.require(&manifest.name)?)?),
                None => None,
            };
            others.push(Other { combination, programme: with.to_owned(), recipients });
        }
    }
    let before = holders::before_again(house, &run, &stored.origin)?;
    let known =
        others.iter().filter(|other| other.recipients.is_some()).count() + usize::from(before.is_some());
    if known != lists.len() {
        return Err(broken("a list that it was made of is gone"));
    }
    let pass = Pass::new(&house.policy, vec![plan]);
    let families = source.all_families(&pass.sources.family_columns)?;
    let judged = judge_all(&pass, &source, &families, progress)?;
    let regions = Regions::new(&text_column(&families, "region"));
    let ids = int64(&families, "family_id")?.values();
    let holders = before.map(|before| before.holders(house, period, &source, ids)).transpose()?;
    let settled = settle(&pass, 0, &judged, ids, &regions, &others, holders.as_ref());
    let again = list::write(house, &format!("replay/{}", run.run), &families, &settled, stored.origin, None)?;
    Ok(Replay { same: again.hash == run.dataset_hash, hash: again.hash, run })
}

//! Families whom the house puts forward by itself, where a workflow looks for them. In: whom a condition found, as cases to open. Out: a
//! case for each who is not spared, and how many were spared and why. Never here: the condition itself, a second case while one is open,
//! a case about somebody whom another case protects or to whom a notice runs. Called again it opens what is left.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope, audit};
use jiff::ToSpan;
use model::{CaseId, RegionLevel};
use serde::Serialize;
use store::{Tx, params};

use crate::{
    Error, Result, queries,
    service::{BATCH, NewCase, find, open_in, opening_answers},
};

/// How many were found, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Families that were found.
    pub found: i64,
    /// Cases that were opened, or would be.
    pub opened: i64,
    /// Spared: such a case is open, or was found twice.
    pub open: i64,
    /// Spared: such a case ended within the months of the setting.
    pub recent: i64,
    /// Spared: a case that protects is open.
    pub protected: i64,
    /// Spared: a notice runs.
    pub noticed: i64,
}

/// What became of all, and by code of the district.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PutForward {
    /// All.
    pub total: Tally,
    /// By district.
    pub districts: BTreeMap<String, Tally>,
}

/// Why nothing is opened.
#[derive(Debug, Clone, Copy)]
enum Spared {
    Open,
    Recent,
    Protected,
    Noticed,
}

/// Opens a case for each family that is not spared; `noticed` are families to whom a notice runs, ascending. With `dry_run` it counts
/// only. Safe to repeat: what was opened is then open.
///
/// # Errors
/// The first case that cannot be opened, [`Error::NotFound`] for one outside the scope; the batches before it stay.
pub fn put_forward(
    house: &House,
    scope: &Scope,
    cases: &[NewCase],
    noticed: &[i64],
    dry_run: bool,
) -> Result<PutForward> {
    let mut came = PutForward::default();
    let mut put = BTreeSet::new();
    for batch in cases.chunks(BATCH) {
        let of_batch = if dry_run {
            house.db.read(|tx| batch_of(tx, house, scope, batch, (noticed, &put), true))?
        } else {
            house.db.write(|tx| batch_of(tx, house, scope, batch, (noticed, &put), false))?
        };
        for (new, spared) in batch.iter().zip(of_batch) {
            if spared.is_none() {
                put.insert((new.workflow.clone(), new.family.0));
            }
            let district = new.region.at(RegionLevel::District).to_string();
            for tally in [&mut came.total, came.districts.entry(district).or_default()] {
                tally.add(spared);
            }
        }
    }
    Ok(came)
}

impl PutForward {
    /// Adds what came of further families.
    pub fn add(&mut self, more: Self) {
        self.total.sum(more.total);
        for (district, tally) in more.districts {
            self.districts.entry(district).or_default().sum(tally);
        }
    }
}

impl Tally {
    fn sum(&mut self, more: Self) {
        self.found += more.found;
        self.opened += more.opened;
        self.open += more.open;
        self.recent += more.recent;
        self.protected += more.protected;
        self.noticed += more.noticed;
    }

    fn add(&mut self, spared: Option<Spared>) {
        self.found += 1;
        match spared {
            None => self.opened += 1,
            Some(Spared::Open) => self.open += 1,
            Some(Spared::Recent) => self.recent += 1,
            Some(Spared::Protected) => self.protected += 1,
            Some(Spared::Noticed) => self.noticed += 1,
        }
    }
}

/// Families that were put forward by this call, by workflow.
type Put = BTreeSet<(String, i64)>;

fn batch_of(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    batch: &[NewCase],
    (noticed, put): (&[i64], &Put),
    dry_run: bool,
) -> Result<Vec<Option<Spared>>> {
    let mut out = Vec::with_capacity(batch.len());
    let (mut own, mut made): (Put, Vec<CaseId>) = (Put::new(), Vec::new());
    for new in batch {
        if !scope.covers(&new.region) {
            return Err(Error::NotFound);
        }
        let workflow = find(house, &new.workflow)?;
        let key = (new.workflow.clone(), new.family.0);
        let spared = if own.contains(&key) || put.contains(&key) {
            Some(Spared::Open)
        } else {
            spared(tx, house, new, noticed)?
        };
        if spared.is_none() {
            let answers = opening_answers(house, workflow, new)?;
            if !dry_run {
                made.push(open_in(tx, house, scope, workflow, new, &answers)?.case);
            }
            own.insert(key);
        }
        out.push(spared);
    }
    if let (Some(first), Some(last)) = (made.first(), made.last()) {
        let (subject, detail) = (format!("case:{first}"), format!("candidates={} last={last}", made.len()));
        audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.open", &subject, &detail)?;
    }
    Ok(out)
}

fn spared(tx: &mut Tx<'_>, house: &House, new: &NewCase, noticed: &[i64]) -> Result<Option<Spared>> {
    let months = house.policy.settings().work.candidate_months;
    let since = house.clock.today().saturating_sub(months.months()).to_string();
    let rows = tx.query(&queries::SPARED_BY, params![new.family, &new.workflow, since])?;
    let (mut recent, mut protected) = (false, false);
    for row in &rows {
        let (workflow, open) = (row.text(0)?, row.bool(1)?);
        if workflow == new.workflow && open {
            return Ok(Some(Spared::Open));
        }
        recent |= workflow == new.workflow;
        protected |= open && house.policy.workflow(workflow).is_some_and(|workflow| workflow.protects);
    }
    Ok(if protected {
        Some(Spared::Protected)
    } else if noticed.binary_search(&new.family.0).is_ok() {
        Some(Spared::Noticed)
    } else {
        recent.then_some(Spared::Recent)
    })
}

//! Holders: families that received by the last approved list of a programme, and what protects them. Whoever no longer passes the rule
//! is given notice with the new list and keeps the aid until the waiting period is over; an objection stops that clock. Reading the
//! list is the only I/O; who is protected follows from the list, its day of approval and the families that object.

use std::sync::Arc;

use access::House;
use arrow_array::{
    Array, Int64Array, RecordBatch,
    cast::AsArray,
    types::{Date32Type, Int8Type},
};
use arrow_schema::{DataType, Field, Schema};
use jiff::{ToSpan, civil::Date};
use lake::{Dataset, Origin, WriteOptions};
use model::{Clock, Period, epoch_days};
use policy::GoneKind;
use store::params;

use crate::{
    Change, ChangeLine, DecisionRun, Error, FamilyOutcome, Result, changes,
    closing::Closing,
    columns::int64,
    decide::{read_run, text_column},
    gone::{self, Fate},
    plan::Plan,
    queries,
};

/// How a holder stands when the next list is made: the less it has, the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Received by right: leaves only after notice.
    Receives,
    /// Had notice on this day (days since 1970-01-01); the waiting period or an objection still runs.
    Noticed(i32),
    /// Had notice, and its time is over.
    Over,
}

/// A family that received by the last approved list and is in the closing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder {
    /// Its place among the families of the closing.
    pub(crate) row: u32,
    /// What it received, brought to the length of the new period.
    pub(crate) amount: i64,
    pub(crate) standing: Standing,
}

/// A family that received by the last approved list and is not in the closing any more.
#[derive(Debug, Clone)]
pub(crate) struct Gone {
    pub(crate) family: i64,
    pub(crate) region: String,
    pub(crate) amount: i64,
    pub(crate) standing: Standing,
    /// What became of it.
    pub(crate) fate: Fate,
    /// Its place is given to nobody yet: it may come back while its notice runs.
    pub(crate) reserved: bool,
}

/// All of them, in the order of families.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holders {
    pub(crate) here: Vec<Holder>,
    pub(crate) gone: Vec<Gone>,
}

impl Holders {
    /// The holder at a place among the families.
    pub(crate) fn at(&self, row: usize) -> Option<&Holder> {
        let found = self.here.binary_search_by_key(&row, |holder| holder.row as usize).ok()?;
        self.here.get(found)
    }

    /// Villages of the families whose place is reserved.
    pub(crate) fn reserved(&self) -> impl Iterator<Item = &str> {
        self.gone.iter().filter(|gone| gone.reserved).map(|gone| gone.region.as_str())
    }

    /// The right of families whose people are in another family now goes over to that family: it leaves only after a notice of its own.
    /// Two rights in one family are one, the better of them.
    fn hand_over(&mut self, family_ids: &[i64]) {
        let passed_on = self.gone.iter().filter(|gone| gone.standing != Standing::Over).filter_map(|gone| {
            let row = family_ids.binary_search(&gone.fate.into?).ok()?;
            Some(Holder { row: row as u32, amount: gone.amount, standing: Standing::Receives })
        });
        let passed_on: Vec<Holder> = passed_on.collect();
        self.here.extend(passed_on);
        self.here.sort_by_key(|holder| (holder.row, holder.standing, std::cmp::Reverse(holder.amount)));
        self.here.dedup_by_key(|holder| holder.row);
    }
}

/// What protects holders of a programme, before anybody is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    pub(crate) list: Dataset,
    pub(crate) approved_on: Date,
    /// Months of the period of that list.
    months: i64,
    /// Families whose objection is open, sorted.
    pub(crate) objecting: Vec<i64>,
    /// Families whose objection was found right, sorted: their notice begins anew.
    pub(crate) renewed: Vec<i64>,
}

/// Key of the day of approval in the note of a list.
pub(crate) const APPROVED_ON: &str = "before_approved_on";
/// Key of the name of the list before in the note of a list.
pub(crate) const BEFORE: &str = "before";

/// The list that a run follows: the last approved one of a period that ended before, within a year: who received by it is told before
/// anything ends, also where periods between had no list. `objecting` is sorted.
pub(crate) fn before(house: &House, plan: &Plan<'_>, objecting: &[i64]) -> Result<Option<Before>> {
    if !gives_notice(plan) {
        return Ok(None);
    }
    let begins = plan.period.first_day();
    let (Ok(eve), Ok(since)) = (begins.checked_sub(1.day()), begins.checked_sub(1.year())) else {
        return Ok(None);
    };
    let programme = &plan.programme.key;
    let found = house.db.read(|tx| {
        let Some(row) = tx.query_opt(&queries::RUN_BEFORE, params![programme, since, eve])? else {
            return Ok(None);
        };
        let mut renewed = Vec::new();
        tx.for_each(&queries::NOTICES_RENEWED, params![programme], |row| {
            renewed.push(row.int(0)?);
            Ok::<_, Error>(())
        })?;
        Ok::<_, Error>(Some((read_run(&row)?, renewed)))
    })?;
    let Some((run, renewed)) = found else { return Ok(None) };
    let list = house.lake.require(&run.dataset)?;
    // A list of the format before says nothing of notices: it protects nobody.
    if list.schema().column_with_name("noticed").is_none() {
        return Ok(None);
    }
    let approved_on = day_of(run.approved_at_ms.unwrap_or_default());
    Ok(Some(Before { months: months_of(&run)?, list, approved_on, objecting: objecting.to_vec(), renewed }))
}

/// The same of a run that was made, as its list says.
pub(crate) fn before_again(house: &House, run: &DecisionRun, origin: &Origin) -> Result<Option<Before>> {
    let Some(name) = origin.note.get(BEFORE) else { return Ok(None) };
    let broken = |why: &str| Error::BrokenRun { run: run.run.clone(), why: why.to_owned() };
    let approved_on = origin.note.get(APPROVED_ON).and_then(|day| day.parse().ok());
    let list = house.lake.dataset(name)?.filter(|list| origin.inputs.contains(&list.manifest().hash));
    let list = list.ok_or_else(|| broken("the list that it follows is gone"))?;
    let period = list.manifest().origin.note.get("period").and_then(|period| period.parse::<Period>().ok());
    let families = |kind: &str| -> Result<Vec<i64>> {
        let Some(kept) = house.lake.dataset(&protected_name(&run.programme, &run.period, &run.run, kind))?
        else {
            return Ok(Vec::new());
        };
        Ok(int64(&kept.read_all(&["family_id"])?, "family_id")?.values().to_vec())
    };
    Ok(Some(Before {
        approved_on: approved_on.ok_or_else(|| broken("the list that it follows has no day of approval"))?,
        months: period.ok_or_else(|| broken("the list that it follows has no period"))?.months(),
        objecting: families("objecting")?,
        renewed: families("renewed")?,
        list,
    }))
}

/// Where the families that were protected from a run's exclusion are kept: `kind` is `objecting` or `renewed`. One column, `family_id`.
pub(crate) fn protected_name(programme: &str, period: &str, run: &str, kind: &str) -> String {
    format!("notices/{programme}/{period}/{run}/{kind}")
}

/// Keeps families, ascending, as a dataset.
pub(crate) fn write_families(house: &House, name: &str, families: &[i64], origin: Origin) -> Result<()> {
    let schema = Arc::new(Schema::new(vec![Field::new("family_id", DataType::Int64, false)]));
    let options = WriteOptions::sorted_by(&["family_id"]);
    let mut writer = house.lake.writer(name, Arc::clone(&schema), options)?;
    writer.write(&RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(families.to_vec()))])?)?;
    writer.finish(origin, house.clock.as_ref())?;
    Ok(())
}

/// Whether whoever leaves is given notice: where a whole list is approved again and again.
pub(crate) fn gives_notice(plan: &Plan<'_>) -> bool {
    plan.version.selection == policy::Selection::List && !plan.version.schedule.once
}

fn months_of(run: &DecisionRun) -> Result<i64> {
    let period: Result<Period, _> = run.period.parse();
    let broken = |_| Error::BrokenRun { run: run.run.clone(), why: "its period is none".to_owned() };
    Ok(period.map_err(broken)?.months())
}

/// The civil day of an instant in milliseconds since the epoch, as [`model::Clock::today`] takes it.
fn day_of(ms: i64) -> Date {
    let instant = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    model::FixedClock(instant).today()
}

impl Before {
    /// Who held a place, and how each stands towards a list for `period` on the closing `now`. `family_ids`, those of that closing,
    /// ascending.
    pub(crate) fn holders(
        &self,
        house: &House,
        period: Period,
        now: &Closing,
        family_ids: &[i64],
    ) -> Result<Holders> {
        let settings = &house.policy.settings().notice;
        let mut out = self.receivers(house, period, family_ids)?;
        let gone: Vec<i64> = out.gone.iter().map(|gone| gone.family).collect();
        if gone.is_empty() {
            return Ok(out);
        }
        let closing = self.list.manifest().origin.note.get("closing").and_then(|month| month.parse().ok());
        let fates = gone::fates(house, closing, now, &gone)?;
        for gone in &mut out.gone {
            gone.fate = fates.get(&gone.family).copied().unwrap_or(gone.fate);
            let waits = settings.gone_of(gone.fate.kind).is_some_and(|reason| reason.wait);
            gone.reserved = waits && gone.standing != Standing::Over;
        }
        out.hand_over(family_ids);
        Ok(out)
    }

    /// Who received by the list, or had a place reserved with it.
    fn receivers(&self, house: &House, period: Period, family_ids: &[i64]) -> Result<Holders> {
        const COLUMNS: [&str; 5] = ["family_id", "region", "outcome", "amount_idr", "noticed"];
        let wait_days = house.policy.settings().notice.days;
        let mut out = Holders::default();
        let (first_day, approved) = (epoch_days(period.first_day()), epoch_days(self.approved_on));
        let months = period.months();
        let mut row = 0;
        for batch in self.list.read(&COLUMNS)? {
            let batch = batch?;
            let (ids, amounts) = (int64(&batch, "family_id")?, int64(&batch, "amount_idr")?);
            let outcomes = batch.column(2).as_primitive::<Int8Type>();
            let noticed = batch.column(4).as_primitive::<Date32Type>();
            for (at, region) in text_column(&batch, "region").into_iter().enumerate() {
                let outcome = FamilyOutcome::from_code(outcomes.value(at).into());
                let Some(outcome) = outcome.filter(|outcome| outcome.receives()) else { continue };
                let family = ids.value(at);
                row += family_ids[row..].partition_point(|id| *id < family);
                let amount = scaled(amounts.value(at), months, self.months);
                let standing = if outcome == FamilyOutcome::Eligible {
                    Standing::Receives
                } else {
                    let since = if noticed.is_valid(at) { noticed.value(at) } else { approved };
                    self.standing(family, since, first_day, wait_days)
                };
                if family_ids.get(row) == Some(&family) {
                    out.here.push(Holder { row: row as u32, amount, standing });
                } else {
                    out.gone.push(gone_now(family, region.unwrap_or_default(), amount, standing));
                }
            }
        }
        for line in self.reserved_before(house)? {
            let since = line.noticed.map_or(approved, epoch_days);
            let standing = self.standing(line.family_id, since, first_day, wait_days);
            let amount = scaled(line.before_idr.idr(), months, self.months);
            match family_ids.binary_search(&line.family_id) {
                Ok(row) => out.here.push(Holder { row: row as u32, amount, standing }),
                Err(_) => out.gone.push(gone_now(line.family_id, &line.region, amount, standing)),
            }
        }
        out.here.sort_by_key(|holder| holder.row);
        out.gone.sort_by_key(|gone| gone.family);
        Ok(out)
    }

    /// Families that were gone when the list before was made, and whose place it reserved.
    fn reserved_before(&self, house: &House) -> Result<Vec<ChangeLine>> {
        let name = &self.list.manifest().name;
        let beside = name.strip_prefix("decisions/").map(|rest| format!("changes/{rest}"));
        let Some(list) = beside.map(|name| house.lake.dataset(&name)).transpose()?.flatten() else {
            return Ok(Vec::new());
        };
        let mut lines = Vec::new();
        for batch in list.read(&[])? {
            let found = changes::lines_of(name, &batch?)?;
            lines.extend(
                found.into_iter().filter(|line| matches!(line.what, Change::Gone | Change::StillGone)),
            );
        }
        Ok(lines)
    }

    fn standing(&self, family: i64, noticed: i32, first_day: i32, wait_days: i64) -> Standing {
        if self.renewed.binary_search(&family).is_ok() {
            Standing::Receives
        } else if self.objecting.binary_search(&family).is_ok()
            || i64::from(noticed) + wait_days > i64::from(first_day)
        {
            Standing::Noticed(noticed)
        } else {
            Standing::Over
        }
    }
}

/// A family that is gone, before anybody knows why.
fn gone_now(family: i64, region: &str, amount: i64, standing: Standing) -> Gone {
    let fate = Fate { kind: GoneKind::Unknown, into: None };
    Gone { family, region: region.to_owned(), amount, standing, fate, reserved: false }
}

/// An amount of `from` months brought to `months`, whole rupiah, rounded down.
fn scaled(amount: i64, months: i64, from: i64) -> i64 {
    if months == from {
        return amount;
    }
    let scaled = i128::from(amount) * i128::from(months) / i128::from(from.max(1));
    i64::try_from(scaled).unwrap_or(amount)
}

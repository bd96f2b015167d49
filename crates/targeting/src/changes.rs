//! What a list changes against the list before: who comes in, who has notice and keeps the aid for now, who leaves, who gets less or more.
//! One small dataset beside the list, and sums by region: where somebody leaves, one sees who takes the place.

use std::{collections::BTreeMap, sync::Arc};

use access::{House, Scope};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int8Array, Int32Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Date32Type, Int8Type, Int32Type, Int64Type},
};
use arrow_schema::{DataType, Field, Schema};
use jiff::civil::Date;
use lake::{Origin, WriteOptions};
use model::{Rupiah, RupiahOverflow, civil_from_epoch_days, epoch_days};
use policy::GoneKind;
use rules::Label;
use serde::Serialize;
use store::{Page, Paged, Tx, params};

use crate::{
    DecisionRun, Error, FamilyOutcome, Result,
    columns::int64,
    counts::{level_number, level_of, upwards},
    decide::{read_run_by_id, text_column},
    gone,
    holders::{Gone, Holders, Standing},
    queries,
    settle::Settled,
    views::{groups_from, outside, own_families},
};

/// What a list does to a family that received before or receives now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Receives and did not before: takes a free place.
    Enters,
    /// No longer passes: has its first notice with this list and keeps the aid.
    Noticed,
    /// Had notice before, and keeps the aid, since its time or its objection still runs.
    StillNoticed,
    /// Had notice, and its time is over: receives no more.
    Ends,
    /// Receives another programme instead, at once.
    Replaced,
    /// Had notice, and passes again.
    Restored,
    /// Receives less than before.
    Less,
    /// Receives more than before.
    More,
    /// Received before, and is no family of the closing any more: has its first notice, and its place is reserved while that runs.
    Gone,
    /// Is no family of the closing any more: its people are in another one, which takes over the right.
    Merged,
    /// Is no family of the closing any more, and nobody is left who could come back.
    Dissolved,
    /// Was no family of the closing before either: its notice runs, and its place is reserved.
    StillGone,
}

impl Change {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::Enters,
        Self::Noticed,
        Self::StillNoticed,
        Self::Ends,
        Self::Replaced,
        Self::Restored,
        Self::Less,
        Self::More,
        Self::Gone,
        Self::Merged,
        Self::Dissolved,
        Self::StillGone,
    ];

    /// The number in columns and tables.
    pub fn code(self) -> i8 {
        self as i8
    }

    /// From the number in columns and tables.
    pub fn from_code(code: i64) -> Option<Self> {
        usize::try_from(code).ok().and_then(|code| Self::ALL.get(code)).copied()
    }

    /// Key of its words.
    pub fn words_key(self) -> &'static str {
        match self {
            Self::Enters => "targeting-change-enters",
            Self::Noticed => "targeting-change-noticed",
            Self::StillNoticed => "targeting-change-still-noticed",
            Self::Ends => "targeting-change-ends",
            Self::Replaced => "targeting-change-replaced",
            Self::Restored => "targeting-change-restored",
            Self::Less => "targeting-change-less",
            Self::More => "targeting-change-more",
            Self::Gone => "targeting-change-gone",
            Self::Merged => "targeting-change-merged",
            Self::Dissolved => "targeting-change-dissolved",
            Self::StillGone => "targeting-change-still-gone",
        }
    }
}

/// Name of the dataset beside a run's list: one row a family whose aid changes, in the order of families. `family_id`, `region`; `what`,
/// [`Change::code`]; `reason`, the place of the main reason (from 64 on: what became of a family that is gone), and `unknown`, whether
/// that condition could not be answered; `before_idr`, what it received, brought to the length of the period; `amount_idr`, what it
/// receives now; `noticed`, the day of a notice that was given with an earlier list; `into`, the family that has its people now.
pub(crate) fn dataset_name(run: &DecisionRun) -> String {
    name_of(&run.programme, &run.period, &run.run)
}

pub(crate) fn name_of(programme: &str, period: &str, run: &str) -> String {
    format!("changes/{programme}/{period}/{run}")
}

/// A family whose aid changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeLine {
    /// Its id.
    pub family_id: i64,
    /// Its village.
    pub region: String,
    /// What happens.
    pub what: Change,
    /// Place of the main reason, where it does not pass.
    pub reason: Option<u32>,
    /// Whether the condition behind the reason could not be answered.
    pub unknown: bool,
    /// What it received, brought to the length of the period.
    pub before_idr: Rupiah,
    /// What it receives now.
    pub amount_idr: Rupiah,
    /// Day of a notice given with an earlier list.
    pub noticed: Option<Date>,
    /// The family in which the people of one that is gone are now.
    pub into: Option<i64>,
}

impl ChangeLine {
    /// Whether the family is in the closing no more: no page of the register or of the decision tells of it.
    pub fn is_gone(&self) -> bool {
        self.reason.is_some_and(|place| place >= gone::FIRST_PLACE)
    }
}

/// Families of a territory with one change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeCount {
    /// The region.
    pub region: String,
    /// What happens.
    pub what: Change,
    /// Families.
    pub families: i64,
    /// What they received.
    pub before_idr: Rupiah,
    /// What they receive.
    pub amount_idr: Rupiah,
}

/// Sums of a run's changes: by region at every level and change; families, before, now.
pub(crate) type Sums = BTreeMap<(String, Change), (i64, Rupiah, Rupiah)>;

/// All families whose aid changes, in the order of families.
pub(crate) fn changes(
    settled: &Settled<'_>,
    holders: &Holders,
    family_ids: &[i64],
    regions: &crate::quota::Regions,
) -> Result<Vec<ChangeLine>, RupiahOverflow> {
    let mut out = Vec::new();
    let mut next = holders.here.iter().peekable();
    let mut gone = holders.gone.iter().peekable();
    for (row, &family_id) in family_ids.iter().enumerate() {
        while let Some(gone) = gone.next_if(|gone| gone.family < family_id) {
            out.push(gone_line(gone));
        }
        let held = next.next_if(|holder| holder.row as usize == row);
        let outcome = settled.outcome(row);
        let (before, now) = (held.map_or(0, |held| held.amount), settled.given(row)?.0);
        let what = match (held.map(|held| held.standing), outcome) {
            (None, FamilyOutcome::Eligible) => Change::Enters,
            (None, _) => continue,
            (Some(Standing::Receives), FamilyOutcome::Kept) => Change::Noticed,
            (Some(_), FamilyOutcome::Kept) => Change::StillNoticed,
            (Some(Standing::Noticed(_) | Standing::Over), FamilyOutcome::Eligible) => Change::Restored,
            (Some(Standing::Receives), FamilyOutcome::Eligible) => match now.idr().cmp(&before) {
                std::cmp::Ordering::Less => Change::Less,
                std::cmp::Ordering::Greater => Change::More,
                std::cmp::Ordering::Equal => continue,
            },
            (Some(Standing::Over), _) => Change::Ends,
            (Some(_), _) => Change::Replaced,
        };
        out.push(ChangeLine {
            family_id,
            region: regions.paths[regions.of[row] as usize].clone(),
            what,
            reason: settled.reason(row),
            unknown: settled.is_unknown(row),
            before_idr: Rupiah::new(before),
            amount_idr: now,
            noticed: match held.map(|held| held.standing) {
                Some(Standing::Noticed(day)) => civil_from_epoch_days(day),
                _ => None,
            },
            into: None,
        });
    }
    out.extend(gone.map(gone_line));
    Ok(out)
}

fn gone_line(gone: &Gone) -> ChangeLine {
    let what = match gone.standing {
        Standing::Over => Change::Ends,
        _ if gone.fate.into.is_some() => Change::Merged,
        _ if !gone.reserved => Change::Dissolved,
        Standing::Noticed(_) => Change::StillGone,
        Standing::Receives => Change::Gone,
    };
    ChangeLine {
        family_id: gone.family,
        region: gone.region.clone(),
        what,
        reason: Some(gone::place_of(gone.fate.kind)),
        unknown: false,
        before_idr: Rupiah::new(gone.amount),
        amount_idr: Rupiah::ZERO,
        noticed: match gone.standing {
            Standing::Noticed(day) => civil_from_epoch_days(day),
            _ => None,
        },
        into: gone.fate.into,
    }
}

/// Sums by region at every level.
pub(crate) fn sums(lines: &[ChangeLine]) -> Result<Sums, RupiahOverflow> {
    let mut by_village: BTreeMap<(&str, Change), (i64, Rupiah, Rupiah)> = BTreeMap::new();
    for line in lines {
        let sum = by_village.entry((&line.region, line.what)).or_default();
        *sum = (sum.0 + 1, sum.1.plus(line.before_idr)?, sum.2.plus(line.amount_idr)?);
    }
    let mut out = Sums::new();
    for ((village, what), (families, before, now)) in by_village {
        for region in upwards(village) {
            let sum = out.entry((region, what)).or_default();
            *sum = (sum.0 + families, sum.1.plus(before)?, sum.2.plus(now)?);
        }
    }
    Ok(out)
}

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("family_id", DataType::Int64, false),
        Field::new("region", DataType::Utf8, false),
        Field::new("what", DataType::Int8, false),
        Field::new("reason", DataType::Int32, true),
        Field::new("unknown", DataType::Boolean, false),
        Field::new("before_idr", DataType::Int64, false),
        Field::new("amount_idr", DataType::Int64, false),
        Field::new("noticed", DataType::Date32, true),
        Field::new("into", DataType::Int64, true),
    ])
}

/// Writes them beside the list.
pub(crate) fn write(house: &House, name: &str, lines: &[ChangeLine], origin: Origin) -> Result<()> {
    let schema = Arc::new(schema());
    let mut writer = house.lake.writer(name, Arc::clone(&schema), WriteOptions::sorted_by(&["family_id"]))?;
    for part in lines.chunks(64 * 1024) {
        let int = |of: fn(&ChangeLine) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(part.iter().map(of)))
        };
        let columns: Vec<ArrayRef> = vec![
            int(|line| line.family_id),
            Arc::new(StringArray::from_iter_values(part.iter().map(|line| line.region.as_str()))),
            Arc::new(Int8Array::from_iter_values(part.iter().map(|line| line.what.code()))),
            Arc::new(part.iter().map(|line| line.reason.map(|place| place as i32)).collect::<Int32Array>()),
            Arc::new(BooleanArray::from(part.iter().map(|line| line.unknown).collect::<Vec<_>>())),
            int(|line| line.before_idr.idr()),
            int(|line| line.amount_idr.idr()),
            Arc::new(part.iter().map(|line| line.noticed.map(epoch_days)).collect::<Date32Array>()),
            Arc::new(part.iter().map(|line| line.into).collect::<Int64Array>()),
        ];
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
    }
    writer.finish(origin, house.clock.as_ref())?;
    Ok(())
}

/// Keeps the sums in the database.
pub(crate) fn save(tx: &mut Tx<'_>, run: &str, sums: &Sums) -> Result<(), store::Error> {
    const COLUMNS: &[&str] = &["run", "region", "level", "what", "families", "before_idr", "amount_idr"];
    let row = |((region, what), (families, before, now)): (&(String, Change), &(i64, Rupiah, Rupiah))| {
        params![run, region, level_of(region), what.code(), *families, *before, *now].to_vec()
    };
    tx.bulk("decision_change", COLUMNS, sums.iter().map(row)).map(|_| ())
}

/// The changes of a batch of the dataset of `run`.
pub(crate) fn lines_of(run: &str, batch: &RecordBatch) -> Result<Vec<ChangeLine>> {
    let broken = || Error::BrokenRun { run: run.to_owned(), why: "its changes cannot be read".to_owned() };
    let column = |name: &str| batch.column_by_name(name).ok_or_else(broken);
    let what = column("what")?.as_primitive_opt::<Int8Type>().ok_or_else(broken)?;
    let reason = column("reason")?.as_primitive_opt::<Int32Type>().ok_or_else(broken)?;
    let unknown = column("unknown")?.as_boolean_opt().ok_or_else(broken)?;
    let noticed = column("noticed")?.as_primitive_opt::<Date32Type>().ok_or_else(broken)?;
    let ids = int64(batch, "family_id")?;
    let [before, now] = ["before_idr", "amount_idr"].map(|name| int64(batch, name));
    let (before, now): (&arrow_array::PrimitiveArray<Int64Type>, _) = (before?, now?);
    let regions = text_column(batch, "region");
    // Lists of the format before do not say it.
    let into = batch.column_by_name("into").and_then(|column| column.as_primitive_opt::<Int64Type>());
    let line = |row: usize| -> Result<ChangeLine> {
        Ok(ChangeLine {
            family_id: ids.value(row),
            region: regions[row].unwrap_or_default().to_owned(),
            what: Change::from_code(what.value(row).into()).ok_or_else(broken)?,
            reason: reason.is_valid(row).then(|| reason.value(row).unsigned_abs()),
            unknown: unknown.value(row),
            before_idr: Rupiah::new(before.value(row)),
            amount_idr: Rupiah::new(now.value(row)),
            noticed: if noticed.is_valid(row) { civil_from_epoch_days(noticed.value(row)) } else { None },
            into: into.filter(|into| into.is_valid(row)).map(|into| into.value(row)),
        })
    };
    (0..batch.num_rows()).map(line).collect()
}

/// What a run changes in the territory, and one level below it; empty for a run that follows no list, and for whoever has a caseload.
///
/// # Errors The database's.
pub fn change_counts(house: &House, scope: &Scope, run: &str) -> Result<Vec<ChangeCount>> {
    if scope.caseload() != 0 {
        return Ok(Vec::new());
    }
    let own = level_number(scope.region().level());
    let (from, to) = scope.path_range();
    let values = params![run, own, (own + 1).min(4), from, to];
    let rows = house.db.read(|tx| tx.query(&queries::CHANGES_OF, values))?;
    let read = |row: &store::Row| -> Result<ChangeCount> {
        let broken = || Error::BrokenRun { run: run.to_owned(), why: "a change without meaning".to_owned() };
        Ok(ChangeCount {
            region: row.string(0)?,
            what: Change::from_code(row.int(1)?).ok_or_else(broken)?,
            families: row.int(2)?,
            before_idr: row.rupiah(3)?,
            amount_idr: row.rupiah(4)?,
        })
    };
    rows.iter().map(read).collect()
}

/// The codes of a run's conditions, by place.
pub(crate) fn codes(tx: &mut Tx<'_>, run: &str) -> Result<Vec<String>, store::Error> {
    let mut codes: Vec<String> = Vec::new();
    for row in tx.query(&queries::CONDITIONS, params![run])? {
        let place = usize::try_from(row.int(0)?).unwrap_or_default();
        codes.resize(codes.len().max(place + 1), String::new());
        codes[place] = row.string(1)?;
    }
    Ok(codes)
}

/// The codes of a run's reasons by place: of its conditions, and of what became of families that are gone.
pub(crate) struct Codes {
    conditions: Vec<String>,
    gone: Vec<String>,
}

impl Codes {
    pub(crate) fn of(house: &House, tx: &mut Tx<'_>, run: &str) -> Result<Self, store::Error> {
        let settings = &house.policy.settings().notice;
        let code = |kind| settings.gone_of(kind).map_or_else(String::new, |reason| reason.code.clone());
        Ok(Self { conditions: codes(tx, run)?, gone: GoneKind::ALL.map(code).to_vec() })
    }

    /// The code of a line's reason; empty where it has none.
    pub(crate) fn reason(&self, line: &ChangeLine) -> &str {
        let code = line.reason.and_then(|place| match place.checked_sub(gone::FIRST_PLACE) {
            Some(kind) => self.gone.get(kind as usize),
            None => self.conditions.get(place as usize),
        });
        code.map_or("", String::as_str)
    }
}

/// Families of a run with one change, in the scope, by id; each with the code and the words of its reason, empty where it has none.
///
/// # Errors [`Error::NoRun`], the lake's, or a mark that is none.
pub fn change_lines(
    house: &House,
    scope: &Scope,
    run: &str,
    what: Change,
    page: &Page,
) -> Result<Paged<(ChangeLine, String, Label)>> {
    let run = read_run_by_id(house, run)?;
    let (after, wanted) = (page.after_int(i64::MIN)?, page.rows() + 1);
    let mut lines = Vec::new();
    if let Some(list) = house.lake.dataset(&dataset_name(&run))? {
        let own = own_families(house, scope)?;
        for group in groups_from(&list, after)? {
            let found = lines_of(&run.run, &list.read_group(group, &[])?)?;
            let fits = |line: &ChangeLine| {
                line.what == what
                    && line.family_id > after
                    && !outside(scope, &line.region)
                    && own.as_ref().is_none_or(|own| own.binary_search(&line.family_id).is_ok())
            };
            lines.extend(found.into_iter().filter(fits).take(wanted - lines.len()));
            if lines.len() >= wanted {
                break;
            }
        }
    }
    let codes = house.db.read(|tx| Codes::of(house, tx, &run.run))?;
    let told = |line: ChangeLine| {
        let code = codes.reason(&line).to_owned();
        let words = crate::views::reason_text(&house.policy, &run, &code);
        (line, code, words)
    };
    Ok(page.page(lines.into_iter().map(told).collect(), |(line, _, _)| vec![line.family_id.into()]))
}

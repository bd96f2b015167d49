//! What comes back from the field: a case that was settled tells what was found, and it becomes a record of the list of field reports.
//!
//! In: reports, each of one line of a case's history (and the deaths of [`crate::urgent`]). Out: before each
//! consolidation a list of all that wait, kept in the lake as any received list is: the rows as reported, their canonical columns, the
//! words of the list read by its own source file. A record about a known family is tied to it by a decision, one about a new family is
//! linked like any other. Must never happen: a report that counts twice, one that is edited (a correction is a newer row and outranks),
//! a finding that excludes anybody: it is a fact with its day and its case, for rules and people to judge.

use std::{collections::BTreeMap, sync::Arc};

use access::{House, Scope};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray,
    new_null_array,
};
use arrow_schema::{DataType, Field, Schema};
use jiff::civil::Date;
use lake::{Lake, Origin, WriteOptions};
use model::{FamilyId, KkNumber, Month, Nik, RecordId, RegionCode};
use policy::{FIELD_RESULT, Source};
use store::{Tx, next_number, params};

use crate::version::{self, boolean, int64};
use crate::{Error, Result, load, queries};

/// The source whose records field reports are.
pub(crate) const FIELD_SOURCE: &str = "lapangan";
/// Canonical columns in which a family carries what was found last: the result, its day, its case.
pub(crate) const MARKS: [&str; 3] = [FIELD_RESULT, "field_day", "field_case"];
/// Longest text that is taken over.
const TEXT_MAX: usize = 200;
/// Between the cells of a kept row.
const CELL: &str = "\u{1f}";

/// What a case settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldReport {
    /// The case.
    pub case: i64,
    /// The line of its history that settled it.
    pub seq: i64,
    /// The family it is about; 0 for one that the registry does not know.
    pub family: FamilyId,
    /// Where the case lies: the village of a new family.
    pub region: RegionCode,
    /// The day of the finding.
    pub day: Date,
    /// The day of the step that settled it: it says for which month the report counts.
    pub settled_on: Date,
    /// What was found, in a word of the list.
    pub finding: String,
    /// Of a new family: `name`, `nik`, `kk`, `address` as they were written.
    pub person: BTreeMap<String, String>,
    /// Who settled it.
    pub actor: (i64, String),
}

/// Keeps a report for the next consolidation; none where this line of the case was told before.
///
/// # Errors
/// A scope of another action; [`Error::NoFieldSource`]; [`Error::NotFound`] where the family is not known any more.
pub fn field_report(house: &House, scope: &Scope, report: &FieldReport) -> Result<Option<i64>> {
    if scope.action() != "case.work" {
        let denied = access::Error::Denied { role: scope.role().to_owned(), action: "case.work".to_owned() };
        return Err(denied.into());
    }
    let source = source(house)?;
    let facts = serde_json::to_string(&facts_of(report))
        .map_err(|error| Error::Damaged(format!("report of case {}: {error}", report.case)))?;
    let known = source
        .columns
        .iter()
        .any(|column| column.to == FIELD_RESULT && column.map.contains_key(&report.finding.to_uppercase()));
    if !known {
        return Err(Error::Damaged(format!("the list of field reports has no word `{}`", report.finding)));
    }
    let month = house.policy.settings().closing.month_of(report.settled_on).to_string();
    house.db.write(|tx| {
        if tx.query_opt(&queries::FIELD_TOLD, params![report.case, report.seq])?.is_some() {
            return Ok(None);
        }
        let head = match report.family.0 {
            0 => 0,
            family => tx.query_opt(&queries::FIELD_HEAD, params![family])?.ok_or(Error::NotFound)?.int(0)?,
        };
        let change = next_number(tx, "urgent_change", 1)?;
        let (user, actor) = (report.actor.0, report.actor.1.as_str());
        let now = house.clock.now_ms();
        let row = params![
            change,
            head,
            report.family,
            report.day.to_string(),
            user,
            actor,
            now,
            report.case,
            report.seq,
            &facts,
            &month
        ];
        tx.execute(&queries::FIELD_ADD, row)?;
        let subject = format!("case:{}", report.case);
        let detail = format!("field-report={change} finding={} month={month}", report.finding);
        access::audit(tx, house.clock.as_ref(), scope.actor_pair(), scope.action(), &subject, &detail)?;
        Ok(Some(change))
    })
}

/// The canonical columns of a report, as texts.
fn facts_of(report: &FieldReport) -> BTreeMap<String, String> {
    let mut facts: BTreeMap<String, String> = [
        (FIELD_RESULT.to_owned(), report.finding.clone()),
        ("field_day".to_owned(), report.day.to_string()),
        ("field_case".to_owned(), report.case.to_string()),
    ]
    .into();
    if report.family.0 == 0 {
        let written = report.person.iter().filter(|(_, text)| !text.trim().is_empty());
        facts.extend(written.map(|(key, text)| (key.clone(), text.trim().chars().take(TEXT_MAX).collect())));
        facts.insert("region".to_owned(), report.region.as_str().to_owned());
        // Whoever is proposed is the head of the family that is proposed.
        facts.insert("relation".to_owned(), "1".to_owned());
    }
    facts
}

/// Reports that wait because they count for a later month than this one.
///
/// # Errors
/// The store's.
pub fn waiting_after(house: &House, _scope: &Scope, month: Month) -> Result<i64> {
    house.db.read(|tx| Ok(tx.query_one(&queries::FIELD_WAITING, params![month.to_string()])?.int(0)?))
}

/// A report on its way to becoming a record.
struct Report {
    change_id: i64,
    person_id: i64,
    family_id: i64,
    evidence: String,
    user_id: i64,
    actor: String,
    case: Option<(i64, i64)>,
    facts: BTreeMap<String, String>,
}

/// Makes a list of field reports out of all that wait and may be taken, with a decision for each that ties its record to the person.
/// Continues where a crash left it. Answers how many reports became records.
///
/// # Errors [`Error::NoFieldSource`]; the store's and the lake's.
pub fn take_in(house: &House) -> Result<i64> {
    let Some(version) = version::latest(&house.lake)? else { return Ok(0) };
    let mut taken = 0;
    // At most two rounds: the list that a crash left unfinished, then the reports that are open.
    for _ in 0..2 {
        let Some(file) = assign(house)? else { break };
        taken += write_list(house, file, version.number)?;
    }
    Ok(taken)
}

/// The unfinished list if there is one; else a new number for the open reports; none if there is nothing to do.
fn assign(house: &House) -> Result<Option<i64>> {
    house.db.write(|tx| {
        if let Some(row) = tx.query_opt(&queries::URGENT_UNFINISHED, &[])? {
            return Ok(Some(row.int(0)?));
        }
        let until = last_month(tx, house)?.to_string();
        let open = tx.query(&queries::URGENT_OPEN, params![until])?;
        if open.is_empty() {
            return Ok(None);
        }
        let file = next_number(tx, "list_file", 1)?;
        // Within a list the first row of equals is believed: the newest stands first.
        let rows = open.iter().rev().zip(0i64..);
        let rows = rows.map(|(row, at)| Ok(params![row.int(0)?, file, at].to_vec()));
        let rows: Vec<_> = rows.collect::<Result<_, store::Error>>()?;
        tx.execute_many(&queries::URGENT_ASSIGN, rows)?;
        Ok(Some(file))
    })
}

/// The last month whose reports may be taken in: what was settled after the cut-off of a month waits until that month is closed, but
/// not beyond the first day of its own.
fn last_month(tx: &mut Tx<'_>, house: &House) -> Result<Month> {
    let current = Month::of(house.clock.today());
    let closed = tx.query_opt(&queries::CLOSED_LAST, &[])?.map(|row| row.string(0)).transpose()?;
    let open = closed.and_then(|month| month.parse::<Month>().ok()).map(Month::next);
    Ok(open.map_or(current, |open| open.max(current)))
}

fn source(house: &House) -> Result<&Source> {
    house.policy.source(FIELD_SOURCE).ok_or_else(|| Error::NoFieldSource(FIELD_SOURCE.to_owned()))
}

fn write_list(house: &House, file: i64, version: i64) -> Result<i64> {
    let source = source(house)?;
    let rows = house.db.read(|tx| tx.query(&queries::URGENT_OF_FILE, params![file]))?;
    let mut reports = Vec::with_capacity(rows.len());
    for row in rows {
        let mut facts: BTreeMap<String, String> = serde_json::from_str(row.text(10)?)
            .map_err(|error| Error::Damaged(format!("urgent_change.facts: {error}")))?;
        if row.text(3)? == "death" {
            facts.insert("death_date".to_owned(), row.date(4)?.to_string());
        }
        reports.push(Report {
            change_id: row.int(0)?,
            person_id: row.int(1)?,
            family_id: row.int(2)?,
            evidence: row.string(5)?,
            user_id: row.int(6)?,
            actor: row.string(7)?,
            case: row.opt_int(8)?.zip(row.opt_int(9)?),
            facts,
        });
    }
    let mut told = Vec::with_capacity(reports.len());
    for report in reports {
        let tie = match report.person_id {
            0 => None,
            person => a_record_of(&house.lake, version, person)?,
        };
        // Whoever has no record any more cannot be told of by one: such a report stays a report.
        if tie.is_some() || report.person_id == 0 {
            told.push((report, tie));
        }
    }
    let (reports, ties): (Vec<Report>, Vec<Option<i64>>) = told.into_iter().unzip();
    let records = records(house, source, file, &reports)?;
    raw(house, source, file, &reports)?;
    let as_of = house.clock.today().to_string();
    let now = house.clock.now_ms();
    let count = reports.len() as i64;
    house.db.write(|tx| {
        for ((report, tie), row) in reports.iter().zip(&ties).zip(0u32..) {
            let Some(tie) = tie else { continue };
            let record = RecordId::new(file as u32, row).0;
            let decision = next_number(tx, "link_decision", 1)?;
            let (left, right) = (record.min(*tie), record.max(*tie));
            tx.execute(
                &queries::DECISION_ADD,
                params![decision, left, right, 1, None::<f64>, report.user_id, &report.actor, now],
            )?;
        }
        let name = format!("laporan-lapangan-{file}");
        let dataset = format!("records/{file}");
        tx.execute(
            &queries::LIST_ADD,
            params![
                file,
                FIELD_SOURCE,
                &name,
                &records.hash,
                records.bytes as i64,
                &as_of,
                now,
                "registry",
                count,
                &dataset,
                house.policy.hash()
            ],
        )?;
        tx.execute(&queries::URGENT_TAKEN, params![file])?;
        Ok::<_, Error>(())
    })?;
    Ok(count)
}

/// A record that belongs to the person in a version, through its aliases.
fn a_record_of(lake: &Lake, version: i64, person: i64) -> Result<Option<i64>> {
    let aliases = lake.require(&version::name(version, "aliases"))?;
    let alias = int64(&aliases.lookup("old_id", &[person], &["new_id"])?, "new_id")?;
    let person = if alias.len() == 1 && alias.is_valid(0) { alias.value(0) } else { person };
    let links = lake.require(&version::name(version, "links"))?;
    let found = links.lookup("person_id", &[person], &["record_id", "current"])?;
    let (ids, current) = (int64(&found, "record_id")?, boolean(&found, "current")?);
    let best = (0..ids.len()).min_by_key(|&row| (!current.value(row), ids.value(row)));
    Ok(best.map(|row| ids.value(row)))
}

/// The records: what each report says, read by the list's own source file. Whose it is, says the decision that goes with it.
fn records(house: &House, source: &Source, file: i64, reports: &[Report]) -> Result<lake::Manifest> {
    let count = reports.len();
    let ids = (0..count as u32).map(|row| RecordId::new(file as u32, row).0);
    let mut fields =
        vec![Field::new("record_id", DataType::Int64, false), Field::new("line", DataType::Int32, false)];
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids)),
        Arc::new(Int32Array::from_iter_values(1..=count as i32)),
    ];
    for column in load::canonical(house) {
        arrays.push(values(source, &column.name, &column.data_type, reports));
        fields.push(Field::new(column.name, column.data_type, true));
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    put(house, &format!("records/{file}"), &batch, "")
}

/// One column of the records; null where a report says nothing, or nothing that fits.
fn values(source: &Source, name: &str, data_type: &DataType, reports: &[Report]) -> ArrayRef {
    let map = source.columns.iter().find(|column| column.to == name).map(|column| &column.map);
    let texts = || reports.iter().map(|report| report.facts.get(name).map(String::as_str));
    let number = |text: &str| -> Option<i64> {
        match (name, map) {
            ("nik", _) => Nik::parse(text).ok().map(Nik::number),
            ("kk", _) => KkNumber::parse(text).ok().map(KkNumber::number),
            (_, Some(map)) if !map.is_empty() => {
                map.get(&text.to_uppercase()).copied().or_else(|| text.parse().ok())
            }
            _ => text.parse().ok(),
        }
    };
    let small = |text: &str| number(text).and_then(|number| i32::try_from(number).ok());
    match data_type {
        DataType::Utf8 => Arc::new(texts().collect::<StringArray>()),
        DataType::Int64 => Arc::new(texts().map(|text| text.and_then(number)).collect::<Int64Array>()),
        DataType::Int32 => Arc::new(texts().map(|text| text.and_then(small)).collect::<Int32Array>()),
        DataType::Date32 => {
            let day = |text: &str| model::parse_date(text).ok().map(model::epoch_days);
            Arc::new(texts().map(|text| text.and_then(day)).collect::<Date32Array>())
        }
        DataType::Boolean => {
            let truth = |text: &str| number(text).map(|number| number == 1);
            Arc::new(texts().map(|text| text.and_then(truth)).collect::<BooleanArray>())
        }
        other => new_null_array(other, reports.len()),
    }
}

/// The rows as they were reported: whose, by whom, from which line of which case, and the columns of the list.
fn raw(house: &House, source: &Source, file: i64, reports: &[Report]) -> Result<lake::Manifest> {
    let count = reports.len();
    let ids = (0..count as u32).map(|row| RecordId::new(file as u32, row).0);
    let mut header: Vec<&str> =
        vec!["nomor_laporan", "id_orang", "id_keluarga", "bukti", "pelapor", "langkah_kasus"];
    header.extend(source.columns.iter().map(|column| column.from.as_str()));
    let cells = reports.iter().map(|report| {
        let step = report.case.map_or_else(String::new, |(case, seq)| format!("{case}/{seq}"));
        let mut cells = vec![
            report.change_id.to_string(),
            report.person_id.to_string(),
            report.family_id.to_string(),
            report.evidence.clone(),
            report.actor.clone(),
            step,
        ];
        let said = source.columns.iter().map(|column| report.facts.get(&column.to).cloned());
        cells.extend(said.map(Option::unwrap_or_default));
        cells.join(CELL)
    });
    let fields = vec![
        Field::new("record_id", DataType::Int64, false),
        Field::new("line", DataType::Int32, false),
        Field::new("sheet", DataType::Utf8, true),
        Field::new("cells", DataType::Utf8, false),
    ];
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids)),
        Arc::new(Int32Array::from_iter_values(1..=count as i32)),
        new_null_array(&DataType::Utf8, count),
        Arc::new(StringArray::from_iter_values(cells)),
    ];
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    put(house, &format!("raw/{file}"), &batch, &header.join(CELL))
}

fn put(house: &House, name: &str, batch: &RecordBatch, header: &str) -> Result<lake::Manifest> {
    let mut origin =
        Origin { made_by: "registry".into(), policy: house.policy.hash().to_owned(), ..Origin::default() };
    if !header.is_empty() {
        origin.note.insert("header".to_owned(), header.to_owned());
    }
    let mut writer = house.lake.writer(name, batch.schema(), WriteOptions::sorted_by(&["record_id"]))?;
    writer.write(batch)?;
    Ok(writer.finish(origin, house.clock.as_ref())?)
}

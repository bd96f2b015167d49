//! Where checked blocks go, in the order of the file: three datasets, the counts, and the findings that the database keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, UInt64Array, new_null_array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use lake::{DatasetWriter, Lake, Origin, WriteOptions};
use model::{Clock, RecordId};
use policy::SourceKind;
use rustc_hash::FxHashSet;
use store::{Value, params};

use super::Error;
use super::check::{Checked, Finding};
use super::finding::{Rule, Secret, Severity, mask};
use super::limits::Limits;
use super::plan::Plan;
use super::refusal::Refusal;

const WRITE_ROWS: usize = 64 * 1024;

/// What was read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) rows: u64,
    pub(crate) accepted: u64,
    pub(crate) findings: u64,
    pub(crate) by_rule: BTreeMap<&'static str, u64>,
    /// Of a rank list: the newest day on which anybody was ranked, in days since 1970-01-01.
    pub(crate) newest_rank: Option<i32>,
}

pub(crate) struct Sink<'a> {
    file_no: u32,
    sheet: Option<String>,
    plan: &'a Plan,
    limits: Limits,
    schema: SchemaRef,
    raw: DatasetWriter,
    records: DatasetWriter,
    rejects: DatasetWriter,
    /// Rank rows wait: they are sorted by family card before they are written.
    ranks: Vec<RecordBatch>,
    seen_kk: FxHashSet<i64>,
    kept: Vec<Vec<Value>>,
    pub(crate) counts: Counts,
}

/// Names of the datasets of one list.
pub(crate) fn dataset_name(kind: SourceKind, file_no: u32) -> String {
    match kind {
        SourceKind::People => format!("records/{file_no}"),
        SourceKind::Rank => format!("rank/{file_no}"),
    }
}

fn raw_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("record_id", DataType::Int64, false),
        Field::new("line", DataType::Int32, false),
        Field::new("sheet", DataType::Utf8, true),
        Field::new("cells", DataType::Utf8, false),
    ]))
}

fn rejects_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("seq", DataType::Int64, false),
        Field::new("record_id", DataType::Int64, true),
        Field::new("line", DataType::Int32, false),
        Field::new("sheet", DataType::Utf8, true),
        Field::new("column", DataType::Utf8, false),
        Field::new("rule", DataType::Utf8, false),
        Field::new("severity", DataType::Int32, false),
        Field::new("masked", DataType::Utf8, false),
        Field::new("region", DataType::Utf8, true),
    ]))
}

impl<'a> Sink<'a> {
    pub(crate) fn new(
        lake: &Lake,
        file_no: u32,
        sheet: Option<String>,
        plan: &'a Plan,
        limits: Limits,
    ) -> Result<Self, Error> {
        let options = |key: &str| WriteOptions {
            row_group_rows: WRITE_ROWS,
            sorted_by: vec![key.to_owned()],
            ..WriteOptions::default()
        };
        let schema = plan.schema();
        let key = if plan.kind == SourceKind::Rank { "kk" } else { "record_id" };
        let name = dataset_name(plan.kind, file_no);
        let mut sink = Self {
            raw: lake.writer(&format!("raw/{file_no}"), raw_schema(), options("record_id"))?,
            records: lake.writer(&name, Arc::clone(&schema), options(key))?,
            rejects: lake.writer(&format!("rejects/{file_no}"), rejects_schema(), options("seq"))?,
            file_no,
            sheet,
            plan,
            limits,
            schema,
            ranks: Vec::new(),
            seen_kk: FxHashSet::default(),
            kept: Vec::new(),
            counts: Counts::default(),
        };
        sink.note_missing_columns()?;
        Ok(sink)
    }

    /// Takes the next block of the file.
    pub(crate) fn take(&mut self, checked: Checked) -> Result<(), Error> {
        let rows = checked.lines.len();
        if self.counts.rows + rows as u64 > u64::from(self.limits.rows) {
            return Err(Refusal::TooLarge { what: "rows", limit: self.limits.rows.into() }.into());
        }
        let first = RecordId::new(self.file_no, self.counts.rows as u32).0;
        let ids = Int64Array::from_iter_values(first..first + rows as i64);
        let lines = Int32Array::from(checked.lines);
        self.write_raw(&ids, &lines, checked.raw)?;
        let mut findings = checked.findings;
        let accepted = match self.plan.kind {
            SourceKind::People => self.write_people(&ids, &lines, &checked.accepted, checked.columns)?,
            SourceKind::Rank => self.keep_ranks(&lines, &checked.accepted, checked.columns, &mut findings)?,
        };
        let region = |row: u32| {
            let known = checked.regions.as_ref().filter(|regions| regions.is_valid(row as usize))?;
            Some(known.value(row as usize).to_owned())
        };
        self.write_findings(&findings, |row| {
            (Some(first + i64::from(row)), lines.value(row as usize), region(row))
        })?;
        self.counts.rows += rows as u64;
        self.counts.accepted += accepted;
        Ok(())
    }

    fn write_raw(
        &mut self,
        ids: &Int64Array,
        lines: &Int32Array,
        cells: arrow_array::StringArray,
    ) -> Result<(), Error> {
        let sheet: ArrayRef = match &self.sheet {
            Some(sheet) => Arc::new(arrow_array::StringArray::from(vec![sheet.as_str(); ids.len()])),
            None => new_null_array(&DataType::Utf8, ids.len()),
        };
        let columns: Vec<ArrayRef> =
            vec![Arc::new(ids.clone()), Arc::new(lines.clone()), sheet, Arc::new(cells)];
        Ok(self.raw.write(&RecordBatch::try_new(raw_schema(), columns)?)?)
    }

    fn write_people(
        &mut self,
        ids: &Int64Array,
        lines: &Int32Array,
        accepted: &BooleanArray,
        mut columns: Vec<ArrayRef>,
    ) -> Result<u64, Error> {
        let ids = arrow_select::filter::filter(ids, accepted)?;
        let lines = arrow_select::filter::filter(lines, accepted)?;
        let mut all = Vec::with_capacity(columns.len() + 2);
        all.extend([ids, lines]);
        all.append(&mut columns);
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), all)?;
        self.records.write(&batch)?;
        Ok(batch.num_rows() as u64)
    }

    /// One family, one rank: a card that stands twice is rejected the second time.
    fn keep_ranks(
        &mut self,
        lines: &Int32Array,
        accepted: &BooleanArray,
        mut columns: Vec<ArrayRef>,
        findings: &mut Vec<Finding>,
    ) -> Result<u64, Error> {
        let rows: Vec<u32> = (0..lines.len() as u32).filter(|&row| accepted.value(row as usize)).collect();
        columns.push(arrow_select::filter::filter(lines, accepted)?);
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        let cards = batch.column(0).as_primitive::<Int64Type>();
        let mut fresh = Vec::with_capacity(rows.len());
        for (card, row) in cards.values().iter().zip(&rows) {
            fresh.push(self.seen_kk.insert(*card));
            if !fresh[fresh.len() - 1] {
                let masked = mask(&card.to_string(), Secret::Number);
                let column = self.plan.column_to("kk").map(|place| self.plan.columns[place].from.clone());
                let column = column.unwrap_or_default();
                findings.push(Finding { row: *row, column, rule: Rule::KkTwice, masked });
            }
        }
        findings.sort_by_key(|finding| finding.row);
        let batch = arrow_select::filter::filter_record_batch(&batch, &BooleanArray::from(fresh))?;
        let kept = batch.num_rows() as u64;
        let days = batch.column_by_name("rank_date").and_then(|days| days.as_primitive_opt::<Date32Type>());
        self.counts.newest_rank =
            days.and_then(|days| days.iter().flatten().max()).max(self.counts.newest_rank);
        self.ranks.push(batch);
        Ok(kept)
    }

    fn note_missing_columns(&mut self) -> Result<(), Error> {
        let found: Vec<Finding> = self
            .plan
            .missing
            .iter()
            .map(|column| Finding {
                row: 0,
                column: column.clone(),
                rule: Rule::ColumnMissing,
                masked: String::new(),
            })
            .collect();
        let line = self.plan.skip_rows.max(1) as i32;
        self.write_findings(&found, |_| (None, line, None))
    }

    fn write_findings(
        &mut self,
        findings: &[Finding],
        place: impl Fn(u32) -> (Option<i64>, i32, Option<String>),
    ) -> Result<(), Error> {
        if findings.is_empty() {
            return Ok(());
        }
        let rows = findings.len();
        let (mut ids, mut lines) = (Int64Builder::with_capacity(rows), Int32Builder::with_capacity(rows));
        let mut severities = Int32Builder::with_capacity(rows);
        let mut texts: [StringBuilder; 5] = std::array::from_fn(|_| StringBuilder::new());
        let first = self.counts.findings as i64;
        for (seq, finding) in (first..).zip(findings) {
            let (id, line, region) = place(finding.row);
            let severity = finding.rule.severity();
            ids.append_option(id);
            lines.append_value(line);
            severities.append_value(severity.code() as i32);
            let [sheet, column, rule, masked, regions] = &mut texts;
            sheet.append_option(self.sheet.as_deref());
            column.append_value(&finding.column);
            rule.append_value(finding.rule.code());
            masked.append_value(&finding.masked);
            regions.append_option(region.as_deref());
            *self.counts.by_rule.entry(finding.rule.code()).or_default() += 1;
            self.keep(seq, line, finding, severity, region);
        }
        self.counts.findings += rows as u64;
        let [sheet, column, rule, masked, regions] = texts.each_mut().map(StringBuilder::finish);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(first..first + rows as i64)),
            Arc::new(ids.finish()),
            Arc::new(lines.finish()),
            Arc::new(sheet),
            Arc::new(column),
            Arc::new(rule),
            Arc::new(severities.finish()),
            Arc::new(masked),
            Arc::new(regions),
        ];
        Ok(self.rejects.write(&RecordBatch::try_new(rejects_schema(), columns)?)?)
    }

    /// Half of what the database keeps is set aside for rejected rows.
    fn keep(&mut self, seq: i64, line: i32, finding: &Finding, severity: Severity, region: Option<String>) {
        let room = match severity {
            Severity::Reject => self.limits.findings_kept,
            _ => self.limits.findings_kept / 2,
        };
        if self.kept.len() >= room {
            return;
        }
        let sheet = self.sheet.clone();
        let (column, rule) = (finding.column.clone(), finding.rule.code());
        let masked = finding.masked.clone();
        let row = params![
            i64::from(self.file_no),
            seq,
            sheet,
            i64::from(line),
            column,
            rule,
            severity.code(),
            masked,
            region
        ];
        self.kept.push(row.to_vec());
    }

    /// Makes everything durable: raw rows and findings first, so that records never stand without them.
    pub(crate) fn finish(
        mut self,
        origin: &Origin,
        clock: &dyn Clock,
    ) -> Result<(Counts, Vec<Vec<Value>>), Error> {
        self.write_ranks()?;
        self.raw.finish(origin.clone(), clock)?;
        self.rejects.finish(origin.clone(), clock)?;
        self.records.finish(origin.clone(), clock)?;
        Ok((self.counts, self.kept))
    }

    fn write_ranks(&mut self) -> Result<(), Error> {
        if self.ranks.is_empty() {
            return Ok(());
        }
        let all = arrow_select::concat::concat_batches(&self.schema, &std::mem::take(&mut self.ranks))?;
        let cards = all.column(0).as_primitive::<Int64Type>();
        let mut order: Vec<u64> = (0..all.num_rows() as u64).collect();
        order.sort_unstable_by_key(|&row| cards.value(row as usize));
        let sorted = arrow_select::take::take_record_batch(&all, &UInt64Array::from(order))?;
        Ok(self.records.write(&sorted)?)
    }
}

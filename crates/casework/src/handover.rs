//! Devices handed over (hearing aids, glasses, wheelchairs): one row an item, each linked to the person who got it, so that
//! hand-overs and people are two counts and nobody has to guess which one a total is. In: a CSV file. Out: all of its rows or none,
//! every fault with line, column and remedy; and the rows behind a count, page by page. The same file again changes nothing. Never
//! here: a count (see `report`), a person who is not in the registry or outside the territory, half a file.

use std::collections::BTreeMap;

use access::{House, Scope, audit};
use jiff::civil::Date;
use model::{Rupiah, UserId};
use rowfile::{FAULTS_MAX, Faults, Row as Cells, Shape};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, next_number, params};

use crate::{Result, queries};

/// Columns of the file, in any order; nothing else is read.
pub const HANDOVER_COLUMNS: [&str; 6] =
    ["person_id", "programme", "item_id", "value_idr", "given_on", "document"];

const SHAPE: Shape = Shape { columns: &HANDOVER_COLUMNS, optional: &[], unique: None, rows_max: 500_000 };
/// Largest file in bytes.
pub const HANDOVER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The dearest device that is believed, in rupiah.
const VALUE_MAX: i64 = 10_000_000_000;
const ITEM_CHARS_MAX: usize = 60;
const DOCUMENT_CHARS_MAX: usize = 120;
const FIRST_YEAR: i16 = 1990;

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HandoversTaken {
    /// Number of this import, as the audit log names it.
    pub import_no: i64,
    /// Rows of the file.
    pub rows: usize,
    /// Rows that were not there before.
    pub new: u64,
    /// Value of all rows of the file.
    pub value: Rupiah,
}

/// One hand-over as read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Handover {
    line: usize,
    person: i64,
    programme: String,
    item: String,
    given_on: Date,
    document: String,
    value: Rupiah,
}

/// Takes in a file of hand-overs, whole or not at all.
///
/// # Errors
/// [`crate::Error::Lines`] with every fault of the file; the store's.
pub fn take_handovers(house: &House, scope: &Scope, text: &str) -> Result<HandoversTaken> {
    let mut faults = Faults::default();
    let rows = read(house, text, &mut faults);
    let value = Rupiah::sum(rows.iter().map(|row| row.value)).unwrap_or_else(|_| {
        faults.add(1, "value_idr", "the values add up to more than money can be counted", "cut the file");
        Rupiah::ZERO
    });
    faults.done()?;
    house.db.write(|tx| {
        let import_no = next_number(tx, "handover_import", 1)?;
        stage(tx, import_no, &rows)?;
        check_stage(tx, scope, import_no)?;
        let new = tx.execute(&queries::HANDOVER_TAKE, params![import_no])?;
        tx.execute(&queries::HANDOVER_STAGE_CLEAR, params![import_no])?;
        let detail = format!("rows={} new={new}", rows.len());
        let actor: (UserId, &str) = (scope.actor(), scope.actor_name());
        let subject = format!("handover:{import_no}");
        audit(tx, house.clock.as_ref(), actor, "handover.import", &subject, &detail)?;
        Ok(HandoversTaken { import_no, rows: rows.len(), new, value })
    })
}

/// Which hand-overs are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandoverFilter {
    /// Of one year, or of all.
    pub year: Option<i16>,
    /// Key of the programme, empty for all.
    pub programme: String,
}

/// One hand-over with the person who got it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoverRow {
    /// The person by the number that holds today, after merging.
    pub person_id: i64,
    /// Name; none of a person whom the registry carries no longer.
    pub name: Option<String>,
    /// Family of the person; none likewise.
    pub family_id: Option<i64>,
    /// Village of the person, or where he or she lived when the row came in.
    pub region: String,
    /// Key of the programme.
    pub programme: String,
    /// Code of the item.
    pub item: String,
    /// Day of hand-over, ISO.
    pub given_on: String,
    /// The record of hand-over.
    pub document: String,
    /// Value of the item.
    pub value: Rupiah,
    /// The person's number in the file, which orders the list.
    #[serde(skip)]
    filed_under: i64,
}

/// The rows that a count of hand-overs is made of: the same territory, year and programme, those of a person together.
///
/// # Errors
/// The store's; a mark that is none.
pub fn handover_rows(
    house: &House,
    scope: &Scope,
    filter: &HandoverFilter,
    page: &Page,
) -> Result<Paged<HandoverRow>> {
    let (from, to) = scope.path_range();
    let (first, end) = match filter.year {
        Some(year) => (format!("{year:04}-01-01"), format!("{:04}-01-01", year.saturating_add(1))),
        None => ("0000".to_owned(), "9999".to_owned()),
    };
    let mut values = params![from, to, scope.caseload(), first, end, filter.programme.as_str()].to_vec();
    let start = || vec![Value::from(0), "".into(), "".into(), "".into(), "".into()];
    values.extend(page.keys(5)?.unwrap_or_else(start));
    values.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&queries::HANDOVERS_OF, &values))?;
    let rows = rows.iter().map(read_handover).collect::<Result<Vec<_>, store::Error>>()?;
    Ok(page.page(rows, |row| {
        let texts = [&row.programme, &row.item, &row.given_on, &row.document];
        let texts = texts.into_iter().map(|text| Value::from(text.as_str()));
        std::iter::once(Value::from(row.filed_under)).chain(texts).collect()
    }))
}

fn read_handover(row: &Row) -> Result<HandoverRow, store::Error> {
    Ok(HandoverRow {
        filed_under: row.int(0)?,
        programme: row.string(1)?,
        item: row.string(2)?,
        given_on: row.string(3)?,
        document: row.string(4)?,
        value: row.rupiah(5)?,
        person_id: row.int(6)?,
        name: row.opt_string(7)?,
        family_id: row.opt_int(8)?,
        region: row.string(9)?,
    })
}

fn stage(tx: &mut Tx<'_>, import_no: i64, rows: &[Handover]) -> Result<()> {
    const COLUMNS: &[&str] =
        &["import_no", "line", "person_id", "programme", "item", "given_on", "document", "value_idr"];
    let values = rows.iter().map(|row| {
        vec![
            Value::from(import_no),
            Value::from(row.line as i64),
            Value::from(row.person),
            Value::from(row.programme.as_str()),
            Value::from(row.item.as_str()),
            Value::from(row.given_on),
            Value::from(row.document.as_str()),
            Value::from(row.value),
        ]
    });
    tx.bulk("handover_stage", COLUMNS, values)?;
    Ok(())
}

/// What only the database knows: who the people are, and which hand-overs are there already.
fn check_stage(tx: &mut Tx<'_>, scope: &Scope, import_no: i64) -> Result<()> {
    let (from, to) = scope.path_range();
    let limit = FAULTS_MAX as i64 + 1;
    let mut faults = Faults::default();
    let at = |row: &Row| Ok::<_, store::Error>(usize::try_from(row.int(0)?).unwrap_or(0));
    let unknown = params![import_no, from, to, scope.caseload(), limit];
    for row in tx.query(&queries::HANDOVER_UNKNOWN, unknown)? {
        let message = format!("no person {} in this territory", row.int(1)?);
        faults.add(at(&row)?, "person_id", message, "search the person and write the number of the page");
    }
    for row in tx.query(&queries::HANDOVER_OTHER_VALUE, params![import_no, limit])? {
        let message = format!("this hand-over is known with the value {}", row.rupiah(1)?);
        faults.add(at(&row)?, "value_idr", message, "write the known value, or another document");
    }
    Ok(faults.done()?)
}

fn read(house: &House, text: &str, faults: &mut Faults) -> Vec<Handover> {
    let mut seen = BTreeMap::new();
    let rows = rowfile::read(text, &SHAPE, faults, |row, faults| {
        let one = read_row(house, row, faults)?;
        let key = (one.person, one.programme.clone(), one.item.clone(), one.given_on, one.document.clone());
        if let Some(first) = seen.insert(key, row.line) {
            let rule = format!("the same hand-over stands in line {first}");
            faults.add(row.line, "", rule, "keep one row, or number the items of one document");
        }
        Some(one)
    });
    rows.into_iter().map(|(_, one)| one).collect()
}

/// One row, when nothing is wrong with it.
fn read_row(house: &House, row: &Cells<'_>, faults: &mut Faults) -> Option<Handover> {
    let mut wrong = |column: &str, rule: &str, remedy: &'static str| faults.wrong(row, column, rule, remedy);
    let cell = |column: &str| row.cell(column);
    let person = row.digits("person_id").filter(|id| *id > 0);
    if person.is_none() {
        wrong(
            "person_id",
            "no number of a person",
            "write the number that the person's page shows, never a NIK",
        );
    }
    let programme = cell("programme");
    let topic = house.policy.figures().topics.get(programme);
    let handed_out =
        topic.is_some_and(|topic| topic.programme) || house.policy.programme(programme).is_some();
    if !handed_out {
        wrong("programme", "no programme", "write a key of the policy pack's programmes or topics");
    }
    let item = cell("item_id");
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let good_item = !item.is_empty() && item.len() <= ITEM_CHARS_MAX && item.chars().all(plain);
    if !good_item {
        wrong("item_id", "no code of an item", "write letters, digits and . _ - / only, 60 at most");
    }
    let value = row.digits("value_idr").filter(|idr| *idr <= VALUE_MAX);
    if value.is_none() {
        wrong("value_idr", "no value in whole rupiah", "write digits only, such as 3026943");
    }
    let today = house.clock.today();
    let given_on = cell("given_on").parse::<Date>().ok();
    let given_on = given_on.filter(|day| *day <= today && day.year() >= FIRST_YEAR);
    if given_on.is_none() {
        wrong("given_on", "no day until today", "write it as 2022-12-31");
    }
    let document = cell("document");
    let good_document = !document.is_empty()
        && document.chars().count() <= DOCUMENT_CHARS_MAX
        && !document.chars().any(char::is_control);
    if !good_document {
        wrong("document", "no document", "name the record of hand-over, 120 characters at most");
    }
    (handed_out && good_item && good_document).then_some(())?;
    Some(Handover {
        line: row.line,
        person: person?,
        programme: programme.to_owned(),
        item: item.to_owned(),
        given_on: given_on?,
        document: document.to_owned(),
        value: Rupiah::new(value?),
    })
}

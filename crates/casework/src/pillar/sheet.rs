//! One worker or body by hand: what a person writes on a sheet is read by the same code as a row of the file. In: the sheet with the
//! revision that its reader saw. Out: the row with what stood before kept, every fault at its field, or what somebody faster wrote.
//! The same sheet twice counts once. Never here: a row of another territory, a personal number that comes back.

use std::collections::BTreeMap;

use access::{House, Scope, audit};
use model::{UserId, parse_date};
use store::{Tx, params};

use super::{
    fields::{self, Papers, Pillar, PillarFault, PillarRule},
    intake::{self, Put},
    queries,
    views::own,
};
use crate::{Error, Result};

const DAYS: [&str; 3] = ["since", "contract_from", "contract_to"];

/// What is written of one worker or body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PillarSheet {
    /// Its number here, 0 for one that is not there yet.
    pub pillar_id: i64,
    /// The revision that the writer saw, 0 for one that is not there yet.
    pub rev: i64,
    /// Cells by column of the register, without `papers`; days as ISO, keys with blanks between.
    pub cells: BTreeMap<String, String>,
    /// Papers, each with its parts as [`super::PAPER_PARTS`] names them; one without anything in it is none.
    pub papers: Vec<[String; 5]>,
}

/// What became of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetPut {
    /// The register says so now.
    Kept {
        /// Number of the row here.
        pillar_id: i64,
        /// A personal number was written that the registry does not know.
        unknown: bool,
    },
    /// Nothing was taken.
    Wrong(Vec<PillarFault>),
    /// Somebody else corrected the row meanwhile; nothing was taken.
    Faster {
        /// The row as it stands.
        now: PillarSheet,
        /// Columns in which it says something else than the sheet.
        columns: Vec<String>,
    },
}

/// The sheet of a row of the territory.
///
/// # Errors
/// The store's.
pub fn pillar_sheet(house: &House, scope: &Scope, id: i64) -> Result<Option<PillarSheet>> {
    house.db.read(|tx| {
        let Some(number) = within(tx, scope, id)? else { return Ok(None) };
        let Some((id, rev, pillar)) = intake::known(tx, &number)? else { return Ok(None) };
        Ok(Some(sheet_of(tx, id, rev, &number, &pillar)?))
    })
}

/// Takes a sheet: a new row, or a correction of the one that it is of, whose number stays.
///
/// # Errors
/// [`Error::NotFound`] for a row outside the territory; the store's.
pub fn put_pillar(house: &House, scope: &Scope, sheet: &PillarSheet) -> Result<SheetPut> {
    house.db.write(|tx| {
        let mut sheet = sheet.clone();
        let fresh = sheet.pillar_id == 0;
        if !fresh {
            let number = within(tx, scope, sheet.pillar_id)?.ok_or(Error::NotFound)?;
            sheet.cells.insert("number".into(), number);
        } else if own(scope) != 0 {
            return Err(Error::NotFound);
        }
        let papers: Vec<[String; 5]> = sheet.papers.iter().map(paper_of).collect();
        let (mut line, mut wrong) =
            fields::read(house, 1, &|column| cell(&sheet, column), &Papers::Rows(&papers));
        let mut asked = Vec::new();
        let found = intake::resolve_line(tx, scope, &mut line, &mut asked)?;
        asked.retain(|fault| wrong.iter().all(|told| told.column != fault.column));
        wrong.append(&mut asked);
        let before = intake::known(tx, &line.number)?;
        if let Some((_, _, before)) = &before {
            intake::keep_person(&mut line.pillar, before);
        }
        if fresh
            && let Some((id, _, before)) = &before
            && (*before != line.pillar || within(tx, scope, *id)?.is_none())
        {
            wrong.push(PillarFault::new("number", PillarRule::Taken, &line.number));
        }
        if !wrong.is_empty() {
            return Ok(SheetPut::Wrong(wrong));
        }
        if let Some((id, rev, before)) = &before
            && !fresh
            && *rev != sheet.rev
            && *before != line.pillar
        {
            let columns = intake::differing(*id, before, &line.pillar)?;
            let now = sheet_of(tx, *id, *rev, &line.number, before)?;
            return Ok(SheetPut::Faster { now, columns });
        }
        let actor: (UserId, &str) = (scope.actor(), scope.actor_name());
        let (pillar_id, detail) = match intake::put(tx, house, actor, &line)? {
            Put::New(id) => (id, "new".to_owned()),
            Put::Corrected(id, columns) => (id, format!("corrected={}", columns.join(","))),
            Put::Same(pillar_id) => return Ok(SheetPut::Kept { pillar_id, unknown: !found }),
        };
        audit(tx, house.clock.as_ref(), actor, "pillar.write", &format!("pillar:{pillar_id}"), &detail)?;
        Ok(SheetPut::Kept { pillar_id, unknown: !found })
    })
}

/// The number of a row, when it is one of the territory and the scope is not that of the own page alone.
fn within(tx: &mut Tx<'_>, scope: &Scope, id: i64) -> Result<Option<String>> {
    if own(scope) != 0 {
        return Ok(None);
    }
    let (from, to) = scope.path_range();
    let row = tx.query_opt(&queries::WITHIN, params![from, to, id])?;
    Ok(row.map(|row| row.string(0)).transpose()?)
}

/// A cell without blanks around it; a day in the form of the file, where it is one.
fn cell(sheet: &PillarSheet, column: &str) -> String {
    let text = sheet.cells.get(column).map_or("", |text| text.trim());
    if DAYS.contains(&column) { day(text) } else { text.to_owned() }
}

fn paper_of(row: &[String; 5]) -> [String; 5] {
    let [certificate, number, issuer, from, to] = row.each_ref().map(|text| text.trim());
    [certificate.to_owned(), number.to_owned(), issuer.to_owned(), day(from), day(to)]
}

/// People write days as they are used to.
fn day(text: &str) -> String {
    parse_date(text).map_or_else(|_| text.to_owned(), |day| day.to_string())
}

fn sheet_of(tx: &mut Tx<'_>, id: i64, rev: i64, number: &str, pillar: &Pillar) -> Result<PillarSheet> {
    let login = match pillar.user_id {
        0 => String::new(),
        user => tx.query_one(&queries::LOGIN, params![user])?.string(0)?,
    };
    let told = |number: i64, none: i64| if number == none { String::new() } else { number.to_string() };
    let kin = pillar.kin.iter().map(i64::to_string).collect::<Vec<_>>().join(";");
    let cells = [
        ("number", number.to_owned()),
        ("kind", pillar.kind.clone()),
        ("name", pillar.name.clone()),
        ("region", pillar.region.clone()),
        ("sex", told(pillar.sex, 0)),
        ("birth_year", told(pillar.birth_year, 0)),
        ("education", told(pillar.education, -1)),
        ("languages", pillar.languages.clone()),
        ("skills", pillar.skills.clone()),
        ("since", pillar.since.clone()),
        ("contract_from", pillar.contract_from.clone()),
        ("contract_to", pillar.contract_to.clone()),
        ("availability", pillar.availability.clone()),
        ("capacity", told(pillar.capacity, 0)),
        ("login", login),
        ("kin", kin),
    ];
    let papers = pillar.papers.iter().cloned().map(|[certificate, number, issuer, from, to]| {
        let to = if to == fields::NO_END { String::new() } else { to };
        [certificate, number, issuer, from, to]
    });
    Ok(PillarSheet {
        pillar_id: id,
        rev,
        cells: cells.into_iter().map(|(column, text)| (column.to_owned(), text)).collect(),
        papers: papers.collect(),
    })
}

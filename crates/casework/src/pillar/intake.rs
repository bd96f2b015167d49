//! The register of pillars as a file: whole or not at all, every fault with line, column and remedy. A row is known by its number; one
//! that is there and differs is corrected, with what stood before kept. The same file again changes nothing.

use std::collections::BTreeMap;

use access::{House, Scope, audit};
use model::{RegionCode, UserId};
use rowfile::{Faults, Shape};
use serde::Serialize;
use store::{Row, Tx, Value, next_number, params};

use super::{
    fields::{self, Line, Papers, Pillar, PillarFault, PillarRule},
    queries,
};
use crate::Result;

/// Columns of the file, in any order. `nik` may be left out or empty: it is asked of the registry and not kept.
pub const PILLAR_COLUMNS: [&str; 18] = [
    "number",
    "kind",
    "name",
    "region",
    "sex",
    "birth_year",
    "education",
    "languages",
    "skills",
    "since",
    "contract_from",
    "contract_to",
    "availability",
    "capacity",
    "login",
    "nik",
    "kin",
    "papers",
];
/// Largest file in bytes.
pub const PILLAR_BYTES_MAX: u64 = 64 * 1024 * 1024;
const SHAPE: Shape =
    Shape { columns: &PILLAR_COLUMNS, optional: &["nik"], unique: Some("number"), rows_max: 200_000 };
const CHUNK: usize = 500;

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PillarsTaken {
    /// Number of this import, as the audit log names it.
    pub import_no: i64,
    /// Rows of the file.
    pub rows: usize,
    /// Rows that were not there before.
    pub new: usize,
    /// Rows that were there and differed.
    pub corrected: usize,
    /// Rows with a personal number that the registry does not know.
    pub unknown: usize,
}

/// Takes in a file of pillars, whole or not at all.
///
/// # Errors
/// [`crate::Error::Lines`] with every fault of the file; the store's.
pub fn take_pillars(house: &House, scope: &Scope, text: &str) -> Result<PillarsTaken> {
    let mut faults = Faults::default();
    let lines = rowfile::read(text, &SHAPE, &mut faults, |row, faults| {
        let (line, wrong) =
            fields::read(house, row.line, &|column| row.text(column), &Papers::Cell(row.cell("papers")));
        tell(faults, row.line, wrong);
        Some(line)
    });
    let mut lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
    faults.done()?;
    house.db.write(|tx| {
        let unknown = resolve(tx, scope, &mut lines)?;
        let import_no = next_number(tx, "pillar_import", 1)?;
        let mut taken = PillarsTaken { import_no, rows: lines.len(), new: 0, corrected: 0, unknown };
        let actor: (UserId, &str) = (scope.actor(), scope.actor_name());
        for chunk in lines.chunks(CHUNK) {
            take_chunk(tx, house, actor, chunk, &mut taken)?;
        }
        let detail = format!("rows={} new={} corrected={}", taken.rows, taken.new, taken.corrected);
        let subject = format!("pillars:{import_no}");
        audit(tx, house.clock.as_ref(), actor, "pillar.import", &subject, &detail)?;
        Ok(taken)
    })
}

/// Faults of a row as those of its line.
fn tell(faults: &mut Faults, line: usize, wrong: Vec<PillarFault>) {
    for PillarFault { column, rule, detail } in wrong {
        let (_, rule, remedy) = rule.told();
        let rule = if detail.is_empty() && column == "nik" {
            rule.to_owned()
        } else {
            format!("`{detail}`: {rule}")
        };
        faults.add(line, &column, rule, remedy);
    }
}

/// What only the database knows: places, accounts, families, people. Answers how many personal numbers nobody has.
fn resolve(tx: &mut Tx<'_>, scope: &Scope, lines: &mut [Line]) -> Result<usize> {
    let mut faults = Faults::default();
    let mut unknown = 0;
    let mut users: BTreeMap<i64, usize> = BTreeMap::new();
    for line in lines {
        let mut wrong = Vec::new();
        unknown += usize::from(!resolve_line(tx, scope, line, &mut wrong)?);
        if line.pillar.user_id != 0
            && let Some(first) = users.insert(line.pillar.user_id, line.line)
        {
            let place = format!("line {first}");
            wrong.push(PillarFault::new("login", PillarRule::LoginTwice, &place));
        }
        tell(&mut faults, line.line, wrong);
    }
    faults.done()?;
    Ok(unknown)
}

/// The same of one row; false when nobody has its personal number.
pub(super) fn resolve_line(
    tx: &mut Tx<'_>,
    scope: &Scope,
    line: &mut Line,
    wrong: &mut Vec<PillarFault>,
) -> Result<bool> {
    let region = line.pillar.region.as_str();
    let code = RegionCode::parse(region).ok().filter(|code| scope.covers(code));
    let there = match &code {
        Some(code) if region.is_empty() => Some(code.clone()),
        Some(code) => store::regions::find(tx, code)?.map(|region| region.code),
        None => None,
    };
    if there.is_none() {
        wrong.push(PillarFault::new("region", PillarRule::Region, region));
    }
    if !line.login.is_empty() {
        if let Some(row) = tx.query_opt(&queries::ACCOUNT, params![&line.login])? {
            line.pillar.user_id = row.int(0)?;
        } else {
            wrong.push(PillarFault::new("login", PillarRule::Login, &line.login));
        }
    }
    if line.pillar.user_id != 0
        && let Some(other) =
            tx.query_opt(&queries::ACCOUNT_TAKEN, params![line.pillar.user_id, &line.number])?
    {
        wrong.push(PillarFault::new("login", PillarRule::LoginTaken, other.text(0)?));
    }
    for family in &line.pillar.kin {
        if tx.query_opt(&queries::FAMILY_THERE, params![*family])?.is_none() {
            wrong.push(PillarFault::new("kin", PillarRule::Family, &family.to_string()));
        }
    }
    let Some(nik) = line.nik else { return Ok(true) };
    match tx.query(&queries::PERSON_OF_NIK, params![nik])?.as_slice() {
        [one] => {
            line.pillar.person_id = one.int(0)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// What became of a row.
pub(super) enum Put {
    /// It was not there.
    New(i64),
    /// It was there and differed in these columns.
    Corrected(i64, Vec<String>),
    /// It stands so already.
    Same(i64),
}

fn take_chunk(
    tx: &mut Tx<'_>,
    house: &House,
    actor: (UserId, &str),
    chunk: &[Line],
    taken: &mut PillarsTaken,
) -> Result<()> {
    for line in chunk {
        match put(tx, house, actor, line)? {
            Put::New(_) => taken.new += 1,
            Put::Corrected(..) => taken.corrected += 1,
            Put::Same(_) => {}
        }
    }
    Ok(())
}

/// Writes a row; what stood before is kept.
pub(super) fn put(tx: &mut Tx<'_>, house: &House, actor: (UserId, &str), line: &Line) -> Result<Put> {
    let mut pillar = line.pillar.clone();
    let (id, rev, put) = match known(tx, &line.number)? {
        None => {
            let id = next_number(tx, "pillar", 1)?;
            (id, 1, Put::New(id))
        }
        Some((id, rev, before)) => {
            keep_person(&mut pillar, &before);
            if before == pillar {
                return Ok(Put::Same(id));
            }
            let text = serde_json::to_string(&before).map_err(|_| crate::Error::Stored(id))?;
            let at = house.clock.now_ms();
            tx.execute(&queries::CHANGE_ADD, params![id, rev, at, actor.0, actor.1, text])?;
            tx.execute(&queries::PAPERS_CLEAR, params![id])?;
            tx.execute(&queries::KIN_CLEAR, params![id])?;
            (id, rev + 1, Put::Corrected(id, differing(id, &before, &pillar)?))
        }
    };
    let p = &pillar;
    let values = params![
        id,
        &line.number,
        &p.kind,
        &p.name,
        &p.region,
        p.sex,
        p.birth_year,
        p.education,
        &p.languages,
        &p.skills,
        &p.since,
        &p.contract_from,
        &p.contract_to,
        &p.availability,
        p.capacity,
        p.user_id,
        p.person_id,
        rev
    ];
    tx.execute(&queries::PILLAR_SET, values)?;
    let papers = p.papers.iter().map(|paper| {
        let texts = paper.iter().map(|text| Value::from(text.as_str()));
        std::iter::once(Value::from(id)).chain(texts).collect::<Vec<_>>()
    });
    tx.execute_many(&queries::PAPER_ADD, papers)?;
    tx.execute_many(&queries::KIN_ADD, p.kin.iter().map(|family| params![id, *family].to_vec()))?;
    Ok(put)
}

/// Who was found once stays found: a list of the registry that is late takes nobody away.
pub(super) fn keep_person(pillar: &mut Pillar, before: &Pillar) {
    if pillar.person_id == 0 {
        pillar.person_id = before.person_id;
    }
}

/// Columns in which two states of a row differ.
pub(super) fn differing(id: i64, one: &Pillar, other: &Pillar) -> Result<Vec<String>> {
    let (one, other) = (columns(id, one)?, columns(id, other)?);
    let differs = one.into_iter().filter(|(key, value)| other.get(key) != Some(value));
    Ok(differs.map(|(key, _)| key).collect())
}

/// The row of a number as it stands: id, revision, all of it.
pub(super) fn known(tx: &mut Tx<'_>, number: &str) -> Result<Option<(i64, i64, Pillar)>> {
    let Some(row) = tx.query_opt(&queries::PILLAR_OF, params![number])? else { return Ok(None) };
    let id = row.int(0)?;
    let papers = tx.query(&queries::PAPERS, params![id])?;
    let kin = tx.query(&queries::KIN, params![id])?;
    let pillar = Pillar {
        kind: row.string(2)?,
        name: row.string(3)?,
        region: row.string(4)?,
        sex: row.int(5)?,
        birth_year: row.int(6)?,
        education: row.int(7)?,
        languages: row.string(8)?,
        skills: row.string(9)?,
        since: row.string(10)?,
        contract_from: row.string(11)?,
        contract_to: row.string(12)?,
        availability: row.string(13)?,
        capacity: row.int(14)?,
        user_id: row.int(15)?,
        person_id: row.int(16)?,
        papers: papers.iter().map(paper).collect::<Result<_, store::Error>>()?,
        kin: kin.iter().map(|row| row.int(0)).collect::<Result<_, store::Error>>()?,
    };
    Ok(Some((id, row.int(1)?, pillar)))
}

/// A row of the register by column.
pub(super) type State = serde_json::Map<String, serde_json::Value>;

/// The row of a number as the history would keep it.
pub(super) fn state(tx: &mut Tx<'_>, number: &str, id: i64) -> Result<State> {
    let Some((_, _, pillar)) = known(tx, number)? else { return Ok(State::new()) };
    columns(id, &pillar)
}

fn columns(id: i64, pillar: &Pillar) -> Result<State> {
    match serde_json::to_value(pillar) {
        Ok(serde_json::Value::Object(state)) => Ok(state),
        _ => Err(crate::Error::Stored(id)),
    }
}

pub(super) fn paper(row: &Row) -> Result<[String; 5], store::Error> {
    Ok([row.string(0)?, row.string(1)?, row.string(2)?, row.string(3)?, row.string(4)?])
}

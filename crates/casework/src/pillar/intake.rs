//! The register of pillars as a file: whole or not at all, every fault with line, column and remedy. A row is known by its number; one
//! that is there and differs is corrected, with what stood before kept. The same file again changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope, audit};
use jiff::civil::Date;
use model::{Nik, RegionCode, Sex, UserId};
use policy::PillarKind;
use rowfile::{Faults, Row as Cells, Shape};
use serde::Serialize;
use store::{Row, Tx, Value, next_number, params};

use super::queries;
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
/// How much somebody is there; the first is for an empty cell.
pub const AVAILABILITY: [&str; 4] = ["full", "part", "on_call", "none"];
const SHAPE: Shape =
    Shape { columns: &PILLAR_COLUMNS, optional: &["nik"], unique: Some("number"), rows_max: 200_000 };
const TEXT_MAX: usize = 120;
const NUMBER_MAX: usize = 40;
const KEYS_MAX: usize = 16;
const PAPERS_MAX: usize = 50;
const KIN_MAX: usize = 50;
const CAPACITY_MAX: i64 = 2_000;
const FIRST_YEAR: i16 = 1900;
/// A paper without an end.
pub(super) const NO_END: &str = "9999-12-31";
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

/// A row as read, and as it is kept in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Pillar {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) sex: i64,
    pub(super) birth_year: i64,
    pub(super) education: i64,
    pub(super) languages: String,
    pub(super) skills: String,
    pub(super) since: String,
    pub(super) contract_from: String,
    pub(super) contract_to: String,
    pub(super) availability: String,
    pub(super) capacity: i64,
    pub(super) user_id: i64,
    pub(super) person_id: i64,
    pub(super) papers: BTreeSet<[String; 5]>,
    pub(super) kin: BTreeSet<i64>,
}

/// A line of the file before the database is asked.
struct Line {
    line: usize,
    number: String,
    login: String,
    nik: Option<i64>,
    pillar: Pillar,
}

/// Takes in a file of pillars, whole or not at all.
///
/// # Errors
/// [`crate::Error::Lines`] with every fault of the file; the store's.
pub fn take_pillars(house: &House, scope: &Scope, text: &str) -> Result<PillarsTaken> {
    let mut faults = Faults::default();
    let read = |row: &Cells<'_>, faults: &mut Faults| Some(RowReader { house, row, faults }.read());
    let lines = rowfile::read(text, &SHAPE, &mut faults, read);
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

/// What only the database knows: places, accounts, families, people. Answers how many personal numbers nobody has.
fn resolve(tx: &mut Tx<'_>, scope: &Scope, lines: &mut [Line]) -> Result<usize> {
    let mut faults = Faults::default();
    let mut unknown = 0;
    let mut users: BTreeMap<i64, usize> = BTreeMap::new();
    for line in lines {
        let at = line.line;
        let region = line.pillar.region.as_str();
        let code = RegionCode::parse(region).ok().filter(|code| scope.covers(code));
        let there = match &code {
            Some(code) if region.is_empty() => Some(code.clone()),
            Some(code) => store::regions::find(tx, code)?.map(|region| region.code),
            None => None,
        };
        if there.is_none() {
            let message = format!("`{region}`: no region of this territory");
            faults.add(at, "region", message, "write a code of the table of regions, such as 11.01.05");
        }
        if !line.login.is_empty() {
            if let Some(row) = tx.query_opt(&queries::ACCOUNT, params![&line.login])? {
                line.pillar.user_id = row.int(0)?;
            } else {
                let message = format!("there is no open account `{}`", line.login);
                faults.add(at, "login", message, "write the name to sign in with, or leave the cell empty");
            }
        }
        if line.pillar.user_id != 0
            && let Some(first) = users.insert(line.pillar.user_id, at)
        {
            let message = format!("the account stands in line {first} too");
            faults.add(at, "login", message, "give each worker an account of its own");
        }
        if line.pillar.user_id != 0
            && let Some(other) =
                tx.query_opt(&queries::ACCOUNT_TAKEN, params![line.pillar.user_id, &line.number])?
        {
            let message = format!("the account belongs to number {}", other.text(0)?);
            faults.add(at, "login", message, "give each worker an account of its own");
        }
        for family in &line.pillar.kin {
            if tx.query_opt(&queries::FAMILY_THERE, params![*family])?.is_none() {
                let remedy = "write the number that the family's page shows, with ; between several";
                faults.add(at, "kin", format!("no family {family}"), remedy);
            }
        }
        if let Some(nik) = line.nik {
            match tx.query(&queries::PERSON_OF_NIK, params![nik])?.as_slice() {
                [one] => line.pillar.person_id = one.int(0)?,
                _ => unknown += 1,
            }
        }
    }
    faults.done()?;
    Ok(unknown)
}

fn take_chunk(
    tx: &mut Tx<'_>,
    house: &House,
    actor: (UserId, &str),
    chunk: &[Line],
    taken: &mut PillarsTaken,
) -> Result<()> {
    for line in chunk {
        let before = known(tx, &line.number)?;
        let mut pillar = line.pillar.clone();
        let (id, rev) = match before {
            None => {
                taken.new += 1;
                (next_number(tx, "pillar", 1)?, 1)
            }
            Some((id, rev, before)) => {
                // Who was found once stays found: a list of the registry that is late takes nobody away.
                if pillar.person_id == 0 {
                    pillar.person_id = before.person_id;
                }
                if before == pillar {
                    continue;
                }
                taken.corrected += 1;
                let text = serde_json::to_string(&before).map_err(|_| crate::Error::Stored(id))?;
                let at = house.clock.now_ms();
                tx.execute(&queries::CHANGE_ADD, params![id, rev, at, actor.0, actor.1, text])?;
                tx.execute(&queries::PAPERS_CLEAR, params![id])?;
                tx.execute(&queries::KIN_CLEAR, params![id])?;
                (id, rev + 1)
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
    }
    Ok(())
}

/// The row of a number as it stands: id, revision, all of it.
fn known(tx: &mut Tx<'_>, number: &str) -> Result<Option<(i64, i64, Pillar)>> {
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
    match serde_json::to_value(&pillar) {
        Ok(serde_json::Value::Object(state)) => Ok(state),
        _ => Err(crate::Error::Stored(id)),
    }
}

pub(super) fn paper(row: &Row) -> Result<[String; 5], store::Error> {
    Ok([row.string(0)?, row.string(1)?, row.string(2)?, row.string(3)?, row.string(4)?])
}

/// One line while it is read: what is wrong is told, and reading goes on, so that all faults are told at once.
struct RowReader<'a, 'c> {
    house: &'a House,
    row: &'a Cells<'c>,
    faults: &'a mut Faults,
}

impl RowReader<'_, '_> {
    fn wrong(&mut self, column: &str, rule: &str, remedy: &'static str) {
        self.faults.wrong(self.row, column, rule, remedy);
    }

    fn read(mut self) -> Line {
        let pillars = self.house.policy.pillars();
        let kind = pillars.kind(self.row.cell("kind")).cloned();
        if kind.is_none() {
            self.wrong("kind", "no kind of pillar", "write a key of pillars.toml");
        }
        let since = self.day("since", true);
        let (contract_from, contract_to) = (self.day("contract_from", false), self.day("contract_to", false));
        if !contract_to.is_empty() && contract_from > contract_to {
            self.wrong("contract_to", "ends before it begins", "write the days in their order");
        }
        let availability = match self.row.cell("availability") {
            "" => AVAILABILITY[0].to_owned(),
            word => word.to_owned(),
        };
        if !AVAILABILITY.contains(&availability.as_str()) {
            self.wrong("availability", "no such word", "write full, part, on_call or none");
        }
        let person = kind.as_ref().is_none_or(|kind| kind.person);
        let (sex, birth_year) = if person { self.person(kind.as_ref(), &since) } else { self.body() };
        let nik = self.nik();
        let codes =
            |list: &[policy::PillarCode]| list.iter().map(|code| code.key.clone()).collect::<Vec<_>>();
        let languages = self.keys("languages", &codes(&pillars.languages));
        let skills = self.keys("skills", &codes(&pillars.skills));
        let pillar = Pillar {
            name: self.text("name", TEXT_MAX),
            kind: kind.map_or_else(String::new, |kind| kind.key),
            region: self.row.cell("region").to_owned(),
            sex,
            birth_year,
            education: self.education(),
            languages,
            skills,
            since,
            contract_from,
            contract_to,
            availability,
            capacity: self.number_in("capacity", 0, 0..=CAPACITY_MAX),
            user_id: 0,
            person_id: 0,
            papers: self.papers(),
            kin: self.kin(),
        };
        let number = self.text("number", NUMBER_MAX);
        Line { line: self.row.line, number, login: self.row.cell("login").to_owned(), nik, pillar }
    }

    fn person(&mut self, kind: Option<&PillarKind>, since: &str) -> (i64, i64) {
        let sex = match self.row.cell("sex") {
            "1" | "L" => Some(Sex::Male),
            "2" | "P" => Some(Sex::Female),
            _ => None,
        };
        if sex.is_none() {
            self.wrong("sex", "no sex", "write 1 or L for male, 2 or P for female");
        }
        let this_year = i64::from(self.house.clock.today().year());
        let birth_year = self.number_in("birth_year", 0, i64::from(FIRST_YEAR)..=this_year);
        let Some(kind) = kind else { return (0, birth_year) };
        if kind.sex.is_some() && sex.is_some() && kind.sex != sex {
            self.wrong("sex", "this kind is of the other sex", "look at the kind and at the person");
        }
        let began = since.get(..4).and_then(|year| year.parse::<i64>().ok());
        if let Some(age) = began.map(|year| year - birth_year).filter(|_| birth_year > 0) {
            // The year of birth leaves a year of doubt; it is not held against anybody.
            let young = kind.age_min.is_some_and(|min| age < min);
            let old = kind.age_max.is_some_and(|max| age - 1 > max);
            if young || old {
                let what = if young { "too young on the first day" } else { "too old on the first day" };
                self.wrong("birth_year", what, "look at the year of birth, the first day and the kind");
            }
        }
        (sex.map_or(0, Sex::code), birth_year)
    }

    fn body(&mut self) -> (i64, i64) {
        for column in ["sex", "birth_year", "education", "nik", "login"] {
            if !self.row.cell(column).is_empty() {
                self.wrong(column, "a body has none", "leave the cell empty");
            }
        }
        (0, 0)
    }

    fn education(&mut self) -> i64 {
        let text = self.row.cell("education");
        if text.is_empty() {
            return -1;
        }
        let codes = self.house.policy.codes("school_level");
        let found = codes.iter().map(|code| code.code).find(|code| code.to_string() == text);
        if found.is_none() {
            self.wrong("education", "no level", "write a code of school_level, 0 to 4, or nothing");
        }
        found.unwrap_or(-1)
    }

    fn nik(&mut self) -> Option<i64> {
        let text = self.row.cell("nik");
        if text.is_empty() {
            return None;
        }
        let nik = Nik::parse(text).ok();
        if nik.is_none() {
            // Never the number itself: a wrong one may be a person's right one but for a digit.
            let remedy = "write its 16 digits, or leave the cell empty";
            self.faults.add(self.row.line, "nik", "no valid number".to_owned(), remedy);
        }
        nik.map(Nik::number)
    }

    fn text(&mut self, column: &str, most: usize) -> String {
        let text = self.row.cell(column);
        if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
            self.wrong(column, "empty or too long", "write a short plain text");
        }
        text.to_owned()
    }

    /// A day as ISO text, empty for none.
    fn day(&mut self, column: &str, past: bool) -> String {
        let text = self.row.cell(column);
        let today = self.house.clock.today();
        let day =
            text.parse::<Date>().ok().filter(|day| day.year() >= FIRST_YEAR && (!past || *day <= today));
        if day.is_none() && (past || !text.is_empty()) {
            self.wrong(column, "no day, or one that is still to come", "write it as 2024-01-31");
        }
        day.map_or_else(String::new, |day| day.to_string())
    }

    fn number_in(&mut self, column: &str, empty: i64, range: std::ops::RangeInclusive<i64>) -> i64 {
        let text = self.row.cell(column);
        if text.is_empty() && range.contains(&empty) {
            return empty;
        }
        let number = text.parse::<i64>().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong(column, "no number in its range", "write digits only");
        }
        number.unwrap_or(empty)
    }

    /// Keys of a code list with blanks between, in the order of the alphabet.
    fn keys(&mut self, column: &str, list: &[String]) -> String {
        let keys: BTreeSet<&str> =
            self.row.cell(column).split([' ', ';']).filter(|key| !key.is_empty()).collect();
        if keys.len() > KEYS_MAX || keys.iter().any(|key| !list.iter().any(|known| known == key)) {
            self.wrong(column, "a key that is not known", "write keys of pillars.toml with blanks between");
        }
        keys.into_iter().collect::<Vec<_>>().join(" ")
    }

    fn kin(&mut self) -> BTreeSet<i64> {
        let cell = self.row.cell("kin");
        let families = cell.split(';').map(str::trim).filter(|text| !text.is_empty());
        let families: Option<BTreeSet<i64>> =
            families.map(|text| text.parse::<i64>().ok().filter(|id| *id > 0)).collect();
        let good = families.filter(|families| families.len() <= KIN_MAX);
        if good.is_none() {
            self.wrong("kin", "no numbers of families", "write numbers with ; between, 50 at most");
        }
        good.unwrap_or_default()
    }

    /// `certificate|number|issuer|from|to`, with `;` between several; the end may be empty.
    fn papers(&mut self) -> BTreeSet<[String; 5]> {
        let known = &self.house.policy.pillars().certificates;
        let read = |text: &str| {
            let parts: Vec<&str> = text.split('|').map(str::trim).collect();
            let [certificate, number, issuer, from, to] = parts.as_slice() else { return None };
            let from_day = from.parse::<Date>().ok()?;
            let to_day = if to.is_empty() { NO_END.parse::<Date>() } else { to.parse::<Date>() }.ok()?;
            let plain = |text: &&str| {
                !text.is_empty() && text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control)
            };
            let good = known.iter().any(|one| one.key == *certificate) && plain(number) && plain(issuer);
            (good && from_day <= to_day).then(|| {
                let (certificate, number) = ((*certificate).to_owned(), (*number).to_owned());
                [certificate, number, (*issuer).to_owned(), from_day.to_string(), to_day.to_string()]
            })
        };
        let cell = self.row.cell("papers");
        let texts: Vec<&str> = cell.split(';').filter(|text| !text.trim().is_empty()).collect();
        let papers: Option<BTreeSet<[String; 5]>> = texts.iter().map(|text| read(text)).collect();
        let distinct = |papers: &BTreeSet<[String; 5]>| {
            let keys: BTreeSet<(&String, &String)> =
                papers.iter().map(|paper| (&paper[0], &paper[1])).collect();
            keys.len() == texts.len() && texts.len() <= PAPERS_MAX
        };
        let good = papers.filter(distinct);
        if good.is_none() {
            self.wrong(
                "papers",
                "no papers",
                "write certificate|number|issuer|from|to with ; between several",
            );
        }
        good.unwrap_or_default()
    }
}

//! What the register asks of one worker or body, wherever it was written: a row of a file or the sheet that a person filled in. In: cells
//! by column. Out: the row as it is kept, and everything that is wrong with it. Never here: a personal number in a fault.

use std::collections::BTreeSet;

use access::House;
use jiff::civil::Date;
use model::{Nik, Sex};
use policy::PillarKind;
use serde::Serialize;

/// How much somebody is there; the first is for an empty cell.
pub const AVAILABILITY: [&str; 4] = ["full", "part", "on_call", "none"];
/// Parts of a paper, in the order in which they are kept.
pub const PAPER_PARTS: [&str; 5] = ["certificate", "number", "issuer", "from", "to"];
/// Papers of one worker or body.
pub const PAPERS_MAX: usize = 50;
const TEXT_MAX: usize = 120;
const NUMBER_MAX: usize = 40;
const KEYS_MAX: usize = 16;
const KIN_MAX: usize = 50;
const CAPACITY_MAX: i64 = 2_000;
const FIRST_YEAR: i16 = 1900;
/// Characters of a cell that a fault shows.
const SHOWN_CHARS: usize = 40;
/// A paper without an end.
pub(super) const NO_END: &str = "9999-12-31";

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

/// A row before the database is asked.
pub(super) struct Line {
    /// Line of the file; 1 where there is none.
    pub(super) line: usize,
    pub(super) number: String,
    pub(super) login: String,
    pub(super) nik: Option<i64>,
    pub(super) pillar: Pillar,
}

/// What may be wrong with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PillarRule {
    /// The kind is none of the policy's.
    Kind,
    /// Empty, too long, or not plain.
    Text,
    /// No day, or one that is still to come.
    Day,
    /// No number in its range.
    Number,
    /// The contract ends before it begins.
    Order,
    /// No word of [`AVAILABILITY`].
    Availability,
    /// Neither male nor female.
    Sex,
    /// The kind is of the other sex.
    OtherSex,
    /// Too young on the first day.
    Young,
    /// Too old on the first day.
    Old,
    /// A body has no such thing.
    Body,
    /// No level of education.
    Education,
    /// No valid personal number.
    Nik,
    /// A key that the policy does not know.
    Key,
    /// No numbers of families.
    Kin,
    /// The cell holds no papers.
    Papers,
    /// The same paper twice.
    PaperTwice,
    /// No region of the territory.
    Region,
    /// No open account.
    Login,
    /// The account stands in another row too.
    LoginTwice,
    /// The account is another worker's.
    LoginTaken,
    /// The number is another worker's.
    Taken,
    /// No such family.
    Family,
}

impl PillarRule {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::Kind,
        Self::Text,
        Self::Day,
        Self::Number,
        Self::Order,
        Self::Availability,
        Self::Sex,
        Self::OtherSex,
        Self::Young,
        Self::Old,
        Self::Body,
        Self::Education,
        Self::Nik,
        Self::Key,
        Self::Kin,
        Self::Papers,
        Self::PaperTwice,
        Self::Region,
        Self::Login,
        Self::LoginTwice,
        Self::LoginTaken,
        Self::Taken,
        Self::Family,
    ];

    /// Stable code, the end of the key of its words.
    pub fn code(self) -> &'static str {
        self.told().0
    }

    /// Code, rule and remedy.
    pub(super) fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Kind => ("kind", "no kind of pillar", "write a key of pillars.toml"),
            Self::Text => ("text", "empty or too long", "write a short plain text"),
            Self::Day => ("day", "no day, or one that is still to come", "write it as 2024-01-31"),
            Self::Number => ("number", "no number in its range", "write digits only"),
            Self::Order => ("order", "ends before it begins", "write the days in their order"),
            Self::Availability => ("availability", "no such word", "write full, part, on_call or none"),
            Self::Sex => ("sex", "no sex", "write 1 or L for male, 2 or P for female"),
            Self::OtherSex => {
                ("other-sex", "this kind is of the other sex", "look at the kind and at the person")
            }
            Self::Young => ("young", "too young on the first day", AGE),
            Self::Old => ("old", "too old on the first day", AGE),
            Self::Body => ("body", "a body has none", "leave the cell empty"),
            Self::Education => ("education", "no level", "write a code of school_level, 0 to 4, or nothing"),
            Self::Nik => ("nik", "no valid number", "write its 16 digits, or leave the cell empty"),
            Self::Key => ("key", "a key that is not known", "write keys of pillars.toml with blanks between"),
            Self::Kin => ("kin", "no numbers of families", "write numbers with ; between, 50 at most"),
            Self::Papers => {
                ("papers", "no papers", "write certificate|number|issuer|from|to with ; between several")
            }
            Self::PaperTwice => ("paper-twice", "the same paper stands there twice", "keep one of them"),
            Self::Region => (
                "region",
                "no region of this territory",
                "write a code of the table of regions, such as 11.01.05",
            ),
            Self::Login => (
                "login",
                "there is no such open account",
                "write the name to sign in with, or leave the cell empty",
            ),
            Self::LoginTwice => ("login-twice", "the account stands there too", ONE_ACCOUNT),
            Self::LoginTaken => ("login-taken", "the account belongs to this number", ONE_ACCOUNT),
            Self::Taken => ("taken", "the number stands in the register", "correct the row that is there"),
            Self::Family => (
                "family",
                "no family of this number",
                "write the number that the family's page shows, with ; between several",
            ),
        }
    }
}

const AGE: &str = "look at the year of birth, the first day and the kind";
const ONE_ACCOUNT: &str = "give each worker an account of its own";

/// What is wrong with one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PillarFault {
    /// The column; `papers-0-from` is a part of the first paper of a sheet.
    pub column: String,
    /// Which rule it breaks.
    pub rule: PillarRule,
    /// The beginning of what was written, or what it clashes with; never a personal number.
    pub detail: String,
}

impl PillarFault {
    pub(super) fn new(column: impl Into<String>, rule: PillarRule, detail: &str) -> Self {
        Self { column: column.into(), rule, detail: detail.chars().take(SHOWN_CHARS).collect() }
    }
}

/// How the papers of a row were written.
pub(super) enum Papers<'a> {
    /// `certificate|number|issuer|from|to`, with `;` between several; the end may be empty.
    Cell(&'a str),
    /// One row of fields for each.
    Rows(&'a [[String; 5]]),
}

/// Reads the cells of one row: what is wrong is noted, and reading goes on, so that all faults are told at once.
pub(super) fn read(
    house: &House,
    line: usize,
    cell: &dyn Fn(&str) -> String,
    papers: &Papers<'_>,
) -> (Line, Vec<PillarFault>) {
    let mut reader = Reader { house, cell, faults: Vec::new() };
    let read = reader.read(line, papers);
    (read, reader.faults)
}

struct Reader<'a> {
    house: &'a House,
    cell: &'a dyn Fn(&str) -> String,
    faults: Vec<PillarFault>,
}

impl Reader<'_> {
    fn cell(&self, column: &str) -> String {
        (self.cell)(column)
    }

    fn wrong(&mut self, column: &str, rule: PillarRule) {
        let fault = PillarFault::new(column, rule, &self.cell(column));
        self.faults.push(fault);
    }

    fn read(&mut self, line: usize, papers: &Papers<'_>) -> Line {
        let pillars = self.house.policy.pillars();
        let kind = pillars.kind(&self.cell("kind")).cloned();
        if kind.is_none() {
            self.wrong("kind", PillarRule::Kind);
        }
        let since = self.day("since", true);
        let (contract_from, contract_to) = (self.day("contract_from", false), self.day("contract_to", false));
        if !contract_to.is_empty() && contract_from > contract_to {
            self.wrong("contract_to", PillarRule::Order);
        }
        let availability = match self.cell("availability") {
            word if word.is_empty() => AVAILABILITY[0].to_owned(),
            word => word,
        };
        if !AVAILABILITY.contains(&availability.as_str()) {
            self.wrong("availability", PillarRule::Availability);
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
            region: self.cell("region"),
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
            papers: self.papers(papers),
            kin: self.kin(),
        };
        Line { line, number: self.text("number", NUMBER_MAX), login: self.cell("login"), nik, pillar }
    }

    fn person(&mut self, kind: Option<&PillarKind>, since: &str) -> (i64, i64) {
        let sex = match self.cell("sex").as_str() {
            "1" | "L" => Some(Sex::Male),
            "2" | "P" => Some(Sex::Female),
            _ => None,
        };
        if sex.is_none() {
            self.wrong("sex", PillarRule::Sex);
        }
        let this_year = i64::from(self.house.clock.today().year());
        let birth_year = self.number_in("birth_year", 0, i64::from(FIRST_YEAR)..=this_year);
        let Some(kind) = kind else { return (0, birth_year) };
        if kind.sex.is_some() && sex.is_some() && kind.sex != sex {
            self.wrong("sex", PillarRule::OtherSex);
        }
        let began = since.get(..4).and_then(|year| year.parse::<i64>().ok());
        if let Some(age) = began.map(|year| year - birth_year).filter(|_| birth_year > 0) {
            // The year of birth leaves a year of doubt; it is not held against anybody.
            if kind.age_min.is_some_and(|min| age < min) {
                self.wrong("birth_year", PillarRule::Young);
            } else if kind.age_max.is_some_and(|max| age - 1 > max) {
                self.wrong("birth_year", PillarRule::Old);
            }
        }
        (sex.map_or(0, Sex::code), birth_year)
    }

    fn body(&mut self) -> (i64, i64) {
        for column in ["sex", "birth_year", "education", "login"] {
            if !self.cell(column).is_empty() {
                self.wrong(column, PillarRule::Body);
            }
        }
        if !self.cell("nik").is_empty() {
            self.faults.push(PillarFault::new("nik", PillarRule::Body, ""));
        }
        (0, 0)
    }

    fn education(&mut self) -> i64 {
        let text = self.cell("education");
        if text.is_empty() {
            return -1;
        }
        let codes = self.house.policy.codes("school_level");
        let found = codes.iter().map(|code| code.code).find(|code| code.to_string() == text);
        if found.is_none() {
            self.wrong("education", PillarRule::Education);
        }
        found.unwrap_or(-1)
    }

    fn nik(&mut self) -> Option<i64> {
        let text = self.cell("nik");
        if text.is_empty() {
            return None;
        }
        let nik = Nik::parse(&text).ok();
        if nik.is_none() {
            // Never the number itself: a wrong one may be a person's right one but for a digit.
            self.faults.push(PillarFault::new("nik", PillarRule::Nik, ""));
        }
        nik.map(Nik::number)
    }

    fn text(&mut self, column: &str, most: usize) -> String {
        let text = self.cell(column);
        if !plain(&text, most) {
            self.wrong(column, PillarRule::Text);
        }
        text
    }

    /// A day as ISO text, empty for none.
    fn day(&mut self, column: &str, past: bool) -> String {
        let text = self.cell(column);
        let today = self.house.clock.today();
        let day =
            text.parse::<Date>().ok().filter(|day| day.year() >= FIRST_YEAR && (!past || *day <= today));
        if day.is_none() && (past || !text.is_empty()) {
            self.wrong(column, PillarRule::Day);
        }
        day.map_or_else(String::new, |day| day.to_string())
    }

    fn number_in(&mut self, column: &str, empty: i64, range: std::ops::RangeInclusive<i64>) -> i64 {
        let text = self.cell(column);
        if text.is_empty() && range.contains(&empty) {
            return empty;
        }
        let number = text.parse::<i64>().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong(column, PillarRule::Number);
        }
        number.unwrap_or(empty)
    }

    /// Keys of a code list with blanks between, in the order of the alphabet.
    fn keys(&mut self, column: &str, list: &[String]) -> String {
        let cell = self.cell(column);
        let keys: BTreeSet<&str> = cell.split([' ', ';']).filter(|key| !key.is_empty()).collect();
        if keys.len() > KEYS_MAX || keys.iter().any(|key| !list.iter().any(|known| known == key)) {
            self.wrong(column, PillarRule::Key);
        }
        keys.into_iter().collect::<Vec<_>>().join(" ")
    }

    fn kin(&mut self) -> BTreeSet<i64> {
        let cell = self.cell("kin");
        let families = cell.split(';').map(str::trim).filter(|text| !text.is_empty());
        let families: Option<BTreeSet<i64>> =
            families.map(|text| text.parse::<i64>().ok().filter(|id| *id > 0)).collect();
        let good = families.filter(|families| families.len() <= KIN_MAX);
        if good.is_none() {
            self.wrong("kin", PillarRule::Kin);
        }
        good.unwrap_or_default()
    }

    fn papers(&mut self, papers: &Papers<'_>) -> BTreeSet<[String; 5]> {
        match papers {
            Papers::Cell(cell) => {
                let texts = cell.split(';').filter(|text| !text.trim().is_empty());
                let rows: Option<Vec<[String; 5]>> = texts
                    .map(|text| {
                        let parts: Vec<String> = text.split('|').map(|part| part.trim().to_owned()).collect();
                        parts.try_into().ok()
                    })
                    .collect();
                let (kept, faults) = self.paper_rows(rows.as_deref().unwrap_or_default());
                if rows.is_none() || !faults.is_empty() {
                    self.wrong("papers", PillarRule::Papers);
                }
                kept
            }
            Papers::Rows(rows) => {
                let (kept, faults) = self.paper_rows(rows);
                self.faults.extend(faults);
                kept
            }
        }
    }

    /// Papers, and what is wrong with their parts. A row without anything in it is none.
    fn paper_rows(&self, rows: &[[String; 5]]) -> (BTreeSet<[String; 5]>, Vec<PillarFault>) {
        let known = &self.house.policy.pillars().certificates;
        let (mut kept, mut faults, mut seen) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
        if rows.len() > PAPERS_MAX {
            faults.push(PillarFault::new("papers", PillarRule::Papers, ""));
        }
        for (at, row) in rows.iter().take(PAPERS_MAX).enumerate() {
            let [certificate, number, issuer, from, to] = row;
            if row.iter().all(String::is_empty) {
                continue;
            }
            let before = faults.len();
            let mut wrong = |part: usize, rule| {
                let column = format!("papers-{at}-{}", PAPER_PARTS[part]);
                faults.push(PillarFault::new(column, rule, &row[part]));
            };
            if !known.iter().any(|one| one.key == *certificate) {
                wrong(0, PillarRule::Key);
            }
            // The marks between papers and their parts would make another paper of it in a file.
            for (part, text) in [(1, number), (2, issuer)] {
                if !plain(text, TEXT_MAX) || text.contains(['|', ';']) {
                    wrong(part, PillarRule::Text);
                }
            }
            let until = if to.is_empty() { NO_END } else { to.as_str() };
            let (from_day, to_day) = (from.parse::<Date>(), until.parse::<Date>());
            match (&from_day, &to_day) {
                (Ok(from), Ok(to)) if from > to => wrong(4, PillarRule::Order),
                (from, to) => {
                    if from.is_err() {
                        wrong(3, PillarRule::Day);
                    }
                    if to.is_err() {
                        wrong(4, PillarRule::Day);
                    }
                }
            }
            if !seen.insert((certificate, number)) {
                wrong(1, PillarRule::PaperTwice);
            }
            if before == faults.len()
                && let (Ok(from), Ok(to)) = (from_day, to_day)
            {
                let (certificate, number) = (certificate.clone(), number.clone());
                kept.insert([certificate, number, issuer.clone(), from.to_string(), to.to_string()]);
            }
        }
        (kept, faults)
    }
}

fn plain(text: &str, most: usize) -> bool {
    !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

//! Letters and the list of nominations, village by village: what the post office has for whom, until when, with which code.

use access::{House, Scope};
use jiff::{ToSpan, civil::Date};
use model::RegionCode;
use policy::{ChannelKind, LetterText};
use serde::Serialize;
use store::{Page, Paged, Row, params};

use super::{code_of, queries, svg};
use crate::{Error, Result, common};

/// Height of a code, in modules.
const CODE_HEIGHT: u32 = 34;

/// A village with letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Village {
    /// The village.
    pub region: RegionCode,
    /// Letters.
    pub letters: i64,
    /// What the post office holds for them.
    pub amount_idr: i64,
}

/// One family's letter, a row of the list of nominations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// The payment line.
    pub line_id: i64,
    /// The family.
    pub family_id: i64,
    /// Who may fetch it.
    pub payee_name: String,
    /// Where the family lived at the closing.
    pub region: RegionCode,
    /// What lies at the post office.
    pub amount_idr: i64,
    /// The payment code.
    pub code: String,
    /// The code as bars.
    #[serde(skip)]
    pub bars: String,
    /// First day, Western Indonesian Time.
    pub from: Date,
    /// Last day.
    pub until: Date,
}

/// Letters of a village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterPage {
    /// Key of the programme.
    pub programme: String,
    /// The period.
    pub period: String,
    /// Key of the channel.
    pub channel: String,
    /// Place, what to bring, where to complain.
    pub text: LetterText,
    /// In the order of line numbers.
    pub letters: Paged<Letter>,
}

/// What the channel's file says of letters.
fn text_of(house: &House, channel: &str) -> Result<LetterText> {
    let none = || Error::Channel { channel: channel.to_owned(), file: "[letter]".to_owned() };
    let found = house.policy.channel(channel).filter(|found| found.kind == ChannelKind::Post);
    found.and_then(|found| found.letter.clone()).ok_or_else(none)
}

/// Villages whose families have money at the post office. Lines of the cycle that were sent there later are among them.
///
/// # Errors
/// [`Error::Channel`] when the channel writes no letters.
pub fn villages(
    house: &House,
    scope: &Scope,
    (cycle_id, channel): (i64, &str),
    page: &Page,
) -> Result<Paged<Village>> {
    common::need(scope, "payment.read")?;
    text_of(house, channel)?;
    let (from, to) = scope.path_range();
    let after = match page.keys(1)?.and_then(|mut keys| keys.pop()) {
        Some(store::Value::Text(after)) => after.to_string(),
        _ => String::new(),
    };
    let rows = house.db.read(|tx| {
        let of = params![from, to, scope.caseload(), cycle_id, channel, after, page.fetch()];
        tx.query(&queries::VILLAGES, of).map_err(Error::from)
    })?;
    let village =
        |row: &Row| Ok(Village { region: row.region(0)?, letters: row.int(1)?, amount_idr: row.int(2)? });
    let villages = rows.iter().map(village).collect::<Result<Vec<_>>>()?;
    Ok(page.page(villages, |one| vec![(&one.region).into()]))
}

/// Letters of a region, narrowed by [`Scope::within`]; a village is what is printed at once.
///
/// # Errors
/// [`Error::NotFound`] when there is no such cycle, [`Error::Channel`] when the channel writes no letters.
pub fn letters(
    house: &House,
    scope: &Scope,
    (cycle_id, channel): (i64, &str),
    page: &Page,
) -> Result<LetterPage> {
    common::need(scope, "payment.read")?;
    let text = text_of(house, channel)?;
    let (from, to) = scope.path_range();
    let after = page.after_int(-1)?;
    let (cycle, rows) = house.db.read(|tx| {
        let cycle = common::cycle(tx, cycle_id)?;
        let of = params![from, to, scope.caseload(), cycle_id, channel, after, page.fetch()];
        Ok::<_, Error>((cycle, tx.query(&queries::LETTERS, of)?))
    })?;
    let letters = rows.iter().map(|row| letter(row, &text)).collect::<Result<Vec<_>>>()?;
    let letters = page.page(letters, |one| vec![one.line_id.into()]);
    Ok(LetterPage {
        programme: cycle.programme,
        period: cycle.period,
        channel: channel.to_owned(),
        text,
        letters,
    })
}

fn letter(row: &Row, text: &LetterText) -> Result<Letter> {
    let line_id = row.int(0)?;
    let code = code_of(line_id).ok_or(Error::Stored("line number"))?;
    let from = crate::wire::western_day(row.int(5)?).ok_or(Error::Stored("day"))?;
    let until = from.checked_add(i32::from(text.days).days()).map_err(|_| Error::Stored("day"))?;
    Ok(Letter {
        line_id,
        family_id: row.int(1)?,
        payee_name: row.string(2)?,
        region: row.region(3)?,
        amount_idr: row.int(4)?,
        bars: svg(&code, CODE_HEIGHT),
        code,
        from,
        until,
    })
}

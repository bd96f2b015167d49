//! What a person decides about one line on its own page, and the list of accounts whose names a person must compare: the register's name
//! beside the bank's, how alike they are, and who else names the same account. Each decision goes through the function of all decisions
//! ([`crate::decide_line`]), counts once, and stands in the line's story with its reason.

use access::{House, Scope};
use linkage::standardise::Standardiser;
use model::{LineId, RegionCode};
use serde::{Deserialize, Serialize};
use store::{Page, Paged, Row, Tx, Value, params};

use super::{fault::DeskFault, queries};
use crate::{
    Error, LineDecision, Result, common,
    lines::{self, Said},
    names,
    state::{AccountState, Eligibility, PaymentState, Trouble, coded},
    tally::Tally,
    views::LineView,
};

/// Most other lines with the same account that are shown beside one.
const TWINS_MAX: i64 = 5;
/// Shortest and longest reason.
const REASON: std::ops::RangeInclusive<usize> = 3..=400;
/// Troubles in which a person compares.
const COMPARED: [Trouble; 3] = [Trouble::NameDoubtful, Trouble::AccountShared, Trouble::NameDiffers];

coded! {
    /// What a person may do to one line.
    LineAct {
        /// The account is the payee's after all.
        AccountGood = "account_good",
        /// The account is not the payee's.
        AccountFailed = "account_failed",
        /// Stop it for the time being.
        Hold = "hold",
        /// Let it go on.
        Release = "release",
        /// End it.
        Cancel = "cancel",
    }
}

impl LineAct {
    /// Whether it can be done to a line as it stands. A line that waits because its payee died is let go on where the death is
    /// refuted or another payee agreed to, by two people.
    pub fn fits(self, line: &LineView) -> bool {
        let early = line.payment == PaymentState::Set;
        let with_treasury = matches!(line.payment, PaymentState::Committed | PaymentState::Ordered);
        let eligible = line.eligibility == Eligibility::Eligible;
        match self {
            Self::AccountGood => {
                let judged = matches!(line.account_state, AccountState::Doubtful | AccountState::Failed);
                early && eligible && judged && line.account_tail.is_some()
            }
            Self::AccountFailed => {
                let judged = matches!(line.account_state, AccountState::Doubtful | AccountState::Good);
                early && eligible && judged
            }
            Self::Hold => (early || with_treasury) && eligible,
            Self::Release => {
                let held = line.eligibility == Eligibility::Held;
                (early || with_treasury) && held && line.problem != Some(Trouble::PayeeDied)
            }
            Self::Cancel => early && line.eligibility != Eligibility::Cancelled,
        }
    }

    fn decision(self) -> LineDecision {
        match self {
            Self::AccountGood => LineDecision::AccountGood,
            Self::AccountFailed => LineDecision::AccountFailed,
            Self::Hold => LineDecision::Hold,
            Self::Release => LineDecision::Release,
            Self::Cancel => LineDecision::Cancel,
        }
    }

    /// The state that it leads to, as the line's story names it.
    fn leads_to(self) -> &'static str {
        match self {
            Self::AccountGood => AccountState::Good.code(),
            Self::AccountFailed => AccountState::Failed.code(),
            Self::Hold => Eligibility::Held.code(),
            Self::Release => Eligibility::Eligible.code(),
            Self::Cancel => Eligibility::Cancelled.code(),
        }
    }
}

/// A decision about one line that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineWish {
    /// What to do.
    pub act: LineAct,
    /// Why, 3 to 400 characters; it stands in the line's story.
    pub reason: String,
    /// The line as it was seen: its `rev`.
    pub rev: String,
}

/// Carries out one person's decision about one line. The same wish again, by the same person, changes nothing.
///
/// # Errors
/// [`DeskFault::Reason`], [`DeskFault::Died`] and [`DeskFault::Action`] when it does not fit the line, [`Error::Changed`] when the line is
/// no longer as it was seen, [`Error::NotFound`] outside the scope, [`Error::State`] when its money is on the way.
pub fn act_on_line(house: &House, scope: &Scope, line: LineId, wish: &LineWish) -> Result<()> {
    common::need(scope, "payment.build")?;
    let reason = wish.reason.trim();
    if !REASON.contains(&reason.chars().count()) {
        return Err(DeskFault::Reason.into());
    }
    let _lock = common::lock(house)?;
    house.db.write(|tx| {
        let now = now(tx, scope, line)?;
        if rev_of(tx, line)? != wish.rev {
            return if is_done(tx, scope, &now, wish.act, reason)? { Ok(()) } else { Err(Error::Changed) };
        }
        if !wish.act.fits(&now) {
            let died = now.problem == Some(Trouble::PayeeDied) && wish.act == LineAct::Release;
            return Err(if died { DeskFault::Died } else { DeskFault::Action }.into());
        }
        let mut tally = Tally::default();
        let said = Said { reason, document: "decision" };
        let state = lines::decide_in(tx, house, scope, line, &wish.act.decision(), &said, &mut tally)?;
        tally.write(tx)?;
        common::audit(tx, house, scope, &format!("line:{line}"), state)
    })
}

fn now(tx: &mut Tx<'_>, scope: &Scope, line: LineId) -> Result<LineView> {
    let (from, to) = scope.path_range();
    let of = params![from, to, scope.caseload(), line];
    let found = lines::query(tx, &crate::queries::LINE_BY_ID, of)?.pop();
    crate::views::line_view(found.ok_or(Error::NotFound("payment line"))?)
}

/// How a line is named as it stands: what happened to it, and when last.
pub(crate) fn rev_of(tx: &mut Tx<'_>, line: LineId) -> Result<String> {
    let row = tx.query_one(&queries::LINE_REV, params![line])?;
    Ok(format!("{}-{}", row.int(0)?, row.int(1)?))
}

/// Whether the last that happened to the line is what this person wishes.
fn is_done(tx: &mut Tx<'_>, scope: &Scope, line: &LineView, act: LineAct, reason: &str) -> Result<bool> {
    let events = tx.query(&crate::queries::EVENTS, params![line.family_id, line.line_id])?;
    let Some(last) = events.last() else { return Ok(false) };
    Ok(last.text(2)? == scope.actor_name()
        && last.text(4)? == act.leads_to()
        && last.text(5)? == format!("person:{reason}"))
}

/// Another line that names the same account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Twin {
    /// The line.
    pub line_id: i64,
    /// The family.
    pub family_id: i64,
    /// Who receives it.
    pub payee_name: String,
    /// Village.
    pub region: RegionCode,
}

/// A line whose account a person must judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// The line.
    pub line_id: i64,
    /// The line as it stands.
    pub rev: String,
    /// The family.
    pub family_id: i64,
    /// The cycle.
    pub cycle_id: i64,
    /// Key of the programme.
    pub programme: String,
    /// The period.
    pub period: String,
    /// Village.
    pub region: RegionCode,
    /// Key of the channel.
    pub channel: String,
    /// What it is to receive.
    pub amount_idr: i64,
    /// What troubles it.
    pub problem: Trouble,
    /// The register's name.
    pub payee_name: String,
    /// The bank's.
    pub name_at_bank: Option<String>,
    /// Last digits of the account.
    pub account_tail: String,
    /// How alike the names are, in per cent of the letters and their order (Jaro-Winkler); none without a name of the bank.
    pub likeness: Option<i64>,
    /// Others with the same account who wait as well.
    pub twins: Vec<Twin>,
    /// Since when, milliseconds since the epoch.
    pub since_ms: i64,
}

/// Lines whose account a person must judge, the oldest first; of one kind or all.
///
/// # Errors
/// Store errors; [`DeskFault::Action`] for a kind in which nothing is compared.
pub fn doubts(house: &House, scope: &Scope, kind: Option<Trouble>, page: &Page) -> Result<Paged<Doubt>> {
    common::need(scope, "payment.read")?;
    if kind.is_some_and(|kind| !COMPARED.contains(&kind)) {
        return Err(DeskFault::Action.into());
    }
    let tables = house.policy.names().into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
    let standardiser =
        Standardiser::new(&tables.collect()).map_err(|error| Error::Names(error.to_string()))?;
    let (from, to) = scope.path_range();
    let mut values = params![from, to, scope.caseload(), kind.map_or("", Trouble::code)].to_vec();
    values.extend(page.keys(2)?.unwrap_or_else(|| vec![i64::MIN.into(), i64::MIN.into()]));
    values.push(page.fetch().into());
    let found = house.db.read(|tx| {
        let rows = tx.query(&queries::DOUBTS, &values)?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut doubt = read(row, &standardiser)?;
            if doubt.problem == Trouble::AccountShared {
                let of = params![from, to, scope.caseload(), doubt.cycle_id, row.text(11)?, doubt.line_id];
                doubt.twins = twins(tx, of)?;
            }
            found.push(doubt);
        }
        Ok::<_, Error>(found)
    })?;
    Ok(page.page(found, |doubt| vec![doubt.since_ms.into(), doubt.line_id.into()]))
}

fn read(row: &Row, standardiser: &Standardiser) -> Result<Doubt> {
    let (payee_name, name_at_bank) = (row.string(9)?, row.opt_string(10)?);
    let account = row.text(11)?;
    let since_ms = row.int(13)?;
    Ok(Doubt {
        line_id: row.int(0)?,
        family_id: row.int(1)?,
        cycle_id: row.int(2)?,
        programme: row.string(3)?,
        period: row.string(4)?,
        region: row.region(5)?,
        channel: row.string(6)?,
        amount_idr: row.int(7)?,
        problem: Trouble::from_code(row.text(8)?).ok_or(Error::Stored("problem"))?,
        likeness: name_at_bank.as_deref().map(|bank| names::alike(standardiser, &payee_name, bank)),
        payee_name,
        name_at_bank,
        account_tail: account.chars().skip(account.chars().count().saturating_sub(4)).collect(),
        twins: Vec::new(),
        rev: format!("{}-{since_ms}", row.int(12)?),
        since_ms,
    })
}

fn twins(tx: &mut Tx<'_>, of: &[Value]) -> Result<Vec<Twin>> {
    let mut values = of.to_vec();
    values.push(TWINS_MAX.into());
    let rows = tx.query(&queries::TWINS, &values)?;
    let twin = |row: &Row| {
        let (line_id, family_id) = (row.int(0)?, row.int(1)?);
        Ok(Twin { line_id, family_id, payee_name: row.string(2)?, region: row.region(3)? })
    };
    rows.iter().map(twin).collect()
}

/// What may be done to a line as it stands.
pub(crate) fn acts(line: &LineView) -> Vec<LineAct> {
    LineAct::ALL.iter().copied().filter(|act| act.fits(line)).collect()
}

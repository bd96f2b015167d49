//! Notices: every family that a list leaves out is told why, until when it keeps its aid, and how to object; nothing ends before. They are
//! given by the approval of a list, in its transaction. A notice is open until a later list lets it take effect or takes it back.

use access::{House, Scope};
use jiff::ToSpan;
use model::{FamilyId, Rupiah};
use rules::Label;
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, params};

use crate::{
    Change, DecisionRun, Error, Result,
    changes::{ChangeLine, Codes, dataset_name, lines_of},
    queries,
};

/// How a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// Given; the family keeps its aid.
    Open,
    /// An objection was found right: the next list begins anew with the family.
    Renewed,
    /// The exclusion is in force.
    InForce,
    /// Taken back: the family passes again.
    Withdrawn,
}

impl NoticeState {
    /// As in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Renewed => "renewed",
            Self::InForce => "in_force",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// From the table.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Renewed, Self::InForce, Self::Withdrawn]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// A notice as a page and a letter show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The family.
    pub family_id: i64,
    /// Key of the programme.
    pub programme: String,
    /// The run whose approval gave it.
    pub run: String,
    /// The version of the rule that it was made by.
    pub version: String,
    /// The period of that run.
    pub period: String,
    /// Village of the family.
    pub region: String,
    /// Code of the reason.
    pub reason: String,
    /// Its words.
    pub reason_text: Label,
    /// What can be done about it, where the rule says so.
    pub remedy: Option<Label>,
    /// The condition behind the reason could not be answered.
    pub unknown: bool,
    /// The family is in the closing no more: its place is reserved while the notice runs, and nothing can be paid.
    pub gone: bool,
    /// What the family keeps for the period while the notice runs.
    pub amount_idr: Rupiah,
    /// Day on which it was given.
    pub given_on: String,
    /// First day on which the exclusion may take effect.
    pub until: String,
    /// How it stands.
    pub state: NoticeState,
}

/// A run's changes that concern notices, read before the transaction that approves it.
pub(crate) fn changes_of(house: &House, run: &DecisionRun) -> Result<Option<Vec<ChangeLine>>> {
    let Some(list) = house.lake.dataset(&dataset_name(run))? else { return Ok(None) };
    let concerns = |line: &ChangeLine| {
        let nothing_new =
            [Change::Enters, Change::Less, Change::More, Change::StillNoticed, Change::StillGone];
        !nothing_new.contains(&line.what)
    };
    let mut lines = Vec::new();
    for batch in list.read(&[])? {
        lines.extend(lines_of(&run.run, &batch?)?.into_iter().filter(concerns));
    }
    Ok(Some(lines))
}

/// Gives the notices of an approved run and ends those that it settles.
pub(crate) fn give(tx: &mut Tx<'_>, house: &House, run: &DecisionRun, lines: &[ChangeLine]) -> Result<()> {
    let codes = Codes::of(house, tx, &run.run)?;
    // What was found right at an objection, or is settled by this list, ends before anything new begins.
    tx.execute(&queries::NOTICES_END_RENEWED, params![&run.programme, &run.run])?;
    let ended = lines.iter().filter_map(|line| {
        let state = match line.what {
            Change::Ends | Change::Dissolved | Change::Replaced => NoticeState::InForce,
            Change::Restored | Change::Merged => NoticeState::Withdrawn,
            _ => return None,
        };
        Some(params![line.family_id, &run.programme, state.word(), &run.run].to_vec())
    });
    tx.execute_many(&queries::NOTICE_END, ended)?;
    const COLUMNS: &[&str] = &[
        "family_id",
        "programme",
        "run",
        "period",
        "region",
        "reason",
        "unknown",
        "amount_idr",
        "given_on",
        "until",
        "state",
        "ended_run",
    ];
    let given_on = house.clock.today();
    let until = given_on.saturating_add(house.policy.settings().notice.days.days());
    // Where nobody is left who could keep anything, or another family or programme goes on with it, the end is at once.
    let told = |what| matches!(what, Change::Noticed | Change::Gone) || ends_at_once(what);
    let new = lines.iter().filter(|line| told(line.what)).map(|line| {
        let at_once = ends_at_once(line.what);
        let state = if at_once { NoticeState::InForce } else { NoticeState::Open };
        let reason = codes.reason(line);
        let ended = at_once.then(|| run.run.clone());
        vec![
            line.family_id.into(),
            (&run.programme).into(),
            (&run.run).into(),
            (&run.period).into(),
            (&line.region).into(),
            reason.into(),
            i64::from(line.unknown).into(),
            line.amount_idr.idr().into(),
            given_on.into(),
            (if at_once { given_on } else { until }).into(),
            state.word().into(),
            Value::from(ended),
        ]
    });
    tx.bulk("notice", COLUMNS, new)?;
    Ok(())
}

fn ends_at_once(what: Change) -> bool {
    matches!(what, Change::Replaced | Change::Merged | Change::Dissolved)
}

/// Notices of the scope's families with a state, by region and family.
///
/// # Errors The database's, or a mark that is none.
pub fn notices(house: &House, scope: &Scope, state: NoticeState, page: &Page) -> Result<Paged<Notice>> {
    let start =
        vec![Value::Text("".into()), Value::Int(i64::MIN), Value::Text("".into()), Value::Text("".into())];
    let keys = page.keys(4)?.unwrap_or(start);
    let (from, to) = scope.path_range();
    let mut values: Vec<Value> = vec![from.into(), to.into(), state.word().into(), scope.caseload().into()];
    values.extend(keys);
    values.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&queries::NOTICES_PAGE, &values))?;
    let items = rows.iter().map(|row| read(house, row)).collect::<Result<Vec<_>>>()?;
    Ok(page.page(items, |one| {
        vec![(&one.region).into(), one.family_id.into(), (&one.programme).into(), (&one.run).into()]
    }))
}

/// Families read at once.
const NOTICED_PAGE: usize = 10_000;

/// Families of the territory with a notice that runs or begins anew, of any programme, ascending.
///
/// # Errors The database's.
pub fn noticed_families(house: &House, scope: &Scope) -> Result<Vec<i64>> {
    let (from, to) = scope.path_range();
    let mut found = Vec::new();
    loop {
        let after = found.last().copied().unwrap_or(i64::MIN);
        let asked = params![from, to, after, NOTICED_PAGE as i64];
        let rows = house.db.read(|tx| tx.query(&queries::NOTICED, asked))?;
        for row in &rows {
            found.push(row.int(0)?);
        }
        if rows.len() < NOTICED_PAGE {
            return Ok(found);
        }
    }
}

/// A family's notices, newest first; none outside the scope.
///
/// # Errors The database's.
pub fn family_notices(house: &House, scope: &Scope, family: FamilyId) -> Result<Vec<Notice>> {
    let (from, to) = scope.path_range();
    let values = params![family, from, to, scope.caseload()];
    let rows = house.db.read(|tx| tx.query(&queries::NOTICES_OF_FAMILY, values))?;
    rows.iter().map(|row| read(house, row)).collect()
}

/// An objection of a family was found right: its open notices end, and the next list begins anew with it. Safe to repeat.
///
/// # Errors The database's.
pub fn renew_notices(house: &House, scope: &Scope, family: FamilyId, by: &str) -> Result<u64> {
    house.db.write(|tx| {
        let changed = tx.execute(&queries::NOTICE_RENEW, params![family])?;
        let subject = format!("family:{family}");
        access::audit(tx, house.clock.as_ref(), scope.actor_pair(), "notice.renew", &subject, by)?;
        Ok(changed)
    })
}

fn read(house: &House, row: &Row) -> Result<Notice> {
    let (programme, run, reason) = (row.string(1)?, row.string(2)?, row.string(5)?);
    let broken = || Error::BrokenRun { run: run.clone(), why: "a notice in no known state".to_owned() };
    let state = NoticeState::parse(row.text(10)?).ok_or_else(broken)?;
    let version_key = row.string(11)?;
    let version = house
        .policy
        .programme(&programme)
        .and_then(|found| found.versions.iter().find(|version| version.key == version_key));
    let exclusion =
        version.and_then(|version| version.exclusions.iter().find(|exclusion| exclusion.code == reason));
    let gone = house.policy.settings().notice.gone_reason(&reason);
    Ok(Notice {
        family_id: row.int(0)?,
        period: row.string(3)?,
        region: row.string(4)?,
        reason_text: match (gone, version) {
            (Some(gone), _) => gone.text.clone(),
            (None, Some(version)) => crate::views::version_reason(version, &reason),
            (None, None) => Label::new(&reason, &reason),
        },
        remedy: gone.map(|gone| &gone.remedy).or(exclusion.map(|exclusion| &exclusion.remedy)).cloned(),
        gone: gone.is_some(),
        unknown: row.bool(6)?,
        amount_idr: row.rupiah(7)?,
        given_on: row.string(8)?,
        until: row.string(9)?,
        state,
        version: version_key,
        programme,
        run,
        reason,
    })
}

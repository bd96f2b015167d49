//! Lists of people that leave the house: one person asks, with a purpose and a receiver; another releases, for some hours and some
//! fetches; whoever asked fetches, and each fetch is written down with the hash of its bytes before they leave.

use access::{House, Scope};
use model::RegionCode;
use serde::{Deserialize, Serialize};
use store::{Page, Paged, Row, Tx, next_number, params};

use super::{fault::DeskFault, queries};
use crate::{Error, Result, common, orders, state::coded};

const HOUR_MS: i64 = 3_600_000;
/// Characters of purpose, receiver and note.
const TEXT_MAX: usize = 200;
/// Characters of the subject and of the mark of a form.
const SUBJECT_MAX: usize = 300;

coded! {
    /// What is a list of people.
    ReleaseKind {
        /// Lines of an order with who receives; subject: the number of the order.
        Order = "order",
        /// Lines of a cycle; subject: the number of the cycle, a slash, and the page's filter.
        Lines = "lines",
        /// What is in trouble; subject: the page's filter.
        Problems = "problems",
    }
}

/// A list that somebody wants to take away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseAsked {
    /// Mark of the form; the same person with the same mark means the same request.
    pub form: String,
    /// What it is a list of.
    pub kind: ReleaseKind,
    /// Which one, as the kind says.
    pub subject: String,
    /// Of which region.
    pub region: RegionCode,
    /// `csv`, `xlsx` or `print`.
    pub format: String,
    /// What for.
    pub purpose: String,
    /// Who will have it.
    pub recipient: String,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseView {
    /// Its number.
    pub export_no: i64,
    /// Who asked.
    pub asker_id: i64,
    /// By name.
    pub asker: String,
    /// What it is a list of.
    pub kind: ReleaseKind,
    /// Which one.
    pub subject: String,
    /// Of which region.
    pub region: RegionCode,
    /// `csv`, `xlsx` or `print`.
    pub format: String,
    /// What for.
    pub purpose: String,
    /// Who will have it.
    pub recipient: String,
    /// `asked`, `released` or `refused`.
    pub state: String,
    /// When it was asked for, milliseconds since the epoch.
    pub asked_at_ms: i64,
    /// When it was decided.
    pub decided_at_ms: Option<i64>,
    /// By whom.
    pub decider: Option<String>,
    /// What was said to it.
    pub note: Option<String>,
    /// Until when it can be fetched.
    pub expires_at_ms: Option<i64>,
    /// How often it was fetched.
    pub fetches: i64,
    /// How often it may be.
    pub fetches_max: i64,
}

impl ReleaseView {
    /// Whether it can be fetched at this instant.
    pub fn is_open(&self, now_ms: i64) -> bool {
        self.state == "released"
            && self.fetches < self.fetches_max
            && self.expires_at_ms.is_some_and(|until| until > now_ms)
    }
}

/// A fetch about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The request.
    pub view: ReleaseView,
    /// Number of the fetch, from 1.
    pub fetch: i64,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
}

/// A fetch that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FetchView {
    /// Number within the request, from 1.
    pub seq: i64,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// Rows.
    pub rows: i64,
    /// Bytes.
    pub bytes: i64,
    /// Hash of them.
    pub hash: String,
}

fn read(row: &Row) -> Result<ReleaseView> {
    Ok(ReleaseView {
        export_no: row.int(0)?,
        asker_id: row.int(1)?,
        asker: row.string(2)?,
        kind: ReleaseKind::from_code(row.text(3)?).ok_or(Error::Stored("kind of export"))?,
        subject: row.string(4)?,
        region: row.region(5)?,
        format: row.string(6)?,
        purpose: row.string(7)?,
        recipient: row.string(8)?,
        state: row.string(9)?,
        asked_at_ms: row.int(10)?,
        decided_at_ms: row.opt_int(11)?,
        decider: row.opt_string(12)?,
        note: row.opt_string(13)?,
        expires_at_ms: row.opt_int(14)?,
        fetches: row.int(15)?,
        fetches_max: row.int(16)?,
    })
}

/// A request within the scope's territory.
fn get(tx: &mut Tx<'_>, scope: &Scope, export_no: i64) -> Result<ReleaseView> {
    let row = tx.query_opt(&queries::RELEASE, params![export_no])?.ok_or(Error::NotFound("export"))?;
    let view = read(&row)?;
    if scope.covers(&view.region) { Ok(view) } else { Err(Error::NotFound("export")) }
}

fn text(value: &str) -> Result<&str> {
    let value = value.trim();
    if (3..=TEXT_MAX).contains(&value.chars().count()) { Ok(value) } else { Err(DeskFault::Field.into()) }
}

/// What is asked for is there.
fn is_there(tx: &mut Tx<'_>, house: &House, asked: &ReleaseAsked) -> Result<()> {
    let number = |text: &str| text.parse::<i64>().map_err(|_| Error::NotFound("list"));
    match asked.kind {
        ReleaseKind::Order => orders::get(tx, house, number(&asked.subject)?).map(|_| ()),
        ReleaseKind::Lines => {
            let (cycle, _) = asked.subject.split_once('/').ok_or(Error::NotFound("list"))?;
            common::cycle(tx, number(cycle)?).map(|_| ())
        }
        ReleaseKind::Problems => Ok(()),
    }
}

/// Asks for a list. The same form again answers the same request.
///
/// # Errors
/// [`DeskFault::Field`] for a purpose or receiver that says nothing, [`Error::NotFound`] for a region outside the scope, or an order
/// or a cycle that is not there.
pub fn ask_release(house: &House, scope: &Scope, asked: &ReleaseAsked) -> Result<ReleaseView> {
    common::need(scope, "export.request")?;
    let (purpose, recipient) = (text(&asked.purpose)?, text(&asked.recipient)?);
    let bounded = asked.subject.len() <= SUBJECT_MAX && asked.form.len() <= SUBJECT_MAX;
    if !bounded || asked.form.is_empty() || !["csv", "xlsx", "print"].contains(&asked.format.as_str()) {
        return Err(DeskFault::Field.into());
    }
    if !scope.covers(&asked.region) || scope.caseload() != 0 {
        return Err(Error::NotFound("region"));
    }
    let fetches_max = house.policy.settings().desk.export_fetches;
    house.db.write(|tx| {
        if let Some(row) = tx.query_opt(&queries::RELEASE_OF_FORM, params![scope.actor(), &asked.form])? {
            return get(tx, scope, row.int(0)?);
        }
        is_there(tx, house, asked)?;
        let export_no = next_number(tx, "release_request", 1)?;
        tx.execute(
            &queries::RELEASE_ADD,
            params![
                export_no,
                scope.actor(),
                &asked.form,
                scope.actor_name(),
                asked.kind.code(),
                &asked.subject,
                &asked.region,
                &asked.format,
                purpose,
                recipient,
                house.clock.now_ms(),
                fetches_max
            ],
        )?;
        let detail = format!("{} {} {}", asked.kind.code(), asked.subject, asked.format);
        common::audit(tx, house, scope, &format!("export:{export_no}"), &detail)?;
        get(tx, scope, export_no)
    })
}

/// Releases a request for the hours of the settings, or refuses it; never by who asked.
///
/// # Errors
/// [`DeskFault::SamePerson`], [`DeskFault::Decided`] when it was decided meanwhile, [`DeskFault::Reason`] for a refusal without one.
pub fn decide_release(
    house: &House,
    scope: &Scope,
    export_no: i64,
    releases: bool,
    note: &str,
) -> Result<ReleaseView> {
    common::need(scope, "export.release")?;
    let note: String = note.trim().chars().take(TEXT_MAX).collect();
    if !releases && note.chars().count() < 3 {
        return Err(DeskFault::Reason.into());
    }
    house.db.write(|tx| {
        let asked = get(tx, scope, export_no)?;
        if asked.asker_id == scope.actor().0 {
            return Err(DeskFault::SamePerson.into());
        }
        let now = house.clock.now_ms();
        let hours = house.policy.settings().desk.export_hours;
        let until = releases.then_some(now + hours * HOUR_MS);
        let state = if releases { "released" } else { "refused" };
        let of = params![export_no, state, now, scope.actor(), scope.actor_name(), note, until];
        if tx.execute(&queries::RELEASE_DECIDE, of)? == 0 {
            return Err(DeskFault::Decided.into());
        }
        common::audit(tx, house, scope, &format!("export:{export_no}"), state)?;
        get(tx, scope, export_no)
    })
}

/// A fetch about to be made by who asked: what it may hold, and the number that its mark bears.
///
/// # Errors
/// [`Error::NotFound`] for anybody else, [`DeskFault::Over`] before the release or after its hours or fetches.
pub fn open_release(house: &House, scope: &Scope, export_no: i64) -> Result<Ticket> {
    common::need(scope, "export.request")?;
    let view = house.db.read(|tx| get(tx, scope, export_no))?;
    if view.asker_id != scope.actor().0 {
        return Err(Error::NotFound("export"));
    }
    let at_ms = house.clock.now_ms();
    if !view.is_open(at_ms) {
        return Err(DeskFault::Over.into());
    }
    Ok(Ticket { fetch: view.fetches + 1, view, at_ms })
}

/// Writes a fetch down. Call it with the file made and before its first byte leaves.
///
/// # Errors
/// [`DeskFault::Over`] when it is over meanwhile, [`Error::Changed`] when somebody fetched at the same moment; then nothing may leave.
pub fn record_fetch(
    house: &House,
    scope: &Scope,
    ticket: &Ticket,
    rows: i64,
    bytes: &[u8],
) -> Result<String> {
    common::need(scope, "export.request")?;
    let hash = blake3::hash(bytes).to_hex().to_string();
    let export_no = ticket.view.export_no;
    house.db.write(|tx| {
        let now = get(tx, scope, export_no)?;
        if now.asker_id != scope.actor().0 {
            return Err(Error::NotFound("export"));
        }
        if tx.execute(&queries::RELEASE_FETCHED, params![export_no, house.clock.now_ms()])? == 0 {
            return Err(DeskFault::Over.into());
        }
        if now.fetches + 1 != ticket.fetch {
            return Err(Error::Changed);
        }
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let of = params![
            export_no,
            ticket.fetch,
            ticket.at_ms,
            scope.actor(),
            scope.actor_name(),
            rows,
            size,
            &hash
        ];
        tx.execute(&queries::FETCH_ADD, of)?;
        let detail = format!("fetch={} rows={rows} hash={hash}", ticket.fetch);
        common::audit(tx, house, scope, &format!("export:{export_no}"), &detail)?;
        Ok(hash)
    })
}

/// One request.
///
/// # Errors
/// [`Error::NotFound`], also outside the territory.
pub fn release(house: &House, scope: &Scope, export_no: i64) -> Result<ReleaseView> {
    common::need(scope, "export.read")?;
    house.db.read(|tx| get(tx, scope, export_no))
}

/// Its fetches, first one first.
///
/// # Errors
/// [`Error::NotFound`], also outside the territory.
pub fn fetches(house: &House, scope: &Scope, export_no: i64) -> Result<Vec<FetchView>> {
    common::need(scope, "export.read")?;
    house.db.read(|tx| {
        get(tx, scope, export_no)?;
        let rows = tx.query(&queries::FETCHES, params![export_no])?;
        rows.iter()
            .map(|row| {
                Ok(FetchView {
                    seq: row.int(0)?,
                    at_ms: row.int(1)?,
                    actor: row.string(2)?,
                    rows: row.int(3)?,
                    bytes: row.int(4)?,
                    hash: row.string(5)?,
                })
            })
            .collect()
    })
}

/// Requests of the scope's territory, newest first.
///
/// # Errors
/// Store errors.
pub fn releases(house: &House, scope: &Scope, page: &Page) -> Result<Paged<ReleaseView>> {
    common::need(scope, "export.read")?;
    let (from, to) = scope.path_range();
    let of = params![page.after_int(i64::MAX)?, from, to, page.fetch()];
    let rows = house.db.read(|tx| tx.query(&queries::RELEASES, of))?;
    let views: Result<Vec<ReleaseView>> = rows.iter().map(read).collect();
    Ok(page.page(views?, |view| vec![view.export_no.into()]))
}

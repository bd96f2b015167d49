//! Who receives: payees who died are held back, and somebody else is named by one person and approved by another, each with the paper.
//!
//! In: deaths, as the registry tells them; members of families at a closing. Out: held lines, decisions that the next plan carries out.
//! Never here: a person who is not in a closing, alive, matched and of age; money to the dead.

use access::{House, Scope};
use arrow_array::Array;
use jiff::civil::Date;
use model::{FamilyId, LineId, PersonId, RegionCode};
use policy::Recipient;
use serde::{Deserialize, Serialize};
use store::{Row, Tx, params};

use super::{
    PlanFault, queries,
    rules::{self, Payee, Why},
    service::read_facts,
};
use crate::{
    Error, LineDecision, Result,
    columns::{Columns, int_at},
    common,
    goods::rules as texts,
    lines, queries as house_queries,
    reply::Line,
    state::{Eligibility, PaymentState, Trouble, coded},
    views::{LineView, line_view},
};

const READ: &str = "payment.read";
const BUILD: &str = "payment.build";
const APPROVE: &str = "payment.approve";
/// What is watched in the registry.
const DEATHS: &str = "deaths";
/// Papers that name another payee.
pub const PAPERS: [&str; 4] = ["death_certificate", "village_letter", "sptjm", "heir_letter"];
/// How the new payee stands to the old.
pub const RELATIONS: [&str; 5] = ["spouse", "child", "parent", "sibling", "other"];

coded! {
    /// Who receives instead.
    PayeeKind {
        /// Another adult member of the family (*pengurus*).
        Representative = "representative",
        /// An heir of a person (*ahli waris*).
        Heir = "heir",
        /// Nobody: the money goes back.
        Nobody = "nobody",
    }
}

/// A death, as the registry tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The family whose member it was when payments were decided.
    pub family: FamilyId,
    /// Who died.
    pub person: PersonId,
    /// When, where somebody says so.
    pub on: Option<Date>,
    /// Who says so: a list or a report.
    pub source: String,
}

/// A wish to pay somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayeeWish {
    /// As what.
    pub kind: PayeeKind,
    /// Who; none for nobody.
    pub person: Option<PersonId>,
    /// The family that carries the payment; the line's own where it did not part. For nobody it counts for nothing.
    pub carrier: FamilyId,
    /// How they stand to the old payee, one of [`RELATIONS`].
    pub relation: String,
    /// Kind of the paper, one of [`PAPERS`].
    pub paper_kind: String,
    /// Its number.
    pub paper: String,
    /// The day on it.
    pub paper_on: Date,
    /// Anything else.
    pub note: String,
    /// The closing in which the person is looked up, such as `2026-11`: the newest.
    pub closing: String,
}

/// A decision on a payee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayeeView {
    /// The line.
    pub line_id: i64,
    /// The family that it was decided for.
    pub family_id: i64,
    /// Number within the line.
    pub seq: i64,
    /// As what.
    pub kind: PayeeKind,
    /// Who.
    pub person: Option<i64>,
    /// By name.
    pub name: String,
    /// The family that carries the payment.
    pub carrier: i64,
    /// How they stand to the old payee.
    pub relation: String,
    /// Kind of the paper.
    pub paper_kind: String,
    /// Its number.
    pub paper: String,
    /// The day on it.
    pub paper_on: String,
    /// Anything else.
    pub note: String,
    /// `proposed`, `approved` or `refused`.
    pub state: String,
    /// Milliseconds since the epoch.
    pub made_at_ms: i64,
    /// Who proposed it.
    pub made_by_id: i64,
    /// By name.
    pub made_by: String,
    /// When it was decided.
    pub decided_at_ms: Option<i64>,
    /// By whom.
    pub decided_by: Option<String>,
}

/// A member of the family when the line was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kinsman {
    /// The person.
    pub person: i64,
    /// By name.
    pub name: String,
    /// Living, at that closing.
    pub alive: bool,
    /// Whether it is the payee.
    pub payee: bool,
}

/// What is asked when another payee is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayeePage {
    /// The line.
    pub line: LineView,
    /// Members of the family at the line's closing.
    pub members: Vec<Kinsman>,
    /// When the payee died, and who says so.
    pub died: Option<(String, String)>,
    /// Decisions, oldest first.
    pub payees: Vec<PayeeView>,
    /// Whether somebody else may be named now.
    pub open: bool,
    /// Whether heirs receive: the programme is one of persons.
    pub heirs: bool,
}

fn read(row: &Row) -> Result<PayeeView> {
    Ok(PayeeView {
        family_id: row.int(0)?,
        line_id: row.int(1)?,
        seq: row.int(2)?,
        kind: PayeeKind::from_code(row.text(3)?).ok_or(Error::Stored("payee"))?,
        person: row.opt_int(4)?,
        name: row.string(5)?,
        carrier: row.int(6)?,
        relation: row.string(7)?,
        paper_kind: row.string(8)?,
        paper: row.string(9)?,
        paper_on: row.string(10)?,
        note: row.string(11)?,
        state: row.string(12)?,
        made_at_ms: row.int(13)?,
        made_by_id: row.int(14)?,
        made_by: row.string(15)?,
        decided_at_ms: row.opt_int(16)?,
        decided_by: row.opt_string(17)?,
    })
}

/// Takes in deaths: every line of theirs that no channel was told of is held; what comes back from a channel later is paid to nobody
/// until somebody else is named. Answers how many lines were held. The same deaths again change nothing.
///
/// # Errors
/// Store errors.
pub fn payees_died(house: &House, scope: &Scope, deaths: &[Death]) -> Result<u64> {
    common::need(scope, BUILD)?;
    take_in(house, scope, deaths, None)
}

/// How far deaths were taken in by [`watch_deaths`]: a version of the registry and a number within it.
///
/// # Errors
/// Store errors.
pub fn deaths_watched(house: &House, scope: &Scope) -> Result<(i64, i64)> {
    common::need(scope, BUILD)?;
    let row = house.db.read(|tx| tx.query_opt(&queries::WATCH, params![DEATHS]))?;
    row.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}

/// As [`payees_died`], and keeps how far the registry was read, in the same transaction.
///
/// # Errors
/// Store errors.
pub fn watch_deaths(house: &House, scope: &Scope, deaths: &[Death], mark: (i64, i64)) -> Result<u64> {
    common::need(scope, BUILD)?;
    take_in(house, scope, deaths, Some(mark))
}

fn take_in(house: &House, scope: &Scope, deaths: &[Death], mark: Option<(i64, i64)>) -> Result<u64> {
    let _lock = common::lock(house)?;
    house.db.write(|tx| {
        let mut held = 0;
        for death in deaths {
            held += hold_of(tx, house, scope, death)?;
        }
        if let Some((version, seq)) = mark {
            tx.execute(&queries::WATCHED, params![DEATHS, version, seq])?;
        }
        Ok(held)
    })
}

fn hold_of(tx: &mut Tx<'_>, house: &House, scope: &Scope, death: &Death) -> Result<u64> {
    let now = house.clock.now_ms();
    let source: String = death.source.chars().take(200).collect();
    let on = death.on.map_or_else(String::new, |on| on.to_string());
    let known = params![death.family, death.person, on, &source, now];
    if tx.execute(&queries::DEATH_ADD, known)? == 0 {
        return Ok(0);
    }
    let mut held = 0;
    for row in tx.query(&queries::LINES_OF_PAYEE, params![death.family, death.person])? {
        let id = row.int(0)?;
        let found = lines::query(tx, &house_queries::LINES_BETWEEN, params![id, id])?.pop();
        let Some(mut line) = found else { continue };
        if line.payment == PaymentState::Instructed
            || (line.payment != PaymentState::Set && lines::is_told(tx, &line)?)
        {
            // The money is on its way: if it comes back, it waits for another payee.
            continue;
        }
        let before = line.clone();
        let changed = lines::change(&mut line, &LineDecision::Hold, None)?;
        line.problem = Some(Trouble::PayeeDied);
        let told = [scope.actor_name(), Trouble::PayeeDied.code(), "registry"];
        lines::write(tx, now, (&before, &mut line), (changed.0, "name_payee"), told)?;
        held += 1;
    }
    if held > 0 {
        common::audit(tx, house, scope, &format!("person:{}", death.person), &format!("held={held}"))?;
    }
    Ok(held)
}

/// When the payee of a line died, and who says so.
pub(crate) fn died(tx: &mut Tx<'_>, recipient: i64, line_id: i64) -> Result<Option<(String, String)>> {
    let row = tx.query_opt(&queries::DEATH_OF, params![recipient, line_id])?;
    row.map(|row| Ok((row.string(0)?, row.string(1)?))).transpose()
}

/// Decisions on the payee of a line, oldest first.
pub(crate) fn of_line(tx: &mut Tx<'_>, recipient: i64, line_id: i64) -> Result<Vec<PayeeView>> {
    tx.query(&queries::PAYEES_OF, params![recipient, line_id])?.iter().map(read).collect()
}

/// Decisions that wait for a second person, oldest first, at most fifty.
///
/// # Errors
/// Store errors.
pub fn payees_waiting(house: &House, scope: &Scope) -> Result<Vec<PayeeView>> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    let rows = house.db.read(|tx| tx.query(&queries::PAYEES_WAITING, params![from, to, scope.caseload()]))?;
    rows.iter().map(read).collect()
}

fn line_in(tx: &mut Tx<'_>, scope: &Scope, line: LineId) -> Result<Line> {
    let (from, to) = scope.path_range();
    let of = params![from, to, scope.caseload(), line];
    lines::query(tx, &house_queries::LINE_BY_ID, of)?.pop().ok_or(Error::NotFound("payment line"))
}

/// Whether somebody else may be named for a line: it waits, held, or its money came back and stands in no plan.
fn is_open(tx: &mut Tx<'_>, line: &Line) -> Result<bool> {
    let row = tx.query_opt(&queries::OF_LINE, params![&*line.channel, 0, line.line_id])?;
    let facts = row.map(|row| read_facts(&row)).transpose()?.ok_or(Error::NotFound("payment line"))?;
    let back = facts.returned + facts.unpaid > 0;
    let waits = facts.eligibility == Eligibility::Held;
    Ok((waits || back) && !matches!(rules::judge(&facts, true), Err(Why::Planned | Why::OnCard)))
}

/// A line and who of its family may receive instead.
///
/// # Errors
/// [`Error::NotFound`], also outside the scope.
pub fn payee_page(house: &House, scope: &Scope, line: LineId) -> Result<PayeePage> {
    common::need(scope, READ)?;
    let (line, closing, payee, died, payees, open) = house.db.read(|tx| {
        let line = line_in(tx, scope, line)?;
        let closing = common::cycle(tx, line.cycle_id)?.closing;
        let of = params![line.recipient, line.line_id];
        let payee = tx.query_one(&queries::PAYEE_OF, of)?.opt_int(0)?;
        let died = died(tx, line.recipient, line.line_id)?;
        let payees = of_line(tx, line.recipient, line.line_id)?;
        let open = is_open(tx, &line)?;
        Ok::<_, Error>((line, closing, payee, died, payees, open))
    })?;
    let members = members(house, &closing, line.recipient)?;
    let members = members
        .into_iter()
        .map(|one| Kinsman {
            payee: payee == Some(one.person),
            person: one.person,
            name: one.name,
            alive: one.alive,
        })
        .collect();
    let heirs = is_personal(house, &line.programme);
    Ok(PayeePage { members, died, payees, open, heirs, line: line_view(line)? })
}

fn is_personal(house: &House, programme: &str) -> bool {
    house.policy.programme(programme).is_some_and(|found| found.recipient == Recipient::Person)
}

/// A person of a closing.
struct Member {
    person: i64,
    name: String,
    nik: Option<i64>,
    alive: bool,
    matched: bool,
    born: Option<Date>,
    region: Option<String>,
}

/// The members of a family at a closing.
fn members(house: &House, closing: &str, family: i64) -> Result<Vec<Member>> {
    const NAMES: [&str; 7] = ["person_id", "name", "nik", "alive", "matched", "birth_date", "region"];
    let name = format!("closing/{closing}/persons");
    let dataset = house.lake.require(&name)?;
    let batch = dataset.lookup("family_id", &[family], &NAMES)?;
    let columns = Columns { dataset: &name, batch: &batch };
    let (person, names, nik) = (columns.int64("person_id")?, columns.text("name")?, columns.int64("nik")?);
    let (alive, matched) = (columns.bool("alive")?, columns.bool("matched")?);
    let (born, region) = (columns.date("birth_date")?, columns.text("region")?);
    let member = |row: usize| Member {
        person: person.value(row),
        name: if names.is_valid(row) { names.value(row).to_owned() } else { String::new() },
        nik: int_at(nik, row),
        alive: alive.value(row),
        matched: matched.value(row),
        born: born.is_valid(row).then(|| model::civil_from_epoch_days(born.value(row))).flatten(),
        region: region.is_valid(row).then(|| region.value(row).to_owned()),
    };
    Ok((0..batch.num_rows()).map(member).collect())
}

/// Names who receives instead of a line's payee. Whoever does this may not approve it.
///
/// # Errors
/// [`Error::Plan`] when the line needs nobody else, the person may not receive, the family cannot carry the payment, or something about
/// the paper is missing; [`Error::Changed`] when somebody was named already; [`Error::NotFound`] outside the scope.
pub fn name_payee(house: &House, scope: &Scope, line: LineId, wish: &PayeeWish) -> Result<PayeeView> {
    common::need(scope, BUILD)?;
    check_paper(wish, house.clock.today())?;
    let _lock = common::lock(house)?;
    let (line, closing) = house.db.read(|tx| {
        let line = line_in(tx, scope, line)?;
        if !is_open(tx, &line)? {
            return Err(PlanFault::NoNeed.into());
        }
        let closing = common::cycle(tx, line.cycle_id)?.closing;
        Ok::<_, Error>((line, closing))
    })?;
    let (payee, region) = if wish.kind == PayeeKind::Nobody {
        (None, line.region.to_string())
    } else {
        let (payee, region) = receiver(house, wish, &line, &closing)?;
        (Some(payee), region.unwrap_or_else(|| line.region.to_string()))
    };
    RegionCode::parse(&region)?;
    house.db.write(|tx| {
        if let Some(payee) = &payee {
            let of = params![line.recipient, wish.carrier, payee.person];
            let same = tx.query_one(&queries::PAYEE_OF, params![line.recipient, line.line_id])?.opt_int(0)?;
            if tx.query_one(&queries::PERSON_DEAD, of)?.int(0)? > 0 || same == Some(payee.person) {
                return Err(PlanFault::Person.into());
            }
            let of = params![wish.carrier, &*line.programme, &*line.period];
            if wish.carrier.0 != line.recipient && tx.query_one(&queries::CARRIER_PAID, of)?.int(0)? > 0 {
                return Err(PlanFault::Carrier.into());
            }
        }
        let known = of_line(tx, line.recipient, line.line_id)?;
        if known.iter().any(|one| one.state != "refused") {
            return Err(Error::Changed);
        }
        let last = tx.query_one(&queries::PAYEE_LAST, params![line.recipient, line.line_id])?.int(0)?;
        let (actor_id, actor) = scope.actor_pair();
        let row = params![
            line.recipient,
            line.line_id,
            last + 1,
            wish.kind.code(),
            payee.as_ref().map(|payee| payee.person),
            payee.as_ref().map_or("", |payee| payee.name.as_str()),
            payee.as_ref().map(|payee| payee.nik),
            payee.as_ref().map_or(line.recipient, |_| wish.carrier.0),
            &region,
            &wish.relation,
            &wish.paper_kind,
            wish.paper.trim(),
            wish.paper_on.to_string(),
            wish.note.trim(),
            house.clock.now_ms(),
            actor_id,
            actor
        ];
        tx.execute(&queries::PAYEE_ADD, row)?;
        common::audit(tx, house, scope, &format!("line:{}", line.line_id), wish.kind.code())?;
        of_line(tx, line.recipient, line.line_id)?.pop().ok_or(Error::Stored("payee"))
    })
}

fn check_paper(wish: &PayeeWish, today: Date) -> Result<(), PlanFault> {
    let whole =
        |field, text: &str, needed| texts::text(field, text, needed).map_err(|_| PlanFault::Field(field));
    if !PAPERS.contains(&wish.paper_kind.as_str()) {
        return Err(PlanFault::Field("paper_kind"));
    }
    if wish.kind != PayeeKind::Nobody && !RELATIONS.contains(&wish.relation.as_str()) {
        return Err(PlanFault::Field("relation"));
    }
    whole("paper", &wish.paper, true)?;
    whole("note", &wish.note, wish.kind == PayeeKind::Nobody)?;
    if wish.paper_on > today { Err(PlanFault::Field("paper_on")) } else { Ok(()) }
}

/// The person as the newest closing has them, if they may receive, and where they live.
fn receiver(house: &House, wish: &PayeeWish, line: &Line, closing: &str) -> Result<(Payee, Option<String>)> {
    let person = wish.person.ok_or(PlanFault::Person)?;
    let now = members(house, &wish.closing, wish.carrier.0)?;
    if wish.kind == PayeeKind::Heir {
        if !is_personal(house, &line.programme) {
            return Err(PlanFault::Heir.into());
        }
    } else if wish.carrier.0 != line.recipient {
        // A family that came out of this one has some of its members.
        let then = members(house, closing, line.recipient)?;
        if !now.iter().any(|one| then.iter().any(|old| old.person == one.person)) {
            return Err(PlanFault::Carrier.into());
        }
    }
    let years = house.policy.settings().plan.adult_years;
    let today = house.clock.today();
    let adult = |born: Date| i64::from(model::age_in_years(born, today)) >= years;
    let found = now.into_iter().find(|one| one.person == person.0).ok_or(PlanFault::Person)?;
    let fit = found.alive && found.matched && found.born.is_some_and(adult) && !found.name.is_empty();
    let nik = found.nik.filter(|_| fit).ok_or(PlanFault::Person)?;
    Ok((Payee { person: found.person, name: found.name, nik }, found.region))
}

/// Decides on a payee who was named: the next plan carries it out, or somebody else may be named. That nobody may receive ends a line
/// that was not ordered; what is withheld goes back with its slip.
///
/// # Errors
/// [`Error::SamePerson`], [`Error::State`] when it was decided, [`Error::NotFound`] outside the scope.
pub fn decide_payee(
    house: &House,
    scope: &Scope,
    (line, seq): (LineId, i64),
    approve: bool,
) -> Result<PayeeView> {
    common::need(scope, APPROVE)?;
    let _lock = common::lock(house)?;
    house.db.write(|tx| {
        let mut line = line_in(tx, scope, line)?;
        let of = of_line(tx, line.recipient, line.line_id)?;
        let one = of.into_iter().find(|one| one.seq == seq).ok_or(Error::NotFound("payee"))?;
        if one.state != "proposed" {
            return Err(Error::State {
                what: format!("payee {seq} of line {}", line.line_id),
                state: one.state,
                remedy: "it was decided; name somebody else where it was refused",
            });
        }
        if scope.actor().0 == one.made_by_id {
            return Err(Error::SamePerson);
        }
        let state = if approve { "approved" } else { "refused" };
        let now = house.clock.now_ms();
        let decided = params![line.recipient, line.line_id, seq, state, now, scope.actor_name()];
        tx.execute(&queries::PAYEE_DECIDED, decided)?;
        if approve && one.kind == PayeeKind::Nobody && line.payment == PaymentState::Set {
            let before = line.clone();
            let changed = lines::change(&mut line, &LineDecision::Cancel, None)?;
            let told = [scope.actor_name(), "nobody", "decision"];
            lines::write(tx, now, (&before, &mut line), changed, told)?;
            tx.execute(&queries::LINE_ENDED, params![line.recipient, line.line_id])?;
        }
        common::audit(tx, house, scope, &format!("line:{}", line.line_id), state)?;
        let all = of_line(tx, line.recipient, line.line_id)?;
        all.into_iter().find(|one| one.seq == seq).ok_or(Error::Stored("payee"))
    })
}

//! Citizens without an account: they open a case, get a ticket with a secret, see how it stands, and take the steps that are theirs. What
//! others wrote, names of officials and sealed answers never leave this way.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope, audit};
use jiff::civil::Date;
use model::{CaseId, FamilyId, RegionCode};
use policy::{CITIZEN, CaseSubject, Label, StateKind, Workflow};
use serde::Serialize;
use store::params;

use crate::{
    Error, FileAdded, FileContent, NewCase, NewFile, Result, StepRequest,
    engine::Refusal,
    files,
    public::asked_of,
    queries,
    service::{Done, Stored, Taker, by_id, find, open_in, opening_answers, step},
    views::{FieldView, fields_of},
};

/// What a citizen is given, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticket {
    /// To be quoted.
    pub ticket: String,
    /// To be kept.
    pub secret: String,
    /// The case.
    pub case: CaseId,
}

/// A step that the citizen may take now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CitizenStep {
    /// Key of the action.
    pub action: String,
    /// On the button.
    pub label: Label,
    /// Fields to fill.
    pub fields: Vec<FieldView>,
}

/// A file that came in with the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CitizenFile {
    /// Number.
    pub id: i64,
    /// What it shows, in the citizen's words.
    pub caption: String,
    /// When it came, in milliseconds since the epoch.
    pub added_at_ms: i64,
}

/// How a case stands, for its citizen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketView {
    /// The ticket.
    pub ticket: String,
    /// What it is.
    pub workflow: Label,
    /// How it stands.
    pub state: Label,
    /// What happens next.
    pub next: Option<Label>,
    /// Not finished.
    pub open: bool,
    /// The citizen has the next step.
    pub waits_for_you: bool,
    /// Day of opening.
    pub opened_on: Date,
    /// Day until which it should be done.
    pub due_on: Date,
    /// When it came into which state, oldest first (milliseconds since the epoch).
    pub way: Vec<(i64, Label)>,
    /// Steps of the citizen.
    pub steps: Vec<CitizenStep>,
    /// What the citizen sent along; nothing of others.
    pub files: Vec<CitizenFile>,
    /// How many more files the citizen may send.
    pub files_left: i64,
    /// Revision; a step names it.
    pub rev: i64,
    /// The case is over and the citizen may say how the service was.
    pub survey: bool,
}

/// Wrong secrets after which a ticket is closed to the page.
const FAILURES_MAX: i64 = 20;

/// Opens a case of a workflow that is public. Family and person are unknown: nothing here looks anybody up, an office names the family
/// later ([`crate::name_family`]).
///
/// # Errors
/// [`Error::Workflow`] for one that is not public, [`Error::Refused`] when the form is not right.
pub fn open_with_ticket(
    house: &House,
    scope: &Scope,
    workflow: &str,
    region: RegionCode,
    written: BTreeMap<String, String>,
) -> Result<Ticket> {
    let workflow = public(house, workflow)?;
    let new = NewCase {
        workflow: workflow.key.clone(),
        family: FamilyId(0),
        person: None,
        line: None,
        title: String::new(),
        region,
        written,
    };
    open_new(house, scope, workflow, &new)
}

/// Opens a case of a workflow about families for the family that is looking at its own status, and gives the ticket. Where one is open
/// already there is no second ticket for it.
///
/// # Errors
/// [`Error::Workflow`] for one that is about something else, [`Error::OpenAlready`], [`Error::Refused`] when the form is not right.
pub fn open_for_family(
    house: &House,
    scope: &Scope,
    workflow: &str,
    (family, name): (FamilyId, &str),
    written: BTreeMap<String, String>,
) -> Result<Ticket> {
    let workflow = find(house, workflow)?;
    if workflow.subject != CaseSubject::Family {
        return Err(Error::Workflow(workflow.key.clone()));
    }
    let new = NewCase {
        workflow: workflow.key.clone(),
        family,
        person: None,
        line: None,
        title: name.to_owned(),
        region: scope.region().clone(),
        written,
    };
    open_new(house, scope, workflow, &new)
}

fn open_new(house: &House, scope: &Scope, workflow: &Workflow, new: &NewCase) -> Result<Ticket> {
    let answers = opening_answers(house, workflow, new)?;
    let secret = access::new_ticket()?;
    house.db.write(|tx| {
        let opened = open_in(tx, house, scope, workflow, new, &answers)?;
        if !opened.new {
            return Err(Error::OpenAlready);
        }
        let hash = access::ticket_hash(&secret.ticket, &secret.secret);
        let at = house.clock.now_ms();
        tx.execute(&queries::TICKET_ADD, params![&secret.ticket, hash, new.family, opened.case, at])?;
        let (subject, detail) =
            (format!("case:{}", opened.case), format!("workflow={} by=ticket", workflow.key));
        audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.open", &subject, &detail)?;
        Ok::<_, Error>(Ticket {
            ticket: secret.ticket.clone(),
            secret: secret.secret.clone(),
            case: opened.case,
        })
    })
}

/// A workflow that visitors may open: it says so, and needs nobody to be looked up.
fn public<'h>(house: &'h House, key: &str) -> Result<&'h Workflow> {
    find(house, key).and_then(|workflow| {
        if is_public(workflow) { Ok(workflow) } else { Err(Error::Workflow(key.to_owned())) }
    })
}

/// Whether visitors may open a case of this workflow.
pub fn is_public(workflow: &Workflow) -> bool {
    workflow.public && !matches!(workflow.subject, CaseSubject::Person | CaseSubject::PaymentLine)
}

/// How the case of a ticket stands.
///
/// # Errors
/// [`Error::Ticket`], [`Error::TicketLocked`].
pub fn ticket_page(house: &House, ticket: &str, secret: &str) -> Result<TicketView> {
    let found = of_ticket(house, ticket, secret)?;
    let workflow = find(house, &found.workflow)?;
    let (events, files, survey) = house.db.read(|tx| {
        let events = tx.query(&queries::EVENTS, params![found.family, found.id, i64::MAX])?;
        let files = files::of_case(tx, found.family, found.id, i64::MAX)?;
        Ok::<_, Error>((events, files, asked_of(tx, workflow, found.id, found.open)?))
    })?;
    let own = files.into_iter().filter(|file| file.role == CITIZEN);
    let sent: Vec<_> = own.filter(|file| file.withdrawn.is_none()).collect();
    let left = house.policy.settings().files.citizen_files.saturating_sub_unsigned(sent.len() as u64).max(0);
    let label =
        |key: &str| workflow.state(key).map_or_else(|| Label::new(key, key), |state| state.label.clone());
    let mut way = Vec::new();
    for row in &events {
        if row.text(5)? != row.text(6)? {
            way.push((row.int(1)?, label(row.text(6)?)));
        }
    }
    let (state, calendar) = (workflow.state(&found.case.state), house.policy.calendar());
    let steps: Vec<CitizenStep> = workflow
        .out_of(&found.case.state)
        .filter(|step| step.by.iter().any(|role| role == CITIZEN))
        .map(|step| CitizenStep {
            action: step.action.clone(),
            label: step.label.clone(),
            // Nothing that was answered before is sent back: others may have answered it.
            fields: fields_of(workflow, step.form.as_deref(), &BTreeMap::new()),
        })
        .collect();
    Ok(TicketView {
        ticket: ticket.to_owned(),
        workflow: workflow.label.clone(),
        state: label(&found.case.state),
        next: state.and_then(|state| state.next.clone()),
        open: found.open,
        waits_for_you: !steps.is_empty() && state.is_some_and(|state| state.kind == StateKind::Waiting),
        opened_on: found.opened_on,
        due_on: found.case.clock.due(calendar, house.clock.today()),
        way,
        steps,
        files: sent
            .into_iter()
            .map(|file| CitizenFile { id: file.id, caption: file.caption, added_at_ms: file.added_at_ms })
            .collect(),
        files_left: if found.open { left } else { 0 },
        rev: found.rev,
        survey,
    })
}

/// A step of the citizen.
///
/// # Errors
/// As [`crate::take_step`], and [`Error::Ticket`].
pub fn ticket_step(
    house: &House,
    scope: &Scope,
    ticket: &str,
    secret: &str,
    request: &StepRequest,
) -> Result<Done> {
    let case = of_ticket(house, ticket, secret)?.id;
    house.db.write(|tx| {
        let found = by_id(tx, house, case)?.ok_or(Error::Ticket)?;
        if found.rev != request.rev {
            return Err(Error::Changed);
        }
        let workflow = find(house, &found.workflow)?;
        if scope.role() != CITIZEN {
            return Err(Refusal::Role(vec![CITIZEN.to_owned()]).into());
        }
        let asked = (request.action.as_str(), &request.written);
        let done = step(tx, house, Taker::person(scope, &BTreeSet::new()), workflow, found, asked)?;
        let (subject, detail) = (
            format!("case:{case}"),
            format!("workflow={} action={} by=ticket", workflow.key, request.action),
        );
        audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.work", &subject, &detail)?;
        Ok(done)
    })
}

/// Adds a file to the case of a ticket that is open: fewer and smaller ones than an officer may add, and no place or time is kept.
///
/// # Errors
/// [`Error::Ticket`], [`Error::TicketLocked`], [`Error::File`] with the reason, [`Error::Refused`] for a case that has ended.
pub fn add_ticket_file(
    house: &House,
    scope: &Scope,
    (ticket, secret): (&str, &str),
    new: &NewFile,
) -> Result<FileAdded> {
    if scope.role() != CITIZEN {
        return Err(Refusal::Role(vec![CITIZEN.to_owned()]).into());
    }
    let found = of_ticket(house, ticket, secret)?;
    if !found.open {
        return Err(Refusal::Closed.into());
    }
    let ready = files::make_ready(house, scope, &found, new)?;
    house.db.write(|tx| {
        let found = by_id(tx, house, found.id)?.filter(|found| found.open).ok_or(Refusal::Closed)?;
        files::put(tx, house, scope, &found, new, &ready)
    })
}

/// The bytes of a file that came in with the ticket.
///
/// # Errors
/// [`Error::Ticket`], [`Error::TicketLocked`], [`Error::NotFound`] for a file of others.
pub fn ticket_file(house: &House, ticket: &str, secret: &str, id: i64) -> Result<FileContent> {
    files::own_content(house, &of_ticket(house, ticket, secret)?, id)
}

/// The case of a ticket.
pub(crate) fn of_ticket(house: &House, ticket: &str, secret: &str) -> Result<Stored> {
    let row = house.db.read(|tx| tx.query_opt(&queries::TICKET_GET, params![ticket]))?;
    let Some(row) = row else {
        // An unknown ticket costs what a wrong secret costs.
        access::right_secret(ticket, secret, "");
        return Err(Error::Ticket);
    };
    let (case, failures) = (CaseId(row.int(1)?), row.int(2)?);
    if failures >= FAILURES_MAX {
        return Err(Error::TicketLocked);
    }
    if !access::right_secret(ticket, secret, row.text(0)?) {
        house.db.write(|tx| tx.execute(&queries::TICKET_FAILURES, params![ticket, failures + 1]))?;
        return Err(Error::Ticket);
    }
    if failures > 0 {
        house.db.write(|tx| tx.execute(&queries::TICKET_FAILURES, params![ticket, 0]))?;
    }
    house.db.read(|tx| by_id(tx, house, case))?.ok_or(Error::Ticket)
}

//! The demo's casework: for every workflow that somebody opens by hand, a few cases on invented families and places, each taken some
//! steps further by the people whose steps they are, so that every list, board and letter has something on it. Nothing here knows a
//! workflow: what is answered is made up from the type of each question.

use std::collections::BTreeMap;

use access::{House, Session};
use casework::{NewCase, NewFile, StepRequest, views};
use jiff::{ToSpan, civil::Date};
use model::{CaseId, FamilyId, PersonId, RegionCode};
use policy::{CaseSubject, FieldKind, Workflow};
use serde_json::{Value, json};
use store::Page;

use super::{DAY, Run, accounts, said::said};

/// Cases of each workflow.
const EACH: usize = 3;
/// Families to choose among.
const FAMILIES: u32 = 40;

/// Somebody of the demo at work.
pub(super) struct Worker {
    pub(super) session: Session,
    pub(super) families: Vec<registry::views::FamilyRow>,
}

/// Opens and moves the cases; answers how many.
pub(super) fn play(run: &Run) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let village = crate::demo::steps::crowded(&accounts::read(&run.dir)?)?;
    let workers = workers(run, &village)?;
    let mut opened = 0_u64;
    for (place, workflow) in house.policy.workflows().values().enumerate() {
        if workflow.subject == CaseSubject::PaymentLine || is_there(house, workflow)? {
            continue;
        }
        for nth in 0..EACH {
            if let Some(case) = open(house, workflow, &workers, &village, place * EACH + nth)? {
                opened += 1;
                walk(house, &workers, case, nth * 2);
            }
        }
    }
    let swept = casework::sweep(house, &Session::console(house).scope("case.work")?)?;
    Ok((opened, json!({ "opened": opened, "told": swept.told })))
}

/// A step that was cut short is not played twice.
fn is_there(house: &House, workflow: &Workflow) -> anyhow::Result<bool> {
    let scope = Session::console(house).scope("case.read")?;
    if !workflow.knows(scope.role()) {
        return Ok(false);
    }
    let board = views::board(house, &scope, &workflow.key, 1)?;
    Ok(board.iter().any(|column| column.open > 0))
}

pub(super) fn workers(run: &Run, village: &RegionCode) -> anyhow::Result<Vec<Worker>> {
    let console = Session::console(&run.house);
    let manage = console.scope("user.manage")?;
    let mut workers = Vec::new();
    for account in &accounts::read(&run.dir)?.accounts {
        let session = access::session_of_login(&run.house, &manage, &account.login)?;
        if !session.may("case.read") {
            continue;
        }
        let page = Page::first(FAMILIES);
        let families = match session.scope("family.read") {
            Ok(scope) => {
                let within = scope.covers(village).then_some(village).filter(|_| scope.caseload() == 0);
                registry::views::families(&run.house, &scope, within, &page)?.items
            }
            Err(_) => Vec::new(),
        };
        workers.push(Worker { session, families });
    }
    Ok(workers)
}

fn open(
    house: &House,
    workflow: &Workflow,
    workers: &[Worker],
    village: &RegionCode,
    nth: usize,
) -> anyhow::Result<Option<CaseId>> {
    let may = |worker: &&Worker| {
        worker.session.may("case.open") && workflow.opened_by.contains(&worker.session.role)
    };
    let Some(worker) = workers.iter().find(may) else { return Ok(None) };
    open_by(house, workflow, worker, village, nth, &BTreeMap::new())
}

/// The same by one of them, with some answers as they are given.
pub(super) fn open_by(
    house: &House,
    workflow: &Workflow,
    worker: &Worker,
    village: &RegionCode,
    nth: usize,
    given: &BTreeMap<String, String>,
) -> anyhow::Result<Option<CaseId>> {
    let scope = worker.session.scope("case.open")?;
    let today = house.clock.today();
    let fields =
        workflow.open_form.as_deref().and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields);
    let mut written: BTreeMap<String, String> =
        fields.iter().map(|field| (field.key.clone(), answer(field, today, nth))).collect();
    written.extend(given.iter().map(|(key, text)| (key.clone(), text.clone())));
    let mut new = NewCase {
        workflow: workflow.key.clone(),
        family: FamilyId(0),
        person: None,
        line: None,
        region: village.clone(),
        title: String::new(),
        written,
    };
    if workflow.subject.of_family() {
        if worker.families.is_empty() {
            return Ok(None);
        }
        let row = &worker.families[nth % worker.families.len()];
        let read = worker.session.scope("family.read")?;
        let view = registry::views::family(house, &read, FamilyId(row.family_id))?;
        new.family = FamilyId(view.family_id);
        new.region = RegionCode::parse(&view.region)?;
        new.title.clone_from(&view.head_name);
        if workflow.subject == CaseSubject::Person {
            let Some(member) = view.members.get(nth % view.members.len().max(1)) else { return Ok(None) };
            new.person = Some(PersonId(member.person_id));
            new.title.clone_from(&member.name);
        }
    } else if workflow.subject == CaseSubject::Body {
        new.title = format!("Kelompok Contoh {}", nth + 1);
    }
    match casework::open_case(house, &scope, &new) {
        Ok(opened) => Ok(opened.new.then_some(opened.case)),
        // What was made up does not always fit the questions.
        Err(casework::Error::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Takes some steps, each by somebody who may.
fn walk(house: &House, workers: &[Worker], case: CaseId, steps: usize) {
    let today = house.clock.today();
    for nth in 0..steps {
        if !workers.iter().any(|worker| one_step(house, worker, case, nth, today).unwrap_or(false)) {
            break;
        }
    }
}

fn one_step(house: &House, worker: &Worker, case: CaseId, nth: usize, today: Date) -> anyhow::Result<bool> {
    let session = &worker.session;
    if !session.may("case.work") {
        return Ok(false);
    }
    let Some(view) = views::case_page(house, &session.scope("case.read")?, case, None)? else {
        return Ok(false);
    };
    let Some(workflow) = house.policy.workflow(&view.row.workflow) else { return Ok(false) };
    for step in view.steps.iter().filter(|step| !step.needs_other && !step.ends) {
        let form = workflow.transition(&view.row.state, &step.action).and_then(|step| step.form.as_deref());
        let fields = form.and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields);
        let mut written: BTreeMap<String, String> =
            fields.iter().map(|field| (field.key.clone(), answer(field, today, nth))).collect();
        for field in fields.iter().filter(|field| field.kind == FieldKind::File) {
            let new = photo(field, case, today)?;
            let added = casework::add_file(house, &session.scope("case.work")?, case, &new)?;
            written.insert(field.key.clone(), added.id.to_string());
        }
        let request = StepRequest { action: step.action.clone(), written, rev: view.rev };
        if casework::take_step(house, &session.scope("case.work")?, case, &request).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A drawn house, as a phone would send it, from a place at sea.
pub(super) fn photo(field: &policy::FormField, case: CaseId, today: Date) -> anyhow::Result<NewFile> {
    let nth = i32::try_from(case.0 % 1_000).unwrap_or(0);
    let taken = today.yesterday()?;
    let stamp = format!("{:04}:{:02}:{:02} 09:15:30", taken.year(), taken.month(), taken.day());
    let bytes = synth::photo::house(case.0.unsigned_abs(), &stamp, (-55_000 - nth, 1_105_000 + nth))?;
    let (caption, name) = (field.label.id.clone(), format!("IMG_{nth:04}.jpg"));
    Ok(NewFile { caption, field: field.key.clone(), name, declared: "image/jpeg".to_owned(), bytes })
}

/// Something that fits the type of a question.
pub(super) fn answer(field: &policy::FormField, today: Date, nth: usize) -> String {
    let day = |days: i64| today.checked_add(days.days()).unwrap_or(DAY).to_string();
    let nth_day = i64::try_from(nth % 9).unwrap_or(0);
    match &field.kind {
        FieldKind::Text if field.digits => "12345678".chars().take(field.max_length as usize).collect(),
        FieldKind::Text | FieldKind::LongText => {
            said(&field.key, &field.label.id).chars().take(field.max_length as usize).collect()
        }
        FieldKind::Int | FieldKind::Money => {
            let low = field.min.unwrap_or(1).max(1);
            field.max.map_or(low + 6, |max| max.min(low + 6)).to_string()
        }
        FieldKind::Date if field.not_future => day(-nth_day - 1),
        FieldKind::Date => day(20 + nth_day),
        FieldKind::YesNo => "ya".to_owned(),
        FieldKind::Choice(choices) => choices[nth % choices.len()].value.clone(),
        // Chosen among the files of the case, once there is one.
        FieldKind::File => String::new(),
    }
}

//! What the public reads and says in the demo: hoaxes that visitors reported, checked and put right by those whose steps they are, and
//! answers to the survey from some districts, one of them too few to be shown. Nothing here knows a workflow: a case goes the shortest
//! way to where it is to come, each step taken by somebody who may.

use std::collections::BTreeMap;

use access::{House, NewUser, Session};
use casework::{StepRequest, Ticket, public, views};
use model::{RegionCode, RegionLevel};
use policy::{StateKind, Transition, Workflow};
use serde_json::{Value, json};
use store::Page;

use super::{Run, accounts, casework::answer};

/// What goes round, the link in it, and what is true.
const HOAXES: [(&str, &str, &str); 3] = [
    (
        "Bansos tambahan Rp1.500.000 cair hari ini, isi data di https://bansos-cair.example/daftar sebelum kuota habis",
        "https://bansos-cair.example/daftar",
        "Tidak ada pendaftaran lewat tautan. Penerima ditetapkan dari data terpadu; cek di cekbansos.kemensos.go.id.",
    ),
    (
        "Kartu keluarga sejahtera akan diblokir bila pemiliknya tidak mengirim PIN ke nomor 081200000000",
        "",
        "Petugas dan bank tidak pernah meminta PIN. Kartu tidak diblokir karena PIN tidak dikirim.",
    ),
    (
        "Surat undangan pembagian beras gratis dengan membayar biaya pengiriman di beras-gratis.example",
        "beras-gratis.example",
        "Bantuan sosial tidak dipungut biaya apa pun, juga tidak untuk pengiriman.",
    ),
];
/// People who answer in each of some districts.
const ANSWERS: [usize; 4] = [24, 19, 13, 6];
/// Steps that a case may take on its way.
const STEPS_MAX: usize = 8;
/// Only accounts of the demo have it; these are closed at once.
const PASSWORD: &str = "pilar-contoh-2026";

/// Publishes the clarifications and collects the answers.
pub(super) fn fill(run: &Run) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let village = super::steps::crowded(&accounts::read(&run.dir)?)?;
    let mut workers = Vec::new();
    for account in &accounts::read(&run.dir)?.accounts {
        let session = accounts::session(house, &account.login)?;
        if session.may("case.work") {
            workers.push(session);
        }
    }
    let known = public::clarifications(house, &public::ClarificationFilter::default(), &Page::first(1))?;
    let mut shown = 0;
    let publishers: Vec<&Workflow> =
        public::publishers(house).filter(|one| casework::is_public(one)).collect();
    for workflow in publishers.into_iter().filter(|_| known.items.is_empty()) {
        for (nth, hoax) in HOAXES.iter().enumerate() {
            shown += u64::from(publish(house, &workers, workflow, &village, (nth, hoax))?);
        }
    }
    let answered = survey(house, &village)?;
    Ok((shown + answered, json!({ "clarifications": shown, "answers": answered })))
}

fn publish(
    house: &House,
    workers: &[Session],
    workflow: &Workflow,
    village: &RegionCode,
    (nth, (claim, link, truth)): (usize, &(&str, &str, &str)),
) -> anyhow::Result<bool> {
    let Some(publish) = &workflow.publish else { return Ok(false) };
    let tones: Vec<&String> = publish
        .tones
        .iter()
        .filter(|(_, tone)| **tone == policy::Tone::Bad)
        .map(|(value, _)| value)
        .collect();
    let Some(verdict) = tones.get(nth % tones.len().max(1)) else { return Ok(false) };
    let official = house.policy.official().first().map_or("", |site| site.host.as_str());
    let mut said = BTreeMap::from([
        (publish.claim.clone(), (*claim).to_owned()),
        (publish.truth.clone(), (*truth).to_owned()),
        (publish.source.clone(), official.to_owned()),
        (publish.verdict.clone(), (*verdict).clone()),
        (publish.day.clone(), house.clock.today().to_string()),
    ]);
    if let Some(key) = &publish.link {
        said.insert(key.clone(), (*link).to_owned());
    }
    let Some(ticket) = open(house, workflow, village, &said, nth)? else { return Ok(false) };
    walk(house, workers, workflow, &ticket, &publish.states, &said)
}

/// A visitor opens a case.
fn open(
    house: &House,
    workflow: &Workflow,
    region: &RegionCode,
    said: &BTreeMap<String, String>,
    nth: usize,
) -> anyhow::Result<Option<Ticket>> {
    let scope = Session::citizen(house).scope("case.ticket")?;
    let written = answers(house, workflow, workflow.open_form.as_deref(), said, nth);
    match casework::open_with_ticket(house, &scope, &workflow.key, region.clone(), written) {
        Ok(ticket) => Ok(Some(ticket)),
        // What was made up does not always fit the questions.
        Err(casework::Error::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn answers(
    house: &House,
    workflow: &Workflow,
    form: Option<&str>,
    said: &BTreeMap<String, String>,
    nth: usize,
) -> BTreeMap<String, String> {
    let fields = form.and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields);
    let one = |field: &policy::FormField| {
        let text = said.get(&field.key).cloned();
        (field.key.clone(), text.unwrap_or_else(|| answer(field, house.clock.today(), nth)))
    };
    fields.iter().map(one).collect()
}

/// Takes a case the shortest way to one of some states; answers whether it came there.
fn walk(
    house: &House,
    workers: &[Session],
    workflow: &Workflow,
    ticket: &Ticket,
    to: &[String],
    said: &BTreeMap<String, String>,
) -> anyhow::Result<bool> {
    let far = distances(workflow, to);
    for nth in 0..STEPS_MAX {
        let mut moved = false;
        for worker in workers {
            let read = worker.scope("case.read")?;
            let Some(view) = views::case_page(house, &read, ticket.case, None)? else { continue };
            let state = view.row.state.as_str();
            let Some(here) = far.get(state) else { return Ok(false) };
            if *here == 0 {
                return Ok(true);
            }
            let nearer = |step: &&Transition| {
                far.get(&step.to).is_some_and(|far| far < here) && step.by.contains(&worker.role)
            };
            let Some(step) = workflow.out_of(state).find(nearer) else { continue };
            let written = answers(house, workflow, step.form.as_deref(), said, nth);
            let request = StepRequest { action: step.action.clone(), written, rev: view.rev };
            if casework::take_step(house, &worker.scope("case.work")?, ticket.case, &request).is_ok() {
                moved = true;
                break;
            }
        }
        if !moved {
            break;
        }
    }
    Ok(!casework::ticket_page(house, &ticket.ticket, &ticket.secret)?.open)
}

/// Steps from each state to the nearest of some states.
fn distances(workflow: &Workflow, to: &[String]) -> BTreeMap<String, usize> {
    let mut far: BTreeMap<String, usize> = to.iter().map(|state| (state.clone(), 0)).collect();
    for round in 1..=workflow.states.len() {
        for step in workflow.transitions.iter().filter(|step| !step.by.is_empty()) {
            if far.get(&step.to).is_some_and(|far| *far == round - 1) {
                for from in &step.from {
                    far.entry(from.clone()).or_insert(round);
                }
            }
        }
    }
    far
}

/// Answers from some districts, by people whose reports came to an end.
fn survey(house: &House, village: &RegionCode) -> anyhow::Result<u64> {
    let own = village.at(RegionLevel::District);
    let mut districts = vec![own.clone()];
    // The people of the demo live in one district; what is said of the service comes from others too.
    for province in
        house.db.read(|tx| store::regions::children(tx, &RegionCode::nation()))?.iter().take(ANSWERS.len())
    {
        let within = house.db.read(|tx| store::regions::children(tx, &province.code))?;
        districts.extend(within.into_iter().map(|region| region.code).find(|code| *code != own));
    }
    // A role of the districts that opens and works cases, whatever it is called.
    let role = house.policy.roles().iter().find(|role| {
        role.levels == [RegionLevel::District] && role.may("case.open") && role.may("case.work")
    });
    let Some(role) = role else { return Ok(0) };
    let asked: Vec<&Workflow> = house
        .policy
        .workflows()
        .values()
        .filter(|workflow| workflow.survey && casework::is_public(workflow) && !workflow.need_to_know)
        .collect();
    let mut given = 0;
    for (place, (district, people)) in districts.iter().zip(ANSWERS).enumerate() {
        let login = format!("{}_{}", role.key, district.as_str().replace('.', ""));
        let Some(worker) = officer(house, &role.key, &login, district)? else { continue };
        let workers = [worker];
        for person in 0..people {
            let Some(workflow) = asked.get(person % asked.len().max(1)) else { break };
            let ends: Vec<String> = workflow
                .states
                .iter()
                .filter(|state| state.kind == StateKind::End)
                .map(|state| state.key.clone())
                .collect();
            let Some(ticket) = open(house, workflow, district, &BTreeMap::new(), person)? else { continue };
            if walk(house, &workers, workflow, &ticket, &ends, &BTreeMap::new())? {
                given += answer_survey(house, &ticket, place * 100 + person)?;
            }
        }
        access::close_user(house, &Session::console(house).scope("user.manage")?, &login)?;
    }
    Ok(given)
}

/// Somebody who works in a district for the time of this step; none where the step was done before.
fn officer(house: &House, role: &str, login: &str, district: &RegionCode) -> anyhow::Result<Option<Session>> {
    let manage = Session::console(house).scope("user.manage")?;
    let new = NewUser {
        login: login.to_owned(),
        name: "Petugas Contoh".to_owned(),
        role: role.to_owned(),
        region: district.clone(),
        password: Some(PASSWORD.to_owned()),
    };
    match access::create_user(house, &manage, new) {
        Ok(_) => Ok(Some(accounts::session(house, login)?)),
        Err(access::Error::LoginTaken(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn answer_survey(house: &House, ticket: &Ticket, person: usize) -> anyhow::Result<u64> {
    let scope = Session::citizen(house).scope("case.ticket")?;
    let elements = house.policy.survey().elements.iter().enumerate();
    // Most are content; the time that it takes is what they like least.
    let score = |at: usize| match (person * 7 + at * 5) % 11 {
        0 => 2,
        1..=5 => 3,
        _ => 4,
    };
    let answered =
        elements.map(|(at, one)| (one.key.clone(), if at == 2 { score(at).min(3) } else { score(at) }));
    let answered = answered.collect();
    public::survey_by_ticket(house, &scope, (&ticket.ticket, &ticket.secret), &answered)?;
    Ok(1)
}

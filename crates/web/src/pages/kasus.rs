//! One case: its history, its clock, the steps that my role may take, each with its form from the policy pack; and new cases.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use casework::{
    Answers, DeadlineView, Error, FieldFault, FileView, LetterView, NewCase, Person, Refusal, Series,
    SeriesPoint, StepRequest,
    catalogue::{self, OfferView},
    groups::tells_absent,
    public::record_survey,
    views::{self, AnswerView, CaseRow, CaseView, FieldView, OpenableView, StepView},
};
use jiff::civil::Date;
use model::{CaseId, FamilyId, PersonId, RegionCode, UserId};
use policy::{CaseSubject, CataloguePart, FieldChoice, FieldKind, Label};
use serde::Deserialize;
use store::Page;

use super::tugas::{due_kind, due_text, title};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError, Line, Plot},
    visit::{Answer, Posted, Visit, encode, page, sent},
};

/// Families that may be ticked as absent.
const ABSENTEES: u32 = 400;

/// One case.
#[derive(Template)]
#[template(path = "kasus.html")]
pub(crate) struct CasePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: CaseView,
    pub(crate) errors: Vec<FieldError>,
    /// What was written into the step that was refused: its action and its fields.
    pub(crate) sent: (String, BTreeMap<String, String>),
    pub(crate) place: String,
    /// Answers that somebody else gave to the questions of the refused step in the meantime.
    pub(crate) theirs: Vec<AnswerView>,
    /// A service of the catalogue with which fields begin.
    pub(crate) chosen: Option<OfferView>,
    /// Open cases of another workflow in the territory: what the list is called, each with its age in days.
    pub(crate) listed: Option<(Label, Vec<(CaseRow, i64)>)>,
    /// Amounts of the family over time: name and drawing.
    pub(crate) series: Vec<(String, Plot)>,
    /// Families that may be ticked as absent: number and words.
    pub(crate) families: Vec<(String, String)>,
}

/// A new case for a family.
#[derive(Template)]
#[template(path = "kasus_baru.html")]
pub(crate) struct NewCasePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) family: i64,
    pub(crate) region: String,
    pub(crate) form: Option<OpenableView>,
    pub(crate) choices: Vec<OpenableView>,
    pub(crate) members: Vec<(String, String)>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) sent: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    /// Seen as it was at the end of that day.
    pada: Option<String>,
    /// A service that was chosen in the catalogue.
    layanan: Option<i64>,
}

pub(crate) async fn show(visit: Visit, Path(case): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let as_of = match asked.pada.as_deref().filter(|day| !day.is_empty()) {
        Some(day) => Some(model::parse_date(day).map_err(|_| Fault::bad_form())?),
        None => None,
    };
    let chosen = match asked.layanan {
        Some(offer) => visit.guest.app.ask(move |house| catalogue::service(house, offer)).await?,
        None => None,
    };
    case_page(visit, case, as_of, Refused { chosen, ..Refused::default() }).await
}

/// A step that was not taken: what is wrong, what was written, and what somebody else wrote meanwhile.
#[derive(Default)]
struct Refused {
    errors: Vec<FieldError>,
    sent: (String, BTreeMap<String, String>),
    theirs: Answers,
    /// A service with which fields begin.
    chosen: Option<OfferView>,
}

/// The amounts of a family over time, each with its name: a line with its table.
pub(crate) fn series_plots(t: &Tongue, series: &[Series]) -> Vec<(String, Plot)> {
    let plot = |one: &Series| {
        let first = one.points.first().map_or(Date::ZERO, |point| point.on);
        let last = one.points.last().map_or(first, |point| point.on);
        let most = one.points.iter().map(|point| point.amount_idr.idr()).max().unwrap_or(0).max(1);
        let at = |point: &SeriesPoint| {
            let days = point.on.duration_since(first).as_hours() / 24;
            (days as f64, point.amount_idr.idr() as f64 / most as f64)
        };
        let row = |point: &SeriesPoint| {
            vec![t.day(point.on), t.idr(point.amount_idr), t.label(&point.workflow).to_owned()]
        };
        let name = t.label(&one.label).to_owned();
        let plot = Plot {
            title: t.say("web-series-text"),
            note: String::new(),
            columns: Vec::new(),
            lines: vec![Line { name: name.clone(), points: one.points.iter().map(at).collect(), colour: 1 }],
            marks: Vec::new(),
            scale: [t.day(first), String::new(), t.day(last)],
            heads: vec![t.say("web-series-day"), t.say("web-series-amount"), t.say("web-series-case")],
            rows: one.points.iter().map(row).collect(),
            as_table: t.say("web-as-table"),
        };
        (name, plot)
    };
    series.iter().filter(|one| !one.points.is_empty()).map(plot).collect()
}

async fn case_page(visit: Visit, case: i64, as_of: Option<Date>, refused: Refused) -> Answer {
    let (view, series) = visit
        .ask("case.read", move |house, scope| {
            let Some(view) = views::case_page(house, scope, CaseId(case), as_of)? else { return Ok(None) };
            let mut series = casework::family_series(house, scope, view.row.family)?;
            for one in &mut series {
                one.points.retain(|point| as_of.is_none_or(|day| point.on <= day));
            }
            Ok::<_, casework::Error>(Some((view, series)))
        })
        .await?
        .ok_or_else(Fault::not_found)?;
    let listed = listed(&visit, &view).await?;
    let families = absentees(&visit, &view).await?;
    let region = view.row.region.to_string();
    let place = visit.names([region.clone()]).await?.remove(&region).unwrap_or_default();
    let t = visit.t();
    let Refused { errors, sent, theirs, chosen } = refused;
    let status = match (errors.is_empty(), theirs.is_empty()) {
        (_, false) => StatusCode::CONFLICT,
        (false, true) => StatusCode::UNPROCESSABLE_ENTITY,
        (true, true) => StatusCode::OK,
    };
    let workflow = t.policy().workflow(&view.row.workflow).cloned();
    let theirs = workflow.map_or_else(Vec::new, |workflow| views::answers_shown(&workflow, &theirs));
    let body = page(&CasePage {
        listed,
        trail: vec![
            ("/tugas".into(), t.say("web-nav-tasks")),
            (String::new(), t.label(&view.row.workflow_label).to_owned()),
        ],
        view,
        errors,
        sent,
        place,
        theirs,
        chosen,
        series: series_plots(&t, &series),
        families,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

/// Families that a session may have missed: those of the visitor's caseload, else those of the place; none where no step asks.
async fn absentees(visit: &Visit, view: &CaseView) -> Result<Vec<(String, String)>, Fault> {
    let t = visit.t();
    let workflow = t.policy().workflow(&view.row.workflow);
    let fields = view.steps.iter().flat_map(|step| &step.fields);
    let asked = workflow.is_some_and(|one| fields.into_iter().any(|field| tells_absent(one, &field.key)));
    if !asked || !visit.session.may("family.read") {
        return Ok(Vec::new());
    }
    let place = view.row.region.clone();
    let page = Page { after: None, limit: ABSENTEES };
    let found = visit
        .ask("family.read", move |house, scope| {
            let within = Some(&place).filter(|_| scope.caseload() == 0);
            registry::views::families(house, scope, within, &page)
        })
        .await?;
    Ok(found.items.into_iter().map(|row| (row.family_id.to_string(), row.head_name)).collect())
}

/// Open cases of the territory that the workflow lists, each with its age in days; none in a view of the past.
async fn listed(visit: &Visit, view: &CaseView) -> Result<Option<(Label, Vec<(CaseRow, i64)>)>, Fault> {
    if view.as_of.is_some() {
        return Ok(None);
    }
    let row = view.row.clone();
    visit
        .ask("case.read", move |house, scope| {
            let today = house.clock.today();
            let aged = |row: CaseRow| {
                let days = row.opened_on.until(today).map_or(0, |span| i64::from(span.get_days()));
                (row, days)
            };
            let listed = casework::listed(house, scope, &row)?;
            Ok::<_, casework::Error>(
                listed.map(|(label, rows)| (label, rows.into_iter().map(aged).collect())),
            )
        })
        .await
}

impl CasePage {
    /// What stands in a field: what was sent and refused, else the answer so far.
    fn value(&self, step: &StepView, field: &FieldView) -> String {
        if self.sent.0 == step.action {
            return self.sent.1.get(&field.key).cloned().unwrap_or_default();
        }
        if let (Some(offer), Some(part)) = (&self.chosen, field.catalogue) {
            return match part {
                CataloguePart::Number => offer.number.clone(),
                CataloguePart::Provider => offer.provider.clone(),
                CataloguePart::Address => offer.address.clone(),
            };
        }
        field.value.clone().unwrap_or_default()
    }

    /// Where a service is chosen for this step; empty where it asks for none.
    fn catalogue(&self, step: &StepView) -> String {
        if step.fields.iter().all(|field| field.catalogue.is_none()) {
            return String::new();
        }
        format!("/layanan?wilayah={}&kasus={}", encode(self.view.row.region.as_str()), self.view.row.case)
    }

    /// Files of the case that may answer a question: what waits for a step, then the others, as number and words.
    fn files(&self) -> Vec<(String, String)> {
        let there = self.view.files.iter().filter(|file| file.withdrawn.is_none());
        let (waits, others): (Vec<_>, Vec<_>) = there.partition(|file| file.seq.is_none());
        let one = |file: &FileView| (file.id.to_string(), format!("{} ({})", file.caption, file.name));
        waits.into_iter().chain(others).map(one).collect()
    }

    /// The file that stands in a question: the one that was sent for it and waits for the step, else the answer so far.
    fn chosen_file(&self, step: &StepView, field: &FieldView) -> String {
        let value = self.value(step, field);
        let waits =
            |file: &&FileView| file.field == field.key && file.seq.is_none() && file.withdrawn.is_none();
        let waiting = self.view.files.iter().rev().find(waits);
        if value.is_empty() { waiting.map(|file| file.id.to_string()).unwrap_or_default() } else { value }
    }

    fn asks_files(&self, step: &StepView) -> bool {
        step.fields.iter().any(is_file)
    }

    /// What was written to a file that was refused.
    fn caption(&self) -> String {
        if self.sent.0.is_empty() {
            self.sent.1.get("keterangan").cloned().unwrap_or_default()
        } else {
            String::new()
        }
    }

    /// When and where a picture was taken, as far as it said so.
    fn taken(&self, file: &FileView) -> Vec<String> {
        let at =
            file.taken_at.map(|at| format!("{}, {:02}.{:02}", self.t.day(at.date()), at.hour(), at.minute()));
        let at = at.map(|at| self.t.one("web-file-taken", "at", at));
        let place = file
            .place
            .as_ref()
            .map(|(lat, lon)| self.t.one("web-file-place", "place", format!("{lat}, {lon}")));
        at.into_iter().chain(place).collect()
    }

    /// What was written where somebody else answered otherwise: a choice by its label.
    fn yours(&self, theirs: &AnswerView) -> String {
        let sent = self.sent.1.get(&theirs.field).cloned().unwrap_or_default();
        let fields = self.view.steps.iter().flat_map(|step| &step.fields);
        let mut choices =
            fields.filter(|field| field.key == theirs.field).flat_map(|field| choices(&self.t, field));
        choices.find(|choice| choice.0 == sent).map_or(sent, |choice| choice.1)
    }

    /// Others to whom the case may be given, as value and label.
    fn people(&self) -> Vec<(String, String)> {
        people(&self.t, &self.view.people)
    }

    /// Whether people are asked how they were served, and the visitor may write it down.
    fn asks_survey(&self) -> bool {
        let row = &self.view.row;
        let surveys = self.t.policy().workflow(&row.workflow).is_some_and(|workflow| workflow.survey);
        surveys && !row.open && self.view.as_of.is_none() && self.shell.may("case.work")
    }

    /// Names of the roles whose task it is now.
    fn waits_for(&self) -> String {
        self.view.waits_for.iter().map(|role| self.role(role)).collect::<Vec<_>>().join(", ")
    }

    fn role(&self, key: &str) -> String {
        let role = self.t.policy().roles().get(key);
        role.map_or_else(|| key.to_owned(), |role| self.t.label(&role.label).to_owned())
    }

    /// An answer in words: a trouble of a payment line and the word of a bank are codes that the case was opened with.
    fn answer(&self, answer: &views::AnswerView) -> String {
        let text = self.t.label(&answer.shown);
        match text.strip_prefix("bank:") {
            Some(word) => super::pembayaran::bank_word(&self.t, word).unwrap_or_else(|| word.to_owned()),
            None => self.t.code("payment-problem", text),
        }
    }

    /// Whether families are ticked in a field.
    fn ticks(&self, field: &FieldView) -> bool {
        let workflow = self.t.policy().workflow(&self.view.row.workflow);
        !self.families.is_empty() && workflow.is_some_and(|one| tells_absent(one, &field.key))
    }

    fn error(&self, step: &StepView, field: &FieldView) -> String {
        ui::error_of(&self.errors, &format!("{}-{}", step.action, field.key))
    }
}

impl NewCasePage {
    fn value(&self, field: &FieldView) -> String {
        self.sent.get(&field.key).cloned().unwrap_or_default()
    }

    fn error(&self, field: &FieldView) -> String {
        ui::error_of(&self.errors, &format!("baru-{}", field.key))
    }
}

/// People as value and label: the name, and the role by which they work.
pub(crate) fn people(t: &Tongue, people: &[Person]) -> Vec<(String, String)> {
    let role = |key: &str| t.policy().roles().get(key).map_or(key, |role| t.label(&role.label)).to_owned();
    people.iter().map(|one| (one.user.to_string(), format!("{} ({})", one.name, role(&one.role)))).collect()
}

/// A deadline of a law in words.
pub(crate) fn deadline_text(t: &Tongue, one: &DeadlineView) -> String {
    match (one.to_the_hour, one.due_ms, one.due_on) {
        (true, Some(due), _) => t.stamp(due),
        (_, _, Some(day)) => t.day(day),
        _ => t.say("web-deadline-open"),
    }
}

/// Choices of a field as value and label; where a kind of case has days of its own, the label says how many.
pub(crate) fn choices(t: &Tongue, field: &FieldView) -> Vec<(String, String)> {
    let text = |one: &FieldChoice| match one.days {
        Some(days) => format!("{} ({})", t.label(&one.label), t.count("web-days", days)),
        None => t.label(&one.label).to_owned(),
    };
    match &field.kind {
        FieldKind::Choice(choices) => choices.iter().map(|one| (one.value.clone(), text(one))).collect(),
        FieldKind::YesNo => vec![("ya".into(), t.say("web-yes")), ("tidak".into(), t.say("web-no"))],
        _ => Vec::new(),
    }
}

/// Cases that a field offers, as value and label.
pub(crate) fn offered(t: &Tongue, field: &FieldView) -> Vec<(String, String)> {
    let one = |one: &casework::OfferedCase| {
        let day = t.day(one.opened_on);
        (one.case.to_string(), format!("{}: {} ({day})", t.one("web-case-number", "n", one.case), one.title))
    };
    field.offered.iter().map(one).collect()
}

/// Type of the input for a field.
pub(crate) fn input_kind(field: &FieldView) -> &'static str {
    if matches!(field.kind, FieldKind::Date) { "date" } else { "text" }
}

/// Keyboard of a phone for a field.
pub(crate) fn input_mode(field: &FieldView) -> &'static str {
    if field.digits || matches!(field.kind, FieldKind::Int | FieldKind::Money) { "numeric" } else { "text" }
}

pub(crate) fn is_file(field: &FieldView) -> bool {
    matches!(field.kind, FieldKind::File)
}

pub(crate) fn is_long(field: &FieldView) -> bool {
    matches!(field.kind, FieldKind::LongText)
}

pub(crate) fn faults(t: &Tongue, prefix: &str, faults: &[FieldFault]) -> Vec<FieldError> {
    let one = |fault: &FieldFault| FieldError {
        field: format!("{prefix}-{}", fault.field),
        text: t.say(fault.code),
    };
    faults.iter().map(one).collect()
}

/// Takes what is ours out of a form; the rest are the fields of the policy's form.
pub(crate) fn own(form: &mut BTreeMap<String, String>, key: &str) -> String {
    form.remove(key).unwrap_or_default()
}

pub(crate) async fn step(Path(case): Path<i64>, posted: Posted<Vec<(String, String)>>) -> Answer {
    let Posted { visit, form } = posted;
    let mut form = sent(form);
    own(&mut form, "csrf");
    let action = own(&mut form, "langkah");
    let rev = own(&mut form, "rev").parse().unwrap_or(-1);
    take(visit, case, action, form, rev).await
}

/// Takes a step; what is wrong with it is told on its form.
pub(super) async fn take(
    visit: Visit,
    case: i64,
    action: String,
    form: BTreeMap<String, String>,
    rev: i64,
) -> Answer {
    let request = StepRequest { action: action.clone(), written: form.clone(), rev };
    let refused = visit
        .ask("case.work", move |house, scope| {
            match casework::take_step(house, scope, CaseId(case), &request) {
                Err(Error::Refused(Refusal::Form(faults))) => Ok(Some((faults, Answers::new()))),
                Err(Error::Conflict { theirs, .. }) => Ok(Some((Vec::new(), theirs))),
                Err(error) => Err(error),
                Ok(_) => Ok(None),
            }
        })
        .await?;
    match refused {
        None => Ok(Redirect::to(&format!("/kasus/{case}")).into_response()),
        Some((found, theirs)) => {
            let errors = faults(&visit.guest.t, &action, &found);
            case_page(visit, case, None, Refused { errors, sent: (action, form), theirs, chosen: None }).await
        }
    }
}

/// The page of a case with what was wrong on one of its forms.
pub(super) async fn refused_page(
    visit: Visit,
    case: i64,
    errors: Vec<FieldError>,
    sent: (String, BTreeMap<String, String>),
) -> Answer {
    case_page(visit, case, None, Refused { errors, sent, ..Refused::default() }).await
}

#[derive(Deserialize)]
pub(crate) struct Given {
    #[serde(default)]
    kepada: String,
}

/// To whom a case is given: `saya` is who asks, nothing is nobody.
pub(crate) fn to_whom(visit: &Visit, text: &str) -> Result<Option<UserId>, Fault> {
    match text {
        "" => Ok(None),
        "saya" => Ok(Some(visit.session.user_id)),
        number => number.parse().map(|id| Some(UserId(id))).map_err(|_| Fault::bad_form()),
    }
}

/// Gives a case to a person, or to nobody.
pub(crate) async fn give(Path(case): Path<i64>, posted: Posted<Given>) -> Answer {
    let Posted { visit, form } = posted;
    let to = to_whom(&visit, &form.kepada)?;
    let done = visit
        .ask("case.work", move |house, scope| casework::assign(house, scope, &[CaseId(case)], to))
        .await?;
    match done.refused.first() {
        None => Ok(Redirect::to(&format!("/kasus/{case}")).into_response()),
        Some(refused) => Err(Fault::refused(refused.code)),
    }
}

/// Writes down what a citizen answered about a case that is over.
pub(crate) async fn survey(Path(case): Path<i64>, posted: Posted<BTreeMap<String, String>>) -> Answer {
    let Posted { visit, mut form } = posted;
    let answered = super::kepuasan::answered(&mut form, &visit.guest.t);
    let paper: String = own(&mut form, "kertas").chars().take(60).collect();
    let refused = visit
        .ask("case.work", move |house, scope| {
            match record_survey(house, scope, CaseId(case), &answered, &paper) {
                Err(error @ (Error::NoSurvey | Error::SurveyForm | Error::SurveyOwn)) => {
                    Ok(Some(error.code()))
                }
                Err(error) => Err(error),
                Ok(()) => Ok(None),
            }
        })
        .await?;
    let Some(code) = refused else {
        return Ok(Redirect::to(&format!("/kasus/{case}")).into_response());
    };
    let text = visit.guest.t.say(&format!("galat-{code}"));
    let errors = vec![FieldError { field: "k-survei".into(), text }];
    case_page(visit, case, None, Refused { errors, ..Refused::default() }).await
}

#[derive(Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    keluarga: String,
    #[serde(default)]
    rev: i64,
}

/// Names the family of a case that was opened without one.
pub(crate) async fn name(Path(case): Path<i64>, posted: Posted<Named>) -> Answer {
    let Posted { visit, form } = posted;
    let family = form.keluarga.trim().parse().ok();
    let read = visit.scope("family.read")?;
    let named = visit
        .ask("case.work", move |house, scope| {
            let Some(family) = family else { return Ok(false) };
            // Only a family of this person's own territory can be named.
            match registry::views::family(house, &read, FamilyId(family)) {
                Ok(view) => {
                    casework::name_family(house, scope, CaseId(case), FamilyId(view.family_id), form.rev)
                        .map(|()| true)
                        .map_err(Fault::from)
                }
                Err(registry::Error::NotFound) => Ok(false),
                Err(error) => Err(Fault::from(error)),
            }
        })
        .await?;
    if named {
        return Ok(Redirect::to(&format!("/kasus/{case}")).into_response());
    }
    let errors = vec![FieldError { field: "keluarga".into(), text: visit.guest.t.say("web-family-unknown") }];
    case_page(visit, case, None, Refused { errors, ..Refused::default() }).await
}

/// A letter of a case, to be printed.
#[derive(Template)]
#[template(path = "kasus_surat.html")]
pub(crate) struct LetterPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) row: views::CaseRow,
    pub(crate) letter: LetterView,
    pub(crate) place: String,
}

pub(crate) async fn letter(visit: Visit, Path((case, key)): Path<(i64, String)>) -> Answer {
    let view = visit
        .ask("case.read", move |house, scope| views::case_page(house, scope, CaseId(case), None))
        .await?
        .ok_or_else(Fault::not_found)?;
    let letter = view.letters.into_iter().find(|letter| letter.key == key).ok_or_else(Fault::not_found)?;
    let region = view.row.region.to_string();
    let place = visit.names([region.clone()]).await?.remove(&region).unwrap_or_default();
    let t = visit.t();
    page(&LetterPage {
        trail: vec![
            ("/tugas".into(), t.say("web-nav-tasks")),
            (format!("/kasus/{case}"), t.label(&view.row.workflow_label).to_owned()),
            (String::new(), t.label(&letter.label).to_owned()),
        ],
        row: view.row,
        letter,
        place,
        shell: visit.shell(),
        t,
    })
}

#[derive(Deserialize)]
pub(crate) struct NewAsked {
    #[serde(default)]
    keluarga: i64,
    #[serde(default)]
    jenis: String,
}

pub(crate) async fn new(visit: Visit, Query(asked): Query<NewAsked>) -> Answer {
    let region = visit.session.region.to_string();
    new_page(visit, asked.keluarga, region, asked.jenis, Vec::new(), BTreeMap::new()).await
}

async fn new_page(
    visit: Visit,
    family: i64,
    region: String,
    workflow: String,
    errors: Vec<FieldError>,
    sent: BTreeMap<String, String>,
) -> Answer {
    let family_scope = if family == 0 { None } else { Some(visit.scope("family.read")?) };
    let (view, choices) = visit
        .ask("case.open", move |house, scope| {
            let view = match &family_scope {
                Some(of) => Some(registry::views::family(house, of, FamilyId(family)).map_err(Fault::from)?),
                None => None,
            };
            Ok::<_, Fault>((view, views::openable(house, scope)))
        })
        .await?;
    let t = visit.t();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    // A case about a payment line is opened from that line; one about nobody's family not from a family.
    let fits = |one: &OpenableView| {
        one.subject != CaseSubject::PaymentLine && one.subject.of_family() == view.is_some()
    };
    let first = match &view {
        Some(view) => (format!("/keluarga/{family}"), t.one("web-family-of", "name", &view.head_name)),
        None => ("/tugas".to_owned(), t.say("web-nav-tasks")),
    };
    let members = view.iter().flat_map(|view| &view.members);
    let body = page(&NewCasePage {
        trail: vec![first, (String::new(), t.say("web-case-new"))],
        members: members.map(|one| (one.person_id.to_string(), one.name.clone())).collect(),
        form: choices.iter().find(|one| one.workflow == workflow && fits(one)).cloned(),
        choices: choices.into_iter().filter(fits).collect(),
        family,
        region,
        errors,
        sent,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

pub(crate) async fn open(posted: Posted<BTreeMap<String, String>>) -> Answer {
    let Posted { visit, mut form } = posted;
    own(&mut form, "csrf");
    let workflow = own(&mut form, "jenis");
    let family: i64 = own(&mut form, "keluarga").parse().map_err(|_| Fault::bad_form())?;
    let person: Option<i64> = own(&mut form, "orang").parse().ok();
    let place = own(&mut form, "wilayah");
    let name = own(&mut form, "nama").trim().chars().take(120).collect::<String>();
    if family == 0 {
        return open_elsewhere(visit, workflow, (place, name), form).await;
    }
    let members_scope = visit.scope("family.read")?;
    let (key, written) = (workflow.clone(), form.clone());
    let opened = visit
        .ask("case.open", move |house, scope| {
            let view =
                registry::views::family(house, &members_scope, FamilyId(family)).map_err(Fault::from)?;
            let of = person.and_then(|id| view.members.iter().find(|one| one.person_id == id));
            let title = of.map_or_else(|| view.head_name.clone(), |one| one.name.clone());
            let region = RegionCode::parse(&view.region).map_err(|_| Fault::not_found())?;
            let (person, line) = (of.map(|one| PersonId(one.person_id)), None);
            let new =
                NewCase { workflow: key, family: FamilyId(family), person, line, region, title, written };
            opened(casework::open_case(house, scope, &new))
        })
        .await?;
    answer(visit, opened, (family, String::new(), workflow), form).await
}

/// Opens a case that is about a place, a body or a matter.
async fn open_elsewhere(
    visit: Visit,
    workflow: String,
    (place, title): (String, String),
    form: BTreeMap<String, String>,
) -> Answer {
    let Ok(region) = RegionCode::parse(&place) else {
        let errors = vec![FieldError { field: "wilayah".into(), text: visit.guest.t.say("web-place-wrong") }];
        return new_page(visit, 0, place, workflow, errors, form).await;
    };
    let new = NewCase {
        workflow: workflow.clone(),
        family: FamilyId(0),
        person: None,
        line: None,
        written: form.clone(),
        region,
        title,
    };
    let opened =
        visit.ask("case.open", move |house, scope| opened(casework::open_case(house, scope, &new))).await?;
    answer(visit, opened, (0, place, workflow), form).await
}

fn opened(result: Result<casework::Opened, Error>) -> Result<Result<CaseId, Vec<FieldFault>>, Fault> {
    match result {
        Err(Error::Refused(Refusal::Form(faults))) => Ok(Err(faults)),
        Err(error) => Err(Fault::from(error)),
        Ok(opened) => Ok(Ok(opened.case)),
    }
}

async fn answer(
    visit: Visit,
    opened: Result<CaseId, Vec<FieldFault>>,
    (family, place, workflow): (i64, String, String),
    form: BTreeMap<String, String>,
) -> Answer {
    match opened {
        Ok(case) => Ok(Redirect::to(&format!("/kasus/{case}")).into_response()),
        Err(found) => {
            let errors = faults(&visit.guest.t, "baru", &found);
            new_page(visit, family, place, workflow, errors, form).await
        }
    }
}

//! Verification after payment: samples, whom to ask and how, what was answered, and what that says of all payments. A share is shown with
//! its interval, never of a small cell.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use payment::{
    Error,
    goods::GoodsFault,
    sample::{
        self, Answer as Said, AnswerView, Design, Group, Mode, SampleLinePage, SampleLineView, SamplePage,
        SampleView, Share, TROUBLES, Told, Wanted,
    },
};
use serde::Deserialize;
use store::{Page, Paged};

use super::{
    barang::{Form, Input, Sent},
    pembayaran::{channel, programme},
};
use crate::{
    csv::{self, Sheet},
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError, Pager},
    visit::{Answer, Posted, Visit, encode, page},
};

const READ: &str = "verify.read";
const ANSWER: &str = "verify.answer";
const DRAW: &str = "verify.draw";
/// Ways of asking that the form offers: key, words, modes.
const WAYS: [(&str, &str, &[Mode]); 3] = [
    ("v", "web-verify-visits-only", &[Mode::Visit]),
    ("vc", "web-verify-visits-calls", &[Mode::Visit, Mode::Call]),
    ("vcf", "web-verify-all-modes", &[Mode::Visit, Mode::Call, Mode::File]),
];

/// All samples.
#[derive(Template)]
#[template(path = "verifikasi.html")]
pub(crate) struct SamplesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) samples: Vec<SampleView>,
    pub(crate) pager: Pager,
    pub(crate) form: Option<Form>,
    pub(crate) errors: Vec<FieldError>,
}

/// One sample.
#[derive(Template)]
#[template(path = "verifikasi_satu.html")]
pub(crate) struct OneSamplePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: SamplePage,
    pub(crate) names: HashMap<String, String>,
}

/// Whom to ask.
#[derive(Template)]
#[template(path = "verifikasi_daftar.html")]
pub(crate) struct SampleListPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) sample: i64,
    pub(crate) asked: Asked,
    pub(crate) modes: Vec<(String, String)>,
    pub(crate) answers: Vec<(String, String)>,
    pub(crate) export: String,
    pub(crate) lines: Vec<SampleLineView>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
}

/// One line and its answers.
#[derive(Template)]
#[template(path = "verifikasi_baris.html")]
pub(crate) struct AskedLinePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: SampleLinePage,
    pub(crate) place: String,
    pub(crate) steps: Vec<(String, String, bool)>,
    pub(crate) form: Option<Form>,
    pub(crate) errors: Vec<FieldError>,
}

/// What is asked for.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    setelah: Option<String>,
    pub(crate) cara: String,
    pub(crate) jawaban: String,
    langkah: String,
}

/// Words of an answer; of none, that nobody was asked.
pub(crate) fn said(t: &Tongue, answer: Option<&Said>) -> String {
    t.say(&format!("sample-answer-{}", answer.map_or("open", |answer| answer.code())))
}

/// Colour of an answer.
pub(crate) fn said_kind(answer: Option<&Said>) -> &'static str {
    match answer {
        None => "mute",
        Some(Said::Full) => "good",
        Some(Said::Late | Said::Trouble) => "warn",
        Some(Said::Less | Said::Not) => "bad",
        Some(Said::Unreached | Said::Declined) => "note",
    }
}

/// What a sample is called.
pub(crate) fn title(t: &Tongue, sample: &SampleView) -> String {
    format!("{} {}", programme(t, &sample.programme), t.period(&sample.period))
}

fn tenths(t: &Tongue, share: f64) -> String {
    t.decimal(share * 100.0, 1)
}

/// A share in words: percent, its interval and its standard error; of a small cell, that it is hidden.
pub(crate) fn share(t: &Tongue, share: Option<&Share>) -> (String, String) {
    let Some(share) = share else { return (t.say("web-verify-hidden"), String::new()) };
    let ends = t.two("web-verify-interval", "low", tenths(t, share.low), "high", tenths(t, share.high));
    let error = share.error.map(|error| t.one("web-verify-error", "n", tenths(t, error)));
    let note = error.map_or(ends.clone(), |error| format!("{ends}, {error}"));
    (t.one("web-verify-percent", "n", tenths(t, share.estimate)), note)
}

fn input(t: &Tongue, sent: Option<&Sent>, id: &str, kind: &'static str, value: &str) -> Input {
    let sent = sent.and_then(|sent| sent.get(id)).cloned();
    let value = sent.unwrap_or_else(|| value.to_owned());
    Input { id: id.to_owned(), label: t.say(&format!("sample-field-{id}")), value, kind, choices: Vec::new() }
}

fn errors(t: &Tongue, fault: Option<GoodsFault>) -> Vec<FieldError> {
    let told = |fault: GoodsFault| FieldError {
        field: fault.field().to_owned(),
        text: t.say(&format!("galat-{}", fault.code())),
    };
    fault.map(told).into_iter().collect()
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    list_page(visit, asked, None).await
}

async fn list_page(visit: Visit, asked: Asked, wrong: Option<(Sent, GoodsFault)>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let wanted = from.clone();
    let found = visit.ask(READ, move |house, scope| sample::samples(house, scope, &wanted)).await?;
    let t = visit.t();
    let (sent, fault) = wrong.unzip();
    let mut form = None;
    if visit.session.may(DRAW) && visit.session.may("payment.read") {
        let cycles =
            visit.ask("payment.read", |house, scope| payment::cycles(house, scope, &Page::first(50))).await?;
        let named = |one: &payment::CycleView| {
            let name = format!("{} {}", programme(&t, &one.programme), t.period(&one.period));
            (one.cycle_id.to_string(), t.two("web-verify-cycle-of", "programme", name, "id", one.cycle_id))
        };
        let cycles: Vec<(String, String)> = cycles.items.iter().map(named).collect();
        form = (!cycles.is_empty()).then(|| draw_form(&visit, cycles, sent.as_ref()));
    }
    let errors = errors(&t, fault);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&SamplesPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (String::new(), t.say("web-nav-verification")),
        ],
        pager: Pager::of(&t, "/verifikasi", &from, found.items.len(), found.next),
        samples: found.items,
        form,
        errors,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

fn draw_form(visit: &Visit, cycles: Vec<(String, String)>, sent: Option<&Sent>) -> Form {
    let t = visit.t();
    let confidences = ["90", "95", "99"].map(|one| (one.to_owned(), t.one("web-verify-percent", "n", one)));
    let ways = WAYS.map(|(key, words, _)| (key.to_owned(), t.say(words)));
    let chosen = |id: &str, value: &str, choices: Vec<(String, String)>| Input {
        choices,
        ..input(&t, sent, id, "text", value)
    };
    let seed = visit.guest.app.house.clock.now_ms() % 1_000_000;
    Form {
        action: "/verifikasi".into(),
        hidden: Vec::new(),
        title: t.say("web-verify-draw"),
        hint: String::new(),
        fields: vec![
            chosen("cycle", "", cycles),
            chosen("confidence", "95", confidences.to_vec()),
            input(&t, sent, "margin", "text", "5"),
            input(&t, sent, "least", "text", "5"),
            chosen("mode", "vc", ways.to_vec()),
            input(&t, sent, "seed", "text", &seed.to_string()),
        ],
    }
}

impl SamplesPage {
    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }
}

fn whole(form: &Sent, id: &'static str) -> Result<i64, GoodsFault> {
    form.get(id).and_then(|text| text.trim().parse().ok()).ok_or(GoodsFault::Field(id))
}

fn wish(form: &Sent) -> Result<Wanted, GoodsFault> {
    let way = form.get("mode").map_or("", String::as_str);
    let modes = WAYS.iter().find(|(key, ..)| *key == way).ok_or(GoodsFault::Field("mode"))?.2;
    let margin_permille = whole(form, "margin")?.saturating_mul(10);
    let (confidence, least) = (whole(form, "confidence")?, whole(form, "least")?);
    let design = Design { confidence, margin_permille, least };
    sample::size(design, 1).ok_or(GoodsFault::Field("margin"))?;
    Ok(Wanted { cycle: whole(form, "cycle")?, design, modes: modes.to_vec(), seed: whole(form, "seed")? })
}

pub(crate) async fn draw(posted: Posted<Sent>) -> Answer {
    let Posted { visit, form } = posted;
    let wanted = match wish(&form) {
        Ok(wanted) => wanted,
        Err(fault) => return list_page(visit, Asked::default(), Some((form, fault))).await,
    };
    let done = visit.ask(DRAW, move |house, scope| sample::draw(house, scope, &wanted)).await?;
    Ok(Redirect::to(&format!("/verifikasi/{}", done.sample_id)).into_response())
}

pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let view = visit.ask(READ, move |house, scope| sample::sample_page(house, scope, id)).await?;
    let districts =
        view.results.iter().flat_map(|results| results.districts.iter().map(|one| one.key.clone()));
    let names = visit.names(districts.collect::<Vec<_>>()).await?;
    let t = visit.t();
    page(&OneSamplePage {
        trail: vec![
            ("/verifikasi".into(), t.say("web-nav-verification")),
            (String::new(), t.one("web-verify-of", "id", id)),
        ],
        names,
        view,
        shell: visit.shell(),
        t,
    })
}

impl OneSamplePage {
    fn design(&self) -> String {
        let sample = &self.view.sample;
        let margin = self.t.decimal(sample.design.margin_permille as f64 / 10.0, 1);
        self.t.two("web-verify-design", "confidence", sample.design.confidence, "margin", margin)
    }

    fn name(&self, group: &Group) -> String {
        self.names.get(&group.key).cloned().unwrap_or_else(|| channel(&self.t, &group.key))
    }

    fn answered(&self, group: &Group) -> String {
        group.answered.map_or_else(|| self.t.say("web-verify-hidden"), |n| self.t.n(n))
    }
}

pub(crate) async fn lines(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let (wanted, of) = (from.clone(), asked.clone());
    let found = visit
        .ask(READ, move |house, scope| {
            sample::sample_lines(house, scope, id, Mode::from_code(&of.cara), &of.jawaban, &wanted)
        })
        .await?;
    let names = visit.names(found.items.iter().map(|one| one.region.to_string())).await?;
    let t = visit.t();
    let query = format!("cara={}&jawaban={}", encode(&asked.cara), encode(&asked.jawaban));
    let base = format!("/verifikasi/{id}/daftar?{query}");
    let modes =
        Mode::ALL.iter().map(|one| (one.code().to_owned(), t.say(&format!("sample-mode-{}", one.code()))));
    let all_modes = (String::new(), t.say("web-verify-all-modes-of-asking"));
    let all_answers = (String::new(), t.say("web-verify-all-answers"));
    let open = ("open".to_owned(), said(&t, None));
    let answers = Said::ALL.iter().map(|one| (one.code().to_owned(), said(&t, Some(one))));
    page(&SampleListPage {
        trail: vec![
            ("/verifikasi".into(), t.say("web-nav-verification")),
            (format!("/verifikasi/{id}"), t.one("web-verify-of", "id", id)),
            (String::new(), t.say("web-verify-list")),
        ],
        modes: std::iter::once(all_modes).chain(modes).collect(),
        answers: [all_answers, open].into_iter().chain(answers).collect(),
        export: format!("/verifikasi/{id}/csv?{query}"),
        pager: Pager::of(&t, &base, &from, found.items.len(), found.next),
        lines: found.items,
        names,
        sample: id,
        asked,
        shell: visit.shell(),
        t,
    })
}

impl SampleListPage {
    fn village(&self, line: &SampleLineView) -> &str {
        self.names.get(line.region.as_str()).map_or("", String::as_str)
    }
}

/// The list as a file, to take along.
pub(crate) async fn export(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let (t, places) = (visit.t(), visit.guest.app.places.clone());
    let sheet = Sheet {
        action: READ,
        what: "sample",
        name: format!("verifikasi-{id}"),
        detail: format!("sample={id} mode={} answer={}", asked.cara, asked.jawaban)
            .chars()
            .take(120)
            .collect(),
        heads: &[
            "web-verify-line",
            "web-family-id",
            "web-head",
            "web-region-code",
            "web-village",
            "web-verify-amount",
            "web-verify-mode",
            "web-verify-answer",
        ],
    };
    csv::stream(&visit, sheet, move |house, scope, at| {
        let found = sample::sample_lines(house, scope, id, Mode::from_code(&asked.cara), &asked.jawaban, at)?;
        let names = places.names(house, found.items.iter().map(|one| one.region.to_string()).collect())?;
        let row = |line: SampleLineView| {
            let region = line.region.to_string();
            vec![
                line.line_id.to_string(),
                line.family_id.to_string(),
                line.name,
                region.clone(),
                names.get(&region).cloned().unwrap_or_default(),
                line.amount_idr.to_string(),
                t.say(&format!("sample-mode-{}", line.mode.code())),
                said(&t, line.answer.as_ref()),
            ]
        };
        Ok(Paged { items: found.items.into_iter().map(row).collect(), next: found.next })
    })
    .await
}

pub(crate) async fn line(
    visit: Visit,
    Path((id, line)): Path<(i64, i64)>,
    Query(asked): Query<Asked>,
) -> Answer {
    line_page(visit, (id, line), Said::from_code(&asked.langkah), None).await
}

async fn line_page(
    visit: Visit,
    (id, line): (i64, i64),
    step: Option<Said>,
    wrong: Option<(Sent, GoodsFault)>,
) -> Answer {
    let view = visit.ask(READ, move |house, scope| sample::sample_line(house, scope, id, line)).await?;
    let region = view.line.region.to_string();
    let place = visit.names([region.clone()]).await?.remove(&region).unwrap_or_default();
    let t = visit.t();
    let may = visit.session.may(ANSWER);
    let (sent, fault) = wrong.unzip();
    let form = step.filter(|_| may).map(|step| answer_form(&visit, &view, step, sent.as_ref()));
    let chip = |one: &Said| {
        let to = format!("/verifikasi/{id}/baris/{line}?langkah={}", one.code());
        (to, said(&t, Some(one)), Some(*one) == step)
    };
    let errors = errors(&t, fault);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&AskedLinePage {
        trail: vec![
            ("/verifikasi".into(), t.say("web-nav-verification")),
            (format!("/verifikasi/{id}"), t.one("web-verify-of", "id", id)),
            (format!("/verifikasi/{id}/daftar"), t.say("web-verify-list")),
            (String::new(), view.line.name.clone()),
        ],
        steps: if may { Said::ALL.iter().map(chip).collect() } else { Vec::new() },
        view,
        place,
        form,
        errors,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

fn answer_form(visit: &Visit, view: &SampleLinePage, step: Said, sent: Option<&Sent>) -> Form {
    let t = visit.t();
    let today = visit.guest.app.house.clock.today().to_string();
    let mut fields = vec![input(&t, sent, "day", "date", &today)];
    match step {
        Said::Less => fields.push(input(&t, sent, "got_idr", "text", "")),
        Said::Late => fields.push(input(&t, sent, "late_days", "text", "")),
        Said::Trouble => {
            let words = TROUBLES.map(|one| (one.to_owned(), t.say(&format!("sample-trouble-{one}"))));
            fields.push(Input { choices: words.to_vec(), ..input(&t, sent, "trouble", "text", "") });
        }
        _ => {}
    }
    fields.extend([input(&t, sent, "whom", "text", ""), input(&t, sent, "note", "text", "")]);
    let case = matches!(step, Said::Not | Said::Less);
    Form {
        action: format!("/verifikasi/{}/baris/{}/jawab", view.sample.sample_id, view.line.line_id),
        hidden: vec![("langkah", step.code().to_owned()), ("rev", view.line.rev.to_string())],
        title: said(&t, Some(&step)),
        hint: if case { t.say("web-verify-case-note") } else { String::new() },
        fields,
    }
}

impl AskedLinePage {
    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }

    fn told(&self, answer: &AnswerView) -> Vec<(String, String)> {
        let t = &self.t;
        let told = &answer.told;
        let trouble = if told.trouble.is_empty() {
            String::new()
        } else {
            t.say(&format!("sample-trouble-{}", told.trouble))
        };
        let all = [
            ("got_idr", told.got_idr.map_or_else(String::new, |got| t.idr(got))),
            ("late_days", told.late_days.map_or_else(String::new, |days| t.n(days))),
            ("trouble", trouble),
            ("whom", told.whom.clone()),
            ("note", told.note.clone()),
        ];
        let said = all.into_iter().filter(|(_, value)| !value.is_empty());
        said.map(|(field, value)| (t.say(&format!("sample-field-{field}")), value)).collect()
    }

    fn words(&self, answer: &AnswerView) -> String {
        said(&self.t, Some(&answer.told.answer))
    }

    fn day(&self, answer: &AnswerView) -> String {
        self.t.day(answer.told.day)
    }
}

fn heard(form: &Sent) -> Result<(Told, i64), GoodsFault> {
    let text = |id: &str| form.get(id).cloned().unwrap_or_default();
    let number = |id: &'static str| match text(id).trim() {
        "" => Ok(None),
        _ => whole(form, id).map(Some),
    };
    let told = Told {
        answer: Said::from_code(&text("langkah")).ok_or(GoodsFault::Field("langkah"))?,
        day: text("day").parse().map_err(|_| GoodsFault::Day)?,
        got_idr: number("got_idr")?,
        late_days: number("late_days")?,
        trouble: text("trouble"),
        whom: text("whom"),
        note: text("note"),
    };
    Ok((told, whole(form, "rev")?))
}

pub(crate) async fn record(Path((id, line)): Path<(i64, i64)>, posted: Posted<Sent>) -> Answer {
    let Posted { visit, form } = posted;
    let told = form.clone();
    let done = visit
        .ask(ANSWER, move |house, scope| {
            let done = match heard(&told) {
                Ok((told, rev)) => sample::answer(house, scope, (id, line), &told, rev),
                Err(fault) => Err(fault.into()),
            };
            match done {
                Ok(_) => Ok(None),
                Err(Error::Goods(fault)) => Ok(Some(fault)),
                Err(error) => Err(Fault::from(error)),
            }
        })
        .await?;
    match done {
        None => Ok(Redirect::to(&format!("/verifikasi/{id}/baris/{line}")).into_response()),
        Some(fault) => {
            let step = form.get("langkah").and_then(|code| Said::from_code(code));
            line_page(visit, (id, line), step, Some((form, fault))).await
        }
    }
}

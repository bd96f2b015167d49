//! Photographs and papers of cases: they come in as parts of a form, on addresses that take larger bodies and more time than the others,
//! and go out so that a browser shows them and runs nothing. The proof of a form (its token, a ticket with its secret) stands before the
//! file and is checked before a byte of the file is read.

use std::collections::BTreeMap;

use access::Session;
use axum::{
    extract::{Multipart, Path, multipart::MultipartError},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use casework::{Error, FileContent, FileFault, NewFile};
use model::CaseId;
use policy::FieldKind;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{
    kasus::{self, own},
    lapor,
    masuk::FORM_COOKIE,
};
use crate::{
    fault::Fault,
    ui::FieldError,
    visit::{Answer, Cookies, Guest, Posted, Visit, add_sent, encode, same},
};

/// Pictures that are made clean at the same time: each takes the memory of all its dots.
static CLEANING: Semaphore = Semaphore::const_new(2);
/// Files of one form.
const FILES_MAX: usize = 6;
/// Other fields of one form, and bytes of one of them.
const FIELDS_MAX: usize = 100;
const FIELD_BYTES_MAX: usize = 40_000;
/// What stands behind the key of a question for the file that answers it.
pub(super) const NEW: &str = "-baru";
/// A file may be shown, and does nothing.
const POLICY: &str =
    "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a form with files must prove before its files are read.
enum Gate<'g> {
    /// The token of the session.
    Session(&'g Visit),
    /// The token of the browser, and a ticket with its secret.
    Ticket(&'g Guest, &'g HeaderMap),
}

impl Gate<'_> {
    async fn open(&self, fields: &BTreeMap<String, String>) -> Result<(), Fault> {
        let of = |key: &str| fields.get(key).map_or("", |text| text.trim());
        match self {
            Self::Session(visit) if same(of("csrf"), &visit.session.csrf) => Ok(()),
            Self::Ticket(guest, headers)
                if same(of("csrf"), Cookies(headers).get(FORM_COOKIE).unwrap_or("")) =>
            {
                let (ticket, secret) = (of("tiket").to_owned(), of("rahasia").to_owned());
                let peer = guest.peer.clone();
                guest
                    .app
                    .ask(move |house| {
                        let tries = house.policy.settings().files.citizen_tries;
                        match casework::ticket_page(house, &ticket, &secret) {
                            Ok(_) => Ok(access::attempt(house, &format!("ticket-file:{ticket}"), tries)?),
                            Err(error) => {
                                lapor::wrong_secret(house, &peer)?;
                                Err(Fault::from(error))
                            }
                        }
                    })
                    .await
            }
            _ => Err(Fault::csrf()),
        }
    }
}

/// A form with files, read.
#[derive(Default)]
struct Sent {
    fields: BTreeMap<String, String>,
    /// By the name of the input.
    files: Vec<(String, NewFile)>,
}

impl Sent {
    async fn read(mut parts: Multipart, gate: Gate<'_>) -> Result<Self, Fault> {
        let (mut sent, mut texts, mut opened) = (Self::default(), 0, false);
        while let Some(part) = parts.next_field().await.map_err(unreadable)? {
            let key = part.name().unwrap_or_default().to_owned();
            let Some(name) = part.file_name().map(str::to_owned) else {
                let text = part.text().await.map_err(unreadable)?;
                if texts == FIELDS_MAX || text.len() > FIELD_BYTES_MAX {
                    return Err(Fault::bad_form());
                }
                texts += 1;
                add_sent(&mut sent.fields, &key, text);
                continue;
            };
            if !opened {
                gate.open(&sent.fields).await?;
                opened = true;
            }
            let declared = part.content_type().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(unreadable)?.to_vec();
            if name.is_empty() && bytes.is_empty() {
                continue;
            }
            if sent.files.len() == FILES_MAX {
                return Err(Fault::bad_form());
            }
            sent.files.push((key, NewFile { name, declared, bytes, ..NewFile::default() }));
        }
        if !opened {
            gate.open(&sent.fields).await?;
        }
        Ok(sent)
    }
}

fn unreadable(error: MultipartError) -> Fault {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Fault::new(StatusCode::PAYLOAD_TOO_LARGE, filecheck::Refused::TooLarge.code())
        }
        _ => Fault::bad_form(),
    }
}

/// Adds a file; what is wrong with it is told on the form.
async fn keep(visit: &Visit, case: i64, new: NewFile) -> Result<Result<i64, &'static str>, Fault> {
    let _turn = CLEANING.acquire().await.map_err(|error| Fault::internal("web-panic", error))?;
    visit
        .ask("case.work", move |house, scope| {
            told(casework::add_file(house, scope, CaseId(case), &new)).map_err(Fault::from)
        })
        .await
}

fn told(added: Result<casework::FileAdded, Error>) -> Result<Result<i64, &'static str>, Error> {
    match added {
        Ok(added) => Ok(Ok(added.id)),
        Err(Error::File(fault)) if !matches!(fault, FileFault::Lake(_)) => Ok(Err(fault.code())),
        Err(error) => Err(error),
    }
}

/// The input that an error belongs to.
fn input_of(code: &str) -> &'static str {
    if code == FileFault::Caption.code() { "keterangan" } else { "berkas" }
}

/// A file for a case, with words of what it shows.
pub(crate) async fn add(visit: Visit, Path(case): Path<i64>, parts: Multipart) -> Answer {
    visit.scope("case.work")?;
    let Sent { mut fields, files } = Sent::read(parts, Gate::Session(&visit)).await?;
    let caption = own(&mut fields, "keterangan");
    let mut errors = Vec::new();
    let mut wrong = |code: &str| {
        let text = visit.guest.t.say(&format!("galat-{code}"));
        errors.push(FieldError { field: input_of(code).to_owned(), text });
    };
    if files.is_empty() {
        wrong(filecheck::Refused::Empty.code());
    }
    for (_, file) in files {
        if let Err(code) = keep(&visit, case, NewFile { caption: caption.clone(), ..file }).await? {
            wrong(code);
        }
    }
    if errors.is_empty() {
        return Ok(Redirect::to(&format!("/kasus/{case}#berkas")).into_response());
    }
    let sent = (String::new(), BTreeMap::from([("keterangan".to_owned(), caption)]));
    kasus::refused_page(visit, case, errors, sent).await
}

/// A step whose form asks for files. Each is kept first: a step that is then refused finds it among the files of the case.
pub(crate) async fn step(visit: Visit, Path(case): Path<i64>, parts: Multipart) -> Answer {
    visit.scope("case.work")?;
    let Sent { fields: mut form, files } = Sent::read(parts, Gate::Session(&visit)).await?;
    own(&mut form, "csrf");
    let action = own(&mut form, "langkah");
    let rev = own(&mut form, "rev").parse().unwrap_or(-1);
    let t = visit.t();
    let mut errors = Vec::new();
    for (input, file) in files {
        let key = input.strip_suffix(NEW).ok_or_else(Fault::bad_form)?.to_owned();
        let mut fields = t.policy().workflows().values().filter_map(|workflow| workflow.field(&key));
        let asked = fields.find(|field| field.kind == FieldKind::File).ok_or_else(Fault::bad_form)?;
        let caption = t.label(&asked.label).to_owned();
        match keep(&visit, case, NewFile { caption, field: key.clone(), ..file }).await? {
            Ok(id) => drop(form.insert(key, id.to_string())),
            Err(code) => errors
                .push(FieldError { field: format!("{action}-{key}"), text: t.say(&format!("galat-{code}")) }),
        }
    }
    if errors.is_empty() {
        return kasus::take(visit, case, action, form, rev).await;
    }
    kasus::refused_page(visit, case, errors, (action, form)).await
}

#[derive(Deserialize)]
pub(crate) struct Withdrawn {
    #[serde(default)]
    alasan: String,
}

pub(crate) async fn withdraw(Path((case, id)): Path<(i64, i64)>, posted: Posted<Withdrawn>) -> Answer {
    let Posted { visit, form } = posted;
    visit
        .ask("case.work", move |house, scope| {
            casework::withdraw_file(house, scope, CaseId(case), id, &form.alasan)
        })
        .await?;
    Ok(Redirect::to(&format!("/kasus/{case}#berkas")).into_response())
}

pub(crate) async fn show(visit: Visit, Path((case, id)): Path<(i64, i64)>) -> Answer {
    let content = visit
        .ask("case.read", move |house, scope| casework::file_content(house, scope, CaseId(case), id))
        .await?;
    Ok(given(content))
}

/// A picture is shown, a paper is saved; neither runs anything or asks for anything else.
fn given(content: FileContent) -> Response {
    let how = if content.kind.is_picture() { "inline" } else { "attachment" };
    let plain: String = content.name.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect();
    let named = format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", encode(&content.name));
    let headers = [
        (header::CONTENT_TYPE, content.kind.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, named),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin".to_owned()),
    ];
    (headers, content.bytes).into_response()
}

/// A file of a citizen, with ticket and secret.
pub(crate) async fn add_by_ticket(guest: Guest, headers: HeaderMap, parts: Multipart) -> Answer {
    let Sent { mut fields, files } = Sent::read(parts, Gate::Ticket(&guest, &headers)).await?;
    let holds = (own(&mut fields, "tiket"), own(&mut fields, "rahasia"));
    let caption = own(&mut fields, "keterangan");
    let (of, with) = (holds.0.trim().to_owned(), holds.1.trim().to_owned());
    let turn = CLEANING.acquire().await.map_err(|error| Fault::internal("web-panic", error))?;
    let kept = guest
        .app
        .ask(move |house| {
            let scope = Session::citizen(house).scope("case.ticket")?;
            let Some((_, file)) = files.into_iter().next() else {
                return Ok(Err(filecheck::Refused::Empty.code()));
            };
            let new = NewFile { caption, ..file };
            told(casework::add_ticket_file(house, &scope, (&of, &with), &new)).map_err(Fault::from)
        })
        .await?;
    drop(turn);
    let wrong = kept.err().map(|code| {
        let text = guest.t.say(&format!("galat-{code}"));
        FieldError { field: input_of(code).to_owned(), text }
    });
    let holds = (holds.0, holds.1, false);
    lapor::show_ticket(guest, holds, wrong.into_iter().collect(), BTreeMap::new()).await
}

/// A file of the citizen's own, by ticket and secret in the body of a form.
pub(crate) async fn show_by_ticket(guest: Guest, headers: HeaderMap, body: axum::body::Bytes) -> Answer {
    let mut sent = lapor::read(&headers, &body)?;
    let (ticket, secret) = (own(&mut sent, "tiket"), own(&mut sent, "rahasia"));
    let id = own(&mut sent, "berkas").parse().map_err(|_| Fault::bad_form())?;
    let work = move |house: &access::House| casework::ticket_file(house, ticket.trim(), secret.trim(), id);
    Ok(given(guest.app.ask(work).await?))
}

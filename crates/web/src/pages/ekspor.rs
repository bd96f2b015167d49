//! Lists of people that leave: who asked, what for, who let them go and who fetched them how often; the request itself; and the fetch, as
//! a file or a page to print, with its mark on every row or page. What is in a file is what the pages show: numbers are masked.

use std::collections::HashMap;

use access::{House, Scope};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use model::RegionCode;
use payment::desk::{self, FetchView, ReleaseAsked, ReleaseKind, ReleaseView, Ticket};
use report::{SheetCell, SheetMark};
use serde::Deserialize;
use store::{Page, Paged};

use super::{
    masalah,
    naskah::{AnnexPage, place_of},
    pembayaran::{self, LINE_HEADS, channel, line_cells, problem, programme},
};
use crate::{
    fault::Fault,
    lang::Tongue,
    places::Places,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Posted, Visit, encode, page},
};

const READ: &str = "export.read";
const ASK: &str = "export.request";
const RELEASE: &str = "export.release";
/// Rows read at once.
const ROWS_AT_ONCE: u32 = 1_000;
/// Rows of a page that is printed.
const PRINT_ROWS_MAX: usize = 2_000;

/// All requests.
#[derive(Template)]
#[template(path = "ekspor.html")]
pub(crate) struct ExportsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) requests: Vec<ReleaseView>,
    pub(crate) pager: Pager,
}

/// The form of a request.
#[derive(Template)]
#[template(path = "ekspor_baru.html")]
pub(crate) struct AskPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) kind: ReleaseKind,
    pub(crate) subject: String,
    pub(crate) code: String,
    pub(crate) place: String,
    pub(crate) formats: Vec<(String, String)>,
    pub(crate) form: i64,
}

/// One request.
#[derive(Template)]
#[template(path = "ekspor_satu.html")]
pub(crate) struct OneExportPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: ReleaseView,
    pub(crate) place: String,
    /// What narrows the list, in words, and where it can be looked at before it is released.
    pub(crate) said: Vec<(String, String)>,
    pub(crate) look: String,
    pub(crate) fetches: Vec<FetchView>,
    pub(crate) me: i64,
    pub(crate) now: i64,
}

/// A marked copy to print.
#[derive(Template)]
#[template(path = "ekspor_cetak.html")]
pub(crate) struct PrintPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) mark: String,
    pub(crate) heads: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Words of a list: its kind and which one.
pub(crate) fn list_of(t: &Tongue, view: &ReleaseView) -> String {
    list_named(t, view.kind, &view.subject)
}

fn list_named(t: &Tongue, kind: ReleaseKind, subject: &str) -> String {
    let words = t.say(&format!("desk-list-{}", kind.code()));
    match kind {
        ReleaseKind::Order => format!("{words} {subject}"),
        ReleaseKind::Lines => {
            let cycle = subject.split('/').next().unwrap_or_default();
            format!("{words}, {}", t.one("web-cycle-no", "n", cycle))
        }
        ReleaseKind::Problems => words,
    }
}

/// The page's filter that a list of troubles names, for the region of the request.
fn troubles(view: &ReleaseView) -> Result<masalah::Asked, Fault> {
    let mut asked = masalah::Asked::of_query(&view.subject)?;
    asked.kode = view.region.to_string();
    Ok(asked)
}

/// What narrows the list, in words, and the page that shows it.
fn looked_at(t: &Tongue, view: &ReleaseView) -> Result<(Vec<(String, String)>, String), Fault> {
    let of = &view.subject;
    Ok(match view.kind {
        ReleaseKind::Order => {
            let to = format!("/pembayaran/perintah/{of}/lampiran?kode={}", encode(view.region.as_str()));
            (Vec::new(), to)
        }
        ReleaseKind::Lines => {
            let (cycle, filter) = of.split_once('/').ok_or_else(Fault::not_found)?;
            let said = vec![(t.say("web-filter"), pembayaran::filter_word(t, filter))];
            (said, format!("/pembayaran/siklus/{}/baris?saring={}", encode(cycle), encode(filter)))
        }
        ReleaseKind::Problems => {
            let asked = troubles(view)?;
            (asked.said(t), asked.address())
        }
    })
}

/// Colour of a request's state.
pub(crate) fn state_kind(view: &ReleaseView) -> &'static str {
    match view.state.as_str() {
        "asked" => "warn",
        "released" => "good",
        _ => "mute",
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 50 };
    let wanted = from.clone();
    let found = visit.ask(READ, move |house, scope| desk::releases(house, scope, &wanted)).await?;
    let t = visit.t();
    page(&ExportsPage {
        pager: Pager::of(&t, "/ekspor", &from, found.items.len(), found.next),
        requests: found.items,
        shell: visit.shell(),
        t,
    })
}

#[derive(Deserialize)]
pub(crate) struct AskedList {
    jenis: String,
    pokok: String,
    #[serde(default)]
    kode: String,
}

pub(crate) async fn new(visit: Visit, Query(asked): Query<AskedList>) -> Answer {
    visit.scope(ASK)?;
    let kind = ReleaseKind::from_code(&asked.jenis).ok_or_else(Fault::not_found)?;
    let region = match asked.kode.as_str() {
        "" => visit.session.region.clone(),
        code => RegionCode::parse(code).map_err(|_| Fault::not_found())?,
    };
    let names = visit.names([region.to_string()]).await?;
    let t = visit.t();
    let formats = ["csv", "xlsx", "print"].map(|one| (one.to_owned(), t.say(&format!("desk-format-{one}"))));
    page(&AskPage {
        trail: vec![
            ("/ekspor".into(), t.say("web-desk-exports")),
            (String::new(), t.say("web-desk-export-ask")),
        ],
        kind,
        subject: asked.pokok,
        code: region.to_string(),
        place: place_of(&t, &names, &region),
        formats: formats.to_vec(),
        form: visit.guest.app.house.clock.now_ms(),
        shell: visit.shell(),
        t,
    })
}

impl AskPage {
    fn list(&self) -> String {
        list_named(&self.t, self.kind, &self.subject)
    }
}

#[derive(Deserialize)]
pub(crate) struct AskForm {
    formulir: String,
    jenis: String,
    pokok: String,
    kode: String,
    bentuk: String,
    keperluan: String,
    penerima: String,
}

pub(crate) async fn ask(posted: Posted<AskForm>) -> Answer {
    let form = posted.form;
    if form.jenis == ReleaseKind::Problems.code() {
        masalah::Asked::of_query(&form.pokok)?;
    }
    let asked = ReleaseAsked {
        form: form.formulir,
        kind: ReleaseKind::from_code(&form.jenis).ok_or_else(Fault::bad_form)?,
        subject: form.pokok,
        region: RegionCode::parse(&form.kode)
            .or_else(|error| if form.kode.is_empty() { Ok(RegionCode::nation()) } else { Err(error) })
            .map_err(|_| Fault::bad_form())?,
        format: form.bentuk,
        purpose: form.keperluan,
        recipient: form.penerima,
    };
    let made = posted.visit.ask(ASK, move |house, scope| desk::ask_release(house, scope, &asked)).await?;
    Ok(Redirect::to(&format!("/ekspor/{}", made.export_no)).into_response())
}

pub(crate) async fn show(visit: Visit, Path(number): Path<i64>) -> Answer {
    let (view, fetches) = visit
        .ask(READ, move |house, scope| {
            Ok::<_, payment::Error>((
                desk::release(house, scope, number)?,
                desk::fetches(house, scope, number)?,
            ))
        })
        .await?;
    let names = visit.names([view.region.to_string()]).await?;
    let t = visit.t();
    let (said, look) = looked_at(&t, &view)?;
    page(&OneExportPage {
        trail: vec![
            ("/ekspor".into(), t.say("web-desk-exports")),
            (String::new(), t.one("web-desk-export", "n", number)),
        ],
        place: place_of(&t, &names, &view.region),
        view,
        said,
        look,
        fetches,
        me: visit.session.user_id.0,
        now: visit.guest.app.house.clock.now_ms(),
        shell: visit.shell(),
        t,
    })
}

impl OneExportPage {
    fn own(&self) -> bool {
        self.view.asker_id == self.me
    }

    fn waits(&self) -> bool {
        self.view.state == "asked"
    }

    fn open(&self) -> bool {
        self.own() && self.view.is_open(self.now)
    }

    fn times(&self) -> String {
        self.t.two("web-desk-export-times", "n", self.view.fetches, "max", self.view.fetches_max)
    }
}

#[derive(Deserialize)]
pub(crate) struct DecideForm {
    putusan: String,
    #[serde(default)]
    catatan: String,
}

pub(crate) async fn decide(Path(number): Path<i64>, posted: Posted<DecideForm>) -> Answer {
    let DecideForm { putusan, catatan } = posted.form;
    let releases = match putusan.as_str() {
        "lepas" => true,
        "tolak" => false,
        _ => return Err(Fault::bad_form()),
    };
    let step =
        move |house: &House, scope: &Scope| desk::decide_release(house, scope, number, releases, &catatan);
    posted.visit.ask(RELEASE, step).await?;
    Ok(Redirect::to(&format!("/ekspor/{number}")).into_response())
}

/// A table that leaves: headings, whether each is a number, and rows.
struct Sheet {
    heads: Vec<(&'static str, bool)>,
    rows: Vec<Vec<String>>,
}

/// All rows of a list, page by page, up to a bound.
fn gather<T>(
    rows_max: usize,
    mut read: impl FnMut(&Page) -> Result<Paged<T>, Fault>,
    mut cells: impl FnMut(Vec<T>) -> Result<Vec<Vec<String>>, Fault>,
) -> Result<Vec<Vec<String>>, Fault> {
    let (mut rows, mut at) = (Vec::new(), Page::first(ROWS_AT_ONCE));
    loop {
        let found = read(&at)?;
        rows.extend(cells(found.items)?);
        if rows.len() > rows_max {
            return Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "web-export-long"));
        }
        match found.next {
            Some(after) => at.after = Some(after),
            None => return Ok(rows),
        }
    }
}

/// Headings of lines whose cells are numbers to count with.
const NUMBERS: [&str; 5] =
    ["web-amount", "payment-step-topped_up", "payment-step-withdrawn", "web-on-card", "web-returned"];

fn sheet(
    house: &House,
    scope: &Scope,
    (t, places): (&Tongue, &Places),
    view: &ReleaseView,
    rows_max: usize,
) -> Result<Sheet, Fault> {
    let scope = &scope.within(&view.region).ok_or_else(Fault::not_found)?;
    let name = |names: &HashMap<String, String>, code: &str| names.get(code).cloned().unwrap_or_default();
    let (heads, rows): (&[&'static str], _) = match view.kind {
        ReleaseKind::Order => {
            let order = view.subject.parse().map_err(|_| Fault::not_found())?;
            let rows = gather(
                rows_max,
                |at| Ok(desk::annex_lines(house, scope, order, at)?),
                |lines| {
                    let names =
                        places.names(house, lines.iter().map(|line| line.region.clone()).collect())?;
                    let row = |line: desk::AnnexLine| {
                        vec![
                            line.line_id.to_string(),
                            line.family_id.to_string(),
                            line.payee_name,
                            line.nik,
                            name(&names, &line.region),
                            line.region,
                            line.account_tail,
                            line.amount_idr.to_string(),
                        ]
                    };
                    Ok(lines.into_iter().map(row).collect())
                },
            )?;
            (
                &[
                    "web-line",
                    "web-family-id",
                    "web-payee",
                    "web-desk-nik",
                    "web-village",
                    "web-region-code",
                    "web-account-tail",
                    "web-amount",
                ],
                rows,
            )
        }
        ReleaseKind::Lines => {
            let (cycle, filter) = view.subject.split_once('/').ok_or_else(Fault::not_found)?;
            let cycle = cycle.parse().map_err(|_| Fault::not_found())?;
            let filter = pembayaran::filter_of(filter);
            let rows = gather(
                rows_max,
                |at| Ok(payment::line_list(house, scope, cycle, filter, at)?),
                |lines| {
                    let names =
                        places.names(house, lines.iter().map(|line| line.region.to_string()).collect())?;
                    Ok(lines.into_iter().map(|line| line_cells(t, &names, line)).collect())
                },
            )?;
            (LINE_HEADS, rows)
        }
        ReleaseKind::Problems => {
            let filter = troubles(view)?.filter(&view.region)?;
            let rows = gather(
                rows_max,
                |at| Ok(desk::problems(house, scope, &filter, at)?),
                |found| {
                    let names = places.names(house, found.iter().map(|row| row.region.clone()).collect())?;
                    let row = |row: desk::ProblemRow| {
                        vec![
                            row.id.to_string(),
                            crate::csv::number(row.line_id),
                            crate::csv::number(row.family_id),
                            row.payee_name,
                            problem(t, &row.kind),
                            row.days.to_string(),
                            name(&names, &row.region),
                            row.region,
                            programme(t, &row.programme),
                            row.period,
                            channel(t, &row.channel),
                            crate::csv::number(row.amount_idr),
                        ]
                    };
                    Ok(found.into_iter().map(row).collect())
                },
            )?;
            (
                &[
                    "web-desk-row",
                    "web-line",
                    "web-family-id",
                    "web-payee",
                    "web-problem",
                    "web-age",
                    "web-village",
                    "web-region-code",
                    "web-programme",
                    "web-period",
                    "web-channel",
                    "web-amount",
                ],
                rows,
            )
        }
    };
    Ok(Sheet { heads: heads.iter().map(|head| (*head, NUMBERS.contains(head))).collect(), rows })
}

/// What stands on every row or page of a copy: which export and fetch, who, when, what for.
fn mark(t: &Tongue, ticket: &Ticket, who: &str) -> String {
    let number = format!("{}.{}", ticket.view.export_no, ticket.fetch);
    let export = t.two("web-desk-export-mark-line", "n", number, "who", who);
    format!("{export} · {} · {} · {}", t.stamp(ticket.at_ms), ticket.view.purpose, ticket.view.recipient)
}

fn csv(t: &Tongue, sheet: &Sheet, mark: &str) -> Vec<u8> {
    let mut out = String::new();
    let heads = sheet.heads.iter().map(|(head, _)| t.say(head)).chain([t.say("web-desk-export-mark")]);
    line(&mut out, heads);
    for row in &sheet.rows {
        // In every row, so that a part that is copied elsewhere keeps it.
        line(&mut out, row.iter().cloned().chain([mark.to_owned()]));
    }
    out.into_bytes()
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(',');
        }
        report::push_cell(out, &cell);
    }
    out.push_str("\r\n");
}

fn xlsx(t: &Tongue, sheet: Sheet, ticket: &Ticket, who: &str, mark: String) -> Result<Vec<u8>, Fault> {
    let view = &ticket.view;
    let line = |key: &str, value: String| (t.say(key), value);
    let lines = vec![
        line("web-desk-export-mark", mark.clone()),
        line("web-desk-export-what", list_of(t, view)),
        line("web-desk-export-asked", view.asker.clone()),
        line("web-desk-export-decided", view.decider.clone().unwrap_or_default()),
        line("web-desk-export-fetched", format!("{who}, {}", t.stamp(ticket.at_ms))),
        line("web-desk-export-purpose", view.purpose.clone()),
        line("web-desk-export-recipient", view.recipient.clone()),
        line("web-desk-export-rows", t.n(sheet.rows.len())),
    ];
    let words: Vec<String> = sheet.heads.iter().map(|(head, _)| t.say(head)).collect();
    let heads: Vec<&str> = words.iter().map(String::as_str).collect();
    let numbers: Vec<bool> = sheet.heads.iter().map(|(_, number)| *number).collect();
    let cell = |(text, number): (String, &bool)| {
        if *number { SheetCell::figure(text) } else { SheetCell::Text(text) }
    };
    let rows = sheet.rows.into_iter().map(|row| row.into_iter().zip(&numbers).map(cell).collect());
    let mark = SheetMark { name: t.say("web-desk-export-mark-sheet"), lines, line: mark };
    let title = t.say(&format!("desk-list-{}", view.kind.code()));
    Ok(report::marked_workbook(&title, &heads, rows, ticket.at_ms, &mark)?)
}

/// A fetch: the file is made, then written down, then it leaves.
pub(crate) async fn fetch(Path(number): Path<i64>, posted: Posted<HashMap<String, String>>) -> Answer {
    let visit = posted.visit;
    let (reads, asks) = (visit.scope("payment.read")?, visit.scope(ASK)?);
    let (t, shell, places) = (visit.t(), visit.shell(), visit.guest.app.places.clone());
    let who = visit.session.name.clone();
    visit
        .guest
        .app
        .ask(move |house| {
            let ticket = desk::open_release(house, &asks, number)?;
            let mark = mark(&t, &ticket, &who);
            let view = &ticket.view;
            let keep = |rows: usize, bytes: &[u8]| {
                let rows = i64::try_from(rows).unwrap_or(i64::MAX);
                desk::record_fetch(house, &asks, &ticket, rows, bytes).map_err(Fault::from)
            };
            if view.format == "print" {
                let sheet = sheet(house, &reads, (&t, &places), view, PRINT_ROWS_MAX)?;
                let rows = sheet.rows.len();
                let html = if view.kind == ReleaseKind::Order {
                    let paper = AnnexPage::marked(house, &reads, (&t, &shell, &places), view, mark.clone())?;
                    paper.render()
                } else {
                    print_page(&t, &shell, &ticket, sheet, mark.clone()).render()
                };
                let html = html.map_err(|error| Fault::internal("web-template", error))?;
                keep(rows, html.as_bytes())?;
                return Ok::<Response, Fault>(axum::response::Html(html).into_response());
            }
            let sheet = sheet(house, &reads, (&t, &places), view, report::SHEET_ROWS_MAX)?;
            let rows = sheet.rows.len();
            let (kind, bytes) = if view.format == "xlsx" {
                let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
                (kind, xlsx(&t, sheet, &ticket, &who, mark)?)
            } else {
                ("text/csv; charset=utf-8", csv(&t, &sheet, &mark))
            };
            keep(rows, &bytes)?;
            let name = format!("ekspor-{number}-{}.{}", ticket.fetch, view.format);
            let name = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
            Ok(([(header::CONTENT_TYPE, kind.to_owned()), name], bytes).into_response())
        })
        .await
}

fn print_page(t: &Tongue, shell: &Shell, ticket: &Ticket, sheet: Sheet, mark: String) -> PrintPage {
    let number = ticket.view.export_no;
    PrintPage {
        trail: vec![
            ("/ekspor".into(), t.say("web-desk-exports")),
            (format!("/ekspor/{number}"), t.one("web-desk-export", "n", number)),
            (String::new(), t.say("desk-format-print")),
        ],
        title: list_of(t, &ticket.view),
        mark,
        heads: sheet.heads.iter().map(|(head, _)| t.say(head)).collect(),
        rows: sheet.rows,
        shell: shell.clone(),
        t: t.clone(),
    }
}

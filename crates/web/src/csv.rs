//! A list as a file to take away: CSV, page by page from the database to the browser, so that a list of any length costs the memory of
//! one page. Only what the pages show leaves here: the visitor's scope, personal numbers masked; the audit row is written before the
//! first byte. Bounded: rows of a file, files at once, the time a slow browser may keep a page waiting.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use access::{House, Scope};
use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::IntoResponse,
};
use http_body::Frame;
use store::{Page, Paged};
use tokio::sync::{Semaphore, mpsc};

use crate::{
    fault::Fault,
    visit::{Answer, Visit},
};

/// Rows read at once.
const PAGE_ROWS: u32 = 1_000;
/// Rows of one file; a longer list is taken away region by region.
const ROWS_MAX: usize = 2_000_000;
/// Files made at the same time.
const FILES_MAX: usize = 4;
/// A browser that takes longer for one page of rows is given up.
const WAIT_MAX: Duration = Duration::from_secs(60);

static FILES: Semaphore = Semaphore::const_new(FILES_MAX);

/// What a file is, apart from its rows.
pub(crate) struct Sheet {
    /// Right that is needed, as for the page.
    pub(crate) action: &'static str,
    /// What is taken, for the audit log: `families`.
    pub(crate) what: &'static str,
    /// Which part of it: region, filter, id.
    pub(crate) detail: String,
    /// Name of the file without its ending.
    pub(crate) name: String,
    /// Headings, as keys of words.
    pub(crate) heads: &'static [&'static str],
}

/// Streams the rows that `rows` reads page by page.
pub(crate) async fn stream<R>(visit: &Visit, sheet: Sheet, mut rows: R) -> Answer
where
    R: FnMut(&House, &Scope, &Page) -> Result<Paged<Vec<String>>, Fault> + Send + 'static,
{
    let Ok(permit) = FILES.try_acquire() else {
        return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, "web-export-busy"));
    };
    let scope = visit.scope(sheet.action)?;
    let (what, detail) = (sheet.what, sheet.detail.clone());
    // A list that cannot be read is an error page, not half a file: the first page is read before anything is sent.
    let (scope, first, rows) = visit
        .guest
        .app
        .ask(move |house| {
            let first = rows(house, &scope, &Page::first(PAGE_ROWS))?;
            access::audit_export(house, &scope, what, &detail)?;
            Ok::<_, Fault>((scope, first, rows))
        })
        .await?;
    let (send, receive) = mpsc::channel(2);
    let mut out = String::new();
    let t = visit.t();
    line(&mut out, &sheet.heads.iter().map(|key| t.say(key)).collect::<Vec<_>>());
    let app = Arc::clone(&visit.guest.app);
    let handle = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let give = |bytes: Result<Bytes, io::Error>| {
            let sent = handle.block_on(async { tokio::time::timeout(WAIT_MAX, send.send(bytes)).await });
            matches!(sent, Ok(Ok(())))
        };
        if let Err(fault) = write(&app.house, &scope, out, first, rows, &give) {
            tracing::error!(code = fault.code(), "an export broke off");
            // The browser is told that the file is not whole.
            give(Err(io::Error::other("the list could not be read to its end")));
        }
    });
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
    let name = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.csv\"", sheet.name));
    Ok(([kind, name], Body::new(Rows(receive))).into_response())
}

fn write<R>(
    house: &House,
    scope: &Scope,
    mut out: String,
    first: Paged<Vec<String>>,
    mut rows: R,
    give: &dyn Fn(Result<Bytes, io::Error>) -> bool,
) -> Result<(), Fault>
where
    R: FnMut(&House, &Scope, &Page) -> Result<Paged<Vec<String>>, Fault>,
{
    let mut page = first;
    let mut written = 0;
    loop {
        for row in &page.items {
            line(&mut out, row);
        }
        written += page.items.len();
        if !give(Ok(Bytes::from(std::mem::take(&mut out)))) {
            return Ok(());
        }
        let Some(after) = page.next else { return Ok(()) };
        if written >= ROWS_MAX {
            return Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "web-export-long"));
        }
        page = rows(house, scope, &Page { after: Some(after), limit: PAGE_ROWS })?;
    }
}

fn line(out: &mut String, cells: &[String]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        report::push_cell(out, cell);
    }
    out.push_str("\r\n");
}

/// Pages of rows as the body of an answer.
struct Rows(mpsc::Receiver<Result<Bytes, io::Error>>);

impl http_body::Body for Rows {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|page| page.map(|page| page.map(Frame::data)))
    }
}

/// A number that may be unknown.
pub(crate) fn number(value: Option<i64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

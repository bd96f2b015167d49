//! Keyset paging: a list knows where it goes on, not how many pages there are. Back is the browser's; "from the start" is ours.

use askama::Template;
use store::Page;

use crate::{lang::Tongue, visit::encode};

/// The links under a list.
#[derive(Template)]
#[template(path = "ui/pager.html")]
pub struct Pager {
    /// How many rows are shown, in words; empty further on in the list.
    pub shown: String,
    /// Address of the next part, if there is one.
    pub next: Option<String>,
    /// Address of the start, if this is not the start.
    pub first: Option<String>,
    /// The next rows are put under those shown, where script runs: the table has the id `daftar-baris`.
    pub grows: bool,
    /// Words on the two links: next, from the start; and what the links are for.
    pub words: (String, String, String),
}

impl Pager {
    /// The links under a list at `base` (a path, with or without a query), of which `shown` rows are on the page.
    pub(crate) fn of(t: &Tongue, base: &str, at: &Page, shown: usize, next: Option<String>) -> Self {
        let mark = if base.contains('?') { '&' } else { '?' };
        Self {
            // Further on the rows of one part say nothing about the list.
            shown: if at.after.is_none() { t.count("web-shown", shown) } else { String::new() },
            next: next.map(|after| format!("{base}{mark}setelah={}", encode(&after))),
            grows: true,
            first: at.after.as_ref().map(|_| base.to_owned()),
            words: (t.say("web-next"), t.say("web-from-start"), t.say("web-pages")),
        }
    }

    /// For a list that is no table: the next part takes the place of this one.
    pub(crate) fn leafing(self) -> Self {
        Self { grows: false, ..self }
    }
}

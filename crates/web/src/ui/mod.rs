//! Components that need arithmetic: charts, the pair of records, the pager. In: figures and words already in the visitor's
//! language; out: a piece of page. Simple components are macros in `templates/ui.html`; /komponen shows all of both.
//! To add one: a struct here with a template in `templates/ui/`, a sample on the component page.

pub(crate) mod card;
mod chart;
mod judged;
mod pager;
mod pair;
mod plot;
mod tiles;

use crate::lang::Whole;

pub use chart::{Bar, Bars, Funnel, Step};
pub use judged::{Judged, WeightBar};
pub use pager::Pager;
pub use pair::{Likeness, Pair, PairRow, Piece};
pub use plot::{Column, Line, Mark, Plot};
pub use tiles::{Tile, TileMap};

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Id of the field, for the link in the summary.
    pub field: String,
    /// A sentence that says what to do.
    pub text: String,
}

/// What is wrong with one field; empty when nothing is.
pub(crate) fn error_of(errors: &[FieldError], field: &str) -> String {
    errors.iter().find(|error| error.field == field).map_or_else(String::new, |error| error.text.clone())
}

/// Whether two texts of whatever kind are the same, for templates.
pub(crate) fn same(a: impl AsRef<str>, b: impl AsRef<str>) -> bool {
    a.as_ref() == b.as_ref()
}

/// An address made of a fixed part and an id.
pub(crate) fn link(path: &str, id: impl std::fmt::Display) -> String {
    format!("{path}{id}")
}

/// Whether something holds, by value or reference.
pub(crate) fn holds(holds: impl std::borrow::Borrow<bool>) -> bool {
    *holds.borrow()
}

/// Whether two numbers are the same, by value or reference.
pub(crate) fn equal(a: impl Whole, b: impl Whole) -> bool {
    a.whole() == b.whole()
}

/// Whether there is any.
pub(crate) fn any(number: impl Whole) -> bool {
    number.whole() > 0
}

/// A word when something holds, else nothing.
pub(crate) fn when(holds: impl std::borrow::Borrow<bool>, word: &'static str) -> &'static str {
    if *holds.borrow() { word } else { "" }
}

/// A component struct writes itself; its own template has escaped what needs it.
macro_rules! component {
    ($($name:ty),*) => { $(impl askama::filters::HtmlSafe for $name {})* };
}
component!(Bars, Funnel, Judged, Pager, Pair, Plot, TileMap);

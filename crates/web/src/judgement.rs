//! The page of a linkage as one file that needs no server: for `pilar link --report`.

use std::sync::Arc;

use askama::Template;
use linkage::Judgement;
use model::Lang;
use policy::Policy;

use crate::{assets, lang::Tongue, ui::Judged};

#[derive(Template)]
#[template(path = "penautan_berkas.html")]
struct File {
    t: Tongue,
    title: String,
    style: &'static str,
    judged: Judged,
}

/// A whole HTML file in `lang` with the house's style in it; `title` names what was linked.
///
/// # Errors
/// The template's.
pub fn linkage_file(
    policy: Arc<Policy>,
    lang: Lang,
    title: &str,
    of: &Judgement,
) -> Result<String, askama::Error> {
    let t = Tongue::new(lang, policy);
    let judged = Judged::new(&t, of, false);
    File { title: title.to_owned(), style: assets::style(), judged, t }.render()
}

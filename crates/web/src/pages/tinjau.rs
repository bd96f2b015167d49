//! The review queue: two records that may be one person, side by side, one decision a key (S same, B different, L later), undo with U.
//! Without script the same buttons are plain forms.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::HeaderName,
    response::{IntoResponse, Redirect},
};
use registry::review::{self, PairId, PairRow, PairView, SideRow, Verdict};
use serde::Deserialize;
use store::Page;

use super::keluarga::shown;
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{Likeness, Pager, Pair, PairRow as Row, WeightBar},
    visit::{Answer, Posted, Visit, page},
};

/// One pair to decide, or an empty queue.
#[derive(Template)]
#[template(path = "tinjau.html")]
pub(crate) struct ReviewPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) open: i64,
    pub(crate) later: i64,
    pub(crate) view: Option<PairView>,
    pub(crate) pair: Option<Pair>,
    pub(crate) weights: Vec<WeightBar>,
    pub(crate) may_decide: bool,
    pub(crate) nothing_to_undo: bool,
}

/// The whole queue.
#[derive(Template)]
#[template(path = "tinjau_semua.html")]
pub(crate) struct QueuePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) pairs: Vec<PairRow>,
    pub(crate) pager: Pager,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    batal: Option<String>,
}

pub(crate) async fn first(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let (counts, view) = visit
        .ask("review.read", move |house, scope| {
            let first = review::review_queue(house, scope, &Page::first(1))?.items.into_iter().next();
            let view = first.map(|pair| review::review_pair(house, scope, pair.id)).transpose()?;
            Ok::<_, registry::Error>((review::review_count(house, scope)?, view))
        })
        .await?;
    show_page(&visit, counts, view, asked.batal.is_some()).await
}

pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let id: PairId = id.parse().map_err(|_| Fault::not_found())?;
    let (counts, view) = visit
        .ask("review.read", move |house, scope| {
            Ok::<_, registry::Error>((
                review::review_count(house, scope)?,
                review::review_pair(house, scope, id)?,
            ))
        })
        .await?;
    show_page(&visit, counts, Some(view), false).await
}

async fn show_page(
    visit: &Visit,
    counts: (i64, i64),
    mut view: Option<PairView>,
    nothing_to_undo: bool,
) -> Answer {
    if let Some(view) = &mut view {
        name_villages(visit, view).await?;
    }
    let t = visit.t();
    // A partial update leads the address along, so that a reload shows the same pair.
    let address =
        view.as_ref().map_or_else(|| "/tinjau".to_owned(), |view| format!("/tinjau/{}", view.pair.id));
    let body = page(&ReviewPage {
        pair: view.as_ref().map(|view| pair(&t, view)),
        weights: view.as_ref().map_or_else(Vec::new, |view| weights(&t, view)),
        view,
        open: counts.0,
        later: counts.1,
        may_decide: visit.session.may("review.decide"),
        nothing_to_undo,
        shell: visit.shell(),
        t,
    })?;
    Ok(([(HeaderName::from_static("hx-push-url"), address)], body).into_response())
}

/// Villages by name, as the one who compares knows them.
async fn name_villages(visit: &Visit, view: &mut PairView) -> Result<(), Fault> {
    let values =
        view.fields.iter_mut().filter(|field| field.column == "region").flat_map(|field| &mut field.values);
    let values: Vec<_> = values.flatten().collect();
    let names = visit.names(values.iter().map(|value| value.text.clone())).await?;
    for value in values {
        if let Some(name) = names.get(&value.text) {
            value.text.clone_from(name);
        }
    }
    Ok(())
}

fn pair(t: &Tongue, view: &PairView) -> Pair {
    let title = |side: usize| side_title(t, &view.pair.sides[side], view.lines[side]);
    let row = |field: &review::FieldView| {
        let value =
            |side: usize| field.values[side].as_ref().map(|value| shown(t, value)).unwrap_or_default();
        let mut row = Row::new(t.label(&field.label), &value(0), &value(1));
        // Masked numbers can look alike and differ: the room that saw them in full knows.
        if field.same == Some(false) {
            row.likeness = Likeness::Differs;
        }
        row
    };
    Pair {
        caption: t.say("web-pair-caption"),
        titles: (title(0), title(1)),
        rows: view.fields.iter().filter(|field| field.values.iter().any(Option::is_some)).map(row).collect(),
        words: [t.say("web-same"), t.say("web-differs"), t.say("web-half-known"), t.say("web-unknown")],
        field: t.say("web-field"),
    }
}

fn side_title(t: &Tongue, side: &SideRow, line: Option<i64>) -> String {
    let list = side
        .list
        .as_ref()
        .map_or_else(|| side.record_id.to_string(), |list| t.short_label(&list.label).to_owned());
    match line {
        Some(line) => t.two("web-list-line", "list", list, "line", t.n(line)),
        None => list,
    }
}

fn weights(t: &Tongue, view: &PairView) -> Vec<WeightBar> {
    let known = || view.fields.iter().filter_map(|field| Some((t.label(&field.label), field.weight?)));
    let most = known().map(|(_, weight)| weight.abs()).fold(1.0, f64::max);
    known().map(|(label, weight)| WeightBar::new(t, label, weight, most)).collect()
}

/// A probability in per cent; what rounds to certainty is not called certain, because a human is asked.
fn chance(t: &Tongue, probability: f64) -> String {
    match probability {
        p if p >= 0.9995 => format!("> {}%", t.decimal(99.9, 1)),
        p if p < 0.0005 => format!("< {}%", t.decimal(0.1, 1)),
        p => format!("{}%", t.decimal(p * 100.0, 1)),
    }
}

impl ReviewPage {
    fn percent(&self, probability: &f64) -> String {
        chance(&self.t, *probability)
    }

    /// Both records already stand in one family.
    fn one_family(&self, view: &PairView) -> bool {
        let ids = |side: usize| view.families[side].iter().map(|member| member.person_id).collect::<Vec<_>>();
        !view.families[0].is_empty() && ids(0) == ids(1)
    }

    fn verdict(&self, pair: &PairRow) -> String {
        pair.verdict.map_or_else(String::new, |verdict| {
            self.t.say(&format!("review-verdict-{}", crate::lang::word(&verdict)))
        })
    }
}

impl QueuePage {
    fn percent(&self, probability: &f64) -> String {
        chance(&self.t, *probability)
    }

    fn side(&self, side: &SideRow) -> String {
        let name = side.name.clone().unwrap_or_else(|| self.t.say("web-nameless"));
        let born = side.birth_date.as_deref().map(|born| self.t.day_text(born));
        match born {
            Some(born) => format!("{name}, {born}"),
            None => name,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct VerdictForm {
    putusan: String,
}

pub(crate) async fn decide(Path(id): Path<String>, posted: Posted<VerdictForm>) -> Answer {
    let id: PairId = id.parse().map_err(|_| Fault::not_found())?;
    let verdict = match posted.form.putusan.as_str() {
        "s" => Verdict::Same,
        "b" => Verdict::Different,
        "l" => Verdict::Later,
        _ => return Err(Fault::bad_form()),
    };
    let next = posted
        .visit
        .ask("review.decide", move |house, scope| review::decide_review(house, scope, id, verdict))
        .await?;
    let to = next.map_or_else(|| "/tinjau".to_owned(), |next| format!("/tinjau/{next}"));
    Ok(Redirect::to(&to).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Nothing {}

pub(crate) async fn undo(posted: Posted<Nothing>) -> Answer {
    let Nothing {} = posted.form;
    let undone = posted
        .visit
        .ask("review.decide", |house, scope| match review::undo_review(house, scope) {
            Err(registry::Error::NothingToUndo) => Ok(None),
            other => other.map(Some),
        })
        .await?;
    let to = undone.map_or_else(|| "/tinjau?batal=0".to_owned(), |id| format!("/tinjau/{id}"));
    Ok(Redirect::to(&to).into_response())
}

pub(crate) async fn queue(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 40 };
    let wanted = from.clone();
    let found =
        visit.ask("review.read", move |house, scope| review::review_queue(house, scope, &wanted)).await?;
    let t = visit.t();
    let pager = Pager::of(&t, "/tinjau/semua", &from, found.items.len(), found.next);
    let trail = vec![("/tinjau".into(), t.say("web-nav-review")), (String::new(), t.say("web-review-all"))];
    page(&QueuePage { trail, pairs: found.items, pager, shell: visit.shell(), t })
}

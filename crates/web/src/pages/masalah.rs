//! What is in trouble, counted five ways under one filter, and one act on the rows that were chosen; the page of an act says what became
//! of each of its rows.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use model::RegionCode;
use payment::{
    Error, Trouble,
    desk::{
        self, BULK_ROWS_MAX, BulkAction, BulkPage, BulkView, BulkWish, Chosen, Facet, ProblemFilter,
        ProblemRow, Problems, Source,
    },
};
use serde::Deserialize;
use store::Page;

use super::{
    kartu,
    keluarga::name_or,
    pembayaran::{channel, problem, programme},
};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Posted, Visit, encode, page},
};

/// Rows that one request does; the next goes on.
const ROWS_AT_ONCE: i64 = 2_000;
/// Name of the boxes before the rows.
const PICKED: &str = "pilih[]";
/// Rows of one page.
const ROWS: u32 = 50;

/// Troubles.
#[derive(Template)]
#[template(path = "masalah.html")]
pub(crate) struct ProblemsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) asked: Asked,
    pub(crate) counts: Problems,
    pub(crate) facets: Vec<FacetList>,
    pub(crate) rows: Vec<ProblemRow>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) actions: Vec<(String, String)>,
    /// Mark of this form.
    pub(crate) form: i64,
    pub(crate) export: String,
    pub(crate) pager: Pager,
    pub(crate) acts: Vec<BulkView>,
}

/// One way of counting.
pub(crate) struct FacetList {
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// Words, rows, rupiah, and the same list narrowed to it; empty for the one that is chosen.
    pub(crate) rows: Vec<(String, i64, i64, String)>,
    /// The same list without this filter; empty when there is none.
    pub(crate) all: String,
}

/// One act.
#[derive(Template)]
#[template(path = "masalah_tindakan.html")]
pub(crate) struct ActPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: BulkPage,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) pager: Pager,
    pub(crate) own: bool,
}

/// What is asked for.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    setelah: Option<String>,
    pub(crate) sumber: String,
    pub(crate) jenis: String,
    pub(crate) umur: String,
    pub(crate) saluran: String,
    pub(crate) program: String,
    pub(crate) kode: String,
}

impl Asked {
    pub(crate) fn source(&self) -> Source {
        Source::from_code(&self.sumber).unwrap_or(Source::Lines)
    }

    /// The filter; a region that is none is not found.
    pub(crate) fn filter(&self, own: &RegionCode) -> Result<ProblemFilter, Fault> {
        let region = match self.kode.as_str() {
            "" => own.clone(),
            code => RegionCode::parse(code).map_err(|_| Fault::not_found())?,
        };
        Ok(ProblemFilter {
            source: self.source(),
            kind: Trouble::from_code(&self.jenis),
            band: self.umur.parse().ok().filter(|band| *band < payment::BANDS),
            channel: self.saluran.clone(),
            programme: self.program.clone(),
            region,
        })
    }

    /// The query of the same list.
    pub(crate) fn query(&self) -> String {
        let parts = [
            ("sumber", self.source().code()),
            ("jenis", &self.jenis),
            ("umur", &self.umur),
            ("saluran", &self.saluran),
            ("program", &self.program),
            ("kode", &self.kode),
        ];
        let parts = parts.iter().filter(|(_, value)| !value.is_empty());
        parts.map(|(key, value)| format!("{key}={}", encode(value))).collect::<Vec<_>>().join("&")
    }

    /// The list that such a query names.
    pub(crate) fn of_query(query: &str) -> Result<Self, Fault> {
        let uri = format!("/?{query}").parse().map_err(|_| Fault::not_found())?;
        let Query(asked) = Query::try_from_uri(&uri).map_err(|_| Fault::not_found())?;
        Ok(asked)
    }

    /// What narrows the list, in words: label and value.
    pub(crate) fn said(&self, t: &Tongue) -> Vec<(String, String)> {
        let band = self.umur.parse::<usize>().ok().and_then(|band| kartu::bands(t).get(band).cloned());
        let source = t.say(&format!("desk-list-{}", self.source().code()));
        let parts = [
            ("web-desk-row", Some(source)),
            ("web-desk-by-kind", Trouble::from_code(&self.jenis).map(|kind| problem(t, kind.code()))),
            ("web-desk-by-band", band),
            ("web-desk-by-programme", named(&self.program, |key| programme(t, key))),
            ("web-desk-by-channel", named(&self.saluran, |key| channel(t, key))),
        ];
        parts.into_iter().filter_map(|(key, value)| Some((t.say(key), value?))).collect()
    }

    pub(crate) fn address(&self) -> String {
        format!("/pembayaran/masalah?{}", self.query())
    }
}

fn named(key: &str, words: impl Fn(&str) -> String) -> Option<String> {
    if key.is_empty() { None } else { Some(words(key)) }
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let filter = asked.filter(&visit.session.region)?;
    let from = Page { after: asked.setelah.clone(), limit: ROWS };
    let wanted = from.clone();
    let nation = visit.session.region == RegionCode::nation();
    let (counts, found, acts) = visit
        .ask("payment.read", move |house, scope| {
            let counts = desk::problem_counts(house, scope, &filter)?;
            let acts = if nation && scope.caseload() == 0 {
                desk::bulks(house, scope, &Page::first(5))?.items
            } else {
                Vec::new()
            };
            Ok::<_, Error>((counts, desk::problems(house, scope, &filter, &wanted)?, acts))
        })
        .await?;
    let codes = counts.regions.iter().map(|one| one.of.clone());
    let names = visit.names(codes.chain(found.items.iter().map(|row| row.region.clone()))).await?;
    let t = visit.t();
    let source = asked.source();
    let tab = |one: &Source| {
        let to = format!("/pembayaran/masalah?sumber={}", one.code());
        (to, t.say(&format!("desk-list-{}", one.code())), *one == source)
    };
    let actions = BulkAction::ALL.iter().filter(|one| one.fits(source) && visit.session.may(one.right()));
    page(&ProblemsPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (String::new(), t.say("web-desk-problems")),
        ],
        tabs: Source::ALL.iter().map(tab).collect(),
        facets: facets(&t, &asked, &counts, &names),
        actions: actions
            .map(|one| (one.code().to_owned(), t.say(&format!("desk-action-{}", one.code()))))
            .collect(),
        form: visit.guest.app.house.clock.now_ms(),
        export: format!(
            "/ekspor/baru?jenis=problems&kode={}&pokok={}",
            encode(&asked.kode),
            encode(&asked.query())
        ),
        pager: Pager::of(&t, &asked.address(), &from, found.items.len(), found.next),
        rows: found.items,
        asked,
        counts,
        names,
        acts,
        shell: visit.shell(),
        t,
    })
}

fn facets(t: &Tongue, asked: &Asked, counts: &Problems, names: &HashMap<String, String>) -> Vec<FacetList> {
    let bands = kartu::bands(t);
    let place = |code: &str| match code {
        "" => t.say("web-desk-unknown-region"),
        code => names.get(code).cloned().unwrap_or_else(|| code.to_owned()),
    };
    let named = |code: &str| {
        if code.is_empty() { t.say("web-desk-unknown-programme") } else { programme(t, code) }
    };
    let band = |number: &str| {
        number.parse::<usize>().ok().and_then(|band| bands.get(band).cloned()).unwrap_or_default()
    };
    type Words<'a> = &'a dyn Fn(&str) -> String;
    type Set = fn(&mut Asked, &str);
    type Way<'a> = (&'static str, &'a str, &'a [Facet], &'a str, Words<'a>, Set);
    let ways: [Way<'_>; 5] = [
        (
            "m-jenis",
            "web-desk-by-kind",
            &counts.kinds,
            &asked.jenis,
            &|code| problem(t, code),
            |asked, to| {
                to.clone_into(&mut asked.jenis);
            },
        ),
        ("m-umur", "web-desk-by-band", &counts.bands, &asked.umur, &band, |asked, to| {
            to.clone_into(&mut asked.umur);
        }),
        ("m-program", "web-desk-by-programme", &counts.programmes, &asked.program, &named, |asked, to| {
            to.clone_into(&mut asked.program);
        }),
        (
            "m-saluran",
            "web-desk-by-channel",
            &counts.channels,
            &asked.saluran,
            &|key| channel(t, key),
            |asked, to| {
                to.clone_into(&mut asked.saluran);
            },
        ),
        ("m-wilayah", "web-desk-by-region", &counts.regions, &asked.kode, &place, |asked, to| {
            to.clone_into(&mut asked.kode);
        }),
    ];
    ways.into_iter()
        .map(|(id, title, facets, chosen, words, set)| {
            let to = |value: &str| {
                let mut narrowed = asked.clone();
                set(&mut narrowed, value);
                narrowed.address()
            };
            let row = |one: &Facet| {
                let href = if one.of.is_empty() || one.of == chosen { String::new() } else { to(&one.of) };
                (words(&one.of), one.rows, one.amount_idr, href)
            };
            FacetList {
                id,
                title: t.say(title),
                rows: facets.iter().map(row).collect(),
                all: if chosen.is_empty() { String::new() } else { to("") },
            }
        })
        .collect()
}

impl ProblemsPage {
    fn place(&self, row: &ProblemRow) -> String {
        match row.region.as_str() {
            "" => self.t.say("web-desk-unknown-region"),
            code => self.names.get(code).cloned().unwrap_or_else(|| code.to_owned()),
        }
    }

    /// What the row is called: its payee, or its number.
    fn called(&self, row: &ProblemRow) -> String {
        match self.asked.source() {
            Source::Lines => name_or(&self.t, &row.payee_name),
            Source::Replies => self.t.one("web-desk-reply-no", "n", row.id),
        }
    }

    fn hint(&self, row: &ProblemRow) -> String {
        let t = &self.t;
        let whose = if row.programme.is_empty() {
            t.say("web-desk-unknown-programme")
        } else {
            super::pembayaran::title(t, &row.programme, &row.period)
        };
        format!("{whose} · {}", channel(t, &row.channel))
    }

    fn bound(&self) -> String {
        self.t.one("web-desk-bound", "n", self.t.n(BULK_ROWS_MAX))
    }
}

/// What a form on many rows says, in its own order.
pub(crate) type Fields = Vec<(String, String)>;

fn value(form: &Fields, key: &str) -> String {
    form.iter().find(|(name, _)| name == key).map_or_else(String::new, |(_, value)| value.clone())
}

fn asked_of(form: &Fields) -> Asked {
    Asked {
        setelah: None,
        sumber: value(form, "sumber"),
        jenis: value(form, "jenis"),
        umur: value(form, "umur"),
        saluran: value(form, "saluran"),
        program: value(form, "program"),
        kode: value(form, "kode"),
    }
}

/// Begins an act, does its first rows, and leads to its page.
pub(crate) async fn act(posted: Posted<Fields>) -> Answer {
    let Posted { visit, form } = posted;
    let asked = asked_of(&form);
    let action = BulkAction::from_code(&value(&form, "tindakan")).ok_or_else(Fault::bad_form)?;
    let chosen = if value(&form, "yang") == "semua" {
        let count = value(&form, "jumlah").parse().map_err(|_| Fault::bad_form())?;
        Chosen::All { filter: asked.filter(&visit.session.region)?, count }
    } else {
        let row =
            |text: &str| text.split_once('.').and_then(|(id, rev)| Some((id.parse().ok()?, rev.to_owned())));
        let ticked = form.iter().filter(|(name, _)| name == PICKED).map(|(_, value)| row(value));
        Chosen::Rows(ticked.collect::<Option<Vec<(i64, String)>>>().ok_or_else(Fault::bad_form)?)
    };
    let wish = BulkWish {
        form: value(&form, "formulir"),
        source: asked.source(),
        action,
        reason: value(&form, "alasan"),
        chosen,
    };
    let id = visit
        .ask(action.right(), move |house, scope| {
            let begun = desk::begin_bulk(house, scope, &wish)?;
            go_on_or_wait(house, scope, begun.bulk_id)
        })
        .await?;
    Ok(Redirect::to(&format!("/pembayaran/tindakan/{id}")).into_response())
}

/// Goes on; while another step of payments runs, the act waits on its page.
fn go_on_or_wait(house: &access::House, scope: &access::Scope, id: i64) -> Result<i64, Error> {
    match desk::go_on_bulk(house, scope, id, ROWS_AT_ONCE) {
        Ok(_) | Err(Error::AtWork) => Ok(id),
        Err(error) => Err(error),
    }
}

pub(crate) async fn go_on(Path(id): Path<i64>, posted: Posted<Fields>) -> Answer {
    let visit = posted.visit;
    let view =
        visit.ask("payment.read", move |house, scope| desk::bulk_page(house, scope, id, "", &Page::first(1)));
    let right = view.await?.bulk.action.right();
    visit.ask(right, move |house, scope| desk::go_on_bulk(house, scope, id, ROWS_AT_ONCE)).await?;
    Ok(Redirect::to(&format!("/pembayaran/tindakan/{id}")).into_response())
}

#[derive(Deserialize)]
pub(crate) struct AskedRows {
    setelah: Option<String>,
    #[serde(default)]
    keadaan: String,
}

pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(asked): Query<AskedRows>) -> Answer {
    let state = match asked.keadaan.as_str() {
        "done" => "done",
        "refused" => "refused",
        _ => "",
    };
    let from = Page { after: asked.setelah, limit: 100 };
    let wanted = from.clone();
    let view = visit
        .ask("payment.read", move |house, scope| desk::bulk_page(house, scope, id, state, &wanted))
        .await?;
    let t = visit.t();
    let base = format!("/pembayaran/tindakan/{id}");
    let tab = |one: &str, key: &str| {
        let to = if one.is_empty() { base.clone() } else { format!("{base}?keadaan={one}") };
        (to, t.say(key), one == state)
    };
    let tabs = vec![
        tab("", "web-desk-everything"),
        tab("done", "web-desk-done"),
        tab("refused", "web-desk-refused"),
    ];
    let at = if state.is_empty() { base } else { format!("{base}?keadaan={state}") };
    page(&ActPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (format!("/pembayaran/masalah?sumber={}", view.bulk.source.code()), t.say("web-desk-problems")),
            (String::new(), t.one("web-desk-act", "n", id)),
        ],
        tabs,
        pager: Pager::of(&t, &at, &from, view.rows.items.len(), view.rows.next.clone()),
        own: view.bulk.actor_id == visit.session.user_id.0,
        view,
        shell: visit.shell(),
        t,
    })
}

impl ActPage {
    fn action(&self) -> String {
        self.t.say(&format!("desk-action-{}", self.view.bulk.action.code()))
    }

    fn left(&self) -> i64 {
        self.view.bulk.rows - self.view.bulk.done - self.view.bulk.refused
    }

    /// Whether its rows are lines, which have pages.
    fn lines(&self) -> bool {
        self.view.bulk.source == Source::Lines
    }

    fn state(&self, code: &str) -> String {
        let code = if code.is_empty() { "waiting" } else { code };
        self.t.say(&format!("desk-row-{code}"))
    }

    /// Why a row was refused, in the words of the single decision.
    fn why(&self, code: &str) -> String {
        if code.is_empty() { String::new() } else { self.t.code("galat", code) }
    }
}

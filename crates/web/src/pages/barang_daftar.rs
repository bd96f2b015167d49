//! Distribution lists of goods: by region down to the families of a village, a sheet to print and sign, the list as a file, and the page of
//! one family, where whoever may records what was handed over, to whom, and with which proof.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use model::{FamilyId, RegionLevel};
use payment::goods::{
    self, DuePage, DueState, DueView, GoodsFault, HandDetails, HandOver, HandStep, HandView, ListPage,
    ListRow, ListView,
};
use store::{Page, Paged};

use super::{
    barang::{
        Asked, Form, READ, Sent, amount, choice, day_of, errors, field, item, number, quantity, refused,
        status, text, today,
    },
    pembayaran::programme,
};
use crate::{
    csv::{self, Sheet},
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError, Pager},
    visit::{Answer, Posted, Visit, encode, page},
};

const HAND: &str = "goods.hand";
/// Families on one sheet to print.
const PRINT_MAX: u32 = 1_000;

/// A distribution list by region, or by family within a village.
#[derive(Template)]
#[template(path = "barang_daftar.html")]
pub(crate) struct ListOfGoodsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) list: ListView,
    pub(crate) total: Sum,
    /// Name, figures, and one level deeper.
    pub(crate) regions: Vec<(String, Sum, String)>,
    pub(crate) states: Vec<(String, String)>,
    pub(crate) asked: Asked,
    pub(crate) families: Vec<DueView>,
    pub(crate) village: bool,
    pub(crate) print: String,
    pub(crate) export: String,
    pub(crate) pager: Pager,
}

/// The sheet to sign.
#[derive(Template)]
#[template(path = "barang_cetak.html")]
pub(crate) struct SheetPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) list: ListView,
    pub(crate) place: String,
    pub(crate) families: Vec<DueView>,
    pub(crate) more: bool,
}

/// A family's goods of one list.
#[derive(Template)]
#[template(path = "barang_keluarga.html")]
pub(crate) struct FamilyGoodsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: DuePage,
    pub(crate) place: String,
    pub(crate) steps: Vec<(String, String, bool)>,
    pub(crate) form: Option<Form>,
    pub(crate) errors: Vec<FieldError>,
}

/// Families, and what they are to receive and have.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) families: i64,
    pub(crate) waiting: i64,
    pub(crate) due: i64,
    pub(crate) given: i64,
    pub(crate) short: i64,
}

impl Sum {
    fn of<'a>(rows: impl Iterator<Item = &'a ListRow>) -> Self {
        rows.fold(Self::default(), |sum, row| {
            let partly = matches!(row.state, DueState::Short | DueState::Instead);
            Self {
                families: sum.families + row.families,
                waiting: sum.waiting + if row.state == DueState::Open { row.families } else { 0 },
                due: sum.due.saturating_add(row.due),
                given: sum.given.saturating_add(row.given),
                short: sum.short.saturating_add(if partly { row.due - row.given } else { 0 }),
            }
        })
    }
}
/// Words of a state.
pub(crate) fn state(t: &Tongue, state: DueState) -> String {
    t.say(&format!("goods-state-{}", state.code()))
}

/// Colour of a state.
pub(crate) fn state_kind(state: DueState) -> &'static str {
    match state {
        DueState::HandedOver => "good",
        DueState::Short => "bad",
        DueState::Instead => "note",
        DueState::Open => "mute",
        DueState::NotCollected | DueState::Refused => "warn",
    }
}

pub(crate) async fn list(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let region = asked.region(&visit)?;
    let state = DueState::from_code(&asked.keadaan);
    let village = region.level() == RegionLevel::Village || state.is_some();
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let (of, wanted) = (region.clone(), from.clone());
    let (view, found) = visit
        .ask(READ, move |house, scope| {
            let view = goods::list_page(house, scope, id, &of)?;
            let none = || Paged { items: Vec::new(), next: None };
            let scope = scope.within(&of).ok_or_else(Fault::not_found)?;
            let found = if village { goods::dues(house, &scope, id, state, &wanted)? } else { none() };
            Ok::<_, Fault>((view, found))
        })
        .await?;
    let codes = view.rows.iter().map(|row| row.region.clone());
    let names = visit.names(codes.chain([region.to_string()])).await?;
    let t = visit.t();
    let base = format!("/barang/daftar/{id}");
    let query = format!("kode={}&keadaan={}", encode(region.as_str()), encode(&asked.keadaan));
    let mut trail = vec![("/barang".into(), t.say("web-nav-goods"))];
    if asked.kode.is_empty() {
        trail.push((String::new(), title(&t, &view.list)));
    } else {
        trail.push((base.clone(), title(&t, &view.list)));
        trail.push((String::new(), names.get(region.as_str()).cloned().unwrap_or_default()));
    }
    let all = (String::new(), t.say("web-goods-all-states"));
    let states = DueState::ALL.iter().map(|one| (one.code().to_owned(), self::state(&t, *one)));
    page(&ListOfGoodsPage {
        trail,
        total: Sum::of(view.rows.iter()),
        regions: if village { Vec::new() } else { regions(&view, &base, &names) },
        states: std::iter::once(all).chain(states).collect(),
        print: format!("{base}/cetak?kode={}", encode(region.as_str())),
        export: format!("{base}/csv?{query}"),
        pager: Pager::of(&t, &format!("{base}?{query}"), &from, found.items.len(), found.next),
        families: found.items,
        list: view.list,
        village,
        asked,
        shell: visit.shell(),
        t,
    })
}

/// What a list is called.
pub(crate) fn title(t: &Tongue, list: &ListView) -> String {
    format!("{} {}: {}", programme(t, &list.programme), t.period(&list.period), item(t, &list.item))
}

fn regions(view: &ListPage, base: &str, names: &HashMap<String, String>) -> Vec<(String, Sum, String)> {
    let mut codes: Vec<&str> = view.rows.iter().map(|row| row.region.as_str()).collect();
    codes.dedup();
    let row = |code: &str| {
        let sum = Sum::of(view.rows.iter().filter(|row| row.region == code));
        let name = names.get(code).cloned().unwrap_or_else(|| code.to_owned());
        (name, sum, format!("{base}?kode={}", encode(code)))
    };
    codes.into_iter().map(row).collect()
}

/// Who receives; the family's number where nobody could be named.
pub(crate) fn receiver(t: &Tongue, due: &DueView) -> String {
    if due.name.is_empty() { t.one("web-goods-family-no", "id", due.family_id) } else { due.name.clone() }
}

/// The list as a file, with the columns that a hand-over recorded offline begins with.
pub(crate) async fn export(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let (t, places) = (visit.t(), visit.guest.app.places.clone());
    let (region, state) = (asked.region(&visit)?, DueState::from_code(&asked.keadaan));
    let sheet = Sheet {
        action: READ,
        what: "goods",
        name: format!("barang-{id}"),
        detail: format!("list={id} region={region}"),
        heads: &[
            "web-family-id",
            "web-head",
            "web-region-code",
            "web-village",
            "web-goods-due",
            "web-goods-given",
            "web-goods-unit",
            "web-goods-state",
        ],
    };
    csv::stream(&visit, sheet, move |house, scope, at| {
        let scope = scope.within(&region).ok_or_else(Fault::not_found)?;
        let found = goods::dues(house, &scope, id, state, at)?;
        let unit = goods::list_page(house, &scope, id, &region)?.list.unit;
        let names = places.names(house, found.items.iter().map(|one| one.region.to_string()).collect())?;
        let row = |due: DueView| {
            let region = due.region.to_string();
            vec![
                due.family_id.to_string(),
                due.name,
                region.clone(),
                names.get(&region).cloned().unwrap_or_default(),
                due.due.to_string(),
                due.given.to_string(),
                unit.clone(),
                self::state(&t, due.state),
            ]
        };
        Ok(Paged { items: found.items.into_iter().map(row).collect(), next: found.next })
    })
    .await
}

/// The sheet that families sign.
pub(crate) async fn print(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let region = asked.region(&visit)?;
    let of = region.clone();
    let (view, found) = visit
        .ask(READ, move |house, scope| {
            let view = goods::list_page(house, scope, id, &of)?;
            let scope = scope.within(&of).ok_or_else(Fault::not_found)?;
            let page = Page::first(PRINT_MAX);
            Ok::<_, Fault>((view, goods::dues(house, &scope, id, Some(DueState::Open), &page)?))
        })
        .await?;
    let mut names = visit.names([region.to_string()]).await?;
    let t = visit.t();
    page(&SheetPage {
        trail: vec![
            ("/barang".into(), t.say("web-nav-goods")),
            (format!("/barang/daftar/{id}?kode={}", encode(region.as_str())), title(&t, &view.list)),
            (String::new(), t.say("web-goods-sheet")),
        ],
        place: names.remove(region.as_str()).unwrap_or_default(),
        list: view.list,
        more: found.next.is_some(),
        families: found.items,
        shell: visit.shell(),
        t,
    })
}

pub(crate) async fn family(
    visit: Visit,
    Path((id, family)): Path<(i64, i64)>,
    Query(asked): Query<Asked>,
) -> Answer {
    family_page(visit, id, family, HandStep::from_code(&asked.langkah), None).await
}

async fn family_page(
    visit: Visit,
    id: i64,
    family: i64,
    step: Option<HandStep>,
    wrong: Option<(Sent, GoodsFault)>,
) -> Answer {
    let view =
        visit.ask(READ, move |house, scope| goods::due_page(house, scope, id, FamilyId(family))).await?;
    let region = view.due.region.to_string();
    let place = visit.names([region.clone()]).await?.remove(&region).unwrap_or_default();
    let t = visit.t();
    let may = visit.session.may(HAND);
    let next: Vec<HandStep> = if may { view.next.clone() } else { Vec::new() };
    let (sent, fault) = wrong.unzip();
    let form =
        step.filter(|step| next.contains(step)).map(|step| hand_form(&visit, &view, step, sent.as_ref()));
    let errors = errors(&t, fault);
    let chip = |one: &HandStep| {
        let words = t.say(&format!("goods-hand-{}", one.code()));
        let to = format!("/barang/daftar/{id}/keluarga/{family}?langkah={}", one.code());
        (to, words, Some(*one) == step)
    };
    let status = status(&errors);
    let body = page(&FamilyGoodsPage {
        trail: vec![
            ("/barang".into(), t.say("web-nav-goods")),
            (format!("/barang/daftar/{id}?kode={}", encode(&region)), title(&t, &view.list)),
            (String::new(), receiver(&t, &view.due)),
        ],
        steps: next.iter().map(chip).collect(),
        place,
        form,
        errors,
        view,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

fn hand_form(visit: &Visit, view: &DuePage, step: HandStep, sent: Option<&Sent>) -> Form {
    let t = visit.t();
    let unit = &view.list.unit;
    let mut fields = vec![today(visit, field(&t, sent, "day", "date"))];
    if step.gives() {
        let words = |one: &goods::Serving| {
            let what = amount(&t, one.quantity, unit);
            let words =
                format!("{} · {} · {what}", one.warehouse, t.one("web-goods-lot-of", "id", one.lot_id));
            (format!("{}-{}", one.warehouse_id, one.lot_id), words)
        };
        fields.push(choice(&t, sent, "warehouse", view.serving.iter().map(words).collect()));
        let mut weight = field(&t, sent, "quantity", "text");
        if weight.value.is_empty() {
            let (whole, part, _) = goods::said(view.due.due - view.due.given, unit);
            weight.value = if part > 0 { format!("{whole},{part:03}") } else { whole.to_string() };
        }
        weight.label = t.one("web-goods-weighed-out", "unit", goods::said(0, unit).2);
        fields.push(weight);
    }
    for id in goods::HAND_FIELDS {
        let needed = step.needs().contains(&id);
        if !needed && (!step.gives() || id == "note") {
            continue;
        }
        let choices = step.choices(id).iter().map(|word| {
            let key = if goods::DEPUTIES.contains(word) { "goods-word" } else { "payment-card-word" };
            ((*word).to_owned(), t.say(&format!("{key}-{word}")))
        });
        fields.push(choice(&t, sent, id, choices.collect()));
    }
    Form {
        action: format!("/barang/daftar/{}/keluarga/{}/langkah", view.list.list_id, view.due.family_id),
        hidden: vec![("langkah", step.code().to_owned()), ("rev", view.due.rev.to_string())],
        title: t.say(&format!("goods-hand-{}", step.code())),
        hint: String::new(),
        fields,
    }
}

impl FamilyGoodsPage {
    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }

    fn what(&self, step: &HandView) -> String {
        let words = self.t.say(&format!("goods-hand-{}", step.step.code()));
        if step.given > 0 {
            return format!("{words}: {}", amount(&self.t, step.given, &self.view.list.unit));
        }
        words
    }

    fn told(&self, step: &HandView) -> Vec<(String, String)> {
        let word = |field: &str, value: &str| {
            if step.step.choices(field).contains(&value) {
                let key = if goods::DEPUTIES.contains(&value) { "goods-word" } else { "payment-card-word" };
                return self.t.say(&format!("{key}-{value}"));
            }
            value.to_owned()
        };
        let fields = goods::HAND_FIELDS.iter().filter(|field| !step.told.field(field).is_empty());
        let of = |field: &&str| {
            let label = self.t.say(&format!("goods-field-{field}"));
            (label, word(field, step.told.field(field)))
        };
        fields.map(of).collect()
    }
}

fn hand(form: &Sent, unit: &str) -> Result<(HandOver, i64), GoodsFault> {
    let step = HandStep::from_code(&text(form, "langkah")).ok_or(GoodsFault::Field("langkah"))?;
    let (mut given, mut warehouse, mut lot) = (0, 0, 0);
    if step.gives() {
        let pair = text(form, "warehouse");
        let (from, of) = pair.split_once('-').ok_or(GoodsFault::Elsewhere)?;
        warehouse = from.parse().map_err(|_| GoodsFault::Elsewhere)?;
        lot = of.parse().map_err(|_| GoodsFault::Elsewhere)?;
        given = quantity(form, "quantity", unit)?;
    }
    let details = HandDetails {
        whom: text(form, "whom"),
        role: text(form, "role"),
        place: text(form, "place"),
        proof_kind: text(form, "proof_kind"),
        proof: text(form, "proof"),
        note: text(form, "note"),
    };
    let day = day_of(form, "day")?.ok_or(GoodsFault::Day)?;
    Ok((HandOver { step, day, given, warehouse, lot, details }, number(form, "rev")?))
}

pub(crate) async fn record_hand(Path((id, family)): Path<(i64, i64)>, posted: Posted<Sent>) -> Answer {
    let Posted { visit, form } = posted;
    let told = form.clone();
    let done = visit
        .ask(HAND, move |house, scope| {
            let unit = goods::list_unit(house, id)?;
            let step = match hand(&told, &unit) {
                Ok((step, rev)) => goods::hand_over(house, scope, (id, FamilyId(family)), &step, rev),
                Err(fault) => Err(fault.into()),
            };
            refused(step)
        })
        .await?;
    match done {
        Ok(_) => Ok(Redirect::to(&format!("/barang/daftar/{id}/keluarga/{family}")).into_response()),
        Err(fault) => {
            let step = HandStep::from_code(&text(&form, "langkah"));
            family_page(visit, id, family, step, Some((form, fault))).await
        }
    }
}

//! Goods: what lies in which warehouse and for how long, stock cards, lots and transfers, where whoever may records what happened.
//! Quantities are written as people say them and kept in base units. Distribution lists are in `barang_daftar`.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use jiff::civil::Date;
use model::RegionCode;
use payment::{
    Error,
    goods::{
        self, Arrival, CardPage, Criterion, Delivery, Departure, Finding, GoodsFault, Loss, LotPage,
        MoveKind, MoveView, Outcome, Overview, TransferView, WarehouseView,
    },
};
use serde::Deserialize;
use store::Page;

use super::barang_daftar::title;
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError, Pager},
    visit::{Answer, Posted, Visit, encode, page},
};

pub(crate) const READ: &str = "goods.read";
const STOCK: &str = "goods.stock";

/// What was typed into a form.
pub(crate) type Sent = HashMap<String, String>;

/// A field of a form; choices where only some words are right.
pub(crate) struct Input {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) kind: &'static str,
    pub(crate) choices: Vec<(String, String)>,
}

/// A form and where it is sent.
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) hidden: Vec<(&'static str, String)>,
    pub(crate) title: String,
    pub(crate) hint: String,
    pub(crate) fields: Vec<Input>,
}

/// Goods of a territory.
#[derive(Template)]
#[template(path = "barang.html")]
pub(crate) struct GoodsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: Overview,
    pub(crate) warehouses: Vec<WarehouseView>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
    pub(crate) form: Option<Form>,
    pub(crate) errors: Vec<FieldError>,
}

/// A stock card.
#[derive(Template)]
#[template(path = "barang_gudang.html")]
pub(crate) struct StorePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: CardPage,
    pub(crate) place: String,
    /// What the visitor may record: address, words, is this one.
    pub(crate) steps: Vec<(String, String, bool)>,
    pub(crate) may_correct: bool,
    pub(crate) form: Option<Form>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) pager: Pager,
}

/// A lot.
#[derive(Template)]
#[template(path = "barang_lot.html")]
pub(crate) struct OneLotPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: LotPage,
    /// Where all of it is: words and quantity.
    pub(crate) law: Vec<(String, String)>,
}

/// A transfer.
#[derive(Template)]
#[template(path = "barang_kirim.html")]
pub(crate) struct WayPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: TransferView,
    pub(crate) form: Option<Form>,
    pub(crate) errors: Vec<FieldError>,
}

/// What is asked for.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) setelah: Option<String>,
    pub(crate) kode: String,
    pub(crate) keadaan: String,
    pub(crate) langkah: String,
    baris: i64,
}

impl Asked {
    /// The region asked about: the visitor's own where none is named.
    pub(crate) fn region(&self, visit: &Visit) -> Result<RegionCode, Fault> {
        match self.kode.as_str() {
            "" => Ok(visit.session.region.clone()),
            code => RegionCode::parse(code).map_err(|_| Fault::not_found()),
        }
    }
}

/// A quantity in words: `15,25 kg`.
pub(crate) fn amount(t: &Tongue, quantity: impl crate::lang::Whole, unit: &str) -> String {
    let (whole, part, unit) = goods::said(quantity.whole(), unit);
    let mut text = t.n(whole);
    if part > 0 {
        let digits = format!("{part:03}");
        let mark = if t.html_lang() == "id" { ',' } else { '.' };
        text.push(mark);
        text.push_str(digits.trim_end_matches('0'));
    }
    format!("{text} {unit}")
}

/// The name of an item.
pub(crate) fn item(t: &Tongue, code: &str) -> String {
    let items = goods::items(t.policy());
    let found = items.iter().find(|item| item.goods.code == code);
    found.map_or_else(|| code.to_owned(), |item| t.label(&item.goods.label).to_owned())
}

/// Words of a move.
pub(crate) fn kind(t: &Tongue, kind: MoveKind) -> String {
    t.say(&format!("goods-move-{}", kind.code()))
}

pub(crate) fn field(t: &Tongue, sent: Option<&Sent>, id: &str, kind: &'static str) -> Input {
    let value = sent.and_then(|sent| sent.get(id)).cloned().unwrap_or_default();
    Input { id: id.to_owned(), label: t.say(&format!("goods-field-{id}")), value, kind, choices: Vec::new() }
}

pub(crate) fn choice(t: &Tongue, sent: Option<&Sent>, id: &str, choices: Vec<(String, String)>) -> Input {
    Input { choices, ..field(t, sent, id, "text") }
}

/// Today in an empty field of a day.
pub(crate) fn today(visit: &Visit, mut input: Input) -> Input {
    if input.value.is_empty() {
        input.value = visit.guest.app.house.clock.today().to_string();
    }
    input
}

pub(crate) fn errors(t: &Tongue, fault: Option<GoodsFault>) -> Vec<FieldError> {
    let told = |fault: GoodsFault| FieldError {
        field: fault.field().to_owned(),
        text: t.say(&format!("galat-{}", fault.code())),
    };
    fault.map(told).into_iter().collect()
}

pub(crate) fn status(errors: &[FieldError]) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// Sorts out what is wrong with the form from what is wrong otherwise.
pub(crate) fn refused<T>(done: payment::Result<T>) -> payment::Result<Result<T, GoodsFault>> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(Error::Goods(fault)) => Ok(Err(fault)),
        Err(error) => Err(error),
    }
}

pub(crate) async fn overview(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    overview_page(visit, asked, None).await
}

async fn overview_page(visit: Visit, asked: Asked, wrong: Option<(Sent, GoodsFault)>) -> Answer {
    let region = asked.region(&visit)?;
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let (of, wanted) = (region.clone(), from.clone());
    let (view, found) = visit
        .ask(READ, move |house, scope| {
            let view = goods::overview(house, scope, &of)?;
            let scope = scope.within(&of).ok_or_else(Fault::not_found)?;
            Ok::<_, Fault>((view, goods::warehouses(house, &scope, &wanted)?))
        })
        .await?;
    let codes = found.items.iter().map(|one| one.region.to_string());
    let losses = view.losses.iter().map(|loss| loss.region.clone());
    let names = visit.names(codes.chain(losses).chain([region.to_string()])).await?;
    let t = visit.t();
    let mut trail = vec![(String::new(), t.say("web-nav-goods"))];
    if !asked.kode.is_empty() {
        trail = vec![("/barang".into(), t.say("web-nav-goods"))];
        trail.push((String::new(), names.get(region.as_str()).cloned().unwrap_or_default()));
    }
    let (sent, fault) = wrong.unzip();
    let errors = errors(&t, fault);
    let form = visit.session.may(STOCK).then(|| Form {
        action: "/barang/gudang".into(),
        hidden: Vec::new(),
        title: t.say("web-goods-new-warehouse"),
        hint: String::new(),
        fields: vec![field(&t, sent.as_ref(), "name", "text"), field(&t, sent.as_ref(), "region", "text")],
    });
    let status = status(&errors);
    let body = page(&GoodsPage {
        pager: Pager::of(
            &t,
            &format!("/barang?kode={}", encode(&asked.kode)),
            &from,
            found.items.len(),
            found.next,
        ),
        trail,
        view,
        warehouses: found.items,
        names,
        form,
        errors,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

impl GoodsPage {
    fn place(&self, code: &str) -> &str {
        self.names.get(code).map_or("", String::as_str)
    }

    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }

    fn loss(&self, loss: &Loss) -> String {
        format!("{}: {}", kind(&self.t, loss.kind), amount(&self.t, loss.quantity, &loss.unit))
    }
}

pub(crate) async fn make_warehouse(posted: Posted<Sent>) -> Answer {
    let Posted { visit, form } = posted;
    let text = |key: &str| form.get(key).cloned().unwrap_or_default();
    let (name, code) = (text("name"), text("region"));
    let Ok(region) = RegionCode::parse(code.trim()) else {
        return overview_page(visit, Asked::default(), Some((form, GoodsFault::Field("region")))).await;
    };
    let done = visit
        .ask(STOCK, move |house, scope| refused(goods::make_warehouse(house, scope, &region, &name)))
        .await?;
    match done {
        Ok(made) => Ok(Redirect::to(&format!("/barang/gudang/{}", made.warehouse_id)).into_response()),
        Err(fault) => overview_page(visit, Asked::default(), Some((form, fault))).await,
    }
}

pub(crate) async fn warehouse(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    warehouse_page(visit, id, asked, None).await
}

/// What may be recorded on a stock card.
const STEPS: [&str; 6] = ["receive", "send", "damaged", "lost", "expired", "returned"];
const CORRECT: &str = "correct";

async fn warehouse_page(visit: Visit, id: i64, asked: Asked, wrong: Option<(Sent, GoodsFault)>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let wanted = from.clone();
    let (view, targets) = visit
        .ask(READ, move |house, scope| {
            let view = goods::stock_card(house, scope, id, &wanted)?;
            Ok::<_, Error>((view, goods::targets(house, scope, id)?))
        })
        .await?;
    let region = view.warehouse.region.to_string();
    let place = visit.names([region.clone()]).await?.remove(&region).unwrap_or_default();
    let t = visit.t();
    let may = visit.session.may(STOCK);
    let (sent, fault) = wrong.unzip();
    let step = asked.langkah.as_str();
    let known = STEPS.contains(&step) || (step == CORRECT && asked.baris > 0);
    let form = (may && known).then(|| {
        let to = targets.iter().map(|(id, name, region)| (id.to_string(), format!("{name} ({region})")));
        stock_form(&visit, &view, step, asked.baris, to.collect(), sent.as_ref())
    });
    let errors = errors(&t, fault);
    let chip = |one: &&str| {
        let words = t.say(&format!("goods-step-{one}"));
        (format!("/barang/gudang/{id}?langkah={one}"), words, *one == step)
    };
    let status = status(&errors);
    let body = page(&StorePage {
        trail: vec![("/barang".into(), t.say("web-nav-goods")), (String::new(), view.warehouse.name.clone())],
        steps: if may { STEPS.iter().map(chip).collect() } else { Vec::new() },
        pager: Pager::of(&t, &format!("/barang/gudang/{id}"), &from, view.moves.len(), view.next.clone()),
        may_correct: may,
        view,
        place,
        form,
        errors,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

fn stock_form(
    visit: &Visit,
    view: &CardPage,
    step: &str,
    row: i64,
    targets: Vec<(String, String)>,
    sent: Option<&Sent>,
) -> Form {
    let t = visit.t();
    let text = |id: &str| field(&t, sent, id, "text");
    let lots = || {
        let words = |lot: &goods::LotView| {
            let what =
                format!("{} {}: {}", lot.lot_id, item(&t, &lot.item), amount(&t, lot.quantity, &lot.unit));
            (lot.lot_id.to_string(), what)
        };
        choice(&t, sent, "lot", view.lots.iter().map(words).collect())
    };
    let day = || today(visit, field(&t, sent, "day", "date"));
    let fields = match step {
        "receive" => receipt_fields(&t, sent, day()),
        "send" => {
            vec![lots(), choice(&t, sent, "to", targets), text("quantity"), text("document"), day()]
        }
        CORRECT => vec![text("document"), text("note")],
        _ => vec![lots(), text("quantity"), text("document"), day(), text("note")],
    };
    let rule = |item: &goods::Item<'_>| {
        let quality = item.goods.quality.as_ref()?;
        Some(format!("{}: {}.", t.label(&item.goods.label), t.label(quality)))
    };
    let rules: Vec<String> = goods::items(t.policy()).iter().filter_map(rule).collect();
    let hint = if step == "receive" { rules.join(" ") } else { String::new() };
    Form {
        action: format!("/barang/gudang/{}/langkah", view.warehouse.warehouse_id),
        hidden: vec![("langkah", step.to_owned()), ("baris", row.to_string())],
        title: t.say(&format!("goods-step-{step}")),
        hint,
        fields,
    }
}

fn receipt_fields(t: &Tongue, sent: Option<&Sent>, day: Input) -> Vec<Input> {
    let items = goods::items(t.policy());
    let named = |item: &goods::Item<'_>| {
        let unit = goods::said(0, item.unit).2;
        (item.goods.code.clone(), format!("{} ({unit})", t.label(&item.goods.label)))
    };
    let mut fields = vec![choice(t, sent, "item", items.iter().map(named).collect())];
    for id in ["supplier", "contract", "document", "noted", "weighed", "refused", "refused_why", "price_idr"]
    {
        fields.push(field(t, sent, id, "text"));
    }
    fields.extend([field(t, sent, "made_on", "date"), field(t, sent, "expires_on", "date"), day]);
    for criterion in Criterion::ALL {
        let code = criterion.code();
        let words = ["", "good", "bad"].map(|word| {
            let key =
                if word.is_empty() { "goods-check-none".to_owned() } else { format!("goods-check-{word}") };
            (word.to_owned(), t.say(&key))
        });
        let label = t.say(&format!("goods-criterion-{code}"));
        let check = choice(t, sent, &format!("check_{code}"), words.to_vec());
        fields.push(Input { label: label.clone(), ..check });
        let found = field(t, sent, &format!("found_{code}"), "text");
        fields.push(Input { label: t.one("web-goods-found", "what", label), ..found });
    }
    fields
}

/// A quantity as typed, in base units.
pub(crate) fn quantity(form: &Sent, id: &'static str, unit: &str) -> Result<i64, GoodsFault> {
    let text = form.get(id).map_or("", String::as_str);
    goods::heard(text, unit).ok_or(GoodsFault::Field(id))
}

pub(crate) fn day_of(form: &Sent, id: &str) -> Result<Option<Date>, GoodsFault> {
    match form.get(id).map_or("", |text| text.trim()) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| GoodsFault::Day),
    }
}

pub(crate) fn number(form: &Sent, id: &'static str) -> Result<i64, GoodsFault> {
    form.get(id).and_then(|text| text.parse().ok()).ok_or(GoodsFault::Field(id))
}

pub(crate) fn text(form: &Sent, id: &str) -> String {
    form.get(id).cloned().unwrap_or_default()
}

fn delivery(house: &access::House, warehouse: i64, form: &Sent) -> Result<Delivery, GoodsFault> {
    let code = text(form, "item");
    let items = goods::items(&house.policy);
    let unit = items.iter().find(|item| item.goods.code == code).map(|item| item.unit);
    let unit = unit.ok_or(GoodsFault::Field("item"))?;
    let refused = if text(form, "refused").trim().is_empty() { 0 } else { quantity(form, "refused", unit)? };
    let price = text(form, "price_idr");
    let findings = Criterion::ALL.iter().filter_map(|criterion| {
        let found = text(form, &format!("found_{}", criterion.code()));
        let good = match form.get(&format!("check_{}", criterion.code())).map(String::as_str) {
            Some("good") => true,
            Some("bad") => false,
            _ => return None,
        };
        Some(Finding { criterion: *criterion, good, found })
    });
    Ok(Delivery {
        item: code,
        supplier: text(form, "supplier"),
        contract: text(form, "contract"),
        document: text(form, "document"),
        warehouse,
        noted: quantity(form, "noted", unit)?,
        weighed: quantity(form, "weighed", unit)?,
        refused,
        refused_why: text(form, "refused_why"),
        price_idr: match price.trim() {
            "" => None,
            price => Some(price.parse().map_err(|_| GoodsFault::Field("price_idr"))?),
        },
        made_on: day_of(form, "made_on")?,
        expires_on: day_of(form, "expires_on")?,
        day: day_of(form, "day")?.ok_or(GoodsFault::Day)?,
        findings: findings.collect(),
    })
}

fn stock_step(
    house: &access::House,
    scope: &access::Scope,
    warehouse: i64,
    form: &Sent,
) -> payment::Result<goods::Moved> {
    let step = text(form, "langkah");
    if step == CORRECT {
        let row = number(form, "baris")?;
        return goods::correct(house, scope, row, &text(form, "document"), &text(form, "note"));
    }
    if step == "receive" {
        return goods::receive(house, scope, &delivery(house, warehouse, form)?);
    }
    let lot = number(form, "lot")?;
    let unit = goods::lot_unit(house, lot)?;
    let quantity = quantity(form, "quantity", &unit)?;
    let (document, day) = (text(form, "document"), day_of(form, "day")?.ok_or(GoodsFault::Day)?);
    if step == "send" {
        let to = number(form, "to")?;
        return goods::send(house, scope, &Departure { from: warehouse, lot, to, quantity, document, day });
    }
    let kind = MoveKind::from_code(&step).ok_or(GoodsFault::Field("langkah"))?;
    let note = text(form, "note");
    goods::write_off(house, scope, &Outcome { warehouse, lot, kind, quantity, document, day, note })
}

pub(crate) async fn record_stock(Path(id): Path<i64>, posted: Posted<Sent>) -> Answer {
    let Posted { visit, form } = posted;
    let told = form.clone();
    let done = visit.ask(STOCK, move |house, scope| refused(stock_step(house, scope, id, &told))).await?;
    match done {
        Ok(_) => Ok(Redirect::to(&format!("/barang/gudang/{id}")).into_response()),
        Err(fault) => {
            let asked = Asked {
                langkah: text(&form, "langkah"),
                baris: number(&form, "baris").unwrap_or_default(),
                ..Asked::default()
            };
            warehouse_page(visit, id, asked, Some((form, fault))).await
        }
    }
}

impl StorePage {
    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }

    /// Whether a row can be taken back here.
    fn can_correct(&self, row: &MoveView) -> bool {
        self.may_correct && row.list_id.is_none() && row.corrects.is_none()
    }
}

pub(crate) async fn lot(visit: Visit, Path(id): Path<i64>) -> Answer {
    let view = visit.ask(READ, move |house, scope| goods::lot_page(house, scope, id)).await?;
    let t = visit.t();
    let figures = &view.figures;
    let law = [
        ("goods-move-received", figures.received),
        ("goods-stored", figures.stored),
        ("goods-on-way", figures.on_way),
        ("goods-move-handed_over", figures.handed_over),
        ("goods-move-damaged", figures.damaged),
        ("goods-move-lost", figures.lost),
        ("goods-move-expired", figures.expired),
        ("goods-move-returned", figures.returned),
    ];
    let unit = view.lot.unit.clone();
    page(&OneLotPage {
        trail: vec![
            ("/barang".into(), t.say("web-nav-goods")),
            (String::new(), t.one("web-goods-lot-of", "id", id)),
        ],
        law: law.map(|(key, sum)| (t.say(key), amount(&t, sum, &unit))).to_vec(),
        view,
        shell: visit.shell(),
        t,
    })
}

impl OneLotPage {
    fn checks(&self) -> Vec<(String, String)> {
        let words = |one: &Finding| {
            let verdict = self.t.say(if one.good { "goods-check-good" } else { "goods-check-bad" });
            let found = if one.found.is_empty() { verdict } else { format!("{verdict}: {}", one.found) };
            (self.t.say(&format!("goods-criterion-{}", one.criterion.code())), found)
        };
        self.view.lot.findings.iter().map(words).collect()
    }
}

pub(crate) async fn transfer(visit: Visit, Path(id): Path<i64>) -> Answer {
    transfer_page(visit, id, None).await
}

async fn transfer_page(visit: Visit, id: i64, wrong: Option<(Sent, GoodsFault)>) -> Answer {
    let (view, receives) = visit
        .ask(READ, move |house, scope| {
            let view = goods::transfer_page(house, scope, id)?;
            let to = view.to.0;
            let page = Page::first(1);
            Ok::<_, Error>((view, goods::stock_card(house, scope, to, &page).is_ok()))
        })
        .await?;
    let t = visit.t();
    let (sent, fault) = wrong.unzip();
    let open = view.on_way > 0 && receives && visit.session.may(STOCK);
    let form = open.then(|| {
        let text = |id: &str| field(&t, sent.as_ref(), id, "text");
        Form {
            action: format!("/barang/kirim/{id}/tiba"),
            hidden: Vec::new(),
            title: t.say("web-goods-arrival"),
            hint: t.say("web-goods-arrival-text"),
            fields: vec![
                text("arrived"),
                text("lost"),
                text("damaged"),
                text("document"),
                today(&visit, field(&t, sent.as_ref(), "day", "date")),
                text("note"),
            ],
        }
    });
    let errors = errors(&t, fault);
    let status = status(&errors);
    let body = page(&WayPage {
        trail: vec![
            ("/barang".into(), t.say("web-nav-goods")),
            (String::new(), t.one("web-goods-transfer-of", "id", id)),
        ],
        view,
        form,
        errors,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

impl WayPage {
    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }
}

pub(crate) async fn record_arrival(Path(id): Path<i64>, posted: Posted<Sent>) -> Answer {
    let Posted { visit, form } = posted;
    let told = form.clone();
    let done = visit
        .ask(STOCK, move |house, scope| {
            refused(arrival(house, id, &told).and_then(|told| goods::arrive(house, scope, &told)))
        })
        .await?;
    match done {
        Ok(_) => Ok(Redirect::to(&format!("/barang/kirim/{id}")).into_response()),
        Err(fault) => transfer_page(visit, id, Some((form, fault))).await,
    }
}

fn arrival(house: &access::House, id: i64, form: &Sent) -> payment::Result<Arrival> {
    let unit = goods::transfer_unit(house, id)?;
    let part = |id: &'static str| match form.get(id).map_or("", |text| text.trim()) {
        "" => Ok(0),
        _ => quantity(form, id, &unit),
    };
    Ok(Arrival {
        transfer: id,
        arrived: part("arrived")?,
        lost: part("lost")?,
        damaged: part("damaged")?,
        document: text(form, "document"),
        day: day_of(form, "day")?.ok_or(GoodsFault::Day)?,
        note: text(form, "note"),
    })
}

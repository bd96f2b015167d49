//! `pilar goods`: warehouses, deliveries, transfers, distribution lists and hand-overs recorded offline. The demo calls the same functions.

use std::path::Path;

use access::{House, Session};
use jiff::civil::Date;
use model::RegionCode;
use payment::goods::{
    self, Arrival, Criterion, Delivery, Departure, Finding, GoodsImported, ListBuilt, MoveKind, Moved,
    Outcome,
};

use crate::{
    cli::Goods,
    commands::{Answer, effects, money, with_bar},
    failure::Failure,
    screen::grouped,
};

pub(crate) fn run(house: &House, command: &Goods) -> anyhow::Result<Answer> {
    let session = Session::console(house);
    let today = house.clock.today();
    match command {
        Goods::Warehouse { region, name } => {
            let scope = session.scope("goods.stock")?;
            let made =
                goods::make_warehouse(house, &scope, &region_of(region)?, name).map_err(money::refused)?;
            Answer::of(&made, vec![format!("warehouse {}", made.warehouse_id)])
        }
        Goods::Receive { .. } => receive(house, &session, command),
        Goods::Send { from, to, lot, quantity, document } => {
            let quantity = heard(quantity, &goods::lot_unit(house, *lot).map_err(money::refused)?)?;
            let told = Departure {
                from: *from,
                lot: *lot,
                to: *to,
                quantity,
                document: document.clone(),
                day: today,
            };
            moved(goods::send(house, &session.scope("goods.stock")?, &told))
        }
        Goods::Arrive { transfer, arrived, lost, damaged, document, note } => {
            let unit = goods::transfer_unit(house, *transfer).map_err(money::refused)?;
            let told = Arrival {
                transfer: *transfer,
                arrived: heard(arrived, &unit)?,
                lost: heard(lost, &unit)?,
                damaged: heard(damaged, &unit)?,
                document: document.clone(),
                day: today,
                note: note.clone(),
            };
            moved(goods::arrive(house, &session.scope("goods.stock")?, &told))
        }
        Goods::WriteOff { kind, warehouse, lot, quantity, document, note } => {
            let known = MoveKind::from_code(kind);
            let told = Outcome {
                warehouse: *warehouse,
                lot: *lot,
                kind: known.ok_or_else(|| Failure::input(format!("`{kind}` is no kind of loss")))?,
                quantity: heard(quantity, &goods::lot_unit(house, *lot).map_err(money::refused)?)?,
                document: document.clone(),
                day: today,
                note: note.clone(),
            };
            moved(goods::write_off(house, &session.scope("goods.stock")?, &told))
        }
        Goods::Correct { row, document, note } => {
            moved(goods::correct(house, &session.scope("goods.stock")?, *row, document, note))
        }
        Goods::Build { run } => {
            let made = build(house, &session, run)?;
            let told = |list: &ListBuilt| {
                let (families, each) =
                    (grouped(list.families.unsigned_abs()), said(list.each_due, &list.unit));
                format!("list {}: {families} families, {each} of {} each", list.list_id, list.item)
            };
            Answer::of(&serde_json::json!({ "lists": made }), made.iter().map(told).collect())
        }
        Goods::Import { list, file } => {
            let done = import(house, &session, *list, file)?;
            let line =
                format!("{} rows taken, {} known before, {} cases", done.taken, done.known, done.effects);
            Answer::of(&done, vec![line])
        }
        Goods::Report { region, list } => report(house, &session, &region_of(region)?, *list),
        Goods::Lot { lot } => {
            let page = goods::lot_page(house, &session.scope("goods.read")?, *lot).map_err(money::refused)?;
            let figures = serde_json::to_value(page.figures)?;
            let told = |(name, sum): (&String, &serde_json::Value)| {
                format!("{name:<12} {:>20}", said(sum.as_i64().unwrap_or_default(), &page.lot.unit))
            };
            let mut lines: Vec<String> = figures.as_object().into_iter().flatten().map(told).collect();
            let sound = if page.figures.sound() { "all of it is explained" } else { "IT DOES NOT ADD UP" };
            lines.push(sound.to_owned());
            Answer::of(&page, lines)
        }
    }
}

fn region_of(code: &str) -> anyhow::Result<RegionCode> {
    Ok(if code.is_empty() { RegionCode::nation() } else { RegionCode::parse(code)? })
}

fn heard(text: &str, unit: &str) -> anyhow::Result<i64> {
    goods::heard(text, unit).ok_or_else(|| {
        let unit = goods::said(0, unit).2;
        Failure::input(format!("`{text}` is no quantity: write {unit} such as 12,5 (pieces whole)"))
    })
}

fn said(quantity: i64, unit: &str) -> String {
    let (whole, part, unit) = goods::said(quantity, unit);
    let whole = grouped(whole.unsigned_abs());
    if part > 0 { format!("{whole},{part:03} {unit}") } else { format!("{whole} {unit}") }
}

fn moved(done: payment::Result<Moved>) -> anyhow::Result<Answer> {
    let done = done.map_err(money::refused)?;
    let again = if done.again { " (known before, nothing changed)" } else { "" };
    let transfer = done.transfer_id.map_or_else(String::new, |id| format!(", transfer {id}"));
    Answer::of(&done, vec![format!("lot {}{transfer}{again}", done.lot_id)])
}

fn receive(house: &House, session: &Session, command: &Goods) -> anyhow::Result<Answer> {
    let Goods::Receive {
        warehouse,
        item,
        supplier,
        contract,
        document,
        noted,
        weighed,
        refused,
        refused_why,
        price_idr,
        expires,
        check,
    } = command
    else {
        anyhow::bail!("not a delivery");
    };
    let items = goods::items(&house.policy);
    let known = items.iter().find(|one| one.goods.code == *item).ok_or_else(|| {
        let codes: Vec<&str> = items.iter().map(|one| one.goods.code.as_str()).collect();
        Failure::input(format!("`{item}` is no item: write one of {}", codes.join(", ")))
    })?;
    let told = Delivery {
        item: item.clone(),
        supplier: supplier.clone(),
        contract: contract.clone(),
        document: document.clone(),
        warehouse: *warehouse,
        noted: heard(noted, known.unit)?,
        weighed: heard(weighed.as_ref().unwrap_or(noted), known.unit)?,
        refused: heard(refused, known.unit)?,
        refused_why: refused_why.clone(),
        price_idr: *price_idr,
        made_on: None::<Date>,
        expires_on: *expires,
        day: house.clock.today(),
        findings: check.iter().map(|text| finding(text)).collect::<anyhow::Result<_>>()?,
    };
    moved(goods::receive(house, &session.scope("goods.stock")?, &told))
}

fn finding(text: &str) -> anyhow::Result<Finding> {
    let wrong = || Failure::input(format!("`{text}` is no finding: write weight=good or pests=bad:weevils"));
    let (criterion, told) = text.split_once('=').ok_or_else(wrong)?;
    let (verdict, found) = told.split_once(':').unwrap_or((told, ""));
    let good = match verdict {
        "good" => true,
        "bad" => false,
        _ => return Err(wrong()),
    };
    let criterion = Criterion::from_code(criterion).ok_or_else(wrong)?;
    Ok(Finding { criterion, good, found: found.to_owned() })
}

fn report(
    house: &House,
    session: &Session,
    region: &RegionCode,
    list: Option<i64>,
) -> anyhow::Result<Answer> {
    let scope = session.scope("goods.read")?;
    if let Some(list) = list {
        let page = goods::list_page(house, &scope, list, region).map_err(money::refused)?;
        let unit = &page.list.unit;
        let told = |row: &goods::ListRow| {
            let (due, given) = (said(row.due, unit), said(row.given, unit));
            let families = grouped(row.families.unsigned_abs());
            format!(
                "{:<14} {:<14} {families:>10} families, due {due}, given {given}",
                row.region,
                row.state.code()
            )
        };
        return Answer::of(&page, page.rows.iter().map(told).collect());
    }
    let view = goods::overview(house, &scope, region).map_err(money::refused)?;
    let mut lines = vec![format!("goods, as of {}", view.on)];
    lines.extend(view.resting.iter().map(|row| {
        let of = |some| said(some, &row.unit);
        let (old, near) = (of(row.over_90), of(row.near_expiry));
        format!(
            "{:<12} {} in warehouses, {old} over 90 days, {near} near its last day",
            row.item,
            of(row.quantity)
        )
    }));
    lines.extend(view.transfers.iter().map(|one| {
        format!(
            "transfer {}: {} on the way since {}",
            one.transfer_id,
            said(one.on_way, &one.unit),
            one.sent_on
        )
    }));
    lines.extend(view.losses.iter().map(|loss| {
        format!(
            "{:<6} {:<12} {} {}",
            loss.region,
            loss.item,
            loss.kind.code(),
            said(loss.quantity, &loss.unit)
        )
    }));
    Answer::of(&view, lines)
}

/// Distribution lists of an approved run.
pub(crate) fn build(house: &House, session: &Session, run: &str) -> anyhow::Result<Vec<ListBuilt>> {
    let list = money::approved(house, session, run)?;
    let scope = session.scope("goods.build")?;
    with_bar("goods", |bar| goods::build_list(house, &scope, &list, bar)).map_err(money::refused)
}

/// Hand-overs from a file, and the cases that they ask for.
pub(crate) fn import(
    house: &House,
    session: &Session,
    list: i64,
    file: &Path,
) -> anyhow::Result<GoodsImported> {
    let scope = session.scope("goods.hand")?;
    let done = goods::import_handovers(house, &scope, list, file).map_err(money::refused)?;
    effects::carry(house)?;
    Ok(done)
}

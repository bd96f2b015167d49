//! The demo's goods: one programme of the pack that gives things month by month is decided for its last month, its list is built, a
//! delivery is received and sent on to the crowded village, and half of the village has received it, one family less than its due.

use std::fmt::Write;

use access::{House, Session};
use anyhow::Context;
use model::{Month, Period, RegionCode, RegionLevel};
use payment::goods::{
    self, Arrival, Criterion, Delivery, Departure, DueState, DueView, Finding, ListView, MoveKind, Outcome,
};
use policy::Selection;
use serde_json::{Value, json};
use store::Page;

use super::{DAY, Run, accounts};
use crate::commands;

/// Families that have received their goods, at most.
const HANDED_MAX: usize = 60;

/// Fills warehouses and hands out; gives back what the pages lead to.
pub(super) fn hand_out(run: &Run, village: &RegionCode, month: Month) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let console = Session::console(house);
    let Some(list) = list_of(run, &console, month)? else { return Ok((0, json!({}))) };
    let read = console.scope("goods.read")?;
    let here = |region: &RegionCode| -> anyhow::Result<Vec<DueView>> {
        let scope = read.within(region).context("a village outside the country")?;
        Ok(goods::dues(house, &scope, list.list_id, None, &Page::first(200))?.items)
    };
    let mut families = here(village)?;
    let mut village = village.clone();
    if families.is_empty() {
        village = here(&RegionCode::nation())?.first().context("nobody on the list")?.region.clone();
        families = here(&village)?;
    }
    let (store, lot) = fill(house, &console, &list, &village, families.len() as i64)?;
    let mut text = goods::HAND_COLUMNS.join(",");
    text.push('\n');
    let half = families.len().div_ceil(2).min(HANDED_MAX);
    for (at, one) in families.iter().take(half).enumerate() {
        let (id, sheet) = (one.family_id, at / 20 + 1);
        if at == 2 {
            writeln!(text, "{id},not_collected,{DAY},,,,,,,,,Keluarga sedang di luar kota")?;
            continue;
        }
        if one.name.is_empty() {
            writeln!(text, "{id},not_collected,{DAY},,,,,,,,,Kepala keluarga belum diketahui")?;
            continue;
        }
        let given = if at == 1 { list.each_due * 9 / 10 } else { list.each_due };
        let who = one.name.replace([',', '"'], " ");
        let tail = format!("self,Balai desa,signature,Lembar {sheet},");
        writeln!(text, "{id},hand_over,{DAY},{given},{store},{lot},{who},{tail}")?;
    }
    let path = run.dir.join("inbox").join("serah-terima.csv");
    std::fs::create_dir_all(run.dir.join("inbox"))?;
    std::fs::write(&path, text)?;
    let done = commands::goods::import(house, &console, list.list_id, &path)?;
    let found = json!({
        "list": list.list_id, "families": list.families, "handed": half, "cases": done.effects, "warehouse": store, "lot": lot,
    });
    Ok((list.families.unsigned_abs(), found))
}

/// The distribution list, made where there is none yet.
fn list_of(run: &Run, console: &Session, month: Month) -> anyhow::Result<Option<ListView>> {
    let house = &run.house;
    let read = console.scope("goods.read")?;
    let newest = || goods::lists(house, &read, &Page::first(1)).map(|lists| lists.items.into_iter().next());
    if let Some(list) = newest()? {
        // One that was being built when the program died is finished.
        commands::goods::build(house, console, &list.run)?;
        return Ok(newest()?);
    }
    let accounts = accounts::read(&run.dir)?;
    let maker = accounts::who_may(house, &accounts, &["decision.run"], 0)?;
    let checker = accounts::who_may(house, &accounts, &["decision.approve"], 1)?;
    let gives = |version: &&policy::ProgrammeVersion| {
        version.enabled
            && version.selection == Selection::List
            && version.schedule.month
            && !version.goods.is_empty()
    };
    let programmes = house.policy.programmes().values().rev();
    for (programme, version) in
        programmes.filter_map(|one| Some((one, one.versions.iter().rev().find(gives)?)))
    {
        let last = version.valid_to.map_or(month, Month::of).min(month);
        let wish = targeting::Wish { programme: programme.key.clone(), period: Period::Month(last) };
        let scope = maker.scope("decision.run")?;
        let made = targeting::decide_all(house, &scope, &[wish], month, &[], &model::Silent)?;
        let Some(made) = made.into_iter().find(|made| made.totals.eligible > 0) else { continue };
        targeting::approve(house, &checker.scope("decision.approve")?, &made.run, &made.dataset_hash)?;
        commands::goods::build(house, console, &made.run)?;
        return Ok(newest()?);
    }
    Ok(None)
}

/// Two warehouses, one delivery of which a part is refused, one transfer that arrived and one on the way; gives back the village's
/// warehouse and the lot.
fn fill(
    house: &House,
    console: &Session,
    list: &ListView,
    village: &RegionCode,
    families: i64,
) -> anyhow::Result<(i64, i64)> {
    let scope = console.scope("goods.stock")?;
    let district = village.at(RegionLevel::District);
    let from = goods::make_warehouse(house, &scope, &district, "Gudang dinas sosial")?.warehouse_id;
    let to = goods::make_warehouse(house, &scope, village, "Balai desa")?.warehouse_id;
    let need = list.each_due * (families + 5);
    let found = |criterion, good, found: &str| Finding { criterion, good, found: found.to_owned() };
    let told = Delivery {
        item: list.item.clone(),
        supplier: "Pemasok Contoh".to_owned(),
        contract: "KTR 1".to_owned(),
        document: "SJ 1".to_owned(),
        warehouse: from,
        noted: need * 3,
        weighed: need * 3 - list.each_due,
        refused: list.each_due * 2,
        refused_why: "Karung basah".to_owned(),
        price_idr: Some(12_000),
        made_on: None,
        expires_on: DAY.checked_add(jiff::Span::new().days(45)).ok(),
        day: DAY,
        findings: vec![
            found(Criterion::Weight, false, "Kurang dari surat jalan"),
            found(Criterion::Moisture, true, "13,5 persen"),
            found(Criterion::Packing, false, "Dua karung basah"),
        ],
    };
    let lot = goods::receive(house, &scope, &told)?.lot_id;
    for document in ["SP 1", "SP 2"] {
        let quantity = if document == "SP 1" { need } else { list.each_due * 4 };
        let told = Departure { from, lot, to, quantity, document: document.to_owned(), day: DAY };
        let moved = goods::send(house, &scope, &told)?;
        if document == "SP 1" {
            let lost = list.each_due / 5;
            let told = Arrival {
                transfer: moved.transfer_id.context("a transfer without a number")?,
                arrived: need - lost,
                lost,
                damaged: 0,
                document: "BT 1".to_owned(),
                day: DAY,
                note: "Satu karung sobek di jalan".to_owned(),
            };
            goods::arrive(house, &scope, &told)?;
        }
    }
    let told = Outcome {
        warehouse: from,
        lot,
        kind: MoveKind::Damaged,
        quantity: list.each_due,
        document: "BA 1".to_owned(),
        day: DAY,
        note: "Terkena bocoran atap".to_owned(),
    };
    goods::write_off(house, &scope, &told)?;
    Ok((to, lot))
}

/// Pages that lead to what was made, each with the right that it takes.
pub(super) fn pages(found: &Value) -> Vec<(String, &'static str)> {
    let mut out = vec![("/barang".to_owned(), "goods.stock")];
    if let Some(list) = found["list"].as_i64() {
        out.push((format!("/barang/daftar/{list}"), "goods.hand"));
    }
    out
}

/// How many families of the list stand where, for the last line.
pub(super) fn figures(run: &Run, found: &Value) -> anyhow::Result<Value> {
    let Some(list) = found["list"].as_i64() else { return Ok(json!({})) };
    let scope = Session::console(&run.house).scope("goods.read")?;
    let page = goods::list_page(&run.house, &scope, list, &RegionCode::nation())?;
    let of = |state: DueState| -> i64 {
        page.rows.iter().filter(|row| row.state == state).map(|row| row.families).sum()
    };
    let counted: serde_json::Map<String, Value> =
        DueState::ALL.iter().map(|state| (state.code().to_owned(), of(*state).into())).collect();
    Ok(counted.into())
}

//! Orders that wait, files, and balances of the books.

use access::{House, Scope};
use model::RegionCode;
use serde::Serialize;
use store::{Page, Paged, params};

use crate::{
    Error, Result, books, common,
    files::{self, FileView},
    orders::{self, OrderView},
    queries,
};

/// A balance of the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Subdistrict.
    pub region: RegionCode,
    /// Key of the channel.
    pub channel: String,
    /// Kind of account.
    pub account: &'static str,
    /// What it holds.
    pub balance_idr: i64,
}

/// One order.
///
/// # Errors
/// [`Error::NotFound`].
pub fn order_view(house: &House, scope: &Scope, order_id: i64) -> Result<OrderView> {
    common::need(scope, "payment.read")?;
    house.db.read(|tx| orders::get(tx, house, order_id))
}

/// Orders that wait for an approval, for the treasury or for the instruction.
///
/// # Errors
/// Store errors.
pub fn orders_waiting(house: &House, scope: &Scope) -> Result<Vec<OrderView>> {
    common::need(scope, "payment.read")?;
    house.db.read(|tx| {
        let rows = tx.query(&queries::ORDERS_WAITING, &[])?;
        rows.iter().map(|row| orders::with_approvals(tx, house, row)).collect()
    })
}

/// Files to and from channels, newest first.
///
/// # Errors
/// Store errors.
pub fn files(house: &House, scope: &Scope, page: &Page) -> Result<Paged<FileView>> {
    common::need(scope, "payment.read")?;
    let after = page.after_int(i64::MAX)?;
    let rows = house.db.read(|tx| tx.query(&queries::FILES, params![after, page.fetch()]))?;
    let files: Result<Vec<FileView>> = rows.iter().map(files::read).collect();
    Ok(page.page(files?, |file| vec![file.file_no.into()]))
}

/// One file.
///
/// # Errors
/// [`Error::NotFound`].
pub fn file_view(house: &House, scope: &Scope, file_no: i64) -> Result<FileView> {
    common::need(scope, "payment.read")?;
    house.db.read(|tx| {
        let row = tx.query_opt(&queries::FILE, params![file_no])?.ok_or(Error::NotFound("file"))?;
        files::read(&row)
    })
}

/// The balances of a programme and period in the reader's territory.
///
/// # Errors
/// Store errors.
pub fn ledger_balances(house: &House, scope: &Scope, programme: &str, period: &str) -> Result<Vec<Balance>> {
    common::need(scope, "payment.read")?;
    let book = house.db.read(|tx| books::read(tx, programme, period, scope.path_range()))?;
    Ok(book
        .balances()
        .map(|(account, amount)| Balance {
            region: account.place.region.clone(),
            channel: account.place.channel.clone(),
            account: account.kind.code(),
            balance_idr: amount.idr(),
        })
        .collect())
}

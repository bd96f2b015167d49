//! Receipts handed in later. A file of them becomes a list of movements that the one import takes in, so that money moves in one place and
//! what fits nothing stands on the work list with its row. What the post office tells later of the same money is known by amount and day;
//! anything else about it is a contradiction for a person.

use std::path::Path;

use access::{House, Scope};
use model::Progress;
use policy::Meaning;
use rustc_hash::FxHashMap;
use serde::Serialize;
use store::{Tx, params};

use super::{line_of, queries};
use crate::{
    Error, Result, checks, common,
    files::{self, FileView},
    import::{self, Imported},
    reply::{Line, MoneyRow, Verdict},
    state::Trouble,
    story, told,
    wire::{self, Outgoing, Replies, ReplyRow, Seal},
};

const LAYOUT: &str = "receipts";
/// Most receipts of one file.
const ROWS_MAX: usize = 200_000;
/// Before the number of a movement that a receipt made; no list of the post office has it.
const MARK: &str = "KW-";
/// Longest name that is kept.
const NAME_MAX: usize = 80;
/// Most receipts of a line on its page.
const OF_LINE_MAX: i64 = 20;

/// What a file of receipts came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipts {
    /// Receipts read.
    pub receipts: i64,
    /// The movements made of them.
    pub movements: Imported,
}

/// A receipt, for the line's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptView {
    /// Number of its movement.
    pub txn: String,
    /// How much was handed over.
    pub amount_idr: i64,
    /// When.
    pub day: String,
    /// Who took it.
    pub receiver: String,
    /// What they are to the payee.
    pub relation: String,
    /// Before whom.
    pub officer: String,
    /// Where the picture is.
    pub photo: Option<String>,
    /// The post office's own number, once its list told the same.
    pub confirmed: Option<String>,
}

/// A receipt as read.
struct Receipt {
    /// None when the code is none.
    line_id: Option<i64>,
    code: String,
    amount: String,
    day: String,
    receiver: String,
    relation: String,
    officer: String,
    photo: String,
}

/// Takes in a file of receipts.
///
/// # Errors
/// As [`crate::import_movements`]; [`Error::Channel`] when the channel has no layout for receipts or no word for a withdrawal.
pub fn import_receipts(
    house: &House,
    scope: &Scope,
    channel: &str,
    (path, folder): (&Path, &Path),
    progress: &dyn Progress,
) -> Result<Receipts> {
    common::need(scope, "payment.import")?;
    let channel = checks::channel_of(house, channel)?;
    let word = story::usual_word(channel, "movements", Meaning::Withdrawn)
        .ok_or_else(|| Error::Channel { channel: channel.key.clone(), file: "movements".to_owned() })?;
    let receipts = read(house, channel, path)?;
    let number = house.db.write(|tx| keep(tx, &channel.key, &lake::hash_file(path)?, &receipts))?;
    let layout = wire::layout(channel, "movements")?;
    let batch = format!("KW{number:06}");
    let name = layout.pattern.replace("{batch}", &batch);
    let mut out = Outgoing::create(folder, &name, layout)?;
    if !layout.header.is_empty() || !layout.trailer.is_empty() {
        let (key, at_ms) = (channel.key.clone(), house.clock.now_ms());
        out = out.sealed(Seal { channel: key, sequence: number, batch, at_ms });
    }
    for receipt in &receipts {
        let account = house.db.read(|tx| account_of(tx, receipt.line_id))?;
        // A code that is none must not be read as the number of some line; the work list shows what was written.
        let none = || format!("kode {}", receipt.code);
        let reference = receipt.line_id.map_or_else(none, |line| line.to_string());
        let txn = txn_of(receipt);
        // A list of movements holds amounts only: what is none becomes one that no line fits.
        let amount = told::whole(&receipt.amount).unwrap_or_default().to_string();
        let cells = [
            ("ref", reference.as_str()),
            ("account", &account),
            ("kind", word),
            ("amount_idr", &amount),
            ("date", &receipt.day),
            ("bank_txn", &txn),
        ];
        crate::snap::write_cells(&mut out, &cells)?;
    }
    out.finish()?;
    let movements = import::import_movements(house, scope, &channel.key, &folder.join(name), progress)?;
    evidence(house, channel, path, number, &movements.file)?;
    Ok(Receipts { receipts: receipts.len() as i64, movements })
}

/// The rows as they came, in the lake beside the movements that were made of them.
fn evidence(
    house: &House,
    channel: &policy::Channel,
    path: &Path,
    number: i64,
    movements: &FileView,
) -> Result<()> {
    let name = format!("payments/receipts/{}/{number}", channel.key);
    if house.lake.dataset(&name)?.is_some() {
        return Ok(());
    }
    let mut rows = Replies::open(path, wire::layout(channel, LAYOUT)?)?;
    let file = FileView {
        kind: LAYOUT.to_owned(),
        name: files::name_of(path),
        hash: Some(lake::hash_file(path)?),
        ..movements.clone()
    };
    let columns = rows.fields().to_vec();
    crate::evidence::write(house, &name, &file, &columns, || rows.next_rows(10_000))
}

/// The number of the movement: the same receipt has the same, in whatever file it comes.
fn txn_of(receipt: &Receipt) -> String {
    let line = receipt.line_id.map_or_else(|| receipt.code.clone(), |line| line.to_string());
    format!("{MARK}{line}-{}-{}", receipt.day, receipt.amount)
}

fn read(house: &House, channel: &policy::Channel, path: &Path) -> Result<Vec<Receipt>> {
    files::check_size(house, path)?;
    let mut rows = Replies::open(path, wire::layout(channel, LAYOUT)?)?;
    let place = |field: &str| rows.place(field);
    let places = ["code", "amount_idr", "date", "receiver", "relation", "officer", "photo"].map(place);
    let mut receipts = Vec::new();
    loop {
        let some = rows.next_rows(10_000)?;
        if some.is_empty() {
            return Ok(receipts);
        }
        if receipts.len() + some.len() > ROWS_MAX {
            return Err(Error::TooLarge { name: files::name_of(path), bytes_max: ROWS_MAX as u64 });
        }
        receipts.extend(some.iter().map(|row| receipt(&places, row)));
    }
}

fn receipt(places: &[Option<usize>; 7], row: &ReplyRow) -> Receipt {
    let cell = |at: usize| {
        let text = row.cells.as_ref().and_then(|cells| cells.get(places[at]?)).unwrap_or("").trim();
        text.chars().take(NAME_MAX).collect::<String>()
    };
    let code = cell(0);
    Receipt {
        line_id: line_of(&code),
        code,
        amount: cell(1),
        day: cell(2),
        receiver: cell(3),
        relation: cell(4),
        officer: cell(5),
        photo: cell(6),
    }
}

/// Who received what, before any of it moves money; answers the running number of the file, the same for the same file.
fn keep(tx: &mut Tx<'_>, channel: &str, hash: &str, receipts: &[Receipt]) -> Result<i64> {
    let known = format!("receipts:{channel}:{hash}");
    let number = if let Some(number) = store::meta(tx, &known)?.as_deref().and_then(told::whole) {
        number
    } else {
        let number = store::next_number(tx, &format!("receipts:{channel}"), 1)?;
        store::set_meta(tx, &known, &number.to_string())?;
        number
    };
    for receipt in receipts {
        let (Some(line_id), Some(amount)) = (receipt.line_id, told::whole(&receipt.amount)) else { continue };
        let line = tx.query_opt(&queries::LINES_OF, params![line_id])?;
        let ours = line.map(|row| row.text(2).map(|of| of == channel)).transpose()?.unwrap_or(false);
        if !ours || amount <= 0 || model::parse_date(&receipt.day).is_err() {
            continue;
        }
        let photo = Some(receipt.photo.as_str()).filter(|photo| !photo.is_empty());
        let of = params![
            line_id,
            txn_of(receipt),
            channel,
            amount,
            &receipt.day,
            &receipt.receiver,
            &receipt.relation,
            &receipt.officer,
            photo,
            number
        ];
        tx.execute(&queries::RECEIPT_ADD, of)?;
    }
    Ok(number)
}

fn account_of(tx: &mut Tx<'_>, line_id: Option<i64>) -> Result<String> {
    let Some(line_id) = line_id else { return Ok(String::new()) };
    let row = tx.query_opt(&queries::LINES_OF, params![line_id])?;
    row.map_or_else(|| Ok(String::new()), |row| Ok(row.string(3)?))
}

/// A receipt that took money out, as an import meets it.
struct Paid {
    txn: String,
    amount: i64,
    day: String,
    confirmed: Option<String>,
}

/// Receipts of the lines of a batch whose rows do not fit.
#[derive(Default)]
pub(crate) struct Handed {
    by_line: FxHashMap<i64, Vec<Paid>>,
    /// Line, receipt, and the post office's number for it.
    confirmed: Vec<(i64, String, String)>,
}

/// Receipts of the lines that wait in the stage of a file.
pub(crate) fn among(tx: &mut Tx<'_>, file_no: i64, channel: &str) -> Result<Handed> {
    let mut handed = Handed::default();
    for row in tx.query(&queries::STAGED_RECEIPTS, params![file_no, channel])? {
        let paid = Paid {
            txn: row.string(1)?,
            amount: row.int(2)?,
            day: row.string(3)?,
            confirmed: row.opt_string(4)?,
        };
        handed.by_line.entry(row.int(0)?).or_default().push(paid);
    }
    Ok(handed)
}

/// Remembers which number of the post office stands for which receipt.
pub(crate) fn confirm(tx: &mut Tx<'_>, handed: Handed) -> Result<()> {
    let rows =
        handed.confirmed.into_iter().map(|(line, txn, number)| vec![line.into(), txn.into(), number.into()]);
    tx.execute_many(&queries::RECEIPT_CONFIRM, rows)?;
    Ok(())
}

impl Handed {
    /// What a row comes to that would take more than is there, where a receipt took it before, or where it is a receipt for what a list
    /// told before. None when receipts have no part in it.
    pub(crate) fn judge(
        &mut self,
        line: &Line,
        row: &MoneyRow,
        day: &str,
        means: Meaning,
    ) -> Option<Verdict> {
        if means != Meaning::Withdrawn || row.amount <= line.on_card() {
            return None;
        }
        if row.txn.starts_with(MARK) {
            // The list was first: the receipt is its proof, when it is for the same money.
            let same = line.withdrawn == row.amount && line.account.as_deref().unwrap_or("") == row.account;
            let alone =
                self.by_line.get(&line.line_id).is_none_or(|all| all.iter().all(|paid| paid.txn == row.txn));
            return (same && alone).then_some(Verdict::Known);
        }
        let paid = self.by_line.get_mut(&line.line_id)?;
        if line.withdrawn == 0 {
            return None;
        }
        let free = |paid: &Paid| paid.confirmed.as_deref().is_none_or(|number| number == row.txn);
        if let Some(paid) =
            paid.iter_mut().find(|paid| paid.amount == row.amount && paid.day == day && free(paid))
        {
            paid.confirmed = Some(row.txn.clone());
            self.confirmed.push((line.line_id, paid.txn.clone(), row.txn.clone()));
            return Some(Verdict::Known);
        }
        let expected = paid.first().map(|paid| format!("{} {}", paid.amount, paid.day)).unwrap_or_default();
        let found = format!("{} {day}", row.amount);
        Some(Verdict::Refused { trouble: Trouble::ReceiptConflict, expected, found })
    }
}

/// Receipts of a line, for its page.
pub(crate) fn of_line(tx: &mut Tx<'_>, line_id: i64) -> Result<Vec<ReceiptView>> {
    let rows = tx.query(&queries::OF_LINE, params![line_id, OF_LINE_MAX])?;
    let view = |row: &store::Row| {
        Ok(ReceiptView {
            txn: row.string(0)?,
            amount_idr: row.int(1)?,
            day: row.string(2)?,
            receiver: row.string(3)?,
            relation: row.string(4)?,
            officer: row.string(5)?,
            photo: row.opt_string(6)?,
            confirmed: row.opt_string(8)?,
        })
    };
    rows.iter().map(view).collect()
}

//! A bank for tests: reads an order, answers it rightly but for the mishaps it is told.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// A line of an order as the bank reads it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) batch: String,
    pub(super) reference: String,
    pub(super) account: String,
    pub(super) amount: i64,
}

/// What the bank does wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    None,
    Lost,
    Twice,
    WrongAmount,
    WrongAccount,
    WrongBatch,
    /// Right, and beside it a line nobody asked for.
    Stray,
    Fails,
    Torn,
    /// The transaction number of the first line.
    SameTxn,
}

pub(super) fn read(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| Row {
        batch: row[0].to_owned(),
        reference: row[1].to_owned(),
        account: row[2].to_owned(),
        amount: row[4].parse().unwrap(),
    })
    .collect()
}

pub(super) fn topups(rows: &[Row], mishaps: &BTreeMap<usize, Mishap>) -> String {
    let mut text = String::from("batch,ref,account,amount_idr,result,date,bank_txn\n");
    // The first line goes first and right, so that a number used twice is the second one's fault.
    writeln!(text, "X,0,0,1,TOPUP,2026-11-20,T{}", rows[0].reference).unwrap();
    for (n, row) in rows.iter().enumerate() {
        let Row { batch, reference, account, amount } = row;
        let mut line = |batch: &str, reference: &str, account: &str, amount: i64, word: &str, txn: &str| {
            writeln!(text, "{batch},{reference},{account},{amount},{word},2026-11-20,T{txn}").unwrap();
        };
        match mishaps.get(&n).copied().unwrap_or(Mishap::None) {
            Mishap::None => line(batch, reference, account, *amount, "TOPUP", reference),
            Mishap::Twice => {
                line(batch, reference, account, *amount, "TOPUP", reference);
                line(batch, reference, account, *amount, "TOPUP", reference);
            }
            Mishap::WrongAmount => line(batch, reference, account, amount + 75_000, "TOPUP", reference),
            Mishap::WrongAccount => line(batch, reference, "990999", *amount, "TOPUP", reference),
            Mishap::WrongBatch => line("SI999999", reference, account, *amount, "TOPUP", reference),
            Mishap::Stray => {
                line(batch, "9000000000000000001", account, *amount, "TOPUP", &format!("S{reference}"));
                line(batch, reference, account, *amount, "TOPUP", reference);
            }
            // Another number than the top-up that may follow.
            Mishap::Fails => line(batch, reference, account, *amount, "GAGAL", &format!("F{reference}")),
            Mishap::Torn => {
                writeln!(text, "{batch},{reference},\"torn\n\"").unwrap();
            }
            Mishap::SameTxn if n > 0 => {
                let amount = amount + 1;
                line(batch, reference, account, amount, "TOPUP", &rows[0].reference);
            }
            // Neither answers.
            Mishap::Lost | Mishap::SameTxn => {}
        }
    }
    text
}

pub(super) fn withdrawals(rows: &[Row], acts: impl Fn(usize, i64) -> Vec<(&'static str, i64)>) -> String {
    let mut text = String::from("ref,account,kind,amount_idr,date,bank_txn\n");
    for (n, row) in rows.iter().enumerate() {
        for (part, (kind, amount)) in acts(n, row.amount).into_iter().enumerate() {
            let Row { reference, account, .. } = row;
            writeln!(text, "{reference},{account},{kind},{amount},2026-11-25,M{reference}-{part}").unwrap();
        }
    }
    text
}

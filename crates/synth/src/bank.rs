//! A bank that answers: account checks, top-ups, and what people then do with the money; now and then it
//! answers wrongly.
//!
//! In: the files that payment writes (CSV with a header), a seed and a day. Out: replies in the bank's
//! columns, and a tally of every answer and every misbehaviour, so that a test can ask whether
//! reconciliation found them. An answer depends on the seed and the line's reference alone: the same file
//! always gets the same reply. Never: files; it reads and writes what it is handed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
};

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// How often the bank errs, as shares of lines.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// The account bears another name.
    pub name_differs: f64,
    /// No account for this person.
    pub not_found: f64,
    /// Account closed.
    pub closed: f64,
    /// The bank's NIK for the account is another one.
    pub nik_differs: f64,
    /// A top-up fails.
    pub fails: f64,
    /// A reply tells another amount.
    pub wrong_amount: f64,
    /// A reply tells another account.
    pub wrong_account: f64,
    /// A line is answered twice.
    pub duplicate: f64,
    /// A line is not answered.
    pub missing: f64,
    /// A line nobody asked for.
    pub unknown: f64,
    /// Money stays on the card.
    pub untouched: f64,
    /// Money comes back.
    pub returned: f64,
    /// Withdrawn in two parts.
    pub in_parts: f64,
}

impl Manners {
    /// A usual bank: small rates of everything.
    pub const USUAL: Self = Self {
        name_differs: 0.02,
        not_found: 0.012,
        closed: 0.006,
        nik_differs: 0.006,
        fails: 0.01,
        wrong_amount: 0.0015,
        wrong_account: 0.001,
        duplicate: 0.002,
        missing: 0.003,
        unknown: 0.0008,
        untouched: 0.05,
        returned: 0.015,
        in_parts: 0.05,
    };
    /// Never errs; everyone withdraws.
    pub const HONEST: Self = Self {
        name_differs: 0.0,
        not_found: 0.0,
        closed: 0.0,
        nik_differs: 0.0,
        fails: 0.0,
        wrong_amount: 0.0,
        wrong_account: 0.0,
        duplicate: 0.0,
        missing: 0.0,
        unknown: 0.0,
        untouched: 0.0,
        returned: 0.0,
        in_parts: 0.0,
    };
}

/// The bank.
#[derive(Debug, Clone, Copy)]
pub struct Bank {
    /// Its answers follow from this and the line's reference.
    pub seed: u64,
    /// The day it answers.
    pub today: Date,
    /// How it behaves.
    pub manners: Manners,
}

/// What the bank did with one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Lines read.
    pub lines: u64,
    /// Lines written.
    pub replies: u64,
    /// Rupiah of the lines read.
    pub asked_idr: i64,
    /// Rupiah really moved, by result word (`TOPUP`, `TARIK`, `RETUR`).
    pub moved_idr: BTreeMap<&'static str, i64>,
    /// Lines by result word.
    pub results: BTreeMap<&'static str, u64>,
    /// Misbehaviours by kind: `wrong_amount`, `wrong_account`, `duplicate`, `missing`, `unknown`.
    pub errors: BTreeMap<&'static str, u64>,
}

/// Why a file got no answer.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// Unreadable or unwritable, or a column is missing.
    #[error("the bank cannot read or write this file: {0}")]
    File(#[from] csv::Error),
    /// The file is not of the layout, or the channel has no such file.
    #[error("the bank does not know this layout")]
    Layout,
    /// The amounts of the file leave the range of money.
    #[error("the amounts of this file do not sum up")]
    Overflow,
}

impl BankError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "bank-file",
            Self::Layout => "bank-layout",
            Self::Overflow => "bank-overflow",
        }
    }
}

#[derive(Debug, Deserialize)]
struct CheckLine {
    batch: String,
    r#ref: String,
    nik: String,
    name: String,
    account: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CheckReply {
    batch: String,
    r#ref: String,
    result: String,
    account: String,
    name_at_bank: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct OrderLine {
    batch: String,
    r#ref: String,
    account: String,
    #[serde(rename = "name")]
    _name: String,
    amount_idr: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OrderReply {
    batch: String,
    r#ref: String,
    account: String,
    amount_idr: i64,
    result: String,
    date: String,
    bank_txn: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Movement {
    r#ref: String,
    account: String,
    kind: String,
    amount_idr: i64,
    date: String,
    bank_txn: String,
}

/// What goes wrong with a line on its way back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mishap {
    None,
    Duplicate,
    Missing,
    Unknown,
    WrongAmount,
    WrongAccount,
}

impl Bank {
    /// A bank with usual manners.
    pub fn usual(seed: u64, today: Date) -> Self {
        Self { seed, today, manners: Manners::USUAL }
    }

    /// Answers an account check: `batch,ref,nik,name,account` with
    /// `batch,ref,result,account,name_at_bank,reason`. A line without an account gets the one that the bank
    /// keeps for the NIK.
    ///
    /// # Errors The file cannot be read or written.
    pub fn answer_account_checks(&self, request: impl Read, reply: impl Write) -> Result<Tally, BankError> {
        let mut out = writer(reply);
        out_header(&mut out, &["batch", "ref", "result", "account", "name_at_bank", "reason"])?;
        let mut tally = Tally::default();
        for line in csv::Reader::from_reader(request).deserialize() {
            let line: CheckLine = line?;
            tally.lines += 1;
            let mut dice = self.dice(1, &line.r#ref);
            let mut answer = self.check(&line, &mut dice, &mut tally);
            match self.mishap(&mut dice, &mut tally, false) {
                Mishap::Missing => continue,
                Mishap::Duplicate => tally.write(&mut out, &answer)?,
                Mishap::Unknown => {
                    tally.write(&mut out, &CheckReply { r#ref: stray(&mut dice), ..answer.clone() })?;
                }
                Mishap::WrongAccount => answer.account = account_number(dice.next()),
                Mishap::WrongAmount | Mishap::None => {}
            }
            tally.write(&mut out, &answer)?;
        }
        out.flush().map_err(csv::Error::from)?;
        Ok(tally)
    }

    fn check(&self, line: &CheckLine, dice: &mut Dice, tally: &mut Tally) -> CheckReply {
        let manners = &self.manners;
        let roll = dice.unit();
        let edges = [manners.name_differs, manners.not_found, manners.closed, manners.nik_differs];
        let mut edge = 0.0;
        let fault = edges.iter().position(|rate| {
            edge += rate;
            roll < edge
        });
        // An account that the request names is there.
        let fault = fault.filter(|fault| *fault != 1 || line.account.is_empty());
        let account = match line.account.as_str() {
            "" => account_number(fold(&line.nik) ^ self.seed),
            known => known.to_owned(),
        };
        let (result, reason) = match fault {
            None => ("OK", ""),
            Some(0) => ("NAMA_BEDA", "nama di rekening berbeda"),
            Some(1) => ("TIDAK_DITEMUKAN", "tidak ada rekening"),
            Some(2) => ("TUTUP", "rekening ditutup"),
            Some(_) => ("NIK_TIDAK_PADAN", "NIK di bank berbeda"),
        };
        *tally.results.entry(result).or_default() += 1;
        let name_at_bank = match result {
            "NAMA_BEDA" => other_name(&line.name, dice),
            "TIDAK_DITEMUKAN" => String::new(),
            _ => line.name.clone(),
        };
        CheckReply {
            batch: line.batch.clone(),
            r#ref: line.r#ref.clone(),
            result: result.to_owned(),
            account: if result == "TIDAK_DITEMUKAN" { String::new() } else { account },
            name_at_bank,
            reason: reason.to_owned(),
        }
    }

    /// Tops up: `batch,ref,account,name,amount_idr` is answered with
    /// `batch,ref,account,amount_idr,result,date,bank_txn`.
    ///
    /// # Errors The file cannot be read or written, or its amounts leave the range of money.
    pub fn answer_orders(&self, request: impl Read, reply: impl Write) -> Result<Tally, BankError> {
        let mut out = writer(reply);
        out_header(&mut out, &["batch", "ref", "account", "amount_idr", "result", "date", "bank_txn"])?;
        let mut tally = Tally::default();
        for line in csv::Reader::from_reader(request).deserialize() {
            let line: OrderLine = line?;
            tally.lines += 1;
            tally.asked_idr = plus(tally.asked_idr, line.amount_idr)?;
            let mut dice = self.dice(2, &line.r#ref);
            let fails = dice.chance(self.manners.fails);
            let result = if fails { "GAGAL" } else { "TOPUP" };
            let mut answer = OrderReply {
                bank_txn: transaction('T', fold(&line.r#ref) ^ self.seed),
                batch: line.batch,
                r#ref: line.r#ref,
                account: line.account,
                amount_idr: line.amount_idr,
                result: result.to_owned(),
                date: self.today.to_string(),
            };
            tally.count(result, if fails { 0 } else { line.amount_idr })?;
            match self.mishap(&mut dice, &mut tally, true) {
                Mishap::Missing => continue,
                Mishap::Duplicate => tally.write(&mut out, &answer)?,
                Mishap::Unknown => {
                    let stray = OrderReply {
                        r#ref: stray(&mut dice),
                        bank_txn: transaction('X', dice.next()),
                        ..answer.clone()
                    };
                    tally.write(&mut out, &stray)?;
                }
                Mishap::WrongAmount => answer.amount_idr = slipped(answer.amount_idr, &mut dice),
                Mishap::WrongAccount => answer.account = account_number(dice.next()),
                Mishap::None => {}
            }
            tally.write(&mut out, &answer)?;
        }
        out.flush().map_err(csv::Error::from)?;
        Ok(tally)
    }

    /// What people do with the money until `until`: reads the bank's own top-up reply, writes
    /// `ref,account,kind,amount_idr,date,bank_txn` with `TARIK` (withdrawn) and `RETUR` (returned). Nothing moves on accounts that are
    /// `locked`: their card is not in the family's hands.
    ///
    /// # Errors The file cannot be read or written, or its amounts leave the range of money.
    pub fn movements(
        &self,
        topups: impl Read,
        until: Date,
        locked: &BTreeSet<String>,
        out: impl Write,
    ) -> Result<Tally, BankError> {
        let mut out = writer(out);
        out_header(&mut out, &["ref", "account", "kind", "amount_idr", "date", "bank_txn"])?;
        let mut tally = Tally::default();
        let mut last = String::new();
        for line in csv::Reader::from_reader(topups).deserialize() {
            let line: OrderReply = line?;
            // The duplicate of a reply is one top-up; a stray reply never was one.
            if line.result != "TOPUP" || line.bank_txn == last || line.bank_txn.starts_with('X') {
                continue;
            }
            last.clone_from(&line.bank_txn);
            tally.lines += 1;
            tally.asked_idr = plus(tally.asked_idr, line.amount_idr)?;
            if locked.contains(&line.account) {
                continue;
            }
            let mut dice = self.dice(3, &line.r#ref);
            for movement in self.acts(&line, until, &mut dice) {
                let kind = if movement.kind == "RETUR" { "RETUR" } else { "TARIK" };
                tally.count(kind, movement.amount_idr)?;
                match self.mishap(&mut dice, &mut tally, true) {
                    Mishap::Duplicate => tally.write(&mut out, &movement)?,
                    Mishap::Unknown => {
                        let stray = Movement {
                            r#ref: stray(&mut dice),
                            bank_txn: transaction('X', dice.next()),
                            ..movement.clone()
                        };
                        tally.write(&mut out, &stray)?;
                    }
                    Mishap::WrongAmount => {
                        let amount_idr = slipped(movement.amount_idr, &mut dice);
                        tally.write(&mut out, &Movement { amount_idr, ..movement })?;
                        continue;
                    }
                    Mishap::Missing => continue,
                    Mishap::WrongAccount | Mishap::None => {}
                }
                tally.write(&mut out, &movement)?;
            }
        }
        out.flush().map_err(csv::Error::from)?;
        Ok(tally)
    }

    /// What one family does: nothing, withdraws all, withdraws in two parts; or the bank sends the money
    /// back.
    fn acts(&self, line: &OrderReply, until: Date, dice: &mut Dice) -> Vec<Movement> {
        let manners = &self.manners;
        let day = line.date.parse().unwrap_or(self.today);
        let roll = dice.unit();
        let act = |kind: &str, amount_idr: i64, days: usize, part: u64| {
            let date = day.checked_add((days as i64).days()).unwrap_or(day).min(until);
            Movement {
                r#ref: line.r#ref.clone(),
                account: line.account.clone(),
                kind: kind.to_owned(),
                amount_idr,
                date: date.to_string(),
                bank_txn: transaction('M', fold(&line.r#ref) ^ self.seed.rotate_left(8) ^ part),
            }
        };
        // Most people come in the first week.
        let first = 1 + dice.below(7) + if dice.chance(0.2) { dice.below(20) } else { 0 };
        if roll < manners.untouched {
            Vec::new()
        } else if roll < manners.untouched + manners.returned {
            vec![act("RETUR", line.amount_idr, 25, 1)]
        } else if roll < manners.untouched + manners.returned + manners.in_parts && line.amount_idr >= 100_000
        {
            let part = line.amount_idr / 100_000 * 50_000;
            let rest_comes = dice.chance(0.7);
            let mut both = vec![act("TARIK", part, first, 1)];
            if rest_comes {
                both.push(act("TARIK", line.amount_idr - part, first + 4, 2));
            }
            both
        } else {
            vec![act("TARIK", line.amount_idr, first, 1)]
        }
    }

    pub(crate) fn dice(&self, purpose: u64, reference: &str) -> Dice {
        Dice::new(self.seed, [0x42_414e_4b00 + purpose, fold(reference), 0])
    }

    fn mishap(&self, dice: &mut Dice, tally: &mut Tally, money: bool) -> Mishap {
        let manners = &self.manners;
        let kinds = [
            (manners.duplicate, Mishap::Duplicate, "duplicate"),
            (manners.missing, Mishap::Missing, "missing"),
            (manners.unknown, Mishap::Unknown, "unknown"),
            (manners.wrong_account, Mishap::WrongAccount, "wrong_account"),
            (if money { manners.wrong_amount } else { 0.0 }, Mishap::WrongAmount, "wrong_amount"),
        ];
        let roll = dice.unit();
        let mut edge = 0.0;
        for (rate, mishap, word) in kinds {
            edge += rate;
            if roll < edge {
                *tally.errors.entry(word).or_default() += 1;
                return mishap;
            }
        }
        Mishap::None
    }
}

impl Tally {
    fn count(&mut self, word: &'static str, idr: i64) -> Result<(), BankError> {
        *self.results.entry(word).or_default() += 1;
        let sum = self.moved_idr.entry(word).or_default();
        *sum = plus(*sum, idr)?;
        Ok(())
    }

    fn write<W: Write>(&mut self, out: &mut csv::Writer<W>, line: &impl Serialize) -> Result<(), BankError> {
        self.replies += 1;
        Ok(out.serialize(line)?)
    }
}

/// A writer whose header is written apart, so that it is there even when no line follows.
pub(crate) fn writer<W: Write>(out: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().has_headers(false).from_writer(out)
}

pub(crate) fn out_header<W: Write>(out: &mut csv::Writer<W>, columns: &[&str]) -> Result<(), BankError> {
    Ok(out.write_record(columns)?)
}

fn plus(a: i64, b: i64) -> Result<i64, BankError> {
    a.checked_add(b).ok_or(BankError::Overflow)
}

/// A number for a text (FNV-1a).
pub(crate) fn fold(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

pub(crate) fn account_number(draw: u64) -> String {
    format!("990{:012}", draw % 1_000_000_000_000)
}

fn transaction(kind: char, draw: u64) -> String {
    format!("{kind}{draw:016X}")
}

/// A reference that payment never gave out: far above any line.
fn stray(dice: &mut Dice) -> String {
    (9_000_000_000_000_000_000 + dice.below(1_000_000_000) as u64).to_string()
}

fn slipped(amount: i64, dice: &mut Dice) -> i64 {
    match dice.below(3) {
        0 => amount / 10,
        1 => amount.saturating_add(100_000),
        _ => (amount - 75_000).max(1),
    }
}

/// The name as the bank has it: a spouse's, or a part of it.
fn other_name(name: &str, dice: &mut Dice) -> String {
    match (name.split_once(' '), dice.below(3)) {
        (Some((first, _)), 0) => first.to_owned(),
        (Some((_, rest)), 1) => rest.to_owned(),
        _ => dice
            .pick(&["SITI AMINAH", "SRI WAHYUNI", "AGUS SETIAWAN", "NURHAYATI", "BUDI SANTOSO"])
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    use jiff::civil::date;

    fn writeln_row(text: &mut String, row: std::fmt::Arguments<'_>) {
        text.write_fmt(row).expect("a string takes every row");
    }

    fn order(lines: u32) -> String {
        let mut text = String::from("batch,ref,account,name,amount_idr\n");
        for i in 0..lines {
            let (line, amount) = (1000 + i, 200_000 + 75_000 * (i % 9));
            writeln_row(&mut text, format_args!("B1,{line},990{i:012},SUTRISNO,{amount}\n"));
        }
        text
    }

    fn sum(csv_text: &[u8], column: &str, kind_column: &str, kind: &str) -> i64 {
        let mut reader = csv::Reader::from_reader(csv_text);
        let head = reader.headers().unwrap().clone();
        let at = |name: &str| head.iter().position(|cell| cell == name).unwrap();
        let (amount, word) = (at(column), at(kind_column));
        reader
            .records()
            .map(Result::unwrap)
            .filter(|row| &row[word] == kind)
            .map(|row| row[amount].parse::<i64>().unwrap())
            .sum()
    }

    #[test]
    fn an_honest_bank_tops_up_what_was_ordered_and_people_withdraw_it() {
        let bank = Bank { seed: 1, today: date(2026, 11, 20), manners: Manners::HONEST };
        let (mut reply, mut moves) = (Vec::new(), Vec::new());
        let tally = bank.answer_orders(order(500).as_bytes(), &mut reply).unwrap();
        assert_eq!(tally.moved_idr["TOPUP"], tally.asked_idr);
        assert_eq!(sum(&reply, "amount_idr", "result", "TOPUP"), tally.asked_idr);
        let after =
            bank.movements(reply.as_slice(), date(2026, 12, 20), &BTreeSet::new(), &mut moves).unwrap();
        assert_eq!(after.moved_idr["TARIK"], tally.asked_idr);
        assert_eq!(sum(&moves, "amount_idr", "kind", "TARIK"), tally.asked_idr);
        assert!(after.errors.is_empty());
    }

    #[test]
    fn a_usual_bank_errs_in_every_way_and_tallies_each() {
        let bank = Bank::usual(7, date(2026, 11, 20));
        let mut reply = Vec::new();
        let tally = bank.answer_orders(order(20_000).as_bytes(), &mut reply).unwrap();
        for kind in ["duplicate", "missing", "unknown", "wrong_account", "wrong_amount"] {
            assert!(tally.errors.get(kind).is_some_and(|count| *count > 5), "{kind}: {:?}", tally.errors);
        }
        let extra = tally.errors["duplicate"] + tally.errors["unknown"];
        assert_eq!(tally.replies, tally.lines + extra - tally.errors["missing"]);
        assert_eq!(tally.results["TOPUP"] + tally.results["GAGAL"], tally.lines);
        let mut again = Vec::new();
        bank.answer_orders(order(20_000).as_bytes(), &mut again).unwrap();
        assert_eq!(reply, again);
    }

    #[test]
    fn an_account_check_keeps_the_reference_and_names_each_trouble() {
        let mut text = String::from("batch,ref,nik,name,account\n");
        for i in 0..5_000 {
            writeln_row(&mut text, format_args!("C1,{i},99010101019{i:05},SITI NURHAYATI,\n"));
        }
        let mut reply = Vec::new();
        let tally =
            Bank::usual(3, date(2026, 11, 20)).answer_account_checks(text.as_bytes(), &mut reply).unwrap();
        for word in ["OK", "NAMA_BEDA", "TIDAK_DITEMUKAN", "TUTUP", "NIK_TIDAK_PADAN"] {
            assert!(tally.results.contains_key(word), "{word}");
        }
        assert_eq!(tally.results.values().sum::<u64>(), 5_000);
        let read = csv::Reader::from_reader(reply.as_slice()).into_records().count() as u64;
        assert_eq!(read, tally.replies);
    }

    #[test]
    fn a_file_without_the_columns_is_refused() {
        let bank = Bank::usual(3, date(2026, 11, 20));
        let wrong = "a,b\n1,2\n";
        assert!(matches!(bank.answer_orders(wrong.as_bytes(), Vec::new()), Err(BankError::File(_))));
    }
}

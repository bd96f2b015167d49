//! Reads `camt.053.001.08`: entries of an account, one row for each detail, and balances that must add up.
//!
//! The word of a row is its direction and its kind: `DBIT:PMNT-CCRD-CWDL`, or `DBIT:` and the bank's own code. Entries that are
//! reversals or not booked carry that in front, so that only a channel file that names such words takes them.

use std::io::Read;

use super::{
    Cells, Got, Halt, SealIn,
    xml::{Node, Xml, amount_cell, decimal},
};
use crate::state::Refusal;

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";
const STATEMENT: &str = "BkToCstmrStmt/Stmt";
const ENTRY: &str = "BkToCstmrStmt/Stmt/Ntry";
const DETAIL: &str = "BkToCstmrStmt/Stmt/Ntry/NtryDtls/TxDtls";

/// An amount with its direction.
#[derive(Debug, Clone, Default)]
struct Amount {
    text: String,
    currency: String,
    direction: String,
}

impl Amount {
    /// In hundred-thousandths of a rupiah, credit positive; none when it is no such amount.
    fn signed(&self) -> Option<i128> {
        let value = decimal(&self.text).filter(|_| self.currency == "IDR")?;
        match self.direction.as_str() {
            "CRDT" => Some(value),
            "DBIT" => Some(-value),
            _ => None,
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.currency.clear();
        self.direction.clear();
    }
}

/// Fields that an entry and its details have both.
#[derive(Debug, Clone, Default)]
struct Part {
    amount: Amount,
    domain: String,
    family: String,
    sub_family: String,
    own_code: String,
    txn: String,
}

impl Part {
    fn set(&mut self, tag: &str, text: &str, currency: &str) -> bool {
        let field = match tag {
            "Amt" => {
                currency.clone_into(&mut self.amount.currency);
                &mut self.amount.text
            }
            "CdtDbtInd" => &mut self.amount.direction,
            "BkTxCd/Domn/Cd" => &mut self.domain,
            "BkTxCd/Domn/Fmly/Cd" => &mut self.family,
            "BkTxCd/Domn/Fmly/SubFmlyCd" => &mut self.sub_family,
            "BkTxCd/Prtry/Cd" => &mut self.own_code,
            "AcctSvcrRef" | "Refs/AcctSvcrRef" => &mut self.txn,
            _ => return false,
        };
        let torn = !field.is_empty() && field != text;
        text.clone_into(field);
        torn
    }

    fn clear(&mut self) {
        self.amount.clear();
        let all =
            [&mut self.domain, &mut self.family, &mut self.sub_family, &mut self.own_code, &mut self.txn];
        for field in all {
            field.clear();
        }
    }

    /// The bank's own code when it gives one, otherwise that of the standard.
    fn code(&self) -> Option<String> {
        if !self.own_code.is_empty() {
            return Some(self.own_code.clone());
        }
        (!self.domain.is_empty()).then(|| format!("{}-{}-{}", self.domain, self.family, self.sub_family))
    }
}

#[derive(Debug, Clone, Default)]
struct Entry {
    part: Part,
    reversal: String,
    status: String,
    date: String,
    details: u64,
    /// Sum of the details; none when one of them has no usable amount.
    sum: Option<i128>,
}

#[derive(Debug, Clone, Default)]
struct Detail {
    part: Part,
    reference: String,
    /// The amount once more, where the bank details it.
    repeated: String,
    other_txn: String,
    creditor: String,
    debtor: String,
}

/// A statement at work.
pub(super) struct Camt053 {
    xml: Xml,
    pub(super) seal: SealIn,
    /// Opening and closing balance.
    opening: Option<i128>,
    closing: Option<i128>,
    balance: (String, Amount),
    /// Sum of the booked entries; none once it cannot be told.
    sum: Option<i128>,
    /// First line of an entry that cannot be summed.
    unread: Option<u64>,
    entry: Entry,
    detail: Detail,
    torn: bool,
    statements: u64,
}

impl Camt053 {
    /// Reads the group header.
    pub(super) fn open(source: Box<dyn Read + Send>) -> Result<Self, Halt> {
        let mut file = Self {
            xml: Xml::new(source, NAMESPACE),
            seal: SealIn::default(),
            opening: None,
            closing: None,
            balance: (String::new(), Amount::default()),
            sum: Some(0),
            unread: None,
            entry: Entry::default(),
            detail: Detail::default(),
            torn: false,
            statements: 0,
        };
        loop {
            let node = file.xml.next()?;
            let (path, text) = (file.xml.path(), file.xml.text());
            let known =
                path.is_empty() || path == "BkToCstmrStmt" || path.starts_with("BkToCstmrStmt/GrpHdr");
            if node == Node::End || !known {
                return Err(file.xml.halt(Refusal::Header, "BkToCstmrStmt/GrpHdr", path));
            }
            if node == Node::Close && path == "BkToCstmrStmt/GrpHdr/MsgId" {
                file.seal.sequence = Some(text.to_owned()).filter(|id| !id.is_empty());
            }
            if node == Node::Close && path == "BkToCstmrStmt/GrpHdr" {
                break;
            }
        }
        if file.seal.sequence.is_none() {
            return Err(file.xml.halt(Refusal::Header, "MsgId", ""));
        }
        Ok(file)
    }

    pub(super) fn line_no(&self) -> u64 {
        self.xml.line()
    }

    /// The next entry or detail of one.
    pub(super) fn next(&mut self, into: &mut Cells) -> Result<Got, Halt> {
        loop {
            match self.xml.next()? {
                Node::Open => self.open_element(),
                Node::Close => {
                    if let Some(got) = self.close(into)? {
                        return Ok(got);
                    }
                }
                Node::End if self.statements == 0 => {
                    return Err(self.xml.halt(Refusal::Balance, "Stmt", ""));
                }
                Node::End => return Ok(Got::End),
            }
        }
    }

    fn open_element(&mut self) {
        match self.xml.path() {
            STATEMENT => {
                self.statements += 1;
                (self.opening, self.closing, self.sum, self.unread) = (None, None, Some(0), None);
            }
            "BkToCstmrStmt/Stmt/Bal" => self.balance = (String::new(), Amount::default()),
            ENTRY => {
                self.entry.part.clear();
                self.entry.reversal.clear();
                self.entry.status.clear();
                self.entry.date.clear();
                self.entry.details = 0;
                self.entry.sum = Some(0);
                self.torn = false;
            }
            DETAIL => {
                self.detail.part.clear();
                for field in [
                    &mut self.detail.reference,
                    &mut self.detail.repeated,
                    &mut self.detail.other_txn,
                    &mut self.detail.creditor,
                    &mut self.detail.debtor,
                ] {
                    field.clear();
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, into: &mut Cells) -> Result<Option<Got>, Halt> {
        let path = self.xml.path();
        let Some(path) = path.strip_prefix(STATEMENT) else { return Ok(None) };
        if let Some(tag) = path.strip_prefix("/Ntry/NtryDtls/TxDtls") {
            if tag.is_empty() {
                return Ok(Some(self.detail(into)));
            }
            self.torn |= set_detail(&mut self.detail, &tag[1..], self.xml.text(), self.xml.currency());
        } else if path == "/Ntry" {
            return self.entry(into);
        } else if let Some(tag) = path.strip_prefix("/Ntry/") {
            self.torn |= set_entry(&mut self.entry, tag, self.xml.text(), self.xml.currency());
        } else if let Some(tag) = path.strip_prefix("/Bal") {
            self.balance(tag.to_owned())?;
        } else if path.is_empty() {
            self.proof()?;
        }
        Ok(None)
    }

    fn balance(&mut self, tag: String) -> Result<(), Halt> {
        let text = self.xml.text();
        match tag.as_str() {
            "/Tp/CdOrPrtry/Cd" => text.clone_into(&mut self.balance.0),
            "/Amt" => {
                text.clone_into(&mut self.balance.1.text);
                self.xml.currency().clone_into(&mut self.balance.1.currency);
            }
            "/CdtDbtInd" => text.clone_into(&mut self.balance.1.direction),
            "" => {
                let place = match self.balance.0.as_str() {
                    "OPBD" | "PRCD" => &mut self.opening,
                    "CLBD" => &mut self.closing,
                    _ => return Ok(()),
                };
                let value = self.balance.1.signed();
                if value.is_none() || place.is_some_and(|known| Some(known) != value) {
                    let found = format!("{} {}", self.balance.1.text, self.balance.1.currency);
                    return Err(self.xml.halt(Refusal::Balance, &self.balance.0, &found));
                }
                *place = value;
            }
            _ => {}
        }
        Ok(())
    }

    /// One detail is one row. Its amount is its own, or the entry's when it is the only one.
    fn detail(&mut self, into: &mut Cells) -> Got {
        self.entry.details += 1;
        let part = &mut self.detail.part;
        if part.amount.text.is_empty() && self.entry.details == 1 {
            part.amount.text.clone_from(&self.entry.part.amount.text);
            part.amount.currency.clone_from(&self.entry.part.amount.currency);
        }
        if part.amount.direction.is_empty() {
            part.amount.direction.clone_from(&self.entry.part.amount.direction);
        }
        let signed = part.amount.signed();
        self.entry.sum = self.entry.sum.zip(signed).and_then(|(sum, value)| sum.checked_add(value));
        let detail = &self.detail;
        // Within one entry nothing else tells that the amounts of two details were exchanged.
        let twice =
            detail.repeated.is_empty() || decimal(&detail.repeated) == decimal(&detail.part.amount.text);
        if self.torn || !twice {
            return Got::Torn;
        }
        let account = if detail.creditor.is_empty() { &detail.debtor } else { &detail.creditor };
        let txn = if !detail.part.txn.is_empty() {
            detail.part.txn.clone()
        } else if !detail.other_txn.is_empty() {
            detail.other_txn.clone()
        } else if self.entry.part.txn.is_empty() {
            String::new()
        } else {
            format!("{}-{}", self.entry.part.txn, detail.reference)
        };
        let code = detail.part.code().or_else(|| self.entry.part.code());
        self.row(&detail.reference, account, &detail.part.amount, code.as_deref(), &txn, into);
        Got::Row
    }

    fn row(
        &self,
        reference: &str,
        account: &str,
        amount: &Amount,
        code: Option<&str>,
        txn: &str,
        into: &mut Cells,
    ) {
        into.push(reference);
        into.push(account);
        let reversal = if matches!(self.entry.reversal.as_str(), "" | "false" | "0") { "" } else { "RVSL-" };
        let status = match self.entry.status.as_str() {
            "BOOK" => String::new(),
            other => format!("{other}-"),
        };
        into.push(&format!("{reversal}{status}{}:{}", amount.direction, code.unwrap_or("")));
        into.push(&amount_cell(&amount.text, &amount.currency));
        into.push(self.entry.date.split_once('T').map_or(self.entry.date.as_str(), |(day, _)| day));
        into.push(txn);
    }

    /// An entry ends: what is booked counts, its details must come to its amount.
    fn entry(&mut self, into: &mut Cells) -> Result<Option<Got>, Halt> {
        let value = self.entry.part.amount.signed();
        if self.entry.status == "BOOK" {
            self.sum = self.sum.zip(value).and_then(|(sum, value)| sum.checked_add(value));
            if value.is_none() {
                self.unread.get_or_insert(self.xml.line());
            }
        }
        if self.entry.details > 0 {
            if self.entry.sum.is_some() && value.is_some() && self.entry.sum != value {
                let told = |value: Option<i128>| value.map(|v| (v / 100_000).to_string()).unwrap_or_default();
                return Err(self.xml.halt(Refusal::Details, &told(value), &told(self.entry.sum)));
            }
            return Ok(None);
        }
        if self.torn {
            return Ok(Some(Got::Torn));
        }
        let part = &self.entry.part;
        self.row("", "", &part.amount, part.code().as_deref(), &part.txn, into);
        Ok(Some(Got::Row))
    }

    /// Opening and entries must come to the closing balance.
    fn proof(&mut self) -> Result<(), Halt> {
        let line = self.unread.unwrap_or(self.xml.line());
        let after = self.opening.zip(self.sum).and_then(|(opening, sum)| opening.checked_add(sum));
        let told = |value: Option<i128>| value.map(|v| (v / 100_000).to_string()).unwrap_or_default();
        if after.is_none() || after != self.closing {
            return Err(Halt::refused(line, Refusal::Balance, &told(self.closing), &told(after)));
        }
        Ok(())
    }
}

fn set_entry(entry: &mut Entry, tag: &str, text: &str, currency: &str) -> bool {
    let field = match tag {
        "RvslInd" => &mut entry.reversal,
        "Sts/Cd" | "Sts/Prtry" => &mut entry.status,
        "BookgDt/Dt" | "BookgDt/DtTm" => &mut entry.date,
        _ => return entry.part.set(tag, text, currency),
    };
    let torn = !field.is_empty() && field != text;
    text.clone_into(field);
    torn
}

fn set_detail(detail: &mut Detail, tag: &str, text: &str, currency: &str) -> bool {
    let field = match tag {
        "Refs/EndToEndId" => &mut detail.reference,
        "AmtDtls/TxAmt/Amt" => &mut detail.repeated,
        "Refs/TxId" | "Refs/AcctSvcrTxId" => {
            text.clone_into(&mut detail.other_txn);
            return false;
        }
        "RltdPties/CdtrAcct/Id/Othr/Id" | "RltdPties/CdtrAcct/Id/IBAN" => &mut detail.creditor,
        "RltdPties/DbtrAcct/Id/Othr/Id" | "RltdPties/DbtrAcct/Id/IBAN" => &mut detail.debtor,
        _ => return detail.part.set(tag, text, currency),
    };
    let torn = !field.is_empty() && field != text;
    text.clone_into(field);
    torn
}

//! Reads `pain.002.001.12`: what became of each transaction of an order, or, in one word, of all of them.
//!
//! A status of the group or of the payment information stands for all of its transactions when none is listed; then the numbers
//! that the message repeats must be those of the order. A listed transaction counts with the reference, account and amount that
//! the bank gives back in `OrgnlTxRef`.

use std::io::Read;

use super::{
    Cells, Everyone, Got, Halt, SealIn,
    xml::{Node, Xml, amount_cell, decimal},
};
use crate::{state::Refusal, told};

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.12";
const GROUP: &str = "CstmrPmtStsRpt/";
const TRANSACTION: &str = "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts";

/// What is said of all transactions of a group or a payment information.
#[derive(Debug, Clone, Default)]
struct Whole {
    id: String,
    rows: String,
    sum: String,
    status: String,
    reason: String,
}

impl Whole {
    /// Whether it says what became of all; in part, pending and received say nothing yet.
    fn stands(&self) -> bool {
        !matches!(self.status.as_str(), "" | "PART" | "PDNG" | "RCVD")
    }

    fn word(&self) -> String {
        with_reason(&self.status, &self.reason)
    }

    fn set(&mut self, tag: &str, text: &str) {
        let field = match tag {
            "OrgnlMsgId" | "OrgnlPmtInfId" => &mut self.id,
            "OrgnlNbOfTxs" => &mut self.rows,
            "OrgnlCtrlSum" => &mut self.sum,
            "GrpSts" | "PmtInfSts" => &mut self.status,
            "StsRsnInf/Rsn/Cd" | "StsRsnInf/Rsn/Prtry" => &mut self.reason,
            _ => return,
        };
        if field.is_empty() {
            text.clone_into(field);
        }
    }

    /// Whether it may stand above a transaction of this status: rejected above rejected, or in part.
    fn may_hold(&self, status: &str) -> bool {
        !self.stands() || (self.status == "RJCT") == (status == "RJCT")
    }
}

fn with_reason(status: &str, reason: &str) -> String {
    if reason.is_empty() { status.to_owned() } else { format!("{status}:{reason}") }
}

/// One listed transaction.
#[derive(Default)]
struct Listed {
    reference: String,
    account: String,
    amount: String,
    currency: String,
    status: String,
    reason: String,
    date: String,
    txn: String,
    /// A field stands twice with different texts.
    torn: bool,
}

impl Listed {
    fn set(&mut self, tag: &str, text: &str, currency: &str) {
        let field = match tag {
            "OrgnlEndToEndId" => &mut self.reference,
            "TxSts" => &mut self.status,
            "AccptncDtTm" => &mut self.date,
            "AcctSvcrRef" => &mut self.txn,
            "OrgnlTxRef/Amt/InstdAmt" => {
                currency.clone_into(&mut self.currency);
                &mut self.amount
            }
            "OrgnlTxRef/CdtrAcct/Id/Othr/Id" | "OrgnlTxRef/CdtrAcct/Id/IBAN" => &mut self.account,
            "StsRsnInf/Rsn/Cd" | "StsRsnInf/Rsn/Prtry" => {
                // Further reasons explain the first.
                if self.reason.is_empty() {
                    text.clone_into(&mut self.reason);
                }
                return;
            }
            _ => return,
        };
        self.torn |= !field.is_empty() && field != text;
        text.clone_into(field);
    }

    fn clear(&mut self) {
        let all = [
            &mut self.reference,
            &mut self.account,
            &mut self.amount,
            &mut self.currency,
            &mut self.status,
            &mut self.reason,
            &mut self.date,
            &mut self.txn,
        ];
        for field in all {
            field.clear();
        }
        self.torn = false;
    }
}

/// A status report at work.
pub(super) struct Pain002 {
    xml: Xml,
    pub(super) seal: SealIn,
    day: String,
    group: Whole,
    info: Whole,
    listed: Listed,
    /// Transactions listed in this payment information.
    rows: u64,
    /// Something was told below the group.
    answered: bool,
}

impl Pain002 {
    /// Reads up to the first payment information.
    pub(super) fn open(source: Box<dyn Read + Send>) -> Result<Self, Halt> {
        let mut report = Self {
            xml: Xml::new(source, NAMESPACE),
            seal: SealIn::default(),
            day: String::new(),
            group: Whole::default(),
            info: Whole::default(),
            listed: Listed::default(),
            rows: 0,
            answered: false,
        };
        loop {
            let node = report.xml.next()?;
            let path = report.xml.path();
            let known = path.is_empty()
                || ["", "/GrpHdr", "/OrgnlGrpInfAndSts"].iter().any(|part| {
                    path.strip_prefix("CstmrPmtStsRpt").is_some_and(|rest| rest.starts_with(part))
                });
            if node == Node::End || !known {
                return Err(report.xml.halt(Refusal::Header, "CstmrPmtStsRpt", path));
            }
            if node == Node::Close {
                if path == "CstmrPmtStsRpt/OrgnlGrpInfAndSts" {
                    break;
                }
                report.group_field()?;
            }
        }
        report.headed()?;
        Ok(report)
    }

    pub(super) fn line_no(&self) -> u64 {
        self.xml.line()
    }

    fn group_field(&mut self) -> Result<(), Halt> {
        let text = self.xml.text();
        let Some(tag) = self.xml.path().strip_prefix(GROUP) else { return Ok(()) };
        match tag {
            "GrpHdr/MsgId" => self.seal.sequence = Some(text.to_owned()).filter(|id| !id.is_empty()),
            "GrpHdr/CreDtTm" => self.day = day_of(text).to_owned(),
            "OrgnlGrpInfAndSts/OrgnlMsgNmId" if !text.is_empty() && !text.starts_with("pain.001") => {
                return Err(self.xml.halt(Refusal::Header, "pain.001", text));
            }
            _ => {
                if let Some(tag) = tag.strip_prefix("OrgnlGrpInfAndSts/")
                    && !text.is_empty()
                {
                    self.group.set(tag, text);
                }
            }
        }
        Ok(())
    }

    /// The message must say which one it is and which one it answers: our batch and our running number.
    fn headed(&mut self) -> Result<(), Halt> {
        if self.seal.sequence.is_none() {
            return Err(self.xml.halt(Refusal::Header, "MsgId", ""));
        }
        let batch = self.group.id.rsplit_once('-').filter(|(_, number)| told::whole(number).is_some());
        let Some((batch, _)) = batch else {
            return Err(self.xml.halt(Refusal::Header, "OrgnlMsgId", &self.group.id));
        };
        self.seal.batch = Some(batch.to_owned());
        Ok(())
    }

    /// The next listed transaction, or the word for all.
    pub(super) fn next(&mut self, into: &mut Cells) -> Result<Got, Halt> {
        loop {
            match self.xml.next()? {
                Node::Open => {
                    let path = self.xml.path();
                    if path == TRANSACTION {
                        self.listed.clear();
                    } else if path == "CstmrPmtStsRpt/OrgnlPmtInfAndSts" {
                        self.info = Whole::default();
                        self.rows = 0;
                    }
                }
                Node::Close => {
                    if let Some(got) = self.close(into)? {
                        return Ok(got);
                    }
                }
                Node::End => return self.end(),
            }
        }
    }

    fn close(&mut self, into: &mut Cells) -> Result<Option<Got>, Halt> {
        let (path, text) = (self.xml.path(), self.xml.text());
        if let Some(tag) = path.strip_prefix(TRANSACTION) {
            if tag.is_empty() {
                return self.listed(into).map(Some);
            }
            if let Some(tag) = tag.strip_prefix('/') {
                self.listed.set(tag, text, self.xml.currency());
            }
        } else if path == "CstmrPmtStsRpt/OrgnlPmtInfAndSts" {
            let batch = self.seal.batch.as_deref().unwrap_or("");
            if self.info.id != batch {
                return Err(self.xml.halt(Refusal::Batch, batch, &self.info.id));
            }
            if self.rows == 0 && self.info.stands() {
                self.answered = true;
                return everyone(&self.xml, &self.info, batch, &self.day).map(Some);
            }
        } else if let Some(tag) = path.strip_prefix("CstmrPmtStsRpt/OrgnlPmtInfAndSts/")
            && !text.is_empty()
        {
            self.info.set(tag, text);
        }
        Ok(None)
    }

    fn listed(&mut self, into: &mut Cells) -> Result<Got, Halt> {
        self.rows += 1;
        self.answered = true;
        let row = &self.listed;
        for whole in [&self.group, &self.info] {
            if !whole.may_hold(&row.status) {
                return Err(self.xml.halt(Refusal::Status, &whole.status, &row.status));
            }
        }
        // A reason speaks of a refusal: accepted with a reason is neither.
        if row.torn || (row.status.starts_with("AC") && !row.reason.is_empty()) {
            return Ok(Got::Torn);
        }
        let batch = self.seal.batch.as_deref().unwrap_or("");
        into.push(batch);
        into.push(&row.reference);
        into.push(&row.account);
        into.push(&amount_cell(&row.amount, &row.currency));
        into.push(&with_reason(&row.status, &row.reason));
        let day = if row.date.is_empty() { self.day.as_str() } else { day_of(&row.date) };
        into.push(day);
        if row.txn.is_empty() {
            // The same status told again in another message has the same number.
            into.push(&format!("{batch}-{}-{}", row.reference, row.status));
        } else {
            into.push(&row.txn);
        }
        Ok(Got::Row)
    }

    fn end(&mut self) -> Result<Got, Halt> {
        if !self.answered && self.group.stands() {
            // Only once.
            let group = std::mem::take(&mut self.group);
            let batch = self.seal.batch.clone().unwrap_or_default();
            return everyone(&self.xml, &group, &batch, &self.day);
        }
        Ok(Got::End)
    }
}

/// A word for all transactions needs the numbers that prove which ones are meant.
fn everyone(xml: &Xml, whole: &Whole, batch: &str, day: &str) -> Result<Got, Halt> {
    let rows = told::whole(&whole.rows);
    let sum = decimal(&whole.sum).filter(|sum| sum % 100_000 == 0).map(|sum| sum / 100_000);
    let (Some(rows), Some(sum_idr)) = (rows, sum.and_then(|sum| i64::try_from(sum).ok())) else {
        let found = format!("{} {}", whole.rows, whole.sum);
        return Err(xml.halt(Refusal::Status, "OrgnlNbOfTxs, OrgnlCtrlSum", &found));
    };
    Ok(Got::Everyone(Everyone {
        batch: batch.to_owned(),
        word: whole.word(),
        day: day.to_owned(),
        rows,
        sum_idr,
    }))
}

fn day_of(time: &str) -> &str {
    time.split_once('T').map_or(time, |(day, _)| day)
}

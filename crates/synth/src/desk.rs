//! The bank's counter: reads our files and writes its answers in the format that the channel's layout names. Behind it sits the
//! same [`Bank`], which knows one plain CSV only.
//!
//! Written apart from what payment reads and writes with, so that each checks the other. A file is held in memory whole: this is a
//! bank for demos and tests.

use std::{collections::BTreeSet, fmt::Write as _};

use jiff::civil::Date;
use policy::{Channel, ChannelColumn, ChannelFile, Format};

use crate::bank::{Bank, BankError, Tally};

/// What stands between the bank and us: its files in one channel's formats.
#[derive(Debug, Clone)]
pub struct Desk<'a> {
    /// Who answers.
    pub bank: Bank,
    /// How.
    pub channel: &'a Channel,
    /// Running number of the next file.
    pub sequence: u64,
    /// Says of a whole order in one word what became of it, where it may.
    pub brief: bool,
    /// The plain answers to the last order, for the movements that follow.
    topups: Vec<u8>,
}

/// Records of a plain file: a header and cells.
type Plain = (Vec<String>, Vec<Vec<String>>);

impl<'a> Desk<'a> {
    /// A counter that begins with file number 1.
    pub fn new(bank: Bank, channel: &'a Channel) -> Self {
        Self { bank, channel, sequence: 1, brief: false, topups: Vec::new() }
    }

    /// Answers an account check.
    ///
    /// # Errors The file cannot be read.
    pub fn answer_account_checks(&mut self, request: &[u8]) -> Result<(Vec<u8>, Tally), BankError> {
        let columns = ["batch", "ref", "nik", "name", "account"];
        let (plain, batch) = self.plain("account_check_request", request, &columns)?;
        let mut reply = Vec::new();
        let tally = self.bank.answer_account_checks(plain.as_slice(), &mut reply)?;
        Ok((self.written("account_check_reply", &batch, &reply, request)?, tally))
    }

    /// Answers an order.
    ///
    /// # Errors The file cannot be read, or its amounts leave the range of money.
    pub fn answer_orders(&mut self, request: &[u8]) -> Result<(Vec<u8>, Tally), BankError> {
        let columns = ["batch", "ref", "account", "name", "amount_idr"];
        let (plain, batch) = self.plain("order", request, &columns)?;
        self.topups.clear();
        let tally = self.bank.answer_orders(plain.as_slice(), &mut self.topups)?;
        let reply = self.topups.clone();
        Ok((self.written("order_reply", &batch, &reply, request)?, tally))
    }

    /// What people do with the money of the last order until a day.
    ///
    /// # Errors The amounts leave the range of money.
    pub fn movements(&mut self, until: Date) -> Result<(Vec<u8>, Tally), BankError> {
        let mut out = Vec::new();
        let tally = self.bank.movements(self.topups.as_slice(), until, &BTreeSet::new(), &mut out)?;
        let (_, rows) = read_plain(&self.topups)?;
        let batch = rows.first().and_then(|row| row.first().cloned()).unwrap_or_default();
        Ok((self.written("movements", &batch, &out, &[])?, tally))
    }

    fn layout(&self, name: &str) -> Result<&'a ChannelFile, BankError> {
        self.channel.file(name).ok_or(BankError::Layout)
    }

    /// Our file as the bank's plain CSV, and the batch it names.
    fn plain(&self, name: &str, file: &[u8], columns: &[&str]) -> Result<(Vec<u8>, String), BankError> {
        let layout = self.layout(name)?;
        let text = std::str::from_utf8(file).map_err(|_| BankError::Layout)?;
        let (batch, rows) = match layout.format {
            Format::Pain001 => from_pain001(text),
            _ => from_records(layout, text)?,
        };
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(columns)?;
        for row in rows {
            let cell = |field: &&str| {
                let found = row.iter().find(|(name, _)| name == field);
                let header = if *field == "batch" { batch.as_str() } else { "" };
                found.map_or(header, |(_, cell)| cell.as_str()).to_owned()
            };
            out.write_record(columns.iter().map(cell))?;
        }
        Ok((out.into_inner().map_err(|_| BankError::Layout)?, batch))
    }

    /// A plain answer in the layout's format, with the next running number.
    fn written(
        &mut self,
        name: &str,
        batch: &str,
        reply: &[u8],
        request: &[u8],
    ) -> Result<Vec<u8>, BankError> {
        let layout = self.layout(name)?;
        let (header, rows) = read_plain(reply)?;
        let rows = Rows { header: &header, rows: &rows };
        let text = match layout.format {
            Format::Pain002 => self.pain002(batch, rows, request),
            Format::Camt053 => self.camt053(rows),
            _ => self.records(layout, batch, rows),
        };
        self.sequence += 1;
        Ok(text.into_bytes())
    }

    fn records(&self, layout: &ChannelFile, batch: &str, rows: Rows<'_>) -> String {
        let (mut body, mut sum) = (String::new(), 0_i64);
        for row in rows.rows {
            sum = sum.saturating_add(rows.cell(row, "amount_idr").parse().unwrap_or(0));
            let cell = |column: &ChannelColumn| match (column.field.as_str(), column.width) {
                ("date", 8) => rows.cell(row, "date").replace('-', ""),
                (field, _) => rows.cell(row, field).to_owned(),
            };
            record(layout, &layout.columns, cell, &mut body);
        }
        let day = self.bank.today.to_string();
        let seal = |column: &ChannelColumn| match column.field.as_str() {
            "channel" => self.channel.key.clone(),
            "sequence" => self.sequence.to_string(),
            "batch" => batch.to_owned(),
            "date" if column.width == 8 => day.replace('-', ""),
            "date" => day.clone(),
            "rows" => rows.rows.len().to_string(),
            "sum_idr" => sum.to_string(),
            "hash" => {
                let hash = blake3::hash(body.as_bytes()).to_hex().to_string();
                if column.width == 0 { hash } else { hash.chars().take(column.width).collect() }
            }
            _ => String::new(),
        };
        let mut out = String::new();
        if !layout.header.is_empty() {
            record(layout, &layout.header, seal, &mut out);
        }
        if layout.names {
            record(layout, &layout.columns, |column| column.name.clone(), &mut out);
        }
        out.push_str(&body);
        if !layout.trailer.is_empty() {
            record(layout, &layout.trailer, seal, &mut out);
        }
        out
    }

    fn pain002(&self, batch: &str, rows: Rows<'_>, request: &[u8]) -> String {
        let request = String::from_utf8_lossy(request);
        let message = between(&request, "<MsgId>", "</MsgId>");
        let asked = between(&request, "<NbOfTxs>", "</NbOfTxs>").trim_start_matches('0');
        let sum = between(&request, "<CtrlSum>", "</CtrlSum>").trim_start_matches('0');
        let word = |row: &[String]| if rows.cell(row, "result") == "TOPUP" { "ACCC" } else { "RJCT" };
        let all = self.brief
            && rows.rows.len().to_string() == asked
            && rows.rows.iter().all(|row| word(row) == "ACCC");
        let status = if all { "ACCC" } else { "PART" };
        let mut out = String::new();
        let _ = write!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.12\">\
             <CstmrPmtStsRpt>\n<GrpHdr><MsgId>{}-S{}</MsgId><CreDtTm>{}T08:00:00+07:00</CreDtTm></GrpHdr>\n\
             <OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>\
             <OrgnlNbOfTxs>{asked}</OrgnlNbOfTxs><OrgnlCtrlSum>{sum}</OrgnlCtrlSum><GrpSts>{status}</GrpSts>\
             </OrgnlGrpInfAndSts>\n",
            self.channel.key, self.sequence, self.bank.today,
        );
        if !all {
            let _ = writeln!(out, "<OrgnlPmtInfAndSts><OrgnlPmtInfId>{}</OrgnlPmtInfId>", escaped(batch));
            for row in rows.rows {
                let word = word(row);
                let reason =
                    if word == "RJCT" { "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>" } else { "" };
                let _ = writeln!(
                    out,
                    "<TxInfAndSts><OrgnlEndToEndId>{}</OrgnlEndToEndId><TxSts>{word}</TxSts>{reason}\
                     <AcctSvcrRef>{}</AcctSvcrRef><OrgnlTxRef><Amt><InstdAmt Ccy=\"IDR\">{}.00</InstdAmt></Amt>\
                     <CdtrAcct><Id><Othr><Id>{}</Id></Othr></Id></CdtrAcct></OrgnlTxRef></TxInfAndSts>",
                    rows.cell(row, "ref"),
                    rows.cell(row, "bank_txn"),
                    rows.cell(row, "amount_idr"),
                    escaped(rows.cell(row, "account")),
                );
            }
            out.push_str("</OrgnlPmtInfAndSts>\n");
        }
        out.push_str("</CstmrPmtStsRpt></Document>\n");
        out
    }

    /// Each withdrawal is an entry; all returns are details of one entry.
    fn camt053(&self, rows: Rows<'_>) -> String {
        let amount = |row: &[String]| rows.cell(row, "amount_idr").parse::<i64>().unwrap_or(0);
        let moved = rows.rows.iter().map(|row| amount(row)).fold(0_i64, i64::saturating_add);
        // More lies in the account than was moved.
        let opening = moved.saturating_add(1_000_000);
        let mut out = String::new();
        let (key, sequence, today) = (&self.channel.key, self.sequence, self.bank.today);
        let _ = write!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\
             <BkToCstmrStmt>\n<GrpHdr><MsgId>{key}-M{sequence}</MsgId><CreDtTm>{today}T23:00:00+07:00</CreDtTm></GrpHdr>\n\
             <Stmt><Id>{key}-{sequence}</Id><ElctrncSeqNb>{sequence}</ElctrncSeqNb>\
             <Acct><Id><Othr><Id>990000000001</Id></Othr></Id><Ccy>IDR</Ccy></Acct>\n",
        );
        for (code, value) in [("OPBD", opening), ("CLBD", opening - moved)] {
            let _ = writeln!(
                out,
                "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"IDR\">{value}.00</Amt>\
                 <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{today}</Dt></Dt></Bal>"
            );
        }
        let (back, taken): (Vec<_>, Vec<_>) =
            rows.rows.iter().partition(|row| rows.cell(row, "kind") == "RETUR");
        for row in taken {
            entry(&mut out, rows, &[row], rows.cell(row, "bank_txn"), "CCRD", "CWDL");
        }
        if !back.is_empty() {
            entry(&mut out, rows, &back, &format!("{key}-R{sequence}"), "ICDT", "RRTN");
        }
        out.push_str("</Stmt></BkToCstmrStmt></Document>\n");
        out
    }
}

#[derive(Clone, Copy)]
struct Rows<'r> {
    header: &'r [String],
    rows: &'r [Vec<String>],
}

impl Rows<'_> {
    fn cell<'c>(&self, row: &'c [String], field: &str) -> &'c str {
        let place = self.header.iter().position(|name| name == field);
        place.and_then(|place| row.get(place)).map_or("", String::as_str)
    }
}

fn entry(
    out: &mut String,
    rows: Rows<'_>,
    details: &[&Vec<String>],
    reference: &str,
    family: &str,
    sub: &str,
) {
    let amount = |row: &[String]| rows.cell(row, "amount_idr").parse::<i64>().unwrap_or(0);
    let sum = details.iter().map(|row| amount(row)).fold(0_i64, i64::saturating_add);
    let day = details.first().map_or("", |row| rows.cell(row, "date"));
    let _ = write!(
        out,
        "<Ntry><Amt Ccy=\"IDR\">{sum}.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt>\
         </BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd>\
         <SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>",
    );
    for row in details {
        let amount = rows.cell(row, "amount_idr");
        // In a common entry each amount stands twice, so that two cannot be exchanged unseen.
        let again = match details.len() {
            1 => String::new(),
            _ => format!("<AmtDtls><TxAmt><Amt Ccy=\"IDR\">{amount}.00</Amt></TxAmt></AmtDtls>"),
        };
        let _ = write!(
            out,
            "<TxDtls><Refs><AcctSvcrRef>{}</AcctSvcrRef><EndToEndId>{}</EndToEndId></Refs><Amt Ccy=\"IDR\">{amount}.00</Amt>\
             {again}<RltdPties><CdtrAcct><Id><Othr><Id>{}</Id></Othr></Id></CdtrAcct></RltdPties></TxDtls>",
            rows.cell(row, "bank_txn"),
            rows.cell(row, "ref"),
            escaped(rows.cell(row, "account")),
        );
    }
    out.push_str("</NtryDtls></Ntry>\n");
}

fn read_plain(text: &[u8]) -> Result<Plain, BankError> {
    let mut reader = csv::Reader::from_reader(text);
    let header = reader.headers()?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for row in reader.records() {
        rows.push(row?.iter().map(str::to_owned).collect());
    }
    Ok((header, rows))
}

/// One record of a layout.
fn record(
    layout: &ChannelFile,
    columns: &[ChannelColumn],
    cell: impl Fn(&ChannelColumn) -> String,
    out: &mut String,
) {
    for (place, column) in columns.iter().enumerate() {
        let cell = column.value.clone().unwrap_or_else(|| cell(column));
        if layout.format == Format::Fixed {
            let cut: String = cell.chars().take(column.width).collect();
            let fill: String = std::iter::repeat_n(column.fill, column.width - cut.chars().count()).collect();
            let (left, right) = if column.right { (&fill, &cut) } else { (&cut, &fill) };
            let _ = write!(out, "{left}{right}");
        } else {
            if place > 0 {
                out.push(char::from(layout.delimiter));
            }
            out.push_str(&cell);
        }
    }
    out.push('\n');
}

type Fields = Vec<(String, String)>;

/// Rows of a file of records, and the batch of its header.
fn from_records(layout: &ChannelFile, text: &str) -> Result<(String, Vec<Fields>), BankError> {
    let mut lines = text.lines();
    let mut batch = String::new();
    if !layout.header.is_empty() {
        let fields = cells(layout, &layout.header, lines.next().unwrap_or(""))?;
        batch =
            fields.into_iter().find(|(name, _)| name == "batch").map(|(_, cell)| cell).unwrap_or_default();
    }
    if layout.names {
        lines.next();
    }
    let tag = layout.trailer.first().and_then(|column| column.value.clone());
    let mut rows = Vec::new();
    for line in lines {
        if tag.as_ref().is_some_and(|tag| line.starts_with(tag.as_str())) {
            break;
        }
        rows.push(cells(layout, &layout.columns, line)?);
    }
    Ok((batch, rows))
}

fn cells(layout: &ChannelFile, columns: &[ChannelColumn], line: &str) -> Result<Fields, BankError> {
    let cells: Vec<String> = if layout.format == Format::Fixed {
        let mut rest = line.chars();
        let cut = |column: &ChannelColumn| {
            let cell: String = rest.by_ref().take(column.width).collect();
            let bare = if column.right { cell.trim_start_matches(column.fill) } else { cell.trim_end() };
            bare.to_owned()
        };
        columns.iter().map(cut).collect()
    } else {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(layout.delimiter)
            .has_headers(false)
            .from_reader(line.as_bytes());
        let record = reader.records().next().ok_or(BankError::Layout)??;
        record.iter().map(str::to_owned).collect()
    };
    let fields = columns.iter().zip(cells).filter(|(column, _)| !column.field.is_empty());
    Ok(fields.map(|(column, cell)| (column.field.clone(), cell)).collect())
}

fn from_pain001(text: &str) -> (String, Vec<Fields>) {
    let batch = between(text, "<PmtInfId>", "</PmtInfId>").to_owned();
    let field =
        |part: &str, name: &str, from: &str, to: &str| (name.to_owned(), plain_text(between(part, from, to)));
    let rows = text.split("<CdtTrfTxInf>").skip(1).map(|part| {
        vec![
            field(part, "ref", "<EndToEndId>", "</EndToEndId>"),
            field(part, "account", "<CdtrAcct><Id><Othr><Id>", "</Id>"),
            field(part, "name", "<Cdtr><Nm>", "</Nm>"),
            field(part, "amount_idr", "<InstdAmt Ccy=\"IDR\">", ".00<"),
        ]
    });
    (batch, rows.collect())
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map_or("", |(found, _)| found)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn plain_text(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

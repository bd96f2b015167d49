//! Writes `pain.001.001.09`: one payment information, one credit transfer for each line of the order.
//!
//! The end-to-end id is the line, the id of the payment information the batch, the id of the message batch and running number. Number and
//! sum stand before the transactions: they are written with all their digits and filled in at the end.

use policy::Debtor;

use super::{Seal, write::Unfit};

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

/// Everything before the first transaction; as long for any number and sum.
pub(super) fn head(seal: &Seal, debtor: &Debtor, rows: u64, sum_idr: i64, into: &mut Vec<u8>) {
    let (name, account, bank) = (escaped(&debtor.name), escaped(&debtor.account), escaped(&debtor.bank));
    let batch = escaped(&seal.batch);
    let totals = format!("<NbOfTxs>{rows:015}</NbOfTxs><CtrlSum>{sum_idr:018}</CtrlSum>");
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"{NAMESPACE}\"><CstmrCdtTrfInitn>\n\
         <GrpHdr><MsgId>{batch}-{:06}</MsgId><CreDtTm>{}</CreDtTm>{totals}\
         <InitgPty><Nm>{name}</Nm></InitgPty></GrpHdr>\n\
         <PmtInf><PmtInfId>{batch}</PmtInfId><PmtMtd>TRF</PmtMtd>{totals}\
         <ReqdExctnDt><Dt>{}</Dt></ReqdExctnDt><Dbtr><Nm>{name}</Nm></Dbtr>\
         <DbtrAcct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>IDR</Ccy></DbtrAcct>\
         <DbtrAgt><FinInstnId><BICFI>{bank}</BICFI></FinInstnId></DbtrAgt>\n",
        seal.sequence,
        seal.time(),
        seal.day(),
    );
    into.extend_from_slice(text.as_bytes());
}

/// One transaction; `cells` are batch, reference, account, name and amount.
pub(super) fn transaction<'c>(
    mut cells: impl Iterator<Item = &'c str>,
    into: &mut Vec<u8>,
) -> Result<(), Unfit> {
    let _batch = cells.next();
    let mut cell = |column: &str, max: usize| {
        let cell = cells.next().unwrap_or("");
        let why = if cell.trim().is_empty() {
            "it is empty"
        } else if cell.chars().count() > max {
            "it is longer than the standard allows"
        } else if cell.chars().any(char::is_control) {
            "it holds a control character"
        } else {
            return Ok(cell);
        };
        Err(Unfit { column: column.to_owned(), why })
    };
    let (reference, account) = (cell("ref", 35)?, cell("account", 34)?);
    let (name, amount) = (cell("name", 140)?, cell("amount_idr", 18)?);
    let parts = [
        ("<CdtTrfTxInf><PmtId><EndToEndId>", reference),
        ("</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"IDR\">", amount),
        (".00</InstdAmt></Amt><Cdtr><Nm>", name),
        ("</Nm></Cdtr><CdtrAcct><Id><Othr><Id>", account),
        ("</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>\n", ""),
    ];
    for (mark, text) in parts {
        into.extend_from_slice(mark.as_bytes());
        escape(text, into);
    }
    Ok(())
}

/// Everything after the last transaction.
pub(super) const TAIL: &[u8] = b"</PmtInf></CstmrCdtTrfInitn></Document>\n";

fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    escape(text, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn escape(text: &str, into: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'&' => into.extend_from_slice(b"&amp;"),
            b'<' => into.extend_from_slice(b"&lt;"),
            b'>' => into.extend_from_slice(b"&gt;"),
            other => into.push(other),
        }
    }
}

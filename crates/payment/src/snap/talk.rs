//! Requests and replies of SNAP BI as values: what is sent to which path with which headers, and what a reply says when everything in it
//! fits. In: a call of ours, keys, time. Out: a [`Request`]; from a [`Response`] an [`Answer`], or the reason why it is not believed.
//! Never here: I/O; a guess. Unknown fields are passed over, a wrong type, amount, reference, service or status is never.

use model::Rupiah;
use policy::Api;
use serde_json::{Map, Value, json};

use super::sign::Keys;
use crate::{Result, wire};

/// Longest reply that is read, but for a statement.
pub(crate) const REPLY_BYTES_MAX: usize = 64 * 1_024;
/// Longest statement of a day.
pub const STATEMENT_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// Deepest nesting of a reply; the standard needs five.
const DEPTH_MAX: usize = 16;
/// Longest text of a reply that is kept.
const TEXT_MAX: usize = 140;

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Always `POST` so far.
    pub method: &'static str,
    /// Path on the bank's host.
    pub path: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON without a space between its parts.
    pub body: String,
    /// How long the call may take.
    pub timeout_s: u32,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Content-Type as it stands.
    pub content_type: String,
    /// All bytes, at most [`STATEMENT_BYTES_MAX`].
    pub body: Vec<u8>,
}

/// Why no reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallError {
    /// Certainly nothing reached the bank.
    NotSent,
    /// It may have reached the bank.
    Unknown,
}

/// A service, with its code in response codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Token,
    InquireInside,
    InquireOutside,
    TransferInside,
    TransferOutside,
    Status,
    Statement,
}

impl Service {
    pub(crate) fn inquiry(api: &Api) -> Self {
        if api.bank_code.is_some() { Self::InquireOutside } else { Self::InquireInside }
    }

    pub(crate) fn transfer(api: &Api) -> Self {
        if api.bank_code.is_some() { Self::TransferOutside } else { Self::TransferInside }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Token => "73",
            Self::InquireInside => "15",
            Self::InquireOutside => "16",
            Self::TransferInside => "17",
            Self::TransferOutside => "18",
            Self::Status => "36",
            Self::Statement => "14",
        }
    }

    fn path(self, api: &Api) -> String {
        let of = &api.versions;
        let (version, name) = match self {
            Self::Token => (&of.token, "access-token/b2b"),
            Self::InquireInside => (&of.inquiry, "account-inquiry-internal"),
            Self::InquireOutside => (&of.inquiry, "account-inquiry-external"),
            Self::TransferInside => (&of.transfer, "transfer-intrabank"),
            Self::TransferOutside => (&of.transfer, "transfer-interbank"),
            Self::Status => (&of.status, "transfer/status"),
            Self::Statement => (&of.statement, "bank-statement"),
        };
        format!("{}/{version}/{name}", api.base_path)
    }

    fn bytes_max(self) -> usize {
        if self == Self::Statement { STATEMENT_BYTES_MAX } else { REPLY_BYTES_MAX }
    }
}

/// A line that is asked about or paid, as far as the bank hears of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// partnerReferenceNo, the same for ever.
    pub(crate) reference: String,
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) amount: Rupiah,
    /// X-EXTERNAL-ID of the transfer as it was last sent; empty before.
    pub(crate) external_id: String,
    /// When the transfer was first sent, milliseconds since the epoch.
    pub(crate) first_sent_ms: i64,
}

/// A request for a token.
pub(crate) fn token(api: &Api, keys: &Keys, now_ms: i64) -> Result<Request> {
    let timestamp = wire::western_time(now_ms);
    let headers = vec![
        ("Content-Type", "application/json".to_owned()),
        ("X-SIGNATURE", keys.of_token(&timestamp)?),
        ("X-TIMESTAMP", timestamp),
        ("X-CLIENT-KEY", keys.client_key().to_owned()),
    ];
    let body = json!({"grantType": "client_credentials"}).to_string();
    Ok(Request { method: "POST", path: Service::Token.path(api), headers, body, timeout_s: api.timeout_s })
}

/// A request to a service, signed.
pub(crate) fn request(
    (api, keys): (&Api, &Keys),
    service: Service,
    body: &Value,
    token: &str,
    external_id: &str,
    now_ms: i64,
) -> Request {
    let (timestamp, path, body) = (wire::western_time(now_ms), service.path(api), body.to_string());
    let headers = vec![
        ("Content-Type", "application/json".to_owned()),
        ("Authorization", format!("Bearer {token}")),
        ("X-SIGNATURE", keys.of_request("POST", &path, token, &body, &timestamp)),
        ("X-TIMESTAMP", timestamp),
        ("X-PARTNER-ID", api.partner_id.clone()),
        ("X-EXTERNAL-ID", external_id.to_owned()),
        ("CHANNEL-ID", api.channel_id.clone()),
    ];
    Request { method: "POST", path, headers, body, timeout_s: api.timeout_s }
}

fn money(amount: Rupiah) -> Value {
    json!({"value": format!("{}.00", amount.idr()), "currency": "IDR"})
}

/// Asks whose account it is.
pub(crate) fn inquiry(api: &Api, of: &Subject) -> Value {
    let mut body = json!({"partnerReferenceNo": of.reference, "beneficiaryAccountNo": of.account});
    if let Some(bank) = &api.bank_code {
        body["beneficiaryBankCode"] = bank.clone().into();
    }
    body
}

/// Pays.
pub(crate) fn transfer(api: &Api, of: &Subject) -> Value {
    let mut body = json!({
        "partnerReferenceNo": of.reference,
        "amount": money(of.amount),
        "beneficiaryAccountNo": of.account,
        "sourceAccountNo": api.source_account,
        "transactionDate": wire::western_time(of.first_sent_ms),
        "remark": of.reference,
    });
    if let Some(bank) = &api.bank_code {
        body["beneficiaryBankCode"] = bank.clone().into();
        body["beneficiaryAccountName"] = of.name.clone().into();
    }
    body
}

/// Asks what became of a transfer.
pub(crate) fn status(api: &Api, of: &Subject) -> Value {
    json!({
        "originalPartnerReferenceNo": of.reference,
        "originalExternalId": of.external_id,
        "serviceCode": Service::transfer(api).code(),
        "transactionDate": wire::western_time(of.first_sent_ms),
        "amount": money(of.amount),
    })
}

/// Asks for a day of the paying account.
pub(crate) fn statement(api: &Api, day: jiff::civil::Date) -> Value {
    json!({
        "partnerReferenceNo": format!("MUTASI-{day}"),
        "accountNo": api.source_account,
        "fromDateTime": format!("{day}T00:00:00+07:00"),
        "toDateTime": format!("{day}T23:59:59+07:00"),
    })
}

/// A reply that is what it says: status, service and code agree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Two digits.
    pub(crate) case: String,
    fields: Map<String, Value>,
}

/// Why a reply is not believed; kept with the call, a code of the words files.
pub(crate) type Doubt = &'static str;

/// Reads a reply.
pub(crate) fn read(service: Service, response: &Response) -> Result<Answer, Doubt> {
    let kind = response.content_type.split(';').next().unwrap_or("").trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err("no_json");
    }
    if response.body.len() > service.bytes_max() {
        return Err("too_long");
    }
    if depth(&response.body) > DEPTH_MAX {
        return Err("too_deep");
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(&response.body) else { return Err("no_json") };
    let code = fields.get("responseCode").and_then(Value::as_str).unwrap_or("");
    let digits = code.len() == 7 && code.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err("no_code");
    }
    if code[..3] != response.status.to_string() || &code[3..5] != service.code() {
        return Err("contradiction");
    }
    Ok(Answer { status: response.status, case: code[5..].to_owned(), fields })
}

/// How deep brackets lie in each other, text left out.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'{' | b'[' if !text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl Answer {
    pub(crate) fn good(&self) -> bool {
        self.status == 200 && self.case == "00"
    }

    /// The word for the channel's file: `404:11`.
    pub(crate) fn word(&self) -> String {
        format!("{}:{}", self.status, self.case)
    }

    /// A text that is there, is one, and is not empty.
    pub(crate) fn text(&self, key: &str) -> Result<&str, Doubt> {
        text(&self.fields, key)
    }

    /// Whether a text is there and not what it should be.
    pub(crate) fn differs(&self, key: &str, expected: &str) -> bool {
        self.fields.get(key).is_some_and(|found| !found.is_null() && found.as_str() != Some(expected))
    }

    /// The amount, which must be ours.
    pub(crate) fn pays(&self, amount: Rupiah) -> Result<(), Doubt> {
        let found = self.fields.get("amount").and_then(rupiah).ok_or("no_amount")?;
        if found == amount.idr() { Ok(()) } else { Err("wrong_amount") }
    }

    /// The reference, which must be ours.
    pub(crate) fn is_about(&self, key: &str, reference: &str) -> Result<(), Doubt> {
        if self.text(key)? == reference { Ok(()) } else { Err("wrong_reference") }
    }

    /// The day of the transaction, where it is told as one.
    pub(crate) fn day(&self) -> Option<String> {
        let told = self.text("transactionDate").ok()?.get(..10)?;
        model::parse_date(told).ok().map(|day| day.to_string())
    }

    /// A token and how long it holds, seconds. Banks write the number with quotes or without.
    pub(crate) fn token(&self) -> Result<(String, i64), Doubt> {
        let token = self.text("accessToken")?;
        let seconds = match self.fields.get("expiresIn") {
            Some(Value::String(text)) => crate::told::whole(text),
            Some(number) => number.as_i64(),
            None => None,
        };
        let seconds = seconds.filter(|seconds| (1..=86_400).contains(seconds)).ok_or("no_token")?;
        let plain = token.len() <= 2_048 && token.bytes().all(|byte| byte.is_ascii_graphic());
        if plain { Ok((token.to_owned(), seconds)) } else { Err("no_token") }
    }

    /// The entries of a statement; it must be whole by its own count and sums.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, Doubt> {
        let more = self.fields.get("hasMore").is_some_and(|more| *more == json!(true) || *more == json!("Y"));
        let rows = match self.fields.get("detailData") {
            Some(Value::Array(rows)) => rows.as_slice(),
            None | Some(Value::Null) => &[],
            Some(_) => return Err("no_entries"),
        };
        let entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        for (key, credit) in [("totalCreditEntries", true), ("totalDebitEntries", false)] {
            let of_kind = || entries.iter().filter(|entry| entry.credit == credit);
            let sum = of_kind().try_fold(0_i64, |sum, entry| sum.checked_add(entry.amount));
            let said = self.fields.get(key).and_then(Value::as_object).ok_or("no_totals")?;
            let count = match said.get("numberOfEntries") {
                Some(Value::String(text)) => crate::told::whole(text),
                Some(number) => number.as_i64(),
                None => None,
            };
            if count != Some(of_kind().count() as i64) || said.get("amount").and_then(rupiah) != sum || more {
                return Err("not_whole");
            }
        }
        Ok(entries)
    }
}

/// An entry of the statement of the paying account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) credit: bool,
    pub(crate) amount: i64,
    pub(crate) day: String,
    /// The bank's number.
    pub(crate) txn: String,
    /// What we sent along: our reference.
    pub(crate) remark: String,
    /// The family's account.
    pub(crate) account: String,
    /// `TRF` for a transfer of ours, where the bank says so.
    pub(crate) kind: String,
}

fn text<'a>(fields: &'a Map<String, Value>, key: &str) -> Result<&'a str, Doubt> {
    let found = fields.get(key).and_then(Value::as_str).map(str::trim).ok_or("no_field")?;
    if found.is_empty() || found.chars().count() > 2_048 { Err("no_field") } else { Ok(found) }
}

fn entry(row: &Value) -> Result<Entry, Doubt> {
    let row = row.as_object().ok_or("no_entries")?;
    let info = row.get("detailInfo").and_then(Value::as_object);
    let cut = |text: &str| text.chars().take(TEXT_MAX).collect::<String>();
    let detail = |key: &str| cut(info.and_then(|info| info.get(key)?.as_str()).unwrap_or(""));
    let day = text(row, "transactionDate")?.get(..10).and_then(|day| model::parse_date(day).ok());
    Ok(Entry {
        credit: match text(row, "type")? {
            "CREDIT" => true,
            "DEBIT" => false,
            _ => return Err("no_entries"),
        },
        amount: row.get("amount").and_then(rupiah).ok_or("no_amount")?,
        day: day.ok_or("no_field")?.to_string(),
        txn: cut(text(row, "transactionId")?),
        remark: cut(row.get("remark").and_then(Value::as_str).unwrap_or("").trim()),
        account: detail("beneficiaryAccountNo"),
        kind: detail("transactionType"),
    })
}

/// Whole rupiah of an amount object: digits, a point, two zeros; nothing else is money here.
fn rupiah(amount: &Value) -> Option<i64> {
    let (value, currency) = (amount.get("value")?.as_str()?, amount.get("currency")?.as_str()?);
    if currency != "IDR" {
        return None;
    }
    crate::told::whole(value.strip_suffix(".00")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, kind: &str, body: &str) -> Response {
        Response { status, content_type: kind.into(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_reply_that_does_not_fit_itself_is_not_believed() {
        let json = "application/json; charset=utf-8";
        let good = r#"{"responseCode":"2001700","referenceNo":"R","new":{"x":[1]}}"#;
        assert_eq!(read(Service::TransferInside, &reply(200, json, good)).unwrap().word(), "200:00");
        let deep = format!(r#"{{"responseCode":"2001700","x":{}{}}}"#, "[".repeat(40), "]".repeat(40));
        let long = format!(r#"{{"responseCode":"2001700","x":"{}"}}"#, "x".repeat(REPLY_BYTES_MAX));
        for (doubt, status, kind, body) in [
            ("no_json", 200, "text/html", good),
            ("no_json", 200, "", good),
            ("no_json", 200, json, &good[..30]),
            ("no_json", 200, json, "[]"),
            ("no_code", 200, json, r#"{"responseCode":2001700}"#),
            ("no_code", 200, json, r#"{"responseCode":"200170"}"#),
            ("contradiction", 500, json, good),
            ("contradiction", 200, json, r#"{"responseCode":"2001800"}"#),
            ("too_deep", 200, json, deep.as_str()),
            ("too_long", 200, json, long.as_str()),
        ] {
            assert_eq!(read(Service::TransferInside, &reply(status, kind, body)), Err(doubt), "{body:.60}");
        }
    }

    #[test]
    fn money_is_whole_rupiah_written_one_way() {
        let amount = |value: &str, currency: &str| rupiah(&json!({"value": value, "currency": currency}));
        assert_eq!(amount("600000.00", "IDR"), Some(600_000));
        for wrong in [
            "600000",
            "600000.0",
            "600000.50",
            "600,000.00",
            "-1.00",
            "+1.00",
            "1e5.00",
            " 1.00",
            ".00",
            "99999999999999999999.00",
        ] {
            assert_eq!(amount(wrong, "IDR"), None, "{wrong}");
        }
        assert_eq!(amount("600000.00", "USD"), None);
        assert_eq!(rupiah(&json!({"value": 600_000, "currency": "IDR"})), None);
    }
}

//! A bank that speaks SNAP BI and counts its credits: a state machine from a call to an answer, with time and seed as parameters. It
//! verifies signatures, times, tokens and numbers as the standard asks, keeps accounts, and errs in every way that a bank and the net
//! before it err: answers lost after or before the work, work that goes on, replies that are late, cut, contradictory, in another
//! format, of another amount or line, tokens that end, too many calls. Written apart from the client, so that each checks the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use ring::{digest, hmac, signature};
use serde_json::{Value, json};

use crate::{bank::fold, dice::Dice};

/// Clocks may differ by so much, milliseconds.
const SKEW_MS: i64 = 300_000;
const ZONE_MS: i64 = 7 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// What the bank knows of its partner.
#[derive(Debug, Clone)]
pub struct Partner {
    /// X-CLIENT-KEY.
    pub client_key: String,
    /// The client secret.
    pub secret: Vec<u8>,
    /// The public key, PKCS #1.
    pub public_key: Vec<u8>,
    /// X-PARTNER-ID.
    pub partner_id: String,
    /// CHANNEL-ID.
    pub channel_id: String,
    /// The account that pays.
    pub source_account: String,
    /// Before the version in every path.
    pub base_path: String,
}

/// How an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Open,
    /// Closed since.
    Closed,
    /// Unused for long.
    Dormant,
}

/// Shares of calls that go wrong, each way; zero to one.
#[derive(Debug, Clone, Copy)]
pub struct SnapManners {
    /// The work is done, the answer is lost.
    pub lost_after: f64,
    /// The call is lost before the work.
    pub lost_before: f64,
    /// The work goes on for some questions.
    pub in_progress: f64,
    /// The work is done, the answer is a server's error.
    pub error_after: f64,
    /// The answer is wrong: amount, reference, cut, another format, or it contradicts itself.
    pub wrong: f64,
    /// Turned away: too many calls.
    pub too_many: f64,
    /// The token is forgotten.
    pub forgets_token: f64,
    /// The transfer fails at the bank after it was accepted.
    pub fails: f64,
    /// The answer is late.
    pub slow: f64,
    /// Credits whatever comes twice, instead of knowing its reference.
    pub credits_again: bool,
}

impl SnapManners {
    /// Nothing goes wrong.
    pub const HONEST: Self = Self {
        lost_after: 0.0,
        lost_before: 0.0,
        in_progress: 0.0,
        error_after: 0.0,
        wrong: 0.0,
        too_many: 0.0,
        forgets_token: 0.0,
        fails: 0.0,
        slow: 0.0,
        credits_again: false,
    };
    /// A bad day.
    pub const BAD: Self = Self {
        lost_after: 0.08,
        lost_before: 0.06,
        in_progress: 0.08,
        error_after: 0.04,
        wrong: 0.10,
        too_many: 0.05,
        forgets_token: 0.03,
        fails: 0.04,
        slow: 0.10,
        credits_again: true,
    };
}

/// A call as it arrives.
#[derive(Debug, Clone, Copy)]
pub struct SnapCall<'a> {
    /// Method.
    pub method: &'a str,
    /// Path.
    pub path: &'a str,
    /// Header by its name, compared without case.
    pub headers: &'a [(String, String)],
    /// Body.
    pub body: &'a [u8],
}

/// What the caller gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapReply {
    /// HTTP status.
    pub status: u16,
    /// Content-Type.
    pub content_type: &'static str,
    /// Body.
    pub body: Vec<u8>,
    /// So late, milliseconds.
    pub delay_ms: u64,
    /// No reply at all: the connection ends.
    pub lost: bool,
}

#[derive(Debug, Clone)]
struct Account {
    name: String,
    standing: Standing,
}

/// How a transfer stands at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Done after so many more questions.
    GoesOn(u8),
    Done,
    Failed,
}

#[derive(Debug, Clone)]
struct Transfer {
    account: String,
    amount: i64,
    txn: String,
    work: Work,
    at_ms: i64,
}

/// A line of the paying account.
#[derive(Debug, Clone)]
struct Booking {
    at_ms: i64,
    credit: bool,
    kind: &'static str,
    amount: i64,
    txn: String,
    reference: String,
    account: String,
}

/// The bank.
#[derive(Debug)]
pub struct SnapBank {
    partner: Partner,
    seed: u64,
    manners: SnapManners,
    accounts: BTreeMap<String, Account>,
    transfers: BTreeMap<String, Transfer>,
    /// Times that an account was credited, and the sum.
    credits: BTreeMap<String, (u32, i64)>,
    bookings: Vec<Booking>,
    numbers: BTreeSet<(i64, String)>,
    tokens: BTreeMap<String, i64>,
    token_s: i64,
    calls: u64,
    refusals: BTreeMap<&'static str, u64>,
}

impl SnapBank {
    /// A bank without accounts whose tokens hold for `token_s` seconds.
    pub fn new(partner: Partner, seed: u64, manners: SnapManners, token_s: i64) -> Self {
        Self {
            partner,
            seed,
            manners,
            accounts: BTreeMap::new(),
            transfers: BTreeMap::new(),
            credits: BTreeMap::new(),
            bookings: Vec::new(),
            numbers: BTreeSet::new(),
            tokens: BTreeMap::new(),
            token_s,
            calls: 0,
            refusals: BTreeMap::new(),
        }
    }

    /// Opens an account, or changes it.
    pub fn account(&mut self, number: &str, name: &str, standing: Standing) {
        self.accounts.insert(number.to_owned(), Account { name: name.to_owned(), standing });
    }

    /// From now on.
    pub fn behave(&mut self, manners: SnapManners) {
        self.manners = manners;
    }

    /// Accounts that were credited, how often, and how much.
    pub fn credits(&self) -> &BTreeMap<String, (u32, i64)> {
        &self.credits
    }

    /// Calls that arrived.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Calls that were not as the standard asks, by what was wrong.
    pub fn refusals(&self) -> &BTreeMap<&'static str, u64> {
        &self.refusals
    }

    /// The money leaves the account: all that was credited, or back to the payer.
    pub fn leave(&mut self, reference: &str, back: bool, at_ms: i64) {
        let Some(of) = self.transfers.get(reference).filter(|of| of.work == Work::Done) else { return };
        let kind = if back { "RTN" } else { "CWD" };
        let txn = format!("{kind}{:016X}", fold(reference) ^ self.seed);
        let (amount, account) = (of.amount, of.account.clone());
        let reference = reference.to_owned();
        self.bookings.push(Booking { at_ms, credit: back, kind, amount, txn, reference, account });
    }

    /// References of transfers that were done, with their accounts.
    pub fn done(&self) -> Vec<(String, String)> {
        let done = self.transfers.iter().filter(|(_, of)| of.work == Work::Done);
        done.map(|(reference, of)| (reference.clone(), of.account.clone())).collect()
    }

    /// Answers a call.
    pub fn answer(&mut self, call: SnapCall<'_>, now_ms: i64) -> SnapReply {
        self.calls += 1;
        let mut dice = Dice::new(self.seed, [0x534e_4150, self.calls, 0]);
        let rest = call.path.strip_prefix(self.partner.base_path.as_str()).unwrap_or("");
        let mut parts = rest.trim_start_matches('/').splitn(2, '/');
        let (version, name) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let service = match name {
            "access-token/b2b" => "73",
            "account-inquiry-internal" => "15",
            "account-inquiry-external" => "16",
            "transfer-intrabank" => "17",
            "transfer-interbank" => "18",
            "transfer/status" => "36",
            "bank-statement" => "14",
            _ => "",
        };
        if service.is_empty() || !version.starts_with('v') || call.method != "POST" {
            return plain(404, "text/html", "<html><body>404</body></html>");
        }
        let mut reply = if service == "73" {
            self.give_token(call, now_ms, &mut dice)
        } else {
            match self.admit(call, service, now_ms, &mut dice) {
                Ok(body) => self.serve(service, &body, (call, now_ms), &mut dice),
                Err(refused) => refused,
            }
        };
        if dice.chance(self.manners.slow) {
            reply.delay_ms = 200 + dice.below(2_000) as u64;
        }
        reply
    }

    fn refuse(&mut self, service: &str, status: u16, case: &str, what: &'static str) -> SnapReply {
        *self.refusals.entry(what).or_default() += 1;
        told(status, service, case, what, json!({}))
    }

    fn give_token(&mut self, call: SnapCall<'_>, now_ms: i64, dice: &mut Dice) -> SnapReply {
        let (stamp, client) = (header(call, "X-TIMESTAMP"), header(call, "X-CLIENT-KEY"));
        if client != self.partner.client_key {
            return self.refuse("73", 401, "00", "client key");
        }
        if !in_time(stamp, now_ms) {
            return self.refuse("73", 400, "01", "timestamp");
        }
        let key = signature::UnparsedPublicKey::new(
            &signature::RSA_PKCS1_2048_8192_SHA256,
            self.partner.public_key.as_slice(),
        );
        let signed = decode(header(call, "X-SIGNATURE")).unwrap_or_default();
        if key.verify(format!("{client}|{stamp}").as_bytes(), &signed).is_err() {
            return self.refuse("73", 401, "00", "token signature");
        }
        let token = format!("{:016x}{:016x}", dice.next(), dice.next());
        self.tokens.insert(token.clone(), now_ms + self.token_s * 1_000);
        let fields =
            json!({"accessToken": token, "tokenType": "Bearer", "expiresIn": self.token_s.to_string()});
        told(200, "73", "00", "Successful", fields)
    }

    /// Whether the call is as the standard asks; answers its body.
    fn admit(
        &mut self,
        call: SnapCall<'_>,
        service: &str,
        now_ms: i64,
        dice: &mut Dice,
    ) -> Result<Value, SnapReply> {
        if dice.chance(self.manners.too_many) {
            return Err(told(429, service, "00", "Too Many Requests", json!({})));
        }
        if dice.chance(self.manners.forgets_token) {
            self.tokens.clear();
        }
        let token = header(call, "Authorization").strip_prefix("Bearer ").unwrap_or("");
        if self.tokens.get(token).is_none_or(|until| *until <= now_ms) {
            return Err(told(401, service, "01", "Invalid Token (B2B)", json!({})));
        }
        let stamp = header(call, "X-TIMESTAMP");
        if !in_time(stamp, now_ms) {
            return Err(self.refuse(service, 400, "01", "timestamp"));
        }
        let hash = digest::digest(&digest::SHA256, &minified(call.body));
        let hex = hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let message = format!("{}:{}:{token}:{hex}:{stamp}", call.method, call.path);
        let key = hmac::Key::new(hmac::HMAC_SHA512, &self.partner.secret);
        let signed = decode(header(call, "X-SIGNATURE")).unwrap_or_default();
        if hmac::verify(&key, message.as_bytes(), &signed).is_err() {
            return Err(self.refuse(service, 401, "00", "signature"));
        }
        let partner = header(call, "X-PARTNER-ID") == self.partner.partner_id;
        if !partner || header(call, "CHANNEL-ID") != self.partner.channel_id {
            return Err(self.refuse(service, 401, "00", "partner"));
        }
        let number = header(call, "X-EXTERNAL-ID");
        let digits = (1..=36).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !header(call, "Content-Type").starts_with("application/json") {
            return Err(self.refuse(service, 400, "01", "external id"));
        }
        let day = (now_ms + ZONE_MS).div_euclid(DAY_MS);
        if !self.numbers.insert((day, number.to_owned())) {
            return Err(told(409, service, "00", "Conflict", json!({})));
        }
        match serde_json::from_slice::<Value>(call.body) {
            Ok(body) if body.is_object() => Ok(body),
            _ => Err(self.refuse(service, 400, "00", "body")),
        }
    }

    fn serve(
        &mut self,
        service: &str,
        body: &Value,
        (call, now_ms): (SnapCall<'_>, i64),
        dice: &mut Dice,
    ) -> SnapReply {
        if dice.chance(self.manners.lost_before) {
            return lost();
        }
        let reply = match service {
            "15" | "16" => self.inquire(service, body),
            "17" | "18" => self.transfer(service, body, (call, now_ms), dice),
            "36" => self.status(body),
            _ => self.statement(body),
        };
        self.spoil(service, reply, dice)
    }

    /// What the net and the bank's front do to an answer after the work.
    fn spoil(&self, service: &str, reply: SnapReply, dice: &mut Dice) -> SnapReply {
        if dice.chance(self.manners.lost_after) {
            return lost();
        }
        if dice.chance(self.manners.error_after) {
            let status = if dice.chance(0.5) { 504 } else { 500 };
            return told(status, service, "00", "Timeout", json!({}));
        }
        if !dice.chance(self.manners.wrong) {
            return reply;
        }
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        match dice.below(6) {
            0 => plain(200, "text/html", "<html><body>Sedang dalam pemeliharaan</body></html>"),
            1 => SnapReply { body: reply.body[..reply.body.len() / 2].to_vec(), ..reply },
            2 => SnapReply { content_type: "text/plain", ..reply },
            3 => SnapReply { status: if reply.status == 200 { 500 } else { 200 }, ..reply },
            4 => SnapReply { body: text.replace(".00\"", "0.00\"").into_bytes(), ..reply },
            _ => SnapReply {
                body: text.replace("artnerReferenceNo\":\"", "artnerReferenceNo\":\"X").into_bytes(),
                ..reply
            },
        }
    }

    fn inquire(&mut self, service: &str, body: &Value) -> SnapReply {
        let number = field(body, "beneficiaryAccountNo");
        match self.accounts.get(number) {
            None => told(404, service, "11", "Invalid Account", json!({})),
            Some(Account { standing: Standing::Closed, .. }) => {
                told(404, service, "11", "Invalid Account", json!({}))
            }
            Some(Account { standing: Standing::Dormant, .. }) => {
                told(403, service, "09", "Dormant Account", json!({}))
            }
            Some(account) => {
                let fields = json!({
                    "referenceNo": format!("{:016}", fold(number) % 10_000_000_000_000_000),
                    "partnerReferenceNo": field(body, "partnerReferenceNo"),
                    "beneficiaryAccountName": account.name,
                    "beneficiaryAccountNo": number,
                    "currency": "IDR",
                    "additionalInfo": {"channel": "api"},
                });
                told(200, service, "00", "Successful", fields)
            }
        }
    }

    fn transfer(
        &mut self,
        service: &str,
        body: &Value,
        (_, now_ms): (SnapCall<'_>, i64),
        dice: &mut Dice,
    ) -> SnapReply {
        let (reference, number) = (field(body, "partnerReferenceNo"), field(body, "beneficiaryAccountNo"));
        let Some(amount) = amount_of(body) else { return self.refuse(service, 400, "01", "amount") };
        if reference.is_empty() || field(body, "sourceAccountNo") != self.partner.source_account {
            return self.refuse(service, 400, "02", "fields");
        }
        if self.transfers.contains_key(reference) {
            if self.manners.credits_again {
                self.credit(reference, now_ms);
            }
            return told(409, service, "01", "Duplicate partnerReferenceNo", json!({}));
        }
        match self.accounts.get(number).map(|account| account.standing) {
            Some(Standing::Open) => {}
            Some(Standing::Dormant) => return told(403, service, "09", "Dormant Account", json!({})),
            _ => return told(404, service, "11", "Invalid Account", json!({})),
        }
        let work = if dice.chance(self.manners.fails) {
            Work::Failed
        } else if dice.chance(self.manners.in_progress) {
            Work::GoesOn(1 + dice.below(3) as u8)
        } else {
            Work::Done
        };
        let txn = format!("T{:016X}", fold(reference) ^ self.seed);
        let made = Transfer { account: number.to_owned(), amount, txn: txn.clone(), work, at_ms: now_ms };
        self.transfers.insert(reference.to_owned(), made);
        if work == Work::Done {
            self.credit(reference, now_ms);
        } else {
            return told(202, service, "00", "Request In Progress", json!({"partnerReferenceNo": reference}));
        }
        let fields = json!({
            "referenceNo": txn,
            "partnerReferenceNo": reference,
            "amount": {"value": format!("{amount}.00"), "currency": "IDR"},
            "beneficiaryAccountNo": number,
            "sourceAccountNo": self.partner.source_account,
            "transactionDate": stamp(now_ms),
        });
        told(200, service, "00", "Successful", fields)
    }

    /// The one place where an account is credited.
    fn credit(&mut self, reference: &str, now_ms: i64) {
        let Some(of) = self.transfers.get_mut(reference) else { return };
        of.work = Work::Done;
        let count = self.credits.entry(of.account.clone()).or_default();
        *count = (count.0 + 1, count.1.saturating_add(of.amount));
        self.bookings.push(Booking {
            at_ms: now_ms,
            credit: false,
            kind: "TRF",
            amount: of.amount,
            txn: of.txn.clone(),
            reference: reference.to_owned(),
            account: of.account.clone(),
        });
    }

    fn status(&mut self, body: &Value) -> SnapReply {
        let reference = field(body, "originalPartnerReferenceNo").to_owned();
        let Some(of) = self.transfers.get_mut(&reference) else {
            return told(404, "36", "01", "Transaction Not Found", json!({}));
        };
        let at_ms = of.at_ms;
        let ends = match &mut of.work {
            Work::GoesOn(0) => true,
            Work::GoesOn(left) => {
                *left -= 1;
                false
            }
            Work::Done | Work::Failed => false,
        };
        if ends {
            self.credit(&reference, at_ms);
        }
        let Some(of) = self.transfers.get(&reference) else { return lost() };
        let latest = match of.work {
            Work::GoesOn(_) => "03",
            Work::Done => "00",
            Work::Failed => "06",
        };
        let fields = json!({
            "originalReferenceNo": of.txn,
            "originalPartnerReferenceNo": reference,
            "originalExternalId": field(body, "originalExternalId"),
            "serviceCode": field(body, "serviceCode"),
            "amount": {"value": format!("{}.00", of.amount), "currency": "IDR"},
            "beneficiaryAccountNo": of.account,
            "latestTransactionStatus": latest,
            "transactionDate": stamp(of.at_ms),
        });
        told(200, "36", "00", "Successful", fields)
    }

    fn statement(&mut self, body: &Value) -> SnapReply {
        let (from, to) = (instant(field(body, "fromDateTime")), instant(field(body, "toDateTime")));
        let (Some(from), Some(to)) = (from, to) else { return self.refuse("14", 400, "01", "range") };
        let within = |booking: &&Booking| booking.at_ms >= from && booking.at_ms <= to + 999;
        let rows: Vec<&Booking> = self.bookings.iter().filter(within).collect();
        let total = |credit: bool| {
            let of_kind = || rows.iter().filter(|row| row.credit == credit);
            let sum: i64 = of_kind().map(|row| row.amount).sum();
            json!({
                "numberOfEntries": of_kind().count().to_string(),
                "amount": {"value": format!("{sum}.00"), "currency": "IDR"},
            })
        };
        let detail = |row: &&Booking| {
            json!({
                "amount": {"value": format!("{}.00", row.amount), "currency": "IDR"},
                "transactionDate": stamp(row.at_ms),
                "remark": row.reference,
                "transactionId": row.txn,
                "type": if row.credit { "CREDIT" } else { "DEBIT" },
                "detailInfo": {"transactionType": row.kind, "beneficiaryAccountNo": row.account},
            })
        };
        let fields = json!({
            "totalCreditEntries": total(true),
            "totalDebitEntries": total(false),
            "hasMore": "N",
            "detailData": rows.iter().map(detail).collect::<Vec<_>>(),
        });
        told(200, "14", "00", "Successful", fields)
    }
}

fn plain(status: u16, content_type: &'static str, body: &str) -> SnapReply {
    SnapReply { status, content_type, body: body.as_bytes().to_vec(), delay_ms: 0, lost: false }
}

fn lost() -> SnapReply {
    SnapReply { lost: true, ..plain(0, "", "") }
}

fn told(status: u16, service: &str, case: &str, message: &str, fields: Value) -> SnapReply {
    let mut body = fields;
    body["responseCode"] = format!("{status}{service}{case}").into();
    body["responseMessage"] = message.into();
    plain(status, "application/json", &body.to_string())
}

fn header<'a>(call: SnapCall<'a>, name: &str) -> &'a str {
    let found = call.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map_or("", |(_, value)| value.as_str())
}

fn field<'a>(body: &'a Value, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or("")
}

fn amount_of(body: &Value) -> Option<i64> {
    let amount = body.get("amount")?;
    let whole = amount.get("value")?.as_str()?.strip_suffix(".00")?;
    let rupiah = amount.get("currency")?.as_str()? == "IDR";
    whole.parse().ok().filter(|idr| rupiah && *idr > 0)
}

fn instant(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

fn in_time(text: &str, now_ms: i64) -> bool {
    instant(text).is_some_and(|at| (at - now_ms).abs() <= SKEW_MS)
}

fn stamp(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    let local = jiff::tz::Offset::constant(7).to_datetime(at);
    format!("{}T{:02}:{:02}:{:02}+07:00", local.date(), local.hour(), local.minute(), local.second())
}

/// Without spaces between its parts.
fn minified(body: &[u8]) -> Vec<u8> {
    let (mut text, mut escaped) = (false, false);
    let keep = |byte: &u8| {
        if escaped {
            escaped = false;
            return true;
        }
        match byte {
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b' ' | b'\t' | b'\n' | b'\r' => return text,
            _ => {}
        }
        true
    };
    body.iter().copied().filter(keep).collect()
}

/// Base64, padding and all.
fn decode(text: &str) -> Option<Vec<u8>> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut out = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let digits: Vec<u32> = group
            .iter()
            .take_while(|byte| **byte != b'=')
            .map(|byte| value(*byte).map(u32::from))
            .collect::<Option<_>>()?;
        if group.len() != 4 || digits.len() < 2 {
            return None;
        }
        let word = digits.iter().fold(0, |word, digit| word << 6 | digit) << (6 * (4 - digits.len()));
        out.extend((0..digits.len() - 1).map(|place| (word >> (16 - 8 * place) & 255) as u8));
    }
    Some(out)
}

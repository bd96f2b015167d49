//! What follows from a reply, or from its absence: pure decisions. A transfer is sent once; whatever may have reached the bank is asked
//! about until the bank answers; only what the bank does not know after its own cut-off is sent again, under the same reference.

use policy::Api;

use super::talk::{Answer, CallError, Doubt, Subject};

/// How a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallState {
    /// Meant, and certainly not with the bank.
    Intent,
    /// About to be sent when last seen: after a crash nobody knows.
    Sent,
    /// Sent, without an answer that can be believed.
    Unknown,
    /// Answered for good.
    Told,
}

impl CallState {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Told => "told",
        }
    }

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        [Self::Intent, Self::Sent, Self::Unknown, Self::Told].into_iter().find(|state| state.code() == code)
    }
}

/// What to do next with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    Inquire,
    Transfer,
    Status,
}

/// An account is asked about as often as need be; a transfer only while it is certainly not with the bank.
pub(crate) fn next(check: bool, state: CallState) -> Option<Move> {
    match (check, state) {
        (_, CallState::Told) => None,
        (true, _) => Some(Move::Inquire),
        (false, CallState::Intent) => Some(Move::Transfer),
        (false, CallState::Sent | CallState::Unknown) => Some(Move::Status),
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The bank's last word.
    Told { word: String, account: String, name: String, txn: String, day: Option<String> },
    /// Certainly not with the bank: to be sent later. Why.
    NotNow(Doubt),
    /// Perhaps with the bank: to be asked about later. Why.
    Unclear(Doubt),
    /// The bank does not know it, and its cut-off is over: to be sent again under the same reference.
    Again,
}

/// A refusal by the bank that ends the matter: it understood the request and says no.
fn refuses(answer: &Answer) -> bool {
    (400..500).contains(&answer.status) && !matches!(answer.status, 401 | 408 | 409 | 425 | 429)
}

/// Certainly not processed, and no fault of the line: no valid token, too many calls, a request that is not as the bank wants it (a clock
/// that is wrong makes all of them so), no money on the paying account. A line does not fail by it; it waits until this is mended.
fn turned_away(answer: &Answer) -> Option<Doubt> {
    match (answer.status, answer.case.as_str()) {
        (400, _) => Some("bad_request"),
        (401, _) => Some("token"),
        (403, "14") => Some("no_funds"),
        (429, _) => Some("too_many"),
        _ => None,
    }
}

/// What an account inquiry came to.
pub(crate) fn inquired(of: &Subject, got: Result<Result<Answer, Doubt>, CallError>) -> Outcome {
    let answer = match got {
        Err(CallError::NotSent) => return Outcome::NotNow("not_sent"),
        Err(CallError::Unknown) => return Outcome::Unclear("no_answer"),
        Ok(Err(doubt)) => return Outcome::Unclear(doubt),
        Ok(Ok(answer)) => answer,
    };
    let told = |account: &str, name: &str| Outcome::Told {
        word: answer.word(),
        account: account.to_owned(),
        name: name.chars().take(140).collect(),
        txn: String::new(),
        day: None,
    };
    if answer.good() {
        let name = answer.text("beneficiaryAccountName");
        let ours = answer.is_about("beneficiaryAccountNo", &of.account);
        return match (ours, name) {
            _ if answer.differs("partnerReferenceNo", &of.reference) => Outcome::Unclear("wrong_reference"),
            (Err(_), _) => Outcome::Unclear("wrong_account"),
            (Ok(()), Err(doubt)) => Outcome::Unclear(doubt),
            (Ok(()), Ok(name)) => told(&of.account, name),
        };
    }
    match turned_away(&answer) {
        Some(why) => Outcome::NotNow(why),
        None if refuses(&answer) => told("", ""),
        None => Outcome::Unclear("not_done"),
    }
}

/// What a transfer came to.
pub(crate) fn transferred(of: &Subject, got: Result<Result<Answer, Doubt>, CallError>) -> Outcome {
    let answer = match got {
        Err(CallError::NotSent) => return Outcome::NotNow("not_sent"),
        Err(CallError::Unknown) => return Outcome::Unclear("no_answer"),
        Ok(Err(doubt)) => return Outcome::Unclear(doubt),
        Ok(Ok(answer)) => answer,
    };
    if answer.good() {
        let fits = answer.is_about("partnerReferenceNo", &of.reference).and_then(|()| answer.pays(of.amount));
        let other = answer.differs("beneficiaryAccountNo", &of.account);
        return match (fits, answer.text("referenceNo")) {
            (Err(doubt), _) | (Ok(()), Err(doubt)) => Outcome::Unclear(doubt),
            (Ok(()), Ok(_)) if other => Outcome::Unclear("wrong_account"),
            (Ok(()), Ok(txn)) => told(of, answer.word(), txn, answer.day()),
        };
    }
    match turned_away(&answer) {
        Some(why) => Outcome::NotNow(why),
        None if refuses(&answer) => told(of, answer.word(), "", None),
        None if answer.status == 409 => Outcome::Unclear("duplicate"),
        None if answer.status == 202 => Outcome::Unclear("in_progress"),
        None => Outcome::Unclear("not_done"),
    }
}

/// What a question about a transfer came to; `sent_ms` when it was last sent.
pub(crate) fn asked(
    api: &Api,
    of: &Subject,
    got: Result<Result<Answer, Doubt>, CallError>,
    (sent_ms, now_ms): (i64, i64),
) -> Outcome {
    let answer = match got {
        Err(_) => return Outcome::Unclear("no_answer"),
        Ok(Err(doubt)) => return Outcome::Unclear(doubt),
        Ok(Ok(answer)) => answer,
    };
    let settled = now_ms.saturating_sub(sent_ms) >= i64::from(api.settled_after_s) * 1_000;
    let not_found = if settled { Outcome::Again } else { Outcome::Unclear("not_found") };
    if answer.status == 404 && answer.case == "01" {
        return not_found;
    }
    if !answer.good() {
        return Outcome::Unclear(turned_away(&answer).unwrap_or("not_done"));
    }
    if let Err(doubt) = answer.is_about("originalPartnerReferenceNo", &of.reference) {
        return Outcome::Unclear(doubt);
    }
    let Ok(status) = answer.text("latestTransactionStatus") else { return Outcome::Unclear("no_field") };
    match status {
        "07" => not_found,
        "00" | "04" | "05" | "06" => {
            if let Err(doubt) = answer.pays(of.amount) {
                return Outcome::Unclear(doubt);
            }
            if answer.differs("beneficiaryAccountNo", &of.account) {
                return Outcome::Unclear("wrong_account");
            }
            // A status in words of its own would be another word than the transfer's for the same thing.
            let word = if status == "00" { "200:00".to_owned() } else { format!("STS:{status}") };
            match answer.text("originalReferenceNo") {
                Err(doubt) if status == "00" => Outcome::Unclear(doubt),
                txn => told(of, word, txn.unwrap_or(""), answer.day()),
            }
        }
        _ => Outcome::Unclear("in_progress"),
    }
}

fn told(of: &Subject, word: String, txn: &str, day: Option<String>) -> Outcome {
    // A refusal has no number of the bank's; the movement that may follow must not meet it.
    let txn = if txn.is_empty() { format!("{}/{}", of.reference, word) } else { txn.to_owned() };
    Outcome::Told {
        word,
        account: of.account.clone(),
        name: String::new(),
        txn: txn.chars().take(80).collect(),
        day,
    }
}

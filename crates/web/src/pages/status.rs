//! The statuses that villages know, each with what leads to it, what comes next, and the sentence for the citizen.

use askama::Template;
use policy::Status;

use crate::{
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

/// The table of statuses.
#[derive(Template)]
#[template(path = "status.html")]
pub(crate) struct StatusesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) statuses: Vec<Status>,
}

pub(crate) async fn list(visit: Visit) -> Answer {
    visit.scope("payment.read")?;
    let t = visit.t();
    page(&StatusesPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (String::new(), t.say("web-statuses")),
        ],
        statuses: t.policy().statuses().all().to_vec(),
        shell: visit.shell(),
        t,
    })
}

/// The status with this key.
pub(crate) fn status<'a>(t: &'a Tongue, key: &str) -> Option<&'a Status> {
    t.policy().statuses().all().iter().find(|status| status.key == key)
}

/// The word that SIKS-NG prints; a bare dash is never shown.
pub(crate) fn printed(t: &Tongue, status: &Status) -> String {
    match status.printed.as_str() {
        "" => t.say("web-status-ours"),
        "-" => t.say("web-status-dash"),
        word => word.to_owned(),
    }
}

/// Colour of a status.
pub(crate) fn status_kind(status: &Status) -> &'static str {
    match status.pay.as_str() {
        "yes" => "good",
        "wait" => "note",
        _ => "bad",
    }
}

impl StatusesPage {
    /// What leads to it, in words: states of a line, or a decision.
    fn leads(&self, status: &Status) -> String {
        let Some(states) = &status.states else { return self.t.say("web-status-decision") };
        let words = ["payment-eligibility", "payment-account", "payment-state"];
        let mut parts: Vec<String> = states
            .iter()
            .zip(words)
            .filter(|(codes, _)| !codes.is_empty())
            .map(|(codes, words)| {
                let said: Vec<String> = codes.iter().map(|code| self.t.code(words, code)).collect();
                said.join(", ")
            })
            .collect();
        if !status.reason.is_empty() {
            let said = self.t.code("payment-reason", &status.reason);
            let known = said != status.reason;
            parts.push(if known { said } else { self.t.code("payment-problem", &status.reason) });
        }
        parts.join("; ")
    }
}

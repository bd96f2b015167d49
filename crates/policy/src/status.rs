//! The statuses that villages know (`statuses.toml`): how the words of SIKS-NG stand to our three states of a payment line and to the
//! exclusions of programmes, with the next step and a plain sentence for the citizen.
//!
//! Every combination of the three states leads to exactly one status, whatever the reason; a pack for which that does not hold is
//! refused. Never here: a status without a next step, a bare dash.

use std::collections::BTreeSet;

use rules::Label;

use crate::{
    fault::Faults,
    pack::Pack,
    reader::{Placed, Source as File, Table},
};

/// Codes of eligibility, account and payment, as payment lines have them.
pub const LINE_STATES: [(&str, &[&str]); 3] = [
    ("eligibility", &["eligible", "held", "cancelled"]),
    ("account", &["unchecked", "asked", "good", "doubtful", "failed", "not_needed"]),
    (
        "payment",
        &[
            "set",
            "committed",
            "ordered",
            "instructed",
            "topped_up",
            "withdrawn",
            "returned",
            "sent_back",
            "failed",
        ],
    ),
];
/// Reasons that can give a combination another status.
pub const LINE_REASONS: [&str; 2] = ["payee_died", "sent_for_opening"];
/// Whether money comes.
const PAYS: [&str; 3] = ["yes", "wait", "no"];

/// A status.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// Its key.
    pub key: String,
    /// The word that SIKS-NG prints; empty where it has none.
    pub printed: String,
    /// Whether money comes: `yes`, `wait` or `no`.
    pub pay: String,
    /// For people who work with it.
    pub label: Label,
    /// What comes next.
    pub next: Label,
    /// For the citizen, in plain words.
    pub citizen: Label,
    /// Eligibility, account and payment that lead to it, each empty for any; none of them where no payment line leads to it.
    pub states: Option<[Vec<String>; 3]>,
    /// The reason that leads to it; empty for any that no other status names.
    pub reason: String,
}

/// All statuses, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Statuses(Vec<Status>);

impl Statuses {
    /// All of them.
    pub fn all(&self) -> &[Status] {
        &self.0
    }

    /// The status of a payment line: by eligibility, account and payment, and by a reason where one of [`LINE_REASONS`] holds.
    pub fn of_line(&self, states: [&str; 3], reason: &str) -> Option<&Status> {
        let led = self.leading(states);
        let named = led.iter().find(|status| !reason.is_empty() && status.reason == reason);
        named.or_else(|| led.iter().find(|status| status.reason.is_empty())).copied()
    }

    /// The status that SIKS-NG prints for an exclusion of a programme.
    pub fn of_exclusion(&self, printed: &str) -> Option<&Status> {
        self.0.iter().find(|status| status.printed == printed)
    }

    /// Every status to which states lead, whatever the reason.
    fn leading(&self, states: [&str; 3]) -> Vec<&Status> {
        let fits = |status: &&Status| {
            status.states.as_ref().is_some_and(|of| {
                of.iter().zip(states).all(|(of, state)| of.is_empty() || of.iter().any(|one| one == state))
            })
        };
        self.0.iter().filter(fits).collect()
    }

    /// The combinations that lead to no status, or to several: states, reason and keys.
    pub fn unclear(&self) -> Vec<([&'static str; 3], &'static str, Vec<String>)> {
        let [(_, eligibility), (_, account), (_, payment)] = LINE_STATES;
        let mut out = Vec::new();
        for one in eligibility {
            for two in account {
                for three in payment {
                    let states = [*one, *two, *three];
                    let led = self.leading(states);
                    for reason in std::iter::once("").chain(LINE_REASONS) {
                        let keys: Vec<String> = led
                            .iter()
                            .filter(|status| status.reason == reason)
                            .map(|status| status.key.clone())
                            .collect();
                        // One for any reason, and at most one for each of them.
                        if keys.len() > 1 || (reason.is_empty() && keys.is_empty()) {
                            out.push((states, reason, keys));
                        }
                    }
                }
            }
        }
        out
    }
}

const FILE: &str = "statuses.toml";

pub(crate) fn load(pack: &Pack, faults: &Faults, printed: &BTreeSet<String>) -> Statuses {
    let Some(text) = pack.files.get(FILE) else {
        faults.add(FILE, "", 0, "the file is missing".to_owned(), "add it to the pack".to_owned());
        return Statuses::default();
    };
    let clean = faults.none();
    let source = File { file: FILE, text, faults };
    let statuses = source.read_toml(|table| Statuses(table.each("status", read)));
    let mut keys = BTreeSet::new();
    for status in &statuses.0 {
        if !keys.insert(&status.key) {
            source.fault(0, format!("two statuses have the key `{}`", status.key), "give each its own");
        }
    }
    if !clean || !faults.none() {
        return statuses;
    }
    for (states, reason, keys) in statuses.unclear().into_iter().take(3) {
        let of = states.join(", ");
        let reason = if reason.is_empty() { String::new() } else { format!(" with reason {reason}") };
        let found = if keys.is_empty() { "no status".to_owned() } else { keys.join(", ") };
        source.fault(0, format!("{of}{reason} leads to {found}"), "lead every combination to one status");
    }
    for word in printed.iter().filter(|word| statuses.of_exclusion(word).is_none()) {
        let message = format!("programmes exclude with the word `{word}`, which no status prints");
        source.fault(0, message, "add a status with this `printed`, or mend the word of the exclusion");
    }
    statuses
}

fn read(table: &Table<'_>) -> Status {
    let states = LINE_STATES.map(|(key, codes)| {
        let given = table.texts(key);
        known(table, &given, codes);
        given.into_iter().map(|one| one.value).collect::<Vec<String>>()
    });
    let reason = table.opt_text("reason").unwrap_or_default();
    if !reason.is_empty() && !LINE_REASONS.contains(&reason.as_str()) {
        table.fault("reason", format!("no reason `{reason}`"), format!("take {}", LINE_REASONS.join(", ")));
    }
    let pay = table.text("pay");
    if !pay.is_empty() && !PAYS.contains(&pay.as_str()) {
        table.fault("pay", format!("`{pay}` is none of yes, wait, no"), "write one of them");
    }
    Status {
        key: table.text("key"),
        printed: table.opt_text("printed").unwrap_or_default(),
        pay,
        label: table.label("label"),
        next: table.label("next"),
        citizen: table.label("citizen"),
        states: Some(states).filter(|states| states.iter().any(|of| !of.is_empty())),
        reason,
    }
}

fn known(table: &Table<'_>, given: &[Placed<String>], codes: &[&str]) {
    for one in given.iter().filter(|one| !codes.contains(&one.value.as_str())) {
        table.fault_at(&one.at, format!("no state `{}`", one.value), format!("take {}", codes.join(", ")));
    }
}

//! `[api]` of a channel: the bank is asked and told by calls (SNAP BI, Bank Indonesia's open API standard for payments) instead of by
//! files that people carry. In: addresses, identities, limits, and the names of the variables that hold keys. Never here: a key, a
//! secret, an address of a real bank; those belong to the machine that pays.

use crate::reader::Table;

/// Versions of the services, each a part of its path.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ApiVersions {
    /// Access token B2B.
    pub token: String,
    /// Account inquiry.
    pub inquiry: String,
    /// Transfer.
    pub transfer: String,
    /// Status of a transfer.
    pub status: String,
    /// Bank statement.
    pub statement: String,
}

/// Names of environment variables.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ApiVariables {
    /// Holds the address of the bank: scheme, host, port.
    pub url: String,
    /// Holds the client key (X-CLIENT-KEY).
    pub client_key: String,
    /// Holds the path of the file with the client secret.
    pub secret_file: String,
    /// Holds the path of the file with the private key (PKCS #8, PEM).
    pub private_key_file: String,
}

/// How a bank is reached by calls.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Api {
    /// Before the version in every path; part of what is signed.
    pub base_path: String,
    /// Versions of the services.
    pub versions: ApiVersions,
    /// X-PARTNER-ID.
    pub partner_id: String,
    /// CHANNEL-ID.
    pub channel_id: String,
    /// The account that pays.
    pub source_account: String,
    /// Code of the bank where the families' accounts are, when it is another one than the bank that is called.
    pub bank_code: Option<String>,
    /// Digits of X-EXTERNAL-ID.
    pub external_id_digits: usize,
    /// Where the machine keeps address and keys.
    pub variables: ApiVariables,
    /// Calls begun within a second, at most.
    pub calls_per_second: u32,
    /// Calls under way at once, at most.
    pub calls_at_once: usize,
    /// How long one call may take, seconds.
    pub timeout_s: u32,
    /// Between two questions about one unclear transfer, seconds.
    pub ask_again_s: u32,
    /// After this time a transfer that the bank does not find will never appear: it may be sent again. Seconds since it was sent.
    pub settled_after_s: u32,
    /// How long a transfer may be unclear before a person is told, seconds.
    pub unclear_max_s: u32,
}

/// Bounds of a duration: one second to a week.
const SECONDS: std::ops::RangeInclusive<i64> = 1..=604_800;

pub(crate) fn read(table: &Table<'_>) -> Api {
    let seconds = |key: &str| u32::try_from(table.int(key, SECONDS)).unwrap_or(1);
    let api = Api {
        base_path: path(table, "base_path"),
        versions: table.table("versions", versions).unwrap_or_else(|| ApiVersions {
            token: String::new(),
            inquiry: String::new(),
            transfer: String::new(),
            status: String::new(),
            statement: String::new(),
        }),
        partner_id: word(table, "partner_id", 36),
        channel_id: word(table, "channel_id", 5),
        source_account: digits(table, "source_account", 19),
        bank_code: table.has("bank_code").then(|| word(table, "bank_code", 8)),
        external_id_digits: usize::try_from(table.int("external_id_digits", 9..=36)).unwrap_or(9),
        variables: ApiVariables {
            url: variable(table, "url_variable"),
            client_key: variable(table, "client_key_variable"),
            secret_file: variable(table, "secret_file_variable"),
            private_key_file: variable(table, "private_key_file_variable"),
        },
        calls_per_second: u32::try_from(table.int("calls_per_second", 1..=10_000)).unwrap_or(1),
        calls_at_once: usize::try_from(table.int("calls_at_once", 1..=64)).unwrap_or(1),
        timeout_s: u32::try_from(table.int("timeout_s", 1..=300)).unwrap_or(1),
        ask_again_s: seconds("ask_again_s"),
        settled_after_s: seconds("settled_after_s"),
        unclear_max_s: seconds("unclear_max_s"),
    };
    table.know("bank_code");
    if api.settled_after_s <= api.timeout_s {
        let message = "a transfer would be sent again while the first call may still be under way";
        table.fault("settled_after_s", message, "write the bank's own cut-off, more than timeout_s");
    }
    api
}

fn versions(table: &Table<'_>) -> ApiVersions {
    let version = |key: &str| {
        let text = table.text(key);
        let known = text.strip_prefix('v').is_some_and(|rest| {
            !rest.is_empty() && rest.len() <= 5 && rest.bytes().all(|c| c.is_ascii_digit() || c == b'.')
        });
        if !known && !text.is_empty() {
            table.fault(
                key,
                format!("`{text}` is no version"),
                "write it as in the bank's paths, such as v1.0",
            );
        }
        text
    };
    ApiVersions {
        token: version("token"),
        inquiry: version("inquiry"),
        transfer: version("transfer"),
        status: version("status"),
        statement: version("statement"),
    }
}

/// Empty, or `/` and parts of letters, digits, `-`, `_`, `.`.
fn path(table: &Table<'_>, key: &str) -> String {
    let text = table.opt_text(key).unwrap_or_default();
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
    };
    let known = text.is_empty() || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(part));
    if !known {
        table.fault(
            key,
            format!("`{text}` is no path"),
            "write it like /snap, without host and without a / at the end",
        );
    }
    text
}

fn word(table: &Table<'_>, key: &str, max: usize) -> String {
    let text = table.text(key);
    let known =
        text.len() <= max && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'));
    if !known {
        table.fault(
            key,
            format!("`{key}` is no identity of a partner"),
            format!("write at most {max} letters and digits"),
        );
    }
    text
}

fn digits(table: &Table<'_>, key: &str, max: usize) -> String {
    let text = table.text(key);
    if text.len() > max || !text.bytes().all(|c| c.is_ascii_digit()) {
        table.fault(
            key,
            format!("`{key}` is no number of an account"),
            format!("write at most {max} digits"),
        );
    }
    text
}

/// The name of a variable; whatever looks like a value is refused, so that no key is ever written here.
fn variable(table: &Table<'_>, key: &str) -> String {
    let text = table.text(key);
    let named = text.len() <= 64
        && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_')
        && text.bytes().any(|c| c.is_ascii_uppercase());
    if !named && !text.is_empty() {
        let message = format!("`{key}` is no name of a variable");
        table.fault(
            key,
            message,
            "write capital letters, digits and _; the key itself never stands in the policy pack",
        );
    }
    text
}

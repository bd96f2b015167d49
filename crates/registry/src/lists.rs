//! Pages of received lists: which came in, and what was wrong with them.
//!
//! Comes in: a scope with `list.read`. Goes out: counts for everybody who may read lists; single findings only of rows of the reader's own
//! territory (and, for the nation, of all). Must never happen: a NIK in the open; values here are masked when they are found.

use std::collections::BTreeMap;
use std::io::Write;

use access::{House, Scope};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use model::Lang;
use policy::{Policy, Words};
use serde::Serialize;
use store::{Page, Paged, Row, params};

use crate::intake::refusal::message;
use crate::intake::{Error, Rule, Severity, queries};

/// One received list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListView {
    /// Number of the list.
    pub file_no: i64,
    /// Key of the source.
    pub source: String,
    /// Name of the source, in the reader's language.
    pub source_label: String,
    /// `people` or `rank`.
    pub kind: String,
    /// Name of the file.
    pub name: String,
    /// BLAKE3 of its content.
    pub hash: String,
    /// Size of the file.
    pub bytes: i64,
    /// The day that the list speaks of.
    pub as_of: String,
    /// When it came in, milliseconds since the epoch.
    pub received_at: i64,
    /// Who brought it.
    pub actor: String,
    /// `reading`, `received` or `refused`.
    pub state: String,
    /// Rows below the header.
    pub rows_read: i64,
    /// Rows taken.
    pub rows_accepted: i64,
    /// Rows not taken.
    pub rows_rejected: i64,
    /// All findings.
    pub findings: i64,
    /// Why it was refused, in the reader's language.
    pub refusal: Option<Refused>,
}

/// Why a list was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub remedy: String,
}

/// One list with its findings by rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListPage {
    /// The list.
    pub list: ListView,
    /// Findings by rule, most frequent first.
    pub rules: Vec<RuleCount>,
}

/// How often a rule was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    /// Stable code.
    pub code: String,
    /// How grave.
    pub severity: Severity,
    /// What is wrong, in words.
    pub message: String,
    /// What to do, in words.
    pub remedy: String,
    /// How often.
    pub count: i64,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectView {
    /// Number within the list, from 0.
    pub seq: i64,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Line or row of the file.
    pub line: i64,
    /// Header of the column; empty for the row as a whole.
    pub column: String,
    /// Stable code of the rule.
    pub rule: String,
    /// How grave.
    pub severity: Severity,
    /// The value, masked.
    pub masked: String,
    /// What is wrong, in words.
    pub message: String,
    /// What to do, in words.
    pub remedy: String,
}

/// Lists, newest first.
///
/// # Errors
/// The database's.
pub fn lists(house: &House, _scope: &Scope, lang: Lang, page: &Page) -> Result<Paged<ListView>, Error> {
    let before = page.after_int(i64::MAX)?;
    let rows = house.db.read(|tx| tx.query(&queries::LISTS, params![before, page.fetch()]))?;
    let rows: Result<Vec<ListView>, Error> = rows.iter().map(|row| view(&house.policy, lang, row)).collect();
    Ok(page.page(rows?, |list| vec![list.file_no.into()]))
}

/// One list; nothing when there is no such number.
///
/// # Errors
/// The database's.
pub fn list(house: &House, _scope: &Scope, lang: Lang, file_no: i64) -> Result<Option<ListPage>, Error> {
    let Some(row) = house.db.read(|tx| tx.query_opt(&queries::LIST, params![file_no]))? else {
        return Ok(None);
    };
    let list = view(&house.policy, lang, &row)?;
    let counts: BTreeMap<String, i64> = if list.state == "received" {
        serde_json::from_str(row.text(16)?).unwrap_or_default()
    } else {
        BTreeMap::new()
    };
    let words = house.policy.words();
    let mut rules: Vec<RuleCount> = counts
        .into_iter()
        .map(|(code, count)| RuleCount {
            severity: Rule::from_code(&code).map_or(Severity::Note, Rule::severity),
            message: rule_words(words, lang, &code, ""),
            remedy: rule_words(words, lang, &code, "-remedy"),
            code,
            count,
        })
        .collect();
    rules.sort_by_key(|rule| (rule.severity, std::cmp::Reverse(rule.count)));
    Ok(Some(ListPage { list, rules }))
}

/// Findings of a list that the reader may see, at least as grave as `least`, as many as the database keeps. All of them:
/// [`export_findings`].
///
/// # Errors
/// The database's.
pub fn rejects(
    house: &House,
    scope: &Scope,
    lang: Lang,
    file_no: i64,
    least: Severity,
    page: &Page,
) -> Result<Paged<RejectView>, Error> {
    let after = page.after_int(-1)?;
    let (from, to) = scope.path_range();
    let rows = house.db.read(|tx| {
        tx.query(&queries::REJECTS, params![file_no, after, least.code(), from, to, page.fetch()])
    })?;
    let words = house.policy.words();
    let rows: Result<Vec<RejectView>, Error> = rows.iter().map(|row| reject(words, lang, row)).collect();
    Ok(page.page(rows?, |reject| vec![reject.seq.into()]))
}

/// Writes every finding of a list that the reader may see as CSV (UTF-8, with a header); answers how many.
///
/// # Errors
/// [`lake::Error::NotFound`] when the list has no findings dataset; whatever keeps the text from being written.
pub fn export_findings(
    house: &House,
    scope: &Scope,
    lang: Lang,
    file_no: i64,
    out: impl Write,
) -> Result<u64, Error> {
    let dataset = house.lake.require(&format!("rejects/{file_no}"))?;
    let mut csv = csv::Writer::from_writer(out);
    let failed = |error: csv::Error| Error::File { path: "export".to_owned(), reason: error.to_string() };
    csv.write_record(["sheet", "line", "column", "rule", "severity", "value", "message", "remedy"])
        .map_err(failed)?;
    let mut words = RuleWords { words: house.policy.words(), lang, known: BTreeMap::new() };
    let (from, to) = scope.path_range();
    let nation = from.is_empty();
    let mut written = 0;
    for batch in dataset.read(&["sheet", "line", "column", "rule", "severity", "masked", "region"])? {
        let batch = batch?;
        let text = |column: usize| batch.column(column).as_string::<i32>();
        let lines = batch.column(1).as_primitive::<Int32Type>();
        let severities = batch.column(4).as_primitive::<Int32Type>();
        for row in 0..batch.num_rows() {
            let region = if text(6).is_valid(row) { text(6).value(row) } else { "" };
            let own = nation || (from <= region && region < to);
            if !own {
                continue;
            }
            let sheet = if text(0).is_valid(row) { text(0).value(row) } else { "" };
            let (message, remedy) = words.get(text(3).value(row));
            let line = lines.value(row).to_string();
            let severity = severity_word(Severity::from_code(severities.value(row).into()));
            // A cell that begins as a formula would run in the reader's spreadsheet.
            let value = harmless(text(5).value(row));
            let column = harmless(text(2).value(row));
            let record = [sheet, &line, &column, text(3).value(row), severity, &value, message, remedy];
            csv.write_record(record).map_err(failed)?;
            written += 1;
        }
    }
    csv.flush().map_err(|error| failed(error.into()))?;
    Ok(written)
}

fn view(policy: &Policy, lang: Lang, row: &Row) -> Result<ListView, Error> {
    let source = row.string(1)?;
    let state = row.string(9)?;
    let refusal = match row.opt_string(15)? {
        Some(code) if state == "refused" => {
            let args: BTreeMap<String, String> = serde_json::from_str(row.text(16)?).unwrap_or_default();
            let args: Vec<(String, String)> = args.into_iter().collect();
            let words = policy.words();
            Some(Refused {
                message: message(words, lang, &code, &args),
                remedy: message(words, lang, &format!("{code}-remedy"), &args),
                code,
            })
        }
        _ => None,
    };
    let source_label =
        policy.source(&source).map_or_else(|| source.clone(), |known| known.label.get(lang).to_owned());
    Ok(ListView {
        file_no: row.int(0)?,
        source,
        source_label,
        kind: row.string(2)?,
        name: row.string(3)?,
        hash: row.string(4)?,
        bytes: row.int(5)?,
        as_of: row.string(6)?,
        received_at: row.int(7)?,
        actor: row.string(8)?,
        state,
        rows_read: row.int(10)?,
        rows_accepted: row.int(11)?,
        rows_rejected: row.int(12)?,
        findings: row.int(13)?,
        refusal,
    })
}

fn reject(words: &Words, lang: Lang, row: &Row) -> Result<RejectView, Error> {
    let rule = row.string(4)?;
    Ok(RejectView {
        seq: row.int(0)?,
        sheet: row.opt_string(1)?,
        line: row.int(2)?,
        column: row.string(3)?,
        severity: Severity::from_code(row.int(5)?),
        masked: row.string(6)?,
        message: rule_words(words, lang, &rule, ""),
        remedy: rule_words(words, lang, &rule, "-remedy"),
        rule,
    })
}

fn rule_words(words: &Words, lang: Lang, code: &str, part: &str) -> String {
    words.get(lang, &format!("intake-rule-{code}{part}"), &[])
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Reject => "reject",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Words of rules, asked for once each.
struct RuleWords<'a> {
    words: &'a Words,
    lang: Lang,
    known: BTreeMap<String, (String, String)>,
}

impl RuleWords<'_> {
    fn get(&mut self, code: &str) -> (&str, &str) {
        let (words, lang) = (self.words, self.lang);
        let pair = self
            .known
            .entry(code.to_owned())
            .or_insert_with(|| (rule_words(words, lang, code, ""), rule_words(words, lang, code, "-remedy")));
        (&pair.0, &pair.1)
    }
}

fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() }
}

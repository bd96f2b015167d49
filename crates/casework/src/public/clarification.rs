//! Clarifications: what a case says in public once it comes into a state that publishes, and how everybody reads it.

use access::House;
use jiff::civil::Date;
use model::CaseId;
use policy::{FieldKind, Label, Publish, Tone, Withdraw, Workflow};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, next_number, params};

use super::{defuse, queries};
use crate::{Answers, Error, Result, service::find};

/// A clarification as everybody reads it: links in it are broken, and nobody is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clarification {
    /// Its number, in its address.
    pub number: i64,
    /// Value of the verdict.
    pub verdict_key: String,
    /// The verdict in words.
    pub verdict: Label,
    /// How it looks.
    pub tone: Tone,
    /// Where it goes round.
    pub channel: Label,
    /// What goes round.
    pub claim: String,
    /// The link that goes round; empty for none.
    pub link: String,
    /// What is true.
    pub truth: String,
    /// What it was compared with.
    pub source: String,
    /// Day of publication.
    pub published_on: Date,
    /// How often it was written.
    pub rev: i64,
    /// When it was written last, in milliseconds since the epoch.
    pub written_at: i64,
    /// Day on which it was taken back.
    pub withdrawn_on: Option<Date>,
    /// Why.
    pub withdrawn_why: String,
}

/// Which clarifications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClarificationFilter {
    /// The beginnings of one or two words.
    pub words: String,
    /// Value of a verdict; empty for any.
    pub verdict: String,
}

/// Letters and digits of a word that is searched for, at most.
const WORD_CHARS: usize = 40;
/// Words of one clarification that can be searched for.
const WORDS_MAX: usize = 400;

/// Whether a step into this state concerns the public.
pub(crate) fn concerns(workflow: &Workflow, state: &str) -> bool {
    let named = |states: &[String]| states.iter().any(|one| one == state);
    workflow.publish.as_ref().is_some_and(|publish| named(&publish.states))
        || workflow.withdraw.as_ref().is_some_and(|withdraw| named(&withdraw.states))
}

/// Writes what a step makes public, or takes back, in the step's own transaction.
///
/// # Errors
/// [`Error::NoClarification`] where nothing of this number is in force.
pub(crate) fn project(
    tx: &mut Tx<'_>,
    house: &House,
    (workflow, state): (&Workflow, &str),
    case: CaseId,
    answers: &Answers,
    today: Date,
) -> Result<()> {
    if !concerns(workflow, state) {
        return Ok(());
    }
    match (&workflow.publish, &workflow.withdraw) {
        (Some(publish), _) if publish.states.iter().any(|one| one == state) => {
            show(tx, house, workflow, publish, case, answers)
        }
        (_, Some(withdraw)) => take_back(tx, house, withdraw, answers, today),
        _ => Ok(()),
    }
}

fn show(
    tx: &mut Tx<'_>,
    house: &House,
    workflow: &Workflow,
    publish: &Publish,
    case: CaseId,
    answers: &Answers,
) -> Result<()> {
    let text = |key: &str| answers.get(key).map(crate::Answer::as_written).unwrap_or_default();
    let sites = official(house);
    let (claim, truth) = (defuse(&text(&publish.claim), &[]), defuse(&text(&publish.truth), &sites));
    let (link, source) = (
        publish.link.as_deref().map(|key| defuse(&text(key), &[])).unwrap_or_default(),
        defuse(&text(&publish.source), &sites),
    );
    let (verdict, channel, day) = (text(&publish.verdict), text(&publish.channel), text(&publish.day));
    let now = house.clock.now_ms();
    let number = if let Some(row) = tx.query_opt(&queries::SHOWN_OF_CASE, params![case])? {
        let number = row.int(0)?;
        let again = params![number, verdict, channel, &claim, &link, &truth, &source, day, now];
        tx.execute(&queries::SHOW_AGAIN, again)?;
        number
    } else {
        let number = next_number(tx, "clarification", 1)?;
        let key = &workflow.key;
        let new = params![number, case, key, verdict, channel, &claim, &link, &truth, &source, day, now];
        tx.execute(&queries::SHOW, new)?;
        number
    };
    tx.execute(&queries::WORDS_CLEAR, params![number])?;
    let all = format!("{claim} {link} {truth} {source}");
    let rows: Vec<Vec<Value>> =
        words(&all).take(WORDS_MAX).map(|word| params![number, word].to_vec()).collect();
    tx.execute_all(&queries::WORD_ADD, &rows)?;
    Ok(())
}

fn take_back(
    tx: &mut Tx<'_>,
    house: &House,
    withdraw: &Withdraw,
    answers: &Answers,
    today: Date,
) -> Result<()> {
    let Some(crate::Answer::Int(number)) = answers.get(&withdraw.number) else {
        return Err(Error::NoClarification);
    };
    let why = answers.get(&withdraw.reason).map(crate::Answer::as_written).unwrap_or_default();
    let why = defuse(&why, &official(house));
    let done =
        tx.execute(&queries::TAKE_BACK, params![*number, today.to_string(), why, house.clock.now_ms()])?;
    if done == 1 { Ok(()) } else { Err(Error::NoClarification) }
}

fn official(house: &House) -> Vec<&str> {
    house.policy.official().iter().map(|site| site.host.as_str()).collect()
}

/// The words of a text as they are kept and searched for.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().chars().take(WORD_CHARS).collect())
}

/// One clarification; none where there is none of this number. Everybody may.
///
/// # Errors
/// The store's.
pub fn clarification(house: &House, number: i64) -> Result<Option<Clarification>> {
    let row = house.db.read(|tx| tx.query_opt(&queries::SHOWN, params![number]))?;
    row.map(|row| read(house, &row)).transpose()
}

/// Clarifications, the newest first. Everybody may.
///
/// # Errors
/// The store's; a mark that does not fit.
pub fn clarifications(
    house: &House,
    filter: &ClarificationFilter,
    page: &Page,
) -> Result<Paged<Clarification>> {
    let after = page.keys(2)?.unwrap_or_else(|| params!["9999-12-31", i64::MAX].to_vec());
    let mut searched = words(&filter.words);
    let [one, two] = [(); 2].map(|()| searched.next().unwrap_or_default());
    let end = |word: &str| format!("{word}\u{10ffff}");
    let (one_end, two_end) = (end(&one), end(&two));
    let mut asked = after;
    asked.extend(params![&filter.verdict, one, one_end, two, two_end, page.fetch()].to_vec());
    let rows = house.db.read(|tx| tx.query(&queries::SHOWN_LIST, &asked))?;
    let found = rows.iter().map(|row| read(house, row)).collect::<Result<Vec<_>>>()?;
    Ok(page.page(found, |one| params![one.published_on.to_string(), one.number].to_vec()))
}

fn read(house: &House, row: &Row) -> Result<Clarification> {
    let workflow = find(house, row.text(1)?).ok();
    let publish = workflow.and_then(|workflow| workflow.publish.as_ref());
    // A verdict that left the policy is shown by its value.
    let label = |field: Option<&String>, value: &str| {
        let choice = field.and_then(|key| match &workflow?.field(key)?.kind {
            FieldKind::Choice(choices) => choices.iter().find(|choice| choice.value == value),
            _ => None,
        });
        choice.map_or_else(|| Label::new(value, value), |choice| choice.label.clone())
    };
    let verdict_key = row.string(2)?;
    Ok(Clarification {
        number: row.int(0)?,
        verdict: label(publish.map(|publish| &publish.verdict), &verdict_key),
        tone: publish.and_then(|publish| publish.tones.get(&verdict_key)).copied().unwrap_or(Tone::Note),
        channel: label(publish.map(|publish| &publish.channel), row.text(3)?),
        verdict_key,
        claim: row.string(4)?,
        link: row.string(5)?,
        truth: row.string(6)?,
        source: row.string(7)?,
        published_on: row.date(8)?,
        rev: row.int(9)?,
        withdrawn_on: row.opt_date(10)?,
        withdrawn_why: row.string(11)?,
        written_at: row.int(12)?,
    })
}

/// Workflows whose cases become public.
pub fn publishers(house: &House) -> impl Iterator<Item = &Workflow> {
    house.policy.workflows().values().filter(|workflow| workflow.publish.is_some())
}

/// The verdicts that a clarification can have, by value and in words.
pub fn verdicts(house: &House) -> Vec<(String, Label)> {
    let mut out: Vec<(String, Label)> = Vec::new();
    for workflow in publishers(house) {
        let field = workflow.publish.as_ref().and_then(|publish| workflow.field(&publish.verdict));
        let Some(FieldKind::Choice(choices)) = field.map(|field| &field.kind) else { continue };
        for choice in choices {
            if !out.iter().any(|(known, _)| *known == choice.value) {
                out.push((choice.value.clone(), choice.label.clone()));
            }
        }
    }
    out
}

//! How people are asked about a service (`survey.toml`): elements, answers, and the bands of the index, after the regulation that the
//! file names; and which figures of the register are polls of others.
//!
//! An answer is 1 to 4 for each element; every element weighs the same; the index is the mean times 25, so 25 to 100.

use std::collections::BTreeSet;

use rules::Label;
use serde::Serialize;

use crate::{
    Figures,
    fault::Faults,
    pack::Pack,
    publish::Tone,
    reader::{Source as File, Table},
};

/// Something that is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurveyElement {
    /// Key.
    pub key: String,
    /// Name.
    pub label: Label,
    /// The question.
    pub ask: Label,
    /// Answers from 1, the worst, to 4.
    pub answers: Vec<Label>,
}

/// What an index is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurveyBand {
    /// `A`.
    pub letter: String,
    /// From this index on, in hundredths.
    pub from: i64,
    /// In words.
    pub label: Label,
    /// How it looks.
    pub tone: Tone,
}

/// The survey.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// The regulation.
    pub basis: String,
    /// Elements in the order of the regulation.
    pub elements: Vec<SurveyElement>,
    /// Bands, the best first.
    pub bands: Vec<SurveyBand>,
    /// Groups of fewer answers are not shown.
    pub few: i64,
    /// Ids of figures that are polls of others.
    pub outside: Vec<String>,
}

/// Answers that an element has.
pub const SURVEY_SCALE: usize = 4;
/// What one step of the scale is worth in the index, in hundredths.
pub const SURVEY_STEP: i64 = 2_500;
/// The best index that there is, in hundredths.
pub const SURVEY_FULL: i64 = SURVEY_STEP * SURVEY_SCALE as i64;

impl Survey {
    /// The band of an index in hundredths.
    pub fn band(&self, index: i64) -> Option<&SurveyBand> {
        self.bands.iter().find(|band| index >= band.from)
    }
}

const FILE: &str = "survey.toml";

/// A pack without the file asks nobody.
pub(crate) fn load(pack: &Pack, faults: &Faults, figures: &Figures) -> Survey {
    let Some(text) = pack.files.get(FILE) else { return Survey::default() };
    File { file: FILE, text, faults }.read_toml(|table| read(table, figures))
}

fn read(table: &Table<'_>, figures: &Figures) -> Survey {
    table.refuse_twice(&table.placed("element", "key"), "the element", "keep one");
    table.refuse_twice(&table.placed("band", "letter"), "the band", "keep one");
    let elements = table.each("element", read_element);
    if elements.is_empty() {
        table.fault("element", "nothing is asked", "add [[element]] tables");
    }
    let outside = table.texts("outside");
    for id in outside.iter().filter(|id| figures.get(&id.value).is_none()) {
        let remedy = "name a row of figures/register.csv";
        table.fault_at(&id.at, format!("no figure `{}`", id.value), remedy);
    }
    let bands = read_bands(table);
    Survey {
        basis: table.text("basis"),
        elements,
        bands,
        few: table.int("few", 2..=100),
        outside: outside.into_iter().map(|id| id.value).collect(),
    }
}

fn read_element(table: &Table<'_>) -> SurveyElement {
    let [id, en] = ["answers_id", "answers_en"].map(|key| {
        let answers = table.plain_texts(key);
        let different: BTreeSet<&String> = answers.iter().collect();
        if different.len() != SURVEY_SCALE {
            let message = format!("`{key}` has not {SURVEY_SCALE} different answers");
            table.fault(key, message, format!("write {SURVEY_SCALE}, from worst to best"));
        }
        answers
    });
    SurveyElement {
        key: table.text("key"),
        label: table.label("label"),
        ask: table.label("ask"),
        answers: id.into_iter().zip(en).map(|(id, en)| Label { id, en }).collect(),
    }
}

/// Bands fall, and the last one reaches down to the lowest index there is: every index has exactly one.
fn read_bands(table: &Table<'_>) -> Vec<SurveyBand> {
    let tones = [("good", Tone::Good), ("warn", Tone::Warn), ("bad", Tone::Bad), ("note", Tone::Note)];
    let mut above = SURVEY_FULL + 1;
    let bands = table.each("band", |band| {
        let from = band.int("from", SURVEY_STEP..=SURVEY_FULL);
        if from >= above {
            band.fault("from", "the bands do not fall", "write the best first, each below the one before");
        }
        above = from;
        SurveyBand {
            letter: band.text("letter"),
            from,
            label: band.label("label"),
            tone: band.choice("tone", &tones, true),
        }
    });
    if bands.last().is_none_or(|last| last.from != SURVEY_STEP) {
        let message = format!("an index of {SURVEY_STEP} hundredths has no band");
        table.fault("band", message, format!("let the last band begin at {SURVEY_STEP}"));
    }
    bands
}

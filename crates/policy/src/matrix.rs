//! Which programmes go together on a day: every programme in force beside every other, as their combinations say. Never here: whether
//! two go together for one family; that is decided over a closing.

use jiff::civil::Date;
use rules::Label;

use crate::{Policy, ProgrammeVersion, Together};

/// How one programme stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same programme.
    Same,
    /// They may be received together.
    May,
    /// Who receives the other does not receive this one.
    Blocked,
    /// Who receives this one does not receive the other.
    Blocks,
    /// Only who receives the other, or one of those that stand for the same, receives this one.
    Needs,
    /// The other is only for those who receive this one.
    Needed,
    /// No rule says anything: both may be received.
    Unsaid,
}

impl Relation {
    /// All, in the order in which they are explained.
    pub const ALL: [Self; 7] =
        [Self::May, Self::Blocked, Self::Blocks, Self::Needs, Self::Needed, Self::Unsaid, Self::Same];

    /// As in the answer of the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::May => "may",
            Self::Blocked => "blocked",
            Self::Blocks => "blocks",
            Self::Needs => "needs",
            Self::Needed => "needed",
            Self::Unsaid => "unsaid",
        }
    }
}

/// A programme of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MatrixProgramme {
    /// Its key.
    pub key: String,
    /// Its name.
    pub label: Label,
    /// How it stands to every programme of the matrix, in their order.
    pub relations: Vec<Relation>,
}

/// What a rule says of another programme.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MatrixLine {
    /// The programme whose rule says it.
    pub programme: String,
    /// The programmes that it names.
    pub with: Vec<String>,
    /// How they go together.
    pub rule: Together,
    /// In words.
    pub text: Label,
}

/// The programmes in force on a day, each beside each.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Matrix {
    /// The day.
    pub on: Date,
    /// Those of which some rule says something, by key.
    pub programmes: Vec<MatrixProgramme>,
    /// What the rules say.
    pub lines: Vec<MatrixLine>,
    /// Those in force of which no rule says anything: keys and names.
    pub alone: Vec<(String, Label)>,
}

impl Policy {
    /// Which programmes go together on a day. Rules that are off count for nobody.
    pub fn matrix(&self, on: Date) -> Matrix {
        let in_force: Vec<(&str, &Label, &ProgrammeVersion)> = self
            .programmes()
            .values()
            .filter_map(|one| {
                let version = one.on(on).filter(|version| version.enabled)?;
                Some((one.key.as_str(), &one.label, version))
            })
            .collect();
        let said = |of: &str| {
            in_force.iter().any(|(key, _, version)| {
                *key != of && said_of(version, of).is_some()
                    || *key == of && in_force.iter().any(|(other, ..)| said_of(version, other).is_some())
            })
        };
        let related: Vec<_> = in_force.iter().filter(|(key, ..)| said(key)).collect();
        let programmes = related.iter().map(|(key, label, version)| MatrixProgramme {
            key: (*key).to_owned(),
            label: (*label).clone(),
            relations: related.iter().map(|(other, _, its)| relation((key, version), (other, its))).collect(),
        });
        let lines = related.iter().flat_map(|(key, _, version)| {
            version.combinations.iter().map(|line| MatrixLine {
                programme: (*key).to_owned(),
                with: line.programmes().map(str::to_owned).collect(),
                rule: line.rule,
                text: line.reason.text.clone(),
            })
        });
        let alone = in_force.iter().filter(|(key, ..)| !said(key));
        Matrix {
            on,
            programmes: programmes.collect(),
            lines: lines.collect(),
            alone: alone.map(|(key, label, _)| ((*key).to_owned(), (*label).clone())).collect(),
        }
    }
}

/// What a version says of a programme.
fn said_of(version: &ProgrammeVersion, key: &str) -> Option<Together> {
    version.combinations.iter().find(|line| line.programmes().any(|with| with == key)).map(|line| line.rule)
}

/// The rule of either says it; that which binds counts before that which allows, and the programme's own before the other's.
fn relation((key, version): (&str, &ProgrammeVersion), (other, its): (&str, &ProgrammeVersion)) -> Relation {
    if key == other {
        return Relation::Same;
    }
    match (said_of(version, other), said_of(its, key)) {
        (Some(Together::Blocks), _) => Relation::Blocked,
        (Some(Together::Needs), _) => Relation::Needs,
        (_, Some(Together::Blocks)) => Relation::Blocks,
        (_, Some(Together::Needs)) => Relation::Needed,
        (None, None) => Relation::Unsaid,
        (Some(Together::May), _) | (_, Some(Together::May)) => Relation::May,
    }
}

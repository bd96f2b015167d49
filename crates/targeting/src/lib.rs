//! Targeting: who receives what, how much, and why. In: a closing of the registry and the rule of a
//! programme. Out: one decision a family, with every condition's outcome, counted components, amount and
//! place in the quota; counts by region; an explanation that any citizen can ask for. Never here: moving data
//! (decisions are made on closings), an exclusion without a reason, a decision that takes effect without a
//! second person, a programme's name in code.
//!
//! The way of a decision: [`Plan`] (what the rule needs) → columns of the closing, chunk by chunk on all
//! cores → combinations and quota over all families → one immutable dataset, its hash, and counts in the
//! database. The same inputs give the same run. The same rule, evaluated row by row, explains one family and
//! is compared with what was stored.
//!
//! A person counts for one component at most: the first in the order of the cap for which there is still
//! room.
//!
//! To add a kind of condition: a variant of [`PlaceKind`] in `plan.rs`, its truth in `columns.rs` and in
//! `family.rs` (a property test holds the two against each other), its words in `words/*/targeting.ftl`.

mod approve;
mod archive;
mod cap;
mod ceiling;
mod changes;
mod closing;
mod columns;
mod counts;
mod cube;
mod decide;
mod error;
mod explain;
mod family;
mod gone;
mod holders;
mod list;
mod members;
mod notices;
mod outside;
mod pass;
mod people;
mod plan;
pub mod queries;
mod quota;
mod replay;
mod rule_view;
mod scenario;
mod settle;
mod simulate;
mod tally;
#[cfg(test)]
mod tests;
mod trial;
mod views;

pub use approve::approve;
pub use ceiling::{CeilingOf, CeilingView, ceilings};
pub use changes::{Change, ChangeCount, ChangeLine, change_counts, change_lines};
pub use cube::RegionCube;
pub use decide::{DecisionRun, RunState, Totals, Wish, dataset_name, decide, decide_all, wishes};
pub use error::Error;
pub use explain::{
    ComponentView, ConditionView, Explanation, FamilyDecision, MembersOfFact, PersonComponent, QuotaPlace,
    ReasonView, explain, family_decisions,
};
pub use notices::{Notice, NoticeState, family_notices, noticed_families, notices, renew_notices};
pub use outside::{Consumption, Mark, Outside, PovertyGap, Ranks};
pub use people::{PersonLine, decides_people, run_people};
pub use plan::{Place, PlaceKind, Plan};
pub use replay::{Replay, replay};
pub use rule_view::{ComponentCount, ComponentRule, ConditionRule, OrderRule, QuotaRule};
pub use scenario::{
    Asked, FIGURE_HEADS, FigureRow, Scenario, make_scenario, scenario, scenario_regions, scenarios, wish_for,
};
pub use simulate::{
    Comparison, LookFirst, Move, Moved, Part, Question, Share, Side, Simulated, check_question, simulate,
};
pub use trial::{NullCount, RegionTrial, Selected, Trial, select_families, try_rule};
pub use views::{
    FamilyLine, OutcomeCount, ProgrammeLine, ProgrammePage, QuotaCount, ReasonCount, RegionCount, RunPage,
    programme_page, programmes, region_counts, run_families, run_outcomes, run_page, runs, runs_of_hash,
};

/// The room's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How a family comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FamilyOutcome {
    /// Does not receive: see the reason.
    NotEligible,
    /// Receives.
    Eligible,
    /// Would receive, but every place of the quota is taken.
    Waiting,
    /// No longer passes, and keeps what it had while its notice runs: see the reason.
    Kept,
}

impl FamilyOutcome {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Eligible, Self::Kept, Self::Waiting, Self::NotEligible];

    /// The number in columns and tables.
    pub fn code(self) -> i8 {
        match self {
            Self::NotEligible => 0,
            Self::Eligible => 1,
            Self::Waiting => 2,
            Self::Kept => 3,
        }
    }

    /// From the number in columns and tables.
    pub fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::NotEligible,
            1 => Self::Eligible,
            2 => Self::Waiting,
            3 => Self::Kept,
            _ => return None,
        })
    }

    /// Key of its words.
    pub fn words_key(self) -> &'static str {
        match self {
            Self::NotEligible => "targeting-outcome-not-eligible",
            Self::Eligible => "targeting-outcome-eligible",
            Self::Waiting => "targeting-outcome-waiting",
            Self::Kept => "targeting-outcome-kept",
        }
    }

    /// Whether the family is given something: by the rule, or while its notice runs.
    pub fn receives(self) -> bool {
        matches!(self, Self::Eligible | Self::Kept)
    }
}

//! Why a decision cannot be made, approved or shown; each a sentence for the person who asked.

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such programme in the policy pack.
    #[error("there is no programme `{0}`")]
    NoProgramme(String),
    /// The programme has no rule on the first day of the period.
    #[error("the programme `{programme}` has no rule in force in {period}")]
    NoVersion {
        /// Its key.
        programme: String,
        /// The period.
        period: String,
    },
    /// The rule is switched off.
    #[error("the rule of `{programme}` for this period is switched off: {note}")]
    Off {
        /// Its key.
        programme: String,
        /// Why.
        note: String,
    },
    /// One thing asked for two times.
    #[error("`{0}` is asked for twice for the same period")]
    Twice(String),
    /// A text that is no condition.
    #[error(transparent)]
    Expression(rules::RuleError),
    /// A condition over families and people at once.
    #[error(
        "the condition speaks of family.* and person.* at once; count people by a fact of the family instead"
    )]
    TwoSubjects,
    /// Two packs that cannot be compared in one pass.
    #[error(
        "the two packs derive different facts; a simulation compares packs with the same schema/derived.toml"
    )]
    OtherFacts,
    /// A pack with other numbers that is none.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings(Vec<policy::Fault>),
    /// A kept scenario that cannot be read.
    #[error("the scenario cannot be read: {0}")]
    BrokenScenario(String),
    /// No such snapshot of ranks.
    #[error("there is no snapshot of ranks of {0}")]
    NoRanks(String),
    /// An assumption that is none.
    #[error("the assumption is a poverty line above 0 and ten means of consumption, rupiah a person a month")]
    Consumption,
    /// The run was made by another pack.
    #[error("the run was made by the policy pack {0}; name its folder with --policy")]
    OtherPack(String),
    /// A personal number, or a need that few may know, in a condition that is only tried.
    #[error("`{0}` is sealed: it may stand in a programme's rule, but nobody may count by it")]
    Sealed(String),
    /// The list is over a ceiling, and the settings refuse that.
    #[error(
        "the list is over a ceiling by {over} ({kind}): {fits} families fit; lower the places, or raise the ceiling"
    )]
    OverCeiling {
        /// What the ceiling counts.
        kind: &'static str,
        /// By how much.
        over: i64,
        /// Families that fit.
        fits: i64,
    },
    /// A list of candidates.
    #[error("this is a list of candidates, and people decide each case: it is never approved as a whole")]
    Candidates,
    /// The programme does not decide for such periods.
    #[error("the programme `{programme}` does not decide for a period such as {period}")]
    Period {
        /// Its key.
        programme: String,
        /// The period.
        period: String,
    },
    /// The month was not closed.
    #[error("there is no closing of {0}; close the month first")]
    NoClosing(String),
    /// More conditions or components than the columns hold.
    #[error("the rule has more than {0} conditions or components")]
    TooManyConditions(usize),
    /// The order of the quota uses something that has no order here.
    #[error("the order of places cannot use the text `{0}`; use a number, a date or yes/no")]
    QuotaOrder(String),
    /// Deciding is done for the whole country at once.
    #[error(
        "a decision is made for all families at once, by somebody who holds the right for the whole country"
    )]
    Territory,
    /// No such run.
    #[error("there is no decision run `{0}`")]
    NoRun(String),
    /// The family is not in this territory or not in the closing; the two are not told apart.
    #[error("not found in this territory")]
    NotFound,
    /// Maker and checker are one.
    #[error("who made a run may not approve it")]
    MakerIsChecker,
    /// The list is not the one that was looked at.
    #[error("the list is not the one that was shown; look at it again before approving")]
    HashChanged,
    /// Another run of this period is approved.
    #[error("run {0} of this programme and period is approved already")]
    AlreadyApproved(String),
    /// A stored list cannot be read as one.
    #[error("the list of run {run} cannot be read: {why}")]
    BrokenRun {
        /// The run.
        run: String,
        /// What is wrong.
        why: String,
    },
    /// An amount left 64 bits.
    #[error("an amount of the decision is out of range")]
    Amount(#[from] model::RupiahOverflow),
    /// The rule and the data do not fit.
    #[error(transparent)]
    Rule(#[from] rules::EvalError),
    /// The lake's.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// The database's.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Access's.
    #[error(transparent)]
    Access(#[from] access::Error),
    /// Arrow's.
    #[error("columns: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
}

impl Error {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoProgramme(_) => "targeting-no-programme",
            Self::NoVersion { .. } => "targeting-no-version",
            Self::Off { .. } => "targeting-off",
            Self::Twice(_) => "targeting-twice",
            Self::Expression(error) => error.code(),
            Self::TwoSubjects => "targeting-two-subjects",
            Self::OtherFacts => "targeting-other-facts",
            Self::Settings(_) => "targeting-settings",
            Self::BrokenScenario(_) => "targeting-broken-scenario",
            Self::NoRanks(_) => "targeting-no-ranks",
            Self::Consumption => "targeting-consumption",
            Self::OtherPack(_) => "targeting-other-pack",
            Self::Sealed(_) => "targeting-sealed",
            Self::OverCeiling { .. } => "targeting-over-ceiling",
            Self::Candidates => "targeting-candidates",
            Self::Period { .. } => "targeting-period",
            Self::NoClosing(_) => "targeting-no-closing",
            Self::TooManyConditions(_) => "targeting-too-many-conditions",
            Self::QuotaOrder(_) => "targeting-quota-order",
            Self::Territory => "targeting-territory",
            Self::NoRun(_) => "targeting-no-run",
            Self::NotFound => "targeting-not-found",
            Self::MakerIsChecker => "targeting-maker-is-checker",
            Self::HashChanged => "targeting-hash-changed",
            Self::AlreadyApproved(_) => "targeting-already-approved",
            Self::BrokenRun { .. } => "targeting-broken-run",
            Self::Amount(_) => "targeting-amount",
            Self::Rule(_) => "targeting-rule",
            Self::Lake(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Access(error) => error.code(),
            Self::Arrow(_) => "targeting-columns",
        }
    }
}

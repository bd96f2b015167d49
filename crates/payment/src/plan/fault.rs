//! What a plan or a new payee is refused for.

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// No line can be paid again.
    #[error("no line can be paid again here: see for each why not")]
    Nothing,
    /// More lines than a plan may have.
    #[error("a plan has at most {lines_max} lines: limit it to a region")]
    TooMany {
        /// The bound.
        lines_max: usize,
    },
    /// The year of the money is over.
    #[error(
        "the money of {year} could be planned again until {until}: it needs a list under the ceiling of the new year"
    )]
    YearOver {
        /// The year of the period.
        year: i16,
        /// The last day.
        until: jiff::civil::Date,
    },
    /// The channel does not pay this programme.
    #[error("channel {0} does not pay this programme: take its own or the one it falls back to")]
    Channel(String),
    /// More than the family was entitled to.
    #[error("line {line} and what follows it would pay more than the family was entitled to")]
    Overpaid {
        /// The first line of the chain.
        line: i64,
    },
    /// Nobody needs another payee here.
    #[error("the line needs no other payee: its money is on the way or has arrived")]
    NoNeed,
    /// The person may not receive.
    #[error(
        "this person cannot receive: a living, matched adult of the family that carries the payment is needed"
    )]
    Person,
    /// Heirs are for programmes of persons.
    #[error("an heir receives only what was due to a person; for a family name a new representative")]
    Heir,
    /// The family that is to carry the payment holds no member of the one it was decided for, or is paid already.
    #[error(
        "this family cannot carry the payment: it has none of the members, or has its own payment of the period"
    )]
    Carrier,
    /// Something about the paper is missing.
    #[error("`{0}` is missing, too long or has too many digits")]
    Field(&'static str),
}

impl PlanFault {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "payment-plan-nothing",
            Self::TooMany { .. } => "payment-plan-too-many",
            Self::YearOver { .. } => "payment-plan-year-over",
            Self::Channel(_) => "payment-plan-channel",
            Self::Overpaid { .. } => "payment-plan-overpaid",
            Self::NoNeed => "payment-plan-no-need",
            Self::Person => "payment-plan-person",
            Self::Heir => "payment-plan-heir",
            Self::Carrier => "payment-plan-carrier",
            Self::Field(_) => "payment-plan-field",
        }
    }
}

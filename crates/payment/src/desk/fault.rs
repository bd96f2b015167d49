//! What a person at the desk can mend.

/// What is wrong with what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeskFault {
    /// No row was chosen.
    #[error("no row was chosen")]
    Nothing,
    /// More rows than one act may have.
    #[error("that is more rows than one act may have: narrow the filter")]
    TooMany,
    /// The reason is missing.
    #[error("a reason of 3 to 400 characters is needed")]
    Reason,
    /// The action does not fit what the rows are.
    #[error("this cannot be done to such rows")]
    Action,
    /// It is so already.
    #[error("it is so already")]
    Already,
    /// Nobody could be paid at the counter.
    #[error("nobody of the family can be named as payee")]
    NoPayee,
    /// The payee is said to have died: somebody must look at it by itself.
    #[error("the payee is said to have died: decide on the line's own page")]
    Died,
    /// The row is about no family that is known.
    #[error("the row is about no family that is known")]
    NoFamily,
    /// A field of the request is missing or too long.
    #[error("purpose and receiver are needed, 3 to 200 characters each")]
    Field,
    /// Who asked may not release.
    #[error("who asked for the list may not release it: ask another person")]
    SamePerson,
    /// Somebody decided it, or it was never released.
    #[error("it does not wait for this")]
    Decided,
    /// The days to fetch it are over, or it was fetched as often as it may be.
    #[error("it cannot be fetched any more: ask for it anew")]
    Over,
}

impl DeskFault {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Nothing,
        Self::TooMany,
        Self::Reason,
        Self::Action,
        Self::Already,
        Self::NoPayee,
        Self::Died,
        Self::NoFamily,
        Self::Field,
        Self::SamePerson,
        Self::Decided,
        Self::Over,
    ];

    /// Stable code, the key of its words.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nothing => "payment-desk-nothing",
            Self::TooMany => "payment-desk-too-many",
            Self::Reason => "payment-desk-reason",
            Self::Action => "payment-desk-action",
            Self::Already => "payment-desk-already",
            Self::NoPayee => "payment-desk-no-payee",
            Self::Died => "payment-desk-died",
            Self::NoFamily => "payment-desk-no-family",
            Self::Field => "payment-desk-field",
            Self::SamePerson => "payment-same-person",
            Self::Decided => "payment-desk-decided",
            Self::Over => "payment-desk-over",
        }
    }
}

//! What can go wrong with a case, each a sentence for the person who works on it.

use crate::{engine::Refusal, handover::LineFault};

/// An error of this room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The right is missing.
    #[error(transparent)]
    Access(#[from] access::Error),
    /// The step was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The case is outside the territory or caseload, or is not there: the two are not told apart.
    #[error("the case is not found in this territory")]
    NotFound,
    /// The workflow is not in the policy pack.
    #[error("there is no workflow `{0}` in the policy")]
    Workflow(String),
    /// The case lacks what its kind is about.
    #[error("a case of `{workflow}` is about a {subject}, which is not named")]
    Subject {
        /// Key of the workflow.
        workflow: String,
        /// What is missing.
        subject: &'static str,
    },
    /// Somebody else took a step in the meantime.
    #[error("somebody else changed this case in the meantime; look at it again")]
    Changed,
    /// Somebody else answered the same questions in the meantime.
    #[error("somebody else answered {} of these questions in the meantime", theirs.len())]
    Conflict {
        /// Revision of the case now.
        rev: i64,
        /// What they answered, by field.
        theirs: crate::Answers,
    },
    /// No such ticket, or not this secret: the two are not told apart.
    #[error("there is no such ticket, or the secret is another one")]
    Ticket,
    /// Too many wrong secrets.
    #[error("too many wrong secrets; the ticket is closed to the page, an office can still look it up")]
    TicketLocked,
    /// Stored answers cannot be read.
    #[error("the stored answers of case {0} cannot be read")]
    Stored(i64),
    /// A file of hand-overs has faults; nothing of it was taken.
    #[error("the file has {} faults and nothing of it was taken", faults.len() + more)]
    Lines {
        /// The first of them, in the order of lines.
        faults: Vec<LineFault>,
        /// How many more there are.
        more: usize,
    },
}

impl Error {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Access(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::NotFound => "casework-not-found",
            Self::Workflow(_) => "casework-workflow",
            Self::Subject { .. } => "casework-subject",
            Self::Changed => "casework-changed",
            Self::Conflict { .. } => "casework-conflict",
            Self::Ticket => "casework-ticket",
            Self::TicketLocked => "casework-ticket-locked",
            Self::Stored(_) => "casework-stored",
            Self::Lines { .. } => "casework-lines",
        }
    }
}

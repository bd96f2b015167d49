//! What can go wrong with a case, each a sentence for the person who works on it.

use crate::engine::Refusal;

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
    /// A case like this is open for the family.
    #[error("a case of this kind is open for the family already")]
    OpenAlready,
    /// There is nothing public of this number, or it was taken back before.
    #[error("there is no clarification of this number in force")]
    NoClarification,
    /// The case is not finished, nobody is asked after such cases, or somebody answered already.
    #[error("there is no survey to answer for this case")]
    NoSurvey,
    /// Not every question has one of its answers.
    #[error("every question of the survey needs one of its answers")]
    SurveyForm,
    /// Who served does not write down how the service was.
    #[error(
        "who served does not record the answer; let another person do it, or name the paper that the citizen filled in"
    )]
    SurveyOwn,
    /// Stored answers cannot be read.
    #[error("the stored answers of case {0} cannot be read")]
    Stored(i64),
    /// A proposal of who accompanies whom cannot be changed or decided so.
    #[error(transparent)]
    Share(#[from] ShareFault),
    /// A photograph or paper is not taken or not given.
    #[error(transparent)]
    File(#[from] crate::FileFault),
    /// A file has faults; nothing of it was taken.
    #[error(transparent)]
    Lines(#[from] rowfile::Refused),
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
            Self::OpenAlready => "casework-open-already",
            Self::NoClarification => "casework-no-clarification",
            Self::NoSurvey => "casework-no-survey",
            Self::SurveyForm => "casework-survey-form",
            Self::SurveyOwn => "casework-survey-own",
            Self::Stored(_) => "casework-stored",
            Self::Share(fault) => fault.code(),
            Self::File(fault) => fault.code(),
            Self::Lines { .. } => "casework-lines",
        }
    }
}

/// Why a proposal of who accompanies whom is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShareFault {
    /// There is none in this territory.
    #[error("there is no such sharing in this territory")]
    NotFound,
    /// It was decided already.
    #[error("the sharing was decided already")]
    Decided,
    /// Who made it decides it.
    #[error("the maker of a sharing does not decide it")]
    SamePerson,
    /// A family has another companion than when the proposal was made.
    #[error("families have other companions than when the sharing was made; make a new one")]
    Stale,
    /// The other companion is none of this district, or is away.
    #[error("this is no companion of the district who can take families")]
    Companion,
    /// The family is the companion's own, or that of a relative.
    #[error("the family is the companion's own, or that of a relative")]
    Kin,
    /// The companion has as many families as one can have.
    #[error("the companion has as many families as one can have")]
    Full,
    /// More families than one proposal holds.
    #[error("the region has more families than one sharing holds; propose for a part of it")]
    TooMany,
}

impl ShareFault {
    /// Stable code, the key of its words.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "casework-share-not-found",
            Self::Decided => "casework-share-decided",
            Self::SamePerson => "casework-share-same-person",
            Self::Stale => "casework-share-stale",
            Self::Companion => "casework-share-companion",
            Self::Kin => "casework-share-kin",
            Self::Full => "casework-share-full",
            Self::TooMany => "casework-share-too-many",
        }
    }
}

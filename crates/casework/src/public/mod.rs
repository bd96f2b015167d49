//! What the public reads and says. Clarifications: a projection of cases of workflows that publish, written with the step that makes them
//! public, taken back in public by workflows that withdraw. The survey: answers after the end of a case, kept without a way back to it.
//! Never here: a workflow's name, a link that works in what goes round, a group so small that somebody is recognised.
//!
//! To publish another kind of case: `[publish]` in its workflow file; to ask people after one: `survey = true`.

mod clarification;
mod defuse;
pub mod queries;
mod survey;

pub use clarification::{
    Clarification, ClarificationFilter, clarification, clarifications, publishers, verdicts,
};
pub(crate) use clarification::{concerns, project};
pub use defuse::defuse;
pub(crate) use survey::asked_of;
pub use survey::{
    Answered, ElementScore, Group, SurveyFilter, SurveyView, SurveyWay, record_survey, survey_by_ticket,
    survey_results,
};

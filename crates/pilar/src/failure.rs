//! What a failed command tells the shell and its reader: one exit code a kind, one sentence, one remedy.

use std::process::ExitCode;

/// Kinds of failure that a script may want to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something that should not happen.
    Internal,
    /// The input was refused.
    Input,
    /// Rights, or a second person must act.
    NotAllowed,
    /// A step that comes before is missing.
    NotReady,
}

/// An error with the kind that decides its exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn input(message: impl Into<String>) -> anyhow::Error {
        Self { kind: Kind::Input, message: message.into() }.into()
    }

    pub(crate) fn not_allowed(message: impl Into<String>) -> anyhow::Error {
        Self { kind: Kind::NotAllowed, message: message.into() }.into()
    }

    pub(crate) fn not_ready(message: impl Into<String>) -> anyhow::Error {
        Self { kind: Kind::NotReady, message: message.into() }.into()
    }
}

/// The exit code that `--help` promises for this error.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let kind = error.downcast_ref::<Failure>().map_or(Kind::Internal, |failure| failure.kind);
    ExitCode::from(match kind {
        Kind::Internal => 1,
        Kind::Input => 3,
        Kind::NotAllowed => 4,
        Kind::NotReady => 5,
    })
}

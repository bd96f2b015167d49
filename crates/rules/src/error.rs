//! Why a text is no rule: where, what, and what to write instead. The code is stable; the words stand in
//! `rules.ftl`, with the English of each beside it here.

use crate::value::Type;

/// A fault at a place of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}; {}", .fault.remedy())]
pub struct RuleError {
    /// Line within the expression, from 1.
    pub line: u32,
    /// Character within the line, from 1.
    pub column: u32,
    /// What is wrong.
    pub fault: Fault,
}

impl RuleError {
    /// Stable code, also the key of its words.
    pub fn code(&self) -> &'static str {
        self.fault.code()
    }

    /// What is wrong, in English.
    pub fn message(&self) -> String {
        self.fault.to_string()
    }

    /// What to do, in English.
    pub fn remedy(&self) -> String {
        self.fault.remedy()
    }
}

/// What can be wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No text.
    #[error("the expression is empty")]
    Empty,
    /// More text than any rule needs.
    #[error("the expression is longer than {limit} characters")]
    TooLong {
        /// Most characters allowed.
        limit: usize,
    },
    /// Nested beyond what a reader follows.
    #[error("the expression is nested more than {limit} levels deep")]
    TooDeep {
        /// Most levels allowed.
        limit: usize,
    },
    /// Not SQL.
    #[error("not a valid expression: {detail}")]
    Syntax {
        /// What the parser says.
        detail: String,
    },
    /// SQL, but outside the language.
    #[error("`{what}` is not part of the rule language")]
    Refused {
        /// The construct.
        what: String,
    },
    /// A name that the schema does not have.
    #[error("no column or parameter is named `{name}`")]
    UnknownName {
        /// As written.
        name: String,
        /// The known name most like it.
        near: Option<String>,
    },
    /// A function that the language does not have.
    #[error("no function is named `{name}`")]
    UnknownFunction {
        /// As written.
        name: String,
    },
    /// A function with the wrong number or kind of arguments.
    #[error("`{function}` is not used rightly")]
    Arguments {
        /// Its name.
        function: &'static str,
        /// How it is used.
        usage: &'static str,
    },
    /// A type that does not fit its place.
    #[error("{place} needs {expected}, here stands {found}")]
    Mismatch {
        /// Where, such as `the left side of <=`.
        place: String,
        /// What would fit.
        expected: String,
        /// What stands there.
        found: Type,
    },
    /// A number outside 64 bits.
    #[error("the number {text} is out of range")]
    NumberRange {
        /// As written.
        text: String,
    },
    /// A division whose divisor is written as zero.
    #[error("a division by zero is never known")]
    DivisionByZero,
    /// A date that does not exist.
    #[error("`{text}` is no date")]
    BadDate {
        /// As written.
        text: String,
    },
    /// The literal null.
    #[error("`null` as a value is never true and never false")]
    NullLiteral,
    /// A code that the column's code list does not have.
    #[error("{value} is not a code of `{name}`")]
    UnknownCode {
        /// The code as written.
        value: i64,
        /// The column.
        name: String,
        /// The codes that exist.
        known: String,
    },
}

impl Fault {
    /// Stable code, also the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "rules-empty",
            Self::TooLong { .. } => "rules-too-long",
            Self::TooDeep { .. } => "rules-too-deep",
            Self::Syntax { .. } => "rules-syntax",
            Self::Refused { .. } => "rules-refused",
            Self::UnknownName { .. } => "rules-unknown-name",
            Self::UnknownFunction { .. } => "rules-unknown-function",
            Self::Arguments { .. } => "rules-arguments",
            Self::Mismatch { .. } => "rules-mismatch",
            Self::NumberRange { .. } => "rules-number-range",
            Self::DivisionByZero => "rules-division-by-zero",
            Self::BadDate { .. } => "rules-bad-date",
            Self::NullLiteral => "rules-null-literal",
            Self::UnknownCode { .. } => "rules-unknown-code",
        }
    }

    /// What to do, in English.
    pub fn remedy(&self) -> String {
        match self {
            Self::Empty => "write a condition such as family.decile between 1 and 4".into(),
            Self::TooLong { .. } | Self::TooDeep { .. } => "split it into several conditions".into(),
            Self::Syntax { .. } => "check brackets, quotes and commas near this place".into(),
            Self::Refused { .. } => {
                "use columns, literals, parameters, arithmetic, comparisons, and, or, not, in, between, is null, \
                 case and the listed functions"
                    .into()
            }
            Self::UnknownName { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::UnknownName { near: None, .. } => "look the name up in the schema of columns".into(),
            Self::UnknownFunction { .. } => {
                format!("the functions are {}", crate::tree::Function::NAMES.join(", "))
            }
            Self::Arguments { usage, .. } => format!("write {usage}"),
            Self::Mismatch { .. } => {
                "compare and combine values of one type; a date is written date '2026-01-31'".into()
            }
            Self::NumberRange { .. } => "use a number between -9223372036854775807 and 9223372036854775807".into(),
            Self::DivisionByZero => "divide by another number".into(),
            Self::BadDate { .. } => "write an existing day as date '2026-01-31'".into(),
            Self::NullLiteral => "ask `is null` or `is not null`, or leave `else` out".into(),
            Self::UnknownCode { known, .. } => format!("the codes are {known}"),
        }
    }
}

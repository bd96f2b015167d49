//! The words of the house: what a NIK, a family card, a region, a rupiah, a period and an id are, and what a valid one is.
//!
//! Every other crate speaks with these types. Comes in: text and numbers as lists and people write them. Goes out: a checked
//! value or an error that names the rule. Never here: I/O, the wall clock, a programme's name.
//!
//! To add a word: one file, a newtype, `parse` that names the broken rule, `Display` that is safe to log.

mod clock;
mod date;
mod disclosure;
mod id;
mod lang;
mod money;
mod number;
mod period;
mod progress;
mod reason;
mod region;
mod sex;

pub use clock::{Clock, FixedClock};
pub use date::{DateError, age_in_months, age_in_years, civil_from_epoch_days, epoch_days, parse_date};
pub use disclosure::{SMALL_CELL, hidden, shown};
pub use id::{CaseId, FamilyId, LineId, PersonId, RecordId, UserId};
pub use lang::Lang;
pub use money::{Rupiah, RupiahOverflow};
pub use number::{KkNumber, Nik, NumberError};
pub use period::{Month, Period, PeriodError};
pub use progress::{Progress, Silent};
pub use reason::{Outcome, Reason, ReasonKind};
pub use region::{RegionCode, RegionError, RegionLevel};
pub use sex::Sex;

//! Time as a parameter. The binary makes the one real clock; everything else is handed one.

use jiff::{Timestamp, civil::Date};

/// Where "now" comes from. Instants are UTC; the civil day is that of Western Indonesia (UTC+7), in which deadlines are stated.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Today's date at UTC+7.
    fn today(&self) -> Date {
        jiff::tz::Offset::constant(7).to_datetime(self.now()).date()
    }

    /// Milliseconds since the epoch, as stored in the database.
    fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }
}

/// A clock that stands still, for tests and for replays.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl FixedClock {
    /// Stands at noon (UTC) of `date`.
    pub fn at(date: Date) -> Self {
        let noon = date.at(12, 0, 0, 0);
        Self(jiff::tz::Offset::UTC.to_timestamp(noon).unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

//! The database: two engines behind one seam. SQLite for one machine, PostgreSQL for a shared server.
//!
//! In: statements of the rooms as named text in the portable subset (`sql!`), values, closures that read or write. Out: rows,
//! or an error that names the statement. Synchronous on purpose: async callers use `spawn_blocking`. Never here: a rule of the
//! domain, a statement built from strings of a user, the wall clock.
//!
//! The portable subset in short: types INTEGER, TEXT, BLOB, REAL; `$1` placeholders, each with a place that gives it a type;
//! booleans are 0 and 1 in columns; `CAST(x AS BIGINT)`, never `AS INTEGER`; no `now()`, `->>`, LIKE, arrays, LATERAL, MERGE.
//! To add a table: a migration (see `migrate.rs`), the statements in the room's `queries.rs`, and a test that calls
//! [`Db::check`] with the room's `ALL`.

pub mod conformance;
mod error;
#[cfg(feature = "faults")]
mod fault;
mod job;
mod lock;
mod migrate;
pub mod outbox;
mod page;
mod postgres;
pub mod regions;
mod sequence;
mod sql;
mod sqlite;
pub mod testing;
mod tx;
mod value;

use std::{cell::Cell, path::Path, sync::Arc};

pub use error::Error;
#[cfg(feature = "faults")]
pub use fault::Faults;
pub use job::{Job, JobState, JobView, recent as recent_jobs};
pub use lock::Lock;
pub use page::{Page, Paged};
pub use sequence::{meta, next_number, set_meta};
pub use sql::Sql;
pub use tx::{Asked, Tx};
pub use value::{Row, Value};

/// The store's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Which engine keeps the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file on this machine.
    Sqlite,
    /// A shared server.
    Postgres,
}

/// An open database. Cheap to clone; share it between threads.
#[derive(Clone)]
pub struct Db {
    driver: Arc<Driver>,
    #[cfg(feature = "faults")]
    faults: Option<Arc<Faults>>,
}

/// A named point at which a test can let a step fail: `fault!(house.db, "file.named")?`. Nothing where tests do not ask for it.
#[macro_export]
macro_rules! fault {
    ($db:expr, $point:literal) => {
        $db.pass($point)
    };
}

enum Driver {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

thread_local! {
    /// The database this thread is writing to: a write inside a write would wait for itself.
    static WRITING: Cell<usize> = const { Cell::new(0) };
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://user@host/name`, brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Open`], or [`Error::Migration`] when the schema is from another program.
    pub fn open(url: &str) -> Result<Self> {
        let driver = if let Some(path) = url.strip_prefix("sqlite:") {
            Driver::Sqlite(sqlite::Sqlite::open(Path::new(path.strip_prefix("//").unwrap_or(path)))?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Driver::Postgres(postgres::Postgres::open(url)?)
        } else {
            return Err(Error::Address(url.chars().take(40).collect()));
        };
        let db = Self {
            driver: Arc::new(driver),
            #[cfg(feature = "faults")]
            faults: None,
        };
        db.write(migrate::apply)?;
        Ok(db)
    }

    /// The same database, with points that can fail.
    #[cfg(feature = "faults")]
    pub fn with_faults(&self, faults: Arc<Faults>) -> Self {
        Self { driver: Arc::clone(&self.driver), faults: Some(faults) }
    }

    /// See [`fault!`](crate::fault!).
    ///
    /// # Errors
    /// [`Error::Commit`] where a test planted a fault.
    #[cfg(feature = "faults")]
    pub fn pass(&self, point: &str) -> Result<()> {
        self.faults.as_ref().map_or(Ok(()), |faults| faults.pass(point))
    }

    /// See [`fault!`](crate::fault!).
    ///
    /// # Errors
    /// None.
    #[cfg(not(feature = "faults"))]
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "nothing but a name")]
    pub fn pass(&self, _: &str) -> Result<()> {
        Ok(())
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        match *self.driver {
            Driver::Sqlite(_) => Engine::Sqlite,
            Driver::Postgres(_) => Engine::Postgres,
        }
    }

    /// Reads within one snapshot. The closure cannot write.
    ///
    /// # Errors
    /// What the closure answers, or [`Error::Busy`] when no connection came free.
    pub fn read<T, E: From<Error>>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let (mut work, mut answer) = (Some(work), None);
        self.read_once(&mut |tx| answer = work.take().map(|work| work(tx)))?;
        answer.unwrap_or_else(|| Err(Error::Aborted.into()))
    }

    // Once for all closures: the drivers' code is large.
    fn read_once(&self, work: &mut dyn FnMut(&mut Tx<'_>)) -> Result<()> {
        match &*self.driver {
            Driver::Sqlite(driver) => driver.read(work),
            Driver::Postgres(driver) => driver.read(work),
        }
    }

    /// One transaction: all of the closure or nothing; when this answers, it is on disk.
    ///
    /// # Errors
    /// What the closure answers, [`Error::Busy`], [`Error::Nested`] inside another write, [`Error::Commit`] when the disk
    /// refused.
    #[cfg_attr(feature = "faults", track_caller)]
    pub fn write<T, E: From<Error>>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        #[cfg(feature = "faults")]
        let begun = std::panic::Location::caller();
        let (mut work, mut answer) = (Some(work), None);
        self.write_once(&mut |tx| {
            answer = work.take().map(|work| work(tx));
            #[cfg(feature = "faults")]
            if let (Some(Ok(_)), Some(faults)) = (&answer, &self.faults)
                && let Err(fault) = faults.pass_write(begun, "before")
            {
                answer = Some(Err(fault.into()));
            }
            matches!(answer, Some(Ok(_)))
        })?;
        #[cfg(feature = "faults")]
        if let (Some(Ok(_)), Some(faults)) = (&answer, &self.faults) {
            faults.pass_write(begun, "after")?;
        }
        answer.unwrap_or_else(|| Err(Error::Aborted.into()))
    }

    /// What `work` did is kept when it says so; an error where it was to be kept and could not.
    fn write_once(&self, work: &mut dyn FnMut(&mut Tx<'_>) -> bool) -> Result<()> {
        let _writing = Writing::begin(Arc::as_ptr(&self.driver) as usize)?;
        match &*self.driver {
            Driver::Sqlite(driver) => driver.write(work),
            Driver::Postgres(driver) => driver.write(work),
        }
    }

    /// Whether both the schema and each of `statements` fit together; answers those that do not.
    pub fn check(&self, statements: &[&Sql]) -> Vec<Error> {
        let prepare = |sql: &&Sql| self.read(|tx| tx.prepare(sql)).err();
        statements.iter().filter_map(prepare).collect()
    }

    /// To be called after these tables were filled or changed by a large part: the server learns what they hold now, for
    /// its plans, at once and not at its next rest. SQLite needs nothing. A server that cannot do it now is left to its
    /// rest: answers do not depend on it.
    pub fn settle(&self, tables: &[&'static str]) {
        if let Driver::Postgres(driver) = &*self.driver
            && let Err(error) = driver.settle(tables)
        {
            tracing::warn!(%error, "tables that changed much could not be looked through");
        }
    }

    /// Names of the schema changes in this database, in order.
    pub fn migrations(&self) -> Result<Vec<String>> {
        self.read(migrate::applied)
    }
}

/// Marks the thread as writing until it is dropped, also by a panic.
struct Writing;

impl Writing {
    fn begin(driver: usize) -> Result<Self> {
        if WRITING.get() == driver {
            return Err(Error::Nested);
        }
        WRITING.set(driver);
        Ok(Self)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITING.set(0);
    }
}

fn wrong_width(name: &str, wanted: usize, got: usize) -> Error {
    Error::Statement {
        statement: name.to_owned(),
        message: format!("a row of {got} values for {wanted} columns"),
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({:?})", self.engine())
    }
}

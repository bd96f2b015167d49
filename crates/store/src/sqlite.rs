//! The embedded engine: SQLite in WAL mode, one writer at a time, a pool of read-only connections.
//!
//! Commits are grouped: a writer that finishes while others wait leaves its transaction open for the next one and waits for the
//! common commit, so that many small writes share one flush to disk. Each closure after the first of a group runs in its own
//! savepoint: its failure takes back only its own rows. No caller hears "done" before the flush.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use compact_str::CompactString;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, ToSql,
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};

use crate::{Error, Row, Sql, Tx, Value};

const WAIT_MAX: Duration = Duration::from_secs(30);
const GROUP_MEMBERS_MAX: u32 = 64;
const GROUP_AGE_MAX: Duration = Duration::from_millis(50);
const STATEMENTS_CACHED: usize = 256;

pub(crate) struct Sqlite {
    path: PathBuf,
    writer: Mutex<Writer>,
    committed: Condvar,
    waiting: AtomicUsize,
    readers: Mutex<Readers>,
    returned: Condvar,
}

/// How a group of writes ended; members wait for it.
type GroupEnd = Arc<OnceLock<Result<(), String>>>;

struct Writer {
    conn: Connection,
    group: Option<Group>,
}

struct Group {
    end: GroupEnd,
    members: u32,
    begun: Instant,
}

struct Readers {
    idle: Vec<Connection>,
    open: usize,
    max: usize,
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(cannot_open)?;
        settle(&conn, true).map_err(cannot_open)?;
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(Writer { conn, group: None }),
            committed: Condvar::new(),
            waiting: AtomicUsize::new(0),
            readers: Mutex::new(Readers { idle: Vec::new(), open: 0, max: (cores * 2).clamp(4, 16) }),
            returned: Condvar::new(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn write(&self, work: &mut dyn FnMut(&mut Tx<'_>) -> bool) -> Result<(), Error> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut writer = locked(&self.writer);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let first = writer.enter()?;
        let mut tx = Tx::sqlite(&writer.conn);
        // A panic must not leave the writer half-way: undo first, then let it go on.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut tx)));
        let failed = tx.failed();
        let kept = matches!(outcome, Ok(true)) && !failed;
        let end = writer.leave(first, kept);
        let due = writer
            .group
            .as_ref()
            .is_some_and(|group| group.members >= GROUP_MEMBERS_MAX || group.begun.elapsed() > GROUP_AGE_MAX);
        if due || self.waiting.load(Ordering::SeqCst) == 0 {
            writer.finish();
            self.committed.notify_all();
        }
        let wanted = match outcome {
            Ok(wanted) => wanted,
            Err(panic) => {
                drop(writer);
                resume_unwind(panic)
            }
        };
        if kept {
            let end = end.ok_or(Error::Commit("the group of writes was lost".into()))?;
            self.wait_for(writer, &end)?;
        }
        if wanted && !kept { Err(Error::Aborted) } else { Ok(()) }
    }

    fn wait_for(&self, writer: MutexGuard<'_, Writer>, end: &GroupEnd) -> Result<(), Error> {
        let _writer = self
            .committed
            .wait_while(writer, |_| end.get().is_none())
            .unwrap_or_else(PoisonError::into_inner);
        match end.get() {
            Some(Err(message)) => Err(Error::Commit(message.clone())),
            _ => Ok(()),
        }
    }

    pub(crate) fn read(&self, work: &mut dyn FnMut(&mut Tx<'_>)) -> Result<(), Error> {
        let reader = Reader { pool: self, conn: Some(self.reader()?) };
        let Some(conn) = reader.conn.as_ref() else { return Err(Error::Busy) };
        conn.execute_batch("BEGIN").map_err(|error| failure("begin", &error))?;
        let mut tx = Tx::sqlite(conn);
        work(&mut tx);
        Ok(())
    }

    fn reader(&self) -> Result<Connection, Error> {
        let mut readers = locked(&self.readers);
        loop {
            if let Some(conn) = readers.idle.pop() {
                return Ok(conn);
            }
            if readers.open < readers.max {
                readers.open += 1;
                drop(readers);
                return self.open_reader().inspect_err(|_| locked(&self.readers).open -= 1);
            }
            let (back, wait) =
                self.returned.wait_timeout(readers, WAIT_MAX).unwrap_or_else(PoisonError::into_inner);
            readers = back;
            if wait.timed_out() && readers.idle.is_empty() {
                return Err(Error::Busy);
            }
        }
    }

    fn open_reader(&self) -> Result<Connection, Error> {
        // Not opened read-only: after a crash the first connection must be able to restore the WAL index. `query_only` keeps
        // it from writing.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags).map_err(cannot_open)?;
        settle(&conn, false).map_err(cannot_open)?;
        Ok(conn)
    }
}

impl Writer {
    /// Joins the open group or begins one. True when this is the group's first member, which needs no savepoint.
    fn enter(&mut self) -> Result<bool, Error> {
        if self.group.as_ref().is_some_and(|group| group.members > 0) {
            self.conn.execute_batch("SAVEPOINT member").map_err(|error| failure("savepoint", &error))?;
            return Ok(false);
        }
        if self.group.is_none() {
            self.conn.execute_batch("BEGIN IMMEDIATE").map_err(|error| failure("begin", &error))?;
            self.group = Some(Group { end: GroupEnd::default(), members: 0, begun: Instant::now() });
        }
        Ok(true)
    }

    /// Keeps or takes back what the member did. Answers the end to wait for, unless the group is gone.
    fn leave(&mut self, first: bool, kept: bool) -> Option<GroupEnd> {
        let undo = match (first, kept) {
            (true, true) => Ok(()),
            (true, false) => {
                self.group = None;
                self.conn.execute_batch("ROLLBACK")
            }
            (false, true) => self.conn.execute_batch("RELEASE member"),
            (false, false) => self.conn.execute_batch("ROLLBACK TO member; RELEASE member"),
        };
        // A full disk or an I/O error makes the engine end the whole transaction: all members must hear of it.
        if (undo.is_err() || self.conn.is_autocommit())
            && let Some(group) = self.group.take()
        {
            if !self.conn.is_autocommit() && self.conn.execute_batch("ROLLBACK").is_err() {
                tracing::error!("a failed group of writes could not be rolled back");
            }
            let _ = group.end.set(Err("the engine ended the transaction".into()));
            return kept.then_some(group.end);
        }
        let group = self.group.as_mut()?;
        group.members += u32::from(kept);
        Some(group.end.clone())
    }

    /// Writes the open group to disk and says how it went.
    fn finish(&mut self) {
        let Some(group) = self.group.take() else { return };
        let result = self.conn.execute_batch("COMMIT").map_err(|error| {
            if !self.conn.is_autocommit() && self.conn.execute_batch("ROLLBACK").is_err() {
                tracing::error!("a group of writes could neither be committed nor rolled back");
            }
            error.to_string()
        });
        let _ = group.end.set(result);
    }
}

/// A borrowed read connection; goes back to the pool, its snapshot ended, whatever happens.
struct Reader<'a> {
    pool: &'a Sqlite,
    conn: Option<Connection>,
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        let usable = conn.is_autocommit() || conn.execute_batch("ROLLBACK").is_ok();
        let mut readers = locked(&self.pool.readers);
        if usable {
            readers.idle.push(conn);
        } else {
            readers.open -= 1;
        }
        drop(readers);
        self.pool.returned.notify_one();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn settle(conn: &Connection, writer: bool) -> rusqlite::Result<()> {
    conn.busy_timeout(WAIT_MAX)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    if writer {
        // Else a plan is made anew for each number that is bound, where statistics are there: what writes finds its rows by key.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // The page size holds for a new file only; 8 KiB suits rows of some hundred bytes.
        conn.execute_batch(
            "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;
             PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 134217728;",
        )
    } else {
        conn.execute_batch(
            "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;
             PRAGMA foreign_keys = ON;",
        )
    }
}

fn cannot_open(error: rusqlite::Error) -> Error {
    Error::Open(error.to_string())
}

/// The store's word for what SQLite said.
pub(crate) fn failure(statement: &str, error: &rusqlite::Error) -> Error {
    let statement = statement.to_owned();
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        return Error::Statement { statement, message: error.to_string() };
    };
    let detail = message.clone().unwrap_or_else(|| code.to_string());
    match (code.code, code.extended_code) {
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Error::Busy,
        (ErrorCode::ConstraintViolation, 1555 | 2067 | 2579) => Error::Unique { statement, detail },
        (ErrorCode::ConstraintViolation, _) => Error::Constraint { statement, detail },
        _ => Error::Statement { statement, message: detail },
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(v) => ValueRef::Integer(*v),
            Self::Real(v) => ValueRef::Real(*v),
            Self::Text(v) => ValueRef::Text(v.as_bytes()),
            Self::Bytes(v) => ValueRef::Blob(v),
        }))
    }
}

pub(crate) fn for_each<E: From<Error>>(
    conn: &Connection,
    sql: &Sql,
    params: &[Value],
    mut row: impl FnMut(Row) -> Result<(), E>,
) -> Result<(), E> {
    let fail = |error: rusqlite::Error| failure(sql.name, &error);
    let mut statement = conn.prepare_cached(sql.for_sqlite()).map_err(fail)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(fail)?;
    while let Some(found) = rows.next().map_err(fail)? {
        let mut values = Vec::with_capacity(columns);
        for index in 0..columns {
            values.push(match found.get_ref(index).map_err(fail)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(v) => Value::Int(v),
                ValueRef::Real(v) => Value::Real(v),
                ValueRef::Text(v) => Value::Text(CompactString::from_utf8_lossy(v)),
                ValueRef::Blob(v) => Value::Bytes(v.to_vec()),
            });
        }
        row(Row { statement: sql.name, values })?;
    }
    Ok(())
}

pub(crate) fn numbers(conn: &Connection, sql: &Sql, params: &[Value]) -> Result<Vec<i64>, Error> {
    let fail = |error: rusqlite::Error| failure(sql.name, &error);
    let mut statement = conn.prepare_cached(sql.for_sqlite()).map_err(fail)?;
    let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(fail)?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        numbers.push(row.get(0).map_err(fail)?);
    }
    Ok(numbers)
}

pub(crate) fn execute(conn: &Connection, sql: &Sql, params: &[Value]) -> Result<u64, Error> {
    let fail = |error: rusqlite::Error| failure(sql.name, &error);
    let mut statement = conn.prepare_cached(sql.for_sqlite()).map_err(fail)?;
    statement.execute(rusqlite::params_from_iter(params)).map(|n| n as u64).map_err(fail)
}

/// Executes one statement for each row of parameters.
pub(crate) fn execute_many(
    conn: &Connection,
    name: &str,
    text: &str,
    rows: &mut dyn Iterator<Item = Vec<Value>>,
) -> Result<u64, Error> {
    let fail = |error: rusqlite::Error| failure(name, &error);
    let mut statement = conn.prepare_cached(text).map_err(fail)?;
    let wanted = statement.parameter_count();
    let mut changed = 0;
    for row in rows {
        if row.len() != wanted {
            return Err(crate::wrong_width(name, wanted, row.len()));
        }
        for (index, value) in row.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, value).map_err(fail)?;
        }
        changed += statement.raw_execute().map_err(fail)? as u64;
    }
    Ok(changed)
}

pub(crate) fn bulk(
    conn: &Connection,
    table: &'static str,
    columns: &[&'static str],
    rows: &mut dyn Iterator<Item = Vec<Value>>,
) -> Result<u64, Error> {
    let marks = vec!["?"; columns.len()].join(", ");
    let text = format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", "));
    execute_many(conn, table, &text, rows)
}

pub(crate) fn prepare(conn: &Connection, sql: &Sql) -> Result<(), Error> {
    conn.prepare(sql.for_sqlite()).map(|_| ()).map_err(|error| failure(sql.name, &error))
}

pub(crate) fn batch(conn: &Connection, name: &str, script: &str) -> Result<(), Error> {
    conn.execute_batch(script).map_err(|error| failure(name, &error))
}

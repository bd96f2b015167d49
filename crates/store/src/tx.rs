//! A transaction: what a closure may do with the database, the same on both engines.
//!
//! After the first failed statement the transaction takes no more statements, on both engines (PostgreSQL works that way, SQLite
//! is held to it), so that no code can come to depend on going on. To insert what may be there, write `ON CONFLICT`.

use rusqlite::Connection;

use crate::{Engine, Error, Row, Sql, Value, postgres, sqlite};

/// A statement and its parameters.
pub type Asked<'a> = (&'a Sql, Vec<Value>);

/// An open transaction.
pub struct Tx<'a> {
    engine: TxEngine<'a>,
    failed: bool,
}

#[derive(Clone, Copy)]
enum TxEngine<'a> {
    Sqlite(&'a Connection),
    Postgres(postgres::Session<'a>),
}

impl<'a> Tx<'a> {
    pub(crate) fn sqlite(conn: &'a Connection) -> Self {
        Self { engine: TxEngine::Sqlite(conn), failed: false }
    }

    pub(crate) fn postgres(session: postgres::Session<'a>) -> Self {
        Self { engine: TxEngine::Postgres(session), failed: false }
    }

    pub(crate) fn failed(&self) -> bool {
        self.failed
    }

    /// Which engine answers.
    pub fn engine(&self) -> Engine {
        match self.engine {
            TxEngine::Sqlite(_) => Engine::Sqlite,
            TxEngine::Postgres(_) => Engine::Postgres,
        }
    }

    fn run<T>(&mut self, work: impl FnOnce(TxEngine<'a>) -> Result<T, Error>) -> Result<T, Error> {
        if self.failed {
            return Err(Error::Aborted);
        }
        work(self.engine).inspect_err(|_| self.failed = true)
    }

    /// All rows of an answer. For large answers see [`Tx::for_each`].
    pub fn query(&mut self, sql: &Sql, params: &[Value]) -> Result<Vec<Row>, Error> {
        self.run(|engine| match engine {
            TxEngine::Sqlite(conn) => {
                let mut rows = Vec::new();
                sqlite::for_each(conn, sql, params, |row| {
                    rows.push(row);
                    Ok::<_, Error>(())
                })?;
                Ok(rows)
            }
            TxEngine::Postgres(session) => session.query(sql, params),
        })
    }

    /// All rows of several answers. All questions together cost one way to the server.
    pub fn query_all(&mut self, asked: &[Asked<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        if let TxEngine::Postgres(session) = self.engine {
            return self.run(|_| session.query_all(asked));
        }
        asked.iter().map(|(sql, params)| self.query(sql, params)).collect()
    }

    /// Executes a statement once for each row of parameters, in their order, and says how many rows each changed. Many of them together
    /// cost one way to the server.
    pub fn execute_all(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<Vec<u64>, Error> {
        self.run(|engine| match engine {
            TxEngine::Sqlite(conn) => rows.iter().map(|params| sqlite::execute(conn, sql, params)).collect(),
            TxEngine::Postgres(session) => session.execute_all(sql, rows),
        })
    }

    /// The only column of several answers, whole numbers: for long lists out of an index. All questions together cost one way
    /// to the server.
    pub fn numbers(&mut self, asked: &[Asked<'_>]) -> Result<Vec<Vec<i64>>, Error> {
        self.run(|engine| match engine {
            TxEngine::Sqlite(conn) => {
                asked.iter().map(|(sql, params)| sqlite::numbers(conn, sql, params)).collect()
            }
            TxEngine::Postgres(session) => session.numbers(asked),
        })
    }

    /// The only row, or none. More than one is an error.
    pub fn query_opt(&mut self, sql: &Sql, params: &[Value]) -> Result<Option<Row>, Error> {
        let mut rows = self.query(sql, params)?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            rows => Err(Error::NotOne { statement: sql.name.to_owned(), rows }),
        }
    }

    /// The only row.
    pub fn query_one(&mut self, sql: &Sql, params: &[Value]) -> Result<Row, Error> {
        self.query_opt(sql, params)?.ok_or_else(|| Error::NotOne { statement: sql.name.to_owned(), rows: 0 })
    }

    /// Hands over row after row, without keeping them. An error of the reader ends the reading, not the transaction.
    pub fn for_each<E: From<Error>>(
        &mut self,
        sql: &Sql,
        params: &[Value],
        mut each: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.failed {
            return Err(Error::Aborted.into());
        }
        let mut reader_failed = false;
        let result = {
            let row = |row| each(row).inspect_err(|_| reader_failed = true);
            match self.engine {
                TxEngine::Sqlite(conn) => sqlite::for_each(conn, sql, params, row),
                TxEngine::Postgres(session) => session.for_each(sql, params, row),
            }
        };
        self.failed = result.is_err() && !reader_failed;
        result
    }

    /// Executes a change; answers how many rows it touched.
    pub fn execute(&mut self, sql: &Sql, params: &[Value]) -> Result<u64, Error> {
        self.run(|engine| match engine {
            TxEngine::Sqlite(conn) => sqlite::execute(conn, sql, params),
            TxEngine::Postgres(session) => session.execute(sql, params),
        })
    }

    /// Executes one change for each row of parameters: for tens or hundreds of rows. For many rows, load them with [`Tx::bulk`]
    /// into a staging table and change with one statement.
    pub fn execute_many(
        &mut self,
        sql: &Sql,
        rows: impl IntoIterator<Item = Vec<Value>>,
    ) -> Result<u64, Error> {
        self.change_each(sql, &mut rows.into_iter())
    }

    // Once for all callers: the drivers' code is large, and a row costs more than the call that fetches it.
    fn change_each(&mut self, sql: &Sql, rows: &mut dyn Iterator<Item = Vec<Value>>) -> Result<u64, Error> {
        self.run(|engine| match engine {
            TxEngine::Sqlite(conn) => sqlite::execute_many(conn, sql.name, sql.for_sqlite(), rows),
            TxEngine::Postgres(session) => {
                let mut changed = 0;
                for row in rows {
                    changed += session.execute(sql, &row)?;
                }
                Ok(changed)
            }
        })
    }

    /// Loads many rows: `COPY` on PostgreSQL, a prepared insert on SQLite. Best in batches of 10,000 rows and more, sorted by
    /// the table's key.
    pub fn bulk(
        &mut self,
        table: &'static str,
        columns: &'static [&'static str],
        mut rows: impl Iterator<Item = Vec<Value>>,
    ) -> Result<u64, Error> {
        self.load(table, columns, &mut rows)
    }

    fn load(
        &mut self,
        table: &'static str,
        columns: &'static [&'static str],
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, Error> {
        self.run(|engine| match engine {
            TxEngine::Sqlite(conn) => sqlite::bulk(conn, table, columns, rows),
            TxEngine::Postgres(session) => session.bulk(table, columns, rows),
        })
    }

    pub(crate) fn prepare(&mut self, sql: &Sql) -> Result<(), Error> {
        self.run(|engine| match engine {
            TxEngine::Sqlite(conn) => sqlite::prepare(conn, sql),
            TxEngine::Postgres(session) => session.prepare(sql),
        })
    }

    pub(crate) fn batch(&mut self, name: &str, script: &str) -> Result<(), Error> {
        self.run(|engine| match engine {
            TxEngine::Sqlite(conn) => sqlite::batch(conn, name, script),
            TxEngine::Postgres(session) => session.batch(name, script),
        })
    }
}

//! The shared server: PostgreSQL through tokio-postgres, behind the same synchronous functions.
//!
//! A small runtime of its own drives the connections; callers block, so they must not stand on an async worker thread. Parameters
//! are typed by what they hold, answers by what the server says: sums of BIGINT come back as NUMERIC and are read as integers,
//! or refused when they do not fit.

use std::{borrow::Cow, future::Future, task::Poll, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime as PoolRuntime};
use tokio::runtime::Runtime;
use tokio_postgres::{
    Config, IsolationLevel, NoTls, Statement,
    binary_copy::BinaryCopyInWriter,
    error::SqlState,
    types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use crate::{Error, Row, Sql, Tx, Value, tx::Asked};

const CONNECTIONS_MAX: usize = 16;
const WAIT_MAX: Duration = Duration::from_secs(30);
const ROWS_A_FETCH: i32 = 5_000;

type Boxed = Box<dyn std::error::Error + Sync + Send>;

pub(crate) struct Postgres {
    /// Always there until drop, which must not block when it happens inside another runtime.
    runtime: Option<Runtime>,
    pool: Pool,
}

impl Postgres {
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        let mut config: Config = url.parse().map_err(|_| Error::Address(mask(url)))?;
        let wait_ms = WAIT_MAX.as_millis();
        let options = format!("{} -c lock_timeout={wait_ms}", config.get_options().unwrap_or_default());
        config.options(options.trim()).application_name("pilar");
        let manager =
            Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS_MAX)
            .wait_timeout(Some(WAIT_MAX))
            .runtime(PoolRuntime::Tokio1)
            .build()
            .map_err(|error| Error::Open(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("pilar-postgres")
            .enable_all()
            .build()
            .map_err(|error| Error::Open(error.to_string()))?;
        let this = Self { runtime: Some(runtime), pool };
        drop(this.client()?);
        Ok(this)
    }

    fn block<F: Future>(&self, future: F) -> F::Output {
        self.runtime.as_ref().expect("the runtime lives until drop").block_on(future)
    }

    fn client(&self) -> Result<Object, Error> {
        self.block(self.pool.get()).map_err(|error| match error {
            deadpool_postgres::PoolError::Timeout(_) => Error::Busy,
            other => Error::Open(spoken(&other)),
        })
    }

    pub(crate) fn write(&self, work: &mut dyn FnMut(&mut Tx<'_>) -> bool) -> Result<(), Error> {
        let mut client = self.client()?;
        let transaction = self.block(client.transaction()).map_err(|error| failure("begin", &error))?;
        let mut tx = Tx::postgres(Session { driver: self, transaction: &transaction });
        let wanted = work(&mut tx);
        if wanted && tx.failed() {
            return Err(Error::Aborted);
        }
        // What is not wanted drops the transaction, which rolls it back before the connection is used again.
        if !wanted {
            return Ok(());
        }
        self.block(transaction.commit()).map_err(|error| Error::Commit(spoken(&error)))
    }

    pub(crate) fn read(&self, work: &mut dyn FnMut(&mut Tx<'_>)) -> Result<(), Error> {
        let mut client = self.client()?;
        let snapshot =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let transaction = self.block(snapshot.start()).map_err(|error| failure("begin", &error))?;
        let mut tx = Tx::postgres(Session { driver: self, transaction: &transaction });
        work(&mut tx);
        Ok(())
    }

    /// Tells the planner what these tables hold now, and marks the pages on which indexes alone can answer. Takes no part in any
    /// transaction.
    pub(crate) fn settle(&self, tables: &[&'static str]) -> Result<(), Error> {
        let client = self.client()?;
        for table in tables {
            let text = format!("VACUUM (ANALYZE) {table}");
            self.block(client.batch_execute(&text)).map_err(|error| failure("vacuum", &error))?;
        }
        Ok(())
    }

    /// Takes the named lock of this schema for as long as the answer lives; nothing when another holds it.
    pub(crate) fn lock(&self, name: &str) -> Result<Option<Object>, Error> {
        const TAKE: &str = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '/' || $1, 0))";
        let client = self.client()?;
        let row = self
            .block(client.query_one(TAKE, &[&name]))
            .map_err(|error| Error::Lock { name: name.to_owned(), message: spoken(&error) })?;
        Ok(row.get::<_, bool>(0).then_some(client))
    }

    /// Gives a lock back: it is free when this returns. Should the server not answer, closing the connection ends the
    /// server's session and the lock with it.
    pub(crate) fn unlock(&self, held: Object, name: &str) {
        const GIVE: &str = "SELECT pg_advisory_unlock(hashtextextended(current_schema() || '/' || $1, 0))";
        if self.block(held.query_one(GIVE, &[&name])).is_err() {
            let _guard = self.runtime.as_ref().map(Runtime::enter);
            drop(Object::take(held));
        }
    }
}

/// A fresh schema for a test.
pub(crate) fn make_schema(url: &str, schema: &str) -> Result<(), Error> {
    script(url, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"))
}

/// A schema for figures, which stays.
pub(crate) fn keep_schema(url: &str, schema: &str) -> Result<(), Error> {
    script(url, &format!("CREATE SCHEMA IF NOT EXISTS {schema}"))
}

/// Ends a test's schema.
pub(crate) fn drop_schema(url: &str, schema: &str) -> Result<(), Error> {
    script(url, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))
}

fn script(url: &str, text: &str) -> Result<(), Error> {
    let driver = Postgres::open(url)?;
    let client = driver.client()?;
    driver.block(client.batch_execute(text)).map_err(|error| failure("schema", &error))
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.pool.close();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Statements on their way at once: enough to hide the way, few enough to be looked through at each answer.
const SENT_TOGETHER: usize = 64;

/// An open transaction and the driver that moves it.
#[derive(Clone, Copy)]
pub(crate) struct Session<'a> {
    driver: &'a Postgres,
    transaction: &'a deadpool_postgres::Transaction<'a>,
}

impl Session<'_> {
    fn prepared(&self, name: &str, text: &str, params: &[Value]) -> Result<Statement, Error> {
        let types: Vec<Type> = params.iter().map(type_of).collect();
        self.driver
            .block(self.transaction.prepare_typed_cached(text, &types))
            .map_err(|error| failure(name, &error))
    }

    pub(crate) fn query(&self, sql: &Sql, params: &[Value]) -> Result<Vec<Row>, Error> {
        let statement = self.prepared(sql.name, sql.text, params)?;
        let found = self
            .driver
            .block(self.transaction.query(&statement, &as_params(params)))
            .map_err(|error| failure(sql.name, &error))?;
        found.iter().map(|row| read_row(sql, row)).collect()
    }

    /// All questions are sent before the first is answered.
    pub(crate) fn query_all(&self, asked: &[Asked<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        let mut answers = Vec::with_capacity(asked.len());
        for ((sql, _), rows) in asked.iter().zip(self.answers(asked, |sql| sql.text.into())?) {
            answers.push(rows.iter().map(|row| read_row(sql, row)).collect::<Result<_, _>>()?);
        }
        Ok(answers)
    }

    /// As [`Session::query_all`], with one array for each question instead of a row for each number.
    pub(crate) fn numbers(&self, asked: &[Asked<'_>]) -> Result<Vec<Vec<i64>>, Error> {
        let as_array =
            |sql: &Sql| format!("SELECT array_agg(number) FROM ({}) AS found (number)", sql.text).into();
        let mut answers = Vec::with_capacity(asked.len());
        for ((sql, _), rows) in asked.iter().zip(self.answers(asked, as_array)?) {
            let array = rows.first().map(|row| row.try_get::<_, Option<Vec<i64>>>(0)).transpose();
            answers.push(array.map_err(|error| failure(sql.name, &error))?.flatten().unwrap_or_default());
        }
        Ok(answers)
    }

    fn answers<'s>(
        &self,
        asked: &[Asked<'s>],
        text: impl Fn(&'s Sql) -> Cow<'s, str>,
    ) -> Result<Vec<Vec<tokio_postgres::Row>>, Error> {
        let prepared = asked
            .iter()
            .map(|(sql, params)| Ok((self.prepared(sql.name, &text(sql), params)?, as_params(params))));
        let prepared: Vec<_> = prepared.collect::<Result<_, Error>>()?;
        let sent = prepared.iter().map(|(statement, params)| self.transaction.query(statement, params));
        let answers = self.driver.block(together(sent)).into_iter().zip(asked);
        answers.map(|(rows, (sql, _))| rows.map_err(|error| failure(sql.name, &error))).collect()
    }

    pub(crate) fn for_each<E: From<Error>>(
        &self,
        sql: &Sql,
        params: &[Value],
        mut each: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let fail = |error: tokio_postgres::Error| failure(sql.name, &error);
        let statement = self.prepared(sql.name, sql.text, params)?;
        let portal =
            self.driver.block(self.transaction.bind(&statement, &as_params(params))).map_err(fail)?;
        loop {
            let found =
                self.driver.block(self.transaction.query_portal(&portal, ROWS_A_FETCH)).map_err(fail)?;
            for row in &found {
                each(read_row(sql, row)?)?;
            }
            if found.len() < ROWS_A_FETCH as usize {
                return Ok(());
            }
        }
    }

    pub(crate) fn execute(&self, sql: &Sql, params: &[Value]) -> Result<u64, Error> {
        let statement = self.prepared(sql.name, sql.text, params)?;
        self.driver
            .block(self.transaction.execute(&statement, &as_params(params)))
            .map_err(|error| failure(sql.name, &error))
    }

    /// Sends [`SENT_TOGETHER`] statements before the first is answered.
    pub(crate) fn execute_all(&self, sql: &Sql, rows: &[Vec<Value>]) -> Result<Vec<u64>, Error> {
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let statement = self.prepared(sql.name, sql.text, first)?;
        let mut changed = Vec::with_capacity(rows.len());
        for rows in rows.chunks(SENT_TOGETHER) {
            let params: Vec<_> = rows.iter().map(|row| as_params(row)).collect();
            let sent = params.iter().map(|params| self.transaction.execute(&statement, params));
            for answer in self.driver.block(together(sent)) {
                changed.push(answer.map_err(|error| failure(sql.name, &error))?);
            }
        }
        Ok(changed)
    }

    pub(crate) fn bulk(
        &self,
        table: &'static str,
        columns: &[&'static str],
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, Error> {
        let list = columns.join(", ");
        self.driver
            .block(async {
                let shape = format!("SELECT {list} FROM {table} WHERE FALSE");
                let shape = self.transaction.prepare_cached(&shape).await?;
                let types: Vec<Type> = shape.columns().iter().map(|c| c.type_().clone()).collect();
                let copy = format!("COPY {table} ({list}) FROM STDIN BINARY");
                let sink = self.transaction.copy_in(&copy).await?;
                let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &types));
                for row in rows {
                    if row.len() != columns.len() {
                        return Ok(Err(crate::wrong_width(table, columns.len(), row.len())));
                    }
                    writer.as_mut().write(&as_params(&row)).await?;
                }
                writer.finish().await.map(Ok)
            })
            .unwrap_or_else(|error| Err(failure(table, &error)))
    }

    pub(crate) fn prepare(&self, sql: &Sql) -> Result<(), Error> {
        self.driver
            .block(self.transaction.prepare(sql.text))
            .map(|_| ())
            .map_err(|error| failure(sql.name, &error))
    }

    pub(crate) fn batch(&self, name: &str, script: &str) -> Result<(), Error> {
        self.driver.block(self.transaction.batch_execute(script)).map_err(|error| failure(name, &error))
    }
}

/// The answers of all, in their order. None waits for another to begin.
async fn together<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, answer) in all.iter_mut().filter(|(_, answer)| answer.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(value) => *answer = Some(value),
                Poll::Pending => waiting = true,
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    all.into_iter().filter_map(|(_, answer)| answer).collect()
}

fn as_params(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn type_of(value: &Value) -> Type {
    match value {
        // The server infers the type from the place.
        Value::Null => Type::UNKNOWN,
        Value::Int(_) => Type::INT8,
        Value::Real(_) => Type::FLOAT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    }
}

fn read_row(sql: &Sql, row: &tokio_postgres::Row) -> Result<Row, Error> {
    let mut values = Vec::with_capacity(row.len());
    for index in 0..row.len() {
        values.push(row.try_get(index).map_err(|error| failure(sql.name, &error))?);
    }
    Ok(Row { statement: sql.name, values })
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(v), &Type::INT8) => v.to_sql(ty, out),
            (Self::Int(v), &Type::INT4) => i32::try_from(*v)?.to_sql(ty, out),
            (Self::Int(v), &Type::INT2) => i16::try_from(*v)?.to_sql(ty, out),
            (Self::Int(v), &Type::FLOAT8) => (*v as f64).to_sql(ty, out),
            (Self::Real(v), &Type::FLOAT8) => v.to_sql(ty, out),
            (Self::Text(v), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => v.as_str().to_sql(ty, out),
            (Self::Bytes(v), &Type::BYTEA) => v.to_sql(ty, out),
            _ => Err(format!("{} does not go into a place of type {ty}", self.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Boxed> {
        Ok(match *ty {
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Self::Real(f32::from_sql(ty, raw)?.into()),
            Type::NUMERIC => numeric(raw)?,
            Type::BYTEA => Self::Bytes(raw.to_vec()),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN | Type::BPCHAR => {
                Self::Text(std::str::from_utf8(raw)?.into())
            }
            _ => return Err(format!("columns of type {ty} are outside the portable subset").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Boxed> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads the wire form of NUMERIC: digits to the base 10,000, the weight of the first, a sign.
fn numeric(raw: &[u8]) -> Result<Value, Boxed> {
    let word = |at: usize| -> Result<i64, Boxed> {
        let bytes = raw.get(at * 2..at * 2 + 2).ok_or("a numeric is cut short")?;
        Ok(i64::from(i16::from_be_bytes([bytes[0], bytes[1]])))
    };
    let (count, weight, negative) = (word(0)?, word(1)?, word(2)? == 0x4000);
    if !matches!(word(2)?, 0 | 0x4000) {
        return Err("a numeric is not a number".into());
    }
    let (mut whole, mut fraction) = (0i64, 0f64);
    for index in 0..count.max(weight + 1) {
        let digit = if index < count { word(4 + index as usize)? } else { 0 };
        if index <= weight {
            whole = whole
                .checked_mul(10_000)
                .and_then(|w| w.checked_sub(digit))
                .ok_or("a sum is out of the range of 64 bits")?;
        } else {
            fraction += digit as f64 * 10_000f64.powi((weight - index) as i32);
        }
    }
    // Collected as a negative number, whose range is one larger.
    if fraction > 0.0 {
        let size = -(whole as f64) + fraction;
        return Ok(Value::Real(if negative { -size } else { size }));
    }
    let whole = if negative { Some(whole) } else { whole.checked_neg() };
    Ok(Value::Int(whole.ok_or("a sum is out of the range of 64 bits")?))
}

fn spoken(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

fn failure(statement: &str, error: &tokio_postgres::Error) -> Error {
    let statement = statement.to_owned();
    let Some(db) = error.as_db_error() else {
        return Error::Statement { statement, message: spoken(error) };
    };
    let detail = db.constraint().map_or_else(|| db.message().to_owned(), str::to_owned);
    let code = db.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        Error::Unique { statement, detail }
    } else if code.code().starts_with("23") {
        Error::Constraint { statement, detail }
    } else if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        Error::Busy
    } else {
        Error::Statement { statement, message: db.message().to_owned() }
    }
}

/// The address without what stands before `@`, for messages.
fn mask(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => format!("{}…{}", &url[..scheme + 3], &url[at..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(weight: i16, sign: u16, digits: &[i16]) -> Vec<u8> {
        let mut raw = Vec::new();
        raw.extend((digits.len() as i16).to_be_bytes());
        raw.extend(weight.to_be_bytes());
        raw.extend(sign.to_be_bytes());
        raw.extend(0i16.to_be_bytes());
        for d in digits {
            raw.extend(d.to_be_bytes());
        }
        raw
    }

    #[test]
    fn a_numeric_is_an_integer_when_it_is_whole_and_fits() {
        let read = |weight, sign, digits: &[i16]| numeric(&wire(weight, sign, digits)).ok();
        assert_eq!(read(0, 0, &[]), Some(Value::Int(0)));
        assert_eq!(read(1, 0, &[1]), Some(Value::Int(10_000)));
        assert_eq!(read(1, 0x4000, &[12, 3456]), Some(Value::Int(-123_456)));
        assert_eq!(read(4, 0, &[922, 3372, 368, 5477, 5807]), Some(Value::Int(i64::MAX)));
        assert_eq!(read(4, 0x4000, &[922, 3372, 368, 5477, 5808]), Some(Value::Int(i64::MIN)));
        assert_eq!(read(4, 0, &[922, 3372, 368, 5477, 5808]), None);
        assert_eq!(read(0, 0, &[2, 5000]), Some(Value::Real(2.5)));
        assert_eq!(read(-1, 0x4000, &[2500]), Some(Value::Real(-0.25)));
        assert_eq!(read(0, 0xC000, &[]), None);
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        assert_eq!(mask("postgres://siti:rahasia@db/pilar"), "postgres://…@db/pilar");
    }
}

//! Long work that survives a crash: one row for each kind and key, a lock that dies with the process, and a mark that says how
//! far it got. The same command again takes the row over and continues behind the mark.

use model::Clock;
use serde::Serialize;

use crate::{Db, Lock, Result, Row, Tx, params, sql};

sql! {
    pub(crate) START = "INSERT INTO job (kind, key, state, stage, done, total, attempts, started_at, changed_at)
        VALUES ($1, $2, 'running', '', 0, 0, 1, $3, $3)
        ON CONFLICT (kind, key) DO UPDATE SET state = 'running', message = NULL, changed_at = $3,
            attempts = job.attempts + 1,
            started_at = CASE WHEN job.state = 'done' THEN $3 ELSE job.started_at END,
            mark = CASE WHEN job.state = 'done' THEN NULL ELSE job.mark END
        RETURNING mark";
    REPORT = "UPDATE job SET stage = $3, done = $4, total = $5, changed_at = $6 WHERE kind = $1 AND key = $2";
    MARK = "UPDATE job SET mark = $3, changed_at = $4 WHERE kind = $1 AND key = $2";
    BURY = "UPDATE job SET state = 'failed', message = $3, changed_at = $4
        WHERE kind = $1 AND key = $2 AND state = 'running'";
    FINISH = "UPDATE job SET state = $3, message = $4, changed_at = $5 WHERE kind = $1 AND key = $2";
    ONE = "SELECT kind, key, state, stage, done, total, message, attempts, started_at, changed_at
        FROM job WHERE kind = $1 AND key = $2";
    RECENT = "SELECT kind, key, state, stage, done, total, message, attempts, started_at, changed_at
        FROM job ORDER BY changed_at DESC, kind, key LIMIT $1";
}

/// How a job stands. A job that says running but whose process was killed is taken over by the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// At work, or killed.
    Running,
    /// Ended well.
    Done,
    /// Ended with the message.
    Failed,
}

/// A job as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobView {
    /// Kind of work, such as `consolidate`.
    pub kind: String,
    /// What it works on.
    pub key: String,
    /// How it stands.
    pub state: JobState,
    /// The stage it is in.
    pub stage: String,
    /// Units done in this stage.
    pub done: i64,
    /// Units of this stage; 0 while unknown.
    pub total: i64,
    /// What went wrong, or how it ended.
    pub message: Option<String>,
    /// How often it was begun.
    pub attempts: i64,
    /// Milliseconds since the epoch.
    pub started_at_ms: i64,
    /// Milliseconds since the epoch.
    pub changed_at_ms: i64,
}

/// A job that this process holds. Drop it without [`Job::done`] or [`Job::failed`] and the next start continues it.
pub struct Job {
    db: Db,
    kind: String,
    key: String,
    mark: Option<String>,
    _lock: Lock,
}

impl Job {
    /// Begins or continues; nothing when another process is at it.
    pub fn start(db: &Db, clock: &dyn Clock, kind: &str, key: &str) -> Result<Option<Self>> {
        let Some(lock) = db.lock(&format!("job-{kind}-{key}"))? else { return Ok(None) };
        let mark = db.write(|tx| tx.query_one(&START, params![kind, key, clock.now_ms()])?.opt_string(0))?;
        Ok(Some(Self { db: db.clone(), kind: kind.to_owned(), key: key.to_owned(), mark, _lock: lock }))
    }

    /// How far an interrupted attempt got, as set by [`Job::set_mark`].
    pub fn mark(&self) -> Option<&str> {
        self.mark.as_deref()
    }

    /// Sets how far the work got, in the same transaction as the work itself.
    pub fn set_mark(&self, tx: &mut Tx<'_>, clock: &dyn Clock, mark: &str) -> Result<()> {
        tx.execute(&MARK, params![&self.kind, &self.key, mark, clock.now_ms()]).map(|_| ())
    }

    /// Says where the work stands, for those who wait.
    pub fn report(&self, clock: &dyn Clock, stage: &str, done: u64, total: u64) -> Result<()> {
        let (done, total) = (done as i64, total as i64);
        self.db.write(|tx| {
            tx.execute(&REPORT, params![&self.kind, &self.key, stage, done, total, clock.now_ms()])
                .map(|_| ())
        })
    }

    /// Ends well.
    pub fn done(self, clock: &dyn Clock, message: &str) -> Result<()> {
        self.finish(clock, "done", message)
    }

    /// Ends badly; the next start tries again behind the mark.
    pub fn failed(self, clock: &dyn Clock, message: &str) -> Result<()> {
        self.finish(clock, "failed", message)
    }

    fn finish(&self, clock: &dyn Clock, state: &str, message: &str) -> Result<()> {
        self.db.write(|tx| {
            tx.execute(&FINISH, params![&self.kind, &self.key, state, message, clock.now_ms()]).map(|_| ())
        })
    }

    /// Marks a job as failed with `message` when it says that it runs and nobody is at it: its process was killed.
    pub fn bury(db: &Db, clock: &dyn Clock, kind: &str, key: &str, message: &str) -> Result<()> {
        let Some(_lock) = db.lock(&format!("job-{kind}-{key}"))? else { return Ok(()) };
        db.write(|tx| tx.execute(&BURY, params![kind, key, message, clock.now_ms()]).map(|_| ()))
    }

    /// One job as pages show it.
    pub fn view(tx: &mut Tx<'_>, kind: &str, key: &str) -> Result<Option<JobView>> {
        tx.query_opt(&ONE, params![kind, key])?.map(|row| view(&row)).transpose()
    }
}

/// The jobs that moved last, at most `limit`.
pub fn recent(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<JobView>> {
    tx.query(&RECENT, params![limit])?.iter().map(view).collect()
}

fn view(row: &Row) -> Result<JobView> {
    Ok(JobView {
        kind: row.string(0)?,
        key: row.string(1)?,
        state: match row.text(2)? {
            "done" => JobState::Done,
            "failed" => JobState::Failed,
            _ => JobState::Running,
        },
        stage: row.string(3)?,
        done: row.int(4)?,
        total: row.int(5)?,
        message: row.opt_string(6)?,
        attempts: row.int(7)?,
        started_at_ms: row.int(8)?,
        changed_at_ms: row.int(9)?,
    })
}

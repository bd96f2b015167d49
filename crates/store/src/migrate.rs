//! The schema and its way forward: one file a change, applied once, in order, never edited afterwards.
//!
//! To change the schema add `migrations/NNNN_<room>.sql`, in SQLite's STRICT dialect with the types INTEGER, TEXT, BLOB and REAL
//! only, and list it below. Expand first (add), contract in a later release (drop). Keys are made by the application: no
//! AUTOINCREMENT, no defaults that call a function, no triggers. A line that begins with `-- on the server: ` runs on PostgreSQL only.

use crate::{Engine, Error, Sql, Tx, params, sql};

struct Migration {
    name: &'static str,
    text: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(Migration { name: $name, text: include_str!(concat!("../migrations/", $name, ".sql")) }),*]
    };
}

const MIGRATIONS: &[Migration] = migrations![
    "0001_core",
    "0002_access",
    "0003_intake",
    "0004_registry",
    "0005_targeting",
    "0006_payment",
    "0007_casework",
    "0008_names_by_area",
    "0009_handover",
    "0010_scenario",
    "0011_notice",
    "0012_counts_by_level",
    "0013_payment_bulk",
    "0014_cards",
    "0015_channel_seal",
    "0016_goods",
    "0017_sample",
    "0019_snap",
    "0020_disbursement",
    "0021_plan",
    "0022_release",
    "0023_journal",
    "0024_fund",
    "0025_cases",
    "0026_pillar",
    "0027_case_attachment",
    "0028_public",
    "0029_field",
    "0030_assignee",
    "0031_service",
    "0032_assigned",
    "0033_sessions",
    "0034_visits",
    "0035_kin",
    "0036_late",
    "0037_hand",
];

/// What follows on the line runs on the server only: how rows are laid out, nothing that an answer depends on.
const ON_SERVER: &str = "-- on the server: ";

const OWN_TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (
    name TEXT PRIMARY KEY, checksum TEXT NOT NULL) STRICT;";

sql! {
    APPLIED = "SELECT checksum FROM migration WHERE name = $1";
    RECORD = "INSERT INTO migration (name, checksum) VALUES ($1, $2)";
    NAMES = "SELECT name FROM migration ORDER BY name";
    SERVER_LOCK = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT pg_advisory_xact_lock(
        hashtextextended(current_schema() || '/migration', 0))) held";
}

/// Applies what is not applied yet, all in the caller's one transaction: the schema is either old or new, never between.
pub(crate) fn apply(tx: &mut Tx<'_>) -> Result<(), Error> {
    if tx.engine() == Engine::Postgres {
        tx.query(&SERVER_LOCK, &[])?;
    }
    script(tx, "migration", OWN_TABLE)?;
    for migration in MIGRATIONS {
        let checksum = checksum(migration.text);
        match tx.query_opt(&APPLIED, params![migration.name])? {
            Some(row) if row.text(0)? == checksum => {}
            Some(_) => {
                return Err(Error::Migration {
                    name: migration.name.to_owned(),
                    message: "this database was made with another text of it; use the program that made it, \
                              or start a new database"
                        .to_owned(),
                });
            }
            None => {
                script(tx, migration.name, migration.text)?;
                tx.execute(&RECORD, params![migration.name, checksum])?;
            }
        }
    }
    Ok(())
}

/// Names of the migrations in this database, in order.
pub(crate) fn applied(tx: &mut Tx<'_>) -> Result<Vec<String>, Error> {
    tx.query(&NAMES, &[])?.iter().map(|row| row.string(0)).collect()
}

fn script(tx: &mut Tx<'_>, name: &str, text: &str) -> Result<(), Error> {
    let rewritten;
    let text = match tx.engine() {
        Engine::Sqlite => text,
        Engine::Postgres => {
            rewritten = crate::sql::for_postgres(&text.replace(ON_SERVER, ""));
            &rewritten
        }
    };
    tx.batch(name, text).map_err(|error| match error {
        Error::Busy => Error::Busy,
        other => Error::Migration { name: name.to_owned(), message: other.to_string() },
    })
}

fn checksum(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// The statements of this module that both engines must prepare.
pub(crate) fn portable() -> impl Iterator<Item = &'static Sql> {
    ALL.iter().copied().filter(|sql| !sql.text.contains("pg_"))
}

//! Numbers given out by the application, and the few facts about this database itself.

use crate::{Result, Tx, params, sql};

sql! {
    pub(crate) NEXT = "INSERT INTO sequence (name, next) VALUES ($1, $2 + 1)
        ON CONFLICT (name) DO UPDATE SET next = sequence.next + $2 RETURNING next";
    META = "SELECT value FROM meta WHERE name = $1";
    SET_META = "INSERT INTO meta (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

/// Takes `count` numbers of the named sequence, from 1; answers the first. Gone when the transaction is rolled back, so numbers
/// have no gaps.
pub fn next_number(tx: &mut Tx<'_>, name: &str, count: i64) -> Result<i64> {
    let next = tx.query_one(&NEXT, params![name, count])?.int(0)?;
    Ok(next - count)
}

/// A fact about this database, such as `demo` or `territory`.
pub fn meta(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>> {
    tx.query_opt(&META, params![name])?.map(|row| row.string(0)).transpose()
}

/// Sets a fact about this database.
pub fn set_meta(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<()> {
    tx.execute(&SET_META, params![name, value]).map(|_| ())
}

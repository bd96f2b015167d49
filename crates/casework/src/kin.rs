//! Whose own family, or family of relatives, a case is about: such a person takes no step in it and is given none. Who that is, the
//! register of pillars says; somebody who is in no register has no kin that the house could know.

use std::collections::BTreeSet;

use model::{FamilyId, UserId};
use store::{Row, Tx, params};

use crate::{Result, queries};

/// Families whose cases an account does not work: the own one and those of relatives.
pub(crate) fn families_of(tx: &mut Tx<'_>, user: UserId) -> Result<BTreeSet<i64>> {
    if user.0 == 0 {
        return Ok(BTreeSet::new());
    }
    numbers(&tx.query(&queries::KIN_OF_USER, params![user])?)
}

/// Accounts that do not work the cases of a family.
pub(crate) fn users_of(tx: &mut Tx<'_>, family: FamilyId) -> Result<BTreeSet<i64>> {
    if family.0 == 0 {
        return Ok(BTreeSet::new());
    }
    numbers(&tx.query(&queries::USERS_OF_KIN, params![family])?)
}

fn numbers(rows: &[Row]) -> Result<BTreeSet<i64>> {
    Ok(rows.iter().map(|row| row.int(0)).collect::<Result<_, store::Error>>()?)
}

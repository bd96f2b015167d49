//! Which families a companion accompanies.

use model::{FamilyId, UserId};
use store::{Value, params};

use crate::{House, Result, Scope, audit, queries};

/// Replaces the families of a user, in one transaction.
///
/// # Errors
/// The store's.
pub fn assign_families(house: &House, scope: &Scope, user: UserId, families: &[FamilyId]) -> Result<()> {
    let mut families = families.to_vec();
    families.sort_unstable();
    families.dedup();
    let today = house.clock.today().to_string();
    house.db.write(|tx| {
        tx.execute(&queries::UNASSIGN, params![user])?;
        let rows =
            families.iter().map(|family| vec![Value::from(user), Value::from(*family), Value::from(&today)]);
        tx.bulk("assignment", &["user_id", "family_id", "from_date"], rows)?;
        let detail = format!("families={}", families.len());
        Ok(audit(
            tx,
            house.clock.as_ref(),
            scope.actor_pair(),
            "assignment.set",
            &format!("user:{user}"),
            &detail,
        )?)
    })
}

/// How many families a user accompanies.
///
/// # Errors
/// The store's.
pub fn assigned_count(house: &House, user: UserId) -> Result<i64> {
    Ok(house.db.read(|tx| tx.query_one(&queries::ASSIGNED, params![user])?.int(0))?)
}

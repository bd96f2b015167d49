//! Which families a companion accompanies, and how many: the number is kept beside, for pages of a whole country.

use std::collections::BTreeSet;

use model::{FamilyId, UserId};
use store::{Tx, Value, params};

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
        tx.execute(&queries::ASSIGNED_COUNT, params![user])?;
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

/// Hands families on from one companion to another, in the caller's transaction: family, who had it (none: nobody had), who gets it
/// (none: nobody). Answers false, having changed part of them, when a family is not with whom it is said to be: the caller takes
/// everything back.
///
/// # Errors
/// The store's.
pub fn hand_on(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    moves: &[(FamilyId, Option<UserId>, Option<UserId>)],
    subject: &str,
) -> Result<bool> {
    let today = house.clock.today().to_string();
    for (family, from, _) in moves {
        let as_said = match from {
            Some(user) => tx.execute(&queries::HANDED_ON, params![*user, *family])? == 1,
            None => tx.query_one(&queries::COMPANIONS, params![*family])?.int(0)? == 0,
        };
        if !as_said {
            return Ok(false);
        }
    }
    let rows = moves.iter().filter_map(|(family, _, to)| {
        to.map(|user| vec![Value::from(user), Value::from(*family), Value::from(&today)])
    });
    tx.bulk("assignment", &["user_id", "family_id", "from_date"], rows)?;
    let users: BTreeSet<UserId> = moves.iter().flat_map(|(_, from, to)| [*from, *to]).flatten().collect();
    tx.execute_many(&queries::ASSIGNED_COUNT, users.into_iter().map(|user| params![user].to_vec()))?;
    let detail = format!("families={}", moves.len());
    audit(tx, house.clock.as_ref(), scope.actor_pair(), "assignment.hand_on", subject, &detail)?;
    Ok(true)
}

/// How many families a user accompanies.
///
/// # Errors
/// The store's.
pub fn assigned_count(house: &House, user: UserId) -> Result<i64> {
    Ok(house.db.read(|tx| tx.query_one(&queries::ASSIGNED, params![user])?.int(0))?)
}

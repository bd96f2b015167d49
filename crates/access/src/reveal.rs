//! Showing a personal number in full: a named call with a purpose. The audit row is committed before the number is handed out.

use model::{Nik, PersonId};
use store::params;

use crate::{Error, House, Result, Scope, audit, queries};

/// The sixteen digits of a person's NIK, or none if the person has no NIK.
///
/// # Errors
/// [`Error::Purpose`] when the policy pack has no such purpose; [`Error::NotFound`] outside the scope; [`Error::Denied`] when the scope is
/// not for revealing.
pub fn reveal_nik(house: &House, scope: &Scope, person: PersonId, purpose: &str) -> Result<Option<String>> {
    if scope.action() != "person.reveal" {
        return Err(Error::Denied { role: scope.role().to_owned(), action: "person.reveal".to_owned() });
    }
    if house.policy.settings().purpose(purpose).is_none() {
        return Err(Error::Purpose(purpose.chars().take(40).collect()));
    }
    let (from, to) = scope.path_range();
    let number = house.db.write(|tx| {
        let row = tx.query_opt(&queries::PERSON_NIK, params![person, from, to, scope.caseload()])?;
        let number = row.ok_or(Error::NotFound)?.opt_int(0)?;
        let (subject, detail) = (format!("person:{person}"), format!("purpose={purpose}"));
        audit(tx, house.clock.as_ref(), scope.actor_pair(), scope.action(), &subject, &detail)?;
        Ok::<_, Error>(number)
    })?;
    Ok(number.and_then(|number| Nik::from_number(number).ok()).map(Nik::reveal))
}

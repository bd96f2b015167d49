//! Budgets at a day: each line with the ceiling in force, what was published as spent and how far that goes; beside it, and never
//! added to it, what this system itself paid in that fiscal year. Lines come from the policy pack, own money from the tables of
//! payment within the scope.

use access::{House, Scope};
use jiff::civil::{Date, date};
use model::Rupiah;
use policy::{Absorption, BudgetLine, Ceiling, Policy, Realisation};
use serde::Serialize;
use store::{Tx, params};

use crate::{Basis, HandoversView, Result, handovers, queries};

/// A line at a day.
#[derive(Debug, Clone, Serialize)]
pub struct LineAt {
    /// The line with all its versions.
    #[serde(flatten)]
    pub line: BudgetLine,
    /// The ceiling in force.
    pub in_force: Option<Ceiling>,
    /// The newest published realisation.
    pub realised: Option<Realisation>,
    /// How far it goes.
    pub absorption: Option<Absorption>,
}

/// What this system paid for a programme in a fiscal year, as its tables stand now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnMoney {
    /// Key of the programme.
    pub programme: String,
    /// Arrived on accounts.
    pub topped_up: Rupiah,
    /// Came back.
    pub returned: Rupiah,
    /// Arrived less returned.
    pub net: Rupiah,
}

/// A fiscal year at a day.
#[derive(Debug, Clone, Serialize)]
pub struct BudgetView {
    /// The year shown.
    pub fiscal_year: i16,
    /// The day for which it is shown.
    pub on: Date,
    /// All years that have lines, payments or hand-overs, oldest first.
    pub years: Vec<i16>,
    /// Published lines.
    pub lines: Vec<LineAt>,
    /// The system's own payments within the scope; empty for a caseload.
    pub own: Vec<OwnMoney>,
    /// What the own payments stand on.
    pub own_basis: Option<Basis>,
    /// Devices handed over in that year, within the scope.
    pub handovers: Option<HandoversView>,
}

/// Published lines of a year at a day; needs no database.
pub fn lines_at(policy: &Policy, year: i16, on: Date) -> Vec<LineAt> {
    let at = |line: &BudgetLine| LineAt {
        in_force: line.ceiling_on(on).cloned(),
        realised: line.realised_on(on).cloned(),
        absorption: line.absorption(on),
        line: line.clone(),
    };
    policy.budgets().of_year(year).map(at).collect()
}

/// The year and day meant: the present year when it has anything, else the newest that does; today, or the last day of a year past.
fn meant(years: &[i16], year: Option<i16>, on: Option<Date>, today: Date) -> (i16, Date) {
    let newest = years.iter().copied().filter(|one| *one <= today.year()).max();
    let year = year.or(on.map(Date::year)).or(newest).unwrap_or(today.year());
    let end = if year < today.year() { date(year, 12, 31) } else { today };
    (year, on.unwrap_or(end))
}

/// The published part alone, for where there is no database.
pub fn published_budget(policy: &Policy, year: Option<i16>, on: Option<Date>, today: Date) -> BudgetView {
    let years = policy.budgets().years();
    let (fiscal_year, on) = meant(&years, year, on, today);
    let lines = lines_at(policy, fiscal_year, on);
    BudgetView { fiscal_year, on, years, lines, own: Vec::new(), own_basis: None, handovers: None }
}

/// A fiscal year at a day, with what this system paid and handed over. Without a year the present one, without a day today or the
/// year's last.
///
/// # Errors
/// The store's; money out of range.
pub fn budget(house: &House, scope: &Scope, year: Option<i16>, on: Option<Date>) -> Result<BudgetView> {
    house.db.read(|tx| {
        let mut years = house.policy.budgets().years();
        for row in tx.query(&queries::MONEY_YEARS, &[])? {
            years.extend(row.text(0)?.parse::<i16>());
        }
        years.sort_unstable();
        years.dedup();
        let (fiscal_year, on) = meant(&years, year, on, house.clock.today());
        Ok(BudgetView {
            lines: lines_at(&house.policy, fiscal_year, on),
            own: own_money(tx, scope, fiscal_year)?,
            own_basis: Some(Basis::living(house, scope, "payment_summary", "")),
            handovers: Some(handovers::read(tx, house, scope, Some(fiscal_year))?),
            fiscal_year,
            on,
            years,
        })
    })
}

fn own_money(tx: &mut Tx<'_>, scope: &Scope, year: i16) -> Result<Vec<OwnMoney>> {
    if scope.caseload() != 0 {
        return Ok(Vec::new());
    }
    let (from, to) = scope.path_range();
    let mut out = Vec::new();
    for row in tx.query(&queries::MONEY_OF_YEAR, params![format!("{year:04}"), from, to])? {
        let (topped_up, returned) = (row.rupiah(1)?, row.rupiah(2)?);
        out.push(OwnMoney {
            programme: row.string(0)?,
            topped_up,
            returned,
            net: topped_up.minus(returned)?,
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_wish_the_present_year_is_shown_as_of_today_and_a_past_one_as_of_its_end() {
        let today = date(2026, 11, 22);
        assert_eq!(meant(&[2020, 2025, 2027], None, None, today), (2025, date(2025, 12, 31)));
        assert_eq!(meant(&[2020, 2026], None, None, today), (2026, today));
        let september = date(2020, 9, 6);
        assert_eq!(meant(&[2025], None, Some(september), today), (2020, september));
        assert_eq!(meant(&[], Some(2020), None, today), (2020, date(2020, 12, 31)));
    }
}

//! Budgets at a day: each line with the ceiling in force, what was published as spent and how far that goes; whom the year was to
//! reach; beside it, and never added to it, what this system itself decided and paid in that fiscal year. Lines come from the policy
//! pack, own decisions and money from the tables of targeting and payment within the scope.

use access::{House, Scope};
use jiff::civil::{Date, date};
use model::Rupiah;
use policy::{Absorption, BudgetLine, Ceiling, FigureKind, Policy, ReachKey, Reached, Realisation};
use serde::Serialize;
use store::{Tx, params};

use crate::{Basis, HandoversView, Result, handovers, programmes::Run, queries};

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

/// Whom or what a year was to reach, at a day: three kinds of number side by side.
#[derive(Debug, Clone, Serialize)]
pub struct ReachAt {
    /// What it is about; of a programme that was only decided here, its key alone.
    #[serde(flatten)]
    pub key: ReachKey,
    /// The target in force.
    pub target: Option<Reached>,
    /// What existed, as last published.
    pub stock: Option<Reached>,
    /// What was reached, as last published.
    pub realised: Option<Reached>,
    /// All that was published, with its kind, for the day and every other.
    pub published: Vec<(FigureKind, Reached)>,
    /// Who receives by the approved list of the newest period of the year, within the scope.
    pub decided: Option<Decided>,
}

/// Families that receive by an approved list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The list.
    pub run: String,
    /// Its period.
    pub period: String,
    /// Families that receive.
    pub families: i64,
    /// What the count stands on.
    pub basis: Basis,
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
    /// Targets, stocks and realisations, and what was decided here.
    pub reach: Vec<ReachAt>,
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

/// Published targets, stocks and realisations of a year at a day; needs no database.
fn reach_at(policy: &Policy, year: i16, on: Date) -> Vec<ReachAt> {
    let known = |line: &policy::ReachLine, kind| line.on(kind, on).cloned();
    let lines = policy.budgets().reach_of_year(year).map(|line| ReachAt {
        key: line.key.clone(),
        target: known(line, FigureKind::Target),
        stock: known(line, FigureKind::Stock),
        realised: known(line, FigureKind::Realisation),
        published: policy::REACH_KINDS
            .into_iter()
            .flat_map(|kind| line.of(kind).iter().map(move |one| (kind, one.clone())))
            .collect(),
        decided: None,
    });
    lines.collect()
}

/// Puts what was decided here beside what was published: at a line of the programme that counts families, or at a line of its own.
fn add_decided(lines: &mut Vec<ReachAt>, year: i16, decided: Vec<(String, Decided)>) {
    for (programme, decided) in decided {
        let own = |line: &&mut ReachAt| {
            line.key.programme == programme
                && line.decided.is_none()
                && matches!(line.key.counted.as_str(), FAMILIES | "kk")
        };
        if let Some(line) = lines.iter_mut().find(own) {
            line.decided = Some(decided);
            continue;
        }
        let key =
            ReachKey { fiscal_year: year, programme, funding: String::new(), counted: FAMILIES.to_owned() };
        lines.push(ReachAt {
            key,
            target: None,
            stock: None,
            realised: None,
            published: Vec::new(),
            decided: Some(decided),
        });
    }
}

/// What lists count, as a unit of figures.
const FAMILIES: &str = "kpm";

/// The newest approved list of each programme in a year, with who receives within the scope. A caseload has its decisions on the
/// families' own pages, so nothing is summed for it.
fn decided(tx: &mut Tx<'_>, scope: &Scope, year: i16) -> Result<Vec<(String, Decided)>> {
    let mut out: Vec<(String, Decided)> = Vec::new();
    if scope.caseload() != 0 {
        return Ok(out);
    }
    for row in tx.query(&queries::APPROVED_OF_YEAR, params![format!("{year:04}")])? {
        let run = Run::read(&row)?;
        if out.last().is_some_and(|(programme, _)| *programme == run.programme) {
            continue;
        }
        let mut families = 0;
        for count in
            tx.query(&queries::COUNTS_AT, params![&run.run, scope.region().level() as i64, scope.region()])?
        {
            if RECEIVES.contains(&count.int(0)?) {
                families += count.int(1)?;
            }
        }
        let basis = run.basis(scope);
        out.push((run.programme, Decided { run: run.run, period: run.period, families, basis }));
    }
    Ok(out)
}

/// The outcomes of those who receive, in counts of decisions: by the rule, and while a notice runs.
const RECEIVES: [i64; 2] = [1, 3];

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
    let (lines, reach) = (lines_at(policy, fiscal_year, on), reach_at(policy, fiscal_year, on));
    BudgetView { fiscal_year, on, years, lines, reach, own: Vec::new(), own_basis: None, handovers: None }
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
        let mut reach = reach_at(&house.policy, fiscal_year, on);
        add_decided(&mut reach, fiscal_year, decided(tx, scope, fiscal_year)?);
        Ok(BudgetView {
            reach,
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
    #[test]
    fn what_was_decided_stands_beside_a_count_of_families_and_never_beside_another_count() {
        let policy = Policy::embedded().unwrap_or_else(|faults| panic!("{faults:#?}"));
        let mut lines = reach_at(&policy, 2020, date(2020, 12, 31));
        let published = lines.len();
        let decided = |families| Decided {
            run: "r".to_owned(),
            period: "2020-T4".to_owned(),
            families,
            basis: Basis {
                region: model::RegionCode::nation(),
                caseload: false,
                as_of: String::new(),
                source: String::new(),
                hash: String::new(),
            },
        };
        let of_programmes =
            [("PKH", 7), ("YAPI", 9)].map(|(programme, families)| (programme.to_owned(), decided(families)));
        add_decided(&mut lines, 2020, of_programmes.into());
        let at = |programme: &str| lines.iter().find(|line| line.key.programme == programme).unwrap();
        assert_eq!(at("PKH").target.as_ref().map(|one| one.number), Some(10_000_000));
        assert_eq!(at("PKH").decided.as_ref().map(|one| one.families), Some(7));
        assert_eq!(lines.len(), published + 1, "who has no published count has a line of its own");
        assert!(at("YAPI").target.is_none() && at("YAPI").decided.is_some());
        // Of 2022 the target of orphans counts people: families stand on a line of their own.
        let mut lines = reach_at(&policy, 2022, date(2022, 12, 31));
        add_decided(&mut lines, 2022, vec![("YAPI".to_owned(), decided(9))]);
        let of = lines.iter().filter(|line| line.key.programme == "YAPI").collect::<Vec<_>>();
        assert_eq!(of.len(), 2);
        assert!(of.iter().all(|line| line.target.is_some() != line.decided.is_some()));
    }
}

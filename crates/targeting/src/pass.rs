//! Several rules read in one pass over a closing: every column and fact once, every condition once however many programmes ask it.
//!
//! A condition is the same when its text is, the parameters in it have the same values, and, where it looks at the reference date,
//! the day is the same. Facts that do not look at the reference date are worked out once for all days.

use std::collections::BTreeSet;

use jiff::civil::Date;
use policy::{Direction, Fact, Policy};
use rules::{Expr, Params, Value};

use crate::plan::{Needs, PlaceKind, Plan, rule_of};

/// An expression with the day and parameters it is read with.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) expr: &'a Expr,
    /// Number of the reference day; 0 also for what no day changes.
    pub(crate) day: usize,
    pub(crate) params: Params,
    values: Vec<(String, Value)>,
}

/// Where a plan finds its answers among those of the pass.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// For each place: the number of its test; none for places that are not tests of a family alone.
    pub(crate) tests: Vec<Option<usize>>,
    /// For each component: the number of its kind.
    pub(crate) kinds: Vec<usize>,
    /// For each expression of the quota's order: its number.
    pub(crate) orders: Vec<usize>,
}

/// Plans that are applied together.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    pub(crate) plans: Vec<Plan<'a>>,
    pub(crate) uses: Vec<Uses>,
    pub(crate) sources: Sources<'a>,
    /// Conditions over families.
    pub(crate) tests: Vec<Asked<'a>>,
    /// Conditions over people.
    pub(crate) kinds: Vec<Asked<'a>>,
    /// Orders of places.
    pub(crate) orders: Vec<(Asked<'a>, Direction)>,
    /// Facts whose mark is asked of every family besides.
    pub(crate) marks: Vec<String>,
    /// A condition that is asked of every family besides.
    pub(crate) truth: Option<Asked<'a>>,
    /// For each condition over people that is counted besides: the number of its kind.
    pub(crate) shares: Vec<usize>,
    extras: usize,
}

/// The columns and facts that expressions rest on, for some reference days.
#[derive(Debug)]
pub(crate) struct Sources<'a> {
    /// Different reference days.
    pub(crate) days: Vec<Date>,
    /// Facts that no day changes, in the order of the file.
    pub(crate) facts: Vec<&'a Fact>,
    /// Facts that depend on the reference day, in the order of the file.
    pub(crate) dated_facts: Vec<&'a Fact>,
    /// Columns of people, named as in the lake.
    pub(crate) person_columns: Vec<String>,
    /// Columns of families, named as in the lake.
    pub(crate) family_columns: Vec<String>,
    /// Names of the dated facts.
    dated: BTreeSet<String>,
}

impl<'a> Sources<'a> {
    /// `facts` in the order of the file.
    pub(crate) fn new(
        facts: impl Iterator<Item = &'a Fact>,
        person_columns: Vec<String>,
        family_columns: Vec<String>,
        days: Vec<Date>,
    ) -> Self {
        let mut own = Self {
            days,
            facts: Vec::new(),
            dated_facts: Vec::new(),
            person_columns,
            family_columns,
            dated: BTreeSet::new(),
        };
        for fact in facts {
            if own.is_dated(rule_of(fact)) {
                own.dated.insert(fact.column.rule_name());
                own.dated_facts.push(fact);
            } else {
                own.facts.push(fact);
            }
        }
        own
    }

    /// Whether an expression depends on the reference day.
    fn is_dated(&self, expr: &Expr) -> bool {
        expr.dated() || expr.columns().into_iter().any(|name| self.dated.contains(name))
    }
}

impl<'a> Pass<'a> {
    pub(crate) fn new(policy: &'a Policy, plans: Vec<Plan<'a>>) -> Self {
        let mut days: Vec<Date> = plans.iter().map(|plan| plan.reference_day).collect();
        days.sort_unstable();
        days.dedup();
        let used: BTreeSet<String> =
            plans.iter().flat_map(|plan| &plan.facts).map(|fact| fact.column.rule_name()).collect();
        let union = |of: for<'p> fn(&'p Plan<'a>) -> &'p Vec<String>| -> Vec<String> {
            let names: BTreeSet<&String> = plans.iter().flat_map(of).collect();
            names.into_iter().cloned().collect()
        };
        let facts = policy.facts().iter().filter(|fact| used.contains(&fact.column.rule_name()));
        let (person, family) = (union(|plan| &plan.person_columns), union(|plan| &plan.family_columns));
        let mut pass = Self {
            sources: Sources::new(facts, person, family, days),
            uses: Vec::with_capacity(plans.len()),
            plans: Vec::new(),
            tests: Vec::new(),
            kinds: Vec::new(),
            orders: Vec::new(),
            marks: Vec::new(),
            truth: None,
            shares: Vec::new(),
            extras: 0,
        };
        for plan in &plans {
            let uses = pass.add(plan);
            pass.uses.push(uses);
        }
        pass.plans = plans;
        pass
    }

    /// Asks of every family also what marks it and whether a condition holds, on the first reference day. Their answers are the tests
    /// from [`Pass::extras`] on: one for each mark, then the condition. For each condition of `shares` over people it counts the members
    /// for whom it holds.
    pub(crate) fn with_extras(
        mut self,
        policy: &'a Policy,
        truth: Option<&'a Expr>,
        marks: &[&'a Fact],
        shares: &[&'a Expr],
    ) -> Self {
        self.extras = self.tests.len();
        let params = self.sources.days.first().map_or_else(Params::default, |day| Params::at(*day));
        let plain = |expr: &'a Expr| Asked { expr, day: 0, params: params.clone(), values: Vec::new() };
        self.marks = marks.iter().map(|fact| fact.column.rule_name()).collect();
        let names = self
            .marks
            .iter()
            .map(String::as_str)
            .chain(truth.into_iter().chain(shares.iter().copied()).flat_map(Expr::columns));
        let needs = Needs::named(policy, names);
        let known: BTreeSet<String> = self
            .sources
            .facts
            .iter()
            .chain(&self.sources.dated_facts)
            .chain(&needs.facts)
            .map(|fact| fact.column.rule_name())
            .collect();
        let union = |mut own: Vec<String>, more: Vec<String>| {
            own.extend(more);
            own.sort_unstable();
            own.dedup();
            own
        };
        let (person, family) = (
            union(std::mem::take(&mut self.sources.person_columns), needs.person),
            union(std::mem::take(&mut self.sources.family_columns), needs.family),
        );
        let facts = policy.facts().iter().filter(|fact| known.contains(&fact.column.rule_name()));
        self.sources = Sources::new(facts, person, family, std::mem::take(&mut self.sources.days));
        self.shares = shares.iter().map(|expr| number(&mut self.kinds, plain(expr))).collect();
        self.truth = truth.map(plain);
        self
    }

    /// Number of the first test that is no plan's.
    pub(crate) fn extras(&self) -> usize {
        self.extras
    }

    fn add(&mut self, plan: &Plan<'a>) -> Uses {
        let version = plan.version;
        let sources = &self.sources;
        let day = sources.days.iter().position(|day| *day == plan.reference_day).unwrap_or_default();
        let asked = |expr: &'a Expr| {
            let value = |name: &str| version.parameters.get(name.trim_start_matches("param.")).cloned();
            let values = expr.params().into_iter();
            Asked {
                expr,
                day: if sources.is_dated(expr) { day } else { 0 },
                params: plan.params.clone(),
                values: values.map(|name| (name.to_owned(), value(name).unwrap_or_default())).collect(),
            }
        };
        let mut uses = Uses::default();
        for place in &plan.places {
            let expr = match place.of {
                PlaceKind::Eligibility(i) => Some(&version.eligibility[i].when),
                PlaceKind::Exclusion(i) => Some(&version.exclusions[i].when),
                PlaceKind::NeedsComponent | PlaceKind::Combination(_) | PlaceKind::Quota => None,
            };
            uses.tests.push(expr.map(|expr| number(&mut self.tests, asked(expr))));
        }
        for component in &plan.components {
            uses.kinds.push(number(&mut self.kinds, asked(&component.when)));
        }
        for (expr, direction) in version.quota.iter().flat_map(|quota| &quota.order) {
            let next = asked(expr);
            let known = self.orders.iter().position(|(order, way)| order.same(&next) && way == direction);
            uses.orders.push(known.unwrap_or_else(|| {
                self.orders.push((next, *direction));
                self.orders.len() - 1
            }));
        }
        uses
    }
}

impl Asked<'_> {
    fn same(&self, other: &Self) -> bool {
        self.expr == other.expr && self.day == other.day && self.values == other.values
    }
}

/// The number of a question, asked before or new.
fn number<'a>(known: &mut Vec<Asked<'a>>, next: Asked<'a>) -> usize {
    known.iter().position(|asked| asked.same(&next)).unwrap_or_else(|| {
        known.push(next);
        known.len() - 1
    })
}

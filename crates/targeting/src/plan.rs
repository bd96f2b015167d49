//! What a programme's rule needs to be applied: which columns, which facts in which order, which place each
//! condition has in the bit masks, which amounts. Made once a run; pure.

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::{Month, Period, ReasonKind, Rupiah, RupiahOverflow};
use policy::{Component, Fact, FactRule, Policy, Programme, ProgrammeVersion, Recipient, Subject, Together};
use rules::{Expr, Params, Type};
use serde::Serialize;

use crate::{Error, Result, cap::CapRule};

/// Bits of a mask that are used: the sign stays free.
const PLACES_MAX: usize = 62;
const COMPONENTS_MAX: usize = 32;

/// What stands at a place of the masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// The version's condition of eligibility of this number.
    Eligibility(usize),
    /// The version's exclusion of this number.
    Exclusion(usize),
    /// At least one component counts.
    NeedsComponent,
    /// The version's combination of this number.
    Combination(usize),
    /// There is a place in the quota.
    Quota,
}

/// One condition and its place in the masks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Number of the bit.
    pub place: u32,
    /// Stable code of the reason.
    pub code: String,
    /// What it is.
    pub kind: ReasonKind,
    #[serde(skip)]
    pub(crate) of: PlaceKind,
}

impl Place {
    pub(crate) fn bit(&self) -> u64 {
        1 << self.place
    }

    /// Whether being true speaks against the family.
    pub(crate) fn stops(&self, version: &ProgrammeVersion) -> bool {
        match self.of {
            PlaceKind::Exclusion(_) => true,
            PlaceKind::Combination(i) => {
                version.combinations.get(i).is_some_and(|line| line.rule == Together::Blocks)
            }
            _ => false,
        }
    }
}

/// A rule, ready to be applied to one closing.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The programme.
    pub programme: &'a Programme,
    /// Its rule in force on the first day of the period.
    pub version: &'a ProgrammeVersion,
    /// What is decided for.
    pub period: Period,
    /// On which day ages are read.
    pub reference_day: Date,
    /// Conditions in the order of their places: eligibility, exclusions, components, combinations, quota.
    pub places: Vec<Place>,
    /// Each person is decided, not the family as a whole.
    pub(crate) by_person: bool,
    pub(crate) params: Params,
    pub(crate) facts: Vec<&'a Fact>,
    /// Names in the lake, without `person.`.
    pub(crate) person_columns: Vec<String>,
    /// Names in the lake, without `family.`.
    pub(crate) family_columns: Vec<String>,
    /// Those that are on, in the order of the file.
    pub(crate) components: Vec<&'a Component>,
    pub(crate) cap: CapRule,
    /// What every family is given, goods by their value.
    pub(crate) flat: Rupiah,
    /// What every member who counts is given besides the component's amount, goods by their value.
    pub(crate) each: Rupiah,
}

impl<'a> Plan<'a> {
    /// The plan of a programme for a period, on a closing.
    ///
    /// # Errors No such programme, no rule on the first day of the period, a period that the programme does
    /// not decide for.
    pub fn new(policy: &'a Policy, programme: &str, period: Period, closing: Month) -> Result<Self> {
        let programme =
            policy.programme(programme).ok_or_else(|| Error::NoProgramme(programme.to_owned()))?;
        let version = programme.during(period).ok_or_else(|| Error::NoVersion {
            programme: programme.key.clone(),
            period: period.to_string(),
        })?;
        let wrong_period = || Error::Period { programme: programme.key.clone(), period: period.to_string() };
        if !version.enabled {
            let note = version.note.as_ref().map_or_else(String::new, |note| note.en.clone());
            return Err(Error::Off { programme: programme.key.clone(), note });
        }
        if !version.schedule.accepts(period) {
            return Err(wrong_period());
        }
        let components: Vec<&Component> = version.components.iter().filter(|c| c.enabled).collect();
        let places = places_of(version);
        if places.len() > PLACES_MAX || components.len() > COMPONENTS_MAX {
            return Err(Error::TooManyConditions(PLACES_MAX.min(COMPONENTS_MAX)));
        }
        for (expr, _) in version.quota.iter().flat_map(|quota| &quota.order) {
            has_order(expr)?;
        }
        let reference_day = version.reference_day(period, closing.last_day());
        let by_person = programme.recipient == Recipient::Person && !components.is_empty();
        let given = programme.flat_amount(period)?.plus(programme.goods_value(period)?)?;
        let order = version.quota.iter().flat_map(|quota| quota.order.iter().map(|(expr, _)| expr));
        let exprs =
            version.eligibility.iter().map(|c| &c.when).chain(version.exclusions.iter().map(|c| &c.when));
        let mut needs = Needs::of(policy, exprs.chain(order).chain(components.iter().map(|c| &c.when)));
        // The order of persons within a component is by age.
        if !components.is_empty() && !needs.person.iter().any(|name| name == "birth_date") {
            needs.person.push("birth_date".to_owned());
        }
        Ok(Self {
            cap: CapRule::new(version, &components, period).ok_or_else(wrong_period)?,
            flat: if by_person { Rupiah::ZERO } else { given },
            each: if by_person { given } else { Rupiah::ZERO },
            by_person,
            params: version.params(reference_day),
            facts: needs.facts,
            person_columns: needs.person,
            family_columns: needs.family,
            programme,
            version,
            period,
            reference_day,
            places,
            components,
        })
    }

    /// What a family with so many counted members of each component is given for the period, goods by their value; and what the
    /// yearly limit cuts off.
    pub(crate) fn worth(
        &self,
        counted: impl Iterator<Item = i64> + Clone,
    ) -> Result<(Rupiah, Rupiah), RupiahOverflow> {
        let (paid, trimmed) = self.cap.worth(counted.clone())?;
        Ok((self.flat.plus(self.each.times(counted.sum())?)?.plus(paid)?, trimmed))
    }

    /// The place of a kind of condition.
    pub(crate) fn place_of(&self, of: PlaceKind) -> Option<&Place> {
        self.places.iter().find(|place| place.of == of)
    }

    /// Whether the other programme must be decided before this one.
    pub(crate) fn waits_for(&self, other: &Plan<'_>) -> bool {
        let overlaps = self.period.first_day() <= other.period.last_day()
            && other.period.first_day() <= self.period.last_day();
        let asks = |line: &policy::Combination| {
            line.rule != Together::May && line.programmes().any(|key| key == other.programme.key)
        };
        overlaps && self.version.combinations.iter().any(asks)
    }
}

/// How each condition came out for one family: every place is set in exactly one mask once it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bits {
    pub(crate) held: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
}

impl Bits {
    pub(crate) fn set(&mut self, place: &Place, outcome: Option<bool>) {
        let mask = match outcome {
            Some(true) => &mut self.held,
            Some(false) => &mut self.failed,
            None => &mut self.unknown,
        };
        *mask |= place.bit();
    }
}

fn places_of(version: &ProgrammeVersion) -> Vec<Place> {
    let mut places = Vec::new();
    let mut add = |code: &str, kind, of| {
        places.push(Place { place: places.len() as u32, code: code.to_owned(), kind, of });
    };
    for (i, condition) in version.eligibility.iter().enumerate() {
        add(&condition.code, ReasonKind::Eligibility, PlaceKind::Eligibility(i));
    }
    for (i, exclusion) in version.exclusions.iter().enumerate() {
        add(&exclusion.code, ReasonKind::Exclusion, PlaceKind::Exclusion(i));
    }
    if let Some(needs) = &version.needs_component {
        add(&needs.code, ReasonKind::Component, PlaceKind::NeedsComponent);
    }
    for (i, line) in version.combinations.iter().enumerate() {
        if line.rule != Together::May {
            add(&line.reason.code, ReasonKind::Combination, PlaceKind::Combination(i));
        }
    }
    if let Some(quota) = &version.quota {
        add(&quota.reason.code, ReasonKind::Quota, PlaceKind::Quota);
    }
    places
}

/// The columns and facts that some expressions name, and those that these facts name.
pub(crate) struct Needs<'a> {
    /// In the order of the file: each stands after those it uses.
    pub(crate) facts: Vec<&'a Fact>,
    /// Columns of people, named as in the lake.
    pub(crate) person: Vec<String>,
    /// Columns of families, named as in the lake.
    pub(crate) family: Vec<String>,
}

impl<'a> Needs<'a> {
    pub(crate) fn of<'e>(policy: &'a Policy, exprs: impl Iterator<Item = &'e Expr>) -> Self
    where
        'a: 'e,
    {
        Self::named(policy, exprs.flat_map(Expr::columns))
    }

    /// As [`Needs::of`], from names as they stand in rules.
    pub(crate) fn named<'e>(policy: &'a Policy, names: impl Iterator<Item = &'e str>) -> Self
    where
        'a: 'e,
    {
        let mut open: Vec<&str> = names.collect();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let facts = policy.facts();
        let fact_named = |name: &str| facts.iter().position(|fact| fact.column.rule_name() == name);
        let mut used: BTreeSet<usize> = BTreeSet::new();
        let mut raw: BTreeSet<&str> = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name) {
                continue;
            }
            match fact_named(name) {
                Some(i) => {
                    used.insert(i);
                    open.extend(rule_of(&facts[i]).columns());
                }
                None => {
                    raw.insert(name);
                }
            }
        }
        let of = |subject: Subject| -> Vec<String> {
            let start = format!("{}.", subject.word());
            raw.iter().filter_map(|name| name.strip_prefix(&start)).map(str::to_owned).collect()
        };
        let facts = used.into_iter().map(|i| &facts[i]).collect();
        Self { facts, person: of(Subject::Person), family: of(Subject::Family) }
    }
}

/// The expression of a fact.
pub(crate) fn rule_of(fact: &Fact) -> &Expr {
    match &fact.rule {
        FactRule::Expression(expr) | FactRule::Reduction { of: expr, .. } => expr,
    }
}

/// Whether values of a type can be put in order for the quota.
fn has_order(expr: &Expr) -> Result<()> {
    if expr.ty() == Type::Text { Err(Error::QuotaOrder(expr.text().to_owned())) } else { Ok(()) }
}

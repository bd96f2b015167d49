//! The rule applied to one family, value by value, with the trace of every condition: for the explanation,
//! and to hold the columns to account.

use std::collections::BTreeMap;

use model::Rupiah;
use policy::{FactRule, Subject};
use rules::{Row, Traced, Value};

use crate::{
    Result,
    cap::Counted,
    members::reduce_values,
    plan::{Bits, PlaceKind, Plan, rule_of},
};

/// One family of a closing with its people; names as in the rules (`family.decile`, `person.alive`).
#[derive(Debug, Clone, Default)]
pub(crate) struct FamilyData {
    pub(crate) region: String,
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) people: Vec<PersonData>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct PersonData {
    pub(crate) person_id: i64,
    pub(crate) born: Option<i32>,
    pub(crate) values: BTreeMap<String, Value>,
}

/// A family judged on its own: combinations and quota come later.
#[derive(Debug, Clone)]
pub(crate) struct FamilyJudged {
    pub(crate) bits: Bits,
    /// For eligibility and exclusions, by their place.
    pub(crate) traces: BTreeMap<u32, Traced>,
    /// For each component, for each person.
    pub(crate) components: Vec<Vec<Traced>>,
    pub(crate) counted: Counted,
    pub(crate) amount: Rupiah,
}

impl Plan<'_> {
    /// Judges one family.
    pub(crate) fn judge_family(&self, data: &mut FamilyData) -> Result<FamilyJudged> {
        self.add_fact_values(data);
        let family: &dyn Row = &data.values;
        let mut bits = Bits::default();
        let mut traces = BTreeMap::new();
        for place in &self.places {
            let condition = match place.of {
                PlaceKind::Eligibility(i) => &self.version.eligibility[i].when,
                PlaceKind::Exclusion(i) => &self.version.exclusions[i].when,
                PlaceKind::NeedsComponent | PlaceKind::Combination(_) | PlaceKind::Quota => continue,
            };
            let traced = condition.eval_row(family, &self.params);
            bits.set(place, traced.value.as_bool());
            traces.insert(place.place, traced);
        }
        let components: Vec<Vec<Traced>> = self
            .components
            .iter()
            .map(|component| {
                let traced = |person: &PersonData| component.when.eval_row(&person.values, &self.params);
                data.people.iter().map(traced).collect()
            })
            .collect();
        let truth = |c: usize, p: usize| components[c][p].value.as_bool();
        let masks: Vec<u32> = (0..data.people.len())
            .map(|p| (0..components.len()).filter(|&c| truth(c, p) == Some(true)).map(|c| 1 << c).sum())
            .collect();
        let mut counted = Counted::default();
        self.cap.count(&masks, |p| data.people[p].born, &mut counted)?;
        if let Some(place) = self.place_of(PlaceKind::NeedsComponent) {
            let any = !counted.who.is_empty();
            let doubt = !any && components.iter().flatten().any(|traced| traced.value.is_null());
            bits.set(place, if doubt { None } else { Some(any) });
        }
        let of = |c: usize| counted.who.iter().filter(|(_, of)| *of == c).count() as i64;
        let (amount, _) = self.worth((0..components.len()).map(of))?;
        Ok(FamilyJudged { bits, traces, components, counted, amount })
    }

    fn add_fact_values(&self, data: &mut FamilyData) {
        add_values(&self.facts, &self.params, data);
    }
}

pub(crate) fn add_values(facts: &[&policy::Fact], params: &rules::Params, data: &mut FamilyData) {
    for fact in facts {
        let name = fact.column.rule_name();
        let rule = rule_of(fact);
        match (&fact.rule, fact.column.subject) {
            (FactRule::Expression(_), Subject::Person) => {
                for person in &mut data.people {
                    let value = rule.value(&person.values, params);
                    person.values.insert(name.clone(), value);
                }
            }
            (FactRule::Expression(_), Subject::Family) => {
                let value = rule.value(&data.values, params);
                data.values.insert(name, value);
            }
            (FactRule::Reduction { reduce, .. }, _) => {
                let values: Vec<Value> =
                    data.people.iter().map(|person| rule.value(&person.values, params)).collect();
                data.values.insert(name, reduce_values(*reduce, &values));
            }
        }
    }
}

//! Rules applied to a chunk of families at once: facts as columns, each condition once as a column, components a person, counts and
//! caps a family. Pure: batches in, plain vectors out, one entry a family in the order of the batch.

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch,
    cast::AsArray,
    types::{Date32Type, Float64Type, Int64Type},
};
use arrow_schema::ArrowError;
use policy::{Direction, Fact, FactRule, Subject};
use rules::{EvalError, Frame, Params};

use crate::{
    Result,
    cap::Counted,
    members::{Bitmap, Members},
    pass::{Pass, Sources},
    plan::rule_of,
};

/// One condition's answers: true, unknown, or (neither) false.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) yes: Bitmap,
    pub(crate) unknown: Bitmap,
}

impl Truth {
    pub(crate) fn of(column: &BooleanArray) -> Self {
        Self { yes: Bitmap::is_true(column), unknown: Bitmap::is_unknown(column) }
    }

    /// False for so many families.
    pub(crate) fn none(families: usize) -> Self {
        Self { yes: Bitmap::none(families), unknown: Bitmap::none(families) }
    }

    pub(crate) fn set(&mut self, row: usize, outcome: Option<bool>) {
        match outcome {
            Some(true) => self.yes.set(row),
            Some(false) => {}
            None => self.unknown.set(row),
        }
    }

    fn append(&mut self, next: &Self) {
        self.yes.append(&next.yes);
        self.unknown.append(&next.unknown);
    }
}

/// A chunk, judged on its own: combinations and quota come later. Conditions, components and orders have the numbers of the pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) families: usize,
    pub(crate) tests: Vec<Truth>,
    /// For each kind of component: members for whom its condition is true.
    pub(crate) qualified: Vec<Vec<i16>>,
    /// For each order: a key that sorts ascending, unknown last.
    pub(crate) orders: Vec<Vec<u64>>,
    /// For each plan.
    pub(crate) plans: Vec<Counts>,
    /// Families that are to come: room is made for them at once.
    expected: usize,
}

/// The components of one plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// For each component: members who count.
    pub(crate) counted: Vec<Vec<i16>>,
    /// Whether any member counts.
    pub(crate) any: Truth,
    /// For each component: who counts, one bit a person in the order of people; only where persons are decided.
    pub(crate) selected: Vec<Bitmap>,
}

impl Judged {
    /// Nobody yet, with room for so many families.
    pub(crate) fn expecting(families: usize) -> Self {
        Self { expected: families, ..Self::default() }
    }

    /// Appends the families of the next chunk.
    pub(crate) fn append(&mut self, mut next: Self) {
        fn join<T>(left: &mut Vec<Vec<T>>, right: &mut Vec<Vec<T>>, room: usize) {
            left.resize_with(left.len().max(right.len()), || Vec::with_capacity(room));
            left.iter_mut().zip(right).for_each(|(left, right)| left.append(right));
        }
        self.families += next.families;
        self.tests.resize_with(next.tests.len(), Truth::default);
        self.tests.iter_mut().zip(&next.tests).for_each(|(left, right)| left.append(right));
        let room = self.expected;
        join(&mut self.qualified, &mut next.qualified, room);
        join(&mut self.orders, &mut next.orders, room);
        self.plans.resize_with(next.plans.len(), Counts::default);
        for (left, right) in self.plans.iter_mut().zip(&mut next.plans) {
            join(&mut left.counted, &mut right.counted, room);
            left.any.append(&right.any);
            left.selected.resize_with(right.selected.len(), || Bitmap::none(0));
            left.selected.iter_mut().zip(&right.selected).for_each(|(left, right)| left.append(right));
        }
    }
}

/// A frame of people and one of families, with the facts of one reference day.
#[derive(Clone)]
pub(crate) struct Frames {
    pub(crate) person: Frame,
    pub(crate) family: Frame,
}

impl Pass<'_> {
    /// Judges the families of a batch with their people. Both sorted by `family_id`, columns named as in the
    /// lake; every person's family must be in the batch.
    pub(crate) fn judge(&self, families: &RecordBatch, people: &RecordBatch) -> Result<Judged> {
        let family_ids = int64(families, "family_id")?;
        let people_of = int64(people, "family_id")?;
        let members = Members::of(family_ids.values(), people_of.values())
            .ok_or_else(|| ArrowError::InvalidArgumentError("people without their family".to_owned()))?;
        let days = self.sources.frames(&members, families, people)?;
        let mut out = Judged { families: families.num_rows(), ..Judged::default() };
        for test in &self.tests {
            out.tests.push(Truth::of(&test.expr.eval_condition(&days[test.day].family, &test.params)?));
        }
        for mark in &self.marks {
            out.tests.push(marked(
                days.first().and_then(|day| rules::Columns::column(&day.family, mark)),
                out.families,
            ));
        }
        if let (Some(truth), Some(day)) = (&self.truth, days.first()) {
            out.tests.push(Truth::of(&truth.expr.eval_condition(&day.family, &truth.params)?));
        }
        for (order, direction) in &self.orders {
            let column = order.expr.eval_columns(&days[order.day].family, &order.params)?;
            out.orders.push(sort_keys(&column, *direction)?);
        }
        let mut kinds = Vec::with_capacity(self.kinds.len());
        for kind in &self.kinds {
            let truth = Truth::of(&kind.expr.eval_condition(&days[kind.day].person, &kind.params)?);
            let counts = members.count(&truth.yes).into_iter();
            out.qualified.push(counts.map(|n| i16::try_from(n).unwrap_or(i16::MAX)).collect());
            kinds.push(truth);
        }
        for plan in 0..self.plans.len() {
            out.plans.push(self.counts(plan, &members, people, &kinds, &out.qualified)?);
        }
        Ok(out)
    }

    /// Who counts for the components of a plan.
    fn counts(
        &self,
        plan: usize,
        members: &Members,
        people: &RecordBatch,
        kinds: &[Truth],
        qualified: &[Vec<i16>],
    ) -> Result<Counts> {
        let (uses, plan) = (&self.uses[plan].kinds, &self.plans[plan]);
        let families = members.ranges().len();
        let counted = vec![vec![0; families]; uses.len()];
        let mut out = Counts { counted, any: Truth::none(families), selected: Vec::new() };
        if uses.is_empty() {
            return Ok(out);
        }
        if plan.by_person {
            out.selected = vec![Bitmap::none(people.num_rows()); uses.len()];
        }
        let mut doubt = vec![false; people.num_rows()];
        let mut unknowns = false;
        for kind in uses {
            unknowns |= kinds[*kind].unknown.ones() > 0;
            kinds[*kind].unknown.each(|row| doubt[row] = true);
        }
        // Where persons are decided it matters who they are, unless all count.
        let only = plan.cap.only().filter(|most| !plan.by_person || *most == i16::MAX);
        if let ([kind], Some(most)) = (uses.as_slice(), only) {
            if let Some(selected) = out.selected.first_mut() {
                selected.clone_from(&kinds[*kind].yes);
            }
            for (counted, qualified) in out.counted[0].iter_mut().zip(&qualified[*kind]) {
                *counted = (*qualified).min(most);
            }
        } else {
            count_all(plan, uses, members, people, kinds, &mut out)?;
        }
        for (family, range) in members.ranges().enumerate() {
            if out.counted.iter().any(|counted| counted[family] > 0) {
                out.any.yes.set(family);
            } else if unknowns && doubt[range].iter().any(|doubt| *doubt) {
                out.any.unknown.set(family);
            }
        }
        Ok(out)
    }
}

/// Counts every family by the cap's order.
fn count_all(
    plan: &crate::Plan<'_>,
    uses: &[usize],
    members: &Members,
    people: &RecordBatch,
    kinds: &[Truth],
    out: &mut Counts,
) -> Result<()> {
    let mut masks = vec![0u32; people.num_rows()];
    for (c, kind) in uses.iter().enumerate() {
        kinds[*kind].yes.each(|row| masks[row] |= 1 << c);
    }
    let born = date32(people, "birth_date")?;
    let mut counted = Counted::default();
    for (family, range) in members.ranges().enumerate() {
        let of_family = &masks[range.clone()];
        if of_family.iter().any(|mask| *mask != 0) {
            let first = range.start;
            let born = |p: usize| born.is_valid(first + p).then(|| born.value(first + p));
            plan.cap.count(of_family, born, &mut counted)?;
            for &(person, component) in &counted.who {
                let slot = &mut out.counted[component][family];
                *slot = slot.saturating_add(1);
                if let Some(selected) = out.selected.get_mut(component) {
                    selected.set(first + person);
                }
            }
        }
    }
    Ok(())
}

impl Sources<'_> {
    /// Frames of every reference day; what no day changes is worked out once.
    pub(crate) fn frames(
        &self,
        members: &Members,
        families: &RecordBatch,
        people: &RecordBatch,
    ) -> Result<Vec<Frames>> {
        let mut base = Frames {
            person: frame(people, "person", &self.person_columns)?,
            family: frame(families, "family", &self.family_columns)?,
        };
        let none = Params::default();
        self.facts.iter().try_for_each(|fact| base.add(fact, members, &none))?;
        let mut days = Vec::with_capacity(self.days.len());
        for day in &self.days {
            let (mut of_day, params) = (base.clone(), Params::at(*day));
            self.dated_facts.iter().try_for_each(|fact| of_day.add(fact, members, &params))?;
            days.push(of_day);
        }
        Ok(days)
    }
}

impl Frames {
    fn add(&mut self, fact: &Fact, members: &Members, params: &Params) -> Result<(), EvalError> {
        let name = fact.column.rule_name();
        let rule = rule_of(fact);
        match (&fact.rule, fact.column.subject) {
            (FactRule::Expression(_), Subject::Person) => {
                self.person.set(name, rule.eval_columns(&self.person, params)?)
            }
            (FactRule::Expression(_), Subject::Family) => {
                self.family.set(name, rule.eval_columns(&self.family, params)?)
            }
            (FactRule::Reduction { reduce, .. }, _) => {
                let column = rule.eval_columns(&self.person, params)?;
                self.family.set(name, members.reduce(*reduce, &column)?)
            }
        }
    }
}

/// Columns of the lake under the names of the rules.
fn frame(batch: &RecordBatch, subject: &str, columns: &[String]) -> Result<Frame> {
    let mut frame = Frame::new(batch.num_rows());
    for name in columns {
        let column = batch
            .column_by_name(name)
            .ok_or_else(|| EvalError::MissingColumn(format!("{subject}.{name}")))?;
        frame.set(format!("{subject}.{name}"), column.clone())?;
    }
    Ok(frame)
}

pub(crate) fn int64<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Int64Array> {
    let column = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>());
    column.ok_or_else(|| EvalError::MissingColumn(name.to_owned()).into())
}

pub(crate) fn date32<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Date32Array> {
    let column = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Date32Type>());
    column.ok_or_else(|| EvalError::MissingColumn(name.to_owned()).into())
}

/// Keys that sort ascending in the wanted direction, unknown last in both: what is known never takes the key of the unknown.
fn sort_keys(column: &ArrayRef, direction: Direction) -> Result<Vec<u64>, EvalError> {
    const SIGN: u64 = 1 << 63;
    let key = |row: usize, ascending: u64| match direction {
        _ if column.is_null(row) => u64::MAX,
        Direction::Ascending => ascending.min(u64::MAX - 1),
        Direction::Descending => (!ascending).min(u64::MAX - 1),
    };
    let rows = 0..column.len();
    if let Some(values) = column.as_primitive_opt::<Int64Type>() {
        return Ok(rows.map(|row| key(row, values.value(row).cast_unsigned() ^ SIGN)).collect());
    }
    if let Some(values) = column.as_primitive_opt::<Date32Type>() {
        return Ok(rows.map(|row| key(row, i64::from(values.value(row)).cast_unsigned() ^ SIGN)).collect());
    }
    if let Some(values) = column.as_primitive_opt::<Float64Type>() {
        let bits = |value: f64| {
            let bits = value.to_bits();
            if bits & SIGN == 0 { bits | SIGN } else { !bits }
        };
        return Ok(rows.map(|row| key(row, bits(values.value(row)))).collect());
    }
    let values: &BooleanArray = column
        .as_boolean_opt()
        .ok_or_else(|| EvalError::NotCondition(format!("an order by {}", column.data_type())))?;
    Ok(rows.map(|row| key(row, u64::from(values.value(row)))).collect())
}

/// For whom a fact marks something: a number above zero, or yes.
fn marked(column: Option<ArrayRef>, families: usize) -> Truth {
    let mut truth = Truth::none(families);
    let Some(column) = column else { return truth };
    if let Some(column) = column.as_boolean_opt() {
        return Truth::of(column);
    }
    if let Some(column) = column.as_primitive_opt::<Int64Type>() {
        for row in 0..column.len() {
            truth.set(row, column.is_valid(row).then(|| column.value(row) > 0));
        }
    }
    truth
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_last_number_there_is_comes_before_the_unknown() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(i64::MAX), None]));
        for direction in [Direction::Ascending, Direction::Descending] {
            let keys = sort_keys(&numbers, direction).unwrap();
            assert!(keys[0] < keys[2] && keys[1] < keys[2], "{direction:?}");
        }
    }
}

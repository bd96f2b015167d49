//! The rule applied to a chunk of families at once: facts as columns, each condition once as a column,
//! components a person, counts and caps a family. Pure: batches in, plain vectors out, one entry a family in
//! the order of the batch.

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch,
    cast::AsArray,
    types::{Date32Type, Float64Type, Int64Type},
};
use arrow_schema::ArrowError;
use policy::{Direction, FactRule, Subject};
use rules::{EvalError, Frame};

use crate::{
    Result,
    cap::Counted,
    members::{Bitmap, Members},
    plan::{Bits, PlaceKind, Plan, rule_of},
};

/// A chunk, judged on its own: combinations and quota come later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) bits: Vec<Bits>,
    /// What the family would receive for the period, in rupiah.
    pub(crate) amount: Vec<i64>,
    /// What the yearly limit cut off, in rupiah.
    pub(crate) trimmed: Vec<i64>,
    /// For each component: members for whom its condition is true.
    pub(crate) qualified: Vec<Vec<i16>>,
    /// For each component: members who count.
    pub(crate) counted: Vec<Vec<i16>>,
    /// For each expression of the quota's order: a key that sorts ascending, unknown last.
    pub(crate) order: Vec<Vec<u64>>,
}

impl Judged {
    /// Appends the families of the next chunk.
    pub(crate) fn append(&mut self, mut next: Self) {
        fn join<T>(left: &mut Vec<Vec<T>>, right: &mut Vec<Vec<T>>) {
            left.resize_with(left.len().max(right.len()), Vec::new);
            left.iter_mut().zip(right).for_each(|(left, right)| left.append(right));
        }
        self.bits.append(&mut next.bits);
        self.amount.append(&mut next.amount);
        self.trimmed.append(&mut next.trimmed);
        join(&mut self.qualified, &mut next.qualified);
        join(&mut self.counted, &mut next.counted);
        join(&mut self.order, &mut next.order);
    }
}

impl Plan<'_> {
    /// Judges the families of a batch with their people. Both sorted by `family_id`, columns named as in the
    /// lake; every person's family must be in the batch.
    pub(crate) fn judge(&self, families: &RecordBatch, people: &RecordBatch) -> Result<Judged> {
        let family_ids = int64(families, "family_id")?;
        let people_of = int64(people, "family_id")?;
        let members = Members::of(family_ids.values(), people_of.values())
            .ok_or_else(|| ArrowError::InvalidArgumentError("people without their family".to_owned()))?;
        let mut person = frame(people, "person", &self.person_columns)?;
        let mut family = frame(families, "family", &self.family_columns)?;
        self.add_facts(&members, &mut person, &mut family)?;

        let mut out = Judged { bits: vec![Bits::default(); families.num_rows()], ..Judged::default() };
        self.components(&members, &person, people, &mut out)?;
        for place in &self.places {
            let condition = match place.of {
                PlaceKind::Eligibility(i) => &self.version.eligibility[i].when,
                PlaceKind::Exclusion(i) => &self.version.exclusions[i].when,
                PlaceKind::NeedsComponent | PlaceKind::Combination(_) | PlaceKind::Quota => continue,
            };
            let column = condition.eval_condition(&family, &self.params)?;
            let (yes, unknown) = (Bitmap::is_true(&column), Bitmap::is_unknown(&column));
            for (row, bits) in out.bits.iter_mut().enumerate() {
                let (yes, unknown) = (u64::from(yes.get(row)), u64::from(unknown.get(row)));
                bits.held |= yes << place.place;
                bits.unknown |= unknown << place.place;
                bits.failed |= (1 - (yes | unknown)) << place.place;
            }
        }
        for (expr, direction) in self.version.quota.iter().flat_map(|quota| &quota.order) {
            out.order.push(sort_keys(&expr.eval_columns(&family, &self.params)?, *direction)?);
        }
        Ok(out)
    }

    fn add_facts(&self, members: &Members, person: &mut Frame, family: &mut Frame) -> Result<(), EvalError> {
        for fact in &self.facts {
            let name = fact.column.rule_name();
            let rule = rule_of(fact);
            match (&fact.rule, fact.column.subject) {
                (FactRule::Expression(_), Subject::Person) => {
                    person.set(name, rule.eval_columns(person, &self.params)?)?;
                }
                (FactRule::Expression(_), Subject::Family) => {
                    family.set(name, rule.eval_columns(family, &self.params)?)?;
                }
                (FactRule::Reduction { reduce, .. }, _) => {
                    let column = rule.eval_columns(person, &self.params)?;
                    family.set(name, members.reduce(*reduce, &column)?)?;
                }
            }
        }
        Ok(())
    }

    fn components(
        &self,
        members: &Members,
        person: &Frame,
        people: &RecordBatch,
        out: &mut Judged,
    ) -> Result<()> {
        let families = out.bits.len();
        let narrow =
            |counts: Vec<u32>| counts.into_iter().map(|n| i16::try_from(n).unwrap_or(i16::MAX)).collect();
        let mut masks = vec![0u32; people.num_rows()];
        let mut unknown = vec![false; people.num_rows()];
        for (c, component) in self.components.iter().enumerate() {
            let column = component.when.eval_condition(person, &self.params)?;
            let yes = Bitmap::is_true(&column);
            yes.each(|row| masks[row] |= 1 << c);
            if column.null_count() > 0 {
                Bitmap::is_unknown(&column).each(|row| unknown[row] = true);
            }
            out.qualified.push(narrow(members.count(&yes)));
            out.counted.push(vec![0; families]);
        }
        out.amount = vec![self.flat.idr(); families];
        out.trimmed = vec![0; families];
        let born = if self.components.is_empty() {
            Date32Array::new_null(people.num_rows())
        } else {
            date32(people, "birth_date")?.clone()
        };
        let needs = self.place_of(PlaceKind::NeedsComponent);
        let mut counted = Counted::default();
        for (family, range) in members.ranges().enumerate() {
            let of_family = &masks[range.clone()];
            if of_family.iter().any(|mask| *mask != 0) {
                let first = range.start;
                let born = |p: usize| born.is_valid(first + p).then(|| born.value(first + p));
                self.cap.count(of_family, born, &mut counted)?;
                for &(_, component) in &counted.who {
                    let slot = &mut out.counted[component][family];
                    *slot = slot.saturating_add(1);
                }
                out.amount[family] = self.flat.plus(counted.amount)?.idr();
                out.trimmed[family] = counted.trimmed.idr();
            } else {
                counted.who.clear();
            }
            if let Some(place) = needs {
                let any = !counted.who.is_empty();
                let doubt = !any && unknown[range].iter().any(|unknown| *unknown);
                out.bits[family].set(place, if doubt { None } else { Some(any) });
            }
        }
        Ok(())
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

/// Keys that sort ascending in the wanted direction, unknown last in both.
fn sort_keys(column: &ArrayRef, direction: Direction) -> Result<Vec<u64>, EvalError> {
    const SIGN: u64 = 1 << 63;
    let key = |row: usize, ascending: u64| match direction {
        _ if column.is_null(row) => u64::MAX,
        Direction::Ascending => ascending,
        Direction::Descending => !ascending,
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

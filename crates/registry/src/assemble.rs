//! A version of the registry in memory: persons and families with every canonical column, out of groups and
//! columns.
//!
//! In: the lists in force, which person each of their rows belongs to, the identity of before. Out: the two
//! tables, sorted, and what events need. Column by column on all cores; never row by row. Must never happen:
//! a value that no record gave.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, UInt32Array,
    cast::AsArray,
    types::{Date32Type, Int32Type, Int64Type},
};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::take::take;
use policy::Subject;
use rayon::prelude::*;

use crate::families::{self, Grouping, Members};
use crate::golden::{self, NONE, Precedence, Rows, Standing};
use crate::identity::{self, Anchors, Assignment, Trace};
use crate::load::Canonical;
use crate::{Error, Result};

/// Code of "died" in the list `presence`.
const DIED: i32 = 2;

/// Where columns come from: a fetcher by canonical name, over all rows of the lists in force.
pub type Fetch<'a> = &'a (dyn Fn(&str) -> Result<ArrayRef> + Sync);

/// The rows of the lists in force and whose they are.
#[derive(Debug)]
pub struct Evidence {
    /// Standing of each list in force.
    pub lists: Vec<Standing>,
    /// List (index) of each row.
    pub list: Vec<u32>,
    /// Person (index) of each row, or [`NONE`].
    pub person: Vec<u32>,
}

impl Evidence {
    fn of_persons(&self, persons: usize) -> Rows<'_> {
        Rows { subject: &self.person, list: &self.list, first: &[], subjects: persons }
    }
}

/// A version in memory.
#[derive(Debug)]
pub struct Assembled {
    /// Persons, sorted by family and person id.
    pub persons: RecordBatch,
    /// Families, sorted by id.
    pub families: RecordBatch,
    /// How the families got their ids.
    pub family_assignment: Assignment,
    /// Date of the list that gives each person's village, in the order of `persons`.
    pub region_as_of: Vec<Option<i32>>,
    /// Date of the list that gives each person's card, in the order of `persons`.
    pub kk_as_of: Vec<Option<i32>>,
}

/// Puts persons and families together. `person_ids[i]` is the id of person `i`; `traces` makes family traces
/// from the family of each person (index), `families_before` are the family ids of before.
///
/// # Errors The fetcher's; columns of a wrong type.
pub fn assemble(
    evidence: &Evidence,
    columns: &[Canonical],
    person_ids: &[i64],
    fetch: Fetch<'_>,
    traces: impl FnOnce(&[u32]) -> Vec<Trace>,
    families_before: &[i64],
) -> Result<Assembled> {
    let basis = Basis::survive(evidence, person_ids.len(), fetch)?;
    let grouping = families::group(&basis.kk);
    let members = Members {
        id: person_ids,
        alive: &basis.alive,
        relation: &basis.relation,
        birth_date: &basis.birth_date,
    };
    let heads = families::heads(&grouping, members);
    let anchors = Anchors::build(&grouping.family_of, person_ids, grouping.count);
    let assignment = identity::assign(traces(&grouping.family_of), &anchors, families_before, &[]);
    let family_ids: Vec<i64> = grouping.family_of.iter().map(|&f| assignment.id[f as usize]).collect();

    let mut order: Vec<u32> = (0..person_ids.len() as u32).collect();
    order.par_sort_unstable_by_key(|&p| (family_ids[p as usize], person_ids[p as usize]));
    let mut family_order: Vec<u32> = (0..grouping.count as u32).collect();
    family_order.par_sort_unstable_by_key(|&f| assignment.id[f as usize]);

    let as_of = |winners: &[u32]| -> Vec<Option<i32>> {
        order.iter().map(|&p| evidence.as_of(winners[p as usize])).collect()
    };
    let (region_as_of, kk_as_of) = (as_of(&basis.region_winner), as_of(&basis.kk_winner));
    let persons = persons(evidence, columns, person_ids, &family_ids, &basis, &order, fetch)?;
    let shape = FamilyShape { grouping: &grouping, heads: &heads, order: &family_order };
    let families = families(evidence, columns, person_ids, &assignment.id, &basis, &shape, fetch)?;
    Ok(Assembled { persons, families, family_assignment: assignment, region_as_of, kk_as_of })
}

impl Evidence {
    fn as_of(&self, row: u32) -> Option<i32> {
        (row != NONE).then(|| self.lists[self.list[row as usize] as usize].as_of).flatten()
    }
}

/// What families, life and matching are decided on.
struct Basis {
    kk: Int64Array,
    kk_winner: Vec<u32>,
    relation: Int32Array,
    birth_date: Date32Array,
    region: ArrayRef,
    region_winner: Vec<u32>,
    alive: BooleanArray,
    matched: BooleanArray,
    records: Int32Array,
}

impl Basis {
    fn survive(evidence: &Evidence, persons: usize, fetch: Fetch<'_>) -> Result<Self> {
        let rows = evidence.of_persons(persons);
        let value = |name: &str| -> Result<(ArrayRef, Vec<u32>)> {
            let column = fetch(name)?;
            let winner = golden::survive(rows, name, &column, &evidence.lists, fetch)?;
            Ok((golden::pick(&column, &winner)?, winner))
        };
        let names = ["kk", "relation", "birth_date", "region", "death_date", "presence"];
        let values: Vec<(ArrayRef, Vec<u32>)> =
            names.par_iter().map(|name| value(name)).collect::<Result<_>>()?;
        let [kk, relation, birth, region, death, presence] = <[_; 6]>::try_from(values)
            .map_err(|_| Error::Damaged("a column of the basis is missing".to_owned()))?;
        let nik = fetch("nik")?;
        Ok(Self {
            kk: kk.0.as_primitive::<Int64Type>().clone(),
            kk_winner: kk.1,
            relation: relation.0.as_primitive::<Int32Type>().clone(),
            birth_date: birth.0.as_primitive::<Date32Type>().clone(),
            region: region.0,
            region_winner: region.1,
            alive: alive(evidence, &death.1, presence.0.as_primitive::<Int32Type>(), &presence.1),
            matched: matched(evidence, nik.as_ref(), persons),
            records: records(evidence, persons),
        })
    }
}

/// A person lives unless a list that may say so gives a date of death or says "died".
fn alive(evidence: &Evidence, death: &[u32], presence: &Int32Array, presence_winner: &[u32]) -> BooleanArray {
    let believed = Precedence::of_death(&evidence.lists);
    (0..death.len())
        .map(|person| {
            let says_died = presence.is_valid(person)
                && presence.value(person) == DIED
                && believed.believes(evidence.list[presence_winner[person] as usize]);
            Some(death[person] == NONE && !says_died)
        })
        .collect()
}

/// Matched: a list that confirms identity has the person with a NIK.
fn matched(evidence: &Evidence, nik: &dyn Array, persons: usize) -> BooleanArray {
    let mut matched = vec![false; persons];
    for (row, &person) in evidence.person.iter().enumerate() {
        if person != NONE && nik.is_valid(row) && evidence.lists[evidence.list[row] as usize].confirms {
            matched[person as usize] = true;
        }
    }
    matched.into()
}

fn records(evidence: &Evidence, persons: usize) -> Int32Array {
    let mut records = vec![0i32; persons];
    for &person in evidence.person.iter().filter(|&&person| person != NONE) {
        records[person as usize] += 1;
    }
    records.into()
}

fn persons(
    evidence: &Evidence,
    columns: &[Canonical],
    person_ids: &[i64],
    family_ids: &[i64],
    basis: &Basis,
    order: &[u32],
    fetch: Fetch<'_>,
) -> Result<RecordBatch> {
    let rows = evidence.of_persons(person_ids.len());
    let of_persons: Vec<&Canonical> = columns.iter().filter(|c| c.subject == Subject::Person).collect();
    let golden: Vec<ArrayRef> = of_persons
        .par_iter()
        .map(|column| {
            let values = fetch(&column.name)?;
            let winner = golden::survive(rows, &column.name, &values, &evidence.lists, fetch)?;
            let sorted: Vec<u32> = order.iter().map(|&p| winner[p as usize]).collect();
            Ok(golden::pick(&values, &sorted)?)
        })
        .collect::<Result<_>>()?;
    let sorted = |ids: &[i64]| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(order.iter().map(|&p| ids[p as usize])))
    };
    let index = UInt32Array::from(order.to_vec());
    let mut fields = vec![
        Field::new("person_id", DataType::Int64, false),
        Field::new("family_id", DataType::Int64, false),
    ];
    let mut arrays = vec![sorted(person_ids), sorted(family_ids)];
    for (column, values) in of_persons.iter().zip(golden) {
        fields.push(Field::new(&column.name, column.data_type.clone(), true));
        arrays.push(values);
    }
    for (name, values) in
        [("alive", &basis.alive as &dyn Array), ("matched", &basis.matched), ("records", &basis.records)]
    {
        fields.push(Field::new(name, values.data_type().clone(), false));
        arrays.push(take(values, &index, None)?);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

struct FamilyShape<'a> {
    grouping: &'a Grouping,
    heads: &'a [u32],
    order: &'a [u32],
}

fn families(
    evidence: &Evidence,
    columns: &[Canonical],
    person_ids: &[i64],
    family_ids: &[i64],
    basis: &Basis,
    shape: &FamilyShape<'_>,
    fetch: Fetch<'_>,
) -> Result<RecordBatch> {
    let family_of_row: Vec<u32> = evidence
        .person
        .iter()
        .map(|&person| if person == NONE { NONE } else { shape.grouping.family_of[person as usize] })
        .collect();
    // The head speaks for the house where two members' records are believed alike.
    let of_head: Vec<bool> = evidence
        .person
        .iter()
        .zip(&family_of_row)
        .map(|(&person, &family)| family != NONE && shape.heads[family as usize] == person)
        .collect();
    let rows = Rows {
        subject: &family_of_row,
        list: &evidence.list,
        first: &of_head,
        subjects: shape.grouping.count,
    };
    let of_families: Vec<&Canonical> = columns.iter().filter(|c| c.subject == Subject::Family).collect();
    let golden: Vec<ArrayRef> = of_families
        .par_iter()
        .map(|column| {
            let values = fetch(&column.name)?;
            let winner = golden::survive(rows, &column.name, &values, &evidence.lists, fetch)?;
            let sorted: Vec<u32> = shape.order.iter().map(|&f| winner[f as usize]).collect();
            Ok(golden::pick(&values, &sorted)?)
        })
        .collect::<Result<_>>()?;
    let heads: Vec<u32> = shape.order.iter().map(|&f| shape.heads[f as usize]).collect();
    let head_index = UInt32Array::from(heads.clone());
    let sizes = Int32Array::from(families::sizes(shape.grouping, &basis.alive));
    let mut fields = vec![
        Field::new("family_id", DataType::Int64, false),
        Field::new("kk", DataType::Int64, true),
        Field::new("head_person_id", DataType::Int64, false),
        Field::new("region", DataType::Utf8, true),
        Field::new("size", DataType::Int32, false),
    ];
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(shape.order.iter().map(|&f| family_ids[f as usize]))),
        take(&basis.kk, &head_index, None)?,
        Arc::new(Int64Array::from_iter_values(heads.iter().map(|&head| person_ids[head as usize]))),
        family_region(basis, shape)?,
        take(&sizes, &UInt32Array::from(shape.order.to_vec()), None)?,
    ];
    for (column, values) in of_families.iter().zip(golden) {
        fields.push(Field::new(&column.name, column.data_type.clone(), true));
        arrays.push(values);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// The head's village; if unknown, that of the first member who has one.
fn family_region(basis: &Basis, shape: &FamilyShape<'_>) -> Result<ArrayRef> {
    let mut who: Vec<u32> = shape.heads.to_vec();
    for (person, &family) in shape.grouping.family_of.iter().enumerate() {
        let chosen = &mut who[family as usize];
        if basis.region.is_null(*chosen as usize) && basis.region.is_valid(person) {
            *chosen = person as u32;
        }
    }
    let sorted: UInt32Array = shape.order.iter().map(|&f| who[f as usize]).collect::<Vec<_>>().into();
    Ok(take(basis.region.as_ref(), &sorted, None)?)
}

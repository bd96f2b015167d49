//! Trying a rule before it is one: how many families or people of a closing an expression would select, by region and decile, and of
//! whom it cannot tell.
//!
//! The columns and facts that were asked for stay in memory until another closing is asked about or too much is held: the first
//! count reads the closing, the next ones only compare. Aggregates only, but for a few numbers of families inside the territory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use access::{House, Scope};
use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array, RecordBatch, cast::AsArray, types::Int32Type};
use jiff::civil::Date;
use model::{Month, RegionCode, RegionLevel, SMALL_CELL, hidden};
use policy::{Policy, Subject};
use rayon::prelude::*;
use rules::{Expr, Frame, Label, Lang, Params};
use serde::Serialize;

use crate::{
    Error, Result,
    closing::{Chunk, Closing, families_of},
    columns::int64,
    decide::text_column,
    members::{Bitmap, Members},
    pass::Sources,
    plan::Needs,
    quota::Regions,
};

/// Columns beyond these bytes are let go before more are read.
const HELD_BYTES_MAX: usize = 3 << 30;
/// Families named as examples.
const EXAMPLES: usize = 10;

/// What an expression would select.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// Of whom it speaks.
    pub subject: Subject,
    /// The expression in words.
    pub words: Label,
    /// Month of the closing.
    pub closing: String,
    /// Day on which ages are read.
    pub reference_date: String,
    /// Families or people of the territory for whom it is true.
    pub selected: i64,
    /// For whom it cannot be told.
    pub unknown: i64,
    /// Families or people of the territory.
    pub of: i64,
    /// Families for whom it is true, or with such a person.
    pub families: i64,
    /// For each column of the expression: of how many it is not known.
    pub nulls: Vec<NullCount>,
    /// Selected by decile 1 to 10, then without a decile; small cells are hidden.
    pub deciles: Vec<Option<i64>>,
    /// By the region below the territory; small cells are hidden.
    pub regions: Vec<RegionTrial>,
    /// A few families for whom it is true, by number.
    pub examples: Vec<i64>,
}

/// What is not known of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NullCount {
    /// As written in the expression.
    pub name: String,
    /// Its words.
    pub label: Label,
    /// Of how many of the territory it is not known.
    pub unknown: i64,
}

/// A region's part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionTrial {
    /// Its path.
    pub region: String,
    /// Selected; none where it is [`hidden`].
    pub selected: Option<i64>,
    /// Families or people.
    pub of: i64,
}

/// A family of a closing for whom a condition is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Selected {
    /// Its number.
    pub family_id: i64,
    /// Path of its village; empty where none is known.
    pub region: String,
}

/// The families of the territory in a closing for whom a condition over `family.*` is true, in the order of the closing: those whom
/// [`try_rule`] counts for the same words.
///
/// # Errors
/// The condition speaks of people or of what is sealed; there is no such closing; the lake's.
pub fn select_families(house: &House, scope: &Scope, closing: Month, expr: &Expr) -> Result<Vec<Selected>> {
    if subject_of(expr)? != Subject::Family {
        return Err(Error::TwoSubjects);
    }
    refuse_sealed(&house.policy, expr)?;
    let day = closing.last_day();
    let held = Held::of(house, closing, day)?;
    let _turn = held.turn.lock().unwrap_or_else(PoisonError::into_inner);
    let names: Vec<String> = expr.columns().into_iter().map(str::to_owned).collect();
    held.hold(house, expr, &names)?;
    let (areas, params) = (Areas::new(&held.regions, scope), Params::at(day));
    let of_part = |part: &Part| -> Result<Vec<Selected>> {
        let (truth, _) = part.truth(expr, &names, part.family_ids.len(), &params)?;
        let yes = Bitmap::is_true(&truth);
        let of = |family: usize| held.regions.of[part.first + family];
        let here = |family: &usize| yes.get(*family) && areas.of(of(*family)).is_some();
        let found = (0..part.family_ids.len()).filter(here).map(|family| Selected {
            family_id: part.family_ids[family],
            region: held.regions.paths[of(family) as usize].clone(),
        });
        Ok(found.collect())
    };
    let parts: Vec<Vec<Selected>> = held.parts.par_iter().map(of_part).collect::<Result<_>>()?;
    Ok(parts.into_iter().flatten().collect())
}

/// Counts what `text` would select of a closing, in the scope's territory. Ages are read on `day`, or on the closing's last day.
///
/// # Errors
/// The text is no condition, or speaks of families and people at once; there is no such closing; the lake's.
pub fn try_rule(
    house: &House,
    scope: &Scope,
    closing: Month,
    text: &str,
    day: Option<Date>,
) -> Result<Trial> {
    let expr = Expr::condition(text, &house.policy.rule_schema()).map_err(Error::Expression)?;
    let subject = subject_of(&expr)?;
    refuse_sealed(&house.policy, &expr)?;
    let day = day.unwrap_or_else(|| closing.last_day());
    let held = Held::of(house, closing, day)?;
    // One at a time: columns may be let go only while nobody counts.
    let _turn = held.turn.lock().unwrap_or_else(PoisonError::into_inner);
    let names: Vec<String> = expr.columns().into_iter().map(str::to_owned).collect();
    held.hold(house, &expr, &names)?;
    let areas = Areas::new(&held.regions, scope);
    let params = Params::at(day);
    let count = |chunk: &Part| chunk.count(&held, &areas, &expr, &names, subject, &params);
    let parts: Vec<Tally> = held.parts.par_iter().map(count).collect::<Result<_>>()?;
    let mut tally = Tally::new(&areas, names.len());
    for part in &parts {
        tally.add(part);
    }
    let schema = house.policy.rule_schema();
    let label = |name: &str| schema.get(name).map_or_else(Label::default, |field| field.label.clone());
    let hides = hidden(tally.regions.iter().map(|(selected, _)| [*selected]), SMALL_CELL);
    let region = |((path, (selected, of)), hide): ((&String, (i64, i64)), bool)| RegionTrial {
        region: path.clone(),
        selected: (!hide).then_some(selected),
        of,
    };
    let mut regions: Vec<RegionTrial> =
        areas.names.iter().zip(tally.regions).zip(hides).map(region).collect();
    regions.retain(|region| region.of > 0);
    let hides = hidden(tally.deciles.iter().map(|selected| [*selected]), SMALL_CELL);
    let deciles = tally.deciles.iter().zip(hides).map(|(selected, hide)| (!hide).then_some(*selected));
    Ok(Trial {
        subject,
        words: Label::new(expr.words_with(Lang::Id, &params), expr.words_with(Lang::En, &params)),
        closing: closing.to_string(),
        reference_date: day.to_string(),
        selected: tally.selected,
        unknown: tally.unknown,
        of: tally.of,
        families: tally.families,
        nulls: names
            .iter()
            .zip(tally.nulls)
            .map(|(name, unknown)| NullCount { label: label(name), name: name.clone(), unknown })
            .collect(),
        deciles: deciles.collect(),
        regions,
        examples: if tally.selected < SMALL_CELL { Vec::new() } else { tally.examples },
    })
}

/// Who may count may not find out by counting what only a reader with a purpose may see.
pub(crate) fn refuse_sealed(policy: &Policy, expr: &Expr) -> Result<()> {
    let schema = policy.rule_schema();
    let sealed = |name: &&str| schema.get(name).is_some_and(|field| field.sealed);
    match expr.columns().into_iter().find(sealed) {
        Some(name) => Err(Error::Sealed(name.to_owned())),
        None => Ok(()),
    }
}

/// Families or people, never both: a person has no `family.*` and a family no `person.*`.
fn subject_of(expr: &Expr) -> Result<Subject> {
    let of_person = |name: &&str| name.starts_with("person.");
    let (persons, columns) =
        (expr.columns().iter().filter(|name| of_person(name)).count(), expr.columns().len());
    match persons {
        0 => Ok(Subject::Family),
        n if n == columns => Ok(Subject::Person),
        _ => Err(Error::TwoSubjects),
    }
}

/// A closing whose columns are held.
struct Held {
    key: (String, String, Date),
    source: Closing,
    turn: Mutex<()>,
    /// Family numbers of all parts, one after the other.
    regions: Regions,
    parts: Vec<Part>,
}

/// A part of whole families.
struct Part {
    chunk: Chunk,
    /// Number of its first family.
    first: usize,
    family_ids: Vec<i64>,
    members: Members,
    deciles: Int32Array,
    columns: RwLock<BTreeMap<String, ArrayRef>>,
}

/// The closing that was asked about last.
static HELD: Mutex<Option<Arc<Held>>> = Mutex::new(None);

impl Held {
    fn of(house: &House, closing: Month, day: Date) -> Result<Arc<Self>> {
        let source = Closing::open(&house.lake, closing)?;
        let hash = |dataset: &lake::Dataset| dataset.manifest().hash.clone();
        let key = (hash(&source.families), hash(&source.people), day);
        // Whoever asks while another reads waits for what is then held.
        let mut last = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = last.as_ref().filter(|held| held.key == key) {
            return Ok(Arc::clone(held));
        }
        *last = None;
        let families = source.all_families(&[])?;
        let chunks = source.chunks()?;
        let part = |chunk: &Chunk| -> Result<Part> {
            let own = families_of(*chunk, &families)?;
            let people = source.people_of(*chunk, &[])?;
            let (ids, of) = (int64(&own, "family_id")?, int64(&people, "family_id")?);
            let broken = || Error::BrokenRun {
                run: closing.to_string(),
                why: "people without their family".to_owned(),
            };
            let decile =
                own.column_by_name("decile").and_then(|column| column.as_primitive_opt::<Int32Type>());
            Ok(Part {
                chunk: *chunk,
                first: 0,
                family_ids: ids.values().to_vec(),
                members: Members::of(ids.values(), of.values()).ok_or_else(broken)?,
                deciles: decile.cloned().unwrap_or_else(|| Int32Array::new_null(own.num_rows())),
                columns: RwLock::default(),
            })
        };
        let mut parts: Vec<Part> = chunks.par_iter().map(part).collect::<Result<_>>()?;
        let mut first = 0;
        for part in &mut parts {
            part.first = first;
            first += part.family_ids.len();
        }
        let regions = Regions::new(&text_column(&families, "region"));
        let held = Arc::new(Self { key, source, turn: Mutex::new(()), regions, parts });
        *last = Some(Arc::clone(&held));
        Ok(held)
    }

    /// Reads and works out the columns that are not held yet.
    fn hold(&self, house: &House, expr: &Expr, names: &[String]) -> Result<()> {
        let missing: Vec<&String> = match self.parts.first() {
            Some(part) => {
                let columns = part.columns.read().unwrap_or_else(PoisonError::into_inner);
                names.iter().filter(|name| !columns.contains_key(*name)).collect()
            }
            None => return Ok(()),
        };
        if missing.is_empty() {
            return Ok(());
        }
        if self.bytes() > HELD_BYTES_MAX {
            self.parts
                .iter()
                .for_each(|part| part.columns.write().unwrap_or_else(PoisonError::into_inner).clear());
            return self.hold(house, expr, names);
        }
        let needs = Needs::of(&house.policy, std::iter::once(expr));
        let sources = Sources::new(needs.facts.into_iter(), needs.person, needs.family, vec![self.key.2]);
        let families = self.source.all_families(&sources.family_columns)?;
        self.parts.par_iter().try_for_each(|part| part.read(self, &sources, &families, &missing))
    }

    fn bytes(&self) -> usize {
        let of = |part: &Part| {
            let columns = part.columns.read().unwrap_or_else(PoisonError::into_inner);
            columns.values().map(Array::get_array_memory_size).sum::<usize>()
        };
        self.parts.iter().map(of).sum()
    }
}

impl Part {
    fn read(
        &self,
        held: &Held,
        sources: &Sources<'_>,
        families: &RecordBatch,
        missing: &[&String],
    ) -> Result<()> {
        let own = families_of(self.chunk, families)?;
        let people = held.source.people_of(self.chunk, &sources.person_columns)?;
        let frames = sources.frames(&self.members, &own, &people)?;
        let mut columns = self.columns.write().unwrap_or_else(PoisonError::into_inner);
        for name in missing {
            let of_person = name.starts_with("person.");
            let frame = frames.first().map(|frames| if of_person { &frames.person } else { &frames.family });
            if let Some(column) = frame.and_then(|frame| rules::Columns::column(frame, name)) {
                columns.insert((*name).clone(), column);
            }
        }
        Ok(())
    }

    /// Whether a condition is true, row by row, and for each of its columns where it is not known.
    fn truth(
        &self,
        expr: &Expr,
        names: &[String],
        rows: usize,
        params: &Params,
    ) -> Result<(BooleanArray, Vec<Option<Bitmap>>)> {
        let mut frame = Frame::new(rows);
        let mut unknown_of = Vec::with_capacity(names.len());
        let columns = self.columns.read().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            let column = columns.get(name).ok_or_else(|| rules::EvalError::MissingColumn(name.clone()))?;
            unknown_of.push(column.nulls().map(|nulls| Bitmap::new(&!nulls.inner())));
            frame.set(name.clone(), Arc::clone(column))?;
        }
        Ok((expr.eval_condition(&frame, params)?, unknown_of))
    }

    fn count(
        &self,
        held: &Held,
        areas: &Areas,
        expr: &Expr,
        names: &[String],
        subject: Subject,
        params: &Params,
    ) -> Result<Tally> {
        let families = self.family_ids.len();
        let rows = match subject {
            Subject::Family => families,
            Subject::Person => self.members.people(),
        };
        let (truth, unknown_of) = self.truth(expr, names, rows, params)?;
        let (yes, unknown) = (Bitmap::is_true(&truth), Bitmap::is_unknown(&truth));
        let mut tally = Tally::new(areas, names.len());
        for (family, range) in self.members.ranges().enumerate() {
            let Some(area) = areas.of(held.regions.of[self.first + family]) else { continue };
            let range = match subject {
                Subject::Family => family..family + 1,
                Subject::Person => range,
            };
            let selected = i64::from(yes.count(range.clone()));
            tally.of += range.len() as i64;
            tally.unknown += i64::from(unknown.count(range.clone()));
            let region = &mut tally.regions[area];
            region.0 += selected;
            region.1 += range.len() as i64;
            for (sum, unknown) in tally.nulls.iter_mut().zip(&unknown_of) {
                *sum += unknown.as_ref().map_or(0, |unknown| i64::from(unknown.count(range.clone())));
            }
            if selected > 0 {
                tally.selected += selected;
                tally.families += 1;
                tally.deciles[self.decile(family)] += selected;
                if tally.examples.len() < EXAMPLES {
                    tally.examples.push(self.family_ids[family]);
                }
            }
        }
        Ok(tally)
    }

    /// 0 to 9 for deciles 1 to 10, 10 for none.
    fn decile(&self, family: usize) -> usize {
        if self.deciles.is_null(family) {
            return 10;
        }
        usize::try_from(self.deciles.value(family) - 1).unwrap_or(10).min(10)
    }
}

/// The regions below a territory, and which village lies in which.
pub(crate) struct Areas {
    names: Vec<String>,
    /// For each path of the closing; none outside the territory.
    of_path: Vec<Option<usize>>,
}

impl Areas {
    pub(crate) fn new(regions: &Regions, scope: &Scope) -> Self {
        let below = scope.region().level().below();
        let area = |path: &String| match RegionCode::parse(path) {
            Ok(code) if scope.covers(&code) => Some(code.at(below).to_string()),
            // Whoever sees the whole country also counts those of whom no village is known.
            Err(_) if scope.region().level() == RegionLevel::Nation => Some(String::new()),
            _ => None,
        };
        let of: Vec<Option<String>> = regions.paths.iter().map(area).collect();
        let mut names: Vec<String> = of.iter().flatten().cloned().collect();
        names.sort_unstable();
        names.dedup();
        let of_path = of
            .iter()
            .map(|name| name.as_ref().map(|name| names.partition_point(|known| known < name)))
            .collect();
        Self { names, of_path }
    }

    /// The paths of the regions, in their order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The region of a path of the closing; none outside the territory.
    pub(crate) fn of(&self, path: u32) -> Option<usize> {
        self.of_path.get(path as usize).copied().flatten()
    }
}

/// Sums of a part.
struct Tally {
    selected: i64,
    unknown: i64,
    of: i64,
    families: i64,
    nulls: Vec<i64>,
    deciles: [i64; 11],
    regions: Vec<(i64, i64)>,
    examples: Vec<i64>,
}

impl Tally {
    fn new(areas: &Areas, names: usize) -> Self {
        Self {
            selected: 0,
            unknown: 0,
            of: 0,
            families: 0,
            nulls: vec![0; names],
            deciles: [0; 11],
            regions: vec![(0, 0); areas.names.len()],
            examples: Vec::new(),
        }
    }

    fn add(&mut self, part: &Self) {
        self.selected += part.selected;
        self.unknown += part.unknown;
        self.of += part.of;
        self.families += part.families;
        self.nulls.iter_mut().zip(&part.nulls).for_each(|(sum, more)| *sum += more);
        self.deciles.iter_mut().zip(&part.deciles).for_each(|(sum, more)| *sum += more);
        for (sum, more) in self.regions.iter_mut().zip(&part.regions) {
            sum.0 += more.0;
            sum.1 += more.1;
        }
        let room = EXAMPLES - self.examples.len().min(EXAMPLES);
        self.examples.extend(part.examples.iter().take(room));
    }
}

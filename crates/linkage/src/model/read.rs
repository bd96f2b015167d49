//! From JSON to a checked [`Model`].

use serde_json::{Map, Value};

use super::{
    Comparison, Constraints, Level, LinkType, Model, Other, Prepared, Rule, TermFrequency, Training,
};
use crate::compare::Plan;
use crate::error::{LinkError, ModelError};
use crate::eval;
use crate::expr::Expr;
use crate::sql::{self, Fault, Naming, Node, Op, Scalar, Side};
use crate::table::{Layout, empty_batch};

const DEFAULT_PRIOR: f64 = 0.0001;
const DEFAULT_BLOCK_LIMIT: u64 = 20_000;
const DEFAULT_U_PAIRS: u64 = 500_000;

pub(super) fn model(text: &str) -> Result<Model, ModelError> {
    let root: Value = serde_json::from_str(text).map_err(|error| ModelError::Json {
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })?;
    let Value::Object(raw) = root else { return Err(entry("the file", "an object")) };
    let top = Part { map: &raw, place: String::new() };
    let link_type = match top.text("link_type")?.as_deref() {
        None | Some("dedupe_only") => LinkType::Dedupe,
        Some("link_only") => LinkType::LinkOnly,
        Some("link_and_dedupe") => LinkType::LinkAndDedupe,
        Some(_) => return Err(entry("link_type", "dedupe_only, link_only or link_and_dedupe")),
    };
    let pilar = top.part("pilar")?;
    let find = pilar.as_ref().map(|p| p.rules("find")).transpose()?.unwrap_or_default();
    let model = Model {
        link_type,
        empty_is_null: pilar.as_ref().map_or(Ok(None), |p| p.flag("empty_is_null"))?.unwrap_or(false),
        unique_id: top.text("unique_id_column_name")?.unwrap_or_else(|| "unique_id".into()),
        source: top.text("source_dataset_column_name")?.unwrap_or_else(|| "source_dataset".into()),
        comparisons: comparisons(&top)?,
        blocking: top.rules("blocking_rules_to_generate_predictions")?,
        prior: top.probability("probability_two_random_records_match")?.unwrap_or(DEFAULT_PRIOR),
        max_iterations: top.count("max_iterations")?.unwrap_or(25) as usize,
        em_convergence: top.number("em_convergence")?.unwrap_or(0.0001),
        prepare: prepared(either(&top, pilar.as_ref(), "prepare"))?,
        match_weight: number(pilar.as_ref(), "match_weight", 0.0)?,
        review_weight: number(pilar.as_ref(), "review_weight", -5.0)?,
        block_limit: pilar
            .as_ref()
            .map_or(Ok(None), |p| p.count("block_limit"))?
            .unwrap_or(DEFAULT_BLOCK_LIMIT) as usize,
        training: either(&top, pilar.as_ref(), "training").part("training")?.map(training).transpose()?,
        others: Vec::new(),
        constraints: pilar
            .as_ref()
            .map_or(Ok(None), |p| p.part("constraints"))?
            .map(constraints)
            .transpose()?
            .unwrap_or_default(),
        find,
        names: std::sync::Arc::default(),
        raw: raw.clone(),
    };
    let mut model = model;
    if let Some(part) = &pilar {
        others(&mut model, part)?;
    }
    check(&model)?;
    Ok(model)
}

/// Ours stand in `pilar`, or at the top of the file.
fn either<'p, 'a>(top: &'p Part<'a>, pilar: Option<&'p Part<'a>>, name: &str) -> &'p Part<'a> {
    pilar.filter(|pilar| pilar.get(name).is_some()).unwrap_or(top)
}

fn check(model: &Model) -> Result<(), ModelError> {
    if model.comparisons.is_empty() {
        return Err(entry("comparisons", "at least one comparison"));
    }
    if model.blocking.is_empty() {
        return Err(entry("blocking_rules_to_generate_predictions", "at least one rule"));
    }
    if model.blocking.len() > 64 {
        return Err(entry("blocking_rules_to_generate_predictions", "at most 64 rules"));
    }
    let mut patterns: u32 = 1;
    for comparison in &model.comparisons {
        patterns = patterns
            .checked_mul(comparison.levels.len() as u32)
            .filter(|patterns| *patterns < u32::MAX)
            .ok_or(ModelError::TooManyPatterns)?;
    }
    if model.comparisons.len() > crate::compare::MOST_COMPARISONS {
        return Err(entry("comparisons", "at most 32 comparisons"));
    }
    if model.review_weight > model.match_weight {
        return Err(ModelError::Range {
            place: "pilar".into(),
            name: "review_weight",
            value: model.review_weight,
            range: "at most match_weight",
        });
    }
    compiles(model)
}

/// Compiles the model against no records at all, so that what has no comparator is refused before any data is
/// read.
fn compiles(model: &Model) -> Result<(), ModelError> {
    let refused = |error| match error {
        LinkError::Model(error) => error,
        other => ModelError::Entry { place: "the model".into(), expected: other.to_string() },
    };
    let mut layout = Layout::load(&[empty_batch()], model, true).map_err(refused)?;
    Plan::compile(model, &mut layout)?;
    let training =
        model.training.iter().flat_map(|training| training.deterministic.iter().chain(&training.em));
    for rule in model.blocking.iter().chain(&model.find).chain(training) {
        layout.keys(std::slice::from_ref(rule)).map_err(refused)?;
        Plan::rest(std::slice::from_ref(rule), &mut layout)?;
    }
    Ok(())
}

fn comparisons(top: &Part) -> Result<Vec<Comparison>, ModelError> {
    let list = top.list("comparisons")?.ok_or_else(|| entry("comparisons", "a list"))?;
    list.iter()
        .enumerate()
        .map(|(index, value)| {
            let part = Part::of(value, format!("comparisons[{index}]"))?;
            let levels = part.list("comparison_levels")?.ok_or_else(|| part.missing("comparison_levels"))?;
            let count = levels.len();
            let levels: Vec<Level> = levels
                .iter()
                .enumerate()
                .map(|(at, value)| {
                    level(
                        &Part::of(value, format!("{}.comparison_levels[{at}]", part.place))?,
                        at + 1 == count,
                    )
                })
                .collect::<Result<_, _>>()?;
            if levels.len() < 2 || levels.len() > 250 {
                return Err(entry(&part.place, "2 to 250 levels"));
            }
            if levels.last().is_none_or(|level| level.condition != Node::Else) {
                return Err(entry(&part.place, "ELSE as its last level"));
            }
            let name = part
                .text("output_column_name")?
                .or(part.text("comparison_description")?)
                .unwrap_or_else(|| format!("comparison {}", index + 1));
            Ok(Comparison { name, levels })
        })
        .collect()
}

fn level(part: &Part, last: bool) -> Result<Level, ModelError> {
    let sql = part.text("sql_condition")?.ok_or_else(|| part.missing("sql_condition"))?;
    let place = format!("{}.sql_condition", part.place);
    let condition = sql::condition(&sql, Naming::Suffix).map_err(|fault| unreadable(&place, &fault))?;
    if condition == Node::Else && !last {
        return Err(entry(&place, "ELSE only as the last level"));
    }
    let term_frequency = part
        .text("tf_adjustment_column")?
        .map(|column| {
            Ok::<_, ModelError>(TermFrequency {
                column,
                weight: part.number("tf_adjustment_weight")?.unwrap_or(1.0),
                minimum_u: part.number("tf_minimum_u_value")?.unwrap_or(0.0),
                own_u: part.flag("disable_tf_exact_match_detection")?.unwrap_or(false),
            })
        })
        .transpose()?;
    Ok(Level {
        label: part.text("label_for_charts")?.unwrap_or_else(|| sql.clone()),
        is_null: part.flag("is_null_level")?.unwrap_or(false),
        m: part.probability("m_probability")?.unwrap_or(f64::NAN),
        u: part.probability("u_probability")?.unwrap_or(f64::NAN),
        others: Vec::new(),
        fix_m: part.flag("fix_m_probability")?.unwrap_or(false),
        fix_u: part.flag("fix_u_probability")?.unwrap_or(false),
        term_frequency,
        sql,
        condition,
    })
}

fn prepared(owner: &Part) -> Result<Vec<Prepared>, ModelError> {
    let list = owner.list("prepare")?.unwrap_or_default();
    let mut made: Vec<Prepared> = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let part = Part::of(value, format!("{}[{index}]", owner.at("prepare")))?;
        let column = part.text("column")?.ok_or_else(|| part.missing("column"))?;
        let expression = part.text("expression")?.ok_or_else(|| part.missing("expression"))?;
        let place = format!("{}.expression", part.place);
        let value = sql::value(&expression, Naming::Plain).map_err(|fault| unreadable(&place, &fault))?;
        // Built on earlier columns only, so that no column is defined by itself.
        let mut itself = false;
        value.each_column(&mut |_, name| itself |= name == column);
        if itself || made.iter().any(|earlier| earlier.column == column) {
            return Err(entry(&place, "a new name, not used before"));
        }
        let steps = Expr::of(&value, &made);
        let mut prepared = Prepared { column, expression, value, by_row: steps.is_err() };
        if let Err(what) = steps {
            eval::check_scalar(&prepared.value).map_err(|_| unsupported(&place, &what))?;
            prepared.value = prepared.expanded(&made);
        }
        made.push(prepared);
    }
    Ok(made)
}

fn training(part: Part) -> Result<Training, ModelError> {
    Ok(Training {
        deterministic: part.rules("deterministic_rules")?,
        recall: part.probability("recall")?.unwrap_or(0.9).max(1e-6),
        em: part.rules("em_blocking_rules")?,
        u_pairs: part.count("u_pairs")?.or(part.count("max_pairs_u")?).unwrap_or(DEFAULT_U_PAIRS),
        min_records: part.count("min_records")?.unwrap_or(0) as usize,
        seed: part.count("seed")?,
    })
}

fn constraints(part: Part) -> Result<Constraints, ModelError> {
    Ok(Constraints {
        one_value: part.text("one_value")?,
        unique_sources: part.texts("unique_sources")?,
        confirming_sources: part.texts("confirming_sources")?,
    })
}

/// The further classes: where each starts and, once trained, a prior and one probability a level.
fn others(model: &mut Model, pilar: &Part) -> Result<(), ModelError> {
    for (index, value) in pilar.list("others")?.unwrap_or_default().iter().enumerate() {
        let part = Part::of(value, format!("pilar.others[{index}]"))?;
        if index >= crate::score::MOST_OTHERS {
            return Err(entry(&part.place, "at most 6 classes"));
        }
        let name = part.text("name")?.ok_or_else(|| part.missing("name"))?;
        let shared = part.texts("shared")?;
        let known = |name: &String| model.comparisons.iter().any(|comparison| comparison.name == *name);
        if let Some(unknown) = shared.iter().find(|name| !known(name)) {
            return Err(entry(&part.at("shared"), &format!("a comparison, there is no `{unknown}`;")));
        }
        let prior = part.probability("prior")?.unwrap_or(f64::NAN);
        model.others.push(Other { name, prior, shared });
        let probabilities = part.part("probabilities")?;
        for comparison in &mut model.comparisons {
            let list =
                probabilities.as_ref().map_or(Ok(None), |p| p.list(&comparison.name))?.unwrap_or_default();
            if !list.is_empty() && list.len() != comparison.levels.len() {
                return Err(entry(
                    &part.at(&format!("probabilities.{}", comparison.name)),
                    "one number a level",
                ));
            }
            for (at, level) in comparison.levels.iter_mut().enumerate() {
                let number = list.get(at).and_then(Value::as_f64).filter(|p| (0.0..=1.0).contains(p));
                level.others.push(number.unwrap_or(f64::NAN));
            }
        }
    }
    Ok(())
}

/// One blocking rule: equalities between an expression of the left record and one of the right, joined by
/// AND, and whatever else must hold.
fn rule(sql: &str, place: &str) -> Result<Rule, ModelError> {
    let node = sql::condition(sql, Naming::Prefix).map_err(|fault| unreadable(place, &fault))?;
    let mut parts = Vec::new();
    let mut rest = Vec::new();
    equalities(&node, &mut parts, &mut rest);
    if parts.is_empty() {
        return Err(ModelError::CrossJoin { place: place.to_owned(), rule: sql.to_owned() });
    }
    let (keys, right): (Vec<Scalar>, Vec<Scalar>) = parts.into_iter().unzip();
    let right = (keys != right).then_some(right);
    Ok(Rule { sql: sql.to_owned(), keys, right, rest })
}

fn equalities(node: &Node, keys: &mut Vec<(Scalar, Scalar)>, rest: &mut Vec<Node>) {
    match node {
        Node::And(parts) => parts.iter().for_each(|part| equalities(part, keys, rest)),
        Node::Compare { left, op: Op::Equal, right } => match (one_sided(left), one_sided(right)) {
            (Some((Side::Left, a)), Some((Side::Right, b)))
            | (Some((Side::Right, b)), Some((Side::Left, a)))
                if Expr::of(left, &[]).is_ok() && Expr::of(right, &[]).is_ok() =>
            {
                keys.push((a, b));
            }
            _ => rest.push(node.clone()),
        },
        other => rest.push(other.clone()),
    }
}

fn one_sided(scalar: &Scalar) -> Option<(Side, Scalar)> {
    side_of(scalar).map(|side| (side, plain(scalar)))
}

fn side_of(scalar: &Scalar) -> Option<Side> {
    let mut sides = Vec::new();
    scalar.each_column(&mut |side, _| sides.push(side));
    sides.first().copied().filter(|first| sides.iter().all(|side| side == first))
}

/// The expression with all its columns read from one side, so that two sides can be held against each other.
fn plain(scalar: &Scalar) -> Scalar {
    match scalar {
        Scalar::Column { name, .. } => Scalar::Column { side: Side::Left, name: name.clone() },
        Scalar::Call { name, args } => {
            Scalar::Call { name: name.clone(), args: args.iter().map(plain).collect() }
        }
        other => other.clone(),
    }
}

fn number(part: Option<&Part>, name: &str, default: f64) -> Result<f64, ModelError> {
    Ok(part.map_or(Ok(None), |part| part.number(name))?.unwrap_or(default))
}

fn entry(place: &str, expected: &str) -> ModelError {
    ModelError::Entry { place: place.into(), expected: expected.into() }
}

fn unsupported(place: &str, what: &str) -> ModelError {
    ModelError::Unsupported { place: place.into(), what: what.into() }
}

pub(crate) fn unreadable(place: &str, fault: &Fault) -> ModelError {
    ModelError::Sql {
        place: place.into(),
        position: fault.position,
        near: fault.near.clone(),
        message: fault.message.clone(),
    }
}

/// An object of the file together with its path, so that every fault can say where.
struct Part<'a> {
    map: &'a Map<String, Value>,
    place: String,
}

impl<'a> Part<'a> {
    fn of(value: &'a Value, place: String) -> Result<Self, ModelError> {
        match value {
            Value::Object(map) => Ok(Self { map, place }),
            _ => Err(entry(&place, "an object")),
        }
    }

    fn at(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    fn missing(&self, name: &str) -> ModelError {
        entry(&self.place, &format!("`{name}`"))
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ModelError> {
        self.get(name).map(|value| read(value).ok_or_else(|| entry(&self.at(name), expected))).transpose()
    }

    fn text(&self, name: &str) -> Result<Option<String>, ModelError> {
        self.typed(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn number(&self, name: &str) -> Result<Option<f64>, ModelError> {
        self.typed(name, "a number", Value::as_f64)
    }

    fn count(&self, name: &str) -> Result<Option<u64>, ModelError> {
        self.typed(name, "a whole number", Value::as_u64)
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, ModelError> {
        self.typed(name, "true or false", Value::as_bool)
    }

    fn list(&self, name: &str) -> Result<Option<&'a [Value]>, ModelError> {
        self.typed(name, "a list", |value| value.as_array().map(Vec::as_slice))
    }

    fn part(&self, name: &str) -> Result<Option<Part<'a>>, ModelError> {
        self.get(name).map(|value| Part::of(value, self.at(name))).transpose()
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, ModelError> {
        let list = self.list(name)?.unwrap_or_default();
        list.iter()
            .map(|value| {
                value.as_str().map(str::to_owned).ok_or_else(|| entry(&self.at(name), "a list of texts"))
            })
            .collect()
    }

    /// Splink writes `"level not observed in training dataset"` where it has no number; that is read as none.
    fn probability(&self, name: &'static str) -> Result<Option<f64>, ModelError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        if value.is_string() {
            return Ok(None);
        }
        let number = value.as_f64().ok_or_else(|| entry(&self.at(name), "a number"))?;
        if (0.0..=1.0).contains(&number) {
            Ok(Some(number))
        } else {
            Err(ModelError::Range { place: self.place.clone(), name, value: number, range: "from 0 to 1" })
        }
    }

    /// Rules are texts or, as Splink saves them, objects with `blocking_rule`.
    fn rules(&self, name: &str) -> Result<Vec<Rule>, ModelError> {
        let list = self.list(name)?.unwrap_or_default();
        list.iter()
            .enumerate()
            .map(|(index, value)| {
                let place = format!("{}[{index}]", self.at(name));
                match value {
                    Value::String(sql) => rule(sql, &place),
                    Value::Object(map) => {
                        let part = Part { map, place };
                        // Salting only spreads Splink's work; exploding a list makes other pairs.
                        if part.list("arrays_to_explode")?.is_some_and(|list| !list.is_empty()) {
                            return Err(unsupported(&part.place, "arrays_to_explode"));
                        }
                        let sql = part.text("blocking_rule")?.ok_or_else(|| part.missing("blocking_rule"))?;
                        rule(&sql, &part.place)
                    }
                    _ => Err(entry(&place, "a rule")),
                }
            })
            .collect()
    }
}

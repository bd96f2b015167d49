//! From a [`Model`] back to the settings file it was read from, with its numbers brought up to date.

use serde_json::{Map, Value, json};

use super::{Comparison, Model};

pub(super) fn model(model: &Model) -> String {
    let mut root = numbers(model);
    let pilar = root.entry("pilar").or_insert_with(|| json!({}));
    if let Value::Object(pilar) = pilar {
        pilar.insert("match_weight".into(), json!(model.match_weight));
        pilar.insert("review_weight".into(), json!(model.review_weight));
        if !model.others.is_empty() {
            let classes = (0..model.others.len()).map(|class| other(model, class)).collect();
            pilar.insert("others".into(), Value::Array(classes));
        }
    }
    format!("{:#}\n", Value::Object(root))
}

/// What Splink 4 and 5 take in a settings file; they refuse every other entry.
const SPLINK: [&str; 16] = [
    "link_type",
    "comparisons",
    "blocking_rules_to_generate_predictions",
    "probability_two_random_records_match",
    "em_convergence",
    "max_iterations",
    "retain_matching_columns",
    "retain_intermediate_calculation_columns",
    "additional_columns_to_retain",
    "unique_id_column_name",
    "source_dataset_column_name",
    "match_weight_column_prefix",
    "term_frequency_adjustment_column_prefix",
    "comparison_vector_value_column_prefix",
    "linker_uid",
    "sql_dialect",
];

pub(super) fn splink(model: &Model) -> String {
    let mut root = numbers(model);
    root.retain(|name, _| SPLINK.contains(&name.as_str()));
    root.entry("sql_dialect").or_insert_with(|| json!("duckdb"));
    format!("{:#}\n", Value::Object(root))
}

fn numbers(model: &Model) -> Map<String, Value> {
    let mut root = model.raw.clone();
    root.insert("probability_two_random_records_match".into(), json!(model.prior));
    if let Some(Value::Array(comparisons)) = root.get_mut("comparisons") {
        for (target, comparison) in comparisons.iter_mut().zip(&model.comparisons) {
            let Some(Value::Array(levels)) = target.get_mut("comparison_levels") else { continue };
            for (target, level) in levels.iter_mut().zip(&comparison.levels) {
                let Value::Object(target) = target else { continue };
                put(target, "m_probability", level.m);
                put(target, "u_probability", level.u);
            }
        }
    }
    root
}

fn other(model: &Model, class: usize) -> Value {
    let other = &model.others[class];
    let mut value = json!({ "name": other.name, "shared": other.shared });
    if let (Value::Object(target), true) = (&mut value, other.prior.is_finite()) {
        put(target, "prior", other.prior);
        let of = |comparison: &Comparison| -> Value {
            comparison.levels.iter().map(|level| json!(level.others[class])).collect()
        };
        let probabilities: Map<String, Value> =
            model.comparisons.iter().map(|comparison| (comparison.name.clone(), of(comparison))).collect();
        target.insert("probabilities".into(), Value::Object(probabilities));
    }
    value
}

/// A number that is none (a null level's, an untrained one's) is left out.
fn put(target: &mut Map<String, Value>, name: &str, number: f64) {
    if number.is_finite() {
        target.insert(name.into(), json!(number));
    } else {
        target.remove(name);
    }
}

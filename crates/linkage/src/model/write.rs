//! From a [`Model`] back to the settings file it was read from, with its numbers brought up to date.

use serde_json::{Map, Value, json};

use super::Model;

pub(super) fn model(model: &Model) -> String {
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
    let pilar = root.entry("pilar").or_insert_with(|| json!({}));
    if let Value::Object(pilar) = pilar {
        pilar.insert("match_weight".into(), json!(model.match_weight));
        pilar.insert("review_weight".into(), json!(model.review_weight));
        if let Some(household) = &model.household {
            let probabilities: Map<String, Value> = model
                .comparisons
                .iter()
                .map(|comparison| {
                    let list: Vec<Value> =
                        comparison.levels.iter().map(|level| json!(level.household)).collect();
                    (comparison.name.clone(), Value::Array(list))
                })
                .collect();
            pilar.insert(
                "household".into(),
                json!({ "prior": household.prior, "shared": household.shared, "probabilities": Value::Object(probabilities) }),
            );
        }
    }
    format!("{:#}\n", Value::Object(root))
}

/// A number that is none (a null level's, an untrained one's) is left out.
fn put(target: &mut Map<String, Value>, name: &str, number: f64) {
    if number.is_finite() {
        target.insert(name.into(), json!(number));
    } else {
        target.remove(name);
    }
}

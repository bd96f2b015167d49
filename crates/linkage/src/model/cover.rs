//! Levels that can never hold, because an earlier level of the comparison takes every pair of theirs.
//!
//! In: the conditions as read. Out: warnings that name both levels. Only what follows from the conditions alone is
//! told: `jaro_winkler(a) >= 0.9` after `jaro_winkler(a) >= 0.8`, an equality after a similarity of the same values.

use super::Model;
use crate::sql::{Node, Op, Scalar, Side};

/// One sentence for every level that an earlier one covers.
pub(super) fn covered(model: &Model) -> Vec<String> {
    let mut out = Vec::new();
    for (at, comparison) in model.comparisons.iter().enumerate() {
        for (later, level) in comparison.levels.iter().enumerate() {
            let earlier = &comparison.levels[..later];
            if let Some(first) = earlier.iter().position(|first| implies(&level.condition, &first.condition))
            {
                out.push(format!(
                    "comparisons[{at}].comparison_levels[{later}] of `{}` can never hold: every pair of `{}` is one \
                     of `{}` (comparison_levels[{first}]) already; put the stricter level first",
                    comparison.name, level.sql, earlier[first].sql
                ));
            }
        }
    }
    out
}

/// Whether `second` holds wherever `first` does, as far as can be seen.
fn implies(first: &Node, second: &Node) -> bool {
    if first == second || *second == Node::Else {
        return true;
    }
    match (first, second) {
        (Node::Or(parts), _) => parts.iter().all(|part| implies(part, second)),
        (_, Node::And(parts)) => parts.iter().all(|part| implies(first, part)),
        (Node::And(parts), _) if parts.iter().any(|part| implies(part, second)) => true,
        (_, Node::Or(parts)) => parts.iter().any(|part| implies(first, part)),
        (
            Node::Compare { left: a, op: one, right: Scalar::Number(x) },
            Node::Compare { left: b, op: other, right: Scalar::Number(y) },
        ) if a == b => stricter((*one, *x), (*other, *y)),
        (Node::Compare { left, op: Op::Equal, right }, _) => match same_column(left, right) {
            Some(column) => holds_for_equals(second, column),
            None => false,
        },
        _ => false,
    }
}

/// Whether a value on this side of the first bound is always on that side of the second.
fn stricter((one, x): (Op, f64), (other, y): (Op, f64)) -> bool {
    match (one, other) {
        (Op::GreaterEqual | Op::Greater, Op::GreaterEqual) | (Op::Greater, Op::Greater) => x >= y,
        (Op::GreaterEqual, Op::Greater) => x > y,
        (Op::LessEqual | Op::Less, Op::LessEqual) | (Op::Less, Op::Less) => x <= y,
        (Op::LessEqual, Op::Less) => x < y,
        (Op::Equal, _) => other.holds(x, y),
        _ => false,
    }
}

/// The column of which both sides are said to be equal.
fn same_column<'a>(left: &'a Scalar, right: &'a Scalar) -> Option<&'a str> {
    match (left, right) {
        (Scalar::Column { side: one, name }, Scalar::Column { side: other, name: same })
            if one != other && name == same =>
        {
            Some(name)
        }
        _ => None,
    }
}

/// Whether the condition holds for two equal, known values of the column: a function of both is equal too, and
/// a likeness of a text with itself is 1, its distance 0.
fn holds_for_equals(node: &Node, column: &str) -> bool {
    let Node::Compare { left, op, right } = node else { return false };
    match (left, right) {
        (Scalar::Call { name, args }, Scalar::Number(bound)) => {
            let [a, b] = args.as_slice() else { return false };
            if same_column(a, b) != Some(column) {
                return false;
            }
            match name.as_str() {
                "jaro_winkler_similarity" | "jaro_similarity" | "jaccard" => op.holds(1.0, *bound),
                "levenshtein" | "damerau_levenshtein" | "editdist3" | "hamming" | "mismatches" => {
                    op.holds(0.0, *bound)
                }
                _ => false,
            }
        }
        (left, right) => {
            let mut only = true;
            on_the_left(left).each_column(&mut |_, name| only &= name == column);
            *op == Op::Equal && only && can_be_known(left) && on_the_left(left) == on_the_left(right)
        }
    }
}

/// Whether a known text always gives a known value here.
fn can_be_known(of: &Scalar) -> bool {
    match of {
        Scalar::Column { .. } => true,
        Scalar::Call { name, args } => {
            let total = [
                "substr",
                "substring",
                "left",
                "right",
                "upper",
                "lower",
                "trim",
                "sort_tokens",
                "skeleton",
                "split_part",
            ];
            total.contains(&name.as_str()) && args.first().is_some_and(can_be_known)
        }
        _ => false,
    }
}

/// The same value, read of the left record throughout.
fn on_the_left(of: &Scalar) -> Scalar {
    let each = |items: &[Scalar]| items.iter().map(on_the_left).collect();
    match of {
        Scalar::Column { name, .. } => Scalar::Column { side: Side::Left, name: name.clone() },
        Scalar::Call { name, args } => Scalar::Call { name: name.clone(), args: each(args) },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::Model;

    fn warnings(levels: &[&str]) -> Vec<String> {
        let level = |sql: &&str| {
            format!(
                r#"{{"sql_condition": "{}", "m_probability": 0.5, "u_probability": 0.5}}"#,
                sql.replace('"', "\\\"")
            )
        };
        let levels: Vec<String> = levels.iter().map(level).collect();
        let text = format!(
            r#"{{"comparisons": [{{"output_column_name": "a", "comparison_levels": [
                {{"sql_condition": "a_l IS NULL OR a_r IS NULL", "is_null_level": true}}, {},
                {{"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.9}}]}}],
                "blocking_rules_to_generate_predictions": ["l.a = r.a"]}}"#,
            levels.join(", ")
        );
        Model::from_json(&text).unwrap().warnings()
    }

    #[test]
    fn a_level_that_an_earlier_one_takes_is_told() {
        for covered in [
            ["jaro_winkler_similarity(a_l, a_r) >= 0.8", "jaro_winkler_similarity(a_l, a_r) >= 0.9"],
            ["jaro_winkler_similarity(a_l, a_r) >= 0.8", "a_l = a_r"],
            ["levenshtein(a_l, a_r) <= 2", "levenshtein(a_l, a_r) <= 1"],
            ["substr(a_l, 1, 3) = substr(a_r, 1, 3)", "a_l = a_r"],
            ["a_l = a_r", "a_l = a_r and b_l = b_r"],
            ["a_l = a_r or b_l = b_r", "b_l = b_r"],
        ] {
            let told = warnings(&covered);
            assert_eq!(told.len(), 1, "{covered:?}: {told:?}");
            assert!(told[0].contains("comparisons[0].comparison_levels[2]"), "{told:?}");
        }
        for sound in [
            ["a_l = a_r", "jaro_winkler_similarity(a_l, a_r) >= 0.8"],
            ["jaro_winkler_similarity(a_l, a_r) >= 0.9", "jaro_winkler_similarity(a_l, a_r) >= 0.8"],
            ["jaro_winkler_similarity(a_l, a_r) >= 0.9", "jaro_winkler_similarity(b_l, b_r) >= 0.9"],
            ["levenshtein(a_l, a_r) <= 1", "levenshtein(a_l, a_r) <= 2"],
            ["a_l = a_r and b_l = b_r", "a_l = a_r"],
            ["nullif(a_l, 'X') = nullif(a_r, 'X')", "a_l = a_r"],
            ["substr(b_l, 1, 3) = substr(b_r, 1, 3)", "a_l = a_r"],
        ] {
            assert_eq!(warnings(&sound), Vec::<String>::new(), "{sound:?}");
        }
    }
}

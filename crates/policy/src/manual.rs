//! The manual of what rules may name (`docs/policy.md`), written from the schema itself so that it cannot say otherwise.

use std::fmt::Write;

use crate::{Column, ColumnType, FactRule, Policy, Reduce, Subject, layout};

const HEAD: &str = "\
# What a rule may name

Written by `pilar policy schema`; a test holds this page against the pack.

A rule is a SQL expression over `family.*` (eligibility, exclusions, order of places) or over `person.*` (components). Three truth
values: a comparison with an unknown value is unknown, `and` and `or` follow Kleene, and an unknown condition is never true: nobody
becomes eligible by it, nobody is excluded by it, and the explanation names what is not known. `/` gives a decimal number; dividing by
zero, or leaving 64 bits, is unknown. `least` and `greatest` are unknown when one of their values is. `years_between` and
`months_between` count completed anniversaries: a year from 29 February is complete on 1 March of a common year, a month from the 31st
on the first day after a shorter month; before the first day they are negative. Text compares byte by byte. Also there: `param.NAME` (a
dated parameter of the programme) and `reference_date` (the day on which ages are read). In everything else a rule means what the same
SQL means to DuckDB; `cargo xtask bench rules` holds random rules and programmes against it.

Functions: `years_between(from, to)`, `months_between(from, to)`, `coalesce(a, b, ...)`, `abs(n)`, `least(a, ...)`,
`greatest(a, ...)`, `upper(text)`, `substr(text, first, length)`, `starts_with(text, beginning)`, `has_bit(number, n)`. Operators:
`+ - * / %`, `= <> < <= > >=`, `and or not`, `in (...)`, `between`, `is null`, `is not null`,
`case when ... then ... else ... end`.

Try one: `pilar policy try \"family.decile <= 2 and family.elderly > 0\"`, or the page `/aturan`.
";

impl Policy {
    /// `docs/policy.md`: every column, code list and fact.
    pub fn manual(&self) -> String {
        let mut out = HEAD.to_owned();
        for subject in [Subject::Family, Subject::Person] {
            let word = subject.word();
            let _ = write!(
                out,
                "\n## Columns of `{word}.*`\n\n| name | type | variable of DTSEN | codes | meaning |\n|---|---|---|---|---|\n"
            );
            for column in self
                .columns()
                .iter()
                .chain(self.registry_columns())
                .filter(|column| column.subject == subject)
            {
                let (variable, codes) = (column.dtsen_variable.as_deref(), column.codes.as_deref());
                let codes = codes.map_or_else(String::new, |list| format!("`{list}`"));
                let _ = writeln!(
                    out,
                    "| `{}` | {} | {} | {codes} | {} |",
                    column.rule_name(),
                    type_word(column),
                    variable.unwrap_or_default(),
                    meaning(column)
                );
            }
        }
        out.push_str("\nEvery column may be unknown.\n\n## Facts\n\n");
        out.push_str("| name | type | unknown | comes from | meaning |\n|---|---|---|---|---|\n");
        for fact in self.facts() {
            let (from, never) = match &fact.rule {
                FactRule::Expression(expr) => (expr.text().to_owned(), false),
                FactRule::Reduction { reduce, of } => {
                    let how = format!("{reduce:?}").to_lowercase();
                    (format!("{how} of {}", of.text()), *reduce == Reduce::Count)
                }
            };
            let column = &fact.column;
            let (name, kind, meaning) = (column.rule_name(), type_word(column), meaning(column));
            let unknown = if never { "never" } else { "may be" };
            // One line of a table: a rule of several lines is told on one.
            let from = from.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(out, "| `{name}` | {kind} | {unknown} | `{from}` | {meaning} |");
        }
        out.push_str("\n## Codes\n\nIn lists named `..._bits` the code is the number of a bit: ask `has_bit(column, code)`.\n");
        for (list, codes) in &self.schema.codes {
            let _ = write!(out, "\n`{list}`: ");
            let words: Vec<String> = codes
                .iter()
                .map(|code| format!("{} {} / {}", code.code, code.label.id, code.label.en))
                .collect();
            let _ = writeln!(out, "{}", words.join("; "));
        }
        layout::manual(&mut out);
        out
    }
}

fn type_word(column: &Column) -> &'static str {
    match column.kind {
        ColumnType::Int => "whole number",
        ColumnType::Bool => "yes/no",
        ColumnType::Date => "date",
        ColumnType::Text => "text",
    }
}

fn meaning(column: &Column) -> String {
    format!("{} / {}", column.label.id, column.label.en)
}

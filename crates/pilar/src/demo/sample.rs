//! The demo's verification: a sample of the first cycle, of which most have answered.

use std::fmt::Write;

use access::Session;
use payment::sample::{self, Design, Mode, Wanted};
use serde_json::{Value, json};
use store::Page;

use super::{DAY, Run};
use crate::commands::verify;

/// Draws a sample of a cycle and takes in what people of whom every fifth was not found answered.
pub(super) fn ask(run: &Run, cycle: i64) -> anyhow::Result<(u64, Value)> {
    let session = Session::console(&run.house);
    let design = Design { confidence: 90, margin_permille: 100, least: 8 };
    let wanted = Wanted { cycle, design, modes: vec![Mode::Visit, Mode::Call], seed: run.seed as i64 };
    let drawn = verify::draw(&run.house, &session, &wanted)?;
    let read = session.scope("verify.read")?;
    let lines = sample::sample_lines(&run.house, &read, drawn.sample_id, None, "", &Page::first(500))?.items;
    let mut text = sample::ANSWER_COLUMNS.join(",");
    text.push('\n');
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| at % 9 != 8) {
        let who = line.name.replace([',', '"'], " ");
        let rest = match at % 20 {
            _ if line.name.is_empty() => format!("unreached,{DAY},,,,,"),
            3 => format!("late,{DAY},,9,,{who},"),
            7 => format!("trouble,{DAY},,,distance,{who},"),
            11 => format!("less,{DAY},{},,,{who},", line.amount_idr * 9 / 10),
            15 => format!("not,{DAY},,,,{who},"),
            4 | 12 => format!("unreached,{DAY},,,,,"),
            _ => format!("full,{DAY},,,,{who},"),
        };
        writeln!(text, "{},{rest}", line.line_id)?;
    }
    let path = run.dir.join("inbox").join("verifikasi.csv");
    std::fs::write(&path, text)?;
    let taken = verify::import(&run.house, &session, drawn.sample_id, &path)?;
    let (sample, size) = (drawn.sample_id, drawn.size);
    let found = json!({
        "sample": sample, "population": drawn.population, "size": size, "answers": taken.rows, "cases": taken.effects,
    });
    Ok((drawn.size.unsigned_abs(), found))
}

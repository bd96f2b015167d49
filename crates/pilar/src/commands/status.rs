//! `pilar status`: what is in the house.

use access::{House, Session};

use crate::{commands::Answer, screen::grouped};

pub(crate) fn run(house: &House) -> anyhow::Result<Answer> {
    let scope = Session::console(house).scope("report.read")?;
    let status = report::status(house, &scope)?;
    let number = |value: i64| grouped(value.unsigned_abs());
    let mut lines: Vec<String> =
        status.counts.iter().map(|count| format!("{:<20} {:>14}", count.key, number(count.value))).collect();
    for list in &status.lists {
        lines.push(format!(
            "list {:<4} {:<10} {:<28} as of {:<10} {:<9} {:>12} taken {:>9} rejected",
            list.file_no,
            list.source,
            list.name,
            list.as_of,
            list.state,
            number(list.rows_accepted),
            number(list.rows_rejected)
        ));
    }
    for month in &status.closings {
        lines.push(format!("closing {month}"));
    }
    Answer::of(&status, lines)
}

//! `pilar pay problems`, `bulk` and `line`: what is in trouble, one act on all that fit a filter, one decision about one line. The demo
//! calls the same functions.

use access::{House, Session};
use clap::Args;
use model::{LineId, RegionCode, Rupiah};
use payment::{
    Trouble,
    desk::{
        self, BULK_ROWS_MAX, BulkAction, BulkView, BulkWish, Chosen, LineAct, LineWish, ProblemFilter, Source,
    },
};

use crate::{
    commands::{Answer, acting, effects, money},
    failure::Failure,
    screen::grouped,
};

/// Which rows in trouble.
#[derive(Debug, Clone, Args)]
pub(crate) struct Problems {
    /// `lines` or `replies`.
    #[arg(long, default_value = "lines")]
    source: String,
    /// Only this kind, by its code, such as name_differs.
    #[arg(long)]
    kind: Option<String>,
    /// Only this band of age, 0 for the youngest of five.
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..5))]
    band: Option<u64>,
    /// Only this channel, by its key.
    #[arg(long)]
    channel: Option<String>,
    /// Only this programme, by its key.
    #[arg(long)]
    programme: Option<String>,
    /// Only this region.
    #[arg(long)]
    region: Option<String>,
}

/// One act on all rows that fit.
#[derive(Debug, Clone, Args)]
pub(crate) struct Bulk {
    #[command(flatten)]
    problems: Problems,
    /// `hold`, `release`, `other_channel`, `close` or `visit`.
    #[arg(long)]
    action: String,
    /// Why; it stands in every row's story.
    #[arg(long)]
    reason: String,
    /// A name of your own for this act: the same name again goes on with the same act.
    #[arg(long)]
    key: String,
    /// Login of who does it. Default: the console.
    #[arg(long = "as", value_name = "LOGIN")]
    maker: Option<String>,
}

fn filter(asked: &Problems) -> anyhow::Result<ProblemFilter> {
    let source = Source::from_code(&asked.source)
        .ok_or_else(|| Failure::input(format!("`{}` is none of lines, replies", asked.source)))?;
    let kind = asked.kind.as_deref().map(|code| {
        Trouble::from_code(code).ok_or_else(|| Failure::input(format!("`{code}` is no kind of trouble")))
    });
    Ok(ProblemFilter {
        kind: kind.transpose()?,
        band: asked.band.and_then(|band| usize::try_from(band).ok()),
        channel: asked.channel.clone().unwrap_or_default(),
        programme: asked.programme.clone().unwrap_or_default(),
        region: asked.region.as_deref().map_or_else(|| Ok(RegionCode::nation()), RegionCode::parse)?,
        ..ProblemFilter::all(source)
    })
}

/// Counts of what is in trouble.
pub(crate) fn problems(house: &House, asked: &Problems) -> anyhow::Result<Answer> {
    let scope = Session::console(house).scope("payment.read")?;
    let found = desk::problem_counts(house, &scope, &filter(asked)?).map_err(money::refused)?;
    let mut lines =
        vec![format!("{} rows, {}", grouped(found.rows.unsigned_abs()), Rupiah::new(found.amount_idr))];
    for (what, facets) in [("kind", &found.kinds), ("age", &found.bands), ("channel", &found.channels)] {
        lines.extend(facets.iter().map(|one| format!("{:>10}  {what} {}", one.rows, one.of)));
    }
    Answer::of(&found, lines)
}

/// One person's decision about one line.
pub(crate) fn line(
    house: &House,
    line: i64,
    (act, reason): (&str, &str),
    by: Option<&str>,
) -> anyhow::Result<Answer> {
    let act = LineAct::from_code(act).ok_or_else(|| {
        let known: Vec<&str> = LineAct::ALL.iter().map(|one| one.code()).collect();
        Failure::input(format!("`{act}` is none of {}", known.join(", ")))
    })?;
    let session = acting(house, by)?;
    let read = session.scope("payment.read")?;
    let seen = payment::line_page(house, &read, LineId(line)).map_err(money::refused)?;
    let wish = LineWish { act, reason: reason.to_owned(), rev: seen.rev };
    let scope = session.scope("payment.build").map_err(|error| Failure::not_allowed(error.to_string()))?;
    desk::act_on_line(house, &scope, LineId(line), &wish).map_err(money::refused)?;
    let now = payment::line_page(house, &read, LineId(line)).map_err(money::refused)?;
    let states = (now.line.eligibility.code(), now.line.account_state.code());
    let said = format!("line {line}: {}, account {}", states.0, states.1);
    Answer::of(&now.line, vec![said])
}

/// An act on all that fit the filter.
pub(crate) fn bulk(house: &House, command: &Bulk) -> anyhow::Result<Answer> {
    let action = BulkAction::from_code(&command.action).ok_or_else(|| {
        let known: Vec<&str> = BulkAction::ALL.iter().map(|one| one.code()).collect();
        Failure::input(format!("`{}` is none of {}", command.action, known.join(", ")))
    })?;
    let session = acting(house, command.maker.as_deref())?;
    let done = act(house, &session, action, filter(&command.problems)?, (&command.key, &command.reason))?;
    let said =
        format!("act {}: {} done, {} refused of {} rows", done.bulk_id, done.done, done.refused, done.rows);
    Answer::of(&done, vec![said])
}

/// Does to all that fit what is asked for; the same key again goes on where it was interrupted.
pub(crate) fn act(
    house: &House,
    session: &Session,
    action: BulkAction,
    filter: ProblemFilter,
    (key, reason): (&str, &str),
) -> anyhow::Result<BulkView> {
    let counts =
        desk::problem_counts(house, &session.scope("payment.read")?, &filter).map_err(money::refused)?;
    let scope = session.scope(action.right())?;
    let wish = BulkWish {
        form: key.to_owned(),
        source: filter.source,
        action,
        reason: reason.to_owned(),
        chosen: Chosen::All { filter, count: counts.rows },
    };
    let begun = desk::begin_bulk(house, &scope, &wish).map_err(money::refused)?;
    let done = desk::go_on_bulk(house, &scope, begun.bulk_id, BULK_ROWS_MAX).map_err(money::refused)?;
    effects::carry(house)?;
    Ok(done)
}

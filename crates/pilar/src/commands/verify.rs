//! `pilar pay verify`: samples of what was topped up, their answers and what these mean. The demo calls the same functions.

use std::path::Path;

use access::{House, Session};
use payment::sample::{self, AnswersTaken, Design, Drawn, Mode, Share, Wanted};

use crate::{
    cli::Verify,
    commands::{Answer, effects, money},
    failure::Failure,
    screen::grouped,
};

pub(crate) fn run(house: &House, command: &Verify) -> anyhow::Result<Answer> {
    let session = Session::console(house);
    match command {
        Verify::Draw { cycle, confidence, margin_permille, least, mode, seed } => {
            let known = |code: &String| {
                Mode::from_code(code)
                    .ok_or_else(|| Failure::input(format!("`{code}` is none of visit, call, file")))
            };
            let design = Design { confidence: *confidence, margin_permille: *margin_permille, least: *least };
            let modes = mode.iter().map(known).collect::<Result<Vec<Mode>, _>>()?;
            let done = draw(house, &session, &Wanted { cycle: *cycle, design, modes, seed: *seed })?;
            let (size, population) = (done.size.unsigned_abs(), done.population.unsigned_abs());
            let line =
                format!("sample {}: {} of {} lines", done.sample_id, grouped(size), grouped(population));
            Answer::of(&done, vec![line])
        }
        Verify::Import { sample, file } => {
            let done = import(house, &session, *sample, file)?;
            let taken = done.rows - done.known;
            Answer::of(
                &done,
                vec![format!("{taken} rows taken, {} known before, {} cases", done.known, done.effects)],
            )
        }
        Verify::Report { sample } => report(house, &session, *sample),
    }
}

fn report(house: &House, session: &Session, sample: i64) -> anyhow::Result<Answer> {
    let page = sample::sample_page(house, &session.scope("verify.read")?, sample).map_err(money::refused)?;
    let mut lines =
        vec![format!("{} of {} lines, seed {}", page.sample.size, page.sample.population, page.sample.seed)];
    if let Some(results) = &page.results {
        lines.push(format!(
            "{} answered, {} did not, {} not asked yet",
            results.answered, results.silent, results.open
        ));
        lines.push(format!("all of the money arrived: {}", told(results.arrived.as_ref())));
        lines.push(format!("in full, in time, without trouble: {}", told(results.full.as_ref())));
        let groups = results.districts.iter().chain(&results.channels);
        lines.extend(groups.map(|group| format!("{:<14} {}", group.key, told(group.arrived.as_ref()))));
    }
    Answer::of(&page, lines)
}

fn told(share: Option<&Share>) -> String {
    share.map_or_else(
        || "hidden or none: too few answers".to_owned(),
        |one| format!("{:.1} % ({:.1} to {:.1} %)", one.estimate * 100.0, one.low * 100.0, one.high * 100.0),
    )
}

/// A sample of a cycle.
pub(crate) fn draw(house: &House, session: &Session, wanted: &Wanted) -> anyhow::Result<Drawn> {
    sample::draw(house, &session.scope("verify.draw")?, wanted).map_err(money::refused)
}

/// Answers from a file, and the cases that they ask for.
pub(crate) fn import(
    house: &House,
    session: &Session,
    sample: i64,
    file: &Path,
) -> anyhow::Result<AnswersTaken> {
    let done = sample::import_answers(house, &session.scope("verify.answer")?, sample, file)
        .map_err(money::refused)?;
    effects::carry(house)?;
    Ok(done)
}

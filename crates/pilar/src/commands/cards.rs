//! `pilar pay cards`: openings out and in, moves of cards in, and the report of cards that wait. The demo calls the same functions.

use std::path::Path;

use access::{House, Scope, Session};
use model::{Progress, RegionCode};
use payment::{
    FileMade, Imported,
    cards::{self, CardCell, Stage},
};

use crate::{
    cli::{Cards, Place},
    commands::{Answer, effects, money, with_bar},
    failure::Failure,
    screen::grouped,
};

pub(crate) fn run(place: &Place, house: &House, command: &Cards) -> anyhow::Result<Answer> {
    let session = Session::console(house);
    match command {
        Cards::Open { cycle, out } => {
            money::told_files(&open(house, &session, *cycle, &money::outbox(place, out.as_deref())?)?)
        }
        Cards::Opened { file, channel } => {
            let channel = money::channel_of(house, channel.as_deref())?;
            money::told_of(&opened(house, &session, &channel, file)?)
        }
        Cards::Import { file, channel } => {
            let channel = money::channel_of(house, channel.as_deref())?;
            money::told_of(&moved(house, &session, &channel, file)?)
        }
        Cards::Report { list, region } => report(house, &session, list, region),
    }
}

fn report(house: &House, session: &Session, list: &str, region: &str) -> anyhow::Result<Answer> {
    let stage = Stage::from_code(list).ok_or_else(|| {
        let known: Vec<&str> = Stage::ALL.iter().map(|stage| stage.code()).collect();
        Failure::input(format!("`{list}` is no list of cards: write one of {}", known.join(", ")))
    })?;
    let region = if region.is_empty() { RegionCode::nation() } else { RegionCode::parse(region)? };
    let report = cards::card_report(house, &session.scope("payment.read")?, &region, stage)?;
    let mut lines = vec![format!("{} cards, as of {}", stage.code(), report.on)];
    let mut from = 0;
    for band in 0..=report.age_days.len() {
        let days = match report.age_days.get(band) {
            Some(last) => format!("{from}-{last}"),
            None => format!(">{}", from - 1),
        };
        let own = || report.cells.iter().filter(|cell| cell.band == band);
        let sum = |of: fn(&CardCell) -> i64| own().map(of).sum::<i64>();
        lines.push(format!(
            "{days:>8} days: {:>9} cards, {:>9} lines, {}",
            grouped(sum(|cell| cell.cards).unsigned_abs()),
            grouped(sum(|cell| cell.lines).unsigned_abs()),
            model::Rupiah::sum(own().map(|cell| model::Rupiah::new(cell.on_card_idr)))?
        ));
        from = report.age_days.get(band).map_or(from, |last| last + 1);
    }
    Answer::of(&report, lines)
}

/// Files that ask banks to open accounts and print cards.
pub(crate) fn open(
    house: &House,
    session: &Session,
    cycle: i64,
    folder: &Path,
) -> anyhow::Result<Vec<FileMade>> {
    let scope = session.scope("payment.export")?;
    Ok(with_bar("cards", |bar| cards::export_openings(house, &scope, cycle, folder, bar))?)
}

/// A bank's answer to openings.
pub(crate) fn opened(
    house: &House,
    session: &Session,
    channel: &str,
    file: &Path,
) -> anyhow::Result<Imported> {
    take(house, session, |scope, bar| cards::import_openings(house, scope, channel, file, bar))
}

/// Moves of cards.
pub(crate) fn moved(
    house: &House,
    session: &Session,
    channel: &str,
    file: &Path,
) -> anyhow::Result<Imported> {
    take(house, session, |scope, bar| cards::import_card_moves(house, scope, channel, file, bar))
}

/// Takes in a file and carries over what it asks of other rooms.
fn take(
    house: &House,
    session: &Session,
    import: impl FnOnce(&Scope, &dyn Progress) -> payment::Result<Imported>,
) -> anyhow::Result<Imported> {
    let scope = session.scope("payment.import")?;
    let taken = with_bar("cards", |bar| import(&scope, bar)).map_err(money::refused)?;
    effects::carry(house)?;
    Ok(taken)
}

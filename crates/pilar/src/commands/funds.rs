//! `pilar funds`: grant funds, their movements, and the second person's word.

use access::{House, Session};
use anyhow::Context;
use model::{RegionCode, Rupiah};
use payment::funds::{self, FundKind, FundMoved, FundSums, NewFund, NewFundMove};
use serde_json::json;
use store::Page;

use super::{Answer, acting, money::refused};
use crate::{
    cli::{FundRecord, Funds},
    failure::Failure,
};

pub(super) fn run(house: &House, command: &Funds) -> anyhow::Result<Answer> {
    let console = Session::console(house);
    match command {
        Funds::List => {
            let scope = console.scope("fund.read")?;
            let found = funds::funds(house, &scope, &Page::first(1_000)).map_err(refused)?;
            let line = |one: &funds::FundView| {
                let (id, licence) = (one.fund.fund_id, &one.fund.licence);
                format!("{id:>6} {} {licence}: {}", one.fund.source, held(&one.sums))
            };
            let lines = found.items.iter().map(line).collect();
            Answer::of(&json!({ "funds": &found.items }), lines)
        }
        Funds::Show { fund } => {
            let scope = console.scope("fund.read")?;
            let page = funds::fund_page(house, &scope, *fund, &Page::first(50)).map_err(refused)?;
            let mut lines = vec![held(&page.sums)];
            lines.extend(page.moves.iter().map(|one| {
                let amount = Rupiah::new(one.amount_idr);
                let back = one.corrects.map(|of| format!(", takes {of} back")).unwrap_or_default();
                format!(
                    "{:>6} {:<8} {:<10} {amount:>24}  {}{back}",
                    one.move_id,
                    one.kind.code(),
                    one.state,
                    one.document
                )
            }));
            lines.extend(page.broken.iter().map(|law| format!("broken law: {law}")));
            Answer::of(&page, lines)
        }
        Funds::Open { source, licence, on, holder, region } => {
            let region = match region.as_str() {
                "" => RegionCode::nation(),
                code => RegionCode::parse(code)?,
            };
            let new = NewFund {
                source: source.clone(),
                licence: licence.clone(),
                licensed_on: *on,
                holder: holder.clone(),
                region,
            };
            let id = funds::open_fund(house, &console.scope("fund.record")?, &new).map_err(refused)?;
            Answer::of(&json!({ "fund": id }), vec![format!("fund {id}")])
        }
        Funds::Record(command) => record(house, command),
        Funds::Decide { movement, login, refuse } => {
            let scope = acting(house, Some(login))?.scope("fund.approve")?;
            let reason = refuse.as_deref().unwrap_or("");
            told(funds::decide_move(house, &scope, *movement, refuse.is_none(), reason))
        }
        Funds::Back { movement, document, note, login } => {
            let scope = acting(house, login.as_deref())?.scope("fund.record")?;
            told(funds::take_back(house, &scope, *movement, document, note))
        }
    }
}

fn record(house: &House, command: &FundRecord) -> anyhow::Result<Answer> {
    let scope = acting(house, command.login.as_deref())?.scope("fund.record")?;
    let kind = FundKind::from_code(&command.kind).ok_or_else(|| {
        let codes = FundKind::ALL.map(FundKind::code).join(", ");
        Failure::input(format!("`{}` is no movement of a fund: write one of {codes}", command.kind))
    })?;
    let papers = command.paper.iter().map(|paper| {
        let (key, number) = paper.split_once('=').context("write --paper as KEY=NUMBER")?;
        Ok((key.to_owned(), number.to_owned()))
    });
    let new = NewFundMove {
        fund_id: command.fund,
        kind,
        parent: command.out_of,
        amount_idr: command.amount,
        document: command.document.clone(),
        day: command.on.unwrap_or_else(|| house.clock.today()),
        party: command.party.clone(),
        purpose: command.purpose.clone(),
        papers: papers.collect::<anyhow::Result<_>>()?,
        note: command.note.clone(),
    };
    told(funds::record_move(house, &scope, &new))
}

fn held(sums: &FundSums) -> String {
    let of = |idr: i64| Rupiah::new(idr).to_string();
    format!(
        "paid in {}, not allotted {}, allotted {}, granted {}, used {}",
        of(sums.deposited_idr),
        of(sums.free_idr),
        of(sums.allotted_idr),
        of(sums.granted_idr),
        of(sums.used_idr)
    )
}

fn told(done: payment::Result<FundMoved>) -> anyhow::Result<Answer> {
    let done = match done {
        Err(payment::Error::SamePerson) => {
            return Err(Failure::not_allowed(
                "who proposed a movement may not agree to it: ask another person",
            ));
        }
        other => other.map_err(refused)?,
    };
    let again = if done.again { " (known before, nothing changed)" } else { "" };
    let next = if done.state == "proposed" {
        format!("; next: pilar funds decide {} --as LOGIN", done.move_id)
    } else {
        String::new()
    };
    Answer::of(&done, vec![format!("movement {} is {}{again}{next}", done.move_id, done.state)])
}

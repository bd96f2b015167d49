//! `pilar pay books`: the trial balance, and the entries behind one kind of account.

use access::{House, Session};
use model::{RegionCode, Rupiah};
use payment::journal::{self, AccountKind, BooksFilter, Until};
use serde_json::json;
use store::Page;

use super::{Answer, money};
use crate::{cli::Books, failure::Failure, screen::grouped};

/// Entries that one answer has.
const ENTRIES_MAX: u32 = 1_000;

pub(super) fn run(house: &House, command: &Books) -> anyhow::Result<Answer> {
    let scope = Session::console(house).scope("ledger.read")?;
    let mut until = command.as_of.map(Until::end_of).unwrap_or_default();
    until.entry_id = command.until_entry;
    let region = match command.region.as_str() {
        "" => RegionCode::nation(),
        code => RegionCode::parse(code)?,
    };
    let filter = BooksFilter {
        programme: command.programme.clone(),
        period: command.period.clone(),
        region,
        channel: command.channel.clone(),
        until,
    };
    let idr = |amount: i64| format!("{:>26}", Rupiah::new(amount).to_string());
    let Some(code) = &command.account else {
        let trial = journal::trial(house, &scope, &filter).map_err(money::refused)?;
        let mut lines: Vec<String> = trial
            .accounts
            .iter()
            .map(|one| {
                let (debit, credit) = (idr(one.sums.debit_idr), idr(one.sums.credit_idr));
                format!("{:<20} {debit} {credit} {}", one.account, idr(one.balance_idr))
            })
            .collect();
        let (debit, credit) = (idr(trial.sums.debit_idr), idr(trial.sums.credit_idr));
        lines.push(format!("{:<20} {debit} {credit} {}", "total", idr(trial.sums.balance_idr())));
        let sound = if trial.sound { "debits equal credits" } else { "THE BOOKS DO NOT BALANCE" };
        let entries = grouped(trial.entries.unsigned_abs());
        lines.push(format!("{sound}; {entries} entries, the last is {}", trial.last_entry));
        return Answer::of(&trial, lines);
    };
    let kind = AccountKind::from_code(code).ok_or_else(|| {
        let codes = AccountKind::ALL.map(AccountKind::code).join(", ");
        Failure::input(format!("`{code}` is no kind of account: write one of {codes}"))
    })?;
    let page = Page::first(ENTRIES_MAX);
    let found = journal::entries(house, &scope, &filter, Some(kind), None, &page).map_err(money::refused)?;
    let (sums, count) = journal::entry_sums(house, &scope, &filter, kind).map_err(money::refused)?;
    let mut lines: Vec<String> = found
        .items
        .iter()
        .map(|entry| {
            let sign = if entry.debit == kind.code() { '+' } else { '-' };
            let place = format!("{} {} {}", entry.programme, entry.period, entry.region);
            format!("{:>10} {sign}{} {place}  {}", entry.entry_id, idr(entry.amount_idr), entry.document)
        })
        .collect();
    if found.next.is_some() {
        lines.push(format!("the newest {ENTRIES_MAX} of {count} entries"));
    }
    let balance = Rupiah::new(sums.balance_idr());
    lines.push(format!("{} entries, balance {balance}", grouped(count.unsigned_abs())));
    Answer::of(&json!({ "account": code, "sums": sums, "count": count, "entries": found.items }), lines)
}

//! What a step changed, summed up as it goes: lines by village and state for the counts that pages read, and rupiah by subdistrict
//! and movement for the books. Names are kept once, so that a line costs two look-ups and no text.

use std::sync::Arc;

use ledger::Movement;
use model::Rupiah;
use rustc_hash::FxHashMap;
use store::{Tx, Value};

use crate::{
    Error, Result, books, queries,
    reply::Line,
    state::{AccountState, Eligibility, PaymentState, Trouble},
    texts::Numbers,
};

/// Counts that are added one by one: those that a decision about a line changes. More go by way of a table, all at once.
const FEW: usize = 4;

/// Everything that counts are kept by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    cycle: i64,
    region: u32,
    channel: u32,
    order: i64,
    eligibility: Eligibility,
    account: AccountState,
    payment: PaymentState,
    problem: Option<Trouble>,
}

/// Changes of counts.
#[derive(Default)]
pub(crate) struct Tally {
    names: Numbers,
    lines: FxHashMap<Key, [i64; 6]>,
}

impl Tally {
    /// Counts a line, `sign` 1, or takes it out of the counts, -1.
    pub(crate) fn count(&mut self, line: &Line, sign: i64) {
        let key = Key {
            cycle: line.cycle_id,
            region: self.names.of(&line.region),
            channel: self.names.of(&line.channel),
            order: line.told.order.unwrap_or(0),
            eligibility: line.eligibility,
            account: line.account_state,
            payment: line.payment,
            problem: line.problem,
        };
        let figures = [1, line.amount, line.topped_up, line.withdrawn, line.returned, line.unpaid];
        for (sum, figure) in self.lines.entry(key).or_default().iter_mut().zip(figures) {
            *sum += sign * figure;
        }
    }

    /// Adds the changes to the counts that pages read.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<()> {
        const COLUMNS: &[&str] = &[
            "cycle_id",
            "region",
            "channel",
            "eligibility",
            "account_state",
            "payment",
            "problem",
            "order_id",
            "lines",
            "amount_idr",
            "topped_up_idr",
            "withdrawn_idr",
            "returned_idr",
            "unpaid_idr",
        ];
        let text =
            |number: u32| Value::from(self.names.texts().get(number as usize).map_or("", |text| &**text));
        let mut changed: Vec<(&Key, &[i64; 6])> =
            self.lines.iter().filter(|(_, sums)| sums.iter().any(|sum| *sum != 0)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        changed.sort_unstable_by_key(|(key, _)| {
            (key.cycle, self.names.texts().get(key.region as usize), key.channel, key.payment)
        });
        let few = changed.len() <= FEW;
        let rows = changed.into_iter().map(|(key, sums)| {
            let states = [
                key.eligibility.code(),
                key.account.code(),
                key.payment.code(),
                key.problem.map_or("", Trouble::code),
            ];
            let places = [key.cycle.into(), text(key.region), text(key.channel)];
            let states = states.into_iter().map(Value::from);
            let figures = sums.iter().map(|sum| Value::from(*sum));
            places.into_iter().chain(states).chain([key.order.into()]).chain(figures).collect()
        });
        if few {
            let rows: Vec<Vec<Value>> = rows.collect();
            tx.execute_all(&queries::SUMMARY_ADD, &rows)?;
            return Ok(());
        }
        tx.bulk("payment_shift", COLUMNS, rows)?;
        tx.execute(&queries::SUMMARY_SHIFT, &[])?;
        tx.execute(&queries::SHIFT_CLEAR, &[])?;
        Ok(())
    }
}

/// Money that moved, by subdistrict.
#[derive(Default)]
pub(crate) struct Moved {
    names: Numbers,
    sums: FxHashMap<(u32, u32, u32, u32, Movement, bool), Rupiah>,
}

impl Moved {
    /// Adds an amount of a line; below zero it takes back what was booked before.
    pub(crate) fn add(&mut self, line: &Line, movement: Movement, amount: i64) -> Result<()> {
        let mut number = |text: &Arc<str>| self.names.of(text);
        let of = (number(&line.programme), number(&line.period), number(&line.region), number(&line.channel));
        let sum = self.sums.entry((of.0, of.1, of.2, of.3, movement, amount < 0)).or_default();
        *sum = sum.plus(Rupiah::new(amount))?;
        Ok(())
    }

    /// The sums for the books.
    pub(crate) fn sums(self) -> Result<books::Sums> {
        let text = |number: u32| self.names.texts().get(number as usize).ok_or(Error::Stored("name"));
        let mut out = books::Sums::new();
        for ((programme, period, region, channel, movement, back), amount) in &self.sums {
            let [programme, period] = [text(*programme)?, text(*period)?];
            let place = books::place(programme, period, text(*region)?, text(*channel)?)?;
            let sum = out.entry((place, *movement, *back)).or_default();
            *sum = sum.plus(*amount)?;
        }
        Ok(out)
    }
}

//! From an approved decision list to payment lines, with what the payee is at the closing frozen into each.
//!
//! In: the list's dataset, checked against the approved hash; the closing's families and persons, all sorted by family, read once
//! and side by side, a chunk ahead of the database. Out: one cycle, its lines with consecutive numbers, and where they are. A killed
//! build continues behind the last family that was written. Never here: the whole list in memory.

use std::{
    sync::{Arc, mpsc},
    thread,
};

use access::{House, Scope};
use lake::{Batches, Dataset};
use model::{Month, Progress, Rupiah};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use store::{Tx, params};

use crate::{
    Error, Result,
    columns::{Columns, int_at},
    common, lines,
    places::Places,
    queries,
    reply::{Line, Marks},
    state::{AccountState, Eligibility, PaymentState, Trouble},
    tally::Tally,
    texts::Texts,
};

/// Lines written in one transaction.
const BATCH: usize = 100_000;
/// Line numbers of a cycle begin at its number times this, so that no two cycles share a stretch.
pub(crate) const LINES_MAX: i64 = 100_000_000;
/// The outcomes of a decision that are paid: receives by the rule; keeps its aid while its notice runs.
pub(crate) const PAID: [(i8, &str); 2] = [(1, lines::BASES[0]), (3, lines::BASES[1])];
/// The whole of a family's entitlement in one payment.
pub(crate) const WHOLE: &str = "whole";
const DAY_MS: i64 = 86_400_000;

/// A decision list that somebody other than its maker approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedList {
    /// Key of the programme.
    pub programme: String,
    /// The period, as printed.
    pub period: String,
    /// The decision run.
    pub run: String,
    /// Its dataset in the lake.
    pub dataset: String,
    /// The content hash that was approved.
    pub list_hash: String,
    /// The closing it was decided on, such as `2026-11`.
    pub closing: String,
}

/// What a build made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Built {
    /// The cycle.
    pub cycle_id: i64,
    /// Its lines.
    pub lines: i64,
    /// Their sum.
    pub amount_idr: i64,
    /// Recipients who have a live payment of this programme and period already.
    pub skipped: i64,
}

/// A family that is to be paid or given something, and who receives it.
pub(crate) struct Entitled {
    pub(crate) family: i64,
    amount: i64,
    pub(crate) region: Arc<str>,
    /// Why it is paid.
    basis: &'static str,
    head: Option<i64>,
    pub(crate) payee: Option<Payee>,
}

pub(crate) struct Payee {
    person: i64,
    pub(crate) name: String,
    nik: i64,
}

/// Makes the cycle and the lines of an approved list. The same list again changes nothing.
///
/// # Errors
/// [`Error::ListChanged`] when the dataset is not what was approved, [`Error::AtWork`], store and lake errors.
pub fn build(house: &House, scope: &Scope, list: &ApprovedList, progress: &dyn Progress) -> Result<Built> {
    common::need(scope, "payment.build")?;
    let _lock = common::lock(house)?;
    let dataset = house.lake.require(&list.dataset)?;
    if dataset.manifest().hash != list.list_hash {
        return Err(Error::ListChanged);
    }
    let cycle = begin(house, scope, list)?;
    if cycle.state != "built" {
        fill(house, scope, list, &dataset, &cycle, progress)?;
    }
    let cycle = house.db.read(|tx| common::cycle(tx, cycle.cycle_id))?;
    Ok(Built {
        cycle_id: cycle.cycle_id,
        lines: cycle.lines,
        amount_idr: cycle.amount_idr,
        skipped: cycle.skipped,
    })
}

fn begin(house: &House, scope: &Scope, list: &ApprovedList) -> Result<common::Cycle> {
    let version = common::version(house, &list.programme, &list.closing)?;
    let channel = version
        .channel
        .clone()
        .filter(|_| version.pays_money())
        .ok_or_else(|| Error::NoMoney(list.programme.clone()))?;
    house.db.write(|tx| {
        let found =
            tx.query_opt(&queries::CYCLE_OF_RUN, params![&list.programme, &list.period, &list.run])?;
        if let Some(row) = found {
            return common::read_cycle(&row);
        }
        let cycle_id = store::next_number(tx, "payment_cycle", 1)?;
        let of = [&list.programme, &list.period].map(store::Value::from);
        let [programme, period] = of;
        let of = [programme, period, WHOLE.into()];
        let new: Vec<store::Value> = std::iter::once(cycle_id.into()).chain(of.clone()).collect();
        tx.execute(&queries::BENEFIT_ADD, &new)?;
        let benefit = tx.query_one(&queries::BENEFIT, &of)?.int(0)?;
        let values = params![
            cycle_id,
            &list.programme,
            &list.period,
            &list.run,
            &list.dataset,
            &list.list_hash,
            &list.closing,
            &channel,
            house.clock.now_ms(),
            scope.actor(),
            scope.actor_name(),
            benefit,
            cycle_id * LINES_MAX + 1
        ];
        tx.execute(&queries::CYCLE_ADD, values)?;
        common::hand(tx, house, scope, cycle_id)?;
        common::cycle(tx, cycle_id)
    })
}

/// Writes the lines, then where they are, then the counts.
fn fill(
    house: &House,
    scope: &Scope,
    list: &ApprovedList,
    dataset: &Dataset,
    cycle: &common::Cycle,
    progress: &dyn Progress,
) -> Result<()> {
    let mut writer = Writer::new(house, cycle)?;
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::scope(|threads| {
        let reader = threads.spawn(move || read(house, list, dataset, cycle.mark, 1, &sender));
        for chunk in receiver {
            writer.chunk(&chunk)?;
            progress.report("payment lines", writer.seen, dataset.rows());
        }
        reader.join().unwrap_or(Err(Error::Stored("list")))
    })?;
    let Writer { tally, places, .. } = writer;
    // What an earlier run wrote was not counted by this one.
    let whole = cycle.mark == 0 && cycle.lines == 0;
    let places = if whole { places } else { Places::of(house, cycle.cycle_id)? };
    places.write(house, cycle.cycle_id, progress)?;
    house.db.write(|tx| {
        tx.execute(&queries::CYCLE_BUILT, params![cycle.cycle_id])?;
        if whole {
            tally.write(tx)?;
        } else {
            let cycle = common::cycle(tx, cycle.cycle_id)?;
            common::refresh(tx, &cycle)?;
        }
        common::audit(tx, house, scope, &format!("cycle:{}", cycle.cycle_id), &list.run)
    })
}

/// Reads list, families and persons side by side and hands over chunks of families that receive at least `least` rupiah, behind `mark`.
pub(crate) fn read(
    house: &House,
    list: &ApprovedList,
    dataset: &Dataset,
    mark: i64,
    least: i64,
    sender: &mpsc::SyncSender<Vec<Entitled>>,
) -> Result<()> {
    let mut payees = Payees::open(house, list)?;
    let (mut chunk, mut last) = (Vec::with_capacity(BATCH), i64::MIN);
    let mut regions = Texts::default();
    for batch in dataset.read(&["family_id", "region", "outcome", "amount_idr"])? {
        let batch = batch?;
        let columns = Columns { dataset: &list.dataset, batch: &batch };
        let (family, region) = (columns.int64("family_id")?, columns.text("region")?);
        let (outcome, amount) = (columns.int8("outcome")?, columns.int64("amount_idr")?);
        for row in 0..batch.num_rows() {
            let id = family.value(row);
            if id <= last {
                return Err(Error::Unsorted { dataset: list.dataset.clone() });
            }
            last = id;
            let paid = PAID.iter().find(|(code, _)| *code == outcome.value(row));
            let Some((_, basis)) = paid.filter(|_| amount.value(row) >= least && id > mark) else { continue };
            let region = regions.shared(region.value(row));
            chunk.push(Entitled {
                family: id,
                amount: amount.value(row),
                region,
                basis,
                head: None,
                payee: None,
            });
            if chunk.len() == BATCH {
                payees.fill(&mut chunk)?;
                // Nobody listens any more when the writer failed; its error is the one to tell.
                if sender.send(std::mem::replace(&mut chunk, Vec::with_capacity(BATCH))).is_err() {
                    return Ok(());
                }
            }
        }
    }
    payees.fill(&mut chunk)?;
    let _ = sender.send(chunk);
    Ok(())
}

/// The closing's families and persons, read forward.
struct Payees {
    families: Cursor,
    persons: Cursor,
}

/// A dataset sorted by family, read forward row by row.
struct Cursor {
    name: String,
    batches: Batches,
    batch: Option<arrow_array::RecordBatch>,
    row: usize,
}

impl Cursor {
    fn open(house: &House, name: String, columns: &[&str]) -> Result<Self> {
        let batches = house.lake.require(&name)?.read(columns)?;
        Ok(Self { name, batches, batch: None, row: 0 })
    }

    /// Calls `each` with the columns and the place of every row whose family is one of `wanted`, in order.
    fn seek(
        &mut self,
        wanted: &mut [Entitled],
        mut each: impl FnMut(&Columns<'_>, usize, &mut Entitled) -> Result<()>,
    ) -> Result<()> {
        let Some(last) = wanted.last().map(|one| one.family) else { return Ok(()) };
        let mut at = 0;
        loop {
            let batch = match self.batch.take() {
                Some(batch) => batch,
                None => match self.batches.next() {
                    Some(batch) => batch?,
                    None => return Ok(()),
                },
            };
            let columns = Columns { dataset: &self.name, batch: &batch };
            let family = columns.int64("family_id")?;
            while self.row < batch.num_rows() && family.value(self.row) <= last {
                let id = family.value(self.row);
                while wanted[at].family < id {
                    at += 1;
                }
                if wanted[at].family == id {
                    each(&columns, self.row, &mut wanted[at])?;
                }
                self.row += 1;
            }
            if self.row < batch.num_rows() {
                self.batch = Some(batch);
                return Ok(());
            }
            self.row = 0;
        }
    }
}

impl Payees {
    fn open(house: &House, list: &ApprovedList) -> Result<Self> {
        let families = format!("closing/{}/families", list.closing);
        let persons = format!("closing/{}/persons", list.closing);
        Ok(Self {
            families: Cursor::open(house, families, &["family_id", "head_person_id"])?,
            persons: Cursor::open(
                house,
                persons,
                &["family_id", "person_id", "name", "nik", "alive", "matched"],
            )?,
        })
    }

    /// Finds the living, matched head of each family. Families without one keep no payee: their line waits for a person.
    fn fill(&mut self, chunk: &mut [Entitled]) -> Result<()> {
        self.families.seek(chunk, |columns, row, one| {
            one.head = int_at(columns.int64("head_person_id")?, row);
            Ok(())
        })?;
        self.persons.seek(chunk, |columns, row, one| {
            let person = columns.int64("person_id")?.value(row);
            if one.head != Some(person) {
                return Ok(());
            }
            let (alive, matched) = (columns.bool("alive")?.value(row), columns.bool("matched")?.value(row));
            if let Some(nik) = int_at(columns.int64("nik")?, row).filter(|_| alive && matched) {
                one.payee = Some(Payee { person, name: columns.text("name")?.value(row).to_owned(), nik });
            }
            Ok(())
        })
    }
}

/// Lines on their way into the database.
struct Writer<'a> {
    house: &'a House,
    cycle: &'a common::Cycle,
    channel: Arc<str>,
    nothing: Arc<str>,
    in_cash: bool,
    /// Whether another cycle pays the same benefit.
    others: bool,
    next: i64,
    seen: u64,
    tally: Tally,
    places: Places,
}

/// The account of a recipient that passed the last check.
struct KnownAccount {
    account: String,
    name_at_bank: Option<String>,
    payee: Option<i64>,
    checked_at: i64,
}

impl<'a> Writer<'a> {
    fn new(house: &'a House, cycle: &'a common::Cycle) -> Result<Self> {
        let of = params![cycle.benefit, cycle.cycle_id];
        let others = house.db.read(|tx| tx.query_one(&queries::CYCLE_OTHERS, of)?.int(0))? > 0;
        Ok(Self {
            house,
            cycle,
            channel: cycle.channel.as_str().into(),
            nothing: "".into(),
            in_cash: common::pays_cash(house, &cycle.channel),
            others,
            next: cycle.last_line + 1,
            seen: 0,
            tally: Tally::default(),
            places: Places::default(),
        })
    }

    fn chunk(&mut self, chunk: &[Entitled]) -> Result<()> {
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { return Ok(()) };
        if self.next + chunk.len() as i64 > (self.cycle.cycle_id + 1) * LINES_MAX {
            return Err(Error::TooManyLines { lines_max: LINES_MAX - 1 });
        }
        let house = self.house;
        let made = house.db.write(|tx| {
            let between = (first.family, last.family);
            let live = if self.others { self.live(tx, between)? } else { FxHashSet::default() };
            let accounts = if self.in_cash { FxHashMap::default() } else { self.accounts(tx, between)? };
            let paid = chunk.iter().filter(|one| !live.contains(&one.family));
            let made: Vec<NewLine> =
                paid.zip(self.next..).map(|(one, line_id)| self.line(one, line_id, &accounts)).collect();
            let amount = Rupiah::sum(made.iter().map(|new| Rupiah::new(new.line.amount)))?;
            let now = house.clock.now_ms();
            tx.bulk("payment_line", LINE_COLUMNS, made.iter().map(|new| self.values(new, now)))?;
            let skipped = (chunk.len() - made.len()) as i64;
            let counts = params![self.cycle.cycle_id, made.len() as i64, amount, skipped, last.family];
            tx.execute(&queries::CYCLE_STEP, counts)?;
            Ok::<_, Error>(made)
        })?;
        for new in &made {
            self.tally.count(&new.line, 1);
            self.places.add(&new.line.region, new.line.line_id);
        }
        self.next += made.len() as i64;
        self.seen += chunk.len() as u64;
        Ok(())
    }

    /// Who has a live payment of the same benefit in another cycle.
    fn live(&self, tx: &mut Tx<'_>, (from, to): (i64, i64)) -> Result<FxHashSet<i64>> {
        let of = params![from, to, self.cycle.benefit, self.cycle.cycle_id];
        let asked = [(&queries::LIVE_AMONG, of.to_vec())];
        Ok(tx.numbers(&asked)?.into_iter().flatten().collect())
    }

    fn accounts(&self, tx: &mut Tx<'_>, (from, to): (i64, i64)) -> Result<FxHashMap<i64, KnownAccount>> {
        let mut known = FxHashMap::default();
        tx.for_each(&queries::KNOWN_ACCOUNTS, params![from, to, &*self.channel], |row| {
            let account = KnownAccount {
                account: row.string(1)?,
                name_at_bank: row.opt_string(2)?,
                payee: row.opt_int(3)?,
                checked_at: row.int(4)?,
            };
            known.insert(row.int(0)?, account);
            Ok::<_, Error>(())
        })?;
        Ok(known)
    }

    fn line(&self, one: &Entitled, line_id: i64, accounts: &FxHashMap<i64, KnownAccount>) -> NewLine {
        let payee = one.payee.as_ref();
        let known = accounts.get(&one.family);
        let (account_state, problem) = match payee {
            None => (AccountState::Failed, Some(Trouble::NoPayee)),
            Some(_) if self.in_cash => (AccountState::NotNeeded, None),
            Some(payee) if known.is_some_and(|known| self.holds(known, payee)) => (AccountState::Good, None),
            Some(_) => (AccountState::Unchecked, None),
        };
        let account =
            if self.in_cash { Some(line_id.to_string()) } else { known.map(|known| known.account.clone()) };
        let line = Line {
            recipient: one.family,
            line_id,
            cycle_id: self.cycle.cycle_id,
            programme: Arc::clone(&self.nothing),
            period: Arc::clone(&self.nothing),
            region: Arc::clone(&one.region),
            channel: Arc::clone(&self.channel),
            amount: one.amount,
            basis: one.basis,
            payee_name: payee.map_or_else(String::new, |payee| payee.name.clone()),
            account,
            name_at_bank: known.and_then(|known| known.name_at_bank.clone()),
            eligibility: Eligibility::Eligible,
            account_state,
            payment: PaymentState::Set,
            problem,
            check_batch: None,
            order_batch: None,
            told: Marks::default(),
            topped_up: 0,
            withdrawn: 0,
            returned: 0,
            unpaid: 0,
            live: true,
            events: 0,
        };
        NewLine { line, payee: payee.map(|payee| payee.person), nik: payee.map(|payee| payee.nik) }
    }

    /// Whether an earlier check still holds: recent enough, and of the same payee.
    fn holds(&self, known: &KnownAccount, payee: &Payee) -> bool {
        let days = self.house.policy.settings().account.check_days;
        let since = self.house.clock.now_ms() - days * DAY_MS;
        days > 0 && known.payee == Some(payee.person) && known.checked_at >= since
    }

    fn values(&self, new: &NewLine, now_ms: i64) -> Vec<store::Value> {
        let line = &new.line;
        vec![
            line.recipient.into(),
            line.line_id.into(),
            line.cycle_id.into(),
            self.cycle.benefit.into(),
            (&*line.region).into(),
            (&*line.channel).into(),
            line.amount.into(),
            line.basis.into(),
            new.payee.into(),
            line.payee_name.as_str().into(),
            new.nik.into(),
            line.account.as_deref().into(),
            line.name_at_bank.as_deref().into(),
            line.eligibility.code().into(),
            line.account_state.code().into(),
            line.payment.code().into(),
            line.problem.map(Trouble::code).into(),
            0.into(),
            0.into(),
            0.into(),
            0.into(),
            true.into(),
            0.into(),
            now_ms.into(),
        ]
    }
}

/// A line that is to be written.
struct NewLine {
    line: Line,
    payee: Option<i64>,
    nik: Option<i64>,
}

pub(crate) const LINE_COLUMNS: &[&str] = &[
    "recipient",
    "line_id",
    "cycle_id",
    "benefit",
    "region",
    "channel",
    "amount_idr",
    "basis",
    "payee",
    "payee_name",
    "payee_nik",
    "account",
    "name_at_bank",
    "eligibility",
    "account_state",
    "payment",
    "problem",
    "topped_up_idr",
    "withdrawn_idr",
    "returned_idr",
    "unpaid_idr",
    "live",
    "events",
    "changed_at",
];

/// The month of a closing, for the rule in force.
pub(crate) fn closing_month(closing: &str) -> Option<Month> {
    closing.parse().ok()
}

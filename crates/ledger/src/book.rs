//! The book: transfers, balances of accounts and totals of movements, kept by separate sums so that one proves the other.

use model::Rupiah;
use rustc_hash::FxHashMap;

use crate::{Account, AccountKind, Error, Figures, Movement, Place, Transfer, TransferId};

/// Number of a place within its book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceId(u32);

/// What one place holds and what ever moved there, each by its own count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    held: [Rupiah; AccountKind::ALL.len()],
    moved: [Rupiah; Movement::ALL.len()],
    /// Which accounts were ever touched: a bit for each kind.
    touched: u16,
}

impl Sums {
    fn figures(&self) -> Figures {
        let moved = |movement: Movement| self.moved[movement as usize];
        let held = |kind: AccountKind| self.held[kind as usize];
        Figures {
            ordered: moved(Movement::Order),
            topped_up: moved(Movement::TopUp),
            withdrawn: moved(Movement::Withdraw),
            returned_unpaid: moved(Movement::ReturnUnpaid),
            returned_from_card: moved(Movement::ReturnFromCard),
            pending: held(AccountKind::Pending),
            on_card: held(AccountKind::OnCard),
        }
    }

    /// Carries a transfer out, or tells the account that does not hold enough; then nothing is changed.
    fn take(&mut self, transfer: &Transfer) -> Result<(), Error> {
        let (from, to) = transfer.way();
        let left = self.held[from as usize].minus(transfer.amount)?;
        if left < Rupiah::ZERO && !from.is_source() {
            return Err(Error::Overdrawn {
                transfer: transfer.id,
                account: from,
                held: self.held[from as usize],
                wanted: transfer.amount,
            });
        }
        let gained = self.held[to as usize].plus(transfer.amount)?;
        let moved = self.moved[transfer.movement as usize];
        let moved = match transfer.takes_back {
            None => moved.plus(transfer.amount)?,
            Some(_) => moved.minus(transfer.amount)?,
        };
        self.held[from as usize] = left;
        self.held[to as usize] = gained;
        self.moved[transfer.movement as usize] = moved;
        self.touched |= 1 << from as usize | 1 << to as usize;
        Ok(())
    }
}

/// What became of a transfer that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It is posted now.
    New,
    /// It was posted before, just so: nothing changed.
    Known,
}

/// What one kind of account gained and lost over a set of places, up to an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialRow {
    /// The kind of account.
    pub kind: AccountKind,
    /// All that entered.
    pub debit: Rupiah,
    /// All that left.
    pub credit: Rupiah,
}

/// All transfers so far, and what follows from them.
#[derive(Debug, Clone, Default)]
pub struct Book {
    numbers: FxHashMap<Place, u32>,
    places: Vec<(Place, Sums)>,
    known: FxHashMap<TransferId, u32>,
    journal: Vec<Transfer>,
    /// Numbers of transfers that were taken back.
    taken_back: FxHashMap<TransferId, TransferId>,
}

impl Book {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// A book from stored sums: balances of accounts, and totals of movements. They are not trusted: see [`Figures::laws`].
    pub fn restored(
        balances: impl IntoIterator<Item = (Account, Rupiah)>,
        moved: impl IntoIterator<Item = ((Place, Movement), Rupiah)>,
    ) -> Self {
        let mut book = Self::default();
        for (account, amount) in balances {
            let sums = book.sums_mut(&account.place);
            sums.held[account.kind as usize] = amount;
            sums.touched |= 1 << account.kind as usize;
        }
        for ((place, movement), amount) in moved {
            book.sums_mut(&place).moved[movement as usize] = amount;
        }
        book
    }

    fn sums_mut(&mut self, place: &Place) -> &mut Sums {
        let number = self.place(place);
        &mut self.places[number.0 as usize].1
    }

    /// The number of a place, for transfers.
    pub fn place(&mut self, place: &Place) -> PlaceId {
        if let Some(number) = self.numbers.get(place) {
            return PlaceId(*number);
        }
        let number = self.places.len() as u32;
        self.places.push((place.clone(), Sums::default()));
        self.numbers.insert(place.clone(), number);
        PlaceId(number)
    }

    /// Posts a transfer, or knows it already: the same number with the same content changes nothing.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the number stands for another transfer, [`Error::Amount`], [`Error::Overdrawn`] when an account
    /// other than a source would fall below zero, [`Error::Backwards`] in time, [`Error::NotThere`] and
    /// [`Error::TakenBack`] for corrections, [`Error::Overflow`]. Nothing is changed then.
    pub fn post(&mut self, transfer: Transfer) -> Result<Posted, Error> {
        if let Some(at) = self.known.get(&transfer.id) {
            let known = self.journal[*at as usize];
            // A transfer that is sent again may come at another time.
            let same = Transfer { at_ms: known.at_ms, ..transfer } == known;
            return if same { Ok(Posted::Known) } else { Err(Error::Conflict(transfer.id)) };
        }
        self.check(&transfer)?;
        self.places[transfer.place.0 as usize].1.take(&transfer)?;
        self.known.insert(transfer.id, self.journal.len() as u32);
        if let Some(back) = transfer.takes_back {
            self.taken_back.insert(back, transfer.id);
        }
        self.journal.push(transfer);
        Ok(Posted::New)
    }

    fn check(&self, transfer: &Transfer) -> Result<(), Error> {
        if transfer.amount <= Rupiah::ZERO {
            return Err(Error::Amount { transfer: transfer.id, amount: transfer.amount });
        }
        if self.journal.last().is_some_and(|last| last.at_ms > transfer.at_ms) {
            return Err(Error::Backwards(transfer.id));
        }
        if self.places.len() <= transfer.place.0 as usize {
            return Err(Error::NotThere(transfer.id));
        }
        let Some(back) = transfer.takes_back else { return Ok(()) };
        let taken = self.transfer(back).filter(|taken| {
            (taken.place, taken.movement, taken.amount)
                == (transfer.place, transfer.movement, transfer.amount)
                && taken.takes_back.is_none()
        });
        match taken {
            None => Err(Error::NotThere(transfer.id)),
            Some(_) if self.taken_back.contains_key(&back) => Err(Error::TakenBack(back)),
            Some(_) => Ok(()),
        }
    }

    /// A transfer by its number.
    pub fn transfer(&self, id: TransferId) -> Option<&Transfer> {
        self.known.get(&id).map(|at| &self.journal[*at as usize])
    }

    /// All transfers, in the order in which they were posted.
    pub fn journal(&self) -> &[Transfer] {
        &self.journal
    }

    /// What an account holds.
    pub fn balance(&self, account: &Account) -> Rupiah {
        let sums = self.numbers.get(&account.place).map(|number| &self.places[*number as usize].1);
        sums.map_or(Rupiah::ZERO, |sums| sums.held[account.kind as usize])
    }

    /// What an account held at an instant, everything of that instant included.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn balance_at(&self, account: &Account, at_ms: i64) -> Result<Rupiah, Error> {
        let trial = self.trial_at(at_ms, |place| *place == account.place)?;
        let row = trial.iter().find(|row| row.kind == account.kind);
        row.map_or(Ok(Rupiah::ZERO), |row| Ok(row.debit.minus(row.credit)?))
    }

    /// The trial balance of the places that `wanted` takes, at an instant: debits and credits are equal in sum, always.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn trial_at(&self, at_ms: i64, wanted: impl Fn(&Place) -> bool) -> Result<Vec<TrialRow>, Error> {
        let wanted: Vec<bool> = self.places.iter().map(|(place, _)| wanted(place)).collect();
        let mut rows =
            AccountKind::ALL.map(|kind| TrialRow { kind, debit: Rupiah::ZERO, credit: Rupiah::ZERO });
        let until = self.journal.partition_point(|transfer| transfer.at_ms <= at_ms);
        for transfer in self.journal[..until].iter().filter(|transfer| wanted[transfer.place.0 as usize]) {
            let (from, to) = transfer.way();
            rows[from as usize].credit = rows[from as usize].credit.plus(transfer.amount)?;
            rows[to as usize].debit = rows[to as usize].debit.plus(transfer.amount)?;
        }
        Ok(rows.to_vec())
    }

    /// All accounts that were ever touched, and what they hold, by place.
    pub fn balances(&self) -> impl Iterator<Item = (Account, Rupiah)> {
        self.sorted().into_iter().flat_map(|(place, sums)| {
            let touched = AccountKind::ALL.into_iter().filter(|kind| sums.touched >> *kind as usize & 1 == 1);
            touched.map(|kind| (Account { kind, place: place.clone() }, sums.held[kind as usize]))
        })
    }

    fn sorted(&self) -> Vec<&(Place, Sums)> {
        let mut places: Vec<&(Place, Sums)> = self.places.iter().collect();
        places.sort_unstable_by_key(|(place, _)| place);
        places
    }

    /// Accounts whose balance is not the sum of what moved: the account, what it holds, what moved into it.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn unposted(&self) -> Result<Vec<(Account, Rupiah, Rupiah)>, Error> {
        let mut out = Vec::new();
        for (place, sums) in self.sorted() {
            let mut posted = [Rupiah::ZERO; AccountKind::ALL.len()];
            for movement in Movement::ALL {
                let amount = sums.moved[movement as usize];
                let (from, to) = (movement.from() as usize, movement.to() as usize);
                posted[from] = posted[from].minus(amount)?;
                posted[to] = posted[to].plus(amount)?;
            }
            for kind in AccountKind::ALL {
                let (held, posted) = (sums.held[kind as usize], posted[kind as usize]);
                if held != posted {
                    out.push((Account { kind, place: place.clone() }, held, posted));
                }
            }
        }
        Ok(out)
    }

    /// The places of this book, and the figures of each.
    pub fn places(&self) -> impl Iterator<Item = (&Place, Figures)> {
        self.sorted().into_iter().map(|(place, sums)| (place, sums.figures()))
    }

    /// The figures of all places that `wanted` takes.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn figures(&self, wanted: impl Fn(&Place) -> bool) -> Result<Figures, Error> {
        let mut of = self.places.iter().filter(|(place, _)| wanted(place));
        Ok(of.try_fold(Figures::default(), |sum, (_, sums)| sum.plus(&sums.figures()))?)
    }

    /// What is wrong in any place, by place: empty when every law holds everywhere.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn broken(&self) -> Result<Vec<(Place, crate::BrokenLaw)>, Error> {
        let mut out = Vec::new();
        for (place, figures) in self.places() {
            out.extend(figures.laws()?.into_iter().map(|law| (place.clone(), law)));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use model::RegionCode;
    use proptest::prelude::*;

    use super::*;

    fn place(n: u8) -> Place {
        Place {
            programme: "P".into(),
            period: "2026-T4".into(),
            region: RegionCode::parse(&format!("99.01.0{}", n % 3)).unwrap(),
            channel: if n.is_multiple_of(2) { "bank" } else { "post" }.into(),
        }
    }

    fn transfer(book: &mut Book, id: u128, n: u8, movement: Movement, amount: i64) -> Transfer {
        let place = book.place(&place(n));
        let at_ms = i64::try_from(id).unwrap();
        Transfer { id: TransferId(id), at_ms, place, movement, amount: Rupiah::new(amount), takes_back: None }
    }

    fn any_step() -> impl Strategy<Value = (u8, usize, i64, u8)> {
        (0..6u8, 0..Movement::ALL.len(), 1..1_000_000i64, 0..8u8)
    }

    fn same(a: &Book, b: &Book) -> bool {
        a.journal == b.journal && a.balances().eq(b.balances()) && a.taken_back == b.taken_back
    }

    proptest! {
        /// Whatever is posted in whatever order, whatever of it is refused, sent again or taken back: the laws hold in every place.
        #[test]
        fn the_laws_hold_after_any_history(history in prop::collection::vec(any_step(), 0..120)) {
            let mut book = Book::new();
            for ((n, movement, amount, kind), id) in history.into_iter().zip(1u128..) {
                let mut step = transfer(&mut book, id, n, Movement::ALL[movement], amount);
                let last = book.journal().last().copied();
                match (kind, last) {
                    (0, Some(last)) => step = last,
                    (1, Some(last)) => step = Transfer { id: step.id, at_ms: step.at_ms, takes_back: Some(last.id), ..last },
                    (2, Some(last)) => step.id = last.id,
                    _ => {}
                }
                let before = book.clone();
                match book.post(step) {
                    Ok(Posted::New) => prop_assert_eq!(book.journal().len(), before.journal().len() + 1),
                    _ => prop_assert!(same(&book, &before), "what is known or refused changes nothing"),
                }
                prop_assert_eq!(book.broken().unwrap(), vec![]);
                prop_assert_eq!(book.unposted().unwrap(), vec![]);
            }
            let all = book.figures(|_| true).unwrap();
            prop_assert_eq!(all.laws().unwrap(), vec![], "the laws hold for the sum of all places");
            let sum = Rupiah::sum(book.balances().map(|(_, amount)| amount)).unwrap();
            prop_assert_eq!(sum, Rupiah::ZERO, "debit equals credit");
        }

        /// The past stays: a balance at an instant is what the account held when the last transfer of that instant was posted.
        #[test]
        fn a_balance_at_an_instant_is_what_was_held_then(history in prop::collection::vec(any_step(), 1..60)) {
            let mut book = Book::new();
            let mut then: Vec<(i64, Vec<(Account, Rupiah)>)> = Vec::new();
            for ((n, movement, amount, _), id) in history.into_iter().zip(1u128..) {
                let step = transfer(&mut book, id, n, Movement::ALL[movement], amount);
                if book.post(step).is_ok() {
                    then.push((step.at_ms, book.balances().collect()));
                }
            }
            for (at_ms, balances) in then {
                for (account, held) in balances {
                    prop_assert_eq!(book.balance_at(&account, at_ms).unwrap(), held);
                }
                let trial = book.trial_at(at_ms, |_| true).unwrap();
                let debit = Rupiah::sum(trial.iter().map(|row| row.debit)).unwrap();
                prop_assert_eq!(debit, Rupiah::sum(trial.iter().map(|row| row.credit)).unwrap());
            }
        }
    }

    #[test]
    fn money_that_is_not_there_cannot_move() {
        let mut book = Book::new();
        let mut id = 0;
        let mut post = |book: &mut Book, movement, amount| {
            id += 1;
            let step = transfer(book, id, 0, movement, amount);
            book.post(step)
        };
        assert!(matches!(post(&mut book, Movement::TopUp, 1), Err(Error::Overdrawn { .. })));
        post(&mut book, Movement::Order, 600_000).unwrap();
        post(&mut book, Movement::TopUp, 600_000).unwrap();
        assert!(matches!(post(&mut book, Movement::ReturnUnpaid, 1), Err(Error::Overdrawn { .. })));
        post(&mut book, Movement::Withdraw, 400_000).unwrap();
        assert!(matches!(post(&mut book, Movement::Withdraw, 200_001), Err(Error::Overdrawn { .. })));
        post(&mut book, Movement::ReturnFromCard, 200_000).unwrap();
        for amount in [0, -5] {
            assert!(matches!(post(&mut book, Movement::Order, amount), Err(Error::Amount { .. })));
        }
        let figures = book.figures(|_| true).unwrap();
        assert_eq!((figures.on_card, figures.pending), (Rupiah::ZERO, Rupiah::ZERO));
        assert_eq!(figures.returned().unwrap(), Rupiah::new(200_000));
    }

    #[test]
    fn a_number_stands_for_one_transfer_and_is_taken_back_once() {
        let mut book = Book::new();
        let order = transfer(&mut book, 1, 0, Movement::Order, 600_000);
        assert_eq!(book.post(order), Ok(Posted::New));
        assert_eq!(book.post(Transfer { at_ms: 99, ..order }), Ok(Posted::Known));
        let other = Transfer { amount: Rupiah::new(600_001), ..order };
        assert_eq!(book.post(other), Err(Error::Conflict(order.id)));
        let back = |id| Transfer { id: TransferId(id), at_ms: 5, takes_back: Some(order.id), ..order };
        assert_eq!(
            book.post(Transfer { amount: Rupiah::new(1), ..back(2) }),
            Err(Error::NotThere(TransferId(2)))
        );
        assert_eq!(book.post(back(2)), Ok(Posted::New));
        assert_eq!(book.post(back(3)), Err(Error::TakenBack(order.id)));
        assert_eq!(book.figures(|_| true).unwrap(), Figures::default());
        let late = Transfer { id: TransferId(4), at_ms: 4, ..order };
        assert_eq!(book.post(late), Err(Error::Backwards(TransferId(4))), "time does not run backwards");
    }

    /// Figures, no law: transfers over as many places as the country has subdistricts, twice for each of two channels.
    #[test]
    #[ignore = "figures; run with --nocapture"]
    fn figures() {
        const PLACES: u32 = 4 * 7_288;
        const ORDERS: u32 = 2_000_000;
        let mut book = Book::new();
        let numbers: Vec<PlaceId> = (0..PLACES)
            .map(|n| {
                let region = format!("99.{:02}.{:02}", n / 4 / 100 % 100, n / 4 % 100);
                book.place(&Place {
                    programme: format!("P{}", n % 2),
                    period: "2026-T4".into(),
                    region: RegionCode::parse(&region).unwrap(),
                    channel: format!("C{}", n / 2 % 2),
                })
            })
            .collect();
        let begun = std::time::Instant::now();
        let way = [Movement::Order, Movement::TopUp, Movement::Withdraw];
        for n in 0..ORDERS {
            for (movement, part) in way.into_iter().zip(0u32..) {
                // Numbers as a caller makes them: without order.
                let id = u128::from(n * 3 + part + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_0C5D_2B1A_1E35);
                let transfer = Transfer {
                    id: TransferId(id),
                    at_ms: i64::from(n),
                    place: numbers[(n.wrapping_mul(2_654_435_761) % PLACES) as usize],
                    movement,
                    amount: Rupiah::new(200_000),
                    takes_back: None,
                };
                assert_eq!(book.post(transfer), Ok(Posted::New));
            }
        }
        let (postings, seconds) = (f64::from(ORDERS) * 6.0, begun.elapsed().as_secs_f64());
        println!(
            "* ledger in memory: {postings:.0} postings in {seconds:.2} s: {:.1} million/s",
            postings / seconds / 1e6
        );
        assert_eq!(book.broken().unwrap(), vec![]);
    }

    #[test]
    fn stored_sums_that_disagree_are_told() {
        let account = Account { kind: AccountKind::Pending, place: place(0) };
        let book = Book::restored([(account, Rupiah::new(5))], []);
        assert_eq!(book.broken().unwrap().len(), 1);
        assert_eq!(book.unposted().unwrap().len(), 1);
    }
}

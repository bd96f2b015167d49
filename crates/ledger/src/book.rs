//! The book: balances of accounts and totals of movements, kept by two separate sums so that one proves the other.

use std::collections::BTreeMap;

use model::Rupiah;

use crate::{Account, AccountKind, Entry, Error, Figures, Movement, Place};

/// All entries so far, as balances.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    balances: BTreeMap<Account, Rupiah>,
    moved: BTreeMap<(Place, Movement), Rupiah>,
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
        Self { balances: balances.into_iter().collect(), moved: moved.into_iter().collect() }
    }

    /// Enters an entry, all of it or nothing.
    ///
    /// # Errors
    /// [`Error::Overdrawn`] when an account other than the treasury would fall below zero, [`Error::Overflow`].
    pub fn post(&mut self, entry: &Entry) -> Result<(), Error> {
        let mut changed = Vec::with_capacity(entry.postings().len());
        for posting in entry.postings() {
            let held = self.balance(&posting.account);
            let after = held.plus(posting.amount)?;
            if after < Rupiah::ZERO && posting.account.kind != AccountKind::Treasury {
                return Err(Error::Overdrawn {
                    document: entry.document().to_owned(),
                    account: posting.account.to_string(),
                    held,
                    wanted: Rupiah::ZERO.minus(posting.amount)?,
                });
            }
            changed.push((posting.account.clone(), after));
        }
        let key = (entry.place().clone(), entry.movement());
        let moved = self.moved.get(&key).copied().unwrap_or_default().plus(entry.amount())?;
        self.balances.extend(changed);
        self.moved.insert(key, moved);
        Ok(())
    }

    /// What an account holds.
    pub fn balance(&self, account: &Account) -> Rupiah {
        self.balances.get(account).copied().unwrap_or_default()
    }

    /// All accounts that were ever touched, and what they hold.
    pub fn balances(&self) -> impl Iterator<Item = (&Account, Rupiah)> {
        self.balances.iter().map(|(account, amount)| (account, *amount))
    }

    /// The places of this book.
    pub fn places(&self) -> Vec<&Place> {
        let mut places: Vec<&Place> = self.balances.keys().map(|account| &account.place).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The figures of all places that `wanted` takes.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn figures(&self, wanted: impl Fn(&Place) -> bool) -> Result<Figures, Error> {
        let moved = |movement| {
            let of = self.moved.iter().filter(|((place, m), _)| *m == movement && wanted(place));
            Rupiah::sum(of.map(|(_, amount)| *amount))
        };
        let held = |kind| {
            let of = self.balances.iter().filter(|(a, _)| a.kind == kind && wanted(&a.place));
            Rupiah::sum(of.map(|(_, amount)| *amount))
        };
        Ok(Figures {
            ordered: moved(Movement::Order)?,
            topped_up: moved(Movement::TopUp)?,
            withdrawn: moved(Movement::Withdraw)?,
            returned_unpaid: moved(Movement::ReturnUnpaid)?,
            returned_from_card: moved(Movement::ReturnFromCard)?,
            pending: held(AccountKind::Pending)?,
            on_card: held(AccountKind::OnCard)?,
        })
    }

    /// What is wrong in any place, by place: empty when every law holds everywhere.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn broken(&self) -> Result<Vec<(Place, crate::BrokenLaw)>, Error> {
        let mut out = Vec::new();
        for place in self.places() {
            let figures = self.figures(|p| p == place)?;
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

    fn any_entry() -> impl Strategy<Value = (u8, usize, i64)> {
        (0..6u8, 0..Movement::ALL.len(), 1..1_000_000i64)
    }

    proptest! {
        /// Whatever is entered in whatever order, and whatever of it is refused or taken back: the laws hold in every place.
        #[test]
        fn the_laws_hold_after_any_history(
            history in prop::collection::vec((any_entry(), any::<bool>()), 0..120)
        ) {
            let mut book = Book::new();
            let mut entered: Vec<Entry> = Vec::new();
            for ((n, movement, amount), take_back) in history {
                let entry = match entered.last() {
                    Some(last) if take_back => last.taken_back("correction").unwrap(),
                    _ => Entry::moving("doc", Movement::ALL[movement], &place(n), Rupiah::new(amount)).unwrap(),
                };
                let before = book.clone();
                if book.post(&entry).is_ok() {
                    entered.push(entry);
                } else {
                    prop_assert_eq!(&book, &before, "a refused entry changes nothing");
                }
                prop_assert_eq!(book.broken().unwrap(), vec![]);
            }
            let all = book.figures(|_| true).unwrap();
            prop_assert_eq!(all.laws().unwrap(), vec![], "the laws hold for the sum of all places");
            let sum = Rupiah::sum(book.balances().map(|(_, amount)| amount)).unwrap();
            prop_assert_eq!(sum, Rupiah::ZERO, "debit equals credit");
        }

        /// Taking an entry back leaves every balance as it was before it.
        #[test]
        fn a_correction_undoes(entries in prop::collection::vec(any_entry(), 1..40)) {
            let mut book = Book::new();
            for (n, movement, amount) in entries {
                let entry =
                    Entry::moving("doc", Movement::ALL[movement], &place(n), Rupiah::new(amount)).unwrap();
                let before = book.figures(|_| true).unwrap();
                if book.post(&entry).is_ok() {
                    let mut undone = book.clone();
                    undone.post(&entry.taken_back("back").unwrap()).unwrap();
                    prop_assert_eq!(undone.figures(|_| true).unwrap(), before);
                }
            }
        }
    }

    #[test]
    fn money_that_is_not_there_cannot_move() {
        let mut book = Book::new();
        let entry = |movement, amount| Entry::moving("d", movement, &place(0), Rupiah::new(amount)).unwrap();
        assert!(matches!(book.post(&entry(Movement::TopUp, 1)), Err(Error::Overdrawn { .. })));
        book.post(&entry(Movement::Order, 600_000)).unwrap();
        book.post(&entry(Movement::TopUp, 600_000)).unwrap();
        assert!(matches!(book.post(&entry(Movement::ReturnUnpaid, 1)), Err(Error::Overdrawn { .. })));
        book.post(&entry(Movement::Withdraw, 400_000)).unwrap();
        assert!(matches!(book.post(&entry(Movement::Withdraw, 200_001)), Err(Error::Overdrawn { .. })));
        book.post(&entry(Movement::ReturnFromCard, 200_000)).unwrap();
        let figures = book.figures(|_| true).unwrap();
        assert_eq!((figures.on_card, figures.pending), (Rupiah::ZERO, Rupiah::ZERO));
        assert_eq!(figures.returned().unwrap(), Rupiah::new(200_000));
    }

    #[test]
    fn an_entry_of_nothing_is_refused() {
        for amount in [0, -5] {
            let entry = Entry::moving("d", Movement::Order, &place(0), Rupiah::new(amount));
            assert!(matches!(entry, Err(Error::Amount { .. })));
        }
    }

    #[test]
    fn stored_sums_that_disagree_are_told() {
        let account = Account { kind: AccountKind::Pending, place: place(0) };
        let book = Book::restored([(account, Rupiah::new(5))], []);
        assert_eq!(book.broken().unwrap().len(), 1);
    }
}

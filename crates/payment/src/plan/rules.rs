//! Rules of plans, without I/O: what of a line may be paid again, or why not; until when; and that a chain of lines never pays more
//! than the family was entitled to.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::PlanFault;
use crate::state::{Eligibility, PaymentState, Trouble, coded};

coded! {
    /// What a plan is for.
    PlanKind {
        /// Money that did not arrive is paid again (*susulan*).
        FollowUp = "follow_up",
        /// What was paid too little is completed.
        TopUp = "top_up",
    }
}

coded! {
    /// Why a line is not paid again, for now or for good.
    Why {
        /// The channel has the money still: it must come back first.
        WithChannel = "with_channel",
        /// A part of it is on the card still.
        OnCard = "on_card",
        /// What kept it from arriving is not mended.
        Unmended = "unmended",
        /// A person holds it.
        Held = "held",
        /// Its money left the treasury and was withheld: it must go back first.
        Withheld = "withheld",
        /// The payee died, and nobody was named to receive instead.
        PayeeDied = "payee_died",
        /// It was decided that nobody may receive.
        Nobody = "nobody",
        /// The entitlement was ended.
        Ended = "ended",
        /// The family has no payee.
        NoPayee = "no_payee",
        /// Another list pays the same.
        PaidOtherwise = "paid_otherwise",
        /// It stands in a plan.
        Planned = "planned",
    }
}

/// Who receives instead, as was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instead {
    /// None: nobody may.
    pub(crate) person: Option<Payee>,
    pub(crate) carrier: i64,
    pub(crate) region: String,
}

/// Who receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payee {
    pub(crate) person: i64,
    pub(crate) name: String,
    pub(crate) nik: i64,
}

/// All that decides about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) recipient: i64,
    pub(crate) line_id: i64,
    pub(crate) root: i64,
    pub(crate) region: String,
    /// Why its money did not arrive: a channel's word, or a trouble.
    pub(crate) cause: String,
    pub(crate) amount: i64,
    pub(crate) topped_up: i64,
    pub(crate) withdrawn: i64,
    pub(crate) returned: i64,
    pub(crate) unpaid: i64,
    pub(crate) live: bool,
    pub(crate) component: String,
    /// What the family was entitled to over the chain.
    pub(crate) entitled: i64,
    pub(crate) eligibility: Eligibility,
    pub(crate) payment: PaymentState,
    pub(crate) problem: Option<Trouble>,
    pub(crate) payee: Option<Payee>,
    pub(crate) account: Option<String>,
    /// Another plan has it.
    pub(crate) planned: bool,
    /// Another line pays the same benefit to the same recipient.
    pub(crate) paid_otherwise: bool,
    /// The account passed a check since, or somebody mended what was wrong.
    pub(crate) mended: bool,
    pub(crate) payee_died: bool,
    pub(crate) instead: Option<Instead>,
}

/// What is paid again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) amount: i64,
    /// Of which component of the benefit: the origin's own when it holds that no more, a part of it otherwise.
    pub(crate) component: String,
    pub(crate) payee: Payee,
    pub(crate) carrier: i64,
    pub(crate) region: String,
    /// None for a payee whose account is not known.
    pub(crate) account: Option<String>,
    /// The origin was not ordered yet and ends with the approval.
    pub(crate) ends_origin: bool,
}

/// What of a line may be paid again through a channel, or why not.
pub(crate) fn judge(of: &Facts, in_cash: bool) -> Result<Due, Why> {
    if of.planned {
        return Err(Why::Planned);
    }
    let named = of.instead.as_ref().map(|instead| instead.person.as_ref());
    let ends_origin = match (of.eligibility, of.payment) {
        (Eligibility::Held, PaymentState::Set) => {
            match named {
                Some(Some(_)) => {}
                Some(None) => return Err(Why::Nobody),
                None if of.payee_died => return Err(Why::PayeeDied),
                None => return Err(Why::Held),
            }
            true
        }
        (Eligibility::Held, PaymentState::Committed | PaymentState::Ordered) => return Err(Why::Withheld),
        _ => false,
    };
    let back = of.returned + of.unpaid;
    if !ends_origin {
        if of.topped_up > of.withdrawn + of.returned {
            return Err(Why::OnCard);
        }
        if back == 0 {
            return Err(Why::WithChannel);
        }
    }
    let instead = match (&of.instead, of.payee_died) {
        (Some(Instead { person: None, .. }), _) => return Err(Why::Nobody),
        (Some(instead), _) => Some(instead),
        (None, true) => return Err(Why::PayeeDied),
        (None, false) => None,
    };
    match of.eligibility {
        Eligibility::Cancelled if instead.is_none() => return Err(Why::Ended),
        Eligibility::Held if instead.is_none() => return Err(Why::Held),
        _ => {}
    }
    if of.paid_otherwise {
        return Err(Why::PaidOtherwise);
    }
    let other = instead.and_then(|instead| instead.person.clone());
    let account = of.account.clone().filter(|_| other.is_none());
    if instead.is_none() && !in_cash && !of.mended {
        return Err(Why::Unmended);
    }
    let payee = other.or_else(|| of.payee.clone()).ok_or(Why::NoPayee)?;
    // A line that is live holds its place: what is paid of it again is a part.
    let rest = of.live && !ends_origin;
    Ok(Due {
        amount: if ends_origin { of.amount } else { back },
        component: if rest { format!("{}/rest", of.component) } else { of.component.clone() },
        payee,
        carrier: instead.map_or(of.recipient, |instead| instead.carrier),
        region: instead.map_or_else(|| of.region.clone(), |instead| instead.region.clone()),
        account,
        ends_origin,
    })
}

/// What a line has paid or may still pay.
#[cfg(test)]
pub(crate) fn out(of: &Facts) -> i64 {
    let never = of.eligibility == Eligibility::Cancelled && of.payment == PaymentState::Set;
    if never { 0 } else { of.amount - of.returned - of.unpaid }
}

/// The last day on which money of a period's year may be planned again; none for a period without a year.
pub(crate) fn until(period: &str, days_after_year: i64) -> Option<(i16, Date)> {
    let year: i16 = period.get(..4)?.parse().ok()?;
    let last = date(year, 12, 31);
    Some((year, last.checked_add(jiff::Span::new().days(days_after_year)).ok()?))
}

/// Refuses once the year of the money is over.
pub(crate) fn in_time(period: &str, days_after_year: i64, today: Date) -> Result<(), PlanFault> {
    match until(period, days_after_year) {
        Some((year, until)) if today > until => Err(PlanFault::YearOver { year, until }),
        _ => Ok(()),
    }
}

/// What counts of lines that are not paid again are told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Judged {
    Ready,
    Not(Why),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts() -> impl Strategy<Value = Facts> {
        let money = (1..1_000_000i64, 0..=100i64, 0..=100i64, 0..=100i64, any::<bool>());
        let flags = prop::collection::vec(any::<bool>(), 6);
        let states = (0..Eligibility::ALL.len(), 0..PaymentState::ALL.len());
        (money, flags, states).prop_map(|((amount, a, b, c, sent_back), flags, (eligibility, payment))| {
            let topped_up = if sent_back { 0 } else { amount * a / 100 };
            let withdrawn = topped_up * b / 100;
            let returned = (topped_up - withdrawn) * c / 100;
            let unpaid = if sent_back && a > 50 { amount } else { 0 };
            let payee = Payee { person: 1, name: "A".into(), nik: 1 };
            let person = flags[5].then(|| Payee { person: 2, ..payee.clone() });
            Facts {
                recipient: 7,
                line_id: 70,
                root: 70,
                region: "99.01.01.2001".into(),
                cause: "bank:RETUR".into(),
                amount,
                topped_up,
                withdrawn,
                returned,
                unpaid,
                live: flags[0],
                component: "whole".into(),
                entitled: amount,
                eligibility: Eligibility::ALL[eligibility],
                payment: PaymentState::ALL[payment],
                problem: None,
                payee: Some(payee),
                account: Some("1".into()),
                planned: flags[1],
                paid_otherwise: false,
                mended: flags[2],
                payee_died: flags[3],
                instead: flags[4].then(|| Instead { person, carrier: 7, region: String::new() }),
            }
        })
    }

    proptest! {
        /// What was paid and what is paid again never exceed the line; the dead receive nothing; nothing is paid twice at once.
        #[test]
        fn what_is_paid_again_is_what_did_not_arrive(of in facts(), in_cash in any::<bool>()) {
            if let Ok(due) = judge(&of, in_cash) {
                let stays = if due.ends_origin { 0 } else { out(&of) };
                prop_assert!(due.amount > 0 && stays + due.amount <= of.amount);
                prop_assert!(!of.planned);
                prop_assert!(!of.payee_died || due.payee.person == 2, "the dead are not paid");
                prop_assert!(due.payee.person == 1 || due.account.is_none(), "nobody is paid into another's account");
                prop_assert!(of.eligibility == Eligibility::Eligible || due.payee.person == 2);
                prop_assert_eq!(due.component != of.component, of.live && !due.ends_origin);
            }
        }
    }

    #[test]
    fn the_year_of_the_money_ends_with_the_days_that_are_set() {
        assert_eq!(in_time("2026-T4", 0, date(2026, 12, 31)), Ok(()));
        let over = PlanFault::YearOver { year: 2026, until: date(2026, 12, 31) };
        assert_eq!(in_time("2026-T4", 0, date(2027, 1, 1)), Err(over));
        assert_eq!(in_time("2026-T4", 31, date(2027, 1, 31)), Ok(()));
    }
}

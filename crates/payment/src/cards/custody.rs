//! The chain of custody: which move leads from which state to which, who holds the card then, what a move must tell, and that nothing
//! told is a PIN or a card number. Pure.
//!
//! ```text
//! printed (bank) → at district → with companion → handed over (family) → active
//!                      ↑               │                  │                │
//!                      └─ take back ───┴── held by another, blocked, damaged, lost → replaced → destroyed
//! ```

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::state::coded;

coded! {
    /// How a card stands.
    CardState {
        /// The bank printed it and has it.
        Printed = "printed",
        /// The district office received it.
        AtDistrict = "at_district",
        /// A companion has it, to bring it to the family.
        WithCompanion = "with_companion",
        /// The family signed for it.
        HandedOver = "handed_over",
        /// It works.
        Active = "active",
        /// The bank or a machine blocked it.
        Blocked = "blocked",
        /// It is broken.
        Damaged = "damaged",
        /// Nobody knows where it is.
        Lost = "lost",
        /// Somebody who has no right to it has the card or its PIN.
        HeldByOther = "held_by_other",
        /// Another card follows it.
        Replaced = "replaced",
        /// It exists no more.
        Destroyed = "destroyed",
    }
}

coded! {
    /// In whose hands a card is.
    Holder {
        /// The bank.
        Bank = "bank",
        /// The district social office.
        District = "district",
        /// A companion, on the way to the family.
        Companion = "companion",
        /// The family.
        Family = "family",
        /// Somebody else.
        Other = "other",
        /// Nobody.
        Nobody = "nobody",
    }
}

coded! {
    /// Something that happens to a card.
    CardMove {
        /// The bank prints it: how a card begins.
        Print = "print",
        /// The district office receives it with a delivery list.
        Receive = "receive",
        /// The district office gives it to a companion.
        Entrust = "entrust",
        /// The family gets it.
        HandOver = "hand_over",
        /// The family sets its PIN and the card works.
        Activate = "activate",
        /// It stopped working.
        Block = "block",
        /// It broke.
        Damage = "damage",
        /// It is lost; the police letter says so.
        Lose = "lose",
        /// Somebody else holds it.
        HeldByOther = "held_by_other",
        /// The district office has it again.
        TakeBack = "take_back",
        /// The bank prints another one for the same family.
        Replace = "replace",
        /// It is destroyed with minutes.
        Destroy = "destroy",
    }
}

coded! {
    /// What waits for whom: how lists of cards are cut.
    Stage {
        /// Printed and not handed over.
        Waiting = "waiting",
        /// Handed over and not active.
        Idle = "idle",
        /// In trouble.
        Trouble = "trouble",
        /// Works.
        Active = "active",
        /// Replaced or destroyed.
        Ended = "ended",
    }
}

coded! {
    /// Something that a move tells beside its day.
    CardField {
        /// Name of who received it or holds it.
        Whom = "whom",
        /// What that person is to the family ([`RELATIONS`]), or as what it is held ([`KEEPERS`]).
        Role = "role",
        /// Where.
        Place = "place",
        /// Signature or photo.
        ProofKind = "proof_kind",
        /// Number or name of the signature sheet or photo.
        Proof = "proof",
        /// Number of the delivery list, police letter or minutes.
        Document = "document",
        /// Anything else.
        Note = "note",
        /// The bank's token of the card that follows.
        Token = "new_token",
        /// Last four digits of the card that follows.
        Last4 = "new_last4",
    }
}

/// Who may sign for a card.
pub const RELATIONS: [&str; 5] = ["self", "spouse", "child", "parent", "other_family"];
/// As what somebody else holds a card.
pub const KEEPERS: [&str; 5] = ["agent", "group_head", "companion", "official", "other"];
/// What proves a hand-over.
pub const PROOFS: [&str; 2] = ["signature", "photo"];
/// Most characters of a field.
const FIELD_CHARS: usize = 120;
/// Most characters of a note.
const NOTE_CHARS: usize = 400;
/// Digits in a row that may be a PIN; spaces and dashes do not part them.
const RUN_DIGITS: u32 = 6;
/// Digits that may be a card number whatever stands between them.
const NUMBER_DIGITS: u32 = 12;

impl CardState {
    /// The list on which a card of this state stands.
    pub fn stage(self) -> Stage {
        match self {
            Self::Printed | Self::AtDistrict | Self::WithCompanion => Stage::Waiting,
            Self::HandedOver => Stage::Idle,
            Self::Active => Stage::Active,
            Self::Blocked | Self::Damaged | Self::Lost | Self::HeldByOther => Stage::Trouble,
            Self::Replaced | Self::Destroyed => Stage::Ended,
        }
    }

    /// Whether the family may get no other card beside it.
    pub fn is_live(self) -> bool {
        self.stage() != Stage::Ended
    }
}

impl CardMove {
    /// The right that it needs.
    pub fn action(self) -> &'static str {
        match self {
            Self::HandOver | Self::Activate | Self::Block | Self::Damage | Self::Lose | Self::HeldByOther => {
                "payment.card"
            }
            Self::Print | Self::Receive | Self::Entrust | Self::TakeBack | Self::Replace | Self::Destroy => {
                "payment.card_stock"
            }
        }
    }

    /// What it must tell, beside its day.
    pub fn needs(self) -> &'static [CardField] {
        use CardField as F;
        match self {
            Self::Print | Self::Activate => &[],
            Self::Receive | Self::Lose | Self::Destroy => &[F::Document],
            Self::Entrust => &[F::Whom, F::Document],
            Self::HandOver => &[F::Whom, F::Role, F::Place, F::ProofKind, F::Proof],
            Self::Block | Self::Damage => &[F::Note],
            Self::HeldByOther => &[F::Whom, F::Role],
            Self::TakeBack => &[F::Whom, F::Proof],
            Self::Replace => &[F::Token, F::Last4],
        }
    }

    /// The words that a field of this move may have; empty where any text will do.
    pub fn choices(self, field: CardField) -> &'static [&'static str] {
        match (self, field) {
            (Self::HandOver, CardField::Role) => &RELATIONS,
            (Self::HeldByOther, CardField::Role) => &KEEPERS,
            (_, CardField::ProofKind) => &PROOFS,
            _ => &[],
        }
    }

    /// What to do where it is refused.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Print => "a card is printed once",
            Self::Receive => "only a card that lies at the bank is received",
            Self::Entrust => "record first that the district office received the card",
            Self::HandOver => "record first that the district office received the card, or took it back",
            Self::Activate => "record first that the family received the card",
            Self::Block => "only a card that the family has is blocked",
            Self::Damage => "the card is gone, or damaged already",
            Self::Lose => "the card is gone already",
            Self::HeldByOther => "the card is not on its way to the family or with it",
            Self::TakeBack => "only what a companion or somebody else holds is taken back",
            Self::Replace => "record first what is wrong with the card",
            Self::Destroy => "only a card that is damaged, blocked, replaced or undelivered is destroyed",
        }
    }
}

/// Where a move leads from a state; none where it is not allowed. The whole table.
pub(crate) fn after(state: CardState, holder: Holder, step: CardMove) -> Option<(CardState, Holder)> {
    use CardState as S;
    let on_its_way = matches!(state, S::AtDistrict | S::WithCompanion);
    let with_family = matches!(state, S::HandedOver | S::Active);
    match step {
        CardMove::Receive if state == S::Printed => Some((S::AtDistrict, Holder::District)),
        CardMove::Entrust if state == S::AtDistrict => Some((S::WithCompanion, Holder::Companion)),
        CardMove::HandOver if on_its_way => Some((S::HandedOver, Holder::Family)),
        CardMove::Activate if matches!(state, S::HandedOver | S::Blocked) => {
            Some((S::Active, Holder::Family))
        }
        CardMove::Block if with_family => Some((S::Blocked, holder)),
        CardMove::Damage if state == S::Printed || on_its_way || with_family || state == S::Blocked => {
            Some((S::Damaged, holder))
        }
        CardMove::Lose
            if state == S::Printed
                || on_its_way
                || with_family
                || matches!(state, S::Blocked | S::Damaged | S::HeldByOther) =>
        {
            Some((S::Lost, Holder::Nobody))
        }
        CardMove::HeldByOther if on_its_way || with_family || state == S::Blocked => {
            Some((S::HeldByOther, Holder::Other))
        }
        CardMove::TakeBack if matches!(state, S::WithCompanion | S::HeldByOther) => {
            Some((S::AtDistrict, Holder::District))
        }
        CardMove::Replace if state.stage() == Stage::Trouble => Some((S::Replaced, holder)),
        CardMove::Destroy if matches!(state, S::AtDistrict | S::Damaged | S::Blocked | S::Replaced) => {
            Some((S::Destroyed, Holder::Nobody))
        }
        _ => None,
    }
}

/// What a move tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CardDetails {
    /// Who received it, or who holds it.
    pub whom: String,
    /// What that person is.
    pub role: String,
    /// Where.
    pub place: String,
    /// `signature` or `photo`.
    pub proof_kind: String,
    /// Reference of the proof.
    pub proof: String,
    /// Number of the paper.
    pub document: String,
    /// Anything else.
    pub note: String,
    /// Token of the card that follows.
    pub new_token: String,
    /// Last four digits of the card that follows.
    pub new_last4: String,
}

impl CardDetails {
    /// A field by its name.
    pub fn field(&self, field: CardField) -> &str {
        match field {
            CardField::Whom => &self.whom,
            CardField::Role => &self.role,
            CardField::Place => &self.place,
            CardField::ProofKind => &self.proof_kind,
            CardField::Proof => &self.proof,
            CardField::Document => &self.document,
            CardField::Note => &self.note,
            CardField::Token => &self.new_token,
            CardField::Last4 => &self.new_last4,
        }
    }
}

/// What is wrong with what a move tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardFault {
    /// A PIN or a card number, or what may be one. The digits are not repeated.
    #[error("`{}` has six digits in a row or more: never write a PIN or a card number, of a card only the last four digits", .0.code())]
    Digits(CardField),
    /// Missing, too long, or none of the words that it may be.
    #[error("`{}` is missing, too long, or not one of its words", .0.code())]
    Field(CardField),
    /// In the future, or before the step before.
    #[error("the day lies in the future or before the step before it")]
    Day,
}

impl CardFault {
    /// Stable code, the key of its words.
    pub fn code(self) -> &'static str {
        match self {
            Self::Digits(_) => "payment-card-digits",
            Self::Field(_) => "payment-card-field",
            Self::Day => "payment-card-day",
        }
    }

    /// The field that is wrong, by its name in forms.
    pub fn field(self) -> &'static str {
        match self {
            Self::Digits(field) | Self::Field(field) => field.code(),
            Self::Day => "day",
        }
    }
}

/// Whether a text has what may be a PIN or a card number.
pub fn has_number(text: &str) -> bool {
    let (mut run, mut all) = (0, 0);
    for sign in text.chars() {
        if sign.is_numeric() {
            (run, all) = (run + 1, all + 1);
        } else if sign.is_alphabetic() {
            (run, all) = (0, 0);
        } else if !parts_nothing(sign) {
            run = 0;
        }
        if run >= RUN_DIGITS || all >= NUMBER_DIGITS {
            return true;
        }
    }
    false
}

/// Blanks and dashes, and what cannot be seen.
fn parts_nothing(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_control()
        || matches!(
            sign,
            '-' | '_' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{ff0d}'
        )
        || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether a bank's token can be kept: letters, digits and dashes, and no number in it.
pub(crate) fn is_token(text: &str) -> bool {
    let sign = |sign: u8| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'_');
    (4..=40).contains(&text.len()) && text.bytes().all(sign) && !has_number(text)
}

/// Whether these are the last four digits of a card.
pub(crate) fn is_last4(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|sign| sign.is_ascii_digit())
}

/// Checks what a move tells. `last` is the day of the step before.
pub(crate) fn check(
    step: CardMove,
    day: Date,
    details: &CardDetails,
    last: Date,
    today: Date,
) -> Result<(), CardFault> {
    for field in CardField::ALL.iter().copied() {
        let text = details.field(field);
        if has_number(text) {
            return Err(CardFault::Digits(field));
        }
        let most = if field == CardField::Note { NOTE_CHARS } else { FIELD_CHARS };
        let choices = step.choices(field);
        let fits = match field {
            CardField::Token => text.is_empty() || is_token(text),
            CardField::Last4 => text.is_empty() || is_last4(text),
            _ => text.is_empty() || choices.is_empty() || choices.contains(&text),
        };
        let missing = step.needs().contains(&field) && text.trim().is_empty();
        if missing || !fits || text.chars().count() > most {
            return Err(CardFault::Field(field));
        }
    }
    if day > today || day < last { Err(CardFault::Day) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn details() -> CardDetails {
        CardDetails {
            whom: "SITI AMINAH".into(),
            role: "self".into(),
            place: "Balai desa".into(),
            proof_kind: "signature".into(),
            proof: "TTD 12".into(),
            document: "BA/12/XI/2026".into(),
            note: "di kantor desa".into(),
            ..CardDetails::default()
        }
    }

    #[test]
    fn the_way_of_a_card_from_the_bank_to_the_family() {
        use CardMove as M;
        let way = [M::Receive, M::Entrust, M::HandOver, M::Activate, M::Block, M::Replace, M::Destroy];
        let states = way.iter().scan((CardState::Printed, Holder::Bank), |at, step| {
            *at = after(at.0, at.1, *step)?;
            Some((at.0.code(), at.1.code()))
        });
        assert_eq!(
            states.collect::<Vec<_>>(),
            [
                ("at_district", "district"),
                ("with_companion", "companion"),
                ("handed_over", "family"),
                ("active", "family"),
                ("blocked", "family"),
                ("replaced", "family"),
                ("destroyed", "nobody"),
            ]
        );
        assert_eq!(after(CardState::Printed, Holder::Bank, M::HandOver), None, "no hand is left out");
    }

    proptest! {
        /// Whatever is tried: a card never comes back from its end, never reaches the family but by a hand-over, works only in the
        /// family's hands, and a step that leads somewhere is not taken twice in a row.
        #[test]
        fn no_history_breaks_the_chain(steps in prop::collection::vec(0..CardMove::ALL.len(), 0..40)) {
            let mut at = (CardState::Printed, Holder::Bank);
            let mut signed = false;
            for step in steps {
                let step = CardMove::ALL[step];
                let Some(next) = after(at.0, at.1, step) else { continue };
                prop_assert!(at.0 != CardState::Destroyed, "{at:?} {step:?}");
                prop_assert!(at.0.is_live() || step == CardMove::Destroy);
                signed |= step == CardMove::HandOver;
                prop_assert!(next.1 != Holder::Family || signed, "{at:?} {step:?}");
                prop_assert!(next.0 != CardState::Active || next.1 == Holder::Family);
                prop_assert!(next.0.stage() != Stage::Waiting || next.1 != Holder::Family);
                prop_assert_eq!(after(next.0, next.1, step), None);
                at = next;
            }
        }

        /// Six digits are refused wherever they stand and whatever parts them, and the refusal does not repeat them.
        #[test]
        fn no_pin_and_no_number_is_ever_kept(
            digits in "[0-9]{6,16}",
            gaps in prop::collection::vec("[ \\-\u{2013}\u{a0}]{0,2}", 16),
            around in ("[a-z /.]{0,12}", "[a-z /.]{0,12}"),
            field in 0..CardField::ALL.len(),
        ) {
            let spaced: String =
                digits.chars().zip(&gaps).flat_map(|(digit, gap)| std::iter::once(digit).chain(gap.chars())).collect();
            let text = format!("{}{spaced}{}", around.0, around.1);
            prop_assert!(has_number(&text), "{text}");
            let mut told = details();
            let place = match CardField::ALL[field] {
                CardField::Whom => &mut told.whom,
                CardField::Role => &mut told.role,
                CardField::Place => &mut told.place,
                CardField::ProofKind => &mut told.proof_kind,
                CardField::Proof => &mut told.proof,
                CardField::Document => &mut told.document,
                CardField::Note => &mut told.note,
                CardField::Token => &mut told.new_token,
                CardField::Last4 => &mut told.new_last4,
            };
            place.clone_from(&text);
            let day = date(2026, 11, 20);
            let fault = check(CardMove::HandOver, day, &told, day, day).unwrap_err();
            prop_assert_eq!(fault, CardFault::Digits(CardField::ALL[field]));
            prop_assert!(!fault.to_string().contains(&digits));
        }

        /// What has fewer digits passes: last four, house numbers, numbers of letters.
        #[test]
        fn few_digits_pass(text in "[a-zA-Z ]{0,10}[0-9]{0,5}[a-zA-Z]{1,10}[0-9]{0,5}") {
            prop_assert!(!has_number(&text));
        }
    }

    #[test]
    fn a_number_hides_behind_no_sign_and_ordinary_papers_pass() {
        for hidden in [
            "5264.1234.5678.9012",
            "5264/1234/5678/9012",
            "1 2 3 4 5 6",
            "12\u{200b}34\u{200b}56",
            "１２３４５６",
            "PIN 12-34-56",
        ] {
            assert!(has_number(hidden), "{hidden}");
        }
        for paper in
            ["LP/B/123/XI/2026", "BAST 12/2026", "Rp600.000", "RT 01 RW 02", "Jl. Melati 17, 2 lantai"]
        {
            assert!(!has_number(paper), "{paper}");
        }
    }

    #[test]
    fn a_move_tells_all_that_it_must_and_only_words_that_exist() {
        let (before, today) = (date(2026, 11, 1), date(2026, 11, 20));
        let told = |step, change: fn(&mut CardDetails)| {
            let mut details = details();
            change(&mut details);
            check(step, today, &details, before, today)
        };
        assert_eq!(told(CardMove::HandOver, |_| ()), Ok(()));
        assert_eq!(
            told(CardMove::HandOver, |told| told.proof.clear()),
            Err(CardFault::Field(CardField::Proof))
        );
        assert_eq!(
            told(CardMove::HandOver, |told| told.role = "agent".into()),
            Err(CardFault::Field(CardField::Role)),
            "an agent signs for nobody"
        );
        assert_eq!(told(CardMove::HeldByOther, |told| told.role = "agent".into()), Ok(()));
        assert_eq!(told(CardMove::Replace, |_| ()), Err(CardFault::Field(CardField::Token)));
        let late = check(CardMove::Activate, date(2026, 11, 21), &details(), before, today);
        let early = check(CardMove::Activate, date(2026, 10, 31), &details(), before, today);
        assert_eq!((late, early), (Err(CardFault::Day), Err(CardFault::Day)));
    }
}

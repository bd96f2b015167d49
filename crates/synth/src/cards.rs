//! The bank's cards: it answers collective openings, prints cards or finds some that it printed long ago and never handed over, is late
//! with a few; and what then happens to the cards, as a list of moves.
//!
//! In: the file that payment writes, and the bank's own reply. Out: replies and moves in the columns of the channel. Everything follows
//! from the seed and the line's reference. Of a card there is a token of letters and its last four digits, no number and no PIN.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
};

use jiff::{ToSpan, civil::Date};
use serde::Deserialize;

use crate::{
    bank::{Bank, BankError, Tally, account_number, fold, out_header, writer},
    dice::Dice,
};

/// Share of openings that the bank refuses.
const REFUSED: f64 = 0.06;
/// Share that it answers later than the others.
const LATE: f64 = 0.12;
/// Share of families whose card it printed long ago.
const OLD: f64 = 0.55;

const REPLY: [&str; 9] =
    ["batch", "ref", "result", "account", "name_at_bank", "card_token", "last4", "printed_on", "reason"];
const MOVES: [&str; 11] = [
    "card_token",
    "last4",
    "move",
    "day",
    "whom",
    "role",
    "place",
    "proof_kind",
    "proof",
    "document",
    "note",
];

#[derive(Debug, Deserialize)]
struct OpeningLine {
    batch: String,
    r#ref: String,
    nik: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct OpenedLine {
    r#ref: String,
    result: String,
    account: String,
    name_at_bank: String,
    card_token: String,
    last4: String,
    printed_on: String,
}

impl Bank {
    /// Opens accounts: `batch,ref,nik,name,region` is answered with
    /// `batch,ref,result,account,name_at_bank,card_token,last4,printed_on,reason`; what the bank is late with goes to `late`.
    ///
    /// # Errors A file cannot be read or written.
    pub fn answer_openings(
        &self,
        request: impl Read,
        reply: impl Write,
        late: impl Write,
    ) -> Result<Tally, BankError> {
        let (mut out, mut late) = (writer(reply), writer(late));
        out_header(&mut out, &REPLY)?;
        out_header(&mut late, &REPLY)?;
        let mut tally = Tally::default();
        for line in csv::Reader::from_reader(request).deserialize() {
            let line: OpeningLine = line?;
            tally.lines += 1;
            let mut dice = self.dice(4, &line.r#ref);
            let row = self.opened(&line, &mut dice, &mut tally);
            if dice.chance(LATE) {
                *tally.errors.entry("late").or_default() += 1;
                late.write_record(&row)?;
            } else {
                tally.replies += 1;
                out.write_record(&row)?;
            }
        }
        out.flush().map_err(csv::Error::from)?;
        late.flush().map_err(csv::Error::from)?;
        Ok(tally)
    }

    fn opened(&self, line: &OpeningLine, dice: &mut Dice, tally: &mut Tally) -> [String; 9] {
        let refused = dice.chance(REFUSED);
        let old = dice.chance(OLD);
        let result = match (refused, old) {
            (true, _) => "DITOLAK",
            (false, true) => "SUDAH_ADA",
            (false, false) => "DIBUKA",
        };
        *tally.results.entry(result).or_default() += 1;
        // A card of an earlier round may have lain at the branch for a week or for more than a year.
        let days =
            if old { 5 + dice.below(60) + if dice.chance(0.5) { dice.below(340) } else { 0 } } else { 0 };
        let printed = self.today.checked_sub((days as i64).days()).unwrap_or(self.today);
        let own = |text: String| if refused { String::new() } else { text };
        [
            line.batch.clone(),
            line.r#ref.clone(),
            result.to_owned(),
            own(account_number(fold(&line.nik) ^ self.seed)),
            own(line.name.clone()),
            own(token(fold(&line.r#ref) ^ self.seed.rotate_left(16))),
            own(format!("{:04}", dice.below(10_000))),
            printed.to_string(),
            if refused { "data belum lengkap" } else { "" }.to_owned(),
        ]
    }

    /// What happens to the cards of a reply until today:
    /// `card_token,last4,move,day,whom,role,place,proof_kind,proof,document,note`. Many stay where they are.
    ///
    /// # Errors A file cannot be read or written.
    pub fn card_moves(&self, replies: impl Read, moves: impl Write) -> Result<u64, BankError> {
        let mut out = writer(moves);
        out_header(&mut out, &MOVES)?;
        let mut rows = 0;
        for line in csv::Reader::from_reader(replies).deserialize() {
            let line: OpenedLine = line?;
            if line.result == "DITOLAK" {
                continue;
            }
            let mut dice = self.dice(5, &line.r#ref);
            let way = self.way(&line.r#ref);
            let mut day: Date = line.printed_on.parse().unwrap_or(self.today);
            for step in way {
                day = day.checked_add((dice.below(9) as i64).days()).unwrap_or(day).min(self.today);
                rows += 1;
                let told = told(step, &line.name_at_bank, dice.below(90) + 1);
                let keys = [line.card_token.as_str(), &line.last4, step];
                let day = day.to_string();
                let cells = keys.into_iter().chain([day.as_str()]).chain(told.iter().map(String::as_str));
                out.write_record(cells)?;
            }
        }
        out.flush().map_err(csv::Error::from)?;
        Ok(rows)
    }

    /// Accounts of a reply whose card does not get into the family's hands, or not in order.
    ///
    /// # Errors The file cannot be read.
    pub fn locked(&self, replies: impl Read) -> Result<BTreeSet<String>, BankError> {
        let mut out = BTreeSet::new();
        for line in csv::Reader::from_reader(replies).deserialize() {
            let line: OpenedLine = line?;
            if self.way(&line.r#ref).last() != Some(&"activate") {
                out.insert(line.account);
            }
        }
        Ok(out)
    }

    fn way(&self, reference: &str) -> &'static [&'static str] {
        WAYS[(fold(reference) ^ self.seed) as usize % WAYS.len()]
    }
}

/// Where cards get to.
const WAYS: [&[&str]; 12] = [
    &[],
    &["receive", "entrust", "hand_over", "activate"],
    &["receive"],
    &["receive", "entrust", "hand_over"],
    &[],
    &["receive", "hand_over", "activate"],
    &["receive", "hand_over", "activate", "held_by_other"],
    &["receive", "entrust"],
    &["receive", "hand_over", "activate", "block"],
    &[],
    &["receive", "hand_over", "activate", "lose"],
    &["receive", "hand_over"],
];

/// Whom, role, place, kind of proof, proof, document, note.
fn told(step: &str, name: &str, paper: usize) -> [String; 7] {
    let texts = match step {
        "receive" => ["", "", "Kantor dinas sosial", "", "", "DK", ""],
        "entrust" => ["Pendamping desa", "", "", "", "", "BT", ""],
        "hand_over" => [name, "self", "Balai desa", "signature", "TTD", "", ""],
        "block" => ["", "", "", "", "", "", "Ditolak mesin setelah salah PIN tiga kali"],
        "held_by_other" => {
            ["Ketua kelompok", "group_head", "", "", "", "", "Keluarga menerima uang tanpa kartu"]
        }
        "lose" => ["", "", "", "", "", "LP", "Hilang di pasar"],
        _ => [""; 7],
    };
    // Numbers of papers.
    texts.map(|text| match text {
        "DK" | "BT" | "LP" => format!("{text}/{paper}/2026"),
        "TTD" => format!("TTD {paper}"),
        other => other.to_owned(),
    })
}

/// A token without any digit.
fn token(mut draw: u64) -> String {
    let letter = |_| {
        let letter = char::from(b'A' + (draw % 26) as u8);
        draw /= 26;
        letter
    };
    std::iter::once("KKS-".to_owned()).chain((0..12).map(letter).map(String::from)).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_opening_is_answered_once_and_no_row_holds_a_number_of_a_card() {
        let mut text = String::from("batch,ref,nik,name,region\n");
        for i in 0..2_000 {
            writeln!(text, "BUKA1,{i},99010101019{i:05},SITI NURHAYATI,99.01.01.2001").unwrap();
        }
        let bank = Bank::usual(3, date(2026, 11, 18));
        let (mut reply, mut late, mut moves) = (Vec::new(), Vec::new(), Vec::new());
        let tally = bank.answer_openings(text.as_bytes(), &mut reply, &mut late).unwrap();
        assert_eq!((tally.lines, tally.replies + tally.errors["late"]), (2_000, 2_000));
        for word in ["DIBUKA", "SUDAH_ADA", "DITOLAK"] {
            assert!(tally.results[word] > 50, "{word}");
        }
        let rows: Vec<csv::StringRecord> = [&reply, &late]
            .into_iter()
            .flat_map(|file| csv::Reader::from_reader(file.as_slice()).into_records())
            .map(Result::unwrap)
            .collect();
        let mut tokens: Vec<&str> =
            rows.iter().map(|row| &row[5]).filter(|token| !token.is_empty()).collect();
        let cards = tokens.len();
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!(tokens.len(), cards, "a token is one card's");
        assert!(tokens.iter().all(|token| !token.bytes().any(|sign| sign.is_ascii_digit())));
        assert!(bank.card_moves(reply.as_slice(), &mut moves).unwrap() > 1_000);
        let (mut again, mut none) = (Vec::new(), Vec::new());
        bank.answer_openings(text.as_bytes(), &mut again, &mut none).unwrap();
        assert_eq!(reply, again);
    }
}

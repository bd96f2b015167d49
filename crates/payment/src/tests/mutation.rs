//! Every byte and every field of a reply of 200 lines is spoilt: nothing is posted that the whole reply did not say, and what is lost
//! is reported by its row, or the file is refused whole.
//!
//! Every byte and field of every record is spoilt in replies of five lines, each with its own header and trailer; the reply of all 200
//! lines is spoilt at every so many bytes and cut there.
//!
//! A posting is right when its line, amount and account are those of a posting of the whole reply. In a CSV without a seal a
//! word may be another row's, which nothing in the file contradicts; there they are those of a row of the whole reply.
//! All mutations go through reading and deciding; a seeded sample
//! goes through a house with a database (`channels`).

use std::{
    collections::BTreeMap,
    io::Cursor,
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use jiff::civil::date;
use policy::{Channel, ChannelFile, Format, Policy};
use synth::{
    bank::{Bank, Manners},
    desk::Desk,
};

use super::*;
use crate::{
    reply::{self, Line, Txn, Verdict},
    told::{self, Kind, Places, Told},
    wire::{Outgoing, Replies, Seal},
};

const LINES: i64 = 200;
/// Lines of one reply whose every byte is spoilt.
const PART: i64 = 5;
const BATCH: &str = "SI000001";

/// What a posting did: line and amount. Its account is the line's own, which is asserted where it is made.
type Posting = (i64, i64);

/// What a reply came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Result {
    posted: Vec<Posting>,
    /// Of all rows that can be read, whatever they say: with the account.
    said: Vec<(i64, i64, String)>,
    /// Rows on the work list; of a refused file its line.
    reported: Vec<i64>,
    refused: bool,
}

/// A reply and what it stands on.
struct Case {
    name: &'static str,
    kind: Kind,
    channel: Channel,
    layout: ChannelFile,
    lines: FxHashMap<i64, Line>,
    reply: Vec<u8>,
}

use rustc_hash::FxHashMap;

fn line(n: i64, channel: &str) -> Line {
    Line {
        recipient: 5_000 + n,
        line_id: 1_000 + n,
        cycle_id: 1,
        programme: "P".into(),
        period: "2026-T4".into(),
        region: "99.01.01.2001".into(),
        channel: channel.into(),
        amount: 225_000 + n % 5 * 75_000,
        payee_name: format!("SITI & {n}"),
        account: Some(format!("9900{:08}", n * 7_919)),
        name_at_bank: None,
        eligibility: Eligibility::Eligible,
        account_state: AccountState::Good,
        payment: PaymentState::Instructed,
        problem: None,
        basis: "approved",
        told: crate::reply::Marks::default(),
        check_batch: None,
        order_batch: Some(BATCH.into()),
        topped_up: 0,
        withdrawn: 0,
        returned: 0,
        unpaid: 0,
        live: true,
        events: 3,
    }
}

/// The order to a channel, as it is really written.
fn order(folder: &Path, channel: &Channel, lines: &FxHashMap<i64, Line>) -> Vec<u8> {
    let layout = channel.file("order").unwrap();
    let seal =
        Seal { channel: channel.key.clone(), sequence: 7, batch: BATCH.into(), at_ms: 1_795_000_000_000 };
    let mut out = Outgoing::create(folder, "order", layout).unwrap().sealed(seal);
    let mut sorted: Vec<&Line> = lines.values().collect();
    sorted.sort_by_key(|line| line.line_id);
    for line in sorted {
        let (reference, amount) = (line.line_id.to_string(), line.amount.to_string());
        out.row(layout.columns.iter().map(|column| match column.field.as_str() {
            "batch" => BATCH,
            "ref" => reference.as_str(),
            "account" => line.account.as_deref().unwrap(),
            "name" => line.payee_name.as_str(),
            "amount_idr" => amount.as_str(),
            _ => "",
        }))
        .unwrap();
    }
    out.finish().unwrap();
    std::fs::read(folder.join("order")).unwrap()
}

/// A channel whose lists of movements are CSV with a seal.
fn sealed_csv(policy: &Policy) -> Channel {
    let mut channel = policy.channel("fixed_bank").unwrap().clone();
    for file in &mut channel.files {
        (file.format, file.delimiter) = (Format::Csv, b';');
    }
    channel
}

/// Every kind of reply about some of the lines.
fn cases(policy: &Policy, folder: &Path, numbers: std::ops::Range<i64>) -> Vec<Case> {
    let of = |key: &str| policy.channel(key).unwrap().clone();
    let mut cases = Vec::new();
    let kinds = [
        ("csv order reply", of("himbara"), Kind::Order),
        ("csv movements, sealed", sealed_csv(policy), Kind::Movements),
        ("fixed order reply", of("fixed_bank"), Kind::Order),
        ("fixed movements", of("fixed_bank"), Kind::Movements),
        ("pain.002", of("iso_bank"), Kind::Order),
        ("camt.053", of("iso_bank"), Kind::Movements),
    ];
    for (name, channel, kind) in kinds {
        let mut lines: FxHashMap<i64, Line> =
            numbers.clone().map(|n| (1_000 + n, line(n, &channel.key))).collect();
        let request = order(folder, &channel, &lines);
        let manners = Manners { fails: 0.03, returned: 0.03, in_parts: 0.1, ..Manners::HONEST };
        let bank = Bank { seed: 5, today: date(2026, 11, 20), manners };
        let mut desk = Desk::new(bank, &channel);
        let mut reply = desk.answer_orders(&request).unwrap().0;
        if kind == Kind::Movements {
            let layout = channel.file("order_reply").unwrap();
            post(Kind::Order, &channel, layout, &mut lines, reply);
            reply = desk.movements(date(2026, 12, 30)).unwrap().0;
        }
        let layout = channel.file(kind.layout()).unwrap().clone();
        cases.push(Case { name, kind, layout, channel: channel.clone(), lines, reply });
    }
    cases
}

/// Reads a reply to its end and then decides row by row, as an import does.
fn post(
    kind: Kind,
    channel: &Channel,
    layout: &ChannelFile,
    lines: &mut FxHashMap<i64, Line>,
    reply: Vec<u8>,
) -> Result {
    let refused = |line: u64| Result { refused: true, reported: vec![line as i64], ..Result::default() };
    let read = || -> crate::Result<_> {
        let mut replies = Replies::from_source(Box::new(Cursor::new(reply)), Path::new("reply"), layout)?;
        let seal = replies.seal().clone();
        let rows = replies.next_rows(1_000)?;
        Ok((Places::of(kind, |field| replies.place(field)), seal, rows))
    };
    let (places, seal, rows) = match read() {
        Ok(read) => read,
        Err(Error::Refused { line, .. }) => return refused(line),
        Err(Error::Columns { .. }) => return refused(1),
        Err(other) => panic!("{other}"),
    };
    if seal.channel.is_some_and(|key| key != channel.key) || seal.batch.is_some_and(|batch| batch != BATCH) {
        return refused(1);
    }
    let (mut result, mut txns) = (Result::default(), FxHashMap::<String, Txn>::default());
    for row in &rows {
        let taken = told::read(kind, &places, row, 1).ok().and_then(|(line_id, told)| {
            let line = lines.get_mut(&line_id)?;
            let Told::Money(money, _) = told else { return None };
            result.said.push((line_id, money.amount, money.account.clone()));
            let means = channel.result(kind.layout(), &money.word)?.means;
            let known = txns.get(&money.txn);
            let verdict = match kind {
                Kind::Order => reply::order_reply(line, &money, means, known),
                _ => reply::movement(line, &money, means, known),
            };
            let txn = Txn { line_id, word: money.word, amount: money.amount, file_no: 1 };
            match verdict {
                Verdict::Taken { moved, .. } => {
                    txns.insert(money.txn, txn);
                    assert_eq!(line.account.as_ref(), Some(&money.account));
                    let amounts = moved.into_iter().flatten().map(|(_, amount)| (line_id, amount));
                    Some(amounts.collect::<Vec<_>>())
                }
                // Known: a status became one of work that goes on; nothing moves, the line waits for its answer.
                Verdict::Known | Verdict::Refused { .. } => None,
            }
        });
        match taken {
            Some(postings) => result.posted.extend(postings),
            None => result.reported.push(row.row_no),
        }
    }
    result.posted.sort_unstable();
    result.said.sort_unstable();
    result
}

/// Lines as they were: only what a posting changes is set back.
fn set_back(lines: &mut FxHashMap<i64, Line>, before: &FxHashMap<i64, Line>) {
    for (line_id, line) in lines {
        let was = &before[line_id];
        (line.payment, line.problem, line.live) = (was.payment, was.problem, was.live);
        (line.topped_up, line.withdrawn) = (was.topped_up, was.withdrawn);
        (line.returned, line.unpaid) = (was.returned, was.unpaid);
        debug_assert_eq!(line, was);
    }
}

/// Whether each of the first is one of the others, as often; both are sorted.
fn within<T: Ord>(some: &[T], all: &[T]) -> bool {
    let mut all = all.iter();
    some.iter().all(|one| all.by_ref().any(|other| other == one))
}

/// Judges a spoilt reply against the whole one.
fn judge(case: &Case, whole: &Result, lines: &mut FxHashMap<i64, Line>, what: &str, reply: Vec<u8>) {
    set_back(lines, &case.lines);
    let spoilt = post(case.kind, &case.channel, &case.layout, lines, reply);
    let sealed = case.layout.format.is_iso() || !case.layout.trailer.is_empty();
    let right = if sealed {
        within(&spoilt.posted, &whole.posted)
    } else {
        let mut said: Vec<Posting> =
            whole.said.iter().map(|(line_id, amount, _)| (*line_id, *amount)).collect();
        said.sort_unstable();
        within(&spoilt.posted, &said)
    };
    assert!(right, "{}, {what}: what was never said was posted", case.name);
    // Without a seal a word that became another row's word, and rows that were cut off, are all that can pass unseen.
    let unseen = !sealed && (spoilt.said == whole.said || what == "cut");
    if spoilt.posted != whole.posted && !unseen {
        assert!(!spoilt.reported.is_empty(), "{}, {what}: lost without a word", case.name);
    }
}

/// Where a field begins and ends.
type Span = (usize, usize);

/// Places of the fields of a reply, and the start and end of the same field of the next row.
fn fields(case: &Case) -> Vec<(Span, Option<Span>)> {
    let text = std::str::from_utf8(&case.reply).unwrap();
    let mut found: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
    if case.layout.format.is_iso() {
        for (at, _) in text.match_indices('>') {
            let Some(end) = text[at..].find('<').map(|end| at + end) else { continue };
            if end > at + 1 && text[at + 1..end].trim() != "" {
                let tag: String = text[end..].chars().take_while(|c| *c != '>').collect();
                found.entry(tag).or_default().push((at + 1, end));
            }
        }
    } else {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let mut at = start;
            if case.layout.format == Format::Fixed {
                let record = match &line[..1] {
                    "H" => &case.layout.header,
                    "T" => &case.layout.trailer,
                    _ => &case.layout.columns,
                };
                for (n, column) in record.iter().enumerate() {
                    found.entry(format!("{}{n}", &line[..1])).or_default().push((at, at + column.width));
                    at += column.width;
                }
            } else {
                for (n, cell) in line.trim_end().split(char::from(case.layout.delimiter)).enumerate() {
                    found.entry(n.to_string()).or_default().push((at, at + cell.len()));
                    at += cell.len() + 1;
                }
            }
            start += line.len();
        }
    }
    let with_next = |places: &Vec<(usize, usize)>| {
        let next = places.iter().skip(1).copied().map(Some).chain([None]);
        places.iter().copied().zip(next).collect::<Vec<_>>()
    };
    found.values().flat_map(with_next).collect()
}

/// Every reply with a field emptied, swapped with the next row's, or changed in a digit.
fn spoil_fields(case: &Case, check: &mut dyn FnMut(&str, Vec<u8>)) {
    let splice = |(from, to): (usize, usize), with: &[u8]| {
        let mut spoilt = case.reply.clone();
        spoilt.splice(from..to, with.iter().copied());
        spoilt
    };
    for (place, next) in fields(case) {
        let field = &case.reply[place.0..place.1];
        let what = |how: &str| format!("{how} at byte {}", place.0);
        check(&what("field emptied"), splice(place, b""));
        let blank = vec![b' '; field.len()];
        check(&what("field blanked"), splice(place, &blank));
        for (at, digit) in field.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
            let mut changed = field.to_vec();
            changed[at] = b'0' + (digit - b'0' + 1) % 10;
            check(&what("digit changed"), splice(place, &changed));
        }
        if let Some(next) = next {
            let other = case.reply[next.0..next.1].to_vec();
            let mut spoilt = case.reply.clone();
            spoilt.splice(next.0..next.1, field.iter().copied());
            spoilt.splice(place.0..place.1, other);
            check(&what("fields swapped"), spoilt);
        }
    }
}

/// The reply with one byte flipped, removed or doubled.
fn spoil_byte(case: &Case, at: usize, check: &mut dyn FnMut(&str, Vec<u8>)) {
    let mut flipped = case.reply.clone();
    flipped[at] ^= 1 << (at % 8);
    check("byte flipped", flipped);
    let mut removed = case.reply.clone();
    removed.remove(at);
    check("byte removed", removed);
    let mut doubled = case.reply.clone();
    doubled.insert(at, case.reply[at]);
    check("byte doubled", doubled);
}

/// The whole reply as it must come out, or a panic.
fn whole(case: &Case) -> Result {
    let whole = post(case.kind, &case.channel, &case.layout, &mut case.lines.clone(), case.reply.clone());
    assert!(!whole.refused && whole.reported.is_empty(), "{}: {whole:?}", case.name);
    whole
}

#[test]
fn no_spoilt_byte_or_field_of_a_reply_moves_a_rupiah_wrongly() {
    let (policy, test) = (Policy::embedded().unwrap(), store::testing::TestDb::sqlite());
    let next = AtomicI64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let folder = test.folder.join(format!("orders-{thread}"));
            let (policy, next) = (&policy, &next);
            scope.spawn(move || {
                loop {
                    let first = next.fetch_add(PART, Ordering::Relaxed);
                    if first >= LINES {
                        break;
                    }
                    for case in &cases(policy, &folder, first..first + PART) {
                        let (whole, mut lines) = (whole(case), case.lines.clone());
                        let mut check = |what: &str, reply| judge(case, &whole, &mut lines, what, reply);
                        spoil_fields(case, &mut check);
                        // Headers are all alike.
                        let text = std::str::from_utf8(&case.reply).unwrap();
                        let rows = ["<TxInf", "<Ntry", "\nD", "\nSI"].iter().find_map(|mark| text.find(mark));
                        let from = if first == 0 { 0 } else { rows.unwrap() };
                        (from..text.len()).for_each(|at| spoil_byte(case, at, &mut check));
                    }
                }
            });
        }
    });
    for case in &cases(&policy, &test.folder, 0..LINES) {
        let (whole, mut lines) = (whole(case), case.lines.clone());
        assert!(whole.posted.len() as i64 > LINES * 9 / 10, "{}", case.name);
        let step = case.reply.len() / 150;
        for at in (0..case.reply.len()).step_by(step | 1) {
            let mut check = |what: &str, reply| judge(case, &whole, &mut lines, what, reply);
            spoil_byte(case, at, &mut check);
            // Of a file without a trailer the rows before the cut stand; they are right.
            check("cut", case.reply[..at].to_vec());
        }
    }
}

/// Seconds to read and understand a million rows of each format; run by hand with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a law"]
fn measure_reading() {
    let (policy, test) = (Policy::embedded().unwrap(), store::testing::TestDb::sqlite());
    for case in &cases(&policy, &test.folder, 0..LINES) {
        let text = String::from_utf8(case.reply.clone()).unwrap();
        let (rows, whole);
        rows = 5_000;
        if !case.layout.format.is_iso() && case.layout.trailer.is_empty() {
            let (head, body) = text.split_once('\n').unwrap();
            whole = format!("{head}\n{}", body.repeat(rows));
        } else {
            let mark = match case.layout.format {
                Format::Pain002 => "<TxInfAndSts>",
                Format::Camt053 => "<Ntry>",
                _ => "\nD",
            };
            let at = text.find(mark).unwrap() + usize::from(mark.starts_with('\n'));
            let end = text.rfind("</OrgnlPmtInfAndSts>").or(text.rfind("</Stmt>"));
            let end = end.unwrap_or_else(|| text.rfind("\nT").unwrap() + 1);
            whole = format!("{}{}{}", &text[..at], text[at..end].repeat(rows), &text[end..]);
        }
        let bytes = whole.len();
        let begun = std::time::Instant::now();
        let mut replies =
            Replies::from_source(Box::new(Cursor::new(whole.into_bytes())), Path::new("x"), &case.layout)
                .unwrap();
        let places = Places::of(case.kind, |field| replies.place(field));
        let (mut read, mut understood) = (0, 0);
        while let Ok(rows) = replies.next_rows(20_000) {
            if rows.is_empty() {
                break;
            }
            read += rows.len();
            understood += rows.iter().filter(|row| told::read(case.kind, &places, row, 1).is_ok()).count();
        }
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{}: {read} rows, {understood} understood, {} MB, {seconds:.2} s, {:.0} ns a row",
            case.name,
            bytes >> 20,
            seconds * 1e9 / read as f64
        );
    }
}

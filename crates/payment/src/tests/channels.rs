//! One cycle through every format gives the same books; a file that is not whole, not ours or not in turn is refused before a rupiah
//! moves; a row that is not exactly right goes to the work list.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use jiff::civil::date;
use store::testing::TestDb;
use synth::{
    bank::{Bank, Manners},
    desk::Desk,
};

use super::*;

const TODAY: jiff::civil::Date = date(2026, 11, 20);
const UNTIL: jiff::civil::Date = date(2026, 12, 30);

/// A cycle on its way: the house, the channel, the bank's counter, the order sent.
struct Way {
    test: TestHouse,
    channel: &'static str,
    cycle: i64,
    order: PathBuf,
}

impl Way {
    fn to(db: TestDb, channel: &'static str, families: i64, manners: Manners) -> Self {
        let test = TestHouse::paying_through(db, channel);
        let cycle = test.build(families).cycle_id;
        let asked = test.ask(cycle);
        let policy = std::sync::Arc::clone(&test.house.policy);
        let mut desk = Desk::new(bank(manners), policy.channel(channel).unwrap());
        let reply = desk.answer_account_checks(&std::fs::read(&asked[0].path).unwrap()).unwrap().0;
        let path = test.bytes("checks", &reply);
        import_account_replies(&test.house, &test.scope("payment.import"), channel, &path, &Silent).unwrap();
        let id = test.order(cycle);
        let made = export_orders(&test.house, &test.scope("payment.export"), id, &test.outbox(), &Silent);
        Self { order: made.unwrap().path, test, channel, cycle }
    }

    fn order_reply(&self, path: &Path) -> Result<Imported> {
        import_order_replies(
            &self.test.house,
            &self.test.scope("payment.import"),
            self.channel,
            path,
            &Silent,
        )
    }

    fn movements(&self, path: &Path) -> Result<Imported> {
        import_movements(&self.test.house, &self.test.scope("payment.import"), self.channel, path, &Silent)
    }

    /// What the bank says to the order, and what follows.
    fn answers(&self, manners: Manners) -> (Vec<u8>, Vec<u8>) {
        let policy = std::sync::Arc::clone(&self.test.house.policy);
        let mut desk = Desk::new(bank(manners), policy.channel(self.channel).unwrap());
        desk.sequence = 2;
        let reply = desk.answer_orders(&std::fs::read(&self.order).unwrap()).unwrap().0;
        let moves = desk.movements(UNTIL).unwrap().0;
        (reply, moves)
    }

    /// Money that moved so far.
    fn moved(&self) -> (i64, i64, i64) {
        let made = self.test.reconcile(self.cycle);
        assert!(made.sound, "{made:?}");
        (made.topped_up_idr, made.withdrawn_idr, made.returned_idr)
    }
}

fn bank(manners: Manners) -> Bank {
    Bank { seed: 11, today: TODAY, manners }
}

fn code(result: Result<Imported>) -> &'static str {
    match result {
        Err(error @ (Error::Refused { .. } | Error::Columns { .. })) => error.code(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cycle_gives_the_same_books_through_every_format() {
    for db in [TestDb::sqlite as fn() -> TestDb, || TestDb::all().pop().unwrap()] {
        let mut books = BTreeSet::new();
        for channel in ["himbara", "fixed_bank", "iso_bank"] {
            let way = Way::to(db(), channel, 300, Manners { returned: 0.1, ..Manners::USUAL });
            let (reply, moves) = way.answers(Manners { returned: 0.1, ..Manners::USUAL });
            let (reply, moves) = (way.test.bytes("reply", &reply), way.test.bytes("moves", &moves));
            let told = way.order_reply(&reply).unwrap().file.counts;
            assert!(told.taken > 250, "{channel}: {told:?}");
            way.movements(&moves).unwrap();
            let before = way.moved();
            assert!(before.0 > 0 && before.1 > 0 && before.2 > 0, "{channel}: {before:?}");
            books.insert(before);
            let renamed = way.test.bytes("another-name", &std::fs::read(&reply).unwrap());
            assert!(way.order_reply(&renamed).unwrap().again, "the same content under another name");
            assert_eq!(way.moved(), before);
        }
        assert_eq!(books.len(), 1, "{books:?}");
    }
}

#[test]
fn one_word_for_a_whole_order_stands_for_every_line() {
    for db in TestDb::all() {
        let way = Way::to(db, "iso_bank", 30, Manners::HONEST);
        let policy = std::sync::Arc::clone(&way.test.house.policy);
        let mut desk = Desk::new(bank(Manners::HONEST), policy.channel("iso_bank").unwrap());
        desk.brief = true;
        let reply = desk.answer_orders(&std::fs::read(&way.order).unwrap()).unwrap().0;
        let text = String::from_utf8(reply).unwrap();
        assert!(!text.contains("TxInfAndSts"));
        let sum = text.split("<OrgnlCtrlSum>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let other = text.replace(&format!(">{sum}<"), ">1<");
        let spoilt = way.test.file("other.xml", &other);
        assert_eq!(code(way.order_reply(&spoilt)), "payment-refused-status");
        let path = way.test.file("all.xml", &text);
        assert_eq!(way.order_reply(&path).unwrap().file.counts.taken, 30);
        assert_eq!(way.moved().0.to_string(), sum);
        let rejected = text.replace(">ACCC<", ">RJCT<").replace("-S1<", "-S9<");
        let counts = way.order_reply(&way.test.file("late.xml", &rejected)).unwrap().file.counts;
        assert_eq!(
            (counts.taken, counts.refused["not_expected"]),
            (0, 30),
            "what is on a card is not rejected"
        );
    }
}

/// What a file suffers, and what is said of it.
type Spoil = (&'static str, fn(&str) -> String);

#[test]
fn a_file_that_is_not_whole_or_not_in_turn_is_refused_before_a_rupiah_moves() {
    let without_last = |text: &str| {
        let cut = text.trim_end().rfind('\n').unwrap();
        text[..=cut].to_owned()
    };
    let fixed: [Spoil; 10] = [
        ("payment-refused-trailer", without_last),
        ("payment-refused-trailer", |text| text[..text.len() / 2].to_owned()),
        ("payment-refused-after_trailer", |text| format!("{text}D\n")),
        ("payment-refused-rows", |text| {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.remove(2);
            lines.join("\n") + "\n"
        }),
        ("payment-refused-hash", |text| text.replacen("TOPUP", "GAGAL", 1)),
        ("payment-refused-sum", |text| {
            let last = text.lines().last().unwrap();
            let sum = &last[11..29];
            let one_off = format!("{:018}", sum.parse::<i64>().unwrap() + 1);
            text.replace(sum, &one_off)
        }),
        ("payment-refused-channel", |text| text.replacen("fixed_bank  ", "himbara     ", 1)),
        ("payment-refused-batch", |text| text.replacen("SI000001", "SI000077", 1)),
        ("payment-refused-header", |text| text.replacen('H', "X", 1)),
        ("payment-refused-record", |text| text.replacen("\nD", "\nQ", 1)),
    ];
    let pain: [Spoil; 8] = [
        ("payment-refused-trailer", |text| text[..text.len() / 2].rsplit_once('<').unwrap().0.to_owned()),
        ("payment-refused-xml", |text| text.replacen("<TxInfAndSts>", "<TxInfAndStz>", 1)),
        ("payment-refused-xml", |text| {
            text.replacen("<Document", "<!DOCTYPE a [<!ENTITY b \"600000\">]><Document", 1)
        }),
        ("payment-refused-xml", |text| text.replacen("<TxSts>ACCC", "<TxSts>&own;", 1)),
        ("payment-refused-namespace", |text| text.replace("pain.002.001.12", "pain.002.001.03")),
        ("payment-refused-batch", |text| text.replace("SI000001", "SI000077")),
        ("payment-refused-header", |text| text.replace("pain.001.001.09", "pacs.008.001.08")),
        ("payment-refused-status", |text| text.replace(">PART<", ">RJCT<")),
    ];
    for (channel, spoils) in [("fixed_bank", &fixed[..]), ("iso_bank", &pain[..])] {
        let way = Way::to(TestDb::sqlite(), channel, 20, Manners::HONEST);
        let (reply, _) = way.answers(Manners::HONEST);
        let text = String::from_utf8(reply).unwrap();
        for (n, (expected, spoil)) in spoils.iter().enumerate() {
            let path = way.test.file(&format!("spoilt-{n}"), &spoil(&text));
            assert_eq!(code(way.order_reply(&path)), *expected, "{channel} {n}");
            assert_eq!(way.moved(), (0, 0, 0));
        }
        let kept = files(&way.test.house, &way.test.scope("payment.read"), &Page::first(100)).unwrap().items;
        let refused: Vec<&FileView> = kept.iter().filter(|file| file.state == "refused").collect();
        assert_eq!(refused.len(), spoils.len(), "each refused file is kept");
        assert!(refused.iter().all(|file| file.refused.as_ref().is_some_and(|why| why.contains("line"))));
        assert_eq!(way.order_reply(&way.test.file("right", &text)).unwrap().file.counts.taken, 20);
        let other = if channel == "iso_bank" {
            text.replacen("T08:00:00", "T09:00:00", 1)
        } else {
            text.replacen("20261120\n", "20261121\n", 1)
        };
        let other = way.test.file("same-number", &other);
        assert_eq!(code(way.order_reply(&other)), "payment-refused-sequence");
    }
}

#[test]
fn balances_that_do_not_add_up_refuse_a_statement() {
    let way = Way::to(TestDb::sqlite(), "iso_bank", 40, Manners::HONEST);
    let (reply, moves) = way.answers(Manners { returned: 0.3, ..Manners::HONEST });
    way.order_reply(&way.test.bytes("reply", &reply)).unwrap();
    let text = String::from_utf8(moves).unwrap();
    let before = way.moved();
    let spoils: [Spoil; 4] = [
        ("payment-refused-balance", |text| text.replacen(">DBIT<", ">CRDT<", 1)),
        ("payment-refused-balance", |text| {
            let entry = text.split_inclusive("</Ntry>\n").nth(1).unwrap();
            text.replacen(entry, "", 1)
        }),
        ("payment-refused-details", |text| {
            let last = text.rfind("<TxDtls>").unwrap();
            let (head, tail) = text.split_at(last);
            format!("{head}{}", tail.replacen(".00</Amt>", ".50</Amt>", 1))
        }),
        ("payment-refused-balance", |text| text.replace("<Cd>CLBD</Cd>", "<Cd>CLAV</Cd>")),
    ];
    for (n, (expected, spoil)) in spoils.iter().enumerate() {
        let path = way.test.file(&format!("spoilt-{n}"), &spoil(&text));
        assert_eq!(code(way.movements(&path)), *expected, "{n}");
        assert_eq!(way.moved(), before);
    }
    // Balances that hold to the sen, and amounts that are no whole rupiah: those rows alone wait.
    let amount = text.split("<Ntry><Amt Ccy=\"IDR\">").nth(1).unwrap().split('.').next().unwrap();
    let first = text.split_inclusive("</Ntry>\n").next().unwrap();
    let entry = &first[first.find("<Ntry>").unwrap()..];
    let half =
        entry.replace(&format!(">{amount}.00<"), &format!(">{}.50<", amount.parse::<i64>().unwrap() - 1));
    let closing = text.split("<Cd>CLBD</Cd>").nth(1).unwrap();
    let closing = closing.split("IDR\">").nth(1).unwrap().split('<').next().unwrap();
    let value = closing.trim_end_matches(".00").parse::<i64>().unwrap();
    let spoilt =
        text.replacen(entry, &half, 1).replacen(&format!(">{closing}<"), &format!(">{value}.50<"), 1);
    let counts = way.movements(&way.test.file("half", &spoilt)).unwrap().file.counts;
    assert_eq!(counts.refused, BTreeMap::from([("bad_amount".to_owned(), 1)]));
    assert!(counts.taken > 20);
}

#[test]
fn an_amount_that_is_not_digits_goes_to_the_work_list_with_its_row() {
    let test = TestHouse::sqlite();
    let (cycle, rows) = sent(&test, 14);
    let spoil = |n: usize, amount: i64| match n {
        0 => "225.000".to_owned(),
        1 => "\"300,000\"".to_owned(),
        2 => format!("{amount}.00"),
        3 => format!("-{amount}"),
        4 => format!("+{amount}"),
        5 => "300 000".to_owned(),
        6 => "3e5".to_owned(),
        7 => "99999999999999999999".to_owned(),
        8 => "0".to_owned(),
        9 => String::new(),
        10 => format!("Rp{amount}"),
        11 => (amount + 1).to_string(),
        12 => (amount - 1).to_string(),
        _ => amount.to_string(),
    };
    let mut text = String::from("batch,ref,account,amount_idr,result,date,bank_txn\n");
    for (n, row) in rows.iter().enumerate() {
        let bank::Row { batch, reference, account, amount } = row;
        let amount = spoil(n, *amount);
        writeln!(text, "{batch},{reference},{account},{amount},TOPUP,2026-11-20,T{reference}").unwrap();
    }
    let counts = test.import_order(&test.file("reply.csv", &text)).file.counts;
    let expected = [("bad_amount".to_owned(), 11), ("wrong_amount".to_owned(), 2)];
    assert_eq!((counts.taken, counts.refused), (1, BTreeMap::from(expected)));
    let filter = ExceptionFilter { kind: Some(Trouble::BadAmount), ..ExceptionFilter::default() };
    let waiting =
        exceptions(&test.house, &test.scope("payment.read"), &filter, &Page::first(50)).unwrap().items;
    let places: Vec<i64> = waiting.iter().map(|exception| exception.row_no).collect();
    assert_eq!(places, (1..=11).collect::<Vec<i64>>());
    assert_eq!(waiting[0].found, "225.000");
    assert_eq!(test.reconcile(cycle).topped_up_idr, rows[13].amount);
}

#[test]
fn answers_before_the_order_wait_for_it_and_those_to_cancelled_lines_or_of_another_cycle_move_nothing() {
    let test = TestHouse::sqlite();
    let cycle = test.build(6).cycle_id;
    let asked = test.ask(cycle);
    test.answer_checks(&asked, |_| "OK");
    let scope = test.scope("payment.read");
    let lines = line_list(&test.house, &scope, cycle, LineFilter::All, &Page::first(10)).unwrap().items;
    let cancelled = lines[0].line_id;
    let decide = LineDecision::Cancel;
    decide_line(&test.house, &test.scope("payment.build"), model::LineId(cancelled), &decide, "x").unwrap();
    let order = test.order(cycle);
    // Approved and not sent: the money has left the treasury, the bank was told nothing yet.
    let reply = |batch: &str, word: &str| {
        let mut text = String::from("batch,ref,account,amount_idr,result,date,bank_txn\n");
        for line in &lines {
            let (id, amount) = (line.line_id, line.amount_idr);
            writeln!(text, "{batch},{id},9900{id},{amount},{word},2026-11-20,{word}{batch}{id}").unwrap();
        }
        text
    };
    let early = test.import_order(&test.file("early.csv", &reply("SI000001", "TOPUP"))).file.counts;
    assert_eq!((early.taken, early.refused["not_expected"], early.refused["wrong_batch"]), (0, 5, 1));
    let mut back = String::from("ref,account,kind,amount_idr,date,bank_txn\n");
    for line in &lines {
        let (id, amount) = (line.line_id, line.amount_idr);
        writeln!(back, "{id},9900{id},RETUR,{amount},2026-11-20,R{id}").unwrap();
    }
    let early = test.import_movements(&test.file("back.csv", &back)).file.counts;
    assert_eq!((early.taken, early.refused["not_topped_up"]), (0, 6), "nothing comes back that was not sent");
    let made = export_orders(&test.house, &test.scope("payment.export"), order, &test.outbox(), &Silent);
    assert_eq!(bank::read(&made.unwrap().path).len(), 5);
    // What came before the order counts now, but for the line that was never ordered.
    let done = test.reconcile(cycle);
    let ordered = lines[1..].iter().map(|line| line.amount_idr).sum::<i64>();
    assert_eq!((done.topped_up_idr, done.returned_from_card_idr), (ordered, ordered));
    let open = exceptions(&test.house, &scope, &ExceptionFilter::default(), &Page::first(50)).unwrap().items;
    let lines_left: Vec<Option<i64>> = open.iter().map(|row| row.line_id).collect();
    assert_eq!(lines_left, vec![Some(cancelled); 2]);
    let other = test.import_order(&test.file("other.csv", &reply("SI000002", "TOPUP"))).file.counts;
    assert_eq!((other.taken, other.refused["wrong_batch"]), (0, 6));
    // The same top-ups under other numbers are second ones.
    let twice =
        test.import_order(&test.file("right.csv", &reply("SI000001", "TOPUP").replace("TOPUPSI", "LSI")));
    let refused = &twice.file.counts.refused;
    assert_eq!((twice.file.counts.taken, refused["not_expected"], refused["wrong_batch"]), (0, 5, 1));
    assert!(test.reconcile(cycle).sound);
}

#[test]
fn what_goes_out_is_numbered_sealed_and_never_cut() {
    let way = Way::to(TestDb::sqlite(), "himbara", 5, Manners::HONEST);
    let scope = way.test.scope("payment.read");
    let out = |files: Vec<FileView>| -> Vec<Option<String>> {
        let mut out: Vec<FileView> = files.into_iter().filter(|file| file.direction == "out").collect();
        out.sort_by_key(|file| file.file_no);
        out.into_iter().map(|file| file.sequence).collect()
    };
    let kept = files(&way.test.house, &scope, &Page::first(10)).unwrap().items;
    let order = kept.iter().find(|file| file.kind == "order").unwrap().clone();
    assert_eq!(out(kept), [Some("1".to_owned()), Some("2".to_owned())]);
    let seal = std::fs::read(crate::wire::sidecar(&way.order)).unwrap();
    let seal: serde_json::Value = serde_json::from_slice(&seal).unwrap();
    assert_eq!(seal["hash"].as_str(), order.hash.as_deref());
    assert_eq!((seal["rows"].as_i64(), seal["sum_idr"].as_i64()), (Some(5), order.sum_idr));
    assert_eq!((seal["sequence"].as_i64(), seal["batch"].as_str()), (Some(2), Some("SI000001")));
    let policy = std::sync::Arc::clone(&way.test.house.policy);
    let layout = policy.channel("fixed_bank").unwrap().file("order").unwrap();
    let mut file = crate::wire::Outgoing::create(&way.test.outbox(), "long.txt", layout).unwrap();
    let long_name = "N".repeat(90);
    file.row(["", "17", "990", &long_name, "600000"].into_iter()).unwrap();
    let long = file.row(["", "18", "990000000000000000000000", "NAMA", "600000"].into_iter());
    let said = long.unwrap_err().to_string();
    assert!(said.contains("line 18") && said.contains("account"), "{said}");
    let left = std::fs::read_dir(way.test.outbox()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("long")), "nothing stays behind");
}

/// A seeded sample of spoilt replies through a house: the books never say more than the whole reply.
#[test]
fn a_spoilt_reply_never_reaches_the_books() {
    let way = Way::to(TestDb::sqlite(), "fixed_bank", 200, Manners::HONEST);
    let (reply, _) = way.answers(Manners::HONEST);
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut dice = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    for n in 0..200 {
        let mut spoilt = reply.clone();
        let at = dice(spoilt.len());
        match dice(4) {
            0 => spoilt[at] ^= 1 << dice(8),
            1 => drop(spoilt.remove(at)),
            2 => spoilt.insert(at, spoilt[at]),
            _ => spoilt.truncate(at),
        }
        let path = way.test.bytes(&format!("spoilt-{n}"), &spoilt);
        match way.order_reply(&path) {
            Err(Error::Refused { .. }) => {}
            other => panic!("byte {at}: {other:?}"),
        }
    }
    assert_eq!(way.moved(), (0, 0, 0));
    assert_eq!(way.order_reply(&way.test.bytes("right", &reply)).unwrap().file.counts.taken, 200);
}

/// A layout of two free texts and a number, in one of the formats of records.
fn plain_layout(fixed: bool, delimiter: u8, quote: u8, encoding: &str) -> policy::ChannelFile {
    static PACK: std::sync::LazyLock<Policy> = std::sync::LazyLock::new(|| Policy::embedded().unwrap());
    let mut layout = PACK.channel("fixed_bank").unwrap().file("order").unwrap().clone();
    layout.columns.retain(|column| matches!(column.field.as_str(), "" | "account" | "name" | "amount_idr"));
    for column in &mut layout.columns {
        (column.width, column.cut) = (if column.value.is_some() { 1 } else { 18 }, false);
    }
    layout.format = if fixed { policy::Format::Fixed } else { policy::Format::Csv };
    (layout.delimiter, layout.quote, layout.encoding) = (delimiter, quote, encoding.to_owned());
    layout
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// What is written is read again as it was, in every layout of records, or it is not written.
    #[test]
    fn what_is_written_is_read_again(
        fixed in any::<bool>(),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        quote in prop::sample::select(vec![b'"', b'\'', 0]),
        encoding in prop::sample::select(vec!["utf-8", "windows-1252"]),
        rows in prop::collection::vec(
            ("[ -~éÜ’\\t]{0,12}", "[!-~éÜ’]([ -~é]{0,9}[!-~])?", 0..i64::MAX / 1_000), 0..8),
    ) {
        let folder = std::env::temp_dir().join(format!("pilar-wire-{}", std::process::id()));
        let layout = plain_layout(fixed, delimiter, quote, encoding);
        let seal = crate::wire::Seal { channel: "fixed_bank".into(), sequence: 1, batch: "B".into(), at_ms: 0 };
        let mut out = crate::wire::Outgoing::create(&folder, "f", &layout).unwrap().sealed(seal);
        let mut kept = Vec::new();
        for (account, name, amount) in &rows {
            let amount = amount.to_string();
            let row = ["", account.trim(), name.as_str(), amount.as_str()];
            let cells = layout.columns.iter().map(|column| match column.field.as_str() {
                "account" => row[1],
                "name" => row[2],
                "amount_idr" => row[3],
                _ => "",
            });
            match out.row(cells) {
                Ok(()) => kept.push((account.trim().to_owned(), name.clone(), amount)),
                // The file is given up as a whole.
                Err(Error::Unfit { .. }) => return Ok(()),
                Err(other) => panic!("{other}"),
            }
        }
        out.finish().unwrap();
        let mut replies = crate::wire::Replies::open(&folder.join("f"), &layout).unwrap();
        let place = |field| replies.place(field).unwrap();
        let places = [place("account"), place("name"), place("amount_idr")];
        let read = replies.next_rows(100).unwrap();
        let read: Vec<_> = read.iter().map(|row| {
            let cells = row.cells.as_ref().unwrap();
            let [account, name, amount] = places.map(|place| cells.get(place).unwrap().to_owned());
            (account, name, amount)
        }).collect();
        std::fs::remove_dir_all(&folder).unwrap();
        prop_assert_eq!(read, kept);
    }
}

#[test]
fn a_seal_beside_the_file_is_believed_and_must_be_there_where_the_layout_says_so() {
    let way = Way::to(TestDb::sqlite(), "himbara", 6, Manners::HONEST);
    let (reply, moves) = way.answers(Manners::HONEST);
    way.order_reply(&way.test.bytes("reply.csv", &reply)).unwrap();
    let seal = |hash: &str, sequence: i64| {
        serde_json::json!({"channel": "himbara", "batch": "SI000001", "sequence": sequence, "hash": hash})
            .to_string()
    };
    let path = way.test.bytes("moves.csv", &moves);
    let right = lake::hash_file(&path).unwrap();
    // A digit of a withdrawal changed on its way: without the seal nobody would know.
    let text = String::from_utf8(moves.clone()).unwrap();
    let changed = way.test.file("changed.csv", &text.replacen("TARIK,3", "TARIK,2", 1));
    assert_ne!(std::fs::read(&changed).unwrap(), moves);
    way.test.file("changed.csv.seal.json", &seal(&right, 1));
    assert_eq!(code(way.movements(&changed)), "payment-refused-hash");
    way.test.file("moves.csv.seal.json", &seal(&right, 1));
    assert_eq!(way.movements(&path).unwrap().file.counts.taken, 6);
    let other = way.test.file("other.csv", &text.replacen("2026-11-2", "2026-12-2", 1));
    let hash = lake::hash_file(&other).unwrap();
    way.test.file("other.csv.seal.json", &seal(&hash, 1));
    assert_eq!(code(way.movements(&other)), "payment-refused-sequence");
    assert!(way.test.reconcile(way.cycle).sound);
}

#[test]
fn every_refusal_has_words_and_a_remedy_in_both_languages() {
    let policy = Policy::embedded().unwrap();
    for refusal in Refusal::ALL {
        let key = format!("galat-{}", refusal.error_code());
        assert_eq!(refusal.error_code(), format!("payment-refused-{}", refusal.code()));
        assert!(policy.words().has(&key) && policy.words().has(&format!("{key}-remedy")), "{key}");
    }
}

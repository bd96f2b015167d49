//! A calendar file (RFC 5545): events of whole days. In: words and days; out: text with CRLF, lines folded at 75 octets, texts escaped.

use jiff::{Timestamp, civil::Date};

/// Octets of a line, without its end.
const LINE_MAX: usize = 75;

/// An event of one whole day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// The same whenever it is taken away.
    pub(crate) uid: String,
    pub(crate) day: Date,
    pub(crate) summary: String,
    pub(crate) place: String,
}

/// The file, as it is at an instant.
pub(crate) fn file(events: &[Event], now: Timestamp) -> String {
    let mut out = String::new();
    for fixed in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Pilar//Kalender//ID", "CALSCALE:GREGORIAN"] {
        line(&mut out, fixed);
    }
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let date = |day: Date| day.strftime("%Y%m%d").to_string();
    for event in events {
        line(&mut out, "BEGIN:VEVENT");
        line(&mut out, &format!("UID:{}", escaped(&event.uid)));
        line(&mut out, &format!("DTSTAMP:{stamp}"));
        line(&mut out, &format!("DTSTART;VALUE=DATE:{}", date(event.day)));
        line(&mut out, &format!("DTEND;VALUE=DATE:{}", date(event.day.tomorrow().unwrap_or(event.day))));
        line(&mut out, &format!("SUMMARY:{}", escaped(&event.summary)));
        if !event.place.is_empty() {
            line(&mut out, &format!("LOCATION:{}", escaped(&event.place)));
        }
        line(&mut out, "TRANSP:TRANSPARENT");
        line(&mut out, "END:VEVENT");
    }
    line(&mut out, "END:VCALENDAR");
    out
}

/// Commas, semicolons, backslashes and ends of lines would end a value; other signs of control have no place in it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\\' | ',' | ';' => out.extend(['\\', sign]),
            '\n' => out.push_str("\\n"),
            sign if sign.is_control() => {}
            sign => out.push(sign),
        }
    }
    out
}

/// One line of content; what is longer goes on after an end of line and a blank, never within a character.
fn line(out: &mut String, content: &str) {
    let mut octets = 0;
    for sign in content.chars() {
        if octets + sign.len_utf8() > LINE_MAX {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(sign);
        octets += sign.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// A reader of its own: octet by octet, as the standard says it, without a word of the writer.
    fn read(file: &[u8]) -> Vec<Vec<(String, String)>> {
        let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
        let mut at = 0;
        while at < file.len() {
            match &file[at..] {
                [b'\r', b'\n', b' ', ..] => at += 3,
                [b'\r', b'\n', ..] => {
                    lines.push(Vec::new());
                    at += 2;
                }
                [octet, ..] => {
                    assert!(*octet >= b' ', "a bare sign of control");
                    lines.last_mut().unwrap().push(*octet);
                    at += 1;
                }
                [] => break,
            }
        }
        assert_eq!(lines.pop(), Some(Vec::new()), "the last line ends");
        let mut events = Vec::new();
        for line in lines {
            let line = String::from_utf8(line).unwrap();
            let (name, value) = line.split_once(':').unwrap();
            let mut plain = String::new();
            let mut signs = value.chars();
            while let Some(sign) = signs.next() {
                assert!(!matches!(sign, ',' | ';'), "it would end the value");
                plain.push(match (sign, if sign == '\\' { signs.next() } else { None }) {
                    ('\\', Some('n')) => '\n',
                    ('\\', Some(other @ ('\\' | ',' | ';'))) => other,
                    ('\\', other) => panic!("no such escape: {other:?}"),
                    (sign, _) => sign,
                });
            }
            if line == "BEGIN:VEVENT" {
                events.push(Vec::new());
            } else if let Some(event) = events.last_mut() {
                event.push((name.to_owned(), plain));
            }
        }
        events
    }

    proptest! {
        /// No line is longer than 75 octets, none is broken within a character, and what is read back is what was written.
        #[test]
        fn what_is_written_is_read_back(
            texts in prop::collection::vec(("[a-z0-9-]{1,20}", "[ -~éß漢🙂\n]{0,200}", "[ -~é漢]{0,90}"), 0..6),
        ) {
            let events: Vec<Event> = texts
                .into_iter()
                .map(|(uid, summary, place)| Event { uid, day: date(2026, 12, 31), summary, place })
                .collect();
            let written = file(&events, Timestamp::UNIX_EPOCH);
            for line in written.split("\r\n") {
                prop_assert!(line.len() <= 75 && !line.contains(['\r', '\n']));
            }
            let back = read(written.as_bytes());
            prop_assert_eq!(back.len(), events.len());
            for (event, lines) in events.iter().zip(&back) {
                let one = |name: &str| {
                    lines.iter().find(|(key, _)| key == name).map_or(String::new(), |(_, value)| value.clone())
                };
                prop_assert_eq!(&one("UID"), &event.uid);
                prop_assert_eq!(&one("SUMMARY"), &event.summary);
                prop_assert_eq!(&one("LOCATION"), &event.place);
                prop_assert_eq!(one("DTSTART;VALUE=DATE"), "20261231");
                prop_assert_eq!(one("DTEND;VALUE=DATE"), "20270101");
                prop_assert_eq!(one("DTSTAMP"), "19700101T000000Z");
            }
        }
    }
}

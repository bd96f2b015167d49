//! `pilar snap-bank`: the invented bank of `synth` behind a port of this machine, for rehearsals of a whole cycle over real connections. It
//! knows the accounts that our own account-check files name, because in life they are the bank's. It listens on the loopback only.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use model::Clock;
use serde_json::json;
use synth::snap::{Partner, SnapBank as Bank, SnapCall, SnapManners, SnapReply, Standing};

use super::{Answer, snap};
use crate::{
    cli::{Place, SnapBank},
    house::{self, SystemClock},
};

/// Connections at once.
const CONNECTIONS_MAX: usize = 64;
/// Largest request, head and body each.
const BYTES_MAX: u64 = 64 * 1_024;
/// How long a token holds, seconds; short, so that one ends within a session.
const TOKEN_S: i64 = 120;

/// The bank, and the files of accounts that it has read.
struct Counter {
    bank: Bank,
    folder: PathBuf,
    read: BTreeSet<PathBuf>,
}

pub(crate) fn run(place: &Place, command: &SnapBank) -> anyhow::Result<()> {
    let policy = house::policy(place)?;
    let api = snap::api_of(&policy, &command.channel)?;
    let (secret, _) = snap::secrets_of(api)?;
    let partner = Partner {
        client_key: snap::variable(&api.variables.client_key)?.trim().to_owned(),
        secret,
        public_key: snap::keys_of(api)?.public().to_vec(),
        partner_id: api.partner_id.clone(),
        channel_id: api.channel_id.clone(),
        source_account: api.source_account.clone(),
        base_path: api.base_path.clone(),
    };
    let manners = if command.bad_day { SnapManners::BAD } else { SnapManners::HONEST };
    let bank = Bank::new(partner, command.seed, manners, TOKEN_S);
    let counter = Mutex::new(Counter { bank, folder: command.accounts.clone(), read: BTreeSet::new() });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, command.port))?;
    let url = format!("http://{}", listener.local_addr()?);
    Answer::of(
        &json!({"url": url}),
        vec![format!("the invented bank listens on {url}; GET /credits counts its credits")],
    )?
    .print(place)?;
    let open = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|threads| {
        for stream in listener.incoming().flatten() {
            use std::sync::atomic::Ordering::SeqCst;
            if open.fetch_add(1, SeqCst) >= CONNECTIONS_MAX {
                open.fetch_sub(1, SeqCst);
                continue;
            }
            let (counter, open) = (&counter, &open);
            threads.spawn(move || {
                // A caller that goes away is no matter.
                let _ = serve(stream, counter);
                open.fetch_sub(1, SeqCst);
            });
        }
    });
    Ok(())
}

fn held(counter: &Mutex<Counter>) -> MutexGuard<'_, Counter> {
    counter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Requests of one connection, until it ends or an answer is lost.
fn serve(stream: TcpStream, counter: &Mutex<Counter>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some((method, path, headers)) = head(&mut reader)? {
        let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0_u64).min(BYTES_MAX);
        let mut body = vec![0; usize::try_from(length).unwrap_or(0)];
        reader.read_exact(&mut body)?;
        if path == "/credits" {
            write(&mut out, 200, "application/json", credits(&held(counter).bank).as_bytes())?;
            continue;
        }
        let call = SnapCall { method: &method, path: &path, headers: &headers, body: &body };
        let reply = held(counter).answer(call);
        if reply.delay_ms > 0 {
            thread::sleep(Duration::from_millis(reply.delay_ms));
        }
        if reply.lost {
            return Ok(());
        }
        write(&mut out, reply.status, reply.content_type, &reply.body)?;
    }
    Ok(())
}

type Head = (String, String, Vec<(String, String)>);

/// The first line and the headers; none at the end of the connection.
fn head(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Head>> {
    let mut first = String::new();
    if reader.by_ref().take(BYTES_MAX).read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split_whitespace();
    let (method, path) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("").to_owned());
    let mut headers = Vec::new();
    while headers.len() < 100 {
        let mut line = String::new();
        reader.by_ref().take(BYTES_MAX).read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(Some((method, path, headers)))
}

fn write(out: &mut TcpStream, status: u16, content_type: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    out.write_all(&[head.as_bytes(), body].concat())
}

/// What the bank credited, for whoever compares.
fn credits(bank: &Bank) -> String {
    let sum: i64 = bank.credits().values().map(|(_, idr)| idr).sum();
    let twice = bank.credits().values().filter(|(times, _)| *times > 1).count();
    json!({
        "accounts": bank.credits().len(), "sum_idr": sum, "more_than_once": twice, "calls": bank.calls(),
        "refusals": bank.refusals(),
    })
    .to_string()
}

impl Counter {
    fn answer(&mut self, call: SnapCall<'_>) -> SnapReply {
        if call.path.contains("account-inquiry") {
            self.learn();
        }
        self.bank.answer(call, SystemClock.now_ms())
    }

    /// Accounts of account-check files that were written since.
    fn learn(&mut self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let named = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("_cek.csv"));
            if named && self.read.insert(path.clone()) {
                self.learn_from(&path);
            }
        }
    }

    fn learn_from(&mut self, path: &Path) {
        let Ok(mut reader) = csv::Reader::from_path(path) else { return };
        let Ok(head) = reader.headers().cloned() else { return };
        let place = |name: &str| head.iter().position(|cell| cell == name);
        let (Some(account), Some(name)) = (place("account"), place("name")) else { return };
        for row in reader.records().flatten() {
            let (Some(account), Some(name)) = (row.get(account), row.get(name)) else { continue };
            // A few accounts in a hundred are closed, dormant, or another person's.
            let draw =
                account.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
                    % 100;
            let (name, standing) = match draw {
                0 => (name, Standing::Closed),
                1 => (name, Standing::Dormant),
                2 => ("ZULKIFLI HAKIM", Standing::Open),
                _ => (name, Standing::Open),
            };
            self.bank.account(account, name, standing);
        }
    }
}

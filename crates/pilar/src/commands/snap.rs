//! `pilar pay snap`: a session with a bank that is called (SNAP BI). Here is the wire: HTTPS by the machine's addresses and keys, which the
//! channel's file names and nothing else holds. What a reply means is decided in `payment`.

use std::{path::Path, thread, time::Duration};

use access::{House, Session};
use payment::snap::{self, Actors, Bank, CallError, Keys, Request, Response, STATEMENT_BYTES_MAX, Task};
use policy::Api;
use serde_json::json;
use ureq::{Agent, Error, Timeout};

use crate::{
    cli::{Place, Snap},
    commands::{Answer, effects, money, with_bar},
    failure::Failure,
    house::data_dir,
    screen::grouped,
};

pub(crate) fn run(place: &Place, house: &House, command: &Snap) -> anyhow::Result<Answer> {
    let api = api_of(&house.policy, &command.channel)?;
    let task = match (command.check, command.transfer, command.status) {
        (true, ..) => Some(Task::Check),
        (_, true, _) => Some(Task::Transfer),
        (.., true) => Some(Task::Status),
        _ => None,
    };
    let session = Session::console(house);
    if task.is_none() && !command.statement {
        return shown(house, &session, command.cycle);
    }
    let (bank, keys) = (Wire::of(api)?, keys_of(api)?);
    let folder = data_dir(place, "pilar-data").join("snap");
    std::fs::create_dir_all(&folder)?;
    let (sending, taking) = (session.scope("payment.export")?, session.scope("payment.import")?);
    let actors = Actors { sending: &sending, taking: &taking };
    let answer = if let Some(task) = task {
        session_of(house, actors, command, task, (&bank, &keys), &folder)?
    } else {
        statement_of(house, actors, command, (&bank, &keys), &folder)?
    };
    effects::carry(house)?;
    Ok(answer)
}

fn session_of(
    house: &House,
    actors: Actors<'_>,
    command: &Snap,
    task: Task,
    bank: (&Wire, &Keys),
    folder: &Path,
) -> anyhow::Result<Answer> {
    let of = (command.channel.as_str(), command.cycle);
    let (wire, keys) = bank;
    let made = with_bar("calls", |bar| {
        snap::run(house, actors, of, task, (wire, keys), (folder, command.wait), bar)
    })
    .map_err(money::refused)?;
    let mut lines = vec![format!(
        "{} calls: {} told, {} without a last word",
        grouped(made.calls),
        grouped(made.told),
        grouped(made.waiting)
    )];
    if let Some(why) = &made.turned_away {
        lines.push(format!("turned away last: {why}"));
    }
    if made.waiting > 0 {
        lines.push(
            "next: the same command again, or --wait SECONDS; transfers are never sent twice".to_owned(),
        );
    }
    Answer::of(&made, lines)
}

fn statement_of(
    house: &House,
    actors: Actors<'_>,
    command: &Snap,
    (bank, keys): (&Wire, &Keys),
    folder: &Path,
) -> anyhow::Result<Answer> {
    let to = command.to.unwrap_or_else(|| house.clock.today());
    let from = command.from.unwrap_or(to);
    let made = with_bar("statement", |bar| {
        snap::statement(house, actors, &command.channel, (from, to), (bank, keys), folder, bar)
    })
    .map_err(money::refused)?;
    let mut lines = vec![format!(
        "{} entries: {} transfers as told, {} movements",
        grouped(made.entries),
        grouped(made.ours),
        grouped(made.movements)
    )];
    lines.extend(
        made.failed.iter().map(|(day, why)| format!("{day}: no statement to believe ({why}); ask again")),
    );
    Answer::of(&made, lines)
}

/// How the calls of a cycle stand.
fn shown(house: &House, session: &Session, cycle: i64) -> anyhow::Result<Answer> {
    let page = snap::api_page(house, &session.scope("payment.read")?, cycle).map_err(money::refused)?;
    let mut lines: Vec<String> = page
        .counts
        .iter()
        .map(|row| {
            format!(
                "{:<12} {:<9} {:<8} {:>12}  {}",
                row.channel,
                row.kind,
                row.state,
                grouped(row.calls.unsigned_abs()),
                row.doubt
            )
        })
        .collect();
    let overdue = page.unclear.iter().filter(|one| one.overdue).count();
    if overdue > 0 {
        lines.push(format!(
            "{overdue} transfers are unclear for longer than the channel allows: ask the bank"
        ));
    }
    Answer::of(&json!({"calls": page}), lines)
}

pub(super) fn api_of<'a>(policy: &'a policy::Policy, key: &str) -> anyhow::Result<&'a Api> {
    let channel =
        policy.channel(key).ok_or_else(|| Failure::input(format!("there is no channel `{key}`")))?;
    channel.api.as_ref().ok_or_else(|| {
        Failure::input(format!(
            "channel `{key}` exchanges files: use `pilar pay export` and `pilar pay import`"
        ))
    })
}

/// What the machine has under a name of the channel's file.
pub(super) fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name)
        .map_err(|_| Failure::not_ready(format!("the variable {name} is not set on this machine")))
}

/// The client secret's bytes and the private key's text.
pub(super) fn secrets_of(api: &Api) -> anyhow::Result<(Vec<u8>, String)> {
    let read = |name: &str| {
        let path = variable(name)?;
        std::fs::read(&path).map_err(|error| {
            Failure::not_ready(format!("the file that {name} names cannot be read: {error}"))
        })
    };
    let secret = read(&api.variables.secret_file)?.trim_ascii().to_vec();
    let private = String::from_utf8(read(&api.variables.private_key_file)?)
        .map_err(|_| Failure::not_ready("the private key is no text"))?;
    Ok((secret, private))
}

pub(super) fn keys_of(api: &Api) -> anyhow::Result<Keys> {
    let (secret, private) = secrets_of(api)?;
    let client = variable(&api.variables.client_key)?;
    Keys::new(client.trim(), &secret, &private).map_err(|error| Failure::not_ready(error.to_string()))
}

/// The line to a bank.
struct Wire {
    agent: Agent,
    base: String,
}

impl Wire {
    fn of(api: &Api) -> anyhow::Result<Self> {
        let base = variable(&api.variables.url)?.trim().trim_end_matches('/').to_owned();
        let here = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"]
            .iter()
            .any(|host| base.starts_with(host));
        if !here && !base.starts_with("https://") {
            let name = &api.variables.url;
            return Err(Failure::input(format!(
                "{name} must begin with https://; plain http is for this machine only"
            )));
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(10)))
            .max_idle_age(Duration::from_secs(5))
            .user_agent("pilar");
        if here {
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().into(), base })
    }
}

impl Bank for Wire {
    fn call(&self, request: &Request) -> Result<Response, CallError> {
        let mut post = self.agent.post(format!("{}{}", self.base, request.path));
        for (name, value) in &request.headers {
            post = post.header(*name, value.as_str());
        }
        let within = Some(Duration::from_secs(u64::from(request.timeout_s)));
        let post = post.config().timeout_global(within).build();
        let mut reply = post.send(request.body.as_str()).map_err(|error| unsent(&error))?;
        let content_type = reply.headers().get("content-type").and_then(|value| value.to_str().ok());
        let (status, content_type) = (reply.status().as_u16(), content_type.unwrap_or("").to_owned());
        let body = reply.body_mut().with_config().limit(STATEMENT_BYTES_MAX as u64 + 1).read_to_vec();
        // The status alone is no answer: what follows from it is asked about.
        Ok(Response { status, content_type, body: body.map_err(|_| CallError::Unknown)? })
    }

    fn pause(&self, ms: u64) {
        thread::sleep(Duration::from_millis(ms));
    }
}

/// Only what fails before the first byte of the request certainly did not reach the bank.
fn unsent(error: &Error) -> CallError {
    let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    match error {
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::BadUri(_)
        | Error::RequireHttpsOnly(_)
        | Error::InvalidProxyUrl
        | Error::ConnectProxyFailed(_)
        | Error::Timeout(Timeout::Resolve | Timeout::Connect) => CallError::NotSent,
        Error::Io(error) if refused(error) => CallError::NotSent,
        _ => CallError::Unknown,
    }
}

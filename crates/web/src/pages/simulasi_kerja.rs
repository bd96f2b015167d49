//! A simulation that takes longer than a request: begun by the form, worked at by a thread of this process, told on a page that can be left
//! and opened again. One at a time in a house, whatever process serves it. What came out is a scenario; a process that dies leaves a job
//! that nobody is at, and the page says so.

use std::sync::atomic::{AtomicI64, Ordering};

use access::{House, Scope};
use askama::Template;
use axum::{
    extract::Path,
    http::HeaderMap,
    response::{IntoResponse, Redirect},
};
use model::{Month, Progress};
use store::{Job, JobState, JobView, Lock};
use targeting::{Mark, Outside, Question, Ranks, Wish};

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

const KIND: &str = "simulate";
/// Code of a job whose process ended.
const BROKEN_OFF: &str = "broken-off";
/// Jobs of all kinds among which one at work is looked for.
const RECENT: u32 = 20;
/// Milliseconds between two words on how far it got.
const TOLD_EVERY_MS: i64 = 500;

/// What a form asked for.
pub(crate) struct Ask {
    pub(crate) name: String,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) closing: Month,
    pub(crate) question: Question,
}

/// A simulation at work, or how it ended.
#[derive(Template)]
#[template(path = "simulasi_kerja.html")]
pub(crate) struct JobPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) address: String,
    pub(crate) running: bool,
    pub(crate) stage: String,
    pub(crate) done: i64,
    pub(crate) total: i64,
    pub(crate) started: String,
    /// Why it failed.
    pub(crate) failed: String,
}

/// What other rooms know for a simulation: families with an open case, and the ranks asked for.
///
/// # Errors Those rooms'.
pub fn outside<E>(house: &House, scope: &Scope, question: &Question, closing: Month) -> Result<Outside, E>
where
    E: From<casework::Error> + From<registry::Error>,
{
    let open = casework::families_with_open_case(house, scope)?;
    let day = question.ranks.as_ref().and_then(|day| day.parse().ok());
    let ranks = match day {
        Some(day) => registry::deciles::of_closing(house, scope, day, closing)?
            .map(|(families, deciles)| Ranks { date: day, families, deciles }),
        None => None,
    };
    Ok(Outside { marks: vec![Mark::open_case(&house.policy, open)], ranks })
}

/// Begins the work and answers the address of its page; nothing when another simulation is at work.
pub(crate) async fn begin(visit: &Visit, ask: Ask) -> Result<Option<String>, Fault> {
    let begun = visit
        .ask("policy.read", |house, scope| {
            let Some(turn) = house.db.lock("simulate")? else { return Ok::<_, Fault>(None) };
            let number = house.db.write(|tx| store::next_number(tx, "simulation", 1))?;
            let key = number.to_string();
            let job = Job::start(&house.db, house.clock.as_ref(), KIND, &key)?;
            Ok(job.map(|job| (turn, key, job, house.clone(), scope.clone())))
        })
        .await?;
    let Some((turn, key, job, house, scope)) = begun else { return Ok(None) };
    // A thread of its own: closing the server does not wait for it.
    std::thread::Builder::new()
        .name("simulate".to_owned())
        .spawn(move || work(&house, &scope, job, &ask, turn))
        .map_err(|error| Fault::internal("web-panic", error))?;
    Ok(Some(format!("/simulasi/kerja/{key}")))
}

/// `turn` is given back when all is done.
fn work(house: &House, scope: &Scope, job: Job, ask: &Ask, turn: Lock) {
    let told = Told { house, job: &job, last: AtomicI64::new(0) };
    let made = outside(house, scope, &ask.question, ask.closing).and_then(|outside| {
        let Ask { name, wishes, closing, question } = ask;
        targeting::make_scenario(house, scope, name, wishes, *closing, question, &outside, &told)
            .map_err(Fault::from)
    });
    let ended = match made {
        Ok(scenario) => job.done(house.clock.as_ref(), &scenario.scenario_id.to_string()),
        Err(fault) => job.failed(house.clock.as_ref(), fault.code()),
    };
    if let Err(error) = ended {
        tracing::error!(%error, "the end of a simulation could not be told");
    }
    drop(turn);
}

/// Tells the job how far the work got.
struct Told<'a> {
    house: &'a House,
    job: &'a Job,
    last: AtomicI64,
}

impl Progress for Told<'_> {
    fn report(&self, stage: &str, done: u64, total: u64) {
        let (now, last) = (self.house.clock.now_ms(), self.last.load(Ordering::Relaxed));
        let due = now - last >= TOLD_EVERY_MS;
        if due && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // Nobody is served by an error here: the work goes on.
            self.job.report(self.house.clock.as_ref(), stage, done, total).ok();
        }
    }
}

pub(crate) async fn show(visit: Visit, Path(key): Path<i64>, headers: HeaderMap) -> Answer {
    let view = visit.ask("policy.read", move |house, _| look(house, &key.to_string())).await?;
    let t = visit.t();
    let address = format!("/simulasi/kerja/{key}");
    if view.state == JobState::Done {
        let to = format!("/simulasi/{}", view.message.unwrap_or_default());
        if headers.contains_key("hx-request") {
            return Ok([("hx-redirect", to)].into_response());
        }
        return Ok(Redirect::to(&to).into_response());
    }
    page(&JobPage {
        trail: vec![("/simulasi".into(), t.say("web-sim-title")), (String::new(), t.say("web-sim-job"))],
        address,
        running: view.state == JobState::Running,
        stage: t.code("web-sim-stage", &view.stage),
        done: view.done,
        total: view.total,
        started: t.one("web-sim-started", "when", t.stamp(view.started_at_ms)),
        failed: why(&t, view.message.as_deref().unwrap_or_default()),
        shell: visit.shell(),
        t,
    })
}

/// Address of the page of the simulation that is at work.
pub(crate) async fn at_work(visit: &Visit) -> Result<Option<String>, Fault> {
    let running = |job: &JobView| job.kind == KIND && job.state == JobState::Running;
    let jobs =
        visit.ask("policy.read", |house, _| house.db.read(|tx| store::recent_jobs(tx, RECENT))).await?;
    Ok(jobs.iter().find(|job| running(job)).map(|job| format!("/simulasi/kerja/{}", job.key)))
}

fn look(house: &House, key: &str) -> Result<JobView, Fault> {
    Job::bury(&house.db, house.clock.as_ref(), KIND, key, BROKEN_OFF)?;
    let view = house.db.read(|tx| Job::view(tx, KIND, key))?;
    view.ok_or_else(Fault::not_found)
}

fn why(t: &Tongue, code: &str) -> String {
    if code == BROKEN_OFF {
        return t.say("web-sim-broken-off");
    }
    let key = format!("galat-{code}");
    if t.policy().words().has(&key) { t.say(&key) } else { t.say("web-error-internal") }
}

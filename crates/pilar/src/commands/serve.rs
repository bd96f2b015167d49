//! `pilar serve`: the pages, until Ctrl-C or a termination signal.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use access::House;
use anyhow::Context;
use tokio::signal;
use web::WebOptions;

use crate::{cli::Serve, commands::effects};

pub(crate) fn run(house: &House, command: &Serve) -> anyhow::Result<()> {
    let demo = house.db.read(|tx| store::meta(tx, DEMO))?.is_some();
    let listen = command.listen;
    serve(house, listen, command.secure, demo, || println!("pages: http://{listen}   stop with Ctrl-C"))
}

/// Mark in the database that all people are invented.
pub(crate) const DEMO: &str = "demo";

/// Serves until told to stop; `announce` runs when the address is open.
pub(crate) fn serve(
    house: &House,
    listen: SocketAddr,
    secure: bool,
    demo: bool,
    announce: impl FnOnce(),
) -> anyhow::Result<()> {
    let carrier = Carrier::start(house.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("could not listen on {listen}; is the port taken? choose another"))?;
        announce();
        web::serve(listener, house.clone(), WebOptions { demo, secure }, until_told()).await?;
        Ok::<_, anyhow::Error>(())
    })?;
    carrier.stop();
    Ok(())
}

/// Carries effects between rooms while the pages are open, so that a click in one takes effect in the other within seconds; and lets the
/// clock go over the open cases once a day.
struct Carrier {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

/// How often effects are looked for.
const ROUND: Duration = Duration::from_secs(2);

impl Carrier {
    fn start(house: House) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            // The day on which the clock last went over the open cases.
            let mut swept = None;
            while !told.load(Ordering::Relaxed) {
                if let Err(error) = effects::carry(&house) {
                    tracing::warn!(%error, "effects wait; tried again in the next round");
                }
                let today = house.clock.today();
                if swept != Some(today) {
                    match sweep(&house) {
                        Ok(()) => swept = Some(today),
                        Err(error) => {
                            tracing::warn!(%error, "the clock could not go over the cases; tried again in the next round");
                        }
                    }
                }
                std::thread::park_timeout(ROUND);
            }
        });
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("carrying effects ended in a panic");
        }
    }
}

/// Once a day, and safe to do again: what is told is told once.
fn sweep(house: &House) -> anyhow::Result<()> {
    casework::sweep(house, &access::Session::console(house).scope("case.work")?)?;
    Ok(())
}

async fn until_told() {
    let interrupt = async {
        signal::ctrl_c().await.ok();
    };
    #[cfg(unix)]
    let terminate = async {
        if let Ok(mut stream) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
            stream.recv().await;
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

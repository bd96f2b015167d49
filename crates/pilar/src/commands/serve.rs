//! `pilar serve`: the pages, until Ctrl-C or a termination signal.

use std::net::SocketAddr;

use access::House;
use anyhow::Context;
use tokio::signal;
use web::WebOptions;

use crate::cli::Serve;

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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("could not listen on {listen}; is the port taken? choose another"))?;
        announce();
        web::serve(listener, house.clone(), WebOptions { demo, secure }, until_told()).await?;
        Ok(())
    })
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

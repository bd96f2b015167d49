//! The pages. In: a request of a browser; out: one page in the visitor's language, rendered on the server, that works without
//! script. This room translates and decides nothing: every figure comes from another room's `views`, every right from `access`,
//! every word from the policy pack. Never here: SQL, a rule of the domain, inline script or style, a personal number in full
//! outside the one page that reveals it.
//!
//! To add a page: a file in `pages/` with one context struct, its template, a handler that asks the rooms through
//! `app::App::ask`, a line in [`router`], words in `policy/words/{id,en}/web.ftl`. The browser suite fails until some role
//! reaches its address.

#![allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "templates hand everything over by reference, and call what belongs to a page through it"
)]

mod app;
mod assets;
mod csv;
mod fault;
mod guard;
mod ics;
mod judgement;
mod lang;
mod meter;
mod pages;
mod places;
mod shell;
pub mod ui;
mod visit;

use std::{future::Future, sync::Arc, time::Duration};

use access::House;
use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware};
use tokio::net::TcpListener;
use tower_http::{compression::CompressionLayer, timeout::TimeoutLayer, trace::TraceLayer};

pub use judgement::linkage_file;
pub use lang::Tongue;
pub use pages::{figure_cells, outside};

/// How the pages are served.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebOptions {
    /// All people are invented: every page says so.
    pub demo: bool,
    /// The browser reaches us by https: cookies are marked so and plain http is refused by the browser from then on.
    pub secure: bool,
}

/// The largest request body: forms are small, files of cases have addresses of their own, lists come by the command line.
const BODY_BYTES_MAX: usize = 64 * 1024;
const REQUEST_SECONDS_MAX: Duration = Duration::from_secs(30);
/// Where files come in: room for a few of the largest, and time for a phone at the edge of the network; what drips longer is cut off.
const FILES_AT_ONCE: usize = 3;
const FILES_SECONDS_MAX: Duration = Duration::from_secs(180);

/// All pages of a house.
pub fn router(house: House, options: WebOptions) -> Router {
    let files_bytes_max = usize::try_from(house.policy.settings().files.file_bytes)
        .unwrap_or(usize::MAX)
        .saturating_mul(FILES_AT_ONCE)
        .saturating_add(BODY_BYTES_MAX);
    let app = Arc::new(app::App::new(house, options));
    let bounded = |routes: Router<Arc<app::App>>, bytes_max: usize, seconds_max: Duration| {
        routes
            .layer(DefaultBodyLimit::max(bytes_max))
            .layer(middleware::from_fn_with_state(app.clone(), fault::dress))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, seconds_max))
    };
    let pages = pages::routes().fallback(fault::no_such_page);
    bounded(pages, BODY_BYTES_MAX, REQUEST_SECONDS_MAX)
        .merge(bounded(pages::file_routes(), files_bytes_max, FILES_SECONDS_MAX))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), guard::headers))
        .layer(middleware::from_fn_with_state(app.clone(), meter::measure))
        .layer(TraceLayer::new_for_http().make_span_with(guard::span))
        .layer(middleware::from_fn_with_state(app.clone(), guard::request_id))
        .with_state(app)
}

/// Serves until `shutdown` resolves; requests under way are finished first.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    house: House,
    options: WebOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let app = router(house, options).into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(shutdown).await
}

//! What every handler holds: the house, the options and the meter; and the one way to ask a room something from async code.

use std::sync::Arc;

use access::House;

use crate::{WebOptions, fault::Fault, meter::Meter, places::Places};

/// Shared by all requests.
pub(crate) struct App {
    pub(crate) house: House,
    pub(crate) options: WebOptions,
    pub(crate) meter: Meter,
    pub(crate) places: Arc<Places>,
}

impl App {
    pub(crate) fn new(house: House, options: WebOptions) -> Self {
        Self { house, options, meter: Meter::default(), places: Arc::default() }
    }

    /// Runs blocking work of a room on a thread made for it. A panic there is one failed request, not a dead server.
    pub(crate) async fn ask<T, E>(
        &self,
        work: impl FnOnce(&House) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Fault>
    where
        T: Send + 'static,
        E: Into<Fault> + Send + 'static,
    {
        let house = self.house.clone();
        match tokio::task::spawn_blocking(move || work(&house)).await {
            Ok(answer) => answer.map_err(Into::into),
            Err(error) => Err(Fault::internal("web-panic", error)),
        }
    }
}

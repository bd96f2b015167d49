//! What every handler holds: the house, the options and the meter; and the one way to ask a room something from async code.

use std::{any::Any, sync::Arc};

use access::House;

use crate::{WebOptions, fault::Fault, meter::Meter, places::Places};

/// An answer whose kind the caller knows.
type Answered = Box<dyn Any + Send>;

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
        let work = move |house: &House| -> Answered { Box::new(work(house).map_err(Into::into)) };
        let answer = self.run(Box::new(work)).await?;
        match answer.downcast::<Result<T, Fault>>() {
            Ok(answer) => *answer,
            Err(_) => Err(Fault::internal("web-panic", "an answer of another kind")),
        }
    }

    // Once for all questions: what a runtime makes of each kind of task is large.
    async fn run(&self, work: Box<dyn FnOnce(&House) -> Answered + Send>) -> Result<Answered, Fault> {
        let house = self.house.clone();
        let done = tokio::task::spawn_blocking(move || work(&house)).await;
        done.map_err(|error| Fault::internal("web-panic", error))
    }
}

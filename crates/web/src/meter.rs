//! What the operator watches: requests by outcome and how long they took, in the text form that Prometheus reads. No personal data.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use axum::{
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::app::App;

/// Upper bounds of the histogram in milliseconds; the last bucket has none.
const BOUNDS_MS: [u64; 8] = [1, 3, 10, 30, 100, 300, 1_000, 10_000];

/// Counters since the start.
#[derive(Default)]
pub(crate) struct Meter {
    by_class: [AtomicU64; 6],
    buckets: [AtomicU64; 9],
    total_us: AtomicU64,
}

impl Meter {
    fn add(&self, status: u16, took_us: u64) {
        let class = usize::from(status / 100).min(5);
        self.by_class[class].fetch_add(1, Relaxed);
        let bucket = BOUNDS_MS.iter().position(|bound| took_us <= bound * 1000).unwrap_or(BOUNDS_MS.len());
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.total_us.fetch_add(took_us, Relaxed);
    }

    fn text(&self) -> String {
        let mut out = String::from("# TYPE pilar_http_requests_total counter\n");
        for (class, count) in self.by_class.iter().enumerate().skip(1) {
            let _ = writeln!(out, "pilar_http_requests_total{{class=\"{class}xx\"}} {}", count.load(Relaxed));
        }
        out.push_str("# TYPE pilar_http_request_seconds histogram\n");
        let mut sum = 0;
        for (i, count) in self.buckets.iter().enumerate() {
            sum += count.load(Relaxed);
            let bound = BOUNDS_MS.get(i).map_or("+Inf".to_owned(), |ms| (*ms as f64 / 1000.0).to_string());
            let _ = writeln!(out, "pilar_http_request_seconds_bucket{{le=\"{bound}\"}} {sum}");
        }
        let seconds = self.total_us.load(Relaxed) as f64 / 1e6;
        let _ =
            writeln!(out, "pilar_http_request_seconds_sum {seconds}\npilar_http_request_seconds_count {sum}");
        out
    }
}

pub(crate) async fn measure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let response = next.run(request).await;
    let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    app.meter.add(response.status().as_u16(), took_us);
    response
}

pub(crate) async fn show(State(app): State<Arc<App>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.meter.text()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up_to_the_count() {
        let meter = Meter::default();
        for (status, took_us) in [(200, 500), (404, 2_000), (500, 60_000_000)] {
            meter.add(status, took_us);
        }
        let text = meter.text();
        assert!(text.contains("bucket{le=\"+Inf\"} 3") && text.contains("seconds_count 3"), "{text}");
        assert!(text.contains("{class=\"4xx\"} 1"));
    }
}

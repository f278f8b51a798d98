//! Counting HTTP requests.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use super::metrics;

/// The metrics of one method and status of a route.
struct AnswerMetrics {
    method: &'static str,
    status: u16,
    answers: Counter,
    seconds: Histogram,
}

thread_local! {
    /// The metrics that a thread has used, by route. Finding them by their labels would cost each request two locks
    /// and five strings.
    static USED: RefCell<HashMap<String, Vec<AnswerMetrics>>> = RefCell::default();
}

impl AnswerMetrics {
    fn find(method: &'static str, route: &str, status: u16) -> Self {
        let labels = [("method", method.to_owned()), ("route", route.to_owned())];
        let seconds = metrics().requests.get_or_create(&labels).clone();
        let [method_label, route_label] = labels;
        let labels = [method_label, route_label, ("code", status.to_string())];
        let answers = metrics().answers.get_or_create(&labels).clone();
        Self { method, status, answers, seconds }
    }
}

/// Counts and times a request by its method, route and answer. The number of routes and methods must be limited,
/// since their metrics are kept for as long as the process lives.
pub fn observe_request(method: &'static str, route: &str, status: u16, took: Duration) {
    USED.with_borrow_mut(|used| {
        // Without a copy of the route, unless it is new.
        let of_route = match used.get_mut(route) {
            Some(known) => known,
            None => used.entry(route.to_owned()).or_default(),
        };
        let place = of_route.iter().position(|used| used.method == method && used.status == status);
        let place = place.unwrap_or_else(|| {
            of_route.push(AnswerMetrics::find(method, route, status));
            of_route.len() - 1
        });
        of_route[place].seconds.observe(took.as_secs_f64());
        of_route[place].answers.inc();
    });
}

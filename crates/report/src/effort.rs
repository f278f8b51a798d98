//! Effort: how long cameras were running.
//!
//! Source: Camtrap DP; R `camtraptor::get_effort`.

use detections::{Dataset, LocalTime};

use crate::period::Period;
use crate::request::Cameras;

/// When a deployment was running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Start of effort on the camera's clock.
    pub start: LocalTime,
    /// End of effort on the camera's clock.
    pub end: LocalTime,
    /// First and last moment at which a record lies inside: a deployment whose start or end is a bare
    /// date takes that day whole.
    pub records: (LocalTime, LocalTime),
}

/// Seconds in a camera-day.
const DAY: f64 = 86_400.0;
const DAY_SECONDS: i64 = 86_400;

impl Span {
    /// Camera-days (fractions too) of this span that fall inside `period`.
    pub fn days_in(&self, period: Period) -> f64 {
        days_between((self.start, self.end), period)
    }

    /// Whether a record at `time` lies inside the deployment.
    pub fn contains(&self, time: LocalTime) -> bool {
        self.records.0 <= time && time <= self.records.1
    }
}

fn days_between((start, end): (LocalTime, LocalTime), period: Period) -> f64 {
    let start = start.max(period.start_time()).seconds();
    let end = end.min(period.end_time()).seconds();
    (end - start).max(0) as f64 / DAY
}

/// The span of each deployment; `None` where it has none: no start, an end before its start, or
/// neither an end nor records.
///
/// A deployment without an end, or with one that is still to come, runs to its last record. A bare
/// date is the middle of the hours that it may mean, since the hour is not known: noon, or earlier
/// where the deployment ended before noon of the same day. So each day on which a record may lie has
/// effort: half a day for the first and the last, as in R `camtrapR::cameraOperation`.
pub fn find_spans(data: &Dataset) -> Vec<Option<Span>> {
    let last = last_records(data);
    let span = |(row, deployment): (usize, &detections::Deployment)| {
        let start = deployment.start?;
        let end = deployment.end.or(last[row])?;
        let is_date = deployment.end.is_some() && deployment.end_is_date;
        let last_second = if is_date { end.plus_seconds(DAY_SECONDS - 1) } else { end };
        (start <= end).then(|| {
            let (begin, finish) = find_effort_span((start, deployment.start_is_date), (end, is_date));
            Span { start: begin, end: finish, records: (start, last_second) }
        })
    };
    data.deployments.iter().enumerate().map(span).collect()
}

/// From when to when a deployment counts as running, for a start and an end that may be dates.
fn find_effort_span(
    (start, start_is_date): (LocalTime, bool),
    (end, end_is_date): (LocalTime, bool),
) -> (LocalTime, LocalTime) {
    let noon = |date: LocalTime| date.plus_seconds(DAY_SECONDS / 2);
    match (start_is_date, end_is_date) {
        // Set up and collected on one day: half of it, around noon.
        (true, true) if start.date() == end.date() => {
            (start.plus_seconds(DAY_SECONDS / 4), start.plus_seconds(DAY_SECONDS * 3 / 4))
        }
        (true, true) => (noon(start), noon(end)),
        // The hours between midnight and the end, or between the start and midnight, halved.
        (true, false) => {
            let before_noon = start.plus_seconds((end.seconds() - start.seconds()) / 2);
            (noon(start).min(before_noon), end)
        }
        (false, true) => {
            let left = end.plus_seconds(DAY_SECONDS).seconds() - start.seconds();
            (start, noon(end).max(start.plus_seconds(left / 2)))
        }
        (false, false) => (start, end),
    }
}

/// When each location was watched: the spans of its deployments.
///
/// Cameras that stand together count once for the time that they share, so the spans of a location
/// are joined, unless cameras are said to be independent of each other.
#[derive(Clone, Debug)]
pub struct WatchedTimes {
    of_locations: Vec<Vec<(LocalTime, LocalTime)>>,
}

impl WatchedTimes {
    /// Of the deployments for which `is_counted` holds, by their row; `locations` has the location
    /// of each.
    pub fn new(
        spans: &[Option<Span>],
        locations: &[u32],
        cameras: Cameras,
        is_counted: impl Fn(usize) -> bool,
    ) -> Self {
        let number = locations.iter().map(|location| *location as usize + 1).max().unwrap_or(0);
        let mut of_locations = vec![Vec::new(); number];
        for (row, (span, location)) in spans.iter().zip(locations).enumerate() {
            if let Some(span) = span.filter(|_| is_counted(row)) {
                of_locations[*location as usize].push((span.start, span.end));
            }
        }
        if cameras == Cameras::Together {
            of_locations.iter_mut().for_each(join_spans);
        }
        Self { of_locations }
    }

    /// Camera-days of each location, by its number, inside `period`.
    pub fn days_in(&self, period: Period) -> Vec<f64> {
        let days = |spans: &Vec<_>| spans.iter().map(|span| days_between(*span, period)).sum();
        self.of_locations.iter().map(days).collect()
    }
}

/// Puts spans in order and joins those that touch.
pub(crate) fn join_spans<T: Ord + Copy>(spans: &mut Vec<(T, T)>) {
    spans.sort_unstable();
    spans.dedup_by(|later, earlier| {
        let touches = later.0 <= earlier.1;
        if touches {
            earlier.1 = earlier.1.max(later.1);
        }
        touches
    });
}

/// Locations at which deployments overlap in time by more than an hour, with the most days that two
/// neighbours share.
pub(crate) fn find_shared_locations(spans: &[Option<Span>], locations: &[u32]) -> Vec<(u32, f64)> {
    let mut all: Vec<(u32, LocalTime, LocalTime)> = spans
        .iter()
        .zip(locations)
        .filter_map(|(span, location)| span.map(|span| (*location, span.start, span.end)))
        .collect();
    all.sort_unstable();
    let mut found: Vec<(u32, f64)> = Vec::new();
    for of_one in all.chunk_by(|a, b| a.0 == b.0) {
        let mut end = of_one[0].2;
        let mut shared = 0;
        for (_, start, until) in &of_one[1..] {
            shared = shared.max(end.min(*until).seconds() - start.seconds());
            end = end.max(*until);
        }
        if shared > 3600 {
            found.push((of_one[0].0, shared as f64 / DAY));
        }
    }
    found
}

/// Time of the last record of each deployment, whatever it shows.
fn last_records(data: &Dataset) -> Vec<Option<LocalTime>> {
    let rows = 0..u32::try_from(data.deployments.len()).unwrap_or(u32::MAX);
    // A record in the future has a wrong clock. One day is allowed, since cameras stand in all time zones.
    let tomorrow = LocalTime::from(jiff::ZonedDateTime::now().datetime()).plus_days(1);
    let possible = |time: Option<LocalTime>| time.filter(|time| *time <= tomorrow);
    let mut last: Vec<Option<LocalTime>> = rows.map(|row| possible(data.media.last_time(row))).collect();
    for (deployment, time) in data.observations.times() {
        let time = possible(time);
        let slot = &mut last[deployment as usize];
        *slot = time.max(*slot);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn span(start: LocalTime, end: LocalTime) -> Span {
        Span { start, end, records: (start, end) }
    }

    #[test]
    fn from_11_april_to_15_november_is_218_days() {
        let [start, end] = [date(2018, 4, 11), date(2018, 11, 15)].map(LocalTime::start_of);
        let span = span(start, end);
        let year = Period { start: date(2018, 1, 1), end: date(2018, 12, 31) };
        assert!((span.days_in(year) - 218.0).abs() < 1e-9);
    }

    fn time_at(day: i8, hour: i8) -> LocalTime {
        LocalTime::from(date(2020, 1, day).at(hour, 0, 0, 0))
    }

    /// Camera-days of each of the first days of January 2020.
    fn days(start: (LocalTime, bool), end: (LocalTime, bool)) -> Vec<f64> {
        let effort = find_effort_span(start, end);
        (1..=3)
            .map(|day| days_between(effort, Period { start: date(2020, 1, day), end: date(2020, 1, day) }))
            .collect()
    }

    #[test]
    fn each_day_on_which_a_record_may_lie_has_effort() {
        let bare = |day| (time_at(day, 0), true);
        let timed = |day, hour| (time_at(day, hour), false);
        assert_eq!(days(bare(1), bare(3)), [0.5, 1.0, 0.5]);
        assert_eq!(days(bare(1), bare(1)), [0.5, 0.0, 0.0], "half of a single day");
        assert_eq!(days(bare(1), timed(1, 12)), [0.25, 0.0, 0.0], "fetched before noon");
        assert_eq!(days(timed(2, 18), bare(2)), [0.0, 0.125, 0.0], "set up after noon");
        assert_eq!(days(timed(1, 18), bare(3)), [0.25, 1.0, 0.5]);
    }

    #[test]
    fn cameras_that_stand_together_count_once() {
        let span = |from, until| Some(span(time_at(from, 0), time_at(until, 0)));
        let spans = [span(1, 11), span(6, 16), span(20, 25), span(1, 31), None];
        let locations = [0, 0, 0, 1, 1];
        let month = Period { start: date(2020, 1, 1), end: date(2020, 1, 31) };
        let effort = |cameras| WatchedTimes::new(&spans, &locations, cameras, |_| true).days_in(month);
        assert_eq!(effort(Cameras::Together), [20.0, 30.0]);
        assert_eq!(effort(Cameras::Independent), [25.0, 30.0]);
        assert_eq!(find_shared_locations(&spans, &locations), [(0, 5.0)]);
    }

    proptest! {
        #[test]
        fn the_buckets_of_a_period_share_its_effort(start in 0_i64..400 * 86_400, days in 0_i64..400) {
            let period = Period { start: date(1970, 2, 3), end: date(1970, 12, 24) };
            let [start, end] = [start, start + days * 86_400 + 7].map(LocalTime::from_seconds);
            let span = span(start, end);
            let whole = span.days_in(period);
            let parts: f64 = period.buckets(crate::GroupBy::Week).iter().map(|b| span.days_in(*b)).sum();
            prop_assert!((whole - parts).abs() < 1e-6);
            prop_assert!((0.0..=325.0).contains(&whole));
        }
    }
}

//! Effort: how long cameras stood ready.
//!
//! Source: Camtrap DP; R `camtraptor::get_effort`.

use detections::{Dataset, LocalTime};

use crate::period::Period;

/// When a deployment was at work.
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
        let start = self.start.max(period.from()).seconds();
        let end = self.end.min(period.until()).seconds();
        (end - start).max(0) as f64 / DAY
    }

    /// Whether a record at `time` lies inside the deployment.
    pub fn contains(&self, time: LocalTime) -> bool {
        self.records.0 <= time && time <= self.records.1
    }
}

/// The span of each deployment; `None` where it has none: no start, an end before its start, or
/// neither an end nor records.
///
/// A deployment without an end, or with one that is still to come, runs to its last record. From date
/// to date effort runs from noon to noon, since nobody knows the hour.
pub fn spans(data: &Dataset) -> Vec<Option<Span>> {
    let last = last_records(data);
    let span = |(row, deployment): (usize, &detections::Deployment)| {
        let start = deployment.start?;
        let end = deployment.end.or(last[row])?;
        let is_date = deployment.end.is_some() && deployment.end_is_date;
        let records = (start, if is_date { end.plus_seconds(DAY_SECONDS - 1) } else { end });
        let noon = |date: LocalTime, is_date: bool| {
            if is_date { date.plus_seconds(DAY_SECONDS / 2) } else { date }
        };
        let begin = noon(start, deployment.start_is_date);
        // A camera that was set up and fetched on one day, or fetched before noon, has no effort.
        let finish = noon(end, is_date).max(begin);
        (start <= end).then_some(Span { start: begin, end: finish, records })
    };
    data.deployments.iter().enumerate().map(span).collect()
}

/// Time of the last record of each deployment, whatever it shows.
fn last_records(data: &Dataset) -> Vec<Option<LocalTime>> {
    let rows = 0..u32::try_from(data.deployments.len()).unwrap_or(u32::MAX);
    // A record that is still to come is one of a wrong clock. A day of grace, since cameras stand in all
    // time zones.
    let tomorrow = LocalTime::from(jiff::ZonedDateTime::now().datetime()).plus_days(1);
    let possible = |time: Option<LocalTime>| time.filter(|time| *time <= tomorrow);
    let mut last: Vec<Option<LocalTime>> = rows.map(|row| possible(data.media.last_of(row))).collect();
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

    fn span(start: i64, end: i64) -> Span {
        let [start, end] = [start, end].map(LocalTime::from_seconds);
        Span { start, end, records: (start, end) }
    }

    #[test]
    fn from_11_april_to_15_november_is_218_days() {
        let [start, end] = [date(2018, 4, 11), date(2018, 11, 15)].map(LocalTime::start_of);
        let span = Span { start, end, records: (start, end) };
        let year = Period { start: date(2018, 1, 1), end: date(2018, 12, 31) };
        assert!((span.days_in(year) - 218.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn the_buckets_of_a_period_share_its_effort(start in 0_i64..400 * 86_400, days in 0_i64..400) {
            let period = Period { start: date(1970, 2, 3), end: date(1970, 12, 24) };
            let span = span(start, start + days * 86_400 + 7);
            let whole = span.days_in(period);
            let parts: f64 = period.buckets(crate::GroupBy::Week).iter().map(|b| span.days_in(*b)).sum();
            prop_assert!((whole - parts).abs() < 1e-6);
            prop_assert!((0.0..=325.0).contains(&whole));
        }
    }
}

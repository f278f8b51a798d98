//! What a careful person would want to know about the data, with ids, so that the rows can be found.

use std::collections::BTreeMap;

use detections::{CameraClock, Consequence, Dataset, Deployment, LocalTime, RowError};

use crate::data::DataNote;
use crate::effort::{self, Span};
use crate::nights::Nights;
use crate::prose::format::{days, format_offset};
use crate::survey::Survey;

/// A camera that records nothing for longer than this may have been dead, days.
const SILENT_DAYS: i64 = 21;
/// Where countries live by UTC, by the whole hour nearest to the sun's time, seconds: from Iceland to
/// Ghana.
const UTC_ZONES: std::ops::RangeInclusive<i32> = -2 * 3600..=0;
/// Coordinates of one location further apart than this, degrees, are a slip.
const SAME_PLACE: f64 = 0.01;

/// The notes of a report, with the ids of those that have some.
#[derive(Default)]
pub(crate) struct Notes {
    pub notes: Vec<DataNote>,
    pub ids: BTreeMap<String, Vec<String>>,
}

impl Notes {
    /// Adds a note about some ids, when there are any.
    fn add(&mut self, ids: Vec<String>, note: impl FnOnce(u64) -> DataNote) {
        if !ids.is_empty() {
            let note = note(ids.len() as u64);
            self.ids.insert(note.kind(), ids);
            self.notes.push(note);
        }
    }

    /// Adds a note about a number of things without ids, when there are any.
    fn add_count(&mut self, number: u64, note: fn(u64) -> DataNote) {
        self.notes.extend((number > 0).then(|| note(number)));
    }
}

pub(crate) fn collect_notes(survey: &Survey<'_>, nights: Option<&Nights>) -> Notes {
    let mut notes = Notes::default();
    note_period(&mut notes, survey);
    note_unreadable_rows(&mut notes, survey.data());
    notes.add_count(survey.excluded.no_timestamp, DataNote::NoTime);
    note_records_outside(&mut notes, survey);
    note_future_records(&mut notes, survey.data());
    note_deployments(&mut notes, survey);
    note_silent_deployments(&mut notes, survey);
    note_malfunctions(&mut notes, survey);
    note_shared_locations(&mut notes, survey);
    note_coordinates(&mut notes, survey.data());
    note_time_zones(&mut notes, survey.data());
    note_likely_utc(&mut notes, survey);
    note_sun(&mut notes, survey, nights);
    notes.add_count(survey.data().below_threshold, DataNote::BelowThreshold);
    note_missing_pictures(&mut notes, survey.data());
    note_remote_media(&mut notes, survey.data());
    notes
}

/// The whole period lies before the first record or after the last.
fn note_period(notes: &mut Notes, survey: &Survey<'_>) {
    let Some((recorded_from, recorded_until)) = survey.data().recorded_days() else { return };
    if survey.period.end < recorded_from || survey.period.start > recorded_until {
        notes.notes.push(DataNote::PeriodOutsideData { recorded_from, recorded_until });
    }
}

fn note_unreadable_rows(notes: &mut Notes, data: &Dataset) {
    let of = |consequence| -> Vec<String> {
        let listed = data.problems.list().iter().filter(|p| p.consequence == consequence);
        let place = |p: &RowError| {
            let cause = p.likely_cause.map_or_else(String::new, |cause| format!("; {cause}"));
            format!("{} {} {} ({}: {}{cause})", p.file, p.unit, p.line, p.column, p.message)
        };
        listed.map(place).collect()
    };
    let rows = data.problems.rows_skipped();
    notes.add(of(Consequence::RowSkipped), |_| DataNote::RowsSkipped(rows));
    let rows: u64 = data.problems.tables().iter().map(|table| table.times_lost).sum();
    notes.add(of(Consequence::TimeLost), |_| DataNote::TimesLost(rows));
    let values = data.problems.values_ignored() - rows;
    notes.add(of(Consequence::ValueIgnored), |_| DataNote::ValuesIgnored(values));
}

fn note_records_outside(notes: &mut Notes, survey: &Survey<'_>) {
    let data = survey.data();
    let mut outside: BTreeMap<u32, usize> = BTreeMap::new();
    for (deployment, time) in data.observations.times() {
        let span = survey.visits.base.spans[deployment as usize];
        if time.is_some_and(|time| !span.is_some_and(|span| span.contains(time))) {
            *outside.entry(deployment).or_default() += 1;
        }
    }
    let observations: usize = outside.values().sum();
    let in_period = survey.excluded.outside_deployment;
    let ids =
        outside.iter().map(|(row, n)| format!("{} ({n})", data.deployments[*row as usize].id)).collect();
    notes.add(ids, |_| DataNote::OutsideDeployment { observations, in_period });
}

fn note_future_records(notes: &mut Notes, data: &Dataset) {
    // A day of grace, since cameras stand in all time zones.
    let tomorrow = LocalTime::from(jiff::ZonedDateTime::now().datetime()).plus_days(1);
    let late = (0..)
        .zip(data.observations.times())
        .filter(|(_, (_, time))| time.is_some_and(|time| time > tomorrow));
    let ids = late.map(|(row, _)| data.observations.get(row).id.to_owned()).collect();
    notes.add(ids, DataNote::InTheFuture);
}

/// The deployment and time of everything that says that a camera was working.
fn list_signs(data: &Dataset) -> impl Iterator<Item = (u32, Option<LocalTime>)> {
    let worked =
        data.outside_selection.working_times.iter().map(|(deployment, time)| (*deployment, Some(*time)));
    data.observations.times().chain(worked)
}

/// Deployments with something to be said of their span, among those that touch the period.
fn note_deployments(notes: &mut Notes, survey: &Survey<'_>) {
    let data = survey.data();
    let mut recorded = vec![false; data.deployments.len()];
    for (deployment, _) in list_signs(data) {
        recorded[deployment as usize] = true;
    }
    let add = |notes: &mut Notes, note: fn(u64) -> DataNote, is_such: &dyn Fn(usize, &Deployment) -> bool| {
        let such = data.deployments.iter().enumerate().filter(|(row, deployment)| is_such(*row, deployment));
        notes.add(such.map(|(_, deployment)| deployment.id.clone()).collect(), note);
    };
    let begins_in_time =
        |deployment: &Deployment| deployment.start.is_some_and(|start| start < survey.period.end_time());
    let is_endless = |deployment: &Deployment| {
        deployment.end.is_none() && deployment.future_end.is_none() && begins_in_time(deployment)
    };
    add(notes, DataNote::NoStart, &|_, deployment| deployment.start.is_none());
    add(notes, DataNote::EndsBeforeStart, &|_, deployment| deployment.ends_before_it_starts());
    let in_time = data.deployments.iter().filter(|deployment| begins_in_time(deployment));
    let future = in_time
        .filter_map(|deployment| Some(format!("{} ({})", deployment.id, deployment.future_end?.date())));
    notes.add(future.collect(), DataNote::FutureEnd);
    add(notes, DataNote::TimestampIssues, &|_, deployment| deployment.has_timestamp_issues);
    add(notes, DataNote::NoEnd, &|row, deployment| is_endless(deployment) && recorded[row]);
    add(notes, DataNote::NoEndNoRecords, &|row, deployment| is_endless(deployment) && !recorded[row]);
    add(notes, DataNote::NoRecords, &|row, _| !recorded[row] && survey.effort[row] > 0.0);
}

/// Deployments that recorded nothing, not even a blank, for a long stretch inside the period.
fn note_silent_deployments(notes: &mut Notes, survey: &Survey<'_>) {
    let data = survey.data();
    let mut recorded = vec![0; data.deployments.len()];
    for (deployment, time) in list_signs(data) {
        recorded[deployment as usize] += usize::from(time.is_some());
    }
    let mut marks: Vec<Vec<LocalTime>> = recorded.iter().map(|number| Vec::with_capacity(*number)).collect();
    let period = survey.period.start_time()..survey.period.end_time();
    for (deployment, time) in list_signs(data) {
        marks[deployment as usize].extend(time.filter(|time| period.contains(time)));
    }
    let mut stretches: Vec<(i64, String)> = Vec::new();
    for (row, mut times) in marks.into_iter().enumerate() {
        let is_running = survey.effort[row] > 0.0 && recorded[row] > 0;
        let Some(span) = survey.visits.base.spans[row].filter(|_| is_running) else { continue };
        times.sort_unstable();
        if let Some((days, from)) = find_longest_silence(span, &times, survey) {
            let id = &data.deployments[row].id;
            stretches.push((days, format!("{id} ({days} days from {})", from.date())));
        }
    }
    stretches.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    notes.add(stretches.into_iter().map(|(_, id)| id).collect(), |deployments| DataNote::Silent {
        deployments,
        days: SILENT_DAYS,
    });
}

/// Deployments of the period of which the source says that the camera did not work.
fn note_malfunctions(notes: &mut Notes, survey: &Survey<'_>) {
    let deployments = survey.data().deployments.iter().zip(&survey.effort);
    let failed = deployments.filter(|(_, days)| **days > 0.0).filter_map(|(deployment, _)| {
        Some(format!("{} ({})", deployment.id, deployment.malfunction.as_ref()?))
    });
    notes.add(failed.collect(), DataNote::CameraMalfunction);
}

/// Locations with several cameras at a time.
fn note_shared_locations(notes: &mut Notes, survey: &Survey<'_>) {
    let base = survey.visits.base;
    let mut shared = effort::find_shared_locations(&base.spans, &base.locations);
    shared.retain(|(location, _)| survey.effort_by_location[*location as usize] > 0.0);
    let name = |(location, most): (u32, f64)| {
        format!("{} (up to {} days)", survey.data().locations[location as usize].name, days(most))
    };
    notes.add(shared.into_iter().map(name).collect(), DataNote::CamerasTogether);
}

fn find_longest_silence(span: Span, times: &[LocalTime], survey: &Survey<'_>) -> Option<(i64, LocalTime)> {
    let period = survey.period;
    let (from, until) = (span.start.max(period.start_time()), span.end.min(period.end_time()));
    let inside = times.iter().copied().filter(|time| (from..=until).contains(time));
    let marks: Vec<LocalTime> = std::iter::once(from).chain(inside).chain([until]).collect();
    marks
        .windows(2)
        .map(|pair| ((pair[1].seconds() - pair[0].seconds()) / 86_400, pair[0]))
        .filter(|(days, _)| *days > SILENT_DAYS)
        .max_by_key(|(days, _)| *days)
}

fn note_coordinates(notes: &mut Notes, data: &Dataset) {
    let position = |deployment: &Deployment| (deployment.latitude, deployment.longitude);
    let is_apart = |deployment: &&Deployment| {
        let location = &data.locations[deployment.location as usize];
        let far = |a: Option<f64>, b: Option<f64>| a.zip(b).is_some_and(|(a, b)| (a - b).abs() > SAME_PLACE);
        let there = data.deployments.iter().filter(|other| other.location == deployment.location);
        // Held against the most frequent position, so that the odd one out is named.
        let usual = find_most_common(there.map(position)).unwrap_or((location.latitude, location.longitude));
        far(deployment.latitude, usual.0) || far(deployment.longitude, usual.1)
    };
    let ids = data.deployments.iter().filter(is_apart).map(|deployment| deployment.id.clone()).collect();
    notes.add(ids, |deployments| DataNote::CoordinatesDiffer { deployments, degrees: SAME_PLACE });
}

fn find_most_common<T: PartialEq + Copy>(items: impl Iterator<Item = T>) -> Option<T> {
    let items: Vec<T> = items.collect();
    items.iter().copied().max_by_key(|item| items.iter().filter(|other| *other == item).count())
}

fn note_time_zones(notes: &mut Notes, data: &Dataset) {
    if data.offsets_written.len() > 1 {
        let ids = data.offsets_written.iter().map(|seconds| format_offset(*seconds)).collect();
        notes.add(ids, DataNote::MixedTimeZones);
    }
    notes.add_count(data.clock_unknown, DataNote::ClockUnknown);
}

/// All clocks are on UTC where it is not the local time: programs that read and write a package again lose the
/// cameras' own offset (<https://github.com/inbo/camtraptor/issues/188>).
fn note_likely_utc(notes: &mut Notes, survey: &Survey<'_>) {
    let is_utc = survey.data().offsets_written == [0]
        && survey.data().deployments.iter().any(|deployment| deployment.clock == CameraClock::Offset(0));
    let offset = survey.visits.base.likely_offset.filter(|seconds| is_utc && !UTC_ZONES.contains(seconds));
    notes.notes.extend(offset.map(DataNote::LikelyUtc));
}

/// Why day and night are not known, or may be wrong.
fn note_sun(notes: &mut Notes, survey: &Survey<'_>, nights: Option<&Nights>) {
    let Some(nights) = nights else { return };
    notes.add(nights.without_coordinates.clone(), DataNote::NoCoordinates);
    let offset = survey.visits.base.likely_offset.filter(|_| nights.clock_estimated);
    notes.notes.extend(offset.map(DataNote::ClockEstimated));
}

fn note_missing_pictures(notes: &mut Notes, data: &Dataset) {
    let Some(pictures) = &data.pictures else { return };
    let (listed, without_time) = (pictures.listed, pictures.without_time);
    let missing = listed.saturating_sub(pictures.found);
    if missing > 0 {
        let folder = pictures.folder.display().to_string();
        notes.notes.push(DataNote::PicturesMissing { missing, listed, without_time, folder });
    }
}

fn note_remote_media(notes: &mut Notes, data: &Dataset) {
    let remote = data.media.remote_count();
    if remote > 0 {
        notes.notes.push(DataNote::Remote { remote, media: data.media.len() });
    }
}

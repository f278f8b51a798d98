//! Data notes: what a careful person would want to know about the data, with ids, so that the
//! rows can be found.

use std::collections::BTreeMap;

use detections::{CameraClock, Consequence, Dataset, LocalTime, RowProblem};

use crate::effort::{self, Span};
use crate::hours::Nights;
use crate::prose::{count, list, whole};
use crate::request::Cameras;
use crate::survey::Survey;

/// Ids named in a sentence; all of them are in the JSON.
const NAMED: usize = 8;
/// A camera that records nothing for longer than this may have been dead, days.
const SILENT_DAYS: i64 = 21;
/// Where countries live by UTC, by the whole hour nearest to the sun's time, seconds: from Iceland to
/// Ghana.
const UTC_ZONES: std::ops::RangeInclusive<i32> = -2 * 3600..=0;
/// Coordinates of one location further apart than this, degrees, are a slip.
const SAME_PLACE: f64 = 0.01;

#[derive(Default)]
pub(crate) struct Notes {
    pub sentences: Vec<String>,
    pub ids: BTreeMap<String, Vec<String>>,
}

impl Notes {
    /// Adds a sentence that ends in a list of ids, when there are any.
    fn add(&mut self, key: &str, ids: Vec<String>, sentence: impl FnOnce(usize) -> String) {
        if ids.is_empty() {
            return;
        }
        self.sentences.push(format!("{}: {}.", sentence(ids.len()), list(&ids, NAMED)));
        self.ids.insert(key.into(), ids);
    }
}

pub(crate) fn notes(survey: &Survey<'_>, nights: Option<&Nights>) -> Notes {
    let mut notes = Notes::default();
    period_outside_data(&mut notes, survey);
    unreadable(&mut notes, survey.data());
    without_time(&mut notes, survey);
    outside_deployments(&mut notes, survey);
    in_the_future(&mut notes, survey.data());
    deployments(&mut notes, survey);
    silent(&mut notes, survey);
    malfunctions(&mut notes, survey);
    standing_together(&mut notes, survey);
    coordinates(&mut notes, survey.data());
    zones(&mut notes, survey.data());
    likely_utc(&mut notes, survey);
    sun(&mut notes, survey, nights);
    unsure(&mut notes, survey.data());
    pictures(&mut notes, survey.data());
    remote(&mut notes, survey.data());
    notes
}

/// The whole period lies before the first record or after the last.
fn period_outside_data(notes: &mut Notes, survey: &Survey<'_>) {
    let Some((first, last)) = survey.data().recorded_days() else { return };
    if survey.period.end < first || survey.period.start > last {
        let day = |date: jiff::civil::Date| date.strftime("%-d %B %Y").to_string();
        notes.sentences.push(format!(
            "The period lies outside the data, which run from {} to {}.",
            day(first),
            day(last)
        ));
    }
}

fn unreadable(notes: &mut Notes, data: &Dataset) {
    let of = |consequence| -> Vec<String> {
        let listed = data.problems.listed().iter().filter(|p| p.consequence == consequence);
        let place = |p: &RowProblem| {
            let cause = p.likely_cause.map_or_else(String::new, |cause| format!("; {cause}"));
            format!("{} {} {} ({}: {}{cause})", p.file, p.unit, p.line, p.column, p.message)
        };
        listed.map(place).collect()
    };
    let skipped = data.problems.rows_skipped();
    notes.add("rows_skipped", of(Consequence::RowSkipped), |_| {
        let rows = if skipped == 1 { "row" } else { "rows" };
        format!("{} {rows} of the tables could not be read and were skipped", whole(skipped))
    });
    let times: u64 = data.problems.tables().iter().map(|table| table.times_lost).sum();
    notes.add("times_lost", of(Consequence::TimeLost), |_| {
        let rows = if times == 1 { "row has a time" } else { "rows have times" };
        format!("{} {rows} that could not be read, and so no period", whole(times))
    });
    let ignored = data.problems.values_ignored() - times;
    notes.add("values_ignored", of(Consequence::ValueIgnored), |_| {
        let values = match ignored {
            1 => "value was ignored because it makes no sense where it stands",
            _ => "values were ignored because they make no sense where they stand",
        };
        format!("{} {values}", whole(ignored))
    });
}

fn without_time(notes: &mut Notes, survey: &Survey<'_>) {
    let without = survey.excluded.no_timestamp;
    if without > 0 {
        let observations =
            count(usize::try_from(without).unwrap_or(usize::MAX), "observation has", "observations have");
        notes.sentences.push(format!("{observations} no time, and so no period: not counted."));
    }
}

fn outside_deployments(notes: &mut Notes, survey: &Survey<'_>) {
    let data = survey.data();
    let mut outside: BTreeMap<u32, usize> = BTreeMap::new();
    for (deployment, time) in data.observations.times() {
        let span = survey.visits.base.spans[deployment as usize];
        if time.is_some_and(|time| !span.is_some_and(|span| span.contains(time))) {
            *outside.entry(deployment).or_default() += 1;
        }
    }
    let total: usize = outside.values().sum();
    let inside = survey.excluded.outside_deployment;
    let ids =
        outside.iter().map(|(row, n)| format!("{} ({n})", data.deployments[*row as usize].id)).collect();
    notes.add("outside_deployment", ids, |_| {
        format!(
            "{} before the start or after the end of the deployment, so a camera's clock was probably wrong; {}",
            count(total, "observation of the data set lies", "observations of the data set lie"),
            match inside {
                0 => "none of them shows an animal in this period".into(),
                1 => "1 of them shows an animal in this period and is left out".into(),
                many => format!("{} of them show animals in this period and are left out", whole(many)),
            },
        )
    });
}

fn in_the_future(notes: &mut Notes, data: &Dataset) {
    // A day of grace, since cameras stand in all time zones.
    let tomorrow = LocalTime::from(jiff::ZonedDateTime::now().datetime()).plus_days(1);
    let late = (0..)
        .zip(data.observations.times())
        .filter(|(_, (_, time))| time.is_some_and(|time| time > tomorrow));
    let ids = late.map(|(row, _)| data.observations.get(row).id.to_owned()).collect();
    notes.add("in_the_future", ids, |number| {
        format!("{} a time in the future", count(number, "observation has", "observations have"))
    });
}

/// Deployments with something to be said of their span, among those that touch the period.
fn deployments(notes: &mut Notes, survey: &Survey<'_>) {
    let data = survey.data();
    let mut recorded = vec![false; data.deployments.len()];
    let worked = data.rest.worked.iter().map(|(deployment, _)| *deployment);
    for deployment in data.observations.times().map(|(deployment, _)| deployment).chain(worked) {
        recorded[deployment as usize] = true;
    }
    let ids = |wanted: &dyn Fn(usize) -> bool| -> Vec<String> {
        (0..data.deployments.len())
            .filter(|&row| wanted(row))
            .map(|row| data.deployments[row].id.clone())
            .collect()
    };
    let deployment = |row: usize| &data.deployments[row];
    let begins_in_time =
        |row: usize| deployment(row).start.is_some_and(|start| start < survey.period.until());
    notes.add("no_start", ids(&|row| deployment(row).start.is_none()), |number| {
        format!("{} no start and so no effort", count(number, "deployment has", "deployments have"))
    });
    notes.add("ends_before_start", ids(&|row| deployment(row).ends_before_it_starts()), |number| {
        format!("{} before the start and so no effort", count(number, "deployment ends", "deployments end"))
    });
    let future_end = |row: usize| deployment(row).future_end.filter(|_| begins_in_time(row));
    let future = (0..data.deployments.len())
        .filter_map(|row| Some(format!("{} ({})", deployment(row).id, future_end(row)?.date())))
        .collect();
    notes.add("future_end", future, |number| {
        format!(
            "{} in the future, which cannot be true; the last record is taken for the end",
            count(number, "deployment ends", "deployments end")
        )
    });
    notes.add("timestamp_issues", ids(&|row| deployment(row).has_timestamp_issues), |number| {
        format!(
            "{} timestamp issues according to the data set, so the clock was wrong: counted for rates, left out of \
             times of day, of days and of weeks",
            count(number, "deployment has", "deployments have")
        )
    });
    let endless = |row: usize| {
        deployment(row).end.is_none() && deployment(row).future_end.is_none() && begins_in_time(row)
    };
    notes.add("no_end", ids(&|row| endless(row) && recorded[row]), |number| {
        format!(
            "{} no end; the last record is taken for it",
            count(number, "deployment has", "deployments have")
        )
    });
    notes.add("no_end_no_records", ids(&|row| endless(row) && !recorded[row]), |number| {
        format!(
            "{} neither an end nor records, and so no effort",
            count(number, "deployment has", "deployments have")
        )
    });
    let empty = |row: usize| !recorded[row] && survey.effort[row] > 0.0;
    notes.add("no_records", ids(&|row| empty(row)), |number| {
        format!(
            "{} not a single record; that time counts as effort, as if the camera had worked",
            count(number, "deployment of this period has", "deployments of this period have")
        )
    });
}

/// Deployments that recorded nothing, not even a blank, for a long stretch inside the period.
fn silent(notes: &mut Notes, survey: &Survey<'_>) {
    let data = survey.data();
    let times = || {
        let worked = data.rest.worked.iter().map(|(deployment, time)| (*deployment, Some(*time)));
        data.observations.times().chain(worked)
    };
    let mut recorded = vec![0; data.deployments.len()];
    for (deployment, time) in times() {
        recorded[deployment as usize] += usize::from(time.is_some());
    }
    let mut marks: Vec<Vec<LocalTime>> = recorded.iter().map(|number| Vec::with_capacity(*number)).collect();
    let period = survey.period.from()..survey.period.until();
    for (deployment, time) in times() {
        marks[deployment as usize].extend(time.filter(|time| period.contains(time)));
    }
    let mut stretches: Vec<(i64, String)> = Vec::new();
    for (row, mut times) in marks.into_iter().enumerate() {
        let Some(span) =
            survey.visits.base.spans[row].filter(|_| survey.effort[row] > 0.0 && recorded[row] > 0)
        else {
            continue;
        };
        times.sort_unstable();
        if let Some((days, from)) = longest_silence(span, &times, survey) {
            stretches
                .push((days, format!("{} ({days} days from {})", data.deployments[row].id, from.date())));
        }
    }
    stretches.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    notes.add("silent", stretches.into_iter().map(|(_, id)| id).collect(), |number| {
        format!(
            "{} nothing for more than {SILENT_DAYS} days at a stretch: no animal came, or the camera was not \
             working; all of that time is counted as effort",
            count(number, "deployment recorded", "deployments recorded")
        )
    });
}

/// Deployments of the period of which the source says that the camera did not work.
fn malfunctions(notes: &mut Notes, survey: &Survey<'_>) {
    let ids = survey
        .data()
        .deployments
        .iter()
        .zip(&survey.effort)
        .filter(|(_, days)| **days > 0.0)
        .filter_map(|(deployment, _)| {
            Some(format!("{} ({})", deployment.id, deployment.malfunction.as_ref()?))
        })
        .collect();
    notes.add("camera_malfunction", ids, |number| {
        format!(
            "{} did not work all the time according to the data set; until when is not known, so all of that time \
             counts as effort, and rates may be too low",
            count(number, "camera", "cameras")
        )
    });
}

/// Locations with several cameras at a time.
fn standing_together(notes: &mut Notes, survey: &Survey<'_>) {
    let base = survey.visits.base;
    let ids = effort::standing_together(&base.spans, &base.locations)
        .into_iter()
        .filter(|(location, _)| survey.effort_by_location[*location as usize] > 0.0)
        .map(|(location, days)| {
            format!(
                "{} (up to {} days)",
                survey.data().locations[location as usize].name,
                crate::prose::days(days)
            )
        })
        .collect();
    notes.add("cameras_together", ids, |number| {
        let what = match survey.request().cameras {
            Cameras::Together => {
                "they count once for that time and their events are merged; if they watch different places, use \
                 --cameras independent"
            }
            Cameras::Independent => "each counts for itself, as asked for",
        };
        format!("{} several deployments at a time; {what}", count(number, "location has", "locations have"))
    });
}

fn longest_silence(span: Span, times: &[LocalTime], survey: &Survey<'_>) -> Option<(i64, LocalTime)> {
    let period = survey.period;
    let (from, until) = (span.start.max(period.from()), span.end.min(period.until()));
    let inside = times.iter().copied().filter(|time| (from..=until).contains(time));
    let marks: Vec<LocalTime> = std::iter::once(from).chain(inside).chain([until]).collect();
    marks
        .windows(2)
        .map(|pair| ((pair[1].seconds() - pair[0].seconds()) / 86_400, pair[0]))
        .filter(|(days, _)| *days > SILENT_DAYS)
        .max_by_key(|(days, _)| *days)
}

fn coordinates(notes: &mut Notes, data: &Dataset) {
    let apart = |deployment: &&detections::Deployment| {
        let location = &data.locations[deployment.location as usize];
        let far = |a: Option<f64>, b: Option<f64>| a.zip(b).is_some_and(|(a, b)| (a - b).abs() > SAME_PLACE);
        let of = |row: &detections::Deployment| (row.latitude, row.longitude);
        // Held against the most frequent position, so that the odd one out is named.
        let usual =
            most_common(data.deployments.iter().filter(|d| d.location == deployment.location).map(of))
                .unwrap_or((location.latitude, location.longitude));
        far(deployment.latitude, usual.0) || far(deployment.longitude, usual.1)
    };
    let ids = data.deployments.iter().filter(apart).map(|deployment| deployment.id.clone()).collect();
    notes.add("coordinates_differ", ids, |number| {
        format!(
            "{} more than {SAME_PLACE} degrees away from the other deployments of the same location",
            count(number, "deployment has coordinates", "deployments have coordinates")
        )
    });
}

fn most_common<T: PartialEq + Copy>(items: impl Iterator<Item = T>) -> Option<T> {
    let items: Vec<T> = items.collect();
    items.iter().copied().max_by_key(|item| items.iter().filter(|other| *other == item).count())
}

/// Such as `-07:00`.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
}

fn zones(notes: &mut Notes, data: &Dataset) {
    if data.offsets_written.len() > 1 {
        let ids = data.offsets_written.iter().map(|seconds| offset(*seconds)).collect();
        notes.add("mixed_time_zones", ids, |_| {
            "Times are written with several offsets from UTC; each is shown on the clock of its deployment".into()
        });
    }
    if data.clock_unknown > 0 {
        notes.sentences.push(format!(
            "{} with an offset from UTC belong to deployments whose own clock is not known; their hours are \
             taken as written.",
            count(usize::try_from(data.clock_unknown).unwrap_or(usize::MAX), "time", "times"),
        ));
    }
}

/// All clocks are on UTC where nobody lives by it: programs that read and write a package again lose the
/// cameras' own offset (<https://github.com/inbo/camtraptor/issues/188>).
fn likely_utc(notes: &mut Notes, survey: &Survey<'_>) {
    let is_utc = survey.data().offsets_written == [0]
        && survey.data().deployments.iter().any(|deployment| deployment.clock == CameraClock::Offset(0));
    let Some(seconds) =
        survey.visits.base.likely_offset.filter(|seconds| is_utc && !UTC_ZONES.contains(seconds))
    else {
        return;
    };
    notes.sentences.push(format!(
        "All times are written in UTC, while the longitude of the cameras means clocks around UTC{}: hours, days and \
         months are probably not those of the place. Give the cameras' zone with --time-zone.",
        offset(seconds),
    ));
}

/// Why day and night are not known, or may be wrong.
fn sun(notes: &mut Notes, survey: &Survey<'_>, nights: Option<&Nights>) {
    let Some(nights) = nights else { return };
    notes.add("no_coordinates", nights.without_coordinates.clone(), |number| {
        format!(
            "{} no coordinates, so day and night are not distinguished there",
            count(number, "deployment has", "deployments have")
        )
    });
    if let Some(seconds) = survey.visits.base.likely_offset.filter(|_| nights.clock_estimated) {
        notes.sentences.push(format!(
            "The time zone of the cameras' clocks is not known. For sunrise and sunset it is taken to be UTC{}, from \
             the longitude, which may be wrong by an hour or two; give a time zone to be exact.",
            offset(seconds),
        ));
    }
}

fn unsure(notes: &mut Notes, data: &Dataset) {
    if data.unsure > 0 {
        let boxes = count(usize::try_from(data.unsure).unwrap_or(usize::MAX), "box is", "boxes are");
        notes.sentences.push(format!(
            "{boxes} not counted: the detector's confidence is below the threshold that was used."
        ));
    }
}

/// Pictures that the results of a detector name and that are not there: most results say nothing of time.
fn pictures(notes: &mut Notes, data: &Dataset) {
    let Some(pictures) = &data.pictures else { return };
    let missing = pictures.listed.saturating_sub(pictures.found);
    if missing == 0 {
        return;
    }
    let untimed = usize::try_from(pictures.without_time).unwrap_or(usize::MAX);
    let what_follows = match (pictures.without_time, missing) {
        (0, _) => "but the results say when, so nothing is missing from the numbers".into(),
        (1, 1) => "so it has no time and is not counted".into(),
        (some, all) if some == all => "so they have no time and are not counted".into(),
        _ => format!(
            "of which {}",
            count(untimed, "has no time and is not counted", "have no time and are not counted")
        ),
    };
    notes.sentences.push(format!(
        "{} of {} pictures {} not found in {}, {what_follows}; say where they are with --images.",
        whole(missing),
        whole(pictures.listed),
        if missing == 1 { "was" } else { "were" },
        pictures.folder.display(),
    ));
}

fn remote(notes: &mut Notes, data: &Dataset) {
    let remote = data.media.remote_count();
    if remote > 0 {
        notes.sentences.push(format!(
            "{} of {} {} only on the web and not in the data set. The numbers need no pictures.",
            whole(remote as u64),
            count(data.media.len(), "media file", "media files"),
            if remote == 1 { "is" } else { "are" },
        ));
    }
}

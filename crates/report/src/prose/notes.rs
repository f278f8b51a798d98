//! The sentence of each data note, with the first ids that it is about.

use crate::data::{DataNote, ReportData};
use crate::prose::format::{count, format_day, format_offset, list, plural, whole};
use crate::request::Cameras;

/// Ids named in a sentence; all of them are in the JSON.
const MOST_IDS: usize = 8;

/// The sentences of all notes.
pub(super) fn write_notes(data: &ReportData) -> Vec<String> {
    let sentence = |note: &DataNote| {
        let text = describe(note, data.cameras);
        match data.data_note_ids.get(&note.kind()) {
            Some(ids) => format!("{text}: {}.", list(ids, MOST_IDS)),
            None => format!("{text}."),
        }
    };
    data.notes.iter().map(sentence).collect()
}

/// What a note says, without the ids and the full stop.
fn describe(note: &DataNote, cameras: Cameras) -> String {
    use DataNote as N;
    match note {
        N::PeriodOutsideData { recorded_from, recorded_until } => format!(
            "The period lies outside the data, which run from {} to {}",
            format_day(*recorded_from),
            format_day(*recorded_until)
        ),
        N::OutsideDeployment { observations, in_period } => format!(
            "{} before the start or after the end of the deployment, so a camera's clock was probably wrong; {}",
            count(*observations, "observation of the data set lies", "observations of the data set lie"),
            match in_period {
                0 => "none of them shows an animal in this period".into(),
                1 => "1 of them shows an animal in this period and is left out".into(),
                many => format!("{} of them show animals in this period and are left out", whole(*many)),
            },
        ),
        N::Silent { deployments, days } => format!(
            "{} nothing for more than {days} days at a stretch: no animal came, or the camera was not running; all \
             of that time counts as effort",
            count(*deployments, "deployment recorded", "deployments recorded")
        ),
        N::CamerasTogether(locations) => {
            let what = match cameras {
                Cameras::Together => {
                    "they count once for that time and their events are merged; if they watch different places, use \
                     --cameras independent"
                }
                Cameras::Independent => "each counts separately, as requested",
            };
            format!(
                "{} several deployments at a time; {what}",
                count(*locations, "location has", "locations have")
            )
        }
        N::CoordinatesDiffer { deployments, degrees } => format!(
            "{} more than {degrees} degrees away from the other deployments of the same location",
            count(*deployments, "deployment has coordinates", "deployments have coordinates")
        ),
        N::MixedTimeZones(_) => {
            "Times are written with several offsets from UTC; each is shown on the clock of its deployment"
                .into()
        }
        N::LikelyUtc(offset_seconds) => format!(
            "All times are written in UTC, while the longitude of the cameras means clocks around UTC{}: hours, days \
             and months are probably not those of the place. Give the cameras' zone with --time-zone",
            format_offset(*offset_seconds),
        ),
        N::ClockEstimated(offset_seconds) => format!(
            "The time zone of the cameras' clocks is not known. For sunrise and sunset it is taken to be UTC{}, from \
             the longitude, which may be wrong by an hour or two; give a time zone to be exact",
            format_offset(*offset_seconds),
        ),
        N::PicturesMissing { missing, listed, without_time, folder } => {
            describe_missing(*missing, *listed, *without_time, folder)
        }
        N::Remote { remote, media } => format!(
            "{} of {} {} only on the web and not in the data set. The numbers need no pictures",
            whole(*remote),
            count(*media, "media file", "media files"),
            plural(*remote, "is", "are"),
        ),
        _ => describe_count(note).unwrap_or_default(),
    }
}

/// The notes that say of a number of things what is wrong with them.
fn describe_count(note: &DataNote) -> Option<String> {
    use DataNote as N;
    let (number, text) = match note {
        N::RowsSkipped(n) => (n, "[row|rows] of the tables could not be read and were skipped"),
        N::TimesLost(n) => {
            (n, "[row has a time|rows have times] that could not be read and [belongs|belong] to no period")
        }
        N::ValuesIgnored(n) => (
            n,
            "[value was|values were] ignored because [it makes|they make] no sense where [it stands|they stand]",
        ),
        N::NoTime(n) => (n, "[observation has|observations have] no time and [is|are] not counted"),
        N::InTheFuture(n) => (n, "[observation has|observations have] a time in the future"),
        N::NoStart(n) => (n, "[deployment has|deployments have] no start and so no effort"),
        N::EndsBeforeStart(n) => (n, "[deployment ends|deployments end] before the start and so no effort"),
        N::FutureEnd(n) => {
            let text = "[deployment ends|deployments end] in the future, which cannot be true; the last record counts \
                        as the end";
            (n, text)
        }
        N::TimestampIssues(n) => {
            let text = "[deployment has|deployments have] timestamp issues according to the data set, so the clock was \
                        wrong: counted for rates, left out of times of day, of days and of weeks";
            (n, text)
        }
        N::NoEnd(n) => (n, "[deployment has|deployments have] no end; the last record counts as the end"),
        N::NoEndNoRecords(n) => {
            (n, "[deployment has|deployments have] neither an end nor records, and so no effort")
        }
        N::NoRecords(n) => {
            let text = "[deployment of this period has|deployments of this period have] no records; that time counts \
                        as effort, as if the camera had been running";
            (n, text)
        }
        N::CameraMalfunction(n) => {
            let text = "[camera|cameras] failed at some time, according to the data set; when is not known, so all of \
                        that time counts as effort and rates may be too low";
            (n, text)
        }
        N::ClockUnknown(n) => {
            let text = "[time|times] with an offset from UTC belong to deployments whose own clock is not known; their \
                        hours are taken as written";
            (n, text)
        }
        N::NoCoordinates(n) => (
            n,
            "[deployment has|deployments have] no coordinates, so day and night are not distinguished there",
        ),
        N::BelowThreshold(n) => {
            let text = "[box is|boxes are] not counted: the detector's confidence is below the threshold that was used";
            (n, text)
        }
        _ => return None,
    };
    Some(format!("{} {}", whole(*number), choose_number(text, *number == 1)))
}

/// The singular or the plural of a text in which both stand, as in `[row is|rows are] skipped`.
fn choose_number(text: &str, is_one: bool) -> String {
    let chosen = if is_one { 1 } else { 2 };
    let parts = text.split(['[', '|', ']']).enumerate();
    parts.filter(|(at, _)| [0, chosen].contains(&(at % 3))).map(|(_, part)| part).collect()
}

/// Pictures that the results of a detector name and that are not there: most results say nothing of time.
fn describe_missing(missing: u64, listed: u64, without_time: u64, folder: &str) -> String {
    let what_follows = match (without_time, missing) {
        (0, _) => "but the results say when, so nothing is missing from the numbers".into(),
        (1, 1) => "so it has no time and is not counted".into(),
        (some, all) if some == all => "so they have no time and are not counted".into(),
        _ => format!(
            "of which {}",
            count(without_time, "has no time and is not counted", "have no time and are not counted")
        ),
    };
    format!(
        "{} of {} pictures {} not found in {folder}, {what_follows}; say where they are with --images",
        whole(missing),
        whole(listed),
        plural(missing, "was", "were"),
    )
}

//! From a data set and a request to the numbers of a report.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use detections::{Dataset, Level, UnknownNames};

use crate::activity::activity;
use crate::data::{ActivityRow, BucketRow, ClassRow, LocationRow, PeriodRow, ReportData, SourceRow};
use crate::effort::{self, Span};
use crate::events::{Event, independent};
use crate::insights::insights;
use crate::intervals::{self, Sample};
use crate::methods::methods;
use crate::notes::notes;
use crate::period::{Bucket, GroupBy, Period};
use crate::records::{self, Records};
use crate::request::Request;

/// Why a report cannot be computed: the request asks for what the data set does not have.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ComputeError {
    /// Classes that no observation names.
    #[error(transparent)]
    UnknownClasses(#[from] UnknownNames),
    /// The first day comes after the last.
    #[error("the period starts on {} and ends before that, on {}", .0.start, .0.end)]
    EmptyPeriod(Period),
}

/// What the measures are computed from, gathered once.
pub(crate) struct Survey<'a> {
    pub data: &'a Dataset,
    pub request: &'a Request,
    pub spans: Vec<Option<Span>>,
    pub found: Records,
    pub events: Vec<Event>,
    pub buckets: Vec<Bucket>,
    /// Camera-days of each deployment inside the period.
    pub effort: Vec<f64>,
}

/// Computes the numbers of a report.
pub fn compute(data: &Dataset, request: &Request) -> Result<ReportData, ComputeError> {
    if request.period.end < request.period.start {
        return Err(ComputeError::EmptyPeriod(request.period));
    }
    let wanted = data.classes_named(&request.classifications)?;
    let survey = Survey::new(data, request, &wanted);
    let classes = survey.class_rows();
    let locations = survey.location_rows();
    let notes = notes(&survey);
    Ok(ReportData {
        report_type: request.report_type,
        title: request.title(),
        period: period_row(request.period),
        group_by: request.group_by,
        independence_minutes: request.independence_minutes,
        source: source_row(data),
        include: request.include,
        effort_days: rounded(survey.effort_days(), 4),
        locations_surveyed: locations.len(),
        deployments_active: survey.effort.iter().filter(|days| **days > 0.0).count(),
        events: survey.events.len(),
        individuals: survey.events.iter().map(|event| u64::from(event.group_size)).sum(),
        buckets: survey.bucket_rows(),
        activity: survey.activity_rows(&classes),
        insights: insights(&survey, &classes, locations.len()),
        methods: methods(&survey),
        classes,
        locations,
        overlaps: Vec::new(),
        comparisons: Vec::new(),
        excluded: survey.found.excluded.clone(),
        data_notes: notes.sentences,
        data_note_ids: notes.ids,
    })
}

impl<'a> Survey<'a> {
    fn new(data: &'a Dataset, request: &'a Request, classes: &[u32]) -> Self {
        let spans = effort::spans(data);
        let found = records::collect(data, &spans, request.period, classes);
        let events = independent(&found.records, request.independence_minutes);
        let effort = days_in(&spans, request.period);
        Self {
            data,
            request,
            found,
            events,
            effort,
            spans,
            buckets: request.period.buckets(request.group_by),
        }
    }

    pub fn effort_days(&self) -> f64 {
        self.effort.iter().sum()
    }

    /// Events and effort of each deployment, of the class and the time asked for.
    pub fn samples(&self, class: u32, period: Period) -> Vec<Sample> {
        let mut samples: Vec<Sample> =
            days_in(&self.spans, period).into_iter().map(|effort| Sample { events: 0.0, effort }).collect();
        for event in self.events.iter().filter(|e| e.class == class && period.contains(e.time)) {
            samples[event.deployment as usize].events += 1.0;
        }
        samples
    }

    /// Deployments that worked in the period: the ones that a bootstrap may draw.
    pub fn at_work<T: Copy>(&self, samples: &[T]) -> Vec<T> {
        samples.iter().zip(&self.effort).filter(|(_, days)| **days > 0.0).map(|(sample, _)| *sample).collect()
    }

    fn class_rows(&self) -> Vec<ClassRow> {
        let surveyed = self.surveyed().len();
        let mut by_class: BTreeMap<u32, Vec<&Event>> = BTreeMap::new();
        for event in &self.events {
            by_class.entry(event.class).or_default().push(event);
        }
        let mut records: HashMap<u32, (usize, usize)> = HashMap::new();
        for record in &self.found.records {
            let (all, on_event_level) = records.entry(record.class).or_default();
            *all += 1;
            *on_event_level += usize::from(record.level == Level::Event);
        }
        let mut rows: Vec<ClassRow> = by_class
            .iter()
            .map(|(class, events)| self.class_row(*class, events, records[class], surveyed))
            .collect();
        rows.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.classification.cmp(&b.classification)));
        rows
    }

    fn class_row(&self, class: u32, events: &[&Event], records: (usize, usize), surveyed: usize) -> ClassRow {
        let (records, on_event_level) = records;
        let named = &self.data.classes[class as usize];
        let locations = events.iter().map(|event| event.location).collect::<BTreeSet<_>>().len();
        let rate = intervals::rate(&self.at_work(&self.samples(class, self.request.period)));
        let confidence = self.found.confidence.get(&class);
        ClassRow {
            classification: named.name.clone(),
            vernacular_name: named.vernacular.clone(),
            level: if on_event_level * 2 > records { "event" } else { "media" }.into(),
            events: events.len(),
            individuals: events.iter().map(|event| u64::from(event.group_size)).sum(),
            records,
            rai: per_hundred(events.len(), self.effort_days()),
            rai_low: rate.map(|rate| rounded(rate.low * 100.0, 4)),
            rai_high: rate.map(|rate| rounded(rate.high * 100.0, 4)),
            locations,
            naive_occupancy: (surveyed > 0).then(|| rounded(locations as f64 / surveyed as f64, 4)),
            mean_confidence: confidence.map(|(sum, count)| rounded(sum / f64::from(*count), 4)),
        }
    }

    fn bucket_rows(&self) -> Vec<BucketRow> {
        let mut rows: Vec<BucketRow> = self.buckets.iter().map(|bucket| self.bucket_row(*bucket)).collect();
        for event in &self.events {
            let date = event.time.date();
            let at = self.buckets.partition_point(|bucket| bucket.end < date);
            let class = &self.data.classes[event.class as usize].name;
            *rows[at].events.entry(class.clone()).or_default() += 1;
        }
        rows
    }

    fn bucket_row(&self, bucket: Bucket) -> BucketRow {
        let format = match self.request.group_by {
            GroupBy::Day | GroupBy::Week => "%-d %b %Y",
            GroupBy::Month => "%b %Y",
        };
        BucketRow {
            start: bucket.start,
            end: bucket.end,
            label: bucket.start.strftime(format).to_string(),
            effort_days: rounded(days_in(&self.spans, bucket).iter().sum(), 4),
            events: BTreeMap::new(),
        }
    }

    /// Locations with effort in the period, with their camera-days.
    pub fn surveyed(&self) -> BTreeMap<u32, f64> {
        let mut effort = BTreeMap::new();
        for (deployment, days) in self.data.deployments.iter().zip(&self.effort) {
            if *days > 0.0 {
                *effort.entry(deployment.location).or_default() += days;
            }
        }
        effort
    }

    fn location_rows(&self) -> Vec<LocationRow> {
        let mut seen: HashMap<u32, (usize, BTreeSet<u32>)> = HashMap::new();
        for event in &self.events {
            let (events, classes) = seen.entry(event.location).or_default();
            *events += 1;
            classes.insert(event.class);
        }
        let mut rows: Vec<LocationRow> = self
            .surveyed()
            .into_iter()
            .map(|(location, effort)| {
                let (events, classes) = seen.remove(&location).unwrap_or_default();
                LocationRow {
                    location: self.data.locations[location as usize].name.clone(),
                    effort_days: rounded(effort, 4),
                    events,
                    rai: per_hundred(events, effort),
                    classes: classes.len(),
                }
            })
            .collect();
        rows.sort_by(|a, b| a.location.cmp(&b.location));
        rows
    }

    fn activity_rows(&self, classes: &[ClassRow]) -> Vec<ActivityRow> {
        let mut hours: HashMap<&str, Vec<f64>> = HashMap::new();
        for record in &self.found.records {
            let class = self.data.classes[record.class as usize].name.as_str();
            hours.entry(class).or_default().push(record.time.hour_of_day());
        }
        let row = |class: &ClassRow| {
            let hours = hours.get(class.classification.as_str())?;
            let curve = activity(hours, 1.0)?;
            Some(ActivityRow {
                classification: class.classification.clone(),
                records: hours.len(),
                density: curve.hourly.map(|value| rounded(value, 4)).to_vec(),
                peak_hour: rounded(curve.peak_hour, 1),
            })
        };
        classes.iter().filter_map(row).collect()
    }
}

fn days_in(spans: &[Option<Span>], period: Period) -> Vec<f64> {
    spans.iter().map(|span| span.map_or(0.0, |span| span.days_in(period))).collect()
}

fn per_hundred(events: usize, effort_days: f64) -> Option<f64> {
    (effort_days > 0.0).then(|| rounded(100.0 * events as f64 / effort_days, 4))
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

fn period_row(period: Period) -> PeriodRow {
    PeriodRow { start: period.start, end: period.end, words: period.in_words() }
}

fn source_row(data: &Dataset) -> SourceRow {
    let licence = |licence: &detections::Licence| match &licence.scope {
        Some(scope) => format!("{} ({scope})", licence.name),
        None => licence.name.clone(),
    };
    SourceRow {
        title: data.title.clone(),
        format: data.format.name().into(),
        citation: data.citation.clone(),
        licences: data.licences.iter().map(licence).collect(),
        recorded: data.recorded_days().map(|(start, end)| period_row(Period { start, end })),
    }
}

//! From the body of a request to an export that can be made, or to everything that is wrong with it.

use std::sync::LazyLock;

use archive::ArchiveRequest;
use axum::http::HeaderMap;
use jiff::civil::Date;
use report::{LabelledPeriod, Period, Request};
use serde::de::DeserializeOwned;

use crate::representation::problem::Problem;
use crate::requests::bounded_json::read_object;
use crate::webhook::Webhooks;
use exports::datasets::Datasets;
use exports::export::{Export, ExportRequest};
use exports::requests::{
    self, CALLBACK_URL, Field, FieldError, Reading, check_archive, check_report, resolve_dataset, violations,
};
use exports::source::LookupError;
use exports::templates::Templates;

/// A request that was accepted.
#[derive(Debug)]
pub struct AcceptedRequest {
    pub export: Export,
    /// How many detections an archive goes through.
    pub total: Option<u64>,
    /// Warnings for the client: unknown fields, and the like.
    pub warnings: Vec<String>,
    /// The address that is called when the export has ended.
    pub callback_url: Option<String>,
}

/// Reads requests, and checks them against the data sets and templates of the server.
#[derive(Clone)]
pub struct RequestReader {
    pub datasets: Datasets,
    pub templates: Templates,
    pub webhooks: Webhooks,
    /// The day on which the request came.
    pub today: Date,
    /// Whether an unknown field is an error.
    pub is_strict: bool,
}

static REPORT_FIELDS: LazyLock<Vec<Field>> = LazyLock::new(body_fields::<Request>);
static ARCHIVE_FIELDS: LazyLock<Vec<Field>> = LazyLock::new(body_fields::<ArchiveRequest>);

fn body_fields<T: utoipa::ToSchema>() -> Vec<Field> {
    let mut fields = requests::fields_of::<T>();
    fields.push(requests::callback_field());
    fields
}

/// Whether a client wants unknown fields to be errors: `Prefer: handling=strict` (RFC 7240).
pub fn is_strict(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferences.flat_map(|value| value.split([',', ';'])).any(|preference| {
        let plain: String =
            preference.chars().filter(|letter| !letter.is_whitespace() && *letter != '"').collect();
        plain.eq_ignore_ascii_case("handling=strict")
    })
}

impl RequestReader {
    /// Reads and checks the body of a request for a report.
    pub fn read_report(&self, body: &[u8]) -> Result<AcceptedRequest, Problem> {
        let mut reading = read::<Request>(body, &REPORT_FIELDS)?;
        let callback_url = self.callback_url(&mut reading);
        let name = reading.request.dataset.clone();
        let dataset = resolve_dataset(&mut reading, name.as_deref(), &self.datasets);
        let group_by = take_group_by_error(&mut reading);
        check_report(&mut reading, dataset.map(|(_, source)| source), true).map_err(Problem::from)?;
        if let Some(Err(unknown)) = reading.request.template.as_deref().map(|name| self.templates.find(name))
        {
            reading.add_error("template", unknown);
        }
        let (name, _) = self.finish(&mut reading, dataset)?;
        self.check_dates(&reading.request, group_by.is_none())?;
        let warnings = requests::warnings(&reading, name, &self.datasets);
        let export = Export { dataset: name.into(), request: ExportRequest::Report(reading.request) };
        Ok(AcceptedRequest { export, total: None, warnings, callback_url })
    }

    /// Reads and checks the body of a request for an archive.
    pub fn read_archive(&self, body: &[u8]) -> Result<AcceptedRequest, Problem> {
        let mut reading = read::<ArchiveRequest>(body, &ARCHIVE_FIELDS)?;
        let callback_url = self.callback_url(&mut reading);
        let name = reading.request.dataset.clone();
        let dataset = resolve_dataset(&mut reading, name.as_deref(), &self.datasets);
        check_archive(&mut reading, dataset.map(|(_, source)| source)).map_err(Problem::from)?;
        let (name, source) = self.finish(&mut reading, dataset)?;
        let warnings = requests::warnings(&reading, name, &self.datasets);
        let total = source.count_for(&reading.request).map_err(|fault| match fault {
            LookupError::Database(error) => Problem::from(error),
            LookupError::Unknown(unknown) => Problem::field(422, format!("filter.{}", unknown.what), unknown),
        })?;
        let export = Export { dataset: name.into(), request: ExportRequest::Archive(reading.request) };
        Ok(AcceptedRequest { export, total: Some(total as u64), warnings, callback_url })
    }

    /// The address that is called when the export has ended, if the client gives one.
    fn callback_url<T>(&self, reading: &mut Reading<T>) -> Option<String> {
        let address = reading.get(CALLBACK_URL)?.as_str()?.to_owned();
        if let Err(bad) = self.webhooks.check_address(&address) {
            reading.add_error(CALLBACK_URL, bad);
        }
        Some(address)
    }

    /// The data set, when nothing is wrong with the request.
    fn finish<'a, T, S>(
        &self,
        reading: &mut Reading<T>,
        dataset: Option<(&'a str, &'a S)>,
    ) -> Result<(&'a str, &'a S), Problem> {
        let errors = reading.take_errors(self.is_strict);
        match dataset {
            Some(found) if errors.is_empty() => Ok(found),
            _ => Err(Problem::fields(422, errors)),
        }
    }

    /// The rules for dates, of the report first and then of each compared period.
    fn check_dates(&self, request: &Request, is_group_by: bool) -> Result<(), Problem> {
        let Some((start, end)) = request.start_date.zip(request.end_date) else { return Ok(()) };
        let mut violated = violations(start, end, is_group_by, self.today);
        for (at, period) in request.comparison_periods.iter().map(LabelledPeriod::period).enumerate() {
            let Period { start, end } = period;
            violated.extend(violations(start, end, true, self.today).into_iter().map(|error| FieldError {
                field: format!("comparison_periods[{at}].{}", error.field),
                ..error
            }));
        }
        if violated.is_empty() { Ok(()) } else { Err(Problem::fields(400, violated)) }
    }
}

fn read<T: DeserializeOwned>(body: &[u8], fields: &[Field]) -> Result<Reading<T>, Problem> {
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let (object, unknown) = read_object(body, &names)?;
    Ok(Reading::new(object, fields, unknown))
}

/// A wrong `group_by` violates a rule (VR-003), which is checked after the others.
fn take_group_by_error(reading: &mut Reading<Request>) -> Option<FieldError> {
    let is_text = reading.get("group_by").is_some_and(serde_json::Value::is_string);
    if is_text { reading.take_error("group_by") } else { None }
}

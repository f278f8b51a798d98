//! The errors of the interface, for the OpenAPI description.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Ref, Type};
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::representation::problem::{MEDIA_TYPE, ProblemBody};

fn example(status: u16, title: &str, detail: &str, field: Option<&str>) -> Value {
    let mut example = json!({"type": "about:blank", "title": title, "status": status, "detail": detail});
    if let Some(field) = field {
        example["errors"] = json!([{"field": field, "detail": detail}]);
    }
    example
}

fn response(description: &str, example: Value) -> ResponseBuilder {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemBody::name())))
        .example(Some(example))
        .build();
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content)
}

/// Declares the errors that operations list among their responses.
macro_rules! errors {
    ($($(#[doc = $description:literal])* $name:ident = $status:literal $title:literal, $detail:expr, $field:expr;)*) => {
        $(
            $(#[doc = $description])*
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    let response = response(concat!($($description),*).trim(), example($status, $title, $detail, $field));
                    let response = if matches!($status, 429 | 503) { add_retry_after(response) } else { response };
                    BTreeMap::from([(stringify!($status).to_owned(), response.build().into())])
                }
            }
        )*
    };
}

fn add_retry_after(response: ResponseBuilder) -> ResponseBuilder {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let header = HeaderBuilder::new()
        .schema(Some(seconds))
        .description(Some("Seconds to wait before the next attempt."));
    response.header("Retry-After", header.build())
}

errors! {
    /// The server needs a token, and the request has none or an unknown one.
    NoToken = 401 "Unauthorized", "Send an access token: Authorization: Bearer TOKEN", None;
    /// The role of the token does not allow this, or a link has expired or been changed.
    NotAllowed = 403 "Forbidden", "The link has expired; the status of the export has a new one", None;
    /// There is no such export, or it has expired.
    NoJob = 404 "Not Found", "Job not found or expired", None;
    /// There is no data set with this name.
    NoDataset = 404 "Not Found", "No data set “x”. There are: algar", None;
    /// The body is not JSON, or the dates violate a rule. `detail` is the first violation.
    BrokenRule = 400 "Bad Request", "start_date must be before end_date", Some("start_date");
    /// Fields are missing or wrong, or name something that does not exist.
    WrongShape = 422 "Unprocessable Entity", "report_type is missing", Some("report_type");
    /// Too many exports of this client are waiting.
    TooMany = 429 "Too Many Requests", "Too many of your exports are waiting; try again in 30 seconds, or delete some", None;
    /// The body is larger than 4 MiB.
    TooLong = 413 "Payload Too Large", "The body has more than 4 MiB; request fewer detections, or use a filter", None;
    /// A parameter is wrong.
    WrongParameter = 422 "Unprocessable Entity", "limit must be a number from 1 to 100", Some("limit");
    /// There is no such export, or no such picture in its archive.
    NoPicture = 404 "Not Found", "There is no such picture in the archive", None;
    /// The range begins after the end of the file.
    NotSatisfiable = 416 "Range Not Satisfiable", "The file has 123456 bytes", None;
    /// The server cannot read a file of its own.
    Unreadable = 500 "Internal Server Error", "The file cannot be read on the server; submit the export again", None;
    /// The job store does not answer, or the queue or the disk is full. The request may be repeated later.
    Unavailable = 503 "Service Unavailable", "The job store of the server does not answer; try again in a moment", None;
}

//! The errors of the interface, as its description tells them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Ref, Type};
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use super::problem::{FieldError, MEDIA_TYPE};

/// What is wrong (RFC 9457).
#[derive(ToSchema)]
// It is there to be described; `problem` writes it.
#[allow(dead_code)]
pub struct ProblemBody {
    /// `about:blank`: the title says it all.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The status.
    pub status: u16,
    /// What is wrong, where, and what to do about it.
    pub detail: String,
    /// Everything that is wrong with a request, and the field that each is about.
    #[schema(value_type = Option<Vec<FieldError>>, nullable = false)]
    pub errors: Option<Vec<FieldError>>,
}

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

/// An error that a call may end with.
macro_rules! errors {
    ($($(#[doc = $description:literal])* $name:ident = $status:literal $title:literal, $detail:expr, $field:expr;)*) => {
        $(
            $(#[doc = $description])*
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    let response = response(concat!($($description),*).trim(), example($status, $title, $detail, $field));
                    let response = if matches!($status, 429 | 503) { coming_back(response) } else { response };
                    BTreeMap::from([(stringify!($status).to_owned(), response.build().into())])
                }
            }
        )*
    };
}

/// It may be otherwise in a moment.
fn coming_back(response: ResponseBuilder) -> ResponseBuilder {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let header =
        HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait before another try."));
    response.header("Retry-After", header.build())
}

errors! {
    /// The server asks for tokens, and the request has none that it knows.
    NoToken = 401 "Unauthorized", "A token is needed: send it as Authorization: Bearer TOKEN", None;
    /// The token may not do this, or a link has expired or been changed.
    NotAllowed = 403 "Forbidden", "The link has expired; the status of the export has a new one", None;
    /// There is no such job, or it has expired.
    NoJob = 404 "Not Found", "Job not found or expired", None;
    /// There is no data set of this name.
    NoDataset = 404 "Not Found", "unknown dataset “x”. Known are: algar", None;
    /// The body is not JSON, or a rule for dates is broken. `detail` is the first rule that is.
    BrokenRule = 400 "Bad Request", "start_date must be before end_date", Some("start_date");
    /// The body has the wrong shape, or names something that is not there.
    WrongShape = 422 "Unprocessable Entity", "report_type is missing", Some("report_type");
    /// As many exports of the one who asks wait as may.
    TooMany = 429 "Too Many Requests", "As many of your exports wait as may; wait for some to end, or delete some", None;
    /// The body is longer than 4 MiB.
    TooLong = 413 "Payload Too Large", "The body has more than 4 MiB; ask for fewer detections at once, or for what a filter selects", None;
    /// A parameter is wrong.
    WrongParameter = 422 "Unprocessable Entity", "limit must be a number from 1 to 100", Some("limit");
    /// There is no such job, or no such picture in its archive.
    NoPicture = 404 "Not Found", "There is no such picture in the archive", None;
    /// The range begins after the end of the file.
    NotSatisfiable = 416 "Range Not Satisfiable", "The file has 123456 bytes", None;
    /// The server cannot read a file of its own.
    Unreadable = 500 "Internal Server Error", "The file cannot be read on the server; submit the export again", None;
    /// The job store does not answer, or takes no more exports for now. The request may be sent again.
    Unavailable = 503 "Service Unavailable", "The server's job store does not answer; try again in a moment", None;
}

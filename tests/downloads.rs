//! Downloads: whole, in parts, and without the body.

use reqwest::{Method, Response, StatusCode};

use crate::support::{Home, Server, read_json, season};

struct Report {
    server: Server,
    path: String,
    bytes: Vec<u8>,
}

async fn report() -> Report {
    let server = Home::with_examples().start();
    let (status, bytes) = server.make_file("pdf", &season()).await;
    Report { server, path: status["download_url"].as_str().unwrap().to_owned(), bytes }
}

impl Report {
    async fn get(&self, headers: &[(&str, &str)]) -> Response {
        self.server.get_with(&self.path, headers).await
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

#[tokio::test]
async fn a_file_comes_with_its_type_its_name_and_its_size() {
    let report = report().await;
    let response = report.get(&[]).await;
    assert_eq!(header(&response, "content-type"), "application/pdf");
    assert_eq!(header(&response, "content-length"), report.bytes.len().to_string());
    assert_eq!(header(&response, "accept-ranges"), "bytes");
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    let name = report.path.rsplit('/').next().unwrap();
    assert_eq!(header(&response, "content-disposition"), format!("attachment; filename=\"{name}\""));

    let head = report.server.request(Method::HEAD, &report.path).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(header(&head, "content-length"), report.bytes.len().to_string());
    assert_eq!(header(&head, "etag"), header(&response, "etag"));
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_part_of_a_file_is_that_part() {
    let report = report().await;
    let size = report.bytes.len();
    for (range, first, last) in [
        ("bytes=0-99".to_owned(), 0, 99),
        (format!("bytes={}-", size - 7), size - 7, size - 1),
        ("bytes=-7".to_owned(), size - 7, size - 1),
        (format!("bytes=10-{}", size * 2), 10, size - 1),
    ] {
        let response = report.get(&[("range", &range)]).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(header(&response, "content-range"), format!("bytes {first}-{last}/{size}"));
        assert_eq!(header(&response, "content-length"), (last - first + 1).to_string());
        assert_eq!(response.bytes().await.unwrap(), &report.bytes[first..=last], "{range}");
    }
    let response = report.get(&[("range", &format!("bytes={size}-"))]).await;
    assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&response, "content-range"), format!("bytes */{size}"));
}

#[tokio::test]
async fn a_download_goes_on_only_with_the_same_file() {
    let report = report().await;
    let etag = header(&report.get(&[]).await, "etag").to_owned();
    let same = report.get(&[("range", "bytes=5-9"), ("if-range", &etag)]).await;
    assert_eq!(same.status(), StatusCode::PARTIAL_CONTENT);
    let other = report.get(&[("range", "bytes=5-9"), ("if-range", "\"other\"")]).await;
    assert_eq!(other.status(), StatusCode::OK);
    assert_eq!(other.bytes().await.unwrap().len(), report.bytes.len());
    let known = report.get(&[("if-none-match", &etag)]).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header(&known, "etag"), etag);
}

#[tokio::test]
async fn a_deleted_job_has_no_file_any_more() {
    let report = report().await;
    let job_id = report.path.split('_').nth(1).unwrap();
    assert_eq!(report.server.delete(job_id).await, StatusCode::NO_CONTENT);
    let problem = read_json(report.get(&[]).await, 404).await;
    assert_eq!(problem["detail"], "Job not found or expired");
    assert_eq!(report.server.files(), Vec::<String>::new());
}

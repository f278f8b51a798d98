//! The interface describes itself, and is what it says it is.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testkit::examples;

use crate::browser::Browser;
use crate::support::{Home, Server, tools};

/// With the data sets that the examples of requests are of.
fn server() -> Server {
    let data = |name: &str, path: &str| format!("{name}={}", examples().join(path).display());
    let [algar, heron] = [data("algar", "algar.zip"), data("heron", "camtrap-dp")];
    Home::with_data(&[Path::new(&algar), Path::new(&heron)]).start()
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[tokio::test]
async fn the_description_is_the_one_in_the_repository() {
    let told: Value = server().get("/openapi.json").await.json().await.unwrap();
    let kept: Value =
        serde_json::from_slice(&std::fs::read(root().join("docs/openapi.json")).unwrap()).unwrap();
    assert_eq!(told["openapi"], "3.1.0");
    assert!(
        told == kept,
        "docs/openapi.json is not what the server tells; its unit test says how to renew it"
    );
}

#[tokio::test]
async fn the_examples_of_requests_are_taken() {
    let server = server();
    let description = server.json("/openapi.json").await;
    for (kind, schema) in [("pdf", "ReportBody"), ("zip", "ArchiveBody")] {
        let examples = description["components"]["schemas"][schema]["examples"].as_array().unwrap();
        assert!(!examples.is_empty());
        for example in examples {
            server.make(kind, example).await;
        }
    }
}

/// Sends requests that the description allows and such that it does not, and holds each answer
/// against it.
#[tokio::test]
async fn the_server_is_as_described() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(tools().join("bin/schemathesis"))
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(root().join("tests/tools/schemathesis.toml"))
        .args(["run", "--no-color"])
        .arg(format!("{}/openapi.json", server.url))
        .output()
        .expect("schemathesis; scripts/setup test installs it");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("No issues found"), "{told}");
}

#[tokio::test]
async fn the_description_can_be_read_without_any_other_host() {
    let server = server();
    let browser = Browser::open(&format!("{}/docs", server.url)).await;
    browser.wait_until("document.querySelectorAll('.opblock').length > 12", true).await;
    let shown = browser.text("#swagger-ui").await;
    for call in ["/api/exports/pdf", "/api/exports/{job_id}/events", "/api/summary"] {
        assert!(shown.contains(call), "{call}");
    }
    let elsewhere = "performance.getEntriesByType('resource').map((entry) => entry.name)\
                     .filter((name) => !name.startsWith(location.origin) && !name.startsWith('data:'))";
    assert_eq!(browser.value(elsewhere).await, Value::Array(Vec::new()));
}

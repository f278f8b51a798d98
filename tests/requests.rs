//! What tests ask for, and what they need for it.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::Package;

/// An archive of one detection of a slow data set.
pub fn one() -> Value {
    json!({"detection_ids": ["d0"]})
}

/// A report on the activity of a season that has these days.
pub fn seasonal(start: impl ToString, end: impl ToString) -> Value {
    json!({"report_type": "seasonal_activity", "start_date": start.to_string(), "end_date": end.to_string()})
}

/// A report on a season of Algar.
pub fn season() -> Value {
    seasonal("2018-09-01", "2019-01-31")
}

/// A request with these fields in place of its own.
pub fn set_fields(mut request: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

/// The ten detections of a heron in the Camtrap DP example.
pub fn herons() -> Value {
    json!({"dataset": "camtrap-dp", "filter": {"start_date": "2021-04-11", "end_date": "2021-04-11"}})
}

/// A data set on whose archive a server works for some seconds: one large picture, many times.
pub fn slow(detections: usize) -> (TempDir, Value) {
    let picture = testkit::examples().join("camtrap-dp/media/20210531082538-RCNX0031.JPG");
    let mut package = Package::new();
    package.files.push(("large.jpg".into(), std::fs::read(picture).unwrap()));
    let ids: Vec<String> = (0..detections).map(|number| format!("d{number}")).collect();
    for id in &ids {
        package.doe(id, "large.jpg", None, [0.1, 0.1, 0.5, 0.5]);
    }
    (package.write(), json!({"detection_ids": ids}))
}

/// A certificate for the loopback address and its key, which sign themselves.
pub fn certificate(folder: &Path) -> [String; 2] {
    let [certificate, key] = ["tls.crt", "tls.key"].map(|name| folder.join(name).display().to_string());
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-nodes",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=trapline-test", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:false"])
        .args(["-out", &certificate, "-keyout", &key])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    [certificate, key]
}

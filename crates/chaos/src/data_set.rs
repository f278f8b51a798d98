//! A data set of one large picture with many detections, so that archives take their time.

use tempfile::TempDir;
use testkit::Package;

/// How many detections the data set has.
pub const DETECTIONS: usize = 1500;

/// The id of a detection in the data set.
pub fn detection_id(number: usize) -> String {
    format!("d{number}")
}

/// Writes the data set.
pub fn write_data_set() -> TempDir {
    let picture = testkit::examples().join("camtrap-dp/media/20210531082538-RCNX0031.JPG");
    let mut package = Package::new();
    package.files.push(("large.jpg".into(), std::fs::read(picture).unwrap()));
    for number in 0..DETECTIONS {
        let id = detection_id(number);
        package.medium(&id, "2023-10-01T06:00:00Z", "large.jpg", None);
        package.detection(&id, &id, "doe", [0.1, 0.1, 0.5, 0.5]);
    }
    package.write()
}

//! Archives of the bundled example, opened with the tools that people have.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testkit::examples;

use crate::support::{program, run, tools};

/// Makes an archive of the example and gives it to `check`.
fn with_archive(arguments: &[&str], check: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("archive.zip");
    let mut command = program();
    command.arg("archive").arg("--data").arg(examples().join("camtrap-dp")).args(arguments);
    run(command.arg("-o").arg(&file)).assert_told(0, &[]);
    check(&file);
}

/// What a program says that has to succeed.
fn told_by(program: impl AsRef<OsStr>, arguments: &[&str], file: &Path) -> String {
    let call = run(Command::new(program).args(arguments).arg(file));
    call.assert_told(0, &[]);
    call.out
}

/// What a script of `tests/tools` says of an archive.
fn checked(script: &str, file: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tools").join(script);
    serde_json::from_str(&told_by(tools().join("bin/python"), &[script.to_str().unwrap()], file)).unwrap()
}

const NOTHING: [String; 0] = [];

#[test]
fn frictionless_reads_and_relates_the_tables_of_a_package() {
    for media in ["whole", "crops", "remote", "none"] {
        with_archive(&["--layout", "camtrap-dp", "--media", media], |file| {
            let told = checked("check_package.py", file);
            assert_eq!(told["errors"], serde_json::json!(NOTHING), "{media}");
            for table in ["deployments", "media", "observations"] {
                assert!(told["rows"][table].as_u64().unwrap() > 0, "{media}: {told}");
            }
            assert_eq!(told["remote"].as_u64() > Some(0), media != "crops", "{media}: {told}");
        });
    }
}

#[test]
fn pycocotools_loads_the_boxes_of_a_coco_file() {
    for media in ["whole", "crops"] {
        with_archive(&["--layout", "coco", "--media", media], |file| {
            let told = checked("check_coco.py", file);
            assert_eq!(told["errors"], serde_json::json!(NOTHING), "{media}");
            for table in ["images", "annotations", "categories"] {
                assert!(told[table].as_u64().unwrap() > 0, "{media}: {told}");
            }
        });
    }
}

#[test]
fn every_archive_is_whole_to_unzip_python_and_seven_zip() {
    let layouts: [&[&str]; 4] = [
        &[],
        &["--include-originals"],
        &["--layout", "camtrap-dp"],
        &["--layout", "coco", "--media", "crops"],
    ];
    for arguments in layouts {
        with_archive(arguments, |file| {
            assert!(told_by("unzip", &["-t"], file).contains("No errors detected"), "{arguments:?}");
            assert!(told_by("7z", &["t"], file).contains("Everything is Ok"), "{arguments:?}");
            let told = told_by("python3", &["-m", "zipfile", "-t"], file);
            assert!(told.contains("Done testing"), "{arguments:?}");
        });
    }
}

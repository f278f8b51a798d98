//! The command line: results, exit statuses, and where settings come from.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testkit::Package;

use crate::support::program;

fn algar() -> String {
    testkit::examples().join("algar.zip").display().to_string()
}

fn heron() -> String {
    testkit::examples().join("camtrap-dp").display().to_string()
}

/// Exit status, standard output and standard error.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn trapline(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    run(program().current_dir(folder).args(arguments))
}

#[test]
fn a_report_is_written_as_pdf_or_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let algar = algar();
    let period = ["report", "--data", &algar, "--from", "2018-05-01", "--to", "2019-04-30"];
    let (code, out, told) = trapline(folder.path(), &[&period[..], &["-o", "a.pdf"]].concat());
    assert_eq!((code, out.as_str()), (0, ""), "{told}");
    assert!(told.contains("961 events at 38 locations; 12,200 camera-days"), "{told}");
    assert!(std::fs::read(folder.path().join("a.pdf")).unwrap().starts_with(b"%PDF-"));

    let (code, out, _) = trapline(folder.path(), &[&period[..], &["-o", "a.json", "--json"]].concat());
    assert_eq!(code, 0);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told["file"], &told["events"]), (&Value::from("a.json"), &Value::from(961)));
    let numbers: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("a.json")).unwrap()).unwrap();
    assert_eq!((&numbers["events"], &numbers["group_by"]), (&Value::from(961), &Value::from("month")));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "nothing else is left");
}

#[test]
fn the_flags_of_a_report_are_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let algar = algar();
    let (code, _, told) = trapline(
        folder.path(),
        &[
            "report",
            "--data",
            &algar,
            "--from",
            "2018-05-01",
            "--to",
            "2018-05-31",
            "--type",
            "seasonal_activity",
            "--group-by",
            "week",
            "--title",
            "Bears",
            "--independence",
            "60",
            "--class",
            "Ursus americanus",
            "--no-charts",
            "-o",
            "b.json",
        ],
    );
    assert_eq!(code, 0, "{told}");
    let numbers: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("b.json")).unwrap()).unwrap();
    assert_eq!(
        (&numbers["title"], &numbers["independence_minutes"]),
        (&Value::from("Bears"), &Value::from(60))
    );
    assert_eq!(numbers["classes"].as_array().unwrap().len(), 1);
    assert_eq!(numbers["include"]["charts"], false);
}

#[test]
fn an_archive_is_written_with_what_was_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let heron = heron();
    std::fs::write(folder.path().join("ids.txt"), "7ab33b3a_1\n\nnobody\n").unwrap();
    let cases: [(&[&str], [u64; 4]); 4] = [
        (&["--from", "2021-04-11", "--to", "2021-04-11", "--class", "Ardea"], [10, 10, 10, 0]),
        (&["--ids", "ids.txt", "--crop-size", "512"], [2, 1, 1, 1]),
        // Ten of the twenty boxes are on pictures of which only the address is known.
        (&["--no-metadata"], [20, 10, 0, 10]),
        (&["--layout", "camtrap-dp"], [366, 0, 366, 0]),
    ];
    for (chosen, [asked_for, crops, rows, missing]) in cases {
        let arguments = [&["archive", "--data", &heron, "-o", "a.zip", "--json"], chosen].concat();
        let (code, out, told) = trapline(folder.path(), &arguments);
        assert_eq!(code, 0, "{told}");
        let summary: Value = serde_json::from_str(&out).unwrap();
        let found =
            ["asked_for", "crops", "metadata_rows", "missing"].map(|field| summary[field].as_u64().unwrap());
        assert_eq!(found, [asked_for, crops, rows, missing], "{chosen:?}");
        assert!(told.contains(&format!("detections: {asked_for} of {asked_for}")), "{told}");
    }
}

#[test]
fn what_is_missing_is_told_with_what_can_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let heron = heron();
    let archive = |arguments: &[&str]| {
        trapline(folder.path(), &[&["archive", "--data", &heron, "-o", "a.zip"], arguments].concat())
    };
    let (code, _, told) = archive(&[]);
    assert_eq!(code, 0, "{told}");
    for line in [
        "a.zip: 10 crops of 20 detections\n",
        "10 of 20 not included: 10 pictures are on the web only; add --fetch-media\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let (_, out, _) = archive(&["--json"]);
    let summary: Value = serde_json::from_str(&out).unwrap();
    let reason = &summary["missing_reasons"][0];
    assert_eq!((&reason["reason"], &reason["count"]), (&Value::from("remote"), &Value::from(10)));
    let (_, _, told) = archive(&["--layout", "camtrap-dp"]);
    let line = "10 pictures of 366 detections; 237 more are on the web and named by their addresses";
    assert!(told.contains(line) && !told.contains("not included"), "{told}");
}

/// Whoever calls can say where the pictures are.
#[test]
fn pictures_that_are_not_found_are_an_input_that_can_be_mended() {
    let mut package = Package::new();
    for (id, path) in [("local", "media/local.jpg"), ("remote", "https://example.org/remote.jpg")] {
        package.medium(id, "2023-10-01T06:00:00Z", path, None);
        package.detection(id, id, "doe", [0.1, 0.1, 0.5, 0.5]);
    }
    let data = package.write();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pictures")).unwrap();
    let path = data.path().to_str().unwrap();
    for (id, hint) in [("local", "look for them with --images FOLDER"), ("remote", "add --fetch-media")] {
        std::fs::write(folder.path().join("ids.txt"), id).unwrap();
        let arguments =
            ["archive", "--data", path, "--images", "pictures", "--ids", "ids.txt", "-o", "a.zip"];
        let (code, _, told) = trapline(folder.path(), &arguments);
        assert_eq!(code, 2, "{told}");
        assert!(told.contains(hint), "{told}");
        assert!(told.contains(&format!("Pictures were looked for in pictures and {path}.")), "{told}");
    }
    // What stands in a file is nothing that a flag mends.
    std::fs::create_dir(folder.path().join("pictures/media")).unwrap();
    std::fs::write(folder.path().join("pictures/media/local.jpg"), "no picture").unwrap();
    std::fs::write(folder.path().join("ids.txt"), "local").unwrap();
    let arguments = ["archive", "--data", path, "--images", "pictures", "--ids", "ids.txt", "-o", "a.zip"];
    let (code, _, told) = trapline(folder.path(), &arguments);
    assert_eq!(code, 1, "{told}");
    assert!(!folder.path().join("a.zip").exists());
}

#[test]
fn a_wrong_call_or_input_ends_with_2_and_a_failed_job_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let (algar, heron) = (algar(), heron());
    std::fs::write(folder.path().join("ids.txt"), "nobody\n").unwrap();
    let report = ["report", "--from", "2018-05-01", "--to", "2018-05-31"];
    let cases: [(Vec<&str>, i32, &str); 10] = [
        (vec!["fly"], 2, "unrecognized subcommand"),
        ([&report[..], &["-o", "a.pdf"]].concat(), 2, "--data"),
        ([&report[..], &["--data", "none.zip", "-o", "a.pdf"]].concat(), 2, "there is no such file"),
        ([&report[..], &["--data", &algar, "-o", "a.txt"]].concat(), 2, "use .pdf or .json"),
        (
            [&report[..], &["--data", &algar, "-o", "no/where/a.pdf"]].concat(),
            2,
            "choose another place with -o",
        ),
        (
            [&report[..], &["--data", &algar, "--group-by", "year", "-o", "a.pdf"]].concat(),
            2,
            "day, month, week",
        ),
        (
            [&report[..], &["--data", &algar, "--class", "Ursus americanos", "-o", "a.pdf"]].concat(),
            2,
            "Did you mean “Ursus americanus”?",
        ),
        (
            vec!["report", "--data", &algar, "--from", "2018-05-02", "--to", "2018-05-01", "-o", "a.pdf"],
            2,
            "--from",
        ),
        (vec!["archive", "--data", &heron, "--crop-size", "64", "-o", "a.zip"], 2, "from 128 to 1024"),
        (
            vec!["archive", "--data", &heron, "--ids", "ids.txt", "-o", "a.zip"],
            1,
            "the only detection could not be exported",
        ),
    ];
    for (arguments, expected, part) in cases {
        let (code, out, told) = trapline(folder.path(), &arguments);
        assert_eq!((code, out.as_str()), (expected, ""), "{arguments:?}: {told}");
        assert!(told.contains(part), "{arguments:?}: {told}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no half-written file is left");
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("data = \"{}\"\n[report]\ntitle = \"file\"\ngroup_by = \"week\"\n", algar());
    std::fs::write(folder.path().join("trapline.toml"), settings).unwrap();
    let title = |environment: Option<&str>, flag: Option<&str>| {
        let mut command = program();
        command.current_dir(&folder);
        command.args(["report", "--from", "2018-05-01", "--to", "2018-05-31", "-o", "a.json"]);
        command.envs(environment.map(|title| ("TRAPLINE_TITLE", title)));
        command.args(flag.iter().flat_map(|title| ["--title", title]));
        let (code, _, told) = run(&mut command);
        assert_eq!(code, 0, "{told}");
        let numbers: Value =
            serde_json::from_slice(&std::fs::read(folder.path().join("a.json")).unwrap()).unwrap();
        assert_eq!(numbers["group_by"], "week");
        numbers["title"].as_str().unwrap().to_owned()
    };
    let (code, _, told) = run(program().current_dir(&folder).env("TRAPLINE_NO_CHARTS", "1").args([
        "report",
        "--from",
        "2018-05-01",
        "--to",
        "2018-05-31",
        "-o",
        "b.json",
    ]));
    assert_eq!(code, 0, "{told}");
    let numbers: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("b.json")).unwrap()).unwrap();
    assert_eq!(numbers["include"], serde_json::json!({"charts": false, "tables": true, "insights": true}));
    assert_eq!(title(None, None), "file");
    assert_eq!(title(Some("environment"), None), "environment");
    assert_eq!(title(Some("environment"), Some("flag")), "flag");
}

#[test]
fn a_file_of_settings_with_an_unknown_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.toml");
    for text in ["worker = 2", "[serve]\nworker = 2"] {
        std::fs::write(&path, text).unwrap();
        let (code, _, told) = trapline(folder.path(), &["--config", "other.toml", "serve"]);
        assert_eq!(code, 2, "{told}");
        assert!(told.contains("other.toml: unknown key “worker”") && told.contains("workers"), "{told}");
    }
    let (code, _, told) = trapline(folder.path(), &["--config", "missing.toml", "serve"]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("missing.toml"), "{told}");
}

#[test]
fn help_shows_examples() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["serve", "report", "archive"] {
        let (code, out, _) = trapline(folder.path(), &[command, "--help"]);
        assert_eq!(code, 0);
        assert!(out.contains("Examples:\n  trapline"), "{out}");
    }
    let (code, out, _) = trapline(folder.path(), &["--version"]);
    assert_eq!((code, out.as_str()), (0, "trapline 0.1.0\n"));
}

#[test]
fn what_would_fail_is_told_before_a_server_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let (algar, free) = (algar(), format!("127.0.0.1:{}", testkit::free_port()));
    let settings = format!("[serve]\ndata = [\"{algar}\"]\nlisten = \"{free}\"\n");
    std::fs::write(folder.path().join("trapline.toml"), settings).unwrap();
    let (code, out, told) = trapline(folder.path(), &["check"]);
    assert_eq!(code, 0, "{out}{told}");
    for fine in [
        "ok    data algar: ",
        " species at 38 locations",
        "ok    artifacts: ",
        "ok    access: no tokens",
        "ok    store: ",
    ] {
        assert!(out.contains(fine), "{out}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing was made beside the settings");

    let taken = std::net::TcpListener::bind(&free).unwrap();
    let wrong = [
        "check",
        "--data",
        "nowhere.zip",
        "--data",
        &algar,
        "--templates",
        "none",
        "--store",
        "redis://127.0.0.1:1",
    ];
    let (code, out, told) = trapline(folder.path(), &wrong);
    assert_eq!(code, 2, "{out}");
    for failing in ["FAIL  data nowhere: ", "FAIL  templates: ", "FAIL  listen: ", "FAIL  store: "] {
        assert!(out.contains(failing), "{out}");
    }
    assert!(out.contains("ok    data algar: ") && told.contains("4 problems found"), "{out}{told}");
    drop(taken);
}

#[test]
fn completions_and_the_manual_know_all_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = trapline(folder.path(), &["completions", shell]);
        assert_eq!(code, 0);
        for known in ["serve", "archive", "webhook-secret", "download"] {
            assert!(out.contains(known), "{shell} {known}");
        }
    }
    let (code, out, _) = trapline(folder.path(), &["man"]);
    assert_eq!((code, out.matches("\n.TH ").count()), (0, 12));
    assert!(
        out.contains(".TH trapline-info")
            && out.contains(".TH trapline-serve")
            && out.contains("\\-\\-access"),
        "{out}"
    );
}

//! The command line: results, exit statuses, and where settings come from.

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Package, assert_contains};

use crate::support::{program, report_numbers, run, trapline};

fn algar() -> String {
    testkit::examples().join("algar.zip").display().to_string()
}

fn heron() -> String {
    testkit::examples().join("camtrap-dp").display().to_string()
}

const MAY: [&str; 5] = ["report", "--from", "2018-05-01", "--to", "2018-05-31"];

fn read_json(folder: &TempDir, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap()
}

#[test]
fn a_report_is_written_as_pdf_or_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let algar = algar();
    let period = ["report", "--data", &algar, "--from", "2018-05-01", "--to", "2019-04-30"];
    let written = trapline(&folder, &[&period[..], &["-o", "a.pdf"]].concat());
    written.assert_told(0, &["961 events at 38 locations; 12,200 camera-days"]);
    assert_eq!(written.out, "");
    assert!(std::fs::read(folder.path().join("a.pdf")).unwrap().starts_with(b"%PDF-"));

    let written = trapline(&folder, &[&period[..], &["-o", "a.json", "--json"]].concat());
    assert_eq!(written.code, 0);
    let told = written.json();
    assert_eq!((&told["file"], &told["events"]), (&json!("a.json"), &json!(961)));
    let numbers = read_json(&folder, "a.json");
    assert_eq!((&numbers["events"], &numbers["group_by"]), (&json!(961), &json!("month")));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "nothing else is left");
}

#[test]
fn the_flags_of_a_report_are_obeyed() {
    let period = ["--from", "2018-05-01", "--to", "2018-05-31", "--type", "seasonal_activity"];
    let grouping = ["--group-by", "week", "--title", "Bears", "--independence", "60"];
    let chosen = ["--class", "Ursus americanus", "--no-charts"];
    let numbers = report_numbers(algar(), &[&period[..], &grouping, &chosen].concat());
    assert_eq!((&numbers["title"], &numbers["independence_minutes"]), (&json!("Bears"), &json!(60)));
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
        let written = trapline(&folder, &arguments);
        written.assert_told(0, &[&format!("detections: {asked_for} of {asked_for}")]);
        let summary = written.json();
        let found =
            ["asked_for", "crops", "metadata_rows", "missing"].map(|field| summary[field].as_u64().unwrap());
        assert_eq!(found, [asked_for, crops, rows, missing], "{chosen:?}");
    }
}

#[test]
fn what_is_missing_is_told_with_what_can_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let heron = heron();
    let archive = |arguments: &[&str]| {
        trapline(&folder, &[&["archive", "--data", &heron, "-o", "a.zip"], arguments].concat())
    };
    let missing = "10 of 20 not included: 10 pictures are on the web only; add --fetch-media\n";
    archive(&[]).assert_told(0, &["a.zip: 10 crops of 20 detections\n", missing]);
    let reason = &archive(&["--json"]).json()["missing_reasons"][0];
    assert_eq!((&reason["reason"], &reason["count"]), (&json!("remote"), &json!(10)));
    let told = archive(&["--layout", "camtrap-dp"]).told;
    let line = "10 pictures of 366 detections; 237 more are on the web and named by their addresses";
    assert!(told.contains(line) && !told.contains("not included"), "{told}");
}

/// Whoever calls can say where the pictures are.
#[test]
fn pictures_that_are_not_found_are_an_input_that_can_be_mended() {
    let mut package = Package::new();
    for (id, path) in [("local", "media/local.jpg"), ("remote", "https://example.org/remote.jpg")] {
        package.doe(id, path, None, [0.1, 0.1, 0.5, 0.5]);
    }
    let data = package.write();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pictures")).unwrap();
    let path = data.path().to_str().unwrap();
    let archive = |id: &str| {
        std::fs::write(folder.path().join("ids.txt"), id).unwrap();
        let images = ["--images", "pictures", "--ids", "ids.txt", "-o", "a.zip"];
        trapline(&folder, &[&["archive", "--data", path], &images[..]].concat())
    };
    for (id, hint) in [("local", "look for them with --images FOLDER"), ("remote", "add --fetch-media")] {
        archive(id).assert_told(2, &[hint, &format!("Pictures were looked for in pictures and {path}.")]);
    }
    // What stands in a file is nothing that a flag mends.
    std::fs::create_dir(folder.path().join("pictures/media")).unwrap();
    std::fs::write(folder.path().join("pictures/media/local.jpg"), "no picture").unwrap();
    archive("local").assert_told(1, &[]);
    assert!(!folder.path().join("a.zip").exists());
}

#[test]
fn a_wrong_call_or_input_ends_with_2_and_a_failed_job_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let (algar, heron) = (algar(), heron());
    std::fs::write(folder.path().join("ids.txt"), "nobody\n").unwrap();
    let report =
        |arguments: &[&'static str], file| [&MAY[..], &["--data", &algar], arguments, &["-o", file]].concat();
    let archive =
        |arguments: &[&'static str]| [&["archive", "--data", &heron], arguments, &["-o", "a.zip"]].concat();
    let cases = [
        (vec!["fly"], 2, "unrecognized subcommand"),
        ([&MAY[..], &["-o", "a.pdf"]].concat(), 2, "--data"),
        ([&MAY[..], &["--data", "none.zip", "-o", "a.pdf"]].concat(), 2, "there is no such file"),
        (report(&[], "a.txt"), 2, "use .pdf or .json"),
        (report(&[], "no/where/a.pdf"), 2, "choose another place with -o"),
        (report(&["--group-by", "year"], "a.pdf"), 2, "day, month, week"),
        (report(&["--class", "Ursus americanos"], "a.pdf"), 2, "Did you mean “Ursus americanus”?"),
        (
            vec!["report", "--data", &algar, "--from", "2018-05-02", "--to", "2018-05-01", "-o", "a.pdf"],
            2,
            "--from",
        ),
        (archive(&["--crop-size", "64"]), 2, "from 128 to 1024"),
        (archive(&["--ids", "ids.txt"]), 1, "the only detection could not be exported"),
    ];
    for (arguments, expected, part) in cases {
        let call = trapline(&folder, &arguments);
        call.assert_told(expected, &[part]);
        assert_eq!(call.out, "", "{arguments:?}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no half-written file is left");
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("data = \"{}\"\n[report]\ntitle = \"file\"\ngroup_by = \"week\"\n", algar());
    std::fs::write(folder.path().join("trapline.toml"), settings).unwrap();
    let numbers = |variable: Option<(&str, &str)>, flag: Option<&str>| {
        let mut command = program();
        command.current_dir(&folder).args(MAY).args(["-o", "a.json"]).envs(variable);
        command.args(flag.iter().flat_map(|title| ["--title", title]));
        run(&mut command).assert_told(0, &[]);
        read_json(&folder, "a.json")
    };
    let title = |environment: Option<&str>, flag: Option<&str>| {
        let numbers = numbers(environment.map(|title| ("TRAPLINE_TITLE", title)), flag);
        assert_eq!(numbers["group_by"], "week");
        numbers["title"].as_str().unwrap().to_owned()
    };
    let numbers = numbers(Some(("TRAPLINE_NO_CHARTS", "1")), None);
    assert_eq!(numbers["include"], json!({"charts": false, "tables": true, "insights": true}));
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
        let refused = trapline(&folder, &["--config", "other.toml", "serve"]);
        refused.assert_told(2, &["other.toml: unknown key “worker”", "workers"]);
    }
    trapline(&folder, &["--config", "missing.toml", "serve"]).assert_told(2, &["missing.toml"]);
}

#[test]
fn help_shows_examples() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["serve", "report", "archive"] {
        trapline(&folder, &[command, "--help"]).assert_out(0, &["Examples:\n  trapline"]);
    }
    let version = trapline(&folder, &["--version"]);
    assert_eq!((version.code, version.out.as_str()), (0, "trapline 0.1.0\n"));
}

#[test]
fn what_would_fail_is_told_before_a_server_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let (algar, free) = (algar(), format!("127.0.0.1:{}", testkit::free_port()));
    let settings = format!("[serve]\ndata = [\"{algar}\"]\nlisten = \"{free}\"\n");
    std::fs::write(folder.path().join("trapline.toml"), settings).unwrap();
    let fine = [
        "ok    data algar: ",
        " species at 38 locations",
        "ok    artifacts: ",
        "ok    access: no tokens",
        "ok    store: ",
    ];
    trapline(&folder, &["check"]).assert_out(0, &fine);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing was made beside the settings");

    let taken = std::net::TcpListener::bind(&free).unwrap();
    let data = ["check", "--data", "nowhere.zip", "--data", &algar];
    let wrong = ["--templates", "none", "--store", "redis://127.0.0.1:1"];
    let checked = trapline(&folder, &[&data[..], &wrong].concat());
    checked.assert_out(2, &["FAIL  data nowhere: ", "FAIL  templates: ", "FAIL  listen: ", "FAIL  store: "]);
    assert_contains(&checked.out, &["ok    data algar: "]);
    assert_contains(&checked.told, &["4 problems found"]);
    drop(taken);
}

#[test]
fn completions_and_the_manual_know_all_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let known = ["serve", "archive", "webhook-secret", "download"];
        trapline(&folder, &["completions", shell]).assert_out(0, &known);
    }
    let manual = trapline(&folder, &["man"]);
    manual.assert_out(0, &[".TH trapline-info", ".TH trapline-serve", "\\-\\-access"]);
    assert_eq!(manual.out.matches("\n.TH ").count(), 12);
}

//! What README, ARCHITECTURE, CONTRIBUTING and docs/ name is there: paths of the repository, and flags.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::program;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// All files of the repository below a folder, without what is built.
pub fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["target", ".git", "trapline-data", "trapline-demo"].contains(&name.as_str()) {
            files(&path, found);
        }
        found.push(path);
    }
}

fn documents() -> Vec<(String, String)> {
    let root = root();
    let mut paths: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| root.join(name)).into();
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    paths.extend(docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        (name, std::fs::read_to_string(path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

/// The pieces of a document between backticks on one line.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    let inline = text.lines().filter(|line| !line.starts_with("```"));
    inline.flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether a piece of code is a path of the repository, and not the name of a file that the program makes.
fn is_path(span: &str, tops: &BTreeSet<String>) -> bool {
    let is_plain = |letter: char| letter.is_alphanumeric() || "._-/".contains(letter);
    if !span.chars().all(is_plain) || span.starts_with(['/', '-', '.']) {
        return false;
    }
    let is_source = [".rs", ".lua", ".typ", ".sql"].iter().any(|ending| span.ends_with(ending));
    let (top, rest) = span.split_once('/').unwrap_or((span, ""));
    (is_source && !["NAME", "DIR/", "FOLDER/"].iter().any(|placeholder| span.starts_with(placeholder)))
        || (!rest.is_empty() && tops.contains(top))
}

#[test]
fn every_path_in_the_documents_exists() {
    let root = root();
    let mut all = Vec::new();
    files(&root, &mut all);
    let all: Vec<String> =
        all.iter().map(|path| format!("/{}", path.strip_prefix(&root).unwrap().display())).collect();
    let names = |folder: &Path| {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap())
    };
    let tops: BTreeSet<String> = names(&root)
        .chain(names(&root.join("crates")))
        .filter(|name| name != "target" && name != ".git")
        .collect();
    let mut missing = Vec::new();
    for (document, text) in documents() {
        for span in code_spans(&text).filter(|span| is_path(span, &tops)) {
            let path = span.trim_end_matches('/');
            // Paths in a crate are written without the folder of the sources.
            let (top, rest) = path.split_once('/').unwrap_or(("", path));
            let in_crate = format!("/crates/{top}/src/{rest}");
            if !all.iter().any(|file| file.ends_with(&format!("/{path}")) || *file == in_crate) {
                missing.push(format!("{document}: `{span}`"));
            }
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = root.join(&document);
            let target = if path.is_empty() { folder } else { folder.parent().unwrap().join(path) };
            if link.contains(':') {
                continue;
            }
            if !target.exists() {
                missing.push(format!("{document}: link to {link}"));
            } else if !anchor.is_empty()
                && !anchors(&std::fs::read_to_string(&target).unwrap()).contains(anchor)
            {
                missing.push(format!("{document}: no heading for {link}"));
            }
        }
    }
    assert!(missing.is_empty(), "named and not there:\n{}", missing.join("\n"));
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// The flags in a text.
fn flags(text: &str) -> BTreeSet<String> {
    let words =
        text.split(|letter: char| !(letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'));
    words
        .filter(|word| word.len() > 3 && word.starts_with("--") && word.as_bytes()[2] != b'-')
        .map(|word| word.trim_end_matches('-').to_owned())
        .collect()
}

fn help(arguments: &[&str]) -> String {
    let output = program().args(arguments).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_flag_in_the_documents_exists() {
    let mut known = flags(&help(&[]));
    for command in ["demo", "serve", "worker", "report", "archive", "info", "check", "completions", "man"] {
        known.extend(flags(&help(&[command])));
    }
    for (command, inner) in [
        ("job", ["submit", "status", "watch", "download", "delete"].as_slice()),
        ("token", ["new"].as_slice()),
    ] {
        known.extend(flags(&help(&[command])));
        for inner in inner {
            known.extend(flags(&help(&[command, inner])));
        }
    }
    assert!(known.len() > 60, "{known:?}");
    for entry in std::fs::read_dir(root().join("scripts")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            known.extend(flags(&std::fs::read_to_string(path).unwrap()));
        }
    }
    // Of cargo, and of the tools behind scripts/chaos and scripts/scale.
    known.extend(["--workspace", "--example", "--platform", "--archive", "--report"].map(str::to_owned));
    let mut missing = Vec::new();
    for (document, text) in documents() {
        let of_program = text.lines().filter(|line| line.trim_start().starts_with("trapline "));
        let spans = code_spans(&text).filter(|span| span.starts_with("--") || span.starts_with("trapline "));
        for flag in of_program.chain(spans).flat_map(flags) {
            if !known.contains(&flag) {
                missing.push(format!("{document}: {flag}"));
            }
        }
    }
    assert!(missing.is_empty(), "named and not there:\n{}", missing.join("\n"));
}

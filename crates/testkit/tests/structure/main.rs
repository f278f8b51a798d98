//! How the files of the workspace may need each other.

mod modules;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use modules::{Arrows, Modules};

/// The crates that the promise is made for.
const CRATES: [&str; 12] = [
    "archive",
    "artifacts",
    "client",
    "detections",
    "exports",
    "files",
    "jobs",
    "metrics",
    "pages",
    "report",
    "server",
    "trapline",
];

/// A file that can only be understood with another one, which can only be understood with the first, is half
/// a file. `pub use` and `mod` are no arrows: what counts is the file in which a name is defined.
#[test]
fn no_two_files_of_a_crate_need_each_other() {
    let mut circles = String::new();
    for name in CRATES {
        for circle in find_circles(&read_arrows(name)) {
            writeln!(circles, "{name}: {circle}").expect("a string takes everything");
        }
    }
    assert!(
        circles.is_empty(),
        "these files need each other; move what both need into a file of its own:\n{circles}"
    );
}

/// What is sent to clients is built below the HTTP interface, so that webhooks send the same.
#[test]
fn webhooks_need_nothing_of_the_http_interface() {
    for (file, needed) in read_arrows("server") {
        let may_need = |needed: &PathBuf| {
            ["webhook", "access", "representation"].iter().any(|folder| needed.starts_with(folder))
        };
        assert!(
            !file.starts_with("webhook") || needed.keys().all(may_need),
            "{} uses {needed:?}; move what both need into representation/",
            file.display()
        );
    }
}

/// What a layout of archives takes and makes is said by its own file in `crates/archive/src/layout`.
#[test]
fn only_the_layouts_know_which_layout_it_is() {
    for name in CRATES.into_iter().filter(|name| *name != "archive") {
        for path in Modules::read(&source_of(name)).list_named_paths() {
            assert!(
                !path.iter().rev().skip(1).any(|part| part == "Layout"),
                "{name} names {}; ask a method of ArchiveRequest instead",
                path.join("::")
            );
        }
    }
}

/// Numbers, archives and the server can be built and tested in a minute without the engine that lays out pages.
#[test]
fn the_program_alone_needs_the_pdf_engine() {
    let others = CRATES.into_iter().filter(|name| !["pages", "trapline"].contains(name));
    let mut waiting: Vec<String> = others.chain(["testkit"]).map(str::to_owned).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        for needed in list_dependencies(&name) {
            assert!(
                !needed.starts_with("typst") && needed != "pages",
                "{name} needs the PDF engine ({needed})"
            );
            if source_of(&needed).exists() && seen.insert(needed.clone()) {
                waiting.push(needed);
            }
        }
    }
    assert!(seen.contains("report") && seen.contains("testkit"), "manifests are read: {seen:?}");
}

/// The dependencies in the manifest of a crate, those of its tests and its build script too.
fn list_dependencies(name: &str) -> Vec<String> {
    let manifest = source_of(name).with_file_name("Cargo.toml");
    let text = std::fs::read_to_string(manifest).expect("a crate of the workspace");
    let mut is_inside = false;
    let mut dependencies = Vec::new();
    for line in text.lines() {
        match line.strip_prefix('[') {
            Some(table) => is_inside = table.trim_end_matches(']').ends_with("dependencies"),
            None if is_inside => {
                // `jobs.workspace = true` or `jobs = { workspace = true }`
                let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
                dependencies.extend((!name.is_empty() && name != "#").then(|| name.to_owned()));
            }
            None => {}
        }
    }
    dependencies
}

/// The arrows between the files of a crate, with paths from its `src`.
///
/// Arrows between a `mod.rs` and the files of its folder do not count: it is the face of the folder, so it names
/// the parts and holds what they share.
fn read_arrows(name: &str) -> Arrows {
    let source = source_of(name);
    let inside = |file: PathBuf| file.strip_prefix(&source).expect("a file of the crate").to_owned();
    let mut arrows = Arrows::new();
    for (from, needed) in Modules::read(&source).find_arrows() {
        let from = inside(from);
        let needed = needed.into_iter().map(|(to, names)| (inside(to), names));
        let needed = needed.filter(|(to, _)| !is_face_of(&from, to) && !is_face_of(to, &from)).collect();
        arrows.insert(from, needed);
    }
    arrows
}

fn source_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src")
}

fn is_face_of(face: &Path, file: &Path) -> bool {
    face.ends_with("mod.rs") && face.parent().is_some_and(|folder| file.starts_with(folder))
}

/// The shortest circle through each arrow that is part of one, as a chain of files with the names.
fn find_circles(arrows: &Arrows) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (from, needed) in arrows {
        for to in needed.keys() {
            let Some(mut circle) = find_way(arrows, to, from) else { continue };
            let files: BTreeSet<_> = circle.iter().copied().collect();
            if seen.insert(files) {
                circle.push(to);
                circles.push(describe_circle(arrows, &circle));
            }
        }
    }
    circles
}

/// The shortest way along the arrows, with both of its ends.
fn find_way<'a>(arrows: &'a Arrows, start: &'a PathBuf, end: &PathBuf) -> Option<Vec<&'a PathBuf>> {
    let mut before = HashMap::from([(start, start)]);
    let mut waiting = VecDeque::from([start]);
    while let Some(file) = waiting.pop_front() {
        if file == end {
            let mut way = vec![file];
            while way[way.len() - 1] != start {
                way.push(before[way[way.len() - 1]]);
            }
            way.reverse();
            return Some(way);
        }
        for next in arrows.get(file).into_iter().flat_map(|needed| needed.keys()) {
            before.entry(next).or_insert_with(|| {
                waiting.push_back(next);
                file
            });
        }
    }
    None
}

fn describe_circle(arrows: &Arrows, circle: &[&PathBuf]) -> String {
    let mut text = circle[0].display().to_string();
    for pair in circle.windows(2) {
        let names: Vec<&str> = arrows[pair[0]][pair[1]].iter().map(String::as_str).collect();
        write!(text, " -> {} ({})", pair[1].display(), names.join(", ")).expect("a string takes everything");
    }
    text
}

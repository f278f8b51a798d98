//! Exports that come from a file instead of chance.

use std::path::Path;

use crate::day::Export;

/// Reads a file with exports: on each line the second at which one comes, and the seconds that a worker needs.
pub fn read_exports(path: &Path) -> Result<Vec<Export>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse_exports(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Parses the lines of such a file, and sorts the exports by the time at which they come.
fn parse_exports(text: &str) -> Result<Vec<Export>, String> {
    let mut exports = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let seconds: Vec<f64> = line.split_whitespace().filter_map(parse_seconds).collect();
        let (&[at, duration], 2) = (seconds.as_slice(), line.split_whitespace().count()) else {
            return Err(format!("line {}: give two numbers of seconds, such as “12.5 0.8”", number + 1));
        };
        exports.push(Export { at, duration });
    }
    if exports.is_empty() {
        return Err("the file is empty; give at least one export".into());
    }
    exports.sort_by(|a, b| a.at.total_cmp(&b.at));
    Ok(exports)
}

/// Parses a number of seconds that is finite and not negative.
fn parse_seconds(text: &str) -> Option<f64> {
    text.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_come_in_the_order_of_their_times() {
        let exports = parse_exports("2 0.5\n0.25 1\n").unwrap();
        let pairs: Vec<(f64, f64)> = exports.iter().map(|export| (export.at, export.duration)).collect();
        assert_eq!(pairs, [(0.25, 1.0), (2.0, 0.5)]);
    }

    #[test]
    fn a_line_with_anything_else_is_named() {
        for line in ["1", "1 2 3", "1 -2", "1 NaN", "a 1", ""] {
            let error = parse_exports(&format!("1 2\n{line}\n3 4")).unwrap_err();
            assert!(error.starts_with("line 2: "), "{line}: {error}");
        }
        assert!(parse_exports("").unwrap_err().contains("empty"));
    }
}

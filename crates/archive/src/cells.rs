//! Cells of tables that people open in a spreadsheet.

use std::borrow::Cow;

/// Characters that start a formula in a spreadsheet, full-width forms included.
const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Puts a `'` before a text that a spreadsheet would run. Numbers are not changed.
pub(crate) fn escape_formula(text: &str) -> Cow<'_, str> {
    let risky = text.starts_with(STARTS) && text.parse::<f64>().map_or(true, |number| !number.is_finite());
    if risky { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::escape_formula;

    #[test]
    fn what_would_run_is_quoted_and_numbers_stay() {
        for text in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "-inf"] {
            assert_eq!(escape_formula(text), format!("'{text}"));
        }
        for text in ["-114.25", "+3", "doe", "a=b", "", "'quoted"] {
            assert_eq!(escape_formula(text), text);
        }
    }
}

//! Cells of a table that a person opens in a spreadsheet.

use std::borrow::Cow;

/// What a spreadsheet takes for the start of a formula, full-width forms included.
const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// `text`, with a `'` before it when a spreadsheet would run it. A number stays a number.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let risky = text.starts_with(STARTS) && text.parse::<f64>().map_or(true, |number| !number.is_finite());
    if risky { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_would_run_is_quoted_and_numbers_stay() {
        for text in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "-inf"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["-114.25", "+3", "doe", "a=b", "", "'quoted"] {
            assert_eq!(harmless(text), text);
        }
    }
}

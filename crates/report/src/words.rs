//! Numbers and lists as a reader expects them in a sentence.

use detections::Class;

/// A whole number with a comma at each thousand.
pub(crate) fn whole(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A measure with the digits that mean something: three.
pub(crate) fn measure(value: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    match value.abs() {
        x if x >= 100.0 => whole(value.round().max(0.0) as u64),
        x if x >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// How many times one is the other: near 1, where the second digit decides, with one more.
pub(crate) fn times(ratio: f64) -> String {
    if (0.9..1.1).contains(&ratio) { format!("{ratio:.3}") } else { measure(ratio) }
}

/// A share as a whole number of percent; 0 and 100 only when it is exactly that.
pub(crate) fn percent(share: f64) -> String {
    let rounded = (share * 100.0).round();
    if share > 0.0 && rounded < 1.0 {
        "under 1 %".into()
    } else if share < 1.0 && rounded > 99.0 {
        "over 99 %".into()
    } else {
        format!("{rounded:.0} %")
    }
}

/// `1 event`, `2 events`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", whole(number as u64), if number == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`; more than `most` are cut to `a, b and 7 more`.
pub(crate) fn list(items: &[String], most: usize) -> String {
    let shown = items.len().min(most);
    let hidden = items.len() - shown;
    let head = &items[..shown];
    match (head, hidden) {
        ([], _) => String::new(),
        ([one], 0) => one.clone(),
        ([start @ .., last], 0) => format!("{} and {last}", start.join(", ")),
        (head, hidden) => format!("{} and {} more", head.join(", "), whole(hidden as u64)),
    }
}

/// `grey heron (Ardea cinerea)`, or the name alone.
pub(crate) fn class(class: &Class) -> String {
    match &class.vernacular {
        Some(vernacular) => format!("{vernacular} ({})", class.name),
        None => class.name.clone(),
    }
}

/// The same at the start of a sentence.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(whole(1_234_567_u64), "1,234,567");
        assert_eq!(whole(999_u64), "999");
        assert_eq!(measure(0.4563), "0.46");
        assert_eq!(measure(12.345), "12.3");
        assert_eq!(measure(12_201.4), "12,201");
        assert_eq!(
            (times(1.0041), times(0.85), times(12.34)),
            ("1.004".into(), "0.85".into(), "12.3".into())
        );
        assert_eq!(
            (percent(0.004), percent(0.999), percent(1.0)),
            ("under 1 %".into(), "over 99 %".into(), "100 %".into())
        );
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let items: Vec<String> = ["a", "b", "c", "d"].map(String::from).to_vec();
        assert_eq!(list(&items, 9), "a, b, c and d");
        assert_eq!(list(&items, 2), "a, b and 2 more");
        assert_eq!(list(&items[..1], 2), "a");
    }
}

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

/// Events per 100 camera-days: two digits after the point.
pub(crate) fn rate(value: f64) -> String {
    grouped(value, 2)
}

/// How many times one is the other: two digits after the point.
pub(crate) fn times(ratio: f64) -> String {
    grouped(ratio, 2)
}

/// Camera-days: whole, or to a tenth where there are few.
pub(crate) fn days(value: f64) -> String {
    grouped(value, usize::from(value < 100.0 && value.fract() > 0.0))
}

/// `days` with their unit.
pub(crate) fn camera_days(value: f64) -> String {
    let number = days(value);
    format!("{number} {}", if number == "1" { "camera-day" } else { "camera-days" })
}

/// A number with so many digits after the point and a comma at each thousand.
pub(crate) fn grouped(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (number, rest) = text.split_once('.').map_or((text.as_str(), ""), |(number, rest)| (number, rest));
    let whole = number.parse::<u64>().map_or_else(|_| number.to_owned(), whole);
    if rest.is_empty() { whole } else { format!("{whole}.{rest}") }
}

/// A share as a whole number of percent; 0 and 100 only when it is exactly that.
pub(crate) fn percent(share: f64) -> String {
    let rounded = (share * 100.0).round();
    if share > 0.0 && rounded < 1.0 {
        "under 1%".into()
    } else if share < 1.0 && rounded > 99.0 {
        "over 99%".into()
    } else {
        format!("{rounded:.0}%")
    }
}

/// Such as `p = 0.014`: three digits, or four where three would round it up to the limit of 5 %.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".into(),
        p if (0.0495..0.05).contains(&p) => format!("p = {p:.4}"),
        p => format!("p = {p:.3}"),
    }
}

/// The ends of an interval, of which the upper may be open.
pub(crate) fn between(low: f64, high: Option<f64>, number: fn(f64) -> String) -> String {
    match high {
        Some(high) => format!("{} to {}", number(low), number(high)),
        None => format!("{} or more", number(low)),
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
pub(crate) fn name_class(class: &Class) -> String {
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
        assert_eq!((rate(0.4563), times(1234.5)), ("0.46".into(), "1,234.50".into()));
        assert_eq!((days(12_201.4), days(7.25), days(7.0)), ("12,201".into(), "7.2".into(), "7".into()));
        assert_eq!(between(1.0, None, times), "1.00 or more");
        assert_eq!(
            (percent(0.004), percent(0.999), percent(1.0)),
            ("under 1%".into(), "over 99%".into(), "100%".into())
        );
    }

    #[test]
    fn a_p_value_is_never_nothing_and_never_rounded_across_the_limit() {
        assert_eq!(
            (p_value(0.0001), p_value(0.014), p_value(1.0)),
            ("p < 0.001".into(), "p = 0.014".into(), "p = 1.000".into())
        );
        assert_eq!((p_value(0.0496), p_value(0.05)), ("p = 0.0496".into(), "p = 0.050".into()));
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let items: Vec<String> = ["a", "b", "c", "d"].map(String::from).to_vec();
        assert_eq!(list(&items, 9), "a, b, c and d");
        assert_eq!(list(&items, 2), "a, b and 2 more");
        assert_eq!(list(&items[..1], 2), "a");
    }
}

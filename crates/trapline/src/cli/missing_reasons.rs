//! Describes the detections that are missing from an archive.

use archive::in_thousands;
use jobs::MissingReason;

/// Describes missing detections, such as "10 of 20 not included: 10 pictures are on the web only; add
/// --fetch-media". `None` when nothing is missing.
pub fn describe_missing(missing: u64, total: u64, reasons: &[MissingReason]) -> Option<String> {
    if missing == 0 {
        return None;
    }
    let start = format!("{} of {} not included", in_thousands(missing), in_thousands(total));
    let described = match reasons {
        [] => format!("{start} (see missing.csv)"),
        [MissingReason { message, hint: Some(hint), .. }] => format!("{start}: {message}; {hint}"),
        several => {
            let each = several.iter().map(|MissingReason { message, hint, .. }| match hint {
                Some(hint) => format!("{message} ({hint})"),
                None => message.clone(),
            });
            format!("{start}: {}", each.collect::<Vec<_>>().join(", "))
        }
    };
    Some(described)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_names_reasons_and_hints() {
        let reason = |message: &str, hint: Option<&str>| MissingReason {
            reason: "x".into(),
            count: 1,
            message: message.into(),
            hint: hint.map(str::to_owned),
        };
        let remote = reason("1,000 pictures are on the web only", Some("add --fetch-media"));
        let damaged = reason("2 pictures end too early", None);
        assert_eq!(describe_missing(0, 20, &[]), None);
        let describe =
            |missing, reasons: &[MissingReason]| describe_missing(missing, 1_002, reasons).unwrap();
        assert_eq!(describe(5, &[]), "5 of 1,002 not included (see missing.csv)");
        assert_eq!(
            describe(1_000, std::slice::from_ref(&remote)),
            "1,000 of 1,002 not included: 1,000 pictures are on the web only; add --fetch-media"
        );
        assert_eq!(
            describe(1_002, &[remote, damaged]),
            "1,002 of 1,002 not included: 1,000 pictures are on the web only (add --fetch-media), 2 pictures end too \
             early"
        );
    }
}

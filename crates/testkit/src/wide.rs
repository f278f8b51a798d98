//! A survey that is long and wide: what no page is wide enough for.

use crate::Package;

/// Classes of [`wide`].
pub const WIDE_CLASSES: usize = 60;
/// Locations of [`wide`].
pub const WIDE_LOCATIONS: usize = 400;

/// Names in letters of many kinds, of up to 80 characters, with everything that could be taken
/// for code.
pub fn wide_class(number: usize) -> String {
    match number {
        0 => "Дикий кабан, очень длинное название, которое не помещается ни в какую колонку!!".into(),
        1 => "野猪 (Sus scrofa)".into(),
        2 => "غزال الريم العربي".into(),
        3 => "#panic[x] $x$ *b* _i_ `c` <label> @ref \\\\ // /* \"q\" 'a' ~ = + - 1. <b>&amp;</b>".into(),
        4 => "A name of exactly eighty letters that goes on and on until it has all of them 80".into(),
        5 => "Anunbrokennameofeightyletterswithoutasinglespaceinitwhichnotableknowswheretobreak".into(),
        number => format!("Genus{number} species{number}"),
    }
}

/// A year of 60 classes at 400 locations, about 9,000 records.
pub fn wide() -> Package {
    let mut package = Package::default();
    for number in 0..WIDE_LOCATIONS {
        let name = match number % 100 {
            0 => format!("Гора {number} — место с очень длинным названием, которое никак не кончается, нет"),
            1 => format!("保護區 {number}"),
            2 => format!("وادي {number}"),
            3 => format!("#locate({number}) <x> $y$ *z*"),
            _ => format!("Site {number}"),
        };
        let (latitude, longitude) =
            (40.0 + (number / 20) as f64 * 0.05, -100.0 + (number % 20) as f64 * 0.07);
        package.deployment_at(
            &format!("dep{number}"),
            &name,
            (latitude, longitude),
            "2023-01-01T00:00:00-06:00",
            "2024-01-01T00:00:00-06:00",
        );
    }
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    for number in 0..9000 {
        // The first classes are common and the last are rare.
        let class = random(WIDE_CLASSES).min(random(WIDE_CLASSES));
        let (month, day, hour, minute) = (1 + random(12), 1 + random(28), random(24), random(60));
        let time = format!("2023-{month:02}-{day:02}T{hour:02}:{minute:02}:00-06:00");
        let name = wide_class(class).replace('"', "\"\"");
        let deployment = format!("dep{}", random(WIDE_LOCATIONS));
        package.sighting(&format!("o{number}"), &deployment, &time, &format!("\"{name}\""), 1);
    }
    package
}

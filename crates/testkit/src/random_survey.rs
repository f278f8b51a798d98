//! A survey out of a random generator with a fixed seed, with some of the dirt that real ones have.

use crate::Package;

/// Animals of five classes at 16 locations over 2023, each class with hours of its own; some lie
/// outside their deployment.
pub fn make_random_survey(records: usize) -> Package {
    let mut state = 20_230_517_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    let mut package = Package::default();
    for number in 0..24_u8 {
        let (start, end) = (1 + random(4), 9 + random(3));
        package.deployment_at(
            &format!("dep{number}"),
            &format!("Ridge {}", number % 16),
            (35.0 + f64::from(number % 16) * 0.05, -97.0 - f64::from(number % 16) * 0.07),
            &format!("2023-{start:02}-0{}T0{}:30:00-06:00", 1 + random(9), random(9)),
            &format!("2023-{end:02}-1{}T17:00:00-05:00", random(9)),
        );
    }
    // Some deployments share a location.
    for number in (0..24).rev() {
        let own = format!("loc-dep{number},");
        package.deployments = package.deployments.replace(&own, &format!("loc{},", number % 16));
    }
    // Name, hour about which it is active, how far around, and how common.
    let classes = [
        ("doe", 6, 9, 40),
        ("fawn", 9, 8, 12),
        ("buck", 19, 6, 20),
        ("mature", 2, 5, 8),
        ("raccoon", 0, 4, 20),
    ];
    for number in 0..records {
        let mut left = random(100);
        let (class, middle, spread, _) = *classes
            .iter()
            .find(|(.., share)| {
                let here = left < *share;
                left = left.saturating_sub(*share);
                here
            })
            .unwrap_or(&classes[0]);
        let hour = (24 + middle + random(spread) + random(spread) - spread) % 24;
        // Raccoons come later in the year.
        let month = if class == "raccoon" { 6 + random(6) } else { 1 + random(12) };
        let time = format!(
            "2023-{month:02}-{:02}T{hour:02}:{:02}:{:02}-06:00",
            1 + random(28),
            random(60),
            random(60)
        );
        let count = 1 + u32::try_from(random(3)).unwrap_or(0);
        package.sighting(&format!("o{number}"), &format!("dep{}", random(24)), &time, class, count);
    }
    package
}

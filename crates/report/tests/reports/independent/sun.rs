//! Day and night by the height of the sun.

use std::f64::consts::TAU;

/// Whether the sun is below the horizon: by its height at that moment (Spencer's series, as in
/// the spreadsheet of the NOAA Global Monitoring Laboratory), not by times of rising and setting.
pub fn is_night(latitude: f64, longitude: f64, local: i64, offset_hours: f64) -> bool {
    let day_of_year = local.div_euclid(86_400).rem_euclid(1461) as f64 % 365.25;
    let hour = local.rem_euclid(86_400) as f64 / 3600.0;
    let gamma = TAU / 365.25 * (day_of_year + (hour - 12.0) / 24.0);
    let equation = 229.18
        * (0.000_075 + 0.001_868 * gamma.cos()
            - 0.032_077 * gamma.sin()
            - 0.014_615 * (2.0 * gamma).cos()
            - 0.040_849 * (2.0 * gamma).sin());
    let declination = 0.006_918 - 0.399_912 * gamma.cos() + 0.070_257 * gamma.sin()
        - 0.006_758 * (2.0 * gamma).cos()
        + 0.000_907 * (2.0 * gamma).sin()
        - 0.002_697 * (3.0 * gamma).cos()
        + 0.001_48 * (3.0 * gamma).sin();
    let solar_minutes = hour * 60.0 + equation + 4.0 * longitude - 60.0 * offset_hours;
    let angle = (solar_minutes / 4.0 - 180.0).to_radians();
    let latitude = latitude.to_radians();
    let sine = latitude.sin() * declination.sin() + latitude.cos() * declination.cos() * angle.cos();
    sine.asin().to_degrees() < -0.833
}

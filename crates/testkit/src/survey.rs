//! A survey of any size, the same every time.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::Package;

/// A deployment stands for ninety days, and sees this many animals.
const OBSERVATIONS_EACH: u64 = 2_500;
const CLASSES: [&str; 6] = ["doe", "fawn", "mature", "mid", "young", "raccoon"];

/// Writes a Camtrap DP package of so many observations into a folder, which is created if it does not exist.
pub fn write_survey(folder: &Path, total: u64) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut package = Package::default();
    for number in 0..total.div_ceil(OBSERVATIONS_EACH) {
        let id = format!("dep{number}");
        let location = format!("Ridge {}", number / 4);
        package.deployment(&id, &location, "2023-09-01T00:00:00-06:00", "2023-11-30T00:00:00-07:00");
    }
    package.write_to(folder);
    let append =
        |name: &str| std::fs::File::options().append(true).open(folder.join(name)).map(BufWriter::new);
    let (mut media, mut observations) = (append("media.csv")?, append("observations.csv")?);
    // A linear congruential generator: the same survey every time, without another dependency.
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut time = String::new();
    for number in 0..total {
        let deployment = number / OBSERVATIONS_EACH;
        let minute = random(89 * 1440);
        let (day, hour) = (minute / 1440, minute / 60 % 24);
        let (month, day) = [(9, day + 1), (10, day.wrapping_sub(29)), (11, day.wrapping_sub(60))]
            [usize::from(day >= 30) + usize::from(day >= 61)];
        time.clear();
        write!(time, "2023-{month:02}-{day:02}T{hour:02}:{:02}:{:02}-06:00", minute % 60, random(60))
            .map_err(std::io::Error::other)?;
        writeln!(media, "m{number},dep{deployment},{time},media/m{number}.jpg,true,image/jpeg")?;
        let class = CLASSES[usize::try_from(random(6)).unwrap_or(0)];
        let confidence = 0.5 + random(500) as f64 / 1000.0;
        writeln!(
            observations,
            "o{number},dep{deployment},m{number},,{time},,media,animal,{class},1,0.1,0.2,0.3,0.4,{confidence}"
        )?;
    }
    media.flush()?;
    observations.flush()
}

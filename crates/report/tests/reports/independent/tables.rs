//! The tables, read with the `csv` crate into plain rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A table as maps from column to text.
type Table = Vec<BTreeMap<String, String>>;

pub struct Deployment {
    pub location: String,
    pub start: i64,
    pub end: i64,
    /// First and last second at which a record lies inside.
    pub records_from: i64,
    pub records_until: i64,
    pub offset: Option<i64>,
    pub latitude: f64,
    pub longitude: f64,
}

pub struct Sighting {
    pub class: String,
    pub deployment: String,
    /// File or event.
    pub unit: String,
    /// Seconds on the camera's clock.
    pub time: i64,
    /// The same of the end of an event.
    pub end: i64,
    pub count: u64,
    pub is_male: bool,
    pub is_female: bool,
    pub is_young: bool,
}

pub struct Survey {
    pub deployments: BTreeMap<String, Deployment>,
    /// Animals on the level that counts.
    pub sightings: Vec<Sighting>,
    /// For each class the taxa that it lies in, where the tables name them.
    pub taxa: BTreeMap<String, BTreeSet<String>>,
}

impl Survey {
    /// Classes that count as species among those that were found: names of species, and others when
    /// nothing inside them was found.
    pub fn species_among(&self, found: &BTreeSet<String>) -> BTreeSet<String> {
        let is_coarse = |name: &String| {
            let inside = |other: &String| self.taxa.get(other).is_some_and(|taxa| taxa.contains(name));
            !is_species(name) && found.iter().any(inside)
        };
        found.iter().filter(|name| !is_coarse(name)).cloned().collect()
    }
}

/// Genus and species.
pub fn is_species(name: &str) -> bool {
    let mut words = name.split(' ');
    let (genus, species) = (words.next(), words.next());
    genus.is_some() && species.is_some_and(|word| !["spp.", "sp."].contains(&word))
}

fn table(text: &str) -> Table {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// Seconds since 1970 of a text that begins `YYYY-MM-DD HH:MM:SS`, whatever stands behind it.
fn seconds(text: &str) -> Option<i64> {
    let parts: Vec<i64> =
        text.get(..19)?.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    let [year, month, day, hour, minute, second] = parts[..] else { return None };
    // Days by counting, as on the fingers.
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: i64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let months: i64 = length[..usize::try_from(month - 1).unwrap()].iter().sum();
    Some(((years + months + day - 1) * 24 + hour) * 3600 + minute * 60 + second)
}

/// The first second of a date.
pub fn first_second(date: &str) -> i64 {
    seconds(&format!("{date} 00:00:00")).unwrap()
}

/// Seconds east of UTC, if the text has an offset.
fn offset(text: &str) -> Option<i64> {
    let rest = text.get(19..)?;
    match rest.chars().next()? {
        'Z' => Some(0),
        sign => {
            let number = |range| rest.get(range).and_then(|digits: &str| digits.parse::<i64>().ok());
            let size = number(1..3)? * 3600 + number(4..6)? * 60;
            Some(if sign == '-' { -size } else { size })
        }
    }
}

pub fn camtrap_dp(folder: &Path) -> Survey {
    let read = |name: &str| table(&std::fs::read_to_string(folder.join(name)).unwrap());
    let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse().unwrap();
    let deployments: BTreeMap<String, Deployment> = read("deployments.csv")
        .iter()
        .map(|row| {
            let end = seconds(&row["deploymentEnd"]).unwrap();
            let deployment = Deployment {
                location: row["locationName"].clone(),
                start: seconds(&row["deploymentStart"]).unwrap(),
                end: end - offset(&row["deploymentEnd"]).unwrap() + offset(&row["deploymentStart"]).unwrap(),
                records_from: seconds(&row["deploymentStart"]).unwrap(),
                records_until: end,
                offset: offset(&row["deploymentStart"]),
                latitude: number(row, "latitude"),
                longitude: number(row, "longitude"),
            };
            (row["deploymentID"].clone(), Deployment { records_until: deployment.end, ..deployment })
        })
        .collect();
    let on_clock = |text: &str, deployment: &str| {
        let own = deployments[deployment].offset.unwrap();
        seconds(text).map(|time| time - offset(text).unwrap_or(own) + own)
    };
    let media_rows = read("media.csv");
    let media: BTreeMap<String, i64> = media_rows
        .iter()
        .filter_map(|row| Some((row["mediaID"].clone(), on_clock(&row["timestamp"], &row["deploymentID"])?)))
        .collect();
    let observations = read("observations.csv");
    let animal = |row: &BTreeMap<String, String>| row["observationType"] == "animal";
    let reviewed = |row: &BTreeMap<String, String>| row["observationType"] != "unclassified";
    let cell = |row: &BTreeMap<String, String>, name: &str| row.get(name).cloned().unwrap_or_default();
    let time_lapse: BTreeSet<String> = media_rows
        .iter()
        .filter(|row| cell(row, "captureMethod") == "timeLapse")
        .map(|row| row["mediaID"].clone())
        .collect();
    let on_events: Vec<&String> = observations
        .iter()
        .filter(|row| reviewed(row) && row["observationLevel"] == "event")
        .map(|row| &row["deploymentID"])
        .collect();
    let sighting = |(number, row): (usize, &BTreeMap<String, String>)| {
        let deployment = &row["deploymentID"];
        let level = if on_events.contains(&deployment) { "event" } else { "media" };
        if !animal(row) || row["observationLevel"] != level || row["scientificName"].is_empty() {
            return None;
        }
        if time_lapse.contains(&row["mediaID"]) || !cell(row, "cameraSetupType").is_empty() {
            return None;
        }
        let (sex, stage) = (cell(row, "sex"), cell(row, "lifeStage"));
        let unit = if level == "event" { &row["eventID"] } else { &row["mediaID"] };
        let time = media.get(&row["mediaID"]).copied().filter(|_| level == "media");
        Some(Sighting {
            class: row["scientificName"].clone(),
            deployment: deployment.clone(),
            unit: if unit.is_empty() { format!("row {number}") } else { unit.clone() },
            time: time.or_else(|| on_clock(&row["eventStart"], deployment))?,
            end: time.or_else(|| on_clock(&row["eventEnd"], deployment)).unwrap_or(0),
            count: row["count"].parse().unwrap_or(1).max(1),
            is_male: sex == "male" && stage != "juvenile",
            is_female: sex == "female" && stage != "juvenile",
            is_young: stage == "juvenile",
        })
    };
    let sightings: Vec<Sighting> = observations.iter().enumerate().filter_map(sighting).collect();
    let taxa = genera(&sightings);
    Survey { deployments, sightings, taxa }
}

/// Names of species lie in their genus.
fn genera(sightings: &[Sighting]) -> BTreeMap<String, BTreeSet<String>> {
    let species = sightings.iter().filter(|sighting| is_species(&sighting.class));
    let genus = |class: &str| class.split(' ').next().unwrap_or_default().to_owned();
    species.map(|sighting| (sighting.class.clone(), BTreeSet::from([genus(&sighting.class)]))).collect()
}

pub fn wildlife_insights(path: &Path) -> Survey {
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut read = |ending: &str| {
        let name = archive
            .file_names()
            .flatten()
            .map(|name| name.to_string())
            .find(|name| name.ends_with(ending))
            .unwrap();
        let mut text = String::new();
        archive.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
        table(&text)
    };
    let midnight = |text: &str| seconds(&format!("{text} 00:00:00")).filter(|_| text != "NA");
    let deployments: BTreeMap<String, Deployment> = read("deployments.csv")
        .iter()
        .filter_map(|row| {
            // The one without an end has no records either, and so no effort.
            let (start, end) = (midnight(&row["start_date"])?, midnight(&row["end_date"])?);
            // From noon to noon, while records of both days are inside; a single day from 6 to 18 o'clock.
            let (begin, finish) = if start == end { (21_600, 64_800) } else { (43_200, 43_200) };
            let deployment = Deployment {
                location: row["placename"].clone(),
                start: start + begin,
                end: end + finish,
                records_from: start,
                records_until: end + 86_399,
                offset: None,
                latitude: row["latitude"].parse().unwrap(),
                longitude: row["longitude"].parse().unwrap(),
            };
            Some((row["deployment_id"].clone(), deployment))
        })
        .collect();
    let sighting = |row: &BTreeMap<String, String>| {
        let empty = |name: &str| row[name].is_empty() || row[name] == "NA";
        let (genus, species) = (row["genus"].as_str(), row["species"].as_str());
        let nameless = empty("genus") && (species == "spp." || empty("species"));
        if row["is_blank"] == "1" || genus == "Homo" || species == "Unknown" || genus == "Unknown" || nameless
        {
            return None;
        }
        Some(Sighting {
            class: format!("{genus} {species}"),
            deployment: row["deployment_id"].clone(),
            unit: row["image_id"].clone(),
            time: seconds(&row["timestamp"])?,
            end: seconds(&row["timestamp"])?,
            count: row["group_size"]
                .parse()
                .or_else(|_| row["number_of_objects"].parse())
                .unwrap_or(1)
                .max(1),
            is_male: row["sex"] == "Male" && row["age"] != "Juvenile",
            is_female: row["sex"] == "Female" && row["age"] != "Juvenile",
            // “Adult + Juvenile” is an adult with young.
            is_young: row["age"].contains("Juvenile"),
        })
    };
    let images = read("images.csv");
    let sightings: Vec<Sighting> = images.iter().filter_map(sighting).collect();
    let ranks = |row: &BTreeMap<String, String>| -> (String, BTreeSet<String>) {
        let taxa = ["class", "order", "family", "genus"].map(|rank| row[rank].clone());
        (format!("{} {}", row["genus"], row["species"]), taxa.into())
    };
    let taxa = images.iter().map(ranks).collect();
    Survey { deployments, sightings, taxa }
}

//! Counting the contents of a data set, without a period and without statistics.

use std::collections::HashSet;
use std::ops::{AddAssign, Range};

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

use crate::container::Container;
use crate::model::Dataset;
use crate::observations::{Classifier, Level, ObservationType};
use crate::parallel::run_all;

/// Threads that search for pictures. They mostly wait for a disk or a network.
const THREADS: u32 = 8;

/// The contents of a data set in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// First and last day on which anything was recorded.
    pub days: Option<(Date, Date)>,
    /// All observations.
    pub observations: u64,
    /// Observations of whole visits instead of single files.
    pub on_event_level: u64,
    /// The number of deployments at each location, in the order of [`Dataset::locations`].
    pub locations: Vec<LocationCount>,
    /// Species of wild animals, the most frequent first.
    pub species: Vec<SpeciesCount>,
    /// Domestic animals, the most frequent first.
    pub domestic: Vec<SpeciesCount>,
    /// Observations of animals without the name of a species.
    pub unnamed_animals: u64,
    /// Observations of anything but animals.
    pub non_animals: NonAnimals,
    /// Who classified the observations; `None` if the source does not say.
    pub classified_by: Option<ClassifiedBy>,
    /// The result of the search for pictures; `None` if there are none, or if they were not searched for.
    pub pictures: Option<PictureSearch>,
}

/// The number of deployments at a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocationCount {
    /// Index into [`Dataset::locations`].
    pub location: u32,
    /// The number of deployments.
    pub deployments: u64,
}

/// The number of observations of a species.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpeciesCount {
    /// Index into [`Dataset::classes`].
    pub class: u32,
    /// The number of observations.
    pub observations: u64,
}

/// Observations that show no animal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NonAnimals {
    /// Empty pictures.
    pub blank: u64,
    /// People.
    pub human: u64,
    /// Vehicles, and other objects that people brought.
    pub vehicle: u64,
    /// Unidentified objects.
    pub unknown: u64,
    /// Pictures that were not classified yet.
    pub unclassified: u64,
}

/// Who classified observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassifiedBy {
    /// Observations that people classified.
    pub people: u64,
    /// Observations that machines classified.
    pub machines: u64,
    /// Observations for which it is not known.
    pub not_known: u64,
}

/// The result of a search for pictures and videos.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureSearch {
    /// Files that the data set lists.
    pub listed: u64,
    /// Files that exist.
    pub found: u64,
    /// Files that do not exist.
    pub missing: u64,
    /// Files at an address on another host, which were not searched for.
    pub remote: u64,
    /// Files that may be in a bucket, which was not searched.
    pub in_bucket: u64,
}

impl AddAssign for PictureSearch {
    fn add_assign(&mut self, other: Self) {
        self.listed += other.listed;
        self.found += other.found;
        self.missing += other.missing;
        self.remote += other.remote;
        self.in_bucket += other.in_bucket;
    }
}

impl NonAnimals {
    /// Counts observations; those of animals are ignored.
    pub(crate) fn add(&mut self, kind: ObservationType, observations: u64) {
        match kind {
            ObservationType::Blank => self.blank += observations,
            ObservationType::Human => self.human += observations,
            ObservationType::Vehicle => self.vehicle += observations,
            ObservationType::Unknown => self.unknown += observations,
            ObservationType::Unclassified => self.unclassified += observations,
            ObservationType::Animal => {}
        }
    }
}

impl Overview {
    /// Counts a data set that was read with [`Keep::All`](crate::Keep::All), and searches for its pictures.
    /// This blocks, for about a second per hundred thousand pictures.
    pub fn count(data: &Dataset) -> Self {
        let mut of_class = vec![0_u64; data.classes.len()];
        let mut overview = Self { pictures: search_pictures(data), ..Self::count_outline(data) };
        let mut by = ClassifiedBy::default();
        for observation in data.observations.iter() {
            *match observation.classifier {
                Some(Classifier::Person) => &mut by.people,
                Some(Classifier::Machine) => &mut by.machines,
                None => &mut by.not_known,
            } += 1;
            overview.on_event_level += u64::from(observation.level == Level::Event);
            match (observation.kind, observation.class) {
                (ObservationType::Animal, _) if observation.is_camera_setup => {
                    overview.non_animals.human += 1;
                }
                (ObservationType::Animal, Some(class)) => of_class[class as usize] += 1,
                (ObservationType::Animal, None) => overview.unnamed_animals += 1,
                (kind, _) => overview.non_animals.add(kind, 1),
            }
        }
        overview.classified_by = (by.people + by.machines > 0).then_some(by);
        overview.set_species(data, &of_class);
        overview
    }

    /// Counts what is known without observations and pictures.
    pub(crate) fn count_outline(data: &Dataset) -> Self {
        let mut locations: Vec<LocationCount> = (0..)
            .zip(&data.locations)
            .map(|(location, _)| LocationCount { location, deployments: 0 })
            .collect();
        for deployment in &data.deployments {
            locations[deployment.location as usize].deployments += 1;
        }
        Self {
            days: data.recorded_days(),
            observations: data.observations.len() as u64 + data.outside_selection.observations,
            locations,
            ..Self::default()
        }
    }

    /// Sets the counts of species, from the number of observations of each class.
    pub(crate) fn set_species(&mut self, data: &Dataset, of_class: &[u64]) {
        for ((class, named), observations) in (0..).zip(&data.classes).zip(of_class) {
            if *observations == 0 {
                continue;
            }
            let group = if named.is_domestic() { &mut self.domestic } else { &mut self.species };
            group.push(SpeciesCount { class, observations: *observations });
        }
        for group in [&mut self.species, &mut self.domestic] {
            group.sort_by_key(|species| {
                (std::cmp::Reverse(species.observations), &data.classes[species.class as usize].name)
            });
        }
    }
}

/// A folder or archive with pictures.
enum PictureFolder<'a> {
    /// A folder, in which each file is looked up.
    Folder(&'a Container),
    /// An archive, by the names of its files: opening each would decompress it.
    Archive(HashSet<String>),
}

impl<'a> PictureFolder<'a> {
    fn new(container: &'a Container) -> Self {
        if matches!(container, Container::Zip(_)) {
            let names = container.list_names_at_root(|name| !name.ends_with('/'));
            Self::Archive(names.iter().filter_map(|name| normalize_path(name)).collect())
        } else {
            Self::Folder(container)
        }
    }

    fn has_file(&self, path: &str) -> bool {
        match self {
            Self::Folder(folder) => folder.open(path).is_ok(),
            Self::Archive(names) => normalize_path(path).is_some_and(|path| names.contains(&path)),
        }
    }
}

/// A path in a form in which paths can be compared; `None` if it leads out of the container.
fn normalize_path(path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\\') {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let leads_inside = !parts.is_empty() && !parts.contains(&"..");
    leads_inside.then(|| parts.join("/").nfc().collect())
}

/// Searches for each picture in the folder of images and in the data set, on several threads.
fn search_pictures(data: &Dataset) -> Option<PictureSearch> {
    let rows = u32::try_from(data.media.len()).unwrap_or(u32::MAX);
    if rows == 0 {
        return None;
    }
    // A reader that searched for the pictures itself would be called here.
    let places: Vec<PictureFolder<'_>> = data.files.containers().map(PictureFolder::new).collect();
    let places = places.as_slice();
    let each = rows.div_ceil(THREADS);
    let mut all = PictureSearch::default();
    let share = |first: u32| first..first.saturating_add(each).min(rows);
    let shares = (0..rows).step_by(each as usize).map(share).collect();
    for search in run_all(shares, |share| search_rows(data, places, share)) {
        all += search;
    }
    Some(all)
}

fn search_rows(data: &Dataset, places: &[PictureFolder<'_>], rows: Range<u32>) -> PictureSearch {
    let mut search = PictureSearch::default();
    for row in rows {
        let path = data.media.path(row);
        search.listed += 1;
        if data.media.is_remote(row) {
            search.remote += 1;
        } else if places.iter().any(|place| place.has_file(path)) {
            search.found += 1;
        } else if data.files.is_on_other_host(path) {
            search.in_bucket += 1;
        } else {
            search.missing += 1;
        }
    }
    search
}

#[cfg(test)]
mod tests {
    use testkit::Package;

    use super::*;
    use crate::options::ReadOptions;
    use crate::source::open;

    #[test]
    fn a_path_is_compared_in_one_form_and_never_leads_out() {
        assert_eq!(normalize_path("./media//ca\u{301}mara/a.jpg").as_deref(), Some("media/cámara/a.jpg"));
        for path in ["", ".", "/etc/passwd", "a/../../b", "a\\b"] {
            assert_eq!(normalize_path(path), None, "{path}");
        }
    }

    #[test]
    fn animals_that_people_keep_are_a_group_of_their_own() {
        let mut package = Package::new();
        for (id, class) in
            [("1", "Bos taurus"), ("2", "Lynx lynx"), ("3", "Lynx lynx"), ("4", "domestic dog")]
        {
            package.sighting(id, "dep1", "2023-10-01T06:00:00Z", class, 1);
        }
        package.sighting("5", "dep1", "2023-10-02T06:00:00Z", "", 1);
        package.observations += "6,dep1,,,2023-10-02T06:00:00Z,,media,human,,1,,,,,\n";
        let data = open(package.write().path(), &ReadOptions::default()).unwrap();
        let overview = Overview::count(&data);
        let names = |group: &[SpeciesCount]| -> Vec<(String, u64)> {
            let named =
                |count: &SpeciesCount| (data.classes[count.class as usize].name.clone(), count.observations);
            group.iter().map(named).collect()
        };
        assert_eq!(names(&overview.species), [("Lynx lynx".to_owned(), 2)]);
        assert_eq!(names(&overview.domestic), [("Bos taurus".to_owned(), 1), ("domestic dog".to_owned(), 1)]);
        assert_eq!((overview.unnamed_animals, overview.non_animals.human), (1, 1));
        assert_eq!((overview.observations, overview.on_event_level), (6, 0));
        assert_eq!(overview.locations, [LocationCount { location: 0, deployments: 1 }]);
        assert_eq!(overview.pictures, None);
    }

    #[test]
    fn each_picture_is_found_missing_or_on_another_host() {
        let mut package = Package::new();
        for number in 0..20 {
            let bytes = (number % 2 == 0).then(|| b"a picture".to_vec());
            let path = format!("media/{number}.jpg");
            package.medium(&format!("m{number}"), "2023-10-01T06:00:00Z", &path, bytes);
        }
        package.medium("away", "2023-10-01T06:00:00Z", "https://example.org/a.jpg", None);
        package.medium("out", "2023-10-01T06:00:00Z", "../secret.jpg", None);
        let folder = package.write();
        let data = open(folder.path(), &ReadOptions::default()).unwrap();
        let expected = PictureSearch { listed: 22, found: 10, missing: 11, remote: 1, in_bucket: 0 };
        assert_eq!(Overview::count(&data).pictures, Some(expected));
        // Files may be removed at any time.
        std::fs::remove_file(folder.path().join("media/0.jpg")).unwrap();
        assert_eq!(Overview::count(&data).pictures.map(|pictures| pictures.found), Some(9));
    }
}

//! Camera-trap data: where it is read from, and the model it is read into.
//!
//! - [`open`] finds out which format a folder, file or ZIP archive is in and reads it;
//! - [`camtrap_dp`] and [`wildlife_insights`] hold one reader each, `detector` those of what
//!   MegaDetector and SpeciesNet found;
//! - [`Database`] is asked for slices of the tables of a platform in PostgreSQL;
//! - [`Dataset`] is what every reader produces: [`Deployment`]s at [`Location`]s, and a
//!   compact columnar table of [`Observations`] with their [`MediaTable`];
//! - [`MediaFiles`] reads the picture files that belong to a data set, and nothing outside it; who
//!   gives it a [`Fetch`] has those at an address as well;
//! - [`NameTable`] has common names of species, and [`Dataset::resolve_names`] finds what a typed name
//!   stands for; [`Overview`] counts what a data set holds; [`ClassGroups`] says which classes are males,
//!   females and young, [`Taxon`] which are species;
//! - [`Selection`] picks the detections an archive is made of, and [`Share`] takes some of them.
//!
//! Structure that is wrong is a [`SourceError`]. A row that is wrong is a [`RowProblem`]:
//! it is skipped, counted and listed, and the rest is read.
//!
//! ```no_run
//! let data = detections::open("examples/algar.zip".as_ref(), &Default::default())?;
//! println!("{} observations at {} locations", data.observations.len(), data.locations.len());
//! # Ok::<(), detections::SourceError>(())
//! ```

mod bbox;
mod builder;
pub mod camtrap_dp;
mod class_groups;
mod clock;
mod column;
mod container;
mod detector;
mod error;
mod excerpt;
mod fetch;
mod hemisphere;
mod ids;
mod json_text;
mod location_builder;
mod media;
mod media_files;
mod model;
mod names;
mod observations;
mod overview;
mod postgres;
mod problems;
mod regular_file;
mod sample;
mod select;
mod source;
mod table;
mod taxon;
mod taxon_name;
mod text;
mod unicode_forms;
mod vocabulary;
pub mod wildlife_insights;
mod written_dates;
mod zip_files;

pub use bbox::{BoundingBox, PixelBox, RelativeBox};
pub use camtrap_dp::SourceTable;
pub use class_groups::{ClassGroups, ClassInTwoGroups, Group, StatedGroups};
pub use clock::{CameraClock, LocalTime, Written};
pub use error::{BadRows, SourceError};
pub use fetch::{Fetch, FetchError};
pub use hemisphere::Hemisphere;
pub use media::MediaTable;
pub use media_files::{MediaError, MediaFiles};
pub use model::{Class, Dataset, Deployment, Licence, Location, PictureCount, Rest, SourceFormat};
pub use names::{NameTable, ResolvedNames, UnknownName, UnknownNames};
pub use observations::{Classifier, Level, Observation, ObservationType, Observations, Review};
pub use overview::{ClassifiedBy, LocationCount, NonAnimals, Overview, PictureSearch, SpeciesCount};
pub use postgres::{Database, DatabaseError, DatabaseOptions, Health, Mapping, Slice};
pub use problems::{Consequence, Problems, RowProblem, TableCount};
pub use regular_file::is_out_of_descriptors;
pub use sample::{Sample, Share};
pub use select::Selection;
pub use source::{Keep, ReadOptions, open};
pub use taxon::{Rank, Taxon};
pub use written_dates::DateOrder;

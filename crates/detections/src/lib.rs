//! Camera-trap data: its formats, and the model that it is read into.
//!
//! - [`open`] detects the format of a folder, file or ZIP archive and reads it;
//! - [`camtrap_dp`] and [`wildlife_insights`] each hold a reader, `detector` those for results of
//!   MegaDetector, SpeciesNet and Pytorch-Wildlife;
//! - [`Database`] reads slices of a platform's tables in PostgreSQL;
//! - [`Dataset`] is what every reader produces: [`Deployment`]s at [`Location`]s, and a
//!   compact columnar table of [`Observations`] with their [`MediaTable`];
//! - [`MediaFiles`] reads the picture files of a data set, and nothing outside of it; with a [`Fetch`] it
//!   also reads those at an address;
//! - [`NameTable`] has common names of species, and [`Dataset::resolve_names`] looks up names that people
//!   type; [`Overview`] counts the contents of a data set; [`ClassGroups`] says which classes are males,
//!   females and young, [`Taxon`] which are species;
//! - [`Selection`] selects detections for an archive, and [`SampleSize`] limits their number.
//!
//! A structural error is a [`SourceError`]. A row that cannot be read is a [`RowError`]: it is skipped,
//! counted and listed, and the other rows are read.
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
mod container;
mod coordinates;
mod detector;
mod error;
mod excerpt;
mod fetch;
mod format;
mod hemisphere;
mod ids;
mod json_text;
mod keep;
mod location_builder;
mod media;
mod media_files;
mod model;
mod names;
mod observations;
mod open_error;
mod options;
mod overview;
mod parallel;
mod postgres;
mod problems;
mod read_ahead;
mod regular_file;
mod sample;
mod select;
mod source;
mod source_format;
mod sparse_column;
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
pub use class_groups::{ClassGroups, ClassInTwoGroupsError, Group, StatedGroups};
pub use clock::{CameraClock, LocalTime, WrittenTime};
pub use coordinates::Coordinates;
pub use error::{BadRows, SourceError};
pub use fetch::{Fetch, FetchError, is_web_address};
pub use hemisphere::Hemisphere;
pub use keep::Keep;
pub use media::MediaTable;
pub use media_files::{MediaError, MediaFiles};
pub use model::{Class, Dataset, Deployment, Licence, Location, OutsideSelection, PictureCount};
pub use names::{NameTable, ResolvedNames, UnknownName, UnknownNamesError};
pub use observations::{Classifier, Level, Observation, ObservationType, Observations, Review};
pub use options::ReadOptions;
pub use overview::{ClassifiedBy, LocationCount, NonAnimals, Overview, PictureSearch, SpeciesCount};
pub use postgres::{Database, DatabaseError, DatabaseOptions, Health, Mapping, Slice};
pub use problems::{Consequence, Problems, RowError, TableCount};
pub use regular_file::is_out_of_descriptors;
pub use sample::{BalancedSample, SampleSize};
pub use select::Selection;
pub use source::open;
pub use source_format::SourceFormat;
pub use taxon::{Rank, Taxon};
pub use written_dates::DateOrder;

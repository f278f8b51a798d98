//! Why a detection is not in an archive.

use detections::{FetchError, MediaError};

use crate::picture::PictureError;

/// Why a detection, or its crop, is not in the archive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MissingError {
    /// No observation has this id.
    #[error("no detection of the data set has this id")]
    NoSuchId,
    /// It was requested twice; the archive has it once.
    #[error("it was asked for twice; the archive has it once")]
    AskedTwice,
    /// The observation has no media file, or one that the data set does not list.
    #[error("the observation is about no media file of the data set")]
    NoMedia,
    /// The observation has no box to crop.
    #[error("the observation has no bounding box")]
    NoBox,
    /// No part of the box lies on the picture, whose width and height these are.
    #[error("no part of the bounding box lies on the picture, which is {0} x {1} pixels")]
    BoxOutside(u32, u32),
    /// It shows a person or a vehicle, which were not requested.
    #[error("it shows a person or a vehicle, which are left out unless include_humans asks for them")]
    Human,
    /// Its crop may be exported, but the whole picture shows people.
    #[error(
        "people or a vehicle were recorded on the picture or in its event, so the whole of it is left out unless \
         include_humans asks for it"
    )]
    PeopleOnPicture,
    /// Only pictures on the web were requested, and this one is a local file.
    #[error("its picture is a file of the data set and not on the web; ask for media whole")]
    NotOnWeb,
    /// Camtrap DP requires a time.
    #[error("its time is not known, and Camtrap DP needs one")]
    NoTime,
    /// Camtrap DP requires times with a UTC offset.
    #[error(
        "the time zone of its camera is not known, and Camtrap DP needs one; give the data set a zone (--time-zone)"
    )]
    NoTimeZone,
    /// Camtrap DP requires the coordinates of deployments.
    #[error("the coordinates of its deployment are not known, and Camtrap DP needs them")]
    NoCoordinates,
    /// The file could not be read.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The file at a path cannot be decoded.
    #[error("{0} {1}")]
    Picture(String, PictureError),
    /// Decoding it would exceed the memory limit.
    #[error(
        "{path} ({width} x {height} pixels) needs {needed} MiB of memory, more than the {limit} MiB that pictures may \
         take (--picture-memory, --job-memory)"
    )]
    TooMuchMemory {
        path: String,
        width: u32,
        height: u32,
        /// The memory that it needs, and the limit, in MiB.
        needed: u64,
        limit: u64,
    },
}

impl MissingError {
    /// A code for the reason, for programs.
    pub fn code(&self) -> &'static str {
        use PictureError as E;
        match self {
            Self::NoSuchId => "no_such_id",
            Self::AskedTwice => "asked_twice",
            Self::NoMedia => "no_media",
            Self::NoBox => "no_box",
            Self::BoxOutside(..) => "box_outside",
            Self::Human => "human",
            Self::PeopleOnPicture => "people_on_picture",
            Self::NotOnWeb => "not_on_web",
            Self::NoTime => "no_time",
            Self::NoTimeZone => "no_time_zone",
            Self::NoCoordinates => "no_coordinates",
            Self::Media(MediaError::Remote(_)) => "remote",
            Self::Media(MediaError::NotFetched { why: FetchError::Private(_), .. }) => "private_address",
            Self::Media(MediaError::NotFetched { .. }) => "not_fetched",
            Self::Media(MediaError::Missing(_)) => "no_file",
            Self::Media(MediaError::Outside(_)) => "path_outside",
            Self::Media(MediaError::NotAFile(_)) => "not_a_file",
            Self::Media(MediaError::Io { .. }) => "unreadable",
            Self::Media(MediaError::TooLarge { .. })
            | Self::TooMuchMemory { .. }
            | Self::Picture(_, E::TooLarge(..)) => "too_large",
            Self::Picture(_, E::Empty) => "empty",
            Self::Picture(_, E::NotAPicture(_)) => "not_a_picture",
            Self::Picture(_, E::Truncated(_)) => "truncated",
            Self::Picture(_, E::Damaged(_)) => "damaged",
            Self::Picture(_, E::Cancelled) => "stopped",
        }
    }
}

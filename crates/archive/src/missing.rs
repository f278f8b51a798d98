//! Why a detection is not in an archive.

use detections::{FetchError, MediaError};

/// Why a detection, or its crop, is not in the archive.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
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
    /// No part of the box lies on the picture.
    #[error("no part of the bounding box lies on the picture, which is {width} x {height} pixels")]
    BoxOutside {
        /// Width of the picture in pixels.
        width: u32,
        /// Height of the picture in pixels.
        height: u32,
    },
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
    /// The file is empty.
    #[error("{0} is empty")]
    Empty(String),
    /// The file is not a readable picture.
    #[error("{path} is not a picture that can be read ({why})")]
    NotAPicture {
        /// Its path.
        path: String,
        /// The reason.
        why: String,
    },
    /// The file is truncated.
    #[error("{path} is truncated ({why})")]
    Truncated {
        /// Its path.
        path: String,
        /// The details.
        why: String,
    },
    /// The file is a picture whose data were damaged.
    #[error(
        "{path} is damaged ({why}), so the crop may show what was not there; include_damaged asks for it"
    )]
    Damaged {
        /// Its path.
        path: String,
        /// The message of the decoder.
        why: String,
    },
    /// Decoding it would exceed the memory limit.
    #[error(
        "{path} ({width} x {height} pixels) needs {needed} MiB of memory, more than the {limit} MiB that pictures may \
         take (--picture-memory, --job-memory)"
    )]
    TooMuchMemory {
        /// Its path.
        path: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The memory that it needs, in MiB.
        needed: u64,
        /// The limit in MiB.
        limit: u64,
    },
    /// The export was stopped.
    #[error("the export was stopped")]
    Stopped,
    /// The picture has too many pixels.
    #[error("{path} has {width} x {height} pixels, more than the {limit} million that are decoded")]
    TooLarge {
        /// Its path.
        path: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The limit in million pixels.
        limit: u64,
    },
}

impl Missing {
    /// A code for the reason, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchId => "no_such_id",
            Self::AskedTwice => "asked_twice",
            Self::NoMedia => "no_media",
            Self::NoBox => "no_box",
            Self::BoxOutside { .. } => "box_outside",
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
            Self::Media(MediaError::TooLarge { .. }) | Self::TooLarge { .. } | Self::TooMuchMemory { .. } => {
                "too_large"
            }
            Self::Stopped => "stopped",
            Self::Empty(_) => "empty",
            Self::NotAPicture { .. } => "not_a_picture",
            Self::Truncated { .. } => "truncated",
            Self::Damaged { .. } => "damaged",
        }
    }
}

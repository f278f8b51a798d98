//! What can go wrong: with the archive as a whole, and with one detection.

use std::fmt;

use detections::{FetchError, MediaError};

use crate::missing_reasons::MissingReason;
use crate::numbers::in_thousands;

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Nothing was asked for: a filter that no detection passes.
    #[error("no detection with a bounding box was found; ask for other dates, classes or locations")]
    NothingChosen,
    /// None of the detections could be exported. Asking again for the same is of no use.
    #[error("{0}")]
    NothingFound(NothingFound),
    /// Nobody waits for it any more.
    #[error("cancelled")]
    Cancelled,
    /// It could not be written; trying again may help, once there is room.
    #[error("the archive cannot be written: {0}")]
    Write(#[source] std::io::Error),
}

/// Why none of the detections could be exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingFound {
    /// Detections asked for.
    pub asked_for: usize,
    /// The reasons, the most frequent first.
    pub reasons: Vec<MissingReason>,
    /// The first detection with the most frequent reason, and what exactly was wrong with it.
    pub example: Option<String>,
}

impl fmt::Display for NothingFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.asked_for {
            1 => write!(f, "the only detection could not be exported: ")?,
            many => {
                write!(f, "none of the {} detections could be exported: ", in_thousands(many as u64))?;
            }
        }
        for (number, reason) in self.reasons.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{}", reason.message)?;
            if let Some(hint) = reason.hint {
                write!(f, " ({hint})")?;
            }
        }
        match &self.example {
            Some(example) => write!(f, ". The first is {example}"),
            None => Ok(()),
        }
    }
}

impl From<std::io::Error> for ArchiveError {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<zip::result::ZipError> for ArchiveError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Write(error.into())
    }
}

/// Why a detection, or its crop, is not in the archive.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// No observation has this id.
    #[error("no detection of the data set has this id")]
    NoSuchId,
    /// It was asked for before; the archive has it once.
    #[error("it was asked for twice; the archive has it once")]
    AskedTwice,
    /// The observation is about no media file, or about one that the data set does not list.
    #[error("the observation is about no media file of the data set")]
    NoMedia,
    /// The observation has no box, so there is nothing to cut out.
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
    /// It is of a person or a vehicle, which nobody asked for.
    #[error("it shows a person or a vehicle, which are left out unless include_humans asks for them")]
    Human,
    /// Its crop may be handed out; the whole picture shows somebody as well.
    #[error(
        "people or a vehicle were recorded on the picture or in its event, so the whole of it is left out unless \
         include_humans asks for it"
    )]
    PeopleOnPicture,
    /// Only addresses are asked for, and the picture is a local file.
    #[error("its picture is a file of the data set and not on the web; ask for media whole")]
    NotOnWeb,
    /// A Camtrap DP row needs a time.
    #[error("its time is not known, and Camtrap DP needs one")]
    NoTime,
    /// A Camtrap DP time needs an offset from UTC.
    #[error(
        "the time zone of its camera is not known, and Camtrap DP needs one; give the data set a zone (--time-zone)"
    )]
    NoTimeZone,
    /// A Camtrap DP deployment needs coordinates.
    #[error("the coordinates of its deployment are not known, and Camtrap DP needs them")]
    NoCoordinates,
    /// The file could not be had.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The file is empty.
    #[error("{0} is empty")]
    Empty(String),
    /// The file is no picture that can be read.
    #[error("{path} is not a picture that can be read ({why})")]
    NotAPicture {
        /// Its path.
        path: String,
        /// What was found.
        why: String,
    },
    /// The picture breaks off before its end.
    #[error("{path} is truncated ({why})")]
    Truncated {
        /// Its path.
        path: String,
        /// Where it broke off.
        why: String,
    },
    /// The file holds a picture, and part of its data was changed since it was taken.
    #[error(
        "{path} is damaged ({why}), so the crop may show what was not there; include_damaged asks for it"
    )]
    Damaged {
        /// Its path.
        path: String,
        /// What the decoder said.
        why: String,
    },
    /// Decoding it would take more memory than pictures may.
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
        /// What it needs, in MiB.
        needed: u64,
        /// The limit in MiB.
        limit: u64,
    },
    /// Nobody waits for the archive any more.
    #[error("the export was stopped")]
    Stopped,
    /// The picture has more pixels than are decoded.
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
    /// The reason as one word, for programs.
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

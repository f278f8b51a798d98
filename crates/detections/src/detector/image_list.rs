//! The lists of images in files of results.

/// A list with an item for each image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImageList {
    Images,
    Predictions,
    Annotations,
}

impl ImageList {
    pub const ALL: [Self; 3] = [Self::Images, Self::Predictions, Self::Annotations];

    pub fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Predictions => "predictions",
            Self::Annotations => "annotations",
        }
    }
}

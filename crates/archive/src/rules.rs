//! What a layout makes of a request.

/// What a layout makes of a request.
// Each is a question of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Rules {
    /// The starts of the names of crops, and of whole pictures.
    pub folders: [&'static str; 2],
    /// The archive is of files, and its table has all known detections. So all pictures are read, even those
    /// that are left out as a whole, and a box outside of its picture leaves no detection out of the table.
    pub is_of_files: bool,
    /// Crops are written.
    pub has_crops: bool,
    /// Whole pictures are written.
    pub has_whole: bool,
    /// The tables may name pictures that are not in the archive, by their addresses or paths.
    pub may_name_pictures: bool,
    /// A detection without a picture or a box is incomplete.
    pub needs_pictures: bool,
    /// An observation without a bounding box can be in the archive.
    pub takes_without_box: bool,
    /// Pictures that are only named are read if they are local files, since boxes in pixels require their
    /// sizes.
    pub reads_local_pictures: bool,
    /// Whole pictures are written as they are displayed.
    pub is_upright: bool,
}

impl Rules {
    /// Whether crops or whole pictures are written.
    pub fn has_pictures(&self) -> bool {
        self.has_crops || self.has_whole
    }
}

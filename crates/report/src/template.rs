//! What pages a report is laid out on. The engine that lays them out is in a crate of its own, so that the
//! numbers and the server build without it.

use std::path::PathBuf;

/// A template of the program's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuiltIn {
    /// The whole report.
    #[default]
    Report,
    /// One page for the owner of the land.
    Landowner,
    /// Tables alone.
    Tables,
}

impl BuiltIn {
    /// All of them with their names in requests.
    pub const ALL: [(&'static str, Self); 3] =
        [("report", Self::Report), ("landowner", Self::Landowner), ("tables", Self::Tables)];

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Landowner => "landowner",
            Self::Tables => "tables",
        }
    }
}

/// What the pages look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// One of the program's own.
    BuiltIn(BuiltIn),
    /// A user's: the path of its `.typ` file. It sees what lies in the folder of that file.
    Own(PathBuf),
}

impl Default for Template {
    fn default() -> Self {
        Self::BuiltIn(BuiltIn::Report)
    }
}

/// How the numbers are laid out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pages {
    /// The template.
    pub template: Template,
    /// PDF/A-2a beside PDF/UA-1, for archives.
    pub archival: bool,
    /// A folder of fonts for letters that the embedded ones lack; those of the system come after.
    pub fonts: Option<PathBuf>,
}

//! The world that a template sees: itself and what lies in its folder, the program's own
//! templates, the fonts and the numbers. There is no other file, no network and no clock in it.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use typst::diag::{FileError, FileResult, PackageError};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use report::Template;

use crate::error::RenderError;
use crate::fonts::Fonts;

/// Name of the file that the numbers are read from.
const NUMBERS: &str = "report.json";

/// The program's own templates, which others may import.
const TEMPLATES: [(&str, &str); 8] = [
    ("report.typ", include_str!("../templates/report.typ")),
    ("landowner.typ", include_str!("../templates/landowner.typ")),
    ("tables.typ", include_str!("../templates/tables.typ")),
    ("seasonal.typ", include_str!("../templates/seasonal.typ")),
    ("comparison.typ", include_str!("../templates/comparison.typ")),
    ("parts.typ", include_str!("../templates/parts.typ")),
    ("charts.typ", include_str!("../templates/charts.typ")),
    ("theme.typ", include_str!("../templates/theme.typ")),
];

/// What is the same for all reports: parsed once.
struct SharedWorld {
    library: LazyHash<Library>,
    sources: Vec<Source>,
    numbers: FileId,
}

static SHARED: LazyLock<SharedWorld> = LazyLock::new(|| SharedWorld {
    library: LazyHash::new(Library::default()),
    sources: TEMPLATES.iter().map(|(name, text)| Source::new(file(name), (*text).into())).collect(),
    numbers: file(NUMBERS),
});

fn file(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("a plain file name");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

pub(crate) struct ReportWorld {
    numbers: Bytes,
    fonts: Fonts,
    main: FileId,
    /// The folder of a template of the user's own, without links in its path.
    folder: Option<PathBuf>,
}

impl ReportWorld {
    pub fn new(json: Vec<u8>, template: &Template, fonts: Fonts) -> Result<Self, RenderError> {
        let (main, folder) = match template {
            Template::BuiltIn(own) => (file(&format!("{}.typ", own.name())), None),
            Template::Own(path) => {
                let wrong = |source| RenderError::Folder { path: path.clone(), source };
                let whole = path.canonicalize().map_err(wrong)?;
                let name = whole.file_name().and_then(|name| name.to_str());
                let main = name.and_then(|name| VirtualPath::new(name).ok());
                let main = main.ok_or_else(|| wrong(std::io::ErrorKind::InvalidFilename.into()))?;
                let folder = whole.parent().map(Path::to_path_buf);
                (RootedPath::new(VirtualRoot::Project, main).intern(), folder)
            }
        };
        Ok(Self { numbers: Bytes::new(json), fonts, main, folder })
    }

    /// A file in the folder of the user's template, and nothing that a link leads to outside.
    fn own_file(&self, id: FileId) -> FileResult<Vec<u8>> {
        let path = id.get();
        if let VirtualRoot::Package(package) = path.root() {
            return Err(FileError::Package(PackageError::NotFound(package.clone())));
        }
        let folder = self.folder.as_ref().ok_or_else(|| not_found(id))?;
        let real = path.vpath().realize(folder).map_err(FileError::Realize)?;
        let whole = real.canonicalize().map_err(|_| not_found(id))?;
        if !whole.starts_with(folder) {
            return Err(FileError::AccessDenied);
        }
        if whole.is_dir() {
            return Err(FileError::IsDirectory);
        }
        std::fs::read(&whole)
            .map_err(|error| FileError::from_io(error, Path::new(path.vpath().get_without_slash())))
    }
}

impl World for ReportWorld {
    fn library(&self) -> &LazyHash<Library> {
        &SHARED.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        match self.own_file(id) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes).map_err(|_| FileError::InvalidUtf8)?;
                Ok(Source::new(id, text))
            }
            Err(error) => find_built_in_source(id).cloned().ok_or(error),
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == SHARED.numbers {
            return Ok(self.numbers.clone());
        }
        match self.own_file(id) {
            Ok(bytes) => Ok(Bytes::new(bytes)),
            Err(error) => {
                let known = find_built_in_source(id);
                known.map(|source| Bytes::from_string(source.text().to_owned())).ok_or(error)
            }
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.faces.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// What the user's folder does not have may be the program's own.
fn find_built_in_source(id: FileId) -> Option<&'static Source> {
    SHARED.sources.iter().find(|source| source.id() == id)
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}

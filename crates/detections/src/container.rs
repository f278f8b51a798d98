//! The container of a source: a folder or a ZIP archive. Nothing outside of it is read.

use std::io::{BufRead, BufReader};
use std::path::{Component, Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::open_error::OpenError;
use crate::options::ReadOptions;
use crate::read_ahead::ReadAhead;
use crate::regular_file::open_regular;
use crate::unicode_forms::{find_name, find_path};
use crate::zip_files::ZipFiles;

/// How many levels of folders are searched for tables.
const DEEPEST: usize = 4;
/// If one level has more folders, they hold pictures and are not searched.
const MOST_FOLDERS: usize = 10_000;
/// The number of data sets that a message lists.
const SHOWN_ROOTS: usize = 5;
/// The first bytes of a gzip stream (RFC 1952).
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// A folder or archive with the files of a source.
#[derive(Clone, Debug)]
pub(crate) enum Container {
    /// A folder, with its canonical path.
    Folder(PathBuf),
    /// A ZIP archive.
    Zip(ZipFiles),
}

impl Container {
    pub fn folder(path: &Path) -> Result<Self, SourceError> {
        let real = path.canonicalize().map_err(SourceError::io(path.display().to_string()))?;
        Ok(Self::Folder(real))
    }

    pub fn zip(path: &Path) -> Result<Self, SourceError> {
        let file = open_regular(path).map_err(SourceError::io(path.display().to_string()))?;
        let archive =
            ZipFiles::open_archive(file).map_err(|source| SourceError::Zip { path: path.into(), source })?;
        Ok(Self::Zip(ZipFiles { archive, root: String::new() }))
    }

    /// The names of the files: of a folder those directly in it, of an archive all.
    pub fn list_names(&self) -> Vec<String> {
        match self {
            Self::Folder(root) => std::fs::read_dir(root).map_or_else(
                |_| Vec::new(),
                |entries| entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect(),
            ),
            Self::Zip(zip) => zip.archive.file_names().flatten().map(std::borrow::Cow::into_owned).collect(),
        }
    }

    /// The same container with the folder that holds `marker` as its root, if there is one: data sets often
    /// have a folder around the tables. The highest such folder is used; several at the same depth are an
    /// error.
    pub fn find_root(&self, marker: impl Fn(&str) -> bool) -> Result<Option<Self>, SourceError> {
        let is_marker = |name: &str| marker(name.strip_suffix(".gz").unwrap_or(name));
        let mut roots = match self {
            Self::Folder(root) => find_folders(root, &is_marker),
            Self::Zip(_) => self
                .list_names()
                .iter()
                .map(|name| name.split_at(name.rfind('/').map_or(0, |at| at + 1)))
                .filter(|(folder, base)| is_marker(base) && !folder.starts_with("__MACOSX/"))
                .map(|(folder, _)| folder.to_owned())
                .collect(),
        };
        let depth = |root: &String| root.matches('/').count();
        roots.sort_by(|a, b| depth(a).cmp(&depth(b)).then_with(|| a.cmp(b)));
        roots.dedup();
        let Some(highest) = roots.first().map(depth) else { return Ok(None) };
        roots.retain(|root| depth(root) == highest);
        if roots.len() > 1 {
            let path = match self {
                Self::Folder(path) => path.clone(),
                Self::Zip(_) => PathBuf::from("the archive"),
            };
            let found = roots.iter().take(SHOWN_ROOTS).map(|root| excerpt(root.trim_end_matches('/')));
            return Err(SourceError::SeveralDataSets { path, found: found.collect() });
        }
        let root = roots.swap_remove(0);
        Ok(Some(match self {
            Self::Folder(path) => Self::Folder(path.join(root)),
            Self::Zip(zip) => Self::Zip(ZipFiles { root, ..zip.clone() }),
        }))
    }

    /// The file names at the root that `wanted` accepts, sorted.
    pub fn list_names_at_root(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let root = if let Self::Zip(zip) = self { zip.root.as_str() } else { "" };
        let mut names: Vec<String> = self
            .list_names()
            .iter()
            .filter_map(|name| name.strip_prefix(root))
            .filter(|name| wanted(name))
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    /// Opens a file by its path relative to the root, with accents in either Unicode form.
    pub fn open(&self, relative: &str) -> Result<Box<dyn BufRead + Send>, OpenError> {
        let clean = clean_path(relative).ok_or(OpenError::Outside)?;
        match self.open_as_written(&clean) {
            Err(OpenError::Missing) => {
                self.open_as_written(&self.find_other_form(&clean).ok_or(OpenError::Missing)?)
            }
            opened => opened,
        }
    }

    fn open_as_written(&self, clean: &Path) -> Result<Box<dyn BufRead + Send>, OpenError> {
        match self {
            Self::Folder(root) => {
                let path = root.join(clean).canonicalize().map_err(OpenError::from_io)?;
                // A symbolic link may lead out of the folder even if the path does not.
                if !path.starts_with(root) {
                    return Err(OpenError::Outside);
                }
                let file = open_regular(&path).map_err(OpenError::from_io)?;
                Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
            }
            Self::Zip(zip) => zip.open(clean),
        }
    }

    /// Finds the same path with accents in the other Unicode form.
    fn find_other_form(&self, clean: &Path) -> Option<PathBuf> {
        let path = clean.to_str()?;
        match self {
            Self::Folder(root) => find_path(root, path),
            Self::Zip(zip) => {
                let root = zip.root.as_str();
                let is_there = |form: &str| zip.archive.index_for_name(&format!("{root}{form}")).is_some();
                let names = zip.archive.file_names().flatten();
                let below = names.filter_map(|name| name.strip_prefix(root).map(str::to_owned));
                find_name(path, is_there, below).map(PathBuf::from)
            }
        }
    }

    /// The size of a file in a folder, in bytes.
    pub fn find_size(&self, name: &str) -> Option<u64> {
        let Self::Folder(root) = self else { return None };
        std::fs::metadata(root.join(clean_path(name)?)).ok().map(|metadata| metadata.len())
    }

    /// Opens a required table: by its name, or compressed with gzip under that name or with `.gz` appended.
    pub fn open_table(&self, name: &str, needed_for: &str) -> Result<Box<dyn BufRead>, SourceError> {
        let structure = |found: &str| {
            let expected = format!("a file of that name inside the data set, {needed_for}");
            SourceError::structure(&excerpt(name), (1, 1), found, expected)
        };
        let opened = match self.open(name) {
            Err(OpenError::Missing) => self.open(&format!("{name}.gz")),
            opened => opened,
        };
        opened.and_then(decompress).map_err(|error| match error {
            OpenError::Missing => structure("the file is not there"),
            OpenError::Outside => structure("the path leads out of the data set"),
            OpenError::NotAFile => structure("it is not a regular file, but a folder, pipe or device"),
            OpenError::Io(source) => SourceError::Io { file: excerpt(name), source },
        })
    }
}

/// Opens the container of a data set: a folder, a `.zip`, or for a `.json` the folder that it is in.
pub(crate) fn open_container(path: &Path) -> Result<Container, SourceError> {
    let metadata = std::fs::metadata(path).map_err(SourceError::open_error(path))?;
    if metadata.is_dir() {
        return Container::folder(path);
    }
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("json") => {
            Container::folder(path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new(".")))
        }
        Some("zip") => Container::zip(path),
        _ => Err(SourceError::UnknownFormat(path.into())),
    }
}

/// Opens the folder of images that the user names, if any.
pub(crate) fn open_image_folder(options: &ReadOptions) -> Result<Option<Container>, SourceError> {
    let Some(path) = options.images.as_deref() else { return Ok(None) };
    if path.is_dir() { Container::folder(path).map(Some) } else { Err(SourceError::NotFound(path.into())) }
}

/// The folders below `root` that hold a file `is_marker` accepts, each with a slash at the end. Folders below
/// such a folder are not searched.
fn find_folders(root: &Path, is_marker: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut level = vec![String::new()];
    for _ in 0..=DEEPEST {
        let mut below = Vec::new();
        for folder in &level {
            let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
            let mut has_marker = false;
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                // Symbolic links are not followed, so that the search ends.
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) && name != "__MACOSX" {
                    below.push(format!("{folder}{name}/"));
                }
                has_marker |= is_marker(&name);
            }
            if has_marker {
                found.push(folder.clone());
            }
        }
        if !found.is_empty() || below.len() > MOST_FOLDERS {
            break;
        }
        level = below;
    }
    found
}

/// Decompresses a gzip stream; other data are returned as they are.
fn decompress(mut reader: Box<dyn BufRead + Send>) -> Result<Box<dyn BufRead>, OpenError> {
    let start = reader.fill_buf().map_err(OpenError::Io)?;
    if !start.starts_with(&GZIP) {
        return Ok(reader);
    }
    let decompressed = ReadAhead::start(move |slices| slices.read_all(&mut MultiGzDecoder::new(reader)));
    Ok(Box::new(decompressed.map_err(OpenError::Io)?))
}

/// Checks that a path has only plain names, so that it stays in its folder.
fn clean_path(relative: &str) -> Option<PathBuf> {
    if relative.is_empty() || relative.contains(['\\', '\0']) {
        return None;
    }
    let mut clean = PathBuf::new();
    for part in Path::new(relative).components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_its_folder() {
        for path in ["../x", "a/../../x", "/etc/passwd", "a\\..\\x", "", "x\0"] {
            assert!(clean_path(path).is_none(), "{path}");
        }
        assert_eq!(clean_path("./media/a.jpg").unwrap(), Path::new("media/a.jpg"));
    }

    #[test]
    fn a_link_that_leads_out_is_not_followed() {
        let outer = tempfile::tempdir().unwrap();
        std::fs::write(outer.path().join("secret"), "x").unwrap();
        let inner = outer.path().join("package");
        std::fs::create_dir(&inner).unwrap();
        std::os::unix::fs::symlink("../secret", inner.join("link")).unwrap();
        std::os::unix::fs::symlink("real", inner.join("alias")).unwrap();
        std::fs::write(inner.join("real"), "y").unwrap();
        let container = Container::folder(&inner).unwrap();
        assert!(matches!(container.open("link"), Err(OpenError::Outside)));
        assert!(container.open("alias").is_ok());
        assert!(matches!(container.open("none"), Err(OpenError::Missing)));
    }
}

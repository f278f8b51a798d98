//! Opening files that others put there. A named pipe or a device in the place of a picture would be
//! waited for, perhaps for ever.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Opens a regular file for reading. Anything else is an error of the kind
/// [`io::ErrorKind::InvalidInput`], and is not waited for.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    // Opening some devices has an effect, so they are not even opened.
    check(&std::fs::metadata(path)?)?;
    // It may be another file by now.
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Whether an error of [`open_regular`] says that it is no regular file.
pub(crate) fn is_not_regular(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidInput
}

/// Whether the process, or the system, has as many files open as it may (`EMFILE`, `ENFILE`):
/// that passes by itself.
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| code == Some(errno.raw_os_error()))
}

fn check(metadata: &std::fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file, but a folder, pipe or device"))
}

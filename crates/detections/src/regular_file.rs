//! Opening files that users provide. Opening a named pipe or a device in place of a picture could block for
//! ever.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Opens a regular file for reading. Anything else is an error of the kind [`io::ErrorKind::InvalidInput`]
/// and does not block.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    // Opening some devices has side effects, so they are not opened at all.
    check(&std::fs::metadata(path)?)?;
    // The file may have been replaced meanwhile.
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Whether an error of [`open_regular`] means that it is not a regular file.
pub(crate) fn is_not_regular(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidInput
}

/// Whether the process or the system has no free file descriptor (`EMFILE`, `ENFILE`), which is temporary.
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

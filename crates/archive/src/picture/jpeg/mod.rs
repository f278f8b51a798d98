//! JPEG by libjpeg-turbo, through its TurboJPEG 3 interface.
//!
//! This is the part of the project with `unsafe` code: the library is written in C. What
//! makes each call sound:
//! - a handle comes from `tj3Init`, is never null (that is checked), is used by one thread at a
//!   time (`&mut self`), and is destroyed once, on drop;
//! - every input is a slice whose own length is passed; every output is a `Vec` of the size that
//!   the library's documentation asks for, computed from the head of the same bytes in the same
//!   call, so that a file cannot promise one size and deliver another;
//! - the library reports errors by a return value; it never unwinds or jumps out.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr::NonNull;

use turbojpeg_sys as tj;

mod decoder;
mod encoder;
mod excerpt;
mod header_repair;

pub(super) use decoder::{decode, read_info};
pub(crate) use encoder::Encoder;
pub(super) use excerpt::Excerpts;
pub(crate) use excerpt::{Excerpt, ExcerptResult};

/// A TurboJPEG instance.
struct Handle(NonNull<c_void>);

// SAFETY: an instance has no tie to the thread that made it; `&mut self` keeps its use single.
unsafe impl Send for Handle {}

impl Handle {
    fn new(kind: c_uint) -> Self {
        // SAFETY: `kind` is one of the library's constants.
        let handle = unsafe { tj::tj3Init(to_int(kind)) };
        Self(NonNull::new(handle.cast()).expect("memory for a TurboJPEG instance"))
    }

    fn raw(&mut self) -> tj::tjhandle {
        self.0.as_ptr().cast()
    }

    fn set(&mut self, parameter: c_uint, value: c_int) {
        // SAFETY: the handle is alive; parameters are the library's constants.
        let done = unsafe { tj::tj3Set(self.raw(), to_int(parameter), value) };
        assert_eq!(done, 0, "TurboJPEG takes the parameter {parameter}");
    }

    fn get(&mut self, parameter: c_uint) -> c_int {
        // SAFETY: the handle is alive.
        unsafe { tj::tj3Get(self.raw(), to_int(parameter)) }
    }

    /// The message of the last call.
    fn read_message(&mut self) -> LibraryMessage {
        // SAFETY: the handle is alive; the text is valid until its next call and is copied here.
        let (text, code) = unsafe {
            let text = CStr::from_ptr(tj::tj3GetErrorStr(self.raw()));
            (text.to_string_lossy().into_owned(), tj::tj3GetErrorCode(self.raw()))
        };
        LibraryMessage { text, is_warning: code == to_int(tj::TJERR_TJERR_WARNING) }
    }
}

/// A message of the library on a file.
struct LibraryMessage {
    text: String,
    /// It warned at least once. An error may have followed, which the library does not distinguish.
    is_warning: bool,
}

impl LibraryMessage {
    /// Whether the file ends before the picture does. A scan that another marker cuts short does not count:
    /// that is the effect of a flipped bit.
    fn is_early_end(&self) -> bool {
        self.text.contains("Premature end of JPEG file") || self.text.contains("Premature end of input file")
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is alive, and is not used after this.
        unsafe { tj::tj3Destroy(self.raw()) };
    }
}

/// Converts the library's constants, which are small and unsigned, to the signed type of its functions.
fn to_int(constant: c_uint) -> c_int {
    c_int::try_from(constant).expect("a small constant")
}

/// The length of a slice in the library's type.
fn to_size(bytes: &[u8]) -> tj::size_t {
    tj::size_t::try_from(bytes.len()).expect("both count the bytes of one memory")
}

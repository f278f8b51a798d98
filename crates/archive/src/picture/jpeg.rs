//! JPEG by libjpeg-turbo, through its TurboJPEG 3 interface.
//!
//! This is the only module of the project with `unsafe` code: the library is written in C. What
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

use super::{Fault, Picture};

/// Progressive files with more scans than this are made to keep a decoder busy.
const MAX_SCANS: c_int = 500;

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

    /// What the last call complained of, and whether it did its work all the same.
    fn complaint(&mut self) -> (String, bool) {
        // SAFETY: the handle is alive; the text is valid until its next call and is copied here.
        let (text, code) = unsafe {
            let text = CStr::from_ptr(tj::tj3GetErrorStr(self.raw()));
            (text.to_string_lossy().into_owned(), tj::tj3GetErrorCode(self.raw()))
        };
        (text, code == to_int(tj::TJERR_TJERR_WARNING))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is alive, and nobody has it after this.
        unsafe { tj::tj3Destroy(self.raw()) };
    }
}

/// The library's constants are small and unsigned, and its functions take them signed.
fn to_int(constant: c_uint) -> c_int {
    c_int::try_from(constant).expect("a small constant")
}

/// The length of a slice as the library takes it.
fn length(bytes: &[u8]) -> tj::size_t {
    tj::size_t::try_from(bytes.len()).expect("both count the bytes of one memory")
}

/// Reads JPEG files.
pub(super) struct Decoder(Handle);

impl Decoder {
    pub fn new() -> Self {
        let mut handle = Handle::new(tj::TJINIT_TJINIT_DECOMPRESS);
        handle.set(tj::TJPARAM_TJPARAM_SCANLIMIT, MAX_SCANS);
        Self(handle)
    }

    /// Width and height in pixels.
    pub fn size(&mut self, bytes: &[u8]) -> Result<(u32, u32), Fault> {
        // SAFETY: the pointer and the length are those of one slice.
        let done = unsafe { tj::tj3DecompressHeader(self.0.raw(), bytes.as_ptr(), length(bytes)) };
        if done != 0 {
            let (why, only_a_warning) = self.0.complaint();
            if !only_a_warning {
                return Err(if ends_early(&why) { Fault::Truncated(why) } else { Fault::NotAPicture(why) });
            }
        }
        if self.0.get(tj::TJPARAM_TJPARAM_PRECISION) != 8 {
            return Err(Fault::NotAPicture("a JPEG with other than 8 bits a sample".into()));
        }
        let mut length = |parameter| u32::try_from(self.0.get(parameter)).ok().filter(|side| *side > 0);
        let (width, height) = (length(tj::TJPARAM_TJPARAM_JPEGWIDTH), length(tj::TJPARAM_TJPARAM_JPEGHEIGHT));
        width.zip(height).ok_or_else(|| Fault::NotAPicture("a JPEG without a size".into()))
    }

    /// Red, green and blue of each pixel.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let (width, height) = self.size(bytes)?;
        let colours = c_uint::try_from(self.0.get(tj::TJPARAM_TJPARAM_COLORSPACE)).unwrap_or(0);
        let inks = colours == tj::TJCS_TJCS_CMYK || colours == tj::TJCS_TJCS_YCCK;
        let (format, samples) = if inks { (tj::TJPF_TJPF_CMYK, 4) } else { (tj::TJPF_TJPF_RGB, 3) };
        let mut pixels = vec![0; width as usize * height as usize * samples];
        // SAFETY: the pointer and the length are those of one slice; `pixels` has room for
        // height rows of width pixels, which is what a pitch of 0 means.
        let done = unsafe {
            tj::tj3Decompress8(self.0.raw(), bytes.as_ptr(), length(bytes), pixels.as_mut_ptr(), 0, format)
        };
        if done != 0 {
            let (why, only_a_warning) = self.0.complaint();
            if ends_early(&why) {
                return Err(Fault::Truncated(why));
            }
            // Cameras write slightly odd files that every viewer shows.
            if !only_a_warning {
                return Err(Fault::NotAPicture(why));
            }
        }
        Ok(if inks { without_inks(&pixels, written_by_adobe(bytes)) } else { pixels })
    }
}

fn ends_early(complaint: &str) -> bool {
    complaint.contains("Premature end") || complaint.contains("premature end")
}

/// Adobe's programs write inks inverted, and leave their mark near the start of the file.
fn written_by_adobe(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1 << 16)];
    head.windows(7).any(|window| window[..2] == [0xFF, 0xEE] && window[4..7] == *b"Ado")
}

/// Red, green and blue out of cyan, magenta, yellow and black, without a colour profile.
fn without_inks(pixels: &[u8], inverted: bool) -> Vec<u8> {
    let light = |ink: u8| u16::from(if inverted { ink } else { 255 - ink });
    let mix = |ink: u8, black: u8| u8::try_from(light(ink) * light(black) / 255).unwrap_or(255);
    pixels
        .chunks_exact(4)
        .flat_map(|inks| [mix(inks[0], inks[3]), mix(inks[1], inks[3]), mix(inks[2], inks[3])])
        .collect()
}

/// Writes JPEG files.
pub(crate) struct Encoder(Handle);

impl Encoder {
    /// With a quality of 1 to 100, and colour at half the resolution, as cameras do.
    pub fn new(quality: u8) -> Self {
        let mut handle = Handle::new(tj::TJINIT_TJINIT_COMPRESS);
        handle.set(tj::TJPARAM_TJPARAM_QUALITY, c_int::from(quality));
        handle.set(tj::TJPARAM_TJPARAM_SUBSAMP, tj::TJSAMP_TJSAMP_420);
        handle.set(tj::TJPARAM_TJPARAM_NOREALLOC, 1);
        Self(handle)
    }

    /// The file of a picture, without any metadata.
    ///
    /// # Panics
    /// When `picture` has no pixels, or sides of over 65,500: the caller cuts crops of up to 1,024.
    pub fn encode(&mut self, picture: &Picture) -> Vec<u8> {
        let [width, height] = [picture.width, picture.height].map(|side| side.try_into().expect("a side"));
        assert_eq!(picture.pixels.len(), picture.width as usize * picture.height as usize * 3);
        // SAFETY: the arguments are numbers.
        let room = unsafe { tj::tj3JPEGBufSize(width, height, tj::TJSAMP_TJSAMP_420) };
        let mut bytes: Vec<u8> = vec![0; usize::try_from(room).expect("a crop fits into memory")];
        let (mut start, mut size) = (bytes.as_mut_ptr(), length(&bytes));
        // SAFETY: the pixels are height rows of width pixels (asserted); the output has the room
        // that the library asked for, and NOREALLOC keeps it from putting another in its place.
        let done = unsafe {
            tj::tj3Compress8(
                self.0.raw(),
                picture.pixels.as_ptr(),
                width,
                0,
                height,
                tj::TJPF_TJPF_RGB,
                &raw mut start,
                &raw mut size,
            )
        };
        assert_eq!(done, 0, "{}", self.0.complaint().0);
        bytes.truncate(usize::try_from(size).expect("not more than there was room for"));
        bytes
    }
}

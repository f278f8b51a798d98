//! Encoding JPEG files.

use std::ffi::c_int;

use turbojpeg_sys as tj;

use super::super::{CHANNELS, Picture};
use super::{Handle, to_size};

/// An encoder of JPEG files.
pub(crate) struct Encoder(Handle);

impl Encoder {
    /// The longest side that the encoder accepts, in pixels.
    pub const MAX_SIDE: u32 = 65_500;

    /// An encoder with a quality from 1 to 100, and chroma at half the resolution, as cameras do.
    pub fn new(quality: u8) -> Self {
        let mut handle = Handle::new(tj::TJINIT_TJINIT_COMPRESS);
        handle.set(tj::TJPARAM_TJPARAM_QUALITY, c_int::from(quality));
        handle.set(tj::TJPARAM_TJPARAM_SUBSAMP, tj::TJSAMP_TJSAMP_420);
        handle.set(tj::TJPARAM_TJPARAM_NOREALLOC, 1);
        Self(handle)
    }

    /// Encodes a picture, without any metadata.
    ///
    /// # Panics
    /// If `picture` has no pixels, or a side over [`Encoder::MAX_SIDE`].
    pub fn encode(&mut self, picture: &Picture) -> Vec<u8> {
        let [width, height] = [picture.width, picture.height].map(|side| side.try_into().expect("a side"));
        assert!(picture.pixels.len() >= picture.width as usize * picture.height as usize * CHANNELS);
        // SAFETY: the arguments are numbers.
        let room = unsafe { tj::tj3JPEGBufSize(width, height, tj::TJSAMP_TJSAMP_420) };
        let mut bytes: Vec<u8> = vec![0; usize::try_from(room).expect("a crop fits into memory")];
        let (mut start, mut size) = (bytes.as_mut_ptr(), to_size(&bytes));
        // SAFETY: the pixels are height rows of width pixels of four bytes (asserted); the output has the room
        // that the library asked for, and NOREALLOC keeps it from putting another in its place.
        let done = unsafe {
            tj::tj3Compress8(
                self.0.raw(),
                picture.pixels.as_ptr(),
                width,
                0,
                height,
                tj::TJPF_TJPF_RGBX,
                &raw mut start,
                &raw mut size,
            )
        };
        assert_eq!(done, 0, "{}", self.0.read_message().text);
        bytes.truncate(usize::try_from(size).expect("not more than there was room for"));
        bytes
    }
}

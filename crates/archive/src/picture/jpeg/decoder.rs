//! Reading JPEG files, or the part of them that is wanted.

use std::ffi::{c_int, c_uint};

use detections::PixelBox;
use turbojpeg_sys as tj;

use super::super::{CHANNELS, Fault, Part, Picture};
use super::{Handle, length};

/// Progressive files with more scans than this are made to keep a decoder busy.
const MAX_SCANS: c_int = 500;
/// Blocks beside the part that is wanted: colour is interpolated between neighbours.
const MARGIN: u32 = 1;
/// Width of a block in pixels by how colour is sampled, in the order of the library's `TJSAMP`.
const BLOCKS: [u32; 7] = [8, 16, 16, 8, 8, 32, 8];

/// Reads JPEG files.
pub(crate) struct Decoder(Handle);

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

    /// Decodes the part of a picture that is wanted, and what lies around it as far as the format
    /// makes that necessary. `spare` is memory to use again.
    pub fn decode(&mut self, bytes: &[u8], part: Part, spare: Vec<u8>) -> Result<Picture, Fault> {
        let (width, height) = self.size(bytes)?;
        let colours = c_uint::try_from(self.0.get(tj::TJPARAM_TJPARAM_COLORSPACE)).unwrap_or(0);
        let inks = colours == tj::TJCS_TJCS_CMYK || colours == tj::TJCS_TJCS_YCCK;
        let format = if inks { tj::TJPF_TJPF_CMYK } else { tj::TJPF_TJPF_RGBX };
        let (window, shrink) = self.choose(part, width, height);
        let mut pixels = spare;
        let needed = window.width as usize * window.height as usize * CHANNELS;
        // Never made smaller, since what is taken away would have to be written when it is needed
        // again.
        if pixels.len() < needed {
            pixels.resize(needed, 0);
        }
        // SAFETY: the pointer and the length are those of one slice; `pixels` has room for the
        // rows of the window that was set, of its width, which is what a pitch of 0 means.
        let done = unsafe {
            tj::tj3Decompress8(self.0.raw(), bytes.as_ptr(), length(bytes), pixels.as_mut_ptr(), 0, format)
        };
        self.check(done)?;
        let pixels = if inks { without_inks(&pixels, written_by_adobe(bytes)) } else { pixels };
        let PixelBox { x: left, y: top, width, height } = window;
        Ok(Picture { width, height, pixels, left, top, shrink })
    }

    /// What is to be made of the library's answer to a decoding.
    fn check(&mut self, done: c_int) -> Result<(), Fault> {
        if done == 0 {
            return Ok(());
        }
        let (why, only_a_warning) = self.0.complaint();
        if ends_early(&why) {
            return Err(Fault::Truncated(why));
        }
        // Cameras write slightly odd files that every viewer shows.
        if only_a_warning { Ok(()) } else { Err(Fault::NotAPicture(why)) }
    }

    /// Sets what the next decoding yields: a window of the shrunken picture, in its pixels.
    ///
    /// The whole picture at its full size when the library cannot do less with this file.
    fn choose(&mut self, part: Part, width: u32, height: u32) -> (PixelBox, u32) {
        let whole = PixelBox { x: 0, y: 0, width, height };
        let sampling = usize::try_from(self.0.get(tj::TJPARAM_TJPARAM_SUBSAMP)).ok();
        let block = sampling.and_then(|kind| BLOCKS.get(kind).copied());
        let lossless = self.0.get(tj::TJPARAM_TJPARAM_LOSSLESS) != 0;
        let Some(block) = block.filter(|_| !lossless) else {
            self.set_window(whole, whole, 1);
            return (whole, 1);
        };
        let shrink = part.shrink;
        let shrunken =
            PixelBox { x: 0, y: 0, width: width.div_ceil(shrink), height: height.div_ceil(shrink) };
        let block = block.div_ceil(shrink);
        let left = (part.area.x / shrink / block).saturating_sub(MARGIN) * block;
        let right = (part.area.x + part.area.width).div_ceil(shrink) + MARGIN * block;
        let top = (part.area.y / shrink).saturating_sub(MARGIN * block);
        let bottom = (part.area.y + part.area.height).div_ceil(shrink) + MARGIN * block;
        let window = PixelBox {
            x: left,
            y: top,
            width: right.min(shrunken.width) - left,
            height: bottom.min(shrunken.height) - top,
        };
        let set = self.set_window(window, shrunken, shrink);
        if set { (window, shrink) } else { (whole, 1) }
    }

    /// Whether the library takes the window; when it does not, it is set to the whole picture.
    fn set_window(&mut self, window: PixelBox, of: PixelBox, shrink: u32) -> bool {
        let number = |side: u32| c_int::try_from(side).unwrap_or(0);
        let factor = |denominator: u32| tj::tjscalingfactor { num: 1, denom: number(denominator) };
        let none = tj::tjregion { x: 0, y: 0, w: 0, h: 0 };
        let region = if window == of {
            none
        } else {
            let [x, y, w, h] = [window.x, window.y, window.width, window.height].map(number);
            tj::tjregion { x, y, w, h }
        };
        // SAFETY: the handle is alive, and the arguments are numbers. The window of an earlier
        // picture goes first, since a scaling is checked against it.
        unsafe {
            tj::tj3SetCroppingRegion(self.0.raw(), none);
            let taken = tj::tj3SetScalingFactor(self.0.raw(), factor(shrink)) == 0
                && tj::tj3SetCroppingRegion(self.0.raw(), region) == 0;
            if !taken {
                tj::tj3SetCroppingRegion(self.0.raw(), none);
                tj::tj3SetScalingFactor(self.0.raw(), factor(1));
            }
            taken
        }
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
        .flat_map(|inks| [mix(inks[0], inks[3]), mix(inks[1], inks[3]), mix(inks[2], inks[3]), 255])
        .collect()
}

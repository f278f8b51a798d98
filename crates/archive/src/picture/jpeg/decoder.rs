//! Reading JPEG files, or the part of them that is needed.

use std::ffi::{c_int, c_uint};

use detections::PixelBox;
use turbojpeg_sys as tj;

use super::super::{CHANNELS, DamagePolicy, Fault, Part, Picture};
use super::header_repair::repair_header;
use super::{Complaint, Handle, length};

/// Progressive files with more scans than this are made to keep a decoder busy.
const MAX_SCANS: c_int = 500;
/// Blocks beside the part that is needed: colour is interpolated between neighbours.
const MARGIN: u32 = 1;
/// Width of a block in pixels by how colour is sampled, in the order of the library's `TJSAMP`.
const BLOCKS: [u32; 7] = [8, 16, 16, 8, 8, 32, 8];

/// What the header of a JPEG file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JpegInfo {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
    /// Whether the file is decoded in several passes over the whole picture.
    pub is_progressive: bool,
}

/// Reads the header of a JPEG file.
pub(crate) fn read_info(bytes: &[u8]) -> Result<JpegInfo, Fault> {
    // Warnings about the header leave its size as it is.
    FileDecoder::open(bytes, OnWarning::Continue).map(|decoder| decoder.info)
}

/// Decodes the part of a picture that is needed, and what lies around it as far as the format
/// makes that necessary. `spare` is memory to use again.
///
/// A file about which the library warns is [`Fault::Damaged`], unless `policy` accepts it; the
/// picture then says what is wrong with it.
pub(crate) fn decode(
    bytes: &[u8],
    part: Part,
    spare: Vec<u8>,
    policy: DamagePolicy,
) -> Result<Picture, Fault> {
    let damage = match decode_sound(bytes, part, spare) {
        Err(Fault::Damaged(damage)) => damage,
        decoded => return decoded,
    };
    // Some cameras write headers that are slightly wrong around data that are right.
    let repaired = repair_header(bytes).map(|copy| decode_sound(&copy, part, Vec::new()));
    match repaired {
        Some(Ok(picture)) => Ok(picture),
        _ if policy == DamagePolicy::Accept => decode_damaged(bytes, part, damage),
        _ => Err(Fault::Damaged(damage)),
    }
}

/// Decodes a file that gives the library no reason to warn.
fn decode_sound(bytes: &[u8], part: Part, spare: Vec<u8>) -> Result<Picture, Fault> {
    let mut decoder = FileDecoder::open(bytes, OnWarning::Stop)?;
    let (picture, complaint) = decoder.decode(part, spare);
    // With a complaint some rows may not have been written, and hold what was there before.
    complaint.map_or(Ok(picture), |complaint| Err(complaint.into()))
}

/// Decodes a file as far as the library can make sense of it. What it cannot is black.
fn decode_damaged(bytes: &[u8], part: Part, damage: String) -> Result<Picture, Fault> {
    let mut decoder = FileDecoder::open(bytes, OnWarning::Continue)?;
    let (picture, complaint) = decoder.decode(part, Vec::new());
    match complaint {
        // The library keeps the first warning. Another text is that of an error after it.
        Some(complaint) if complaint.text != damage => Err(Fault::NotAPicture(complaint.text)),
        _ => Ok(Picture { damage: Some(damage), ..picture }),
    }
}

/// What to do when the library warns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnWarning {
    Continue,
    Stop,
}

/// The decoder of one file.
///
/// Each file gets a new one: after an error the library goes on in the middle of the file before,
/// and a file without a picture leaves the size of the one before in place.
struct FileDecoder<'a> {
    handle: Handle,
    bytes: &'a [u8],
    info: JpegInfo,
}

impl<'a> FileDecoder<'a> {
    fn open(bytes: &'a [u8], on_warning: OnWarning) -> Result<Self, Fault> {
        let mut handle = Handle::new(tj::TJINIT_TJINIT_DECOMPRESS);
        handle.set(tj::TJPARAM_TJPARAM_SCANLIMIT, MAX_SCANS);
        // Colour profiles are not used, and a broken one does no harm.
        handle.set(tj::TJPARAM_TJPARAM_SAVEMARKERS, 0);
        handle.set(tj::TJPARAM_TJPARAM_STOPONWARNING, c_int::from(on_warning == OnWarning::Stop));
        // SAFETY: the pointer and the length are those of one slice.
        let done = unsafe { tj::tj3DecompressHeader(handle.raw(), bytes.as_ptr(), length(bytes)) };
        let complaint = handle.complaint();
        if done != 0 && !(complaint.is_warning && on_warning == OnWarning::Continue) {
            return Err(complaint.into());
        }
        // In a new handle a size can only come from this file.
        let [width, height] = [tj::TJPARAM_TJPARAM_JPEGWIDTH, tj::TJPARAM_TJPARAM_JPEGHEIGHT]
            .map(|parameter| u32::try_from(handle.get(parameter)).unwrap_or(0));
        if width == 0 || height == 0 {
            return Err(if complaint.is_early_end() {
                Fault::Truncated(complaint.text)
            } else {
                Fault::NotAPicture("a JPEG without a picture in it".into())
            });
        }
        if handle.get(tj::TJPARAM_TJPARAM_PRECISION) != 8 {
            return Err(Fault::NotAPicture("a JPEG with other than 8 bits a sample".into()));
        }
        let is_progressive = handle.get(tj::TJPARAM_TJPARAM_PROGRESSIVE) == 1;
        Ok(Self { handle, bytes, info: JpegInfo { width, height, is_progressive } })
    }

    /// Decodes a part of the picture, and tells what the library complained of.
    fn decode(&mut self, part: Part, spare: Vec<u8>) -> (Picture, Option<Complaint>) {
        let colours = c_uint::try_from(self.handle.get(tj::TJPARAM_TJPARAM_COLORSPACE)).unwrap_or(0);
        let inks = colours == tj::TJCS_TJCS_CMYK || colours == tj::TJCS_TJCS_YCCK;
        let format = if inks { tj::TJPF_TJPF_CMYK } else { tj::TJPF_TJPF_RGBX };
        let (window, shrink) = self.choose(part);
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
            tj::tj3Decompress8(
                self.handle.raw(),
                self.bytes.as_ptr(),
                length(self.bytes),
                pixels.as_mut_ptr(),
                0,
                format,
            )
        };
        let complaint = (done != 0).then(|| self.handle.complaint());
        let pixels = if inks { convert_inks(&pixels[..needed], is_by_adobe(self.bytes)) } else { pixels };
        let PixelBox { x: left, y: top, width, height } = window;
        (Picture { width, height, pixels, left, top, shrink, damage: None }, complaint)
    }

    /// Sets what the next decoding yields: a window of the shrunken picture, in its pixels.
    ///
    /// The whole picture at its full size when the library cannot do less with this file.
    fn choose(&mut self, part: Part) -> (PixelBox, u32) {
        let JpegInfo { width, height, .. } = self.info;
        let whole = PixelBox { x: 0, y: 0, width, height };
        let sampling = usize::try_from(self.handle.get(tj::TJPARAM_TJPARAM_SUBSAMP)).ok();
        let block = sampling.and_then(|kind| BLOCKS.get(kind).copied());
        let lossless = self.handle.get(tj::TJPARAM_TJPARAM_LOSSLESS) != 0;
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
        // SAFETY: the handle is alive, and the arguments are numbers.
        unsafe {
            let taken = tj::tj3SetScalingFactor(self.handle.raw(), factor(shrink)) == 0
                && tj::tj3SetCroppingRegion(self.handle.raw(), region) == 0;
            if !taken {
                tj::tj3SetCroppingRegion(self.handle.raw(), none);
                tj::tj3SetScalingFactor(self.handle.raw(), factor(1));
            }
            taken
        }
    }
}

impl From<Complaint> for Fault {
    fn from(complaint: Complaint) -> Self {
        match complaint {
            early if early.is_early_end() => Self::Truncated(early.text),
            Complaint { text, is_warning: true } => Self::Damaged(text),
            Complaint { text, is_warning: false } => Self::NotAPicture(text),
        }
    }
}

/// Adobe's programs write inks inverted, and leave their mark near the start of the file.
fn is_by_adobe(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1 << 16)];
    head.windows(7).any(|window| window[..2] == [0xFF, 0xEE] && window[4..7] == *b"Ado")
}

/// Red, green and blue out of cyan, magenta, yellow and black, without a colour profile.
fn convert_inks(pixels: &[u8], inverted: bool) -> Vec<u8> {
    let light = |ink: u8| u16::from(if inverted { ink } else { 255 - ink });
    let mix = |ink: u8, black: u8| u8::try_from(light(ink) * light(black) / 255).unwrap_or(255);
    pixels
        .chunks_exact(4)
        .flat_map(|inks| [mix(inks[0], inks[3]), mix(inks[1], inks[3]), mix(inks[2], inks[3]), 255])
        .collect()
}

//! Decoding JPEG files, or parts of them.

use std::ffi::{c_int, c_uint};

use detections::PixelBox;
use turbojpeg_sys as tj;

use super::super::{CHANNELS, DamagePolicy, Part, Passes, Picture, PictureError};
use super::header_repair::repair_header;
use super::{Handle, LibraryMessage, to_size};

/// Progressive files with more scans are made to keep a decoder busy.
const MAX_SCANS: c_int = 500;
/// Blocks around the part: colour is interpolated between neighbours.
const MARGIN: u32 = 1;
/// Width of a block in pixels by chroma subsampling, in the order of the library's `TJSAMP`.
const BLOCKS: [u32; 7] = [8, 16, 16, 8, 8, 32, 8];

/// Reads the header of a JPEG file: its width and height in pixels, which are at least 1, and its passes.
pub(crate) fn read_info(bytes: &[u8]) -> Result<(u32, u32, Passes), PictureError> {
    // Warnings about the header do not affect the size.
    let mut decoder = FileDecoder::open(bytes, DamagePolicy::Accept)?;
    let is_progressive = decoder.handle.get(tj::TJPARAM_TJPARAM_PROGRESSIVE) == 1;
    let passes = if is_progressive { Passes::Progressive } else { Passes::One };
    Ok((decoder.width, decoder.height, passes))
}

/// Decodes a part of a picture, and what the format requires around it. `spare` is a buffer to reuse.
///
/// A file with warnings is [`PictureError::Damaged`], unless `policy` accepts it; then the picture states its
/// damage.
pub(crate) fn decode(
    bytes: &[u8],
    part: Part,
    spare: Vec<u8>,
    policy: DamagePolicy,
) -> Result<Picture, PictureError> {
    let damage = match decode_intact(bytes, part, spare) {
        Err(PictureError::Damaged(damage)) => damage,
        decoded => return decoded,
    };
    // Some cameras write slightly invalid headers for valid data.
    let repaired = repair_header(bytes).map(|copy| decode_intact(&copy, part, Vec::new()));
    match repaired {
        Some(Ok(picture)) => Ok(picture),
        _ if policy == DamagePolicy::Accept => decode_damaged(bytes, part, damage),
        _ => Err(PictureError::Damaged(damage)),
    }
}

/// Decodes a file without any warning.
fn decode_intact(bytes: &[u8], part: Part, spare: Vec<u8>) -> Result<Picture, PictureError> {
    let mut decoder = FileDecoder::open(bytes, DamagePolicy::Refuse)?;
    let (picture, message) = decoder.decode(part, spare);
    // After a message some rows may not have been written, and hold old data.
    message.map_or(Ok(picture), |message| Err(message.into()))
}

/// Decodes a file as far as possible. The rest is black.
fn decode_damaged(bytes: &[u8], part: Part, damage: String) -> Result<Picture, PictureError> {
    let mut decoder = FileDecoder::open(bytes, DamagePolicy::Accept)?;
    let (picture, message) = decoder.decode(part, Vec::new());
    match message {
        // The library keeps the first warning. A different text is an error that followed.
        Some(message) if message.text != damage => Err(PictureError::NotAPicture(message.text)),
        _ => Ok(Picture { damage: Some(damage), ..picture }),
    }
}

/// The decoder of one file.
///
/// Each file gets a new decoder: after an error the library would continue in the previous file, and a file
/// without a picture would keep its size.
struct FileDecoder<'a> {
    handle: Handle,
    bytes: &'a [u8],
    width: u32,
    height: u32,
}

impl<'a> FileDecoder<'a> {
    /// Reads the header. `policy` says whether warnings are errors.
    fn open(bytes: &'a [u8], policy: DamagePolicy) -> Result<Self, PictureError> {
        let mut handle = Handle::new(tj::TJINIT_TJINIT_DECOMPRESS);
        handle.set(tj::TJPARAM_TJPARAM_SCANLIMIT, MAX_SCANS);
        // Colour profiles are not used, and a broken one does no harm.
        handle.set(tj::TJPARAM_TJPARAM_SAVEMARKERS, 0);
        handle.set(tj::TJPARAM_TJPARAM_STOPONWARNING, c_int::from(policy == DamagePolicy::Refuse));
        // SAFETY: the pointer and the length are those of one slice.
        let done = unsafe { tj::tj3DecompressHeader(handle.raw(), bytes.as_ptr(), to_size(bytes)) };
        let message = handle.read_message();
        if done != 0 && !(message.is_warning && policy == DamagePolicy::Accept) {
            return Err(message.into());
        }
        // With a new handle the size must come from this file.
        let [width, height] = [tj::TJPARAM_TJPARAM_JPEGWIDTH, tj::TJPARAM_TJPARAM_JPEGHEIGHT]
            .map(|parameter| u32::try_from(handle.get(parameter)).unwrap_or(0));
        if width == 0 || height == 0 {
            return Err(if message.is_early_end() {
                PictureError::Truncated(message.text)
            } else {
                PictureError::NotAPicture("a JPEG without a picture in it".into())
            });
        }
        if handle.get(tj::TJPARAM_TJPARAM_PRECISION) != 8 {
            return Err(PictureError::NotAPicture("a JPEG with other than 8 bits a sample".into()));
        }
        Ok(Self { handle, bytes, width, height })
    }

    /// Decodes a part of the picture, and returns the library's message if there is one.
    fn decode(&mut self, part: Part, spare: Vec<u8>) -> (Picture, Option<LibraryMessage>) {
        let colours = c_uint::try_from(self.handle.get(tj::TJPARAM_TJPARAM_COLORSPACE)).unwrap_or(0);
        let inks = colours == tj::TJCS_TJCS_CMYK || colours == tj::TJCS_TJCS_YCCK;
        let format = if inks { tj::TJPF_TJPF_CMYK } else { tj::TJPF_TJPF_RGBX };
        let (window, shrink) = self.choose_window(part);
        let mut pixels = spare;
        let needed = window.width as usize * window.height as usize * CHANNELS;
        // The buffer never shrinks, since growing it again would clear the added memory.
        if pixels.len() < needed {
            pixels.resize(needed, 0);
        }
        // SAFETY: the pointer and the length are those of one slice; `pixels` has room for the
        // rows of the window that was set, of its width, which is what a pitch of 0 means.
        let done = unsafe {
            tj::tj3Decompress8(
                self.handle.raw(),
                self.bytes.as_ptr(),
                to_size(self.bytes),
                pixels.as_mut_ptr(),
                0,
                format,
            )
        };
        let message = (done != 0).then(|| self.handle.read_message());
        let pixels = if inks { convert_inks(&pixels[..needed], is_by_adobe(self.bytes)) } else { pixels };
        let PixelBox { x: left, y: top, width, height } = window;
        (Picture { width, height, pixels, left, top, shrink, damage: None }, message)
    }

    /// Sets the window to decode, in pixels of the shrunken picture.
    ///
    /// If the library cannot decode a part of this file, the window is the whole picture at full size.
    fn choose_window(&mut self, part: Part) -> (PixelBox, u32) {
        let (width, height) = (self.width, self.height);
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

    /// Sets the window; `false` if the library refused it, and the whole picture was set.
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

impl From<LibraryMessage> for PictureError {
    fn from(message: LibraryMessage) -> Self {
        match message {
            early if early.is_early_end() => Self::Truncated(early.text),
            LibraryMessage { text, is_warning: true } => Self::Damaged(text),
            LibraryMessage { text, is_warning: false } => Self::NotAPicture(text),
        }
    }
}

/// Whether one of Adobe's programs wrote the file. They invert inks, and leave a mark near the start.
fn is_by_adobe(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1 << 16)];
    head.windows(7).any(|window| window[..2] == [0xFF, 0xEE] && window[4..7] == *b"Ado")
}

/// Converts cyan, magenta, yellow and black to red, green and blue, without a colour profile.
fn convert_inks(pixels: &[u8], inverted: bool) -> Vec<u8> {
    let light = |ink: u8| u16::from(if inverted { ink } else { 255 - ink });
    let mix = |ink: u8, black: u8| u8::try_from(light(ink) * light(black) / 255).unwrap_or(255);
    pixels
        .chunks_exact(4)
        .flat_map(|inks| [mix(inks[0], inks[3]), mix(inks[1], inks[3]), mix(inks[2], inks[3]), 255])
        .collect()
}

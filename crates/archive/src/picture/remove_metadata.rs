//! Copying picture files without metadata: no position, serial number, maker notes or preview. The picture
//! data are not changed.

use super::{PictureError, PictureFormat, exif};

/// Copies a file without its metadata. EXIF keeps only how and when the picture was taken.
pub(crate) fn remove_metadata(bytes: &[u8], format: PictureFormat) -> Result<Vec<u8>, PictureError> {
    match format {
        PictureFormat::Jpeg => clean_jpeg(bytes),
        PictureFormat::Png => clean_png(bytes),
    }
}

/// Start of image, end of image, start of scan.
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// Copies the segments up to the end of the image; what cameras and phones append is left out.
fn clean_jpeg(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    let mut clean = Vec::with_capacity(bytes.len());
    clean.extend([0xFF, SOI]);
    if let Some(block) = exif::copy_allowed_tags(bytes) {
        write_exif(&mut clean, &block);
    }
    let mut at = 2;
    loop {
        let (marker, start) = next_marker(bytes, at)?;
        if marker == EOI {
            clean.extend([0xFF, EOI]);
            return Ok(clean);
        }
        // Markers without content: stray restarts, and TEM.
        if matches!(marker, 0x01 | 0xD0..=SOI) {
            at = start;
            continue;
        }
        let length = bytes.get(start..start + 2).map(|b| usize::from(b[0]) << 8 | usize::from(b[1]));
        let content =
            length.filter(|length| *length >= 2).and_then(|length| bytes.get(start..start + length));
        let content = content.ok_or_else(early_end_error)?;
        at = start + content.len();
        if is_needed(marker, content) {
            clean.extend([0xFF, marker]);
            clean.extend(content);
        }
        if marker == SOS {
            let end = find_scan_end(bytes, at)?;
            clean.extend(&bytes[at..end]);
            at = end;
        }
    }
}

/// The next marker and the position after it. Fill bytes may precede it.
fn next_marker(bytes: &[u8], at: usize) -> Result<(u8, usize), PictureError> {
    match bytes.get(at) {
        None => return Err(early_end_error()),
        Some(0xFF) => {}
        Some(_) => return Err(PictureError::NotAPicture("a JPEG whose segments do not join".into())),
    }
    let filled = bytes[at..].iter().take_while(|byte| **byte == 0xFF).count();
    let marker = *bytes.get(at + filled).ok_or_else(early_end_error)?;
    if marker == 0 {
        return Err(PictureError::NotAPicture("a JPEG whose segments do not join".into()));
    }
    Ok((marker, at + filled + 1))
}

/// The end of a scan's coded data: the next marker that is not part of them.
fn find_scan_end(bytes: &[u8], mut at: usize) -> Result<usize, PictureError> {
    loop {
        let found = bytes.get(at..).and_then(|rest| rest.windows(2).position(|pair| pair[0] == 0xFF));
        at += found.ok_or_else(early_end_error)?;
        // A stuffed byte, a restart, or a fill byte.
        match bytes[at + 1] {
            0 | 0xD0..=0xD7 => at += 2,
            0xFF => at += 1,
            _ => return Ok(at),
        }
    }
}

/// Whether a segment is part of the picture, or affects its colours.
fn is_needed(marker: u8, content: &[u8]) -> bool {
    match marker {
        // JFIF, without a preview.
        0xE0 => content[2..].starts_with(b"JFIF\0") && content.len() == 16,
        // A colour profile; this segment may also hold previews.
        0xE2 => content[2..].starts_with(b"ICC_PROFILE\0"),
        // Adobe's colour encoding.
        0xEE => content[2..].starts_with(b"Adobe"),
        0xC0..=0xDF => true,
        _ => false,
    }
}

fn write_exif(clean: &mut Vec<u8>, block: &[u8]) {
    const NAME: &[u8] = b"Exif\0\0";
    // Twenty short fields are far smaller than a segment.
    let Ok(length) = u16::try_from(2 + NAME.len() + block.len()) else { return };
    clean.extend([0xFF, 0xE1]);
    clean.extend(length.to_be_bytes());
    clean.extend(NAME);
    clean.extend(block);
}

fn early_end_error() -> PictureError {
    PictureError::Truncated("the file ends before the picture does".into())
}

const PNG_HEAD: usize = 8;

/// Copies the chunks that are part of the picture or affect its colours.
fn clean_png(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    const KEPT: [&[u8; 4]; 13] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT",
        b"bKGD", b"pHYs",
    ];
    let mut clean = bytes.get(..PNG_HEAD).ok_or_else(early_end_error)?.to_vec();
    let mut at = PNG_HEAD;
    loop {
        let head: [u8; 8] =
            bytes.get(at..at + 8).and_then(|head| head.try_into().ok()).ok_or_else(early_end_error)?;
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let kind = [head[4], head[5], head[6], head[7]];
        let end = usize::try_from(length).ok().and_then(|length| at.checked_add(12 + length));
        let chunk = end.and_then(|end| bytes.get(at..end)).ok_or_else(early_end_error)?;
        at += chunk.len();
        if KEPT.contains(&&kind) {
            clean.extend(chunk);
        }
        if kind == *b"IHDR"
            && let Some(block) = exif::copy_allowed_tags(bytes)
        {
            write_chunk(&mut clean, *b"eXIf", &block);
        }
        if kind == *b"IEND" {
            return Ok(clean);
        }
    }
}

fn write_chunk(clean: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) {
    let Ok(length) = u32::try_from(content.len()) else { return };
    let mut sum = crc32fast::Hasher::new();
    sum.update(&kind);
    sum.update(content);
    clean.extend(length.to_be_bytes());
    clean.extend(kind);
    clean.extend(content);
    clean.extend(sum.finalize().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, marker], &length[..], content].concat()
    }

    /// The coded data hold a stuffed byte and a restart; notes, positions and a preview go.
    #[test]
    fn what_is_not_the_picture_goes_and_the_rest_stays_as_it_is() {
        let scan = [&segment(SOS, &[1, 2, 3])[..], &[7, 0xFF, 0, 8, 0xFF, 0xD3, 9]].concat();
        let frame = segment(0xC0, &[5; 6]);
        let file = [
            &[0xFF, SOI][..],
            &segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<GPS>"),
            &segment(0xED, b"Photoshop 3.0"),
            &segment(0xFE, b"SN 12345"),
            &segment(0xE2, b"MPF\0preview"),
            &[0xFF],
            &frame,
            &scan,
            &[0xFF, EOI],
            b"a second picture",
        ];
        let expected = [&[0xFF, SOI][..], &frame, &scan, &[0xFF, EOI]].concat();
        assert_eq!(clean_jpeg(&file.concat()).unwrap(), expected);
    }

    #[test]
    fn a_file_that_breaks_off_is_truncated_wherever_it_does() {
        let whole = testkit::picture("rotated.jpg");
        assert!(remove_metadata(&whole, PictureFormat::Jpeg).is_ok());
        for end in (2..whole.len()).step_by(7) {
            let cut = remove_metadata(&whole[..end], PictureFormat::Jpeg);
            assert!(matches!(cut, Err(PictureError::Truncated(_))), "after {end} bytes");
        }
        let whole = testkit::picture("palette.png");
        assert!(remove_metadata(&whole, PictureFormat::Png).is_ok());
        let cut = remove_metadata(&whole[..whole.len() - 1], PictureFormat::Png);
        assert!(matches!(cut, Err(PictureError::Truncated(_))));
    }
}

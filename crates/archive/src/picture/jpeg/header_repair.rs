//! Repairing slightly invalid headers of valid data.
//!
//! Cameras and phones often make two mistakes that every viewer ignores: an unknown version of JFIF, and a
//! scan of a sequential file that does not state that it has all coefficients. The decoder warns of both.
//! They are corrected in a copy first, so that the remaining warnings mean damage.

/// Markers: frames of sequential files, the start of a scan, JFIF's segment.
const SEQUENTIAL_FRAMES: [u8; 2] = [0xC0, 0xC1];
const START_OF_SCAN: u8 = 0xDA;
const APP0: u8 = 0xE0;
/// The position of the major version in a JFIF segment, after its length and name.
const JFIF_VERSION: usize = 7;
/// The parameters of a sequential scan: all coefficients, with all their bits.
const ALL_COEFFICIENTS: [u8; 3] = [0, 63, 0];

/// A copy of the file with a valid header; `None` if it is valid already, or cannot be parsed.
pub(super) fn repair_header(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut copy = bytes.to_vec();
    let (mut at, mut is_sequential) = (2, false);
    loop {
        let [0xFF, marker, high, low] = *bytes.get(at..)?.first_chunk()? else { return None };
        let start = at + 2;
        let end = start + usize::from(u16::from_be_bytes([high, low]));
        let segment = copy.get_mut(start..end)?;
        is_sequential |= SEQUENTIAL_FRAMES.contains(&marker);
        match marker {
            APP0 if segment.len() > JFIF_VERSION && segment[2..].starts_with(b"JFIF\0") => {
                segment[JFIF_VERSION] = 1;
            }
            START_OF_SCAN => {
                let coefficients = segment.last_chunk_mut::<3>().filter(|_| is_sequential);
                if let Some(coefficients) = coefficients {
                    *coefficients = ALL_COEFFICIENTS;
                }
                return (copy != bytes).then_some(copy);
            }
            _ => {}
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_header_is_corrected_and_a_right_one_left_alone() {
        let whole = testkit::picture("colour.jpg");
        assert_eq!(repair_header(&whole), None);
        let mut odd = whole.clone();
        let version = odd.windows(5).position(|name| name == b"JFIF\0").unwrap() + 5;
        odd[version] = 7;
        let scan = odd.windows(2).position(|marker| marker == [0xFF, START_OF_SCAN]).unwrap();
        let last = scan + 1 + usize::from(odd[scan + 3]);
        odd[last - 1] = 0;
        assert_ne!(odd, whole);
        assert_eq!(repair_header(&odd), Some(whole));
    }
}

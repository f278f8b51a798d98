//! A crop depends on its own picture alone: whatever was decoded before it, it is what the picture
//! gives in a process of its own, and what a decoder of another hand shows.

use std::num::NonZeroUsize;
use std::path::Path;

use archive::{ArchiveRequest, Resources};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use testkit::{Package, sequence_picture, sequence_pictures};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::support::{make, open, request, resources, run_child, write_with};

/// Small boxes are cut out of the file before they are decoded; with the large one the decoder
/// sees to all of it.
const SMALL: [[f64; 4]; 3] = [[0.1, 0.05, 0.15, 0.12], [0.4, 0.45, 0.2, 0.1], [0.7, 0.8, 0.15, 0.15]];
const LARGE: [[f64; 4]; 1] = [[0.05, 0.05, 0.9, 0.9]];
/// Where a child process finds its pictures.
const CHILD: &str = "TRAPLINE_TEST_SEQUENCE";

/// What happened to a picture since it was taken.
#[derive(Clone, Debug)]
enum Harm {
    None,
    CutAt(usize),
    ZeroedFrom(usize),
    ZeroedBetween(usize, usize),
    Flipped(Vec<(usize, u8)>),
    /// Another byte at a place of the frame header: its marker, sizes, or number of colours.
    Frame(usize, [u8; 2]),
}

impl Harm {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let length = bytes.len();
        match self {
            Self::None => {}
            Self::CutAt(at) => bytes.truncate(at % length),
            Self::ZeroedFrom(at) => bytes[at % length..].fill(0),
            Self::ZeroedBetween(from, to) => {
                let (from, to) = (from % length, to % length);
                bytes[from.min(to)..from.max(to)].fill(0);
            }
            Self::Flipped(flips) => flips.iter().for_each(|(at, bits)| bytes[at % length] ^= bits),
            Self::Frame(at, with) => {
                let frame = bytes.windows(2).position(|pair| matches!(pair, [0xFF, 0xC0..=0xC2]));
                if let Some(frame) = frame {
                    let at = frame + 1 + at % 9;
                    bytes[at..at + 2].copy_from_slice(with);
                }
            }
        }
        bytes
    }
}

fn harm() -> impl Strategy<Value = Harm> {
    let early = prop::sample::select(&[2_usize, 20, 200, 600, 900][..]);
    let sizes = prop::sample::select(&[[0, 0], [0xFF, 0xFF], [1, 1], [0xC9, 0x00], [0, 2]][..]);
    prop_oneof![
        4 => Just(Harm::None),
        2 => early.clone().prop_map(Harm::CutAt),
        2 => any::<usize>().prop_map(Harm::CutAt),
        1 => early.prop_map(Harm::ZeroedFrom),
        1 => any::<usize>().prop_map(Harm::ZeroedFrom),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Harm::ZeroedBetween(from, to)),
        3 => prop::collection::vec((any::<usize>(), 1_u8..), 1..6).prop_map(Harm::Flipped),
        2 => (0_usize..9, sizes).prop_map(|(at, with)| Harm::Frame(at, with)),
    ]
}

/// A picture of the fixtures, and what happened to it.
fn picture() -> impl Strategy<Value = (String, Harm)> {
    (prop::sample::select(sequence_pictures()), harm())
}

/// For each box of each picture its crop, or the reason why there is none.
type Crops = Vec<Result<Vec<u8>, String>>;

/// The crops of a sequence of pictures, decoded one after the other by one thread.
fn crops_of(pictures: &[Vec<u8>], boxes: &[[f64; 4]]) -> Crops {
    let mut package = Package::new();
    let mut ids = Vec::new();
    for (number, bytes) in pictures.iter().enumerate() {
        let medium = format!("m{number}");
        package.medium(&medium, "2023-10-01T06:00:00Z", &format!("{medium}.jpg"), Some(bytes.clone()));
        for (place, area) in boxes.iter().enumerate() {
            let id = format!("{medium}-{place}");
            package.detection(&id, &medium, "doe", *area);
            ids.push(id);
        }
    }
    // An archive without any crop fails, so a whole picture comes after all of them.
    package.doe("last", "last.jpg", Some(sequence_picture("baseline.jpg")), LARGE[0]);
    let (data, _folder) = open(&package);
    let with_last: Vec<&str> = ids.iter().map(String::as_str).chain(["last"]).collect();
    let one_thread = Resources { threads: NonZeroUsize::MIN, ..resources() };
    let (archive, _) = write_with(&data, &request(&with_last), &one_thread).unwrap();
    let missing = archive.missing();
    let crop = |id: &String| match archive.files.get(&format!("crops/detection_{id}.jpg")) {
        Some(crop) => Ok(crop.clone()),
        None => Err(missing.iter().find(|(missing, _)| missing == id).expect("a reason").1.clone()),
    };
    ids.iter().map(crop).collect()
}

/// The same of one picture, in a new process.
fn crops_alone(bytes: &[u8], boxes: &[[f64; 4]]) -> Crops {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("picture"), bytes).unwrap();
    std::fs::write(folder.path().join("boxes"), serde_json::to_vec(boxes).unwrap()).unwrap();
    run_child("sequences::child", CHILD, folder.path());
    serde_json::from_slice(&std::fs::read(folder.path().join("crops")).unwrap()).unwrap()
}

/// What a child process does; in the suite itself there is nothing to do.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let folder = Path::new(&folder);
    let boxes: Vec<[f64; 4]> = serde_json::from_slice(&std::fs::read(folder.join("boxes")).unwrap()).unwrap();
    let crops = crops_of(&[std::fs::read(folder.join("picture")).unwrap()], &boxes);
    std::fs::write(folder.join("crops"), serde_json::to_vec(&crops).unwrap()).unwrap();
}

/// Width, and red, green and blue of each pixel, by a decoder of another hand.
fn decode_elsewhere(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB).set_strict_mode(false);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode().ok()?;
    Some((decoder.dimensions()?.0, pixels))
}

/// How far a crop is from what another decoder makes of the picture, in steps of 255 at the mean
/// of all pixels; `None` when that one makes nothing of it.
fn distance(picture: &[u8], crop: &[u8], area: [f64; 4]) -> Option<f64> {
    let (width, pixels) = decode_elsewhere(picture)?;
    let height = pixels.len() / 3 / width;
    let (crop_width, crop) = decode_elsewhere(crop).expect("a whole crop");
    let crop_height = crop.len() / 3 / crop_width;
    let [left, right] = [area[0], area[0] + area[2]].map(|x| x * width as f64);
    let [top, bottom] = [area[1], area[1] + area[3]].map(|y| y * height as f64);
    let (mut sum, mut count) = (0_u64, 0_u64);
    for y in 0..crop_height {
        for x in 0..crop_width {
            let at = |from: f64, to: f64, part: usize, of: usize| {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let at =
                    (from.floor() + (part as f64 + 0.5) * (to.ceil() - from.floor()) / of as f64) as usize;
                at
            };
            let pixel = at(top, bottom, y, crop_height).min(height - 1) * width
                + at(left, right, x, crop_width).min(width - 1);
            let (theirs, ours) = (&pixels[pixel * 3..pixel * 3 + 3], &crop[(y * crop_width + x) * 3..][..3]);
            sum += theirs.iter().zip(ours).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
            count += 3;
        }
    }
    Some(sum as f64 / count as f64)
}

/// Fixtures that the other decoder shows as we do: it does not turn pictures, and its colours of
/// inks are others.
fn is_comparable(name: &str) -> bool {
    !["turned.jpg", "inks.jpg", "colour.png", "palette.png"].contains(&name)
}

proptest! {
    #![proptest_config(ProptestConfig {
        // The same cases each time: the other decoder may make something else of a damaged file.
        // `scripts/fuzz pictures` looks for more.
        rng_seed: RngSeed::Fixed(17),
        failure_persistence: None,
        ..ProptestConfig::with_cases(150)
    })]

    #[test]
    fn a_crop_depends_on_its_own_picture_alone(
        pictures in prop::collection::vec(picture(), 2..8), large: bool,
    ) {
        let boxes = if large { &LARGE[..] } else { &SMALL[..] };
        let files: Vec<Vec<u8>> =
            pictures.iter().map(|(name, harm)| harm.apply(sequence_picture(name))).collect();
        let together = crops_of(&files, boxes);
        for (number, ((name, _), bytes)) in pictures.iter().zip(&files).enumerate() {
            let ours = &together[number * boxes.len()..][..boxes.len()];
            prop_assert_eq!(ours, &crops_alone(bytes, boxes)[..], "picture {} ({})", number, name);
            for (crop, area) in ours.iter().zip(boxes) {
                let Ok(crop) = crop else { continue };
                let far = if is_comparable(name) { distance(bytes, crop, *area) } else { None };
                prop_assert!(far.is_none_or(|far| far < 12.0), "picture {number} ({name}) differs by {far:?}");
            }
        }
    }
}

/// Each of these was, as the second of two, given the first's pixels, or spoilt what came after it.
#[test]
fn a_broken_picture_is_missing_and_spoils_no_other() {
    let whole = sequence_picture("baseline.jpg");
    let other = sequence_picture("full-colour.jpg");
    let alone = crops_of(std::slice::from_ref(&other), &LARGE);
    let harms = [
        Harm::CutAt(20),
        Harm::CutAt(200),
        Harm::CutAt(600),
        Harm::ZeroedFrom(20),
        Harm::ZeroedFrom(200),
        Harm::ZeroedFrom(700),
        Harm::Frame(4, [0, 0]),
        Harm::Frame(6, [0, 0]),
        Harm::Frame(4, [0xFF, 0xFF]),
        Harm::Frame(8, [7, 0]),
        Harm::Frame(0, [0xC7, 0]),
    ];
    for harm in harms {
        let broken = harm.apply(whole.clone());
        let crops = crops_of(&[whole.clone(), broken, other.clone()], &LARGE);
        assert!(crops[0].is_ok(), "{harm:?}");
        assert!(crops[1].is_err(), "{harm:?} gave a crop");
        assert_eq!(crops[2], alone[0], "{harm:?}");
    }
}

/// Flipped bits shift everything that follows them. Decoders warn of that, and show something.
#[test]
fn a_damaged_picture_is_left_out_unless_it_is_asked_for() {
    let whole = sequence_picture("baseline.jpg");
    // A flip of a code word; one of the bits of a value makes a picture of another colour.
    let damaged = Harm::Flipped(vec![(1291, 0x41)]).apply(whole);
    assert_eq!(crops_of(std::slice::from_ref(&damaged), &LARGE), [Err("damaged".to_owned())]);
    let excerpts = crops_of(std::slice::from_ref(&damaged), &SMALL);
    assert_eq!(excerpts, vec![Err("damaged".to_owned()); 3], "also of excerpts");

    let mut package = Package::new();
    package.doe("d", "m.jpg", Some(damaged), LARGE[0]);
    let (data, _folder) = open(&package);
    let (archive, summary) = make(&data, &ArchiveRequest { include_damaged: true, ..request(&["d"]) });
    assert_eq!((summary.crops, summary.missing), (1, 0));
    let manifest = archive.manifest();
    assert_eq!(manifest["files"][0]["detection_id"], "d");
    assert!(manifest["files"][0]["damaged"].as_str().unwrap().contains("Corrupt JPEG data"), "{manifest}");
}

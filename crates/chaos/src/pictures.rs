//! A data set of pictures that all look different: whole ones, broken ones, and pipes in place of files.

use std::process::Command;

use tempfile::TempDir;
use testkit::Package;

/// The name of the data set in requests.
pub const DATASET: &str = "pictures";
/// How many pictures get each harm.
const PICTURES_PER_HARM: usize = 3;
/// How many pipes there are. Opening one blocks until another process writes into it, which never happens.
const PIPES: usize = 2;
const TIME: &str = "2023-10-01T06:00:00Z";
/// Of a picture with small boxes only those parts are decoded; with a large box all of it is.
const SMALL: [[f64; 4]; 3] = [[0.1, 0.05, 0.15, 0.12], [0.4, 0.45, 0.2, 0.1], [0.7, 0.8, 0.15, 0.15]];
const LARGE: [[f64; 4]; 1] = [[0.05, 0.05, 0.9, 0.9]];

/// How a picture is broken.
#[derive(Clone, Copy)]
enum Harm {
    CutAt(usize),
    ZeroedFrom(usize),
    /// Bits in the middle of the data.
    Flipped,
    /// Another two bytes at a place of the frame header: its marker, sizes, or number of colours.
    Frame(usize, [u8; 2]),
}

const HARMS: [Harm; 12] = [
    Harm::CutAt(20),
    Harm::CutAt(200),
    Harm::CutAt(600),
    Harm::ZeroedFrom(20),
    Harm::ZeroedFrom(200),
    Harm::ZeroedFrom(600),
    Harm::Flipped,
    Harm::Frame(0, [0xC7, 0]),
    Harm::Frame(4, [0, 0]),
    Harm::Frame(4, [0xFF, 0xFF]),
    Harm::Frame(6, [0, 0]),
    Harm::Frame(8, [7, 0]),
];

impl Harm {
    fn apply(self, picture: &[u8]) -> Vec<u8> {
        let mut bytes = picture.to_vec();
        match self {
            Self::CutAt(at) => bytes.truncate(at),
            Self::ZeroedFrom(at) => bytes[at..].fill(0),
            Self::Flipped => {
                let length = bytes.len();
                for at in [length / 2, length * 3 / 4] {
                    bytes[at] ^= 0x41;
                }
            }
            Self::Frame(at, with) => {
                let frame = bytes.windows(2).position(|pair| matches!(pair, [0xFF, 0xC0..=0xC2]));
                if let Some(frame) = frame {
                    bytes[frame + 1 + at..][..2].copy_from_slice(&with);
                }
            }
        }
        bytes
    }
}

/// The data set.
#[derive(Debug)]
pub struct Pictures {
    pub folder: TempDir,
    /// Ids of the detections on each picture. How a picture is decoded depends on all the boxes that are
    /// asked for, so they are asked for together.
    pub detections: Vec<Vec<String>>,
}

/// Writes the data set.
pub fn write_pictures() -> Pictures {
    let mut package = Package::new();
    let mut detections = Vec::new();
    for (number, bytes) in whole_and_broken_files().into_iter().enumerate() {
        let boxes = if number.is_multiple_of(2) { &SMALL[..] } else { &LARGE[..] };
        detections.push(add_picture(&mut package, &format!("picture-{number}"), Some(bytes), boxes));
    }
    for number in 0..PIPES {
        detections.push(add_picture(&mut package, &pipe_name(number), None, &SMALL));
    }
    let folder = package.write();
    for number in 0..PIPES {
        let path = folder.path().join(file_name(&pipe_name(number)));
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }
    Pictures { folder, detections }
}

/// The whole pictures, and the broken ones that differ from all others.
fn whole_and_broken_files() -> Vec<Vec<u8>> {
    let names = testkit::sequence_pictures();
    let whole: Vec<Vec<u8>> = names.iter().map(|name| testkit::sequence_picture(name)).collect();
    let mut files = whole.clone();
    for (number, harm) in HARMS.into_iter().enumerate() {
        for place in 0..PICTURES_PER_HARM {
            let bytes = harm.apply(&whole[(number + 3 * place) % whole.len()]);
            if !files.contains(&bytes) {
                files.push(bytes);
            }
        }
    }
    files
}

/// Adds a picture with a detection for each box, and returns their ids.
fn add_picture(package: &mut Package, name: &str, bytes: Option<Vec<u8>>, boxes: &[[f64; 4]]) -> Vec<String> {
    package.medium(name, TIME, &file_name(name), bytes);
    let ids: Vec<String> = (0..boxes.len()).map(|place| format!("{name}-{place}")).collect();
    for (id, area) in ids.iter().zip(boxes) {
        package.detection(id, name, "doe", *area);
    }
    ids
}

fn pipe_name(number: usize) -> String {
    format!("pipe-{number}")
}

fn file_name(name: &str) -> String {
    format!("{name}.jpg")
}

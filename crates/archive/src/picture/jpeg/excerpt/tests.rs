use proptest::prelude::*;
use turbojpeg_sys as tj;

use super::*;
use crate::picture::CHANNELS;
use crate::picture::DamagePolicy;
use crate::picture::jpeg::{Handle, decode, read_info, to_int, to_size};

/// How a file is written.
#[derive(Clone, Copy, Debug)]
struct Style {
    sampling: i32,
    quality: i32,
    /// Groups of blocks between two restarts; 0 for none.
    restart: i32,
    /// Codes made for this very picture, which lack what it does not need.
    optimized: bool,
}

/// A file of a picture of slopes, edges and noise.
fn file(width: u32, height: u32, style: Style, seed: u64) -> Vec<u8> {
    let mut random = seed | 1;
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let edge = if (x / 23 + y / 31) % 2 == 0 { 90 } else { 0 };
            let byte = |value: u64| u8::try_from(value % 256).unwrap();
            let noise = if x < width / 2 { random % 60 } else { 0 };
            let slope = u64::from(x * 100 / width);
            pixels.extend_from_slice(&[byte(slope + edge + noise), byte(edge + noise), byte(slope), 0]);
        }
    }
    let mut handle = Handle::new(tj::TJINIT_TJINIT_COMPRESS);
    handle.set(tj::TJPARAM_TJPARAM_QUALITY, style.quality);
    handle.set(tj::TJPARAM_TJPARAM_SUBSAMP, style.sampling);
    handle.set(tj::TJPARAM_TJPARAM_RESTARTBLOCKS, style.restart);
    handle.set(tj::TJPARAM_TJPARAM_OPTIMIZE, style.optimized.into());
    handle.set(tj::TJPARAM_TJPARAM_NOREALLOC, 1);
    let [w, h] = [width, height].map(to_int);
    // SAFETY: the arguments are numbers.
    let room = unsafe { tj::tj3JPEGBufSize(w, h, style.sampling) };
    let mut bytes = vec![0_u8; usize::try_from(room).unwrap()];
    let (mut start, mut size) = (bytes.as_mut_ptr(), to_size(&bytes));
    // SAFETY: height rows of width pixels of four bytes; the output has the room that was asked for.
    let done = unsafe {
        let pixels = pixels.as_ptr();
        let format = tj::TJPF_TJPF_RGBX;
        tj::tj3Compress8(handle.raw(), pixels, w, 0, h, format, &raw mut start, &raw mut size)
    };
    assert_eq!(done, 0);
    bytes.truncate(usize::try_from(size).unwrap());
    bytes
}

/// The pixels of a part of a picture, which is decoded as `bytes` are with its first at `(x, y)`.
fn pixels(bytes: &[u8], (x, y): (u32, u32), part: Part) -> Vec<u8> {
    let (width, height, _) = read_info(bytes).unwrap();
    let whole = Part { area: PixelBox { x: 0, y: 0, width, height }, shrink: part.shrink };
    let picture = decode(bytes, whole, Vec::new(), DamagePolicy::Refuse).unwrap();
    let PixelBox { x: left, y: top, width, height } = part.area;
    let [left, right] = [left - x, left + width - x].map(|side| side / part.shrink);
    let [top, bottom] = [top - y, top + height - y].map(|side| side / part.shrink);
    let mut taken = Vec::new();
    for row in top..bottom {
        let row = row as usize * picture.width as usize;
        let (from, to) = (row + left as usize, row + right as usize);
        for pixel in picture.pixels[from * CHANNELS..to * CHANNELS].chunks_exact(CHANNELS) {
            taken.extend_from_slice(&pixel[..3]);
        }
    }
    taken
}

const SAMPLINGS: [i32; 5] = [
    tj::TJSAMP_TJSAMP_444,
    tj::TJSAMP_TJSAMP_422,
    tj::TJSAMP_TJSAMP_420,
    tj::TJSAMP_TJSAMP_440,
    tj::TJSAMP_TJSAMP_GRAY,
];

fn style() -> impl Strategy<Value = Style> {
    let sampling = prop::sample::select(&SAMPLINGS[..]);
    let restart = prop_oneof![Just(0), 1..70];
    (sampling, 20..=100, restart, any::<bool>()).prop_map(|(sampling, quality, restart, optimized)| Style {
        sampling,
        quality,
        restart,
        optimized,
    })
}

/// A part of a picture of 600 x 400 pixels, a small one so that there is an excerpt of it.
fn part() -> impl Strategy<Value = Part> {
    let shrink = prop::sample::select(&[1_u32, 2, 4, 8][..]);
    (0..450_u32, 0..300_u32, 1..100_u32, 1..80_u32, shrink).prop_map(|(x, y, width, height, shrink)| {
        let [x, y] = [x, y].map(|at| at / shrink * shrink);
        let [width, height] = [width, height].map(|side| side.next_multiple_of(shrink));
        Part { area: PixelBox { x, y, width, height }, shrink }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn an_excerpt_shows_the_pixels_of_its_picture(
        style in style(), parts in prop::collection::vec(part(), 1..4), seed: u64,
    ) {
        let bytes = file(600, 400, style, seed);
        let excerpts = match Excerpts::default().cut(&bytes, &parts) {
            ExcerptResult::Files(excerpts) => excerpts,
            ExcerptResult::Whole => Vec::new(),
            ExcerptResult::Damaged => return Err(TestCaseError::fail("a whole file is taken for damaged")),
        };
        for (excerpt, part) in excerpts.into_iter().zip(&parts) {
            let of_excerpt = pixels(&excerpt.file, (excerpt.area.x, excerpt.area.y), *part);
            prop_assert!(of_excerpt == pixels(&bytes, (0, 0), *part), "{part:?}");
        }
    }

    #[test]
    fn broken_data_has_an_excerpt_or_none(
        style in style(), part in part(), at: prop::sample::Index, bytes in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let mut file = file(600, 400, style, 1);
        let at = at.index(file.len() - bytes.len());
        file[at..at + bytes.len()].copy_from_slice(&bytes);
        let mut excerpts = Excerpts::default();
        excerpts.cut(&file, &[part]);
        file.truncate(at);
        excerpts.cut(&file, &[part]);
    }
}

const PLAIN: Style = Style { sampling: tj::TJSAMP_TJSAMP_420, quality: 85, restart: 0, optimized: false };
const PART: Part = Part { area: PixelBox { x: 300, y: 200, width: 60, height: 50 }, shrink: 1 };

#[test]
fn there_is_an_excerpt_of_each_way_that_cameras_write() {
    for sampling in SAMPLINGS {
        for restart in [0, 5] {
            let bytes = file(600, 400, Style { sampling, restart, ..PLAIN }, 7);
            let found = Excerpts::default().cut(&bytes, &[PART]);
            assert!(matches!(found, ExcerptResult::Files(_)), "{sampling} {restart}");
        }
    }
}

#[test]
fn a_picture_that_ends_before_the_box_has_none() {
    let mut bytes = file(600, 400, PLAIN, 7);
    bytes.truncate(bytes.len() / 3);
    assert!(matches!(Excerpts::default().cut(&bytes, &[PART]), ExcerptResult::Whole));
}

#[test]
fn a_box_of_most_of_the_picture_is_left_to_the_decoder() {
    let most = Part { area: PixelBox { x: 10, y: 10, width: 580, height: 380 }, shrink: 1 };
    let found = Excerpts::default().cut(&file(600, 400, PLAIN, 7), &[most]);
    assert!(matches!(found, ExcerptResult::Whole));
}

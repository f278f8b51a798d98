//! How many pictures a second libjpeg-turbo decodes, all cores at work and nothing else done with
//! them: what archives are measured against.
//!
//! ```text
//! cargo run --workspace --example decode DIR
//! ```
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use turbojpeg_sys as tj;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("give a folder of JPEG files")?;
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "jpg") {
            paths.push(path);
        }
    }
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let mut pixels = Vec::new();
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let bytes = std::fs::read(path).expect("a file that can be read");
                    decode(&bytes, &mut pixels);
                }
            });
        }
    });
    println!("{:.1}", paths.len() as f64 / begun.elapsed().as_secs_f64());
    Ok(())
}

/// Decodes a whole picture into `pixels`.
fn decode(bytes: &[u8], pixels: &mut Vec<u8>) {
    let length = tj::size_t::try_from(bytes.len()).expect("a length");
    let kind = i32::try_from(tj::TJINIT_TJINIT_DECOMPRESS).expect("a small constant");
    let parameter = |name: u32| i32::try_from(name).expect("a small constant");
    // SAFETY: the handle is destroyed once; the input is a slice with its own length; the output has
    // room for all rows of all pixels, as the head of the same bytes has them.
    unsafe {
        let handle = tj::tj3Init(kind);
        assert_eq!(tj::tj3DecompressHeader(handle, bytes.as_ptr(), length), 0, "a JPEG file");
        let [width, height] = [tj::TJPARAM_TJPARAM_JPEGWIDTH, tj::TJPARAM_TJPARAM_JPEGHEIGHT]
            .map(|side| usize::try_from(tj::tj3Get(handle, parameter(side))).expect("a side"));
        pixels.resize(width * height * 3, 0);
        let format = tj::TJPF_TJPF_RGB;
        assert_eq!(tj::tj3Decompress8(handle, bytes.as_ptr(), length, pixels.as_mut_ptr(), 0, format), 0);
        tj::tj3Destroy(handle);
    }
}

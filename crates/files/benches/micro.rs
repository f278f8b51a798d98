//! Times of hashing, on a picture of the bundled example.

use divan::{Bencher, black_box};
use files::digest::sha256;

fn main() {
    divan::main();
}

#[divan::bench(name = "SHA-256 of a picture of 292 kB")]
fn hash(bencher: Bencher) {
    let path = testkit::examples().join("camtrap-dp/media/20210531082538-RCNX0032.JPG");
    let picture = std::fs::read(path).expect("a picture of the example");
    bencher.bench(|| sha256(black_box(&picture[..])).expect("a slice can be read"));
}

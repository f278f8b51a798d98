//! Archives beyond what the first ZIP format could say.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use archive::{ArchiveRequest, ArchiveSummary, Resources};
use detections::Dataset;
use testkit::{Package, picture};
use tokio_util::sync::CancellationToken;
use zip::ZipArchive;

use crate::support::{open, request, resources, run_child, write_with};

/// What a directory in the format's extension for large archives begins with.
const ZIP64: &[u8] = b"PK\x06\x06";

/// Writes an archive into a file, with temporary files in a folder.
fn write_to(file: File, data: &Dataset, request: &ArchiveRequest, folder: &Path) -> ArchiveSummary {
    archive::write(data, request, &resources(), file, folder, &|_| (), &CancellationToken::new()).unwrap()
}

#[test]
fn there_may_be_more_than_65535_files() {
    let mut package = Package::new();
    let mut ids = Vec::new();
    for medium in 0..22 {
        let name = format!("m{medium}");
        let path = format!("media/{medium}.jpg");
        package.medium(&name, "2023-10-01T06:00:00Z", &path, Some(picture("colour.jpg")));
        for number in 0..3_000_u32 {
            let id = format!("{medium}-{number}");
            let [x, y] = [number % 60, number / 60].map(|at| f64::from(at) / 64.0);
            package.detection(&id, &name, "doe", [x, y, 0.02, 0.02]);
            ids.push(id);
        }
    }
    let (data, folder) = open(&package);
    let path = folder.path().join("a.zip");
    let request = ArchiveRequest { crop_size: 64, ..request(&ids) };
    let file = File::create(&path).unwrap();
    let summary = write_to(file, &data, &request, folder.path());
    assert_eq!((summary.crops, summary.missing), (66_000, 0));

    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.windows(4).any(|window| window == ZIP64));
    let mut zip = ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(zip.len(), 66_000 + 3);
    for id in [&ids[0], &ids[65_999]] {
        let mut crop = Vec::new();
        zip.by_name(&format!("crops/detection_{id}.jpg")).unwrap().read_to_end(&mut crop).unwrap();
        assert!(crop.starts_with(&[0xFF, 0xD8]), "{id}");
    }
}

#[test]
fn files_may_lie_beyond_four_gibibytes() {
    const BEYOND: u64 = 5 << 30;
    let mut package = Package::new();
    package.doe("d", "media/m.jpg", Some(picture("colour.jpg")), [0.1, 0.1, 0.5, 0.5]);
    let (data, folder) = open(&package);
    // A hole in the file stands for what would be written before.
    let path = folder.path().join("a.zip");
    let mut file = File::create(&path).unwrap();
    file.seek(SeekFrom::Start(BEYOND)).unwrap();
    write_to(file, &data, &request(&["d"]), folder.path());

    let mut file = File::open(&path).unwrap();
    file.seek(SeekFrom::Start(BEYOND)).unwrap();
    let mut written = Vec::new();
    file.read_to_end(&mut written).unwrap();
    assert!(written.windows(4).any(|window| window == ZIP64));
    let mut zip = ZipArchive::new(file).unwrap();
    let mut crop = zip.by_name("crops/detection_d.jpg").unwrap();
    assert!(crop.data_start().unwrap_or_default() > BEYOND);
    let mut bytes = Vec::new();
    crop.read_to_end(&mut bytes).unwrap();
    assert!(bytes.starts_with(&[0xFF, 0xD8]));
}

/// Where a child process says how much memory it took.
const CHILD: &str = "TRAPLINE_TEST_HUGE";

/// A grey PNG file of so many pixels on each side, which is small for all its pixels.
fn huge_png(side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    let row = vec![120; side as usize * 3];
    for _ in 0..side {
        std::io::Write::write_all(&mut stream, &row).unwrap();
    }
    stream.finish().unwrap();
    drop(writer);
    bytes
}

/// Several pictures of nearly 200 megapixels took half a gigabyte each, all at once.
#[test]
fn huge_pictures_share_the_memory_that_there_is_for_pictures() {
    let said = run_child("large::huge_pictures_child", CHILD, "1");
    let line = said.lines().find_map(|line| line.strip_prefix("took ")).expect("what it took");
    let took: u64 = line.parse().unwrap();
    assert!(took < 500, "{took} MiB");
}

#[test]
fn huge_pictures_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let png = huge_png(14_000);
    let mut package = Package::new();
    let ids: Vec<String> = (0..4).map(|number| format!("m{number}")).collect();
    for id in &ids {
        package.doe(id, &format!("{id}.png"), Some(png.clone()), [0.1, 0.1, 0.4, 0.4]);
    }
    let (data, _folder) = open(&package);
    drop(package);
    let pictures = std::sync::Arc::new(archive::PictureMemory::new(384 << 20));
    let four = Resources { threads: std::num::NonZeroUsize::new(4).unwrap(), pictures, ..resources() };
    let (_, summary) = write_with(&data, &request(&ids), &four).unwrap();
    assert_eq!((summary.crops, summary.missing), (4, 0));
    println!("took {}", testkit::memory_of("self", "VmHWM") >> 10);

    // A picture that needs more than the memory for all is missing, with the reason.
    let pictures = std::sync::Arc::new(archive::PictureMemory::new(64 << 20));
    let too_little = Resources { pictures, ..four };
    let error = write_with(&data, &request(&ids), &too_little).err().unwrap().to_string();
    assert!(error.contains("4 pictures are too large (raise --picture-memory and --job-memory)"), "{error}");
}

//! Media types of files that are not read.

/// The media type of a file, from the extension of its name, else of its path or address.
pub(super) fn find_media_type(name: &str, path: &str) -> &'static str {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    // Nearly all cameras write JPEG, and the standard requires a type.
    type_by_ending(name).or_else(|| type_by_ending(path)).unwrap_or("image/jpeg")
}

fn type_by_ending(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    let media_type = match ending.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" | "jpe" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "bmp" => "image/bmp",
        "tif" | "tiff" => "image/tiff",
        "mp4" | "m4v" => "video/mp4",
        "avi" => "video/x-msvideo",
        "mov" => "video/quicktime",
        "mkv" => "video/x-matroska",
        "webm" => "video/webm",
        "mpg" | "mpeg" => "video/mpeg",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        _ => return None,
    };
    Some(media_type)
}

#[cfg(test)]
mod tests {
    use super::find_media_type;

    #[test]
    fn an_ending_says_what_a_file_is() {
        assert_eq!(find_media_type("IMG_1.PNG", "https://example.org/1/file"), "image/png");
        assert_eq!(find_media_type("file", "https://example.org/a.MP4?key=a.png"), "video/mp4");
        assert_eq!(find_media_type("", "https://example.org/1/file"), "image/jpeg");
    }
}

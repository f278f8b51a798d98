//! Fonts: those that are embedded in the program, and others for letters that these lack.
//!
//! A report in Latin, Cyrillic, Greek or Arabic letters is the same on every machine. For others,
//! Chinese among them, fonts are looked for in a folder that the user names and then among those
//! of the system; letters that none of them has are reported, so that the pages can say so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use fontdb::{Database, ID, Source};
use serde_json::Value;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontInfo};
use typst::utils::LazyHash;
use unicode_normalization::char::is_combining_mark;

use super::texts::{BOX, Replacements, change_texts, visit_texts};

const EMBEDDED: [&[u8]; 5] = [
    include_bytes!("../fonts/Inter-Regular.otf"),
    include_bytes!("../fonts/Inter-Italic.otf"),
    include_bytes!("../fonts/Inter-SemiBold.otf"),
    include_bytes!("../fonts/Inter-Bold.otf"),
    include_bytes!("../fonts/NotoSansArabic-Regular.ttf"),
];

static EMBEDDED_FONTS: LazyLock<(LazyHash<FontBook>, Vec<Font>)> = LazyLock::new(|| {
    let fonts: Vec<Font> = EMBEDDED.iter().flat_map(|font| Font::iter(Bytes::new(*font))).collect();
    (LazyHash::new(FontBook::from_fonts(&fonts)), fonts)
});

/// The system's and what letters they have, looked at when first needed.
static SYSTEM: LazyLock<(Database, Vec<(ID, FontInfo)>)> = LazyLock::new(|| {
    let mut database = Database::new();
    database.load_system_fonts();
    let read_info = |id| Some((id, database.with_face_data(id, FontInfo::new)??));
    let faces = list_faces(&database).into_iter().filter_map(read_info).collect();
    (database, faces)
});

/// Which letters are laid out; boxes stand for the others.
///
/// What letters become together is known only once they are laid out: an Arabic vowel sign on a Latin
/// letter, for one, is in no font, though both are. Fewer letters have fewer such cases, and those of one
/// font have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// All that any font has.
    All,
    /// Those of the embedded fonts, with the combining marks of one of them.
    Embedded,
    /// Those of the first embedded font: Latin, Greek and Cyrillic.
    OneFont,
}

impl Letters {
    /// Whether a letter that a font has is laid out.
    fn may_use(self, info: &FontInfo, letter: char) -> bool {
        let is_first = info.family == "Inter";
        let is_embedded = is_first || info.family == "Noto Sans Arabic";
        has_letter(info, letter)
            && match self {
                Self::All => true,
                Self::Embedded => is_first || (is_embedded && !is_combining_mark(letter)),
                Self::OneFont => is_first,
            }
    }
}

/// The fonts of one report.
#[derive(Clone)]
pub(super) struct Fonts {
    pub book: LazyHash<FontBook>,
    pub faces: Vec<Font>,
    /// Letters that no font has.
    pub missing: BTreeSet<char>,
}

impl Fonts {
    /// The embedded fonts, and as many others as the texts in `numbers` need.
    pub fn for_texts(numbers: &Value, folder: Option<&Path>, letters: Letters) -> Self {
        let mut missing = collect_letters(numbers);
        let (book, fonts) = &*EMBEDDED_FONTS;
        missing.retain(|letter| !fonts.iter().any(|font| letters.may_use(font.info(), *letter)));
        if missing.is_empty() && folder.is_none() {
            return Self { book: book.clone(), faces: fonts.clone(), missing };
        }
        let mut fonts = fonts.clone();
        if let Some(folder) = folder {
            // All of them, since a template may ask for one by name.
            fonts.extend(load_folder(folder));
            missing.retain(|letter| !fonts.iter().any(|font| letters.may_use(font.info(), *letter)));
        }
        if letters == Letters::All && !missing.is_empty() {
            add_from_system(&mut fonts, &mut missing);
        }
        Self { book: LazyHash::new(FontBook::from_fonts(&fonts)), faces: fonts, missing }
    }
}

/// The fonts of a folder that a user names, read once: a server lays out many reports with them.
fn load_folder(folder: &Path) -> Vec<Font> {
    static READ: Mutex<BTreeMap<PathBuf, Vec<Font>>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let fonts = read.entry(folder.into()).or_insert_with(|| {
        let mut database = Database::new();
        database.load_fonts_dir(folder);
        list_faces(&database).into_iter().filter_map(|id| load_font(&database, id)).collect()
    });
    fonts.clone()
}

/// One font for as many of the missing letters as there are fonts for, the best first.
fn add_from_system(fonts: &mut Vec<Font>, missing: &mut BTreeSet<char>) {
    let (database, faces) = &*SYSTEM;
    while !missing.is_empty() {
        let has = |info: &FontInfo| missing.iter().filter(|letter| has_letter(info, **letter)).count();
        // Of equals the first, which is the same on every run.
        let best = faces.iter().rev().max_by_key(|(_, info)| has(info));
        let Some((id, info)) = best.filter(|(_, info)| has(info) > 0) else { return };
        let Some(font) = load_font(database, *id) else { return };
        missing.retain(|letter| !has_letter(info, *letter));
        fonts.push(font);
    }
}

/// Upright faces of usual weight, by where they are.
fn list_faces(database: &Database) -> Vec<ID> {
    let mut faces: Vec<(String, u32, ID)> = database
        .faces()
        .filter(|face| face.style == fontdb::Style::Normal && face.weight == fontdb::Weight::NORMAL)
        .map(|face| (path_of(&face.source), face.index, face.id))
        .collect();
    faces.sort();
    faces.into_iter().map(|(.., id)| id).collect()
}

fn path_of(source: &Source) -> String {
    match source {
        Source::File(path) | Source::SharedFile(path, _) => path.display().to_string(),
        Source::Binary(_) => String::new(),
    }
}

fn load_font(database: &Database, id: ID) -> Option<Font> {
    database.with_face_data(id, |data, index| Font::new(Bytes::new(data.to_vec()), index))?
}

fn has_letter(info: &FontInfo, letter: char) -> bool {
    // What a font draws for a letter of the areas for private use means nothing to a reader, and
    // PDF/A forbids it.
    let is_private = matches!(letter, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}');
    !is_private && info.coverage.contains(u32::from(letter))
}

/// All characters in the texts of a JSON value that leave a mark on the page.
fn collect_letters(value: &Value) -> BTreeSet<char> {
    let mut letters = BTreeSet::new();
    visit_texts(value, false, &mut |text: &str, _| {
        if !text.is_ascii() {
            letters.extend(text.chars().filter(|letter| !letter.is_whitespace() && !is_invisible(*letter)));
        }
    });
    letters
}

/// Writes a box for each letter that no font has, in all texts of `numbers`: PDF/UA allows no
/// letter that cannot be seen. Texts that were different stay so.
pub(super) fn box_letters(numbers: Value, missing: &BTreeSet<char>) -> Value {
    if missing.is_empty() {
        return numbers;
    }
    let boxes = Replacements::find(&numbers, |text, _| put_boxes(text, missing));
    change_texts(numbers, false, &mut |text, _| boxes.apply(text))
}

/// The text with its boxes; `None` when it needs none.
fn put_boxes(text: &str, missing: &BTreeSet<char>) -> Option<String> {
    if text.is_ascii() || !text.chars().any(|letter| missing.contains(&letter)) {
        return None;
    }
    let shown = |letter: char| match letter {
        // The fonts of the letters that are boxes now would have it.
        '\u{3000}' => ' ',
        letter if missing.contains(&letter) => BOX,
        letter => letter,
    };
    Some(text.chars().map(shown).collect())
}

/// Controls, joiners and marks of direction.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn letters_of_many_alphabets_are_embedded() {
        let texts = json!({"Дикий кабан": ["Ægir łoś", "αρκούδα", "ذئب عربي", "“–” ≥ °"], "n": 3});
        assert_eq!(Fonts::for_texts(&texts, None, Letters::All).missing, BTreeSet::new());
    }

    #[test]
    fn a_letter_that_no_font_has_is_reported() {
        // Of the area for private use.
        let found = Fonts::for_texts(&json!(["doe \u{10fff0}", "\u{200e}buck"]), None, Letters::All);
        assert_eq!(found.missing, BTreeSet::from(['\u{10fff0}']));
    }

    #[test]
    fn boxes_stand_for_them_and_keep_names_apart() {
        let missing = BTreeSet::from(['\u{10fff0}', '\u{10fff1}']);
        let boxed = box_letters(json!({"a\u{10fff0}": ["a\u{10fff1}", "a\u{10fff0}", "doe", "é"]}), &missing);
        assert_eq!(boxed, json!({"a□": ["a□ (2)", "a□", "doe", "é"]}));
        assert_eq!(
            Fonts::for_texts(&json!([BOX.to_string()]), None, Letters::OneFont).missing,
            BTreeSet::new()
        );
    }
    #[test]
    fn fewer_letters_are_those_of_one_font() {
        let texts = json!(["doe \u{630}\u{626}\u{628} a\u{64b} e\u{301}"]);
        let missing = |letters| Fonts::for_texts(&texts, None, letters).missing;
        assert_eq!(missing(Letters::All), BTreeSet::new());
        assert_eq!(missing(Letters::Embedded), BTreeSet::from(['\u{64b}']));
        assert_eq!(missing(Letters::OneFont), BTreeSet::from(['\u{626}', '\u{628}', '\u{630}', '\u{64b}']));
    }

    #[test]
    fn what_a_font_draws_for_private_letters_is_not_shown() {
        // Inter has a picture for it.
        let texts = json!(["doe \u{e000}", "buck \u{e100}"]);
        let missing = Fonts::for_texts(&texts, None, Letters::All).missing;
        assert_eq!(missing, BTreeSet::from(['\u{e000}', '\u{e100}']));
    }
}

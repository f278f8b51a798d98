//! Reading tables of common names: `scientificName`, `language` and `name`, separated by commas, semicolons
//! or tabs.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::regular_file::open_regular;
use crate::vocabulary::fold;

/// Common names by folded scientific names.
pub(super) type CommonNames = HashMap<String, String>;

/// The largest table that is read, in bytes. All mammals and birds in ten languages take less.
const LONGEST: u64 = 64 << 20;

/// Two-letter codes and older three-letter codes, with those of ISO 639-3.
const LANGUAGES: [(&str, &str); 28] = [
    ("en", "eng"),
    ("de", "deu"),
    ("ger", "deu"),
    ("fr", "fra"),
    ("fre", "fra"),
    ("es", "spa"),
    ("pt", "por"),
    ("it", "ita"),
    ("nl", "nld"),
    ("dut", "nld"),
    ("da", "dan"),
    ("sv", "swe"),
    ("no", "nor"),
    ("nb", "nob"),
    ("fi", "fin"),
    ("pl", "pol"),
    ("cs", "ces"),
    ("cze", "ces"),
    ("sk", "slk"),
    ("hu", "hun"),
    ("ru", "rus"),
    ("uk", "ukr"),
    ("tr", "tur"),
    ("id", "ind"),
    ("sw", "swa"),
    ("ja", "jpn"),
    ("zh", "zho"),
    ("chi", "zho"),
];

/// The three-letter code of a language that is written as `en`, `en-GB` or `ENG`.
pub(super) fn find_language_code(language: &str) -> String {
    let written = language.trim().to_lowercase();
    let main = written.split(['-', '_']).next().unwrap_or_default();
    let known = LANGUAGES.iter().find(|(code, _)| *code == main);
    known.map_or(main, |(_, code)| *code).to_owned()
}

/// Reads the names in one language from a file.
pub(super) fn read_file(path: &Path, language: &str) -> Result<CommonNames, SourceError> {
    let file = path.display().to_string();
    let opened = open_regular(path).map_err(SourceError::open_error(path))?;
    let mut bytes = Vec::new();
    opened.take(LONGEST + 1).read_to_end(&mut bytes).map_err(SourceError::io(file.clone()))?;
    if bytes.len() as u64 > LONGEST {
        let found = format!("more than {} MiB", LONGEST >> 20);
        return Err(SourceError::structure(&file, (1, 1), found, "a table of names of at most that size"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => parse_table(&text, &file, language),
        Err(error) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
            let expected = "UTF-8; save the table as “CSV UTF-8”";
            Err(SourceError::structure(&file, (line, 1), "text in another encoding", expected))
        }
    }
}

/// The positions of the columns.
struct Columns {
    delimiter: char,
    scientific: usize,
    name: usize,
    /// Without this column, all names are in the requested language.
    language: Option<usize>,
}

impl Columns {
    fn find(header: &str, file: &str) -> Result<Self, SourceError> {
        let count = |delimiter: &char| header.matches(*delimiter).count();
        let delimiter = ['\t', ';', ','].into_iter().max_by_key(count).unwrap_or(',');
        let titles = split_fields(header, delimiter).unwrap_or_default();
        let titles: Vec<String> = titles.iter().map(|title| fold(title).replace(' ', "")).collect();
        let find = |title: &str| titles.iter().position(|known| known == title);
        let (Some(scientific), Some(name)) = (find("scientificname"), find("name")) else {
            let expected =
                "the columns scientificName, language and name, with commas, semicolons or tabs between";
            let found = format!("the header “{}”", excerpt(header));
            return Err(SourceError::structure(file, (1, 1), found, expected));
        };
        Ok(Self { delimiter, scientific, name, language: find("language") })
    }
}

/// Reads the names in one language from the text of a table.
pub(super) fn parse_table(text: &str, file: &str, language: &str) -> Result<CommonNames, SourceError> {
    let mut lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
    let header = lines.next().map_or("", |(_, header)| header);
    let columns = Columns::find(header, file)?;
    let wrong = |position: (u64, u64), found: String, expected: &str| {
        Err(SourceError::structure(file, position, found, expected))
    };
    let mut names = CommonNames::new();
    let mut other_languages: Vec<String> = Vec::new();
    for (line, row) in lines.filter(|(_, row)| !row.trim().is_empty()) {
        let Some(fields) = split_fields(row, columns.delimiter) else {
            return wrong((line, 1), "a quotation without an end".into(), "a second \" in the line");
        };
        let field = |column: usize| fields.get(column).map_or("", |field| field.trim());
        let (scientific, name) = (field(columns.scientific), field(columns.name));
        let of_row = columns.language.map(|column| find_language_code(field(column)));
        if let Some(other) = of_row.filter(|code| !code.is_empty() && code != language) {
            if !other_languages.contains(&other) {
                other_languages.push(other);
            }
            continue;
        }
        // Many tables have rows for species without a name in a language.
        if name.is_empty() {
            continue;
        }
        if scientific.is_empty() {
            let found = format!("“{}” without a scientific name", excerpt(name));
            let position = (line, columns.scientific as u64 + 1);
            return wrong(position, found, "the scientific name of a species");
        }
        let earlier = names.insert(fold(scientific), name.to_owned());
        if let Some(earlier) = earlier.filter(|earlier| earlier != name) {
            let both = format!("“{}” after “{}”", excerpt(name), excerpt(&earlier));
            let found = format!("a second name of {}, {both}", excerpt(scientific));
            let position = (line, columns.name as u64 + 1);
            return wrong(position, found, "one name of each species in a language");
        }
    }
    if names.is_empty() {
        let known = if other_languages.is_empty() { "no names".into() } else { other_languages.join(", ") };
        let found =
            format!("no name in the language “{}” (there are: {})", excerpt(language), excerpt(&known));
        return wrong((1, 1), found, "names in the language that --language chooses");
    }
    Ok(names)
}

/// Splits a line into fields; `None` if a quotation does not end.
fn split_fields(line: &str, delimiter: char) -> Option<Vec<String>> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if field.is_empty() => is_quoted = true,
            letter if letter == delimiter && !is_quoted => fields.push(std::mem::take(&mut field)),
            letter => field.push(letter),
        }
    }
    fields.push(field);
    (!is_quoted).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, language: &str) -> Result<CommonNames, SourceError> {
        parse_table(text, "names.csv", language)
    }

    #[test]
    fn a_table_has_commas_semicolons_or_tabs() {
        for text in [
            "scientificName,language,name\nLynx lynx,eng,Eurasian lynx\n",
            "\u{feff}Scientific Name;Language;Name\r\n\"Lynx lynx\";en;\"Eurasian lynx\"\r\n\r\n",
            "name\tscientific_name\nEurasian lynx\tlynx lynx",
        ] {
            let names = read(text, "eng").unwrap();
            assert_eq!(names.get("lynx lynx").map(String::as_str), Some("Eurasian lynx"), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_table_is_told_with_its_line() {
        for (text, part) in [
            ("", "line 1, column 1: the header “”; expected the columns scientificName"),
            ("species,name\nx,y\n", "the header “species,name”"),
            ("scientificName,name\n\"Lynx lynx,lynx\n", "line 2, column 1: a quotation without an end"),
            ("scientificName,name\n,lynx\n", "line 2, column 1: “lynx” without a scientific name"),
            (
                "scientificName,name\nLynx lynx,a\nlynx lynx,b\n",
                "line 3, column 2: a second name of lynx lynx, “b” after “a”",
            ),
            (
                "scientificName,language,name\nLynx lynx,deu,Luchs\n",
                "no name in the language “eng” (there are: deu)",
            ),
        ] {
            let error = read(text, "eng").unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = b"scientificName,name\nLynx lynx,Luchs\nLynx pardinus,lince ib\xe9rico\n";
        std::fs::write(file.path(), text).unwrap();
        let error = read_file(file.path(), "eng").unwrap_err().to_string();
        assert!(error.contains("line 3, column 1: text in another encoding; expected UTF-8"), "{error}");
    }

    #[test]
    fn a_language_is_known_by_its_usual_codes() {
        for (written, code) in
            [("en", "eng"), ("ENG", "eng"), ("de-AT", "deu"), ("pt_BR", "por"), ("xyz", "xyz")]
        {
            assert_eq!(find_language_code(written), code);
        }
    }
}

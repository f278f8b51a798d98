//! Many short texts in little memory.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Texts laid end to end, addressed by the order in which they were added.
///
/// Four bytes a text beside the text itself, where a `Vec<String>` takes forty or more.
#[derive(Debug, Default, Clone)]
pub(crate) struct TextColumn {
    bytes: String,
    ends: Vec<u32>,
}

impl TextColumn {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds a text and returns its row.
    ///
    /// # Panics
    /// When a column would pass 4 GiB of text, which is some forty million identifiers.
    pub fn push(&mut self, text: &str) -> u32 {
        self.bytes.push_str(text);
        let end = u32::try_from(self.bytes.len()).expect("a text column holds less than 4 GiB");
        self.ends.push(end);
        u32::try_from(self.ends.len() - 1).expect("fewer rows than bytes")
    }

    pub fn get(&self, row: u32) -> &str {
        let row = row as usize;
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.bytes[start..self.ends[row] as usize]
    }
}

/// Distinct texts, each with a number, found by their text.
#[derive(Debug, Default, Clone)]
pub(crate) struct Names {
    texts: TextColumn,
    rows: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Names {
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn get(&self, number: u32) -> &str {
        self.texts.get(number)
    }

    /// All texts in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..).map_while(|number| ((number as usize) < self.len()).then(|| self.get(number)))
    }

    pub fn find(&self, text: &str) -> Option<u32> {
        self.rows.find(self.hasher.hash_one(text), |&row| self.texts.get(row) == text).copied()
    }

    /// The number of `text`, which is added when it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        match self.find(text) {
            Some(row) => row,
            None => self.add(text),
        }
    }

    /// Adds a text that must be new; `None` when it is there already.
    pub fn insert_new(&mut self, text: &str) -> Option<u32> {
        self.find(text).is_none().then(|| self.add(text))
    }

    fn add(&mut self, text: &str) -> u32 {
        let row = self.texts.push(text);
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.rows.insert_unique(hasher.hash_one(text), row, |&row| hasher.hash_one(texts.get(row)));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_by_text_and_by_number() {
        let mut names = Names::default();
        let numbers: Vec<u32> = (0..1000).map(|n| names.intern(&format!("name {}", n % 700))).collect();
        assert_eq!(names.len(), 700);
        assert_eq!(numbers[700], 0);
        assert_eq!(names.get(numbers[699]), "name 699");
        assert_eq!(names.find("name 700"), None);
        assert_eq!(names.insert_new("name 3"), None);
    }
}

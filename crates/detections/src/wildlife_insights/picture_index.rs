//! Finding the rows that are about the same picture.
//!
//! The `image_id` identifies a picture, unless a spreadsheet has rounded long ids to the same digits
//! (`1.23E+15`). In that case time and file name distinguish pictures.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::builder::Builder;
use crate::media::NewMedia;

/// The pictures that were read so far.
#[derive(Debug, Default)]
pub(super) struct PictureIndex(RefCell<IndexedPictures>);

#[derive(Debug, Default)]
struct IndexedPictures {
    keys: RandomState,
    /// Hashes of file names, by row of the table of media.
    names: Vec<u64>,
    /// Pictures whose id an earlier picture has, by the hash of id, time and name, with the number that was
    /// appended to their id.
    others: HashMap<u64, (u32, u32)>,
    /// The number of pictures with the same id, if it is more than one.
    counts: HashMap<String, u32>,
}

/// The picture of a row.
pub(super) struct Picture {
    /// Its row in the table of media.
    pub media: u32,
    pub id: String,
    /// An earlier picture has the same `image_id`.
    pub is_other: bool,
}

impl PictureIndex {
    /// Finds the picture of a row, or adds it if no earlier row is about it.
    pub fn find_or_add(&self, builder: &mut Builder, project: &str, new: &NewMedia<'_>) -> Picture {
        let mut index = self.0.borrow_mut();
        let mut id = new.id.to_owned();
        for is_qualified in [false, true] {
            if is_qualified {
                id = format!("{project}/{id}");
            }
            match builder.media.find(&id) {
                None => {
                    let media = index.add(builder, &id, new);
                    return Picture { media, id, is_other: false };
                }
                // An image of another project with the same id.
                Some(media) if builder.media.deployment(media) != new.deployment => {}
                Some(media) if index.is_same(builder, media, new) => {
                    return Picture { media, id, is_other: false };
                }
                Some(_) => break,
            }
        }
        index.find_or_add_other(builder, id, new)
    }
}

impl IndexedPictures {
    /// Adds a picture with a new id.
    fn add(&mut self, builder: &mut Builder, id: &str, new: &NewMedia<'_>) -> u32 {
        let name = self.fingerprint_name(new.name);
        self.names.push(name);
        builder.media.push(&NewMedia { id, ..*new }).expect("not there a moment ago")
    }

    /// The hash of a file name; 0 if there is none.
    fn fingerprint_name(&self, name: &str) -> u64 {
        if name.is_empty() { 0 } else { self.keys.hash_one(name) }
    }

    /// Whether a row agrees with what is known of its picture.
    fn is_same(&self, builder: &Builder, media: u32, new: &NewMedia<'_>) -> bool {
        let (name, known_name) = (self.fingerprint_name(new.name), self.names[media as usize]);
        let known_time = builder.media.time(media).map(|(time, _)| time);
        let is_same_time = new.time.is_none_or(|(time, _)| known_time.is_none_or(|index| index == time));
        is_same_time && (name == known_name || name == 0 || known_name == 0)
    }

    fn find_or_add_other(&mut self, builder: &mut Builder, id: String, new: &NewMedia<'_>) -> Picture {
        let time = new.time.map(|(time, _)| time);
        let print = self.keys.hash_one((&id, new.deployment, time, new.name));
        if let Some((media, number)) = self.others.get(&print) {
            return Picture { media: *media, id: format!("{id}#{number}"), is_other: true };
        }
        let mut number = self.counts.get(&id).copied().unwrap_or(1) + 1;
        while builder.media.find(&format!("{id}#{number}")).is_some() {
            number += 1;
        }
        let unique = format!("{id}#{number}");
        self.counts.insert(id, number);
        let media = self.add(builder, &unique, new);
        self.others.insert(print, (media, number));
        Picture { media, id: unique, is_other: true }
    }
}

//! The detections that a request selects.

use std::borrow::Cow;

use detections::{Dataset, SampleSize, Selection, Slice, UnknownNamesError};

use crate::request::ArchiveRequest;

impl ArchiveRequest {
    /// What the filter selects, with the observations that this layout takes.
    pub fn selection(&self) -> Selection {
        Selection {
            humans: self.include_humans,
            without_box: self.layout.writer().rules(self).takes_without_box,
            ..self.filter.clone().unwrap_or_default()
        }
    }

    /// How many of the selected detections are taken.
    pub fn sample_size(&self) -> SampleSize {
        SampleSize { max: self.max, sample: self.sample }
    }

    /// The part of a database that the archive needs.
    pub fn slice(&self) -> Slice {
        // Whole pictures and their addresses are exported when no person is on them.
        let rules = self.layout.writer().rules(self);
        let people = (rules.has_whole || rules.may_name_pictures) && !self.include_humans;
        match &self.detection_ids {
            Some(ids) => Slice::Ids { ids: ids.clone(), people },
            None => Slice::Selected { selection: self.selection(), people },
        }
    }

    /// The ids of the detections, in the order of the archive.
    ///
    /// # Errors
    ///
    /// Names of the filter that the data set does not have.
    pub fn select_ids(&self, data: &Dataset) -> Result<Cow<'_, [String]>, UnknownNamesError> {
        if let Some(ids) = &self.detection_ids {
            return Ok(Cow::Borrowed(ids));
        }
        let rows = self.sample_size().choose(data, data.select(&self.selection())?);
        Ok(rows.into_iter().map(|row| data.observations.get(row).id.to_owned()).collect())
    }
}

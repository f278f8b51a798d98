//! What it takes to make crops out of a file.

use std::sync::{Condvar, Mutex, PoisonError};

use detections::PixelBox;

use crate::crop::{Crop, Cropper};
use crate::error::Missing;
use crate::picture::{Decoder, Excerpt, Head};

/// What it takes to make crops out of a file.
pub(crate) struct Tools {
    pub decoder: Decoder,
    pub cropper: Cropper,
}

impl Tools {
    /// The crop of the box that an excerpt was made for.
    pub fn crop_of(
        &mut self,
        excerpt: &Excerpt,
        head: &Head,
        area: PixelBox,
        path: &str,
    ) -> Result<Crop, Missing> {
        let picture = self.decoder.decode_excerpt(excerpt, self.cropper.part(area).shrink, path)?;
        let crop = self.cropper.cut(&picture, head.orientation, area);
        self.decoder.keep(picture);
        Ok(crop)
    }
}

/// Tools for as many pictures as are decoded at once. Threads that wait for files to come from
/// other hosts are more than that, and must not hold a decoded picture each.
pub(crate) struct ToolBox {
    free: Mutex<Vec<Tools>>,
    given_back: Condvar,
}

impl ToolBox {
    /// `count` tools, for crops that fit into `size` x `size` pixels.
    pub fn new(count: usize, size: u32) -> Self {
        let tools = || Tools { decoder: Decoder::new(), cropper: Cropper::new(size) };
        Self { free: Mutex::new((0..count).map(|_| tools()).collect()), given_back: Condvar::new() }
    }

    /// Lets `work` use one, when one is free.
    pub fn with<T>(&self, work: impl FnOnce(&mut Tools) -> T) -> T {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free =
            self.given_back.wait_while(free, |free| free.is_empty()).unwrap_or_else(PoisonError::into_inner);
        let mut tools = free.pop().expect("one is free");
        drop(free);
        let done = work(&mut tools);
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(tools);
        self.given_back.notify_one();
        done
    }
}

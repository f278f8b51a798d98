//! What it takes to make crops out of a file.

use std::sync::{Condvar, Mutex, PoisonError};

use detections::PixelBox;

use crate::crop::{Crop, Cropper};
use crate::picture::{Decoder, Excerpt, Fault, Head};

/// What it takes to make crops out of a file.
pub(crate) struct Tools {
    pub decoder: Decoder,
    pub cropper: Cropper,
}

impl Tools {
    fn new(crop_size: u32) -> Self {
        Self { decoder: Decoder::default(), cropper: Cropper::new(crop_size) }
    }

    /// The crop of the box that an excerpt was made for.
    pub fn crop_of(&mut self, excerpt: &Excerpt, head: &Head, area: PixelBox) -> Result<Crop, Fault> {
        let picture = self.decoder.decode_excerpt(excerpt, self.cropper.part(area).shrink)?;
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
    crop_size: u32,
}

impl ToolBox {
    /// `count` tools, for crops that fit into `size` x `size` pixels.
    pub fn new(count: usize, size: u32) -> Self {
        let free = Mutex::new((0..count).map(|_| Tools::new(size)).collect());
        Self { free, given_back: Condvar::new(), crop_size: size }
    }

    /// Lets `work` use one, when one is free.
    pub fn with<T>(&self, work: impl FnOnce(&mut Tools) -> T) -> T {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free =
            self.given_back.wait_while(free, |free| free.is_empty()).unwrap_or_else(PoisonError::into_inner);
        let tools = free.pop().expect("one is free");
        drop(free);
        let mut borrowed = Borrowed { tools: Some(tools), from: self };
        let done = work(borrowed.tools.as_mut().expect("tools that were borrowed"));
        drop(borrowed);
        done
    }
}

/// Tools that go back into their box also when the work with them panics: others wait for them.
struct Borrowed<'a> {
    tools: Option<Tools>,
    from: &'a ToolBox,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        // What a panic left half done is thrown away.
        let tools = self.tools.take().filter(|_| !std::thread::panicking());
        let tools = tools.unwrap_or_else(|| Tools::new(self.from.crop_size));
        self.from.free.lock().unwrap_or_else(PoisonError::into_inner).push(tools);
        self.from.given_back.notify_one();
    }
}

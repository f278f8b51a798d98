//! A limited number of decoders that threads share.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::crop::Cropper;
use crate::picture::Decoder;

/// A decoder and a cropper.
pub(crate) struct CropTools {
    pub decoder: Decoder,
    pub cropper: Cropper,
}

impl CropTools {
    fn new(crop_size: u32) -> Self {
        Self { decoder: Decoder::default(), cropper: Cropper::new(crop_size) }
    }
}

/// Tools for as many pictures as are decoded at the same time. There may be more threads, which wait for
/// other hosts and must not hold a decoded picture each.
pub(crate) struct DecoderPool {
    free: Mutex<Vec<CropTools>>,
    given_back: Condvar,
    crop_size: u32,
}

impl DecoderPool {
    /// `count` tools, for crops that fit into `size` x `size` pixels.
    pub fn new(count: usize, size: u32) -> Self {
        let free = Mutex::new((0..count).map(|_| CropTools::new(size)).collect());
        Self { free, given_back: Condvar::new(), crop_size: size }
    }

    /// Waits for free tools and runs `work` with them.
    pub fn run<T>(&self, work: impl FnOnce(&mut CropTools) -> T) -> T {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free =
            self.given_back.wait_while(free, |free| free.is_empty()).unwrap_or_else(PoisonError::into_inner);
        let tools = free.pop().expect("one is free");
        drop(free);
        let mut borrowed = BorrowedDecoder { tools: Some(tools), from: self };
        let done = work(borrowed.tools.as_mut().expect("tools that were borrowed"));
        drop(borrowed);
        done
    }
}

/// Tools that are returned to the pool even if the work panics, since other threads wait for them.
struct BorrowedDecoder<'a> {
    tools: Option<CropTools>,
    from: &'a DecoderPool,
}

impl Drop for BorrowedDecoder<'_> {
    fn drop(&mut self) {
        // Tools that a panic left in an undefined state are replaced.
        let tools = self.tools.take().filter(|_| !std::thread::panicking());
        let tools = tools.unwrap_or_else(|| CropTools::new(self.from.crop_size));
        self.from.free.lock().unwrap_or_else(PoisonError::into_inner).push(tools);
        self.from.given_back.notify_one();
    }
}

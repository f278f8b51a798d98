//! A compressed file whose next parts are decompressed by a thread while its rows are parsed.

use std::io::{BufRead, Cursor, Error, Read, Result};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

/// Bytes of a slice, which stay in the cache of a processor.
const SLICE: usize = 1 << 18;
/// Slices that wait at most.
const AHEAD: usize = 4;

/// Reads what a thread hands over.
pub(crate) struct ReadAhead {
    slices: Receiver<Result<Vec<u8>>>,
    current: Cursor<Vec<u8>>,
    is_at_end: bool,
}

/// Hands slices over to the reader.
pub(crate) struct Slices(SyncSender<Result<Vec<u8>>>);

impl ReadAhead {
    /// Starts a thread that calls `read_slices`. Fails if the system has no thread left.
    pub fn start(read_slices: impl FnOnce(&Slices) -> Result<()> + Send + 'static) -> Result<Self> {
        let (send, slices) = sync_channel(AHEAD);
        Builder::new().name("read ahead".into()).spawn(move || {
            let slices = Slices(send);
            // An empty slice is the end. It is not needed after the reader was dropped.
            let _ = slices.0.send(read_slices(&slices).map(|()| Vec::new()));
        })?;
        Ok(Self { slices, current: Cursor::default(), is_at_end: false })
    }
}

impl Slices {
    /// Hands over all that `reader` has, or as much as is wanted.
    pub fn read_all(&self, reader: &mut impl Read) -> Result<()> {
        loop {
            let mut slice = Vec::with_capacity(SLICE);
            let read = reader.by_ref().take(SLICE as u64).read_to_end(&mut slice)?;
            if read == 0 || self.0.send(Ok(slice)).is_err() {
                return Ok(());
            }
        }
    }
}

impl BufRead for ReadAhead {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if !self.is_at_end && self.current.fill_buf()?.is_empty() {
            // A thread that ended without saying so has not read everything.
            let slice = self
                .slices
                .recv()
                .unwrap_or_else(|_| Err(Error::other("its reader ended before its end")))?;
            self.is_at_end = slice.is_empty();
            self.current = Cursor::new(slice);
        }
        self.current.fill_buf()
    }

    fn consume(&mut self, read: usize) {
        self.current.consume(read);
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn what_is_read_ahead_is_what_is_there_up_to_an_error() {
        let content: Vec<u8> = (0..=250).cycle().take(3 * SLICE + 7).collect();
        let expected = content.clone();
        let mut reader = ReadAhead::start(move |slices| {
            slices.read_all(&mut &content[..])?;
            Err(Error::new(ErrorKind::InvalidData, "damaged"))
        })
        .unwrap();
        let mut read = Vec::new();
        assert_eq!(reader.read_to_end(&mut read).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(read, expected);
    }

    #[test]
    fn a_thread_that_ends_early_is_no_end_of_the_file() {
        let mut reader = ReadAhead::start(|slices| {
            slices.read_all(&mut &b"half"[..])?;
            panic!("as a library might")
        })
        .unwrap();
        let mut read = String::new();
        assert!(reader.read_to_string(&mut read).is_err());
        assert_eq!(read, "half");
    }

    #[test]
    fn a_reader_that_is_dropped_ends_the_thread() {
        let (ended, end) = sync_channel(1);
        let reader = ReadAhead::start(move |slices| {
            let result = slices.read_all(&mut std::io::repeat(b'x'));
            ended.send(()).unwrap();
            result
        });
        drop(reader);
        end.recv().unwrap();
    }
}

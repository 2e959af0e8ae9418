//! A ring from one thread to another: who writes spends next to nothing on it as long as nobody reads.

#[cfg(not(any(papy_loom, papy_shuttle)))]
mod face {
    /// The end that is written to.
    pub(crate) struct Writer<T>(rtrb::Producer<T>);
    /// The end that is read.
    pub(crate) struct Reader<T>(rtrb::Consumer<T>);

    /// With room for so many.
    pub(crate) fn ring<T>(room: usize) -> (Writer<T>, Reader<T>) {
        let (writer, reader) = rtrb::RingBuffer::new(room);
        (Writer(writer), Reader(reader))
    }

    impl<T> Writer<T> {
        /// Writes a value; gives it back where there is no room.
        #[inline(always)]
        pub(crate) fn push(&mut self, value: T) -> Result<(), T> {
            let pushed = self.0.push(value);
            pushed.map_err(|rtrb::PushError::Full(value)| value)
        }
    }

    impl<T> Reader<T> {
        /// What has been written so far.
        #[inline]
        pub(crate) fn read(&mut self) -> impl ExactSizeIterator<Item = T> {
            let written = self.0.slots();
            let chunk = self.0.read_chunk(written);
            chunk.expect("so many have been written").into_iter()
        }
    }
}

/// A model knows no ring of its own; one with a lock does the same.
#[cfg(any(papy_loom, papy_shuttle))]
mod face {
    use std::collections::VecDeque;

    use crate::sync::{Arc, Mutex, lock};

    pub(crate) struct Writer<T> {
        room: usize,
        written: Arc<Mutex<VecDeque<T>>>,
    }
    pub(crate) struct Reader<T>(Arc<Mutex<VecDeque<T>>>);

    pub(crate) fn ring<T>(room: usize) -> (Writer<T>, Reader<T>) {
        let written = Arc::new(Mutex::new(VecDeque::new()));
        let reader = Reader(written.clone());
        (Writer { room, written }, reader)
    }

    impl<T> Writer<T> {
        pub(crate) fn push(&mut self, value: T) -> Result<(), T> {
            let mut written = lock(&self.written);
            if written.len() == self.room {
                return Err(value);
            }
            written.push_back(value);
            Ok(())
        }
    }

    impl<T> Reader<T> {
        pub(crate) fn read(&mut self) -> impl ExactSizeIterator<Item = T> {
            std::mem::take(&mut *lock(&self.0)).into_iter()
        }
    }
}

pub(crate) use face::{Reader, Writer, ring};

//! A buffered reader that can go back to a mark.

use std::io::{self, BufRead, Read};

/// Keeps what was consumed since the last mark, so that it can be read again.
pub struct Rewind<R> {
    inner: R,
    kept: Vec<u8>,
    /// Where in `kept` reading is; behind it comes what `inner` has next.
    at: usize,
    has_failed: bool,
}

impl<R: BufRead> Rewind<R> {
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            kept: Vec::new(),
            at: 0,
            has_failed: false,
        }
    }

    /// Whether the inner reader has failed, which no going back mends.
    pub fn has_failed(&self) -> bool {
        self.has_failed
    }

    pub fn mark(&mut self) {
        self.kept.drain(..self.at);
        self.at = 0;
    }

    pub fn rewind(&mut self) {
        self.at = 0;
    }

    /// The next byte, which stays where it is, or nothing at the end.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.fill_buf()?.first().copied())
    }
}

impl<R: BufRead> BufRead for Rewind<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at < self.kept.len() {
            return Ok(&self.kept[self.at..]);
        }
        self.inner
            .fill_buf()
            .inspect_err(|_| self.has_failed = true)
    }

    fn consume(&mut self, count: usize) {
        if self.at == self.kept.len() {
            // What is buffered comes again without reading.
            if let Ok(buffered) = self.inner.fill_buf() {
                self.kept.extend_from_slice(&buffered[..count]);
            }
            self.inner.consume(count);
        }
        self.at += count;
    }
}

impl<R: BufRead> Read for Rewind<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_mark_comes_again() {
        let mut reader = Rewind::new(io::BufReader::with_capacity(3, &b"one\ntwo\nthree\n"[..]));
        let mut line = || {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            line
        };
        assert_eq!(line(), "one\n");
        reader.mark();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        reader.rewind();
        let mut again = String::new();
        reader.read_to_string(&mut again).unwrap();
        assert_eq!(rest, "two\nthree\n");
        assert_eq!(again, rest);
    }
}

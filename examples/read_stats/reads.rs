//! A read: a FASTQ record and how much of it is kept.

use std::sync::Arc;

use noodles_fastq::Record;

const PHRED_OFFSET: u8 = b'!';

/// Cheap to clone: clones share the record, and trimming only moves the end.
#[derive(Clone, Debug)]
pub struct Read {
    record: Arc<Record>,
    len: usize,
}

impl Read {
    /// The whole of a record, whose scores are in `!`..=`~` and as many as its bases.
    pub fn new(record: Record) -> Self {
        Self {
            len: record.sequence().len(),
            record: Arc::new(record),
        }
    }

    pub fn name(&self) -> &[u8] {
        self.record.name()
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn bases(&self) -> &[u8] {
        &self.record.sequence()[..self.len]
    }

    /// The Phred score of each base.
    pub fn scores(&self) -> impl DoubleEndedIterator<Item = u8> + ExactSizeIterator {
        let symbols = &self.record.quality_scores()[..self.len];
        symbols.iter().map(|symbol| symbol - PHRED_OFFSET)
    }

    pub fn truncate(self, len: usize) -> Self {
        Self {
            len: len.min(self.len),
            ..self
        }
    }
}

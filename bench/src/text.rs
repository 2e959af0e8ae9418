//! Fifty megabytes that look like text, in blocks, and their compression.

use std::io::Read;
use std::sync::LazyLock;

use bzip2::Compression;
use bzip2::read::BzEncoder;
use papy::prelude::*;

use crate::random::Random;

const LENGTH: usize = 50_000_000;
/// What bzip2 compresses at once.
const BLOCK: usize = 900_000;

/// The blocks of the whole text.
pub const BLOCKS: u64 = LENGTH.div_ceil(BLOCK) as u64;

static TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut random = Random(1);
    let words: Vec<String> = (0..5000).map(|_| word(&mut random)).collect();
    let mut text = Vec::with_capacity(LENGTH + 20);
    while text.len() < LENGTH {
        text.extend(random.one_of(&words).as_bytes());
        text.push(if random.below(12) == 0 { b'\n' } else { b' ' });
    }
    text.truncate(LENGTH);
    text
});

fn word(random: &mut Random) -> String {
    const LETTERS: &[u8] = b"etaoinshrdlucmfwypvbgkjqxz";
    let length = 2 + random.below(9);
    let letters = (0..length).map(|_| char::from(*random.one_of(LETTERS)));
    letters.collect()
}

/// The block of this number.
#[must_use]
pub fn block(number: u64) -> &'static [u8] {
    let start = (number % BLOCKS) as usize * BLOCK;
    &TEXT[start..LENGTH.min(start + BLOCK)]
}

/// A block as a stream of its own, as `pbzip2` makes them.
#[worker]
#[inline(never)]
pub fn compress(block: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(block.len() / 3);
    BzEncoder::new(block, Compression::best())
        .read_to_end(&mut bytes)
        .expect("bytes in memory can be read");
    bytes
}

//! Grey images, and filters for them. No filter is inlined, so that everybody calls the same code.

use std::sync::LazyLock;

use papy::prelude::*;

use crate::random::Random;

const SIDE: usize = 256;

/// The pixels, line by line.
pub type Image = Vec<u8>;

/// Some images, which are used over and over.
static IMAGES: LazyLock<Vec<Image>> = LazyLock::new(|| (0..64).map(image).collect());

/// Waves, and noise.
fn image(seed: u64) -> Image {
    let mut random = Random(seed);
    let lengths = [8 + random.below(30), 8 + random.below(30)].map(|n| n as f64);
    let pixel = |at: usize| {
        let [x, y] = [at % SIDE, at / SIDE].map(|n| n as f64);
        let wave = (x / lengths[0]).sin() + (y / lengths[1]).cos();
        (100.0 + 40.0 * wave) as u8 + random.below(32) as u8
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

/// The image of this number.
#[must_use]
pub fn numbered(number: u64) -> &'static [u8] {
    &IMAGES[number as usize % IMAGES.len()]
}

/// Lighter, and with more contrast.
#[worker]
#[inline(never)]
pub fn brighten(image: &[u8]) -> Image {
    let pixel = |&p: &u8| (i32::from(p) * 5 / 4 + 10).min(255) as u8;
    image.iter().map(pixel).collect()
}

#[worker]
#[inline(never)]
pub fn blur(image: Image) -> Image {
    around(&image, |[[a, b, c], [d, e, f], [g, h, i]]| {
        (a + c + g + i + 2 * (b + d + f + h) + 4 * e) / 16
    })
}

#[worker]
#[inline(never)]
pub fn sharpen(image: Image) -> Image {
    around(&image, |[[_, b, _], [d, e, f], [_, h, _]]| {
        5 * e - b - d - f - h
    })
}

/// Where it becomes lighter or darker.
#[worker]
#[inline(never)]
pub fn edges(image: Image) -> Image {
    around(&image, |[[a, b, c], [d, _, f], [g, h, i]]| {
        let across = c + 2 * f + i - a - 2 * d - g;
        let down = g + 2 * h + i - a - 2 * b - c;
        across.abs() + down.abs()
    })
}

/// Half as wide and half as high.
#[worker]
#[inline(never)]
pub fn shrink(image: Image) -> Image {
    let mut small = Vec::with_capacity(image.len() / 4);
    for pair in image.chunks_exact(2 * SIDE) {
        let (upper, lower) = pair.split_at(SIDE);
        let (upper, lower) = (upper.chunks_exact(2), lower.chunks_exact(2));
        let mean = |(a, b): (&[u8], &[u8])| {
            let sum: u32 = a.iter().chain(b).map(|p| u32::from(*p)).sum();
            (sum / 4) as u8
        };
        small.extend(upper.zip(lower).map(mean));
    }
    small
}

/// A pixel from itself and its eight neighbours; those at the rim stay as they are.
#[inline(always)]
fn around(image: &[u8], pixel: impl Fn([[i32; 3]; 3]) -> i32) -> Image {
    let mut result = image.to_vec();
    let (before, _) = image.as_chunks::<SIDE>();
    let (after, _) = result.as_chunks_mut::<SIDE>();
    for (three, line) in before.windows(3).zip(&mut after[1..]) {
        let [above, here, below] = [&three[0], &three[1], &three[2]];
        for x in 1..SIDE - 1 {
            let near = |line: &[u8; SIDE]| [line[x - 1], line[x], line[x + 1]].map(i32::from);
            line[x] = pixel([near(above), near(here), near(below)]).clamp(0, 255) as u8;
        }
    }
    result
}

/// All five.
#[must_use]
pub fn filtered(image: &[u8]) -> Image {
    shrink(edges(sharpen(blur(brighten(image)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_image_has_no_edges() {
        let even = vec![100; SIDE * SIDE];
        let bright = brighten(&even);
        assert_eq!(bright[0], 135);
        let edges = edges(sharpen(blur(bright)));
        assert!(edges[SIDE..2 * SIDE][1..SIDE - 1].iter().all(|p| *p == 0));
        assert_eq!(shrink(edges).len(), SIDE * SIDE / 4);
    }
}

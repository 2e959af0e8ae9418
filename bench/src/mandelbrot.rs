//! Lines of a picture of the Mandelbrot set, which take very different times.

use papy::prelude::*;

const WIDTH: u32 = 640;
const LIMIT: u16 = 500;

/// How often each point of a line is iterated until it escapes; the picture has `rows` lines.
#[worker]
#[inline(never)]
pub fn iterations(row: u64, #[param] rows: u64) -> Vec<u16> {
    let y = 2.4 * row as f64 / rows as f64 - 1.2;
    (0..WIDTH)
        .map(|column| escape(3.2 * f64::from(column) / f64::from(WIDTH) - 2.2, y))
        .collect()
}

fn escape(x: f64, y: f64) -> u16 {
    let (mut re, mut im) = (0.0, 0.0);
    for n in 0..LIMIT {
        let (re2, im2) = (re * re, im * im);
        if re2 + im2 > 4.0 {
            return n;
        }
        im = 2.0 * re * im + y;
        re = re2 - im2 + x;
    }
    LIMIT
}

/// The colours of a line, three bytes each, behind the number of points that share one.
#[worker]
#[inline(never)]
pub fn colours(line: Vec<u16>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(line.len());
    for run in line.chunk_by(|a, b| a == b) {
        for part in run.chunks(255) {
            bytes.push(part.len() as u8);
            bytes.extend(colour(part[0]));
        }
    }
    bytes
}

fn colour(n: u16) -> [u8; 3] {
    if n == LIMIT {
        return [0; 3];
    }
    let t = f64::from(n) / f64::from(LIMIT);
    let channel = |x: f64| (255.0 * x).min(255.0) as u8;
    [
        channel(9.0 * (1.0 - t) * t.powi(3)),
        channel(15.0 * (1.0 - t).powi(2) * t.powi(2)),
        channel(8.5 * (1.0 - t).powi(3) * t),
    ]
}

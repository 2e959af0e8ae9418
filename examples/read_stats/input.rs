//! Where reads come from: files, standard input, the bundled sample.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};

use crate::fastq::Reads;

const SAMPLE: &[u8] = include_bytes!("sample.fastq.gz");
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 1 << 16;

/// An opened input, as text.
pub struct Input {
    name: Arc<str>,
    text: Box<dyn BufRead + Send>,
}

impl Input {
    /// Opens the files, or the sample if there are none, and a progress bar over the bytes of them all.
    pub fn open_all(files: &[OsString]) -> Result<(Vec<Self>, ProgressBar), String> {
        let sources = match files {
            [] => vec![Source::sample()],
            files => files.iter().map(Source::open).collect::<Result<_, _>>()?,
        };
        let progress = progress(sources.iter().map(|source| source.len).sum());
        let inputs = sources.into_iter().map(|source| source.input(&progress));
        Ok((inputs.collect::<Result<_, _>>()?, progress))
    }

    pub fn reads(self) -> Reads<Box<dyn BufRead + Send>> {
        Reads::new(self.name, self.text)
    }
}

/// The bytes of an input, and how many they are where that is known.
struct Source {
    name: Arc<str>,
    bytes: Box<dyn Read + Send>,
    len: Option<u64>,
}

impl Source {
    fn sample() -> Self {
        eprintln!(
            "read_stats: no FILE given, so these are the {} bytes of the bundled sample",
            SAMPLE.len()
        );
        Self {
            name: "sample".into(),
            bytes: Box::new(SAMPLE),
            len: Some(SAMPLE.len() as u64),
        }
    }

    fn open(path: &OsString) -> Result<Self, String> {
        if path == "-" {
            return Ok(Self {
                name: "standard input".into(),
                bytes: Box::new(io::stdin()),
                len: None,
            });
        }
        let name = path.to_string_lossy();
        let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
        let metadata = file.metadata().ok().filter(Metadata::is_file);
        Ok(Self {
            name: name.into(),
            bytes: Box::new(file),
            len: metadata.map(|metadata| metadata.len()),
        })
    }

    fn input(self, progress: &ProgressBar) -> Result<Input, String> {
        let Self { name, bytes, .. } = self;
        let bytes = BufReader::with_capacity(BUFFER, progress.wrap_read(bytes));
        match decompressed(bytes) {
            Ok(text) => Ok(Input { name, text }),
            Err(error) => Err(format!("{name}: {error}")),
        }
    }
}

/// The text of what may be gzip of any number of members.
fn decompressed(mut bytes: impl BufRead + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut start = Vec::new();
    bytes
        .by_ref()
        .take(GZIP.len() as u64)
        .read_to_end(&mut start)?;
    let is_gzip = start == GZIP;
    let bytes = Cursor::new(start).chain(bytes);
    Ok(if is_gzip {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(bytes)))
    } else {
        Box::new(bytes)
    })
}

/// A bar if all lengths are known; neither shows unless standard error is a terminal.
fn progress(len: Option<u64>) -> ProgressBar {
    let (progress, template) = match len {
        Some(len) => (
            ProgressBar::new(len),
            "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {bytes}, {bytes_per_sec}",
        ),
    };
    progress.with_style(ProgressStyle::with_template(template).expect("the template is right"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn text(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        decompressed(Cursor::new(bytes))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for plain in ["", "@", "@r1\nA\n+\nI\n"] {
            assert_eq!(text(plain.into()).unwrap(), plain);
        }
    }

    #[test]
    fn gzip_of_several_members_is_decompressed() {
        assert_eq!(
            text([gzip("one"), gzip(""), gzip(" two")].concat()).unwrap(),
            "one two"
        );
    }

    #[test]
    fn cut_gzip_is_an_error() {
        let mut bytes = gzip("one");
        bytes.pop();
        assert!(text(bytes).is_err());
    }
}

//! Runs the example `read_stats` as a user would, and checks what it says against a plain loop.

#[path = "common/guard.rs"]
mod guard;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use guard::within;
use serde_json::Value;

const SAMPLE: &[u8] = include_bytes!("../examples/read_stats/sample.fastq.gz");
const MIN_QUALITY: i64 = 20;
const MIN_LENGTH: usize = 30;

/// Cargo does not build an example for a test, so the test asks for it, in its own profile.
fn example() -> &'static Path {
    static EXAMPLE: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--example", "read_stats", "--profile", &profile()])
            .args(["--quiet", "--message-format", "json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(built.status.success(), "the example should build");
        let messages = serde_json::Deserializer::from_slice(&built.stdout).into_iter::<Value>();
        let executable = |message: Value| Some(PathBuf::from(message["executable"].as_str()?));
        messages.map(Result::unwrap).find_map(executable).unwrap()
    })
}

/// The profile of this test, after the directory that it stands in: `target/<profile>/deps`.
fn profile() -> String {
    let test = env::current_exe().unwrap();
    let directory = test.ancestors().nth(2).and_then(Path::file_name).unwrap();
    match directory.to_str().unwrap() {
        "debug" => "dev".to_owned(),
        profile => profile.to_owned(),
    }
}

fn read_stats<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    read_stats_of(arguments, b"")
}

fn read_stats_of<S: AsRef<OsStr>>(arguments: &[S], input: &[u8]) -> Output {
    let mut child = Command::new(example())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // That the example leaves its input unread is no error.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().unwrap()
    })
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A directory of its own for each test, which goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let name = format!("{test}-{}", std::process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn sample() -> String {
    let mut text = String::new();
    MultiGzDecoder::new(SAMPLE)
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// What the example should find, computed in the plainest way.
#[derive(Default)]
struct Expected {
    reads: u64,
    kept: u64,
    bases_read: u64,
    bases: u64,
    gc: u64,
    unknown: u64,
    quality: i64,
    lengths: BTreeMap<usize, u64>,
    rows: Vec<String>,
}

impl Expected {
    fn of(text: &str) -> Self {
        let mut expected = Self::default();
        let lines: Vec<&str> = text.lines().collect();
        for record in lines.chunks_exact(4) {
            expected.add(record[0], record[1], record[3]);
        }
        expected
    }

    #[allow(clippy::cast_precision_loss)]
    fn add(&mut self, header: &str, bases: &str, symbols: &str) {
        self.reads += 1;
        self.bases_read += bases.len() as u64;
        let scores: Vec<i64> = symbols
            .bytes()
            .map(|symbol| i64::from(symbol) - 33)
            .collect();
        let len = trimmed_len(&scores);
        if len < MIN_LENGTH {
            return;
        }
        let count = |wanted: &str| {
            bases[..len]
                .chars()
                .filter(|&base| wanted.contains(base))
                .count() as u64
        };
        let (gc, quality) = (count("GC"), scores[..len].iter().sum::<i64>());
        self.kept += 1;
        self.bases += len as u64;
        self.gc += gc;
        self.unknown += count("N");
        self.quality += quality;
        *self.lengths.entry(len / 10 * 10).or_default() += 1;

        let name = header[1..].split(' ').next().unwrap();
        let (gc, quality) = (gc as f64 / len as f64, quality as f64 / len as f64);
        self.rows
            .push(format!("{name}\t{len}\t{gc:.4}\t{quality:.2}"));
    }

    #[allow(clippy::cast_precision_loss)]
    fn assert_is(&self, found: &Value) {
        assert_eq!(found["reads"], self.reads);
        assert_eq!(found["kept"], self.kept);
        assert_eq!(found["bases_read"], self.bases_read);
        assert_eq!(found["bases"], self.bases);
        let bases = self.bases as f64;
        assert_close(&found["gc"], self.gc as f64 / bases);
        assert_close(&found["n"], self.unknown as f64 / bases);
        assert_close(&found["mean_quality"], self.quality as f64 / bases);
        let lengths: Vec<_> = self.lengths.iter().collect();
        assert_eq!(found["lengths"], serde_json::to_value(lengths).unwrap());
    }
}

/// The length before which the sum of what the scores lack of `MIN_QUALITY`, up to the end, is largest. Like BWA, a sum
/// that gets negative ends the search.
fn trimmed_len(scores: &[i64]) -> usize {
    let lack = |from: usize| {
        scores[from..]
            .iter()
            .map(|score| MIN_QUALITY - score)
            .sum::<i64>()
    };
    let reached = (0..scores.len()).rev().take_while(|&from| lack(from) >= 0);
    let best = reached
        .filter(|&from| lack(from) > 0)
        .max_by_key(|&from| (lack(from), from));
    best.unwrap_or(scores.len())
}

fn assert_close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!(
        (found - expected).abs() < 1e-9,
        "{found} should be {expected}"
    );
}

const GOOD: &str = "@good\nACGTACGTACGTACGTACGTACGTACGTACGT\n+\nIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII\n";
const BAD: &str = "@bad\nACGT\n+\nIII\n";

#[test]
fn without_arguments_the_sample_is_summarised() {
    within(120, || {
        let output = read_stats::<&str>(&[]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        let first_words = |line: &str| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let found: Vec<_> = text.lines().take(3).map(first_words).collect();
        let Expected { reads, kept, .. } = Expected::of(&sample());
        let expected = [
            format!("reads {reads}"),
            format!("kept {kept}"),
            "faults 0".into(),
        ];
        assert_eq!(found, expected);
    });
}

#[test]
fn the_summary_of_the_sample_is_right() {
    within(120, || {
        let summary = json(&read_stats(&["--json"]));
        assert_eq!(summary["faults"], 0);
        Expected::of(&sample()).assert_is(&summary);
    });
}

#[test]
fn a_path_standard_input_plain_and_gzip_give_the_same() {
    within(120, || {
        let scratch = Scratch::new("inputs");
        let text = sample();
        let half = text.len() / 2;
        let halves = [gzip(&text[..half]), gzip(&text[half..])].concat();
        let (plain, members) = (
            scratch.file("plain.fq", &text),
            scratch.file("members.gz", halves),
        );

        let expected = json(&read_stats(&["--json"]));
        for path in [plain, members] {
            assert_eq!(
                json(&read_stats(&[path.as_str(), "--json"])),
                expected,
                "{path}"
            );
        }
        for input in [text.as_bytes(), SAMPLE] {
            assert_eq!(json(&read_stats_of(&["-", "--json"], input)), expected);
        }
    });
}

#[test]
fn several_files_are_one_input() {
    within(120, || {
        let scratch = Scratch::new("several");
        let file = scratch.file("one.fq", GOOD);
        let summary = json(&read_stats_of(
            &[&file, "-", &file, "--json"],
            GOOD.as_bytes(),
        ));
        assert_eq!(summary["reads"], 3);
    });
}

#[test]
fn an_empty_input_has_no_mean() {
    within(120, || {
        let summary = json(&read_stats(&["-", "--json"]));
        assert_eq!(summary["reads"], 0);
        assert_eq!(summary["kept"], 0);
        assert_eq!(summary["gc"], Value::Null);
    });
}

#[test]
fn rows_are_written_in_input_order() {
    within(120, || {
        let scratch = Scratch::new("rows");
        let path = scratch.path("rows.tsv");
        json(&read_stats(&["--json", "--rows", &path]));
        let rows = fs::read_to_string(path).unwrap();
        let (header, rows) = rows.split_once('\n').unwrap();
        assert_eq!(header, "read\tlength\tgc\tmean_quality");
        let rows: Vec<_> = rows.lines().collect();
        assert_eq!(rows, Expected::of(&sample()).rows);
    });
}

#[test]
fn bad_records_are_counted_and_shown_with_their_position() {
    within(120, || {
        let scratch = Scratch::new("bad");
        let path = scratch.file("bad.fq", format!("{GOOD}{BAD}{GOOD}{BAD}{GOOD}"));
        let output = read_stats(&[&path, "--json"]);
        let summary = json(&output);
        assert_eq!(summary["reads"], 3);
        assert_eq!(summary["faults"], 2);
        let shown = stderr(&output);
        for position in ["bad.fq:5: record 2", "bad.fq:13: record 4"] {
            assert_eq!(shown.matches(position).count(), 1, "{shown}");
        }
        assert!(shown.contains("has 4 bases but 3 scores"), "{shown}");
    });
}

#[test]
fn of_many_bad_records_only_some_are_shown() {
    within(120, || {
        let output = read_stats_of(&["-", "--json"], BAD.repeat(1000).as_bytes());
        assert_eq!(json(&output)["faults"], 1000);
        let shown = stderr(&output);
        assert_eq!(shown.matches(": record ").count(), 20, "{shown}");
        assert!(shown.contains("1000 faults in all"), "{shown}");
    });
}

#[test]
fn a_truncated_last_record_is_a_fault() {
    within(120, || {
        for (cut, said) in [
            (3, "has 32 bases but 30 scores"),
            (40, "the input ends inside it"),
        ] {
            let text = GOOD.repeat(2);
            let output = read_stats_of(&["-", "--json"], &text.as_bytes()[..text.len() - cut]);
            let summary = json(&output);
            assert_eq!(
                (&summary["reads"], &summary["faults"]),
                (&1.into(), &1.into())
            );
            let shown = stderr(&output);
            assert!(
                shown.contains(&format!("standard input:5: record 2: {said}")),
                "{shown}"
            );
        }
    });
}

#[test]
fn truncated_gzip_fails_with_a_summary_of_what_came_before() {
    within(120, || {
        let output = read_stats_of(&["-", "--json"], &SAMPLE[..SAMPLE.len() / 2]);
        assert_eq!(output.status.code(), Some(1));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["faults"], 1);
        let reads = summary["reads"].as_u64().unwrap();
        assert!((500..1500).contains(&reads), "{reads}");
        let shown = stderr(&output);
        let position = format!("standard input:{}: record {}: ", 4 * reads + 1, reads + 1);
        assert!(shown.contains(&position), "{shown}");
    });
}

#[test]
fn a_missing_file_is_said_and_fails() {
    within(120, || {
        let output = read_stats(&["no-such-file.fq"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert!(
            stderr(&output).starts_with("read_stats: no-such-file.fq: "),
            "{}",
            stderr(&output)
        );
    });
}

#[test]
fn rows_that_cannot_be_written_are_said_and_fail() {
    within(120, || {
        let scratch = Scratch::new("unwritable");
        let path = scratch.path("missing/rows.tsv");
        let output = read_stats(&["--rows", &path]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(&path), "{}", stderr(&output));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_fails() {
    within(120, || {
        let output = read_stats(&["--rows", "/dev/full"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            stderr(&output).contains("/dev/full: "),
            "{}",
            stderr(&output)
        );
    });
}

#[test]
fn a_wrong_option_is_said_and_fails() {
    within(120, || {
        let output = read_stats(&["--jsn"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("--jsn"), "{}", stderr(&output));
    });
}

/// Stands for Ctrl-C while reads are still to come.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_with_the_summary_so_far() {
    within(120, || {
        let mut child = Command::new(example())
            .args(["-", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let reads = GOOD.repeat(1000);
        // More than any pipe and buffer holds: when this is written, the run is on its way.
        for _ in 0..50 {
            stdin.write_all(reads.as_bytes()).unwrap();
        }
        let feeder = thread::spawn(move || while stdin.write_all(reads.as_bytes()).is_ok() {});
        let interrupted = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(interrupted.unwrap().success());

        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(summary["reads"].as_u64().unwrap() > 1000);
        assert_eq!(summary["reads"], summary["kept"]);
        assert!(
            stderr(&output).contains("interrupted"),
            "{}",
            stderr(&output)
        );
    });
}

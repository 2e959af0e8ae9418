//! Programs that are compiled together: crates in the target directory, one call of cargo, and the runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program to run: its seed and its text.
pub type Source = (u64, String);

/// What came of a program.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// In that way these lines.
    Ran(usize, Vec<String>),
    /// In that way it took too long.
    Hung(usize),
    /// In that way it panicked, or ended its process.
    Died(usize, String),
    Uncompiled(String),
}

/// Where generated crates and what is compiled of them lie.
fn home() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from);
    target.join("random")
}

/// Compiles and runs programs; `crates` of them side by side.
pub fn run(mut programs: Vec<Source>, crates: usize, limit: u64) -> Vec<(u64, Event)> {
    let mut events = Vec::new();
    loop {
        let chunks: Vec<Vec<u64>> = programs
            .chunks(programs.len().div_ceil(crates).max(1))
            .map(|chunk| chunk.iter().map(|(seed, _)| *seed).collect())
            .collect();
        write(&programs, &chunks);
        let errors = compile();
        if errors.is_empty() {
            let run = |(n, seeds): (usize, &Vec<u64>)| run_chunk(n, seeds, limit);
            let ran: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = chunks
                    .iter()
                    .enumerate()
                    .map(|chunk| scope.spawn(move || run(chunk)))
                    .collect();
                threads
                    .into_iter()
                    .flat_map(|thread| thread.join().expect("a chunk"))
                    .collect()
            });
            events.extend(ran);
            return events;
        }
        // The others are to run all the same.
        programs.retain(|(seed, _)| !errors.contains_key(seed));
        for (seed, error) in errors {
            events.push((seed, Event::Uncompiled(error)));
        }
        if programs.is_empty() {
            return events;
        }
    }
}

/// Writes a file unless it is that already, so that cargo sees what has changed.
fn put(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    let folder = path.parent().expect("a folder");
    fs::create_dir_all(folder).expect("a folder in the target directory");
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn write(programs: &[Source], chunks: &[Vec<u64>]) {
    let repository = env!("CARGO_MANIFEST_DIR");
    let home = home().join("crates");
    let members: Vec<String> = (0..chunks.len()).map(|n| format!("\"chunk{n}\"")).collect();
    put(
        &home.join("Cargo.toml"),
        &format!(
            "[workspace]\nmembers = [{}]\nresolver = \"3\"\n\n[profile.dev]\ndebug = false\nincremental = false\n",
            members.join(", ")
        ),
    );
    // The same versions of everything, without a network.
    let lock = Path::new(repository).join("Cargo.lock");
    if let Ok(lock) = fs::read_to_string(lock)
        && !home.join("Cargo.lock").exists()
    {
        put(&home.join("Cargo.lock"), &lock);
    }
    for (n, seeds) in chunks.iter().enumerate() {
        let folder = home.join(format!("chunk{n}"));
        put(
            &folder.join("Cargo.toml"),
            &format!(
                "[package]\nname = \"chunk{n}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\npapy = {{ path = {repository:?} }}\n"
            ),
        );
        let mut main = String::from("#![allow(warnings)]\n");
        for part in ["harness", "workers"] {
            main += &format!("#[path = \"{repository}/tests/random/{part}.rs\"]\nmod {part};\n");
        }
        let mut table = String::new();
        for seed in seeds {
            main += &format!("mod p{seed};\n");
            table += &format!("({seed}, p{seed}::run), ");
        }
        main += &format!("\nfn main() {{\n    harness::main(&[{table}]);\n}}\n");
        put(&folder.join("src/main.rs"), &main);
        for (seed, text) in programs.iter().filter(|(seed, _)| seeds.contains(seed)) {
            put(&folder.join(format!("src/p{seed}.rs")), text);
        }
    }
}

/// Compiles the crates; gives what is wrong with programs.
fn compile() -> BTreeMap<u64, String> {
    let home = home();
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--offline",
            "--keep-going",
            "--message-format",
            "short",
        ])
        .current_dir(home.join("crates"))
        .env("CARGO_TARGET_DIR", home.join("build"))
        .env("CARGO_TERM_COLOR", "never")
        .output()
        .expect("cargo");
    let text = String::from_utf8_lossy(&output.stderr);
    let mut errors: BTreeMap<u64, String> = BTreeMap::new();
    if output.status.success() {
        return errors;
    }
    for line in text.lines().filter(|line| line.contains(": error")) {
        // chunk0/src/p17.rs:5:3: error: …
        let seed = line
            .split_once("src/p")
            .and_then(|(_, rest)| rest.split_once(".rs:"))
            .and_then(|(seed, _)| seed.parse().ok());
        if let Some(seed) = seed {
            let told = errors.entry(seed).or_default();
            *told += line;
            told.push('\n');
        }
    }
    assert!(
        !errors.is_empty(),
        "the programs cannot be compiled:\n{text}"
    );
    errors
}

/// Runs the programs of a crate; goes on behind one that hangs or takes the process with it.
fn run_chunk(n: usize, seeds: &[u64], limit: u64) -> Vec<(u64, Event)> {
    let program = home().join(format!("build/debug/chunk{n}"));
    let mut events: Vec<(u64, Event)> = Vec::new();
    let mut from = 0;
    while from < seeds.len() {
        let output = Command::new(&program)
            .args([from.to_string(), limit.to_string()])
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let text = String::from_utf8_lossy(&output.stdout);
        let mut done = false;
        let mut last = None;
        let mut ended = None;
        for line in text.lines() {
            let mut parts = line.split('\t');
            let word = parts.next();
            let seed = parts.next().and_then(|part| part.parse::<u64>().ok());
            let way = parts.next().and_then(|part| part.parse::<usize>().ok());
            let (Some(seed), Some(way)) = (seed, way) else {
                done |= word == Some("done");
                continue;
            };
            last = Some((seed, way));
            let event = match word {
                Some("run") => Event::Ran(way, parts.map(str::to_owned).collect()),
                Some("hang") => {
                    ended = Some(seed);
                    Event::Hung(way)
                }
                _ => {
                    let text: Vec<&str> = parts.collect();
                    Event::Died(way, format!("it panicked: {}", text.concat()))
                }
            };
            events.push((seed, event));
        }
        if done {
            break;
        }
        let ended = ended.unwrap_or_else(|| {
            // What came after the last line took the process with it.
            let ways = |seed| super::harness::ways(seed).len();
            let (seed, way) = match last {
                None => (seeds[from], 0),
                Some((seed, way)) if way + 1 < ways(seed) => (seed, way + 1),
                Some((seed, _)) => {
                    let at = seeds.iter().position(|s| *s == seed).expect("its seed");
                    (seeds[(at + 1).min(seeds.len() - 1)], 0)
                }
            };
            let error = String::from_utf8_lossy(&output.stderr);
            let end: String = error.chars().rev().take(2000).collect();
            let end: String = end.chars().rev().collect();
            let died = format!("the process ended with {}:\n{end}", output.status);
            events.push((seed, Event::Died(way, died)));
            seed
        });
        from = seeds.iter().position(|s| *s == ended).expect("its seed") + 1;
    }
    events
}

//! A scratch crate in the target directory: what is compiled, and how long that takes.

use std::collections::BTreeSet;
use std::env;
use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What cargo is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Check,
    Release,
}

impl Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Mode::Check => "check",
            Mode::Release => "release",
        })
    }
}

/// The crate, with a target directory of its own.
pub struct Scratch {
    root: PathBuf,
}

/// What a build has taken.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// Of the processors, where that is known.
    pub work: Duration,
    /// By the clock.
    pub wall: Duration,
}

/// The papy beside this program's sources, as a dependency.
///
/// # Errors
///
/// When the sources have been moved.
pub fn papy() -> Result<String, String> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let papy = bench.parent().ok_or("these sources stand nowhere")?;
    Ok(format!("papy = {{ path = {papy:?} }}"))
}

impl Scratch {
    /// A crate in a folder of this name, with the versions of this program's own `Cargo.lock`.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn new(folder: &str, dependency: &str) -> Result<Scratch, String> {
        let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = env::var_os("CARGO_TARGET_DIR").map_or(bench.join("target"), PathBuf::from);
        let root = target.join(folder);
        let manifest = format!(
            "[package]\nname = \"scratch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\n{dependency}\n"
        );
        let wrong = |error| format!("{}: {error}", root.display());
        fs::create_dir_all(root.join("src")).map_err(wrong)?;
        fs::write(root.join("src/main.rs"), "fn main() {}\n").map_err(wrong)?;
        fs::write(root.join("Cargo.toml"), manifest).map_err(wrong)?;
        let lock = fs::read_to_string(bench.join("Cargo.lock")).map_err(wrong)?;
        let lock = lock.replace("\"papy-bench\"", "\"scratch\"");
        fs::write(root.join("Cargo.lock"), lock).map_err(wrong)?;
        Ok(Scratch { root })
    }

    /// Downloads what is not here yet.
    ///
    /// # Errors
    ///
    /// When cargo cannot be run, or does not like it.
    pub fn fetch(&self) -> Result<(), String> {
        self.cargo(&["fetch"]).map(drop)
    }

    /// Forgets everything that has been built.
    pub fn clean(&self) {
        let _ = fs::remove_dir_all(self.target());
    }

    /// Compiles a program, and tells what that has taken. Nothing is downloaded.
    ///
    /// # Errors
    ///
    /// When cargo cannot be run, or does not like it.
    pub fn compile(&self, mode: Mode, program: &str) -> Result<Taken, String> {
        let main = self.root.join("src/main.rs");
        fs::write(&main, program).map_err(|error| format!("{}: {error}", main.display()))?;
        let words: &[&str] = match mode {
            Mode::Check => &["check", "--offline"],
            Mode::Release => &["build", "--release", "--offline"],
        };
        let (began, used) = (Instant::now(), children());
        self.cargo(words)?;
        let wall = began.elapsed();
        let work = match (used, children()) {
            (Some(before), Some(after)) => after - before,
            _ => wall,
        };
        Ok(Taken { work, wall })
    }

    /// The crates that are built for this one, by name and version.
    ///
    /// # Errors
    ///
    /// When cargo cannot be run, or does not like it.
    pub fn crates(&self) -> Result<BTreeSet<String>, String> {
        let words = "tree --edges normal,build --prefix none --format {p} --offline";
        let words: Vec<&str> = words.split(' ').collect();
        let lines = self.cargo(&words)?;
        let name = |line: &str| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?))
        };
        Ok(lines.lines().skip(1).filter_map(name).collect())
    }

    /// The bytes of the program that has been built for release.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn size(&self) -> Result<u64, String> {
        let program = self.target().join("release/scratch");
        let wrong = |error| format!("{}: {error}", program.display());
        Ok(fs::metadata(&program).map_err(wrong)?.len())
    }

    fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// What cargo says.
    fn cargo(&self, words: &[&str]) -> Result<String, String> {
        let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
            .args(words)
            .arg("--quiet")
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.target())
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The time that processors have worked for the children of this process, so far; in hundredths of a second, as Linux
/// counts for programs. What else the machine does is not in it.
fn children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // the name of the program, in parentheses, may hold spaces
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<u64> = fields
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    let [user, system] = [fields.get(13)?, fields.get(14)?];
    Some(Duration::from_millis((user + system) * 10))
}

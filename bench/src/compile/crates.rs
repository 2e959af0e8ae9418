//! A scratch crate in the target directory: what is compiled, and how long that takes.

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

impl Scratch {
    /// A crate that depends on the papy beside this program's sources.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn new() -> Result<Scratch, String> {
        let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = env::var_os("CARGO_TARGET_DIR").map_or(bench.join("target"), PathBuf::from);
        let root = target.join("compile");
        let papy = bench.parent().ok_or("these sources stand nowhere")?;
        let manifest = format!(
            "[package]\nname = \"scratch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\npapy = {{ path = {papy:?} }}\n"
        );
        let wrong = |error| format!("{}: {error}", root.display());
        fs::create_dir_all(root.join("src")).map_err(wrong)?;
        fs::write(root.join("Cargo.toml"), manifest).map_err(wrong)?;
        // the versions that are here already: nothing is downloaded
        let lock = fs::read_to_string(bench.join("Cargo.lock")).map_err(wrong)?;
        let lock = lock.replace("\"papy-bench\"", "\"scratch\"");
        fs::write(root.join("Cargo.lock"), lock).map_err(wrong)?;
        Ok(Scratch { root })
    }

    /// Compiles a program, and tells how much time of the processors that took.
    ///
    /// # Errors
    ///
    /// When cargo cannot be run, or does not like it.
    pub fn compile(&self, mode: Mode, program: &str) -> Result<Duration, String> {
        let main = self.root.join("src/main.rs");
        fs::write(&main, program).map_err(|error| format!("{}: {error}", main.display()))?;
        let words: &[&str] = match mode {
            Mode::Check => &["check"],
            Mode::Release => &["build", "--release"],
        };
        let (began, used) = (Instant::now(), children());
        let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
            .args(words)
            .args(["--quiet", "--offline"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .env("CARGO_INCREMENTAL", "0")
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        let wall = began.elapsed();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(match (used, children()) {
            (Some(before), Some(after)) => after - before,
            _ => wall,
        })
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

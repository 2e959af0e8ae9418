//! The command line.

use std::path::PathBuf;

pub const HELP: &str = "\
usage: cargo run --release [--] [OPTION…]

  --quick           a tenth of the items and three rounds: seconds instead of minutes, and less exact
  --rounds N        rounds (7)
  --only NAME       this workload (W2), or those of a family (W1); may be given several times
  --list            the names of the workloads
  --json            JSON instead of a table
  --markdown FILE   also writes tables in Markdown
  --svg FILE        also draws a picture";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    pub quick: bool,
    pub rounds: Option<usize>,
    pub only: Vec<String>,
    pub list: bool,
    pub json: bool,
    pub markdown: Option<PathBuf>,
    pub svg: Option<PathBuf>,
    pub help: bool,
}

impl Arguments {
    /// # Errors
    ///
    /// What is wrong, for people.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Arguments, String> {
        let mut arguments = Arguments::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match &*word {
                "--quick" => arguments.quick = true,
                "--list" => arguments.list = true,
                "--json" => arguments.json = true,
                "--help" | "-h" => arguments.help = true,
                "--only" => arguments.only.push(value()?),
                "--markdown" => arguments.markdown = Some(value()?.into()),
                "--svg" => arguments.svg = Some(value()?.into()),
                "--rounds" => {
                    let rounds = value()?.parse().ok().filter(|n| *n > 0);
                    arguments.rounds = Some(rounds.ok_or("--rounds needs a number from 1 up")?);
                }
                _ => return Err(format!("there is no {word}")),
            }
        }
        Ok(arguments)
    }

    /// Whether a workload has been asked for.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        let is_of = |only: &String| match name.strip_prefix(&**only) {
            Some(rest) => rest.is_empty() || rest.starts_with('-'),
            None => false,
        };
        self.only.is_empty() || self.only.iter().any(is_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_understood() {
        let arguments = parse("--quick --only W2 --rounds 4 --json").unwrap();
        assert!(arguments.quick && arguments.json && !arguments.list);
        assert_eq!(arguments.rounds, Some(4));
        let arguments = parse("--svg a.svg --markdown b.md").unwrap();
        assert_eq!(arguments.svg, Some("a.svg".into()));
        assert_eq!(arguments.markdown, Some("b.md".into()));
        for wrong in [
            "--fast",
            "--svg",
            "--rounds",
            "--rounds 0",
            "--rounds x",
            "W2",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_selects_a_workload_or_a_family() {
        let wants = |line, name| parse(line).unwrap().wants(name);
        assert!(wants("", "W1-chain"));
        assert!(wants("--only W1", "W1-chain"));
        assert!(wants("--only W6 --only W1-chain", "W1-chain"));
        assert!(!wants("--only W1-ch", "W1-chain"));
        assert!(!wants("--only W2", "W1-chain"));
    }
}

//! The command line.

use std::time::Duration;

use lexopt::Arg::{Long, Short};
use lexopt::ValueExt;

pub const HELP: &str = "\
usage: soak [OPTION…]

  --seconds N  run for so long (10)
  --seed N     begin with this seed (1); a case that fails says its own
  --only NAME  this pipeline of the catalogue alone
  --list       what is in the catalogue";

pub enum Command {
    Run(Arguments),
    List,
    Help,
}

pub struct Arguments {
    pub time: Duration,
    pub seed: u64,
    pub only: Option<String>,
}

pub fn parse() -> Result<Command, lexopt::Error> {
    let mut arguments = Arguments {
        time: Duration::from_secs(10),
        seed: 1,
        only: None,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => arguments.time = Duration::from_secs(parser.value()?.parse()?),
            Long("seed") => arguments.seed = parser.value()?.parse()?,
            Long("only") => arguments.only = Some(parser.value()?.string()?),
            Long("list") => return Ok(Command::List),
            Short('h') | Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Run(arguments))
}

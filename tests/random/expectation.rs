//! What a program has to give, and whether what it gave is that.

use std::fmt::Write;

/// What a program has to give.
#[derive(Debug)]
pub struct Expectation {
    pub outputs: Vec<Expected>,
    pub sinks: Vec<String>,
    /// How many joins had an input without a partner; each of them ends the run.
    pub unequal: usize,
    /// The rules do not say what the program gives, and why not.
    pub unclear: Option<&'static str>,
}

/// What an output has to give.
#[derive(Debug)]
pub struct Expected {
    pub tokens: Vec<Token>,
    pub unordered: bool,
    /// A merge of several origins is on the way.
    pub mixed: bool,
    /// A node on the way looks at several items at once.
    pub gathered: bool,
}

/// One item of an output.
#[derive(Debug)]
pub struct Token {
    /// As text; any of these.
    pub texts: Vec<String>,
    /// The position of the source item; any of these.
    pub positions: Vec<u64>,
    pub fault: bool,
    pub unequal: bool,
}

impl Token {
    fn is(&self, got: &str, indexed: Option<bool>) -> bool {
        let Some(positions_count) = indexed else {
            return self.texts.iter().any(|text| text == got);
        };
        let Some((at, got)) = got.split_once(':') else {
            return false;
        };
        self.texts.iter().any(|text| text == got)
            && (!positions_count || self.positions.iter().any(|p| at == p.to_string()))
    }
}

/// How a program was run, as far as that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Plain,
    /// Each item has its position in front: `3:17`.
    Indexed,
    /// Each output ends at its first fault.
    Stop,
}

impl Expectation {
    /// Says what is wrong with what came out, if anything is.
    pub fn verdict(&self, reading: Reading, got: &[String]) -> Result<(), String> {
        if self.unclear.is_some() {
            return Ok(());
        }
        let (outputs, sinks) = got.split_at(self.outputs.len().min(got.len()));
        if outputs.len() < self.outputs.len() || sinks.len() < self.sinks.len() {
            return Err(format!(
                "{} outputs and {} sinks were expected, {} lines came",
                self.outputs.len(),
                self.sinks.len(),
                got.len()
            ));
        }
        for (n, (expected, got)) in self.outputs.iter().zip(outputs).enumerate() {
            let got: Vec<&str> = got.split(' ').filter(|token| !token.is_empty()).collect();
            let alone = self.outputs.len() == 1 && self.sinks.is_empty();
            if !expected.agrees(reading, self.unequal, alone, &got) {
                return Err(format!(
                    "output {n}{}\nexpected {}\ngot      {}",
                    if expected.unordered || expected.mixed {
                        ", in any order"
                    } else {
                        ""
                    },
                    expected.text(reading, alone),
                    got.join(" ")
                ));
            }
        }
        for (n, (expected, got)) in self.sinks.iter().zip(sinks).enumerate() {
            if self.unequal == 0 && reading != Reading::Stop && expected != got {
                return Err(format!(
                    "what sink {n} was given\nexpected {expected}\ngot      {got}"
                ));
            }
        }
        Ok(())
    }
}

impl Expected {
    fn agrees(&self, reading: Reading, unequal: usize, alone: bool, got: &[&str]) -> bool {
        // Of a merge of several origins it is open which input leads to an item first.
        let indexed = (reading == Reading::Indexed).then_some(!self.mixed);
        let same = |tokens: &[Token], got: &[&str]| {
            let mut pairs = tokens.iter().zip(got);
            tokens.len() == got.len() && pairs.all(|(token, got)| token.is(got, indexed))
        };
        let begins = |tokens: &[Token]| {
            let len = got.len().min(tokens.len());
            got.len() <= tokens.len() && same(&tokens[..len], got)
        };
        let free = self.unordered || self.mixed;
        if reading == Reading::Stop {
            if free {
                return true;
            }
            let first = self.tokens.iter().position(|token| token.fault);
            let len = first.map_or(self.tokens.len(), |at| at + 1);
            return if alone && unequal == 0 {
                same(&self.tokens[..len], got)
            } else {
                self.gathered || begins(&self.tokens[..len])
            };
        }
        if unequal > 0 {
            // The run ends at the first slot without a partner. What was on its way elsewhere is cut off there.
            let at = self.tokens.iter().position(|token| token.unequal);
            return match at {
                _ if free => true,
                Some(at) if unequal == 1 => {
                    got.len() > at && same(&self.tokens[..=at], &got[..=at])
                }
                // Which of several ends it is open.
                _ => {
                    let sure = at.unwrap_or(self.tokens.len());
                    let len = sure.min(got.len());
                    self.gathered
                        || (same(&self.tokens[..len], &got[..len])
                            && (at.is_some() || got.len() <= sure))
                }
            };
        }
        if free {
            let mut left: Vec<&Token> = self.tokens.iter().collect();
            let found = got.iter().all(|got| {
                let at = left.iter().position(|token| token.is(got, indexed));
                at.map(|at| left.swap_remove(at)).is_some()
            });
            return found && left.is_empty();
        }
        same(&self.tokens, got)
    }

    /// As text; several possibilities are separated by `or`.
    pub fn text(&self, reading: Reading, alone: bool) -> String {
        let mut text = String::new();
        let mut len = self.tokens.len();
        if reading == Reading::Stop && alone {
            let first = self.tokens.iter().position(|token| token.fault);
            len = first.map_or(len, |at| at + 1);
        }
        for (n, token) in self.tokens[..len].iter().enumerate() {
            if n > 0 {
                text.push(' ');
            }
            if reading == Reading::Indexed {
                let positions: Vec<String> = token.positions.iter().map(u64::to_string).collect();
                let _ = write!(text, "{}:", positions.join("/"));
            }
            text += &token.texts.join("-or-");
        }
        text
    }
}

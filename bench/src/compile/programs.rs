//! The programs that are compiled: pipelines of any size, and the same functions called by hand.

use std::fmt::{self, Display, Write};

/// How the nodes of a program are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One behind another.
    Chain,
    /// Half of them take one stream, the others join what they give, two by two.
    Fork,
    /// One pipeline as a node, so many times; it has three nodes.
    Uses,
    /// Five uses of a pipeline, in pipelines that lie in each other so deep.
    Nested,
}

impl Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Shape::Chain => "chain",
            Shape::Fork => "fork",
            Shape::Uses => "uses",
            Shape::Nested => "nested",
        })
    }
}

/// Who calls the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Papy,
    Hand,
}

impl Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Caller::Papy => "papy",
            Caller::Hand => "by hand",
        })
    }
}

/// What every program has, so that the difference is what its nodes cost.
const FUNCTIONS: &str = "\
use papy::prelude::*;
#[worker] pub fn mix0(x: u64) -> u64 { x.wrapping_mul(3) ^ (x >> 7) }
#[worker] pub fn mix1(x: u64) -> u64 { x.wrapping_mul(5) ^ (x >> 11) }
#[worker] pub fn mix2(x: u64) -> u64 { x.wrapping_mul(9) ^ (x >> 13) }
#[worker] pub fn mix3(x: u64) -> u64 { x.wrapping_mul(17) ^ (x >> 17) }
#[worker] pub fn both(x: u64, y: u64) -> u64 { x.wrapping_add(y.rotate_left(32)) }
";

/// The text of a program with so many nodes; `salt` makes it another text for rustc, of the same meaning.
#[must_use]
pub fn program(shape: Shape, nodes: usize, caller: Caller, salt: usize) -> String {
    let mut text = FUNCTIONS.to_owned();
    write_program(&mut text, shape, nodes, caller, salt).expect("a string takes everything");
    text
}

fn write_program(
    text: &mut String,
    shape: Shape,
    nodes: usize,
    caller: Caller,
    salt: usize,
) -> fmt::Result {
    match shape {
        Shape::Chain | Shape::Fork => {
            let calls = if shape == Shape::Chain {
                chain(nodes)
            } else {
                fork(nodes)
            };
            pipe(text, &calls, caller)?;
        }
        Shape::Uses => {
            pipeline(text, "inner", "xs >> mix0 >> mix1 >> mix2")?;
            let uses = " >> inner().pipeline()".repeat(nodes);
            pipeline(text, "pipe", &format!("xs >> mix0{uses}"))?;
        }
        Shape::Nested => {
            pipeline(text, "level0", "xs >> mix0 >> mix1 >> mix2")?;
            for level in 0..nodes {
                let uses = format!(" >> level{level}().pipeline()").repeat(5);
                let body = format!("xs >> mix0{uses}");
                pipeline(text, &format!("level{}", level + 1), &body)?;
            }
            pipeline(text, "pipe", &format!("xs >> level{nodes}().pipeline()"))?;
        }
    }
    let run = match caller {
        Caller::Papy => "pipe(0..n).for_each(|x| sum ^= x.unwrap_or_default());",
        Caller::Hand => "for x in 0..n { sum ^= pipe(x); }",
    };
    write!(
        text,
        "fn main() {{
    let n = std::env::args().count() as u64 + {salt};
    let mut sum = 0;
    {run}
    println!(\"{{sum}}\");
}}
"
    )
}

/// A call: what its result is called, the function, and what it takes.
type Call = (String, String, Vec<String>);

fn chain(nodes: usize) -> Vec<Call> {
    let name = |at: usize| format!("s{at}");
    (0..nodes)
        .map(|at| {
            let before = at.checked_sub(1).map_or("xs".to_owned(), name);
            (name(at), format!("mix{}", at % 4), vec![before])
        })
        .collect()
}

fn fork(nodes: usize) -> Vec<Call> {
    let wide = nodes.div_ceil(2);
    let mut calls: Vec<Call> = (0..wide)
        .map(|at| {
            let xs = vec!["xs".to_owned()];
            (format!("s{at}"), format!("mix{}", at % 4), xs)
        })
        .collect();
    let mut joined = 0;
    while joined + 1 < calls.len() {
        let pair = vec![calls[joined].0.clone(), calls[joined + 1].0.clone()];
        calls.push((format!("s{}", calls.len()), "both".to_owned(), pair));
        joined += 2;
    }
    // joins make the number odd
    if calls.len() < nodes {
        let all = vec![calls[calls.len() - 1].0.clone()];
        calls.push((format!("s{}", calls.len()), "mix0".to_owned(), all));
    }
    calls
}

fn pipe(text: &mut String, calls: &[Call], caller: Caller) -> fmt::Result {
    let mut body = String::new();
    for (name, function, args) in calls {
        let args = args.join(", ");
        match caller {
            Caller::Papy => writeln!(body, "let {name} = ({args}) >> {function};")?,
            Caller::Hand => writeln!(body, "let {name} = {function}({args});")?,
        }
    }
    body.push_str(calls.last().map_or("xs", |(name, _, _)| name));
    match caller {
        Caller::Papy => pipeline(text, "pipe", &body),
        Caller::Hand => writeln!(text, "fn pipe(xs: u64) -> u64 {{\n{body}\n}}"),
    }
}

fn pipeline(text: &mut String, name: &str, body: &str) -> fmt::Result {
    let header = format!("pub fn {name}(xs: Stream<u64>) -> Stream<u64>");
    writeln!(text, "pipeline! {{ {header} {{\n{body}\n}} }}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_have_as_many_calls_as_nodes() {
        for nodes in [1, 2, 7, 10, 100] {
            for shape in [Shape::Chain, Shape::Fork] {
                let text = program(shape, nodes, Caller::Papy, 0);
                assert_eq!(
                    text.matches(" >> mix").count() + text.matches(" >> both").count(),
                    nodes
                );
                let text = program(shape, nodes, Caller::Hand, 0);
                assert_eq!(text.matches("let s").count(), nodes);
            }
        }
        let text = program(Shape::Uses, 20, Caller::Papy, 0);
        assert_eq!(text.matches("pipeline()").count(), 20);
        let text = program(Shape::Nested, 3, Caller::Papy, 0);
        assert_eq!(text.matches("pipeline()").count(), 16);
    }
}

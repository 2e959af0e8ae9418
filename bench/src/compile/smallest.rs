//! The smallest program with each library: squares, printed.

/// A library, and a program with it.
#[derive(Debug, Clone, Copy)]
pub struct Smallest {
    pub name: &'static str,
    /// The line of the manifest; papy's is found where it stands.
    pub dependency: &'static str,
    /// What stands before `main`.
    before: &'static str,
    /// What `main` does with a range `xs`.
    main: &'static str,
}

pub const ALL: [Smallest; 5] = [
    Smallest {
        name: "plain loop",
        dependency: "",
        before: "",
        main: "for x in xs { println!(\"{}\", x * x); }",
    },
    Smallest {
        name: "papy",
        dependency: "",
        before: "use papy::prelude::*;
pipeline! {
    fn squares(xs: Stream<u64>) -> Stream<u64> {
        xs >> (|x| x * x)
    }
}",
        main: "squares(xs).for_each(|x| println!(\"{}\", x.unwrap()));",
    },
    Smallest {
        name: "rayon",
        dependency: "rayon = \"1\"",
        before: "use rayon::prelude::*;",
        main: "let squares: Vec<u64> = xs.into_par_iter().map(|x| x * x).collect();
    for x in squares { println!(\"{x}\"); }",
    },
    Smallest {
        name: "timely",
        dependency: "timely = \"0.32\"",
        before: "use timely::dataflow::operators::{Inspect, vec::{Map, ToStream}};",
        main: "timely::example(move |scope| {
        xs.to_stream(scope).map(|x| x * x).inspect(|x| println!(\"{x}\"));
    });",
    },
    Smallest {
        name: "dfir_rs",
        dependency: "dfir_rs = \"0.16\"",
        before: "use dfir_rs::dfir_syntax;",
        main: "let mut flow = dfir_syntax! {
        source_iter(xs) -> map(|x| x * x) -> for_each(|x| println!(\"{x}\"));
    };
    flow.run_available_sync();",
    },
];

impl Smallest {
    #[must_use]
    pub fn program(&self) -> String {
        let Smallest { before, main, .. } = self;
        format!(
            "{before}\nfn main() {{\n    let xs = 0..std::env::args().count() as u64;\n    {main}\n}}\n"
        )
    }
}

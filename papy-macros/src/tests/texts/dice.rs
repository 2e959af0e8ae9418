//! Decisions, and what is decided alike in pipelines and workers: values, types and patterns.

use arbitrary::Unstructured;

/// Decisions, taken from bytes; without bytes it is always the first choice.
pub struct Dice<'a>(Unstructured<'a>);

impl<'a> Dice<'a> {
    /// Decisions from these bytes.
    pub fn new(bytes: &'a [u8]) -> Dice<'a> {
        Dice(Unstructured::new(bytes))
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0.int_in_range(0..=n - 1).unwrap_or(0)
    }

    /// Once in `n`.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// So many pieces, at least and at most, behind one another.
    pub fn list(
        &mut self,
        least: usize,
        most: usize,
        piece: impl FnMut(&mut Self) -> String,
    ) -> String {
        self.pieces(least, most, piece).join(", ")
    }

    pub fn pieces(
        &mut self,
        least: usize,
        most: usize,
        mut piece: impl FnMut(&mut Self) -> String,
    ) -> Vec<String> {
        let n = least + self.below(most - least + 1);
        (0..n).map(|_| piece(self)).collect()
    }

    pub fn value(&mut self, depth: usize) -> String {
        const LEAVES: &[&str] = &[
            "n",
            "n",
            "1",
            "pool",
            "\"a\\n\"",
            "r#\"b\"#",
            "'c'",
            "b\"d\"",
            "1.5e3",
            "0xff_u8",
            "-1",
            "f64::MAX",
            "true",
            "Pool::threads(2)",
            "..",
            "S",
            "r#type",
            "i64::MAX",
            "&mut n",
            "'\\''",
            "c\"e\"",
        ];
        if depth == 0 {
            return self.one(LEAVES).to_owned();
        }
        let deeper = depth - 1;
        match self.below(24) {
            0 => format!("{} + {}", self.value(deeper), self.value(deeper)),
            1 => format!("({})", self.value(deeper)),
            2 => format!("[{}]", self.list(0, 3, |dice| dice.value(deeper))),
            3 => format!("[{}; {}]", self.value(deeper), self.value(0)),
            4 => format!("&{}", self.value(deeper)),
            5 => format!("S {{ a: {}, ..d }}", self.value(deeper)),
            6 => format!("{}.max({})", self.value(0), self.value(deeper)),
            7 => format!(
                "if n > {} {{ {} }} else {{ 2 }}",
                self.value(0),
                self.value(deeper)
            ),
            8 => format!(
                "match n {{ {} => {}, _ => 3 }}",
                self.pattern(1),
                self.value(deeper)
            ),
            9 => format!("|x: {}| {}", self.kind(1), self.value(deeper)),
            10 => format!("f::<{}>({})", self.kind(1), self.value(deeper)),
            11 => format!("{} as {}", self.value(0), self.kind(0)),
            12 => format!("({}, {})", self.value(deeper), self.value(deeper)),
            13 => format!("vec![{}]", self.value(deeper)),
            14 => format!("{{ let q = {}; q }}", self.value(deeper)),
            15 => format!("{}..={}", self.value(0), self.value(0)),
            16 => format!("<{} as T>::new({})", self.kind(1), self.value(deeper)),
            17 => format!("move || -> {} {{ {} }}", self.kind(0), self.value(deeper)),
            18 => format!("'a: loop {{ break 'a {} }}", self.value(0)),
            19 => format!("!{}?", self.value(0)),
            20 => format!("{}.0[{}]", self.value(0), self.value(deeper)),
            21 => format!(
                "{} << {} >= {}",
                self.value(0),
                self.value(0),
                self.value(0)
            ),
            22 => format!("unsafe {{ *{} }}", self.value(0)),
            _ => self.one(LEAVES).to_owned(),
        }
    }

    pub fn kind(&mut self, depth: usize) -> String {
        const LEAVES: &[&str] = &[
            "i64",
            "u8",
            "T",
            "&'a str",
            "String",
            "()",
            "_",
            "!",
            "&str",
            "impl Fn(&str) -> u8",
            "E<'_>",
        ];
        if depth == 0 {
            return self.one(LEAVES).to_owned();
        }
        let deeper = depth - 1;
        match self.below(15) {
            0 => format!("Vec<{}>", self.kind(deeper)),
            1 => format!("[{}; N]", self.kind(deeper)),
            2 => format!("&'a mut [{}]", self.kind(deeper)),
            3 => format!("fn({}) -> {}", self.kind(deeper), self.kind(deeper)),
            4 => format!(
                "Box<dyn Fn(&{}) -> {} + Send + 'a>",
                self.kind(deeper),
                self.kind(deeper)
            ),
            5 => format!("impl Iterator<Item = {}>", self.kind(deeper)),
            6 => format!("({}, {})", self.kind(deeper), self.kind(deeper)),
            7 => format!("*const {}", self.kind(deeper)),
            8 => format!("<{} as Tr<{}>>::Out", self.kind(deeper), self.kind(deeper)),
            9 => format!("Result<{}, io::Error>", self.kind(deeper)),
            10 => format!("Option<{}>", self.kind(deeper)),
            11 => format!("for<'x> fn(&'x {})", self.kind(deeper)),
            12 => format!("[u8; {{ {} }}]", self.value(deeper)),
            _ => self.one(LEAVES).to_owned(),
        }
    }

    /// A pattern that binds nothing but, maybe, what a route may use.
    pub fn pattern(&mut self, depth: usize) -> String {
        const LEAVES: &[&str] = &[
            "_",
            "0",
            "-1",
            "\"a\"",
            "'a'..='z'",
            "N",
            "m::N",
            "..",
            "b'x'",
            "1..",
            "(_, _)",
            "true",
        ];
        if depth == 0 {
            return self.one(LEAVES).to_owned();
        }
        let deeper = depth - 1;
        match self.below(8) {
            0 => format!("Some({})", self.pattern(deeper)),
            1 => format!("S {{ a: {}, .. }}", self.pattern(deeper)),
            2 => format!("[{}, ..]", self.pattern(deeper)),
            3 => format!("&{}", self.pattern(deeper)),
            4 => format!(
                "m::T::<u8>({}, {})",
                self.pattern(deeper),
                self.pattern(deeper)
            ),
            5 => format!("({} | {})", self.pattern(deeper), self.pattern(deeper)),
            _ => self.one(LEAVES).to_owned(),
        }
    }
}

//! Tokens as text: spaces and lines as rustfmt sets them, by the tokens alone.
//!
//! The same tokens give the same text, however they were written, and reading the text gives the same tokens.

use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// One level of indentation.
pub const STEP: usize = 4;

/// Braces with more than this stand on several lines.
const WIDE: usize = 80;

/// The text of tokens on a line that is indented so far.
pub fn text(tokens: impl ToTokens, indent: usize) -> String {
    join(&read(tokens.into_token_stream(), indent))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A name, or a keyword that is used as one.
    Name,
    Keyword,
    Literal,
    Lifetime,
    /// An operator between two operands.
    Binary,
    /// An operator in front of its operand.
    Prefix,
    /// `?` and `!` behind what they belong to.
    Postfix,
    /// `<` and `>` around types.
    Open,
    Close,
    /// `|` in front of a closure's arguments and behind them.
    BarOpen,
    BarClose,
    Group(Delimiter),
}

#[derive(Debug)]
struct Piece {
    text: String,
    kind: Kind,
}

impl Piece {
    fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// Whether an operand ends with it, so that an operator may follow.
    fn ends_operand(&self) -> bool {
        matches!(
            self.kind,
            Kind::Name
                | Kind::Literal
                | Kind::Lifetime
                | Kind::Postfix
                | Kind::Close
                | Kind::Group(_)
        )
    }
}

const OPERATORS: &[&str] = &[
    "<<=", ">>=", "...", "..=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=",
    "*=", "/=", "%=", "^=", "&=", "|=", "<<", ">>", "..",
];

const KEYWORDS: &[&str] = &[
    "as", "async", "break", "const", "continue", "dyn", "else", "enum", "extern", "fn", "for",
    "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return",
    "static", "struct", "trait", "type", "union", "unsafe", "use", "where", "while", "yield",
];

/// Tokens to pieces: operators put together, brackets told from comparisons.
fn read(tokens: TokenStream, indent: usize) -> Vec<Piece> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut pieces: Vec<Piece> = Vec::new();
    // generic arguments that are open, and whether a closure's arguments are
    let (mut open, mut bars) = (0_usize, false);
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        at += 1;
        let operand = pieces.last().is_some_and(Piece::ends_operand);
        let (text, kind) = match tree {
            TokenTree::Group(group) => read_group(group, pieces.last(), indent),
            TokenTree::Literal(literal) => (literal.to_string(), Kind::Literal),
            TokenTree::Ident(name) => {
                let text = name.to_string();
                let kind = if KEYWORDS.contains(&text.as_str()) {
                    Kind::Keyword
                } else {
                    Kind::Name
                };
                (text, kind)
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '\'' => {
                    let name = trees.get(at).map_or_else(String::new, ToString::to_string);
                    at += 1;
                    (format!("'{name}"), Kind::Lifetime)
                }
                '<' if opens(&trees, at - 1, &pieces) => {
                    open += 1;
                    ("<".to_owned(), Kind::Open)
                }
                '>' if open > 0 => {
                    open -= 1;
                    (">".to_owned(), Kind::Close)
                }
                '|' if bars => {
                    bars = false;
                    ("|".to_owned(), Kind::BarClose)
                }
                _ => {
                    let text = operator(&trees, at - 1);
                    at += text.len() - 1;
                    let kind = match text.as_str() {
                        "||" if !operand => Kind::BarClose,
                        "|" if !operand => {
                            bars = true;
                            Kind::BarOpen
                        }
                        "?" if operand => Kind::Postfix,
                        "!" if operand => Kind::Postfix,
                        "#" | "?" | "!" => Kind::Prefix,
                        "*" | "&" | "-" | "&&" if !operand => Kind::Prefix,
                        _ => Kind::Binary,
                    };
                    (text, kind)
                }
            },
        };
        pieces.push(Piece { text, kind });
    }
    pieces
}

/// The longest operator that begins at a token.
fn operator(trees: &[TokenTree], at: usize) -> String {
    let mut run = String::new();
    for tree in &trees[at..] {
        let TokenTree::Punct(punct) = tree else { break };
        run.push(punct.as_char());
        if punct.spacing() == Spacing::Alone {
            break;
        }
    }
    let known = OPERATORS
        .iter()
        .find(|operator| run.starts_with(**operator));
    known.map_or_else(
        || run.chars().take(1).collect(),
        |known| (*known).to_owned(),
    )
}

/// Whether a `<` begins generic arguments.
fn opens(trees: &[TokenTree], at: usize, before: &[Piece]) -> bool {
    let begins = match before.last() {
        None => true,
        Some(piece) if piece.kind == Kind::Name => {
            let declared = before
                .len()
                .checked_sub(2)
                .is_some_and(|at| before[at].kind == Kind::Keyword && !before[at].is("as"));
            declared || piece.text.starts_with(char::is_uppercase)
        }
        Some(piece) => piece.is("::") || !piece.ends_operand(),
    };
    begins && closes(&trees[at..])
}

/// Whether what stands between a `<` and its `>` may be types.
fn closes(trees: &[TokenTree]) -> bool {
    let mut depth = 0_usize;
    let mut last: Option<&Punct> = None;
    for tree in trees {
        let TokenTree::Punct(punct) = tree else {
            last = None;
            continue;
        };
        let joint = last.map(|punct| (punct.as_char(), punct.spacing() == Spacing::Joint));
        match (punct.as_char(), joint) {
            ('>', Some(('-', true))) => {}
            ('=', Some(('=' | '<' | '>', true))) => return false,
            ('<', _) => depth += 1,
            ('>', _) => {
                depth -= 1;
                if depth == 0 {
                    return true;
                }
            }
            ('&' | '*', None) => return false,
            (',' | ':' | '&' | '*' | '=' | '+' | '?' | '-' | '\'' | '!', _) => {}
            _ => return false,
        }
        last = Some(punct);
    }
    false
}

fn read_group(group: &Group, before: Option<&Piece>, indent: usize) -> (String, Kind) {
    let delimiter = group.delimiter();
    match delimiter {
        Delimiter::Parenthesis => (
            format!("({})", text(group.stream(), indent)),
            Kind::Group(delimiter),
        ),
        Delimiter::Bracket => (
            format!("[{}]", text(group.stream(), indent)),
            Kind::Group(delimiter),
        ),
        Delimiter::Brace => {
            let listed = before.is_some_and(|before| before.is("::"));
            (
                braces(group.stream(), listed, indent),
                Kind::Group(delimiter),
            )
        }
        // What `macro_rules!` put in place of a variable is one operand, whatever stands around it.
        Delimiter::None => {
            let pieces = read(group.stream(), indent);
            let whole = pieces.len() == 1
                || pieces.iter().all(|piece| {
                    matches!(piece.kind, Kind::Name | Kind::Open | Kind::Close) || piece.is("::")
                });
            if whole {
                let kind = pieces.first().map_or(Kind::Name, |piece| piece.kind);
                (join(&pieces), kind)
            } else {
                let delimiter = Delimiter::Parenthesis;
                (format!("({})", join(&pieces)), Kind::Group(delimiter))
            }
        }
    }
}

/// What stands in braces: on one line where it is short and one thing.
fn braces(tokens: TokenStream, listed: bool, indent: usize) -> String {
    let pieces = read(tokens, indent + STEP);
    if pieces.is_empty() {
        return "{}".to_owned();
    }
    let line = join(&pieces);
    if listed && line.len() <= WIDE {
        return format!("{{{line}}}");
    }
    let several = pieces.iter().any(|piece| piece.is(";") || piece.is("=>"));
    if !several && line.len() <= WIDE && !line.contains('\n') {
        return format!("{{ {line} }}");
    }
    let mut text = "{\n".to_owned();
    for line in lines(&pieces) {
        text.push_str(&" ".repeat(indent + STEP));
        text.push_str(&join(line));
        text.push('\n');
    }
    text.push_str(&" ".repeat(indent));
    text.push('}');
    text
}

/// What stands between braces, line by line: statements, arms, or fields.
fn lines(pieces: &[Piece]) -> Vec<&[Piece]> {
    let arms = pieces.iter().any(|piece| piece.is("=>"));
    let statements = !arms && pieces.iter().any(|piece| piece.is(";"));
    let fields = !arms && !statements;
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, piece) in pieces.iter().enumerate() {
        let line = &pieces[start..=at];
        let next = pieces.get(at + 1);
        let brace = piece.kind == Kind::Group(Delimiter::Brace);
        let ends = match () {
            () if arms && brace => {
                let body = line.iter().any(|piece| piece.is("=>"));
                body && next.is_some_and(|next| !goes_on(next))
            }
            () if arms || fields => piece.is(","),
            () if brace => {
                let first = line.first().is_some_and(begins_block);
                first && next.is_some_and(|next| !goes_on(next))
            }
            () => piece.is(";"),
        };
        if ends || next.is_none() {
            lines.push(line);
            start = at + 1;
        }
    }
    lines
}

/// Whether a statement that begins so may end with its braces.
fn begins_block(piece: &Piece) -> bool {
    const BLOCKS: &[&str] = &[
        "if", "match", "for", "while", "loop", "unsafe", "fn", "struct", "enum", "impl", "mod",
        "trait", "pub", "#",
    ];
    piece.kind == Kind::Group(Delimiter::Brace) || BLOCKS.contains(&piece.text.as_str())
}

/// Whether what ends with braces goes on behind them.
fn goes_on(next: &Piece) -> bool {
    matches!(next.kind, Kind::Binary | Kind::Postfix)
        || next.is("else")
        || next.is("if")
        || next.is("as")
}

fn join(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 && (spaced(pieces, at) || sticks(&pieces[at - 1], piece)) {
            text.push(' ');
        }
        text.push_str(&piece.text);
    }
    text
}

/// Whether two pieces would be read as another operator without a space.
fn sticks(a: &Piece, b: &Piece) -> bool {
    let brackets = |piece: &Piece| matches!(piece.kind, Kind::Open | Kind::Close);
    if brackets(a) || brackets(b) {
        return false;
    }
    let (Some(last), Some(first)) = (a.text.chars().last(), b.text.chars().next()) else {
        return false;
    };
    let pair: String = [last, first].iter().collect();
    OPERATORS.contains(&pair.as_str())
}

fn is_range(piece: &Piece) -> bool {
    piece.is("..") || piece.is("..=") || piece.is("...")
}

/// Whether a space stands in front of a piece.
fn spaced(pieces: &[Piece], at: usize) -> bool {
    let (a, b) = (&pieces[at - 1], &pieces[at]);
    // behind it
    match a.kind {
        Kind::Open | Kind::BarOpen | Kind::Prefix => {
            return b.kind == Kind::Group(Delimiter::Brace);
        }
        Kind::Binary if a.is(".") || a.is("::") => return false,
        Kind::Binary if is_range(a) => {
            return b.kind == Kind::Binary || b.kind == Kind::Group(Delimiter::Brace);
        }
        Kind::Postfix if a.is("!") => {
            return !matches!(
                b.kind,
                Kind::Group(Delimiter::Parenthesis | Delimiter::Bracket)
            );
        }
        _ => {}
    }
    let words = |name: &str, known: &[&str]| known.contains(&name);
    let called = matches!(
        a.kind,
        Kind::Name
            | Kind::Literal
            | Kind::Postfix
            | Kind::Close
            | Kind::Group(Delimiter::Parenthesis | Delimiter::Bracket)
    );
    // in front of it
    match b.kind {
        Kind::Close | Kind::BarClose if !b.is("||") => false,
        Kind::Postfix => false,
        Kind::Binary => match b.text.as_str() {
            "," | ";" | "." | ":" => false,
            "::" => !(a.kind == Kind::Name || a.kind == Kind::Close),
            _ if is_range(b) => !a.ends_operand(),
            _ => true,
        },
        Kind::Open => {
            !(called || a.kind == Kind::Keyword && words(&a.text, &["impl", "for", "fn"]))
        }
        Kind::Group(Delimiter::Parenthesis) => {
            !(called || a.kind == Kind::Keyword && words(&a.text, &["fn", "pub"]))
        }
        Kind::Group(Delimiter::Bracket) => !called,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text, and what it is printed as: the same where it is not said.
    const TEXTS: &[(&str, &str)] = &[
        ("a+b*c-d/e%f", "a + b * c - d / e % f"),
        ("-a-(-b)-*c&&!d||& e", "-a - (-b) - *c && !d || &e"),
        ("& &a", "& &a"),
        ("a<b&&c>d", "a < b && c > d"),
        ("x as u64<y", "x as u64 < y"),
        ("Vec::<Vec<u8>>::new()", ""),
        ("Vec < & 'a str >", "Vec<&'a str>"),
        ("a>>b>>(|x:&i64|x<<2)", "a >> b >> (|x: &i64| x << 2)"),
        ("move||{}", "move || {}"),
        (
            "|x,(y,z):(i64,i64)|x+y+z",
            "|x, (y, z): (i64, i64)| x + y + z",
        ),
        ("|x|->i64{x+1}", "|x| -> i64 { x + 1 }"),
        ("Foo{a,b:1,..c}", "Foo { a, b: 1, ..c }"),
        ("0..n", ""),
        ("1..=-1", ""),
        ("..", ""),
        ("Some(x)if x>3", "Some(x) if x > 3"),
        ("n@2..=9", "n @ 2..=9"),
        ("format!(\"{x}\",y)?", "format!(\"{x}\", y)?"),
        ("vec![1,2][0].a.0.1", "vec![1, 2][0].a.0.1"),
        ("if a{b}else{c}", "if a { b } else { c }"),
        (
            "let x:Box<dyn Fn(i64)->i64+Send>=f;",
            "let x: Box<dyn Fn(i64) -> i64 + Send> = f;",
        ),
        ("<T as Into<U>>::into(x)", ""),
        (
            "impl<T:?Sized+'static>Foo for Bar<T>{}",
            "impl<T: ?Sized + 'static> Foo for Bar<T> {}",
        ),
        (
            "for<'a>Fn(&'a[u8])->&'a mut[u8]",
            "for<'a> Fn(&'a [u8]) -> &'a mut [u8]",
        ),
        ("use a::{b,c as d};", "use a::{b, c as d};"),
        ("fn f<T>(x:T)->T{x}", "fn f<T>(x: T) -> T { x }"),
        (
            "pub(crate)const N:usize=3;",
            "pub(crate) const N: usize = 3;",
        ),
        ("#[inline]fn f(){}", "#[inline] fn f() {}"),
        ("a::b::<u32>(c)(d)[e]", ""),
        ("x.max(1.0).min(y)?.z", ""),
        ("matches!(x,A|B)", "matches!(x, A | B)"),
        ("{let y=x;y}", "{\n    let y = x;\n    y\n}"),
        (
            "|x|{if x{f();}g(x);h}",
            "|x| {\n    if x {\n        f();\n    }\n    g(x);\n    h\n}",
        ),
        (
            "match x{A=>{1}B{c}=>2,_=>3}",
            "match x {\n    A => { 1 }\n    B { c } => 2,\n    _ => 3\n}",
        ),
        ("'a:loop{break 'a}", "'a: loop { break 'a }"),
        ("return-1", "return -1"),
        ("a= *b", "a = *b"),
        ("r#match.r#fn", ""),
        ("[0;4]", "[0; 4]"),
        ("!matches!(x,1)", "!matches!(x, 1)"),
    ];

    #[test]
    fn spaces_are_as_rustfmt_sets_them() {
        for (given, expected) in TEXTS {
            let tokens: TokenStream = given.parse().unwrap();
            let printed = text(&tokens, 0);
            let expected = if expected.is_empty() { given } else { expected };
            assert_eq!(printed, *expected);
            let again: TokenStream = printed.parse().unwrap();
            assert_eq!(text(&again, 0), *expected);
            let plain = |tokens: TokenStream| tokens.to_string().replace(char::is_whitespace, "");
            assert_eq!(plain(again), plain(tokens));
        }
    }

    #[test]
    fn what_a_macro_put_in_stays_one_operand() {
        let group =
            |text: &str| TokenTree::from(Group::new(Delimiter::None, text.parse().unwrap()));
        let times: TokenStream = "* 2".parse().unwrap();
        let sum: TokenStream = [group("a + b")].into_iter().chain(times).collect();
        assert_eq!(text(sum, 0), "(a + b) * 2");
        assert_eq!(text(TokenStream::from(group("Vec<T>")), 0), "Vec<T>");
    }
}

//! The statements. Whole text goes to `syn` at once; half-typed text is read statement by statement.

use proc_macro2::{Group, Spacing, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::{Block, Stmt};

use super::Body;
use crate::diagnostics::{Diagnostics, Mistake, Place};
use crate::mistakes;

pub fn parse(group: &Group, cx: &mut Diagnostics) -> Body {
    let mut body = Body {
        statements: Vec::new(),
        unread: TokenStream::new(),
        end: Place::from(group.span_close()),
    };
    match Block::parse_within.parse2(group.stream()) {
        Ok(statements) => body.statements = statements,
        Err(_) => {
            for segment in segments(group.stream()) {
                statement(segment, &mut body, cx);
            }
        }
    }
    body
}

/// Splits behind each `;`.
fn segments(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut segments = vec![Vec::new()];
    for token in tokens {
        let end = is_punct(&token, ';');
        if let Some(segment) = segments.last_mut() {
            segment.push(token);
        }
        if end {
            segments.push(Vec::new());
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
}

fn is_punct(token: &TokenTree, c: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == c)
}

fn statement(segment: Vec<TokenTree>, body: &mut Body, cx: &mut Diagnostics) {
    let tokens: TokenStream = segment.iter().cloned().collect();
    let error = match Block::parse_within.parse2(tokens.clone()) {
        Ok(statements) => {
            body.statements.extend(statements);
            return;
        }
        Err(error) => error,
    };
    if let Some(at) = second_let(&segment) {
        let mut first = segment;
        let rest = first.split_off(at);
        let last = first
            .last()
            .map_or_else(proc_macro2::Span::call_site, TokenTree::span);
        let mut ended: Vec<Stmt> = Vec::new();
        let readable = match Block::parse_within.parse2(with_semicolon(&first)) {
            Ok(statements) => {
                ended = statements;
                true
            }
            Err(_) => false,
        };
        if readable {
            cx.report(last, mistakes::missing_semicolon());
            body.statements.extend(ended);
        } else {
            statement(first, body, cx);
        }
        statement(rest, body, cx);
        return;
    }
    let (place, mistake) = explain(&segment, &error);
    cx.report(place, mistake);
    // What stands before a dangling `>>` still is a statement: its names are defined, its workers mentioned.
    let shorter = without_dangling_chain(&segment)
        .and_then(|shorter| Block::parse_within.parse2(shorter).ok());
    body.statements.extend(shorter.into_iter().flatten());
    body.unread.extend(tokens);
}

fn with_semicolon(tokens: &[TokenTree]) -> TokenStream {
    let semicolon = proc_macro2::Punct::new(';', Spacing::Alone);
    tokens
        .iter()
        .cloned()
        .chain([TokenTree::from(semicolon)])
        .collect()
}

/// Where a `let` stands that does not begin the statement.
fn second_let(segment: &[TokenTree]) -> Option<usize> {
    segment
        .iter()
        .skip(1)
        .position(|token| matches!(token, TokenTree::Ident(word) if word == "let"))
        .map(|at| at + 1)
}

/// The `>>` that ends the statement, as the index of its first half.
fn dangling_chain(segment: &[TokenTree]) -> Option<usize> {
    let end = segment.len() - usize::from(segment.last().is_some_and(|token| is_punct(token, ';')));
    (end >= 2 && is_punct(&segment[end - 1], '>') && is_punct(&segment[end - 2], '>'))
        .then(|| end - 2)
}

fn without_dangling_chain(segment: &[TokenTree]) -> Option<TokenStream> {
    let at = dangling_chain(segment)?;
    let ended = segment.last().is_some_and(|token| is_punct(token, ';'));
    if ended {
        Some(with_semicolon(&segment[..at]))
    } else {
        Some(segment[..at].iter().cloned().collect())
    }
}

/// What is wrong with a statement that `syn` cannot read.
fn explain(segment: &[TokenTree], error: &syn::Error) -> (Place, Mistake) {
    if let Some(at) = dangling_chain(segment) {
        return (Place::of(&segment[at]), mistakes::nothing_after_chain());
    }
    for (at, pair) in segment.windows(2).enumerate() {
        let glued =
            matches!(&pair[0], TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint);
        let (TokenTree::Punct(a), TokenTree::Punct(b)) = (&pair[0], &pair[1]) else {
            continue;
        };
        let before = at.checked_sub(1).map(|before| &segment[before]);
        let found = match (a.as_char(), b.as_char()) {
            // Behind a closure's `|…|` it is the arrow of its type.
            ('-', '>') if glued && !before.is_some_and(|token| is_punct(token, '|')) => "->",
            ('=', '>') if glued => "=>",
            ('|', '>') if glued => "|>",
            ('>', '>') if before.is_none() => {
                return (
                    Place::of(&pair[0]),
                    mistakes::statement("nothing stands before `>>`"),
                );
            }
            ('>', '>') if before.is_some_and(|token| is_punct(token, '>')) => ">>>",
            _ => continue,
        };
        return (Place::of(&pair[0]), mistakes::wrong_arrow(found));
    }
    let why = error.to_string();
    let why = why
        .strip_prefix("unexpected end of input, ")
        .unwrap_or(&why);
    // At the end of the text, syn points at the entire macro call; the last token is nearer.
    let place = if error.to_string().starts_with("unexpected end of input") {
        segment.last().map_or_else(
            || Place::from(error.span()),
            |token| Place::from(token.span()),
        )
    } else {
        Place::from(error.span())
    };
    (place, mistakes::statement(why))
}

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
            let mut before = TokenStream::new();
            for segment in segments(group.stream()) {
                if is_chain_without_head(&segment) {
                    // It goes on with what the last `;` ended.
                    body.unread.extend(before);
                }
                before = segment.iter().cloned().collect();
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
    if let Some(at) = second_let(&segment).or_else(|| second_line(&segment, &error)) {
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

/// Where `syn` misses a `;` at the start of a line, and what stands before it can be read.
fn second_line(segment: &[TokenTree], error: &syn::Error) -> Option<usize> {
    if error.to_string() != "expected `;`" {
        return None;
    }
    let at = error.span().start();
    let index = segment
        .iter()
        .position(|token| token.span().start() == at)?;
    let before = segment.get(index.checked_sub(1)?)?;
    (before.span().end().line < at.line
        && Block::parse_within
            .parse2(with_semicolon(&segment[..index]))
            .is_ok())
    .then_some(index)
}

fn is_chain_without_head(segment: &[TokenTree]) -> bool {
    matches!(segment, [a, b, ..] if is_punct(a, '>') && is_punct(b, '>'))
}

/// `name: value` in the parentheses of a call.
fn parameter_colon(tokens: TokenStream) -> Option<(proc_macro2::Span, String)> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = None;
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        let called = matches!(
            at.checked_sub(1).map(|at| &tokens[at]),
            Some(TokenTree::Ident(_))
        );
        if called && group.delimiter() == proc_macro2::Delimiter::Parenthesis {
            for (at, pair) in inside.windows(3).enumerate() {
                let first = at == 0 || is_punct(&inside[at - 1], ',');
                if let ([TokenTree::Ident(name), TokenTree::Punct(colon), next], true) =
                    (pair, first)
                    && colon.as_char() == ':'
                    && !is_punct(next, ':')
                {
                    return Some((colon.span(), name.to_string()));
                }
            }
        }
        found = found.or_else(|| parameter_colon(group.stream()));
    }
    found
}

/// The `>>` that ends the statement, as the index of its first half.
fn dangling_chain(segment: &[TokenTree]) -> Option<usize> {
    let end = segment.len() - usize::from(segment.last().is_some_and(|token| is_punct(token, ';')));
    (end >= 2 && is_punct(&segment[end - 1], '>') && is_punct(&segment[end - 2], '>'))
        .then(|| end - 2)
}

/// The `match` of `>> match { … }`, which has nothing to match on.
fn match_without_stream(segment: &[TokenTree]) -> Option<usize> {
    segment
        .windows(3)
        .position(|three| {
            let [before, TokenTree::Ident(word), TokenTree::Group(_)] = three else {
                return false;
            };
            is_punct(before, '>') && word == "match"
        })
        .map(|at| at + 1)
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
                return (Place::of(&pair[0]), mistakes::nothing_before_chain());
            }
            ('>', '>') if before.is_some_and(|token| is_punct(token, '>')) => ">>>",
            _ => continue,
        };
        return (Place::of(&pair[0]), mistakes::wrong_arrow(found));
    }
    if let Some(at) = match_without_stream(segment) {
        return (Place::of(&segment[at]), mistakes::match_behind_chain());
    }
    let text: TokenStream = segment.iter().cloned().collect();
    if let Some((place, name)) = parameter_colon(text) {
        return (Place::from(place), mistakes::parameter_colon(&name));
    }
    if let Some(comma) = segment.iter().find(|token| is_punct(token, ',')) {
        return (Place::of(comma), mistakes::bare_comma());
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

//! Half-typed text: no panic, something is reported, and what is emitted is Rust.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::tokens;
use crate::pipeline;

const WHOLE: &[&str] = &[
    "/// Documented.
    pub fn read_stats<'a, T: Clone>(reads: Stream<Read>, reference: Arc<Reference>, floor: u8) -> (Stream<Row>, Stream<Histogram>)
    where T: Send {
        let blocking: Pool = Pool::threads(16);
        let clean = reads >> trim(min_quality = floor).filter();
        let hits = clean >> align(reference = reference).on(blocking).timeout(secs(5)).retry(1);
        let rows = (hits, clean >> gc) >> row;
        let summary = rows >> histogram.fold();
        (rows, summary)
    }",
    "fn q(xs: Stream<&'static str>, n: usize) -> (Stream<u32>, Stream<String>) {
        let (a, (b, _)) = xs.field.part >> parse::<u32>.serial();
        let n2: usize = n + 1;
        a >> (|x: u32| format!(\"{n2}{x}\")) >> sink.named(\"s\");
        let c = f(a, g(b), k = [n2; 3]).catch() >> (|x, | -> u32 { x >> 1 }).fallible();
        let d = (b >> (p, q.stride(2)) >> r, c) >> |(x, y), z| x | y | z;
        (c, d)
    }",
    "fn r(xs: Stream<u64>, ys: Stream<u64>, floor: u64) -> (Stream<u64>, Stream<u64>) {
        let pairs = xs >> three.produce(3) >> sum.consume(2).catch().serial() >> dbl.repeat(4);
        let words = ys >> (|line: String| line.into_iter()).flat().on(Pool::threads(2));
        let both = merge(xs >> f, pairs, r(ys)) >> g;
        let routed = match (both >> shape, both) {
            (Shape::Circle { r, .. }, y) | (Shape::Dot(r), y) if r > floor => (r, y) >> add,
            (whole @ Shape::Square(..), _) => match whole >> area { 0 => skip, n => n >> (f, g) >> h },
            _ => skip,
        };
        match words { \"\" => skip, word => word >> a::print::<u8>(to = floor), }
        let (first, _) = other(xs, ys, floor = floor + 1).pipeline();
        let out = routed >> deep::other(floor = 3).named(\"o\").pipeline() >> (|[a, b]| a + b).consume(2);
        let _ = first;
        (out, both)
    }",
];

/// The first `n` tokens, their groups closed.
fn cut(text: TokenStream, left: &mut usize) -> TokenStream {
    let mut taken = TokenStream::new();
    for token in text {
        if *left == 0 {
            break;
        }
        *left -= 1;
        taken.extend([match token {
            TokenTree::Group(group) => {
                let mut cut = Group::new(group.delimiter(), cut(group.stream(), left));
                cut.set_span(group.span());
                TokenTree::Group(cut)
            }
            other => other,
        }]);
    }
    taken
}

fn count(text: TokenStream) -> usize {
    text.into_iter()
        .map(|token| {
            if let TokenTree::Group(group) = token {
                1 + count(group.stream())
            } else {
                1
            }
        })
        .sum()
}

#[test]
fn whole_text_has_no_mistakes() {
    for text in WHOLE {
        let (found, expansion) = pipeline::compile_apart(tokens(text));
        let found: Vec<String> = found
            .iter()
            .map(|diagnostic| diagnostic.mistake.text())
            .collect();
        assert_eq!(found, [] as [&str; 0]);
        syn::parse2::<syn::File>(expansion).unwrap();
    }
}

#[test]
fn every_cut_is_reported() {
    for text in WHOLE {
        let whole = tokens(text);
        for n in 0..count(whole.clone()) {
            let cut = cut(whole.clone(), &mut n.clone());
            check(&cut);
        }
    }
}

/// Editors complete and rename what they find in the expansion.
#[test]
fn workers_are_mentioned_beside_mistakes() {
    let text = "fn p(xs: Stream<u64>) -> Stream<u64> {
        let a = match xs >> first { 0 => skip, n => n >> second(k = 1) };
        let b = merge(a, xs >> third.produce(3)) >> deep::fourth.consume(2);
        let c = b >> fifth(x = 3).pipeline();
        c >> sixth >>
    }";
    let (found, expansion) = pipeline::compile_apart(tokens(text));
    assert!(!found.is_empty());
    let expansion = expansion.to_string();
    for worker in [
        "first",
        "second",
        "third",
        "deep :: fourth",
        "fifth",
        "sixth",
    ] {
        assert!(expansion.contains(worker), "{worker}: {expansion}");
    }
}

#[test]
fn every_token_may_be_missing() {
    for text in WHOLE {
        let whole = tokens(text);
        for n in 0..count(whole.clone()) {
            let (found, expansion) = pipeline::compile_apart(without(whole.clone(), n, &mut 0));
            let text = || found.iter().map(|d| d.mistake.text()).collect::<Vec<_>>();
            assert!(
                !text().iter().any(|text| text.contains("papy bug")),
                "{:?}",
                text()
            );
            syn::parse2::<syn::File>(expansion)
                .unwrap_or_else(|error| panic!("{error} {:?}", text()));
        }
    }
}

fn without(text: TokenStream, at: usize, seen: &mut usize) -> TokenStream {
    let mut kept = TokenStream::new();
    for token in text {
        let here = *seen;
        *seen += 1;
        let token = match token {
            TokenTree::Group(group) => {
                let inside = without(group.stream(), at, seen);
                let mut group = Group::new(
                    if here == at {
                        Delimiter::None
                    } else {
                        group.delimiter()
                    },
                    inside,
                );
                group.set_span(proc_macro2::Span::call_site());
                TokenTree::Group(group)
            }
            other => other,
        };
        if here != at || matches!(token, TokenTree::Group(_)) {
            kept.extend([token]);
        }
    }
    kept
}

fn check(text: &TokenStream) {
    let (found, expansion) = pipeline::compile_apart(text.clone());
    let messages: Vec<String> = found
        .iter()
        .map(|diagnostic| diagnostic.mistake.text())
        .collect();
    assert!(!messages.is_empty(), "nothing is said about {text}");
    assert!(
        !messages.iter().any(|message| message.contains("papy bug")),
        "{messages:?} about {text}"
    );
    syn::parse2::<syn::File>(expansion)
        .unwrap_or_else(|error| panic!("{error}: {text}\n{messages:?}"));
}

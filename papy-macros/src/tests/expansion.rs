//! The expansion itself, where its form matters.

use super::tokens;
use crate::pipeline::compile;

fn expansion(text: &str) -> String {
    compile(tokens(text)).to_string().replace(' ', "")
}

#[test]
fn what_one_thread_can_do_item_by_item_is_fused() {
    let fused = |body: &str| {
        let text = format!("fn p(xs: Stream<i64>, pool: Pool) -> Stream<i64> {{ {body} }}");
        expansion(&text).contains("fused(")
    };
    for body in [
        "xs >> f >> g",
        "xs >> (f, g) >> h",
        "xs >> f >> g.serial() >> h",
        "xs >> f.fold() >> g",
        "(xs, xs >> f.serial()) >> g",
        "xs >> f.on(Pool::inline())",
        "xs >> f.produce(2)",
    ] {
        assert!(fused(body), "{body}");
    }
    for body in [
        "xs >> f.stride(2)",
        "xs >> f.spawn(2)",
        "xs >> f.unordered()",
        "xs >> f.on(pool)",
        "xs >> f.flat()",
        "xs >> f.consume(2)",
        "xs >> f.produce(2) >> g.serial()",
        "xs >> f.timeout(LIMIT)",
        "(xs, xs >> f.fold()) >> g",
    ] {
        assert!(!fused(body), "{body}");
    }
}

#[test]
fn one_thread_can_take_iterators_apart_item_by_item() {
    let flows = |body: &str| {
        let text = format!("fn p(xs: Stream<i64>, pool: Pool) -> Stream<i64> {{ {body} }}");
        expansion(&text).contains("flowing_in_place(")
    };
    for body in [
        "xs >> f.flat() >> g",
        "xs >> e >> f.flat() >> g.serial() >> h.fold()",
        "let a = xs >> f.flat(); (a, a >> g) >> h",
        "xs >> e.fold() >> f.flat() >> g",
    ] {
        assert!(flows(body), "{body}");
    }
    for body in [
        "xs >> f",
        "xs >> f.flat()",
        "xs >> f.flat() >> g.flat() >> h",
        "xs >> f.flat() >> g.on(pool)",
        "xs >> f.flat().on(pool) >> g",
        "xs >> f.flat() >> g.stride(2)",
        "let a = xs >> e; merge(a, a >> f.flat()) >> g",
    ] {
        assert!(!flows(body), "{body}");
    }
}

#[test]
fn a_value_is_cloned_but_for_its_last_use() {
    let text =
        "fn p(xs: Stream<i64>, v: V) -> Stream<i64> { xs >> f(k = v) >> g(k = v) >> (|x| x + v) }";
    let expansion = expansion(text);
    assert_eq!(expansion.matches("Clone::clone(&v)").count(), 2);
    assert!(expansion.contains("let__papy_value_0_v=v;"));
}

#[test]
fn a_stream_is_copied_but_for_its_last_use() {
    let text = "fn p(xs: Stream<i64>) -> Stream<i64> { (xs, xs.a, xs) >> f }";
    let expansion = expansion(text);
    assert_eq!(expansion.matches("xs.copy_part(").count(), 2);
    assert!(expansion.contains(
        "let__papy_arg_0=__papy_copy_0;let__papy_arg_1=__papy_copy_1;let__papy_arg_2=xs;"
    ));
}

#[test]
fn elided_lifetimes_are_those_of_what_is_borrowed() {
    let text = "fn p(xs: Stream<&str>, t: &T, f: impl Fn(&str) -> u8, e: E<'_>) -> Stream<i64> { xs >> g }";
    let expansion = expansion(text);
    for part in [
        "Source<&'envstr,Feed:'env>",
        "t:&'envT",
        "f:implFn(&str)->u8+'env",
        "e:E<'env>",
    ] {
        assert!(expansion.contains(part), "{part}: {expansion}");
    }
}

#[test]
fn values_may_be_shadowed_as_in_plain_rust() {
    let text = "fn p(xs: Stream<i64>, n: i64) -> Stream<i64> { let n: i64 = n + 1; let n: i64 = n * 2; xs >> (|x| x + n) }";
    assert!(expansion(text).contains("letn:i64=n+1;letn:i64=n*2;let__papy_value_0_n=n;"));
}

//! Text in, messages and emitted items out.

use super::expand;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{File, Item};

/// The file that an attribute and a function expand to.
fn file(attr: TokenStream, item: TokenStream) -> File {
    syn::parse2(expand(attr, item)).expect("the expansion is a file")
}

fn is_error(item: &Item) -> bool {
    matches!(item, Item::Macro(it) if it.mac.path.segments.last().is_some_and(|it| it.ident == "compile_error"))
}

/// The messages, without what is emitted beside them.
fn messages(attr: TokenStream, item: TokenStream) -> Vec<String> {
    let items = file(attr, item).items;
    let errors = items.into_iter().filter(is_error).map(|item| match item {
        Item::Macro(item) => item
            .mac
            .parse_body::<syn::LitStr>()
            .expect("a text")
            .value(),
        _ => String::new(),
    });
    errors.collect()
}

/// The only message, and the function is still there.
fn message(item: TokenStream) -> String {
    let expanded = file(TokenStream::new(), item.clone());
    let kept = expanded
        .items
        .iter()
        .any(|item| matches!(item, Item::Fn(_)));
    assert!(kept, "the function is emitted beside the error");
    let mut all = messages(TokenStream::new(), item);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// What is emitted, formatted, without attributes of ours that every item has.
fn emitted(item: TokenStream) -> String {
    let mut expanded = file(TokenStream::new(), item);
    assert!(!expanded.items.iter().any(is_error), "{expanded:#?}");
    for item in &mut expanded.items {
        let attrs = match item {
            Item::Struct(item) => &mut item.attrs,
            Item::Impl(item) => &mut item.attrs,
            _ => continue,
        };
        attrs.retain(|attr| attr.path().is_ident("cfg"));
    }
    prettyplease::unparse(&expanded)
}

/// A text without its layout.
fn squeeze(text: &str) -> String {
    let joined: String = text.split_whitespace().collect();
    joined.replace(",>", ">").replace(",)", ")")
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(
            squeeze(text).contains(&squeeze(part)),
            "no `{part}` in\n{text}"
        );
    }
}

#[test]
fn plain_worker_in_full() {
    let text = emitted(quote!(
        pub fn dbl(x: u32, #[param] by: u32) -> u32 {
            x * by
        }
    ));
    let golden = r"pub fn dbl(x: u32, by: u32) -> u32 {
    x * by
}
pub struct dbl {
    ///The parameter `by`.
    pub by: u32,
    #[doc(hidden)]
    pub __papy: ::core::marker::PhantomData<fn() -> ()>,
}
impl ::papy::__private::Scratch for dbl {
    type Itself = Self;
    type State = ();
    type Local = ();
    #[inline]
    fn local(&self) -> () {}
    #[inline]
    fn itself(self) -> Self {
        self
    }
}
impl ::papy::__private::Stateless for dbl {}
impl ::papy::__private::Worker<u32, 1usize> for dbl {
    type Out = u32;
    type Error = ::core::convert::Infallible;
    #[inline]
    #[allow(unused_variables, unreachable_code)]
    fn call(
        &self,
        state: &mut (),
        local: &mut (),
        item_0: u32,
    ) -> ::core::result::Result<Self::Out, Self::Error> {
        ::core::result::Result::Ok(
            dbl(item_0, <u32 as ::core::clone::Clone>::clone(&self.by)),
        )
    }
}
";
    assert_eq!(squeeze(&text), squeeze(golden), "{text}");
}

#[test]
fn lent_parameters_are_generic() {
    let text = emitted(quote!(
        fn join(x: u8, #[param] sep: &str) {}
    ));
    has(
        &text,
        &[
            "struct join<__P0 = ::std::sync::Arc<str>>",
            "sep: __P0",
            "__P0: ::papy::__private::Lend<str>",
            "<__P0 as ::papy::__private::Lend<str>>::lend(&self.sep)",
        ],
    );
}

#[test]
fn a_turbofish_names_what_the_text_shows() {
    let text = emitted(quote! {
        fn parse<'a, T: FromStr, const N: usize>(x: &'a str, #[param] sep: &str) -> T { todo!() }
    });
    has(
        &text,
        &[
            "struct parse<T, const N: usize, __P0 = ::std::sync::Arc<str>>",
            "PhantomData<fn() -> (T, [(); N])>",
            "const __PAPY",
            "parse::<T, N>(",
        ],
    );
}

#[test]
fn state_and_scratch() {
    let text = emitted(quote! {
        fn f(n: &mut u64, x: u8, #[local(Vec::new())] a: &mut Vec<u8>, #[param] k: u8, #[local(0)] b: &mut u8) {}
    });
    has(
        &text,
        &[
            "type State = u64;",
            "type Local = (Vec<u8>, u8);",
            "(Vec::new(), 0)",
            "Stateful for f",
            "type Whole = u64;",
            "&mut local.0",
            "&mut local.1",
        ],
    );
    assert!(!text.contains("Stateless"), "{text}");
    assert!(!text.contains("#[local"), "{text}");
    let text = emitted(quote!(
        fn f(x: u8, #[local(if WIDE { 8 } else { 4 } + 1)] a: &mut u8) {}
    ));
    has(
        &text,
        &["fn local(&self) -> u8 { (if WIDE { 8 } else { 4 }) + 1 }"],
    );
}

#[test]
fn elided_lifetimes_get_names() {
    let text = emitted(quote!(
        fn key(x: &str) -> &str {
            x
        }
    ));
    has(
        &text,
        &[
            "impl<'__papy_0> ::papy::__private::Worker<&'__papy_0 str, 1usize> for key",
            "type Out = &'__papy_0 str;",
        ],
    );
    let text = emitted(quote!(
        fn f(x: u8, #[param] y: Option<&str>) {}
    ));
    has(&text, &["struct f<'__papy_0>", "y: Option<&'__papy_0 str>"]);
    let text = emitted(quote!(
        fn f(x: &dyn Fn(&str) -> &str, y: fn(&u8)) {}
    ));
    has(&text, &["(&'__papy_0 dyn Fn(&str) -> &str, fn(&u8))"]);
}

#[test]
fn lifetimes_that_no_input_determines_are_the_structs() {
    let text = emitted(quote!(
        fn f<'a, 'b>(x: &'b u8, #[param] y: &'a [u8]) -> &'a u8 {
            &y[0]
        }
    ));
    has(
        &text,
        &[
            "struct f<'a>",
            "y: &'a [u8]",
            "impl<'a, 'b> ::papy::__private::Worker<&'b u8, 1usize> for f<'a>",
        ],
    );
    let text = emitted(quote!(
        fn f<'a>(seen: &mut Vec<&'a str>, x: &'a str) {}
    ));
    has(&text, &["struct f<'a>", "type State = Vec<&'a str>;"]);
}

#[test]
fn impl_trait_arguments() {
    let text = emitted(quote!(
        fn f(x: Vec<impl Debug>, #[param] g: impl Fn(u8)) {}
    ));
    has(
        &text,
        &[
            "struct f<__P0 = ()>",
            "__P0: Fn(u8)",
            "__I0: Debug",
            "Worker<Vec<__I0>, 1usize>",
            "__P0: ::core::clone::Clone",
        ],
    );
}

/// rustc says once, at the user's words, that arguments capture nothing; where our bounds stand it could not be read at all.
#[test]
fn impl_trait_arguments_that_capture() {
    let text = emitted(quote!(
        fn f<'a>(x: impl Iterator<Item = u8> + use<'a>, #[param] g: impl use<> + Fn(u8)) {}
    ));
    has(&text, &["__I0: Iterator<Item = u8>", "__P0: Fn(u8)"]);
}

#[test]
fn results_by_name_and_by_option() {
    let text = emitted(quote!(
        fn f(x: u8) -> io::Result<u8> {
            Ok(x)
        }
    ));
    has(
        &text,
        &[
            "type Out = <io::Result<u8> as ::papy::__private::Fallible>::Value;",
            "into_result(f(item_0))",
        ],
    );
    let text = expand(
        quote!(fallible),
        quote!(
            fn f(x: u8) -> Mine {
                Ok(x)
            }
        ),
    )
    .to_string();
    assert!(text.contains("Fallible"), "{text}");
    let text = emitted(quote!(
        fn f(x: u8) -> Outcome<u8> {
            Ok(x)
        }
    ));
    assert!(!text.contains("Fallible"), "{text}");
}

#[test]
fn iterators_are_boxed() {
    let out = "dyn ::core::iter::Iterator<Item = u8> + ::core::marker::Send";
    let text = emitted(quote!(
        fn f(x: u8) -> impl Iterator<Item = u8> {
            [x].into_iter()
        }
    ));
    has(&text, &["type Out = ::std::boxed::Box<", out]);
    let text = emitted(quote!(
        fn f(x: &str) -> impl Iterator<Item = u8> {
            x.bytes()
        }
    ));
    has(&text, &["+ ::core::marker::Send + '__papy_0"]);
    let text = emitted(quote!(
        fn f<T>(x: &str, y: T) -> Result<impl Iterator<Item = u8>, E> {
            todo!()
        }
    ));
    has(
        &text,
        &[
            "struct f<'__papy_1, T>",
            "T: '__papy_1",
            "'__papy_0: '__papy_1",
            "Err(error)",
        ],
    );
}

#[test]
fn only_cfg_is_copied() {
    let text = emitted(quote! {
        #[cfg(feature = "x")]
        #[deprecated]
        fn f(x: u8) {}
    });
    assert_eq!(text.matches("#[cfg(feature = \"x\")]").count(), 5, "{text}");
    assert_eq!(text.matches("#[deprecated]").count(), 1, "{text}");
}

#[test]
fn raw_names_and_groups() {
    let text = emitted(quote!(
        fn r#type(x: u8, #[param] r#match: u8) {}
    ));
    has(&text, &["struct r#type", "r#match: u8"]);
    // As a `$t:ty` of `macro_rules!` comes: in invisible parentheses.
    let ty = quote!(&mut u64);
    let group = proc_macro2::Group::new(proc_macro2::Delimiter::None, ty);
    let text = emitted(quote!(fn f(n: #group, x: u8) {}));
    has(&text, &["type State = u64;"]);
}

#[test]
fn mistakes_of_the_function() {
    let cases = [
        (
            quote!(
                async fn f(x: u8) {}
            ),
            "async workers are not supported yet",
        ),
        (
            quote!(
                unsafe fn f(x: u8) {}
            ),
            "an `unsafe fn`",
        ),
        (
            quote!(
                fn f(&self, x: u8) {}
            ),
            "`f` is a method",
        ),
        (
            quote!(
                fn f(x: u8) -> Self {}
            ),
            "`f` is a method",
        ),
        (
            quote!(
                fn f(x: u8, ...) {}
            ),
            "a fixed number of arguments",
        ),
        (
            quote!(
                fn f() {}
            ),
            "`f` has no arguments",
        ),
        (
            quote!(
                fn f(#[param] x: u8) {}
            ),
            "`f` has only parameters",
        ),
        (
            quote!(
                fn f(x: &mut u8) {}
            ),
            "`f` has only state",
        ),
    ];
    for (item, part) in cases {
        let text = message(item);
        has(&text, &[part, "\nhelp: "]);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn mistakes_of_arguments() {
    let cases = [
        (
            quote!(
                fn f(x: u8, s: &mut u8) {}
            ),
            "`s: &mut u8` is state, and state is the first argument",
        ),
        (
            quote!(
                fn f(s: &mut u8, t: &mut u8, x: u8) {}
            ),
            "`t: &mut u8` would be a second state",
        ),
        (
            quote!(
                fn f(s: &mut [u8], x: u8) {}
            ),
            "help: keep what owns it: `&mut Vec<u8>`",
        ),
        (
            quote!(
                fn f(s: &mut impl Extend<u8>, x: u8) {}
            ),
            "its type must have a name",
        ),
        (
            quote!(
                fn f<'a>(s: &'a mut u8, x: &'a u8) {}
            ),
            "leave `'a` out of this `&mut`",
        ),
        (
            quote!(
                fn f(#[param] k: u8, x: u8) {}
            ),
            "the `#[param]` `k` stands before an input",
        ),
        (
            quote!(
                fn f(x: u8, #[param] state: u8) {}
            ),
            "a parameter cannot be called `state`",
        ),
        (
            quote!(
                fn f(x: u8, #[param] __papy_x: u8) {}
            ),
            "a parameter cannot be called `__papy_x`",
        ),
        (
            quote!(
                fn f(x: u8, #[param] (a, b): (u8, u8)) {}
            ),
            "this pattern has none",
        ),
        (
            quote!(
                fn f(x: u8, #[param] k: &mut u8) {}
            ),
            "all calls share the parameter `k`",
        ),
        (
            quote!(
                fn f(x: u8, #[param] k: &impl Ord) {}
            ),
            "what `k` lends must have a type with a name",
        ),
        (
            quote!(
                fn f(x: u8, #[param(1)] k: u8) {}
            ),
            "`#[param]` takes nothing",
        ),
        (
            quote!(
                fn f(x: u8, #[local] k: &mut u8) {}
            ),
            "`#[local]` needs the value to begin with",
        ),
        (
            quote!(
                fn f(x: u8, #[local()] k: &mut u8) {}
            ),
            "`#[local]` needs the value to begin with",
        ),
        (
            quote!(
                fn f(x: u8, #[local(a b)] k: &mut u8) {}
            ),
            "`#[local(..)]` takes one expression",
        ),
        (
            quote!(
                fn f(x: u8, #[local(0)] k: u8) {}
            ),
            "help: write `#[local(..)] k: &mut u8`",
        ),
        (
            quote!(
                fn f(
                    x: u8,
                    #[param]
                    #[param]
                    k: u8,
                ) {
                }
            ),
            "`k` has a second helper attribute",
        ),
        (
            quote!(
                fn f(x: u8, #[cfg(a)] k: u8) {}
            ),
            "cannot depend on a `cfg`",
        ),
    ];
    for (item, part) in cases {
        let text = message(item);
        has(&text, &[part, "\nhelp: "]);
    }
}

#[test]
fn mistakes_of_return_types() {
    let cases = [
        (
            quote!(
                fn f(x: u8, #[param] k: &str) -> &str {
                    k
                }
            ),
            "borrows from `k`",
        ),
        (
            quote!(
                fn f(s: &mut u8, x: u8) -> &u8 {
                    s
                }
            ),
            "borrows from `s`",
        ),
        (
            quote!(
                fn f(x: u8) -> impl Display {
                    x
                }
            ),
            "`impl Display` hides it",
        ),
        (
            quote!(
                fn f(x: u8) -> Vec<impl Display> {
                    x
                }
            ),
            "`impl Display` hides it",
        ),
        (
            quote!(
                fn f(x: u8) -> impl IntoIterator<Item = u8> {
                    x
                }
            ),
            "help: return `impl Iterator<Item = u8>`",
        ),
        (
            quote!(
                fn f(x: u8, #[param] k: &str) -> impl Iterator<Item = u8> {
                    x
                }
            ),
            "Iterator<Item = u8> + use<>`",
        ),
    ];
    for (item, part) in cases {
        let text = message(item);
        has(&text, &[part, "\nhelp: "]);
    }
}

#[test]
fn mistakes_of_the_attribute() {
    let told = |attr| {
        messages(
            attr,
            quote!(
                fn f(x: u8) -> Mine {
                    x
                }
            ),
        )
        .join("\n")
    };
    has(
        &told(quote!(falible)),
        &["unknown option `falible`", "did you mean `fallible`?"],
    );
    has(&told(quote!(serial)), &["`items >> f.serial()`"]);
    has(&told(quote!(quickly)), &["has one option, `fallible`"]);
    has(
        &told(quote!(fallible, fallible)),
        &["`fallible` is given twice"],
    );
    has(
        &told(quote!(fallible = true)),
        &["`fallible` takes no value"],
    );
    has(&told(quote!("fallible")), &["expected an option's name"]);
    assert_eq!(told(quote!(fallible,)), "");
}

#[test]
fn only_functions_are_workers() {
    let cases = [
        (
            quote!(
                pub(crate) struct S {
                    x: u8,
                }
            ),
            "this is a `struct`",
        ),
        (quote!(impl S { fn f() {} }), "this is an `impl`"),
        (
            quote!(
                mod m {
                    fn f() {}
                }
            ),
            "this is a `mod`",
        ),
        (
            quote!(
                #[doc = "x"]
                enum E {}
            ),
            "this is an `enum`",
        ),
    ];
    for (item, part) in cases {
        let told = messages(TokenStream::new(), item).join("\n");
        has(&told, &[part, "\nhelp: "]);
    }
    let told = expand(
        TokenStream::new(),
        quote!(
            fn f(x: u8);
        ),
    )
    .to_string();
    has(&told, &["has no body to run"]);
}

#[test]
fn all_mistakes_in_one_compile() {
    let told = messages(
        quote!(falible),
        quote! {
            fn f(#[param] by: &mut f64, x: f64, #[local] buf: Vec<f64>, n: &mut u64) -> impl Send {}
        },
    );
    assert_eq!(told.len(), 7, "{told:#?}");
}

#[test]
fn half_written_functions_do_not_panic() {
    let text = "#[inline] pub async fn f<'a, T: A + ?Sized, const N: usize>(#[param] mut s: &'a mut S, (a, b): (&str, T), \
                #[local(0)] c: &mut impl X, #[param] d: &[u8; N]) -> io::Result<impl Iterator<Item = &u8> + use<'a>> where T: B { g() }";
    let tokens: Vec<_> = text
        .parse::<TokenStream>()
        .expect("tokens")
        .into_iter()
        .collect();
    for end in 0..=tokens.len() {
        let part: TokenStream = tokens.iter().take(end).cloned().collect();
        let expanded = expand(TokenStream::new(), part).to_string();
        assert!(expanded.contains("compile_error"), "{end}: {expanded}");
    }
}

//! What can be wrong with a `#[worker]`: one function for each mistake, with its full text. Said first what is wrong, in
//! the user's words, then `help: ` lines with what to write instead.

use super::places::display_name;
use super::signature::{Lent, peel};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Error, Lifetime, Pat, Token, Type, TypeImplTrait, TypeReference, Variadic};

/// The mistakes found so far.
#[derive(Default)]
pub(super) struct Found {
    errors: Option<Error>,
    count: usize,
}

impl Found {
    pub(super) fn push(&mut self, error: Error) {
        self.count += 1;
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn into_tokens(self) -> TokenStream {
        self.errors
            .map(Error::into_compile_error)
            .unwrap_or_default()
    }
}

/// The text of a type or pattern as a user would write it; `quote` puts a space between any two tokens.
fn text(tokens: impl ToTokens) -> String {
    fn write(tokens: TokenStream, out: &mut String) {
        let mut glued = true;
        for token in tokens {
            let (open, shown, close) = match &token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{ ", " }"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    let mut inner = String::new();
                    write(group.stream(), &mut inner);
                    (open, inner, close)
                }
                other => ("", other.to_string(), ""),
            };
            let is_word = matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_));
            let word_before = out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let is_sign = matches!(shown.as_str(), "+" | "=");
            let apart = is_sign && !out.is_empty()
                || !glued && is_word && word_before
                || out.ends_with([',', ';', '+', '=']);
            if apart && !out.ends_with(' ') {
                out.push(' ');
            }
            glued = false;
            out.push_str(open);
            out.push_str(&shown);
            out.push_str(close);
        }
    }
    let mut out = String::new();
    write(tokens.into_token_stream(), &mut out);
    out.replace("->", " -> ")
}

fn error(span: impl ToTokens, message: String) -> Error {
    Error::new_spanned(span, message)
}

// What the attribute stands on.

pub(super) fn not_a_function(item: &TokenStream, unread: Error) -> Error {
    if let Ok(function) = syn::parse2::<syn::TraitItemFn>(item.clone()) {
        let name = &function.sig.ident;
        let message = format!(
            "`{name}` has no body to run\n\
             help: put `#[worker]` on a free function with a body: `fn {name}(item: T) -> R {{ .. }}`"
        );
        return error(name, message);
    }
    // The keyword says what it is; attributes and visibility stand before it.
    let keywords = [
        "struct",
        "enum",
        "union",
        "impl",
        "trait",
        "mod",
        "type",
        "const",
        "static",
        "use",
        "macro_rules",
        "let",
    ];
    let keyword = item.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if keywords.iter().any(|word| ident == word) => Some(ident),
        _ => None,
    });
    match keyword {
        Some(keyword) if syn::parse2::<syn::ItemFn>(item.clone()).is_err() && !has_fn(item) => {
            let vowel = keyword.to_string().starts_with(['e', 'i', 'u']);
            let article = if vowel { "an" } else { "a" };
            let message = format!(
                "`#[worker]` is for functions, and this is {article} `{keyword}`\n\
                 help: put it above a free function: `fn name(item: T) -> R {{ .. }}`"
            );
            Error::new(keyword.span(), message)
        }
        _ => unread,
    }
}

/// Whether a function is what could not be read.
fn has_fn(item: &TokenStream) -> bool {
    let mut words = item.clone().into_iter();
    words.any(|token| matches!(token, TokenTree::Ident(ident) if ident == "fn"))
}

pub(super) fn method(token: impl ToTokens, name: &Ident) -> Error {
    let message = format!(
        "a worker is a free function, and `{name}` is a method\n\
         help: move it out of the `impl` and give it what it needs as arguments: `fn {name}(item: T, #[param] by: &U)`"
    );
    error(token, message)
}

pub(super) fn async_worker(token: &Token![async]) -> Error {
    let message = "async workers are not supported yet: a worker's call must have its value when it returns\n\
                   help: take `async` away and block inside, on a pool for that: `let io: Pool = Pool::threads(16);` \
                   and `.on(io)`";
    error(token, message.to_owned())
}

pub(super) fn unsafe_worker(token: &Token![unsafe], name: &Ident) -> Error {
    let message = format!(
        "a pipeline cannot promise what an `unsafe fn` asks for\n\
         help: make `{name}` safe and put `unsafe {{ .. }}` inside it, round what needs it"
    );
    error(token, message)
}

pub(super) fn variadic(variadic: &Variadic) -> Error {
    let message = "a worker takes a fixed number of arguments\nhelp: replace `...` with arguments that have names";
    error(variadic.dots, message.to_owned())
}

// The attribute itself.

/// The options of nodes, which are often looked for at the worker.
const NODE_OPTIONS: [&str; 18] = [
    "serial()",
    "unordered()",
    "ordered()",
    "filter()",
    "flat()",
    "fold()",
    "catch()",
    "isolated()",
    "remote()",
    "on(..)",
    "stride(..)",
    "spawn(..)",
    "timeout(..)",
    "retry(..)",
    "produce(..)",
    "consume(..)",
    "repeat(..)",
    "named(..)",
];

pub(super) fn unknown_option(name: &Ident) -> Error {
    let written = name.to_string();
    let of_nodes = NODE_OPTIONS
        .iter()
        .find(|option| option.split('(').next() == Some(&written));
    let help = if let Some(option) = of_nodes {
        format!("it is an option of nodes, said in the pipeline: `items >> f.{option}`")
    } else if distance(&written, "fallible") <= 2 {
        "did you mean `fallible`?".to_owned()
    } else {
        "`#[worker]` has one option, `fallible`: its `Err` becomes a fault".to_owned()
    };
    error(name, format!("unknown option `{written}`\nhelp: {help}"))
}

pub(super) fn option_twice(name: &Ident) -> Error {
    error(
        name,
        format!("`{name}` is given twice\nhelp: leave one out"),
    )
}

pub(super) fn option_with_value(name: &Ident, value: TokenStream) -> Error {
    error(
        value,
        format!("`{name}` takes no value\nhelp: write `#[worker({name})]`"),
    )
}

pub(super) fn unreadable_options(unread: &Error) -> Error {
    let message = "expected an option's name\nhelp: write `#[worker]` or `#[worker(fallible)]`";
    Error::new(unread.span(), message)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

// Arguments.

pub(super) fn no_input(name: &Ident, has_state: bool, has_params: bool) -> Error {
    let others = match (has_state, has_params) {
        (true, true) => "only state and parameters",
        (true, false) => "only state",
        (false, true) => "only parameters",
        (false, false) => "no arguments",
    };
    let form = match (has_state, has_params) {
        (true, _) => format!("fn {name}(state: &mut S, item: T)"),
        (false, true) => format!("fn {name}(item: T, #[param] k: K)"),
        (false, false) => format!("fn {name}(item: T)"),
    };
    let message = format!(
        "a worker takes items, and `{name}` has {others}\nhelp: give it at least one input: `{form}`"
    );
    error(name, message)
}

pub(super) fn state_not_first(reference: &TypeReference, pat: &Pat) -> Error {
    let (name, ty) = (display_name(pat), text(reference));
    let message = format!(
        "`{name}: {ty}` is state, and state is the first argument\n\
         help: move it to the front; for scratch memory that calls reuse: `#[local(..)] {name}: {ty}`"
    );
    error(reference, message)
}

pub(super) fn second_state(reference: &TypeReference, pat: &Pat) -> Error {
    let (name, ty) = (display_name(pat), text(reference));
    let message = format!(
        "`{name}: {ty}` would be a second state, and a worker has one\n\
         help: put both into one struct; for scratch memory that calls reuse: `#[local(..)] {name}: {ty}`"
    );
    error(reference, message)
}

pub(super) fn unsized_state(reference: &TypeReference, owned: &str) -> Error {
    let ty = text(&reference.elem);
    let message = format!(
        "the pipeline keeps the state by value, and `{ty}` has no size\n\
         help: keep what owns it: `&mut {}`",
        owned.replace('_', &element(&reference.elem))
    );
    error(&reference.elem, message)
}

pub(super) fn unsized_local(reference: &TypeReference, owned: &str) -> Error {
    let ty = text(&reference.elem);
    let message = format!(
        "the pipeline keeps a `#[local]` by value, and `{ty}` has no size\n\
         help: keep what owns it: `&mut {}`",
        owned.replace('_', &element(&reference.elem))
    );
    error(&reference.elem, message)
}

/// What the owner of an unsized type is named after.
fn element(ty: &Type) -> String {
    match peel(ty) {
        Type::Slice(slice) => text(&slice.elem),
        Type::TraitObject(object) => text(&object.bounds),
        _ => String::new(),
    }
}

pub(super) fn lent_for_longer(lifetime: &Lifetime, pat: &Pat) -> Error {
    let name = display_name(pat);
    let message = format!(
        "`{name}` is lent for one call, which nothing else in the signature can outlive\n\
         help: leave `{lifetime}` out of this `&mut`"
    );
    error(lifetime, message)
}

pub(super) fn param_before_input(attr: &Attribute, pat: &Pat, function: &Ident) -> Error {
    let name = display_name(pat);
    let message = format!(
        "the `#[param]` `{name}` stands before an input\n\
         help: inputs come first: `fn {function}(item: T, #[param] {name}: K)`"
    );
    error(attr, message)
}

pub(super) fn param_without_name(pat: &Pat) -> Error {
    let message = "a pipeline binds a parameter by its name, and this pattern has none\n\
                   help: give it a name and take it apart in the body: `#[param] name: T`";
    error(pat, message.to_owned())
}

pub(super) fn reserved_param(name: &Ident) -> Error {
    let why = if name == "state" || name == "r#state" {
        "it gives a worker its initial state: `f(state = ..)`"
    } else {
        "names that begin with `__papy` are papy's own"
    };
    let message = format!("a parameter cannot be called `{name}`: {why}\nhelp: rename it");
    error(name, message)
}

pub(super) fn param_by_mut(reference: &TypeReference, name: &Ident) -> Error {
    let ty = text(&reference.elem);
    let message = format!(
        "all calls share the parameter `{name}`, so none can change it\n\
         help: take `#[param] {name}: &{ty}`; for scratch memory `#[local(..)] {name}: &mut {ty}`; \
         for state a first argument `{name}: &mut {ty}` without attribute"
    );
    error(reference, message)
}

pub(super) fn param_with_value(attr: &Attribute) -> Error {
    let message = "`#[param]` takes nothing: the pipeline gives the value\nhelp: write `#[param]` and bind it with `f(name = value)`";
    error(&attr.meta, message.to_owned())
}

pub(super) fn lent_impl_trait(written: &Type, name: &Ident) -> Error {
    let ty = text(written);
    let message = format!(
        "what `{name}` lends must have a type with a name\n\
         help: take it by value, `#[param] {name}: {ty}`, or name its type"
    );
    error(written, message)
}

pub(super) fn unnamed_type(ty: &Type, pat: &Pat) -> Error {
    let name = display_name(pat);
    let message = format!(
        "the pipeline keeps `{name}` between calls, so its type must have a name\n\
         help: write the type, or a parameter of the function: `fn f<S: Trait>(.., {name}: &mut S, ..)`"
    );
    error(ty, message)
}

pub(super) fn local_without_value(attr: &Attribute) -> Error {
    let message = "`#[local]` needs the value to begin with\nhelp: write it in parentheses: `#[local(Vec::new())]`";
    error(&attr.meta, message.to_owned())
}

pub(super) fn unreadable_local(unread: &Error) -> Error {
    let message =
        format!("{unread}\nhelp: `#[local(..)]` takes one expression: `#[local(Vec::new())]`");
    Error::new(unread.span(), message)
}

pub(super) fn local_not_mut(ty: &Type, pat: &Pat) -> Error {
    let name = display_name(pat);
    let inner = match peel(ty) {
        Type::Reference(reference) => text(&reference.elem),
        other => text(other),
    };
    let message = format!(
        "`#[local]` lends scratch memory, so `{name}` is a `&mut`\nhelp: write `#[local(..)] {name}: &mut {inner}`"
    );
    error(ty, message)
}

pub(super) fn marked_twice(attr: &Attribute, pat: &Pat) -> Error {
    let name = display_name(pat);
    let message = format!(
        "`{name}` has a second helper attribute\n\
         help: keep one: `#[param]` for a value from the pipeline, `#[local(..)]` for scratch memory"
    );
    error(attr, message)
}

pub(super) fn conditional_argument(attr: &Attribute) -> Error {
    let message = "an argument of a worker cannot depend on a `cfg`: a pipeline's text has to fit it\n\
                   help: put the `#[cfg(..)]` on two functions, one for each case";
    error(attr, message.to_owned())
}

// The return type.

pub(super) fn returns_lent(ty: &Type, Lent { name, is_param }: &Lent) -> Error {
    let (from, help) = if *is_param {
        let help = format!(
            "return an owned value; or give the parameter a lifetime with a name, and a value that \
             lives as long is bound: `#[param] {name}: &'a T`"
        );
        (format!("`{name}`"), help)
    } else if name == "_" {
        ("an argument".to_owned(), "return an owned value".to_owned())
    } else {
        (format!("`{name}`"), "return an owned value".to_owned())
    };
    let message = format!(
        "the return type borrows from {from}, which is lent for one call only\nhelp: {help}"
    );
    error(ty, message)
}

pub(super) fn hidden_output(written: &TypeImplTrait) -> Error {
    let ty = text(written);
    let message = format!(
        "a stream's items need a type with a name, and `{ty}` hides it\n\
         help: return the type itself, or `Box<dyn ..>`; for several items `impl Iterator<Item = T>`"
    );
    error(written, message)
}

pub(super) fn into_iterator_output(written: &TypeImplTrait, item: Option<&Type>) -> Error {
    let item = item.map_or_else(|| "T".to_owned(), text);
    let message = format!(
        "`impl IntoIterator` hides whether its items can cross threads\n\
         help: return `impl Iterator<Item = {item}>`, with `.into_iter()` at the end of the body"
    );
    error(written, message)
}

pub(super) fn iterator_may_borrow(
    written: &TypeImplTrait,
    function: &Ident,
    lent: &Ident,
) -> Error {
    let ty = text(written);
    let message = format!(
        "the iterator that `{function}` returns may borrow from `{lent}`, which is lent for one call only\n\
         help: say that it holds nothing of that: `{ty} + use<>`, with the lifetimes and types that it does hold \
         inside `use<..>`"
    );
    error(written, message)
}

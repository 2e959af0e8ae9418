//! The header, piece by piece, so that one wrong piece does not hide the others.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::visit::Visit;
use syn::{Attribute, FnArg, Generics, Pat, Token, Type, Visibility};

use super::{Argument, Body, Pipeline, StreamType, body, stream_type, text};
use crate::diagnostics::{Diagnostics, Place};
use crate::mistakes;

/// What has been read so far.
#[derive(Default)]
struct Draft {
    attrs: Vec<Attribute>,
    vis: Option<Visibility>,
    name: Option<Ident>,
    generics: Generics,
    args: Option<(proc_macro2::Group, Vec<FnArg>)>,
    output: Option<Type>,
    /// The text of the arguments.
    written: TokenStream,
    body: Option<Body>,
}

pub fn parse(text: TokenStream, cx: &mut Diagnostics) -> Option<Pipeline> {
    let mut draft = Draft::default();
    let read = |input: ParseStream| read(input, &mut draft, cx);
    if let Err(error) = read.parse2(text) {
        // Behind the first piece that cannot be read there is nothing to hold on to.
        cx.report_syntax(&error);
    }
    finish(draft, cx)
}

fn read(input: ParseStream, draft: &mut Draft, cx: &mut Diagnostics) -> syn::Result<()> {
    if input.is_empty() {
        cx.report(input.span(), mistakes::no_function());
        return Ok(());
    }
    draft.attrs = input.call(Attribute::parse_outer)?;
    draft.vis = Some(input.parse()?);
    while !input.peek(Token![fn]) {
        match input.parse::<TokenTree>() {
            Ok(TokenTree::Ident(word))
                if ["const", "async", "unsafe", "extern"]
                    .iter()
                    .any(|known| word == known) =>
            {
                cx.report(word.span(), mistakes::function_modifier(&word.to_string()));
            }
            Ok(TokenTree::Literal(_)) => {}
            Ok(other) => {
                cx.report(other.span(), mistakes::no_function());
                input.parse::<TokenStream>()?;
                return Ok(());
            }
            Err(_) => {
                cx.report(input.span(), mistakes::no_function());
                return Ok(());
            }
        }
    }
    input.parse::<Token![fn]>()?;
    draft.name = Some(input.parse()?);
    draft.generics = input.parse()?;
    let group: proc_macro2::Group = input.parse()?;
    draft.written = group.stream();
    draft.args = Some((group.clone(), arguments(&group, cx)));
    if input.peek(Token![->]) {
        input.parse::<Token![->]>()?;
        draft.output = Some(input.parse()?);
    }
    draft.generics.where_clause = input.parse()?;
    if input.is_empty() {
        let place = draft
            .name
            .as_ref()
            .map_or_else(|| Place::from(input.span()), Place::of);
        cx.report(place, mistakes::no_body());
        return Ok(());
    }
    if !input.peek(syn::token::Brace) {
        let place = input
            .cursor()
            .token_tree()
            .map_or_else(|| Place::from(input.span()), |(token, _)| Place::of(token));
        cx.report(place, mistakes::no_body());
        input.parse::<TokenStream>()?;
        return Ok(());
    }
    let group: proc_macro2::Group = input.parse()?;
    draft.body = Some(body::parse(&group, cx));
    if !input.is_empty() {
        cx.report(input.span(), mistakes::more_than_one());
        input.parse::<TokenStream>()?;
    }
    Ok(())
}

/// The arguments that can be read.
fn arguments(group: &proc_macro2::Group, cx: &mut Diagnostics) -> Vec<FnArg> {
    let whole = syn::punctuated::Punctuated::<FnArg, Token![,]>::parse_terminated;
    let error = match whole.parse2(group.stream()) {
        Ok(args) => return args.into_iter().collect(),
        Err(error) => error,
    };
    for error in error {
        let why = match error.to_string().as_str() {
            "expected `,`" => mistakes::missing_comma(),
            "expected `:`" => mistakes::missing_type(),
            why => mistakes::argument(why),
        };
        cx.report(error.span(), why);
    }
    chunks(group.stream())
        .into_iter()
        .filter_map(|chunk| syn::parse2(chunk).ok())
        .collect()
}

/// Splits at commas that stand outside of `<…>`.
fn chunks(tokens: TokenStream) -> Vec<TokenStream> {
    let mut chunks = vec![TokenStream::new()];
    let (mut depth, mut arrow) = (0_i32, false);
    for token in tokens {
        if let TokenTree::Punct(punct) = &token {
            match punct.as_char() {
                ',' if depth <= 0 => {
                    chunks.push(TokenStream::new());
                    continue;
                }
                '<' => depth += 1,
                '>' if !arrow => depth -= 1,
                _ => {}
            }
            arrow = punct.as_char() == '-';
        }
        if let Some(last) = chunks.last_mut() {
            last.extend([token]);
        }
    }
    chunks
}

fn finish(draft: Draft, cx: &mut Diagnostics) -> Option<Pipeline> {
    let name = draft.name?;
    let whole = draft.body.is_some();
    let listed = draft
        .args
        .as_ref()
        .map(|(group, _)| Place::from(group.span()));
    let written_args = chunks(draft.written.clone())
        .iter()
        .filter(|chunk| !chunk.is_empty())
        .count();
    let method = draft
        .args
        .as_ref()
        .is_some_and(|(_, args)| args.iter().any(|arg| matches!(arg, FnArg::Receiver(_))));
    let mut args: Vec<Argument> = draft
        .args
        .into_iter()
        .flat_map(|(_, args)| args)
        .filter_map(|arg| argument(arg, cx))
        .collect();
    if whole && !cx.any() && !args.iter().any(|arg| matches!(arg, Argument::Input { .. })) {
        cx.report(
            listed.unwrap_or(Place::of(&name)),
            mistakes::no_input(&text(&name)),
        );
        // Any of them may be what was meant.
        for arg in &mut args {
            if let Argument::Value { pat, ty, .. } = arg {
                *arg = Argument::Broken {
                    pat: pat.clone(),
                    ty: Some(ty.clone()),
                };
            }
        }
    }
    let before = cx.count();
    let outputs = draft
        .output
        .as_ref()
        .map_or_else(Vec::new, |ty| outputs(ty, cx));
    let outputs_known = cx.count() == before;
    let mut body = draft.body.unwrap_or_else(|| Body {
        statements: Vec::new(),
        unread: draft.written.clone(),
        end: Place::of(&name),
    });
    if args.len() < written_args {
        // what could not be read may well be used
        body.unread.extend(draft.written);
    }
    Some(Pipeline {
        attrs: draft.attrs,
        vis: draft.vis.unwrap_or(Visibility::Inherited),
        generics: draft.generics,
        args,
        outputs,
        outputs_known,
        method,
        body,
        name,
    })
}

fn argument(arg: FnArg, cx: &mut Diagnostics) -> Option<Argument> {
    let FnArg::Typed(arg) = arg else {
        cx.report(Place::of(&arg), mistakes::receiver());
        return None;
    };
    match stream_type(&arg.ty) {
        StreamType::Malformed => {
            cx.report(Place::of(&arg.ty), mistakes::stream_arguments());
            Some(broken(*arg.pat))
        }
        StreamType::Other => {
            if check_nested(&arg.ty, cx) {
                return Some(broken(*arg.pat));
            }
            Some(Argument::Value {
                attrs: arg.attrs,
                pat: *arg.pat,
                ty: *arg.ty,
            })
        }
        StreamType::Of(ty) => {
            check_nested(ty, cx);
            match &*arg.pat {
                Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                    Some(Argument::Input {
                        name: name.ident.clone(),
                        ty: ty.clone(),
                    })
                }
                other => {
                    cx.report(Place::of(other), mistakes::input_pattern());
                    Some(broken(other.clone()))
                }
            }
        }
    }
}

fn broken(pat: Pat) -> Argument {
    Argument::Broken { pat, ty: None }
}

fn outputs(ty: &Type, cx: &mut Diagnostics) -> Vec<Type> {
    match ty {
        Type::Group(group) => outputs(&group.elem, cx),
        Type::Paren(paren) => outputs(&paren.elem, cx),
        Type::Tuple(tuple) => tuple.elems.iter().filter_map(|ty| output(ty, cx)).collect(),
        ty => output(ty, cx).into_iter().collect(),
    }
}

fn output(ty: &Type, cx: &mut Diagnostics) -> Option<Type> {
    match stream_type(ty) {
        StreamType::Of(item) => {
            check_nested(item, cx);
            check_lifetimes(item, cx);
            Some(item.clone())
        }
        StreamType::Malformed => {
            cx.report(Place::of(ty), mistakes::stream_arguments());
            None
        }
        StreamType::Other => {
            if !check_nested(ty, cx) {
                cx.report(Place::of(ty), mistakes::output_type(&text(ty)));
            }
            None
        }
    }
}

/// Reports a `Stream` inside of another type.
fn check_nested(ty: &Type, cx: &mut Diagnostics) -> bool {
    struct Finder(bool);
    impl<'ast> Visit<'ast> for Finder {
        fn visit_type(&mut self, ty: &'ast Type) {
            self.0 |= matches!(stream_type(ty), StreamType::Of(_));
            syn::visit::visit_type(self, ty);
        }
    }
    let mut finder = Finder(false);
    finder.visit_type(ty);
    if finder.0 {
        cx.report(Place::of(ty), mistakes::nested_stream(&text(ty)));
    }
    finder.0
}

/// Reports references of outputs whose lifetime is left out: the run's type must name them.
fn check_lifetimes(ty: &Type, cx: &mut Diagnostics) {
    struct Finder(Option<Place>);
    impl<'ast> Visit<'ast> for Finder {
        fn visit_type_reference(&mut self, ty: &'ast syn::TypeReference) {
            if ty.lifetime.is_none() {
                self.0 = Some(Place::of(ty.and_token));
            }
            syn::visit::visit_type_reference(self, ty);
        }
        fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
            if lifetime.ident == "_" {
                self.0 = Some(Place::of(lifetime));
            }
        }
        fn visit_parenthesized_generic_arguments(
            &mut self,
            _: &'ast syn::ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut finder = Finder(None);
    finder.visit_type(ty);
    if let Some(place) = finder.0 {
        cx.report(place, mistakes::output_lifetime());
    }
}

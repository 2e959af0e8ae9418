//! What is emitted beside errors: the block still has its types, and still mentions every worker.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Lifetime, PathArguments, Type};

use super::header::Header;
use super::items::{self, Contents};
use super::run::{self, Field};
use super::span::{at, nest, papy};
use crate::lower::{Code, Work, plain};
use crate::syntax::Pipeline;

/// The run's type and a function that is never called. Without the names of all outputs there is no run's type.
pub fn fallback(pipeline: &Pipeline, code: &Code) -> TokenStream {
    if pipeline.method {
        return TokenStream::new();
    }
    let papy = papy();
    let header = Header::new(pipeline);
    let distinct: BTreeSet<String> = code.output_names.iter().map(plain).collect();
    let known = distinct.len() == pipeline.outputs.len();
    let outputs: Vec<Field> = pipeline
        .outputs
        .iter()
        .enumerate()
        .map(|(at, ty)| {
            let name = code.output_names.get(at).filter(|_| known).cloned();
            (
                name.unwrap_or_else(|| {
                    quote::format_ident!("out{}", at, span = pipeline.name.span())
                }),
                lifetimes_named(ty),
            )
        })
        .collect();
    let workers = code.nodes.iter().filter_map(|node| match &node.work {
        Work::Worker { path, .. } if !path.is_ident("_unknown") && !is_local(path, code) => {
            let mut path = path.clone();
            for segment in &mut path.segments {
                segment.arguments = PathArguments::None;
            }
            let user = at(node.place.span());
            Some(quote_spanned!(user=> #[allow(unused_imports)] use #path as _;))
        }
        _ => None,
    });
    let values = pipeline.args.iter().filter_map(|arg| match arg {
        crate::syntax::Argument::Value {
            pat: syn::Pat::Ident(pat),
            ..
        } => {
            let name = &pat.ident;
            Some(quote!(let _ = #name;))
        }
        _ => None,
    });
    let ports = nest(outputs.iter().map(|(_, ty)| quote!(#papy::Port<#ty>)));
    let entries = header.entries();
    let run = run::run(&header, &outputs);
    let contents = Contents {
        outputs: &outputs,
        graph: super::graph::unfinished(&plain(&pipeline.name)),
        constants: super::counts::unfinished(pipeline),
        body: quote! {
            #(#workers)*
            #(#values)*
            #papy::unfinished::<#entries, #ports>()
        },
    };
    let items = items::items(&header, &contents);
    quote!(#run #items)
}

/// Whether a path is the name of a stream or of a value; that no worker has it too may be one of the mistakes.
fn is_local(path: &syn::Path, code: &Code) -> bool {
    path.get_ident().is_some_and(|name| {
        let streams = code
            .streams
            .iter()
            .filter_map(|stream| stream.name.as_ref());
        let inputs = code.inputs.iter().map(|input| &input.name);
        streams
            .chain(inputs)
            .chain(&code.values)
            .any(|known| plain(known) == plain(name))
    })
}

/// An output's type, where its missing lifetimes are one of the mistakes.
fn lifetimes_named(ty: &Type) -> Type {
    let mut ty = ty.clone();
    super::header::Elided(&Lifetime::new("'static", Span::mixed_site())).visit_type_mut(&mut ty);
    ty
}

//! What is emitted beside errors: the block still has its types, and still mentions every worker.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::PathArguments;

use super::header::Header;
use super::run::{self, Field};
use super::span::{at, nest, papy};
use crate::lower::{Code, Work, plain};
use crate::syntax::Pipeline;

/// The run's type and a function that is never called. Without the names of all outputs there is no run's type.
pub fn fallback(pipeline: &Pipeline, code: &Code) -> TokenStream {
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
                ty.clone(),
            )
        })
        .collect();
    let workers = code.nodes.iter().filter_map(|node| match &node.work {
        Work::Worker { path, .. } if !path.is_ident("_unknown") => {
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
        crate::syntax::Argument::Input { name, .. } => Some(quote!(let _ = #name;)),
        crate::syntax::Argument::Value {
            pat: syn::Pat::Ident(pat),
            ..
        } => {
            let name = &pat.ident;
            Some(quote!(let _ = #name;))
        }
        crate::syntax::Argument::Value { .. } => None,
    });
    let ports = nest(outputs.iter().map(|(_, ty)| quote!(#papy::Port<#ty>)));
    let entries = header.entries();
    let run = run::run(&header, &outputs);
    let function = header.function(
        &outputs,
        &quote! {
            #(#workers)*
            #(#values)*
            #papy::unfinished::<_, _, #entries, #ports>()
        },
    );
    quote!(#run #function)
}

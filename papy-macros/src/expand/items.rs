//! The items of a pipeline: its function, and the type of its name.
//!
//! The type holds the values, by which a host gives them; its constants are the graph and what hosts have to know; and
//! its function compiles the pipeline, for the pipeline's own function and for every host.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, GenericParam, Pat, Type};

use super::header::Header;
use super::run::Field;
use super::span::{at, internal, nest, papy};
use crate::lower::plain;
use crate::syntax::Argument;

/// Lints that are about how people write functions, and not about what the macro makes of a header.
const LINTS: &[&str] = &[
    "clippy::all",
    "clippy::pedantic",
    "clippy::used_underscore_binding",
];

/// What differs from pipeline to pipeline beside the header.
pub struct Contents<'a> {
    pub outputs: &'a [Field],
    /// The constant `GRAPH`.
    pub graph: TokenStream,
    /// Further constants.
    pub constants: TokenStream,
    /// What the pipeline is compiled into.
    pub body: TokenStream,
}

/// A value of the header.
struct Value<'a> {
    attrs: &'a [Attribute],
    pat: &'a Pat,
    /// The name by which a host binds it.
    name: Ident,
    ty: Type,
}

pub fn items(header: &Header, contents: &Contents) -> TokenStream {
    let values = values(header);
    let of_values = type_of_values(header, &values, contents);
    let function = function(header, &values, contents);
    quote!(#of_values #function)
}

/// Each argument that is no input.
fn values<'a>(header: &Header<'a>) -> Vec<Value<'a>> {
    let args = header.pipeline.args.iter().enumerate();
    let values = args.filter_map(|(at, arg)| match arg {
        Argument::Value { attrs, pat, ty } => Some(Value {
            attrs,
            pat,
            name: value_name(pat, at),
            ty: header.owned(ty),
        }),
        Argument::Input { .. } | Argument::Broken { .. } => None,
    });
    values.collect()
}

/// A pattern other than a name is given one by its place.
fn value_name(pat: &Pat, at: usize) -> Ident {
    match pat {
        Pat::Ident(name) if name.subpat.is_none() => name.ident.clone(),
        _ => format_ident!("value_{at}"),
    }
}

fn lints() -> TokenStream {
    let lints = LINTS
        .iter()
        .map(|lint| -> TokenStream { lint.parse().unwrap_or_default() });
    quote!(#(#lints),*)
}

/// `where` clauses, and that all outlives what is borrowed.
fn clauses(header: &Header) -> TokenStream {
    let (generics, env) = (&header.pipeline.generics, &header.env);
    let bounds = generics.params.iter().filter_map(|param| match param {
        GenericParam::Lifetime(param) => Some(param.lifetime.to_token_stream()),
        GenericParam::Type(param) => Some(param.ident.to_token_stream()),
        GenericParam::Const(_) => None,
    });
    let clauses = generics
        .where_clause
        .iter()
        .flat_map(|clause| clause.predicates.iter());
    quote!(#(#clauses,)* #(#bounds: #env,)*)
}

/// `impl Body<…>`
fn body_type(header: &Header, outputs: &[Field]) -> TokenStream {
    let papy = papy();
    let (name, env, entries) = (&header.pipeline.name, &header.env, header.entries());
    let ports = nest(outputs.iter().map(|(_, ty)| quote!(#papy::Port<#ty>)));
    // The keyword's edition is the macro's, so that the type captures every parameter in every crate.
    quote_spanned!(at(name.span())=> impl #papy::Body<#env, Inputs = #entries, Ports = #ports>)
}

/// The type of the pipeline's name.
fn type_of_values(header: &Header, values: &[Value], contents: &Contents) -> TokenStream {
    let papy = papy();
    let (vis, name) = (&header.pipeline.vis, &header.pipeline.name);
    let (env, params) = (&header.env, header.pipeline.generics.params.iter());
    let cfg: Vec<_> = header.shared_attrs().collect();
    let fields: Vec<&Ident> = values.iter().map(|value| &value.name).collect();
    let types: Vec<&Type> = values.iter().map(|value| &value.ty).collect();
    let kinds: Vec<Ident> = (0..values.len())
        .map(|at| format_ident!("Value{at}", span = Span::mixed_site()))
        .collect();
    let units = kinds.iter().map(|_| quote!(()));
    let (declared, nothing, given) = if kinds.is_empty() {
        Default::default()
    } else {
        (
            quote!(<#(#kinds = ()),*>),
            quote!(<#(#units),*>),
            quote!(<#(#types),*>),
        )
    };
    let Contents {
        outputs,
        graph,
        constants,
        body,
    } = contents;
    let (clauses, body_type, lints) = (clauses(header), body_type(header, outputs), lints());
    let (this, streams) = (internal("values"), internal("inputs"));
    let unpacked = values.iter().map(|value| {
        let Value {
            attrs,
            pat,
            name,
            ty,
        } = value;
        match ty {
            Type::ImplTrait(_) => quote!(let #pat = #this.#name;),
            _ => quote!(#(#attrs)* let #pat: #ty = #this.#name;),
        }
    });
    let fn_token = quote_spanned!(name.span()=> fn);
    let entries = header.entries();
    let about = format!(
        "The graph of the pipeline [`{0}`](fn@{0}), and its values, for pipelines in which it is a node.",
        plain(name)
    );
    quote! {
        #(#cfg)*
        #[doc = #about]
        #[allow(non_camel_case_types, dead_code, clippy::all, clippy::pedantic)]
        #vis struct #name #declared {
            #(#[doc(hidden)] #vis #fields: #kinds,)*
            #[doc(hidden)]
            #vis __papy: ::core::marker::PhantomData<()>,
        }

        #(#cfg)*
        #[automatically_derived]
        #[allow(dead_code, #lints)]
        impl #name #nothing {
            /// The graph, as data: print it, or ask it.
            #vis const GRAPH: &'static #papy::Graph = #graph;
            #constants

            #[doc(hidden)]
            #vis #fn_token pipeline<#env, #(#params),*>(
                #this: #name #given,
                #streams: impl #papy::Fits<#entries>,
            ) -> #body_type
            where
                #clauses
            {
                let _ = #streams;
                #(#unpacked)*
                #body
            }
        }

        #(#cfg)*
        #[automatically_derived]
        impl #papy::Piped for #name #nothing {
            const GRAPH: &'static #papy::Graph = Self::GRAPH;
            const INTERFACE: &'static #papy::Interface = Self::INTERFACE;
        }
    }
}

/// The function that the header describes.
fn function(header: &Header, values: &[Value], contents: &Contents) -> TokenStream {
    let papy = papy();
    let pipeline = header.pipeline;
    let (attrs, vis, name) = (&pipeline.attrs, &pipeline.vis, &pipeline.name);
    let (env, run, arguments) = (&header.env, &header.run, header.arguments());
    let params = pipeline.generics.params.iter();
    let args = pipeline
        .args
        .iter()
        .enumerate()
        .map(|(at, arg)| argument(header, arg, at));
    let fields = values.iter().map(|value| &value.name);
    let types = contents.outputs.iter().map(|(_, ty)| ty);
    let inputs = header.inputs();
    let feeds = nest(
        inputs
            .iter()
            .map(|ty| quote_spanned!(at(name.span())=> impl #papy::Feed<Item = #ty> + #env)),
    );
    let given = nest(pipeline.args.iter().filter_map(|arg| match arg {
        Argument::Input { name, ty } => {
            let ty = header.owned(ty);
            Some(quote_spanned!(at(name.span())=> #papy::input::<#ty, _>(#name)))
        }
        Argument::Value { .. } | Argument::Broken { .. } => None,
    }));
    let entering = nest(inputs.iter().map(|ty| quote!(#papy::port::<#ty>())));
    let chosen = chosen(header);
    let (clauses, body_type, lints) = (
        clauses(header),
        body_type(header, contents.outputs),
        lints(),
    );
    let fn_token = quote_spanned!(name.span()=> fn);
    quote! {
        #(#attrs)*
        #[allow(#lints)]
        #vis #fn_token #name<#env, #(#params),*>(#(#args),*)
            -> #papy::Pipeline<#env, #run #arguments, #papy::Plan<(#(#types,)*), #feeds, #body_type>>
        where
            #clauses
        {
            #papy::pipeline(
                #given,
                #name::pipeline #chosen(
                    #name { #(#fields,)* __papy: ::core::marker::PhantomData },
                    #entering,
                ),
            )
        }
    }
}

/// `::<T, N>`: what no argument may tell, since it is mentioned in the body alone.
fn chosen(header: &Header) -> Option<TokenStream> {
    let params = &header.pipeline.generics.params;
    let names = params.iter().filter_map(|param| match param {
        GenericParam::Lifetime(_) => None,
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
    });
    let names: Vec<&Ident> = names.collect();
    (!names.is_empty()).then(|| quote!(::<#(#names),*>))
}

fn argument(header: &Header, arg: &Argument, place: usize) -> TokenStream {
    let papy = papy();
    match arg {
        Argument::Input { name, ty } => {
            let (ty, env) = (header.owned(ty), &header.env);
            let source = quote_spanned!(at(name.span())=> impl #papy::Source<#ty, Feed: #env>);
            quote!(#name: #source)
        }
        Argument::Value { attrs, pat, ty } => {
            let (name, ty) = (value_name(pat, place), header.owned(ty));
            quote!(#(#attrs)* #name: #ty)
        }
        Argument::Broken { pat, ty } => {
            let ty = ty.as_ref().map_or_else(
                || quote!(impl ::core::marker::Sized),
                |ty| header.owned(ty).to_token_stream(),
            );
            let name = match pat {
                Pat::Ident(name) => name.ident.to_token_stream(),
                _ => quote!(_),
            };
            quote!(#[allow(unused_variables)] #name: #ty)
        }
    }
}

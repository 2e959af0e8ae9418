//! The regions and how they are wired: the function's last lines.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::Plan;
use super::builds::{self, Builds};
use super::kernel;
use super::span::{at, flat, internal, internal_at, nest, papy, papy_at};
use crate::graph::{Mode, Origin, PoolClass, StreamId};
use crate::lower::Work;
use crate::partition::{Consumer, Out, Region};

pub fn regions(plan: &Plan, builds: &Builds) -> TokenStream {
    let papy = papy();
    let header = super::Header::new(plan.pipeline);
    let inputs: Vec<TokenStream> = plan
        .code
        .inputs
        .iter()
        .enumerate()
        .map(|(at, input)| {
            let (port, ty) = (input_port(at), header.owned(&input.ty));
            quote!(let #port = #papy::port::<#ty>();)
        })
        .collect();
    let regions = (0..plan.partition.regions.len()).map(|region| one(plan, builds, region));
    let feeds = nest(plan.code.inputs.iter().map(|input| {
        let (name, ty) = (&input.name, header.owned(&input.ty));
        quote_spanned!(at(name.span())=> #papy::input::<#ty, _>(#name))
    }));
    let declared = nest(
        plan.pipeline
            .outputs
            .iter()
            .map(|ty| quote!(#papy::port::<#ty>())),
    );
    let fused = if alone(plan) {
        let region = region_name(0);
        quote!(#papy::alone(&#region))
    } else {
        quote!(#papy::apart())
    };
    let (spec, net) = (internal("SPEC"), internal("net"));
    let entered = nest((0..plan.code.inputs.len()).map(|at| {
        let port = input_port(at);
        quote!(#port)
    }));
    let wires = (0..plan.partition.regions.len()).map(|region| wire(plan, region));
    let left = nest((0..plan.graph.outputs.len()).map(|output| {
        let name = out_name(
            plan,
            Consumer::Output(output),
            plan.graph.outputs[output].from,
        );
        quote!(#name)
    }));
    // What is wrong with the whole, as an output that cannot be sent, is said at its name.
    let name = at(plan.pipeline.name.span());
    let body = quote_spanned!(name=> move |#net, #entered| {
        #(#wires)*
        #left
    });
    let pipeline = quote_spanned!(name=> ::papy::__private::pipeline(&#spec, #feeds, #declared, #fused, #body));
    quote! {
        #(#inputs)*
        #(#regions)*
        #pipeline
    }
}

/// Whether the pipeline is one region that may be evaluated in place, as a loop.
fn alone(plan: &Plan) -> bool {
    let [region] = plan.partition.regions.as_slice() else {
        return false;
    };
    let free = plan
        .graph
        .nodes
        .iter()
        .all(|node| !node.unordered && !node.strided);
    plan.graph.inputs.len() == 1
        && free
        && region.mode == Some(Mode::Parallel)
        && region.pool == PoolClass::Default
}

fn one(plan: &Plan, builds: &Builds, id: usize) -> TokenStream {
    let region = &plan.partition.regions[id];
    let user = user_span(plan, region);
    let papy = papy_at(user);
    let (name, spec, bench, kernel) = (
        region_name(id),
        region_spec(plan, builds, id),
        bench(plan, region),
        kernel::kernel(plan, id),
    );
    let ins = nest(region.ins.iter().map(|&stream| in_port(plan, id, stream)));
    let outs = nest(region.outs.iter().map(|out| {
        let out = out_name(plan, out.to, out.stream);
        quote!(#out)
    }));
    let captures = builds.captures[id].iter().map(|value| {
        let own = builds::capture(id, value);
        quote!(#[allow(unused_variables)] let #value = #own;)
    });
    quote_spanned! {at(user)=>
        let (#name, #outs) = #papy::region(#spec, #ins, #bench, { #(#captures)* #kernel });
    }
}

fn region_spec(plan: &Plan, builds: &Builds, id: usize) -> TokenStream {
    let papy = papy();
    let region = &plan.partition.regions[id];
    let part = region.part;
    let fed = kernel::fed(plan, region);
    let feeds = (!fed.is_empty()).then(|| quote!(.feeds(&[#(#fed),*])));
    let Some(mode) = region.mode else {
        return quote!(#papy::RegionSpec::entry(#part)#feeds);
    };
    let nodes = &region.nodes;
    let mut spec = quote!(#papy::RegionSpec::new(#part, &[#(#nodes),*])#feeds);
    if let Some(pool) = &builds.pools[id] {
        spec = quote_spanned!(pool.span()=> #spec.on(&#pool));
    }
    match mode {
        Mode::Parallel => {}
        Mode::Serial | Mode::Fold => spec = quote!(#spec.serial()),
        Mode::Spawn => {
            let limits = nodes.iter().map(|&node| builds::limit(node));
            spec = quote!(#spec #(.spawn(#limits))*);
        }
    }
    let mut strides = builds.strides[id].iter();
    if let Some(first) = strides.next() {
        let least = strides.fold(
            quote!(#first),
            |least, next| quote!(::core::cmp::min(#least, #next)),
        );
        spec = quote!(#spec.stride(#least));
    }
    spec
}

/// What evaluations of a region find for themselves: locals, and in a serial one the state.
fn bench(plan: &Plan, region: &Region) -> TokenStream {
    let papy = papy();
    let workers: Vec<(usize, Ident)> = region
        .nodes
        .iter()
        .filter(|&&node| matches!(plan.code.nodes[node].work, Work::Worker { .. }))
        .map(|&node| (node, builds::worker(node)))
        .collect();
    match region.mode {
        Some(mode @ (Mode::Serial | Mode::Fold)) => {
            let locals = flat(
                workers
                    .iter()
                    .map(|(_, worker)| quote!(#papy::Scratch::local(&#worker))),
            );
            let state = match workers.first() {
                Some((node, _)) => {
                    let state = builds::state(*node);
                    quote!(#state)
                }
                None => quote!(()),
            };
            let state = if mode == Mode::Fold {
                quote!(::core::option::Option::Some(#state))
            } else {
                state
            };
            quote!(#papy::state((#state, #locals)))
        }
        _ => {
            let names = workers.iter().map(|(_, worker)| worker);
            let locals = flat(
                workers
                    .iter()
                    .map(|(_, worker)| quote!(#papy::Scratch::local(&*#worker))),
            );
            quote! {
                #papy::scratch({
                    #(let #names = ::std::sync::Arc::clone(&#names);)*
                    move || #locals
                })
            }
        }
    }
}

fn wire(plan: &Plan, id: usize) -> TokenStream {
    let region = &plan.partition.regions[id];
    let name = region_name_at(id, user_span(plan, region));
    let ins = nest(region.ins.iter().map(|&stream| in_port(plan, id, stream)));
    let outs = nest(region.outs.iter().map(|out| {
        let out = out_name(plan, out.to, out.stream);
        quote!(#out)
    }));
    let user = user_span(plan, region);
    let net = internal_at("net", user);
    quote_spanned!(at(user)=> let #outs = #net.add(&#name, #ins);)
}

/// Where errors about a region as a whole land: at its first node.
fn user_span(plan: &Plan, region: &Region) -> Span {
    region
        .nodes
        .first()
        .map_or_else(Span::mixed_site, |&node| plan.code.nodes[node].place.span())
}

fn region_name(id: usize) -> Ident {
    region_name_at(id, Span::mixed_site())
}

fn region_name_at(id: usize, user: Span) -> Ident {
    internal_at(&format!("region_{id}"), user)
}

fn input_port(input: usize) -> Ident {
    internal(&format!("input_{input}"))
}

/// The variable of a stream on its way from one region to where it is taken.
fn out_name(plan: &Plan, to: Consumer, stream: StreamId) -> Ident {
    debug_assert!(
        plan.partition
            .regions
            .iter()
            .any(|region| region.outs.contains(&Out { stream, to }))
    );
    match to {
        Consumer::Output(output) => internal(&format!("output_{output}")),
        Consumer::Region(region) => internal(&format!("stream_{stream}_to_{region}")),
    }
}

/// Where a region takes a stream from.
fn in_port(plan: &Plan, id: usize, stream: StreamId) -> TokenStream {
    let to = Consumer::Region(id);
    let from_region = plan
        .partition
        .regions
        .iter()
        .any(|region| region.outs.contains(&Out { stream, to }));
    let name = match plan.graph.streams[stream].origin {
        Origin::Input(input) if !from_region => input_port(input),
        _ => out_name(plan, to, stream),
    };
    quote!(#name)
}

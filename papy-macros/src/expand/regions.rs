//! The regions and how they are wired: the function's last lines.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Path;

use super::Plan;
use super::builds::{self, Builds};
use super::in_place::Way;
use super::kernel;
use super::span::{at, flat, internal, internal_at, nest, papy, papy_at};
use crate::diagnostics::Place;
use crate::graph::{Kind, Mode, NodeId, Origin, PoolClass, Shape, StreamId};
use crate::lower::{Work, without_arguments};
use crate::partition::{Consumer, Out, Region, Unit};

pub fn regions(plan: &Plan, builds: &Builds) -> TokenStream {
    let papy = papy();
    let header = super::Header::new(plan.pipeline);
    let regions = plan.partition.order.iter().map(|unit| match *unit {
        Unit::Region(region) => one(plan, builds, region),
        Unit::Outside(node) => outside(plan, node),
    });
    let declared = nest(
        plan.pipeline
            .outputs
            .iter()
            .map(|ty| quote!(#papy::port::<#ty>())),
    );
    let way = Way::of(plan);
    let (seed, fused) = (way.seed(plan), way.evaluation(plan));
    let net = internal("net");
    let entering = nest(plan.code.inputs.iter().map(|input| {
        let ty = header.owned(&input.ty);
        quote!(#papy::port::<#ty>())
    }));
    let pipeline_name = &plan.pipeline.name;
    let entered = nest((0..plan.code.inputs.len()).map(|at| {
        let port = input_port(at);
        quote!(#port)
    }));
    let wires = plan.partition.order.iter().map(|unit| match *unit {
        Unit::Region(region) => wire(plan, region),
        Unit::Outside(node) => wire_outside(plan, builds, &way, node),
    });
    let left = outputs(plan);
    // What is wrong with the whole, as an output that cannot be sent, is said at its name.
    let name = at(plan.pipeline.name.span());
    let body = quote_spanned!(name=> move |#net, #entered| {
        #(#wires)*
        #left
    });
    let pipeline = quote_spanned!(name=> ::papy::__private::blueprint(#pipeline_name::GRAPH, #entered, #declared, #fused, #body));
    quote! {
        let #entered = #entering;
        #(#regions)*
        #seed
        #pipeline
    }
}

/// Whether what enters a region may be out of phase: as a node of a host it may be given such streams, too.
pub(super) fn joins_roots(plan: &Plan, region: &Region) -> bool {
    let root = |&(stream, _): &(StreamId, u64)| plan.facts.track(stream).map(|track| track.root);
    let several = region
        .ins
        .windows(2)
        .any(|pair| root(&pair[0]) != root(&pair[1]));
    region.aligned || several
}

/// What leaves the pipeline.
pub(super) fn outputs(plan: &Plan) -> TokenStream {
    nest(plan.graph.outputs.iter().enumerate().map(|(output, from)| {
        let name = out_name(plan, Consumer::Output(output), from.from);
        quote!(#name)
    }))
}

/// What enters a region.
pub(super) fn entering(plan: &Plan, id: usize) -> TokenStream {
    let streams = plan.partition.regions[id].ins.iter();
    nest(streams.map(|&(stream, _)| in_port(plan, Consumer::Region(id), stream)))
}

/// What leaves a region.
pub(super) fn leaving(plan: &Plan, id: usize) -> TokenStream {
    nest(plan.partition.regions[id].outs.iter().map(|out| {
        let out = out_name(plan, out.to, out.stream);
        quote!(#out)
    }))
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
    let ins = nest(region.ins.iter().map(|&(stream, each)| {
        let port = in_port(plan, Consumer::Region(id), stream);
        if each == 1 {
            port
        } else {
            let each = each as usize;
            quote!(#papy::many::<_, #each>(#port))
        }
    }));
    let group = region.group(plan.graph, plan.facts);
    let outs = nest(region.outs.iter().map(|out| {
        let out = out_name(plan, out.to, out.stream);
        quote!(#out)
    }));
    let captures = builds.captures[id].iter().map(|value| {
        let own = builds::capture(id, value);
        quote!(#[allow(unused_variables)] let #value = #own;)
    });
    let made =
        quote_spanned!(at(user)=> #papy::region(#spec, #ins, #bench, { #(#captures)* #kernel }));
    match group {
        None => {
            let (owned, timed) = (owned(plan, builds, id), timed(plan, id));
            quote_spanned!(at(user)=> #owned let (#name, #outs) = #made; #timed)
        }
        Some(_) => {
            let group = internal_at("group", user);
            quote_spanned! {at(user)=>
                let (#name, (#group, ())) = #made;
                let #outs = (#papy::grouped(#group), ());
            }
        }
    }
}

/// The ports of what stands between regions.
fn outside(plan: &Plan, id: NodeId) -> TokenStream {
    let (node, code) = (&plan.graph.nodes[id], &plan.code.nodes[id]);
    let user = code.place.span();
    let papy = papy_at(user);
    let args: Vec<TokenStream> = node
        .args
        .iter()
        .enumerate()
        .map(|(arg, &stream)| {
            let place = code.args[arg].place.span();
            located(in_port(plan, Consumer::Outside(id, arg), stream), place)
        })
        .collect();
    let out = node.outs.first().map(|&stream| source_name(stream));
    match node.kind {
        Kind::Flat => quote_spanned!(at(user)=> let #out = #papy::flowing(#(#args),*);),
        Kind::Pipeline => {
            let (body, outs, given) = (called(id, user), sources(plan, id), given(id, user));
            let made = builds::made(id);
            let call = code.option.map_or(user, Place::span);
            let pipeline = Ident::new("pipeline", call);
            let Work::Worker { path, .. } = &code.work else {
                return TokenStream::new();
            };
            let (path, generics) = (without_arguments(path), arguments(path));
            let ports = list(args, user);
            let left = left(plan, id);
            quote_spanned! {at(user)=>
                let #given = #ports;
                let #body = #path::#pipeline #generics(#made, #given);
                let #outs = #papy::leaving::<_, #left>(&#body);
            }
        }
        _ => {
            let (names, alike) = merged(code, "port", user);
            let ports = nest(names.iter().map(|name| quote!(#name)));
            quote_spanned! {at(user)=> let #out = {
                #(let #names = #args;)*
                #alike
                #papy::merging(#ports)
            };}
        }
    }
}

/// Names for the streams that are merged, and what asks that they are alike.
fn merged(code: &crate::lower::NodeCode, what: &str, user: Span) -> (Vec<Ident>, TokenStream) {
    let names: Vec<Ident> = (0..code.args.len())
        .map(|at| internal_at(&format!("merged_{at}"), user))
        .collect();
    let places = code.args.iter().map(|taken| taken.place.span());
    let alike = kernel::alike(&names, places, what);
    (names, alike)
}

/// The links of what stands between regions.
fn wire_outside(plan: &Plan, builds: &Builds, way: &Way, id: NodeId) -> TokenStream {
    let (node, code) = (&plan.graph.nodes[id], &plan.code.nodes[id]);
    let user = code.place.span();
    let net = internal_at("net", user);
    let args: Vec<TokenStream> = node
        .args
        .iter()
        .enumerate()
        .map(|(arg, &stream)| {
            let place = code.args[arg].place.span();
            located(in_port(plan, Consumer::Outside(id, arg), stream), place)
        })
        .collect();
    let out = node.outs.first().map(|&stream| source_name(stream));
    match node.kind {
        Kind::Flat => {
            let owner = plan.number(node.owner);
            let region = plan.partition.region_of[node.owner];
            let pool = region.and_then(|region| builds.pools[region].clone());
            let papy = papy_at(user);
            let pool = match (pool, &node.pool) {
                (Some(pool), _) => quote!(&#pool),
                (None, PoolClass::Inline) => quote!(&#papy::Pool::inline()),
                (None, _) => quote!(&#papy::Pool::rayon()),
            };
            let (method, seed) = match way {
                Way::Flat(_) => (quote!(flat_behind), Some(internal("seed"))),
                _ => (quote!(flat), None),
            };
            quote_spanned!(at(user)=> let #out = #net.#method(#(#args),*, #owner, #pool, #seed);)
        }
        Kind::Pipeline => {
            let (body, outs, number) = (called(id, user), sources(plan, id), plan.number(id));
            let links = list(args, user);
            let (given, left) = (given(id, user), left(plan, id));
            quote_spanned!(at(user)=> let #outs = #net.call::<_, _, #left>(#number, #body, (#given, #outs), #links);)
        }
        _ => {
            let (names, alike) = merged(code, "link", user);
            let links = nest(names.iter().map(|name| quote!(#name)));
            quote_spanned! {at(user)=> let #out = {
                #(let #names = #args;)*
                #alike
                #net.merge(#links)
            };}
        }
    }
}

/// The variable of a region whose calls are timed.
fn timed_name(id: usize) -> Ident {
    internal(&format!("timed_{id}"))
}

/// Asks at the option that a timed node owns what it works on: the items whose types the header tells, its parameters, and
/// what its closure captures.
fn owned(plan: &Plan, builds: &Builds, id: usize) -> Option<TokenStream> {
    let region = &plan.partition.regions[id];
    let node = *kernel::own(plan, region).first()?;
    let (place, _) = plan.code.nodes[node].timeout.as_ref()?;
    let place = place.span();
    let papy = papy_at(place);
    let header = super::Header::new(plan.pipeline);
    let inputs = region.ins.iter().filter_map(|&(stream, _)| {
        let origin = plan.graph.streams[stream].origin;
        match origin {
            Origin::Input(input) => Some(header.owned(&plan.code.inputs[input].ty)),
            Origin::Node(_) => None,
        }
    });
    let outputs = region.outs.iter().filter_map(|out| match out.to {
        Consumer::Output(output) => plan.pipeline.outputs.get(output),
        _ => None,
    });
    let outputs = outputs.map(ToTokens::to_token_stream);
    let types = inputs.map(|ty| ty.to_token_stream()).chain(outputs);
    let values = builds.captures[id]
        .iter()
        .map(|value| builds::capture(id, value));
    let is_worker = matches!(plan.code.nodes[node].work, Work::Worker { .. });
    let values = values.chain(is_worker.then(|| builds::worker(node)));
    Some(quote_spanned! {at(place)=>
        #(#papy::owned::<#types>();)*
        #(#papy::owns(&#values);)*
    })
}

/// A region of one timed node, with its time. What it works on must be its own, which rustc asks at the option.
fn timed(plan: &Plan, id: usize) -> Option<TokenStream> {
    let node = *kernel::own(plan, &plan.partition.regions[id]).first()?;
    let code = &plan.code.nodes[node];
    let (place, _) = code.timeout.as_ref()?;
    let (timed, limit) = (timed_name(id), builds::limit_in_time(node));
    let made = match &code.retry {
        None => {
            let place = place.span();
            let (papy, region) = (papy_at(place), region_name_at(id, place));
            quote_spanned!(at(place)=> #papy::timed(&#region, #limit))
        }
        Some((place, _)) => {
            let place = place.span();
            let (papy, region) = (papy_at(place), region_name_at(id, place));
            let retries = builds::retries(node);
            quote_spanned!(at(place)=> #papy::timed_again(&#region, #limit, #retries))
        }
    };
    Some(quote!(let #timed = #made;))
}

fn region_spec(plan: &Plan, builds: &Builds, id: usize) -> TokenStream {
    let papy = papy();
    let region = &plan.partition.regions[id];
    let fed = kernel::fed(plan, region);
    let fed = fed.iter().map(|&node| plan.number(node));
    let feeds = (fed.len() > 0).then(|| quote!(.feeds(&[#(#fed),*])));
    let leaving = region.outs.iter().map(|out| {
        let made = plan.facts.track(out.stream).is_some_and(|track| track.made);
        let (whole, _) = way(plan, region, out.stream, false);
        let (order, unordered) = way(plan, region, out.stream, true);
        let flags = u8::from(made) * HOLES + u8::from(unordered) * UNORDERED;
        quote!((#flags, #whole, #order))
    });
    let outs = (!region.outs.is_empty()).then(|| quote!(.outs(&[#(#leaving),*])));
    let sink = |&node: &NodeId| plan.graph.nodes[node].shape == Shape::Sink;
    let sinks = region.nodes.iter().any(sink).then(|| quote!(.sinks()));
    let Some(mode) = region.mode else {
        let group = region.group(plan.graph, plan.facts);
        let serial = group.map(|_| quote!(.serial()));
        return quote!(#papy::RegionSpec::passing()#feeds #outs #serial);
    };
    let nodes: Vec<usize> = kernel::own(plan, region)
        .into_iter()
        .map(|node| plan.number(node))
        .collect();
    let mut spec = quote!(#papy::RegionSpec::new(&[#(#nodes),*])#feeds #outs #sinks);
    if let Some(pool) = &builds.pools[id] {
        spec = quote_spanned!(pool.span()=> #spec.on(&#pool));
    }
    match mode {
        Mode::Parallel => {}
        Mode::Serial => spec = quote!(#spec.serial()),
        Mode::Fold => spec = quote!(#spec.fold()),
        Mode::Spawn | Mode::Timed => {
            let limited = |node: &NodeId| plan.code.nodes[*node].spawn.is_some();
            let own = kernel::own(plan, region).into_iter().filter(limited);
            let limits = own.map(builds::limit);
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

/// A stream in which the region may make holes; see the runtime's `RegionSpec`.
const HOLES: u8 = 1;
/// A stream whose slots may leave in any order.
const UNORDERED: u8 = 2;

/// The streams that enter a region, as bits, from which a stream that leaves it comes, and whether an `.unordered()` lies on
/// the way. Where it is about `order`, the way ends at what restores it.
fn way(plan: &Plan, region: &Region, stream: StreamId, order: bool) -> (u64, bool) {
    let (mut bits, mut unordered) = (0, false);
    let (mut trail, mut seen) = (vec![stream], BTreeSet::new());
    while let Some(stream) = trail.pop() {
        if !seen.insert(stream) {
            continue;
        }
        if let Some(at) = region.ins.iter().position(|(known, _)| *known == stream) {
            let bit = u32::try_from(at).ok().and_then(|at| 1_u64.checked_shl(at));
            bits |= bit.unwrap_or(0);
        } else if let Some(node) = plan.graph.producer(stream) {
            let node = &plan.graph.nodes[node];
            let restores = node.ordered || matches!(node.mode, Mode::Serial | Mode::Fold);
            if order && restores {
                continue;
            }
            unordered |= node.unordered;
            trail.extend(&node.args);
        }
    }
    (bits, unordered)
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
    let user = user_span(plan, region);
    let name = region_name_at(id, user);
    let (ins, outs) = (entering(plan, id), leaving(plan, id));
    let net = internal_at("net", user);
    if let Some((node, size)) = region.group(plan.graph, plan.facts) {
        let arg = plan.graph.nodes[node].args.first();
        let anew = arg
            .and_then(|&arg| plan.facts.track(arg))
            .is_some_and(|track| track.holes);
        return quote_spanned!(at(user)=> let #outs = #net.group(&#name, #ins, #size, #anew););
    }
    let joins = joins_roots(plan, region);
    if region.mode == Some(Mode::Timed) {
        let add = if joins { "timed_join" } else { "timed" };
        let (add, timed) = (Ident::new(add, at(user)), timed_name(id));
        return quote_spanned!(at(user)=> let #outs = #net.#add(#timed, #ins););
    }
    if joins {
        return quote_spanned!(at(user)=> let #outs = #net.join(&#name, #ins););
    }
    quote_spanned!(at(user)=> let #outs = #net.add(&#name, #ins);)
}

/// Where errors about a region as a whole land: at its first node.
fn user_span(plan: &Plan, region: &Region) -> Span {
    region
        .nodes
        .first()
        .map_or_else(Span::mixed_site, |&node| plan.code.nodes[node].place.span())
}

pub(super) fn region_name(id: usize) -> Ident {
    region_name_at(id, Span::mixed_site())
}

fn region_name_at(id: usize, user: Span) -> Ident {
    internal_at(&format!("region_{id}"), user)
}

pub(super) fn input_port(input: usize) -> Ident {
    internal(&format!("input_{input}"))
}

/// The variable of a pipeline that is a node.
fn called(node: NodeId, user: Span) -> Ident {
    internal_at(&format!("pipeline_{node}"), user)
}

/// The type of its outputs, as far as the text tells.
fn left(plan: &Plan, node: NodeId) -> TokenStream {
    let user = plan.code.nodes[node].place.span();
    let papy = papy_at(user);
    let outs = plan.graph.nodes[node].outs.iter();
    let port = |_| quote_spanned!(at(user)=> #papy::Port<_>);
    list(outs.map(port).collect(), user)
}

/// The variable of the streams that a pipeline is given that is a node.
fn given(node: NodeId, user: Span) -> Ident {
    internal_at(&format!("given_{node}"), user)
}

/// Tokens of generated code, where errors are to land at the user's.
fn located(tokens: TokenStream, user: Span) -> TokenStream {
    let located = |mut token: proc_macro2::TokenTree| {
        token.set_span(at(user));
        token
    };
    tokens.into_iter().map(located).collect()
}

/// A list, where errors about it are to land at the user's token.
fn list(parts: Vec<TokenStream>, user: Span) -> TokenStream {
    parts.into_iter().rev().fold(
        quote_spanned!(at(user)=> ()),
        |rest, part| quote_spanned!(at(user)=> (#part, #rest)),
    )
}

/// The variables of what comes out of a pipeline that is a node.
fn sources(plan: &Plan, node: NodeId) -> TokenStream {
    let user = plan.code.nodes[node].place.span();
    let outs = plan.graph.nodes[node].outs.iter();
    let names = outs.map(|&stream| {
        let name = source_name(stream);
        located(quote!(#name), user)
    });
    list(names.collect(), user)
}

/// The turbofish of a path, where it has one.
fn arguments(path: &Path) -> TokenStream {
    let last = path.segments.last();
    last.map_or_else(TokenStream::new, |last| last.arguments.to_token_stream())
}

/// The variable of a stream that comes from what stands between regions.
pub(super) fn source_name(stream: StreamId) -> Ident {
    internal(&format!("source_{stream}"))
}

/// The variable of a stream on its way from one region to where it is taken.
fn out_name(plan: &Plan, to: Consumer, stream: StreamId) -> Ident {
    debug_assert!(plan.partition.home(stream).is_some_and(|home| {
        plan.partition.regions[home]
            .outs
            .contains(&Out { stream, to })
    }));
    match to {
        Consumer::Output(output) => internal(&format!("output_{output}")),
        Consumer::Region(region) => internal(&format!("stream_{stream}_to_{region}")),
        Consumer::Outside(node, arg) => internal(&format!("stream_{stream}_to_{node}_{arg}")),
    }
}

/// Where a stream is taken from.
pub(super) fn in_port(plan: &Plan, to: Consumer, stream: StreamId) -> TokenStream {
    let home = plan.partition.home(stream);
    let passes = |home: usize| to == Consumer::Region(home);
    let name = match plan.graph.streams[stream].origin {
        Origin::Input(input) if home.is_none_or(passes) => input_port(input),
        Origin::Node(_) if home.is_none_or(passes) => source_name(stream),
        _ => out_name(plan, to, stream),
    };
    quote!(#name)
}

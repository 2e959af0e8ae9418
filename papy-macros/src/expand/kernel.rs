//! A region's kernel: one closure, in which nodes are plain calls and streams are local variables.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{ExprClosure, Member, Pat};

use super::Plan;
use super::builds;
use super::span::{at, flat, hidden, internal, internal_at, nest, papy_at};
use crate::diagnostics::Place;
use crate::graph::{Mode, NodeId, Origin, Shape, StreamId};
use crate::lower::{NodeCode, Taken, Work};
use crate::partition::{Consumer, Region};

pub fn kernel(plan: &Plan, id: usize) -> TokenStream {
    let region = &plan.partition.regions[id];
    let mut writer = Writer {
        plan,
        region,
        left: BTreeMap::new(),
        lines: Vec::new(),
        forks: BTreeMap::new(),
        copies: 0,
    };
    writer.count_uses();
    for &stream in &region.ins {
        if matches!(plan.graph.streams[stream].origin, Origin::Input(_)) {
            writer.annotate(stream);
        }
        if !writer.left.contains_key(&stream) {
            let name = writer.variable(stream, Span::mixed_site());
            writer.lines.push(quote!(let _ = #name;));
        }
    }
    for (local, &node) in region.nodes.iter().enumerate() {
        writer.node(local, node);
    }
    let outs: Vec<TokenStream> = region
        .outs
        .iter()
        .map(|out| writer.out(out.stream, out.to))
        .collect();
    let outs = nest(outs.into_iter());
    let ins = nest(region.ins.iter().map(|&stream| {
        let name = writer.variable(stream, plan.code.streams[stream].place.span());
        quote!(#name)
    }));
    let locals = flat(
        region
            .nodes
            .iter()
            .filter(|&&node| is_worker(&plan.code.nodes[node]))
            .map(|&node| {
                let local = local_name(node);
                quote!(#local)
            }),
    );
    let scratch = match region.mode {
        Some(Mode::Serial | Mode::Fold) => {
            let state = state_name(region);
            quote!((#state, #locals))
        }
        _ => locals,
    };
    let user = region
        .nodes
        .first()
        .map_or_else(Span::mixed_site, |&node| plan.code.nodes[node].place.span());
    let cx = internal("cx");
    let lines = &writer.lines;
    quote_spanned! {at(user)=>
        move |#cx, #scratch, #ins| {
            #(#lines)*
            #outs
        }
    }
}

fn is_worker(code: &NodeCode) -> bool {
    matches!(code.work, Work::Worker { .. })
}

fn local_name(node: NodeId) -> Ident {
    internal(&format!("local_{node}"))
}

/// The variable of a serial region's state; a closure has none.
fn state_name(region: &Region) -> Ident {
    internal(&format!(
        "kept_{}",
        region.nodes.first().copied().unwrap_or_default()
    ))
}

/// The first node of each region that this one feeds.
pub fn fed(plan: &Plan, region: &Region) -> Vec<NodeId> {
    let mut fed = Vec::new();
    for out in &region.outs {
        if let Consumer::Region(id) = out.to
            && let Some(&node) = plan.partition.regions[id].nodes.first()
            && !fed.contains(&node)
        {
            fed.push(node);
        }
    }
    fed
}

struct Writer<'a> {
    plan: &'a Plan<'a>,
    region: &'a Region,
    /// How often each stream is still to be used in this region.
    left: BTreeMap<StreamId, usize>,
    lines: Vec<TokenStream>,
    /// What copies a stream, or a part of its items.
    forks: BTreeMap<(StreamId, Vec<String>), Ident>,
    copies: usize,
}

impl Writer<'_> {
    fn count_uses(&mut self) {
        let args = self
            .region
            .nodes
            .iter()
            .flat_map(|&node| &self.plan.graph.nodes[node].args);
        for &stream in args.chain(self.region.outs.iter().map(|out| &out.stream)) {
            *self.left.entry(stream).or_default() += 1;
        }
    }

    fn variable(&self, stream: StreamId, user: Span) -> Ident {
        match &self.plan.code.streams[stream].name {
            Some(name) => hidden(name, user),
            None => internal_at(&format!("stream_{stream}"), user),
        }
    }

    /// A use of a stream: the last moves it, the others copy. `node` is blamed for a `Clone` that panics.
    fn take(&mut self, stream: StreamId, taken: &Taken, node: usize) -> TokenStream {
        let user = taken.place.span();
        let (name, cx) = (self.variable(stream, user), internal("cx"));
        let left = self.left.entry(stream).or_insert(1);
        *left = left.saturating_sub(1);
        let fields = &taken.fields;
        let value = internal("value");
        let last = *left == 0;
        if last && fields.is_empty() {
            return quote!(#name);
        }
        let copy = internal_at(&format!("copy_{}", self.copies), user);
        self.copies += 1;
        let fork = if last {
            TokenStream::new()
        } else {
            self.fork(stream, fields)
        };
        self.lines.push(match fields.as_slice() {
            [] => quote_spanned!(at(user)=> let #copy = #name.copy_part(#cx, #node, #fork);),
            fields if last => {
                quote_spanned!(at(user)=> let #copy = #name.part(#cx, #node, |#value| #value #(.#fields)*);)
            }
            fields => {
                quote_spanned!(at(user)=> let #copy = #name.copy_part(#cx, #node, |#value| #fork(&#value #(.#fields)*));)
            }
        });
        quote!(#copy)
    }

    /// What copies a stream's items, or a part of them: once for each, so that rustc asks for `Clone` once.
    fn fork(&mut self, stream: StreamId, fields: &[Member]) -> TokenStream {
        let key = (
            stream,
            fields
                .iter()
                .map(|field| quote!(#field).to_string())
                .collect(),
        );
        if let Some(known) = self.forks.get(&key) {
            return quote!(#known);
        }
        let (second, uses) = self.uses_of(stream);
        let papy = papy_at(second);
        let called = &self.plan.graph.streams[stream].name;
        let called = match &self.plan.code.streams[stream].name {
            Some(name) => name.clone(),
            None => {
                let node = called.split('#').next().unwrap_or_default();
                syn::parse_str(node).unwrap_or_else(|_| internal("stream"))
            }
        };
        let mut called = called;
        called.set_span(at(second));
        let fork = internal_at(&format!("fork_{}", self.forks.len()), second);
        // The name is a type only for what rustc says of it.
        self.lines.push(quote_spanned! {at(second)=>
            let #fork = { #[allow(dead_code, non_camel_case_types)] enum #called {} #papy::fork::<_, #called, #uses>() };
        });
        self.forks.insert(key, fork.clone());
        quote!(#fork)
    }

    /// Where a stream is used for the second time, and how many uses it has.
    fn uses_of(&self, stream: StreamId) -> (Span, usize) {
        let (graph, code) = (&self.plan.graph, &self.plan.code);
        let nodes = graph.nodes.iter().zip(&code.nodes);
        let args = nodes.flat_map(|(node, code)| node.args.iter().zip(&code.args));
        let outputs = graph.outputs.iter().zip(&code.outputs);
        let outputs = outputs.map(|(output, code)| (&output.from, &code.taken));
        let mut places: Vec<Place> = args
            .chain(outputs)
            .filter(|&(&used, _)| used == stream)
            .map(|(_, taken)| taken.place)
            .collect();
        places.sort_by_key(|place| {
            let start = place.span().start();
            (start.line, start.column)
        });
        let second = places.get(1).or(places.first());
        let second = second.map_or_else(Span::mixed_site, |place| place.span());
        (second, places.len())
    }

    fn node(&mut self, local: usize, id: NodeId) {
        let (node, code) = (&self.plan.graph.nodes[id], &self.plan.code.nodes[id]);
        let user = code.place.span();
        let cx = internal_at("cx", user);
        let args: Vec<TokenStream> = node
            .args
            .iter()
            .zip(&code.args)
            .map(|(&stream, taken)| {
                let arg = self.take(stream, taken, local);
                if node.catch {
                    quote!(#arg.caught())
                } else {
                    arg
                }
            })
            .collect();
        let joined = join(&args, local, user);
        let mut called = match &code.work {
            Work::Worker { .. } => {
                let (worker, own) = (builds::worker_at(id, user), local_name(id));
                match node.mode {
                    Mode::Fold => {
                        let (state, tail) = (state_name(self.region), self.plan.facts.depth[id]);
                        let fold = Ident::new("fold", at(user));
                        quote_spanned!(at(user)=> #joined.#fold(#cx, #local, #tail, &#worker, #state, #own))
                    }
                    Mode::Serial => {
                        let state = state_name(self.region);
                        quote_spanned!(at(user)=> #joined.then_with(#cx, #local, &#worker, #state, #own))
                    }
                    _ => quote_spanned!(at(user)=> #joined.then(#cx, #local, &*#worker, #own)),
                }
            }
            Work::Closure { closure, .. } => {
                let closure = over_tuple(closure);
                if node.fallible {
                    let option = code.fallible.map_or(user, Place::span);
                    let call = Ident::new("call_fallible", at(option));
                    quote_spanned!(at(user)=> #joined.#call(#cx, #local, #closure))
                } else {
                    quote_spanned!(at(user)=> #joined.call(#cx, #local, #closure))
                }
            }
        };
        if node.filter {
            let option = code.filter.map_or(user, Place::span);
            // All of the check lies at the option, so that rustc says it once.
            let (papy, cx, whole) = (
                papy_at(option),
                internal_at("cx", option),
                internal_at("whole", option),
            );
            self.lines.push(quote!(let #whole = #called;));
            called = quote_spanned!(at(option)=> #papy::filtered(#whole, #cx, #local));
        }
        match &node.shape {
            Shape::Stream(stream) => {
                let name = if self.left.contains_key(stream) {
                    let name = self.variable(*stream, self.plan.code.streams[*stream].place.span());
                    quote!(#name)
                } else {
                    quote!(_)
                };
                self.lines.push(quote!(let #name = #called;));
                self.annotate(*stream);
            }
            Shape::Sink => {
                let papy = papy_at(user);
                self.lines
                    .push(quote_spanned!(at(user)=> #papy::sink(#called);));
            }
            shape @ Shape::Parts(_) => {
                let pattern_at = code.split.map_or(user, Place::span);
                self.split(shape, pattern_at, user, &called);
            }
            Shape::Pending | Shape::Dropped => {
                let papy = papy_at(user);
                self.lines
                    .push(quote_spanned!(at(user)=> #papy::unwanted(#called);));
            }
        }
    }

    /// Takes a result apart. Parts that nobody takes are dropped under a guard.
    fn split(&mut self, shape: &Shape, pattern_at: Span, user: Span, called: &TokenStream) {
        let (mut pattern, mut streams, mut leaves) = (TokenStream::new(), Vec::new(), 0);
        parts(shape, pattern_at, &mut pattern, &mut leaves, &mut streams);
        let list = nest((0..leaves).map(|at| {
            let leaf = internal(&format!("part_{at}"));
            quote!(#leaf)
        }));
        let mut unwanted = Vec::new();
        let names = nest(streams.iter().map(|stream| match stream {
            Some(stream) if self.left.contains_key(stream) => {
                let name = self.variable(*stream, self.plan.code.streams[*stream].place.span());
                quote!(#name)
            }
            _ => {
                let name = internal(&format!("unwanted_{}", unwanted.len()));
                unwanted.push(name.clone());
                quote!(#name)
            }
        }));
        self.lines
            .push(quote!(let #names = #called.split(|#pattern| #list);));
        let papy = papy_at(user);
        let unwanted = unwanted.iter();
        self.lines
            .extend(unwanted.map(|name| quote_spanned!(at(user)=> #papy::unwanted(#name);)));
        streams
            .into_iter()
            .flatten()
            .for_each(|stream| self.annotate(stream));
    }

    /// Lets rustc check the type that a `let` says.
    fn annotate(&mut self, stream: StreamId) {
        if !self.left.contains_key(&stream) {
            return;
        }
        for ty in &self.plan.code.streams[stream].annotations {
            let place = self.plan.code.streams[stream].place.span();
            let (name, papy) = (self.variable(stream, place), papy_at(place));
            self.lines
                .push(quote_spanned!(at(place)=> let #name = #papy::annotated::<#ty, _>(#name);));
        }
    }

    /// What leaves at the end.
    fn out(&mut self, stream: StreamId, to: Consumer) -> TokenStream {
        let blamed = self.blamed(to);
        match to {
            Consumer::Region(_) => {
                let taken = Taken {
                    place: self.user_of(stream, to),
                    fields: Vec::new(),
                };
                self.take(stream, &taken, blamed)
            }
            Consumer::Output(output) => {
                let taken = &self.plan.code.outputs[output].taken;
                let (user, ty) = (taken.place.span(), &self.plan.pipeline.outputs[output]);
                let (slot, papy) = (self.take(stream, taken, blamed), papy_at(user));
                let name = internal_at(&format!("out_{output}"), user);
                self.lines
                    .push(quote_spanned!(at(user)=> let #name = #papy::output::<#ty, _>(#slot);));
                quote!(#name)
            }
        }
    }

    /// The number under which the region knows the node that a copy at its border feeds. Behind its own nodes it knows
    /// those that it feeds, and last the input.
    fn blamed(&self, to: Consumer) -> usize {
        let fed = fed(self.plan, self.region);
        let node = match to {
            Consumer::Region(region) => self.plan.partition.regions[region].nodes.first(),
            Consumer::Output(output) => {
                let from = self
                    .plan
                    .graph
                    .producer(self.plan.graph.outputs[output].from);
                if let Some(own) = self
                    .region
                    .nodes
                    .iter()
                    .position(|&node| Some(node) == from)
                {
                    return own;
                }
                None
            }
        };
        let at = fed.iter().position(|fed| Some(fed) == node);
        self.region.nodes.len() + at.unwrap_or(fed.len())
    }

    /// Where the region that takes a stream says so.
    fn user_of(&self, stream: StreamId, to: Consumer) -> Place {
        let Consumer::Region(region) = to else {
            return self.plan.code.streams[stream].place;
        };
        let nodes = &self.plan.partition.regions[region].nodes;
        let uses = nodes.iter().flat_map(|&node| {
            self.plan.graph.nodes[node]
                .args
                .iter()
                .zip(&self.plan.code.nodes[node].args)
        });
        let mut places = uses
            .filter(|&(&arg, _)| arg == stream)
            .map(|(_, taken)| taken.place);
        places
            .next()
            .unwrap_or(self.plan.code.streams[stream].place)
    }
}

/// The arguments of a node as one slot of a tuple.
fn join(args: &[TokenStream], local: usize, user: Span) -> TokenStream {
    let cx = internal("cx");
    let Some((first, rest)) = args.split_first() else {
        return TokenStream::new();
    };
    if rest.is_empty() {
        return quote_spanned!(at(user)=> #first.solo());
    }
    let mut joined = first.clone();
    for arg in rest {
        joined = quote_spanned!(at(user)=> #joined.and(#cx, #local, #arg));
    }
    if rest.len() == 1 {
        return joined;
    }
    let names: Vec<Ident> = (0..args.len())
        .map(|at| internal(&format!("arg_{at}")))
        .collect();
    let nested = names
        .iter()
        .skip(1)
        .fold(names.first().map(|name| quote!(#name)), |nested, name| {
            nested.map(|nested| quote!((#nested, #name)))
        });
    quote_spanned!(at(user)=> #joined.map(|#nested| (#(#names),*)))
}

/// A closure over the tuple of a join, with the user's own patterns and types.
fn over_tuple(closure: &ExprClosure) -> TokenStream {
    let (mut patterns, mut types) = (Vec::new(), Vec::new());
    for input in &closure.inputs {
        if let Pat::Type(typed) = input {
            let (pat, ty) = (&typed.pat, &typed.ty);
            patterns.push(quote!(#pat));
            types.push(quote!(#ty));
        } else {
            patterns.push(quote!(#input));
            types.push(quote!(_));
        }
    }
    let (begin, end, output, body) = (
        closure.inputs_begin,
        closure.inputs_end,
        &closure.output,
        &closure.body,
    );
    let attrs = &closure.attrs;
    quote!(#(#attrs)* #begin (#(#patterns,)*): (#(#types,)*) #end #output #body)
}

/// The pattern that takes a result apart, and the stream of each leaf.
fn parts(
    shape: &Shape,
    user: Span,
    pattern: &mut TokenStream,
    leaves: &mut usize,
    streams: &mut Vec<Option<StreamId>>,
) {
    match shape {
        Shape::Parts(inner) => {
            let inner = inner.iter().map(|part| {
                let mut pattern = TokenStream::new();
                parts(part, user, &mut pattern, leaves, streams);
                pattern
            });
            let inner: Vec<TokenStream> = inner.collect();
            pattern.extend(quote_spanned!(at(user)=> (#(#inner,)*)));
        }
        leaf => {
            let name = internal(&format!("part_{leaves}"));
            *leaves += 1;
            streams.push(if let Shape::Stream(stream) = leaf {
                Some(*stream)
            } else {
                None
            });
            pattern.extend(quote!(#name));
        }
    }
}

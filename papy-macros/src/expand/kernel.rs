//! A region's kernel: one closure, in which nodes are plain calls and streams are local variables.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Member;

use super::Plan;
use super::span::{at, flat, hidden, internal, internal_at, nest, papy, papy_at};
use crate::diagnostics::Place;
use crate::graph::{Kind, Mode, NodeId, Origin, Shape, StreamId};
use crate::lower::{NodeCode, Taken, Work};
use crate::partition::{Consumer, Region};

/// As many nodes are compiled as one function. More would take rustc longer than their number says, and the processor
/// no shorter.
const TOGETHER: usize = 24;

pub fn kernel(plan: &Plan, id: usize) -> TokenStream {
    let region = &plan.partition.regions[id];
    let numbered = own(plan, region).into_iter().chain(fed(plan, region));
    let mut writer = Writer {
        plan,
        region,
        closure: None,
        numbered: numbered.zip(0..).collect(),
        left: BTreeMap::new(),
        lines: Vec::new(),
        forks: BTreeMap::new(),
        copies: 0,
    };
    writer.count_uses();
    for &(stream, _) in &region.ins {
        if matches!(plan.graph.streams[stream].origin, Origin::Input(_)) {
            writer.annotate(stream);
        }
        if !writer.left.contains_key(&stream) {
            let name = writer.variable(stream, Span::mixed_site());
            writer.lines.push(quote!(let _ = #name;));
        }
    }
    let group = region.group(plan.graph, plan.facts);
    let outs: Vec<TokenStream> = if let Some((node, _)) = group {
        vec![writer.grouped(node)]
    } else {
        if region.nodes.len() <= TOGETHER {
            region.nodes.iter().for_each(|&node| writer.node(node));
        } else {
            let even = region.nodes.len().div_ceil(TOGETHER);
            let even = region.nodes.len().div_ceil(even);
            region
                .nodes
                .chunks(even)
                .for_each(|part| writer.stretch(part));
        }
        region
            .outs
            .iter()
            .map(|out| writer.out(out.stream, out.to))
            .collect()
    };
    let outs = nest(outs.into_iter());
    let ins = nest(region.ins.iter().map(|&(stream, _)| {
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
            let state = state_name(plan, region);
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
    let inline = inline(region.nodes.len());
    quote_spanned! {at(user)=>
        #inline move |#cx, #scratch, #ins| {
            #(#lines)*
            #outs
        }
    }
}

/// What makes the compiler put a closure of so many nodes into the loops that call it. Left to itself it does so where the closure is short, or where
/// there is one such loop in what it compiles at a time: that would depend on what else is in the user's program. (A closure may have
/// attributes where it is an argument, or what a block gives.)
pub(super) fn inline(nodes: usize) -> Option<TokenStream> {
    /// More would be much code, to be compiled for each loop.
    const SOME: usize = 24;
    (nodes <= SOME).then(|| quote!(#[inline(always)]))
}

fn is_worker(code: &NodeCode) -> bool {
    matches!(code.work, Work::Worker { .. })
}

pub(super) fn local_name(node: NodeId) -> Ident {
    internal(&format!("local_{node}"))
}

/// The variable of a serial region's state; a closure has none.
pub(super) fn state_name(plan: &Plan, region: &Region) -> Ident {
    let work = own(plan, region);
    internal(&format!(
        "kept_{}",
        work.first().copied().unwrap_or_default()
    ))
}

/// The nodes of a region that the text has names for, in the order in which the kernel numbers them.
pub fn own(plan: &Plan, region: &Region) -> Vec<NodeId> {
    let named = |node: &NodeId| plan.graph.nodes[*node].kind.is_named();
    region.nodes.iter().copied().filter(named).collect()
}

/// Nodes that a region does not evaluate, and that are to blame for what goes wrong on the way to them, or from them.
pub fn fed(plan: &Plan, region: &Region) -> Vec<NodeId> {
    let graph = plan.graph;
    let mut fed: Vec<NodeId> = Vec::new();
    let mut known: BTreeSet<NodeId> = region.nodes.iter().copied().collect();
    let mut add = |node: NodeId| {
        let owner = graph.nodes[node].owner;
        if graph.nodes[owner].kind == Kind::Work && known.insert(owner) {
            fed.push(owner);
        }
    };
    region.nodes.iter().for_each(|&node| add(node));
    for out in &region.outs {
        if let Consumer::Region(id) = out.to
            && let Some(&node) = plan.partition.regions[id].nodes.first()
        {
            add(node);
        }
    }
    fed
}

/// Writes a kernel line by line.
pub(super) struct Writer<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) region: &'a Region,
    /// The closure of the node at hand, where it is called for several slots.
    pub(super) closure: Option<Ident>,
    /// The numbers of the nodes that it knows.
    numbered: BTreeMap<NodeId, usize>,
    /// How often each stream is still to be used in this region.
    left: BTreeMap<StreamId, usize>,
    pub(super) lines: Vec<TokenStream>,
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
    pub(super) fn take(&mut self, stream: StreamId, taken: &Taken, node: usize) -> TokenStream {
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

    /// The number under which the region knows a node, or whoever is to blame in its place.
    pub(super) fn number(&self, node: NodeId) -> usize {
        let owner = self.plan.graph.nodes[node].owner;
        let known = self.numbered.get(&owner).copied();
        known.unwrap_or(self.numbered.len())
    }

    /// Where the `.consume` stands that groups a stream.
    pub(super) fn consume_option(&self, group: StreamId, user: Span) -> Span {
        let option = self
            .plan
            .graph
            .producer(group)
            .and_then(|node| self.plan.code.nodes[node].option);
        option.map_or(user, Place::span)
    }

    pub(super) fn is_group(&self, stream: StreamId) -> Option<u64> {
        let node = self.plan.graph.producer(stream)?;
        match self.plan.graph.nodes[node].kind {
            Kind::Group(size) if !self.plan.facts.fused[node] => Some(size),
            _ => None,
        }
    }

    /// Nodes as a function of their own, which takes what they use and gives the streams that are used behind them.
    fn stretch(&mut self, nodes: &[NodeId]) {
        let before = self.lines.len();
        self.forks.clear();
        for &node in nodes {
            self.node(node);
        }
        self.forks.clear();
        let inside: Vec<TokenStream> = self.lines.drain(before..).collect();
        let given = nodes
            .iter()
            .flat_map(|&node| &self.plan.graph.nodes[node].outs);
        let used = |stream: &&StreamId| self.left.get(stream).is_some_and(|left| *left > 0);
        let given = flat(given.filter(used).map(|&stream| {
            let name = self.variable(stream, self.plan.code.streams[stream].place.span());
            quote!(#name)
        }));
        let (papy, cx) = (papy(), internal("cx"));
        self.lines.push(quote! {
            let #given = #papy::stretch(#cx, |#cx| {
                #(#inside)*
                #given
            });
        });
    }

    fn node(&mut self, id: NodeId) {
        let (node, code) = (&self.plan.graph.nodes[id], &self.plan.code.nodes[id]);
        let (user, number) = (code.place.span(), self.number(id));
        let firings = self.region.firings(id);
        let args: Vec<TokenStream> = node
            .args
            .iter()
            .zip(&code.args)
            .map(|(&stream, taken)| self.take(stream, taken, number))
            .collect();
        let slots = firings * crate::partition::takes(self.plan.graph, self.plan.facts, id);
        let called = if slots == 1 {
            self.evaluated(id, number, &args)
        } else {
            self.bundled(id, number, firings, &args)
        };
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
                let each = firings * crate::partition::gives(self.plan.graph, id);
                let sunk = self.each(user, each, &called, &quote!(#papy::sink));
                self.lines.push(quote_spanned!(at(user)=> #sunk;));
            }
            Shape::List(streams) => {
                let names = streams.iter().map(|&stream| {
                    if self.left.contains_key(&stream) {
                        let name =
                            self.variable(stream, self.plan.code.streams[stream].place.span());
                        quote!(#name)
                    } else {
                        quote!(_)
                    }
                });
                let names = nest(names.collect::<Vec<_>>().into_iter());
                let papy = papy_at(user);
                let columns = if firings == 1 {
                    called
                } else {
                    quote_spanned!(at(user)=> #papy::Columns::columns(#called))
                };
                self.lines.push(quote!(let #names = #columns;));
            }
            shape @ Shape::Parts(_) => {
                let pattern_at = code.split.map_or(user, Place::span);
                let slots = firings * crate::partition::gives(self.plan.graph, id);
                self.split(shape, pattern_at, user, &called, slots);
            }
            Shape::Pending | Shape::Dropped => {
                let papy = papy_at(user);
                self.lines
                    .push(quote_spanned!(at(user)=> #papy::unwanted(#called);));
            }
        }
    }

    /// `f(slot)`, for each slot of a bundle where there are several.
    fn each(&self, user: Span, slots: u64, called: &TokenStream, f: &TokenStream) -> TokenStream {
        if slots == 1 {
            quote_spanned!(at(user)=> #f(#called))
        } else {
            let slot = internal_at("slot", user);
            quote_spanned!(at(user)=> #called.map(|#slot| #f(#slot)))
        }
    }

    /// Takes a result apart. Parts that nobody takes are dropped under a guard.
    fn split(
        &mut self,
        shape: &Shape,
        pattern_at: Span,
        user: Span,
        called: &TokenStream,
        slots: u64,
    ) {
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
        let papy = papy_at(user);
        let taken_apart = if slots == 1 {
            quote!(#called.split(|#pattern| #list))
        } else {
            quote!(#papy::split(#called, |#pattern| #list))
        };
        self.lines.push(quote!(let #names = #taken_apart;));
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
            let slots = self.region.slots(self.plan.graph, stream);
            let cast = quote_spanned!(at(place)=> #papy::annotated::<#ty, _>);
            let given = self.each(place, slots, &quote!(#name), &cast);
            self.lines
                .push(quote_spanned!(at(place)=> let #name = #given;));
        }
    }

    /// What leaves at the end.
    fn out(&mut self, stream: StreamId, to: Consumer) -> TokenStream {
        /// Bundles of so many slots leave as a row.
        const FEW: u64 = 8;
        let blamed = self.blamed(to);
        let given = self.given(stream, to, blamed);
        let slots = self.region.slots(self.plan.graph, stream);
        if !(2..=FEW).contains(&slots) {
            return given;
        }
        let papy = papy();
        let names = (0..slots).map(|at| internal(&format!("of_row_{at}")));
        let names: Vec<TokenStream> = names.map(|name| quote!(#name)).collect();
        let row = nest(names.iter().cloned());
        quote!({ let [#(#names),*] = #given; #papy::Row(#row) })
    }

    /// The slots of it.
    fn given(&mut self, stream: StreamId, to: Consumer, blamed: usize) -> TokenStream {
        match to {
            Consumer::Region(_) => {
                let taken = Taken {
                    place: self.user_of(stream, to),
                    fields: Vec::new(),
                };
                self.take(stream, &taken, blamed)
            }
            Consumer::Outside(node, arg) => {
                let taken = self.plan.code.nodes[node].args[arg].clone();
                self.take(stream, &taken, blamed)
            }
            Consumer::Output(output) => {
                let taken = &self.plan.code.outputs[output].taken;
                let (user, ty) = (taken.place.span(), &self.plan.pipeline.outputs[output]);
                let (slot, papy) = (self.take(stream, taken, blamed), papy_at(user));
                let name = internal_at(&format!("out_{output}"), user);
                let slots = self.region.slots(self.plan.graph, stream);
                let cast = quote_spanned!(at(user)=> #papy::output::<#ty, _>);
                let given = self.each(user, slots, &slot, &cast);
                self.lines
                    .push(quote_spanned!(at(user)=> let #name = #given;));
                quote!(#name)
            }
        }
    }

    /// The number under which the region knows the node that a copy at its border feeds. Behind its own nodes it knows
    /// those that it feeds, and last the input.
    fn blamed(&self, to: Consumer) -> usize {
        let graph = self.plan.graph;
        let node = match to {
            Consumer::Region(region) => self.plan.partition.regions[region].nodes.first().copied(),
            Consumer::Output(output) => graph.producer(graph.outputs[output].from),
            Consumer::Outside(node, _) => Some(node),
        };
        node.map_or(self.numbered.len(), |node| self.number(node))
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

/// Asks that all are like the first, where each stands. `what` they are: slots, ports or links.
pub fn alike(names: &[Ident], places: impl Iterator<Item = Span>, what: &str) -> TokenStream {
    let Some((first, others)) = names.split_first() else {
        return TokenStream::new();
    };
    let checks = others.iter().zip(places.skip(1)).map(|(name, place)| {
        let (papy, what) = (papy_at(place), Ident::new(what, at(place)));
        let (mut first, mut other) = (first.clone(), name.clone());
        first.set_span(at(place));
        other.set_span(at(place));
        let first = if what == "port" {
            quote!(#first)
        } else {
            quote_spanned!(at(place)=> &#first)
        };
        quote_spanned!(at(place)=> let #name = #papy::Alike::#what(#first, #other);)
    });
    quote!(#(#checks)*)
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

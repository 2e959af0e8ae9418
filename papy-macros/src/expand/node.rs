//! What a node gives: a worker, a closure, a group, an array taken apart, or the arms of a route, as calls of the runtime.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ExprClosure, Pat};

use super::builds;
use super::kernel::{Writer, alike, local_name, state_name};
use super::span::{at, internal_at, nest, papy_at};
use crate::diagnostics::Place;
use crate::graph::{FUSED, Kind, Mode, NodeId};
use crate::lower::Work;

impl Writer<'_> {
    /// What a node gives for one slot of each argument.
    pub(super) fn evaluated(
        &mut self,
        id: NodeId,
        number: usize,
        args: &[TokenStream],
    ) -> TokenStream {
        let (node, code) = (&self.plan.graph.nodes[id], &self.plan.code.nodes[id]);
        let user = code.place.span();
        match node.kind {
            Kind::Work => self.worked(id, number, args),
            Kind::Group(_) => {
                let joined = self.joined(id, number, args);
                group(code.option.map_or(user, Place::span), &[joined], number)
            }
            Kind::Spread(n) => {
                let (n, option) = (n as usize, code.option.map_or(user, Place::span));
                let papy = papy_at(option);
                let produced = if n as u64 > FUSED {
                    "produced_pile"
                } else {
                    "produced"
                };
                let produced = Ident::new(produced, at(option));
                let args = args.iter();
                let given = quote_spanned!(at(option)=> #papy::#produced::<_, #n>(#(#args),*));
                if n == 1 {
                    quote_spanned!(at(option)=> #papy::only(#given))
                } else {
                    given
                }
            }
            Kind::Repeat(n) => {
                let option = code.option.map_or(user, Place::span);
                let (papy, cx) = (papy_at(option), internal_at("cx", option));
                let args = args.iter();
                if n > FUSED {
                    let n = n as usize;
                    return quote_spanned!(at(option)=> #papy::repeated_pile::<_, #n>(#(#args,)* #cx, #number));
                }
                let (whole, again) = (internal_at("whole", option), internal_at("again", option));
                let copies = (1..n)
                    .map(|_| quote_spanned!(at(option)=> #whole.copy_part(#cx, #number, #again)));
                quote_spanned!(at(option)=> {
                    let #whole = #(#args)*;
                    let #again = #papy::repeats(&#whole);
                    [#(#copies,)* #whole]
                })
            }
            Kind::Merge => self.merged(id, args),
            Kind::Route => self.routed(id, number, args),
            Kind::Arms => self.arms(id, args),
            Kind::Flat | Kind::Pipeline => TokenStream::new(),
        }
    }

    /// What a node gives for several slots of each argument: slot by slot, since straight lines are what rustc makes the
    /// fastest code of.
    pub(super) fn bundled(
        &mut self,
        id: NodeId,
        number: usize,
        firings: u64,
        args: &[TokenStream],
    ) -> TokenStream {
        let (node, user) = (
            &self.plan.graph.nodes[id],
            self.plan.code.nodes[id].place.span(),
        );
        let papy = papy_at(user);
        let slots = firings * crate::partition::takes(self.plan.graph, self.plan.facts, id);
        let name = |arg: usize, slot: u64| internal_at(&format!("slot_{arg}_{slot}"), user);
        let mut inside = Vec::new();
        for (at, arg) in args.iter().enumerate() {
            let names = (0..slots).map(|slot| name(at, slot));
            inside.push(quote!(let [#(#names),*] = #arg;));
        }
        if let Work::Closure { closure, .. } = &self.plan.code.nodes[id].work {
            let (closure, shared) = (
                over_tuple(closure, self.plan.code.nodes[id].group),
                internal_at("closure", user),
            );
            inside.push(quote!(let #shared = #closure;));
            self.closure = Some(shared);
        }
        let before = self.lines.len();
        let mut given = Vec::new();
        for firing in 0..firings {
            let taken = slots / firings;
            let one = if let Kind::Group(_) = node.kind {
                let joined: Vec<TokenStream> = (firing * taken..(firing + 1) * taken)
                    .map(|slot| {
                        let row: Vec<TokenStream> = (0..args.len())
                            .map(|arg| name(arg, slot).to_token_stream())
                            .collect();
                        self.joined(id, number, &row)
                    })
                    .collect();
                let option = self.plan.code.nodes[id].option;
                group(option.map_or(user, Place::span), &joined, number)
            } else {
                let row: Vec<TokenStream> = (0..args.len())
                    .map(|arg| name(arg, firing).to_token_stream())
                    .collect();
                self.evaluated(id, number, &row)
            };
            let lines: Vec<TokenStream> = self.lines.drain(before..).collect();
            let result = internal_at(&format!("given_{firing}"), user);
            inside.push(quote!(let #result = { #(#lines)* #one };));
            given.push(result);
        }
        self.closure = None;
        let gives = crate::partition::gives(self.plan.graph, id);
        let whole = match given.as_slice() {
            [only] if gives == 1 => quote!(#only),
            given if gives == 1 => quote!([#(#given),*]),
            given if gives > FUSED => {
                let (n, m, all) = (firings as usize, gives as usize, (firings * gives) as usize);
                quote_spanned!(at(user)=> #papy::flatten_piles::<_, #n, #m, #all>([#(#given),*]))
            }
            given => {
                let mut all = Vec::new();
                for given in given {
                    let names: Vec<Ident> = (0..gives)
                        .map(|slot| internal_at(&format!("{given}_{slot}"), user))
                        .collect();
                    inside.push(quote!(let [#(#names),*] = #given;));
                    all.extend(names);
                }
                quote!([#(#all),*])
            }
        };
        quote_spanned!(at(user)=> { #(#inside)* #whole })
    }

    /// The arguments of a node as one slot; faults of what is caught are values.
    fn joined(&self, id: NodeId, number: usize, args: &[TokenStream]) -> TokenStream {
        let user = self.plan.code.nodes[id].place.span();
        let args: Vec<TokenStream> = args
            .iter()
            .map(|arg| {
                if self.plan.graph.nodes[id].catch {
                    quote!(#arg.caught())
                } else {
                    arg.clone()
                }
            })
            .collect();
        if let (Kind::Group(_), [only]) = (self.plan.graph.nodes[id].kind, args.as_slice()) {
            return only.clone();
        }
        join(&args, number, user)
    }

    /// What a region gives that only groups: the slots of the group, one by one.
    pub(super) fn grouped(&mut self, id: NodeId) -> TokenStream {
        let (node, code) = (&self.plan.graph.nodes[id], &self.plan.code.nodes[id]);
        let number = self.number(id);
        let args: Vec<TokenStream> = node
            .args
            .iter()
            .zip(&code.args)
            .map(|(&stream, taken)| self.take(stream, taken, number))
            .collect();
        self.joined(id, number, &args)
    }

    /// A worker or a closure with its options.
    fn worked(&mut self, id: NodeId, number: usize, args: &[TokenStream]) -> TokenStream {
        let (node, code) = (&self.plan.graph.nodes[id], &self.plan.code.nodes[id]);
        let user = code.place.span();
        let cx = internal_at("cx", user);
        let gathered = node.args.first().and_then(|&arg| self.is_group(arg));
        let joined = match (gathered, args) {
            (Some(size), [group]) => {
                let option = node
                    .args
                    .first()
                    .map_or(user, |&arg| self.consume_option(arg, user));
                let (size, papy, cx) = (size as usize, papy_at(option), internal_at("cx", option));
                quote_spanned!(at(option)=> #papy::gathered::<_, _, #size>(#group, #cx, #number))
            }
            _ => self.joined(id, number, args),
        };
        let n = args.len();
        let closure_of_one = matches!(code.work, Work::Closure { .. }) && n == 1;
        let (joined, retried) = self.retried(id, joined, closure_of_one);
        let mut called = match &code.work {
            Work::Worker { .. } => {
                let (worker, own) = (builds::worker_at(id, user), local_name(id));
                match node.mode {
                    Mode::Fold => {
                        let state = state_name(self.plan, self.region);
                        let fold = Ident::new("fold", at(user));
                        quote_spanned!(at(user)=> #joined.#fold::<_, #n>(#cx, #number, &#worker, #state, #own))
                    }
                    Mode::Serial => {
                        let state = state_name(self.plan, self.region);
                        quote_spanned!(at(user)=> #joined.then_with::<_, #n>(#cx, #number, &#worker, #state, #own))
                    }
                    _ => match &retried {
                        None => {
                            quote_spanned!(at(user)=> #joined.then::<_, #n>(#cx, #number, &*#worker, #own))
                        }
                        Some(again) => {
                            quote_spanned!(at(user)=> #joined.then_again::<_, #n>(#cx, #number, &*#worker, #own, #again))
                        }
                    },
                }
            }
            Work::Closure { closure, .. } => {
                let closure = match &self.closure {
                    Some(shared) => quote!(&#shared),
                    None => over_tuple(closure, code.group),
                };
                let joined = if n == 1 {
                    quote_spanned!(at(user)=> #joined.solo())
                } else {
                    joined
                };
                let again = retried.as_ref().map(|again| quote!(#again,));
                let call = match (node.fallible, &again) {
                    (false, None) => "call",
                    (false, Some(_)) => "call_again",
                    (true, None) => "call_fallible",
                    (true, Some(_)) => "call_fallible_again",
                };
                let option = code.fallible.map_or(user, Place::span);
                let call = Ident::new(call, at(option));
                quote_spanned!(at(user)=> #joined.#call(#cx, #number, #again #closure))
            }
            Work::Route { .. } | Work::Moves => TokenStream::new(),
        };
        if node.filter {
            let option = code.filter.map_or(user, Place::span);
            called = self.checked_at(option, "filtered", &called, number);
        }
        if node.flat {
            let option = code.option.map_or(user, Place::span);
            called = self.checked_at(option, "Streams::streamed", &called, number);
            let (papy, poured) = (papy_at(option), internal_at("poured", option));
            self.lines.push(quote!(let #poured = #called;));
            called = quote_spanned!(at(option)=> #papy::Pours::poured(#poured));
        }
        called
    }

    /// What a node that is tried again is given, and how often and by what its items are copied for that. A timed node's
    /// tries are counted elsewhere.
    fn retried(
        &mut self,
        id: NodeId,
        joined: TokenStream,
        solo: bool,
    ) -> (TokenStream, Option<TokenStream>) {
        let Some((place, _)) = &self.plan.code.nodes[id].retry else {
            return (joined, None);
        };
        if self.plan.graph.nodes[id].mode == Mode::Timed {
            return (joined, None);
        }
        let option = place.span();
        let (papy, whole) = (papy_at(option), internal_at("tried", option));
        let (again, retries) = (internal_at("again", option), builds::retries(id));
        let copies = Ident::new(if solo { "retried_solo" } else { "retried" }, at(option));
        self.lines.push(quote!(let #whole = #joined;));
        self.lines
            .push(quote_spanned!(at(option)=> let #again = (#retries, #papy::#copies(&#whole));));
        (quote!(#whole), Some(quote!(#again)))
    }

    /// `papy::check(slot, cx, number)`. All of it lies at the option, so that rustc says what is wrong once.
    fn checked_at(
        &mut self,
        option: Span,
        check: &str,
        called: &TokenStream,
        number: usize,
    ) -> TokenStream {
        let (papy, cx) = (papy_at(option), internal_at("cx", option));
        let check = check.split("::").map(|name| Ident::new(name, at(option)));
        let check = quote_spanned!(at(option)=> #(#check)::*);
        let whole = internal_at("whole", option);
        self.lines.push(quote!(let #whole = #called;));
        quote_spanned!(at(option)=> #papy::#check(#whole, #cx, #number))
    }

    /// Which arm each item takes, and what its pattern binds.
    fn routed(&mut self, id: NodeId, number: usize, args: &[TokenStream]) -> TokenStream {
        let code = &self.plan.code.nodes[id];
        let user = code.place.span();
        let Work::Route { arms, .. } = &code.work else {
            return TokenStream::new();
        };
        let item = match args {
            [only] => only.clone(),
            several => join(several, number, user),
        };
        let (papy, cx) = (papy_at(user), internal_at("cx", user));
        let value = internal_at("value", user);
        let all: usize = arms.iter().map(|arm| arm.bindings.len()).sum();
        let mut bound = 0;
        let arms: Vec<TokenStream> = arms
            .iter()
            .enumerate()
            .map(|(number, arm)| {
                let own = bound..bound + arm.bindings.len();
                bound = own.end;
                let slots = (0..all).map(|at| {
                    if own.contains(&at) {
                        let name = &arm.bindings[at - own.start];
                        quote!(::core::option::Option::Some(#name))
                    } else {
                        quote!(::core::option::Option::None)
                    }
                });
                let slots = nest(slots.collect::<Vec<_>>().into_iter());
                let pat = &arm.pat;
                // behind the last arm is where rustc says what is missing
                let mut body = Group::new(Delimiter::Brace, quote!((#number, #slots)));
                body.set_span(arm.body.end());
                let guard = arm.guard.as_ref().map(|guard| quote!(if #guard));
                quote!(#pat #guard => #body)
            })
            .collect();
        let keyword = Ident::new("match", user);
        quote_spanned! {at(user)=>
            #papy::routed(#item, #cx, #number, |#value| #keyword #value { #(#arms)* })
        }
    }

    /// Slots that are alike, one behind the other.
    fn merged(&mut self, id: NodeId, args: &[TokenStream]) -> TokenStream {
        let code = &self.plan.code.nodes[id];
        let user = code.place.span();
        let places = code.args.iter().map(|taken| taken.place.span());
        let names: Vec<Ident> = (0..args.len())
            .map(|at| internal_at(&format!("merged_{at}"), user))
            .collect();
        let alike = alike(&names, places, "slot");
        quote_spanned! {at(user)=> {
            #(let #names = #args;)*
            #alike
            [#(#names),*]
        }}
    }

    /// The slot of the arm that was taken.
    fn arms(&mut self, id: NodeId, args: &[TokenStream]) -> TokenStream {
        let (node, code) = (&self.plan.graph.nodes[id], &self.plan.code.nodes[id]);
        let user = code.place.span();
        let papy = papy_at(user);
        let Some((tag, streams)) = args.split_first() else {
            return TokenStream::new();
        };
        let absent = internal_at("absent", user);
        let names: Vec<Ident> = (0..streams.len())
            .map(|at| internal_at(&format!("arm_{at}"), user))
            .collect();
        let places = code.args.iter().skip(1).map(|taken| taken.place.span());
        let alike = alike(&names, places, "slot");
        let mut arms = Vec::new();
        for (number, arm) in node.arms.iter().enumerate() {
            let Some(arg) = arm else { continue };
            let name = &names[*arg - 1];
            arms.push(quote!(#papy::Slot::Value(#number) => #name,));
        }
        // That a partner is missing is told whichever arm it happened in.
        let told = names.iter().rev().fold(
            quote! {
                match #tag {
                    #(#arms)*
                    #papy::Slot::Value(_) => #papy::Slot::Hole,
                    #absent => #absent.absent_as(),
                }
            },
            |otherwise, name| quote_spanned!(at(user)=> if #name.is_unequal() { #name.absent_as() } else { #otherwise }),
        );
        quote_spanned! {at(user)=> {
            #(let #names = #streams;)*
            #alike
            #told
        }}
    }
}

/// The arguments of a node as one slot of a tuple. More than two are first looked at together: where all are values, nothing else has
/// to be asked when they are put together, and where they are not, that is done in a function of its own.
fn join(args: &[TokenStream], local: usize, user: Span) -> TokenStream {
    /// So many LLVM puts together in registers; more would be copied again with each that is joined, so they are at once.
    const FEW: usize = 8;
    let (papy, cx) = (papy_at(user), internal_at("cx", user));
    match args {
        [] => return TokenStream::new(),
        [only] => return only.clone(),
        [first, second] => {
            return quote_spanned!(at(user)=> #first.and(#cx, #local, #second));
        }
        [..] => {}
    }
    let names: Vec<Ident> = (0..args.len())
        .map(|at| internal_at(&format!("arg_{at}"), user))
        .collect();
    let (one_by_one, nested) = one_by_one(&names, local, user);
    let flat = quote!(|#nested| (#(#names),*));
    let apart = quote_spanned!(at(user)=> #papy::stretch(#cx, |#cx| #one_by_one).map(#flat));
    if args.len() <= FEW {
        quote_spanned! {at(user)=> {
            #(let #names = #args;)*
            if #(#names.is_value())&&* { #one_by_one.map(#flat) } else { #apart }
        }}
    } else {
        quote_spanned! {at(user)=>
            match (#(#args),*) {
                (#(#papy::Slot::Value(#names)),*) => #papy::Slot::Value((#(#names),*)),
                (#(#names),*) => #apart,
            }
        }
    }
}

/// Joins slot after slot; gives also how the values' names are nested in what comes of it.
fn one_by_one(names: &[Ident], local: usize, user: Span) -> (TokenStream, TokenStream) {
    let cx = internal_at("cx", user);
    let pair = |(joined, nested): (TokenStream, TokenStream), name: &Ident| {
        let joined = quote_spanned!(at(user)=> #joined.and(#cx, #local, #name));
        (joined, quote!((#nested, #name)))
    };
    let Some((first, rest)) = names.split_first() else {
        return Default::default();
    };
    rest.iter().fold((quote!(#first), quote!(#first)), pair)
}

/// A group of these slots: as an array where all are values.
fn group(user: Span, slots: &[TokenStream], number: usize) -> TokenStream {
    let (papy, cx) = (papy_at(user), internal_at("cx", user));
    let names: Vec<Ident> = (0..slots.len())
        .map(|at| internal_at(&format!("of_group_{at}"), user))
        .collect();
    let (bundle, size) = (internal_at("bundle", user), slots.len());
    quote_spanned! {at(user)=>
        match [#(#slots),*] {
            [#(#papy::Slot::Value(#names)),*] => #papy::whole_group::<_, _, #size>([#(#names),*], #cx, #number),
            #bundle => #papy::group::<_, _, #size>(#bundle, #cx, #number),
        }
    }
}

/// A closure over the tuple of a join, with the user's own patterns and types; a group's is told from its pattern.
fn over_tuple(closure: &ExprClosure, group: Option<u64>) -> TokenStream {
    let (mut patterns, mut types) = (Vec::new(), Vec::new());
    for input in &closure.inputs {
        match (input, group) {
            (Pat::Type(typed), _) => {
                let (pat, ty) = (&typed.pat, &typed.ty);
                patterns.push(quote!(#pat));
                types.push(quote!(#ty));
            }
            (Pat::Slice(pat), Some(size)) => {
                let size = size as usize;
                patterns.push(quote!(#pat));
                types.push(quote!([_; #size]));
            }
            (pat, Some(_)) => {
                patterns.push(quote!(#pat));
                types.push(quote!(::std::vec::Vec<_>));
            }
            (pat, None) => {
                patterns.push(quote!(#pat));
                types.push(quote!(_));
            }
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

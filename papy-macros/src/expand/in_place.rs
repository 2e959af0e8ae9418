//! How a pipeline may be evaluated in place: without waves, item by item.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::Plan;
use super::kernel;
use super::regions::{
    entering, in_port, input_port, joins_roots, leaving, outputs, region_name, source_name,
};
use super::span::{internal, nest, papy};
use crate::graph::{Kind, Mode, Node, NodeId, PoolClass, StreamId};
use crate::partition::{Consumer, Out, Region, Unit};

/// How the pipeline may be evaluated in place, as a loop: regions on the thread that drives, behind one input, in rounds of one item.
pub enum Way {
    /// These, one after the other.
    Straight(Vec<usize>),
    /// With the iterators of one node on the way.
    Flat(FlatWay),
    /// Not at all.
    Apart,
}

pub struct FlatWay {
    /// The node that takes iterators apart.
    node: NodeId,
    before: Vec<usize>,
    behind: Vec<usize>,
}

impl Way {
    pub fn of(plan: &Plan) -> Way {
        let free = |node: &Node| !node.unordered && !node.strided;
        if plan.graph.inputs.len() != 1 || !plan.graph.nodes.iter().all(free) {
            return Way::Apart;
        }
        let (mut regions, mut flat) = (Vec::new(), None);
        for unit in &plan.partition.order {
            match *unit {
                Unit::Region(region) if passes(plan, region) => regions.push(region),
                Unit::Outside(node)
                    if flat.is_none() && plan.graph.nodes[node].kind == Kind::Flat =>
                {
                    flat = Some(node);
                }
                _ => return Way::Apart,
            }
        }
        match flat {
            None => Way::Straight(regions),
            Some(node) => FlatWay::of(plan, node, &regions).map_or(Way::Apart, Way::Flat),
        }
    }

    /// What evaluates an item in place.
    pub fn evaluation(&self, plan: &Plan) -> TokenStream {
        let papy = papy();
        match self {
            Way::Straight(regions) => fused(plan, regions, input_port(0), &outputs(plan)),
            Way::Flat(way) => way.evaluation(plan),
            Way::Apart => quote!(#papy::apart()),
        }
    }

    /// What evaluation in place leaves to the waves that follow.
    pub fn seed(&self, plan: &Plan) -> Option<TokenStream> {
        let Way::Flat(way) = self else { return None };
        let (papy, seed, taken) = (papy(), internal("seed"), way.taken(plan));
        Some(quote!(let #seed = #papy::seed(#taken);))
    }
}

impl FlatWay {
    /// Where all that comes from the input goes through the node, and all that leaves comes from it.
    fn of(plan: &Plan, node: NodeId, regions: &[usize]) -> Option<FlatWay> {
        let flat = &plan.graph.nodes[node];
        let given = *flat.outs.first()?;
        let region = |id: &usize| &plan.partition.regions[*id];
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        for id in regions {
            let comes_behind = region(id).ins.iter().all(|(stream, _)| {
                *stream == given || behind.iter().any(|other| gives(region(other), *stream))
            });
            if comes_behind {
                behind.push(*id);
            } else {
                before.push(*id);
            }
        }
        let to_flat = |out: &Out| matches!(out.to, Consumer::Outside(..));
        let within = |ids: &[usize], out: &Out| match out.to {
            Consumer::Region(id) => ids.contains(&id),
            Consumer::Output(_) | Consumer::Outside(..) => false,
        };
        let outs = |ids: &[usize]| -> Vec<Out> {
            ids.iter().flat_map(|id| region(id).outs.clone()).collect()
        };
        let before_is_so = outs(&before)
            .iter()
            .all(|out| to_flat(out) || within(&before, out));
        let behind_is_so = outs(&behind)
            .iter()
            .all(|out| matches!(out.to, Consumer::Output(_)) || within(&behind, out));
        let takers = behind.iter().filter(|id| takes(region(id), given)).count();
        let comes_out = plan.graph.outputs.iter().any(|output| output.from == given);
        let is_so = before_is_so && behind_is_so && takers == 1 && !comes_out;
        is_so.then_some(FlatWay {
            node,
            before,
            behind,
        })
    }

    /// The stream of iterators.
    fn taken(&self, plan: &Plan) -> TokenStream {
        let node = &plan.graph.nodes[self.node];
        in_port(plan, Consumer::Outside(self.node, 0), node.args[0])
    }

    fn evaluation(&self, plan: &Plan) -> TokenStream {
        let papy = papy();
        let (node, taken) = (&plan.graph.nodes[self.node], self.taken(plan));
        let before = fused(plan, &self.before, input_port(0), &quote!((#taken, ())));
        let behind = fused(
            plan,
            &self.behind,
            source_name(node.outs[0]),
            &outputs(plan),
        );
        let (owner, seed) = (plan.number(node.owner), internal("seed"));
        quote!(#papy::flowing_in_place(#before, #behind, #owner, &#seed))
    }
}

fn gives(region: &Region, stream: StreamId) -> bool {
    region.outs.iter().any(|out| out.stream == stream)
}

fn takes(region: &Region, stream: StreamId) -> bool {
    region.ins.iter().any(|(taken, _)| *taken == stream)
}

/// Whether a region takes one slot of each stream and gives one to every region behind it, on whatever thread.
fn passes(plan: &Plan, id: usize) -> bool {
    let region = &plan.partition.regions[id];
    let gives_one = |out: &Out| {
        matches!(out.to, Consumer::Output(_)) || region.slots(plan.graph, out.stream) == 1
    };
    matches!(
        region.mode,
        None | Some(Mode::Parallel | Mode::Serial | Mode::Fold)
    ) && matches!(region.pool, PoolClass::Default | PoolClass::Inline)
        && region.ins.iter().all(|(_, each)| *each == 1)
        && region.outs.iter().all(gives_one)
        && region.group(plan.graph, plan.facts).is_none()
        && !joins_roots(plan, region)
}

/// What evaluates an item in place: these regions, one after the other.
fn fused(plan: &Plan, ids: &[usize], input: Ident, outputs: &TokenStream) -> TokenStream {
    let papy = papy();
    let (turn, stand) = (internal("turn"), |id| internal(&format!("stand_{id}")));
    let name = |&id: &usize| region_name(id);
    let arcs = nest(
        ids.iter()
            .map(name)
            .map(|name| quote!(::std::sync::Arc::clone(&#name))),
    );
    let regions = nest(ids.iter().map(name).map(|name| quote!(#name)));
    let stands = nest(ids.iter().map(|&id| stand(id)).map(|stand| quote!(#stand)));
    let calls = ids.iter().map(|&id| {
        let (name, stand) = (region_name(id), stand(id));
        let (ins, outs) = (entering(plan, id), leaving(plan, id));
        quote!(let #outs = #name.pass(#turn, #stand, #ins);)
    });
    let nodes = ids.iter().map(|&id| plan.partition.regions[id].nodes.len());
    let inline = kernel::inline(nodes.sum());
    quote! {
        #papy::fused(#arcs, #input, #inline |#turn, #regions, #stands, (#input, ())| {
            #(#calls)*
            #outputs
        })
    }
}

//! Models of single protocols, under loom: the real code of a file, two or three threads, and every interleaving of them up
//! to so many preemptions. Each stands beside its code, as the module `model` of the file, and sees what is private there.
//! Whole runs are for shuttle, in the workspace `models`.
//!
//! A model has no time: a wait with a limit has none here, so what it waits for must be notified.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use crate::bell::Bell;
use crate::channel::Gate;
use crate::engine::Engine;
use crate::flow::Flow;
use crate::graph::Graph;
use crate::layout::{Layout, PartPlan};
use crate::net::{Planned, Role, Step};
use crate::pool::Pool;
use crate::region::Order;
use crate::report::Ledger;
use crate::shared::{OnFault, Part, Shared};
use crate::sync::{Arc, Mutex, lock};

static GRAPH: Graph = Graph::new("model", &["xs"], &[], &["out"]);

/// Runs `body` in every interleaving, with at most so many preemptions: mistakes need few (M. Musuvathi, S. Qadeer,
/// *Iterative Context Bounding for Systematic Testing of Multithreaded Programs*, 2007).
pub(crate) fn model(body: impl Fn() + Send + Sync + 'static) {
    let given = std::env::var("PAPY_PREEMPTIONS").ok();
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = Some(given.and_then(|n| n.parse().ok()).unwrap_or(2));
    builder.max_branches = 100_000;
    builder.check(body);
}

/// A part that waves begin in without more ado.
pub(crate) fn plan(steps: usize, outputs: usize) -> PartPlan {
    PartPlan {
        inputs: vec![(0, 1)],
        outputs: (0..outputs).collect(),
        steps,
        regions: 1,
        ..PartPlan::default()
    }
}

pub(crate) fn shared(plans: Vec<PartPlan>, buffer: usize) -> Arc<Shared> {
    let outputs = plans.iter().map(|plan| plan.outputs.len()).sum();
    let part = |plan: PartPlan| {
        let mut flow = Flow::new(buffer, plan.outputs.len() + plan.feeds.len());
        flow.set_steps(plan.steps);
        Arc::new(Part::new(flow, Arc::new(Bell::default()), plan))
    };
    Arc::new(Shared::new(
        plans.into_iter().map(part).collect(),
        (0..outputs).map(|_| Arc::new(Gate::default())).collect(),
        Ledger::new(&GRAPH, None, buffer),
        OnFault::Continue,
        None,
    ))
}

/// An engine of steps that each belong to a part.
pub(crate) fn engine(
    shared: &Arc<Shared>,
    steps: Vec<(usize, Planned<'static>)>,
) -> Arc<Engine<'static>> {
    let (parts, planned): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
    let layout = Layout {
        parts: Vec::new(),
        steps: parts,
        outputs: Vec::new(),
    };
    Arc::new(Engine::new(planned, &layout, shared.clone()))
}

pub(crate) fn planned(
    role: Role<'static>,
    order: Order,
    ports: usize,
    pool: &Pool,
) -> Planned<'static> {
    Planned {
        role,
        root: 0,
        depth: 0,
        pool: pool.clone(),
        order,
        ports,
        stride: None,
    }
}

/// A step that notes which waves it has seen, and how many it was inside of at once.
#[derive(Default)]
pub(crate) struct Witness {
    seen: Mutex<Vec<u64>>,
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Witness {
    pub(crate) fn role(self: &Arc<Self>) -> Role<'static> {
        Role::Step(Box::new(self.clone()))
    }

    pub(crate) fn seen(&self) -> Vec<u64> {
        lock(&self.seen).clone()
    }

    /// The waves, whatever their order.
    pub(crate) fn sorted(&self) -> Vec<u64> {
        let mut seen = self.seen();
        seen.sort_unstable();
        seen
    }

    pub(crate) fn is_inside(&self) -> bool {
        self.inside.load(SeqCst) > 0
    }

    pub(crate) fn most(&self) -> usize {
        self.most.load(SeqCst)
    }
}

impl Step for Arc<Witness> {
    fn run(&self, _shared: &Shared, _part: usize, wave: u64, _arrivals: &mut Vec<usize>) {
        let inside = self.inside.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(inside, SeqCst);
        // here others may come in
        lock(&self.seen).push(wave);
        self.inside.fetch_sub(1, SeqCst);
    }

    fn clear(&self) {}
}

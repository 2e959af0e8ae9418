//! The pipelines that are ended, and what their sources and workers do meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use papy::prelude::*;
use papy::testing::Tally;
use papy::{Handle, Output};

use crate::common::*;

/// Items of each input.
pub const ITEMS: usize = 24;
/// Items in flight at most.
pub const BUFFER: usize = 8;
/// Threads of the pool that the first nodes are on.
pub const THREADS: usize = 2;

/// How many items have been read when the end comes: none, the first, half, all but the last, and all with the end.
pub const MOMENTS: [usize; 5] = [0, 1, ITEMS / 2, ITEMS - 1, ITEMS];

/// What workers do when the end comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State {
    /// Nothing: the source keeps them waiting.
    Idle,
    /// All of them are inside a call.
    Busy,
    /// Nothing: there is no room for what they could do.
    Full,
    /// What is next in order is inside a call; what is behind it is done.
    Head,
}

pub const STATES: [State; 4] = [State::Idle, State::Busy, State::Full, State::Head];

/// What sources and workers of a case are told, and tell.
pub struct Scene {
    pub state: State,
    /// The first item that waits for the gate.
    pub from: i64,
    pub fails: Option<i64>,
    pub gate: Gate,
    /// Calls that wait.
    pub inside: AtomicUsize,
    /// Calls that are over.
    pub done: AtomicUsize,
    pub calls: Vec<AtomicUsize>,
}

impl Scene {
    fn wait(&self) {
        self.inside.fetch_add(1, SeqCst);
        self.gate.pass();
    }

    fn call(&self, n: i64, input: usize) -> bool {
        self.calls[input * ITEMS + n as usize].fetch_add(1, SeqCst);
        match self.state {
            State::Busy if n >= self.from && input == 0 => self.wait(),
            State::Head if n == self.from && input == 0 => self.wait(),
            _ => {}
        }
        self.done.fetch_add(1, SeqCst);
        self.fails != Some(n)
    }
}

/// Every first node: counts its calls, waits at the gate, fails.
#[worker]
fn stage(x: Live, #[param] scene: &Scene, #[param] input: usize) -> Result<Live, String> {
    if scene.call(n(&x), input) {
        Ok(x)
    } else {
        Err("on purpose".into())
    }
}

pub fn n(x: &Live) -> i64 {
    **x
}

#[worker]
fn in_turn(seen: &mut i64, x: Live) -> Live {
    // what has failed does not come here
    assert!(n(&x) >= *seen, "out of turn");
    *seen = n(&x) + 1;
    x
}

#[worker]
fn pass(x: Live) -> Live {
    x
}

#[worker]
fn alone_again(group: Vec<Live>) -> Vec<Live> {
    group
}

#[worker]
fn first(x: Live, y: Live) -> Live {
    assert_eq!(n(&x), n(&y));
    x
}

// ---------------------------------------------------------------- the pipelines

pipeline! {
    fn chain(xs: Stream<Live>, scene: Arc<Scene>, a: Pool, b: Pool) -> Stream<Live> {
        xs >> stage(scene = scene, input = 0).on(a) >> in_turn.on(b).serial() >> pass
    }
}

pipeline! {
    fn fork(xs: Stream<Live>, scene: Arc<Scene>, a: Pool, b: Pool) -> (Stream<Live>, Stream<Live>) {
        let up = xs >> stage(scene = scene, input = 0).on(a);
        let l = up >> pass.on(b);
        let r = up >> in_turn.serial();
        (l, r)
    }
}

pipeline! {
    fn springs(xs: Stream<Live>, scene: Arc<Scene>, a: Pool, b: Pool) -> Stream<Live> {
        xs >> stage(scene = scene, input = 0).on(a) >> (|x: Live| [x]).flat().on(b) >> in_turn.serial()
    }
}

pipeline! {
    fn groups(xs: Stream<Live>, scene: Arc<Scene>, a: Pool, b: Pool) -> Stream<Live> {
        xs >> stage(scene = scene, input = 0).on(a) >> alone_again.consume(3).on(b).flat() >> pass
    }
}

pipeline! {
    fn routes(xs: Stream<Live>, scene: Arc<Scene>, a: Pool, b: Pool) -> Stream<Live> {
        let up = xs >> stage(scene = scene, input = 0).on(a);
        match up {
            x if n(&x) % 3 == 0 => x >> pass.on(b),
            x if n(&x) % 3 == 1 => x >> pass.on(a) >> pass,
            x => x,
        }
    }
}

pipeline! {
    fn nested(xs: Stream<Live>, scene: Arc<Scene>, a: Pool, b: Pool) -> Stream<Live> {
        let (l, r) = xs >> fork(scene = scene, a = a, b = b).pipeline();
        (l, r) >> first
    }
}

pipeline! {
    fn apart(xs: Stream<Live>, ys: Stream<Live>, zs: Stream<Live>, scene: Arc<Scene>, a: Pool, b: Pool) -> (Stream<Live>, Stream<Live>) {
        let l = (xs >> stage(scene = scene, input = 0).on(a), ys >> pass.on(b)) >> first >> in_turn.serial();
        let r = zs >> stage(scene = scene, input = 1).on(b);
        (l, r)
    }
}

pipeline! {
    fn timed(xs: Stream<Live>, scene: Arc<Scene>, a: Pool, b: Pool) -> Stream<Live> {
        xs >> pass.on(b) >> stage(scene = scene, input = 0).on(a).timeout(secs(60)) >> in_turn.serial()
    }
}

/// A pipeline that has been started, whichever it is.
pub struct Rig {
    pub handle: Handle,
    pub outputs: Vec<Output<Live>>,
    /// For each output, the inputs that each of its items is from.
    pub inputs: Vec<Vec<usize>>,
    /// How many items were pulled of each input.
    pub pulled: Vec<Arc<AtomicUsize>>,
}

/// A kind of pipeline: its name, how many items come out together at least, how it is started.
pub struct Kind {
    pub name: &'static str,
    pub together: usize,
    pub start: fn(&Plan) -> Rig,
}

pub struct Plan {
    pub scene: Arc<Scene>,
    pub tally: Tally,
    pub fail_fast: bool,
    pub pools: [Pool; 2],
}

impl Plan {
    fn source(&self, input: usize) -> impl Iterator<Item = Live> + Send + use<> {
        let (scene, tally) = (self.scene.clone(), self.tally.clone());
        (0..ITEMS as i64).map(move |n| {
            if scene.state == State::Idle && n >= scene.from && input == 0 {
                scene.wait();
            }
            tally.item(n)
        })
    }
}

macro_rules! kind {
    ($name:ident($($input:literal),+), $together:literal, [$($output:ident: $from:expr),+]) => {
        Kind {
            name: stringify!($name),
            together: $together,
            start: |plan| {
                let mut pulled = Vec::new();
                let [a, b] = plan.pools.clone();
                let p = $name($({
                    let (items, count) = counted(plan.source($input));
                    pulled.push(count);
                    items
                },)+ plan.scene.clone(), a, b).stride(1).buffer(BUFFER);
                let stops = if plan.fail_fast { OnFault::Stop } else { OnFault::Continue };
                let run = p.on_fault(stops).start().expect("threads");
                let handle = run.handle();
                Rig { handle, outputs: vec![$(run.$output),+], inputs: vec![$($from.to_vec()),+], pulled }
            },
        }
    };
}

pub fn kinds() -> [Kind; 8] {
    [
        kind!(chain(0), 1, [out: [0]]),
        kind!(fork(0), 1, [l: [0], r: [0]]),
        kind!(springs(0), 1, [out: [0]]),
        kind!(groups(0), 3, [out: [0]]),
        kind!(routes(0), 1, [out: [0]]),
        kind!(nested(0), 1, [out: [0]]),
        kind!(timed(0), 1, [out: [0]]),
        kind!(apart(0, 1, 2), 1, [l: [0, 1], r: [2]]),
    ]
}

//! Every way of ending a run, and every pair of them, at every moment and in every state of its workers, over every kind
//! of pipeline: nothing hangs, and what was pulled is accounted for.

#[macro_use]
mod common;

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::*;
use papy::prelude::*;
use papy::testing::Baseline;
use papy::{Handle, Output};

// ---------------------------------------------------------------- the product

/// Items of each input.
const ITEMS: usize = 24;
/// Items in flight at most.
const BUFFER: usize = 8;
/// Threads of the pool that the first nodes are on.
const THREADS: usize = 2;

/// How many items have been read when the end comes: none, the first, half, all but the last, and all with the end.
const MOMENTS: [usize; 5] = [0, 1, ITEMS / 2, ITEMS - 1, ITEMS];

/// What workers do when the end comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Nothing: the source keeps them waiting.
    Idle,
    /// All of them are inside a call.
    Busy,
    /// Nothing: there is no room for what they could do.
    Full,
    /// What is next in order is inside a call; what is behind it is done.
    Head,
}

const STATES: [State; 4] = [State::Idle, State::Busy, State::Full, State::Head];

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Stop,
    Pause,
    PauseStop,
    DropHandle,
    DropOutput,
    DropAll,
    DropReversed,
    Forget,
    Panic,
    Cancel,
    /// A fault, in a run that stops at faults.
    FailFast,
}

const ENDS: [End; 11] = [
    End::Stop,
    End::Pause,
    End::PauseStop,
    End::DropHandle,
    End::DropOutput,
    End::DropAll,
    End::DropReversed,
    End::Forget,
    End::Panic,
    End::Cancel,
    End::FailFast,
];

/// What sources and workers of a case are told, and tell.
struct Scene {
    state: State,
    /// The first item that waits for the gate.
    from: i64,
    fails: Option<i64>,
    gate: Gate,
    /// Calls that wait.
    inside: AtomicUsize,
    /// Calls that are over.
    done: AtomicUsize,
    calls: Vec<AtomicUsize>,
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

fn n(x: &Live) -> i64 {
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

/// A pipeline that has been started, whichever it is.
struct Rig {
    handle: Handle,
    outputs: Vec<Output<Live>>,
    /// For each output, the inputs that each of its items is from.
    inputs: Vec<Vec<usize>>,
    /// How many items were pulled of each input.
    pulled: Vec<Arc<AtomicUsize>>,
}

/// A kind of pipeline: its name, how many items come out together at least, how it is started.
struct Kind {
    name: &'static str,
    together: usize,
    start: fn(&Plan) -> Rig,
}

struct Plan {
    scene: Arc<Scene>,
    tally: Tally,
    fail_fast: bool,
    pools: [Pool; 2],
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

fn kinds() -> [Kind; 7] {
    [
        kind!(chain(0), 1, [out: [0]]),
        kind!(fork(0), 1, [l: [0], r: [0]]),
        kind!(springs(0), 1, [out: [0]]),
        kind!(groups(0), 3, [out: [0]]),
        kind!(routes(0), 1, [out: [0]]),
        kind!(nested(0), 1, [out: [0]]),
        kind!(apart(0, 1, 2), 1, [l: [0, 1], r: [2]]),
    ]
}

// ---------------------------------------------------------------- a case

/// Opens the gate of a case that fails before it does so.
struct Opener(Arc<Scene>);

impl Drop for Opener {
    fn drop(&mut self) {
        self.0.gate.open();
    }
}

/// A run in the middle of a case.
struct Case<'a> {
    _opener: Opener,
    kind: &'a Kind,
    read: usize,
    ends: &'a [End],
    plan: Plan,
    handle: Handle,
    pulled: Vec<Arc<AtomicUsize>>,
    inputs: Vec<Vec<usize>>,
    outputs: Vec<Option<Output<Live>>>,
    forgotten: Vec<ManuallyDrop<Output<Live>>>,
    cancelled: bool,
    stopped: bool,
    paused: bool,
}

impl<'a> Case<'a> {
    fn start(
        kind: &'a Kind,
        pools: &[Pool; 2],
        state: State,
        read: usize,
        ends: &'a [End],
    ) -> Case<'a> {
        let from = read.next_multiple_of(kind.together) as i64;
        let fail_fast = ends.contains(&End::FailFast);
        let scene = Scene {
            state,
            from,
            fails: fail_fast.then_some(from),
            gate: Gate::default(),
            inside: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            calls: (0..2 * ITEMS).map(|_| AtomicUsize::new(0)).collect(),
        };
        let plan = Plan {
            scene: Arc::new(scene),
            tally: Tally::new(),
            fail_fast,
            pools: pools.clone(),
        };
        let rig = (kind.start)(&plan);
        let mut case = Case {
            _opener: Opener(plan.scene.clone()),
            kind,
            read,
            ends,
            plan,
            handle: rig.handle,
            pulled: rig.pulled,
            inputs: rig.inputs,
            outputs: rig.outputs.into_iter().map(Some).collect(),
            forgotten: Vec::new(),
            cancelled: false,
            stopped: false,
            paused: false,
        };
        case.read_some();
        case.await_state();
        case
    }

    fn about(&self) -> String {
        format!(
            "{}, {:?}, after {}, {:?}",
            self.kind.name, self.plan.scene.state, self.read, self.ends
        )
    }

    /// Reads each output up to the moment; at the end, that it has ended.
    fn read_some(&mut self) {
        for at in 0..self.outputs.len() {
            let output = self.outputs[at].as_mut().unwrap();
            for want in 0..self.read {
                assert_eq!(n(&output.next().unwrap().unwrap()), want as i64);
            }
            if self.read == ITEMS {
                let text = format!("{:?}", output.next());
                assert_eq!(text, "None", "{}", self.about());
            }
        }
    }

    /// Waits until sources and workers are where the case wants them.
    fn await_state(&self) {
        let scene = &*self.plan.scene;
        let from = scene.from as usize;
        let left = ITEMS - from;
        let (inside, done) = (|| scene.inside.load(SeqCst), || scene.done.load(SeqCst));
        let come = match scene.state {
            State::Idle => soon(|| inside() == left.min(1) && done() >= from),
            State::Busy => soon(|| inside() == left.min(THREADS)),
            // it stops at the fault
            State::Full if self.plan.fail_fast => true,
            State::Full => {
                let enough = ITEMS.min(self.read + BUFFER - self.kind.together);
                soon(|| self.pulled.iter().all(|count| count.load(SeqCst) >= enough))
            }
            State::Head => {
                soon(|| inside() >= left.min(1) && done() >= from + left.saturating_sub(1).min(2))
            }
        };
        assert!(
            come,
            "{}: {} inside, {} done",
            self.about(),
            inside(),
            done()
        );
    }

    /// Whether an end waits for calls that are in progress, or for a source.
    fn waits(&self, end: End) -> bool {
        use End::{DropAll, DropOutput, DropReversed, Panic, Pause, PauseStop};
        let is_last = self.outputs.iter().flatten().count() + self.forgotten.len() == 1;
        matches!(end, Pause | PauseStop | DropAll | DropReversed | Panic)
            || (end == DropOutput && is_last)
    }

    fn end(&mut self, end: End) {
        match end {
            End::Stop => {
                self.handle.stop();
                self.stopped = true;
            }
            End::Pause => {
                self.handle.pause();
                self.paused = true;
            }
            End::PauseStop => {
                self.handle.pause();
                self.handle.stop();
                self.stopped = true;
                self.paused = true;
            }
            End::DropHandle => drop(self.handle.clone()),
            End::DropOutput => drop(self.outputs[0].take()),
            End::DropAll => self
                .outputs
                .iter_mut()
                .for_each(|output| drop(output.take())),
            End::DropReversed => self
                .outputs
                .iter_mut()
                .rev()
                .for_each(|output| drop(output.take())),
            End::Forget => {
                let output = self.outputs.last_mut().unwrap().take();
                self.forgotten.extend(output.map(ManuallyDrop::new));
            }
            End::Panic => {
                let outputs: Vec<_> = self.outputs.iter_mut().map(Option::take).collect();
                let reader = thread::spawn(move || {
                    let _outputs = outputs;
                    panic!("on purpose");
                });
                assert!(reader.join().is_err());
            }
            End::Cancel => {
                self.handle.cancel();
                self.cancelled = true;
            }
            End::FailFast => {}
        }
        let nobody_reads = self.outputs.iter().all(Option::is_none) && self.forgotten.is_empty();
        self.cancelled |= nobody_reads;
    }

    /// Ends it in every way that is asked for, lets go whoever waits, and reads what is left.
    fn finish(mut self, before: &Baseline) {
        for end in self.ends {
            let scene = self.plan.scene.clone();
            if self.waits(*end) {
                let (go, gone) = mpsc::channel();
                let opener = thread::spawn(move || {
                    let _ = gone.recv();
                    scene.gate.open();
                });
                go.send(()).unwrap();
                promptly(&self.about(), || self.end(*end));
                opener.join().unwrap();
            } else {
                promptly(&self.about(), || self.end(*end));
            }
        }
        self.plan.scene.gate.open();
        if self.paused && !self.stopped {
            self.handle.resume();
        }
        let outputs = std::mem::take(&mut self.outputs);
        let seen: Vec<_> = outputs
            .into_iter()
            .map(|output| output.map(|output| self.rest(output)))
            .collect();
        if !self.forgotten.is_empty() {
            // nobody else can end it
            self.handle.cancel();
        }
        let about = self.about();
        let report = self
            .handle
            .wait_timeout(secs(5))
            .unwrap_or_else(|| panic!("{about}: no end"));
        assert!(self.handle.is_finished(), "{about}");
        let left = || before.check_within(Duration::ZERO).err();
        let at_rest =
            || left().is_none_or(|left| left.threads().is_empty() && left.files().is_empty());
        assert!(soon(at_rest), "{about}: {:?}", left());
        // nobody is left who could pull or call any more
        let pulled: Vec<usize> = self.pulled.iter().map(|count| count.load(SeqCst)).collect();
        for (seen, inputs) in seen.into_iter().zip(&self.inputs) {
            let Some(seen) = seen else { continue };
            self.account(seen, inputs.iter().map(|input| pulled[*input]));
        }
        let twice = self
            .plan
            .scene
            .calls
            .iter()
            .any(|calls| calls.load(SeqCst) > 1);
        assert!(!twice, "{about}: an item was evaluated twice");
        for (input, pulled) in report.inputs().iter().zip(pulled) {
            assert!(input.position() <= pulled as u64, "{about}: {report}");
        }
        self.forgotten
            .into_iter()
            .for_each(|output| drop(ManuallyDrop::into_inner(output)));
        assert!(soon(|| left().is_none()), "{about}: {:?}", left());
    }

    /// Reads an output to its end: values in order, then maybe a fault, then nothing any more. Gives how far it went.
    fn rest(&self, mut output: Output<Live>) -> (usize, bool) {
        let mut next = self.read;
        let mut failed = false;
        for result in output.by_ref() {
            assert!(!failed, "{}: {result:?} behind a fault", self.about());
            match result {
                Ok(x) => {
                    assert_eq!(n(&x), next as i64, "{}", self.about());
                    next += 1;
                }
                Err(fault) => {
                    assert!(self.plan.fail_fast, "{}: {fault}", self.about());
                    failed = true;
                }
            }
        }
        assert!(
            output.next().is_none() && output.try_next().is_ready(),
            "{}",
            self.about()
        );
        (next, failed)
    }

    /// What came out is what was taken, but for what was thrown away on demand.
    fn account(&self, (seen, failed): (usize, bool), mut pulled: impl Iterator<Item = usize>) {
        let about = self.about();
        let from = self.plan.scene.from as usize;
        if self.cancelled {
            assert!(
                pulled.all(|pulled| seen <= pulled),
                "{about}: {seen} of {:?}",
                self.pulled
            );
        } else if failed {
            assert_eq!(seen, from, "{about}");
        } else {
            let fails = self.plan.fail_fast && from < ITEMS;
            assert!(!fails || self.stopped, "{about}: no fault");
            assert!(
                pulled.all(|pulled| seen == pulled),
                "{about}: {seen} of {:?}",
                self.pulled
            );
            assert!(self.stopped || seen == ITEMS, "{about}: {seen}");
        }
    }
}

fn pools() -> [Pool; 2] {
    [Pool::threads(THREADS), Pool::threads(1)]
}

/// What there is when the pools have begun their threads and nothing runs.
fn baseline(pools: &[Pool; 2]) -> Baseline {
    let bare = Baseline::take();
    for kind in kinds() {
        drop(Case::start(&kind, pools, State::Full, ITEMS, &[]));
    }
    let own = || {
        bare.check_within(Duration::ZERO)
            .map_or_else(|left| left.threads().len(), |()| 0)
    };
    assert!(
        soon(|| own() == THREADS + 1),
        "{} threads of the pools",
        own()
    );
    Baseline::take()
}

#[test]
fn every_end() {
    within(100, || {
        quiet();
        let pools = pools();
        let before = baseline(&pools);
        for kind in kinds() {
            for read in MOMENTS {
                for state in STATES {
                    for end in ENDS {
                        Case::start(&kind, &pools, state, read, &[end]).finish(&before);
                    }
                }
            }
        }
    });
}

#[test]
fn every_pair_of_ends() {
    within(100, || {
        quiet();
        let pools = pools();
        let before = baseline(&pools);
        let kinds = kinds();
        for (at, first) in ENDS.into_iter().enumerate() {
            for (to, second) in ENDS.into_iter().enumerate() {
                for state in STATES {
                    for read in [0, ITEMS / 2, ITEMS - 1] {
                        // two of the seven kinds for each, all of them for every end
                        for kind in [&kinds[1], &kinds[(at + to) % kinds.len()]] {
                            let ends = [first, second];
                            Case::start(kind, &pools, state, read, &ends).finish(&before);
                        }
                    }
                }
            }
        }
    });
}

// ---------------------------------------------------------------- what is over stays over

/// A source that comes back after a cancel was waited for, and helpers that begin late, change nothing.
#[test]
fn what_has_finished_stays_finished() {
    within(60, || {
        let pools = pools();
        let kinds = kinds();
        for round in 0..200 {
            let kind = &kinds[round % kinds.len()];
            let case = Case::start(kind, &pools, State::Idle, 0, &[]);
            case.handle.cancel();
            assert!(case.handle.wait_timeout(secs(5)).is_some(), "{}", kind.name);
            case.plan.scene.gate.open();
            for _ in 0..3000 {
                assert!(case.handle.is_finished(), "{}", kind.name);
            }
        }
    });
}

// ---------------------------------------------------------------- pauses

#[test]
fn a_thousand_pauses() {
    within(60, || {
        let pools = pools();
        for kind in kinds() {
            let mut case = Case::start(&kind, &pools, State::Full, 0, &[]);
            let outputs = case.outputs.iter_mut().map(|output| output.take().unwrap());
            let readers: Vec<_> = outputs
                .map(|output| {
                    thread::spawn(move || output.map(|x| n(&x.unwrap())).collect::<Vec<_>>())
                })
                .collect();
            for _ in 0..1000 {
                case.handle.pause();
                case.handle.resume();
            }
            for reader in readers {
                assert_eq!(
                    reader.join().unwrap(),
                    (0..ITEMS as i64).collect::<Vec<_>>()
                );
            }
        }
    });
}

/// A thousand items, a pause at each: nothing comes while it lasts, and all comes in the end.
#[test]
fn a_pause_at_every_item() {
    within(60, || {
        for pool in [Pool::threads(2), Pool::rayon(), Pool::inline()] {
            let (xs, pulled) = counted(0..1000i64);
            let mut run = numbers(xs, pool).buffer(4).start().unwrap();
            let handle = run.handle();
            for want in 0..1000 {
                assert_eq!(run.next().unwrap().unwrap(), want);
                handle.pause();
                let before = pulled.load(SeqCst);
                assert!(!handle.is_finished() || want >= 995, "{want}");
                assert_eq!(pulled.load(SeqCst), before);
                handle.resume();
            }
            assert!(run.next().is_none());
        }
    });
}

pipeline! {
    fn numbers(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> id.on(a) >> id.serial()
    }
}

// ---------------------------------------------------------------- waits

#[test]
fn two_threads_wait_and_nobody_waits_for_nothing() {
    within(60, || {
        let pools = pools();
        for kind in kinds() {
            let case = Case::start(&kind, &pools, State::Idle, 0, &[]);
            for _ in 0..100 {
                promptly(kind.name, || {
                    assert!(case.handle.wait_timeout(Duration::ZERO).is_none())
                });
            }
            let waiters = [(); 2].map(|()| {
                let handle = case.handle.clone();
                thread::spawn(move || handle.wait())
            });
            case.plan.scene.gate.open();
            for waiter in waiters {
                let report = waiter.join().unwrap();
                assert!(
                    report
                        .inputs()
                        .iter()
                        .all(|input| input.position() == ITEMS as u64)
                );
            }
            promptly(kind.name, || {
                assert!(case.handle.wait_timeout(Duration::ZERO).is_some())
            });
            assert!(case.handle.is_finished());
        }
    });
}

#[test]
fn a_waiter_sees_every_other_end() {
    within(60, || {
        let pools = pools();
        for kind in kinds() {
            for end in 0..3 {
                let case = Case::start(&kind, &pools, State::Busy, 0, &[]);
                let handle = case.handle.clone();
                let waiter = thread::spawn(move || handle.wait());
                case.handle.pause();
                match end {
                    0 => case.handle.stop(),
                    1 => case.handle.cancel(),
                    _ => {
                        case.plan.scene.gate.open();
                        drop(case.outputs);
                    }
                }
                case.plan.scene.gate.open();
                let report = waiter.join().unwrap();
                assert_eq!(report.was_cancelled(), end > 0, "{}, {end}", kind.name);
            }
        }
    });
}

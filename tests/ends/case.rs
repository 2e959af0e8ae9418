//! A run in the middle of a case: which pipeline, what its workers do, how much has been read, and how it ends.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use papy::prelude::*;
use papy::testing::Baseline;
use papy::{Handle, Output};

use crate::common::*;
use crate::ends::kinds::{BUFFER, ITEMS, Kind, Plan, Scene, State, THREADS, kinds, n};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
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

pub const ENDS: [End; 11] = [
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

/// Opens the gate of a case that fails before it does so.
struct Opener(Arc<Scene>);

impl Drop for Opener {
    fn drop(&mut self) {
        self.0.gate.open();
    }
}

/// A run in the middle of a case.
pub struct Case<'a> {
    _opener: Opener,
    kind: &'a Kind,
    read: usize,
    ends: &'a [End],
    pub plan: Plan,
    pub handle: Handle,
    pulled: Vec<Arc<AtomicUsize>>,
    inputs: Vec<Vec<usize>>,
    pub outputs: Vec<Option<Output<Live>>>,
    forgotten: Vec<ManuallyDrop<Output<Live>>>,
    cancelled: bool,
    stopped: bool,
    paused: bool,
}

impl<'a> Case<'a> {
    pub fn start(
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
    pub fn finish(mut self, before: &Baseline) {
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

pub fn pools() -> [Pool; 2] {
    [Pool::threads(THREADS), Pool::threads(1)]
}

/// What there is when the pools have begun their threads and nothing runs.
pub fn baseline(pools: &[Pool; 2]) -> Baseline {
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

//! The rules of reactive streams, as far as a pipeline that is pulled has them: who asks gets what he asks for, in order,
//! and no more; what has ended has ended; and nothing happens behind the back of who has let go.

#[macro_use]
mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use common::*;
use papy::prelude::*;
use papy::testing::Baseline;
use papy::{Handle, Output};

pipeline! {
    fn chain(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(a) >> id.on(b).serial() >> id.on(a)
    }
}

pipeline! {
    fn springing(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> (|x| [x]).flat().on(a) >> id.on(b)
    }
}

pipeline! {
    fn grouping(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(a) >> (|group: Vec<i64>| group).consume(2).on(b).flat() >> id.on(a)
    }
}

pipeline! {
    fn routing(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        match xs {
            x if x % 2 == 0 => x >> id.on(a),
            x => x >> id.on(b),
        }
    }
}

/// Runs `$body` with each of the pipelines, which all give what they take; `$springs` is how many buffers are behind the
/// source.
macro_rules! each_pipeline {
    (|$make:ident, $springs:ident| $body:block) => {
        each_pipeline!(@ $make $springs $body chain 0, springing 1, grouping 1, routing 0);
    };
    (@ $make:ident $springs:ident $body:block $($name:ident $count:literal),+) => {$(
        {
            macro_rules! $make { ($xs:expr, $a:expr, $b:expr) => { $name($xs, $a, $b) }; }
            let $springs: usize = $count;
            $body
        }
    )+};
}

// ---------------------------------------------------------------- no more than was asked for

/// 1.1, 3.17: whatever has been read, the source is no further ahead than the buffers on the way.
#[test]
fn no_more_is_pulled_than_asked_for_and_buffered() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            each_pipeline!(|make, springs| {
                for buffer in [2, 5, 64] {
                    let (xs, pulled) = counted(0..);
                    let mut run = make!(xs, a.clone(), b.clone())
                        .buffer(buffer)
                        .start()
                        .unwrap();
                    for asked in 1..200 {
                        assert_eq!(run.next().unwrap().unwrap(), asked as i64 - 1);
                        let most = asked + buffer * (1 + springs);
                        let pulled = pulled.load(SeqCst);
                        assert!(
                            pulled <= most,
                            "{pulled} pulled for {asked}, buffer {buffer}, {name}"
                        );
                    }
                }
            });
        }
    });
}

/// The same for who only looks whether there is something.
#[test]
fn looking_is_not_asking_for_more() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            each_pipeline!(|make, springs| {
                let (xs, pulled) = counted(0..);
                let mut run = make!(xs, a.clone(), b.clone()).buffer(3).start().unwrap();
                for want in 0..100 {
                    let x = loop {
                        match run.try_next() {
                            Poll::Ready(x) => break x,
                            Poll::Pending => thread::yield_now(),
                        }
                    };
                    assert_eq!(x.unwrap().unwrap(), want);
                    let most = want as usize + 1 + 3 * (1 + springs);
                    assert!(pulled.load(SeqCst) <= most, "{name}");
                }
            });
        }
    });
}

/// A sink that is a thousand times slower than everything before it holds the source back.
/// What this process has had of the processor.
#[cfg(unix)]
fn processor_time() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process knows its usage");
    let micros = |time: nix::sys::time::TimeVal| {
        u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).expect("time goes on")
    };
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
}

pipeline! {
    fn merging(xs: Stream<u64>, a: Pool) -> (Stream<u64>, Stream<u64>) {
        let each = xs >> (|x| x).on(a);
        let some = xs >> (|x| vec![x; x as usize % 3]).flat().on(a);
        let any = merge(each, some) >> (|x| x);
        (each, any)
    }
}

#[cfg(unix)]
#[test]
fn who_waits_to_be_read_is_at_rest() {
    within(30, || {
        let pool = Pool::threads(1);
        let mut runs = Vec::new();
        for buffer in [1, 2, 3, 5, 17] {
            for reads in 500..510 {
                let run = merging(0.., pool.clone()).stride(2).buffer(buffer);
                let mut run = run.start().unwrap();
                // enough for waves to grow
                for _ in 0..reads {
                    assert!(run.each.next().unwrap().is_ok());
                    assert!(run.any.next().unwrap().is_ok());
                }
                runs.push(run);
            }
        }
        thread::sleep(Duration::from_millis(300));
        let before = processor_time();
        thread::sleep(Duration::from_millis(400));
        let spent = processor_time().saturating_sub(before);
        assert!(
            spent < Duration::from_millis(100),
            "{} runs that nobody reads took {spent:?} of the processor",
            runs.len()
        );
    });
}

#[test]
fn a_slow_sink_holds_the_source_back() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            each_pipeline!(|make, springs| {
                let (xs, pulled) = counted(0..150i64);
                let mut seen = 0;
                let report = make!(xs, a.clone(), b.clone()).buffer(4).for_each(|x| {
                    assert_eq!(x.unwrap(), seen as i64);
                    thread::sleep(Duration::from_micros(20));
                    seen += 1;
                    let pulled = pulled.load(SeqCst);
                    assert!(
                        pulled <= seen + 4 * (1 + springs),
                        "{pulled} pulled, {seen} seen, {name}"
                    );
                });
                assert_eq!((seen, position(&report, "xs")), (150, 150), "{name}");
            });
        }
    });
}

// ---------------------------------------------------------------- one at a time, in order

/// 1.3: an output that several threads read by turns gives each item to one of them, in order.
#[test]
fn one_output_for_several_threads() {
    within(60, || {
        for s in schedules().into_iter().step_by(3) {
            let [a, b, _] = s.pools();
            let run = tuned!(s, chain(0..400, a, b)).start().unwrap();
            let shared = Mutex::new((run, Vec::new()));
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        loop {
                            let mut guard = shared.lock().unwrap();
                            let (run, seen) = &mut *guard;
                            let Some(x) = run.next() else { break };
                            seen.push(x.unwrap());
                        }
                    });
                }
            });
            let (mut run, seen) = shared.into_inner().unwrap();
            assert!(seen.into_iter().eq(0..400), "{s}");
            assert!(run.next().is_none());
        }
    });
}

// ---------------------------------------------------------------- the end

fn ended(output: &mut Output<i64>) {
    for _ in 0..3 {
        assert!(output.next().is_none());
        assert!(matches!(output.try_next(), Poll::Ready(None)));
        assert!(matches!(output.next_timeout(millis(0)), Poll::Ready(None)));
        assert!(output.indexed().next().is_none());
    }
}

/// 1.4, 1.5, 1.7, 2.10: what comes before an error comes, then the error, and then nothing for ever, whoever asks how.
#[test]
fn the_end_is_for_ever() {
    within(60, || {
        quiet();
        for (name, [a, b, _]) in pool_sets() {
            each_pipeline!(|make, _springs| {
                for len in [0, 1, 2, 40] {
                    let mut run = make!(0..len, a.clone(), b.clone()).start().unwrap();
                    assert_eq!(run.out.by_ref().count() as i64, len, "{name}");
                    ended(&mut run.out);
                    let xs = (0..).map(move |x| if x == len { panic!("on purpose") } else { x });
                    let mut run = make!(xs, a.clone(), b.clone()).start().unwrap();
                    let text = line(run.out.by_ref());
                    assert!(
                        text.ends_with(&format!("!xs#{len}[Input]")),
                        "{text}, {name}"
                    );
                    ended(&mut run.out);
                    let xs = papy::source::fallible(
                        (0..).map(move |x| if x == len { Err("bad") } else { Ok(x) }),
                    );
                    let p = make!(xs, a.clone(), b.clone()).on_fault(OnFault::Stop);
                    let mut run = p.start().unwrap();
                    assert_eq!(run.out.by_ref().filter(Result::is_err).count(), 1, "{name}");
                    ended(&mut run.out);
                    let mut run = make!(0.., a.clone(), b.clone()).start().unwrap();
                    run.handle().cancel();
                    run.out.by_ref().for_each(drop);
                    ended(&mut run.out);
                }
            });
        }
    });
}

/// 2.9: an empty source is asked once.
#[test]
fn an_empty_source_is_asked_once() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            each_pipeline!(|make, _springs| {
                for form in 0..3 {
                    let asked = Arc::new(AtomicUsize::new(0));
                    let count = asked.clone();
                    let xs = std::iter::from_fn(move || {
                        count.fetch_add(1, SeqCst);
                        None
                    });
                    let p = make!(xs, a.clone(), b.clone());
                    let results = match form {
                        0 => p.collect(),
                        1 => p.inline().collect(),
                        _ => p.start().unwrap().collect(),
                    };
                    assert!(results.is_empty(), "{name}");
                    assert_eq!(asked.load(SeqCst), 1, "{name}");
                }
            });
        }
    });
}

/// 3.4 to 3.7: to stop again, later, or what has ended, is nothing; and it is done at once, whatever a worker does.
#[test]
fn to_stop_is_quick_and_may_be_done_again() {
    within(60, || {
        let pool = Pool::threads(2);
        for _ in 0..20 {
            let gate = Gate::new();
            let mut run = stuck(0.., gate.clone(), pool.clone())
                .stride(1)
                .start()
                .unwrap();
            let handle = run.handle();
            let begun = std::time::Instant::now();
            for _ in 0..1000 {
                handle.stop();
            }
            let others = [(); 3].map(|()| {
                let handle = handle.clone();
                thread::spawn(move || handle.stop())
            });
            for other in others {
                other.join().unwrap();
            }
            // a thousand and three of them, on a machine that may be busy
            assert!(begun.elapsed() < secs(1), "{:?}", begun.elapsed());
            gate.open();
            let seen = run.by_ref().count() as u64;
            assert_eq!(position(&handle.wait(), "xs"), seen);
            handle.stop();
            handle.resume();
            handle.pause();
            handle.cancel();
            assert!(run.next().is_none() && handle.is_finished());
            assert!(!handle.wait().was_cancelled());
        }
    });
}

#[worker]
fn stick(x: i64, #[param] gate: &Gate) -> i64 {
    gate.pass();
    x
}

pipeline! {
    fn stuck(xs: Stream<i64>, gate: Arc<Gate>, a: Pool) -> Stream<i64> {
        xs >> stick(gate = gate).on(a)
    }
}

// ---------------------------------------------------------------- after letting go

/// 1.8, 2.8, 3.13: with the run goes all that it owned, and there is nobody left who could call or pull.
#[test]
fn nothing_is_left_of_a_dropped_run() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            // pools begin their threads
            chain(0..100, a.clone(), b.clone())
                .start()
                .unwrap()
                .for_each(drop);
            let before = Baseline::take();
            each_pipeline!(|make, _springs| {
                for read in [0, 1, 30] {
                    let owned = Arc::new(());
                    let held = owned.clone();
                    let (xs, pulled) = counted((0..).inspect(move |_| drop(held.clone())));
                    let mut run = make!(xs, a.clone(), b.clone()).start().unwrap();
                    assert_eq!(run.by_ref().take(read).count(), read);
                    drop(run);
                    assert_eq!(Arc::strong_count(&owned), 1, "{name}");
                    let calls = pulled.load(SeqCst);
                    if let Err(left) = before.check() {
                        panic!("{name}: {left}");
                    }
                    assert_eq!(pulled.load(SeqCst), calls, "{name}");
                }
            });
        }
    });
}

// ---------------------------------------------------------------- calls from within

/// Holds the handle of the run that it belongs to, and uses it when it is asked, called or dropped.
struct Inner {
    n: i64,
    seat: Arc<OnceLock<Handle>>,
    how: usize,
}

impl Inner {
    fn steer(&self) {
        let Some(handle) = self.seat.get() else {
            return;
        };
        match self.how {
            0 => drop(handle.stats()),
            1 => drop(handle.wait_timeout(millis(0))),
            2 => handle.resume(),
            3 => drop(handle.is_finished()),
            4 => handle.stop(),
            _ => handle.cancel(),
        }
    }
}

impl Clone for Inner {
    fn clone(&self) -> Self {
        self.steer();
        Inner {
            seat: self.seat.clone(),
            ..*self
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.steer();
    }
}

#[worker]
fn weigh(x: Inner) -> i64 {
    x.steer();
    x.n
}

pipeline! {
    fn steering(xs: Stream<Inner>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let l = xs >> weigh.on(a);
        let m = xs >> (|group: Vec<Inner>| group.len() as i64).consume(3).on(b);
        let r = xs >> (|x: Inner| [x]).flat().on(a) >> weigh.on(b).serial();
        (l, m, r)
    }
}

/// Items that steer their run when they are copied and dropped, wherever that is: no lock is held there.
#[test]
fn items_steer_their_own_run() {
    within(90, || {
        for s in schedules().into_iter().step_by(2) {
            for how in 0..6 {
                for end in 0..4 {
                    let seat = Arc::new(OnceLock::new());
                    let mine = seat.clone();
                    let xs = (0..60).map(move |n| {
                        let x = Inner {
                            n,
                            seat: mine.clone(),
                            how,
                        };
                        // the source does so too
                        if n % 8 == 7 { x.clone() } else { x }
                    });
                    let [a, b, _] = s.pools();
                    let mut run = tuned!(s, steering(xs, a, b)).start().unwrap();
                    let handle = run.handle();
                    let _ = seat.set(handle.clone());
                    match end {
                        0 => {
                            let l = run.l.by_ref().map(Result::unwrap);
                            assert!(l.eq(0..60) || how > 3, "{how}; {s}");
                            let m: i64 = run.m.by_ref().map(Result::unwrap).sum();
                            assert!(m == 60 || how > 3, "{how}; {s}");
                        }
                        1 => drop(run.l.next()),
                        2 => handle.cancel(),
                        _ => handle.stop(),
                    }
                    drop(run);
                    assert!(handle.wait_timeout(secs(5)).is_some(), "{how}, {end}; {s}");
                    // the circle that was tied above
                    drop(seat);
                }
            }
        }
    });
}

/// A source that steers, and one that drops the run which pulls it.
#[test]
fn a_source_steers_its_own_run() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            for how in 0..5 {
                let seat = Arc::new(Mutex::new(None::<ChainRun>));
                let mine = seat.clone();
                let there = Arc::new(AtomicBool::new(false));
                let set = there.clone();
                let xs = (0..50).inspect(move |x| {
                    while !set.load(SeqCst) {
                        thread::yield_now();
                    }
                    if *x == 20 {
                        let handle = mine.lock().unwrap().as_ref().unwrap().handle();
                        match how {
                            0 => handle.stop(),
                            1 => handle.cancel(),
                            2 => {
                                handle.pause();
                                handle.resume();
                            }
                            3 => assert!(handle.wait_timeout(millis(1)).is_none()),
                            _ => drop(mine.lock().unwrap().take()),
                        }
                    }
                });
                let run = chain(xs, a.clone(), b.clone()).start().unwrap();
                let handle = run.handle();
                *seat.lock().unwrap() = Some(run);
                there.store(true, SeqCst);
                let report = handle
                    .wait_timeout(secs(5))
                    .unwrap_or_else(|| panic!("{how}, {name}"));
                assert_eq!(
                    report.was_cancelled(),
                    how == 1 || how == 4,
                    "{how}, {name}"
                );
                drop(seat.lock().unwrap().take());
            }
        }
    });
}

/// 3.3: a hundred thousand items that wait for the first one take their turns without a deeper stack.
#[test]
fn a_long_queue_is_no_deep_stack() {
    within(60, || {
        const LONG: usize = 100_000;
        let gate = Gate::new();
        let done = Arc::new(AtomicUsize::new(0));
        let p = queueing(0..LONG as i64, gate.clone(), done.clone(), Pool::threads(2));
        let mut run = p.stride(1).buffer(2 * LONG).start().unwrap();
        while done.load(SeqCst) < LONG - 1 {
            thread::yield_now();
        }
        gate.open();
        assert!(run.by_ref().map(Result::unwrap).eq(0..LONG as i64));
    });
}

#[worker]
fn first_waits(x: i64, #[param] gate: &Gate, #[param] done: &AtomicUsize) -> i64 {
    if x == 0 {
        gate.pass();
    }
    done.fetch_add(1, SeqCst);
    x
}

pipeline! {
    fn queueing(xs: Stream<i64>, gate: Arc<Gate>, done: Arc<AtomicUsize>, a: Pool) -> Stream<i64> {
        xs >> first_waits(gate = gate, done = done).on(a) >> id.serial() >> id.on(a).serial()
    }
}

// ---------------------------------------------------------------- scratch

static MADE: AtomicUsize = AtomicUsize::new(0);

#[worker]
fn with_scratch(x: i64, #[local(MADE.fetch_add(1, SeqCst))] scratch: &mut usize) -> i64 {
    std::hint::black_box(scratch);
    toil(x)
}

pipeline! {
    fn scratching(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> with_scratch.on(a)
    }
}

/// 2.12: scratch is made at most once for each thread that works: those of the pool, and the driver.
#[test]
fn scratch_is_made_once_for_each_thread() {
    within(60, || {
        for threads in [1, 2, 8] {
            let pool = Pool::threads(threads);
            for stride in [1, 10] {
                for started in [false, true] {
                    MADE.store(0, SeqCst);
                    let p = scratching(0..2000, pool.clone()).stride(stride);
                    let count = if started {
                        p.start().unwrap().count()
                    } else {
                        p.collect().len()
                    };
                    assert_eq!(count, 2000);
                    let made = MADE.load(SeqCst);
                    assert!(
                        (1..=threads + 1).contains(&made),
                        "{made} for {threads} threads"
                    );
                }
            }
        }
    });
}

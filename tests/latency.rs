//! How soon an item is out after its source gave it, and what a run makes of a source that falls silent and then floods it.
//!
//! The bounds hold on a busy machine with two cores; what was measured is printed.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use papy::prelude::*;

mod common;

use common::within;

/// An item: its number, and when the source gave it.
type Timed = (usize, Instant);
type Items = Box<dyn Iterator<Item = Timed> + Send>;

/// Items of a run, trials of it, and the time between two items.
const ITEMS: usize = 300;
const TRIALS: usize = 6;
const GAP: Duration = Duration::from_millis(1);
/// The work of a costly node.
const WORK: Duration = Duration::from_micros(200);
/// What the median may be, beyond the work.
const PROMPT: Duration = Duration::from_micros(1500);

#[worker]
fn light(item: Timed) -> Timed {
    item
}

#[worker]
fn costly(item: Timed) -> Timed {
    let began = Instant::now();
    while began.elapsed() < WORK {
        std::hint::spin_loop();
    }
    item
}

pipeline! {
    fn lights(items: Stream<Timed>, pool: Pool) -> Stream<Timed> {
        items >> light.on(pool)
    }
}

pipeline! {
    fn costlies(items: Stream<Timed>, pool: Pool) -> Stream<Timed> {
        items >> costly.on(pool)
    }
}

pipeline! {
    fn worked(numbers: Stream<u32>, work: impl Fn(u32) -> bool + Send + Sync) -> Stream<bool> {
        numbers >> (|number| work(number))
    }
}

/// A source with an item every millisecond, and how many it has given.
fn paced() -> (impl Iterator<Item = Timed> + Send + 'static, Given) {
    let given = Given::default();
    let count = given.clone();
    let items = (0..ITEMS).map(move |number| {
        thread::sleep(GAP);
        count.0.fetch_add(1, SeqCst);
        (number, Instant::now())
    });
    (items, given)
}

#[derive(Default, Clone)]
struct Given(Arc<AtomicUsize>);

/// What became of the items of a run.
struct Delays {
    given: Given,
    all: Vec<Duration>,
    /// How many were out after their source had given the next one.
    late: usize,
}

impl Delays {
    fn new(given: Given) -> Delays {
        Delays {
            given,
            all: Vec::new(),
            late: 0,
        }
    }

    /// Takes down an item that is out.
    fn out(&mut self, (number, at): Timed) {
        self.all.push(at.elapsed());
        self.late += usize::from(self.given.0.load(SeqCst) > number + 1);
    }

    /// Whether items were out soon.
    fn are_prompt(mut self, work: Duration) -> bool {
        assert_eq!(self.all.len(), ITEMS);
        self.all.sort();
        let [median, most] = [ITEMS / 2, ITEMS * 99 / 100].map(|nth| self.all[nth]);
        let late = self.late;
        println!("median {median:?}, 99 of 100 within {most:?}, {late} of {ITEMS} late");
        median < PROMPT + work && late < ITEMS / 2
    }
}

/// Fails where items are out late in every one of some trials: somebody else may be busy during one.
fn check(work: Duration, run: impl Fn(&mut dyn FnMut(Timed), Items)) {
    let prompt = (0..TRIALS).any(|_| {
        let (items, given) = paced();
        let mut delays = Delays::new(given);
        run(&mut |item| delays.out(item), Box::new(items));
        delays.are_prompt(work)
    });
    assert!(
        prompt,
        "items are out late, or after the next one was given"
    );
}

/// Tests of a pipeline that is read as an iterator. (A blocking form delivers between two items of its source, on the one thread
/// that it has for both: where helpers work on an item, it is out when the source gives the next one.)
macro_rules! prompt {
    ($($name:ident: $pipeline:ident on $pool:expr, $work:expr;)*) => {$(
        #[test]
        fn $name() {
            $crate::common::within(60, || {
                check($work, |out, items| {
                    let run = $pipeline(items, $pool).start().unwrap();
                    run.into_iter().for_each(|item| out(item.unwrap()));
                });
            });
        }
    )*};
}

prompt! {
    light_work: lights on Pool::rayon(), Duration::ZERO;
    light_work_on_a_pool_of_its_own: lights on Pool::threads(2), Duration::ZERO;
    costly_work: costlies on Pool::rayon(), WORK;
    costly_work_on_a_pool_of_its_own: costlies on Pool::threads(2), WORK;
}

#[test]
fn light_work_in_for_each() {
    within(60, || {
        check(Duration::ZERO, |out, items| {
            lights(items, Pool::rayon()).for_each(|item| out(item.unwrap()));
        });
    });
}

// ---------------------------------------------------------------- bursts

/// Items of a burst.
const BURST: usize = 1_000_000;

#[worker]
fn mixed(x: usize) -> usize {
    x.wrapping_mul(0x9E37_79B9) ^ (x >> 7)
}

pipeline! {
    fn numbers(xs: Stream<usize>) -> Stream<usize> {
        xs >> mixed
    }
}

type Began = Arc<Mutex<Option<Instant>>>;

/// A few items, a pause, and a burst; and where the time is put down at which the burst begins.
fn burst(pause: Duration) -> (impl Iterator<Item = usize> + Send + 'static, Began) {
    let began = Began::default();
    let mark = began.clone();
    let items = (0..BURST + 10).inspect(move |number| {
        if *number == 10 {
            thread::sleep(pause);
            *mark.lock().unwrap() = Some(Instant::now());
        }
    });
    (items, began)
}

/// Fails where a burst behind a pause takes more than twice as long as one behind none; the best of some trials each.
fn bursts_alike(run: impl Fn(Duration) -> Duration) {
    let best = |pause| (0..3).map(|_| run(pause)).min().unwrap();
    let busy = best(Duration::ZERO);
    let idle = best(Duration::from_secs(1));
    println!("{BURST} items: {busy:?}; behind an idle second: {idle:?}");
    assert!(idle < 2 * busy, "{idle:?} instead of {busy:?}");
}

fn since(began: &Began) -> Duration {
    began.lock().unwrap().unwrap().elapsed()
}

#[test]
fn a_burst_behind_an_idle_second_in_for_each() {
    within(100, || {
        bursts_alike(|pause| {
            let (items, began) = burst(pause);
            numbers(items).for_each(|x| assert!(x.is_ok()));
            since(&began)
        });
    });
}

#[test]
fn a_burst_behind_an_idle_second_in_start() {
    within(100, || {
        bursts_alike(|pause| {
            let (items, began) = burst(pause);
            let run = numbers(items).start().unwrap();
            assert!(run.into_iter().all(|x| x.is_ok()));
            since(&began)
        });
    });
}

/// Lets two of those who come here go on together, if they come within five seconds; gives whether they did.
#[derive(Default)]
struct Meeting(Mutex<u32>, Condvar);

impl Meeting {
    fn meets(&self) -> bool {
        let Meeting(there, came) = self;
        let mut there = there.lock().unwrap();
        *there += 1;
        came.notify_all();
        let (there, _) = came
            .wait_timeout_while(there, Duration::from_secs(5), |there| *there < 2)
            .unwrap();
        *there >= 2
    }
}

#[test]
fn behind_one_heavy_item_none_is_evaluated_alone() {
    within(60, || {
        let meeting = Meeting::default();
        let work = |number: u32| {
            if number == 0 {
                thread::sleep(Duration::from_millis(20));
                return true;
            }
            meeting.meets()
        };
        let results = worked(0..3, work).collect();
        assert_eq!(results.len(), 3);
        for result in results {
            assert!(result.unwrap(), "the second and the third at one time");
        }
    });
}

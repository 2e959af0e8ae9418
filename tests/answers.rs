//! Sources that wait for what comes of their items: nothing that a source has given may be held back until it gives more, whatever it has done before.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use papy::prelude::*;
use papy::source::fallible;
use papy::testing::Baseline;

mod common;

use common::*;

/// For what should take some milliseconds.
const LATE: Duration = Duration::from_secs(20);

pipeline! {
    fn light(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> dbl
    }
}

pipeline! {
    fn pooled(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> running.on(b).serial() >> dbl.on(a)
    }
}

pipeline! {
    fn forked(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let evens = xs >> even.filter();
        let all = xs >> inc >> running.serial();
        (evens, all)
    }
}

pipeline! {
    fn flat(xs: Stream<i64>, pool: Pool) -> Stream<i64> {
        xs >> (|x| [x, x]).flat().on(pool) >> inc
    }
}

pipeline! {
    fn joined(xs: Stream<i64>, ys: Stream<i64>) -> Stream<i64> {
        (xs, ys) >> sum
    }
}

pipeline! {
    fn unlike(xs: Stream<i64>, ys: Stream<i64>) -> Stream<i64> {
        let sums = ys >> (|group: Vec<i64>| group.iter().sum::<i64>()).consume(3);
        (xs, sums) >> sum
    }
}

pipeline! {
    fn answering(xs: Stream<i64>, answers: Sender<i64>) {
        xs >> inc >> (|x| { let _ = answers.send(x); }).serial()
    }
}

/// Sizes of bursts: one, few, many, in no order.
fn bursts() -> impl Iterator<Item = i64> {
    let mut state = 7u64;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let most = [1, 3, 40, 600, 5000][(state >> 60) as usize % 5];
        1 + (state >> 33) as i64 % most
    })
}

/// Sends burst after burst, and waits for all that comes of each.
fn converse(
    bursts: impl Iterator<Item = i64>,
    mut send: impl FnMut(i64),
    mut next: impl FnMut() -> Option<i64>,
    expected: impl Fn(i64) -> Vec<i64>,
) {
    let mut sent = 0;
    for burst in bursts {
        (sent..sent + burst).for_each(&mut send);
        for x in (sent..sent + burst).flat_map(&expected) {
            assert_eq!(next(), Some(x), "in a burst of {burst} after {sent}");
        }
        sent += burst;
    }
}

/// The next value, soon.
macro_rules! soon_out {
    ($run:expr) => {
        match $run.next_timeout(LATE) {
            std::task::Poll::Ready(next) => next.map(Result::unwrap),
            std::task::Poll::Pending => None,
        }
    };
}

fn channel() -> (Sender<i64>, Receiver<i64>) {
    mpsc::channel()
}

#[test]
fn an_answer_at_a_time() {
    within_unwatched(100, || {
        for stride in [None, Some(2), Some(64)] {
            let (requests, xs) = channel();
            let pipeline = light(xs);
            let pipeline = match stride {
                Some(stride) => pipeline.stride(stride),
                None => pipeline,
            };
            let mut run = pipeline.start().unwrap();
            converse(
                std::iter::repeat_n(1, 20_000),
                |x| requests.send(x).unwrap(),
                || soon_out!(run),
                |x| vec![(x + 1) * 2],
            );
        }
    });
}

#[test]
fn the_end_of_a_burst_is_not_held_back() {
    within_unwatched(100, || {
        let (requests, xs) = channel();
        let mut run = light(xs).start().unwrap();
        let send = |x| requests.send(x).unwrap();
        converse(
            bursts().take(100),
            send,
            || soon_out!(run),
            |x| vec![(x + 1) * 2],
        );
    });
}

#[test]
fn nor_in_a_run_that_is_watched() {
    within(100, || {
        let (requests, xs) = channel();
        let mut run = light(xs).start().unwrap();
        let send = |x| requests.send(x).unwrap();
        converse(
            bursts().take(30),
            send,
            || soon_out!(run),
            |x| vec![(x + 1) * 2],
        );
    });
}

#[test]
fn nor_on_other_pools() {
    within_unwatched(100, || {
        for (_, [a, b, _]) in pool_sets() {
            let (requests, xs) = channel();
            let mut run = pooled(xs, a, b).start().unwrap();
            let send = |x| requests.send(x).unwrap();
            let total = |x: i64| (x + 1) * (x + 2) / 2 * 2;
            converse(
                bursts().take(20),
                send,
                || soon_out!(run),
                |x| vec![total(x)],
            );
        }
    });
}

#[test]
fn nor_behind_a_flat_node() {
    within_unwatched(100, || {
        let (requests, xs) = channel();
        let mut run = flat(xs, Pool::threads(2)).start().unwrap();
        let send = |x| requests.send(x).unwrap();
        converse(
            bursts().take(60),
            send,
            || soon_out!(run),
            |x| vec![x + 1; 2],
        );
    });
}

#[test]
fn nor_of_one_output_among_others() {
    within_unwatched(100, || {
        let (requests, xs) = channel();
        let mut run = forked(xs).start().unwrap();
        let send = |x| requests.send(x).unwrap();
        let mut totals = (1..).scan(0, |total, x| {
            *total += x;
            Some(*total)
        });
        let mut sent = 0;
        for burst in bursts().take(60) {
            (sent..sent + burst).for_each(send);
            for x in (sent..sent + burst).filter(|x| x % 2 == 0) {
                assert_eq!(soon_out!(run.evens), Some(x));
            }
            for _ in 0..burst {
                assert_eq!(soon_out!(run.all), totals.next());
            }
            sent += burst;
        }
    });
}

#[test]
fn nor_where_nobody_reads() {
    within_unwatched(100, || {
        let (requests, xs) = channel();
        let (answers, given) = channel();
        let run = answering(xs, answers).start().unwrap();
        let send = |x| requests.send(x).unwrap();
        let next = || given.recv_timeout(LATE).ok();
        converse(bursts().take(60), send, next, |x| vec![x + 1]);
        drop(requests);
        run.join().unwrap();
    });
}

#[test]
fn nor_of_inputs_that_meet() {
    within_unwatched(100, || {
        let (requests, xs) = channel();
        let mut run = joined(xs, 0..).start().unwrap();
        let send = |x| requests.send(x).unwrap();
        converse(bursts().take(40), send, || soon_out!(run), |x| vec![2 * x]);

        let (requests, ys) = channel();
        let mut run = joined(std::iter::successors(Some(0), |x| Some(x + 1)), ys)
            .start()
            .unwrap();
        let send = |x| requests.send(x).unwrap();
        converse(bursts().take(40), send, || soon_out!(run), |x| vec![2 * x]);
    });
}

/// Three items of one meet one of the other.
#[test]
fn nor_of_inputs_that_meet_at_unlike_rates() {
    within_unwatched(100, || {
        let (requests, ys) = channel();
        let mut run = unlike(0.., ys).start().unwrap();
        let send = |x| (3 * x..3 * x + 3).for_each(|y| requests.send(y).unwrap());
        converse(
            bursts().take(40),
            send,
            || soon_out!(run),
            |x| vec![10 * x + 3],
        );

        let (requests, xs) = channel();
        let mut run = unlike(xs, std::iter::successors(Some(0), |y| Some(y + 1)))
            .start()
            .unwrap();
        let send = |x| requests.send(x).unwrap();
        converse(
            bursts().take(40),
            send,
            || soon_out!(run),
            |x| vec![10 * x + 3],
        );
    });
}

/// What was pulled of one input only, since another kept the driver waiting, comes out in the end.
#[test]
fn what_has_been_taken_comes_out_after_a_stop() {
    within_unwatched(100, || {
        for burst in [1, 33, 100, 1000, 3001] {
            let (requests, ys) = channel();
            let pulled = counting();
            let count = pulled.clone();
            let xs = (0..).inspect(move |_| {
                count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            });
            let mut run = joined(xs, ys).start().unwrap();
            (0..burst).for_each(|y| requests.send(y).unwrap());
            for y in 0..burst {
                assert_eq!(soon_out!(run), Some(2 * y), "of {burst}");
            }
            run.handle().stop();
            // it waits for this one
            let feed = std::thread::spawn(move || {
                let mut rest = burst..i64::MAX;
                rest.all(|y| requests.send(y).is_ok())
            });
            let rest: Vec<_> = run.by_ref().map(Result::unwrap).collect();
            let all = pulled.load(std::sync::atomic::Ordering::SeqCst);
            assert_eq!(rest, (burst..all).map(|y| 2 * y).collect::<Vec<_>>());
            drop(run);
            feed.join().unwrap();
        }
    });
}

pipeline! {
    fn totalled(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> add.fold()
    }
}

/// A source need not end, nor give anything, for a run to be stopped.
#[test]
fn a_run_is_stopped_while_its_source_waits() {
    within_unwatched(100, || {
        for burst in [0, 1, 40, 100, 777, 5000] {
            let (requests, xs) = channel();
            let mut run = light(xs).start().unwrap();
            (0..burst).for_each(|x| requests.send(x).unwrap());
            for x in 0..burst / 2 {
                assert_eq!(soon_out!(run), Some((x + 1) * 2));
            }
            // what has come into the source is taken, or left there
            let handle = run.handle();
            handle.stop();
            let rest = promptly("the rest", || {
                run.by_ref().map(Result::unwrap).count() as i64
            });
            assert!(burst / 2 + rest <= burst);
            let report = promptly("wait", || handle.wait());
            assert!(!report.was_cancelled());
            assert!(handle.is_finished());
            assert_eq!(position(&report, "xs") as i64, burst / 2 + rest);
            // nobody asks for this one any more
            let _ = requests.send(burst);
            assert_eq!(
                position(&promptly("join", || run.join()).unwrap(), "xs"),
                position(&report, "xs")
            );
        }
    });
}

/// What the source was asked for before comes out, if it does not take too long.
#[test]
fn what_a_slow_source_gives_after_a_stop_comes_out() {
    within_unwatched(100, || {
        let given = counting();
        let count = given.clone();
        let xs = (0..).inspect(move |_| {
            std::thread::sleep(Duration::from_millis(60));
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        });
        let mut run = light(xs).start().unwrap();
        assert_eq!(soon_out!(run), Some(2));
        run.handle().stop();
        let rest = run.by_ref().map(Result::unwrap).count() as i64;
        assert_eq!(given.load(std::sync::atomic::Ordering::SeqCst), 1 + rest);
    });
}

#[test]
fn what_is_kept_to_the_end_comes_out_after_a_stop() {
    within_unwatched(100, || {
        for burst in [0, 1, 40, 1000] {
            let (requests, xs) = channel();
            let mut run = totalled(xs).start().unwrap();
            (0..burst).for_each(|x| requests.send(x).unwrap());
            let handle = run.handle();
            assert!(soon(|| position_of(&handle) == burst), "all is taken");
            handle.stop();
            let total = promptly("the total", || soon_out!(run));
            assert_eq!(total, Some((1..=burst).sum()));
            assert_eq!(promptly("the end", || soon_out!(run)), None);
            drop(requests);
        }
    });
}

fn position_of(handle: &papy::Handle) -> i64 {
    handle.stats().inputs()[0].position() as i64
}

fn counting() -> std::sync::Arc<std::sync::atomic::AtomicI64> {
    std::sync::Arc::default()
}

#[test]
fn faults_and_positions_are_those_of_a_run_that_never_waits() {
    within_unwatched(100, || {
        let (requests, xs) = mpsc::channel::<Result<i64, String>>();
        let run = light(fallible(xs)).start().unwrap();
        let mut positions = 0..;
        for burst in bursts().take(60) {
            let sent = positions.start;
            let result = |x: i64| {
                if x % 3 == 1 {
                    Err(format!("no {x}"))
                } else {
                    Ok(x)
                }
            };
            (sent..sent + burst).for_each(|x| requests.send(result(x)).unwrap());
            for x in positions.by_ref().take(burst as usize) {
                let (position, got) = run.indexed().next().unwrap();
                assert_eq!(position as i64, x);
                match got {
                    Ok(value) => assert_eq!(Ok((value - 2) / 2), result(x)),
                    Err(fault) => {
                        assert_eq!(fault.input() as i64, x);
                        assert!(fault.to_string().contains(&result(x).unwrap_err()));
                    }
                }
            }
        }
    });
}

/// Whether it is dropped, cancelled, or its source ends, and whatever the source has given then.
#[test]
fn a_run_can_end_while_its_source_waits() {
    within_unwatched(100, || {
        for burst in [40, 100, 777, 5000] {
            for end in 0..3 {
                // rayon's threads stay
                assert!(rayon::current_num_threads() > 0);
                let baseline = Baseline::take();
                let (requests, xs) = channel();
                let mut requests = Some(requests);
                let mut run = light(xs).start().unwrap();
                let mut sent = VecDeque::new();
                for x in 0..burst {
                    if let Some(requests) = &requests {
                        requests.send(x).unwrap();
                    }
                    sent.push_back((x + 1) * 2);
                }
                for x in sent.drain(..burst as usize / 2) {
                    assert_eq!(soon_out!(run), Some(x));
                }
                match end {
                    0 => {
                        requests = None;
                        assert!(run.by_ref().map(Result::unwrap).eq(sent));
                    }
                    1 => promptly("drop", || drop(run)),
                    _ => {
                        run.handle().cancel();
                        promptly("wait", || run.handle().wait());
                    }
                }
                // the driver is in the source until that ends
                drop(requests);
                baseline.check().unwrap();
            }
        }
    });
}

/// What is counted is what has come out, also where the rest of a wave never comes.
#[test]
fn the_report_counts_what_was_taken_over() {
    within_unwatched(100, || {
        let (requests, xs) = channel();
        let mut run = light(xs).start().unwrap();
        (0..1000).for_each(|x| requests.send(x).unwrap());
        for x in 0..1000 {
            assert_eq!(soon_out!(run), Some((x + 1) * 2));
        }
        run.handle().cancel();
        let report = run.handle().wait();
        assert_eq!(position(&report, "xs"), 1000);
        assert_eq!(counts(&report, "inc")[0], 1000);
    });
}

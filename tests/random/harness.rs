//! How generated programs run: ways, results as text, a time limit. It is compiled into each of them.
#![allow(dead_code, unused_macros, unused_imports)]

use std::fmt::Debug;
use std::io::Write;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use papy::prelude::*;

// ---------------------------------------------------------------- ways

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Collect,
    /// Started; each output is read to its end before the next.
    InTurn,
    /// Started; the last output is read first.
    Backwards,
    /// Started; one item of each output at a time.
    InStep,
    /// Started; with positions.
    Indexed,
    /// Collected, until the first fault.
    Stop,
}

/// One way of running a program.
#[derive(Debug, Clone)]
pub struct Way {
    pub how: How,
    pub inline: bool,
    pub stride: Option<usize>,
    pub buffer: Option<usize>,
    pools: usize,
}

impl Way {
    pub fn pools(&self) -> [Pool; 3] {
        pool_sets()[self.pools].1.clone()
    }

    pub fn text(&self) -> String {
        let inline = if self.inline { ", inline" } else { "" };
        let stride = self.stride.map_or("none".into(), |n| n.to_string());
        let buffer = self.buffer.map_or("none".into(), |n| n.to_string());
        format!(
            "{:?}{inline}, pools {}, stride {stride}, buffer {buffer}",
            self.how,
            pool_sets()[self.pools].0
        )
    }
}

fn pool_sets() -> &'static [(&'static str, [Pool; 3])] {
    static SETS: OnceLock<Vec<(&str, [Pool; 3])>> = OnceLock::new();
    SETS.get_or_init(|| {
        let same = |pool: Pool| [pool.clone(), pool.clone(), pool];
        vec![
            ("default", same(Pool::rayon())),
            ("one of 1", same(Pool::threads(1))),
            ("one of 3", same(Pool::threads(3))),
            (
                "each its own",
                [Pool::threads(1), Pool::threads(2), Pool::threads(3)],
            ),
            ("mixed", [Pool::threads(2), Pool::rayon(), Pool::inline()]),
        ]
    })
}

/// The ways in which the program of a seed is run.
pub fn ways(seed: u64) -> Vec<Way> {
    let mut state = seed;
    let mut below = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % n) as usize
    };
    let plain = |how, inline| Way {
        how,
        inline,
        stride: None,
        buffer: None,
        pools: 0,
    };
    let mut all = vec![plain(How::Collect, true), plain(How::Collect, false)];
    let tight = [
        How::Collect,
        How::Collect,
        How::InTurn,
        How::InTurn,
        How::Backwards,
        How::InStep,
        How::Indexed,
        How::Stop,
    ];
    for how in tight {
        all.push(Way {
            how,
            inline: false,
            stride: Some(1 + below(5)),
            buffer: Some(1 + below(8)),
            pools: below(pool_sets().len() as u64),
        });
    }
    all.push(Way {
        pools: 3,
        ..plain(How::InTurn, false)
    });
    all.push(plain(How::Indexed, true));
    all
}

/// A pipeline as a way wants it.
macro_rules! tuned {
    ($way:expr, $made:expr) => {{
        let made = $made;
        let made = match $way.stride {
            Some(n) => made.stride(n),
            None => made,
        };
        let made = match $way.buffer {
            Some(n) => made.buffer(n),
            None => made,
        };
        let made = if $way.inline { made.inline() } else { made };
        if $way.how == $crate::harness::How::Stop {
            made.on_fault(OnFault::Stop)
        } else {
            made
        }
    }};
}

/// Runs a pipeline with these outputs; gives a line for each.
macro_rules! ran {
    ($way:expr, $made:expr, []) => {{
        match $way.how {
            $crate::harness::How::Collect | $crate::harness::How::Stop => {
                $made.run();
            }
            _ => {
                $made.start().expect("threads").join().expect("a report");
            }
        }
        Vec::new()
    }};
    ($way:expr, $made:expr, [$($out:ident),+]) => {{
        use $crate::harness::How;
        if matches!($way.how, How::Collect | How::Stop) {
            $crate::harness::Lines::lines($made.collect())
        } else {
            let mut run = $made.start().expect("threads");
            let mut lines = Vec::new();
            match $way.how {
                How::InStep => {
                    $(let mut $out = Vec::new();)+
                    loop {
                        let before = 0 $(+ $out.len())+;
                        $($out.extend(run.$out.next());)+
                        if before == 0 $(+ $out.len())+ {
                            break;
                        }
                    }
                    $(lines.push($crate::harness::line($out));)+
                }
                How::Indexed => {
                    $(lines.push($crate::harness::indexed(run.$out.indexed()));)+
                }
                How::Backwards => {
                    $crate::harness::backwards!(lines, run, [$($out),+]);
                }
                _ => {
                    $(lines.push($crate::harness::line(&mut run.$out));)+
                }
            }
            run.join().expect("a report");
            lines
        }
    }};
}

/// Reads the outputs last to first; the lines stand first to last.
macro_rules! backwards {
    ($lines:ident, $run:ident, []) => {};
    ($lines:ident, $run:ident, [$first:ident $(, $rest:ident)*]) => {
        $crate::harness::backwards!($lines, $run, [$($rest),*]);
        $lines.insert(0, $crate::harness::line(&mut $run.$first));
    };
}

pub(crate) use {backwards, ran, tuned};

/// A source that panics at its end.
pub fn panics_after(items: Vec<i64>) -> impl Iterator<Item = i64> + Send {
    let end = std::iter::once_with(|| panic!("on purpose: the source"));
    items.into_iter().chain(end)
}

// ---------------------------------------------------------------- results as text

/// What `collect()` gives: a line for each output.
pub trait Lines {
    fn lines(self) -> Vec<String>;
}

impl<T: Debug> Lines for Vec<Result<T, Fault>> {
    fn lines(self) -> Vec<String> {
        vec![line(self)]
    }
}

macro_rules! lines_of_tuples {
    ($($name:ident)+) => {
        impl<$($name: Lines),+> Lines for ($($name,)+) {
            #[allow(non_snake_case)]
            fn lines(self) -> Vec<String> {
                let ($($name,)+) = self;
                [$($name.lines()),+].concat()
            }
        }
    };
}

lines_of_tuples!(A B);
lines_of_tuples!(A B C);
lines_of_tuples!(A B C D);

pub fn line<T: Debug>(results: impl IntoIterator<Item = Result<T, Fault>>) -> String {
    let items: Vec<String> = results.into_iter().map(|result| item(&result)).collect();
    items.join(" ")
}

pub fn indexed<T: Debug>(results: impl Iterator<Item = (u64, Result<T, Fault>)>) -> String {
    let items: Vec<String> = results
        .map(|(at, result)| format!("{at}:{}", item(&result)))
        .collect();
    items.join(" ")
}

/// A value without blanks, or `!node#position[Kind]+…`.
fn item<T: Debug>(result: &Result<T, Fault>) -> String {
    match result {
        Ok(value) => format!("{value:?}").replace(' ', ""),
        Err(fault) => {
            let mut text = format!("!{}", origin(fault));
            for other in fault.others() {
                text += &format!("+{}", origin(other));
            }
            text
        }
    }
}

fn origin(fault: &Fault) -> String {
    let kind = match fault.kind() {
        FaultKind::Error => String::new(),
        kind => format!("[{kind:?}]"),
    };
    format!("{}#{}{kind}", fault.node(), fault.input())
}

/// What a sink was given.
pub fn kept(sink: &Arc<Mutex<Vec<i64>>>) -> String {
    let items: Vec<String> = sink
        .lock()
        .expect("no call panics with it")
        .iter()
        .map(i64::to_string)
        .collect();
    items.join(" ")
}

// ---------------------------------------------------------------- the program

/// What a run of a seed and a way gave.
fn report(seed: u64, way: usize, result: &[String]) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "run\t{seed}\t{way}\t{}", result.join("\t"));
    let _ = out.flush();
}

/// Runs programs, those from the given position on, every way, and tells what they give.
///
/// Ends the process when a run takes longer than the limit: `hang\tseed\tway`.
pub fn main(programs: &[(u64, fn(&Way) -> Vec<String>)]) {
    let number = |n: usize| std::env::args().nth(n).and_then(|arg| arg.parse().ok());
    let from = number(1).unwrap_or(0);
    let limit = Duration::from_secs(number(2).unwrap_or(20) as u64);
    // Panics of workers are meant; a panic of the program is told by its exit.
    panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or(payload.downcast_ref::<String>().map(String::as_str));
        if !text.is_some_and(|text| text.starts_with("on purpose")) {
            eprintln!("{info}");
        }
    }));
    let now: Arc<Mutex<(u64, usize, Instant)>> = Arc::new(Mutex::new((0, 0, Instant::now())));
    let seen = now.clone();
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(200));
            let (seed, way, since) = *seen.lock().expect("nobody panics with it");
            if since.elapsed() > limit {
                let mut out = std::io::stdout().lock();
                let _ = writeln!(out, "hang\t{seed}\t{way}");
                let _ = out.flush();
                std::process::abort();
            }
        }
    });
    for (seed, run) in programs.iter().skip(from) {
        for (n, way) in ways(*seed).iter().enumerate() {
            *now.lock().expect("nobody panics with it") = (*seed, n, Instant::now());
            match panic::catch_unwind(|| run(way)) {
                Ok(lines) => report(*seed, n, &lines),
                Err(payload) => {
                    let text = payload.downcast_ref::<&str>().copied();
                    let text = text.or(payload.downcast_ref::<String>().map(String::as_str));
                    let text = text.unwrap_or("no text").replace(['\n', '\t'], " ");
                    println!("panic\t{seed}\t{n}\t{text}");
                }
            }
        }
    }
    println!("done");
}

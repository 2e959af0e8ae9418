//! The few operations of rayon that papy uses, over threads of the model.
//!
//! The threads of a pool begin when there are jobs and end when there are none: a pool that sleeps would have to be woken and
//! ended, and it is not rayon that is on trial. What matters is kept: a pool has so many threads and no more, a job keeps
//! its thread to itself, `yield_now` runs another one on top, jobs that a pool's thread spawns go to that pool, and who
//! waits for a scope works meanwhile.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;

use ::shuttle::rand::{Rng, thread_rng};

use super::{Arc, Condvar, Mutex, forget_locals, here, lock, mpsc, stand_in, wait};

type Job = Box<dyn FnOnce() + Send>;

/// The jobs of a pool.
struct Registry {
    jobs: Mutex<Jobs>,
}

struct Jobs {
    waiting: VecDeque<Job>,
    /// Which of its threads there are now.
    begun: Vec<bool>,
}

/// A thread of a pool.
#[derive(Clone)]
struct Worker {
    registry: Arc<Registry>,
    index: usize,
}

::shuttle::thread_local! {
    static WORKER: RefCell<Option<Worker>> = RefCell::new(None);
}

::shuttle::lazy_static! {
    static ref GLOBAL: Arc<Registry> = Registry::new(2);
}

fn worker() -> Option<Worker> {
    WORKER.with(|worker| worker.borrow().clone())
}

fn become_worker(worker: Worker) {
    WORKER.with(|own| *own.borrow_mut() = Some(worker));
}

/// The pool of this thread; elsewhere the global one.
fn current() -> Arc<Registry> {
    worker().map_or_else(|| GLOBAL.clone(), |worker| worker.registry)
}

impl Registry {
    fn new(threads: usize) -> Arc<Registry> {
        Arc::new(Registry {
            jobs: Mutex::new(Jobs {
                waiting: VecDeque::new(),
                begun: vec![false; threads],
            }),
        })
    }

    fn threads(&self) -> usize {
        lock(&self.jobs).begun.len()
    }

    fn push(self: &Arc<Self>, job: Job) {
        let free = {
            let mut jobs = lock(&self.jobs);
            jobs.waiting.push_back(job);
            let free = jobs.begun.iter().position(|begun| !begun);
            free.inspect(|index| jobs.begun[*index] = true)
        };
        if let Some(index) = free {
            let registry = self.clone();
            let worker = Worker { registry, index };
            drop(::shuttle::thread::spawn(move || worker.work()));
        }
    }

    /// The youngest job or the oldest: rayon takes the one or the other, as it comes.
    fn take(&self) -> Option<Job> {
        let mut jobs = lock(&self.jobs);
        if jobs.waiting.len() > 1 && thread_rng().r#gen() {
            jobs.waiting.pop_back()
        } else {
            jobs.waiting.pop_front()
        }
    }
}

impl Worker {
    fn work(self) {
        become_worker(self.clone());
        while let Some(job) = self.take() {
            job();
        }
        forget_locals();
    }

    /// A job; without one the thread counts as ended.
    fn take(&self) -> Option<Job> {
        let job = self.registry.take();
        if job.is_some() {
            return job;
        }
        let mut jobs = lock(&self.registry.jobs);
        let job = jobs.waiting.pop_front();
        jobs.begun[self.index] = job.is_some();
        job
    }
}

pub(crate) fn spawn(job: impl FnOnce() + Send + 'static) {
    current().push(Box::new(job));
}

pub(crate) fn current_thread_index() -> Option<usize> {
    worker().map(|worker| worker.index)
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Yield {
    Executed,
    Idle,
}

pub(crate) fn yield_now() -> Option<Yield> {
    let job = worker()?.registry.take();
    Some(job.map_or(Yield::Idle, |job| {
        job();
        Yield::Executed
    }))
}

pub(crate) fn in_place_scope<'scope, R>(op: impl FnOnce(&Scope<'scope>) -> R) -> R {
    scope_on(current(), op)
}

/// Jobs that may borrow what outlives `'scope`.
///
/// A queue that outlives them can't hold them. It holds *turns* instead: the thread of the pool that takes one waits, and a
/// thread of the scope that [stands in](stand_in) for it does the job.
pub(crate) struct Scope<'scope> {
    registry: Arc<Registry>,
    jobs: Mutex<VecDeque<ScopedJob<'scope>>>,
    /// Jobs that have not ended.
    open: Mutex<usize>,
    quiet: Condvar,
    turns: mpsc::Sender<Option<Turn>>,
}

type ScopedJob<'scope> = Box<dyn FnOnce(&Scope<'scope>) + Send + 'scope>;

/// A thread of the pool that waits for a job to be done in its place.
struct Turn {
    worker: Worker,
    thread: usize,
    done: mpsc::Sender<()>,
}

impl<'scope> Scope<'scope> {
    pub(crate) fn spawn(&self, job: impl FnOnce(&Scope<'scope>) + Send + 'scope) {
        *lock(&self.open) += 1;
        lock(&self.jobs).push_back(Box::new(job));
        let turns = self.turns.clone();
        self.registry.push(Box::new(move || {
            let (done, over) = mpsc::channel();
            let turn = Turn {
                worker: worker().expect("a job runs on a pool"),
                thread: here(),
                done,
            };
            turns
                .send(Some(turn))
                .expect("the scope waits for its jobs");
            over.recv().expect("the job ends");
        }));
    }

    fn run(&self, job: ScopedJob<'scope>, turn: Turn) {
        become_worker(turn.worker);
        stand_in(turn.thread);
        job(self);
        *lock(&self.open) -= 1;
        self.quiet.notify_all();
        turn.done.send(()).expect("the thread waits for its turn");
    }

    /// Waits for all jobs; a thread of a pool works meanwhile.
    fn wait(&self) {
        let mut open = lock(&self.open);
        while *open > 0 {
            if current_thread_index().is_none() {
                open = wait(&self.quiet, open);
                continue;
            }
            drop(open);
            if yield_now() != Some(Yield::Executed) {
                super::thread::yield_now();
            }
            open = lock(&self.open);
        }
    }
}

fn scope_on<'scope, R>(registry: Arc<Registry>, op: impl FnOnce(&Scope<'scope>) -> R) -> R {
    let (turns, asked) = mpsc::channel();
    let scope = Scope {
        registry,
        jobs: Mutex::new(VecDeque::new()),
        open: Mutex::new(0),
        quiet: Condvar::new(),
        turns,
    };
    let scope = &scope;
    super::thread::scope(|threads| {
        threads.spawn(move || {
            while let Ok(Some(turn)) = asked.recv() {
                let job = lock(&scope.jobs).pop_front();
                let job = job.expect("as many jobs as turns");
                threads.spawn(move || scope.run(job, turn));
            }
        });
        let result = op(scope);
        scope.wait();
        scope.turns.send(None).expect("who gives turns listens");
        result
    })
}

/// A pool of its own.
pub struct ThreadPool(Arc<Registry>);

impl ThreadPool {
    pub(crate) fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        self.0.push(Box::new(job));
    }

    pub(crate) fn in_place_scope<'scope, R>(&self, op: impl FnOnce(&Scope<'scope>) -> R) -> R {
        scope_on(self.0.clone(), op)
    }

    pub(crate) fn current_thread_index(&self) -> Option<usize> {
        let here = worker().filter(|worker| Arc::ptr_eq(&worker.registry, &self.0));
        here.map(|worker| worker.index)
    }

    pub(crate) fn current_num_threads(&self) -> usize {
        self.0.threads()
    }
}

/// How a pool is to be.
pub(crate) struct ThreadPoolBuilder(usize);

impl ThreadPoolBuilder {
    pub(crate) fn new() -> ThreadPoolBuilder {
        ThreadPoolBuilder(1)
    }

    pub(crate) fn num_threads(self, threads: usize) -> ThreadPoolBuilder {
        ThreadPoolBuilder(threads)
    }

    pub(crate) fn thread_name(self, _name: impl FnMut(usize) -> String) -> ThreadPoolBuilder {
        self
    }

    pub(crate) fn build(self) -> Result<ThreadPool, Infallible> {
        Ok(ThreadPool(Registry::new(self.0)))
    }
}

/// The global pool; it has two threads.
#[allow(clippy::unnecessary_wraps, reason = "real threads may not be had")]
pub(crate) fn begin_global_pool() -> Result<usize, String> {
    Ok(GLOBAL.threads())
}

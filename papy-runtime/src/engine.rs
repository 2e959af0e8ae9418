//! Scheduling: which thread evaluates which wave at which step.
//!
//! A wave at a step is due when every stream that enters the step has arrived and the step's turnstile lets it in. The
//! thread that makes it due goes on with it where it may (same pool), so a wave tends to stay on one thread; what it
//! cannot do itself it queues for the pool, and sees to it that a helper looks there.
//!
//! **No thread of a pool ever waits here**: not for room, not for a turn, not for a partner. What is not due is parked,
//! and whoever makes it due picks it up. So pools can be shared and nested in any way.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::layout::Layout;
use crate::net::{Planned, Role};
use crate::parking::Parking;
use crate::pool::{self, Pool};
use crate::shared::Shared;
use crate::spring::{Poured, Spring};
use crate::squad::Enrolled;
use crate::sync::rayon::{self, Scope};
use crate::sync::{
    Arc, AtomicU64, Mutex, OnceLock, Ordering, Weak, channel, linger, lock, thread, thread_local,
    times,
};
use crate::timed::Timed;
use crate::turnstile::Turnstile;
use crate::unwind;
use crate::watch::Spot;

/// A wave that is due at a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    pub(crate) step: usize,
    pub(crate) wave: u64,
}

pub(crate) struct Engine<'env> {
    steps: Vec<Stand<'env>>,
    /// The steps that waves begin at.
    springs: Vec<usize>,
    pub(crate) pools: Vec<Arc<Crew>>,
    pub(crate) shared: Arc<Shared>,
    /// Whether the default pool's threads could be had; asked when they are first wanted.
    default_ready: OnceLock<bool>,
    /// Spawns on the default pool for threads of other pools; see [`relay`].
    relay: OnceLock<Option<channel::Sender<Job>>>,
}

/// What rayon is to do.
type Job = Box<dyn FnOnce() + Send>;

impl Drop for Engine<'_> {
    fn drop(&mut self) {
        // one by one: two that panic in `Drop` would end the process
        self.steps.drain(..).for_each(unwind::discard);
    }
}

/// A step and what is known of the waves before it.
struct Stand<'env> {
    planned: Planned<'env>,
    part: usize,
    /// Index into the engine's pools; `None`: whoever brings a wave evaluates it.
    pool: Option<usize>,
    lobby: Arc<Lobby>,
}

/// The waves that wait before a step.
pub(crate) struct Lobby {
    pub(crate) turnstile: Mutex<Turnstile>,
    /// Streams that have still to arrive, for each wave of a step with several.
    pub(crate) missing: Mutex<Parking<usize>>,
}

/// A pool, as one run uses it.
pub(crate) struct Crew {
    pub(crate) pool: Pool,
    pub(crate) queue: Mutex<Queue>,
    /// Tasks that have ever been queued; written under the queue's lock.
    arrivals: AtomicU64,
    /// The pump that spawns helpers for threads of other pools, in scoped runs.
    pump: OnceLock<channel::Sender<bool>>,
}

#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) tasks: VecDeque<Task>,
    /// Helpers that look at the queue, or will.
    pub(crate) helpers: usize,
    pub(crate) limit: usize,
}

/// How a thread can get a helper started on a pool.
pub(crate) enum Spawn<'a, 'env> {
    /// The run owns what it works on: anywhere.
    Owned(fn(&Arc<Engine<'env>>, usize)),
    /// The run borrows: in the scope of this thread's pool, elsewhere through the pool's pump.
    Scoped { scope: &'a Scope<'env>, crew: usize },
    /// The run borrows, and this thread belongs to no pool: through the pumps.
    Pumped,
    /// Not at all: everything is done by this thread.
    Never,
}

/// A thread at work for a run: what it may evaluate, and what it has yet to do.
pub(crate) struct Hand<'a, 'env> {
    pub(crate) engine: &'a Arc<Engine<'env>>,
    spawn: Spawn<'a, 'env>,
    /// Pools whose tasks this thread may evaluate.
    serves: Vec<bool>,
    todo: Vec<Task>,
    /// The steps that what is evaluated goes to; empty in between.
    arrivals: Vec<usize>,
    /// Keeps what it may do to itself.
    pub(crate) alone: bool,
    /// Leaves everything to helpers.
    sharing: bool,
    /// Belongs to a driver.
    drives: bool,
}

impl<'env> Engine<'env> {
    pub(crate) fn new(
        planned: Vec<Planned<'env>>,
        layout: &Layout,
        shared: Arc<Shared>,
    ) -> Engine<'env> {
        let crew = |pool| {
            Arc::new(Crew {
                pool,
                queue: Mutex::new(Queue::default()),
                arrivals: AtomicU64::new(0),
                pump: OnceLock::new(),
            })
        };
        let mut pools = vec![crew(Pool::rayon())];
        let mut steps = Vec::with_capacity(planned.len());
        for (planned, part) in planned.into_iter().zip(&layout.steps) {
            let pool = (!planned.pool.is_inline()).then(|| {
                pools
                    .iter()
                    .position(|crew| crew.pool.same(&planned.pool))
                    .unwrap_or_else(|| {
                        pools.push(crew(planned.pool.clone()));
                        pools.len() - 1
                    })
            });
            let lobby = Arc::new(Lobby {
                turnstile: Mutex::new(Turnstile::new(planned.order)),
                missing: Mutex::new(Parking::new()),
            });
            steps.push(Stand {
                planned,
                part: *part,
                pool,
                lobby,
            });
        }
        if let Some(watch) = &shared.watch {
            let spot = |stand: &Stand<'_>| Spot {
                what: stand.planned.role.what(),
                part: stand.part,
                crew: stand.pool,
                lobby: stand.lobby.clone(),
            };
            watch.wire(steps.iter().map(spot).collect(), &pools);
        }
        let is_spring = |step: &usize| matches!(steps[*step].planned.role, Role::Spring(_));
        Engine {
            springs: (0..steps.len()).filter(is_spring).collect(),
            steps,
            pools,
            shared,
            default_ready: OnceLock::new(),
            relay: OnceLock::new(),
        }
    }

    /// The pools that steps use.
    pub(crate) fn pools_in_use(&self) -> Vec<usize> {
        (0..self.pools.len())
            .filter(|pool| self.steps.iter().any(|step| step.pool == Some(*pool)))
            .collect()
    }

    /// Begins the threads of every pool in use.
    pub(crate) fn begin_pools(&self) -> Result<(), String> {
        for pool in self.pools_in_use() {
            let crew = &self.pools[pool];
            let threads = crew.pool.begin()?;
            lock(&crew.queue).limit = threads;
        }
        Ok(())
    }

    /// Begins the default pool, where the run uses it; `false` where its threads can't be had, and drivers must do the work.
    pub(crate) fn begin_default(&self) -> bool {
        *self.default_ready.get_or_init(|| {
            if !self.pools_in_use().contains(&0) {
                return true;
            }
            match self.pools[0].pool.begin() {
                Ok(threads) => {
                    lock(&self.pools[0].queue).limit = threads;
                    true
                }
                Err(_) => {
                    self.shared.ledger.note_on_caller();
                    false
                }
            }
        })
    }

    /// Whether there is something to pour from a spring, and room for a wave of it: less would be granted to none, and who
    /// looks would look for ever.
    fn can_pour(&self, step: usize) -> bool {
        let stand = &self.steps[step];
        match &stand.planned.role {
            Role::Spring(spring) => {
                spring.is_ready() && {
                    let wave = spring.wave();
                    let flow = lock(&self.shared.parts[stand.part].flow);
                    spring.is_ending() || flow.grant(wave) > 0
                }
            }
            _ => false,
        }
    }

    /// Whether every step may be evaluated by a driver.
    pub(crate) fn is_default_only(&self) -> bool {
        !self.is_timed() && self.pools_in_use().iter().all(|pool| *pool == 0)
    }

    /// Whether there are calls to be kept within a time.
    pub(crate) fn is_timed(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.planned.role, Role::Timed(_)))
    }

    /// The nodes whose calls are kept within a time.
    pub(crate) fn timed_nodes(&self) -> Vec<Arc<dyn Timed>> {
        let timed = |step: &Stand<'env>| match &step.planned.role {
            Role::Timed(node) => Some(node.clone()),
            _ => None,
        };
        self.steps.iter().filter_map(timed).collect()
    }

    /// Gets the threads for timed calls.
    pub(crate) fn enrol(&self) -> Result<Vec<Enrolled>, String> {
        self.timed_nodes().iter().map(|node| node.enrol()).collect()
    }

    /// Evaluates what is queued for a pool, on one of its threads, for a while. Whether there may be more: then it is
    /// no helper any more, until it has [rejoined](Engine::rejoin).
    fn help(self: &Arc<Self>, crew: usize, spawn: Spawn<'_, 'env>) -> bool {
        /// Tasks that a helper does before others who wait for the pool get a turn.
        const SHIFT: u32 = times(32);
        let mut hand = Hand::new(self, spawn);
        hand.serves[crew] = true;
        for _ in 0..SHIFT {
            let Some(task) = self.next_task(&self.pools[crew]) else {
                return false;
            };
            hand.work(task);
        }
        lock(&self.pools[crew].queue).helpers -= 1;
        !self.shared.is_cancelled()
    }

    /// The next task for a helper. Where there is none, it stays for a while to see whether one comes; then it is no helper any
    /// more.
    fn next_task(&self, crew: &Crew) -> Option<Task> {
        let arrivals = || crew.arrivals.load(Ordering::Acquire);
        let seen = arrivals();
        if let Some(task) = lock(&crew.queue).tasks.pop_front() {
            return Some(task);
        }
        linger(|| arrivals() != seen || self.shared.expects_no_tasks());
        let mut queue = lock(&crew.queue);
        let task = queue.tasks.pop_front();
        // under the lock: who queues a task after this sees that a helper is missing
        queue.helpers -= usize::from(task.is_none());
        task
    }

    /// Makes a helper of one that has left off, or of a new one, where one is missing.
    fn rejoin(&self, crew: usize) -> bool {
        let mut queue = lock(&self.pools[crew].queue);
        let missing = !queue.tasks.is_empty() && queue.helpers < queue.limit;
        queue.helpers += usize::from(missing);
        missing
    }

    /// Closes the pumps of a scoped run.
    pub(crate) fn close_pumps(&self) {
        for crew in &self.pools {
            if let Some(pump) = crew.pump.get() {
                let _ = pump.send(false);
            }
        }
    }

    pub(crate) fn open_pump(&self, crew: usize) -> channel::Receiver<bool> {
        let (sender, receiver) = channel::unbounded();
        assert!(
            self.pools[crew].pump.set(sender).is_ok(),
            "a pump is opened once"
        );
        receiver
    }

    /// Drops everything that waits. Only when nothing is evaluated any more.
    pub(crate) fn clear(&self) {
        for crew in &self.pools {
            lock(&crew.queue).tasks.clear();
        }
        self.steps.iter().for_each(|step| step.planned.role.clear());
    }
}

/// A helper that has given way to other jobs.
#[derive(Clone)]
struct Beneath {
    shared: Arc<Shared>,
    engine: Weak<Engine<'static>>,
    crew: usize,
}

impl Beneath {
    /// Starts a helper in its place.
    fn replace(&self) {
        if self.shared.helper_enters() {
            let engine = self.engine.upgrade();
            if let Some(engine) = engine.as_ref().filter(|engine| engine.rejoin(self.crew)) {
                spawn_owned(engine, self.crew);
            }
            unwind::discard(engine);
            self.shared.helper_leaves();
        }
    }
}

thread_local! {
    /// The helper that has given way to what this thread does now.
    static BENEATH: RefCell<Option<Beneath>> = const { RefCell::new(None) };
    /// Whether one has.
    static GIVING_WAY: Cell<bool> = const { Cell::new(false) };
    /// Waits for which this thread works meanwhile, one on top of the other.
    static WAITS: Cell<usize> = const { Cell::new(0) };
}

/// Works for the pool of this thread, while it waits. Whether there was anything to do.
pub(crate) fn work_meanwhile() -> bool {
    // what is waited for may be queued for the helper beneath, which can't go on before the wait is over
    if let Some(beneath) = BENEATH.with(|beneath| beneath.borrow().clone()) {
        beneath.replace();
    }
    WAITS.with(|waits| waits.set(waits.get() + 1));
    let worked = rayon::yield_now() == Some(rayon::Yield::Executed);
    WAITS.with(|waits| waits.set(waits.get() - 1));
    worked
}

/// What a helper does between two shifts, so that pipelines that share a pool all move: it lets another job of the pool
/// run on top of it, one level deep.
fn give_way(helper: Option<Beneath>) {
    if !GIVING_WAY.with(|giving| giving.replace(true)) {
        BENEATH.with(|beneath| *beneath.borrow_mut() = helper);
        rayon::yield_now();
        BENEATH.with(|beneath| *beneath.borrow_mut() = None);
        GIVING_WAY.with(|giving| giving.set(false));
    }
}

/// On top of a wait a helper ends after one shift, so that what is waited for is looked at. The driver begins another
/// one, behind whatever else the pool has to do; where the driver is inside a source, the helper must do so itself.
fn is_on_top_of_a_wait() -> bool {
    WAITS.with(Cell::get) > 0
}

/// Tells a spring of a started run that there may be room, from a thread that does not work for the run.
pub(crate) fn tell_spring(engine: &Arc<Engine<'static>>, step: usize) {
    if engine.can_pour(step) {
        // what follows may be for the default pool; without its threads it is left to the drivers
        if !engine.begin_default() {
            engine.shared.ring_network(engine.steps[step].part);
        }
        let mut hand = Hand::new(engine, Spawn::Owned(spawn_owned));
        hand.nudge(step);
        hand.finish_todo();
    }
}

/// Starts a helper of a run that owns what it works on.
///
/// The job holds nothing of the run until it begins, and while it gives way: a run that is dropped meanwhile is gone at
/// once, however long the pool's queue is.
pub(crate) fn spawn_owned(engine: &Arc<Engine<'static>>, crew: usize) {
    let helper = Beneath {
        shared: engine.shared.clone(),
        engine: Arc::downgrade(engine),
        crew,
    };
    let job = move || {
        let shared = &helper.shared;
        let mut joined = true;
        while shared.helper_enters() {
            let engine = helper.engine.upgrade();
            let more = engine.as_ref().is_some_and(|engine| {
                let more = (std::mem::take(&mut joined) || engine.rejoin(crew))
                    && engine.help(crew, Spawn::Owned(spawn_owned));
                if more && is_on_top_of_a_wait() {
                    if !shared.leaves_tasks() && engine.rejoin(crew) {
                        spawn_owned(engine, crew);
                    }
                    return false;
                }
                more
            });
            // maybe the last to hold it, and with it what the workers own
            unwind::discard(engine);
            shared.helper_leaves();
            if !more {
                break;
            }
            give_way(Some(helper.clone()));
        }
    };
    match engine.pools[crew].pool.handle() {
        Some(pool) => pool.spawn(job),
        None => spawn_global(engine, Box::new(job)),
    }
}

/// Spawns on the global pool. On a thread of another pool `rayon::spawn` would stay in that one, whose threads are for
/// something else; so there a thread of the run's own does it.
fn spawn_global(engine: &Engine<'static>, job: Job) {
    if !pool::is_foreign_thread() {
        return rayon::spawn(|| pool::on_global_thread(job));
    }
    let job = match engine.relay.get_or_init(begin_relay) {
        Some(relay) => relay.send(job).err().map(|unsent| unsent.0),
        None => Some(job),
    };
    if let Some(job) = job {
        rayon::spawn(job);
    }
}

/// A thread that spawns on the global pool what it is sent, until the run is gone. `None` where it can't be had.
fn begin_relay() -> Option<channel::Sender<Job>> {
    let (sender, jobs) = channel::unbounded::<Job>();
    let work = move || {
        for job in jobs {
            rayon::spawn(|| pool::on_global_thread(job));
        }
    };
    let relay = thread::Builder::new().name("papy relay".to_owned());
    relay.spawn(work).ok().map(|_| sender)
}

fn spawn_scoped<'env>(engine: &Arc<Engine<'env>>, crew: usize, scope: &Scope<'env>) {
    let engine = engine.clone();
    scope.spawn(move |scope| {
        while engine.help(crew, Spawn::Scoped { scope, crew }) {
            if is_on_top_of_a_wait() {
                if !engine.shared.leaves_tasks() && engine.rejoin(crew) {
                    spawn_scoped(&engine, crew, scope);
                }
                break;
            }
            give_way(None);
            if !engine.rejoin(crew) {
                break;
            }
        }
    });
}

/// Spawns helpers of a scoped run on behalf of threads that are not of the pool, until the run ends.
pub(crate) fn pump<'env>(
    engine: &Arc<Engine<'env>>,
    crew: usize,
    requests: &channel::Receiver<bool>,
) {
    in_scope(&engine.pools[crew].pool, |scope: &Scope<'env>| {
        while requests.recv() == Ok(true) {
            spawn_scoped(engine, crew, scope);
        }
    });
}

/// Runs `f` here, in a scope of the pool; returns when all that it spawned has ended.
pub(crate) fn in_scope<'env, R>(pool: &Pool, f: impl FnOnce(&Scope<'env>) -> R) -> R {
    match pool.handle() {
        Some(pool) => pool.in_place_scope(f),
        None => rayon::in_place_scope(f),
    }
}

/// The lists of a hand, for another one: memory, and nothing in it.
#[derive(Default)]
pub(crate) struct Lists {
    serves: Vec<bool>,
    todo: Vec<Task>,
    arrivals: Vec<usize>,
}

impl<'a, 'env> Hand<'a, 'env> {
    pub(crate) fn new(engine: &'a Arc<Engine<'env>>, spawn: Spawn<'a, 'env>) -> Hand<'a, 'env> {
        Hand::with(engine, spawn, Lists::default())
    }

    fn with(engine: &'a Arc<Engine<'env>>, spawn: Spawn<'a, 'env>, lists: Lists) -> Hand<'a, 'env> {
        let Lists {
            mut serves,
            todo,
            arrivals,
        } = lists;
        serves.clear();
        serves.resize(engine.pools.len(), false);
        Hand {
            engine,
            spawn,
            serves,
            todo,
            arrivals,
            alone: false,
            sharing: false,
            drives: false,
        }
    }

    /// The hand of a driver that does everything by itself, for a while; what it works with is used again.
    pub(crate) fn alone_for_a_while<R>(
        engine: &'a Arc<Engine<'env>>,
        lists: &mut Lists,
        work: impl FnOnce(&mut Hand<'a, 'env>) -> R,
    ) -> R {
        let mut hand = Hand::with(engine, Spawn::Never, std::mem::take(lists));
        hand.serves.fill(true);
        hand.drives = true;
        hand.alone = true;
        let result = work(&mut hand);
        *lists = Lists {
            serves: hand.serves,
            todo: hand.todo,
            arrivals: hand.arrivals,
        };
        result
    }

    /// The hand of a driver: it serves the default pool, and the pool that its thread belongs to.
    pub(crate) fn driver(engine: &'a Arc<Engine<'env>>, spawn: Spawn<'a, 'env>) -> Hand<'a, 'env> {
        let mut hand = Hand::new(engine, spawn);
        hand.drives = true;
        let everything = matches!(hand.spawn, Spawn::Never);
        for (crew, serves) in engine.pools.iter().zip(&mut hand.serves) {
            *serves = everything || crew.pool.is_default() || crew.pool.is_here();
        }
        hand
    }

    /// The hand of one who brings a wave on its way while the driver is inside a source. What is for the default pool it does itself only
    /// where that has no threads.
    pub(crate) fn stand_in(
        engine: &'a Arc<Engine<'env>>,
        spawn: Spawn<'a, 'env>,
    ) -> Hand<'a, 'env> {
        let mut hand = Hand::new(engine, spawn);
        hand.alone = !engine.begin_default();
        hand.serves[0] = hand.alone;
        hand
    }

    /// Whether helpers of the default pool can be had.
    pub(crate) fn can_share(&self) -> bool {
        !matches!(self.spawn, Spawn::Never) && self.engine.begin_default()
    }

    /// Tells that a stream has brought a wave to a step.
    pub(crate) fn arrived(&mut self, step: usize, wave: u64) {
        let stand = &self.engine.steps[step];
        if let Role::Spring(_) = stand.planned.role {
            self.tell(step);
            return;
        }
        if stand.planned.ports > 1 {
            let mut missing = lock(&stand.lobby.missing);
            match missing.get_mut(wave) {
                None => {
                    missing.insert(wave, stand.planned.ports - 1);
                    return;
                }
                Some(count) if *count > 1 => {
                    *count -= 1;
                    return;
                }
                Some(_) => drop(missing.take(wave)),
            }
        }
        if lock(&stand.lobby.turnstile).arrive(wave) {
            self.due(Task { step, wave });
        }
    }

    /// Does a task itself, or queues it for those who may.
    fn due(&mut self, task: Task) {
        match self.engine.steps[task.step].pool {
            None => self.todo.push(task),
            Some(pool)
                if self.serves[pool] && (self.alone || (!self.sharing && self.todo.is_empty())) =>
            {
                self.todo.push(task);
            }
            Some(pool) => self.queue(pool, task),
        }
    }

    fn queue(&mut self, number: usize, task: Task) {
        let wanted = {
            let crew = &self.engine.pools[number];
            let mut queue = lock(&crew.queue);
            queue.tasks.push_back(task);
            crew.arrivals.fetch_add(1, Ordering::Release);
            let wanted = queue.helpers < queue.limit;
            queue.helpers += usize::from(wanted);
            wanted
        };
        if wanted {
            self.begin_helper(number);
        }
    }

    fn begin_helper(&self, crew: usize) {
        match &self.spawn {
            Spawn::Owned(spawn) => spawn(self.engine, crew),
            Spawn::Scoped { scope, crew: own } if *own == crew => {
                spawn_scoped(self.engine, crew, scope);
            }
            Spawn::Scoped { .. } | Spawn::Pumped => {
                let pump = self.engine.pools[crew]
                    .pump
                    .get()
                    .expect("a scoped run over several pools has pumps");
                let _ = pump.send(true);
            }
            Spawn::Never => unreachable!("a hand that is alone serves every pool"),
        }
    }

    /// Begins helpers where tasks lie about and one has left off.
    pub(crate) fn recruit(&self) {
        if matches!(self.spawn, Spawn::Never) || self.engine.shared.is_cancelled() {
            return;
        }
        for crew in 0..self.engine.pools.len() {
            if self.engine.rejoin(crew) {
                self.begin_helper(crew);
            }
        }
    }

    /// Brings a fresh wave to its first step: for the helpers, or to do it here.
    pub(crate) fn issue(&mut self, step: usize, wave: u64, share: bool) {
        self.sharing = share;
        self.arrived(step, wave);
        self.finish_todo();
        self.sharing = false;
    }

    /// Takes a task that is queued for a pool it serves, and does it.
    pub(crate) fn help_out(&mut self) -> bool {
        let task = self
            .engine
            .pools
            .iter()
            .zip(&self.serves)
            .filter(|(_, serves)| **serves)
            .find_map(|(crew, _)| lock(&crew.queue).tasks.pop_front());
        match task {
            Some(task) => {
                self.work(task);
                true
            }
            None => false,
        }
    }

    fn work(&mut self, task: Task) {
        self.todo.push(task);
        self.finish_todo();
    }

    fn finish_todo(&mut self) {
        while let Some(task) = self.todo.pop() {
            self.run(task);
        }
    }

    /// Evaluates one wave at one step, and makes due what follows from it.
    fn run(&mut self, Task { step, wave }: Task) {
        let shared = &self.engine.shared;
        let Some(_inside) = shared.task_enters() else {
            return;
        };
        let stand = &self.engine.steps[step];
        let action = match &stand.planned.role {
            Role::Step(action) | Role::Feed(action, _) => action,
            Role::Spring(spring) => return self.pour(step, &**spring),
            Role::Timed(node) => return self.leave_to(node, step, wave),
        };
        let mut arrivals = std::mem::take(&mut self.arrivals);
        // Kernels guard user code themselves. What unwinds all the same is the `Drop` of an item that a cancelled
        // run throws away.
        if let Err(payload) = unwind::catch(|| action.run(shared, stand.part, wave, &mut arrivals))
        {
            unwind::forget_payload(payload);
        }
        let next = lock(&stand.lobby.turnstile).leave();
        // The turn goes on here. With that to do, what follows from this wave is queued for others.
        self.todo.extend(next.map(|wave| Task { step, wave }));
        for target in arrivals.drain(..) {
            self.arrived(target, wave);
        }
        self.arrivals = arrivals;
        self.passed(stand.part, wave);
    }

    /// Leaves a wave to those who make a timed node's calls; without anybody who keeps time, it is evaluated here.
    fn leave_to(&mut self, node: &Arc<dyn Timed>, step: usize, wave: u64) {
        let shared = &self.engine.shared;
        let part = self.engine.steps[step].part;
        let settled = if shared.timing.is_on() {
            node.clone().submit(shared, part, wave)
        } else {
            node.evaluate(shared, part, wave);
            true
        };
        if settled {
            self.settled(&**node, step, wave);
        }
    }

    fn settled(&mut self, node: &dyn Timed, step: usize, wave: u64) {
        let shared = &self.engine.shared;
        let mut arrivals = Vec::new();
        node.hand_on(shared, wave, &mut arrivals);
        for target in arrivals {
            self.arrived(target, wave);
        }
        self.passed(self.engine.steps[step].part, wave);
    }

    /// Brings a wave on its way whose calls have all been settled.
    pub(crate) fn hand_on(&mut self, step: usize, wave: u64) {
        let shared = &self.engine.shared;
        if let Role::Timed(node) = &self.engine.steps[step].planned.role
            && let Some(inside) = shared.task_enters()
        {
            self.settled(&**node, step, wave);
            drop(inside);
            self.finish_todo();
        }
    }

    /// A wave has passed a step.
    fn passed(&mut self, part: usize, wave: u64) {
        let shared = &self.engine.shared;
        shared.moved(part);
        let own = &shared.parts[part];
        let (through, ends) = {
            let mut flow = lock(&own.flow);
            let through = flow.step(wave);
            (through, through && flow.has_ended() && flow.is_through())
        };
        if ends {
            shared.part_ends();
            shared.ring_network(part);
        }
        if through {
            own.bell().ring();
            if let Some(spring) = own.plan.spring {
                self.tell(spring);
            }
        }
    }

    /// Tells a spring to look again. A driver that is alone looks by itself, a wave at a time.
    fn tell(&mut self, step: usize) {
        if !self.alone() {
            self.nudge(step);
        }
    }

    /// Sees to it that somebody looks at a spring; gives whether that is left to this hand.
    fn nudge(&mut self, step: usize) -> bool {
        let Role::Spring(spring) = &self.engine.steps[step].planned.role else {
            return false;
        };
        let claimed = spring.is_wanted() && spring.claim();
        if claimed {
            self.due_to_pour(step);
        }
        claimed
    }

    /// Pours a spring that it has claimed when all else is done, or leaves it to the pool of the node: what is poured may
    /// block, and a driver has sources to pull.
    fn due_to_pour(&mut self, step: usize) {
        let task = Task { step, wave: 0 };
        match self.engine.steps[step].pool {
            Some(pool)
                if !self.alone()
                    && (self.drives || !self.serves[pool])
                    && self.has_helpers(pool) =>
            {
                self.queue(pool, task);
            }
            _ => self.todo.insert(0, task),
        }
    }

    fn has_helpers(&self, pool: usize) -> bool {
        pool != 0 || self.engine.begin_default()
    }

    /// Pours a wave from a spring that this hand has claimed.
    fn pour(&mut self, step: usize, spring: &(dyn Spring + 'env)) {
        let part = self.engine.steps[step].part;
        let shared = &self.engine.shared;
        let poured = match unwind::catch(|| spring.pour(shared, part)) {
            Ok(poured) => poured,
            Err(payload) => {
                unwind::forget_payload(payload);
                Poured::default()
            }
        };
        for wave in poured.waves {
            self.arrived(poured.target, wave);
        }
        for (part, reader, items) in poured.read {
            let part = &self.engine.shared.parts[part];
            lock(&part.flow).deliver(reader, items);
            part.bell().ring();
            if let Some(spring) = part.plan.spring {
                self.tell(spring);
            }
        }
        if self.alone() {
            while !spring.release() {}
            return;
        }
        // there is more to pour, or somebody has asked for another look
        if poured.more || !spring.release() {
            self.due_to_pour(step);
        }
    }

    /// Pours what there is, where there is room; gives whether there was any.
    pub(crate) fn pour_springs(&mut self) -> bool {
        let mut poured = false;
        for at in 0..self.engine.springs.len() {
            let step = self.engine.springs[at];
            if self.engine.can_pour(step) && self.nudge(step) {
                self.finish_todo();
                poured = true;
            }
        }
        poured
    }

    /// Whether it has nobody to share with.
    pub(crate) fn alone(&self) -> bool {
        matches!(self.spawn, Spawn::Never)
    }
}

#[cfg(all(test, papy_loom))]
#[path = "models/engine.rs"]
pub(crate) mod model;

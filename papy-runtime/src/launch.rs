//! How a compiled pipeline begins to run: the calling thread alone, with helpers, or in the background.

use std::time::Duration;

use crate::bell::Bell;
use crate::channel::Gate;
use crate::driver::{Advance, Course, Driver};
use crate::engine::{self, Engine, Hand, Lists, Spawn};
use crate::error::StartError;
use crate::flow::Flow;
use crate::graph::Graph;
use crate::in_place::InPlace;
use crate::inlet::{Inlets, Own};
use crate::layout::{Layout, PartPlan};
use crate::link::Ports;
use crate::net::{Net, Planned, Role};
use crate::pace::Pace;
use crate::plan::{Blueprint, Body, Entries, Options, SendSources, SourceList};
use crate::report::{Ledger, Report};
use crate::run::{Control, Seat};
use crate::shared::{NAP, Part, Shared};
use crate::sink::{Outlets, Sinks};
use crate::stall::{self, Monitor};
use crate::sync::{Arc, Instant, Mutex, lock, rayon, spawn_scoped, thread, times};
use crate::timekeeper;
use crate::unwind::{self, Payload};
use crate::watch::{self, Watch};

impl<'env, I, P, F, W> Body<'env> for Blueprint<I, P, F, W>
where
    I: Entries,
    P: Outlets<'env>,
    F: InPlace<I::First, P>,
    W: FnOnce(&mut Net<'env>, I::Links) -> P::Links,
{
    type Inputs = I;
    type Ports = P;

    fn embed(self, net: &mut Net<'env>, inputs: I::Links) -> P::Links {
        (self.wire)(net, inputs)
    }

    fn drive<S, C>(self, sources: S, options: Options, mut sinks: C) -> Report
    where
        S: SourceList<Ports = I>,
        C: Sinks<P, Readers = P::Readers>,
    {
        let Blueprint {
            graph, fused, wire, ..
        } = self;
        let bell = Arc::new(Bell::default());
        let mut net = Net::new(graph);
        let links = I::links(&mut net);
        let inlets = sources.inlets(links.clone(), 0);
        let mut wiring = Some((wire, net, links));
        // what can be evaluated in place is wired only when that is not enough
        let in_place = F::POSSIBLE && options.stall_after.is_none();
        let mut wired = None;
        if !in_place || F::HAS_SPRING {
            wired = wiring.take().map(wire_up::<I, P, _>);
        }
        let layout = match &wired {
            Some((_, _, layout)) => layout.clone(),
            None => Layout::alone(graph.outputs.len()),
        };
        let shared = shared(graph, &layout, &options, true, |_| bell.clone());
        let parts = courses(&layout, &options);
        let mut driver = Driver {
            inlets,
            parts,
            shared: shared.clone(),
            bell,
        };
        let mut engine = None;
        let mut patience = InPlacePatience::default();
        let monitor = Monitor::of(&shared, options.stall_after);
        loop {
            let mut heavy = None;
            if in_place {
                match pass_in_place(&mut driver, &fused, &mut sinks, &options, &mut patience) {
                    Passed::Ended if !fused.keeps() || shared.is_cancelled() => break,
                    Passed::Ended | Passed::WorthMore => {}
                    Passed::Heavy(work) => heavy = Some(work),
                }
            }
            if let Some(wiring) = wiring.take() {
                wired = Some(wire_up::<I, P, _>(wiring));
            }
            if let Some((outputs, net, mut layout)) = wired.take() {
                let mut steps = net.steps;
                sinks.attach(P::open(outputs, &mut steps, &shared, &layout, 0));
                layout.steps.extend(&layout.outputs);
                plan_courses(&mut driver.parts, &steps, &layout, &shared, &options);
                engine = Some(Arc::new(Engine::new(steps, &layout, shared.clone())));
            }
            if let Some(work) = heavy {
                driver.expect_work(work);
            }
            let Some(engine) = &engine else { break };
            // Alone first, where that may be enough: most runs are over, or known to be too light to share, before a
            // thread is needed.
            let delivered = if options.inline || engine.is_default_only() {
                let ask = Ask {
                    help: !options.inline,
                    in_place: in_place && !F::HAS_SPRING,
                };
                deliver_all(
                    &mut driver,
                    &mut Hand::driver(engine, Spawn::Never),
                    &mut sinks,
                    ask,
                )
            } else {
                Delivered::WantsHelp
            };
            match delivered {
                Delivered::All => break,
                Delivered::WantsHelp => {
                    run_with_helpers(engine, &mut driver, &mut sinks);
                    break;
                }
                Delivered::Light => {}
            }
        }
        drop(monitor);
        shared.ledger.end();
        driver.inlets.discard();
        unwind::discard(driver.parts);
        unwind::discard(engine);
        unwind::discard(wiring);
        unwind::discard(wired.map(|(outputs, net, _)| (outputs, net.steps)));
        unwind::discard(fused);
        let panic = sinks.panic();
        // what other sinks have panicked with must not be dropped while this panic goes on
        std::iter::from_fn(|| sinks.panic()).for_each(unwind::forget_payload);
        resume(panic);
        shared.report()
    }

    fn start<S>(self, sources: S, options: Options) -> Result<(P::Outputs, Control), StartError>
    where
        S: SendSources<Ports = I>,
        'env: 'static,
    {
        let Blueprint { graph, wire, .. } = self;
        let mut net = Net::new(graph);
        let links = I::links(&mut net);
        let mut inlets = Vec::new();
        sources.boxed(links.clone(), &mut inlets);
        let (outputs, net, mut layout) = wire_up::<I, P, _>((wire, net, links));
        let shared = shared(graph, &layout, &options, false, |_| {
            Arc::new(Bell::default())
        });
        let mut steps = net.steps;
        let readers = P::open(outputs, &mut steps, &shared, &layout, 0);
        layout.steps.extend(&layout.outputs);
        let mut courses = courses(&layout, &options);
        plan_courses(&mut courses, &steps, &layout, &shared, &options);
        let engine: Arc<Engine<'static>> = Arc::new(Engine::new(steps, &layout, shared.clone()));
        let control = Control::new(shared.clone());
        let outputs = P::outputs(readers, control.keeper());
        let begun = if options.inline || engine.is_default_only() {
            Ok(())
        } else {
            engine.begin_pools()
        };
        if let Err(why) = &begun {
            if !options.makes_do {
                inlets.into_iter().for_each(unwind::discard);
                return Err(StartError::new(why.as_str()));
            }
            shared.ledger.note_on_caller();
        }
        if let Some(limit) = options.stall_after
            && let Err(error) = stall::monitor(&shared, limit)
            && !options.makes_do
        {
            inlets.into_iter().for_each(unwind::discard);
            let why = format!("it asked for one that looks for stalls: {error}");
            return Err(StartError::new(why));
        }
        let parted = inlets.into_iter().map(|inlet| (inlet.pull, inlet.intake));
        let (inlets, intakes): (Vec<_>, Vec<_>) = parted.unzip();
        if options.inline || begun.is_err() {
            let bell = Arc::new(Bell::default());
            for course in &mut courses {
                course.pace.keep_to_single_items();
            }
            let inlets = Own(inlets.into_iter().enumerate().collect());
            let driver = Driver {
                inlets,
                parts: courses,
                shared: shared.clone(),
                bell,
            };
            shared.seat(Inline::boxed(engine, driver));
            return Ok((outputs, control));
        }
        if engine.is_timed()
            && let Err(why) = begin_timekeeper(&engine)
        {
            if !options.makes_do {
                return Err(StartError::new(why));
            }
            shared.ledger.note_on_caller();
        }
        for part in &shared.parts {
            let _ = part.engine.set(Arc::downgrade(&engine));
        }
        let mut inlets: Vec<_> = inlets.into_iter().map(Some).collect();
        let asked = courses.len();
        for mut course in courses {
            course.attend(&shared, &intakes);
            let own = course
                .inputs
                .iter()
                .filter_map(|(input, _)| Some((*input, inlets[*input].take()?)))
                .collect();
            let bell = shared.parts[course.part].bell().clone();
            let driver = Driver {
                inlets: Own(own),
                parts: vec![course],
                shared: shared.clone(),
                bell,
            };
            match begin_driver(&engine, driver) {
                Ok(()) => {}
                Err((Some(driver), _)) if options.makes_do && asked == 1 => {
                    shared.ledger.note_on_caller();
                    shared.seat(Inline::boxed(engine.clone(), driver));
                }
                Err((driver, error)) => {
                    unwind::discard(driver);
                    inlets.into_iter().for_each(unwind::discard);
                    let asked = crate::pool::threads(asked);
                    let why = format!("it asked for {asked} of its own: {error}");
                    return Err(StartError::new(why));
                }
            }
        }
        unwind::discard(engine);
        Ok((outputs, control))
    }
}

/// Begins the thread that drives a part of a run; gives the driver back where it can't be had.
fn begin_driver(
    engine: &Arc<Engine<'static>>,
    driver: Driver<Own>,
) -> Result<(), (Option<Driver<Own>>, std::io::Error)> {
    let engine = engine.clone();
    let shared = driver.shared.clone();
    // what a thread that is not begun was to do is dropped, so it must not own the sources
    let held = Arc::new(Mutex::new(Some(driver)));
    let taken = held.clone();
    shared.driver_enters();
    let work = {
        let shared = shared.clone();
        move || {
            let driven = unwind::catch(|| {
                let Some(mut driver) = lock(&taken).take() else {
                    return;
                };
                let mut hand = Hand::driver(&engine, Spawn::Owned(engine::spawn_owned));
                driver.drive(&mut hand);
                if shared.is_cancelled() {
                    shared.wait_for_tasks();
                    engine.clear();
                }
                unwind::discard(driver);
            });
            unwind::discard(engine);
            let broken = driven.err().map(|payload| {
                shared.cancel();
                unwind::message(&payload)
            });
            shared.driver_leaves(broken);
        }
    };
    let begun = thread::Builder::new()
        .name(format!("papy {}", shared.ledger.name).replace('\0', " "))
        .spawn(work);
    begun.map(drop).map_err(|error| {
        shared.driver_leaves(None);
        (lock(&held).take(), error)
    })
}

/// Begins the thread that keeps time for a run.
fn begin_timekeeper(engine: &Arc<Engine<'static>>) -> Result<(), String> {
    let enrolled = engine.enrol()?;
    let engine = engine.clone();
    let shared = engine.shared.clone();
    shared.helper_enters();
    let work = {
        let shared = shared.clone();
        move || {
            let kept = unwind::catch(|| {
                timekeeper::keep_time(&engine, Spawn::Owned(engine::spawn_owned), &enrolled);
            });
            if let Err(payload) = kept {
                unwind::forget_payload(payload);
                shared.cancel();
            }
            unwind::discard(engine);
            shared.helper_leaves();
        }
    };
    let begun = thread::Builder::new()
        .name("papy time".to_owned())
        .spawn(work);
    match begun {
        Ok(_) => {
            shared.timing.turn_on();
            Ok(())
        }
        Err(error) => {
            shared.helper_leaves();
            Err(format!(
                "it asked for 1 thread of its own, which keeps time: {error}"
            ))
        }
    }
}

/// A started run without threads: whoever reads or waits drives it.
struct Inline {
    engine: Arc<Engine<'static>>,
    driver: Driver<Own>,
    lists: Lists,
}

impl Inline {
    fn boxed(engine: Arc<Engine<'static>>, driver: Driver<Own>) -> Box<Inline> {
        Box::new(Inline {
            engine,
            driver,
            lists: Lists::default(),
        })
    }
}

impl Seat for Inline {
    fn drive(&mut self, part: Option<usize>) -> bool {
        let driver = &mut self.driver;
        Hand::alone_for_a_while(&self.engine, &mut self.lists, |hand| {
            let mut moved = hand.pour_springs();
            for course in 0..driver.parts.len() {
                if moved {
                    break;
                }
                if part.is_none_or(|part| driver.feeds(course, part)) {
                    moved |= driver.advance(course, hand) == Advance::Pulled;
                }
            }
            moved | hand.help_out()
        })
    }
}

/// Wires a pipeline: its outputs' links, the steps, and what belongs together.
fn wire_up<'env, I, P, W>(
    (wire, mut net, links): (W, Net<'env>, I::Links),
) -> (P::Links, Net<'env>, Layout)
where
    I: Entries,
    P: Ports,
    W: FnOnce(&mut Net<'env>, I::Links) -> P::Links,
{
    let outputs = wire(&mut net, links);
    let mut lineages = Vec::new();
    P::lineages(&outputs, &mut lineages);
    let layout = net.layout(&lineages);
    (outputs, net, layout)
}

fn shared(
    graph: &'static Graph,
    layout: &Layout,
    options: &Options,
    is_blocking: bool,
    bell: impl Fn(usize) -> Arc<Bell>,
) -> Arc<Shared> {
    let part = |(part, plan): (usize, &PartPlan)| {
        let flow = Flow::new(options.buffer, plan.outputs.len() + plan.feeds.len());
        Arc::new(Part::new(flow, bell(part), plan.clone()))
    };
    let watch = Watch::of(graph, layout, options.stall_after.is_some(), is_blocking);
    let shared = Arc::new(Shared::new(
        layout.parts.iter().enumerate().map(part).collect(),
        layout
            .outputs
            .iter()
            .map(|_| Arc::new(Gate::default()))
            .collect(),
        Ledger::new(graph, options.name.clone(), options.buffer),
        options.on_fault,
        watch,
    ));
    watch::enlist(&shared);
    shared
}

fn courses(layout: &Layout, options: &Options) -> Vec<Course> {
    let course = |(part, plan): (usize, &PartPlan)| Course {
        part,
        inputs: plan.inputs.clone(),
        outputs: plan.outputs.clone(),
        tails: plan.tails,
        steps: Vec::new(),
        regions: 0,
        attended: None,
        pace: Pace::new(stride(options), None, options.buffer, HANDS),
        ended: false,
        alone: options.inline,
    };
    let pulled = |(_, plan): &(usize, &PartPlan)| plan.spring.is_none();
    let parts = layout.parts.iter().enumerate();
    parts.filter(pulled).map(course).collect()
}

/// Those that a wave goes through in any case: the driver's, and the reader's.
const HANDS: usize = 2;

fn stride(options: &Options) -> Option<usize> {
    if options.inline {
        Some(1)
    } else {
        options.stride
    }
}

/// Tells the courses, the springs, and the flows of their parts, what has been wired.
fn plan_courses(
    courses: &mut [Course],
    steps: &[Planned<'_>],
    layout: &Layout,
    shared: &Shared,
    options: &Options,
) {
    let elsewhere = |step: &&Planned<'_>| !step.pool.is_inline() && !step.pool.is_default();
    let hands = HANDS + steps.iter().filter(elsewhere).count();
    let pace = |plan: &PartPlan| Pace::new(stride(options), plan.stride, options.buffer, hands);
    for (part, plan) in layout.parts.iter().enumerate() {
        lock(&shared.parts[part].flow).set_steps(plan.steps);
        if let Some(spring) = plan.spring
            && let Role::Spring(spring) = &steps[spring].role
        {
            spring.set_pace(pace(plan));
        }
    }
    for course in courses {
        let plan = &layout.parts[course.part];
        course.tails = plan.tails;
        course.regions = plan.regions;
        course.pace = pace(plan);
    }
}

#[derive(PartialEq, Eq)]
enum Passed {
    Ended,
    /// There is enough work in an item to share it.
    WorthMore,
    /// So much that not one more should be done alone.
    Heavy(Duration),
}

/// How long a run stays in place before it considers helpers again: at first not at all, later a while, since they have
/// been found not worth it.
#[derive(Default)]
struct InPlacePatience(Duration);

/// Passes slots through in place, as long as that is the fastest way.
fn pass_in_place<I, P, F, C>(
    driver: &mut Driver<I>,
    fused: &F,
    sinks: &mut C,
    options: &Options,
    patience: &mut InPlacePatience,
) -> Passed
where
    I: Inlets,
    P: Ports,
    F: InPlace<I::First, P>,
    C: Sinks<P>,
{
    /// How long one pass takes, about: the clock is read, and helpers are considered, once in each.
    const PASS: Duration = Duration::from_micros(50);
    /// So many passes in a row must say that helpers are worth it: one may just have been interrupted.
    const SURE: u32 = 3;
    const LATER: Duration = Duration::from_millis(20);
    let shared = driver.shared.clone();
    let part = &shared.parts[driver.parts[0].part];
    let mut want = 1;
    let mut worth = 0;
    let mut heavy = false;
    let mut sample = true;
    let entered = Instant::now();
    let mut patience = std::mem::replace(&mut patience.0, LATER);
    if F::HAS_SPRING {
        // there is no way back, and at first nothing is in a cache, and what a fold gathers grows
        patience = LATER;
    }
    loop {
        let first = lock(&part.flow).issued();
        let began = Instant::now();
        // every other pass is a single slot, whose calls are timed
        let ask = if sample { 1 } else { want };
        let passed = fused.pass(&mut driver.inlets, sinks, &shared, first, ask);
        let Some(passed) = passed else {
            return Passed::WorthMore;
        };
        let took = began.elapsed();
        lock(&part.flow).pass(passed.pulled as u64);
        if driver.inlets.at(0).is_due() {
            return Passed::WorthMore;
        }
        if passed.is_last || shared.is_cancelled() {
            return Passed::Ended;
        }
        if crate::pace::is_heavy(took, passed.items) && !options.inline {
            // a single one may have been interrupted, which costs much only where there is no way back
            if heavy || !F::HAS_SPRING {
                return Passed::Heavy(took / passed.items.max(1) as u32);
            }
            heavy = true;
        } else {
            heavy = false;
        }
        sample = !sample;
        let is_worth = |worth| crate::pace::is_worth_sharing(took, passed.items, worth);
        if sample && !options.inline && is_worth(fused.worth()) {
            worth += 1;
            let is_clear = F::HAS_SPRING && is_worth(10.0 * fused.worth());
            if worth >= SURE && (is_clear || entered.elapsed() >= patience) {
                return Passed::WorthMore;
            }
        } else if sample {
            worth = 0;
        }
        if sample && took < PASS {
            want *= if took < PASS / 8 { 8 } else { 2 };
        } else if took > 2 * PASS {
            want = (want / 2).max(1);
        }
    }
}

#[derive(PartialEq, Eq)]
enum Delivered {
    All,
    WantsHelp,
    /// There is little work in an item after all: it would be faster in place.
    Light,
}

/// What the driver may come back for before all is done.
#[derive(Clone, Copy)]
struct Ask {
    help: bool,
    in_place: bool,
}

impl Ask {
    const NOTHING: Ask = Ask {
        help: false,
        in_place: false,
    };
}

/// Drives the run and delivers its outputs on this thread, until all is done.
fn deliver_all<I, P, C>(
    driver: &mut Driver<I>,
    hand: &mut Hand<'_, '_>,
    sinks: &mut C,
    ask: Ask,
) -> Delivered
where
    I: Inlets,
    P: Ports,
    C: Sinks<P>,
{
    /// Rounds after which the work per item is known.
    const ROUNDS: u32 = times(128);
    let mut rounds = 0;
    loop {
        if ask.help && driver.wants_help() {
            return Delivered::WantsHelp;
        }
        driver.bell.hear();
        let watch = driver.shared.watch.as_ref();
        if let Some(watch) = watch {
            watch.delivers(true);
        }
        let mut busy = sinks.deliver();
        if let Some(watch) = watch {
            watch.delivers(false);
        }
        rounds += 1;
        if ask.in_place && rounds > ROUNDS && driver.is_idle() {
            return Delivered::Light;
        }
        // what has been taken comes before what may block
        let poured = hand.pour_springs();
        busy |= poured;
        if !(poured && hand.alone()) {
            for course in 0..driver.parts.len() {
                busy |= driver.advance(course, hand) == Advance::Pulled;
            }
        }
        if sinks.has_panicked() {
            driver.shared.cancel();
            return Delivered::All;
        }
        if driver.is_done() && sinks.is_done() {
            return Delivered::All;
        }
        if !busy && !hand.help_out() {
            hand.recruit();
            driver.rest();
        }
    }
}

/// Drives the run with the pools that it uses; without them where their threads can't be had.
fn run_with_helpers<'env, I, P, C>(
    engine: &Arc<Engine<'env>>,
    driver: &mut Driver<I>,
    sinks: &mut C,
) where
    I: Inlets,
    P: Ports,
    C: Sinks<P>,
{
    let begun = engine.begin_pools();
    match (begun, &engine.pools_in_use()[..]) {
        (Err(_), _) => run_alone(engine, driver, sinks),
        (Ok(()), []) if !engine.is_timed() => run_alone_quietly(engine, driver, sinks),
        (Ok(()), [crew]) if !engine.is_timed() => {
            engine::in_scope(&engine.pools[*crew].pool, |scope| {
                let mut hand = Hand::driver(engine, Spawn::Scoped { scope, crew: *crew });
                deliver_all(driver, &mut hand, sinks, Ask::NOTHING);
            });
        }
        (Ok(()), crews) => run_with_pumps(engine, crews, driver, sinks),
    }
}

/// Pumps and a timekeeper, whom the scope waits for: they end when this is dropped, whatever the way out.
struct OpenPumps<'a, 'env>(&'a Engine<'env>);

impl Drop for OpenPumps<'_, '_> {
    fn drop(&mut self) {
        self.0.close_pumps();
        self.0.shared.timing.end();
    }
}

fn run_with_pumps<'env, I, P, C>(
    engine: &Arc<Engine<'env>>,
    crews: &[usize],
    driver: &mut Driver<I>,
    sinks: &mut C,
) where
    I: Inlets,
    P: Ports,
    C: Sinks<P>,
{
    let Ok(enrolled) = engine.enrol() else {
        return run_alone(engine, driver, sinks);
    };
    thread::scope(|scope| {
        let mut pumps = Vec::with_capacity(crews.len() + 1);
        for crew in crews {
            let requests = engine.open_pump(*crew);
            let work = move || engine::pump(engine, *crew, &requests);
            match spawn_scoped(scope, "papy pump", work) {
                Ok(pump) => pumps.push(pump),
                Err(_) => {
                    engine.close_pumps();
                    return run_alone(engine, driver, sinks);
                }
            }
        }
        if engine.is_timed() {
            let work = || timekeeper::keep_time(engine, Spawn::Pumped, &enrolled);
            match spawn_scoped(scope, "papy time", work) {
                Ok(timekeeper) => {
                    engine.shared.timing.turn_on();
                    pumps.push(timekeeper);
                }
                Err(_) => {
                    engine.close_pumps();
                    return run_alone(engine, driver, sinks);
                }
            }
        }
        let open = OpenPumps(engine);
        let mut hand = Hand::driver(engine, Spawn::Pumped);
        deliver_all(driver, &mut hand, sinks, Ask::NOTHING);
        drop(open);
        // Where this thread is one of a pool's, a helper that a pump has spawned may be queued behind it.
        while rayon::current_thread_index().is_some()
            && !pumps.iter().all(thread::ScopedJoinHandle::is_finished)
        {
            if !engine::work_meanwhile() {
                thread::sleep(NAP);
            }
        }
    });
}

/// Evaluates everything on this thread, because threads can't be had.
fn run_alone<'env, I, P, C>(engine: &Arc<Engine<'env>>, driver: &mut Driver<I>, sinks: &mut C)
where
    I: Inlets,
    P: Ports,
    C: Sinks<P>,
{
    driver.shared.ledger.note_on_caller();
    run_alone_quietly(engine, driver, sinks);
}

fn run_alone_quietly<'env, I, P, C>(
    engine: &Arc<Engine<'env>>,
    driver: &mut Driver<I>,
    sinks: &mut C,
) where
    I: Inlets,
    P: Ports,
    C: Sinks<P>,
{
    driver
        .parts
        .iter_mut()
        .for_each(|course| course.alone = true);
    deliver_all(
        driver,
        &mut Hand::driver(engine, Spawn::Never),
        sinks,
        Ask::NOTHING,
    );
}

fn resume(panic: Option<Payload>) {
    if let Some(payload) = panic {
        std::panic::resume_unwind(payload);
    }
}

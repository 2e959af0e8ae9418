//! The state of a watched run at one time, and who waits for whom: as text for people, and for what tells of
//! [stalls](crate::stall).
//!
//! Whoever waits in a run waits for a wave: a step for the one whose turn it is, or for the rest of one of which a stream has
//! come; an output for the one that is next. So does a spring, in the part before it. And a wave that has not been issued
//! waits for an input, or for a spring. Followed far enough, this ends at those who are at work, and at inputs.
//!
//! What is put together here is read piece by piece while the run goes on, so pieces may not fit together; of a run that hangs
//! they do.

use std::fmt;
use std::time::Duration;

use crate::calls::Ticket;
use crate::channel::GateLook;
use crate::engine::Task;
use crate::flow::FlowLook;
use crate::graph::{Graph, Node};
use crate::shared::Shared;
use crate::stall::Cause;
use crate::sync::{Arc, Instant, Weak, lock};
use crate::unwind;
use crate::watch::{At, Spot, Watch, What};

/// What is known of a run at one time.
pub(crate) struct State<'a> {
    shared: &'a Shared,
    watch: &'a Watch,
    now: Instant,
    flows: Vec<FlowLook>,
    works: Vec<Work>,
    lobbies: Vec<LobbyLook>,
    crews: Vec<CrewLook>,
    gates: Vec<GateLook>,
    asked: Vec<(usize, Instant)>,
}

/// Somebody at work.
struct Work {
    key: Key,
    part: usize,
    at: At,
    /// The nodes that are evaluated.
    nodes: Vec<Arc<str>>,
    /// The call in progress, where it is known.
    call: Option<(Arc<str>, u64)>,
    items: (u64, u64),
    since: Instant,
}

/// What stays the same of somebody who waits or works, from one look to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Desk(u64),
    /// A call of a timed node, by its step and its wave.
    Call(usize, u64, Ticket),
    Input(usize),
    /// A wave that nobody has taken up, by its step.
    Queued(usize, u64),
}

/// What parts that stand still wait for.
pub(crate) struct Found {
    pub(crate) key: Key,
    pub(crate) cause: Cause,
    /// The node, or the input.
    pub(crate) name: Arc<str>,
    pub(crate) item: u64,
    pub(crate) since: Instant,
    pub(crate) waiting: Vec<String>,
}

/// The waves that wait before a step.
struct LobbyLook {
    /// For their turn, and the one whose turn it is.
    turn: Vec<u64>,
    next: Option<u64>,
    /// For streams that have not come.
    missing: Vec<u64>,
}

struct CrewLook {
    pool: String,
    tasks: Vec<Task>,
    helpers: usize,
    limit: usize,
}

/// Somebody who waits, or is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// By its place among [`State::works`].
    Work(usize),
    Step(usize),
    /// A wave at a step that no thread has taken up.
    Queued(usize, u64),
    Output(usize),
    Input(usize),
}

/// Whether somebody waits for what these parts give. Where nobody could, they work for themselves.
pub(crate) fn is_wanted(shared: &Shared, watch: &Watch, parts: &[usize]) -> bool {
    if watch.is_blocking {
        return !watch.is_delivering();
    }
    let mut somebody_could = false;
    for part in parts {
        let part = &shared.parts[*part];
        let flow = lock(&part.flow).look();
        let outputs = &flow.readers[..part.plan.outputs.len()];
        if flow.awaited || outputs.iter().any(|(_, hungry)| *hungry) {
            return true;
        }
        somebody_could |= outputs.iter().any(|(live, _)| *live);
    }
    !somebody_could
}

impl<'a> State<'a> {
    /// The state of a run; `None` where it is not watched.
    pub(crate) fn of(shared: &'a Shared) -> Option<State<'a>> {
        let watch = shared.watch.as_deref()?;
        let spots = watch.wiring().map_or(&[][..], |wiring| &wiring.steps);
        let mut works: Vec<Work> = watch.desks().iter().map(Work::at_desk).collect();
        for (step, spot) in spots.iter().enumerate() {
            works.extend(calls_of(shared, step, spot));
        }
        let crews = watch.wiring().map_or(&[][..], |wiring| &wiring.crews);
        let crews = crews.iter().filter_map(Weak::upgrade).map(|crew| {
            let queue = lock(&crew.queue);
            CrewLook {
                pool: format!("{:?}", crew.pool),
                tasks: queue.tasks.iter().copied().collect(),
                helpers: queue.helpers,
                limit: queue.limit,
            }
        });
        Some(State {
            shared,
            watch,
            now: Instant::now(),
            flows: (shared.parts.iter().map(|part| lock(&part.flow).look())).collect(),
            works,
            lobbies: spots.iter().map(LobbyLook::of).collect(),
            crews: crews.collect(),
            gates: shared.gates.iter().map(|gate| gate.look()).collect(),
            asked: watch.asked(),
        })
    }

    fn spots(&self) -> &'a [Spot] {
        let wiring = self.watch.wiring();
        wiring.map_or(&[], |wiring| &wiring.steps)
    }

    /// What parts that have stood still since then wait for.
    pub(crate) fn stuck(&self, parts: &[usize], still: Instant) -> Vec<Found> {
        let works = self.works.iter().enumerate();
        let own = works.filter(|(_, work)| parts.contains(&work.part) && work.since <= still);
        let calls = own.filter_map(|(at, work)| {
            let name = match &work.call {
                Some((node, _)) => node,
                None => work.nodes.first()?,
            };
            Some(Found {
                key: work.key,
                cause: Cause::Call,
                name: name.clone(),
                item: work.call.as_ref().map_or(work.items.0, |(_, at)| *at),
                since: work.since,
                waiting: self.waiters(Who::Work(at)),
            })
        });
        let calls: Vec<Found> = calls.collect();
        if !calls.is_empty() {
            return calls;
        }
        let inputs: Vec<Found> = self
            .asked
            .iter()
            .filter_map(|(input, since)| {
                let part = self.watch.part_of(*input);
                let counts = parts.contains(&part) && *since <= still && !self.flows[part].paused;
                counts.then(|| Found {
                    key: Key::Input(*input),
                    cause: Cause::Input,
                    name: self.shared.ledger.input_name(*input).clone(),
                    item: self.shared.ledger.position(*input),
                    since: *since,
                    waiting: self.waiters(Who::Input(*input)),
                })
            })
            .collect();
        if !inputs.is_empty() {
            return inputs;
        }
        let queued = self.queued(parts).into_iter();
        queued
            .filter_map(|(step, wave)| {
                Some(Found {
                    key: Key::Queued(step, wave),
                    cause: Cause::Thread,
                    name: self.names(&self.spots()[step].what).first()?.clone(),
                    item: self.position(step, wave).unwrap_or_default(),
                    since: still,
                    waiting: self.waiters(Who::Queued(step, wave)),
                })
            })
            .collect()
    }

    /// Tasks of these parts that no thread has taken up: the oldest of each step.
    fn queued(&self, parts: &[usize]) -> Vec<(usize, u64)> {
        let mut queued: Vec<(usize, u64)> = Vec::new();
        for task in self.crews.iter().flat_map(|crew| &crew.tasks) {
            let is_own = parts.contains(&self.spots()[task.step].part);
            if is_own && queued.iter().all(|(step, _)| *step != task.step) {
                queued.push((task.step, task.wave));
            }
        }
        queued
    }

    /// Whether a reader waits for an output: one that has nothing to read, or whoever waits for all that comes.
    fn is_hungry(&self, output: usize) -> bool {
        let gate = self.gates[output];
        let Some((part, reader)) = self.reader(output) else {
            return false;
        };
        let flow = &self.flows[part];
        let (live, hungry) = flow.readers[reader];
        let takes_all = flow.awaited || self.watch.is_blocking && !self.watch.is_delivering();
        live && !gate.at_end && (takes_all || hungry && gate.taken >= gate.queued)
    }

    /// The part of an output, and its reader there.
    fn reader(&self, output: usize) -> Option<(usize, usize)> {
        let parts = self.shared.parts.iter().enumerate();
        let mut found = parts.filter_map(|(at, part)| {
            let mut outputs = part.plan.outputs.iter();
            Some((at, outputs.position(|own| *own == output)?))
        });
        found.next()
    }

    /// All who wait for something.
    fn waiting(&self) -> impl Iterator<Item = Who> {
        let waits = |step: &usize| {
            let lobby = &self.lobbies[*step];
            !lobby.turn.is_empty() || !lobby.missing.is_empty()
        };
        let steps = (0..self.lobbies.len()).filter(waits).map(Who::Step);
        let outputs = (0..self.gates.len()).filter(|output| self.is_hungry(*output));
        steps.chain(outputs.map(Who::Output))
    }

    /// What somebody waits for.
    fn waits_for(&self, who: Who) -> Vec<Who> {
        match who {
            Who::Work(_) | Who::Input(_) | Who::Queued(..) => Vec::new(),
            Who::Output(output) => {
                let Some((part, _)) = self.reader(output) else {
                    return Vec::new();
                };
                let flow = &self.flows[part];
                let next = self.gates[output].arrived;
                // without order, it is not this one; then any
                let is_open = |wave: u64| flow.open.iter().any(|(open, _)| *open == wave);
                let oldest = flow.open.first().map(|(wave, _)| *wave);
                let wave = if next >= flow.waves || is_open(next) {
                    next
                } else {
                    oldest.unwrap_or(next)
                };
                self.holders(part, wave, None)
            }
            Who::Step(step) => {
                let spot = &self.spots()[step];
                if let What::Spring(_) = spot.what {
                    return self.sources_of_spring(spot.part);
                }
                let lobby = &self.lobbies[step];
                let mut all = Vec::new();
                match (lobby.next, lobby.turn.is_empty()) {
                    (_, true) => {}
                    (Some(next), false) => all.extend(self.holders(spot.part, next, Some(who))),
                    (None, false) => all.extend(self.at_work_in(spot)),
                }
                if let Some(wave) = lobby.missing.first() {
                    all.extend(self.holders(spot.part, *wave, Some(who)));
                }
                // and for all that others are at
                for (at, work) in self.works.iter().enumerate() {
                    let is_missing =
                        |wave: &u64| work.part == spot.part && work.at == At::Wave(*wave);
                    if lobby.missing.iter().skip(1).any(is_missing) {
                        all.push(Who::Work(at));
                    }
                }
                all
            }
        }
    }

    /// Those at work at a step.
    fn at_work_in(&self, spot: &Spot) -> Vec<Who> {
        let names = self.names(&spot.what);
        let works = self.works.iter().enumerate();
        let own = |(_, work): &(usize, &Work)| work.part == spot.part && work.nodes == names;
        works.filter(own).map(|(at, _)| Who::Work(at)).collect()
    }

    /// Who has a wave, or a part of it; but for the one who asks.
    fn holders(&self, part: usize, wave: u64, asks: Option<Who>) -> Vec<Who> {
        let mut all = Vec::new();
        for (at, work) in self.works.iter().enumerate() {
            if work.part == part && work.at == At::Wave(wave) {
                all.push(Who::Work(at));
            }
        }
        for (step, (spot, lobby)) in self.spots().iter().zip(&self.lobbies).enumerate() {
            let waits = lobby.turn.contains(&wave) || lobby.missing.contains(&wave);
            if spot.part == part && waits && asks != Some(Who::Step(step)) {
                all.push(Who::Step(step));
            }
        }
        for task in self.crews.iter().flat_map(|crew| &crew.tasks) {
            if self.spots()[task.step].part == part && task.wave == wave {
                all.push(Who::Queued(task.step, wave));
            }
        }
        if wave + 1 >= self.flows[part].waves {
            all.extend(self.origin(part));
        }
        all
    }

    /// Where the waves of a part come from.
    fn origin(&self, part: usize) -> Vec<Who> {
        if let Some(spring) = self.shared.parts[part].plan.spring {
            let pours = |work: &Work| work.part == part && work.at == At::Spring;
            return match self.works.iter().position(pours) {
                Some(work) => vec![Who::Work(work)],
                None => vec![Who::Step(spring)],
            };
        }
        let passes = |work: &Work| work.part == part && work.at == At::InPlace;
        let in_place = self.works.iter().position(passes).map(Who::Work);
        let asked = self.asked.iter().map(|(input, _)| *input);
        let own = asked.filter(|input| self.watch.part_of(*input) == part);
        own.map(Who::Input).chain(in_place).collect()
    }

    /// Those who have what a spring is to pour.
    fn sources_of_spring(&self, part: usize) -> Vec<Who> {
        let mut all = Vec::new();
        for (above, _) in &self.shared.parts[part].plan.above {
            match self.flows[*above].open.first() {
                Some((wave, _)) => all.extend(self.holders(*above, *wave, None)),
                None => all.extend(self.origin(*above)),
            }
        }
        all
    }

    /// All who wait for somebody, directly or not, by name: those who take from a node first.
    fn waiters(&self, goal: Who) -> Vec<String> {
        let mut names = self.takers(goal);
        for who in self.waiting() {
            let mut trail = vec![who];
            let mut seen = Vec::new();
            while let Some(at) = trail.pop() {
                if seen.contains(&at) {
                    continue;
                }
                seen.push(at);
                trail.extend(self.waits_for(at));
            }
            if seen.contains(&goal) {
                names.extend(self.each_name(who));
            }
        }
        let own = self.each_name(goal);
        names.retain(|name| !own.contains(name));
        let mut known = Vec::new();
        names.retain(|name| {
            let is_new = !known.contains(name);
            known.push(name.clone());
            is_new
        });
        names
    }

    /// The nodes that take from the one whose call is in progress.
    fn takers(&self, who: Who) -> Vec<String> {
        let call = match who {
            Who::Work(work) => self.works[work].call.as_ref(),
            _ => None,
        };
        let takers = call.map(|(node, _)| after(self.watch.graph, node));
        let takers = takers.unwrap_or_default().into_iter();
        takers.map(|node| format!("`{node}`")).collect()
    }

    /// ``input `reads` ``, ``output `rows` ``, or the nodes that are evaluated together.
    fn each_name(&self, who: Who) -> Vec<String> {
        let nodes = |nodes: &[Arc<str>]| nodes.iter().map(|node| format!("`{node}`")).collect();
        match who {
            Who::Work(work) => match &self.works[work] {
                Work {
                    call: Some((node, _)),
                    ..
                } => nodes(std::slice::from_ref(node)),
                work => nodes(&work.nodes),
            },
            Who::Step(step) | Who::Queued(step, _) => match &self.spots()[step].what {
                What::Output(output) => self.each_name(Who::Output(*output)),
                what => nodes(&self.names(what)),
            },
            Who::Output(output) => {
                let name = self.watch.graph.outputs.get(output);
                name.map(|name| format!("output `{name}`"))
                    .into_iter()
                    .collect()
            }
            Who::Input(input) => vec![format!("input `{}`", self.shared.ledger.input_name(input))],
        }
    }

    /// The same in one; `None` for what has no name in the text.
    fn name(&self, who: Who) -> Option<String> {
        let names = self.each_name(who);
        (!names.is_empty()).then(|| listed(&names))
    }

    /// The first item of a wave, where waves come from inputs.
    fn position(&self, step: usize, wave: u64) -> Option<u64> {
        let part = self.spots()[step].part;
        let flow = &self.flows[part];
        let from = |(open, _): &&(u64, u64)| *open >= wave;
        let behind: u64 = flow.open.iter().filter(from).map(|(_, items)| items).sum();
        let is_pulled = self.shared.parts[part].plan.spring.is_none();
        is_pulled.then(|| flow.issued.saturating_sub(behind))
    }

    /// The nodes of a step.
    fn names(&self, what: &What) -> Vec<Arc<str>> {
        let name = |node: &usize| self.shared.ledger.nodes[*node].name.clone();
        match what {
            What::Nodes(nodes) => nodes.iter().map(name).collect(),
            What::Timed(node, _) | What::Spring(Some(node)) => vec![name(node)],
            What::Spring(None) | What::Output(_) | What::Passage => Vec::new(),
        }
    }
}

impl Work {
    fn at_desk((number, desk): &(u64, Arc<crate::watch::Desk>)) -> Work {
        let now = desk.now();
        Work {
            key: Key::Desk(*number),
            part: desk.part,
            at: desk.at,
            nodes: desk.nodes.clone(),
            call: now.call,
            items: desk.items,
            since: now.since,
        }
    }

    fn items(&self) -> String {
        match (&self.call, self.items, self.at) {
            (Some((_, at)), ..) => format!("item {at}"),
            (None, (first, _), At::InPlace) => format!("items from {first} on, in place"),
            (None, (first, last), _) if first == last => format!("item {first}"),
            (None, (first, last), _) => format!("an item from {first} to {last}"),
        }
    }
}

impl LobbyLook {
    fn of(spot: &Spot) -> LobbyLook {
        let (turn, next) = lock(&spot.lobby.turnstile).look();
        LobbyLook {
            turn,
            next,
            missing: lock(&spot.lobby.missing).numbers().collect(),
        }
    }
}

/// The calls that a timed node has in progress.
fn calls_of(shared: &Shared, step: usize, spot: &Spot) -> Vec<Work> {
    let What::Timed(node, calls) = &spot.what else {
        return Vec::new();
    };
    let Some(timed) = calls.upgrade() else {
        return Vec::new();
    };
    let name = &shared.ledger.nodes[*node].name;
    let calls = timed.calls_in_progress().into_iter();
    let works = calls.map(|call| Work {
        key: Key::Call(step, call.wave, call.ticket),
        part: spot.part,
        at: At::Wave(call.wave),
        nodes: vec![name.clone()],
        call: Some((name.clone(), call.position)),
        items: (call.position, call.position),
        since: call.began,
    });
    let works = works.collect();
    // maybe the last to hold it, and with it the worker
    unwind::discard(timed);
    works
}

/// The nodes that take from one directly, by the names that they have in the report.
fn after(graph: &Graph, name: &str) -> Vec<String> {
    match name.split_once('/') {
        None => {
            let after = graph.after(name).into_iter();
            after.map(|node| node.name().to_owned()).collect()
        }
        Some((outer, inner)) => {
            let own = graph.node(outer).and_then(Node::inner);
            let after = own.map(|own| after(own, inner)).unwrap_or_default();
            let full = |name: String| format!("{outer}/{name}");
            after.into_iter().map(full).collect()
        }
    }
}

/// `` `a`, `b` and output `c` ``; of very many, some.
pub(crate) fn listed(names: &[String]) -> String {
    const MOST: usize = 8;
    match names {
        [] => String::new(),
        [name] => name.clone(),
        names if names.len() > MOST => {
            let more = names.len() - MOST;
            format!("{} and {more} more", names[..MOST].join(", "))
        }
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

/// `3 waves`, `1 wave`
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

impl fmt::Display for State<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let State { shared, .. } = self;
        let stats = shared.ledger.stats();
        writeln!(
            f,
            "run `{}`, {:.1?} after its start",
            stats.name(),
            stats.elapsed()
        )?;
        let [drivers, pulling, running, helpers] = shared.workers();
        let driver = match (self.watch.is_blocking, drivers, pulling) {
            (_, _, 1..) => "the driver is inside a source",
            (true, ..) if self.watch.is_delivering() => "the driver is inside a sink",
            (true, ..) => "the driver is at work or rests",
            (false, 0, _) => "no driver is at work",
            (false, ..) => "the driver rests or helps out",
        };
        let evaluations = counted(running, "evaluation");
        writeln!(
            f,
            "  {driver}; {evaluations} in progress; {}",
            counted(helpers, "helper")
        )?;
        for (at, input) in stats.inputs().iter().enumerate() {
            write!(
                f,
                "  input `{}`: {} items taken",
                input.name(),
                input.position()
            )?;
            match self.asked.iter().find(|(asked, _)| *asked == at) {
                Some((_, since)) => writeln!(f, ", asked for more for {:.1?}", self.age(*since))?,
                None => writeln!(f)?,
            }
        }
        for (part, flow) in self.flows.iter().enumerate() {
            self.write_part(f, part, flow)?;
        }
        for crew in self.crews.iter().filter(|crew| crew.limit > 0) {
            let tasks = counted(crew.tasks.len(), "wave");
            let CrewLook {
                pool,
                helpers,
                limit,
                ..
            } = crew;
            writeln!(f, "  {pool}: {tasks} queued, {helpers} of {limit} helpers")?;
        }
        for (at, work) in self.works.iter().enumerate() {
            let name = self.name(Who::Work(at));
            let name = name.unwrap_or_else(|| "what moves items about".to_owned());
            let (items, age) = (work.items(), self.age(work.since));
            write!(f, "  at work: {name} on {items} for {age:.1?}")?;
            match &self.waiters(Who::Work(at))[..] {
                [] => writeln!(f)?,
                [one] => writeln!(f, "; {one} waits for it")?,
                all => writeln!(f, "; {} wait for it", listed(all))?,
            }
        }
        for who in self.waiting() {
            let targets = self.waits_for(who).into_iter();
            let told = |target: Who| match target {
                Who::Queued(step, _) => {
                    Some(format!("a thread for {}", self.name(Who::Step(step))?))
                }
                _ => self.name(target),
            };
            let mut targets: Vec<String> = targets.filter_map(told).collect();
            targets.dedup();
            if let Some(name) = self.name(who).filter(|_| !targets.is_empty()) {
                writeln!(f, "  {name} waits for {}", listed(&targets))?;
            }
        }
        Ok(())
    }
}

impl State<'_> {
    fn age(&self, since: Instant) -> Duration {
        self.now.saturating_duration_since(since)
    }

    fn write_part(&self, f: &mut fmt::Formatter<'_>, part: usize, flow: &FlowLook) -> fmt::Result {
        let FlowLook {
            issued,
            under_way,
            room,
            buffer,
            ..
        } = flow;
        write!(
            f,
            "  part {part}: {issued} items issued, {under_way} of them under way, "
        )?;
        write!(f, "room for {room} (buffer {buffer})")?;
        let states = [
            (flow.paused, ", paused"),
            (flow.stopping, ", stopping"),
            (flow.ended, ", ended"),
            (flow.awaited, ", its end is waited for"),
        ];
        for (_, state) in states.iter().filter(|(is, _)| *is) {
            f.write_str(state)?;
        }
        writeln!(f)?;
        for (step, (spot, lobby)) in self.spots().iter().zip(&self.lobbies).enumerate() {
            let waits = !lobby.turn.is_empty() || !lobby.missing.is_empty();
            if spot.part != part || !waits {
                continue;
            }
            let pool = spot.crew.and_then(|crew| self.crews.get(crew));
            let pool = pool.map(|crew| format!(" on {}", crew.pool));
            let name = self.name(Who::Step(step));
            let name = name.unwrap_or_else(|| "what brings streams together".to_owned());
            let (turn, missing) = (lobby.turn.len(), lobby.missing.len());
            let turn = (turn > 0).then(|| format!("{} for the turn", counted(turn, "wave")));
            let missing =
                (missing > 0).then(|| format!("{} for another stream", counted(missing, "wave")));
            let all: Vec<String> = turn.into_iter().chain(missing).collect();
            let pool = pool.unwrap_or_default();
            writeln!(f, "    before {name}{pool}: {} wait", listed(&all))?;
        }
        for output in &self.shared.parts[part].plan.outputs {
            let GateLook {
                queued,
                taken,
                at_end,
                ..
            } = self.gates[*output];
            let name = self.name(Who::Output(*output)).unwrap_or_default();
            let is_live = self
                .reader(*output)
                .is_some_and(|(_, at)| flow.readers[at].0);
            let reader = match (at_end, is_live, self.is_hungry(*output)) {
                (true, ..) => "it has ended",
                (_, false, _) => "nobody reads it",
                (_, _, true) => "its reader waits",
                _ => "its reader does not wait",
            };
            let strides = counted((queued - taken) as usize, "stride");
            writeln!(f, "    {name}: {strides} queued, {taken} taken; {reader}")?;
        }
        Ok(())
    }
}

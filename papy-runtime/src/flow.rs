//! How much may be in flight. A pure state machine: the tokens of one connected part of a pipeline.
//!
//! Inputs are pulled in *waves*: the same consecutive slots of every input of the part. A wave passes every step of
//! the part once, so counting steps tells when it is through. Two bounds hold:
//!
//! - waves that some step still has to see never hold more than `buffer` items (always: steps make progress by
//!   themselves);
//! - what has been pulled and not yet read from an output never exceeds `buffer`. While a reader waits for one output,
//!   only that one counts (T. M. Parks, *Bounded Scheduling of Process Networks*, 1995): another output's queue then
//!   grows by just what the reader needs, so reading outputs one after the other ends, and reading them in step stays
//!   within `buffer`.
//!
//! A spring that takes from here counts as a reader: it has read what it has poured, and it is hungry as long as somebody
//! behind it is.
//!
//! Nothing inside a run is bounded otherwise. So no send ever blocks, and no cycle of waits can form.

use std::collections::VecDeque;

/// The tokens of one part.
#[derive(Debug)]
pub(crate) struct Flow {
    buffer: u64,
    /// Steps that each wave passes.
    steps: usize,
    /// Items pulled.
    issued: u64,
    waves: u64,
    /// Waves that some step still has to see, oldest first: steps to go, items.
    open: VecDeque<(usize, u64)>,
    /// Number of the first of `open`.
    oldest: u64,
    /// Items in `open`.
    under_way: u64,
    readers: Vec<Reader>,
    /// How many wait for the whole run, and so for every output.
    awaited: usize,
    pub(crate) paused: bool,
    /// No more input is to be taken.
    pub(crate) stopping: bool,
    /// The last wave has been issued.
    ended: bool,
}

#[derive(Debug, Clone)]
struct Reader {
    delivered: u64,
    /// Holds the output and may still read it.
    live: bool,
    /// Has found nothing to read; or so many readers behind it have, where it is a spring.
    hungry: usize,
}

/// The tokens of a part, as somebody who looks finds them.
#[derive(Debug, Clone)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they say what is so, one by one"
)]
pub(crate) struct FlowLook {
    pub(crate) buffer: u64,
    pub(crate) issued: u64,
    pub(crate) under_way: u64,
    pub(crate) room: u64,
    /// Waves so far.
    pub(crate) waves: u64,
    /// Waves that some step still has to see, oldest first, and the items in them.
    pub(crate) open: Vec<(u64, u64)>,
    /// Of each reader: whether it is there, and whether it lacks something to read.
    pub(crate) readers: Vec<(bool, bool)>,
    pub(crate) awaited: bool,
    pub(crate) paused: bool,
    pub(crate) stopping: bool,
    pub(crate) ended: bool,
}

impl Flow {
    pub(crate) fn new(buffer: usize, readers: usize) -> Flow {
        Flow {
            buffer: buffer.max(1) as u64,
            steps: 0,
            issued: 0,
            waves: 0,
            open: VecDeque::new(),
            oldest: 0,
            under_way: 0,
            readers: vec![
                Reader {
                    delivered: 0,
                    live: true,
                    hungry: 0
                };
                readers
            ],
            awaited: 0,
            paused: false,
            stopping: false,
            ended: false,
        }
    }

    /// How many steps each wave passes; known once the run has been wired.
    pub(crate) fn set_steps(&mut self, steps: usize) {
        self.steps = steps;
    }

    /// How many items may be pulled now.
    pub(crate) fn room(&self) -> u64 {
        let unread = |reader: &Reader| self.buffer.saturating_sub(self.issued - reader.delivered);
        let live = || self.readers.iter().filter(|reader| reader.live);
        let working = self.buffer.saturating_sub(self.under_way);
        let reading = if self.awaited > 0 {
            None
        } else {
            live()
                .filter(|reader| reader.hungry > 0)
                .map(unread)
                .max()
                .or_else(|| live().map(unread).min())
        };
        working.min(reading.unwrap_or(working))
    }

    /// How many items to pull now for a wave of `wave`: 0 until there is room for that many, or for half of the buffer.
    ///
    /// Waves that take whatever room there is shrink to single items and stay so: each leaves just its own size behind
    /// (the silly window syndrome of network protocols, RFC 813). Waiting is safe: what is under way or can be read
    /// gives its room back, and where there is nothing of either, all of the buffer is room.
    pub(crate) fn grant(&self, wave: u64) -> u64 {
        let room = self.room();
        if room < wave.min(self.buffer.div_ceil(2)) {
            0
        } else {
            room.min(wave)
        }
    }

    /// Items pulled so far.
    pub(crate) fn issued(&self) -> u64 {
        self.issued
    }

    /// Opens a wave of `items` slots; gives its number.
    pub(crate) fn issue(&mut self, items: u64) -> u64 {
        let wave = self.waves;
        self.waves += 1;
        self.issued += items;
        self.under_way += items;
        self.open.push_back((self.steps, items));
        wave
    }

    /// Items that were pulled, evaluated and delivered in place, without a wave.
    pub(crate) fn pass(&mut self, items: u64) {
        self.issued += items;
        for reader in &mut self.readers {
            reader.delivered += items;
        }
    }

    /// A step has seen `wave`. Whether that was the wave's last step.
    pub(crate) fn step(&mut self, wave: u64) -> bool {
        let (steps, items) = &mut self.open[(wave - self.oldest) as usize];
        *steps -= 1;
        let through = *steps == 0;
        if through {
            self.under_way -= *items;
        }
        while let Some((0, _)) = self.open.front() {
            self.open.pop_front();
            self.oldest += 1;
        }
        through
    }

    /// A reader has used up `items` slots.
    pub(crate) fn deliver(&mut self, reader: usize, items: u64) {
        self.readers[reader].delivered += items;
    }

    /// Whether a reader lacks something to read. Gives whether that is news.
    pub(crate) fn hunger(&mut self, reader: usize, hungry: bool) -> bool {
        std::mem::replace(&mut self.readers[reader].hungry, usize::from(hungry))
            != usize::from(hungry)
    }

    /// A reader behind the spring that reads here lacks something to read, or does so no more.
    pub(crate) fn hunger_behind(&mut self, reader: usize, hungry: bool) {
        let count = &mut self.readers[reader].hungry;
        *count = if hungry { *count + 1 } else { *count - 1 };
    }

    pub(crate) fn is_hungry(&self, reader: usize) -> bool {
        self.readers[reader].hungry > 0
    }

    /// A reader is gone.
    pub(crate) fn forsake(&mut self, reader: usize) {
        self.readers[reader].live = false;
    }

    /// Whether none of the first `outputs` readers is there any more.
    pub(crate) fn nobody_reads(&self, outputs: usize) -> bool {
        self.readers[..outputs].iter().all(|reader| !reader.live)
    }

    /// Somebody waits for the end of the run.
    pub(crate) fn awaits(&mut self, on: bool) {
        self.awaited = if on {
            self.awaited + 1
        } else {
            self.awaited - 1
        };
    }

    /// No wave follows. Gives how many there were.
    pub(crate) fn end(&mut self) -> u64 {
        self.ended = true;
        self.waves
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Every wave has passed every step and been read.
    pub(crate) fn is_idle(&self) -> bool {
        let read = |reader: &Reader| !reader.live || reader.delivered == self.issued;
        self.is_through() && self.readers.iter().all(read)
    }

    pub(crate) fn look(&self) -> FlowLook {
        let reader = |reader: &Reader| (reader.live, reader.live && reader.hungry > 0);
        let open = (self.oldest..).zip(&self.open);
        let open = open.filter(|(_, (steps, _))| *steps > 0);
        FlowLook {
            buffer: self.buffer,
            issued: self.issued,
            under_way: self.under_way,
            room: self.room(),
            waves: self.waves,
            open: open.map(|(wave, (_, items))| (wave, *items)).collect(),
            readers: self.readers.iter().map(reader).collect(),
            awaited: self.awaited > 0,
            paused: self.paused,
            stopping: self.stopping,
            ended: self.ended,
        }
    }

    /// Every wave has passed every step.
    pub(crate) fn is_through(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(buffer: usize, steps: usize, readers: usize) -> Flow {
        let mut flow = Flow::new(buffer, readers);
        flow.set_steps(steps);
        flow
    }

    #[test]
    fn room_is_what_steps_and_readers_leave() {
        let mut flow = flow(10, 1, 2);
        assert_eq!(flow.room(), 10);
        let wave = flow.issue(4);
        assert_eq!(flow.room(), 6);
        assert!(flow.step(wave));
        assert_eq!(flow.room(), 6, "nothing has been read");
        flow.deliver(0, 4);
        assert_eq!(flow.room(), 6, "one output has not been read");
        flow.deliver(1, 4);
        assert_eq!(flow.room(), 10);
    }

    #[test]
    fn a_hungry_reader_is_the_only_one_that_counts() {
        let mut flow = flow(4, 1, 2);
        let wave = flow.issue(4);
        flow.step(wave);
        flow.deliver(0, 4);
        assert_eq!(flow.room(), 0);
        flow.hunger(0, true);
        assert_eq!(flow.room(), 4);
        flow.hunger(0, false);
        assert_eq!(flow.room(), 0);
        flow.forsake(1);
        assert_eq!(flow.room(), 4);
    }

    #[test]
    fn who_waits_for_the_end_reads_everything() {
        let mut flow = flow(4, 1, 1);
        let wave = flow.issue(4);
        flow.awaits(true);
        assert_eq!(flow.room(), 0, "steps still bound what is under way");
        flow.step(wave);
        assert_eq!(flow.room(), 4);
        flow.awaits(false);
        assert_eq!(flow.room(), 0);
    }

    #[test]
    fn waves_do_not_shrink_to_what_is_left() {
        let mut flow = flow(10, 1, 0);
        let wave = flow.issue(4);
        flow.issue(4);
        assert_eq!((flow.room(), flow.grant(4)), (2, 0));
        flow.step(wave);
        assert_eq!((flow.room(), flow.grant(4)), (6, 4));
        assert_eq!(flow.grant(10), 6, "half of the buffer is enough");
        assert_eq!(flow.grant(1), 1);
    }

    #[test]
    fn waves_may_finish_in_any_order() {
        let mut flow = flow(100, 2, 0);
        let waves: Vec<_> = (0..3).map(|_| flow.issue(5)).collect();
        assert!(!flow.step(waves[2]) && flow.step(waves[2]));
        assert_eq!(flow.room(), 90);
        assert!(!flow.is_through());
        for wave in [0, 0, 1, 1] {
            flow.step(waves[wave]);
        }
        assert!(flow.is_through());
        assert_eq!(flow.end(), 3);
    }
}

//! How large a wave is, and whether it is worth another thread. A pure state machine; [`driver`](crate::driver) reads
//! the clock for it.
//!
//! Waves begin with one item, and stay there until the source has shown itself fast: a source may well wait for what
//! an item leads to before it gives the next one, and must then never be asked for two. From then on they double, to
//! the size at which scheduling disappears behind them, and no further, so that threads share the load. A source that
//! turns slow is back at one item at once.

use std::time::Duration;

use crate::sync::times;

/// Work in a wave (at most; half of it at least), so that scheduling, 2 to 3 µs a wave, costs about one per cent.
const WORK: f64 = 400_000.0;
/// Time that pulling a wave may take: what comes first should not wait long for what comes last.
const PULL: f64 = 200_000.0;
/// A source that takes longer for an item may have been waiting: waking a thread takes more than this.
const FAST: f64 = 3_000.0;
/// So many items in a row show that a source is fast. Fewer may just have been queued.
const SHOWN: usize = times(32) as usize;
/// As many as it takes where a source has shown itself fast, and then was not, again and again.
const MOST_SHOWN: usize = 1024;
/// So many times what has shown a source fast, and it was fast for long.
const LONG: usize = 64;
/// Work per item from which other threads help (nanoseconds): below, handing over, some 2 to 6 ns an item, costs more
/// than a second thread saves.
pub(crate) const WORTH: f64 = 10.0;
/// A part of the pull's cost from which work is worth handing over: a source that needs ten times as long would not
/// notice.
const NOTICEABLE: f64 = 0.25;

/// Nanoseconds that it takes to hand a wave over. One that is evaluated sooner is not worth that, whatever its items take.
const HANDED_OVER: u64 = 2_000;

/// The pace of one part's driver.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    /// Given by the user.
    fixed: Option<usize>,
    /// Items in a wave that is shared, and in one that is not.
    limits: [usize; 2],
    wave: usize,
    /// Items in a row that came fast.
    streak: usize,
    /// How many they were, the last time that there were any.
    fast_for: usize,
    /// So many of them show that the source is fast.
    shown: usize,
    /// Nanoseconds per item; `None` until measured.
    pull: Option<f64>,
    work: Option<f64>,
    /// The work of the last few waves, oldest first. The least of it decides about sharing: a thread that is interrupted, since
    /// there are too few processors, would seem to have much to share, and would be joined by others.
    recent: [f64; RECENT],
}

/// A wave may be interrupted, perhaps the next one, too, but hardly so many in a row. (And the first ones of a process find nothing in a
/// cache.)
const RECENT: usize = 4;

/// Nanoseconds of work in an item that tell by themselves: not one more should be done alone.
const HEAVY: f64 = 100_000.0;

/// Waves in a buffer, where threads share them.
const SHARED: usize = 8;

/// What it takes to look at the clock and to hand a wave on, more or less: of a wave of one trivial item that is nearly all.
const BESIDE: f64 = 200.0;

impl Pace {
    /// With a stride that is `fixed`, or so many items in a wave as its nodes ask for. Waves that are shared must be many, so that
    /// threads have their part of each moment's; of others each of the `hands` that they go through should have one.
    pub(crate) fn new(
        fixed: Option<usize>,
        hint: Option<usize>,
        buffer: usize,
        hands: usize,
    ) -> Pace {
        let limit = |waves: usize| hint.unwrap_or(usize::MAX).min((buffer / waves).max(1));
        Pace {
            fixed: fixed.map(|n| n.clamp(1, buffer.max(1))),
            limits: [limit(SHARED), limit(hands.min(SHARED))],
            wave: 1,
            streak: 0,
            fast_for: 0,
            shown: SHOWN,
            pull: None,
            work: None,
            recent: [0.0; RECENT],
        }
    }

    /// Items in the next wave.
    pub(crate) fn wave(&self) -> usize {
        self.wave
    }

    /// `items` were pulled in `time`.
    pub(crate) fn pulled(&mut self, items: usize, time: Duration) {
        let cost = time.as_nanos() as f64 / items.max(1) as f64;
        self.pull = Some(mean(self.pull, cost));
        if cost <= FAST {
            self.streak = self.streak.saturating_add(items);
            self.fast_for = self.streak;
        } else {
            self.streak = 0;
        }
        self.resize(2);
    }

    /// The source kept the driver waiting within a wave, so that another thread had to take over. What shows that it is fast was too little,
    /// if it was not so for long.
    pub(crate) fn interrupted(&mut self) {
        self.shown = if self.fast_for < LONG * self.shown {
            (2 * self.shown).min(MOST_SHOWN)
        } else {
            SHOWN
        };
        self.streak = 0;
        self.resize(1);
    }

    /// No wave may hold several items.
    pub(crate) fn keep_to_single_items(&mut self) {
        self.fixed = Some(1);
        self.wave = 1;
    }

    /// `items` were evaluated in `nanos`.
    pub(crate) fn worked(&mut self, items: f64, nanos: u64) {
        if items > 0.0 {
            let cost = nanos as f64 / items;
            self.work = Some(mean(self.work, cost));
            let net = if nanos < HANDED_OVER {
                0.0
            } else {
                (cost - BESIDE / self.wave as f64).max(0.0)
            };
            if net >= HEAVY {
                self.recent = [net; RECENT];
            } else {
                self.recent.rotate_left(1);
                self.recent[RECENT - 1] = net;
            }
            self.resize(1);
        }
    }

    /// Sizes are powers of two, unless given: strides then come in few sizes, and the allocator finds room for a new one
    /// where an old one was. Sizes that follow every measurement scatter its arenas more and more. They grow with each wave that is
    /// pulled, but not again with what is known of its work: before that of a few waves is known, not much should have been done alone.
    fn resize(&mut self, growth: usize) {
        let fits = |budget: f64, cost: Option<f64>| cost.map_or(1.0, |cost| budget / cost.max(0.1));
        let limit = self.limits[usize::from(!self.shares())];
        let best = || {
            let fitting = fits(WORK, self.work).min(fits(PULL, self.pull)) as usize;
            1 << fitting.clamp(1, limit).ilog2()
        };
        let best = if self.streak < self.shown {
            1
        } else {
            self.fixed.unwrap_or_else(best)
        };
        self.wave = best.min(self.wave * growth);
    }

    /// Whether other threads should help.
    pub(crate) fn shares(&self) -> bool {
        let work = self.recent.into_iter().fold(f64::INFINITY, f64::min);
        let pull = self.pull.unwrap_or(0.0);
        work >= WORTH && work >= pull * NOTICEABLE
    }
}

/// Whether items that take so long together, pulled and delivered, may be worth another thread. A short pass tells
/// nothing: it is mostly the cost of beginning.
pub(crate) fn is_worth_sharing(took: Duration, items: usize, worth: f64) -> bool {
    const TELLING: Duration = Duration::from_micros(20);
    took >= TELLING && took.as_nanos() as f64 >= worth * items as f64
}

/// Whether items that take so long together tell by themselves that there is work to share: more like them could be all there is. What
/// comes of many light ones that were interrupted is not enough.
pub(crate) fn is_heavy(took: Duration, items: usize) -> bool {
    const LONG: Duration = Duration::from_millis(5);
    const EACH: u128 = 500;
    took >= LONG && took.as_nanos() >= EACH * items as u128
}

/// A running mean that follows changes within a few waves.
fn mean(old: Option<f64>, new: f64) -> f64 {
    old.map_or(new, |old| old * 0.5 + new * 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(waves: usize, pull: f64, work: f64) -> Pace {
        let mut pace = Pace::new(None, None, 4096, 2);
        for _ in 0..waves {
            let items = pace.wave();
            pace.pulled(items, Duration::from_nanos((pull * items as f64) as u64));
            pace.worked(items as f64, (work * items as f64) as u64);
        }
        pace
    }

    #[test]
    fn begins_with_one_item_and_grows_to_the_work() {
        assert_eq!(after(0, 1.0, 1.0).wave(), 1);
        assert_eq!(after(SHOWN - 1, 1.0, 1.0).wave(), 1);
        assert_eq!(after(50, 1.0, 1.0).wave(), 2048);
        assert_eq!(after(50, 10.0, 50.0).wave(), 512);
        assert_eq!(after(50, 10.0, 1_000.0).wave(), 256);
        assert_eq!(after(50, 10.0, 1_000_000.0).wave(), 1);
    }

    #[test]
    fn a_slow_source_is_never_waited_for() {
        assert_eq!(after(50, 20_000.0, 10.0).wave(), 1);
        let mut pace = after(50, 1.0, 1.0);
        pace.pulled(512, Duration::from_millis(20));
        assert_eq!(pace.wave(), 1);
    }

    #[test]
    fn a_source_that_falls_silent_in_a_wave_has_more_to_show() {
        fn items_to_a_larger_wave(pace: &mut Pace) -> usize {
            let pull = |pace: &mut Pace| pace.pulled(1, Duration::from_nanos(10));
            (1..5000)
                .find(|_| {
                    pull(pace);
                    pace.worked(1.0, 10);
                    pace.wave() > 1
                })
                .expect("waves grow")
        }
        let mut pace = after(0, 1.0, 1.0);
        for shown in [32, 64, 128, 256, 512, 1024, 1024] {
            assert_eq!(items_to_a_larger_wave(&mut pace), shown);
            pace.interrupted();
        }
        items_to_a_larger_wave(&mut pace);
        pace.pulled(MOST_SHOWN * LONG, Duration::from_nanos(10));
        pace.interrupted();
        assert_eq!(
            items_to_a_larger_wave(&mut pace),
            SHOWN,
            "it was fast for long"
        );
        pace.keep_to_single_items();
        (0..2000).for_each(|_| pace.pulled(1, Duration::from_nanos(10)));
        assert_eq!(pace.wave(), 1);
    }

    #[test]
    fn shares_what_is_worth_it() {
        assert!(!after(20, 1.0, 1.0).shares());
        assert!(after(50, 1.0, 1_000.0).shares());
        assert!(
            !after(SHOWN - 1, 1.0, 1_000.0).shares(),
            "single items that are done sooner than handed over"
        );
        assert!(after(RECENT, 1.0, 10_000.0).shares());
        assert!(!after(RECENT - 1, 1.0, 10_000.0).shares());
        assert!(after(1, 1.0, 1_000_000.0).shares(), "one tells enough");
        assert!(
            !after(20, 1_000_000.0, 100.0).shares(),
            "the source is what takes the time"
        );
        assert!(!after(0, 1.0, 1.0).shares());
    }

    #[test]
    fn an_interruption_is_no_work_to_share() {
        let mut pace = after(50, 1.0, 1.0);
        pace.worked(512.0, 1_000_000);
        assert!(!pace.shares());
        (0..RECENT).for_each(|_| pace.worked(512.0, 1_000_000));
        assert!(pace.shares(), "that is what it is now");
    }

    #[test]
    fn heavy_are_few_long_items_not_many_interrupted_ones() {
        assert!(is_heavy(Duration::from_millis(5), 1));
        assert!(is_heavy(Duration::from_millis(30), 30_000));
        assert!(!is_heavy(Duration::from_millis(10), 30_000));
        assert!(!is_heavy(Duration::from_millis(4), 1));
    }

    #[test]
    fn a_given_stride_is_kept_within_the_buffer() {
        for (buffer, wave) in [(4096, 7), (3, 3)] {
            let mut pace = Pace::new(Some(7), None, buffer, 2);
            assert_eq!(pace.wave(), 1);
            (0..50).for_each(|_| pace.pulled(1, Duration::from_nanos(10)));
            assert_eq!(pace.wave(), wave);
        }
    }
}

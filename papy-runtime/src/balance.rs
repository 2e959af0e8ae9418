//! Whether the streams of a pipeline balance, where only constants of other pipelines can tell.
//!
//! The macro solves the balance equations of what it sees (Lee and Messerschmitt, *Synchronous Data Flow*, 1987). What a
//! pipeline that is a node does to the counts of its streams is known to that pipeline alone, maybe in another crate. So
//! each says it in a constant, its [`Interface`], and a host with such nodes is solved again here, by rustc, while it
//! compiles the host: a mistake is an error at the join.

use crate::ratio::Ratio;

/// What a pipeline does with counts, as its hosts see it.
#[derive(Debug)]
pub struct Interface {
    /// Of each input.
    pub inputs: &'static [Side],
    /// Of each output.
    pub outputs: &'static [Side],
}

/// How the slots of an input or an output are counted.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    /// Streams of one class are counted in one another.
    pub class: usize,
    /// An output that is counted anew: its class is none of the inputs'.
    pub anew: bool,
    /// Slots for each of the class.
    pub rate: Ratio,
    /// An input that must not have holes.
    pub whole: bool,
    /// An output that may have holes of its own.
    pub holes: bool,
    /// The inputs, as bits, that are grouped on the way to an output: holes in one of them begin a new count.
    pub grouped: u64,
}

impl Side {
    /// A side of this class and rate.
    #[must_use]
    pub const fn new(class: usize, num: u64, den: u64) -> Side {
        Side {
            class,
            anew: false,
            rate: Ratio::new(num, den),
            whole: false,
            holes: false,
            grouped: 0,
        }
    }

    /// An input that must not have holes.
    #[must_use]
    pub const fn whole(self, whole: bool) -> Side {
        Side { whole, ..self }
    }

    /// An output with holes, or behind groups of these inputs.
    #[must_use]
    pub const fn leaving(self, holes: bool, grouped: u64) -> Side {
        Side {
            holes,
            grouped,
            ..self
        }
    }
}

/// What one node does with the counts of its streams.
#[derive(Debug, Clone, Copy)]
pub enum Count {
    /// An input of the pipeline.
    Input(usize),
    /// So many slots for each; a `.filter()` makes holes.
    Keep(u64, bool),
    /// Groups of so many.
    Group(u64),
    /// A new count; with holes behind a fold.
    Begin(bool),
    /// Gives the tag, then what the patterns bind.
    Route,
    /// Takes the tag and the arms; some may skip.
    Arms(bool),
    /// `merge(…)`
    Merge,
    /// Another pipeline.
    Call(&'static Interface),
}

/// A node, its streams by number, and what messages call it and what it takes.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// What it does.
    pub count: Count,
    /// What it takes.
    pub ins: &'static [usize],
    /// What it gives.
    pub outs: &'static [usize],
    /// The names of what it takes.
    pub names: &'static [&'static str],
    /// Its own.
    pub node: &'static str,
}

/// What is known of a stream.
#[derive(Debug, Clone, Copy)]
struct Track {
    root: usize,
    rate: Ratio,
    holes: bool,
    made: bool,
    /// Inputs that are grouped on the way, as bits, and a mark of those groups.
    grouped: u64,
    groups: u64,
}

/// How the slots of a stream are counted: those of one lineage in one another, at their rates.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// Which count it is.
    pub lineage: usize,
    /// Slots of it for each that is counted.
    pub rate: Ratio,
}

#[derive(Debug, Clone, Copy)]
enum Conflict {
    None,
    /// Two arguments, and how many slots of each come together.
    Rates(usize, usize, Ratio),
    Lineages(usize, usize),
    Holes(usize),
}

/// A pipeline with `N` streams and `M` nodes, solved.
#[derive(Debug, Clone, Copy)]
pub struct Solved<const N: usize, const M: usize> {
    tracks: [Track; N],
    leaders: [usize; N],
    rates: [Ratio; N],
    /// Roots that other roots may be counted in: those of inputs.
    open: [bool; N],
    roots: usize,
    conflicts: [Conflict; M],
    /// Inputs, as bits, that must not have holes.
    whole: u64,
}

/// Solves the balance equations of a pipeline.
#[must_use]
pub const fn solve<const N: usize, const M: usize>(nodes: &[Counted]) -> Solved<N, M> {
    let nowhere = Track {
        root: 0,
        rate: Ratio::ONE,
        holes: false,
        made: false,
        grouped: 0,
        groups: 0,
    };
    let mut solved = Solved {
        tracks: [nowhere; N],
        leaders: [0; N],
        rates: [Ratio::ONE; N],
        open: [false; N],
        roots: 0,
        conflicts: [Conflict::None; M],
        whole: 0,
    };
    let mut at = 0;
    while at < nodes.len() {
        solved.node(at, &nodes[at]);
        at += 1;
    }
    solved
}

impl<const N: usize, const M: usize> Solved<N, M> {
    const fn begin(&mut self, open: bool, holes: bool) -> Track {
        let root = self.roots;
        self.leaders[root] = root;
        self.open[root] = open;
        self.roots += 1;
        Track {
            root,
            rate: Ratio::ONE,
            holes,
            made: holes,
            grouped: 0,
            groups: 0,
        }
    }

    const fn leader(&self, mut root: usize) -> (usize, Ratio) {
        let mut rate = Ratio::ONE;
        while self.leaders[root] != root {
            rate = rate.times(self.rates[root]);
            root = self.leaders[root];
        }
        (root, rate)
    }

    /// Makes two counts equal, or tells why they can't be.
    const fn meet(&mut self, (a, b): (usize, usize), one: Track, other: Track) -> Conflict {
        let ((lead, rate), (follow, follow_rate)) =
            (self.leader(one.root), self.leader(other.root));
        let (rate, follow_rate) = (one.rate.times(rate), other.rate.times(follow_rate));
        if one.groups != other.groups {
            // with holes in what is grouped, these would not be counted in one another
            self.whole |= one.grouped | other.grouped;
        }
        if lead == follow {
            if rate.is(follow_rate) {
                Conflict::None
            } else {
                Conflict::Rates(a, b, rate.over(follow_rate))
            }
        } else if self.open[lead] && self.open[follow] {
            self.leaders[follow] = lead;
            self.rates[follow] = rate.over(follow_rate);
            Conflict::None
        } else {
            Conflict::Lineages(a, b)
        }
    }

    const fn node(&mut self, at: usize, node: &Counted) {
        if let Count::Input(_) = node.count {
            let track = self.begin(true, false);
            return self.give(node.outs, track);
        }
        if let Count::Call(interface) = node.count {
            return self.call(at, node, interface);
        }
        if node.ins.is_empty() {
            return;
        }
        let first = self.tracks[node.ins[0]];
        let mut round = first;
        let mut same = true;
        let mut arg = 1;
        while arg < node.ins.len() {
            let other = self.tracks[node.ins[arg]];
            same = same && other.root == first.root;
            round.holes = round.holes || other.holes;
            round.made = round.made || other.made;
            round.grouped |= other.grouped;
            arg += 1;
        }
        let merges_others = matches!(node.count, Count::Merge) && !same;
        if merges_others {
            let track = self.begin(false, false);
            return self.give(node.outs, track);
        }
        let mut arg = 1;
        while arg < node.ins.len() {
            let other = self.tracks[node.ins[arg]];
            let conflict = self.meet((0, arg), first, other);
            if let Conflict::None = self.conflicts[at] {
                self.conflicts[at] = conflict;
            }
            if first.groups != other.groups {
                round.groups = mark(round.groups, at as u64 + 1);
            }
            arg += 1;
        }
        match node.count {
            Count::Keep(times, filters) => {
                round.rate = round.rate.times(Ratio::new(times, 1));
                round.holes = round.holes || filters;
                round.made = round.made || filters;
            }
            Count::Merge => {
                round.rate = round.rate.times(Ratio::new(node.ins.len() as u64, 1));
            }
            Count::Group(_) if round.holes => round = self.begin(false, false),
            Count::Group(size) => {
                round.rate = round.rate.over(Ratio::new(size, 1));
                round.grouped |= self.inputs_of(round.root, at);
                round.groups = mark(round.groups, at as u64 + 1);
            }
            Count::Begin(holes) => round = self.begin(false, holes),
            Count::Route => {
                let tag = round;
                round.holes = true;
                self.give(node.outs, round);
                self.tracks[node.outs[0]] = tag;
                return;
            }
            Count::Arms(skips) => {
                round.made = round.made || skips;
                round.holes = round.made;
            }
            Count::Input(_) | Count::Call(_) => {}
        }
        self.give(node.outs, round);
    }

    /// The inputs, as bits, that are counted in this root.
    const fn inputs_of(&self, root: usize, _at: usize) -> u64 {
        // inputs come first, so their roots are the first
        let leader = self.leader(root).0;
        let mut bits = 0;
        let mut input = 0;
        while input < self.roots && input < 64 {
            if self.open[input] && self.leader(input).0 == leader {
                bits |= 1 << input;
            }
            input += 1;
        }
        bits
    }

    const fn give(&mut self, outs: &[usize], track: Track) {
        let mut out = 0;
        while out < outs.len() {
            self.tracks[outs[out]] = track;
            out += 1;
        }
    }

    const fn call(&mut self, at: usize, node: &Counted, interface: &Interface) {
        // inputs of one class meet inside
        let mut arg = 0;
        while arg < node.ins.len() && arg < interface.inputs.len() {
            let (side, track) = (interface.inputs[arg], self.tracks[node.ins[arg]]);
            if side.whole && track.holes {
                self.conflicts[at] = Conflict::Holes(arg);
            }
            let first = first_of(interface, side.class);
            if first < arg {
                let lead = self.tracks[node.ins[first]];
                let (one, other) = (
                    per_class(lead, interface.inputs[first]),
                    per_class(track, side),
                );
                let conflict = self.meet((first, arg), one, other);
                if let Conflict::None = self.conflicts[at] {
                    self.conflicts[at] = conflict;
                }
            }
            arg += 1;
        }
        let mut out = 0;
        while out < node.outs.len() && out < interface.outputs.len() {
            let side = interface.outputs[out];
            let first = first_of(interface, side.class);
            let mut anew = side.anew || first >= node.ins.len();
            let (mut holes, mut made, mut grouped) = (side.holes, side.holes, 0);
            let mut arg = 0;
            while arg < node.ins.len() && arg < interface.inputs.len() {
                let track = self.tracks[node.ins[arg]];
                if arg < 64 && side.grouped & (1 << arg) != 0 {
                    anew = anew || track.holes;
                    grouped |= self.inputs_of(track.root, at);
                } else if !side.anew && interface.inputs[arg].class == side.class {
                    holes = holes || track.holes;
                    made = made || track.made;
                }
                grouped |= track.grouped;
                arg += 1;
            }
            let track = if anew {
                let known = anew_before(interface, out);
                if known < out {
                    let known_track = self.tracks[node.outs[known]];
                    let base = per_class(known_track, interface.outputs[known]);
                    Track {
                        rate: base.rate.times(side.rate),
                        holes: side.holes,
                        made: side.holes,
                        ..base
                    }
                } else {
                    let begun = self.begin(false, side.holes);
                    Track {
                        rate: side.rate,
                        ..begun
                    }
                }
            } else {
                let lead = self.tracks[node.ins[first]];
                let base = per_class(lead, interface.inputs[first]);
                let groups = if side.grouped == 0 {
                    lead.groups
                } else {
                    mark(lead.groups, (at * 64 + out) as u64 + 1)
                };
                Track {
                    rate: base.rate.times(side.rate),
                    holes,
                    made,
                    grouped,
                    groups,
                    ..base
                }
            };
            self.tracks[node.outs[out]] = track;
            out += 1;
        }
    }

    /// Refuses a node whose streams don't balance.
    ///
    /// # Panics
    ///
    /// Then; at compile time, with what is wrong and how to mend it.
    #[track_caller]
    pub const fn check(&self, nodes: &[Counted], at: usize) {
        if let Conflict::None = self.conflicts[at] {
            return;
        }
        let node = &nodes[at];
        let mut text = Text::new();
        match self.conflicts[at] {
            Conflict::None => {}
            Conflict::Rates(a, b, ratio) => {
                let (slow, n, fast, m) = if ratio.num < ratio.den {
                    (node.names[a], ratio.num, node.names[b], ratio.den)
                } else {
                    (node.names[b], ratio.den, node.names[a], ratio.num)
                };
                text = text.add("`").add(slow).add("` brings ").number(n);
                text = text.add(if n == 1 {
                    " item for every "
                } else {
                    " items for every "
                });
                text = text
                    .number(m)
                    .add(" of `")
                    .add(fast)
                    .add("` at `")
                    .add(node.node);
                text = text
                    .add("`\nhelp: `.repeat(")
                    .number(m)
                    .add(")` on what gives `")
                    .add(slow);
                text = if n == 1 {
                    text.add("`, or `.consume(")
                        .number(m)
                        .add(")` on what takes `")
                } else {
                    text.add("` and `.repeat(")
                        .number(n)
                        .add(")` on what gives `")
                };
                text = text.add(fast).add("`");
            }
            Conflict::Lineages(a, b) => {
                text = text
                    .add("`")
                    .add(node.names[a])
                    .add("` and `")
                    .add(node.names[b]);
                text = text
                    .add("` cannot be paired by position at `")
                    .add(node.node);
                text = text.add("`: one of them is counted anew on the way (`.flat()`, `.fold()`, `merge`, groups behind holes)");
                text = text.add(
                    "\nhelp: join before that, or carry what belongs to each item along in it",
                );
            }
            Conflict::Holes(a) => {
                text = text
                    .add("`")
                    .add(node.names[a])
                    .add("` may have holes, and `")
                    .add(node.node);
                text = text.add("` groups it and joins the groups with what is not grouped");
                text = text
                    .add("\nhelp: filter behind `")
                    .add(node.node)
                    .add("`, or group before it");
            }
        }
        panic!("{}", text.as_str());
    }

    /// How each stream is counted.
    #[must_use]
    pub const fn shares(&self) -> [Share; N] {
        let mut shares = [Share {
            lineage: 0,
            rate: Ratio::ONE,
        }; N];
        let mut at = 0;
        while at < N {
            let (lineage, rate) = self.leader(self.tracks[at].root);
            shares[at] = Share {
                lineage,
                rate: self.tracks[at].rate.times(rate),
            };
            at += 1;
        }
        shares
    }

    /// The sides of the inputs, given their streams.
    #[must_use]
    pub const fn inputs<const I: usize>(&self, streams: [usize; I]) -> [Side; I] {
        let mut sides = [Side::new(0, 1, 1); I];
        let mut at = 0;
        while at < I {
            let (class, rate) = self.leader(self.tracks[streams[at]].root);
            sides[at] = Side {
                class,
                anew: false,
                rate,
                whole: at < 64 && self.whole & (1 << at) != 0,
                holes: false,
                grouped: 0,
            };
            at += 1;
        }
        sides
    }

    /// The sides of the outputs, given their streams.
    #[must_use]
    pub const fn outputs<const O: usize>(&self, streams: [usize; O]) -> [Side; O] {
        let mut sides = [Side::new(0, 1, 1); O];
        let mut at = 0;
        while at < O {
            let track = self.tracks[streams[at]];
            let (leader, rate) = self.leader(track.root);
            sides[at] = Side {
                class: leader,
                anew: !self.open[leader],
                rate: track.rate.times(rate),
                whole: false,
                holes: track.made,
                grouped: track.grouped,
            };
            at += 1;
        }
        sides
    }
}

/// The first input of a class.
const fn first_of(interface: &Interface, class: usize) -> usize {
    let mut first = 0;
    while first < interface.inputs.len() && interface.inputs[first].class != class {
        first += 1;
    }
    first
}

/// The first output that is counted anew with this one.
const fn anew_before(interface: &Interface, out: usize) -> usize {
    let mut before = 0;
    let own = interface.outputs[out];
    while before < out {
        let other = interface.outputs[before];
        if own.anew && other.anew && other.class == own.class {
            return before;
        }
        before += 1;
    }
    out
}

/// What a stream that enters makes the unit of its class.
const fn per_class(track: Track, side: Side) -> Track {
    Track {
        rate: track.rate.over(side.rate),
        ..track
    }
}

/// A mark that tells sets of groups apart.
const fn mark(groups: u64, group: u64) -> u64 {
    groups
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(group)
}

/// A text that is put together while rustc compiles.
struct Text {
    bytes: [u8; Text::MOST],
    len: usize,
}

impl Text {
    const MOST: usize = 512;

    const fn new() -> Text {
        Text {
            bytes: [0; Text::MOST],
            len: 0,
        }
    }

    const fn add(mut self, text: &str) -> Text {
        let text = text.as_bytes();
        if self.len + text.len() > Text::MOST {
            // whole pieces alone, so that it stays valid text
            return self;
        }
        let mut at = 0;
        while at < text.len() {
            self.bytes[self.len] = text[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    const fn number(self, n: u64) -> Text {
        let text = if n >= 10 { self.number(n / 10) } else { self };
        let digits = "0123456789".as_bytes();
        let (_, rest) = digits.split_at((n % 10) as usize);
        let (digit, _) = rest.split_at(1);
        match std::str::from_utf8(digit) {
            Ok(digit) => text.add(digit),
            Err(_) => text,
        }
    }

    const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.len);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "these streams do not balance",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn counted(
        count: Count,
        ins: &'static [usize],
        outs: &'static [usize],
        names: &'static [&'static str],
    ) -> Counted {
        Counted {
            count,
            ins,
            outs,
            names,
            node: "join",
        }
    }

    /// `xs >> pair.produce(2)` with an input and an output.
    static PAIRS: Interface = Interface {
        inputs: &[Side::new(0, 1, 1)],
        outputs: &[Side::new(0, 2, 1)],
    };

    fn joined(other: Count) -> [Counted; 4] {
        [
            counted(Count::Input(0), &[], &[0], &[]),
            counted(Count::Call(&PAIRS), &[0], &[1], &["xs"]),
            counted(other, &[0], &[2], &["xs"]),
            counted(Count::Keep(1, false), &[1, 2], &[3], &["pairs", "others"]),
        ]
    }

    #[test]
    fn what_balances_passes() {
        let nodes = joined(Count::Keep(2, false));
        let solved = solve::<4, 4>(&nodes);
        solved.check(&nodes, 3);
        let [out] = solved.outputs([3]);
        assert_eq!((out.class, out.rate), (0, Ratio::new(2, 1)));
    }

    fn refused(nodes: &[Counted]) -> String {
        let refused = std::panic::catch_unwind(|| solve::<4, 4>(nodes).check(nodes, 3));
        let message = refused.unwrap_err();
        message.downcast_ref::<String>().unwrap().clone()
    }

    #[test]
    fn what_does_not_is_told_in_numbers() {
        assert_eq!(
            refused(&joined(Count::Keep(1, false))),
            "`others` brings 1 item for every 2 of `pairs` at `join`\n\
             help: `.repeat(2)` on what gives `others`, or `.consume(2)` on what takes `pairs`"
        );
    }

    #[test]
    fn what_is_counted_anew_meets_nothing() {
        let text = refused(&joined(Count::Begin(false)));
        assert!(text.starts_with("`pairs` and `others` cannot be paired by position at `join`"));
    }

    #[test]
    fn inputs_that_meet_inside_are_of_one_class() {
        let nodes = [
            counted(Count::Input(0), &[], &[0], &[]),
            counted(Count::Input(1), &[], &[1], &[]),
            counted(Count::Call(&PAIRS), &[0], &[2], &["a"]),
            counted(Count::Keep(1, false), &[2, 1], &[3], &["a", "b"]),
        ];
        let solved = solve::<4, 4>(&nodes);
        let [a, b] = solved.inputs([0, 1]);
        assert_eq!((a.class, a.rate), (b.class, Ratio::ONE));
        assert_eq!(b.rate, Ratio::new(2, 1));
    }
}

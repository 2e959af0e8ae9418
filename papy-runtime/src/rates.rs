//! How often the nodes of a graph are evaluated, and what that means for memory.

use crate::balance::Share;
use crate::graph::{Graph, Node};
use crate::ratio::{Ratio, gcd, lcm};

impl Graph {
    /// How often a node is evaluated in a round, or how many items of an input it takes: see [`rates`](Graph::rates).
    /// `None` for a pipeline that is a node, whose nodes have rates of their own.
    #[must_use]
    pub fn rate(&self, name: &str) -> Option<u64> {
        let node = self.nodes.iter().position(|node| node.name == name);
        let at = match node {
            Some(node) => self.inputs.len() + node,
            None => self.inputs.iter().position(|&input| input == name)?,
        };
        self.all_rates()[at]
    }

    /// The rates of the inputs and of the nodes, in the order of the text: the smallest whole numbers with which a round
    /// leaves nothing behind (the repetition vector of synchronous dataflow). Before a node that says `.consume(3)` it
    /// takes three items; a node behind `.produce(2)` is evaluated twice.
    ///
    /// `.fold()`, `.flat()`, a `merge` of different origins and groups of what may have holes begin a count of their own,
    /// and so a round of their own: there is no fixed number of slots behind them for one before them.
    ///
    /// Pipelines that are nodes are left out.
    #[must_use]
    pub fn rates(&self) -> Vec<(&'static str, u64)> {
        let nodes = self.nodes.iter().map(|node| node.name);
        let names = self.inputs.iter().copied().chain(nodes);
        names
            .zip(self.all_rates())
            .filter_map(|(name, rate)| Some((name, rate?)))
            .collect()
    }

    /// The most slots that one item becomes on any stream: an item of an input (of the fastest, where several are taken
    /// together), or of what begins a count of its own; in pipelines that are nodes, too. Rounded up.
    ///
    /// With [`buffer(n)`](crate::Pipeline::buffer), no stream has more than `n` times as many slots under way; but for one
    /// round, where `n` is smaller than that, and for what waits at an output while another one is read.
    #[must_use]
    pub fn max_in_flight(&self) -> u64 {
        let most = |share: &Share| {
            let inputs = self
                .told
                .entering
                .iter()
                .map(|&stream| self.told.shares[stream]);
            let beside = inputs.filter(|input| input.lineage == share.lineage);
            let each = beside.map(|input| share.rate.over(input.rate));
            // what begins a count of its own is counted from it
            let most = each.reduce(|a, b| if is_less(a, b) { a } else { b });
            let most = most.unwrap_or(share.rate);
            most.num.div_ceil(most.den)
        };
        let own = self.told.shares.iter().map(most).max().unwrap_or(1);
        let within = self.nodes.iter().filter_map(|node| {
            let inner = node.inner?;
            let taken = node.told.counted.iter();
            let most = taken.map(|&stream| most(&self.told.shares[stream])).max();
            Some(most?.saturating_mul(inner.max_in_flight()))
        });
        within.chain([own]).max().unwrap_or(1)
    }

    /// Of each input, then of each node.
    fn all_rates(&self) -> Vec<Option<u64>> {
        let inputs = self.told.entering.iter().map(|&stream| Some(stream));
        let evaluated = |node: &Node| match node.inner {
            Some(_) => None,
            None => node.told.counted.first().copied(),
        };
        let shares: Vec<Option<Share>> = inputs
            .chain(self.nodes.iter().map(evaluated))
            .map(|stream| Some(self.told.shares[stream?]))
            .collect();
        let rate = |share: &Option<Share>| {
            let share = (*share)?;
            let beside = || {
                let others = shares.iter().flatten();
                others.filter(|other| other.lineage == share.lineage)
            };
            let common = beside().fold(1, |common, other| lcm(common, other.rate.den));
            let whole = |rate: Ratio| rate.num.saturating_mul(common / rate.den);
            let divisor = beside().fold(0, |divisor, other| gcd(divisor, whole(other.rate)));
            Some(whole(share.rate) / divisor.max(1))
        };
        shares.iter().map(rate).collect()
    }
}

fn is_less(a: Ratio, b: Ratio) -> bool {
    u128::from(a.num) * u128::from(b.den) < u128::from(b.num) * u128::from(a.den)
}

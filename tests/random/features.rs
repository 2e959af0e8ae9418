//! What random pipelines may contain. Each feature can be turned off, to narrow a failure down.
//!
//! `PAPY_OFF=Fold,Catch` turns features off, `PAPY_ON=Flat` on; `PAPY_ON=all` turns on every one.

use Feature::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    Closures,
    Joins,
    Projections,
    Splits,
    /// Items that are lists of numbers.
    Lists,
    Filter,
    Serial,
    Fold,
    Catch,
    Errors,
    Panics,
    Unordered,
    Pools,
    Spawn,
    Stride,
    Sinks,
    SeveralInputs,
    /// Inputs that meet and are not of equal length.
    UnequalInputs,
    /// Inputs that give errors or panic.
    FailingInputs,
    /// Inputs that are joined at different rates, so that one of them gives several items for one of the other.
    UnevenInputs,
    Produce,
    Consume,
    Repeat,
    Flat,
    /// Nodes that say several of `.consume`, `.produce`, `.filter`, `.serial`, `.fold`, `.flat`.
    Combinations,
    Routes,
    NestedRoutes,
    Guards,
    SkipArms,
    /// Arms that join their items with a stream from outside of the route.
    Partners,
    /// … and that stream may have faults of its own.
    FaultyPartners,
    /// Routes that are statements, whose arms end in sinks.
    SinkArms,
    /// `merge` of streams of one origin.
    Merge,
    /// `merge` of streams that have nothing to do with each other.
    MergeApart,
    Pipelines,
    PipelinesInArms,
    Retry,
    /// `.timeout(d)` with more time than anybody needs.
    Timeout,
    /// A fault of a stream that is dropped leaves the outputs of a run that stops at faults alone.
    StopsBesideDrops,
    /// `.produce(1)`.
    ProduceOne,
}

const ALL: &[Feature] = &[
    Closures,
    Joins,
    Projections,
    Splits,
    Lists,
    Filter,
    Serial,
    Fold,
    Catch,
    Errors,
    Panics,
    Unordered,
    Pools,
    Spawn,
    Stride,
    Sinks,
    SeveralInputs,
    UnequalInputs,
    FailingInputs,
    UnevenInputs,
    Produce,
    Consume,
    Repeat,
    Flat,
    Combinations,
    Routes,
    NestedRoutes,
    Guards,
    SkipArms,
    Partners,
    FaultyPartners,
    SinkArms,
    Merge,
    MergeApart,
    Pipelines,
    PipelinesInArms,
    Retry,
    Timeout,
    StopsBesideDrops,
    ProduceOne,
];

/// What the engine does not do yet, or not as the rules say: take a line away when it does.
const NOT_YET: &[Feature] = &[];

/// A set of features.
#[derive(Debug, Clone)]
pub struct Features(Vec<Feature>);

impl Features {
    pub fn all() -> Features {
        Features(ALL.to_vec())
    }

    /// What is ready, changed by `PAPY_ON` and `PAPY_OFF`.
    pub fn from_environment() -> Features {
        let mut features = Features::all();
        let on = std::env::var("PAPY_ON").unwrap_or_default();
        if on != "all" {
            let on = named(&on);
            features
                .0
                .retain(|feature| !NOT_YET.contains(feature) || on.contains(feature));
        }
        let off = named(&std::env::var("PAPY_OFF").unwrap_or_default());
        features.0.retain(|feature| !off.contains(feature));
        features
    }

    pub fn has(&self, feature: Feature) -> bool {
        self.0.contains(&feature)
    }
}

fn named(list: &str) -> Vec<Feature> {
    let find = |name: &str| {
        let found = ALL.iter().find(|feature| format!("{feature:?}") == name);
        *found.unwrap_or_else(|| panic!("no feature {name}; there are {ALL:?}"))
    };
    list.split(',')
        .filter(|name| !name.is_empty())
        .map(find)
        .collect()
}

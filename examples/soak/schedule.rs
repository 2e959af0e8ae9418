//! Where and in what portions a run is evaluated.

use std::sync::Arc;

use papy::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::dice::Dice;

/// What the builder is told.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    pub stride: Option<usize>,
    pub buffer: Option<usize>,
    pub on_fault: OnFault,
}

impl Schedule {
    pub fn new(dice: &mut Dice) -> Schedule {
        Schedule {
            stride: dice.one(&[None, None, Some(1), Some(2), Some(7), Some(1000)]),
            buffer: dice.one(&[None, None, Some(1), Some(2), Some(3), Some(17)]),
            on_fault: if dice.once_in(6) {
                OnFault::Stop
            } else {
                OnFault::Continue
            },
        }
    }

    /// That of runs to compare with.
    pub fn plain() -> Schedule {
        Schedule {
            stride: None,
            buffer: None,
            on_fault: OnFault::Continue,
        }
    }
}

/// A pool, and what it is.
#[derive(Debug, Clone)]
pub struct Named {
    pub what: String,
    pub pool: Pool,
}

/// The pools that live as long as the program.
pub struct Pools {
    pub given: Arc<ThreadPool>,
    lasting: Vec<Named>,
}

impl Pools {
    /// With all their threads.
    pub fn new() -> Pools {
        let given = ThreadPoolBuilder::new()
            .num_threads(2)
            .thread_name(|number| format!("given-{number}"))
            .build();
        let given = Arc::new(given.expect("threads for a pool"));
        let named = |what: &str, pool| Named {
            what: what.to_owned(),
            pool,
        };
        let lasting = vec![
            named("rayon", Pool::rayon()),
            named("given", Pool::from(given.clone())),
            named("lasting 3", Pool::threads(3)),
            named("inline", Pool::inline()),
        ];
        rayon::broadcast(|_| ());
        for Named { pool, .. } in &lasting {
            use papy::NumapExt;
            let _ = (0..9).numap(|x| x).on(pool).count();
        }
        Pools { given, lasting }
    }

    /// One that stays.
    pub fn lasting(&self, dice: &mut Dice) -> Named {
        self.lasting[dice.below(self.lasting.len())].clone()
    }

    /// One that stays, or a new one.
    pub fn any(&self, dice: &mut Dice) -> Named {
        if dice.once_in(2) {
            return self.lasting(dice);
        }
        let threads = dice.one(&[1, 1, 2, 3, 8]);
        Named {
            what: format!("threads({threads})"),
            pool: Pool::threads(threads),
        }
    }
}

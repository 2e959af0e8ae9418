//! The inputs of a run.

use std::error::Error;
use std::sync::Arc;

use papy::source::{FallibleSource, fallible};

use crate::item::{Item, mark};
use crate::setting::Setting;

/// The items of one input, and what goes wrong with them.
pub struct Feed {
    setting: Arc<Setting>,
    input: usize,
    position: u64,
    length: u64,
}

/// What pipelines are given.
pub type Source = FallibleSource<Feed>;

impl Feed {
    pub fn new(setting: &Arc<Setting>, input: usize, length: u64) -> Feed {
        Feed {
            setting: setting.clone(),
            input,
            position: 0,
            length,
        }
    }

    pub fn source(self) -> Source {
        fallible(self)
    }
}

impl Iterator for Feed {
    type Item = Result<Item, Box<dyn Error + Send + Sync>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.position == self.length {
            return None;
        }
        let mark = mark(self.input, self.position);
        self.position += 1;
        let node = ["xs", "ys", "zs"][self.input];
        let acted = self.setting.act_as_input(node, mark);
        Some(acted.map(|()| self.setting.item(mark)))
    }
}

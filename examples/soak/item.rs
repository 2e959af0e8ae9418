//! What flows through the pipelines: counted items, which carry along what is to become of them.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use papy::testing::Live;

use crate::dice::scattered;
use crate::setting::Setting;

/// A counted value.
pub type Item = Live<Cell>;

/// A value, where it comes from, and what its run has planned.
#[derive(Clone)]
pub struct Cell {
    /// Its source item, by [`mark`].
    pub mark: u64,
    pub value: u64,
    pub setting: Arc<Setting>,
}

impl Cell {
    /// Does what is planned for it at a node.
    pub fn act(&self, node: &'static str) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.setting.act(node, self.mark, self.value)
    }

    /// Every node makes another value of it, so that no node may be left out, called twice or exchanged.
    pub fn become_of(&mut self, node: &str, with: u64) {
        let named = node
            .bytes()
            .fold(with, |sum, byte| sum * 31 + u64::from(byte));
        self.value = scattered(self.value.wrapping_mul(3).wrapping_add(named)) >> 16;
    }
}

/// The number of an item of all inputs.
pub fn mark(input: usize, position: u64) -> u64 {
    position * 4 + input as u64
}

impl PartialEq for Cell {
    fn eq(&self, other: &Cell) -> bool {
        (self.mark, self.value) == (other.mark, other.value)
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{:x}", self.mark, self.value)
    }
}

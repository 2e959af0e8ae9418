/// Documented.
#[deny(warnings, missing_docs, missing_debug_implementations)]
pub mod documented {
    use papy::prelude::*;

    /// Adds.
    #[worker]
    #[must_use]
    pub fn add(x: u8, y: u8, #[param] to: u8, #[param] names: &[&str]) -> usize {
        usize::from(x + y + to) + names.len()
    }
}

fn main() {}

//! Where items come from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Lines, Stdin};
use std::path::Path;

use crate::fault::BoxError;

/// An input of a pipeline: any iterator of `T`, or one of results wrapped in [`fallible`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an input of `{T}`",
    label = "expected something that iterates over `{T}`",
    note = "inputs are anything `IntoIterator<Item = {T}>`; if items may fail, wrap an iterator of `Result<{T}, _>` in `papy::source::fallible(…)`"
)]
pub trait Source<T> {
    /// What the run pulls from.
    type Feed: Feed<Item = T>;
    /// The same, ready to be pulled from.
    fn feed(self) -> Self::Feed;
}

/// What a run pulls from.
pub trait Feed {
    /// An item.
    type Item;
    /// The next item; `None` where the input has ended.
    fn next(&mut self) -> Option<Result<Self::Item, BoxError>>;
    /// Whether an item may have to be waited for, for all that is known.
    fn may_wait(&self) -> bool {
        true
    }
}

/// The feed of a plain iterator.
#[derive(Debug)]
pub struct Plain<I>(I);

#[diagnostic::do_not_recommend]
impl<T, I: IntoIterator<Item = T>> Source<T> for I {
    type Feed = Plain<I::IntoIter>;
    fn feed(self) -> Self::Feed {
        Plain(self.into_iter())
    }
}

impl<I: Iterator> Feed for Plain<I> {
    type Item = I::Item;
    #[inline(always)]
    fn next(&mut self) -> Option<Result<I::Item, BoxError>> {
        self.0.next().map(Ok)
    }
    fn may_wait(&self) -> bool {
        !is_at_hand(std::any::type_name::<I>())
    }
}

/// Whether an iterator of this type is one of the standard library's that hold or count their items, and call nobody's code for the next one.
///
/// The names of types are not promised to stay as they are. Were there another one, items would be pulled as from an iterator that nothing is known of, which
/// takes some 2 ns more for each.
fn is_at_hand(iterator: &str) -> bool {
    const HOLDS: [&str; 6] = [
        "core::ops::range::Range",
        "core::ops::range::RangeFrom",
        "core::ops::range::RangeInclusive",
        "core::array::iter::IntoIter",
        "core::slice::iter::Iter",
        "alloc::vec::into_iter::IntoIter",
    ];
    const ADAPTS: [&str; 2] = [
        "core::iter::adapters::copied::Copied",
        "core::iter::adapters::enumerate::Enumerate",
    ];
    let Some((outer, inner)) = iterator.split_once('<') else {
        return false;
    };
    HOLDS.contains(&outer) || (ADAPTS.contains(&outer) && is_at_hand(inner))
}

/// An input whose items may fail; made by [`fallible`].
#[derive(Debug, Clone)]
pub struct FallibleSource<I>(I);

/// Makes an iterator of `Result<T, E>` an input of `T`: an `Err` becomes a fault of kind
/// [`Input`](crate::FaultKind::Input) in its place, and the run goes on.
///
/// ```
/// use papy_runtime::source;
///
/// let numbers = source::fallible(["1", "x"].into_iter().map(str::parse::<u32>));
/// # drop(numbers);
/// ```
pub fn fallible<I, T, E>(items: I) -> FallibleSource<I>
where
    I: IntoIterator<Item = Result<T, E>>,
    E: Into<BoxError>,
{
    FallibleSource(items)
}

impl<T, E, I> Source<T> for FallibleSource<I>
where
    I: IntoIterator<Item = Result<T, E>>,
    E: Into<BoxError>,
{
    type Feed = FallibleFeed<I::IntoIter>;
    fn feed(self) -> Self::Feed {
        FallibleFeed(self.0.into_iter())
    }
}

/// The feed of a [`FallibleSource`].
#[derive(Debug)]
pub struct FallibleFeed<I>(I);

impl<T, E: Into<BoxError>, I: Iterator<Item = Result<T, E>>> Feed for FallibleFeed<I> {
    type Item = T;
    #[inline(always)]
    fn next(&mut self) -> Option<Result<T, BoxError>> {
        self.0.next().map(|item| item.map_err(Into::into))
    }
}

/// The lines of a file, without their ends; an error on the way is a fault in its place.
///
/// # Errors
///
/// When the file cannot be opened.
///
/// ```no_run
/// let lines = papy_runtime::source::lines("reads.txt")?;
/// # drop(lines);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn lines(path: impl AsRef<Path>) -> io::Result<FallibleSource<Lines<BufReader<File>>>> {
    Ok(FallibleSource(BufReader::new(File::open(path)?).lines()))
}

/// The lines of standard input, without their ends; an error on the way is a fault in its place.
///
/// ```no_run
/// let lines = papy_runtime::source::stdin_lines();
/// # drop(lines);
/// ```
#[must_use]
pub fn stdin_lines() -> FallibleSource<Lines<BufReader<Stdin>>> {
    FallibleSource(BufReader::new(io::stdin()).lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_wait<T, S: Source<T>>(source: S) -> bool {
        source.feed().may_wait()
    }

    #[test]
    fn what_holds_its_items_is_known() {
        let held = [1, 2];
        assert!(!may_wait(0..3u64));
        assert!(!may_wait(0..=3));
        assert!(!may_wait(7..));
        assert!(!may_wait(vec![String::new()]));
        assert!(!may_wait([1, 2]));
        assert!(!may_wait(&held[..]));
        assert!(!may_wait(held.iter().copied().enumerate()));
    }

    #[test]
    fn what_calls_others_may_wait() {
        let (_, receiver) = crate::sync::channel::unbounded::<u8>();
        assert!(may_wait(receiver));
        assert!(may_wait((0..3).map(|n| n + 1)));
        assert!(may_wait(std::iter::from_fn(|| Some(1))));
        assert!(may_wait(Box::new(0..3) as Box<dyn Iterator<Item = i32>>));
        assert!(may_wait((0..3).map(|n| n + 1).enumerate()));
        assert!(may_wait(fallible([Ok::<u8, BoxError>(1)])));
    }
}

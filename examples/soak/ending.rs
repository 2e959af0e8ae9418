//! How a run is read, and how it ends.

use crate::dice::Dice;

/// What is done with a started run.
#[derive(Debug, Clone)]
pub struct Ending {
    pub end: End,
    /// How many results are read before.
    pub after: usize,
    pub order: ReadOrder,
    pub way: Way,
    /// After how many results the run is paused.
    pub pauses: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything is read.
    Read,
    /// Everything is read, each output by a thread of its own.
    ReadApart,
    /// Waited for, then read.
    Wait,
    /// Joined without reading what is left.
    Join,
    Stop,
    Cancel,
    Drop,
    /// One output after the other.
    DropParts,
    /// One output; the others are read.
    DropOne(usize),
    ForgetRun,
    /// One output is forgotten; the others are read.
    ForgetOne(usize),
    /// The reader panics, and the run is dropped as the stack unwinds.
    ReaderPanics,
}

/// Which output is read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOrder {
    InStep,
    OneByOne,
    Backwards,
    Mixed(u64),
}

/// By which of its methods an output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Next,
    /// With a limit of so many microseconds, over and over.
    Within(u64),
    Indexed,
}

impl End {
    /// Whether something is kept for ever.
    pub fn forgets(self) -> bool {
        matches!(self, End::ForgetRun | End::ForgetOne(_))
    }

    /// Whether outputs, but for one maybe, are read to the end of a run that nobody cut short.
    pub fn is_whole(self) -> bool {
        !matches!(
            self,
            End::Cancel | End::Drop | End::DropParts | End::ForgetRun | End::ReaderPanics
        )
    }
}

impl Ending {
    /// Of a run with so many outputs and about so many results. `steered` where there is a handle; `alone` where no thread may
    /// be waited for.
    pub fn new(
        dice: &mut Dice,
        outputs: usize,
        results: usize,
        steered: bool,
        alone: bool,
    ) -> Ending {
        let one = dice.below(outputs.max(1));
        let several = outputs > 1;
        let end = match dice.below(16) {
            0..=3 => End::Read,
            4 if !alone => End::ReadApart,
            5 if steered => End::Wait,
            6 if steered => End::Join,
            7 | 8 if steered => End::Stop,
            9 | 10 if steered => End::Cancel,
            11 => End::Drop,
            12 if several => End::DropOne(one),
            13 if several && dice.once_in(3) => End::ForgetOne(one),
            14 if steered && dice.once_in(3) => End::ForgetRun,
            15 if !alone => End::ReaderPanics,
            _ => End::DropParts,
        };
        let whole = matches!(
            end,
            End::Read | End::ReadApart | End::DropOne(_) | End::ForgetOne(_)
        );
        let pauses = if steered && dice.once_in(3) {
            1 + dice.below(3)
        } else {
            0
        };
        Ending {
            end,
            after: if whole && dice.once_in(2) {
                0
            } else {
                dice.below(results + 2)
            },
            order: match dice.below(4) {
                0 => ReadOrder::InStep,
                1 => ReadOrder::OneByOne,
                2 => ReadOrder::Backwards,
                _ => ReadOrder::Mixed(dice.number()),
            },
            way: dice.one(&[
                Way::Next,
                Way::Next,
                Way::Within(0),
                Way::Within(50),
                Way::Indexed,
            ]),
            pauses: (0..pauses).map(|_| dice.below(results + 1)).collect(),
        }
    }
}

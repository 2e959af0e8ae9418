//! Results as what can be compared.

use std::error::Error;

use papy::prelude::*;
use papy::testing::Planned;

use crate::item::{Cell, Item};
use crate::setting::Setting;

/// A result, without its item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    Value { mark: u64, value: u64 },
    Fault(String),
}

impl Told {
    pub fn cell(cell: &Cell) -> Told {
        Told::Value {
            mark: cell.mark,
            value: cell.value,
        }
    }

    /// Of a run of that setting; `placed` tells whether the positions in faults are certain.
    pub fn new(result: &Result<Item, Fault>, setting: &Setting, placed: bool) -> Told {
        match result {
            Ok(item) => Told::cell(item),
            Err(fault) => Told::Fault(text(fault, setting, placed)),
        }
    }

    pub fn is_fault(&self) -> bool {
        matches!(self, Told::Fault(_))
    }

    /// Whether it is a fault of that kind.
    pub fn is(&self, kind: FaultKind) -> bool {
        matches!(self, Told::Fault(text) if text.starts_with(&format!("{kind:?}")))
    }
}

/// Everything that is known of a fault.
fn text(fault: &Fault, setting: &Setting, placed: bool) -> String {
    let hangs = fault
        .downcast_ref::<Planned>()
        .is_some_and(|planned| setting.stands_for_hang(planned.node(), planned.item()));
    let kind = if hangs {
        FaultKind::Timeout
    } else {
        fault.kind()
    };
    let mut text = format!("{kind:?} at {}", fault.node());
    if placed {
        text += &format!("#{}", fault.input());
    }
    text += &format!(" x{}", fault.attempts());
    // an `Unequal` says how long the inputs were so far
    if !matches!(kind, FaultKind::Timeout | FaultKind::Unequal) {
        text += &format!(
            ": {}",
            fault.source().map_or_else(String::new, ToString::to_string)
        );
    }
    for other in fault.others() {
        text += &format!(" + {}", self::text(other, setting, placed));
    }
    text
}

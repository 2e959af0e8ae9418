//! The arguments as they are written, with our helper attributes taken off.

use super::mistakes::{self, Found};
use syn::{Attribute, Expr, FnArg, Meta, Pat, Signature, Type};

/// One argument and what its helper attribute says of it.
pub(super) struct Argument {
    pub(super) pat: Pat,
    pub(super) ty: Type,
    pub(super) mark: Mark,
}

/// The helper attribute of an argument.
pub(super) enum Mark {
    None,
    Param(Attribute),
    /// The initial value is missing when it could not be read, which has been reported.
    Local(Option<Box<Expr>>),
}

/// Takes `#[param]` and `#[local(..)]` off the arguments of `sig`: rustc does not know them. A receiver is left out.
pub(super) fn take(sig: &mut Signature, found: &mut Found) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for input in &mut sig.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.retain(|attr| !is_helper(attr)),
            FnArg::Typed(typed) => {
                let mut mark = Mark::None;
                typed.attrs.retain(|attr| {
                    if is_helper(attr) {
                        match mark {
                            Mark::None => mark = read_mark(attr, found),
                            _ => found.push(mistakes::marked_twice(attr, &typed.pat)),
                        }
                    } else if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
                        found.push(mistakes::conditional_argument(attr));
                    }
                    !is_helper(attr)
                });
                arguments.push(Argument {
                    pat: (*typed.pat).clone(),
                    ty: (*typed.ty).clone(),
                    mark,
                });
            }
        }
    }
    arguments
}

fn is_helper(attr: &Attribute) -> bool {
    attr.path().is_ident("param") || attr.path().is_ident("local")
}

fn read_mark(attr: &Attribute, found: &mut Found) -> Mark {
    if attr.path().is_ident("param") {
        if !matches!(attr.meta, Meta::Path(_)) {
            found.push(mistakes::param_with_value(attr));
        }
        return Mark::Param(attr.clone());
    }
    let init = match &attr.meta {
        Meta::List(list) if !list.tokens.is_empty() => match list.parse_args::<Expr>() {
            Ok(init) => Some(Box::new(init)),
            Err(error) => {
                found.push(mistakes::unreadable_local(&error));
                None
            }
        },
        _ => {
            found.push(mistakes::local_without_value(attr));
            None
        }
    };
    Mark::Local(init)
}

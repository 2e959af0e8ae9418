//! Closures as nodes: what they may look like and what they capture.

use syn::{BinOp, Expr, ExprClosure};

use super::mentions::{self, of_closure};
use super::{Lowering, plain};
use crate::diagnostics::Place;
use crate::{mistakes, syntax};

impl Lowering<'_> {
    /// Checks a closure that `given` streams flow into; gives the values that it captures.
    pub(super) fn closure(
        &mut self,
        closure: &ExprClosure,
        given: usize,
        in_parentheses: bool,
    ) -> Vec<String> {
        if let Some(word) = &closure.asyncness {
            self.cx
                .report(Place::of(word), mistakes::closure_kind("async"));
        }
        if let Some(word) = &closure.constness {
            self.cx
                .report(Place::of(word), mistakes::closure_kind("const"));
        }
        let mentions = of_closure(closure);
        if !in_parentheses && self.swallows(closure) {
            let place = Place::from(closure.inputs_begin.span);
            self.cx.report(place, mistakes::closure_swallows());
            self.names.touch(closure);
            return Vec::new();
        }
        if closure.inputs.len() != given {
            let place = Place::from(closure.inputs_begin.span);
            let tuple = match closure.inputs.first() {
                Some(syn::Pat::Tuple(tuple)) => {
                    closure.inputs.len() == 1 && tuple.elems.len() == given
                }
                _ => false,
            };
            self.cx.report(
                place,
                mistakes::closure_arity(closure.inputs.len(), given, tuple),
            );
        }
        for (name, span) in &mentions.variables {
            if self.names.is_stream(name) {
                self.cx.report(*span, mistakes::stream_in_closure(name));
                self.names.touch_name(name);
            }
        }
        for (name, span) in &mentions.changed {
            if self.names.is_value(name) {
                self.cx.report(*span, mistakes::value_changed(name));
            }
        }
        let values: Vec<String> = mentions
            .names
            .into_iter()
            .filter(|name| self.names.is_value(name))
            .collect();
        self.held.extend(values.iter().cloned());
        values
    }

    /// Whether a `>>` in the body of a bare closure was meant to go on with the chain.
    fn swallows(&self, closure: &ExprClosure) -> bool {
        let Expr::Binary(binary) = &*closure.body else {
            return false;
        };
        if !matches!(binary.op, BinOp::Shr(_)) {
            return false;
        }
        // a shift by a number, a value or an item is a shift
        match syntax::bare(&binary.right) {
            Expr::Lit(_) | Expr::Binary(_) | Expr::Unary(_) | Expr::Cast(_) | Expr::Field(_) => {
                false
            }
            Expr::Path(path) => path.path.get_ident().is_none_or(|name| {
                let name = plain(name);
                let argument = closure
                    .inputs
                    .iter()
                    .any(|input| super::names::bound(input).iter().any(|b| plain(b) == name));
                !argument && !self.names.is_value(&name)
            }),
            _ => true,
        }
    }

    /// A value's expression cannot mention streams.
    pub(super) fn check_value_expr(&mut self, expr: &Expr) {
        let mentions = mentions::of_expr(expr);
        let streams: Vec<_> = mentions
            .variables
            .into_iter()
            .filter(|(name, _)| self.names.is_stream(name))
            .collect();
        for (name, span) in streams {
            self.names.touch_name(&name);
            self.cx.report(span, mistakes::stream_in_value(&name));
        }
    }
}

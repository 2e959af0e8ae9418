//! What an expression may be meant as, where only a stream makes sense.

use syn::{BinOp, Expr};

use super::{names, plain};
use crate::diagnostics::{Mistake, Place};
use crate::{mistakes, syntax};

/// The mistake of an expression that is no stream, and where it lies.
pub(super) fn not_a_stream(expr: &Expr, promised: bool) -> (Place, Mistake) {
    let place = Place::of(expr);
    let text = syntax::short_text(expr);
    match syntax::bare(expr) {
        Expr::Binary(binary) => match &binary.op {
            BinOp::BitOr(op) => (Place::of(op), mistakes::wrong_arrow("|")),
            BinOp::Shl(op) => (Place::of(op), mistakes::wrong_arrow("<<")),
            BinOp::Gt(op) => (Place::of(op), mistakes::wrong_arrow(">")),
            _ => (place, mistakes::arithmetic(&text)),
        },
        Expr::Cast(_) | Expr::Unary(_) | Expr::Reference(_) => (place, mistakes::arithmetic(&text)),
        Expr::Index(_) => (place, mistakes::index(&text)),
        Expr::Assign(assign) => {
            let name = names::single(&assign.left).map_or_else(|| "name".to_owned(), plain);
            (place, mistakes::assignment(&name))
        }
        Expr::Array(_) => (place, mistakes::brackets()),
        Expr::Block(_) => (place, mistakes::block()),
        Expr::ForLoop(it) => (Place::of(it.for_token), mistakes::no_loops("for")),
        Expr::While(it) => (Place::of(it.while_token), mistakes::no_loops("while")),
        Expr::Loop(it) => (Place::of(it.loop_token), mistakes::no_loops("loop")),
        Expr::If(it) => (Place::of(it.if_token), mistakes::no_branches()),
        Expr::Try(it) => (Place::of(it.question_token), mistakes::question_mark()),
        Expr::Return(it) => (Place::of(it.return_token), mistakes::no_return(promised)),
        Expr::Macro(mac) => (place, macro_call(&mac.mac)),
        Expr::Await(wait) => (
            Place::of(wait.await_token),
            mistakes::option_not_yet("await"),
        ),
        Expr::Closure(closure) => (
            Place::from(closure.inputs_begin.span),
            mistakes::closure_without_input(),
        ),
        Expr::MethodCall(call) => (Place::of(&call.method), mistakes::option_on_chain()),
        _ => (place, mistakes::not_a_stream(&text)),
    }
}

/// A macro that is called where a stream is meant.
pub(super) fn macro_call(mac: &syn::Macro) -> Mistake {
    let name = mac.path.segments.last();
    mistakes::macro_call(&name.map_or_else(String::new, |last| plain(&last.ident)))
}

//! Which names a piece of the user's code mentions: as paths, inside of macro calls, and in format strings.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{BinOp, Expr, ExprAssign, ExprBinary, ExprClosure, ExprReference, ExprUnary, Stmt, UnOp};

use super::plain;

/// What code mentions.
#[derive(Debug, Default)]
pub struct Mentions {
    /// In order of appearance, without repetition.
    pub names: Vec<String>,
    /// Those that are certain to be variables: paths that are not called.
    pub variables: Vec<(String, proc_macro2::Span)>,
    /// Those that it changes: that are assigned to, or borrowed to be.
    pub changed: Vec<(String, proc_macro2::Span)>,
    seen: BTreeSet<String>,
    bound: BTreeSet<String>,
}

/// What an expression mentions.
pub fn of_expr(expr: &Expr) -> Mentions {
    let mut mentions = Mentions::default();
    mentions.visit_expr(expr);
    mentions
}

/// What a statement mentions.
pub fn of_statement(statement: &Stmt) -> Mentions {
    let mut mentions = Mentions::default();
    mentions.visit_stmt(statement);
    mentions
}

/// What a closure mentions of its surroundings.
pub fn of_closure(closure: &ExprClosure) -> Mentions {
    let mut mentions = Mentions::default();
    for input in &closure.inputs {
        mentions.visit_pat(input);
    }
    let arguments = std::mem::take(&mut mentions.bound);
    mentions.visit_expr(&closure.body);
    mentions.names.retain(|name| !arguments.contains(name));
    let bound = &mentions.bound;
    let is_own = |name: &String| arguments.contains(name) || bound.contains(name);
    mentions.variables.retain(|(name, _)| !is_own(name));
    mentions.changed.retain(|(name, _)| !is_own(name));
    mentions
}

impl Mentions {
    fn add(&mut self, name: String) {
        if self.seen.insert(name.clone()) {
            self.names.push(name);
        }
    }

    /// A place is changed: what it is a part of is.
    fn change(&mut self, mut place: &Expr) {
        loop {
            place = match place {
                Expr::Field(part) => &part.base,
                Expr::Index(part) => &part.expr,
                Expr::Paren(inner) => &inner.expr,
                Expr::Group(inner) => &inner.expr,
                Expr::Unary(ExprUnary {
                    op: UnOp::Deref(_),
                    expr,
                    ..
                }) => expr,
                Expr::Path(path) => {
                    if let Some(name) = path.path.get_ident() {
                        self.changed.push((plain(name), name.span()));
                    }
                    return;
                }
                _ => return,
            };
        }
    }

    fn add_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => self.add(plain(&name)),
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                TokenTree::Literal(literal) => captures(&literal.to_string())
                    .into_iter()
                    .for_each(|name| self.add(name)),
                TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Mentions {
    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if let Some(name) = path.path.get_ident().filter(|_| path.qself.is_none()) {
            self.add(plain(name));
            self.variables.push((plain(name), name.span()));
        }
        syn::visit::visit_expr_path(self, path);
    }

    fn visit_expr_assign(&mut self, assign: &'ast ExprAssign) {
        self.change(&assign.left);
        syn::visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        if assigns(&binary.op) {
            self.change(&binary.left);
        }
        syn::visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_reference(&mut self, reference: &'ast ExprReference) {
        if reference.mutability.is_some() {
            self.change(&reference.expr);
        }
        syn::visit::visit_expr_reference(self, reference);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        // a called name may be a function of the same name
        let before = self.variables.len();
        self.visit_expr(&call.func);
        self.variables.truncate(before);
        call.args.iter().for_each(|arg| self.visit_expr(arg));
    }

    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        self.bound.insert(plain(&pat.ident));
        syn::visit::visit_pat_ident(self, pat);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.add_tokens(mac.tokens.clone());
    }
}

/// `+=` and the like.
fn assigns(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

/// The names in `{…}` of a format string, as `{name}`, `{name:?}`, `{:width$}` or `{:.precision$}`.
fn captures(literal: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !literal.contains('"') {
        return found;
    }
    for piece in literal.split('{').skip(1) {
        let inside = piece.split('}').next().unwrap_or(piece);
        let mut parts = inside.splitn(2, ':');
        let name = parts.next().unwrap_or("").trim();
        if is_name(name) {
            found.push(name.trim_start_matches("r#").to_owned());
        }
        if let Some(spec) = parts.next() {
            for run in spec.split('$').rev().skip(1) {
                let start = run
                    .rfind(|c: char| !c.is_alphanumeric() && c != '_')
                    .map_or(0, |at| at + 1);
                if let Some(name) = run.get(start..).filter(|name| is_name(name)) {
                    found.push(name.to_owned());
                }
            }
        }
    }
    found
}

fn is_name(text: &str) -> bool {
    let text = text.strip_prefix("r#").unwrap_or(text);
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(closure: &str) -> Vec<String> {
        of_closure(&syn::parse_str(closure).unwrap()).names
    }

    #[test]
    fn format_strings_mention_what_they_capture() {
        assert_eq!(
            names(r#"|x| format!("{tag}{x}{{no}}{n:>width$.prec$}")"#)[..2],
            ["tag", "no"]
        );
        assert!(names(r#"|x| format!("{n:>width$.prec$}")"#).contains(&"prec".to_owned()));
        assert!(names(r#"|x| format!("{n:>width$.prec$}")"#).contains(&"width".to_owned()));
    }

    #[test]
    fn arguments_are_no_mentions() {
        assert_eq!(names("|x, (y, z): (i64, i64)| x + y + z + by"), ["by"]);
    }

    #[test]
    fn what_is_changed_is_told_from_what_is_looked_at() {
        let changed = |closure: &str| -> Vec<String> {
            let mentions = of_closure(&syn::parse_str(closure).unwrap());
            mentions.changed.into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(
            changed("|x| { n += x; a.b[x] = n; *c = 1; add(&mut d.e); x }"),
            ["n", "a", "c", "d"]
        );
        assert_eq!(
            changed("|mut x| { x += n; let mut y = n; y = x; *m.lock() = &a; f().b = 1; y }"),
            [] as [&str; 0]
        );
    }

    #[test]
    fn fields_and_methods_are_no_mentions() {
        assert_eq!(
            names("|x| x.floor + x.len() + T::floor + self::floor"),
            [] as [&str; 0]
        );
    }
}

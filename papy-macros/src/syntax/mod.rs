//! Parse: the text of a pipeline to statements. Always gives what it could read, and goes on behind what it couldn't.

mod body;
mod header;

use proc_macro2::{Delimiter, Ident, LineColumn, TokenStream, TokenTree};
use syn::{Attribute, Generics, Pat, Stmt, Type, Visibility};

use crate::diagnostics::{Diagnostics, Place};

/// A pipeline's text.
#[derive(Debug)]
pub struct Pipeline {
    pub attrs: Vec<Attribute>,
    pub vis: Visibility,
    pub name: Ident,
    pub generics: Generics,
    pub args: Vec<Argument>,
    /// The item types of the outputs.
    pub outputs: Vec<Type>,
    /// Whether these are all that the header says.
    pub outputs_known: bool,
    /// Whether there is a `self`, so that this stands in an `impl`, where no types can be defined.
    pub method: bool,
    pub body: Body,
}

/// An argument of the header.
#[derive(Debug)]
pub enum Argument {
    /// `name: Stream<ty>`
    Input { name: Ident, ty: Type },
    /// Any other.
    Value {
        attrs: Vec<Attribute>,
        pat: Pat,
        ty: Type,
    },
    /// One with a mistake, which is reported; `ty` is there where it can stand as it is.
    Broken { pat: Pat, ty: Option<Type> },
}

/// The statements, and what could not be read.
#[derive(Debug)]
pub struct Body {
    pub statements: Vec<Stmt>,
    /// The text of statements that were reported as unreadable.
    pub unread: TokenStream,
    /// The closing brace.
    pub end: Place,
}

/// Reads a pipeline; `None` where there is not even a name.
pub fn parse(text: TokenStream, cx: &mut Diagnostics) -> Option<Pipeline> {
    header::parse(text, cx)
}

/// Takes off what only groups: parentheses, and the invisible ones of `macro_rules!`.
pub fn bare(mut expr: &syn::Expr) -> &syn::Expr {
    loop {
        expr = match expr {
            syn::Expr::Paren(paren) => &paren.expr,
            syn::Expr::Group(group) => &group.expr,
            _ => return expr,
        };
    }
}

/// Takes off the invisible groups of `macro_rules!`.
pub fn ungrouped(mut expr: &syn::Expr) -> &syn::Expr {
    while let syn::Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}

/// The item type of `Stream<T>`.
pub enum StreamType<'a> {
    /// `Stream<T>`.
    Of(&'a Type),
    /// `Stream` without its one type.
    Malformed,
    /// Any other type.
    Other,
}

/// Looks for `Stream<T>`.
pub fn stream_type(ty: &Type) -> StreamType<'_> {
    let path = match ty {
        Type::Group(group) => return stream_type(&group.elem),
        Type::Paren(paren) => return stream_type(&paren.elem),
        Type::Path(path) if path.qself.is_none() => &path.path,
        _ => return StreamType::Other,
    };
    let Some(last) = path.segments.last().filter(|last| last.ident == "Stream") else {
        return StreamType::Other;
    };
    if let syn::PathArguments::AngleBracketed(arguments) = &last.arguments {
        let mut arguments = arguments.args.iter();
        if let (Some(syn::GenericArgument::Type(item)), None) = (arguments.next(), arguments.next())
        {
            return StreamType::Of(item);
        }
    }
    StreamType::Malformed
}

/// Tokens as the user wrote them, on one line.
pub fn text(tokens: impl quote::ToTokens) -> String {
    let mut printer = Printer {
        text: String::new(),
        end: None,
    };
    printer.print(tokens.into_token_stream());
    printer.text
}

/// Writes tokens with a space wherever there was one in the source.
struct Printer {
    text: String,
    end: Option<LineColumn>,
}

impl Printer {
    fn print(&mut self, tokens: TokenStream) {
        for token in tokens {
            if let TokenTree::Group(group) = token {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                // A group that `syn` made has one span, that of the whole.
                let whole = group.span();
                let (start, end) = (whole.start(), whole.end());
                self.word(open, start, after(start));
                self.print(group.stream());
                self.word(close, before(end), end);
            } else {
                let span = token.span();
                self.word(&token.to_string(), span.start(), span.end());
            }
        }
    }

    fn word(&mut self, word: &str, start: LineColumn, end: LineColumn) {
        if word.is_empty() {
            return;
        }
        if self.end.is_some_and(|end| end != start) {
            self.text.push(' ');
        }
        self.text.push_str(word);
        self.end = Some(end);
    }
}

fn after(LineColumn { line, column }: LineColumn) -> LineColumn {
    LineColumn {
        line,
        column: column + 1,
    }
}

fn before(LineColumn { line, column }: LineColumn) -> LineColumn {
    LineColumn {
        line,
        column: column.saturating_sub(1),
    }
}

/// The same, cut where a message would get too long.
pub fn short_text(tokens: impl quote::ToTokens) -> String {
    let text = text(tokens);
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

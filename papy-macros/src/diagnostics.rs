//! The collector of everything that is wrong with a pipeline's text.
//!
//! Phases report what they find here and go on. Nothing that was reported is ever lost: in tests, a collector that is
//! dropped before it was asked panics.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

/// The phrase of the user's text that a diagnostic underlines.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    start: Span,
    end: Span,
}

impl Place {
    /// The tokens, from the first to the last; the macro's call where there are none.
    pub fn of(tokens: impl ToTokens) -> Place {
        let mut spans = tokens
            .into_token_stream()
            .into_iter()
            .map(|token| token.span());
        let start = spans.next().unwrap_or_else(Span::call_site);
        Place {
            start,
            end: spans.last().unwrap_or(start),
        }
    }

    /// The first token's span: what generated code is located at.
    pub fn span(self) -> Span {
        self.start
    }

    /// The last token.
    pub fn end(self) -> Span {
        self.end
    }

    /// The line that it starts on; 0 where that is not known.
    pub fn line(self) -> usize {
        self.start.start().line
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Place {
        Place {
            start: span,
            end: span,
        }
    }
}

/// One mistake in words: what is wrong, and what to do.
#[derive(Debug, Clone)]
pub struct Mistake {
    message: String,
    help: Vec<String>,
}

impl Mistake {
    /// What is wrong: one line in the user's terms.
    pub fn new(message: impl Into<String>) -> Mistake {
        Mistake {
            message: message.into(),
            help: Vec::new(),
        }
    }

    /// One more thing to do about it.
    pub fn help(mut self, action: impl Into<String>) -> Mistake {
        self.help.push(action.into());
        self
    }

    /// The headline and the help lines, as rustc shows them.
    pub fn text(&self) -> String {
        let mut text = self.message.clone();
        for help in &self.help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        text
    }
}

/// A mistake at its place.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Where it is underlined.
    pub place: Place,
    /// What it says.
    pub mistake: Mistake,
}

impl Diagnostic {
    fn to_error(&self) -> TokenStream {
        let text = self.mistake.text();
        let mut literal = proc_macro2::Literal::string(&text);
        literal.set_span(self.place.end);
        let (start, end) = (self.place.start, self.place.end);
        let mut group = proc_macro2::Group::new(
            proc_macro2::Delimiter::Brace,
            TokenTree::from(literal).into(),
        );
        group.set_span(end);
        let path = quote_spanned!(start=> ::core::compile_error!);
        quote::quote!(#path #group)
    }
}

/// Collects the mistakes of one macro call.
#[derive(Debug, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    consumed: bool,
}

impl Diagnostics {
    /// An empty collector.
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Reports a mistake at a place.
    pub fn report(&mut self, place: impl Into<Place>, mistake: Mistake) {
        self.found.push(Diagnostic {
            place: place.into(),
            mistake,
        });
    }

    /// Reports what `syn` could not parse.
    pub fn report_syntax(&mut self, error: &syn::Error) {
        for error in error.clone() {
            self.report(error.span(), Mistake::new(error.to_string()));
        }
    }

    /// Whether anything was reported.
    pub fn any(&self) -> bool {
        !self.found.is_empty()
    }

    /// How many were reported so far.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Hands everything over, in text order.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.consumed = true;
        let mut found = std::mem::take(&mut self.found);
        found.sort_by_key(|diagnostic| {
            let start = diagnostic.place.start.start();
            (start.line, start.column)
        });
        found
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        assert!(
            !cfg!(any(test, fuzzing))
                || self.consumed
                || self.found.is_empty()
                || std::thread::panicking(),
            "these diagnostics were lost: {:?}",
            self.found
        );
    }
}

/// The diagnostics as `compile_error!` calls.
pub fn to_tokens(diagnostics: &[Diagnostic]) -> TokenStream {
    diagnostics.iter().map(Diagnostic::to_error).collect()
}

//! What stands in the parentheses of `#[worker(..)]`.

use super::mistakes::{self, Found};
use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token};

/// The options of the attribute.
#[derive(Default)]
pub(super) struct Options {
    /// The return type is a result, whatever it is called.
    pub(super) fallible: bool,
}

/// Reads the options; what is no option is reported and passed over.
pub(super) fn parse(attr: TokenStream, found: &mut Found) -> Options {
    let mut options = Options::default();
    let parsed = (|input: ParseStream| {
        while !input.is_empty() {
            // `parse_any`, so that a keyword (`#[worker(async)]`) gets our answer too.
            let name = input.call(Ident::parse_any)?;
            if name == "fallible" && options.fallible {
                found.push(mistakes::option_twice(&name));
            } else if name == "fallible" {
                options.fallible = true;
            } else {
                found.push(mistakes::unknown_option(&name));
            }
            // A value that no option takes: the name has been reported, or the value is.
            let rest = skip_to_comma(input)?;
            if name == "fallible" && !rest.is_empty() {
                found.push(mistakes::option_with_value(&name, rest));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    })
    .parse2(attr);
    if let Err(error) = parsed {
        found.push(mistakes::unreadable_options(&error));
    }
    options
}

fn skip_to_comma(input: ParseStream) -> syn::Result<TokenStream> {
    let mut rest = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        rest.extend([input.parse::<proc_macro2::TokenTree>()?]);
    }
    Ok(rest)
}

//! Tokens lost, doubled and exchanged.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::dice::Dice;

/// What is put in.
const WORDS: &str = ">> , ; let match => skip merge xs n . 0 : = _ & | fn Stream < > # mut -> ! :: 'a .. if (,) pipeline .serial() \
    .flat() .consume(2) ? @ ref {} () [] - async return self 18446744073709551615 \"\" crate macro_rules const where";

const DELIMITERS: [Delimiter; 4] = [
    Delimiter::Parenthesis,
    Delimiter::Brace,
    Delimiter::Bracket,
    Delimiter::None,
];

/// The text with some tokens lost, doubled, moved or exchanged; often with none.
pub fn mutated(text: TokenStream, dice: &mut Dice) -> TokenStream {
    const MOST: [usize; 6] = [0, 0, 0, 1, 2, 4];
    let times = MOST[dice.below(MOST.len())];
    (0..times).fold(text, |text, _| {
        let all = count(&text);
        if all == 0 {
            return text;
        }
        let at = dice.below(all);
        let other = taken(&text, dice.below(all), &mut 0);
        change(text, at, &mut 0, &other, dice)
    })
}

fn count(text: &TokenStream) -> usize {
    text.clone()
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) => 1 + count(&group.stream()),
            _ => 1,
        })
        .sum()
}

/// The token at a place, with what is inside of it.
fn taken(text: &TokenStream, at: usize, seen: &mut usize) -> TokenStream {
    for token in text.clone() {
        if *seen == at {
            return token.into();
        }
        *seen += 1;
        if let TokenTree::Group(group) = &token {
            let inside = taken(&group.stream(), at, seen);
            if !inside.is_empty() {
                return inside;
            }
        }
    }
    TokenStream::new()
}

/// Changes the token at a place; `other` is one from elsewhere in the text.
fn change(
    text: TokenStream,
    at: usize,
    seen: &mut usize,
    other: &TokenStream,
    dice: &mut Dice,
) -> TokenStream {
    let mut changed = TokenStream::new();
    for token in text {
        let here = *seen == at;
        *seen += 1;
        if here {
            changed.extend(instead(token, other, dice));
            *seen = usize::MAX / 2;
            continue;
        }
        changed.extend([match token {
            TokenTree::Group(group) if *seen <= at => {
                let inside = change(group.stream(), at, seen, other, dice);
                TokenTree::from(Group::new(group.delimiter(), inside))
            }
            token => token,
        }]);
    }
    changed
}

/// What stands in the place of a token.
fn instead(token: TokenTree, other: &TokenStream, dice: &mut Dice) -> TokenStream {
    let mut changed = TokenStream::new();
    match dice.below(6) {
        0 => {}
        1 => changed.extend([token.clone(), token]),
        2 => changed.extend(other.clone()),
        3 => {
            changed.extend(other.clone());
            changed.extend([token]);
        }
        4 => match token {
            TokenTree::Group(group) if dice.once_in(2) => changed.extend(group.stream()),
            token => {
                let inside = match token {
                    TokenTree::Group(group) => group.stream(),
                    token => token.into(),
                };
                let delimiter = DELIMITERS[dice.below(DELIMITERS.len())];
                changed.extend([TokenTree::from(Group::new(delimiter, inside))]);
            }
        },
        _ => {
            let words: Vec<&str> = WORDS.split_whitespace().collect();
            let word: TokenStream = dice.one(&words).parse().unwrap_or_default();
            changed.extend(word);
            if dice.once_in(2) {
                changed.extend([token]);
            }
        }
    }
    changed
}

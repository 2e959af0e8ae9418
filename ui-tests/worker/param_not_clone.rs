use papy::prelude::*;

struct Token;

#[worker]
fn spend(x: u8, #[param] token: Token) -> u8 {
    drop(token);
    x
}

fn main() {}

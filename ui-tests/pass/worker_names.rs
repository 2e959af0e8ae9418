use papy::prelude::*;

mod inner {
    use papy::prelude::*;

    pub struct Row(pub u8);

    #[worker]
    pub fn row(x: super::Item, #[param] by: crate::Item) -> self::Row {
        Row(x.0 + by.0)
    }

    #[worker]
    pub(in crate::inner) fn private(x: u8) -> u8 {
        x
    }
}

#[derive(Clone)]
pub struct Item(pub u8);

#[worker]
fn r#type(x: u8, #[param] r#match: u8) -> u8 {
    x + r#match
}

/// Names like those that the macro makes for itself.
#[worker]
fn call(state: u8, local: u8, item_0: u8, #[param] value: u8, #[param] boxed: &u8) -> u8 {
    state + local + item_0 + value + *boxed
}

macro_rules! workers {
    ($($name:ident: $from:ty => $to:ty, $k:ident: $by:ty;)*) => {
        $(
            #[worker]
            fn $name(x: $from, #[param] $k: $by, #[local(0)] calls: &mut u64) -> $to {
                *calls += 1;
                <$to>::from(x) + <$to>::from(*$k)
            }
        )*
    };
}

workers! {
    wide: u8 => u16, by: &u8;
    wider: u16 => u64, of: &u16;
}

#[worker]
#[cfg(any())]
fn absent(x: NoSuchType) -> NoSuchType {
    x
}

#[worker]
#[deprecated = "use `wide`"]
#[must_use]
fn old(x: u8) -> u8 {
    x
}

fn main() {}

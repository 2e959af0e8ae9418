//! The workers of the catalogue. Each asks the setting that its item carries what to do; `node` is how it is called there.

use std::error::Error;

use papy::prelude::*;

use crate::item::Item;
use crate::told::Told;

pub type Answer<T> = Result<T, Box<dyn Error + Send + Sync>>;

// ---------------------------------------------------------------- one item each

/// Another value.
#[worker(fallible)]
pub fn work(mut x: Item, #[param] node: &'static str) -> Answer<Item> {
    x.act(node)?;
    x.become_of(node, 0);
    Ok(x)
}

/// The same with scratch memory.
#[worker(fallible)]
pub fn scratch(
    mut x: Item,
    #[param] node: &'static str,
    #[local(Vec::new())] buf: &mut Vec<u64>,
) -> Answer<Item> {
    buf.clear();
    x.act(node)?;
    buf.push(x.value);
    x.become_of(node, buf.len() as u64);
    Ok(x)
}

/// Never fails.
#[worker]
pub fn plain(mut x: Item) -> Item {
    x.become_of("plain", 0);
    x
}

#[worker(fallible)]
pub fn halves(x: Item, #[param] node: &'static str) -> Answer<(Item, Item)> {
    x.act(node)?;
    let mut right = x.clone();
    right.become_of(node, 1);
    Ok((x, right))
}

/// An item with fields.
#[derive(Clone)]
pub struct Pair {
    pub left: Item,
    pub right: Item,
}

#[worker(fallible)]
pub fn pair(x: Item, #[param] node: &'static str) -> Answer<Pair> {
    let (left, right) = halves(x, node)?;
    Ok(Pair { left, right })
}

/// Takes two thirds of the items out.
#[worker(fallible)]
pub fn third(x: Item, #[param] node: &'static str) -> Answer<Option<Item>> {
    x.act(node)?;
    Ok(x.value.is_multiple_of(3).then_some(x))
}

/// Takes a few items out.
#[worker(fallible)]
pub fn most(x: Item, #[param] node: &'static str) -> Answer<Option<Item>> {
    x.act(node)?;
    Ok((!x.value.is_multiple_of(7)).then_some(x))
}

/// Ends a stream.
#[worker(fallible)]
pub fn sink(x: Item, #[param] node: &'static str) -> Answer<()> {
    x.act(node)?;
    x.setting.sink(Told::cell(&x));
    Ok(())
}

// ---------------------------------------------------------------- joins

#[worker(fallible)]
pub fn join(mut x: Item, y: Item, #[param] node: &'static str) -> Answer<Item> {
    x.act(node)?;
    x.become_of(node, y.value);
    Ok(x)
}

#[worker(fallible)]
pub fn join3(mut x: Item, y: Item, z: Item, #[param] node: &'static str) -> Answer<Item> {
    x.act(node)?;
    x.become_of(node, y.value.wrapping_sub(z.value));
    Ok(x)
}

/// Of what may have failed: what is there, a fault again where it was one, or nothing.
#[worker(fallible)]
pub fn settle(x: Result<Item, Fault>, #[param] node: &'static str) -> Answer<Option<Item>> {
    match x {
        Ok(x) => work(x, node).map(Some),
        Err(fault) if fault.input() % 2 == 0 => Err(format!("{} again", fault.input()).into()),
        Err(_) => Ok(None),
    }
}

#[worker(fallible)]
pub fn settle2(
    x: Result<Item, Fault>,
    y: Result<Item, Fault>,
    #[param] node: &'static str,
) -> Answer<Item> {
    match (x, y) {
        (Ok(x), Ok(y)) => join(x, y, node),
        (Ok(x), Err(_)) => work(x, node),
        (Err(_), Ok(y)) => Ok(y),
        (Err(fault), Err(_)) => Err(format!("{} twice", fault.input()).into()),
    }
}

// ---------------------------------------------------------------- rates

#[worker(fallible)]
pub fn two(x: Item, #[param] node: &'static str) -> Answer<[Item; 2]> {
    halves(x, node).map(|(left, right)| [left, right])
}

#[worker(fallible)]
pub fn three(x: Item, #[param] node: &'static str) -> Answer<[Item; 3]> {
    let (left, right) = halves(x, node)?;
    let mut last = right.clone();
    last.become_of(node, 2);
    Ok([left, right, last])
}

/// A whole group.
#[worker(fallible)]
pub fn couple(xs: [Item; 2], #[param] node: &'static str) -> Answer<Item> {
    let [x, y] = xs;
    join(x, y, node)
}

/// A group, which may be a shorter last one.
#[worker(fallible)]
pub fn group(xs: Vec<Item>, #[param] node: &'static str) -> Answer<Item> {
    let mut all = xs.into_iter();
    let Some(mut x) = all.next() else {
        return Err("a group of nothing".into());
    };
    x.act(node)?;
    all.for_each(|y| x.become_of(node, y.value));
    Ok(x)
}

#[worker(fallible)]
pub fn group_settled(xs: Vec<Result<Item, Fault>>, #[param] node: &'static str) -> Answer<Item> {
    group(xs.into_iter().filter_map(Result::ok).collect(), node)
}

#[worker(fallible)]
pub fn group_pairs(xs: Vec<(Item, Item)>, #[param] node: &'static str) -> Answer<Item> {
    group(xs.into_iter().flat_map(|(x, y)| [x, y]).collect(), node)
}

/// None to four items.
#[worker(fallible)]
pub fn some(x: Item, #[param] node: &'static str) -> Answer<Vec<Item>> {
    x.act(node)?;
    Ok(each(x, node).collect())
}

/// The same, while they are asked for.
#[worker]
pub fn lazily(x: Item, #[param] node: &'static str) -> impl Iterator<Item = Item> {
    each(x, node).map(move |x| match x.act(node) {
        Ok(()) => x,
        Err(error) => panic!("{error}, on purpose"),
    })
}

fn each(x: Item, node: &'static str) -> impl Iterator<Item = Item> + use<> {
    (0..x.value % 5).map(move |n| {
        let mut y = x.clone();
        y.become_of(node, n);
        y
    })
}

// ---------------------------------------------------------------- state

/// Depends on everything before.
#[worker(fallible)]
pub fn running(sum: &mut u64, mut x: Item, #[param] node: &'static str) -> Answer<Item> {
    x.act(node)?;
    *sum = sum.wrapping_mul(5).wrapping_add(x.value);
    x.become_of(node, *sum);
    Ok(x)
}

/// All in one, in order.
#[worker(fallible)]
pub fn gather(all: &mut Option<Item>, x: Item, #[param] node: &'static str) -> Answer<()> {
    x.act(node)?;
    match all {
        Some(all) => all.become_of(node, x.value),
        None => *all = Some(x),
    }
    Ok(())
}

/// What was gathered, if anything was.
#[worker]
pub fn gathered(all: Option<Item>) -> Option<Item> {
    all
}

// ---------------------------------------------------------------- routes

/// What a route tells apart.
#[derive(Clone)]
pub enum Sort {
    Low(Item),
    High { left: Item, right: Item },
    Both(Item, Item),
    Nothing,
}

#[worker(fallible)]
pub fn sort(x: Item, #[param] node: &'static str) -> Answer<Sort> {
    let kind = x.value % 4;
    let (left, right) = halves(x, node)?;
    Ok(match kind {
        0 => Sort::Low(left),
        1 => Sort::High { left, right },
        2 => Sort::Both(left, right),
        _ => Sort::Nothing,
    })
}

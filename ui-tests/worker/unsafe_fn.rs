use papy::prelude::*;

#[worker]
unsafe fn deref(address: usize) -> u8 {
    unsafe { *(address as *const u8) }
}

fn main() {}

use papy::prelude::*;

#[derive(Clone)]
struct Read {
    lock: Lock,
}

struct Lock;

impl Clone for Lock {
    fn clone(&self) -> Lock {
        Lock
    }
}

struct Key;

#[worker]
fn split(read: Read) -> (Key, Lock) {
    (Key, read.lock)
}

#[worker]
fn turn(_key: Key, _other: Key) -> u64 {
    1
}

pipeline! {
    fn locks(reads: Stream<Read>) -> (Stream<u64>, Stream<Lock>) {
        let (key, lock) = reads >> split;
        let turned = (key, key) >> turn;
        (turned, lock)
    }
}

fn main() {}

use papy::prelude::*;

struct Table {
    rows: Vec<u64>,
}

pipeline! {
    fn counted(xs: Stream<u32>, count: u64) -> Stream<u32> {
        xs >> (|x| { count += 1; x })
    }
}

pipeline! {
    fn tabled(xs: Stream<usize>, table: Table) -> Stream<usize> {
        let mine = xs >> (|x| { let mut table = 3; table += x; table });
        mine >> (|x| { table.rows[x] = 1; x })
    }
}

fn main() {}

use papy::prelude::*;

struct Ticket(u64);

pipeline! {
    fn redeemed(tickets: Stream<Ticket>) -> Stream<u64> {
        tickets >> (|ticket| ticket.0).retry(2)
    }
}

fn main() {}

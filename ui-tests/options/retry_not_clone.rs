use papy::prelude::*;

struct Ticket(u64);

#[worker]
fn redeem(ticket: Ticket) -> Result<u64, String> {
    Ok(ticket.0)
}

pipeline! {
    fn redeemed(tickets: Stream<Ticket>) -> Stream<u64> {
        tickets >> redeem.retry(2)
    }
}

fn main() {}

//! What `tracing` is told of runs that stand still, with the feature of that name.

#[path = "common/guard.rs"]
mod guard;

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use guard::within;
use papy::prelude::*;
use papy::testing::{FaultPlan, Planned};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes events down, a line each.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        let metadata = event.metadata();
        write!(log, "{} {}", metadata.level(), metadata.target()).unwrap();
        event.record(&mut Line(&mut log));
        log.push('\n');
    }
}

#[worker]
fn align(x: u64, #[param] plan: &FaultPlan) -> Result<u64, Planned> {
    plan.act("align", x).map(|()| x)
}

pipeline! {
    fn aligned(reads: Stream<u64>, plan: FaultPlan) -> Stream<u64> {
        let rows = reads >> align(plan = plan);
        rows
    }
}

#[test]
fn a_run_that_stands_still_is_an_event() {
    within(60, || {
        let log = Log::default();
        tracing::subscriber::set_global_default(log.clone()).unwrap();
        let plan = FaultPlan::new().slow("align", 2, millis(400));
        let report = aligned(0..4, plan).stall_after(millis(40)).run();
        assert_eq!(report.stalls().len(), 1, "{report}");
        let log = log.0.lock().unwrap();
        let message = "WARN papy message=`align` has been at item 2 for ";
        assert!(log.starts_with(message), "{log}");
        let fields = "run=\"aligned\" node=\"align\" item=2 waiting=\"output `rows`\"\n";
        assert!(log.ends_with(fields), "{log}");
        assert_eq!(log.lines().count(), 1, "{log}");
    });
}

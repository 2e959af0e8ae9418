//! A run for programs.

use std::fmt::{self, Write};

use crate::harness::{Measured, Spread};
use crate::report::Setting;

/// A run as JSON.
#[must_use]
pub fn json(setting: &Setting, workloads: &[Measured]) -> String {
    let mut text = String::new();
    write_json(&mut text, setting, workloads).expect("a string takes everything");
    text
}

fn write_json(text: &mut String, setting: &Setting, workloads: &[Measured]) -> fmt::Result {
    let Setting {
        threads,
        rounds,
        quick,
        spins,
    } = setting;
    write!(
        text,
        r#"{{"threads":{threads},"rounds":{rounds},"quick":{quick},"spins":{spins},"workloads":["#
    )?;
    for (i, workload) in workloads.iter().enumerate() {
        let (name, title, unit) = (workload.name, workload.title, workload.unit);
        let comma = if i > 0 { "," } else { "" };
        // names and titles are plain ASCII without quotes or backslashes, or `{:?}` would not do
        write!(
            text,
            "{comma}\n {{\"name\":{name:?},\"title\":{title:?},\"unit\":{unit:?},\"ways\":["
        )?;
        for (i, way) in workload.ways.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let (name, items) = (way.name, way.items);
            let (each, ratio) = (spread(way.nanoseconds), spread(way.ratio));
            write!(
                text,
                "{comma}\n  {{\"name\":{name:?},\"items\":{items},\"ns\":{each},\"ratio\":{ratio}}}"
            )?;
        }
        write!(text, "]}}")?;
    }
    writeln!(text, "]}}")
}

fn spread(spread: Spread) -> String {
    let Spread { median, min, max } = spread;
    format!(r#"{{"median":{median:.4},"min":{min:.4},"max":{max:.4}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Workload;

    fn measured() -> Measured {
        let workload = Workload::new("W1-chain", "a title", 1000, |n| n);
        workload.way("papy for_each", |n| n).measure(2)
    }

    #[test]
    fn json_is_balanced() {
        let setting = Setting {
            threads: 2,
            rounds: 2,
            quick: true,
            spins: 1,
        };
        let json = json(&setting, &[measured(), measured()]);
        for pair in ["{}", "[]"] {
            let [open, close] = [&pair[..1], &pair[1..]].map(|c| json.matches(c).count());
            assert_eq!(open, close, "{json}");
        }
        assert!(
            json.contains(r#""name":"papy for_each","items":1000,"ns":{"#),
            "{json}"
        );
    }
}

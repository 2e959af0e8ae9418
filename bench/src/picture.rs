//! A picture of a run: a panel for each workload that other libraries have a part in, a bar for each library.

use std::fmt::{self, Write};

use crate::harness::Measured;
use crate::report::{Setting, digits};

const COLUMNS: usize = 3;
const PANEL: f64 = 330.0;
const LABEL: f64 = 174.0;
const BARS: f64 = 100.0;
const LINE: f64 = 16.0;
const HEAD: f64 = 44.0;
const MARGIN: f64 = 12.0;

/// The colours follow those of the page.
const STYLE: &str = "\
text { font: 11px system-ui, sans-serif; fill: #1f2328 }
.name { font-weight: 600; font-size: 13px }
.small { fill: #59636e }
.end { text-anchor: end }
.bar { fill: #afb8c1 }
.papy { fill: #0969da }
.bound { fill: #d8dee4 }
.one { stroke: #59636e; stroke-dasharray: 2 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .bar { fill: #656c76 }
  .papy { fill: #4493f8 }
  .bound { fill: #3d444d }
  .one { stroke: #9198a1 }
}
";

/// Draws a run as SVG: papy's ways, and the best way of each library.
#[must_use]
pub fn picture(setting: &Setting, workloads: &[Measured]) -> String {
    let mut text = String::new();
    draw(&mut text, setting, workloads).expect("a string takes everything");
    text
}

fn draw(text: &mut String, setting: &Setting, workloads: &[Measured]) -> fmt::Result {
    let panels: Vec<Panel> = workloads
        .iter()
        .filter(|workload| workload.has_others())
        .map(Panel::of)
        .collect();
    let rows: Vec<&[Panel]> = panels.chunks(COLUMNS).collect();
    let height = |row: &[Panel]| row.iter().map(Panel::height).fold(0.0, f64::max);
    let all: f64 = rows.iter().map(|row| height(row)).sum();
    let (width, top) = (PANEL * COLUMNS as f64, 2.0 * LINE);
    writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {}\">\n<style>\n{STYLE}</style>",
        top + all
    )?;
    writeln!(
        text,
        "<text class=\"small\" x=\"{MARGIN}\" y=\"{LINE}\">Time as a ratio to the plain loop (dashed); shorter is \
         better. {setting}.</text>"
    )?;
    let mut y = top;
    for row in rows {
        for (column, panel) in row.iter().enumerate() {
            writeln!(
                text,
                "<g transform=\"translate({} {y})\">",
                PANEL * column as f64
            )?;
            panel.draw(text)?;
            writeln!(text, "</g>")?;
        }
        y += height(row);
    }
    writeln!(text, "</svg>")
}

struct Panel<'a> {
    workload: &'a Measured,
    bars: Vec<Bar>,
    scale: Scale,
}

struct Bar {
    class: &'static str,
    label: &'static str,
    /// The way's full name.
    name: &'static str,
    ratio: f64,
}

impl<'a> Panel<'a> {
    fn of(workload: &'a Measured) -> Panel<'a> {
        let mut bars: Vec<Bar> = Vec::new();
        for way in &workload.ways[1..] {
            let library = way.library();
            let (class, label, way) = match library {
                "loop" => ("bound", way.name, way),
                "papy" => ("papy", way.name, way),
                _ => ("bar", library, workload.best_of(library).unwrap_or(way)),
            };
            if bars.iter().all(|bar| bar.label != label) {
                bars.push(Bar {
                    class,
                    label,
                    name: way.name,
                    ratio: way.ratio.median,
                });
            }
        }
        bars.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
        Panel {
            scale: Scale::of(&bars),
            workload,
            bars,
        }
    }

    fn height(&self) -> f64 {
        HEAD + self.bars_height() + 1.5 * LINE
    }

    fn bars_height(&self) -> f64 {
        LINE * self.bars.len() as f64
    }

    fn draw(&self, text: &mut String) -> fmt::Result {
        let Measured { name, title, .. } = self.workload;
        writeln!(
            text,
            "<text class=\"name\" x=\"{MARGIN}\" y=\"14\">{name}</text>\n\
             <text class=\"small\" x=\"{MARGIN}\" y=\"30\">{title}</text>"
        )?;
        let (one, end) = (LABEL + self.scale.length(1.0), HEAD + self.bars_height());
        writeln!(
            text,
            "<path class=\"one\" d=\"M{one:.1} {HEAD}V{end}\"/>\n\
             <text class=\"small\" x=\"{LABEL}\" y=\"{}\">{}</text>",
            end + 11.0,
            self.scale.words(),
        )?;
        let mut y = HEAD;
        for bar in &self.bars {
            let Bar {
                class,
                label,
                name,
                ratio,
            } = bar;
            let (length, middle) = (self.scale.length(*ratio), y + 10.0);
            writeln!(
                text,
                "<g><title>{name}</title><text class=\"end\" x=\"{}\" y=\"{middle}\">{label}</text>\
                 <rect class=\"{class}\" x=\"{LABEL}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"{middle}\">{}</text></g>",
                LABEL - 6.0,
                y + 1.0,
                LINE - 4.0,
                LABEL + length + 5.0,
                digits(*ratio, 2),
            )?;
            y += LINE;
        }
        Ok(())
    }
}

/// How long a bar is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// From zero to this ratio.
    Even(f64),
    /// From one ratio to another, each step a factor.
    Logarithmic(f64, f64),
}

impl Scale {
    /// Bars that differ by more than a factor of ten need steps that are factors.
    fn of(bars: &[Bar]) -> Scale {
        let ratios = bars.iter().map(|bar| bar.ratio);
        let (least, most) = ratios.fold((1.0, 1.0_f64), |(least, most): (f64, f64), ratio| {
            (least.min(ratio), most.max(ratio))
        });
        if most > 10.0 * least {
            Scale::Logarithmic(least / 2.0, most)
        } else {
            Scale::Even(most)
        }
    }

    fn length(self, ratio: f64) -> f64 {
        let part = match self {
            Scale::Even(most) => ratio / most,
            Scale::Logarithmic(from, most) => (ratio / from).ln() / (most / from).ln(),
        };
        BARS * part.max(0.01)
    }

    fn words(self) -> &'static str {
        match self {
            Scale::Even(_) => "",
            Scale::Logarithmic(..) => "logarithmic",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Workload;

    fn setting() -> Setting {
        Setting {
            threads: 2,
            rounds: 1,
            quick: true,
            spins: 1,
        }
    }

    #[test]
    fn a_library_has_one_bar_and_papy_all_of_its() {
        let workload = Workload::new("W2", "a title", 10, |n| n)
            .way("papy for_each", |n| n)
            .way("papy start", |n| n)
            .way("rayon, slow", |n| n)
            .way("rayon, fast", |n| n)
            .measure(1);
        let alone = Workload::new("W1", "papy's own", 10, |n| n)
            .way("papy for_each", |n| n)
            .measure(1);
        let text = picture(&setting(), &[alone, workload]);
        assert_eq!(text.matches("<rect").count(), 3, "{text}");
        assert_eq!(text.matches("class=\"name\"").count(), 1, "{text}");
        assert_eq!(text.matches("<g").count(), text.matches("</g>").count());
        assert!(text.contains("prefers-color-scheme: dark"));
    }

    #[test]
    fn lengths_grow_with_ratios() {
        for scale in [Scale::Even(3.0), Scale::Logarithmic(0.5, 300.0)] {
            assert!(scale.length(0.6) < scale.length(1.0));
            assert!(scale.length(1.0) < scale.length(3.0));
        }
        for scale in [Scale::Even(9.0), Scale::Logarithmic(0.5, 9.0)] {
            assert!((scale.length(9.0) - BARS).abs() < 1e-9);
        }
    }
}

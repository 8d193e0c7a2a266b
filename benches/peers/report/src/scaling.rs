//! What `benches/scaling/run` wrote: how the cost of training grows, its slopes and its tables.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::record::{Machine, thousands, title};
use crate::table::row;

/// The whole JSON file.
#[derive(Debug, Deserialize)]
pub struct Scaling {
    date: String,
    command: String,
    machine: Machine,
    versions: BTreeMap<String, Option<String>>,
    repeats: usize,
    seconds: f64,
    /// Batch of the epochs.
    epoch_batch: usize,
    /// Seconds of a training step, at a batch.
    steps: Vec<Point>,
    /// Seconds of an epoch, of so many digits.
    epochs: Vec<Point>,
}

/// Seconds of something of a size.
#[derive(Debug, Clone, Deserialize)]
pub struct Point {
    network: String,
    plan: String,
    /// `LP_NUM_THREADS`.
    threads: usize,
    /// Batch, or digits.
    pub at: usize,
    pub median: f64,
}

/// A network with a plan and a number of threads, over all sizes.
#[derive(Debug, Clone)]
pub struct Line {
    pub network: String,
    pub plan: String,
    pub threads: usize,
    /// By size.
    pub points: Vec<Point>,
}

/// Half of the record: what a panel and a table show.
pub struct Half {
    pub title: String,
    pub axis: &'static str,
    pub lines: Vec<Line>,
}

impl Scaling {
    /// Steps by batch, then epochs by digits.
    pub fn halves(&self) -> [Half; 2] {
        let epoch = format!("seconds of an epoch, batch {}", self.epoch_batch);
        [
            Half {
                title: "seconds of a training step".into(),
                axis: "samples in the batch",
                lines: lines(&self.steps),
            },
            Half { title: epoch, axis: "digits of the epoch", lines: lines(&self.epochs) },
        ]
    }

    /// Picture, tables and what they rest on.
    pub fn markdown(&self, picture: &str) -> String {
        let mut text = format!("![Seconds by batch and by digits]({picture})\n");
        for half in self.halves() {
            text.push_str(&format!("\n{}, by {}:\n\n", capital(&half.title), half.axis));
            text.push_str(&half.table());
        }
        let version = |name: &str| self.versions.get(name).and_then(Option::as_deref);
        text.push_str(&format!(
            "\nThe slope is that of a straight line through the logarithms of both: 1 is twice the \
             time for twice the size. Medians of {} measurements (a step: of {} s; the epoch of \
             60,000 digits: one), from `{}` on {}: {}, {} cores, {}; {} of commit {}; {}.\n",
            self.repeats,
            self.seconds,
            self.command,
            self.date,
            self.machine.cpu,
            self.machine.cores,
            self.machine.os,
            version("lenet").unwrap_or("lenet"),
            version("commit").unwrap_or("unknown"),
            version("adapter").unwrap_or("no adapter"),
        ));
        text
    }
}

impl Half {
    /// Every size that a line has.
    pub fn sizes(&self) -> Vec<usize> {
        let sizes = self.lines.iter().flat_map(|line| line.points.iter().map(|point| point.at));
        sizes.collect::<BTreeSet<usize>>().into_iter().collect()
    }

    fn table(&self) -> String {
        let sizes = self.sizes();
        let mut head = ["network", "plan", "threads"].map(String::from).to_vec();
        head.extend(sizes.iter().map(|&size| thousands(size as f64)));
        head.push("slope".into());
        let rule = (0..head.len()).map(|i| if i < 2 { "---" } else { "---:" });
        let mut rows = vec![row(head.iter().map(String::as_str)), row(rule)];
        for line in &self.lines {
            let mut cells =
                vec![title(&line.network), line.plan.clone(), line.threads.to_string()];
            cells.extend(sizes.iter().map(|&size| {
                let point = line.points.iter().find(|point| point.at == size);
                point.map_or("-".into(), |point| duration(point.median))
            }));
            cells.push(line.slope().map_or("-".into(), |slope| format!("{slope:.2}")));
            rows.push(row(cells.iter().map(String::as_str)));
        }
        rows.join("\n") + "\n"
    }
}

impl Line {
    /// d log(seconds) / d log(size), by least squares over all points.
    pub fn slope(&self) -> Option<f64> {
        let logs = self.points.iter().map(|point| ((point.at as f64).ln(), point.median.ln()));
        let logs: Vec<(f64, f64)> = logs.collect();
        let count = logs.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let covariance: f64 = logs.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        let variance: f64 = logs.iter().map(|point| (point.0 - x).powi(2)).sum();
        (variance > 0.0).then(|| covariance / variance)
    }

    /// For a legend.
    pub fn label(&self) -> String {
        let slope = self.slope().map_or(String::new(), |slope| format!(": slope {slope:.2}"));
        let way = match self.plan.as_str() {
            "layered" => format!("{} threads", self.threads),
            plan => plan.into(),
        };
        format!("{}, {way}{slope}", title(&self.network))
    }
}

/// A line for each network, plan and number of threads, in the order of the record.
fn lines(points: &[Point]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for point in points {
        let Point { network, plan, threads, .. } = point.clone();
        let same = |line: &&mut Line| {
            line.network == network && line.plan == plan && line.threads == threads
        };
        match lines.iter_mut().find(same) {
            Some(line) => line.points.push(point.clone()),
            None => lines.push(Line { network, plan, threads, points: vec![point.clone()] }),
        }
    }
    lines.iter_mut().for_each(|line| line.points.sort_by_key(|point| point.at));
    lines
}

/// Three digits and a unit.
pub fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        seconds if seconds < 1e-3 => (1e6 * seconds, "us"),
        seconds if seconds < 1.0 => (1e3 * seconds, "ms"),
        seconds => (seconds, "s"),
    };
    let decimals = if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    format!("{value:.decimals$} {unit}")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A record small enough to read in a test: a step costs 1 ms and 0.1 ms a sample.
#[cfg(test)]
pub fn example() -> Scaling {
    let point = |at: usize, median: f64| serde_json::json!({ "network": "lenet1", "plan": "layered", "threads": 2, "at": at, "median": median });
    let steps = [1, 10, 100].map(|batch| point(batch, 1e-3 + 1e-4 * batch as f64));
    let epochs = [60_000, 1_000].map(|digits| point(digits, digits as f64 / 1e4));
    serde_json::from_value(serde_json::json!({
        "date": "2000-01-01", "command": "benches/scaling/run", "repeats": 3, "seconds": 0.3,
        "machine": { "cpu": "A CPU", "cores": 2, "os": "Linux" },
        "versions": { "commit": "abc", "adapter": null }, "epoch_batch": 16,
        "steps": steps, "epochs": epochs,
    }))
    .expect("the example is a record")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_logarithms() {
        let [steps, epochs] = example().halves();
        // log10 of 1.1, 2 and 11 ms: the outer two are 1 apart over two powers of ten.
        assert_eq!(format!("{:.4}", steps.lines[0].slope().unwrap()), "0.5000");
        assert_eq!(format!("{:.4}", epochs.lines[0].slope().unwrap()), "1.0000");
        assert_eq!(epochs.sizes(), [1_000, 60_000]);
        let one = Line { points: vec![steps.lines[0].points[0].clone()], ..steps.lines[0].clone() };
        assert_eq!(one.slope(), None);
    }

    #[test]
    fn tables_have_a_row_for_each_line() {
        let text = example().markdown("scaling.svg");
        for line in [
            "| network | plan | threads | 1 | 10 | 100 | slope |",
            "| LeNet-1 | layered | 2 | 1.10 ms | 2.00 ms | 11.0 ms | 0.50 |",
            "| LeNet-1 | layered | 2 | 100 ms | 6.00 s | 1.00 |",
        ] {
            assert!(text.contains(line), "{line} is missing: {text}");
        }
    }
}

//! Second derivatives and learning rates of each layer by pass, where the optimizer has them.

use super::chart::{self, Scale};
use super::{Block, Table};
use crate::report::lines::Line;
use crate::train::curvature::{LayerCurvature, Spread};

/// Charts of the medians, and a table of the ranges; nothing where an epoch has no curvature.
pub fn blocks(lines: &[Line]) -> Vec<Block> {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Vec::new() };
    if lines.iter().any(|line| line.curvature.is_empty()) {
        return Vec::new();
    }
    let chart = |name: &str, caption: &str, of: fn(&LayerCurvature) -> Spread| {
        let line = |(layer, about): (usize, &LayerCurvature)| {
            let point = |line: &Line| {
                let median = of(line.curvature.get(layer)?).median;
                // A logarithm has no place for 0.
                (median > 0.0).then_some((line.epoch as f64, f64::from(median)))
            };
            chart::Line::plain(&about.layer.to_uppercase(), lines.iter().filter_map(point))
        };
        let drawn = first.curvature.iter().enumerate().map(line).collect();
        let caption = format!("{caption}: the median of each layer by pass.");
        Block::curves(name, caption, ["pass", name], drawn, Scale::Powers(10.0))
    };
    vec![
        Block::Heading("Curvature and learning rates".into()),
        chart("curvature", "Second derivatives h", |layer| layer.h),
        chart("rate", "Learning rates eta / (mu + h)", |layer| layer.rate),
        Block::Text(
            "Least, median and largest of each layer in the first and the last pass:".into(),
        ),
        Block::Table(ranges(first, last)),
    ]
}

/// Least, median and largest of each layer in the first and the last pass.
fn ranges(first: &Line, last: &Line) -> Table {
    let shown = |range: Spread| {
        let Spread { least, median, largest } = range;
        format!("{least:.1e}, {median:.1e}, {largest:.1e}")
    };
    let row = |(first, last): (&LayerCurvature, &LayerCurvature)| {
        let ranges = [first.h, last.h, first.rate, last.rate].map(shown);
        [first.layer.to_uppercase()].into_iter().chain(ranges).collect()
    };
    let pass = |what: &str, line: &Line| format!("{what}, pass {}", line.epoch);
    let headings = [
        "Layer".into(),
        pass("h", first),
        pass("h", last),
        pass("rate", first),
        pass("rate", last),
    ];
    Table::new(headings, first.curvature.iter().zip(&last.curvature).map(row).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(epoch: usize, with: bool) -> Line {
        let range = |scale: f64| json!({ "least": 0.0, "median": scale, "largest": 2.0 * scale });
        let mut line = json!({
            "epoch": epoch, "learning_rate": 0.01, "train_loss": 0.5, "train_accuracy": 0.9, "test_loss": 0.6,
            "test_accuracy": 0.8, "test_errors": 2, "seconds": 1.5, "samples_per_second": 3.0
        });
        if with {
            let layer = |name: &str| json!({ "layer": name, "h": range(0.5), "rate": range(1e-3) });
            line["curvature"] = json!([layer("c1"), layer("s2")]);
        }
        serde_json::from_value(line).unwrap()
    }

    #[test]
    fn told_where_the_runs_have_it() {
        assert!(blocks(&[line(1, false), line(2, false)]).is_empty());
        assert!(blocks(&[]).is_empty());
        let told = blocks(&[line(1, true), line(2, true)]);
        let [
            _,
            Block::Chart { svg, caption, .. },
            Block::Chart { name, .. },
            _,
            Block::Table(table),
        ] = &told[..]
        else {
            panic!("{told:?}")
        };
        assert!(svg.contains(">S2<") && caption.contains("by pass"), "{svg}");
        assert_eq!(name, "rate");
        assert_eq!(table.rows[0][1], "0.0e0, 5.0e-1, 1.0e0");
    }
}

//! The panels of the dashboard.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

use super::draw::{SOFT, WARN};
use super::kernels;
use super::state::State;
use crate::text::thousands;

/// Letters of a count in the confusion matrix.
const CELL: usize = 3;

/// Where the run is, in figures.
pub fn numbers(state: &State) -> Text<'static> {
    let now = state.now;
    let shown = |value: Option<String>| value.unwrap_or_else(|| "...".into());
    let last = |points: &[(f64, f64)], unit: &str| {
        shown(points.last().map(|(epoch, y)| format!("{y:.4}{unit} after epoch {epoch}")))
    };
    let rows = [
        (
            "epoch",
            shown(now.map(|now| {
                let (step, steps) = (thousands(now.step), thousands(now.steps));
                format!("{}/{}  step {step}/{steps}", now.epoch, state.epochs)
            })),
        ),
        ("learning rate", shown(now.map(|now| format!("{:.3e}", now.lr)))),
        ("digits/s", shown(state.rate().map(|rate| thousands(rate as usize)))),
        ("test error", last(&state.errors, " %")),
        (
            "training loss",
            match state.loss {
                Some(loss) => format!("{loss:.4} so far"),
                None => last(&state.losses, ""),
            },
        ),
    ];
    let line = |(name, value): (&'static str, String)| {
        Line::from(vec![Span::styled(format!("{name:<14}"), SOFT), Span::raw(value)])
    };
    Text::from_iter(rows.map(line))
}

/// A curve over the epochs, on a logarithmic scale.
pub fn chart(
    frame: &mut Frame,
    area: Rect,
    title: &str,
    points: &[(f64, f64)],
    epochs: usize,
    style: Style,
) {
    let [head, area] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    frame.render_widget(Line::styled(title, style), head);
    let logs: Vec<(f64, f64)> =
        points.iter().filter(|point| point.1 > 0.0).map(|&(x, y)| (x, y.log2())).collect();
    let least = logs.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let most = logs.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    if logs.is_empty() {
        return frame.render_widget("after the first epoch", area);
    }
    // A single point has no scale of its own.
    let bounds = if least < most { [least, most] } else { [least - 1.0, most + 1.0] };
    let labels = [bounds[0], (bounds[0] + bounds[1]) / 2.0, bounds[1]].map(|y| short(y.exp2()));
    let epochs = epochs.max(2);
    let data = Dataset::default()
        .marker(Marker::Braille)
        .graph_type(GraphType::Line)
        .style(style)
        .data(&logs);
    let x =
        Axis::default().bounds([1.0, epochs as f64]).labels(["1".to_string(), epochs.to_string()]);
    let y = Axis::default().bounds(bounds).labels(labels);
    frame.render_widget(Chart::new(vec![data]).x_axis(x).y_axis(y), area);
}

/// Three digits of a number.
fn short(number: f64) -> String {
    let places = (2.0 - number.log10().floor()).clamp(0.0, 4.0) as usize;
    format!("{number:.places$}")
}

/// Mistakes by label and answer; the right answers would only be in the way.
pub fn confusion(state: &State) -> Text<'static> {
    let Some(counts) = &state.confusion else {
        return Text::styled("mistakes: after the first epoch", SOFT);
    };
    let named = |class: usize, letters: usize| {
        let name: String = state.names.of(class).chars().take(2).collect();
        format!("{name:>letters$}")
    };
    let digits: String = (0..counts.len()).map(|said| named(said, CELL)).collect();
    let head = [
        Line::styled("mistakes: label down, answer across", SOFT),
        Line::styled(format!("  {digits}   all"), SOFT),
    ];
    let row = |(label, row): (usize, &Vec<usize>)| {
        let mut spans = vec![Span::styled(named(label, 2), SOFT)];
        spans.extend(row.iter().enumerate().map(|(said, &count)| match count {
            _ if said == label => Span::styled(format!("{:>CELL$}", "\\"), SOFT),
            0 => Span::styled(format!("{:>CELL$}", "."), SOFT),
            count => Span::raw(format!("{count:>CELL$}")),
        }));
        let wrong = row.iter().sum::<usize>() - row[label];
        spans.push(Span::styled(format!("{wrong:>6}"), WARN));
        Line::from(spans)
    };
    Text::from_iter(head.into_iter().chain(counts.iter().enumerate().map(row)))
}

pub fn first_kernels(state: &State, width: u16, colors: bool) -> Text<'static> {
    if state.kernels.is_empty() {
        return Text::styled("kernels: after the first epoch", SOFT);
    }
    let head = Line::styled("kernels of the first convolution", SOFT);
    let lines = kernels::lines(&state.kernels, usize::from(width), colors);
    Text::from_iter([head].into_iter().chain(lines))
}

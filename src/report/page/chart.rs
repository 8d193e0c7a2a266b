//! Lines with bands, as SVG that follows the reader's colour scheme.

use std::ops::Range;

use maud::{Markup, PreEscaped, html};

use crate::evaluation::statistics::Sample;

/// Width and height of the picture in its own units: as wide as a small telephone, so that letters
/// stay readable.
const SIZE: [f64; 2] = [390.0, 280.0];
/// Left edge of the plot.
const LEFT: f64 = 60.0;
/// Upper edge.
const TOP: f64 = 6.0;
/// Lower edge.
const BOTTOM: f64 = 234.0;
/// Right margin.
const MARGIN: f64 = 15.0;
/// Right margin where the names of the lines stand beside the plot.
const WIDE_MARGIN: f64 = 47.0;
/// Lines whose names fit into a corner of the plot.
const IN_CORNER: usize = 3;
/// Colours of lines in the style, after which they begin again.
const COLORS: usize = 6;
const STYLE: &str = include_str!("chart.css");

/// A line with a band around it.
#[derive(Debug, Clone)]
pub struct Line {
    pub name: String,
    /// x, the line, and the lower and upper edge of the band.
    pub points: Vec<[f64; 4]>,
}

impl Line {
    /// A line without a band.
    pub fn plain(name: &str, points: impl Iterator<Item = (f64, f64)>) -> Self {
        Line { name: name.into(), points: points.map(|(x, y)| [x, y, y, y]).collect() }
    }

    /// The mean, with a band of one standard deviation to both sides that ends at 0.
    pub fn band(name: &str, samples: impl IntoIterator<Item = (f64, Sample)>) -> Self {
        let point = |(x, Sample { mean, deviation, .. })| {
            let s = deviation.unwrap_or(0.0);
            [x, mean, f64::max(mean - s, 0.0), mean + s]
        };
        Line { name: name.into(), points: samples.into_iter().map(point).collect() }
    }
}

/// How y grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// Linear, from 0.
    Linear,
    /// Equal factors at equal distances, with a label at every power of this.
    Powers(f64),
}

#[derive(Debug, Clone)]
pub struct Chart {
    /// What the axes show.
    pub labels: [String; 2],
    pub lines: Vec<Line>,
    /// A figure from another source, as a dashed line across: its name and y.
    pub reference: Option<(String, f64)>,
    pub y: Scale,
}

/// An axis: numbers of a range, and the places in the picture of its ends.
struct Axis {
    range: Range<f64>,
    scale: Scale,
    places: [f64; 2],
}

impl Axis {
    /// Where a number stands in the picture, to a tenth of a unit.
    fn place(&self, number: f64) -> f64 {
        let Range { start, end } = self.range;
        let share = match self.scale {
            Scale::Linear => (number - start) / (end - start),
            Scale::Powers(_) => (number.max(start) / start).ln() / (end / start).ln(),
        };
        let [from, to] = self.places;
        (10.0 * (from + share * (to - from))).round() / 10.0
    }

    /// Numbers to label, at most `most`: powers of the base where two or more are in the range; otherwise multiples of
    /// 1, 2 or 5 times a power of ten, in steps of at least `least`.
    fn ticks(&self, most: usize, least: f64) -> Vec<f64> {
        let Range { start, end } = self.range;
        if let Scale::Powers(base) = self.scale {
            let [first, last] = [start.log(base).ceil() as i32, end.log(base).floor() as i32];
            if first < last {
                let step = (last - first) as usize / most + 1;
                return (first..=last).step_by(step).map(|power| base.powi(power)).collect();
            }
        }
        let ten = 10.0_f64.powf(((end - start) / most as f64).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|factor| (factor * ten).max(least));
        let multiples = |step: f64| (start / step).ceil() as i64..=(end / step).floor() as i64;
        let fits = |step: &&f64| multiples(**step).count() <= most;
        let step = *steps.iter().find(fits).unwrap_or(&steps[4]);
        multiples(step).map(|multiple| multiple as f64 * step).collect()
    }
}

impl Chart {
    /// The picture as SVG text that needs nothing else.
    pub fn svg(&self) -> String {
        let margin = if self.lines.len() > IN_CORNER { WIDE_MARGIN } else { MARGIN };
        let [width, height] = SIZE;
        let right = width - margin;
        let x = Axis { range: self.x_range(), scale: Scale::Linear, places: [LEFT, right] };
        let y = Axis { range: self.y_range(), scale: self.y, places: [BOTTOM, TOP] };
        let point = |[number, value]: [f64; 2]| format!("{},{} ", x.place(number), y.place(value));
        // The points of the line (`at` is 1), or of the lower (2) or upper (3) edge of its band.
        let edge = |line: &Line, at: usize| -> Vec<String> {
            line.points.iter().map(|values| point([values[0], values[at]])).collect()
        };
        let band = |line: &Line| {
            edge(line, 2).into_iter().chain(edge(line, 3).into_iter().rev()).collect::<String>()
        };
        let lines = || self.lines.iter().zip((0..COLORS).cycle());
        let svg = html! {
            svg.chart viewBox={ "0 0 " (width) " " (height) } xmlns="http://www.w3.org/2000/svg" {
                style { (PreEscaped(STYLE)) }
                text x=((LEFT + right) / 2.0) y="274" dy="-0.5ex" { (self.labels[0]) }
                text transform="translate(6 120) rotate(-90)" dy="0.76em" { (self.labels[1]) }
                @for tick in y.ticks(6, 0.0) {
                    @let place = y.place(tick);
                    line x1="54" y1=(place) x2=(right) y2=(place) {}
                    text.end x="50" y=(place) dy="0.5ex" { (plain(tick)) }
                }
                // x is an epoch or a per cent: whole numbers are labels enough.
                @for tick in x.ticks(8, 1.0) {
                    @let place = x.place(tick);
                    line x1=(place) y1=(BOTTOM) x2=(place) y2="239" {}
                    text x=(place) y="244" dy="0.76em" { (plain(tick)) }
                }
                line x1=(LEFT) y1=(TOP) x2=(LEFT) y2=(BOTTOM) {}
                line x1=(LEFT) y1=(BOTTOM) x2=(right) y2=(BOTTOM) {}
                @for (line, color) in lines() {
                    g class={ "line-" (color) } {
                        polygon points=(band(line)) {}
                        polyline points=(edge(line, 1).concat()) {}
                        @for &[number, value, ..] in &line.points {
                            circle cx=(x.place(number)) cy=(y.place(value)) r="2" {}
                        }
                    }
                }
                @if let Some((name, number)) = &self.reference {
                    @let place = y.place(*number);
                    line.reference x1=(LEFT) y1=(place) x2=(right) y2=(place) {}
                    (legend(self.lines.len(), &format!("- - {name}")))
                }
                @for (number, (line, color)) in lines().enumerate() {
                    g class={ "line-" (color) } { (legend(number, &line.name)) }
                }
            }
        };
        svg.into_string()
    }

    fn y_range(&self) -> Range<f64> {
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let references = || self.reference.iter().map(|(_, y)| *y);
        let most = all().map(|point| point[3]).chain(references()).fold(0.0, f64::max);
        // A logarithm has no place for 0, where a band may end.
        let edges = all().flat_map(|point| [point[1], point[2]]).chain(references());
        let least = edges.filter(|&y| y > 0.0).fold(most, f64::min);
        match self.y {
            Scale::Powers(_) => least.max(1e-9) / 1.5..most.max(2e-9) * 1.5,
            Scale::Linear => 0.0..(1.05 * most).max(0.1),
        }
    }

    fn x_range(&self) -> Range<f64> {
        let all = || self.lines.iter().flat_map(|line| &line.points).map(|point| point[0]);
        let (least, most) = (all().fold(f64::MAX, f64::min), all().fold(f64::MIN, f64::max));
        if least < most { least..most } else { 0.0..2.0 }
    }
}

/// A name at the upper right, `number` rows below the first.
fn legend(number: usize, name: &str) -> Markup {
    html! { text.end x=(SIZE[0] - 18.0) y=(10 + 18 * number) dy="0.76em" { (name) } }
}

/// A number without zeros that say nothing.
fn plain(number: f64) -> String {
    match number.abs() {
        size if size != 0.0 && !(1e-3..1e5).contains(&size) => format!("{number:.0e}"),
        _ => format!("{}", (number * 1e4).round() / 1e4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(y: Scale) -> Chart {
        let points = vec![[1.0, 3.0, 2.5, 3.5], [2.0, 1.5, 1.25, 1.75], [3.0, 1.0, 0.9, 1.1]];
        Chart {
            labels: ["epoch".into(), "error %".into()],
            lines: vec![Line { name: "test <digits>".into(), points }],
            reference: Some(("paper".into(), 0.95)),
            y,
        }
    }

    #[test]
    fn names_what_it_shows_and_follows_the_scheme() {
        for scale in [Scale::Linear, Scale::Powers(2.0)] {
            let svg = chart(scale).svg();
            for word in ["epoch", "error %", "test &lt;digits&gt;", "- - paper", "\"line-0\""] {
                assert!(svg.contains(word), "{word} is missing in {svg}");
            }
            let (style, drawn) = svg.split_once("</style>").expect("a style");
            assert!(style.contains("prefers-color-scheme: dark"));
            assert!(!drawn.contains('#'), "a fixed colour in {drawn}");
        }
    }

    #[test]
    fn axes_hold_every_point() {
        assert_eq!(chart(Scale::Linear).y_range(), 0.0..1.05 * 3.5);
        assert_eq!(chart(Scale::Linear).x_range(), 1.0..3.0);
        // A band that ends at 0 leaves a logarithmic axis as it is.
        let mut wide = chart(Scale::Powers(2.0));
        wide.lines[0].points[0] = [1.0, 3.0, 0.0, 3.5];
        assert_eq!(wide.y_range(), chart(Scale::Powers(2.0)).y_range());
        let log = chart(Scale::Powers(2.0)).y_range();
        assert!(log.start < 0.9 && log.end > 3.5);
        assert_eq!([0.0, 0.5, 20.0, 1e-5].map(plain), ["0", "0.5", "20", "1e-5"]);
    }

    #[test]
    fn ticks_are_few_and_round() {
        let ticks = |range, scale, most, least| {
            Axis { range, scale, places: [0.0, 100.0] }.ticks(most, least)
        };
        assert_eq!(ticks(0.6..9.0, Scale::Powers(2.0), 6, 0.0), [1.0, 2.0, 4.0, 8.0]);
        let decades = ticks(1e-9..10.0, Scale::Powers(10.0), 6, 0.0);
        assert!((2..=6).contains(&decades.len()), "{decades:?}");
        assert_eq!(ticks(0.0..0.4, Scale::Linear, 6, 0.0).len(), 5);
        assert_eq!(ticks(1.0..20.0, Scale::Linear, 8, 1.0), [5.0, 10.0, 15.0, 20.0]);
        assert_eq!(ticks(1.0..2.0, Scale::Linear, 8, 1.0), [1.0, 2.0]);
        // Less than a factor of two between the ends.
        assert!(ticks(1.1..1.9, Scale::Powers(2.0), 6, 0.0).len() > 2);
    }

    #[test]
    fn numbers_have_their_places() {
        let axis = |scale| Axis { range: 1.0..100.0, scale, places: [200.0, 0.0] };
        assert_eq!(axis(Scale::Powers(10.0)).place(10.0), 100.0);
        assert_eq!(axis(Scale::Powers(10.0)).place(0.0), 200.0);
        assert_eq!(axis(Scale::Linear).place(50.5), 100.0);
    }
}

//! Lines with bands, as SVG that follows the reader's colour scheme.

use std::ops::Range;

use plotters::coord::combinators::LogCoord;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::error::{Error, Result};

/// Of the picture in its own units: as wide as a small telephone, so that letters stay readable.
const SIZE: (u32, u32) = (420, 290);
const FONT: &str = "system-ui, sans-serif";
const LETTERS: u32 = 15;
/// Lines whose names fit into a corner of the chart; those of more stand beside it.
const BESIDE: usize = 3;

/// Colours as the library writes them, and the names that take their place. Each scheme has its own
/// values; those of the lines are Okabe and Ito's, which the colour-blind can tell apart.
const COLORS: [(RGBColor, &str, &str, &str); 8] = [
    (INK, "ink", "#222", "#ddd"),
    (PALE, "pale", "#ddd", "#444"),
    (LINES[0], "line-0", "#d55e00", "#ff8c42"),
    (LINES[1], "line-1", "#0072b2", "#56b4e9"),
    (LINES[2], "line-2", "#00785a", "#2fc79a"),
    (LINES[3], "line-3", "#a0528a", "#e29ac6"),
    (LINES[4], "line-4", "#8a7400", "#e6cf3d"),
    (LINES[5], "line-5", "#666", "#aaa"),
];
const INK: RGBColor = RGBColor(1, 1, 1);
const PALE: RGBColor = RGBColor(2, 2, 2);
const LINES: [RGBColor; 6] = [
    RGBColor(3, 3, 3),
    RGBColor(4, 4, 4),
    RGBColor(5, 5, 5),
    RGBColor(6, 6, 6),
    RGBColor(7, 7, 7),
    RGBColor(8, 8, 8),
];

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
}

/// A figure of somebody else's, as a dashed line across.
#[derive(Debug, Clone)]
pub struct Reference {
    pub name: String,
    pub y: f64,
}

/// How y grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// From 0.
    Linear,
    /// Equal factors at equal distances, with a label at every power of this.
    Powers(f64),
}

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What the axes show.
    pub labels: [String; 2],
    pub lines: Vec<Line>,
    pub reference: Option<Reference>,
    pub y: Scale,
}

impl Chart {
    /// The picture as SVG text that needs nothing else.
    ///
    /// # Errors
    /// [`Error::Other`] if the library refuses to draw.
    pub fn svg(&self) -> Result<String> {
        let mut text = String::new();
        let range = self.y_range();
        let drawn = match self.y {
            Scale::Powers(base) => {
                self.draw::<LogCoord<f64>>(&mut text, range.log_scale().base(base).into())
            }
            Scale::Linear => self.draw(&mut text, RangedCoordf64::from(range)),
        };
        drawn.map_err(|error| Error::Other(format!("cannot draw a chart: {error}")))?;
        Ok(with_schemes(&text))
    }

    fn y_range(&self) -> Range<f64> {
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let references = || self.reference.iter().map(|reference| reference.y);
        let most = all().map(|point| point[3]).chain(references()).fold(0.0, f64::max);
        let least = all().map(|point| point[2]).chain(references()).fold(f64::MAX, f64::min);
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

    fn draw<Y>(
        &self,
        text: &mut String,
        y: Y,
    ) -> std::result::Result<(), Box<dyn std::error::Error>>
    where
        Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
        let x = self.x_range();
        let mut chart = ChartBuilder::on(&root)
            .margin(6)
            .margin_right(if self.lines.len() > BESIDE { 46 } else { 14 })
            .x_label_area_size(40)
            .y_label_area_size(54)
            .build_cartesian_2d(x.clone(), y)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(PALE)
            .light_line_style(TRANSPARENT)
            .axis_style(PALE)
            .label_style(letters())
            .x_labels(8)
            .y_labels(6)
            // Epochs and per cents: what lies between them needs no label.
            .x_label_formatter(&|x| if x.fract() == 0.0 { plain(*x) } else { String::new() })
            .y_label_formatter(&|y| plain(*y))
            .x_desc(&self.labels[0])
            .y_desc(&self.labels[1])
            .draw()?;
        for (line, &color) in self.lines.iter().zip(LINES.iter().cycle()) {
            let edge = |at: usize| line.points.iter().map(move |point| (point[0], point[at]));
            let around = edge(2).chain(edge(3).rev());
            chart.draw_series([Polygon::new(around.collect::<Vec<_>>(), color.mix(0.2))])?;
            chart.draw_series(LineSeries::new(edge(1), color.stroke_width(2)))?;
            chart.draw_series(edge(1).map(|point| Circle::new(point, 2, color.filled())))?;
        }
        if let Some(reference) = &self.reference {
            let ends = [(x.start, reference.y), (x.end, reference.y)];
            chart.draw_series(DashedLineSeries::new(ends, 5, 4, INK.stroke_width(1)))?;
        }
        self.legend(&root)?;
        root.present()?;
        Ok(())
    }

    /// Names in the colours of their lines, at the upper right.
    fn legend<D: DrawingBackend>(
        &self,
        root: &DrawingArea<D, plotters::coord::Shift>,
    ) -> std::result::Result<(), DrawingAreaErrorKind<D::ErrorType>> {
        let names = self.lines.iter().map(|line| line.name.clone());
        let dashed = self.reference.iter().map(|reference| format!("- - {}", reference.name));
        let colors = LINES.iter().cycle().take(self.lines.len()).chain([&INK]);
        for (number, (name, color)) in names.chain(dashed).zip(colors).enumerate() {
            let style = letters().color(color).pos(Pos::new(HPos::Right, VPos::Top));
            let at = (SIZE.0 as i32 - 18, 10 + 18 * number as i32);
            root.draw_text(&name, &style, at)?;
        }
        Ok(())
    }
}

fn letters() -> TextStyle<'static> {
    (FONT, LETTERS).into_font().color(&INK)
}

/// A number without zeros that say nothing.
fn plain(number: f64) -> String {
    match number.abs() {
        size if size != 0.0 && !(1e-3..1e5).contains(&size) => format!("{number:.0e}"),
        _ => format!("{}", (number * 1e4).round() / 1e4),
    }
}

/// Names of colours in the place of the library's fixed ones, with a style that defines them; no
/// size but the picture's proportions, so that it fits where it is put.
fn with_schemes(svg: &str) -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    let mut text = svg.to_string();
    for (RGBColor(r, g, b), name, on_light, on_dark) in COLORS {
        text = text.replace(&format!("\"#{r:02X}{g:02X}{b:02X}\""), &format!("\"var(--{name})\""));
        light.push_str(&format!("--{name}:{on_light};"));
        dark.push_str(&format!("--{name}:{on_dark};"));
    }
    let style = format!(
        "<style>.chart{{{light}}}@media(prefers-color-scheme:dark){{.chart{{{dark}}}}}</style>"
    );
    let head = format!("<svg class=\"chart\" viewBox=\"0 0 {} {}\"", SIZE.0, SIZE.1);
    let body = text.split_once('>').map_or("", |(_, body)| body);
    format!("{head} xmlns=\"http://www.w3.org/2000/svg\">\n{style}{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(y: Scale) -> Chart {
        let points = vec![[1.0, 3.0, 2.5, 3.5], [2.0, 1.5, 1.25, 1.75], [3.0, 1.0, 0.9, 1.1]];
        Chart {
            labels: ["epoch".into(), "error %".into()],
            lines: vec![Line { name: "test <digits>".into(), points }],
            reference: Some(Reference { name: "paper".into(), y: 0.95 }),
            y,
        }
    }

    #[test]
    fn names_what_it_shows_and_follows_the_scheme() {
        for scale in [Scale::Linear, Scale::Powers(2.0)] {
            let svg = chart(scale).svg().unwrap();
            for word in ["epoch", "error %", "test &lt;digits&gt;", "- - paper", "var(--line-0)"] {
                assert!(svg.contains(word), "{word} is missing in {svg}");
            }
            for (RGBColor(r, g, b), ..) in COLORS {
                assert!(
                    !svg.contains(&format!("#{r:02X}{g:02X}{b:02X}")),
                    "a fixed colour is left"
                );
            }
        }
    }

    #[test]
    fn axes_hold_every_point() {
        assert_eq!(chart(Scale::Linear).y_range(), 0.0..1.05 * 3.5);
        assert_eq!(chart(Scale::Linear).x_range(), 1.0..3.0);
        let log = chart(Scale::Powers(2.0)).y_range();
        assert!(log.start < 0.9 && log.end > 3.5);
        assert_eq!([0.0, 0.5, 20.0, 1e-5].map(plain), ["0", "0.5", "20", "1e-5"]);
    }
}

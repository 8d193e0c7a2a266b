//! The picture: a panel for each network, batch and mode, a bar for each contender, one
//! logarithmic axis of digits a second for all.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::record::{
    Case, Contender, LENET, LENET_CPU, PYTORCH_BEST, PYTORCH_NOTEBOOK, Record, thousands, title,
};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Of the README's column, so that letters keep their size there.
pub const WIDTH: u32 = 900;
/// Height of a bar with its gap.
const BAR: u32 = 19;
const TITLE: u32 = 30;
const TOP: u32 = 28;
const AXIS: u32 = 30;
/// Width of the labels left of the first column.
const LABELS: u32 = 150;
/// Room right of the axis for the figure of the longest bar.
const FIGURE: u32 = 52;
const FONT: &str = "DejaVu Sans, Verdana, sans-serif";
const INK: RGBColor = RGBColor(40, 40, 40);
pub const PALE: RGBColor = RGBColor(225, 225, 225);

/// The picture as text.
///
/// # Errors
/// If drawing fails.
pub fn svg(record: &Record) -> Result<String, Box<dyn Error>> {
    let contenders = record.contenders();
    let cases = record.cases();
    let rows: Vec<&Case> = cases.iter().filter(|case| case.mode == cases[0].mode).collect();
    let panel = TITLE + BAR * contenders.len() as u32;
    let height = TOP + panel * rows.len() as u32 + AXIS;
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE)?;
        let modes = ["training", "inference"];
        let column = (WIDTH - LABELS) / modes.len() as u32;
        for (j, mode) in modes.iter().enumerate() {
            let left = (LABELS + column * j as u32) as i32;
            let heading = format!("{mode}, digits a second");
            root.draw_text(
                &heading,
                &font(15, true).pos(Pos::new(HPos::Left, VPos::Top)),
                (left, 8),
            )?;
            for (i, row) in rows.iter().enumerate() {
                let case = Case { mode: mode.to_string(), ..(*row).clone() };
                let top = (TOP + panel * i as u32) as i32;
                let last = i + 1 == rows.len();
                let bottom = top + (panel + if last { AXIS } else { 0 }) as i32;
                let area = root.clone().shrink((left, top), (column - 8, (bottom - top) as u32));
                draw(&area, record, &contenders, &case, last)?;
                if j == 0 {
                    label(&root, &contenders, top)?;
                }
            }
        }
        root.present()?;
    }
    Ok(text)
}

/// A panel: its title, the axis' lines, the bars and their figures.
fn draw(
    area: &Area,
    record: &Record,
    contenders: &[Contender],
    case: &Case,
    with_axis: bool,
) -> Result<(), Box<dyn Error>> {
    let (least, most) = range(record);
    let count = contenders.len() as f64;
    let name = format!("{}, batch {}", title(&case.network), case.batch);
    area.draw_text(&name, &font(13, true).pos(Pos::new(HPos::Left, VPos::Top)), (0, 11))?;
    let mut chart = ChartBuilder::on(area)
        .margin_top(TITLE)
        .margin_right(FIGURE)
        .x_label_area_size(if with_axis { AXIS } else { 0 })
        .build_cartesian_2d((least..most).log_scale(), count..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(8)
        .bold_line_style(PALE)
        .light_line_style(TRANSPARENT)
        .axis_style(PALE)
        .x_label_style(font(12, false))
        .x_label_formatter(&|&rate| short(rate))
        .draw()?;
    for (i, contender) in contenders.iter().enumerate() {
        let (top, middle) = (i as f64 + 0.12, i as f64 + 0.5);
        let bold = contender.label == LENET;
        let style = font(12, bold).pos(Pos::new(HPos::Left, VPos::Center));
        let (end, text) = match record.figure(contender, case) {
            Some(figure) => (figure.median.max(least), thousands(figure.median)),
            None => (least, "not measured".to_string()),
        };
        let bar = Rectangle::new([(least, top), (end, i as f64 + 0.88)], color(contender).filled());
        chart.draw_series([bar])?;
        let figure = EmptyElement::at((end, middle)) + Text::new(text, (5, 0), style);
        chart.draw_series([figure])?;
    }
    Ok(())
}

/// Who the bars of a row of panels are.
fn label(root: &Area, contenders: &[Contender], top: i32) -> Result<(), Box<dyn Error>> {
    for (i, contender) in contenders.iter().enumerate() {
        let y = top + (TITLE + BAR * i as u32 + BAR / 2) as i32;
        let style = font(12, contender.label == LENET).pos(Pos::new(HPos::Right, VPos::Center));
        root.draw_text(&contender.label, &style, (LABELS as i32 - 6, y))?;
    }
    Ok(())
}

/// 100, 1k, 10k, 1M.
fn short(rate: f64) -> String {
    match rate {
        rate if rate >= 1e6 => format!("{}M", rate / 1e6),
        rate if rate >= 1e3 => format!("{}k", rate / 1e3),
        rate => rate.to_string(),
    }
}

/// Whole powers of ten around all figures.
fn range(record: &Record) -> (f64, f64) {
    let rates = || record.results.iter().map(|figure| figure.median);
    let (least, most) = (rates().fold(f64::MAX, f64::min), rates().fold(0.0, f64::max));
    let power = |rate: f64| 10f64.powf(rate);
    (power((least * 0.99).log10().floor()), power((most * 1.01).log10().ceil()))
}

/// Okabe and Ito's colours, which the colour-blind can tell apart: warm for lenet, cool for others.
fn color(contender: &Contender) -> RGBColor {
    match contender.label.as_str() {
        LENET => RGBColor(213, 94, 0),
        LENET_CPU => RGBColor(230, 159, 0),
        _ if contender.is_lenet() => RGBColor(240, 190, 140),
        PYTORCH_BEST => RGBColor(0, 114, 178),
        PYTORCH_NOTEBOOK => RGBColor(86, 180, 233),
        _ => RGBColor(140, 140, 140),
    }
}

pub fn font(size: u32, bold: bool) -> TextStyle<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    (FONT, size, style).into_font().color(&INK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn the_picture_names_every_contender_and_its_figure() {
        let text = svg(&example()).unwrap();
        for word in ["LeNet-1, batch 16", "PyTorch, best", "30,000", "85", "not measured"] {
            assert!(text.contains(word), "{word} is missing");
        }
    }

    #[test]
    fn the_axis_holds_every_figure() {
        assert_eq!(range(&example()), (10.0, 100_000.0));
    }
}

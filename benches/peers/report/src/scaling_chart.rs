//! The picture of how the cost of training grows. One panel has the seconds of a step by batch, the other those of an
//! epoch by digits. All axes are logarithmic, and the legend has the slope of each line.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::chart::{PALE, WIDTH, font};
use crate::scaling::{Half, Line, Scaling, duration};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const HEIGHT: u32 = 420;
/// Labels of an axis of sizes. With more of them plotters also labels places between powers of ten, where the labels
/// overlap.
const LABELS: usize = 4;
/// Radius of a point.
const POINT: i32 = 3;

/// The picture as text.
///
/// # Errors
/// If drawing fails.
pub fn svg(scaling: &Scaling) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area();
        root.fill(&WHITE)?;
        for (area, half) in root.split_evenly((1, 2)).iter().zip(scaling.halves()) {
            draw(area, &half)?;
        }
        root.present()?;
    }
    Ok(text)
}

/// One panel.
fn draw(area: &Area, half: &Half) -> Result<(), Box<dyn Error>> {
    let sizes = half.sizes();
    let (Some(&first), Some(&last)) = (sizes.first(), sizes.last()) else {
        return Err(format!("the record holds nothing of {}", half.title).into());
    };
    let (least, most) = range(half);
    let sizes = (first as f64 * 0.8..last as f64 * 1.25).log_scale();
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .caption(&half.title, font(15, true))
        .x_label_area_size(40)
        .y_label_area_size(54)
        .build_cartesian_2d(sizes, (least..most).log_scale())?;
    chart
        .configure_mesh()
        .x_labels(LABELS)
        .x_desc(half.axis)
        .bold_line_style(PALE)
        .light_line_style(TRANSPARENT)
        .label_style(font(12, false))
        .x_label_formatter(&|size| size.to_string())
        .y_label_formatter(&|&seconds| duration(seconds))
        .draw()?;
    for line in &half.lines {
        let style = color(line).stroke_width(2);
        let points = || line.points.iter().map(|point| (point.at as f64, point.median));
        chart
            .draw_series([PathElement::new(points().collect::<Vec<_>>(), style)])?
            .label(line.label())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
        chart.draw_series(points().map(|point| Circle::new(point, POINT, color(line).filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .label_font(font(11, false))
        .draw()?;
    Ok(())
}

/// Whole powers of ten around all figures, and one more above for the legend.
fn range(half: &Half) -> (f64, f64) {
    let seconds = || half.lines.iter().flat_map(|line| line.points.iter().map(|p| p.median));
    let (least, most) = (seconds().fold(f64::MAX, f64::min), seconds().fold(0.0, f64::max));
    (10f64.powf(least.log10().floor()), 10f64.powf(most.log10().ceil() + 1.0))
}

/// Warm for LeNet-1 and cool for LeNet-5, paler for more threads, darkest for replicas. Older records call the plan
/// with replicas `halves`.
fn color(line: &Line) -> RGBColor {
    let shades = match line.network.as_str() {
        "lenet1" => [(120, 40, 0), (213, 94, 0), (230, 159, 0), (240, 200, 150)],
        _ => [(0, 50, 90), (0, 114, 178), (86, 180, 233), (170, 205, 230)],
    };
    let shade = if ["halves", "replicas"].contains(&line.plan.as_str()) { 0 } else { 1 + line.threads };
    let (red, green, blue) = shades[shade.min(shades.len() - 1)];
    RGBColor(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::example;

    #[test]
    fn the_picture_names_both_halves_and_their_slopes() {
        let text = svg(&example()).unwrap();
        for word in ["seconds of a training step", "batch 16", "slope 0.50", "slope 1.00"] {
            assert!(text.contains(word), "{word} is missing");
        }
    }
}

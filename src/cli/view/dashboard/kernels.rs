//! Kernels as text: two pixels to a letter in greys, or one in shades where there are no colours.

use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use crate::network::KERNEL;
use crate::report::page::largest;

/// First and last of the greys that terminals with 256 colours have.
const GREYS: [u8; 2] = [232, 255];
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];

/// Lines of a picture of kernels, in colours and without: those of five rows for kernels that are not known yet.
pub fn height(kernels: &[Vec<f32>], colors: bool) -> usize {
    let side = kernels.first().map_or(KERNEL, |kernel| side(kernel));
    if colors { side.div_ceil(2) } else { side }
}

fn side(kernel: &[f32]) -> usize {
    kernel.len().isqrt()
}

/// As many kernels as fit side by side, from the most negative weight (black) to the most positive.
pub fn lines(kernels: &[Vec<f32>], width: usize, colors: bool) -> Vec<Line<'static>> {
    let side = kernels.first().map_or(0, |kernel| side(kernel));
    let fitting = &kernels[..kernels.len().min((width + 1) / (side + 1))];
    let limit = largest(&fitting.concat());
    let brightness = |kernel: &[f32], y: usize, x: usize| {
        kernel.get(y * side + x).map(|weight| (1.0 + weight / limit) / 2.0)
    };
    let line = |row: usize| {
        let mut spans = Vec::new();
        for kernel in fitting {
            spans.extend((0..side).map(|x| match colors {
                true => half_block([2 * row, 2 * row + 1].map(|y| brightness(kernel, y, x))),
                false => shade(brightness(kernel, row, x).unwrap_or_default()),
            }));
            spans.push(Span::raw(" "));
        }
        Line::from(spans)
    };
    (0..height(kernels, colors)).map(line).collect()
}

/// A pixel above another, which may be missing.
fn half_block([above, below]: [Option<f32>; 2]) -> Span<'static> {
    let grey = |brightness: f32| {
        let [black, white] = GREYS.map(f32::from);
        Color::Indexed((black + brightness * (white - black)).round() as u8)
    };
    let mut style = Style::new().fg(grey(above.unwrap_or_default()));
    if let Some(below) = below {
        style = style.bg(grey(below));
    }
    Span::styled("▀", style)
}

fn shade(brightness: f32) -> Span<'static> {
    let at = (brightness * (SHADES.len() - 1) as f32).round() as usize;
    Span::raw(SHADES[at.min(SHADES.len() - 1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel() -> Vec<f32> {
        let mut kernel = vec![0.0; KERNEL * KERNEL];
        (kernel[0], kernel[KERNEL], kernel[KERNEL * KERNEL - 1]) = (-2.0, 2.0, 1.0);
        kernel
    }

    #[test]
    fn two_pixels_to_a_letter() {
        let lines = lines(&[kernel(), kernel()], 11, true);
        assert_eq!((lines.len(), lines[0].width()), (3, 12));
        let style = |line: usize, x: usize| lines[line].spans[x].style;
        assert_eq!(style(0, 0), Style::new().fg(Color::Indexed(232)).bg(Color::Indexed(255)));
        assert_eq!(style(2, 4), Style::new().fg(Color::Indexed(249)));
    }

    #[test]
    fn shades_without_colours_and_no_more_than_fit() {
        let lines = lines(&[kernel(), kernel()], 10, false);
        let text: Vec<String> = lines.iter().map(|line| line.to_string()).collect();
        assert_eq!(text, [" ▒▒▒▒ ", "█▒▒▒▒ ", "▒▒▒▒▒ ", "▒▒▒▒▒ ", "▒▒▒▒▓ "]);
        assert!(lines.iter().flat_map(|line| &line.spans).all(|span| span.style == Style::new()));
    }
}

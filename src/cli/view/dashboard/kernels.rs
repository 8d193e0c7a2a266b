//! Kernels as text: two pixels to a letter in greys, or one in shades where there are no colours.

use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use crate::network::{KERNEL, TAPS};
use crate::report::page::largest;

/// First and last of the greys that terminals with 256 colours have.
const GREYS: [u8; 2] = [232, 255];
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];

/// Letters from one kernel to the next.
const PITCH: usize = KERNEL + 1;

/// Lines of a picture in colours, and without.
pub const fn height(colors: bool) -> usize {
    if colors { KERNEL.div_ceil(2) } else { KERNEL }
}

/// As many kernels as fit side by side, from the most negative weight (black) to the most positive.
pub fn lines(kernels: &[[f32; TAPS]], width: usize, colors: bool) -> Vec<Line<'static>> {
    let fitting = &kernels[..kernels.len().min((width + 1) / PITCH)];
    let limit = largest(fitting.as_flattened());
    let brightness = |kernel: &[f32; TAPS], y: usize, x: usize| {
        kernel.get(y * KERNEL + x).map(|weight| (1.0 + weight / limit) / 2.0)
    };
    let line = |row: usize| {
        let mut spans = Vec::new();
        for kernel in fitting {
            spans.extend((0..KERNEL).map(|x| match colors {
                true => half_block([2 * row, 2 * row + 1].map(|y| brightness(kernel, y, x))),
                false => shade(brightness(kernel, row, x).unwrap_or_default()),
            }));
            spans.push(Span::raw(" "));
        }
        Line::from(spans)
    };
    (0..height(colors)).map(line).collect()
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

    fn kernel() -> [f32; TAPS] {
        let mut kernel = [0.0; TAPS];
        (kernel[0], kernel[KERNEL], kernel[TAPS - 1]) = (-2.0, 2.0, 1.0);
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

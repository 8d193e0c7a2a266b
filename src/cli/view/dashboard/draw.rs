//! What the dashboard looks like: as many panels as fit.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::LineGauge;

use super::kernels;
use super::panels::{chart, confusion, first_kernels, numbers};
use super::state::State;
use crate::text::duration;
use crate::train::control::Control;

/// Width from which panels stand in two columns, and that of the right one.
const TWO_COLUMNS: u16 = 76;
const RIGHT: u16 = 38;

/// Styles in colours of the terminal's own palette.
const TITLE: Style = Style::new().bold();
pub const SOFT: Style = Style::new().fg(Color::DarkGray);
const ERROR: Style = Style::new().fg(Color::Yellow);
const LOSS: Style = Style::new().fg(Color::Cyan);
pub const WARN: Style = Style::new().fg(Color::Red);

/// A piece of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Panel {
    Numbers,
    Errors,
    Losses,
    Confusion,
    Kernels,
}

impl Panel {
    /// Lines that it needs, and whether it can use more.
    fn height(self, state: &State, colors: bool) -> (u16, bool) {
        match self {
            Panel::Numbers => (5, false),
            Panel::Errors | Panel::Losses => (6, true),
            Panel::Confusion => (state.classes as u16 + 2, false),
            Panel::Kernels => (kernels::height(&state.kernels, colors) as u16 + 1, false),
        }
    }
}

/// Draws the state of a run; where there are to be no colours, every letter is plain.
pub fn draw(frame: &mut Frame, state: &State, control: &Control, colors: bool) {
    let rows = [1, 1, 1].map(Constraint::Length);
    let [head, gauge, body, foot] =
        Layout::vertical([rows[0], rows[1], Constraint::Fill(1), rows[2]]).areas(frame.area());
    frame.render_widget(Line::styled(state.title.as_str(), TITLE), head);
    progress(frame, gauge, state);
    frame.render_widget(keys(control), foot);
    let left = [Panel::Errors, Panel::Losses];
    let right = [Panel::Numbers, Panel::Confusion, Panel::Kernels];
    if body.width >= TWO_COLUMNS {
        let columns = [Constraint::Fill(1), Constraint::Length(2), Constraint::Length(RIGHT)];
        let [charts, _, tables] = Layout::horizontal(columns).areas(body);
        stack(frame, charts, &left, state, colors);
        stack(frame, tables, &right, state, colors);
    } else {
        let all = [right[0], left[0], right[2], right[1], left[1]];
        stack(frame, body, &all, state, colors);
    }
    if !colors {
        frame.buffer_mut().content.iter_mut().for_each(|cell| {
            cell.set_style(Style::reset());
        });
    }
}

/// The panels that fit, one below the other; the first are the most important.
fn stack(frame: &mut Frame, area: Rect, panels: &[Panel], state: &State, colors: bool) {
    let mut left = area.height;
    let mut fitting = Vec::new();
    for &panel in panels {
        let (height, grows) = panel.height(state, colors);
        if height <= left {
            left -= height;
            let constraint = if grows { Constraint::Fill(1) } else { Constraint::Length(height) };
            fitting.push((panel, constraint));
        }
    }
    let areas = Layout::vertical(fitting.iter().map(|&(_, constraint)| constraint)).split(area);
    for (&(panel, _), &area) in fitting.iter().zip(areas.iter()) {
        match panel {
            Panel::Numbers => frame.render_widget(numbers(state), area),
            Panel::Errors => chart(frame, area, "test error %", &state.errors, state.epochs, ERROR),
            Panel::Losses => chart(frame, area, "training loss", &state.losses, state.epochs, LOSS),
            Panel::Confusion => frame.render_widget(confusion(state), area),
            Panel::Kernels => frame.render_widget(first_kernels(state, area.width, colors), area),
        }
    }
}

fn progress(frame: &mut Frame, area: Rect, state: &State) {
    let left = state.left().map(|seconds| format!(", {} left", duration(seconds)));
    let percent = 100.0 * state.share();
    let gauge = LineGauge::default()
        .ratio(state.share())
        .label(format!("{percent:.0} %{}", left.unwrap_or_default()))
        .filled_symbol("━")
        .unfilled_symbol("─")
        .filled_style(ERROR)
        .unfilled_style(SOFT);
    frame.render_widget(gauge, area);
}

fn keys(control: &Control) -> Line<'static> {
    match (control.stopped(), control.paused()) {
        (true, _) => Line::styled("stopping after the submission under way", WARN),
        (_, true) => Line::styled("PAUSED   p continues   s stops", WARN),
        (_, false) => Line::styled("p pauses   c checkpoint   s stops", SOFT),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::network::KERNEL;
    use crate::train::events::Progress;

    /// LeNet-5 in its fourth epoch of eight, 10 s after its start.
    fn state() -> State {
        let mut confusion = vec![vec![0; 10]; 10];
        (0..10).for_each(|label| confusion[label][label] = 100);
        (confusion[4][9], confusion[4][2], confusion[8][3]) = (12, 1, 7);
        let mut kernel = vec![0.0; KERNEL * KERNEL];
        (kernel[0], kernel[1]) = (1.0, -1.0);
        let mut state = State {
            title: "lenet5, recipe lenet5, seed 1, on CPU".into(),
            classes: 10,
            epochs: 8,
            batch: 16,
            errors: vec![(1.0, 4.0), (2.0, 2.0), (3.0, 1.0)],
            losses: vec![(1.0, 0.5), (2.0, 0.25), (3.0, 0.125)],
            confusion: Some(confusion),
            kernels: vec![kernel; 6],
            ..State::default()
        };
        for (seconds, done) in [(0, 0), (10, 200_000)] {
            let (time, step) = (Duration::from_secs(seconds), done / 16);
            let (steps, all) = (30_000, 480_000);
            state.progress(Progress { epoch: 4, step, steps, lr: 5e-4, done, all, time });
        }
        state
    }

    fn drawn(
        state: &State,
        control: &Control,
        colors: bool,
        size: (u16, u16),
    ) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal.draw(|frame| draw(frame, state, control, colors)).unwrap();
        terminal
    }

    fn lines(state: &State, control: &Control, colors: bool, size: (u16, u16)) -> Vec<String> {
        let terminal = drawn(state, control, colors, size);
        let rows = terminal.backend().buffer().content().chunks(usize::from(size.0));
        let row = |cells: &[ratatui::buffer::Cell]| {
            cells.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_string()
        };
        rows.map(row).collect()
    }

    #[test]
    fn everything_at_80_by_24() {
        let shown = lines(&state(), &Control::default(), true, (80, 24));
        assert_eq!(shown[0], "lenet5, recipe lenet5, seed 1, on CPU");
        assert!(shown[1].starts_with("42 %, 14 s left ━━━"), "{}", shown[1]);
        let right: Vec<String> = shown.iter().map(|line| line.chars().skip(42).collect()).collect();
        assert_eq!(right[2], "epoch         4/8  step 12,500/30,000");
        assert_eq!(right[4], "digits/s      20,000");
        assert_eq!(right[5], "test error    1.0000 % after epoch 3");
        assert_eq!(right[8], "    0  1  2  3  4  5  6  7  8  9   all");
        assert_eq!(right[13], " 4  .  .  1  .  \\  .  .  .  . 12    13");
        assert_eq!(right[20], "▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀");
        assert!(shown[2].starts_with("test error %"), "{shown:#?}");
        assert!(shown[13].starts_with("training loss"), "{shown:#?}");
        let curve = |lines: &[String]| lines.iter().any(|line| line.contains(['⠑', '⠢', '⢄', '⠤']));
        assert!(curve(&shown[3..12]) && curve(&shown[14..22]), "{shown:#?}");
        assert!(shown[23].contains("p pauses"));
    }

    #[test]
    fn the_figures_at_40_by_12() {
        let shown = lines(&state(), &Control::default(), true, (40, 12));
        let expected = [
            "lenet5, recipe lenet5, seed 1, on CPU",
            "42 %, 14 s left ━━━━━━━━━━──────────────",
            "epoch         4/8  step 12,500/30,000",
            "learning rate 5.000e-4",
            "digits/s      20,000",
            "test error    1.0000 % after epoch 3",
            "training loss 0.1250 after epoch 3",
            "kernels of the first convolution",
            "▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀",
            "▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀",
            "▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀",
            "p pauses   c checkpoint   s stops",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn larger_charts_at_120_by_40() {
        let shown = lines(&state(), &Control::default(), true, (120, 40));
        assert!(shown[21].starts_with("training loss"), "{shown:#?}");
        let place = |word: &str| shown[2].find(word);
        assert_eq!((place("test error %"), place("epoch")), (Some(0), Some(82)));
    }

    #[test]
    fn without_colours_every_cell_is_plain() {
        let terminal = drawn(&state(), &Control::default(), false, (120, 40));
        for cell in terminal.backend().buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{cell:?}");
        }
        let shown = lines(&state(), &Control::default(), false, (120, 40)).concat();
        assert!(shown.contains('█') && !shown.contains('▀'), "kernels in shades");
    }

    #[test]
    fn says_what_was_asked_for() {
        let control = Control::default();
        let foot = |control: &Control| lines(&state(), control, false, (80, 24)).remove(23);
        control.toggle_pause();
        assert!(foot(&control).starts_with("PAUSED"));
        control.stop();
        assert!(foot(&control).starts_with("stopping"));
    }

    /// Before the first epoch, after a single one, and in windows of every size.
    #[test]
    fn draws_whatever_there_is_wherever() {
        let mut one = state();
        one.errors.truncate(1);
        let empty = State { epochs: 1, ..State::default() };
        let control = Control::default();
        for state in [&empty, &one, &state()] {
            for width in [1, 2, 7, 20, 39, 60, 75, 76, 130] {
                for height in [1, 2, 3, 4, 8, 13, 21, 24, 45] {
                    drawn(state, &control, true, (width, height));
                }
            }
        }
        let shown = lines(&empty, &control, true, (80, 24)).concat();
        assert_eq!(shown.matches("after the first epoch").count(), 4);
    }
}

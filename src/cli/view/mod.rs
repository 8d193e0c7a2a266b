//! How a run looks: lines, a live view, JSON, and the progress of many runs.

pub mod console;
pub mod dashboard;
pub mod interrupt;
pub mod json;
pub mod progress;

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error, or none that is seen.
fn bar(template: &str, hidden: bool) -> ProgressBar {
    let target = match hidden {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr_with_hz(10),
    };
    let style = ProgressStyle::with_template(template).expect("a template of this program");
    ProgressBar::with_draw_target(None, target).with_style(style)
}

/// Keeps a bar moving where it is seen.
fn tick(bar: &ProgressBar) {
    if std::io::stderr().is_terminal() {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
}

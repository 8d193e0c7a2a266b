//! Takes the terminal for the dashboard, and gives it back as it was.
//!
//! The dashboard draws on standard error, so that the result on standard output can be redirected. Notes wait until
//! the terminal is given back: what is written on the alternate screen is lost.

use std::io::{IsTerminal, Result, stderr, stdin};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use crate::cli::output;

/// Whether the dashboard has taken the terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether there is a terminal to draw in and to read keys from.
pub fn is_there() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
    stderr().is_terminal() && stdin().is_terminal() && !dumb
}

/// Takes the terminal. A panic gives it back before it prints its message.
pub fn take() -> Result<()> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    output::hold();
    execute!(stderr(), EnterAlternateScreen)
}

/// Gives the terminal back as it was; does nothing where it is not taken.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // There is nowhere left to complain.
        let _ = execute!(stderr(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
        output::release();
    }
}

/// Whether the dashboard has the terminal.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

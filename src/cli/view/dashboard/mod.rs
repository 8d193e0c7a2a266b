//! A run in a live view that fills the terminal, with keys.
//!
//! Events change a [`State`]; a thread of its own draws it ten times a second (`draw.rs`) and hears
//! keys, also while a step takes long. [`screen`] takes the terminal and gives it back.

mod draw;
mod kernels;
mod panels;
pub mod screen;
mod state;

use std::io::stderr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::cli::view::interrupt;
use crate::error::{Error, Result};
use crate::evaluation::Confusion;
use crate::network::{Kind, Layer};
use crate::plan::Layout;
use crate::report::page::weights;
use crate::threads;
use crate::train::checkpoint;
use crate::train::control::Control;
use crate::train::events::{End, Epoch, Progress, Report, Start, Wants};
use state::State;

/// Time between two redraws.
const TICK: Duration = Duration::from_millis(100);
/// How long to wait for the last redraw.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);
/// Time between two reads of the loss in the first epoch, which has no curve yet. The device waits for each.
const LOOK: Duration = Duration::from_secs(3);

/// Answers test digits with these parameters.
pub type Ask = Box<dyn FnMut(&[f32]) -> Result<Confusion>>;

pub struct Dashboard {
    shared: Arc<Shared>,
    control: Arc<Control>,
    ask: Ask,
    /// The first convolution, and where its weights are.
    first: Option<(Layout, Layer)>,
    /// When the loss is looked at next; `None` once an epoch is complete.
    look: Option<Instant>,
    thread: Option<JoinHandle<()>>,
}

/// What the drawing thread sees.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    over: AtomicBool,
    /// Whether a key asks for a checkpoint now.
    wants_state: AtomicBool,
}

impl Shared {
    /// The state, even if a thread that held it panicked: it is only looked at.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dashboard {
    /// A view whose keys go to `control`; `ask` is asked once an epoch.
    pub fn new(control: Arc<Control>, ask: Ask) -> Self {
        let look = Some(Instant::now() + LOOK);
        Dashboard { shared: Arc::default(), control, ask, first: None, look, thread: None }
    }

    fn leave(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // If the terminal was closed, crossterm may wait for keys for ever. The process does not wait for it.
            let late = Instant::now() + LEAVE_TIMEOUT;
            while !thread.is_finished() && Instant::now() < late {
                std::thread::sleep(TICK / 10);
            }
        }
        screen::restore();
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Report for Dashboard {
    fn start(&mut self, start: &Start) -> Result<()> {
        let network = &start.settings.network;
        let first = network.layers.first().filter(|layer| matches!(layer.kind, Kind::Conv(_)));
        let first = first.cloned();
        self.first = first.map(|layer| Ok((Layout::of(network)?, layer))).transpose()?;
        self.shared.state().start(start);
        screen::take().map_err(cannot_draw)?;
        let terminal = Terminal::new(CrosstermBackend::new(stderr())).map_err(cannot_draw)?;
        let (shared, control) = (self.shared.clone(), self.control.clone());
        self.thread = Some(threads::spawn(move || watch(terminal, &shared, &control))?);
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        self.shared.state().progress(progress);
    }

    fn wants(&self) -> Wants {
        match self.look {
            _ if self.shared.wants_state.load(Ordering::Relaxed) => Wants::State,
            Some(look) if look <= Instant::now() => Wants::Look,
            _ => Wants::Nothing,
        }
    }

    fn look(&mut self, state: &checkpoint::State) -> Result<()> {
        self.shared.state().position(state.position.as_ref());
        self.look = self.look.map(|_| Instant::now() + LOOK);
        Ok(())
    }

    fn state(&mut self, state: &checkpoint::State) -> Result<()> {
        self.shared.wants_state.store(false, Ordering::Relaxed);
        self.look(state)
    }

    fn epoch(&mut self, epoch: &Epoch, state: &checkpoint::State) -> Result<()> {
        self.look = None;
        let confusion = (self.ask)(state.parameters())?;
        let kernels = match &self.first {
            Some((layout, layer)) => {
                let weights = weights(layout, state.parameters(), layer);
                weights.chunks_exact(layer.taps()).map(<[f32]>::to_vec).collect()
            }
            None => Vec::new(),
        };
        self.shared.state().epoch(epoch, confusion, kernels);
        Ok(())
    }

    fn end(&mut self, _end: &End) -> Result<()> {
        self.leave();
        Ok(())
    }
}

fn cannot_draw(error: impl std::fmt::Display) -> Error {
    Error::Other(format!("cannot draw in this terminal: {error}; leave out --dashboard"))
}

/// Draws and hears keys until the run is over or the terminal is gone.
fn watch(
    mut terminal: Terminal<CrosstermBackend<std::io::Stderr>>,
    shared: &Shared,
    control: &Control,
) {
    // no-color.org
    let colors = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    while !shared.over.load(Ordering::SeqCst) && screen::is_taken() {
        let drawn = terminal.draw(|frame| draw::draw(frame, &shared.state(), control, colors));
        match drawn
            .and_then(|_| event::poll(TICK))
            .and_then(|some| some.then(event::read).transpose())
        {
            Ok(Some(Event::Key(key))) if key.kind == KeyEventKind::Press => {
                handle_key(key, control, shared)
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// Carries out what a key asks for.
fn handle_key(key: KeyEvent, control: &Control, shared: &Shared) {
    match key.code {
        // In this mode of the terminal Ctrl-C is a key like others.
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
            interrupt::interrupt(control)
        }
        KeyCode::Char('p' | ' ') => control.toggle_pause(),
        KeyCode::Char('c') => shared.wants_state.store(true, Ordering::Relaxed),
        KeyCode::Char('q' | 's') => {
            control.stop();
        }
        _ => {}
    }
}

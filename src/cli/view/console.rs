//! A run for a person: the settings, a live line, one line an epoch, the result.

use std::io::Write;

use indicatif::ProgressBar;

use crate::cli::output;
use crate::error::Result;
use crate::text::{HEADLINE, count, on_one_line, shown, thousands};
use crate::train::checkpoint::State;
use crate::train::events::{End, Epoch, Progress, Report, Start};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// Everything, on standard output.
    Full,
    /// The result alone, on standard output.
    Quiet,
    /// Everything, on standard error: standard output belongs to `--json`.
    Aside,
}

pub struct Console {
    volume: Volume,
    /// The notebook's own lines instead of one an epoch.
    notebook: bool,
    /// Digits held back.
    validate: usize,
    bar: ProgressBar,
}

impl Console {
    /// A console that says as much as asked.
    pub fn new(volume: Volume) -> Self {
        let template = "{prefix} {wide_bar} {percent}%  {msg}  {eta} left";
        let bar = super::bar(template, volume == Volume::Quiet);
        Console { volume, notebook: false, validate: 0, bar }
    }

    /// Writes lines; a closed pipe is nobody's error.
    fn say(&self, text: &str) -> Result<()> {
        self.bar.suspend(|| match self.volume {
            Volume::Aside => {
                output::note(text);
                Ok(())
            }
            _ => output::written(writeln!(anstream::stdout(), "{}", shown(text))).map(|_| ()),
        })
    }
}

impl Report for Console {
    fn start(&mut self, start: &Start) -> Result<()> {
        let settings = start.settings;
        self.notebook = settings.recipe == "notebook";
        self.validate = settings.validate;
        if self.volume == Volume::Quiet {
            return Ok(());
        }
        let network = &settings.network;
        let rows = settings.rows();
        let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        let mut lines = vec![
            format!("device   {}, {} profile", start.device, start.profile),
            format!(
                "network  {}: {} parameters, {} connections",
                network.name,
                thousands(network.parameters()),
                thousands(network.connections())
            ),
            format!("results  {}", on_one_line(start.out)),
        ];
        if let Some((epochs, steps)) = start.from {
            let (epochs, steps) = (count(epochs, "epoch"), count(steps, "step"));
            lines.push(format!("resumes  after {epochs} and {steps}"));
        }
        let headings = format!("{HEADLINE}{:<width$} {:<10} from{HEADLINE:#}", "setting", "value");
        lines.extend([String::new(), headings]);
        for row in &rows {
            lines.push(format!("{:<width$} {:<10} {}", row.name, row.text(), row.origin));
        }
        self.say(&lines.join("\n"))?;
        if !self.notebook {
            self.say(&format!(
                "\n{HEADLINE}epoch   train loss  error %   test loss  error %  errors   \
                 samples/s{}{HEADLINE:#}",
                if settings.validate > 0 { "   validation error %" } else { "" }
            ))?;
        }
        super::tick(&self.bar);
        Ok(())
    }

    fn warn(&mut self, what: &str) {
        self.bar.suspend(|| output::warn(what));
    }

    fn progress(&mut self, progress: Progress) {
        self.bar.set_length(progress.all as u64);
        self.bar.set_position(progress.done as u64);
        self.bar.set_prefix(format!("epoch {}", progress.epoch));
        self.bar.set_message(format!("{} samples/s", thousands(self.bar.per_sec() as usize)));
    }

    fn epoch(&mut self, epoch: &Epoch, _state: &State) -> Result<()> {
        if self.volume == Volume::Quiet {
            return Ok(());
        }
        let Epoch { train, test, .. } = epoch;
        if self.notebook {
            self.say(&format!(
                "epoch:{}\n  Train metrics : loss:{:.4}, acc:{:.4}\n  Test  metrics : loss:{:.4}, \
                 acc:{:.4}\n",
                epoch.epoch,
                train.batch_loss,
                train.batch_accuracy,
                test.batch_loss,
                test.batch_accuracy
            ))?;
            return Ok(());
        }
        let validation = match epoch.validation {
            Some(metrics) => format!("  {:>18.2}", metrics.error_percent()),
            None => String::new(),
        };
        self.say(&format!(
            "{:>5}   {:>10.4}  {:>7.2}  {:>10.4}  {:>7.2}  {:>6}  {:>10}{validation}",
            epoch.epoch,
            train.loss,
            train.error_percent(),
            test.loss,
            test.error_percent(),
            test.errors,
            thousands(train.rate() as usize),
        ))?;
        if !epoch.curvature.is_empty() {
            let rates = epoch.curvature.iter().map(|layer| {
                format!("{} {:.0e}..{:.0e}", layer.layer, layer.rate.least, layer.rate.largest)
            });
            self.say(&format!("        rates {}", rates.collect::<Vec<_>>().join("  ")))?;
        }
        Ok(())
    }

    fn end(&mut self, end: &End) -> Result<()> {
        self.bar.finish_and_clear();
        let outcome = end.outcome;
        if let (Some(best), Some(last)) = (outcome.best(), outcome.epochs.last()) {
            self.say(&format!(
                "{HEADLINE}final test error {:.2} %{HEADLINE:#} ({} of {}) after epoch {}; best {:.2} % \
                 after epoch {}",
                last.error_percent(),
                last.errors,
                thousands(last.digits),
                last.epoch,
                best.error_percent(),
                best.epoch
            ))?;
            if let Some(chosen) = outcome.best_by_validation() {
                self.say(&format!(
                    "best by validation: test error {:.2} % after epoch {}, which had {} of {} \
                     validation digits wrong",
                    chosen.error_percent(),
                    chosen.epoch,
                    chosen.validation_errors.unwrap_or(0),
                    thousands(self.validate)
                ))?;
            }
            self.say(&format!("written to {}", on_one_line(end.out)))?;
        }
        if end.fell_back {
            self.say("no shader ran: this was the CPU, for want of an adapter that works")?;
        }
        Ok(())
    }
}

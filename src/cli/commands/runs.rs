//! `lenet runs`: the runs on disk as a table.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value};

use crate::cli::output;
use crate::error::{Error, Result};
use crate::evaluation::statistics::Sample;
use crate::report::files::RUNS;
use crate::report::finished::Run;
use crate::report::lines::Line;
use crate::report::record::STATES;
use crate::runs::curves::{self, CURVES, Curve};
use crate::runs::find::{Found, find};
use crate::runs::group::{Group, groups};
use crate::runs::{COLUMNS, Column};
use crate::text::{Table, csv, did_you_mean, plain};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of runs, with all folders in it [default: runs]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Column to sort by; of equals, and without one, the name decides
    #[arg(long, value_name = "COLUMN", default_value = "name", hide_default_value = true,
          value_parser = PossibleValuesParser::new(COLUMNS.iter().map(|column| column.key)))]
    sort: String,
    /// The last first [default: off]
    #[arg(long)]
    reverse: bool,
    /// Take runs with equal values of these settings or columns together: how many complete ones there are,
    /// mean and standard deviation of their test error; several with commas
    #[arg(long, value_name = "SETTING", value_delimiter = ',', conflicts_with = "sort")]
    group: Vec<String>,
    /// The curves: a line for each epoch of each run; with --json a list "curves" of each run [default: off]
    #[arg(long, conflicts_with = "group")]
    curves: bool,
    /// One JSON array of objects instead of a table [default: off]
    #[arg(long)]
    json: bool,
    /// CSV instead of a table [default: off]
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    // The last, since what follows would stand under its heading.
    #[command(flatten)]
    filter: Filter,
}

/// Which runs are shown; of a flag with several values a run needs one.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters (several values with commas)")]
struct Filter {
    /// Runs of this recipe
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    recipe: Vec<String>,
    /// Runs of this network
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    network: Vec<String>,
    /// Runs with this seed
    #[arg(long, value_name = "SEED", value_delimiter = ',')]
    seed: Vec<u64>,
    /// Runs on an adapter with this in its name, in any case; "cpu" for those without one
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// Runs in this state; killed ones have not ended, but no process trains there
    #[arg(long, value_name = "STATE", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(STATES))]
    status: Vec<String>,
}

impl Filter {
    /// The columns whose words are asked for.
    fn words(&self) -> [(&str, &[String]); 3] {
        [("recipe", &self.recipe), ("network", &self.network), ("status", &self.status)]
    }

    fn takes(&self, entry: &Run) -> bool {
        let seeds = &self.seed;
        let among = |(key, words): (&str, &[String])| {
            words.is_empty() || words.contains(&Column::of(key).cell(entry))
        };
        self.words().into_iter().all(among)
            && (seeds.is_empty() || seeds.contains(&entry.record.number("seed")))
            && self.adapter.as_ref().is_none_or(|part| {
                entry.record.device.to_lowercase().contains(&part.to_lowercase())
            })
    }

    /// Returns what to say if no run fits.
    fn nothing(&self, all: &[Run]) -> String {
        if all.is_empty() {
            return "no runs here; `lenet train` makes one".into();
        }
        for (key, words) in self.words() {
            let there: Vec<String> = all.iter().map(|run| Column::of(key).cell(run)).collect();
            if let Some(word) = words.iter().find(|word| !there.contains(word)) {
                let meant = did_you_mean(word, there.iter().map(String::as_str));
                return format!("none of the {} runs here has --{key} {word}{meant}", all.len());
            }
        }
        format!("none of the {} runs here fits", all.len())
    }
}

pub fn run(args: Args) -> Result<()> {
    let Found { mut entries, warnings } = match &args.folder {
        Some(folder) => find(folder)?,
        None if PathBuf::from(RUNS).exists() => find(RUNS.as_ref())?,
        None => Found::default(),
    };
    warnings.iter().for_each(|warning| output::warn(warning));
    if entries.is_empty() && !warnings.is_empty() {
        return Err(Error::Data("no run here can be read: see the warnings".into()));
    }
    let nothing = args.filter.nothing(&entries);
    entries.retain(|entry| args.filter.takes(entry));
    let [column, name] = [args.sort.as_str(), "name"].map(Column::of);
    entries.sort_by(|a, b| column.order(a, b).then_with(|| name.order(a, b)));
    if args.reverse {
        entries.reverse();
    }
    if !args.group.is_empty() {
        return grouped(&args, &entries);
    }
    if args.json {
        let object = |entry| object(entry, args.curves);
        return output::print_json(&entries.iter().map(object).collect());
    }
    if args.curves {
        return print_curves(&args, &entries);
    }
    if args.csv {
        let header = COLUMNS.iter().map(|column| column.field);
        let row = |entry| COLUMNS.iter().map(|column| column.cell(entry)).collect();
        return output::print(&csv(header.map(String::from).collect(), entries.iter().map(row))?);
    }
    if entries.is_empty() {
        output::note(&nothing);
        return Ok(());
    }
    let headings: Vec<&str> = COLUMNS.iter().map(|column| column.heading).collect();
    let row = |entry: &Run| COLUMNS.iter().map(|column| column.text(entry)).collect();
    output::print(&Table::of(&headings, entries.iter().map(row)).text())
}

/// Returns a run for a program, with every setting besides the columns.
fn object(entry: &Run, with_curves: bool) -> Value {
    let columns = COLUMNS.iter().map(|column| (column.field.into(), (column.value)(entry)));
    let settings: Map<String, Value> =
        entry.record.settings.iter().map(|(name, s)| (name.clone(), s.value.clone())).collect();
    let settings = [("settings".into(), Value::Object(settings))];
    let curves = with_curves.then(|| ("curves".into(), curves::json(entry)));
    Value::Object(columns.chain(settings).chain(curves).collect())
}

/// Prints a line an epoch.
fn print_curves(args: &Args, entries: &[Run]) -> Result<()> {
    let of_run = ["name", "recipe", "network", "seed"].map(Column::of);
    let rows = |cell: fn(&Curve, &Line) -> String| {
        let row = move |entry: &Run, line: &Line| -> Vec<String> {
            let of_run = of_run.iter().map(|column| column.cell(entry));
            of_run.chain(CURVES.iter().map(|curve| cell(curve, line))).collect()
        };
        entries.iter().flat_map(move |entry| entry.lines.iter().map(move |line| row(entry, line)))
    };
    if args.csv {
        let fields = of_run.iter().map(|column| column.field);
        let heading = fields.chain(CURVES.iter().map(|curve| curve.name)).map(String::from);
        return output::print(&csv(heading.collect(), rows(Curve::cell))?);
    }
    let numbers = CURVES.iter().map(|curve| format!(">{}", curve.name.replace('_', " ")));
    let headings: Vec<String> =
        of_run.iter().map(|column| column.heading.to_string()).chain(numbers).collect();
    output::print(&Table::of(&headings, rows(Curve::text)).text())
}

/// Prints a line a group.
fn grouped(args: &Args, entries: &[Run]) -> Result<()> {
    let groups = groups(entries, &args.group)?;
    if args.json {
        return output::print_json(&groups.iter().map(|group| group.json(&args.group)).collect());
    }
    let names = args.group.iter().cloned();
    let cells = |group: &Group, decimals: usize| -> Vec<String> {
        let Sample { count, mean, deviation } = group.errors;
        let deviation = deviation.map_or(String::new(), |it| format!("{it:.decimals$}"));
        let figures = [count.to_string(), format!("{mean:.decimals$}"), deviation];
        group.values.iter().map(plain).chain(figures).collect()
    };
    if args.csv {
        let header = names.chain(["runs", "error_percent", "deviation"].map(String::from));
        let rows = groups.iter().map(|group| cells(group, 6));
        return output::print(&csv(header.collect(), rows)?);
    }
    let headings: Vec<String> =
        names.chain([">runs", ">error %", ">deviation"].map(String::from)).collect();
    output::print(&Table::of(&headings, groups.iter().map(|group| cells(group, 2))).text())
}

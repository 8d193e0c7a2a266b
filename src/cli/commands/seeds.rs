//! `lenet train --seeds N`: one training with several seeds, and what they come to together.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::train::Args;
use crate::cli::output;
use crate::data::Mnist;
use crate::device::Device;
use crate::error::Result;
use crate::evaluation::statistics::Sample;
use crate::recipe::{MAX_SEEDS, Range, Settings};
use crate::report::files::{Folder, RUNS};
use crate::report::lines;
use crate::run::launch::{Launch, identity};
use crate::run::page::Test;
use crate::run::resume::is_done;
use crate::text::{on_one_line, thousands};
use crate::train::Split;
use crate::train::control::Control;

/// Trains with seeds 1 to `seeds`, each in a folder of its own. A run that is there is not repeated, and one that
/// was interrupted goes on. Returns the test errors in per cent.
pub fn run(
    args: &Args,
    seeds: usize,
    settings: &Settings,
    (mnist, about): (&Mnist, &Value),
    device: &Device,
    control: &Arc<Control>,
) -> Result<f64> {
    Range::Count(MAX_SEEDS, "seeds a training may have").check("seeds", &seeds)?;
    let place = || PathBuf::from(RUNS).join(format!("{}-seeds", settings.network.name));
    let out = args.results.out.clone().unwrap_or_else(place);
    let folder = |seed: usize| out.join(format!("seed-{seed}"));
    let mut results = args.results.clone();
    let mut errors = Vec::new();
    for seed in 1..=seeds {
        let mut settings = Settings { seed: seed as u64, ..settings.clone() };
        settings.origins.insert("seed".into(), "--seeds".into());
        let path = folder(seed);
        if !is_done(&path, &identity(&settings, device, &about["data"]))? {
            args.results.say(&format!("seed     {seed} of {seeds}"));
            let opened = Folder::make(Some(&path), &settings.network.name, true)?;
            let split = Split::draw(&settings, mnist);
            let lists = split.lists(mnist);
            let test = Test { numbers: split.test_numbers(mnist), digits: mnist.test.clone() };
            let opened = results.open(Some(opened), &settings, &test, &args.device, control)?;
            let launch = Launch {
                settings: &settings,
                split: &split,
                lists,
                device,
                folder: &opened.folder,
                keep: opened.keep,
                about,
            };
            launch.complete(opened.reports, control)?;
            results.page(&opened.folder, &test, device, args.device.plan);
            // The settings are said once.
            results.quiet = !results.json;
        }
        let last = lines::read(&path)?.pop();
        errors.push(last.map_or(f64::NAN, |line| line.test_error()));
    }
    tell(args, &errors, settings.test_limit, &out.display().to_string())
}

/// Says what all seeds came to, and returns the mean.
fn tell(args: &Args, errors: &[f64], digits: usize, out: &str) -> Result<f64> {
    let sample = Sample::of(errors).expect("there is a seed");
    if args.results.json {
        output::print_json(&json!({
            "event": "seeds",
            "out": out,
            "test_error_percent": errors,
            "mean": sample.mean,
            "deviation": sample.deviation,
        }))?;
        return Ok(sample.mean);
    }
    let list = errors.iter().map(|error| format!("{error:.2}")).collect::<Vec<_>>().join(", ");
    output::print(&format!(
        "test error of {} digits, seeds 1 to {}: {list} %\n\
         mean and standard deviation {} %\n",
        thousands(digits),
        errors.len(),
        sample.text(2)
    ))?;
    args.results.say(&format!("next     lenet runs {}", on_one_line(out)));
    Ok(sample.mean)
}

//! The report of `lenet doctor` on one screen.

use super::checks::Answer;
use super::drivers::Drivers;
use super::kernels::Deviation;
use super::known::Problem;
use super::repeat::Repeated;
use super::speed::Figure;
use super::subject::STEPS;
use super::training::{RUNS, Training};
use super::{Examined, Report};
use crate::text::{Table, count, duration, thousands};

/// A report in a person's words.
pub fn of(report: &Report) -> String {
    let mut sections = vec![machine(report)];
    if let Some(examined) = &report.adapter {
        let parts = [
            limits(examined),
            checks(&examined.checks),
            training(&examined.training),
            examined.repeated.as_ref().map(repeated),
            speed(&examined.speed),
            known(&examined.known, &examined.checks),
        ];
        sections.extend(parts.into_iter().flatten());
    }
    sections.push(match &report.faults[..] {
        [] => format!("Everything holds ({}).\n", duration(report.seconds)),
        faults => {
            let lines = faults.iter().map(|fault| format!("  {fault}\n"));
            format!("DOES NOT HOLD\n{}", lines.collect::<String>())
        }
    });
    sections.join("\n")
}

/// A table, unless it has no rows.
fn table(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Option<String> {
    let rows: Vec<Vec<String>> = rows.collect();
    (!rows.is_empty()).then(|| Table::of(headings, rows).text())
}

/// Lines of names and values.
fn lines(rows: &[(&str, String)]) -> String {
    let line = |(name, value): &(&str, String)| format!("{:<11} {value}\n", *name);
    rows.iter().map(line).collect()
}

fn machine(report: &Report) -> String {
    let mut rows = Vec::new();
    if let Some(Examined { facts, .. }) = &report.adapter {
        let vulkan = facts.vulkan.as_ref().map_or(String::new(), |version| format!(" {version}"));
        rows.extend([
            ("adapter", format!("{}: {}", facts.name, facts.kind)),
            ("backend", format!("{}{vulkan}", facts.backend)),
            ("driver", format!("{} {}", facts.driver, facts.driver_info).trim().to_string()),
            ("timestamps", if facts.timestamps { "yes" } else { "no" }.into()),
        ]);
    }
    let chosen = report.adapter.as_ref().map(|examined| examined.facts.name.as_str());
    let others = report.adapters.iter().filter(|name| !chosen.is_some_and(|c| name.starts_with(c)));
    rows.extend(others.map(|name| ("also here", name.clone())));
    let Drivers { variables, loader, files } = &report.drivers;
    rows.extend(loader.iter().map(|path| ("loader", path.display().to_string())));
    for file in files {
        let version = file.api_version.as_ref().map_or(String::new(), |v| format!(", Vulkan {v}"));
        let fault = file.fault.as_ref().map_or(String::new(), |fault| format!(": {fault}"));
        rows.push(("driver file", format!("{}{version}{fault}", file.path.display())));
    }
    rows.extend(variables.iter().map(|(name, value)| ("variable", format!("{name}={value}"))));
    rows.extend(report.advice.iter().map(|advice| ("advice", advice.clone())));
    rows.push(("lenet", report.lenet.clone()));
    lines(&rows)
}

fn limits(examined: &Examined) -> Option<String> {
    let rows = examined.limits.iter().map(|limit| {
        let fault = if limit.have < limit.need { "TOO LOW" } else { "" };
        vec![limit.name.to_string(), thousands(limit.need), thousands(limit.have), fault.into()]
    });
    table(&["limit", ">need", ">have", ""], rows)
}

fn checks(answers: &[Answer]) -> Option<String> {
    let rows = answers.iter().map(|answer| {
        let state = match (answer.passed, answer.required) {
            (true, _) => "ok",
            (false, true) => "WRONG",
            (false, false) => "not needed",
        };
        vec![answer.name.clone(), state.into(), answer.allowed.to_string(), answer.verdict()]
    });
    let table = table(&["known answer", "", ">ulp allowed", "largest error"], rows)?;
    let failed = answers.iter().filter(|answer| !answer.passed);
    let found = failed.map(|answer| format!("  {} finds {}\n", answer.name, answer.catches));
    Some(table + &found.collect::<String>())
}

fn training(trained: &[Training]) -> Option<String> {
    let rows = trained.iter().map(|training| {
        let state = if training.fault().is_none() { "ok" } else { "WRONG" };
        let largest = training.largest_difference;
        let worst = |all: &[Deviation]| {
            let worst = all.iter().max_by(|a, b| a.error.total_cmp(&b.error));
            let percent = worst.map(|worst| format!("{}: {:.0} %", all.len(), 100.0 * worst.error));
            percent.unwrap_or_default()
        };
        vec![
            format!("{}, {}", training.network, training.optimizer),
            training.plan.into(),
            state.into(),
            largest.map_or("NaN".into(), |largest| format!("{largest:.1e}")),
            training.checksums[0].clone(),
            format!("{:.2}", training.first_seconds),
            format!("{:.2}", training.last_seconds),
            thousands(training.digits_per_second.round()),
            worst(&training.kernels),
            worst(&training.gradients),
        ]
    });
    let heading = format!("{STEPS} steps, {RUNS} times");
    let headings = [
        &heading,
        "plan",
        "",
        ">off the CPU",
        "checksum",
        ">first s",
        ">last s",
        ">digits/s",
        ">kernels",
        ">gradients",
    ];
    let note =
        "kernels and gradients: how many, and the largest error as a share of what is allowed\n";
    table(&headings, rows).map(|table| table + note)
}

fn repeated(repeated: &Repeated) -> String {
    let (runs, seconds) = (repeated.runs, duration(repeated.seconds));
    let others = match repeated.others.len() {
        0 => "all left the same bits".to_string(),
        others => format!("{} LEFT OTHER BITS than the first", count(others, "run")),
    };
    format!("{} of lenet5 in {seconds}: {others}\n", count(runs, "equal run"))
}

fn speed(figures: &[Figure]) -> Option<String> {
    let number = |value: f64| match value {
        value if value < 10.0 => format!("{value:.1}"),
        value => thousands(value.round()),
    };
    let rows = figures.iter().map(|figure| {
        let [least, most] = figure.usual.map(number);
        let usual = format!("{least} to {most}");
        vec![figure.name.into(), number(figure.value), figure.unit.into(), usual]
    });
    table(&["speed", ">here", "", ">usual"], rows)
}

/// What others met, and whether the check that finds it passes here.
fn known(problems: &[Problem], answers: &[Answer]) -> Option<String> {
    let passes = |problem: &Problem| {
        let answer = answers.iter().find(|answer| Some(&answer.name) == problem.check.as_ref());
        match answer.map(|answer| answer.passed) {
            Some(true) => " (not seen here)",
            Some(false) => " (seen here)",
            None => "",
        }
    };
    let lines = problems.iter().map(|problem| {
        let link = problem.link.as_ref().map_or(String::new(), |link| format!("\n    {link}"));
        let seen = passes(problem);
        format!("  {}{seen}: {}{link}\n", problem.what, problem.advice)
    });
    (!problems.is_empty())
        .then(|| format!("known of such adapters and drivers\n{}", lines.collect::<String>()))
}

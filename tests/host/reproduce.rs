//! `lenet reproduce` from end to end with few digits: the runs, the report, a second call, Ctrl-C.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::Outcome;
use crate::common::page;
use crate::common::program::{DATA, USAGE, command, fails, path, prints, text, two_classes};
use serde_json::Value;
use tempfile::TempDir;

const INTERRUPTED: i32 = 130;
/// So few digits that a row takes a moment.
const RECIPES: [&str; 7] = [
    "lenet1",
    "lenet5",
    "lenet5-tutorial",
    "lenet5-1998",
    "lenet5-distorted",
    "lenet5-1998-distorted",
    "notebook",
];
const LIMITS: [&str; 8] =
    ["--device", "cpu", "--epochs", "2", "--train-limit", "400", "--test-limit", "200"];

fn reproduce(out: &Path, more: &[&str]) -> String {
    prints(&[&["reproduce", "--out", path(out)], more, &LIMITS].concat())
}

fn record(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("run.json")).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn table_and_report() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("my table");
    let printed = reproduce(&out, &["--seeds", "2"]);
    let lines = printed.lines().count();
    assert!(lines > 2 * RECIPES.len(), "a line for each run: {printed}");
    let page = fs::read_to_string(out.join("report.html"))?;
    page::check(&page);
    assert!(page.contains("my table'"), "no command that a shell understands");
    assert!(page.contains("--train-limit 400"), "limits are told");

    // Each row shows the mistakes of its run in the middle, the better one of two.
    let mut expected = 0;
    for recipe in RECIPES {
        let errors = [1, 2].map(|seed| {
            let record = record(&out.join(recipe).join(format!("seed-{seed}")));
            assert_eq!(record["status"], "complete");
            record["result"]["final"]["test_errors"].as_u64().expect("errors")
        });
        expected += errors.iter().min().expect("two runs");
        let mean = (errors[0] + errors[1]) as f64 / 2.0 / 2.0;
        let shown = format!("{mean:.2} ± ");
        assert!(page.contains(&shown), "{recipe}: {shown} is not on the page");
    }
    assert_eq!(page.matches("<figure title=\"digit ").count() as u64, expected);

    let markdown = fs::read_to_string(out.join("report.md"))?;
    let shown = markdown.lines().filter_map(|line| line.strip_prefix("![")?.split_once("]("));
    let files: Vec<&str> = shown.map(|(_, file)| file.trim_end_matches(')')).collect();
    assert!(files.len() > 30, "{markdown}");
    for file in files {
        assert!(out.join(file).is_file(), "{file} is missing");
    }

    // The figures for programs.
    let results: Value = serde_json::from_str(&fs::read_to_string(out.join("results.json"))?)?;
    let rows = results["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), RECIPES.len());
    let csv = fs::read_to_string(out.join("results.csv"))?;
    assert_eq!(csv.lines().count(), 1 + 2 * RECIPES.len(), "{csv}");
    assert!(csv.starts_with("recipe,seed,epochs,test_digits,test_errors,"), "{csv}");
    for row in rows {
        let (recipe, runs) = (row["recipe"].as_str().expect("a name"), &row["runs"]);
        let errors = &record(&out.join(recipe).join("seed-2"))["result"]["final"]["test_errors"];
        assert_eq!(&runs[1]["test_errors"], errors, "{recipe}");
        assert_eq!(runs[1]["curves"].as_array().map(Vec::len), Some(2), "{recipe}");
        assert!(csv.contains(&format!("{recipe},2,2,200,{errors},")), "{recipe}: {csv}");
    }

    // The same bits as by lenet train.
    let run = folder.path().join("run");
    let train = ["train", "--recipe", "lenet5", "--seed", "2", "--out", path(&run), "--quiet"];
    prints(&[&train[..], &LIMITS].concat());
    let model = out.join("lenet5/seed-2/model.safetensors");
    assert!(fs::read(&model)? == fs::read(run.join("model.safetensors"))?, "another model");

    let before = fs::metadata(&model)?.modified()?;
    let again = reproduce(&out, &["--seeds", "2"]);
    assert!(again.lines().count() < lines, "lines for runs that are there: {again}");
    assert_eq!(fs::metadata(&model)?.modified()?, before, "a finished run was done again");
    Ok(())
}

#[test]
fn other_flags_overwrite_nothing() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path();
    reproduce(out, &["lenet1", "--seeds", "1"]);
    let model = out.join("lenet1/seed-1/model.safetensors");
    let before = fs::read(&model)?;
    let other = ["reproduce", "lenet1", "--device", "cpu", "--epochs", "3", "--out", path(out)];
    fails(&other, USAGE, &["seed-1", "epochs", "2", "3", "--out"]);
    assert!(fs::read(&model)? == before);
    // More seeds are welcome.
    reproduce(out, &["lenet1", "--seeds", "2"]);
    assert!(fs::read(&model)? == before);
    // A broken checkpoint costs the run its epochs, no more.
    let run = out.join("lenet1/seed-2");
    let model = fs::read(run.join("model.safetensors"))?;
    let record = fs::read_to_string(run.join("run.json"))?.replace("complete", "running");
    fs::write(run.join("run.json"), record)?;
    fs::write(run.join("last.ckpt.safetensors"), "broken")?;
    let args = [&["reproduce", "lenet1", "--seeds", "2", "--out", path(out)], &LIMITS[..]].concat();
    let again = command(&args).output()?;
    let said = text(&again.stderr);
    assert!(again.status.success() && said.contains("last.ckpt.safetensors"), "{said}");
    assert!(fs::read(run.join("model.safetensors"))? == model);
    Ok(())
}

/// Three training digits teach a network of ten classes little: it answers with any of them, of which the data have
/// two.
#[test]
fn data_may_have_fewer_classes_than_the_network() -> Outcome {
    let folder = TempDir::new()?;
    let (data, out) = (two_classes(folder.path(), 28, 60), folder.path().join("table"));
    let own = ["--data", &data, "--test-share", "0.5", "--train-limit", "3"];
    let few = ["--epochs", "1", "--seeds", "3", "--device", "cpu", "--out", path(&out)];
    prints(&[&["reproduce", "lenet5"], &own[..], &few].concat());
    let results: Value = serde_json::from_str(&fs::read_to_string(out.join("results.json"))?)?;
    assert_eq!(results["rows"][0]["runs"].as_array().map(Vec::len), Some(3));
    Ok(())
}

#[test]
fn flags_that_make_no_sense() -> Outcome {
    fails(&["reproduce", "cake"], USAGE, &[&["cake", "lenet1-1990"], &RECIPES[..]].concat());
    fails(&["reproduce", "--seeds", "0"], USAGE, &["--seeds"]);
    // The second row does not fit this plan, and the first is not trained before that is said.
    let rows = ["reproduce", "lenet1", "lenet5-tutorial"];
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("table");
    let sample = ["--device", "cpu", "--plan", "sample", "--out", path(&out)];
    fails(&[&rows[..], &sample].concat(), USAGE, &["lenet5-tutorial: ", "--plan layered"]);
    assert!(!out.exists(), "a row was trained");
    fails(&["reproduce", "--epochs", "0"], USAGE, &["--epochs"]);
    fails(&["reproduce", "--device", "cpu", "--adapter", "0"], USAGE, &["--adapter"]);
    Ok(())
}

/// Ctrl-C after the first epoch, then the same command again: the bits of a run without a stop.
#[cfg(unix)]
#[test]
fn interrupted_and_gone_on() -> Outcome {
    const RUN: [&str; 6] = ["--epochs", "20", "--train-limit", "3000", "--test-limit", "200"];
    let folder = TempDir::new()?;
    let pictures = folder.path().join("p.toml");
    fs::write(&pictures, "name = \"pictures\"\nlayers = []")?;
    fails(&["reproduce", "--network", path(&pictures)], USAGE, &["pictures", "another name"]);
    let out = folder.path().join("table");
    let args = ["reproduce", "lenet1", "--seeds", "1", "--device", "cpu", "--out", path(&out)];
    let args = [&args[..], &RUN].concat();
    let mut child = command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let run = out.join("lenet1/seed-1");
    let begun = Instant::now();
    while !run.join("metrics.jsonl").exists() && begun.elapsed().as_secs() < 60 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill?.success());
    assert_eq!(child.wait()?.code(), Some(INTERRUPTED));
    let stopped = record(&run);
    assert_eq!(stopped["status"], "interrupted");
    let epochs = stopped["result"]["epochs"].as_u64().expect("epochs");
    assert!((1..20).contains(&epochs), "stopped after {epochs}");
    assert!(!out.join("report.html").exists());

    prints(&args);
    assert_eq!(record(&run)["result"]["epochs"], 20);
    let metrics = fs::read_to_string(run.join("metrics.jsonl"))?;
    let numbers: Vec<u64> = metrics
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["epoch"].as_u64())
        .map(|number| number.expect("a number"))
        .collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<u64>>());
    let whole = folder.path().join("whole");
    let train =
        ["train", "--recipe", "lenet1", "--device", "cpu", "--out", path(&whole), "--quiet"];
    prints(&[&train[..], &RUN].concat());
    let model = |folder: &Path| fs::read(folder.join("model.safetensors"));
    assert!(model(&run)? == model(&whole)?, "other bits after a stop");
    Ok(())
}

/// The zip code digits are no part of the program: without them their row is left out and the rest goes on.
#[test]
fn zip_codes_are_a_row_of_their_own() -> Outcome {
    let folder = TempDir::new()?;
    let [zip, out] = ["zip", "out"].map(|name| folder.path().join(name));
    fs::create_dir(&zip)?;
    let digit = |label: usize| {
        format!("{label} {}{}\n", "1 ".repeat(20 * label), "-1 ".repeat(256 - 20 * label))
    };
    for (set, count) in [("train", 300), ("test", 50)] {
        let digits: String = (0..count).map(|number| digit(number % 10)).collect();
        fs::write(zip.join(format!("zip.{set}")), digits)?;
    }
    let limits = ["--seeds", "2", "--epochs", "1", "--train-limit", "200", "--test-limit", "40"];
    let both = ["reproduce", "lenet1-1990", "lenet1", "--device", "cpu", "--out", path(&out)];
    let with_zip = [&both[..], &limits, &["--data", path(&zip)]].concat();
    prints(&with_zip);
    let digits = |recipe: &str| record(&out.join(recipe).join("seed-2"))["data"].clone();
    assert_eq!(digits("lenet1-1990")["test"]["digits"], 50);
    assert_eq!(
        (&digits("lenet1")["source"], &digits("lenet1")["test"]["digits"]),
        (&"built in".into(), &10_000.into())
    );
    let results = || -> Value {
        let text = fs::read_to_string(out.join("results.json")).expect("results");
        serde_json::from_str(&text).expect("JSON")
    };
    let of_both = results();
    let targets: Vec<_> =
        (0..2).map(|row| &of_both["rows"][row]["rejected_for_error_percent"]).collect();
    assert_eq!(targets, [0.5, 1.0]);
    let page = fs::read_to_string(out.join("report.html"))?;
    assert!(
        page.contains("For 1 % error") || page.contains("over 1 % error"),
        "no rejection for 1 %"
    );

    fails(
        &[&both[..2], &both[3..]].concat(),
        USAGE,
        &["zip.train.gz", "ElemStatLearn", "--data FOLDER"],
    );
    let without = command(&[&both[..], &limits].concat()).output()?;
    assert!(without.status.success() && text(&without.stderr).contains("lenet1-1990 is left out"));
    assert_eq!(results()["rows"].as_array().map(Vec::len), Some(1));
    assert!(fs::read_to_string(out.join("report.md"))?.contains("lenet1-1990 is left out"));
    Ok(())
}

/// A row of a network of one's own stands beside those of the table, with the recipe that its file has.
#[test]
fn a_network_of_ones_own_is_a_row() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("table");
    let mine = |name: &str| {
        let file = folder.path().join(format!("{name}.toml"));
        let text = format!(
            "name = '{name}'\nlayers = [{{ linear = 'f1', units = 9 }}]\n[recipe]\nbatch = 5\n"
        );
        fs::write(&file, text).map(|()| file)
    };
    let (one, two) = (mine("mine")?, mine("yours")?);
    let both = format!("{},{}", path(&one), path(&two));
    let printed = reproduce(&out, &["lenet1", "--network", &both, "--seeds", "2"]);
    assert!(printed.contains("6, of which 0 are there"), "{printed}");
    let settings = &record(&out.join("mine/seed-2"))["settings"];
    assert_eq!((&settings["batch"]["value"], &settings["seed"]["value"]), (&5.into(), &2.into()));
    let page = fs::read_to_string(out.join("report.html"))?;
    assert!(page.contains("The network in ") && page.contains(path(&two)));
    // Alone it is the only row; and two rows have two names.
    let printed = reproduce(&folder.path().join("alone"), &["--network", path(&one), "--seeds=1"]);
    assert!(printed.contains("1, of which 0 are there"), "{printed}");
    let twice = format!("{0},{0}", path(&one));
    fails(&["reproduce", "--device", "cpu", "--network", &twice], USAGE, &["mine", "name"]);
    fails(&["reproduce", "--network", "nothing.toml"], DATA, &["nothing.toml"]);
    Ok(())
}

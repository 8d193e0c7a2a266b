//! `lenet runs` and `lenet compare` on short runs of the CPU.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::common::program::{DATA, OTHER, USAGE, fails, json_of, path, prints, run, text};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Three runs, one of them in a folder of folders.
static RUNS: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().expect("a folder");
    for (name, network, seed, epochs) in
        [("a-10", "lenet1", "1", "3"), ("a-9", "lenet1", "2", "2"), ("deep/er", "lenet5", "1", "1")]
    {
        let out = folder.path().join(name);
        let limits = ["--train-limit", "2000", "--test-limit", "500", "--device", "cpu"];
        let what = ["train", "--quiet", "--network", network, "--seed", seed, "--epochs", epochs];
        prints(&[&what[..], &limits, &["--out", path(&out)]].concat());
    }
    folder
});

fn folder(name: &str) -> PathBuf {
    RUNS.path().join(name)
}

/// Names of the runs in the order in which they are listed.
fn listed(args: &[&str]) -> Vec<String> {
    let list = json_of(&[&["runs", path(RUNS.path())], args].concat());
    let name = |run: &Value| {
        let folder = Path::new(run["folder"].as_str().expect("a folder"));
        path(folder.strip_prefix(RUNS.path()).expect("below DIR")).to_string()
    };
    list.as_array().expect("a list").iter().map(name).collect()
}

#[test]
fn lists_every_run() {
    let list = json_of(&["runs", path(RUNS.path())]);
    let first = &list[1];
    assert_eq!(
        [&first["recipe"], &first["seed"], &first["epochs"], &first["status"]],
        [&json!("lenet1"), &json!(1), &json!(3), &json!("complete")]
    );
    assert_eq!(first["settings"]["test-limit"], 500);
    assert!(first["adapter"].as_str().expect("a text").starts_with("CPU ("));
    let record = fs::read_to_string(folder("a-10/run.json")).expect("a record");
    let record: Value = serde_json::from_str(&record).expect("JSON");
    let errors = record["result"]["final"]["test_errors"].as_u64().expect("errors");
    assert_eq!(first["error_percent"], errors as f64 / 5.0);

    let printed = prints(&["runs", path(RUNS.path())]);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 4, "{printed}");
    assert!(lines[0].starts_with("name ") && lines[0].ends_with("status"), "{printed}");
    assert!(lines[3].contains("deep/er") && lines[3].contains("lenet5"), "{printed}");
    // A run by itself.
    assert_eq!(prints(&["runs", path(&folder("a-9"))]).lines().count(), 2);
}

#[test]
fn sorts_and_filters() {
    assert_eq!(listed(&[]), ["a-9", "a-10", "deep/er"]);
    assert_eq!(listed(&["--reverse"]), ["deep/er", "a-10", "a-9"]);
    assert_eq!(listed(&["--sort", "epochs"]), ["deep/er", "a-9", "a-10"]);
    assert_eq!(listed(&["--sort", "network"]), ["a-9", "a-10", "deep/er"]);
    assert_eq!(listed(&["--network", "lenet1"]), ["a-9", "a-10"]);
    assert_eq!(listed(&["--recipe", "lenet5,lenet1", "--seed", "1"]), ["a-10", "deep/er"]);
    assert_eq!(listed(&["--adapter", "cpu"]).len(), 3);
    assert!(listed(&["--status", "interrupted"]).is_empty());
    let errors = json_of(&["runs", path(RUNS.path()), "--sort", "error"]);
    let errors: Vec<f64> = errors
        .as_array()
        .expect("a list")
        .iter()
        .map(|run| run["error_percent"].as_f64().expect("an error"))
        .collect();
    assert!(errors.is_sorted(), "{errors:?}");
    fails(&["runs", path(RUNS.path()), "--sort", "eror"], USAGE, &["error"]);
    fails(&["runs", path(RUNS.path()), "--status", "kiled"], USAGE, &["'killed'"]);
    let none = run(&["runs", path(RUNS.path()), "--recipe", "lenet6"]);
    assert!(none.status.success() && none.stdout.is_empty());
    assert!(text(&none.stderr).contains("lenet5"), "{}", text(&none.stderr));
}

#[test]
fn csv_has_the_same() {
    let printed = prints(&["runs", path(RUNS.path()), "--csv"]);
    let mut reader = csv::Reader::from_reader(printed.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let list = json_of(&["runs", path(RUNS.path())]);
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 3);
    for (row, run) in rows.iter().zip(list.as_array().expect("a list")) {
        for (name, cell) in headers.iter().zip(row) {
            match &run[name] {
                Value::String(text) => assert_eq!(cell, text),
                number => {
                    let cell: f64 = cell.parse().expect("a number");
                    // Reading a number from JSON may miss the last bit.
                    let number = number.as_f64().expect("a number");
                    assert!(
                        (cell - number).abs() <= 1e-12 * number.abs(),
                        "{name}: {cell}, {number}"
                    );
                }
            }
        }
    }
}

#[test]
fn broken_folders_are_named() {
    let all = TempDir::new().expect("a folder");
    let copy = |name: &str| {
        let to = all.path().join(name);
        fs::create_dir(&to).expect("a folder");
        for file in ["run.json", "metrics.jsonl"] {
            fs::copy(folder("a-9").join(file), to.join(file)).expect("a copy");
        }
        to
    };
    copy("whole");
    fs::write(copy("cut").join("run.json"), "{\"lenet\":").expect("a file");
    fs::write(copy("foreign").join("run.json"), "{\"name\": \"mine\"}").expect("a file");
    fs::write(copy("lines").join("metrics.jsonl"), "nonsense\n").expect("a file");
    fs::remove_file(copy("none").join("run.json")).expect("a file");
    fs::remove_file(copy("gone").join("metrics.jsonl")).expect("a file");
    let begun = copy("begun");
    fs::remove_file(begun.join("metrics.jsonl")).expect("a file");
    let record = fs::read(begun.join("run.json")).expect("a record");
    let mut record: Value = serde_json::from_slice(&record).expect("JSON");
    (record["status"], record["result"]) = (json!("running"), json!(null));
    fs::write(begun.join("run.json"), record.to_string()).expect("a record");
    fs::create_dir(all.path().join("empty")).expect("a folder");
    let output = run(&["runs", path(all.path())]);
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert_eq!(printed.lines().count(), 3, "{printed}");
    assert!(printed.contains("whole") && printed.contains("begun"), "{printed}");
    assert!(printed.contains(" 0 ") && printed.contains(" 0.0 s") && !printed.contains("-0.0"));
    let cut = ["cut/run.json", "foreign/run.json", "none/run.json"];
    for name in cut.iter().chain(&["lines/metrics.jsonl", "gone/metrics.jsonl"]) {
        assert!(said.contains(name), "{name} is not in {said}");
    }
    assert_eq!(said.matches("warning: ").count(), 5, "{said}");
    fails(&["runs", path(&all.path().join("nowhere"))], DATA, &["nowhere"]);
}

#[test]
fn curves_have_every_epoch() {
    let all = path(RUNS.path());
    let metrics = fs::read_to_string(folder("a-10/metrics.jsonl")).expect("metrics");
    let metrics = metrics.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let runs = json_of(&["runs", all, "--curves", "--sort", "epochs", "--reverse"]);
    let curves = runs[0]["curves"].as_array().expect("curves");
    assert_eq!((curves.len(), runs[2]["curves"].as_array().map(Vec::len)), (3, Some(1)));
    for (epoch, line) in curves.iter().zip(metrics) {
        for name in ["epoch", "train_loss", "test_loss", "seconds"] {
            assert_eq!(epoch[name], line[name], "{name}");
        }
        let errors = epoch["test_error_percent"].as_f64().expect("a number") * 5.0;
        assert!((errors - line["test_errors"].as_f64().expect("errors")).abs() < 1e-9);
    }
    assert_eq!(json_of(&["runs", all])[0].get("curves"), None);

    let csv = prints(&["runs", all, "--curves", "--csv", "--network", "lenet1"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("folder,recipe,network,seed,epoch,learning_rate,train_loss,"));
    assert_eq!(lines.len(), 1 + 3 + 2, "{csv}");
    let cells: Vec<&str> = lines[3].split(',').collect();
    assert!(cells[0].ends_with("a-10") && cells[4] == "1", "a-9 is before a-10: {csv}");
    let table = prints(&["runs", all, "--curves"]);
    assert!(table.lines().count() == 7 && table.contains("test error percent"), "{table}");
    fails(&["runs", all, "--curves", "--group", "lr"], USAGE, &["--group"]);
}

fn compare(a: &str, b: &str, more: &[&str]) -> Value {
    let [a, b] = [a, b].map(folder);
    json_of(&[&["compare", path(&a), path(&b), "--device", "cpu"], more].concat())
}

#[test]
fn compares_settings_and_digits() {
    let told = compare("a-10", "a-9", &[]);
    assert_eq!(told["settings"], json!({ "epochs": [3, 2], "seed": [1, 2] }));
    assert_eq!(told["results"]["epochs"], json!([3.0, 2.0]));
    assert_eq!(told["a"]["epochs"].as_array().map(Vec::len), Some(3));
    let count = |name: &str| told[name].as_u64().expect("a count");
    let [only_a, only_b, both] = ["only_a_right", "only_b_right", "both_wrong"].map(count);
    assert_eq!(count("both_right") + only_a + only_b + both, 10_000);
    for (name, errors) in [("a-10", only_b + both), ("a-9", only_a + both)] {
        let model = folder(name).join("model.safetensors");
        let evaluated = json_of(&["evaluate", path(&model), "--device", "cpu"]);
        assert_eq!(evaluated["test"]["errors"], errors, "{name}");
    }
    let p = told["mcnemar_p_value"].as_f64().expect("a probability");
    assert!((0.0..=1.0).contains(&p));

    let same = compare("a-9", "a-9/model.safetensors", &[]);
    assert_eq!([&same["only_a_right"], &same["only_b_right"]], [&json!(0), &json!(0)]);
    assert_eq!(same["mcnemar_p_value"], 1.0);
    assert_eq!(same["results"]["epochs"], json!([2.0, null]));
    let settings = same["settings"].as_object().expect("settings");
    let names: Vec<&str> = settings.keys().map(String::as_str).collect();
    let unknown =
        ["adapter", "commit", "data", "lenet", "profile", "test digits", "training digits"];
    assert_eq!(names, unknown, "what a model file does not know");
}

/// The settings are the same, and yet the runs may not be.
#[test]
fn compares_what_runs_were_made_with() {
    let (a, copy) = (folder("a-9"), TempDir::new().expect("a folder"));
    for file in ["run.json", "metrics.jsonl", "model.safetensors"] {
        fs::copy(a.join(file), copy.path().join(file)).expect("a copy");
    }
    let file = copy.path().join("run.json");
    let mut record: Value = serde_json::from_slice(&fs::read(&file).expect("a record")).unwrap();
    let there = record.clone();
    record["lenet"] = json!("0.0.9");
    record["device"] = json!("CPU (SSE2, 1 thread; no shader runs)");
    record.as_object_mut().expect("an object").remove("commit");
    fs::write(&file, record.to_string()).expect("a record");
    let told = json_of(&["compare", path(&a), path(copy.path()), "--device", "cpu"]);
    let expected = json!({
        "adapter": [there["device"], record["device"]],
        "commit": [there["commit"], null],
        "lenet": [there["lenet"], "0.0.9"],
    });
    assert_eq!(told["settings"], expected);
}

#[test]
fn draws_comparisons() {
    let out = TempDir::new().expect("a folder");
    let [page, picture] = ["both.html", "both.svg"].map(|name| out.path().join(name));
    let [a, b] = ["a-10", "deep/er"].map(folder);
    let args = ["compare", path(&a), path(&b), "--device", "cpu", "--out"];
    let printed = prints(&[&args[..], &[path(&page)]].concat());
    for word in ["McNemar", "█"] {
        assert!(printed.contains(word), "{word} is not in {printed}");
    }
    let drawn = fs::read_to_string(&page).expect("a page");
    let told = compare("a-10", "deep/er", &["--out", path(&picture)]);
    for count in ["only_a_right", "only_b_right"] {
        let count = told[count].as_u64().expect("a count");
        let count = match (count / 1_000, count % 1_000) {
            (0, ones) => ones.to_string(),
            (thousands, ones) => format!("{thousands},{ones:03}"),
        };
        assert!(drawn.contains(&count), "{count} is not on the page");
    }
    assert!(drawn.contains("class=\"line-1\"") && drawn.contains("<figure title=\"digit "));
    let drawn = fs::read_to_string(&picture).expect("a picture");
    assert!(drawn.starts_with("<svg "), "{drawn}");

    fails(&[&args[..], &[path(&page)]].concat(), USAGE, &["both.html", "--force"]);
    fails(&[&args[..], &["x.pdf"]].concat(), USAGE, &["x.pdf", ".html", ".svg"]);
    let nowhere = out.path().join("nowhere/x.svg");
    fails(&[&args[..], &[path(&nowhere)]].concat(), OTHER, &["nowhere"]);
    let model = folder("a-9/model.safetensors");
    let models = ["compare", path(&model), path(&model), "--device", "cpu", "--out"];
    let third = out.path().join("third.svg");
    fails(&[&models[..], &[path(&third)]].concat(), USAGE, &["curves"]);
    assert_eq!(fs::read_dir(out.path()).expect("a folder").count(), 2, "a file is left");
}

#[test]
fn refuses_what_is_no_run() {
    let run = folder("a-9");
    let empty = TempDir::new().expect("a folder");
    fails(&["compare", path(&run), path(empty.path())], DATA, &["run.json"]);
    fails(&["compare", path(&run), path(&run.join("run.json"))], DATA, &["run.json"]);
    let checkpoint = run.join("last.ckpt.safetensors");
    fails(&["compare", path(&run), path(&checkpoint)], DATA, &["last.ckpt.safetensors"]);
    fails(&["compare", path(&run)], USAGE, &["<B>"]);
}

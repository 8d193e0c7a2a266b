//! Network files: those of the program, and one of the user's own.

use std::fs;
use std::path::Path;

use crate::common::own;
use crate::common::program::{DATA, USAGE, fails, json_of, path, prints, two_classes};
use lenet::network::{Table, build, lenet as networks};
use tempfile::TempDir;

/// One stage and a layer; trains in a blink.
const SMALL: &str = r#"
    name = "small"
    layers = [{ conv = "a", maps = 2 }, { pool = "b" }, { linear = "c", units = 6 }]

    [recipe]
    lr = 0.05
    batch = 4
"#;

fn file(folder: &TempDir, text: &str) -> String {
    let file = folder.path().join("mine.toml");
    fs::write(&file, text).expect("a file");
    path(&file).into()
}

#[test]
fn a_table_and_its_text_are_the_same() {
    let printed = prints(&["summary", "--network", "lenet5", "--toml"]);
    let mut parsed = Table::parse(&printed).expect("a network file");
    let recipe = std::mem::take(&mut parsed.recipe);
    assert_eq!(&parsed, networks::lenet5());
    let of = |key: &str| recipe.iter().find(|(name, _)| name == key).map(|(_, value)| &**value);
    assert_eq!([of("optimizer"), of("epochs"), of("seed")], [Some("sgd"), Some("12"), None]);
    for table in networks::all().iter().cloned().chain(own::all()) {
        assert_eq!(Table::parse(&table.text()).as_ref(), Ok(&table), "{}", table.text());
    }
}

#[test]
fn a_text_quotes_what_its_names_have() {
    let file = r#"
        name = "x"
        source = "\u007F\t\""
        classes = ["e\u0301", "'"]
        layers = [{ conv = "\f", maps = 1 }, { pool = "\u200d" }, { linear = "\u007F", units = 9 }]
    "#;
    let table = Table::parse(file).expect("a table");
    assert_eq!(table.source, "\u{7f}\t\"");
    assert_eq!(table.names.list(), ["e\u{301}", "'"]);
    assert_eq!(Table::parse(&table.text()).as_ref(), Ok(&table), "{}", table.text());
}

#[test]
fn the_documented_file_is_a_network() {
    let text = include_str!("../../docs/networks.md");
    let (_, file) = text.split_once("```toml\n").expect("an example");
    let file = file.split("```").next().expect("its end");
    let table = Table::parse(file).expect("a table");
    build(&table, table.options).expect("a network");
}

#[test]
fn a_file_says_what_is_wrong_with_it() {
    let layer = |layer: &str| format!("name = \"x\"\nlayers = [{{ {layer} }}]");
    let of_recipe = |line: &str| format!("{SMALL}\n{line}");
    let cases: [(&str, &[&str]); 28] = [
        ("", &["line 1", "name"]),
        ("name = \"x\"", &["layers"]),
        ("name = \"x\"\nlayers = []\nborder = -1", &["line 3, column 10", "-1"]),
        ("name = \"x\"\nlayers = []\nsqash = \"tanh\"", &["line 3, column 1", "sqash", "squash"]),
        ("name = \"x\"\nlayers = []\nsquash = \"elu\"", &["line 3, column 10", "elu", "tanh"]),
        ("name = \"x\"\nlayers = []\nloss = \"map\"", &["--output rbf"]),
        ("name = \"x\"\nlayers = []\nloss = \"cross-entropy\"", &["--output softmax"]),
        ("name = \"x\"\nlayers = []\noutput = \"rbf\"\nsquash = \"relu\"", &["--squash relu"]),
        ("name = \"x\"\nlayers = [", &["line 2"]),
        (&layer("conv = \"c\""), &["layer 1", "maps"]),
        (&layer("conv = \"c\", maps = 2, units = 3"), &["layer 1", "units", "linear"]),
        (&layer("pool = \"p\", maps = 2"), &["layer 1", "maps", "conv"]),
        (&layer("linear = \"l\""), &["layer 1", "units"]),
        (&layer("conv = \"c\", pool = \"p\", maps = 2"), &["layer 1", "one of"]),
        (&layer("maps = 2"), &["line 2, column 11", "layer 1", "one of"]),
        (&layer("conv = \"c\", maps = \"many\""), &["line 2, column 32", "a whole number"]),
        ("name = \"../x\"\nlayers = []", &["\"../x\"", "letters"]),
        ("name = \"\\u001b[31m\"\nlayers = []", &["\\u{1b}[31m", "letters"]),
        ("name = \"-x\"\nlayers = []", &["\"-x\"", "begin"]),
        (&layer("conv = \"c\", maps = 2, side = 5"), &["line 2", "side"]),
        (&layer("conv = \"c\", maps = 2, kernel = 8"), &["layer 1", "\"c\"", "8x8", "7x7"]),
        (&layer("linear = \"l\", units = 8, kernel = 3"), &["layer 1", "kernel"]),
        (&layer("conv = \"c\", maps = 1, connections = \"table-2\""), &["layer 1", "table-1"]),
        (&layer("conv = \"c\", maps = 1, connections = [[1]]"), &["layer 1", "\"c\"", "map 1"]),
        (&layer("pool = \"p\""), &["layer 1", "\"p\"", "after a convolution"]),
        (&of_recipe("epochs = 0"), &["[recipe]", "--epochs"]),
        (&of_recipe("epoch = 1"), &["[recipe]", "\"epoch\"", "did you mean epochs?"]),
        (&of_recipe("squash = \"tanh\""), &["[recipe]", "above"]),
    ];
    let folder = TempDir::new().expect("a folder");
    for (text, words) in cases {
        let file = file(&folder, text);
        let words = [&["mine.toml"], words].concat();
        fails(&["train", "--network", &file, "--steps", "1"], DATA, &words);
    }
    let changed = networks::lenet1().text().replace("maps = 4", "maps = 5");
    let file = file(&folder, &changed);
    fails(&["summary", "--network", &file], DATA, &["another name", "\"lenet1\""]);
    fails(&["summary", "--network", "lenet6"], USAGE, &["did you mean lenet5?", "a network file"]);
    let folder = path(folder.path());
    fails(&["summary", "--network", folder], DATA, &[folder]);
}

/// Typed flags override the recipe of the file; settings that then have no use are left out.
#[test]
fn flags_override_the_recipe_of_a_file() {
    let folder = TempDir::new().expect("a folder");
    let of_lenet5 = prints(&["summary", "--network", "lenet5", "--toml"]);
    let of_tutorial = prints(&["summary", "--network", "lenet5-tutorial", "--toml"]);
    let distorted = format!("{SMALL}\ndistort = \"on\"\nshift = 2\nsteps = 3");
    for (text, flags, setting, value) in [
        (of_lenet5.replace("\"lenet5\"", "\"mine\""), &["--optimizer", "adam"][..], "lr", "0.001"),
        (
            of_tutorial.replace("\"lenet5-tutorial\"", "\"mine\""),
            &["--optimizer", "sgd"],
            "momentum",
            "0.9",
        ),
        (distorted.clone(), &["--distort", "off"], "lr", "0.05"),
        (distorted.clone(), &["--epochs", "1"], "epochs", "1"),
        (distorted, &["--output", "softmax"], "batch", "4"),
    ] {
        let mine = file(&folder, &text);
        let out = folder.path().join("run");
        let few = ["--train-limit", "20", "--test-limit", "20", "--device", "cpu", "--no-report"];
        let more = ["--out", path(&out), "--force", "--quiet"];
        prints(&[&["train", "--network", &mine], flags, &few, &more].concat());
        let text = fs::read_to_string(out.join("run.json")).expect("a record");
        let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(record["settings"][setting]["value"].to_string(), value, "{flags:?}");
    }
}

/// A file that names no side takes the side of the data, also if its layers do not fit 28x28.
#[test]
fn the_data_say_which_side_a_network_sees() {
    let folder = TempDir::new().expect("a folder");
    let layers = r#"[{ conv = "c1", maps = 2, kernel = 4 }, { pool = "s2" }]"#;
    let mine = file(&folder, &format!("name = \"mine\"\nlayers = {layers}"));
    let data = two_classes(folder.path(), 17, 8);
    let out = folder.path().join("run");
    let train = ["train", "--network", &mine, "--steps", "1", "--no-report", "--device", "cpu"];
    let data = ["--data", &data, "--test-share", "0.5", "--out", path(&out)];
    prints(&[&train[..], &data].concat());
    fails(&train, USAGE, &["mine", "\"s2\"", "25x25", "28x28"]);
}

#[test]
fn only_the_first_run_needs_the_network_file() {
    let folder = TempDir::new().expect("a folder");
    let place = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_string();
    let (mine, run) = (file(&folder, SMALL), place("run"));
    let limits = ["--train-limit", "400", "--test-limit", "200", "--device", "cpu", "--no-report"];
    let train = |args: &[&str]| prints(&[&["train"], &limits[..], args].concat());
    train(&["--network", &mine, "--schedule", "constant", "--epochs", "1", "--out", &run]);
    // From here on nothing needs the file any more.
    fs::remove_file(&mine).expect("the file is there");
    let record = |run: &str| {
        let text = fs::read_to_string(Path::new(run).join("run.json")).expect("a record");
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["settings"].take()
    };
    let settings = record(&run);
    assert_eq!(
        (&settings["network"]["value"], &settings["batch"]["value"]),
        (&"small".into(), &4.into())
    );
    assert_eq!(settings["lr"]["origin"], format!("{mine}, [recipe]"));

    prints(&["train", "--resume", &run, "--epochs", "2"]);
    let config = Path::new(&run).join("run.json");
    let again = place("again");
    prints(&["train", "--config", path(&config), "--out", &again]);
    let model = |run: &str| fs::read(Path::new(run).join("model.safetensors")).expect("a model");
    assert_eq!(model(&run), model(&again), "two epochs at once, or one after the other");

    let errors = json_of(&["evaluate", &run, "--device", "cpu"])["test"]["errors"].as_u64();
    assert!(errors.is_some_and(|errors| errors < 9_000), "{errors:?}");
    for format in ["onnx", "safetensors", "npz", "json"] {
        prints(&["export", &run, "--format", format, "--out", &place(format)]);
    }
    prints(&["compare", &run, &again]);
    train(&["--from", &run, "--epochs", "1", "--out", &place("further")]);
}

#[test]
fn flags_change_what_the_file_says() {
    let folder = TempDir::new().expect("a folder");
    let mine = file(&folder, SMALL);
    let summary = |flags: &[&str]| json_of(&[&["summary", "--network", &mine], flags].concat());
    assert_eq!(summary(&[])["input"], serde_json::json!([1, 28, 28]));
    assert_eq!(summary(&["--border", "2"])["input"], serde_json::json!([1, 32, 32]));
    let table = Table::parse(SMALL).expect("a table");
    let parameters = build(&table, table.options).expect("a network").parameters();
    assert_eq!(summary(&[])["parameters"], parameters);
}

//! Data with classes and a side of their own: what the network of a run takes from them, what it is called
//! afterwards, and what is refused.

use std::fs;
use std::path::Path;

use crate::common::Outcome;
use crate::common::program::{
    DATA, USAGE, fails, json_of, network_of, path, prints, prints_of, small_set,
};
use lenet::data::{self, Mnist, Source};
use tempfile::TempDir;

/// A network for pictures of any side.
const SMALL: &str = "name = \"small\"\nlayers = [{ linear = \"f1\", units = 8 }]\n";

/// Two files of CSV with bars of 9x9 pixels, upright (label `first`) and flat (the next label).
fn bars(folder: &Path, first: usize) -> Outcome {
    for (set, count) in [("train", 60), ("test", 20)] {
        let line = |n: usize| {
            let upright = n.is_multiple_of(2);
            let pixel = |at: usize| {
                let across = if upright { at % 9 } else { at / 9 };
                if across == 1 + n / 2 % 7 { "255" } else { "0" }
            };
            let pixels: Vec<&str> = (0..81).map(pixel).collect();
            format!("{},{}\n", first + usize::from(!upright), pixels.join(","))
        };
        fs::write(folder.join(format!("{set}.csv")), (0..count).map(line).collect::<String>())?;
    }
    Ok(())
}

fn load(folder: &Path) -> lenet::Result<Mnist> {
    data::load(&Source::at(folder))
}

#[test]
fn a_run_has_the_classes_and_the_side_of_its_data() -> Outcome {
    let folder = TempDir::new()?;
    let [data, net, out] = ["data", "small.toml", "run"].map(|name| folder.path().join(name));
    fs::create_dir(&data)?;
    bars(&data, 0)?;
    fs::write(data.join("classes.txt"), "upright\nflat\n")?;
    fs::write(&net, SMALL)?;
    let cpu = |args: &[&str]| -> Vec<String> {
        args.iter().chain(&["--device", "cpu"]).map(|arg| arg.to_string()).collect()
    };
    let run = |args: &[&str]| prints(&cpu(args).iter().map(String::as_str).collect::<Vec<_>>());
    let train = ["train", "--quiet", "--network", path(&net), "--epochs", "20", "--lr", "0.05"];
    run(&[&train[..], &["--data", path(&data), "--out", path(&out)]].concat());
    // Everything that shows a class shows its name, and the model needs nothing but itself.
    let said = run(&["evaluate", path(&out), "--confusion", "--classes"]);
    assert!(said.contains("test errors: 0 of 20") && said.contains("upright"), "{said}");
    let found = json_of(&["evaluate", path(&out), "--device", "cpu"]);
    assert_eq!(found["test"]["confusion"], serde_json::json!([[10, 0], [0, 10]]));
    assert_eq!(found["test"]["names"][1], "flat");
    let predicted = json_of(&["predict", path(&out), "--index", "1", "--device", "cpu"]);
    let predicted = &predicted["predictions"][0];
    assert_eq!((&predicted["digit"], &predicted["name"]), (&1.into(), &"flat".into()));
    assert_eq!(predicted["scores"].as_array().map(Vec::len), Some(2));
    let page = fs::read_to_string(out.join("report.html"))?;
    assert!(page.contains("upright") && page.contains("flat"), "no names on the page");
    let onnx = folder.path().join("model.onnx");
    prints(&["export", path(&out), "--out", path(&onnx)]);
    // A longer run is resumed with the classes that it has.
    run(&["train", "--quiet", "--resume", path(&out)]);
    let stream = ["predict", path(&out), "--stream", "raw", "--csv", "--device", "cpu"];
    let flat: Vec<u8> = (0..81).map(|at| if at / 9 == 3 { 255 } else { 0 }).collect();
    let lines = prints_of(&stream, &flat);
    let [heading, line] = lines.lines().collect::<Vec<_>>()[..] else { panic!("{lines}") };
    assert!(heading.ends_with(",rejected,name") && line.ends_with(",\"flat\""), "{lines}");
    // The built-in digits are none of its classes.
    let model = out.join("model.safetensors");
    for args in [&["evaluate"][..], &["evaluate", "--train"], &["predict", "--index", "1"]] {
        let args = [&args[..1], &[path(&model), "--device", "cpu"], &args[1..]].concat();
        fails(&args, USAGE, &["upright to flat", "9x9", "--data"]);
    }
    // Other data are refused: another side, and classes that the model does not know.
    fails(&["evaluate", path(&out), "--data", path(&data), "--side", "12"], DATA, &["9x9"]);
    fs::write(data.join("classes.txt"), "upright\nslanted\n")?;
    fails(&["evaluate", path(&out), "--data", path(&data)], DATA, &["slanted", "flat"]);
    Ok(())
}

#[test]
fn what_the_classes_of_data_are() -> Outcome {
    let folder = TempDir::new()?;
    let data = folder.path();
    bars(data, 0)?;
    let two = load(data)?;
    assert_eq!((two.train.side(), two.train.classes(), two.test.classes()), (9, 2, 2));
    // Labels that count from 1 are called by what they were.
    bars(data, 24)?;
    let letters = load(data)?;
    assert_eq!((letters.train.classes(), letters.train.label(1)), (25, 24));
    assert_eq!(letters.train.names().of(24), "25");
    // The test set by itself means the same.
    assert!(data::load_test(&Source::at(data))? == letters.test);
    // Windows puts a mark in front of a text, and capitals into the names of files.
    bars(data, 0)?;
    fs::write(data.join("Classes.txt"), "\u{feff}zero\r\none\r\n")?;
    assert_eq!(load(data)?.train.names().list(), ["zero", "one"]);
    fs::remove_file(data.join("Classes.txt"))?;
    bars(data, 9)?;
    let from_one = load(data).unwrap_err().to_string();
    assert!(from_one.contains("subtract 1") && from_one.contains("classes.txt"), "{from_one}");
    for (names, words) in [
        ("one\n", "2 to 64"),
        ("a\na\n", "two classes"),
        ("a\nb\nc\n", "label 10"),
        ("a\n\u{7}\n", "the name of class 1"),
        ("a\nb\tc\n", "control character U+0009"),
        ("a\nb\u{202e}c\n", "control character U+202E"),
        ("a\n?\n", "is \"?\", which stands for"),
        ("a\n\u{2068}\n \n", "U+2068"),
        ("a\n \nb\n", "line 2 is empty"),
    ] {
        fs::write(data.join("classes.txt"), names)?;
        let said = load(data).unwrap_err().to_string();
        assert!(said.contains(words) && said.contains("classes.txt"), "{said}");
    }
    Ok(())
}

/// A network of ten digits is asked about the digit that the name of a class says, and not about its place among them.
#[test]
fn names_say_which_digit_a_class_is() -> Outcome {
    let folder = TempDir::new()?;
    let data = folder.path();
    small_set(data);
    let network = network_of("lenet1");
    let digits = load(data)?.with_classes_of(&network)?;
    let name = |names: [&str; 10]| fs::write(data.join("classes.txt"), names.join("\n"));
    name(["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"])?;
    let turned = load(data)?.with_classes_of(&network)?;
    for at in 0..digits.train.len() {
        assert_eq!(turned.train.label(at), 9 - digits.train.label(at));
    }
    name(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])?;
    let error = load(data)?.with_classes_of(&network).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("the class \"five\", which is none of 0, 1, 2"), "{error}");
    Ok(())
}

#[test]
fn a_network_for_other_data_is_refused() -> Outcome {
    let folder = TempDir::new()?;
    let [data, net] = ["data", "small.toml"].map(|name| folder.path().join(name));
    fs::create_dir(&data)?;
    bars(&data, 20)?;
    let train = |network: &str, words: &[&str]| {
        let args = ["train", "--network", network, "--data", path(&data), "--device", "cpu"];
        fails(&args, USAGE, words);
    };
    train("lenet5", &["rbf", "21 classes", "--output linear"]);
    train("lenet1", &["9x9", "--border", "--network"]);
    for (line, words) in
        [("side = 28", ["side = 28", "have 9"]), ("classes = 2", ["= 2", "have 21"])]
    {
        fs::write(&net, format!("{line}\n{SMALL}"))?;
        train(path(&net), &words);
    }
    Ok(())
}

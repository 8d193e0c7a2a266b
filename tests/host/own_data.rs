//! Digits of one's own: the run that was trained on them keeps them.

use std::fs;
use std::path::Path;

use crate::common::Outcome;
use crate::common::program::{
    DATA, USAGE, fails, json_of, path, prints, prints_of, run, small_set, text, write_model,
    write_set,
};
use lenet::data::{self, Mnist, Source, image};
use serde_json::json;
use tempfile::TempDir;

/// The arguments, on the CPU.
fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &["--device", "cpu"]].concat()
}

/// Trains on the digits of a folder for a moment.
fn train(data: &Path, out: &Path) {
    let args =
        ["train", "--quiet", "--network", "lenet1", "--epochs", "1", "--schedule", "constant"];
    prints(&[&args[..], &["--device", "cpu", "--data", path(data), "--out", path(out)]].concat());
}

#[test]
fn the_digits_stay_with_the_run() -> Outcome {
    let folder = TempDir::new()?;
    let [data, moved, out] = ["data", "moved", "run"].map(|name| folder.path().join(name));
    fs::create_dir(&data)?;
    small_set(&data);
    train(&data, &out);
    let page = || fs::read(out.join("report.html"));
    let first = page()?;
    // Forty test digits, not the 10,000 of MNIST.
    prints(&with(&["report", path(&out)]));
    assert!(page()? == first);
    for args in [&["evaluate", path(&out)][..], &["evaluate", path(&out), "--train"]] {
        assert!(prints(&with(args)).contains(" of 40 "), "{args:?}");
    }
    let compared = json_of(&with(&["compare", path(&out), path(&out)]));
    assert_eq!(compared["test_digits"], 40);
    // They are spared, though only the run names them.
    let images = data.join("t10k-images-idx3-ubyte");
    let over = ["evaluate", path(&out), "--force", "--scores", path(&images)];
    fails(&with(&over), USAGE, &["--scores", "t10k-images", "among the data"]);
    // Other digits are no reason to replace the page.
    let other = folder.path().join("other");
    fs::create_dir(&other)?;
    small_set(&other);
    let images = other.join("t10k-images-idx3-ubyte");
    let mut bytes = fs::read(&images)?;
    bytes[16] ^= 1;
    fs::write(&images, bytes)?;
    fails(&with(&["report", path(&out), "--data", path(&other)]), DATA, &["--data", "CRC-32"]);
    assert!(page()? == first);
    // Two runs on different digits are compared on digits that are named.
    let second = folder.path().join("second");
    train(&other, &second);
    let both = ["compare", path(&out), path(&second)];
    fails(&with(&both), DATA, &["--data", path(&second)]);
    let differing = json_of(&with(&[&both[..], &["--data", path(&data)]].concat()));
    assert_eq!(differing["settings"]["data"][1], path(&other));
    assert!(differing["settings"]["test digits"].is_array());
    fs::rename(&data, &moved)?;
    for args in [&["report"][..], &["evaluate"], &["train", "--resume"]] {
        fails(&[args, &[path(&out)]].concat(), DATA, &[path(&data), path(&out), "--data"]);
    }
    assert!(page()? == first);
    // The record names the new place.
    let resume = ["train", "--quiet", "--resume", path(&out), "--epochs", "2"];
    prints(&[&resume[..], &["--data", path(&moved)]].concat());
    prints(&with(&["report", path(&out)]));
    Ok(())
}

#[test]
fn a_config_file_names_digits_beside_it() -> Outcome {
    let folder = TempDir::new()?;
    let (data, file) = (folder.path().join("digits"), folder.path().join("mine.toml"));
    fs::create_dir(&data)?;
    small_set(&data);
    fs::write(&file, "network = \"lenet1\"\nepochs = 1\ndevice = \"cpu\"\ndata = \"digits\"\n")?;
    let out = folder.path().join("run");
    prints(&["train", "--quiet", "--config", path(&file), "--out", path(&out)]);
    let list = json_of(&["runs", path(&out)]);
    assert_eq!(list[0]["data"], path(&data));
    Ok(())
}

#[test]
fn papers_are_about_mnist_alone() -> Outcome {
    let folder = TempDir::new()?;
    let (data, out) = (folder.path().join("digits"), folder.path().join("out"));
    fs::create_dir(&data)?;
    small_set(&data);
    let args = ["reproduce", "lenet1", "--seeds", "1", "--epochs", "1", "--device", "cpu"];
    let output = run(&[&args[..], &["--data", path(&data), "--out", path(&out)]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report = fs::read_to_string(out.join("report.md"))?;
    assert!(report.contains("This is a trial") && report.contains("none to give"), "{report}");
    assert!(!report.contains("1.7 ("), "{report}");
    Ok(())
}

/// Changes the images and labels of a set in a folder of IDX files.
fn change(folder: &Path, set: &str, change: impl Fn(&mut [u8], &mut [u8])) -> Outcome {
    let [images, labels] =
        ["images-idx3", "labels-idx1"].map(|kind| folder.join(format!("{set}-{kind}-ubyte")));
    let (mut pixels, mut classes) = (fs::read(&images)?, fs::read(&labels)?);
    change(&mut pixels[16..], &mut classes[8..]);
    fs::write(images, pixels)?;
    fs::write(labels, classes)?;
    Ok(())
}

#[test]
fn what_is_odd_is_named() -> Outcome {
    let folder = TempDir::new()?;
    let data = path(folder.path());
    let both = |changed: fn(&mut [u8], &mut [u8])| {
        small_set(folder.path());
        change(folder.path(), "train", changed)?;
        change(folder.path(), "t10k", changed)
    };
    let said = |args: &[&str]| {
        let output = run(&[&["data", data], args].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    both(|_, _| {})?;
    assert!(said(&[]).contains("the training set has no digit labelled"), "{}", said(&[]));
    both(|_, labels| labels.fill(3))?;
    assert!(said(&[]).contains("only 1 of 4"), "{}", said(&[]));
    both(|pixels, labels| {
        pixels.fill(0);
        labels.fill(0);
    })?;
    for what in ["every pixel of the training set is 0", "only 1 of 2"] {
        assert!(said(&[]).contains(what), "{}", said(&[]));
    }
    both(|pixels, labels| {
        pixels.iter_mut().for_each(|byte| *byte = u8::from(*byte > 0));
        labels.fill(3);
    })?;
    assert!(said(&[]).contains("no pixel is over 1"));
    both(|pixels, _| pixels.iter_mut().for_each(|byte| *byte = 255 - *byte))?;
    assert!(said(&[]).contains("--invert"));
    assert!(!said(&["--invert"]).contains("--invert"));
    small_set(folder.path());
    let first = fs::read(folder.path().join("train-images-idx3-ubyte"))?[16..800].to_vec();
    change(folder.path(), "t10k", |pixels, _| pixels[..784].copy_from_slice(&first))?;
    assert!(said(&[]).contains("has 1 of the 40 test digits"));
    fails(&["data", "--invert"], USAGE, &["--data"]);
    fails(&["data", "--shrink", "1.5"], USAGE, &["--shrink is 1.5", "0.1 to 1"]);
    Ok(())
}

/// EMNIST's digits have their rows and columns exchanged, and a network reads a tenth of them.
#[test]
fn exchanged_rows_and_columns_are_noticed() -> Outcome {
    let folder = TempDir::new()?;
    let Mnist { mut train, mut test } = data::builtin()?;
    train.truncate(300);
    test.truncate(300);
    let data = write_set(folder.path(), &Mnist { train, test });
    let model = write_model(folder.path(), "lenet1");
    let warns = |args: &[&str]| {
        let output = run(&[args, &["--data", &data]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr).contains("rows and columns exchanged")
    };
    let evaluate = ["evaluate", &model, "--device", "cpu"];
    for command in [&["data"][..], &evaluate] {
        assert!(!warns(command), "{command:?}");
        // So they are as EMNIST's would be without the flag.
        assert!(warns(&[command, &["--transpose"]].concat()), "{command:?}");
    }
    Ok(())
}

#[test]
fn turned_digits_stay_turned() -> Outcome {
    let folder = TempDir::new()?;
    let [data, out, again] = ["digits", "run", "again"].map(|name| folder.path().join(name));
    fs::create_dir(&data)?;
    small_set(&data);
    let show = |more: &[&str]| {
        let args = ["data", path(&data), "--show", "0"];
        json_of(&[&args[..], more].concat())["pixels"].clone()
    };
    let (plain, turned) = (show(&[]), show(&["--transpose", "--invert"]));
    for (y, x) in [(5, 14), (20, 9), (27, 0)] {
        let there = plain[y * 28 + x].as_u64().expect("a byte");
        assert_eq!(turned[x * 28 + y], 255 - there);
    }
    let args =
        ["train", "--quiet", "--network", "lenet1", "--epochs", "1", "--transpose", "--invert"];
    prints(&with(&[&args[..], &["--data", path(&data), "--out", path(&out)]].concat()));
    prints(&with(&["report", path(&out)]));
    prints(&["train", "--quiet", "--resume", path(&out)]);
    let record = out.join("run.json");
    prints(&["train", "--quiet", "--config", path(&record), "--out", path(&again)]);
    let compared = json_of(&with(&["compare", path(&out), path(&again)]));
    assert_eq!((&compared["settings"], &compared["mcnemar_p_value"]), (&json!({}), &json!(1.0)));
    // They may move; other digits are read as typed, and that is said.
    let loss = |args: &[&str]| {
        json_of(&with(&[&["evaluate", path(&out)][..], args].concat()))["test"]["loss"].clone()
    };
    let before = loss(&[]);
    let moved = folder.path().join("moved");
    fs::rename(&data, &moved)?;
    assert_eq!(loss(&["--data", path(&moved)]), before);
    assert_eq!(loss(&["--data", path(&moved), "--train"]), before);
    fs::create_dir(&data)?;
    small_set(&data);
    let images = data.join("t10k-images-idx3-ubyte");
    let mut bytes = fs::read(&images)?;
    bytes[16] ^= 1;
    fs::write(&images, bytes)?;
    let output = run(&with(&["evaluate", path(&out), "--data", path(&data)]));
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("transpose"), "{}", text(&output.stderr));
    Ok(())
}

#[test]
fn shrunk_digits_stay_shrunk() -> Outcome {
    let folder = TempDir::new()?;
    let [out, again, plain] = ["run", "again", "plain"].map(|name| folder.path().join(name));
    let shown = json_of(&["data", "--shrink", "0.8", "--show", "0"])["pixels"].clone();
    let ink = |y: usize, x: usize| shown[y * 28 + x].as_u64().expect("a byte") > 0;
    // 0.8 of 28 is 22.4: nothing is left in three lines at the border, nor outside of 18 for a digit of 20x20.
    assert!((0..28).all(|at| !ink(3, at) && !ink(at, 3) && !ink(24, at) && !ink(at, 24)));
    let args = ["train", "--quiet", "--network", "lenet1", "--epochs", "1", "--train-limit", "200"];
    let args = with(&[&args[..], &["--no-report"]].concat());
    prints(&[&args[..], &["--shrink", "0.8", "--out", path(&out)]].concat());
    prints(&[&args[..], &["--out", path(&plain)]].concat());
    let record = out.join("run.json");
    prints(&["train", "--quiet", "--config", path(&record), "--out", path(&again)]);
    let compared = json_of(&with(&["compare", path(&out), path(&again)]));
    assert_eq!((&compared["settings"], &compared["mcnemar_p_value"]), (&json!({}), &json!(1.0)));
    let evaluated = json_of(&with(&["evaluate", path(&out)]));
    // A model by itself has the same, and its streams, unless somebody says otherwise.
    let model = out.join("model.safetensors");
    let loss = |args: &[&str]| {
        json_of(&with(&[&["evaluate", path(&model)][..], args].concat()))["test"]["loss"].clone()
    };
    assert_eq!(loss(&[]), evaluated["test"]["loss"]);
    assert_ne!(loss(&["--shrink", "1"]), evaluated["test"]["loss"]);
    let unshrunk = json_of(&with(&["evaluate", path(&out), "--shrink", "1"]));
    assert_eq!(unshrunk["test"]["loss"], loss(&["--shrink", "1"]));
    // A file for another program cannot shrink what it is asked about.
    let onnx = folder.path().join("model.onnx");
    let exported = run(&["export", path(&out), "--out", path(&onnx)]);
    assert!(text(&exported.stderr).contains("shrunk to 0.8"), "{}", text(&exported.stderr));
    let first = data::load_test(&Source::default())?.digit(0).to_vec();
    let streamed = |args: &[&str]| {
        let args = [&["predict", path(&model), "--stream", "raw", "--csv"][..], args].concat();
        prints_of(&with(&args), &first)
    };
    let asked = json_of(&with(&["predict", path(&out), "--index", "0"]))["predictions"][0].clone();
    // Two runs that read their digits differently are asked about what was typed.
    let mnist = folder.path().join("mnist");
    fs::create_dir(&mnist)?;
    small_set(&mnist);
    for [a, b] in [[&out, &plain], [&plain, &out]] {
        let compared = run(&with(&["compare", path(a), path(b), "--data", path(&mnist), "--json"]));
        assert!(text(&compared.stderr).contains("in different ways"), "{}", text(&compared.stderr));
    }
    let [asked, difference] = ["digit", "difference"].map(|key| asked[key].clone());
    let line = streamed(&[]).lines().nth(1).expect("an answer").to_string();
    let fields: Vec<&str> = line.split(',').collect();
    assert_eq!(fields[2], asked.to_string());
    assert!((fields[4].parse::<f64>()? - difference.as_f64().expect("a number")).abs() < 1e-4);
    assert_ne!(streamed(&["--shrink", "1"]), streamed(&[]));
    let stray = ["predict", path(&model), "--stream", "raw", "--invert"];
    fails(&with(&stray), USAGE, &["--invert", "--index"]);
    let listed = &json_of(&["runs", path(&out)])[0];
    assert_eq!(listed["data"], "built in, shrink 0.8");
    let errors = &listed["error_percent"];
    assert_eq!(evaluated["test"]["errors"].as_f64().map(|errors| errors / 100.0), errors.as_f64());
    // A picture of a digit is made as small as those that the model learned, also without its run.
    let (picture, model) = (folder.path().join("7.png"), out.join("model.safetensors"));
    image::write_png(&picture, data::builtin()?.test.digit(0), 1)?;
    let scores = |args: &[&str]| json_of(&with(args))["predictions"][0]["scores"].clone();
    let of_run = scores(&["predict", path(&out), "--index", "0"]);
    assert_eq!(scores(&["predict", path(&model), path(&picture)]), of_run);
    assert_ne!(scores(&["predict", path(&model), "--raw", path(&picture)]), of_run);
    // Other digits than the plain run's: they need --data, and groups of runs need none.
    fails(&with(&["compare", path(&out), path(&plain)]), DATA, &["--data"]);
    let [a, b] = [&out, &plain].map(|folder| folder.join("model.safetensors"));
    fails(&with(&["compare", path(&a), path(&b)]), USAGE, &["different sizes", "--shrink"]);
    Ok(())
}

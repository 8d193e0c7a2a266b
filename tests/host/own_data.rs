//! Digits of one's own: the run that was trained on them keeps them.

use std::fs;
use std::path::Path;

use crate::common::Outcome;
use crate::common::program::{DATA, fails, json_of, path, prints, run, small_set, text};
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
    assert!(report.contains("not MNIST's") && report.contains("none to give"), "{report}");
    assert!(!report.contains("1.7 ("), "{report}");
    Ok(())
}

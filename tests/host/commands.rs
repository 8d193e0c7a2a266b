//! The commands beside `train`, through the program itself: what they print, and how they refuse.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::common::Outcome;
use crate::common::program::{
    DATA, OTHER, USAGE, command, fails, json_of, network_of, path, prints, run, small_set, text,
    write_model,
};
use lenet::data::{self, image, writing};
use serde_json::{Value, json};
use tempfile::TempDir;

const ADAPTER: i32 = 4;

#[test]
fn data_counts_and_draws() -> Outcome {
    let json = json_of(&["data"]);
    assert_eq!(
        (&json["train"]["digits"], &json["test"]["digits"]),
        (&json!(60_000), &json!(10_000))
    );
    assert_eq!(json["test"]["per_label"][1], 1_135);
    let near = |value: &Value, wanted: f64| {
        assert!(
            (value.as_f64().expect("a number") - wanted).abs() < 5e-4,
            "{value} is not {wanted}"
        );
    };
    near(&json["train"]["mean"], 0.1307);
    near(&json["train"]["deviation"], 0.3081);
    // As the notes have it: +0.028 and 0.351 on 32x32.
    near(&json["train"]["scaled_mean"], 0.0275);
    near(&json["train"]["scaled_deviation"], 0.3509);
    let printed = prints(&["data", "--show", "0", "--test"]);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines[0], lines.len()), ("test digit 0, label 7", 15), "{printed}");
    assert!(printed.contains('█'));
    assert!(prints(&["data", "--show", "0"]).starts_with("training digit 0, label 5\n"));
    assert_eq!(json_of(&["data", "--show", "0"])["pixels"].as_array().map(Vec::len), Some(784));
    fails(&["data", "--show", "10000", "--test"], USAGE, &["--show", "10000", "9999"]);
    fails(&["data", "--test"], USAGE, &["--show"]);
    Ok(())
}

#[test]
fn data_writes_a_png_once() -> Outcome {
    let folder = TempDir::new()?;
    let file = folder.path().join("digit.png");
    let show = ["data", "--show", "3", "--test", "--png", path(&file)];
    prints(&show);
    // Enlarged ten times, it is read back as the digit it was, but for ink of under a
    // tenth and a little of each pixel.
    let read = writing::read("digit.png", &writing::bytes_of(&file)?, 28)?;
    let digit = &read.digits[0];
    assert!(digit.fitted && !read.dark_ink && read.digits.len() == 1);
    let mnist = data::builtin()?;
    let far = digit.pixels.iter().zip(mnist.test.digit(3)).map(|(&a, &b)| a.abs_diff(b)).max();
    assert!(far <= Some(33), "{far:?}");
    let before = fs::read(&file)?;
    fails(&show, USAGE, &["digit.png", "--force"]);
    prints(&[&show[..], &["--force"]].concat());
    assert_eq!(fs::read(&file)?, before);
    fails(&["data", "--show", "3", "--png", path(folder.path())], USAGE, &[path(folder.path())]);
    let nowhere = folder.path().join("nowhere/digit.png");
    fails(&["data", "--show", "3", "--png", path(&nowhere)], OTHER, &["nowhere"]);
    Ok(())
}

#[test]
fn evaluate_and_predict_agree() -> Outcome {
    let folder = TempDir::new()?;
    let set = small_set(folder.path());
    for network in ["lenet1", "lenet5"] {
        let model = write_model(folder.path(), network);
        let common = [model.as_str(), "--device", "cpu", "--data", &set];
        let evaluated =
            json_of(&[&["evaluate"][..], &common, &["--train", "--batch", "7"]].concat());
        let indices = (0..40).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
        let predicted = json_of(&[&["predict"][..], &common, &["--index", &indices]].concat());
        let answers = predicted["predictions"].as_array().expect("predictions");
        assert_eq!(answers.len(), 40);
        let wrong = answers.iter().filter(|answer| answer["digit"] != answer["label"]).count();
        let test = &evaluated["test"];
        assert!(test["seconds"].as_f64() > Some(0.0), "{evaluated}");
        assert_eq!([&evaluated["plan"], &predicted["plan"]], ["layered", "layered"]);
        assert_eq!((&test["digits"], &test["errors"]), (&json!(40), &json!(wrong)), "{network}");
        assert_eq!(evaluated["training"]["digits"], 5);
        let counted: u64 = test["confusion"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|row| row.as_array().into_iter().flatten())
            .filter_map(Value::as_u64)
            .sum();
        assert_eq!(counted, 40);
        assert_eq!(test["first_half"], Value::Null, "halves mean something for MNIST's set alone");

        // The loss from the scores, by the formula in the paper.
        let loss: f64 = answers.iter().map(|answer| loss_of(network, answer)).sum::<f64>() / 40.0;
        let told = test["loss"].as_f64().expect("a loss");
        assert!((loss - told).abs() <= 1e-4 * loss, "{network}: {told} is not {loss}");

        let printed = prints(&[&["evaluate"][..], &common, &["--confusion"]].concat());
        assert!(printed.starts_with(&format!("test errors: {wrong} of 40 (")), "{printed}");
        assert!(printed.lines().count() > 11, "a row for each label: {printed}");
        let printed = prints(
            &[&["predict"][..], &common, &["--index", "0", "--index", "3", "--show"]].concat(),
        );
        assert_eq!(printed.lines().count(), 2 * 15, "{printed}");
        fails(
            &[&["predict"][..], &common, &["--index", "40"]].concat(),
            USAGE,
            &["--index", "40", "39"],
        );
    }
    Ok(())
}

/// Targets of +1 and -1, or the paper's eq. 8 or 9, whichever the network was built with.
fn loss_of(network: &str, answer: &Value) -> f64 {
    use lenet::network::{Loss, Output};
    let options = network_of(network).options;
    let number = |value: &Value| value.as_f64().expect("a number");
    let scores: Vec<f64> = answer["scores"].as_array().into_iter().flatten().map(number).collect();
    let label = answer["label"].as_u64().expect("a label") as usize;
    match (options.output, options.loss) {
        (Output::Linear, _) => {
            let target = |class: usize| if class == label { 1.0 } else { -1.0 };
            scores.iter().enumerate().map(|(c, y)| (y - target(c)) * (y - target(c))).sum::<f64>()
                / 10.0
        }
        (Output::Rbf, Loss::Mse) => scores[label],
        (Output::Softmax, _) => -scores[label].ln(),
        (Output::Rbf, _) => {
            let mass: f64 = scores.iter().map(|y| (-y).exp()).sum();
            scores[label] + ((-f64::from(options.j)).exp() + mass).ln()
        }
    }
}

#[test]
fn predict_reads_pictures() -> Outcome {
    let folder = TempDir::new()?;
    let model = write_model(folder.path(), "lenet1");
    let (same, large) = (folder.path().join("same.png"), folder.path().join("large.png"));
    let dark = folder.path().join("dark.png");
    let mnist = data::builtin()?;
    image::write_png(&same, mnist.test.digit(1), 1)?;
    image::write_png(&large, mnist.test.digit(1), 10)?;
    let inverted: Vec<u8> = mnist.test.digit(1).iter().map(|byte| 255 - byte).collect();
    image::write_png(&dark, &inverted, 1)?;
    let args = ["predict", &model, "--device", "cpu", "--index", "1", path(&same), path(&dark)];
    let output = run(&[&args[..], &[path(&large), "--json"]].concat());
    let said = text(&output.stderr);
    // Two of the three were changed, each in its way, and a line says so.
    let line = said.lines().find(|line| line.starts_with("pictures 3"));
    let counts = line.map(|line| line.matches(" 1 ").count());
    assert_eq!(counts, Some(2), "{said}");
    let json: Value = serde_json::from_slice(&output.stdout)?;
    let of = |i: usize| &json["predictions"][i];
    // Files come first, then test digits.
    assert_eq!(of(3)["label"], 2);
    assert_eq!(of(0)["scores"], of(3)["scores"]);
    assert_eq!(of(1)["scores"], of(3)["scores"]);
    assert_eq!(of(0)["label"], Value::Null);

    // With --raw nothing is changed, and what cannot be taken so is refused.
    let raw = json_of(&["predict", &model, "--device", "cpu", "--raw", path(&dark)]);
    assert_ne!(raw["predictions"][0]["scores"], of(3)["scores"]);
    fails(&["predict", &model, "--raw", path(&large)], DATA, &["280x280", "--raw", "28x28"]);

    // The picture may come through a pipe.
    let mut piped = command(&["predict", &model, "--device", "cpu", "--json", "-"]);
    let output = piped.stdin(fs::File::open(&same)?).output()?;
    let piped: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(piped["predictions"][0]["scores"], of(3)["scores"]);
    assert_eq!(piped["predictions"][0]["source"], "standard input");
    Ok(())
}

/// The margin of a digit decides, and 0 rejects nothing.
#[test]
fn predict_rejects_what_it_is_unsure_of() -> Outcome {
    let folder = TempDir::new()?;
    let model = write_model(folder.path(), "lenet1");
    let ask = |margin: &str| {
        json_of(&["predict", &model, "--device", "cpu", "--index", "0,1,2", "--reject", margin])
    };
    let all = ask("0");
    let margin = |i: usize| all["predictions"][i]["difference"].as_f64().expect("a number");
    let middle = margin(0).max(margin(1)).min(margin(0).min(margin(1)).max(margin(2)));
    for threshold in [0.0, middle, 9.0] {
        let asked = ask(&threshold.to_string());
        for i in 0..3 {
            let prediction = &asked["predictions"][i];
            assert_eq!(prediction["rejected"], margin(i) < threshold, "{threshold}: {prediction}");
            let shown = asked["readings"][i]["text"].as_str().expect("a text");
            assert_eq!(shown == "?", margin(i) < threshold, "{threshold}: {shown}");
        }
    }
    let printed = prints(&["predict", &model, "--device", "cpu", "--index", "0", "--reject", "9"]);
    assert!(printed.contains(" ? "), "{printed}");
    for nonsense in ["-1", "NaN"] {
        let flag = format!("--reject={nonsense}");
        fails(&["predict", &model, "--index", "0", &flag], USAGE, &["--reject"]);
    }
    Ok(())
}

/// What `evaluate` shows on demand.
#[test]
fn evaluate_shows_more_on_demand() -> Outcome {
    let folder = TempDir::new()?;
    let set = small_set(folder.path());
    let model = write_model(folder.path(), "lenet1");
    // A folder may have test digits alone.
    fs::remove_file(folder.path().join("train-images-idx3-ubyte"))?;
    let sheet = folder.path().join("mistakes.png");
    let common = ["evaluate", &model, "--device", "cpu", "--data", &set];
    let json = json_of(&[&common[..], &["--mistakes", path(&sheet)]].concat());
    let test = &json["test"];
    let list = test["mistakes"].as_array().expect("a list");
    assert_eq!(test["errors"], list.len());
    for mistake in list {
        assert_ne!(mistake["label"], mistake["said"]);
    }
    let drawn = size_of(&sheet)?;
    let rows = list.len().div_ceil(16) as u32;
    assert_eq!(drawn.0 * (rows * 43 + 1), drawn.1 * (16 * 29 + 1), "16 columns: {drawn:?}");
    let found = |class: &Value| class["digits"].as_u64().unwrap_or(0);
    let classes = test["classes"].as_array().expect("a list");
    assert_eq!(classes.iter().map(found).sum::<u64>(), 40);
    let first = &test["rejection"]["points"][0];
    assert_eq!(first["rejected"], 0.0);
    assert_eq!(first["error"], test["error_percent"]);

    let printed = prints(&[&common[..], &["--classes", "--rejection"]].concat());
    assert!(
        printed.contains("precision %") && printed.contains("error % of the rest"),
        "{printed}"
    );
    let again = ["--mistakes", path(&sheet)];
    fails(&[&common[..], &again].concat(), USAGE, &["mistakes.png", "--force"]);
    prints(&[&common[..], &again, &["--force"]].concat());
    fails(&[&common[..], &["--train"]].concat(), DATA, &["train-images-idx3-ubyte"]);
    Ok(())
}

/// Width and height of a picture file.
fn size_of(file: &Path) -> Result<(u32, u32), Box<dyn std::error::Error>> {
    Ok(::image::ImageReader::open(file)?.with_guessed_format()?.into_dimensions()?)
}

#[test]
fn flags_that_make_no_sense() -> Outcome {
    let folder = TempDir::new()?;
    let model = write_model(folder.path(), "lenet1");
    fails(&["predict", &model], USAGE, &["--index"]);
    fails(&["predict", &model, "--index", "seven"], USAGE, &["seven"]);
    fails(&["evaluate", &model, "--batch", "0"], USAGE, &["--batch"]);
    fails(&["evaluate", &model, "--device", "cpu", "--adapter", "0"], USAGE, &["--adapter"]);
    fails(&["evaluate"], USAGE, &["MODEL"]);
    fails(&["summary", "--network", "lenet9"], USAGE, &["lenet9", "lenet5-short"]);
    fails(&["summary", "--network", "lenet1", "--output", "rbf"], USAGE, &["--output linear"]);
    fails(&["summary", "--border", "3"], USAGE, &["--border"]);
    fails(&["plan", "--batch", "100000"], USAGE, &["--batch"]);
    fails(&["data", "--border", "17"], USAGE, &["--border"]);
    // What a flag needs is asked for, though another that is there rules it out.
    fails(&["predict", &model, "--index", "1", "--csv"], USAGE, &["--csv"]);
    fails(&["predict", &model, "--index", "1", "--batch", "4"], USAGE, &["--batch"]);
    fails(&["data", "--test", "--sheet", "sheet.png"], USAGE, &["--test", "--sheet"]);
    fails(&["plan", "--replay", "2", "--wgsl", "c3"], USAGE, &["--replay"]);
    Ok(())
}

#[test]
fn files_that_are_not_there() -> Outcome {
    let folder = TempDir::new()?;
    let model = write_model(folder.path(), "lenet1");
    let nothing = path(&folder.path().join("nothing.png")).to_string();
    fails(&["evaluate", &nothing], DATA, &["nothing.png"]);
    fails(&["predict", &model, &nothing], DATA, &["nothing.png"]);
    // A model is no picture, and no folder of digits either.
    fails(&["predict", &model, &model], DATA, &[&model]);
    fails(&["data", "--data", &model], DATA, &[&model]);
    fails(&["evaluate", &model, "--data", &nothing], DATA, &["nothing.png"]);
    // A folder that is not there, and one of runs.
    let deeper = path(&folder.path().join("deeper/x.onnx")).to_string();
    fails(&["export", &model, "--out", &deeper], OTHER, &["make the folder", "deeper"]);
    let runs = TempDir::new()?;
    fs::create_dir(runs.path().join("seed-1"))?;
    fs::copy(&model, runs.path().join("seed-1/model.safetensors"))?;
    fails(&["evaluate", path(runs.path())], DATA, &["a folder of runs", "seed-1"]);
    Ok(())
}

/// Linux finds its drivers through files that can be hidden.
#[test]
fn adapters_without_a_driver() -> Outcome {
    if cfg!(not(target_os = "linux")) {
        return Ok(());
    }
    let hidden = |args: &[&str]| {
        let mut command = command(args);
        command.env("VK_DRIVER_FILES", "/nowhere.json").env("VK_ICD_FILENAMES", "/nowhere.json");
        command.output().expect("the program starts")
    };
    let output = hidden(&["adapters"]);
    assert_eq!(output.status.code(), Some(ADAPTER));
    assert!(text(&output.stdout).contains("mesa-vulkan-drivers"), "{}", text(&output.stdout));
    let output = hidden(&["adapters", "--json"]);
    assert_eq!(output.status.code(), Some(ADAPTER));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout)?, json!({ "adapters": [] }));
    assert!(text(&output.stderr).contains("mesa-vulkan-drivers"), "{}", text(&output.stderr));
    let output = hidden(&["bench", "--no-cpu"]);
    assert_eq!(output.status.code(), Some(ADAPTER));
    assert!(text(&output.stderr).contains("--no-cpu"), "{}", text(&output.stderr));
    Ok(())
}

/// `lenet ... | true`, more or less.
#[cfg(unix)]
#[test]
fn a_reader_who_leaves_early() -> Outcome {
    for args in [&["plan"][..], &["plan", "--json"], &["summary", "--table"], &["data"]] {
        let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        drop(child.stdout.take());
        let output = child.wait_with_output()?;
        let said = text(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{args:?}: {}: {said}", output.status);
    }
    Ok(())
}

//! Exported models in the programs that they are for: the snippets of `docs/sharing.md` in PyTorch,
//! graphs in onnxruntime and arrays in NumPy, each on MNIST's 10,000 test digits; and programs of `lenet plan`
//! in wgpu-native.
//!
//! They take the Python that `LENET_PYTHON` names, or `python3`. A test whose packages it does not
//! have is reported as ignored with the reason: `tests/pytorch/requirements.txt` and
//! `tests/onnx/requirements.txt` list them; `wgpu` is the package of `examples/replay.py`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::program::{path, prints, text, write_model};
use crate::common::{Outcome, Tests};
use tempfile::TempDir;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sharing.md");
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
/// Lines of a snippet at most.
const LINES: usize = 14;

pub fn add(tests: &mut Tests) {
    let torch = packages(&["torch", "safetensors", "numpy"]);
    tests.where_ready("lenet1_in_pytorch", torch.clone(), || snippet("lenet1"));
    tests.where_ready("lenet5_in_pytorch", torch, || snippet("lenet5"));
    let onnx = packages(&["onnx", "onnxruntime", "numpy"]);
    tests.where_ready("graphs_in_onnxruntime", onnx, graphs);
    tests.where_ready("arrays_in_numpy", packages(&["numpy"]), arrays);
    for flags in ["--network lenet1 --plan layered", "--network lenet5 --plan sample"] {
        let name = format!("programs_in_wgpu_native, {flags}");
        tests.where_ready(name, packages(&["wgpu"]), move || replayed(flags));
    }
}

/// The Python to take.
fn python() -> Command {
    let mut python = Command::new(std::env::var("LENET_PYTHON").unwrap_or("python3".into()));
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    python
}

/// Whether it has these packages, or why not.
fn packages(names: &[&str]) -> Result<(), String> {
    let output = python().args(["-c", &format!("import {}", names.join(", "))]).output();
    let output = output.map_err(|error| format!("no Python: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(text(&output.stderr).lines().last().unwrap_or("no Python").to_string()),
    }
}

/// Runs Python, which has to succeed; gives what it prints.
fn python_prints(args: &[&str], folder: &Path) -> Result<String, String> {
    let output = python().args(args).current_dir(folder).output().map_err(|e| e.to_string())?;
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stdout) + &text(&output.stderr)),
    }
}

/// Another executor, in another language, with another compiler of the shaders, computes the same bits.
fn replayed(flags: &str) -> Outcome {
    let folder = TempDir::new()?;
    let flags: Vec<&str> = flags.split(' ').collect();
    let json =
        prints(&[&["plan", "--json", "--replay", "20", "--profile", "gpu"], &flags[..]].concat());
    let file = folder.path().join("program.json");
    fs::write(&file, json)?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/replay.py");
    let printed = python_prints(&[script, path(&file)], folder.path())?;
    if printed.contains("the same bits") { Ok(()) } else { Err(printed.into()) }
}

/// A snippet, on a model with its first weights, says what `lenet evaluate` does.
fn snippet(network: &str) -> Outcome {
    let folder = TempDir::new()?;
    let document = fs::read_to_string(DOCUMENT)?;
    let (_, rest) = document.split_once(&format!("```python {network}\n")).ok_or("no snippet")?;
    let (snippet, _) = rest.split_once("```").ok_or("an endless snippet")?;
    assert!(snippet.lines().count() <= LINES, "{} lines", snippet.lines().count());

    let written = write_model(folder.path(), network);
    fs::rename(written, folder.path().join("model.safetensors"))?;
    let model = folder.path().join("model.safetensors");
    let state = folder.path().join("state.safetensors");
    prints(&["export", path(&model), "--names", "layers", "--out", path(&state)]);
    let script = format!(
        "import sys; sys.path.append('{SCRIPTS}/pytorch')\n\
         import mnist, torch\n\
         digits = torch.from_numpy(mnist.read('t10k')[0].copy())[:, None]\n\
         {snippet}\n\
         print(*classes.tolist(), sep='\\n')\n"
    );
    let found = python_prints(&["-c", &script], folder.path())?;
    let scores = folder.path().join("scores.csv");
    prints(&["evaluate", path(&model), "--device", "cpu", "--scores", path(&scores)]);
    let scores = fs::read_to_string(scores)?;
    let answers: Vec<&str> =
        scores.lines().skip(1).filter_map(|line| line.split(',').nth(2)).collect();
    assert_eq!(answers.len(), 10_000);
    let found: Vec<&str> = found.lines().collect();
    let other = answers.iter().zip(&found).filter(|(told, found)| told != found).count();
    assert_eq!((found.len(), other), (10_000, 0), "digits, and how many have another class");
    Ok(())
}

/// `tests/onnx/check.py` on every network with its first weights.
fn graphs() -> Outcome {
    let folder = TempDir::new()?;
    let models = ["lenet1", "lenet5", "lenet5-short"].map(|name| write_model(folder.path(), name));
    let check = format!("{SCRIPTS}/onnx/check.py");
    let program = env!("CARGO_BIN_EXE_lenet");
    let mut args = vec![check.as_str(), "--lenet", program];
    args.extend(models.iter().map(String::as_str));
    let said = python_prints(&args, folder.path())?;
    assert_eq!(said.matches(" 0 other classes").count(), 9, "{said}");
    Ok(())
}

/// NumPy reads the archive, and finds the kernels where the state dict has them.
fn arrays() -> Outcome {
    let folder = TempDir::new()?;
    let model = write_model(folder.path(), "lenet5");
    let archive = folder.path().join("model.npz");
    prints(&["export", &model, "--out", path(&archive)]);
    let script = "import numpy\n\
                  arrays = numpy.load('model.npz')\n\
                  print(len(arrays), arrays['c5.weight'].shape, arrays['c5.weight'].dtype)\n\
                  print(arrays['c1.bias'].shape, set(arrays['rbf.centres'].ravel().tolist()))\n";
    let said = python_prints(&["-c", script], folder.path())?;
    assert_eq!(said, "43 (120, 16, 5, 5) float32\n(6,) {1.0, -1.0}\n");
    Ok(())
}

//! The program itself: what it prints, and how it refuses.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use lenet::data::{self, Mnist};
use lenet::network::{Network, Table, build, init, lenet as tables};
use lenet::plan::Layout;
use lenet::train::model::Model;
use serde_json::{Value, json};

/// Exit code of what no other code is for.
pub const OTHER: i32 = 1;
/// Exit code of a wrong flag.
pub const USAGE: i32 = 2;
/// Exit code of a file that cannot be used.
pub const DATA: i32 = 3;

/// The program, ready to start.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lenet"));
    // Not the user's own cache: what was tuned there would change the plans.
    command.args(args).env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    command
}

/// What a command did.
pub fn run(args: &[&str]) -> Output {
    command(args).output().expect("the program starts")
}

/// What a command prints that has to succeed.
pub fn prints(args: &[&str]) -> String {
    let output = run(args);
    let (out, said) = (String::from_utf8_lossy(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{args:?} ended with {}: {said}", output.status);
    out.into_owned()
}

/// What it prints where that is its standard input.
pub fn prints_of(args: &[&str], input: &[u8]) -> String {
    let mut command = command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("an input");
    stdin.write_all(input).expect("the program reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{args:?} ended with {}", output.status);
    text(&output.stdout)
}

/// The object that it prints with `--json`.
pub fn json_of(args: &[&str]) -> Value {
    let printed = prints(&[args, &["--json"]].concat());
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{args:?}: {error}: {printed}"))
}

/// A command that has to fail with this exit code and these words, and without a panic.
pub fn fails(args: &[&str], code: i32, words: &[&str]) {
    let output = run(args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?} said {said}");
    assert!(words.iter().all(|word| said.contains(word)), "{args:?}: {words:?} not in {said}");
    assert!(!said.contains("panicked"), "{args:?} said {said}");
}

/// Bytes that were printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A path as an argument.
pub fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// A network with the options of its table.
pub fn network_of(name: &str) -> Network {
    let table = tables::find(name).expect("a known network");
    build(table, table.options).expect("the table's own options fit")
}

/// A CSV file of pictures of two classes, one line each.
pub fn two_classes(folder: &Path, side: usize, count: usize) -> String {
    let line = |at: usize| {
        let pixels = (0..side * side).map(|pixel| (pixel * (at + 7) % 256).to_string());
        format!("{},{}\n", at % 2, pixels.collect::<Vec<_>>().join(","))
    };
    let file = folder.join("two.csv");
    fs::write(&file, (0..count).map(line).collect::<String>()).expect("a file");
    path(&file).to_string()
}

/// The text of a network file without a convolution, which a driver compiles in a moment.
pub const TINY: &str = "name = \"tiny\"\nlayers = [{ linear = \"f1\", units = 9 }]\n";

/// A built-in network with its first weights, as a model file.
pub fn write_model(folder: &Path, network: &str) -> String {
    write_with_first_weights(folder, network_of(network))
}

/// The network of [`TINY`] with its first weights, as a model file.
pub fn write_tiny_model(folder: &Path) -> String {
    let table = Table::parse(TINY).expect("a table");
    write_with_first_weights(folder, build(&table, table.options).expect("a network"))
}

fn write_with_first_weights(folder: &Path, network: Network) -> String {
    let layout = Layout::of(&network).expect("a layout");
    let parameters = init::parameters(&network, &layout, init::Init::LecunSqrt, 7);
    let file = folder.join(format!("{}.safetensors", network.name));
    let model = Model { network, parameters, settings: json!({}) };
    fs::write(&file, model.to_bytes().expect("a model")).expect("a file");
    path(&file).to_string()
}

/// A folder with five training and forty test digits.
pub fn small_set(folder: &Path) -> String {
    let Mnist { mut train, mut test } = data::builtin().expect("the built-in digits");
    train.truncate(5);
    test.truncate(40);
    write_set(folder, &Mnist { train, test })
}

/// A folder with digits, as MNIST's files.
pub fn write_set(folder: &Path, mnist: &Mnist) -> String {
    for (name, digits) in [("train", &mnist.train), ("t10k", &mnist.test)] {
        let count = digits.len() as u32;
        let images = [2051, count, 28, 28].map(u32::to_be_bytes).concat();
        let labels = [2049, count].map(u32::to_be_bytes).concat();
        let write = |kind: &str, head: Vec<u8>, bytes: &[u8]| {
            let file = folder.join(format!("{name}-{kind}-ubyte"));
            fs::write(file, [&head, bytes].concat()).expect("a file");
        };
        write("images-idx3", images, digits.pixels());
        write("labels-idx1", labels, digits.labels());
    }
    path(folder).to_string()
}

//! Models for other programs, without any other program: graphs against a reference that
//! runs them in naive loops, files read by other code than wrote them.
//!
//! What onnxruntime, PyTorch and NumPy make of them is in `tests/adapter/python.rs`.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::common::graph::{self, Value};
use crate::common::onnx::{Extent, ModelProto, ValueInfoProto};
use crate::common::program::{DATA, USAGE, fails, path, prints, small_set};
use lenet::data::DIGIT_PIXELS;
use lenet::export::{CENTRES, Format, Names, export};
use lenet::network::init::{self, Init};
use lenet::network::{
    CLASSES, Options, Output, PoolForm, Scaling, Squash, bitmaps, build, lenet as tables,
};
use lenet::plan::Layout;
use lenet::train::model::Model;
use prost::Message;
use safetensors::tensor::{SafeTensors, TensorView};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// A model of a network with first weights, none of them at its start value, poolings included.
pub(super) fn model(name: &str, change: impl FnOnce(&mut Options)) -> Model {
    let table = tables::find(name).expect("a known network");
    let mut options = table.options;
    change(&mut options);
    let network = build(table, options).expect("options that fit");
    let layout = Layout::of(&network).expect("a layout");
    let mut parameters = init::parameters(&network, &layout, Init::Pytorch, 7);
    for tensor in &layout.tensors {
        for (i, place) in tensor.places().enumerate() {
            parameters[place] += 0.01 * (i % 7) as f32;
        }
    }
    Model { network, parameters, settings: json!({ "seed": 7 }) }
}

/// Both outputs, poolings, squashes, scalings, borders, and with and without tables.
pub(super) fn models() -> Vec<Model> {
    vec![
        model("lenet1", |_| {}),
        model("lenet1", |options| {
            options.squash = Squash::Tanh;
            options.pool = PoolForm::Sum;
            options.scaling = Scaling::Symmetric;
        }),
        model("lenet1", |options| options.border = 2),
        model("lenet5", |_| {}),
        model("lenet5", |options| {
            options.output = Output::Linear;
            options.loss = lenet::network::Loss::Mse;
        }),
        model("lenet5", |options| options.full_connections = true),
        model("lenet5-short", |options| options.pool = PoolForm::Mean),
    ]
}

/// A file with these bytes in a folder.
pub(super) fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let file = folder.path().join(name);
    fs::write(&file, bytes).expect("a file");
    file
}

#[test]
fn graphs_compute_what_the_program_does() {
    let folder = TempDir::new().expect("a folder");
    let set = small_set(folder.path());
    let mnist = lenet::data::load(&lenet::data::Source::at(folder.path())).expect("the small set");
    for model in models() {
        let file = file(&folder, "model.safetensors", &model.to_bytes().expect("a model"));
        let scores = folder.path().join("scores.csv");
        let common = ["--device", "cpu", "--data", &set];
        prints(
            &[&["evaluate", path(&file), "--force", "--scores", path(&scores)], &common[..]]
                .concat(),
        );
        let table = fs::read_to_string(&scores).expect("the scores");
        let rows: Vec<Vec<f64>> = table
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(|field| field.parse().expect("a number")).collect())
            .collect();
        assert_eq!(rows.len(), mnist.test.len());

        let bytes = export(&model, Format::Onnx, Names::Layers).expect("a graph");
        let graph = ModelProto::decode(&bytes[..]).expect("an ONNX model").graph.expect("a graph");
        // Enough to tell; the naive reference takes its time.
        let count = 6;
        let pixels = &mnist.test.pixels()[..count * DIGIT_PIXELS];
        let digits = Value {
            shape: vec![count, 1, 28, 28],
            numbers: pixels.iter().map(|&byte| f64::from(byte)).collect(),
        };
        let values = graph::run(&graph, digits);
        assert_eq!(values["scores"].shape, [count, CLASSES]);
        assert_eq!(values["class"].shape, [count]);
        for (i, row) in rows.iter().take(count).enumerate() {
            assert_eq!(row[1], f64::from(mnist.test.label(i)));
            assert_eq!(values["class"].numbers[i], row[2], "{} digit {i}", model.network.name);
            for (class, told) in row[3..].iter().enumerate() {
                let found = values["scores"].numbers[i * CLASSES + class];
                assert!(
                    (found - told).abs() <= 1e-5 * told.abs().max(1.0),
                    "{}: digit {i}, class {class}: {found} is not {told}",
                    model.network.name
                );
            }
        }
    }
}

#[test]
fn graphs_name_what_goes_in_and_out() {
    let model = model("lenet5", |_| {});
    let bytes = export(&model, Format::Onnx, Names::Layers).expect("a graph");
    let onnx = ModelProto::decode(&bytes[..]).expect("an ONNX model");
    assert_eq!(onnx.ir_version, Some(8));
    assert_eq!((onnx.opset_import.len(), onnx.opset_import[0].version), (1, Some(17)));
    let graph = onnx.graph.expect("a graph");
    let n = || Extent::Named("N".into());
    let described = |value: &ValueInfoProto| {
        let tensor = value.r#type.clone().and_then(|kind| kind.tensor_type).expect("a tensor");
        let dim = tensor.shape.expect("a shape").dim;
        let sides: Vec<Extent> = dim.into_iter().filter_map(|side| side.value).collect();
        (value.name().to_string(), tensor.elem_type, sides)
    };
    let values: Vec<_> = graph.input.iter().chain(&graph.output).map(described).collect();
    let (one, side) = (Extent::Fixed(1), Extent::Fixed(28));
    assert_eq!(
        values,
        [
            ("digits".to_string(), Some(2), vec![n(), one, side.clone(), side]),
            ("scores".to_string(), Some(1), vec![n(), Extent::Fixed(10)]),
            ("class".to_string(), Some(7), vec![n()]),
        ]
    );
    let shapes: HashMap<&str, &[i64]> =
        graph.initializer.iter().map(|tensor| (tensor.name(), &tensor.dims[..])).collect();
    assert_eq!(shapes["c3.weight"], [16, 6, 5, 5]);
    assert_eq!(shapes["f6.weight"], [84, 120]);
    assert_eq!(shapes["rbf.centres"], [10, 84]);
    // 60 of Table I's 96 connections.
    let kernels = graph.initializer.iter().find(|tensor| tensor.name() == "c3.weight");
    let raw = kernels.and_then(|tensor| tensor.raw_data.as_deref()).expect("kernels");
    let zeros = bytemuck::pod_collect_to_vec::<u8, f32>(raw).iter().filter(|&&w| w == 0.0).count();
    assert_eq!(zeros, 36 * 25);
}

/// Named tensors of f32.
pub(super) type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

/// The tensors of an exported state dict.
pub(super) fn state(model: &Model, names: Names) -> Tensors {
    let bytes = export(model, Format::Safetensors, names).expect("a state dict");
    let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let tensor = |(name, view): (String, TensorView)| {
        (name, view.shape().to_vec(), bytemuck::pod_collect_to_vec(view.data()))
    };
    file.tensors().into_iter().map(tensor).collect()
}

#[test]
fn arrays_and_documents_hold_every_bit() {
    for model in models() {
        let expected = state(&model, Names::Layers);
        let npz = export(&model, Format::Npz, Names::Layers).expect("arrays");
        let arrays = read_npz(&npz);
        let json = export(&model, Format::Json, Names::Layers).expect("a document");
        let document: Json = serde_json::from_slice(&json).expect("JSON");
        assert_eq!(arrays.len(), expected.len());
        assert_eq!(
            document["tensors"].as_object().map(|tensors| tensors.len()),
            Some(arrays.len())
        );
        for (name, shape, numbers) in &expected {
            assert_eq!(arrays[name], (shape.clone(), numbers.clone()), "{name}");
            let tensor = &document["tensors"][name];
            assert_eq!(tensor["shape"], json!(shape));
            let values: Vec<f32> =
                serde_json::from_value(tensor["values"].clone()).expect("numbers");
            assert_eq!(&values, numbers, "{name}");
        }
        let layers = document["layers"].as_array().expect("layers");
        assert_eq!(layers.len(), model.network.layers.len());
        if !model.network.options.full_connections && model.network.name != "lenet1" {
            assert_eq!(layers[2]["table"][4], json!([0, 4, 5]));
            assert_eq!(document["input"]["border"], 2);
        }
    }
    let centres = state(&model("lenet5", |_| {}), Names::Layers);
    let centres = centres.iter().find(|tensor| tensor.0 == CENTRES).expect("the centres");
    assert_eq!((&centres.1[..], &centres.2), (&[10, 84][..], &bitmaps::centres()));
}

/// Shape and numbers of each array of an archive.
fn read_npz(bytes: &[u8]) -> HashMap<String, (Vec<usize>, Vec<f32>)> {
    let archive = rawzip::ZipArchive::from_slice(bytes).expect("an archive");
    let mut entries = archive.entries();
    let mut arrays = HashMap::new();
    while let Some(entry) = entries.next_entry().expect("an entry") {
        let name = String::from_utf8(entry.file_path().as_ref().to_vec()).expect("a name");
        let stored = archive.get_entry(entry.wayfinder()).expect("an entry");
        let mut npy = Vec::new();
        stored.verifying_reader(stored.data()).read_to_end(&mut npy).expect("a sound entry");
        let (head, rest) = npy.split_at(10);
        assert_eq!(head[..8], *b"\x93NUMPY\x01\x00");
        let (header, data) = rest.split_at(usize::from(u16::from_le_bytes([head[8], head[9]])));
        assert_eq!((10 + header.len()) % 64, 0);
        let header = std::str::from_utf8(header).expect("text");
        assert!(header.starts_with("{'descr': '<f4', 'fortran_order': False, "), "{header}");
        assert!(header.ends_with('\n'));
        let (_, shape) = header.split_once("'shape': (").expect("a shape");
        let (shape, _) = shape.split_once(')').expect("a shape");
        let sides = shape.split(',').filter(|side| !side.is_empty());
        let shape = sides.map(|side| side.trim().parse().expect("a side")).collect();
        let name = name.strip_suffix(".npy").expect("an array").to_string();
        arrays.insert(name, (shape, bytemuck::pod_collect_to_vec(data)));
    }
    arrays
}

#[test]
fn formats_go_by_flag_or_ending() {
    let folder = TempDir::new().expect("a folder");
    let bytes = model("lenet1", |_| {}).to_bytes().expect("a model");
    let model = file(&folder, "model.safetensors", &bytes);
    let to = |name: &str| folder.path().join(name);
    let export = |out: &Path, more: &[&str]| {
        prints(&[&["export", path(&model), "--out", path(out)], more].concat());
        fs::read(out).expect("a file")
    };
    let named = export(&to("a.onnx"), &[]);
    assert_eq!(export(&to("a.bin"), &["--format", "onnx"]), named);
    assert_eq!(export(&to("a.bin"), &["--format", "onnx", "--force"]), named);
    assert!(export(&to("a.npz"), &[]).starts_with(b"PK"));
    assert!(export(&to("a.json"), &[]).starts_with(b"{\"format\":\"lenet\""));
    let state = export(&to("a.safetensors"), &["--names", "sequential"]);
    assert!(SafeTensors::deserialize(&state).expect("tensors").tensor("4.convs.11.bias").is_ok());
    let refuses = |out: &Path, more: &[&str], words: &[&str]| {
        fails(&[&["export", path(&model), "--out", path(out)], more].concat(), USAGE, words);
    };
    refuses(&to("a.pickle"), &[], &["a.pickle", "--format onnx"]);
    refuses(&to("b.onnx"), &["--names", "layers"], &["--names"]);
    refuses(&to("a.onnx"), &[], &["--force"]);
    fails(&["export", path(&to("no.st")), "--out", path(&to("c.onnx"))], DATA, &["no.st"]);
    fails(&["export", path(&model), "--out", path(&to("no/c.onnx"))], 1, &["no/c.onnx"]);
}

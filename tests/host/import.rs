//! Models from other programs: `lenet import` of files as PyTorch saves them.

use std::fs;

use crate::common::program::{DATA, USAGE, fails, path, prints};
use crate::share::{Tensors, file, model, models, state};
use lenet::export::{CENTRES, Format, Names, export, import};
use lenet::network::{PoolForm, Scaling, Squash};
use safetensors::tensor::{Dtype, TensorView};
use tempfile::TempDir;

#[test]
fn round_trips_are_exact() {
    let folder = TempDir::new().expect("a folder");
    for model in models() {
        for names in [Names::Layers, Names::Notebook, Names::Sequential] {
            let bytes = export(&model, Format::Safetensors, names).expect("a state dict");
            let file = file(&folder, "state.safetensors", &bytes);
            let imported = import::import(&file, &Default::default(), None).expect("a model");
            assert_eq!((imported.names, imported.described), (names, true));
            assert_eq!(imported.model.to_bytes().ok(), model.to_bytes().ok());
        }
    }
    let model = file(&folder, "model.safetensors", &models()[3].to_bytes().expect("a model"));
    let (state, back) = (folder.path().join("s.safetensors"), folder.path().join("back"));
    prints(&["export", path(&model), "--out", path(&state)]);
    prints(&["import", path(&state), "--out", path(&back)]);
    assert_eq!(fs::read(&model).expect("a file"), fs::read(&back).expect("a file"));
    fails(&["import", path(&state), "--out", path(&back)], USAGE, &["--force"]);
}

/// A file as PyTorch would save it, without a word about the network.
fn plain(folder: &TempDir, tensors: &Tensors) -> std::path::PathBuf {
    let views = tensors.iter().map(|(name, shape, numbers)| {
        let bytes = bytemuck::cast_slice(numbers);
        (name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor"))
    });
    let metadata = [("format".to_string(), "pt".to_string())].into_iter().collect();
    let bytes = safetensors::serialize(views, Some(metadata)).expect("a file");
    file(folder, "plain.safetensors", &bytes)
}

#[test]
fn networks_are_told_by_their_tensors() {
    let folder = TempDir::new().expect("a folder");
    for model in models() {
        for names in [Names::Layers, Names::Notebook, Names::Sequential] {
            let tensors = state(&model, names);
            let file = plain(&folder, &tensors);
            let border = Some(model.network.options.border);
            let args = lenet::recipe::NetworkArgs { border, ..Default::default() };
            let imported = import::import(&file, &args, None).expect("a model");
            let (found, meant) = (&imported.model.network, &model.network);
            assert_eq!((imported.names, imported.described), (names, false));
            assert_eq!((&found.name, found.options.output), (&meant.name, meant.options.output));
            assert_eq!(found.options.full_connections, meant.options.full_connections);
            assert_eq!(imported.model.parameters, model.parameters);
            // As DataParallel, Lightning and torch.compile name them.
            for prefix in ["module.", "model.", "_orig_mod.", "model._orig_mod."] {
                let named = tensors
                    .iter()
                    .cloned()
                    .map(|(name, shape, numbers)| (format!("{prefix}{name}"), shape, numbers));
                let wrapped = import::import(&plain(&folder, &named.collect()), &args, None);
                assert_eq!(wrapped.expect("a model").model.parameters, model.parameters);
            }
            // A module that has no buffer for the centres.
            let name = names.of(&meant.name, CENTRES);
            let without = tensors.into_iter().filter(|(other, ..)| *other != name).collect();
            let imported = import::import(&plain(&folder, &without), &args, None);
            assert_eq!(imported.expect("a model").model.parameters, model.parameters);
        }
    }
}

#[test]
fn a_header_may_begin_as_a_pickle_does() {
    let folder = TempDir::new().expect("a folder");
    // That with the shortest header.
    let model = model("lenet5", |options| options.full_connections = true);
    let bytes = export(&model, Format::Safetensors, Names::Notebook).expect("a state dict");
    // The length of the header comes first, as a number of eight bytes; blanks may stand after the header.
    let (length, rest) = bytes.split_first_chunk().expect("a length");
    let length = u64::from_le_bytes(*length);
    let (header, numbers) = rest.split_at(length as usize);
    let longer = u64::from(u16::from_le_bytes(*b"\x80\x05"));
    let blanks = vec![b' '; longer.checked_sub(length).expect("a short header") as usize];
    let padded = [&longer.to_le_bytes(), header, &blanks, numbers].concat();
    let given = file(&folder, "state.safetensors", &padded);
    let imported = import::import(&given, &Default::default(), None).expect("a model");
    assert_eq!(imported.model.parameters, model.parameters);
    let kinds: [(&[u8], &str); 4] = [
        (b"PK\x03\x04 mine/data.pkl", "torch.save"),
        (b"PK\x03\x04 arr_0.npy", "numpy.savez"),
        (b"\x80\x04\x95", "a pickle"),
        (b"\x89HDF\r\n", "HDF5"),
    ];
    for (bytes, word) in kinds {
        let given = file(&folder, "other", bytes);
        let out = folder.path().join("out.safetensors");
        fails(&["import", path(&given), "--out", path(&out)], DATA, &[word, "safetensors.torch"]);
    }
}

#[test]
fn what_tensors_do_not_tell_is_assumed_or_said() {
    let folder = TempDir::new().expect("a folder");
    let file = plain(&folder, &state(&model("lenet1", |_| {}), Names::Notebook));
    let options = |args: lenet::recipe::NetworkArgs| {
        import::import(&file, &args, None).expect("a model").model.network.options
    };
    let notebook = options(Default::default());
    assert_eq!(
        (notebook.squash, notebook.pool, notebook.scaling),
        (Squash::Tanh, PoolForm::Mean, Scaling::Symmetric)
    );
    let said = options(lenet::recipe::NetworkArgs {
        squash: Some(Squash::Scaled),
        input: Some(Scaling::Paper),
        ..Default::default()
    });
    assert_eq!((said.squash, said.scaling), (Squash::Scaled, Scaling::Paper));
    let out = folder.path().join("model.safetensors");
    let import = ["import", path(&file), "--out", path(&out)];
    fails(&[&import[..], &["--network", "lenet5"]].concat(), DATA, &["lenet5", "net.0.weight"]);
    fails(
        &[&import[..], &["--network", "lenet1", "--output", "rbf"]].concat(),
        USAGE,
        &["--output linear"],
    );
    assert!(!out.exists());
}

#[test]
fn faults_of_a_state_dict_are_named() {
    let folder = TempDir::new().expect("a folder");
    let whole = state(&model("lenet5", |_| {}), Names::Notebook);
    let out = folder.path().join("model.safetensors");
    let refuses = |change: &dyn Fn(&mut Tensors), words: &[&str]| {
        let mut tensors = whole.clone();
        change(&mut tensors);
        let file = plain(&folder, &tensors);
        fails(&["import", path(&file), "--out", path(&out)], DATA, words);
        assert!(!out.exists());
    };
    fn of<'a>(tensors: &'a mut Tensors, name: &str) -> &'a mut (String, Vec<usize>, Vec<f32>) {
        tensors.iter_mut().find(|tensor| tensor.0 == name).expect("a tensor")
    }
    refuses(
        &|tensors| of(tensors, "net.11.weight").1 = vec![120, 84],
        &["net.11.weight", "[120, 84]", "[84, 120]", "plain.safetensors"],
    );
    refuses(
        &|tensors| of(tensors, "net.0.bias").0 = "net.0.offset".into(),
        &["net.0.bias", "net.0.offset"],
    );
    refuses(&|tensors| of(tensors, "net.2.weight").2[3] = f32::NAN, &["net.2.weight", "3"]);
    refuses(&|tensors| of(tensors, "net.13.centres").2[0] *= -1.0, &["net.13.centres", "Fig. 3"]);
    refuses(
        &|tensors| tensors.retain(|tensor| tensor.0 == "net.11.bias"),
        &["h1.weight", "h3.weight", "6"],
    );
    let broken = file(&folder, "broken.safetensors", b"no such file");
    fails(&["import", path(&broken), "--out", path(&out)], DATA, &["broken.safetensors"]);
}

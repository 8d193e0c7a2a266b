//! What the layers are called: here, and in the notebook's module.

use crate::network::{PoolForm, Scaling, Squash, named};

named! {
    /// The naming scheme of the tensors in a file.
    pub enum Names {
        /// By layer, as in `model.safetensors`: `c3.convs.4.weight`.
        Layers = "layers",
        /// Of the notebook's module, by place in its `self.net`: `net.4.convs.4.weight`.
        Notebook = "notebook",
        /// Of an `nn.Sequential` by itself: `4.convs.4.weight`.
        Sequential = "sequential",
    }
}

/// The place of each layer in an `nn.Sequential` as the notebook builds it: every layer is followed
/// by its `nn.Tanh`, and an `nn.Flatten` stands in front of the first `nn.Linear`. The notebook has
/// only the first of these networks.
const PLACES: &[(&str, &[(&str, usize)])] = &[
    ("lenet1", &[("h1", 0), ("h2", 2), ("h3", 4), ("h4", 6), ("output", 9)]),
    (
        "lenet5",
        &[
            ("c1", 0),
            ("s2", 2),
            ("c3", 4),
            ("s4", 6),
            ("c5", 8),
            ("f6", 11),
            ("output", 13),
            ("rbf", 13),
        ],
    ),
    ("lenet5-short", &[("c1", 0), ("s2", 2), ("c3", 4), ("s4", 6), ("c5", 8), ("output", 11)]),
];

impl Names {
    /// What a tensor of a network is called there, by its name in `model.safetensors`.
    ///
    /// A layer that the table does not have, of a network of one's own, keeps its name.
    pub fn of(self, network: &str, tensor: &str) -> String {
        let prefix = match self {
            Names::Layers => return tensor.to_string(),
            Names::Notebook => "net.",
            Names::Sequential => "",
        };
        let renamed = || {
            let (layer, rest) = tensor.split_once('.')?;
            let (_, places) = PLACES.iter().find(|(name, _)| *name == network)?;
            let (_, place) = places.iter().find(|(name, _)| *name == layer)?;
            Some(format!("{prefix}{place}.{rest}"))
        };
        renamed().unwrap_or_else(|| tensor.to_string())
    }

    /// What the module that has these names computes besides what its tensors say, where that is not
    /// what the table of the network says: the notebook's plain `nn.Tanh`, its mean pooling and its
    /// pixels from -1 to 1.
    pub fn assumed(self) -> Option<(Squash, PoolForm, Scaling)> {
        match self {
            Names::Layers => None,
            Names::Notebook | Names::Sequential => {
                Some((Squash::Tanh, PoolForm::Mean, Scaling::Symmetric))
            }
        }
    }
}

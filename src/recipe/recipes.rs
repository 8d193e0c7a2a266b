//! Recipes: sets of settings under a name, as tables. What a recipe does not say is the default.

use super::Flags;
use crate::network::{Loss, Options, Output};

/// Samples in a batch at most.
pub const MAX_BATCH: usize = 1024;
/// Seeds that one command trains with at most.
pub const MAX_SEEDS: usize = 1_000;
/// Epochs of a run at most.
pub const MAX_EPOCHS: usize = 10_000;

/// A set of defaults under a name.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    pub name: &'static str,
    /// Learning rates by output and loss; Adam has its own.
    pub rates: Rates,
    /// Settings by the names of their flags.
    pub settings: &'static [(&'static str, &'static str)],
}

/// Learning rates by output and loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    pub linear: f32,
    /// RBF output, eq. 8.
    pub rbf_eq8: f32,
    /// RBF output, eq. 9.
    pub rbf_eq9: f32,
    pub softmax: f32,
}

/// Every recipe there is. How the settings were found stands in docs/recipes.md.
pub const ALL: &[Recipe] = &[
    // The notebook's own training: 9,840 and 2,707 random digits, x0.2 after epoch 15.
    Recipe {
        name: "notebook",
        rates: Rates { linear: 0.1, rbf_eq8: 0.001, rbf_eq9: 0.001, softmax: 0.01 },
        settings: &[
            ("network", "lenet1"),
            ("input", "symmetric"),
            ("epochs", "50"),
            ("schedule", "step:15:0.2"),
            ("train-limit", "9840"),
            ("test-limit", "2707"),
        ],
    },
    // LeNet-1 on all digits.
    Recipe {
        name: "lenet1",
        rates: Rates { linear: 0.03, rbf_eq8: 0.001, rbf_eq9: 0.001, softmax: 0.01 },
        settings: &[("network", "lenet1"), ("epochs", "20"), ("batch", "8")],
    },
    // The zip code digits of 1990, which `--data` has to name: see docs/data.md.
    Recipe {
        name: "lenet1-1990",
        rates: Rates { linear: 0.03, rbf_eq8: 0.001, rbf_eq9: 0.001, softmax: 0.01 },
        settings: &[
            ("network", "lenet1"),
            ("input", "symmetric"),
            ("epochs", "30"),
            ("batch", "8"),
        ],
    },
    LENET5,
    // LeNet-5 without F6 on all digits.
    Recipe { name: "lenet5-short", settings: &[("network", "lenet5-short")], ..LENET5 },
    // The LeNet-5 of most tutorials.
    Recipe {
        name: "lenet5-tutorial",
        rates: Rates { softmax: 0.02, ..LENET5.rates },
        settings: &[
            ("network", "lenet5-tutorial"),
            ("init", "pytorch"),
            ("batch", "32"),
            ("optimizer", "adam"),
        ],
    },
    // The training of the 1998 paper: one digit at a time in one constant order, second derivatives.
    // From +-2.4/F, which the paper names, nearly every curvature is far below mu and training dies.
    Recipe {
        name: "lenet5-1998",
        settings: &[
            ("epochs", "20"),
            ("batch", "1"),
            ("optimizer", "sdlm"),
            ("shuffle", "once"),
            ("init", "lecun-sqrt"),
        ],
        ..LENET5
    },
    // LeNet-5 on digits that every epoch distorts differently.
    Recipe {
        name: "lenet5-distorted",
        rates: Rates { linear: 0.1, rbf_eq8: 0.001, rbf_eq9: 0.001, softmax: 0.01 },
        settings: &[("epochs", "25"), ("batch", "32"), ("distort", "on")],
    },
    // The training of the 1998 paper on digits that every pass distorts differently.
    Recipe {
        name: "lenet5-1998-distorted",
        settings: &[
            ("epochs", "20"),
            ("batch", "1"),
            ("optimizer", "sdlm"),
            ("shuffle", "once"),
            ("init", "lecun-sqrt"),
            ("distort", "on"),
        ],
        ..LENET5
    },
];

/// LeNet-5 on all digits: the default recipe.
pub const LENET5: Recipe = Recipe {
    name: "lenet5",
    rates: Rates { linear: 0.03, rbf_eq8: 0.001, rbf_eq9: 0.0005, softmax: 0.01 },
    settings: &[],
};

/// The name of every recipe.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|recipe| recipe.name)
}

impl Recipe {
    /// Its settings.
    ///
    /// # Panics
    /// If the table names a setting that does not exist, which is a bug.
    pub fn flags(&self) -> Flags {
        Flags::of(self.settings).expect("the settings of a recipe")
    }
}

impl Rates {
    /// The rate for a network, and the words that say what decided it.
    pub(super) fn of(self, options: &Options) -> (f32, &'static str) {
        match (options.output, options.loss) {
            (Output::Linear, _) => (self.linear, "linear output"),
            (Output::Rbf, Loss::Mse) => (self.rbf_eq8, "rbf, mse"),
            (Output::Rbf, _) => (self.rbf_eq9, "rbf, map"),
            (Output::Softmax, _) => (self.softmax, "softmax"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Available, Settings};

    #[test]
    fn every_recipe_resolves() {
        for recipe in ALL {
            let flags = Flags { recipe: Some(recipe.name.into()), ..Flags::default() };
            let available = Available::MNIST;
            let settings = Settings::resolve(&flags, available, None).expect("a recipe");
            let rows = settings.rows();
            for (name, value) in recipe.settings {
                let row = rows.iter().find(|row| row.name == *name).expect(name);
                let found = row.value.as_str().map_or(row.value.to_string(), str::to_string);
                assert_eq!(found, *value, "{}: {name}", recipe.name);
                assert_eq!(row.origin, format!("recipe {}", recipe.name), "{name}");
            }
        }
    }
}

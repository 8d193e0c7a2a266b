//! Which digits a run trains on, tests on and validates on.

use super::session::Lists;
use crate::data::Mnist;
use crate::recipe::Settings;
use crate::rng::{Rng, Stream};

/// Which digits a run trains on, tests on and validates on, as indices into training digits
/// followed by test digits.
#[derive(Debug, Clone)]
pub struct Split {
    pub train: Vec<u32>,
    pub test: Vec<u32>,
    /// Empty where none are held back.
    pub validate: Vec<u32>,
}

impl Split {
    /// Draws the digits that the settings ask for: where there are more, at random by the seed, in
    /// ascending order. The validation digits are the last of the training digits.
    pub fn draw(settings: &Settings, mnist: &Mnist) -> Self {
        let Settings { train_limit, test_limit, validate, seed, .. } = *settings;
        Split::of([train_limit, test_limit, validate], seed, mnist)
    }

    /// Draws as [`Split::draw`] does, for a run of which only the seed is known and how many digits it trains on,
    /// tests on and holds back.
    ///
    /// # Panics
    /// If more are held back than there are.
    pub fn of([train, tested, held]: [usize; 3], seed: u64, mnist: &Mnist) -> Self {
        let (all, test) = (mnist.train.len() as u32, mnist.test.len() as u32);
        let rest = all - held as u32;
        let mut rng = Rng::new(seed, Stream::Subset);
        let mut some = |from: std::ops::Range<u32>, count: usize| {
            let mut digits: Vec<u32> = from.collect();
            if count < digits.len() {
                rng.shuffle(&mut digits);
                digits.truncate(count);
                digits.sort_unstable();
            }
            digits
        };
        Split {
            train: some(0..rest, train),
            test: some(all..all + test, tested),
            validate: (rest..all).collect(),
        }
    }

    /// The test digits by their numbers in the test set.
    pub fn test_numbers(&self, mnist: &Mnist) -> Vec<usize> {
        self.test.iter().map(|&index| index as usize - mnist.train.len()).collect()
    }

    /// The lists for a [`super::session::Session`]: set 0 is the test set, set 1, if any, the validation set.
    pub fn lists(&self, mnist: &Mnist) -> Lists {
        let sets = [&self.test, &self.validate].into_iter().filter(|set| !set.is_empty());
        let sets = sets.cloned().collect();
        Lists::new(&[&mnist.train, &mnist.test], self.train.len(), sets)
    }
}

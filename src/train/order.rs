//! Which digits an epoch trains on, in which order and in which view.
//!
//! Everything follows from the seed and the number of the epoch, so that a resumed run gets the same
//! order.

use crate::plan::Distortion;
use crate::recipe::{Settings, Shuffle};
use crate::rng::{Rng, Stream};

/// The orders of a run, epoch by epoch.
pub struct Orders {
    /// Entries as the device has them: digits in view 0 or, where each has a number of distorted
    /// copies, the digits in all their views.
    entries: Vec<u32>,
    /// Entries of an epoch.
    length: usize,
    /// The distortion where every epoch draws a new one.
    every_epoch: Option<Distortion>,
    shuffle: Shuffle,
    rng: Rng,
    /// How often the entries were shuffled.
    shuffled: usize,
}

impl Orders {
    /// For a run on these digits; `distortion` is that of the plan.
    // By reference: from opt-level 1 on, rustc 1.95.0 gets some calls wrong that pass the option by
    // value, and the orders then are those of a run without distortion.
    pub fn new(settings: &Settings, digits: &[u32], distortion: Option<&Distortion>) -> Self {
        let copies = settings.copies();
        let (entries, every_epoch) = match (distortion, copies) {
            (Some(k), Some(copies)) => {
                let views = 0..=copies as u32;
                let entry = |view| digits.iter().map(move |&digit| k.entry(digit, view));
                (views.flat_map(entry).collect(), None)
            }
            _ => (digits.to_vec(), distortion.copied()),
        };
        // A list of which each epoch takes a part keeps its order.
        let shuffle = match (settings.shuffle, copies) {
            (Shuffle::On, Some(_)) => Shuffle::Once,
            (shuffle, _) => shuffle,
        };
        let rng = Rng::new(settings.seed, Stream::Order);
        Orders { entries, length: digits.len(), every_epoch, shuffle, rng, shuffled: 0 }
    }

    /// The entries of an epoch, counted from 0. Epochs may be left out, but not go backwards.
    pub fn epoch(&mut self, epoch: usize) -> Vec<u32> {
        let shuffles = match self.shuffle {
            Shuffle::Off => 0,
            Shuffle::Once => 1,
            Shuffle::On => epoch + 1,
        };
        while self.shuffled < shuffles {
            self.rng.shuffle(&mut self.entries);
            self.shuffled += 1;
        }
        // With copies an epoch starts where the last one ended.
        let part = epoch % (self.entries.len() / self.length);
        let entries = &self.entries[part * self.length..][..self.length];
        match self.every_epoch {
            None => entries.to_vec(),
            Some(k) => entries.iter().map(|&digit| k.entry(digit, epoch as u32 + 1)).collect(),
        }
    }
}

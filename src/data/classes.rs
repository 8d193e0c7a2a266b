//! What the classes of data are, and what they are called.
//!
//! Names come from the folders of pictures, or from a file `classes.txt` beside other data, a name a line. Without
//! them labels are numbers, and there are as many classes as the highest asks for.

use std::path::Path;

use super::{Digits, Mnist, reader};
use crate::disk;
use crate::error::{Error, Result};
use crate::network::{CLASS_COUNTS, CLASSES, ClassNames, Network};

/// The file of the names, and its bytes at most.
pub(super) const FILE: &str = "classes.txt";
const MAX_FILE: u64 = 1 << 16;

/// The names in the file beside the data at a path, if it is there.
fn beside(path: &Path) -> Result<Option<ClassNames>> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let Some(file) = reader::find(folder, &[FILE], reader::is_no_folder) else {
        return Ok(None);
    };
    let cannot_read = |what: String| {
        Error::cannot_read(&file, what, "give a name in each line, in the order of the labels")
    };
    let text = disk::read_text(&file, MAX_FILE).map_err(|error| cannot_read(error.to_string()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_end();
    let lines: Vec<String> = text.lines().map(|line| line.trim().into()).collect();
    // Passed over, it would give the labels after it the names of others.
    if let Some(at) = lines.iter().position(String::is_empty) {
        return Err(cannot_read(format!(
            "line {} is empty, and a line is the name of a label",
            at + 1
        )));
    }
    ClassNames::new(lines).map(Some).map_err(cannot_read)
}

/// Gives all sets of the data at a path the same classes.
///
/// # Errors
/// [`Error::Data`] if their sides differ, or labels and classes do not fit together.
pub(super) fn settle(sets: &mut [&mut Digits], path: &Path) -> Result<()> {
    let fault = |what: String| Err(Error::Data(format!("{}: {what}", path.display())));
    let sides: Vec<usize> = sets.iter().map(|set| set.side).collect();
    if let [first, second] = sides[..]
        && first != second
    {
        return fault(format!(
            "training pictures have {first}x{first} pixels and test pictures {second}x{second}; give --side \
             {}",
            first.max(second)
        ));
    }
    if sets.iter().any(|set| !set.names.are_numbers()) {
        // Folders: their readers know only their own.
        let mut names: Vec<String> =
            sets.iter().flat_map(|set| set.names.list()).cloned().collect();
        names.sort();
        names.dedup();
        let names = ClassNames::new(names).or_else(fault_of(path))?;
        return sets.iter_mut().try_for_each(|set| set.call(&names));
    }
    let labels = || sets.iter().flat_map(|set| &set.labels);
    let highest = usize::from(labels().max().copied().unwrap_or(0));
    let from_one = labels().all(|&label| label > 0);
    let named = beside(path)?;
    let (names, shift) = match &named {
        Some(names) => {
            let count = count_of(names);
            let shift = from_one && highest == count;
            if highest >= count && !shift {
                return fault(format!(
                    "there is a label {highest}, and {FILE} names {count} classes, 0 to {}; add names",
                    count - 1
                ));
            }
            (names.clone(), shift)
        }
        None if from_one && highest > CLASSES => {
            let names = (1..=highest).map(|label| label.to_string()).collect();
            (ClassNames::new(names).or_else(fault_of(path))?, true)
        }
        None if from_one && highest == CLASSES && sets.len() > 1 => {
            return fault(format!(
                "the labels are 1 to {CLASSES} and none is 0; if they count from 1, subtract 1, or put the \
                 names of the classes into {FILE} beside them"
            ));
        }
        None => (ClassNames::NUMBERS, false),
    };
    let classes = match named {
        _ if shift => highest,
        Some(names) if !names.are_numbers() => count_of(&names),
        _ => (highest + 1).max(*CLASS_COUNTS.start()),
    };
    if !CLASS_COUNTS.contains(&classes) {
        let most = CLASS_COUNTS.end();
        return fault(format!(
            "there is a label {highest}; at most {most} classes, 0 to 63, are taken"
        ));
    }
    for set in sets {
        if shift {
            set.labels.iter_mut().for_each(|label| *label -= 1);
        }
        (set.classes, set.names) = (classes, names.clone());
    }
    Ok(())
}

/// Names that are the numbers of digits are none, but still say how many there are.
fn count_of(names: &ClassNames) -> usize {
    if names.are_numbers() { CLASSES } else { names.list().len() }
}

fn fault_of<T>(path: &Path) -> impl Fn(String) -> Result<T> {
    move |what| Err(Error::Data(format!("{}: {what}", path.display())))
}

impl Digits {
    /// Renumbers the labels in the order of these names.
    fn call(&mut self, names: &ClassNames) -> Result<()> {
        let classes = count_of(names);
        for label in &mut self.labels {
            let name = self.names.of(usize::from(*label));
            let Some(at) = (0..classes).position(|class| names.of(class) == name) else {
                let all: Vec<_> = (0..classes).map(|class| names.of(class)).collect();
                return Err(Error::Data(format!(
                    "the data have the class {name:?}, which is none of {}; give data with these classes",
                    all.join(", ")
                )));
            };
            *label = at as u8;
        }
        (self.classes, self.names) = (classes, names.clone());
        Ok(())
    }

    /// The same digits with the classes of a network.
    ///
    /// # Errors
    /// [`Error::Data`] if the network sees pictures of another side, or does not know a class.
    pub fn with_classes_of(mut self, network: &Network) -> Result<Self> {
        let (side, classes) = (network.options.side, network.options.classes);
        if self.side != side {
            return Err(Error::Data(format!(
                "the data have pictures of {0}x{0} pixels, and the model sees {side}x{side}; give --side {side}, \
                 or other data",
                self.side
            )));
        }
        let (ours, theirs) = (&self.names, &network.classes);
        let is_name = |label: &u8| theirs.list().contains(&label.to_string());
        let by_name = match (ours.are_numbers(), theirs.are_numbers()) {
            (false, false) => ours != theirs,
            // Where classes are called 1, 2, 3, so are labels.
            (true, false) => self.labels.iter().all(is_name),
            // Ten classes without names are digits. Of others a number says no more than which came first.
            (false, true) => classes == CLASSES,
            (true, true) => false,
        };
        if by_name {
            self.call(theirs)?;
            return Ok(self);
        }
        let highest = self.labels.iter().max().map_or(0, |&label| usize::from(label));
        if highest >= classes {
            return Err(Error::Data(format!(
                "the data have a label {highest}, and the model has {classes} classes; give data with its \
                 classes"
            )));
        }
        (self.classes, self.names) = (classes, network.classes.clone());
        Ok(self)
    }
}

impl Mnist {
    /// Both sets with the classes of a network.
    ///
    /// # Errors
    /// As [`Digits::with_classes_of`].
    pub fn with_classes_of(self, network: &Network) -> Result<Self> {
        let Mnist { train, test } = self;
        Ok(Mnist { train: train.with_classes_of(network)?, test: test.with_classes_of(network)? })
    }
}

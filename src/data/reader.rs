//! What stands at a path, and who reads it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::source::Source;
use super::{Digits, Mnist, classes, csv, mnist, npz, pictures, zipcodes};
use crate::disk;
use crate::error::{Error, Result};
use crate::text::count;

/// One of the two sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    Train,
    Test,
}

impl Set {
    /// The word that files have in their names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Set::Train => "train",
            Set::Test => "test",
        }
    }
}

/// What folders of pictures are, in words.
const IN_TWO_SETS: &str = "pictures by class, in two sets";
const BY_CLASS: &str = "pictures by class";
/// What a folder of CSV is, in words.
const OF_CSV: &str = "files of CSV";

/// How a path is read.
enum Reader {
    /// The four files of MNIST.
    Idx,
    /// Both sets, each by itself.
    Sets(fn(&Path, Set, Option<usize>) -> Result<Digits>),
    /// One set; `--test-share` takes the test digits from it.
    Pool(fn(&Path, Option<usize>) -> Result<Digits>),
}

/// What stands at a path, in words.
///
/// # Errors
/// [`Error::Data`] if nothing does.
pub fn kind(path: &Path) -> Result<&'static str> {
    Reader::of(path).map(|(kind, _)| kind)
}

/// Says what the reader of a path leaves out, a sentence for each folder: only pictures may lie among other things.
pub(super) fn left_out(path: &Path) -> Vec<String> {
    let mut beside = Vec::new();
    let sets: Vec<PathBuf> = match kind(path) {
        Ok(IN_TWO_SETS) => {
            let sets = [Set::Train, Set::Test].iter();
            let sets = sets.filter_map(|&set| pictures::set_folder(path, set)).collect::<Vec<_>>();
            let others = visible(path).into_iter().filter(|it| it.is_dir() && !sets.contains(it));
            beside.extend(others.map(|it| name_of(&it).into_owned()));
            sets
        }
        Ok(BY_CLASS) => vec![path.to_path_buf()],
        _ => return Vec::new(),
    };
    let classes = find(path, &[classes::FILE], is_no_folder);
    beside.extend(classes.map(|file| format!("{} (folders name their classes)", name_of(&file))));
    let beside = (!beside.is_empty()).then(|| (path, beside.join(", ")));
    let inside = sets.iter().filter_map(|set| Some((&**set, pictures::left_out(set)?)));
    let told =
        |(folder, what): (&Path, String)| format!("left out of {}: {what}", folder.display());
    beside.into_iter().chain(inside).map(told).collect()
}

/// Whether a file in a folder of data is one of them, and not a result that somebody put there.
pub(super) fn takes(folder: &Path, file: &Path) -> bool {
    let in_csv = |set| csv::files(folder, set).iter().any(|found| found == file);
    match kind(folder) {
        Ok(IN_TWO_SETS | BY_CLASS) => pictures::is_one(file) && file.parent() != Some(folder),
        Ok(OF_CSV) => in_csv(Set::Train) || in_csv(Set::Test),
        // Results are PNG or CSV, which the other readers do not read.
        _ => !ends(file, &["png", "csv"]),
    }
}

/// Both sets of a source with a path.
pub(super) fn both(path: &Path, source: &Source) -> Result<Mnist> {
    let side = source.side;
    let mut mnist = match Reader::of(path)?.1 {
        Reader::Pool(read) => {
            let mut pool = read(path, side)?;
            classes::settle(&mut [&mut pool], path)?;
            return split(&pool, path, source.test_share);
        }
        Reader::Idx => mnist::read(path, side)?,
        Reader::Sets(read) => {
            Mnist { train: read(path, Set::Train, side)?, test: read(path, Set::Test, side)? }
        }
    };
    if source.test_share.is_some() {
        return Err(Error::Usage(format!(
            "--test-share is for data without a test set, and {} has one: leave it out",
            path.display()
        )));
    }
    classes::settle(&mut [&mut mnist.train, &mut mnist.test], path)?;
    Ok(mnist)
}

/// The test set of a source with a path, which need not have another.
pub(super) fn test(path: &Path, source: &Source) -> Result<Digits> {
    let side = source.side;
    if source.test_share.is_some() {
        return Ok(both(path, source)?.test);
    }
    let mut test = match Reader::of(path)?.1 {
        Reader::Pool(read) => read(path, side)?,
        Reader::Idx => mnist::read_test(path, side)?,
        Reader::Sets(read) => read(path, Set::Test, side)?,
    };
    // Names of all classes, and whether labels count from 1, may show in the training set alone.
    let needs_both = !test.names().are_numbers() || test.labels().iter().all(|&label| label > 0);
    if needs_both && let Ok(mnist) = both(path, source) {
        return Ok(mnist.test);
    }
    classes::settle(&mut [&mut test], path)?;
    Ok(test)
}

impl Reader {
    /// Chooses by what stands at the path, and says what that is.
    fn of(path: &Path) -> Result<(&'static str, Reader)> {
        let name = path.display();
        let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::Data(format!(
                "there is no file or folder {name}; correct the path of the data"
            )),
            _ => Error::cannot_read(path, error, "make it readable"),
        })?;
        if metadata.is_file() {
            return match () {
                () if ends(path, &["npz"]) => Ok(("an archive of NumPy", Reader::Sets(npz::read))),
                () if ends(path, &["csv", "csv.gz"]) => {
                    Ok(("a file of CSV", Reader::Pool(csv::read)))
                }
                () => Err(Error::Data(format!(
                    "{name} is neither a folder nor named .npz or .csv; name the folder that holds the \
                     files of both sets"
                ))),
            };
        }
        if !metadata.is_dir() {
            let what = format!("{name} is neither a file nor a folder; name one that holds digits");
            return Err(Error::Data(what));
        }
        let has = |sets: &dyn Fn(Set) -> bool| sets(Set::Train) || sets(Set::Test);
        let is_set =
            |set| pictures::set_folder(path, set).is_some_and(|folder| pictures::is_set(&folder));
        Ok(match () {
            () if has(&|set| zipcodes::file(path, set).is_some()) => {
                ("zip code digits", Reader::Sets(zipcodes::read))
            }
            () if has(&|set| npz::files(path, set).is_some()) => {
                ("archives of NumPy", Reader::Sets(npz::read))
            }
            () if has(&is_set) => (IN_TWO_SETS, Reader::Sets(pictures::read_set)),
            () if has(&|set| !csv::files(path, set).is_empty()) => {
                (OF_CSV, Reader::Sets(csv::read_set))
            }
            () if pictures::is_set(path) => (BY_CLASS, Reader::Pool(pictures::read)),
            () => ("files of IDX, as MNIST's", Reader::Idx),
        })
    }
}

/// The name of a file or a folder without those above it.
pub(super) fn name_of(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// Whether the name of a file has one of these endings, in capitals or not.
pub(super) fn ends(path: &Path, endings: &[&str]) -> bool {
    let name = name_of(path).to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(&format!(".{ending}")))
}

/// What is in a folder, in the order of the names, but for what systems and programs put there: files as `._0.png`,
/// folders as `.git`, and `__MACOSX` in a ZIP file of a Mac.
pub(super) fn visible(folder: &Path) -> Vec<PathBuf> {
    let mut entries = disk::entries(folder).unwrap_or_default();
    entries.retain(|path| !name_of(path).starts_with('.') && name_of(path) != "__MACOSX");
    entries
}

/// The files of a folder that have one of these endings, in the order of their names.
pub(super) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = visible(folder);
    files.retain(|path| ends(path, endings) && is_no_folder(path));
    files
}

/// Whether a path leads to no folder. What is no file either, as a broken link or a pipe, is named when it is read.
pub(super) fn is_no_folder(path: &Path) -> bool {
    !path.is_dir()
}

/// The first of these names that a folder has, in capitals or not, for a file or for a folder.
pub(super) fn find(folder: &Path, names: &[&str], kind: fn(&Path) -> bool) -> Option<PathBuf> {
    let mut entries = visible(folder);
    entries.retain(|path| kind(path));
    let has_name = |path: &&PathBuf, name: &str| name_of(path).eq_ignore_ascii_case(name);
    names.iter().find_map(|name| entries.iter().find(|path| has_name(path, name)).cloned())
}

/// Takes a share of each class for testing, evenly from the first to the last of its digits, so that the
/// same data give the same sets.
fn split(pool: &Digits, path: &Path, share: Option<f64>) -> Result<Mnist> {
    let share = share.ok_or_else(|| {
        Error::Usage(format!(
            "{} has one set of digits: say with --test-share 0.2 that a fifth of them is for testing",
            path.display()
        ))
    })?;
    if !(share > 0.0 && share < 1.0) {
        return Err(Error::Usage(format!(
            "--test-share is {share}, but must be more than 0 and less than 1: give 0.2"
        )));
    }
    let mut seen = [0_usize; 256];
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for number in 0..pool.len() {
        let before = &mut seen[usize::from(pool.label(number))];
        let [was, is] = [*before, *before + 1].map(|count| (count as f64 * share).round());
        *before += 1;
        if is > was { test.push(number) } else { train.push(number) }
    }
    match train.is_empty() || test.is_empty() {
        false => Ok(Mnist { train: pool.pick(train), test: pool.pick(test) }),
        true => Err(Error::Data(format!(
            "{} has {}, too few for --test-share {share}; give more digits, or another share",
            path.display(),
            count(pool.len(), "digit")
        ))),
    }
}

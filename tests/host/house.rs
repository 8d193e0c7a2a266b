//! The order of the house: no two folders import each other, and the folders that a browser could run use nothing of an
//! operating system. A cycle of three folders would go unseen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What the folders of [`PURE`] may not mention.
const SYSTEM: [&str; 6] =
    ["std::fs", "std::thread", "std::time", "clap", "wgpu", "available_parallelism"];
/// Folders that have to compile anywhere.
const PURE: [&str; 2] = ["network", "plan"];

#[test]
fn no_two_folders_import_each_other() {
    let files = sources();
    let mut imports: BTreeMap<(String, String), String> = BTreeMap::new();
    for (path, text) in &files {
        let from = folder(path);
        for (number, line) in code(text) {
            for module in modules(path, line) {
                let to = home(&files, &module);
                if !is_inside(&from, &to) && !is_inside(&to, &from) {
                    let place = format!("{}:{number}: {}", path.display(), line.trim());
                    imports.entry((from.clone(), to)).or_insert(place);
                }
            }
        }
    }
    assert!(imports.len() > 20, "only {} imports were found", imports.len());
    let mutual: Vec<String> = imports
        .iter()
        .filter(|((from, to), _)| from < to)
        .filter_map(|((from, to), there)| {
            let back = imports.get(&(to.clone(), from.clone()))?;
            Some(format!("{from} and {to} import each other:\n  {there}\n  {back}"))
        })
        .collect();
    assert!(mutual.is_empty(), "{}", mutual.join("\n"));
}

#[test]
fn networks_and_plans_know_no_system() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        if !PURE.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        let file = path.display().to_string();
        for (number, line) in code(&text) {
            for word in SYSTEM.iter().filter(|word| mentions(line, word)) {
                faults.push(format!("{file}:{number} mentions {word}: {}", line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every file of `src` by its path in it, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    fn below(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                below(root, &path, files);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                files.push((path.strip_prefix(root).expect("inside").to_path_buf(), text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    below(&root, &root, &mut files);
    files
}

/// The lines of code with their numbers, from 1: no lines of comments, and nothing from the first `#[cfg(test)]` on.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    (1..).zip(lines).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The folder of a file, as `cli/view`; empty for the root.
fn folder(path: &Path) -> String {
    path.parent().expect("a file").display().to_string()
}

/// What a line names by `crate::` or `super::`, as paths from the root: `cli/view/console`. A list of names counts as
/// far as it stands on this line.
fn modules(file: &Path, line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in line.match_indices(start) {
            if line[..at]
                .ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == ':')
            {
                continue;
            }
            let (base, path) = match start {
                "crate::" => (String::new(), &line[at + start.len()..]),
                _ => above(file, &line[at..]),
            };
            for name in names(path) {
                found.push(format!("{base}/{name}").trim_start_matches('/').to_string());
            }
        }
    }
    found
}

/// The module that leading `super::` mean in a file, and the path after them.
fn above<'a>(file: &Path, mut path: &'a str) -> (String, &'a str) {
    let mut module = file.with_extension("");
    if module.ends_with("mod") {
        module.pop();
    }
    while let Some(rest) = path.strip_prefix("super::") {
        path = rest;
        module.pop();
    }
    (module.display().to_string(), path)
}

/// The modules that a path may begin with: `a::b` is `a/b`, `{a::b, c}` is `a/b` and `c`.
fn names(path: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        text[..end.unwrap_or(text.len())].trim_matches(':').replace("::", "/")
    };
    match path.strip_prefix('{') {
        None => BTreeSet::from([word(path)]),
        Some(list) => list
            .split(['}', ';'])
            .next()
            .unwrap_or_default()
            .split(',')
            .map(|item| word(item.trim()))
            .filter(|item| !item.is_empty())
            .collect(),
    }
}

/// The folder that holds what a path names: the path itself where it is a folder, else that of its
/// longest beginning that is a file or a folder.
fn home(files: &[(PathBuf, String)], path: &str) -> String {
    let mut path = PathBuf::from(path);
    loop {
        if path.as_os_str().is_empty() {
            return String::new();
        }
        let file = path.with_extension("rs");
        if files.iter().any(|(other, _)| *other == file) {
            return folder(&file);
        }
        if files.iter().any(|(other, _)| other.starts_with(&path)) {
            return path.display().to_string();
        }
        path.pop();
    }
}

/// Whether a folder is another or below it; everything is below the root.
fn is_inside(folder: &str, other: &str) -> bool {
    Path::new(folder).starts_with(other)
}

/// Whether a line has a word, not as a part of another.
fn mentions(line: &str, word: &str) -> bool {
    let edge = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        edge(line[..at].chars().next_back()) && edge(line[at + word.len()..].chars().next())
    })
}

#[test]
fn paths_are_read_as_they_are_written() {
    let of = |file: &str, line: &str| modules(Path::new(file), line);
    assert_eq!(of("cli/args/device.rs", "use crate::gpu::adapter;"), ["gpu/adapter"]);
    assert_eq!(of("cli/args/device.rs", "use super::source::Source;"), ["cli/args/source/Source"]);
    assert_eq!(of("cli/args/mod.rs", "    super::output::note(x)"), ["cli/output/note"]);
    assert_eq!(of("a/b.rs", "use crate::{disk, text::bytes};"), ["disk", "text/bytes"]);
    assert!(mentions("use clap::Args;", "clap") && !mentions("let overclap = 1;", "clap"));
}

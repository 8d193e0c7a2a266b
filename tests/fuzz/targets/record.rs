//! The record of a run and, after a zero byte, its metrics: listed, grouped, and taken as settings.

#![no_main]

use clap::Parser;
use fuzz::{Folder, settings};
use lenet::cli::{Cli, run};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Folder::start(), |bytes: &[u8]| {
    let folder = Folder::empty();
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let record = folder.write("run.json", parts.next().unwrap_or_default());
    folder.write("metrics.jsonl", parts.next().unwrap_or_default());
    let path = folder.path().to_str().expect("a plain path");
    for flags in [&[][..], &["--json"], &["--csv"], &["--group", "lr"]] {
        let words = [&["lenet", "runs", path], flags].concat();
        // A refusal is an answer.
        let _ = run(Cli::try_parse_from(words).expect("flags that there are"));
    }
    settings(&record);
});

//! The report: one HTML file that needs nothing else, and Markdown with its pictures.
//!
//! `content.rs` says what is told, as a document of headings, tables and pictures;
//! [`crate::report::page`] and `markdown.rs` say how it looks.

mod content;
mod markdown;
mod row;
mod tables;

use std::path::Path;

use super::results::RowResults;
use crate::data::Digits;
use crate::disk;
use crate::error::Result;
use crate::report::page::html;

/// What the report is about.
pub struct Experiment<'a> {
    pub rows: &'a [RowResults],
    /// The test digits that the answers number.
    pub test: &'a Digits,
    /// How it was called.
    pub command: &'a str,
    /// Why this is not the whole experiment, where it is not.
    pub trial: Option<&'a str>,
}

/// The report as a page.
pub const PAGE: &str = "report.html";

/// Writes `report.html`, `report.md` and the pictures of the latter into a folder.
pub fn write(folder: &Path, experiment: &Experiment) -> Result<()> {
    let document = content::document(experiment)?;
    let put = |name: &str, bytes: &[u8]| disk::write(&folder.join(name), bytes);
    disk::make_folder(&folder.join(markdown::PICTURES))?;
    let (text, files) = markdown::render(&document);
    for (name, bytes) in &files {
        put(name, bytes)?;
    }
    put("report.md", text.as_bytes())?;
    put(PAGE, html::render(&document).as_bytes())
}

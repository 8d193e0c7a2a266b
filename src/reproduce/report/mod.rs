//! The report: one HTML file that needs nothing else, and Markdown with its pictures.
//!
//! `content.rs` says what is told, as a document of headings, tables and pictures; `html.rs` and
//! `markdown.rs` say how it looks.

mod chart;
mod content;
mod curvature;
mod features;
mod html;
mod kernels;
mod markdown;
mod picture;
mod row;
mod tables;

use std::path::Path;

use super::results::RowResults;
use crate::data::Digits;
use crate::disk;
use crate::error::{Error, Result};
use picture::Picture;

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

/// What is told, in order.
#[derive(Debug, Clone, Default)]
struct Document {
    title: String,
    sections: Vec<Section>,
}

/// A part with a heading.
#[derive(Debug, Clone)]
struct Section {
    title: String,
    blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone)]
enum Block {
    Text(String),
    /// A heading below the section's.
    Heading(String),
    Table(Table),
    Chart {
        name: String,
        caption: String,
        svg: String,
    },
    Pictures(Vec<Picture>),
    /// Digits that were answered wrongly.
    Mistakes {
        name: String,
        list: Vec<Mistake>,
    },
    Commands(Vec<String>),
}

/// Cells under headings; the first cell of a row names it.
#[derive(Debug, Clone)]
struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Whether the cells are counts by label and answer, in a square.
    matrix: bool,
}

/// A digit with what was said.
#[derive(Debug, Clone)]
struct Mistake {
    picture: Picture,
    label: u8,
    said: u8,
}

/// Writes `report.html`, `report.md` and the pictures of the latter into a folder.
///
/// # Errors
/// [`Error::Other`] if something cannot be drawn or written.
pub fn write(folder: &Path, experiment: &Experiment) -> Result<()> {
    let document = content::document(experiment)?;
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        disk::write(&path, bytes).map_err(|error| Error::cannot_write(&path, error))
    };
    let pictures = folder.join(markdown::PICTURES);
    std::fs::create_dir_all(&pictures).map_err(|error| Error::cannot_write(&pictures, error))?;
    let (text, files) = markdown::render(&document);
    for (name, bytes) in &files {
        put(name, bytes)?;
    }
    put("report.md", text.as_bytes())?;
    put("report.html", html::render(&document).as_bytes())
}

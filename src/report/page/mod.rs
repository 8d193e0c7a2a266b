//! A document of headings, tables and pictures, and what the documents of this program share: how a
//! network learned, where it is wrong, what it sees. [`html`] makes a page of it.

pub mod chart;
pub mod curvature;
mod features;
pub mod html;
mod insides;
mod kernels;
mod mistakes;
mod picture;

use chart::{Chart, Line, Scale};
pub use insides::insides;
pub use kernels::weights;
pub use mistakes::{mistake, mistakes};
pub use picture::{Picture, largest};

/// A page or a text: sections in order.
#[derive(Debug, Clone, Default)]
pub struct Document {
    pub title: String,
    pub sections: Vec<Section>,
}

/// A part of a document with a heading.
#[derive(Debug, Clone)]
pub struct Section {
    /// Prefix of the names of its pictures, where they become files.
    pub name: String,
    pub title: String,
    pub blocks: Vec<Block>,
}

impl Section {
    /// A section; `name` may be empty where its pictures become no files.
    pub fn new(name: &str, title: &str, blocks: Vec<Block>) -> Self {
        Section { name: name.into(), title: title.into(), blocks }
    }
}

/// A piece of a section.
#[derive(Debug, Clone)]
pub enum Block {
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
    Mistakes(Vec<Mistake>),
    Commands(Vec<String>),
}

impl Block {
    /// Lines by epoch, or by pass.
    pub fn curves(
        name: &str,
        caption: String,
        labels: [&str; 2],
        lines: Vec<Line>,
        y: Scale,
    ) -> Self {
        let labels = labels.map(String::from);
        let svg = Chart { labels, lines, reference: None, y }.svg();
        Block::Chart { name: name.into(), caption, svg }
    }
}

/// Cells under headings; the first cell of a row names it.
#[derive(Debug, Clone)]
pub struct Table {
    pub headings: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Whether the cells are counts by label and answer, in a square.
    pub matrix: bool,
}

impl Table {
    pub fn new(headings: impl IntoIterator<Item: ToString>, rows: Vec<Vec<String>>) -> Self {
        let headings = headings.into_iter().map(|heading| heading.to_string()).collect();
        Table { headings, rows, matrix: false }
    }
}

/// A digit with its label and the wrong answer.
#[derive(Debug, Clone)]
pub struct Mistake {
    pub picture: Picture,
    /// What its class and the answer are called.
    pub label: String,
    pub said: String,
}

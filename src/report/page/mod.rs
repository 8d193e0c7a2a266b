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

/// Cells under headings; the first cell of a row names it.
#[derive(Debug, Clone)]
pub struct Table {
    pub headings: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Whether the cells are counts by label and answer, in a square.
    pub matrix: bool,
}

impl Table {
    /// Rows under headings.
    pub fn new(headings: impl IntoIterator<Item: ToString>, rows: Vec<Vec<String>>) -> Self {
        let headings = headings.into_iter().map(|heading| heading.to_string()).collect();
        Table { headings, rows, matrix: false }
    }
}

/// A digit with its label and the wrong answer.
#[derive(Debug, Clone)]
pub struct Mistake {
    pub picture: Picture,
    pub label: u8,
    pub said: u8,
}

//! Text in columns.

use super::brief;

/// A table of text in columns.
#[derive(Debug, Clone)]
pub struct Table {
    rows: Vec<Vec<String>>,
    /// Whether a column leans to the right, as numbers do.
    right: Vec<bool>,
}

impl Table {
    /// A table with these headings; a `>` in front of one (and not shown) sets its column to the
    /// right.
    pub fn new(headings: &[impl AsRef<str>]) -> Self {
        let headings = headings.iter().map(|heading| {
            let heading = heading.as_ref();
            let number = heading.strip_prefix('>');
            (number.unwrap_or(heading).to_string(), number.is_some())
        });
        let (names, right) = headings.unzip();
        Table { rows: vec![names], right }
    }

    pub fn of(headings: &[impl AsRef<str>], rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        let mut table = Table::new(headings);
        rows.into_iter().for_each(|row| table.row(row));
        table
    }

    /// Adds a row; cells left out at its end stay empty.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|text| brief(&text.into())).collect());
    }

    /// The lines, headings first, columns two spaces apart.
    pub fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.right.len()).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, &width), &right) in row.iter().zip(&widths).zip(&self.right) {
                line.push_str(&match right {
                    true => format!("{cell:>width$}  "),
                    false => format!("{cell:<width$}  "),
                });
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_columns_apart() {
        let mut table = Table::new(&["name", ">words"]);
        table.row(["c1", "1,024"]);
        table.row(["parameters"]);
        assert_eq!(table.text(), "name        words\nc1          1,024\nparameters\n");
    }
}

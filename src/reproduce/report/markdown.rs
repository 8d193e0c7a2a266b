//! The report as Markdown, with its pictures in files.

use crate::report::page::{Block, Document, Mistake, Picture, Section, Table};

/// Folder of the pictures, beside the Markdown file.
pub const PICTURES: &str = "pictures";
/// Mistakes in a row of their sheet.
const COLUMNS: usize = 14;
/// Width and height of one mistake with its caption.
const CELL: [usize; 2] = [52, 66];

/// A file's name and bytes.
type File = (String, Vec<u8>);

/// The text, and the files that it shows.
pub(super) fn render(document: &Document) -> (String, Vec<File>) {
    let mut text = format!("# {}\n", document.title);
    let mut files = Vec::new();
    for section in &document.sections {
        text.push_str(&format!("\n## {}\n", section.title));
        for block in &section.blocks {
            text.push('\n');
            text.push_str(&render_block(section, block, &mut files));
        }
    }
    (text, files)
}

fn render_block(section: &Section, block: &Block, files: &mut Vec<File>) -> String {
    let file = |name: &str, end: &str| format!("{PICTURES}/{}-{name}.{end}", section.name);
    match block {
        Block::Text(text) => format!("{text}\n"),
        Block::Heading(text) => format!("### {text}\n"),
        Block::Table(table) => render_table(table),
        Block::Chart { name, caption, svg } => {
            let file = file(name, "svg");
            files.push((file.clone(), svg.clone().into_bytes()));
            shown(&file, caption)
        }
        Block::Pictures(pictures) => {
            let show = |picture: &Picture| {
                let file = file(&picture.name, "png");
                files.push((file.clone(), picture.png.clone()));
                shown(&file, &picture.caption)
            };
            pictures.iter().map(show).collect::<Vec<_>>().join("\n")
        }
        Block::Mistakes(list) => {
            let file = file("mistakes", "svg");
            files.push((file.clone(), sheet(list).into_bytes()));
            format!("![Digits that were answered wrongly]({file})\n")
        }
        Block::Commands(commands) => format!("```sh\n{}\n```\n", commands.join("\n")),
    }
}

fn shown(file: &str, caption: &str) -> String {
    format!("![{caption}]({file})\n\n{caption}\n")
}

fn render_table(table: &Table) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = vec!["---".to_string(); table.headings.len()];
    let rows: String = table.rows.iter().map(|row| line(row)).collect();
    format!("{}{}{rows}", line(&table.headings), line(&rule))
}

/// Mistakes in one picture, each above what is true and what was said.
fn sheet(list: &[Mistake]) -> String {
    let [width, height] = CELL;
    let rows = list.len().div_ceil(COLUMNS);
    let mut text = format!(
        "<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<style>text{{fill:#222;font:13px sans-serif;\
         text-anchor:middle}}@media(prefers-color-scheme:dark){{text{{fill:#ddd}}}}</style>\n",
        COLUMNS * width,
        rows * height
    );
    for (number, Mistake { picture, label, said }) in list.iter().enumerate() {
        let (x, y) = (number % COLUMNS * width, number / COLUMNS * height);
        text.push_str(&format!(
            "<image x=\"{}\" y=\"{y}\" width=\"42\" height=\"42\" href=\"{}\"/>\
             <text x=\"{}\" y=\"{}\">{label}\u{2192}{said}</text>\n",
            x + 5,
            picture.uri(),
            x + width / 2,
            y + 57
        ));
    }
    text.push_str("</svg>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_charts() {
        let table = Table::new(&["a", "b"], vec![vec!["1".into(), "x | y".into()]]);
        let chart = Block::Chart { name: "c".into(), caption: "What".into(), svg: "<svg/>".into() };
        let blocks = vec![Block::Table(table), chart];
        let sections = vec![Section::new("n", "s", blocks)];
        let (text, files) = render(&Document { title: "t".into(), sections });
        let expected = "# t\n\n## s\n\n| a | b |\n| --- | --- |\n| 1 | x \\| y |\n\n\
                        ![What](pictures/n-c.svg)\n\nWhat\n";
        assert_eq!(text, expected);
        assert_eq!(files, [("pictures/n-c.svg".to_string(), b"<svg/>".to_vec())]);
    }
}

//! A document as one HTML file with style, charts and pictures inside, light and dark.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Block, Document, Mistake, Table};

const STYLE: &str = include_str!("style.css");

pub fn render(document: &Document) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (document.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (document.title) }
                nav { ul {
                    @for (number, section) in document.sections.iter().enumerate() {
                        li { a href={ "#s" (number) } { (section.title) } }
                    }
                } }
                main {
                    @for (number, section) in document.sections.iter().enumerate() {
                        section id={ "s" (number) } {
                            h2 { (section.title) }
                            @for block in &section.blocks { (render_block(block)) }
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

fn render_block(block: &Block) -> Markup {
    match block {
        Block::Text(text) => html! { p { (text) } },
        Block::Heading(text) => html! { h3 { (text) } },
        Block::Table(table) => render_table(table),
        Block::Chart { caption, svg, .. } => html! {
            figure.wide { (PreEscaped(svg)) figcaption { (caption) } }
        },
        Block::Pictures(pictures) => html! {
            div.pictures {
                @for picture in pictures {
                    figure {
                        img src=(picture.uri()) width=(picture.width) alt=(picture.caption);
                        figcaption { (picture.caption) }
                    }
                }
            }
        },
        Block::Mistakes(list) => html! {
            div.mistakes {
                @for Mistake { picture, label, said } in list {
                    figure title=(picture.name) {
                        img src=(picture.uri()) width="42" height="42"
                            alt={ (picture.name) ": " (label) ", taken for " (said) };
                        figcaption { (label) "\u{2192}" (said) }
                    }
                }
            }
        },
        Block::Commands(commands) => html! {
            pre { code { @for command in commands { (command) "\n" } } }
        },
    }
}

/// Rows become cards where the window is narrow; in a matrix the right answers are on the diagonal.
fn render_table(table: &Table) -> Markup {
    let class = if table.matrix { "matrix" } else { "cards" };
    let answers = |cell: &String, right: bool| match right {
        true => Some("right"),
        false => (!cell.is_empty()).then_some("wrong"),
    };
    html! {
        table class=(class) {
            thead { tr { @for heading in &table.headings { th { (heading) } } } }
            tbody {
                @for (number, row) in table.rows.iter().enumerate() {
                    tr {
                        @for (column, (heading, cell)) in table.headings.iter().zip(row).enumerate() {
                            @if !table.matrix { td data-label=(heading) { (cell) } }
                            @else if column == 0 { th { (cell) } }
                            @else { td class=[answers(cell, column == number + 1)] { (cell) } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::Section;

    #[test]
    fn text_is_escaped() {
        let blocks = vec![
            Block::Text("a < b & \"c\"".into()),
            Block::Commands(vec!["lenet <b>".into()]),
            Block::Table(Table::new(&["<x>"], vec![vec!["</td>".into()]])),
        ];
        let section = Section::new("", "&", blocks);
        let document = Document { title: "<t>".into(), sections: vec![section] };
        let page = render(&document);
        for word in ["a &lt; b &amp; &quot;c&quot;", "&lt;t&gt;", "lenet &lt;b&gt;", "&lt;/td&gt;"]
        {
            assert!(page.contains(word), "{word} is missing");
        }
        assert!(!page.contains("<b>") && !page.contains("<t>"));
    }
}

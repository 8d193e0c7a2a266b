//! The confusion matrix, and Fig. 8: every wrong answer.

use super::picture::{Picture, Tile};
use super::{Block, Mistake, Table};
use crate::data::Digits;
use crate::evaluation::{Answer, Confusion, confusion};
use crate::network::ClassNames;
use crate::text::thousands;

/// Mistakes that are drawn: a network that has learned nothing makes thousands.
const DRAWN: usize = 400;

/// Where a network is wrong; `answers` number the digits of `test`.
pub fn mistakes(answers: &[Answer], test: &Digits) -> Vec<Block> {
    let wrong: Vec<&Answer> = answers.iter().filter(|answer| answer.is_wrong()).collect();
    let list = wrong.iter().take(DRAWN).map(|answer| mistake(answer, test));
    let drawn = match wrong.len() {
        0 => "It makes no mistake.".into(),
        all if all > DRAWN => format!(
            "The first {DRAWN} of its {} mistakes: what is true, then what the network said.",
            thousands(all)
        ),
        all => format!(
            "Its {all} mistakes, as in Fig. 8 of 1998: what is true, then what the network said."
        ),
    };
    vec![
        Block::Heading("Where it is wrong".into()),
        Block::Text("Rows are labels, columns what the network said.".into()),
        Block::Table(matrix(&confusion(answers, test.classes()), test.names())),
        Block::Text(drawn),
        Block::Mistakes(list.collect()),
    ]
}

/// A digit of `test` with what was said of it.
pub fn mistake(answer: &Answer, test: &Digits) -> Mistake {
    let bytes = test.digit(answer.digit).to_vec();
    let (height, width) = (test.side(), test.side());
    let tile = Tile { height, width, bytes };
    let name = format!("digit {}", answer.digit);
    let picture = Picture::grid(&name, "", &[Some(tile)], 1, [1, 0]);
    let [label, said] =
        [answer.label, answer.said].map(|class| test.names().of(class.into()).into_owned());
    Mistake { picture, label, said }
}

/// How often each label was answered with each class.
fn matrix(counts: &Confusion, names: &ClassNames) -> Table {
    let mut headings = vec!["label".to_string()];
    headings.extend((0..counts.len()).map(|said| names.of(said).into_owned()));
    let row = |(label, row): (usize, &Vec<usize>)| {
        // Without commas: the cells are narrow.
        let cell = |&count: &usize| if count == 0 { String::new() } else { count.to_string() };
        [names.of(label).into_owned()].into_iter().chain(row.iter().map(cell)).collect()
    };
    Table { headings, rows: counts.iter().enumerate().map(row).collect(), matrix: true }
}

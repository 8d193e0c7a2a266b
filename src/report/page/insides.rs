//! A network from inside: kernels, feature maps, F6 beside the bitmaps.

use super::Block;
use super::features::Features;
use super::kernels::kernels;
use crate::data::Digits;
use crate::error::Result;
use crate::evaluation::Answer;
use crate::train::model::Model;

/// The digit that is shown layer by layer, where there is one: it has corners, ends and a crossing.
const SHOWN: u8 = 4;

/// Kernels and feature maps of a network, and F6 beside the bitmaps; `answers` are its own, and
/// number the digits of `test`.
pub fn insides(model: &Model, answers: &[Answer], test: &Digits) -> Result<Vec<Block>> {
    let (pictures, left_out) = kernels(model)?;
    let mut text = String::from("Negative weights are dark, positive ones bright, grey is 0.");
    if !left_out.is_empty() {
        text.push_str(&format!(" Too large to draw: {}.", left_out.join(", ")));
    }
    let mut blocks =
        vec![Block::Heading("Kernels".into()), Block::Text(text), Block::Pictures(pictures)];
    // One digit of each class, of those that the network knows.
    let first = |class: usize| {
        let known = |answer: &&Answer| !answer.is_wrong() && usize::from(answer.label) == class;
        answers.iter().find(known)
    };
    let chosen: Vec<&Answer> = (0..test.classes()).filter_map(first).collect();
    if chosen.is_empty() {
        return Ok(blocks);
    }
    let shown = chosen.iter().position(|answer| answer.label == SHOWN).unwrap_or(0);
    let digits = test.pick(chosen.iter().map(|answer| answer.digit));
    let features = Features::of(model, &digits)?;
    blocks.push(Block::Heading("Feature maps".into()));
    blocks.push(Block::Text(format!(
        "What every layer makes of test digit {}, from the lowest (black) to the highest (white) \
         value of the squash.",
        chosen[shown].digit
    )));
    blocks.push(Block::Pictures(features.maps(shown)));
    if let Some(picture) = features.beside_bitmaps() {
        blocks.push(Block::Heading("The last hidden layer beside the bitmaps".into()));
        blocks.push(Block::Pictures(vec![picture]));
    }
    Ok(blocks)
}

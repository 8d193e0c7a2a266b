//! `lenet data`: what the digits look like, in numbers and one by one.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::args::DataArgs;
use crate::cli::output::{self, check_picture};
use crate::data::{self, Digits, Facts, facts, image};
use crate::error::{Error, Result};
use crate::network::{ClassNames, Scaling};
use crate::recipe::{Range, words};
use crate::text::{Table, path_on_one_line, thousands};

/// Pixels of the PNG file for one pixel of a digit, in each direction.
const PNG_SCALE: usize = 10;
/// Default border, that of LeNet-5.
const BORDER: usize = 2;
/// Digits of a class on a sheet.
const SHEET_COLUMNS: usize = 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The digits to look at, in place of --data [default: the built-in ones]
    #[arg(value_name = "PATH", conflicts_with = "data")]
    path: Option<PathBuf>,
    /// Scaling whose mean and deviation are shown: paper -0.1..1.175, symmetric -1..1 [default: paper]
    #[arg(long, value_parser = words::<Scaling>(), default_value = "paper", hide_default_value = true)]
    input: Scaling,
    /// Pixels of background around the picture, 0 to 16 [default: 2, that of LeNet-5]
    #[arg(long, value_name = "PIXELS")]
    border: Option<usize>,
    /// Draw the training digit of this number, counted from 0, instead of the figures
    #[arg(long, value_name = "INDEX")]
    show: Option<usize>,
    /// Take the digit from the test set [default: the training set]
    #[arg(long, requires = "show")]
    test: bool,
    /// Also write the digit as a PNG file with a square of 10x10 for each pixel
    #[arg(long, value_name = "FILE", requires = "show")]
    png: Option<PathBuf>,
    /// Draw the first training digits of each class as a PNG file, a row a class
    #[arg(long, value_name = "FILE", conflicts_with_all = ["show", "test", "png"])]
    sheet: Option<PathBuf>,
    /// Overwrite the PNG file if it exists [default: off]
    #[arg(long)]
    force: bool,
    /// One JSON object instead of text [default: off]
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
}

/// Prints counts, means and deviations of both sets, or draws one digit or a sheet.
pub fn run(mut args: Args) -> Result<()> {
    let border = args.border.unwrap_or(BORDER);
    Range::UpTo(16.0).check("border", &border)?;
    args.data.source.path = args.path.take().or(args.data.source.path);
    for (flag, path) in [("--png", &args.png), ("--sheet", &args.sheet)] {
        if let Some(path) = path {
            args.data.check_spared(flag, path, None)?;
            check_picture(flag, path, args.force, &[])?;
        }
    }
    let mnist = args.data.load()?;
    if let Some(index) = args.show {
        let (name, set) =
            if args.test { ("test", &mnist.test) } else { ("training", &mnist.train) };
        return show(&args, name, set, index);
    }
    if let Some(path) = &args.sheet {
        write_sheet(path, &mnist.train)?;
        output::note(&format!("written to {}", path_on_one_line(path)));
    }
    let source = &args.data.source;
    let kind = source.path.as_deref().map(data::kind).transpose()?;
    let (scale, background) = args.input.scale_and_background();
    let [train, test] =
        [&mnist.train, &mnist.test].map(|digits| facts(digits, scale, background, border));
    if args.json {
        return output::print_json(&json!({
            "source": source.to_string(),
            "kind": kind,
            "input": args.input,
            "border": border,
            "side": mnist.train.side(),
            "classes": mnist.train.classes(),
            "names": (!mnist.train.names().are_numbers()).then(|| mnist.train.names().clone()),
            "train": train,
            "test": test,
        }));
    }
    let (low, high) = (background, 255.0 * scale + background);
    let scaled = format!("scaled to {low} .. {high}, border {border}");
    let kind = kind.map_or(String::new(), |kind| format!(": {kind}"));
    output::print(&format!(
        "{source}{kind}\n\n{}",
        table(&train, &test, mnist.train.names(), &scaled)
    ))
}

/// Draws the first digits of each class, a row a class.
fn write_sheet(path: &Path, set: &Digits) -> Result<()> {
    let row = |class: usize| {
        let of_class = (0..set.len()).filter(move |&i| usize::from(set.label(i)) == class);
        let digits = of_class.map(|i| set.digit(i).to_vec());
        digits.chain(std::iter::repeat(vec![0; set.side() * set.side()])).take(SHEET_COLUMNS)
    };
    let pictures: Vec<Vec<u8>> = (0..set.classes()).flat_map(row).collect();
    image::write_sheet(path, &pictures, set.side(), SHEET_COLUMNS)
}

fn table(train: &Facts, test: &Facts, names: &ClassNames, scaled: &str) -> String {
    let row = |name: &str, of: &dyn Fn(&Facts) -> String| vec![name.into(), of(train), of(test)];
    let mut rows = vec![row("digits", &|facts| thousands(facts.count))];
    rows.extend((0..train.per_digit.len()).map(|digit| {
        row(&format!("labelled {}", names.of(digit)), &|facts| thousands(facts.per_digit[digit]))
    }));
    rows.push(row("mean of byte / 255", &|facts| format!("{:.4}", facts.mean)));
    rows.push(row("deviation", &|facts| format!("{:.4}", facts.deviation)));
    rows.push(row(&format!("mean {scaled}"), &|facts| format!("{:.4}", facts.scaled_mean)));
    rows.push(row("deviation", &|facts| format!("{:.4}", facts.scaled_deviation)));
    Table::of(&["", ">training", ">test"], rows).text()
}

fn show(args: &Args, name: &str, set: &Digits, index: usize) -> Result<()> {
    check_index("--show", index, set, name)?;
    let (pixels, label) = (set.digit(index), set.label(index));
    if let Some(path) = &args.png {
        image::write_png(path, pixels, PNG_SCALE)?;
    }
    if args.json {
        return output::print_json(&json!({
            "set": name,
            "index": index,
            "label": label,
            "pixels": pixels,
            "png": args.png.as_ref().map(|path| path.display().to_string()),
        }));
    }
    output::print(&format!(
        "{name} digit {index}, label {}\n{}",
        set.names().of(label.into()),
        image::draw(pixels)
    ))?;
    if let Some(path) = &args.png {
        output::note(&format!("written to {}", path_on_one_line(path)));
    }
    Ok(())
}

/// Checks that a set has a digit of this number.
pub fn check_index(flag: &str, index: usize, set: &Digits, name: &str) -> Result<()> {
    if index < set.len() {
        return Ok(());
    }
    Err(Error::Usage(match set.len() {
        0 => format!("{flag} {index}: there are no {name} digits; give another --data"),
        count => format!("{flag} {index} is beyond the {name} digits: give 0 to {}", count - 1),
    }))
}

//! The Markdown table, and its place in a README.

use crate::record::{Case, LENET, PYTORCH_BEST, PYTORCH_NOTEBOOK, Record, thousands, title};

/// Picture, table and the conditions of the measurement. `picture` is the path from the file that holds the text.
pub fn markdown(record: &Record, picture: &str) -> String {
    let mut text = format!("![Digits a second of lenet, PyTorch and burn]({picture})\n\n");
    text.push_str(&table(record));
    text.push_str(&notes(record));
    text
}

fn table(record: &Record) -> String {
    let contenders = record.contenders();
    let find = |label: &str| contenders.iter().find(|contender| contender.label == label);
    let (lenet, best, notebook) = (find(LENET), find(PYTORCH_BEST), find(PYTORCH_NOTEBOOK));
    let mut lines = Vec::new();
    let mut head = vec!["network".to_string(), "batch".to_string(), "work".to_string()];
    head.extend(contenders.iter().map(|contender| contender.label.clone()));
    let others = [(best, "lenet / best"), (notebook, "lenet / notebook")];
    let others: Vec<_> = others.into_iter().filter(|(other, _)| other.is_some()).collect();
    head.extend(others.iter().map(|(_, label)| label.to_string()));
    let rule = (0..head.len()).map(|i| if i == 0 || i == 2 { "---" } else { "---:" });
    lines.push(row(head.iter().map(String::as_str)));
    lines.push(row(rule));
    for case in record.cases() {
        let rate = |contender| record.figure(contender, &case).map(|figure| figure.median);
        let ratio = |other: Option<_>| {
            let ratio = Some(rate(lenet?)? / rate(other?)?);
            ratio.map(|ratio| format!("{ratio:.1}"))
        };
        let Case { network, batch, mode } = &case;
        let mut cells = vec![title(network), batch.to_string(), mode.clone()];
        cells.extend(contenders.iter().map(|contender| match rate(contender) {
            Some(rate) if contender.label == LENET => format!("**{}**", thousands(rate)),
            Some(rate) => thousands(rate),
            None => "-".into(),
        }));
        cells.extend(others.iter().map(|&(other, _)| ratio(other).unwrap_or("-".into())));
        lines.push(row(cells.iter().map(String::as_str)));
    }
    lines.join("\n") + "\n"
}

/// A line of a table.
pub fn row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn notes(record: &Record) -> String {
    let version = |name| record.version(name);
    let mut versions = vec![
        version("lenet").to_string(),
        format!("adapter {}", version("adapter")),
        format!("wgpu {}", version("wgpu")),
    ];
    if record.has("torch") {
        let python = version("python").trim_start_matches("Python ");
        versions.push(format!("PyTorch {}, Python {python}", version("torch")));
    }
    if record.has("burn") {
        versions.push(format!("burn {} with wgpu {}", version("burn"), version("burn's wgpu")));
        versions.push(version("rustc").to_string());
    }
    let mut text = format!(
        "\nDigits a second, medians of {} measurements of {} s taken in turns, from `{}` on {}. {}, \
         {} cores, {}; {}.\n",
        record.repeats,
        record.seconds,
        record.command,
        record.date,
        record.machine.cpu,
        record.machine.cores,
        record.machine.os,
        versions.join("; "),
    );
    for skipped in &record.skipped {
        let threads = skipped.threads.map_or(String::new(), |count| format!(", threads {count}"));
        text.push_str(&format!(
            "\nNot measured: {} {}{threads}: {}\n",
            skipped.program, skipped.form, skipped.reason
        ));
    }
    text
}

/// Replaces the text between the markers of that name.
///
/// # Errors
/// If a marker is missing or doubled, or if they are in the wrong order.
pub fn replace(readme: &str, text: &str, name: &str) -> Result<String, String> {
    let [begin, end] = markers(name);
    let missing = || format!("the file needs the lines {begin} and {end}, once and in this order");
    let is_once = |marker: &str| readme.matches(marker).count() == 1;
    if !is_once(&begin) || !is_once(&end) {
        return Err(missing());
    }
    let (before, rest) = readme.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}\n{text}{end}{after}"))
}

fn markers(name: &str) -> [String; 2] {
    ["begin", "end"].map(|which| format!("<!-- {name}:{which} -->"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn best_is_the_fastest_form_and_ratios_are_lenets() {
        let text = table(&example());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "| network | batch | work | lenet | lenet, naive CPU | PyTorch, best | \
             PyTorch, notebook | burn, wgpu | lenet / best | lenet / notebook |"
        );
        assert_eq!(
            lines[2],
            "| LeNet-1 | 16 | training | **30,000** | 2,000 | 15,000 | 2,500 | 85 | 2.0 | 12.0 |"
        );
    }

    #[test]
    fn what_was_skipped_is_said() {
        assert!(notes(&example()).contains("Not measured: burn flex: no room"));
    }

    #[test]
    fn replacing_twice_changes_nothing_more() {
        let [begin, end] = markers("x");
        let readme = format!("a\n{begin}\nold\n{end}\nb\n");
        let once = replace(&readme, "new\n", "x").unwrap();
        assert_eq!(once, format!("a\n{begin}\nnew\n{end}\nb\n"));
        assert_eq!(replace(&once, "new\n", "x").unwrap(), once);
        assert!(replace(&readme, "new\n", "y").is_err());
    }

    #[test]
    fn a_missing_or_doubled_marker_is_an_error() {
        let [begin, end] = markers("x");
        assert!(replace("nothing", "new", "x").is_err());
        assert!(replace(&format!("{end}{begin}"), "new", "x").is_err());
        for doubled in ["{begin}{end}{begin}{end}", "{begin}{begin}{end}", "{end}{begin}{end}"] {
            let text = doubled.replace("{begin}", &begin).replace("{end}", &end);
            assert!(replace(&text, "new", "x").is_err(), "{doubled}");
        }
    }
}

//! What `benches/peers/run` wrote, and who stands beside whom in the table and the picture.

use std::collections::BTreeMap;

use serde::Deserialize;
#[cfg(test)]
use serde_json::Value;

/// The whole JSON file.
#[derive(Debug, Deserialize)]
pub struct Record {
    pub date: String,
    pub command: String,
    pub machine: Machine,
    /// Of a program, a library or a driver; `null` where it was not there.
    pub versions: BTreeMap<String, Option<String>>,
    pub repeats: usize,
    pub seconds: f64,
    pub results: Vec<Figure>,
    pub skipped: Vec<Skipped>,
}

#[derive(Debug, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub os: String,
}

/// A median of digits a second.
#[derive(Debug, Clone, Deserialize)]
pub struct Figure {
    pub program: String,
    pub form: String,
    pub network: String,
    pub batch: usize,
    /// `training` or `inference`.
    pub mode: String,
    pub median: f64,
}

/// A peer that could not run, and why.
#[derive(Debug, Deserialize)]
pub struct Skipped {
    pub program: String,
    pub form: String,
    pub threads: Option<usize>,
    pub reason: String,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    pub network: String,
    pub batch: usize,
    pub mode: String,
}

/// A column of the table and a bar in each panel: one form of a program, or the fastest of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Contender {
    pub label: String,
    program: &'static str,
    forms: Vec<String>,
}

/// Labels of the forms that are known; others go by their own name.
const LABELS: [(&str, &str, &str); 6] = [
    ("lenet", "adapter", LENET),
    ("lenet", "cpu", LENET_CPU),
    ("lenet", "naive", "lenet, naive CPU"),
    ("torch", "notebook", "PyTorch, notebook"),
    ("burn", "flex", "burn, CPU"),
    ("burn", "wgpu", "burn, wgpu"),
];
/// The forms of which PyTorch's best is the fastest.
const BEST: [&str; 3] = ["eager", "graph", "compiled"];
pub const PYTORCH_BEST: &str = "PyTorch, best";
pub const PYTORCH_NOTEBOOK: &str = "PyTorch, notebook";
pub const LENET: &str = "lenet";
pub const LENET_CPU: &str = "lenet, CPU";

impl Record {
    /// Whether a program was measured.
    pub fn has(&self, program: &str) -> bool {
        self.results.iter().any(|figure| figure.program == program)
    }

    /// Everything that was measured, lenet's adapter first.
    pub fn contenders(&self) -> Vec<Contender> {
        let mut all: Vec<Contender> = Vec::new();
        for program in ["lenet", "torch", "burn"] {
            let mut forms: Vec<&str> = Vec::new();
            for figure in self.results.iter().filter(|figure| figure.program == program) {
                if !forms.contains(&figure.form.as_str()) {
                    forms.push(&figure.form);
                }
            }
            if program == "torch" {
                let best: Vec<String> = forms
                    .iter()
                    .filter(|form| BEST.contains(form))
                    .map(|form| form.to_string())
                    .collect();
                if !best.is_empty() {
                    all.push(Contender { label: PYTORCH_BEST.into(), program, forms: best });
                }
                forms.retain(|form| !BEST.contains(form));
            }
            forms.sort_by_key(|&form| rank(program, form));
            all.extend(forms.into_iter().map(|form| Contender {
                label: label(program, form),
                program,
                forms: vec![form.to_string()],
            }));
        }
        all
    }

    /// LeNet-1 before LeNet-5, training before inference, small batches before large ones.
    pub fn cases(&self) -> Vec<Case> {
        let mut cases: Vec<Case> = self.results.iter().map(Figure::case).collect();
        cases.sort_by_key(|case| (case.network.clone(), case.mode != "training", case.batch));
        cases.dedup();
        cases
    }

    /// The figure of a contender, its fastest if there are several.
    pub fn figure(&self, contender: &Contender, case: &Case) -> Option<&Figure> {
        let of = |figure: &&Figure| {
            figure.program == contender.program
                && contender.forms.contains(&figure.form)
                && figure.case() == *case
        };
        self.results.iter().filter(of).max_by(|a, b| a.median.total_cmp(&b.median))
    }

    /// A version, or "none".
    pub fn version(&self, name: &str) -> &str {
        self.versions.get(name).and_then(Option::as_deref).unwrap_or("none")
    }
}

impl Figure {
    fn case(&self) -> Case {
        Case { network: self.network.clone(), batch: self.batch, mode: self.mode.clone() }
    }
}

impl Contender {
    /// Whether it is lenet in any form.
    pub fn is_lenet(&self) -> bool {
        self.program == "lenet"
    }
}

fn rank(program: &str, form: &str) -> usize {
    LABELS.iter().position(|known| (known.0, known.1) == (program, form)).unwrap_or(LABELS.len())
}

fn label(program: &str, form: &str) -> String {
    let known = LABELS.iter().find(|known| (known.0, known.1) == (program, form));
    known.map_or(format!("{program}, {form}"), |known| known.2.to_string())
}

/// As the papers spell it.
pub fn title(network: &str) -> String {
    match network {
        "lenet1" => "LeNet-1".into(),
        "lenet5" => "LeNet-5".into(),
        other => other.into(),
    }
}

/// With commas between thousands.
pub fn thousands(rate: f64) -> String {
    let digits = format!("{:.0}", rate);
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A record small enough to read in a test.
#[cfg(test)]
pub fn example() -> Record {
    let mut results = Vec::new();
    for (program, form, threads, median) in [
        ("lenet", "adapter", Value::Null, 30_000.0),
        ("lenet", "naive", Value::Null, 2_000.0),
        ("torch", "notebook", 2.into(), 2_500.0),
        ("torch", "eager", 1.into(), 12_000.0),
        ("torch", "eager", 2.into(), 15_000.0),
        ("burn", "wgpu", Value::Null, 85.0),
    ] {
        results.push(serde_json::json!({
            "program": program, "form": form, "threads": threads, "network": "lenet1",
            "batch": 16, "mode": "training", "median": median,
        }));
    }
    serde_json::from_value(serde_json::json!({
        "date": "2000-01-01", "command": "benches/peers/run", "repeats": 5, "seconds": 0.5,
        "machine": { "cpu": "A CPU", "cores": 2, "os": "Linux" },
        "versions": { "torch": "2.15.0", "burn": null },
        "results": results,
        "skipped": [{ "program": "burn", "form": "flex", "threads": null, "reason": "no room" }],
    }))
    .expect("the example is a record")
}

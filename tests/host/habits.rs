//! What people expect of every command: completions, manual, version, guesses, colours, quiet pipes,
//! and no long work whose result has no place.

use std::fs;
use std::process::{Output, Stdio};

use crate::common::program::{OTHER, USAGE, command, fails, path, prints, run, text};
use lenet::{EXIT_CODES, Error};
use tempfile::TempDir;

#[test]
fn completions_know_commands_and_values() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = prints(&["completions", shell]);
        for word in ["compare", "recipe"] {
            assert!(script.contains(word), "{shell}: {word} is missing");
        }
        // Completions for PowerShell do not know values.
        assert_eq!(script.contains("layered-pair"), shell != "powershell", "{shell}");
    }
    fails(&["completions", "bsh"], USAGE, &["bash"]);
}

#[test]
fn manual_has_a_page_a_command() {
    let page = prints(&["man"]);
    assert!(page.contains(".TH lenet 1") && page.contains("interrupted"), "{page}");
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("man1");
    prints(&["man", "--out", path(&out)]);
    assert_eq!(fs::read_to_string(out.join("lenet.1")).expect("a page"), page);
    let train = fs::read_to_string(out.join("lenet-train.1")).expect("a page");
    assert!(train.contains("momentum") && train.contains("lenet5\\-1998"), "{train}");
    let help = prints(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<&str> = names.filter(|name| !["", "help"].contains(name)).collect();
    assert!(names.len() > 12, "{names:?}");
    for name in names {
        assert!(out.join(format!("lenet-{name}.1")).exists(), "no page for {name}");
    }
}

#[test]
fn version_short_and_long() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(prints(&["-V"]), format!("lenet {version}\n"));
    let long = prints(&["--version"]);
    assert!(long.starts_with(&format!("lenet {version}\ncommit ")), "{long}");
    assert!(long.contains("\nbackends ") && long.contains("\nwgpu "), "{long}");
}

#[test]
fn help_has_the_exit_codes() {
    let kinds: [fn(String) -> Error; 6] = [
        Error::Other,
        Error::Usage,
        Error::Data,
        Error::Adapter,
        Error::Diverged,
        Error::Interrupted,
    ];
    let codes = kinds.map(|kind| kind(String::new()).exit_code());
    for help in ["-h", "--help"] {
        let printed = prints(&[help]);
        assert!(printed.contains(EXIT_CODES), "{printed}");
    }
    for code in codes {
        let line = EXIT_CODES.lines().find(|line| line.starts_with(&format!("  {code} ")));
        assert!(line.is_some(), "{code} is missing");
    }
}

#[test]
fn near_misses_are_guessed() {
    fails(&["train", "--recipe", "lenet6"], USAGE, &["'lenet5'"]);
    fails(&["train", "--network", "lnet1"], USAGE, &["did you mean lenet1?"]);
    fails(&["reproduce", "notbook"], USAGE, &["'notebook'"]);
    fails(&["train", "--schedule", "cosin"], USAGE, &["cosine"]);
    fails(&["plan", "--wgsl", "c3.conv_pol_forward"], USAGE, &["c3.conv_pool_forward"]);
    fails(&["trian"], USAGE, &["'train'"]);
}

#[test]
fn colours_are_for_those_who_want_them() {
    let said = |variable: Option<&str>| {
        let mut command = command(&["evaluate", "/nowhere"]);
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        if let Some(name) = variable {
            command.env(name, "1");
        }
        text(&command.output().expect("the program starts").stderr)
    };
    assert!(said(Some("CLICOLOR_FORCE")).starts_with("\u{1b}["));
    for plain in [said(None), said(Some("NO_COLOR"))] {
        assert!(plain.starts_with("error: ") && plain.contains("/nowhere"), "{plain}");
    }
}

#[test]
fn places_are_tried_before_the_work() {
    let folder = TempDir::new().expect("a folder");
    let nowhere = folder.path().join("nowhere/sheet.png");
    fails(&["distort", "--out", path(&nowhere)], OTHER, &["sheet.png"]);
    fails(&["data", "--show", "1", "--png", path(&nowhere)], OTHER, &["sheet.png"]);
    let file = folder.path().join("file");
    fs::write(&file, "in the way").expect("a file");
    let reproduced = run(&["reproduce", "lenet1", "--device", "cpu", "--out", path(&file)]);
    assert_eq!(reproduced.status.code(), Some(OTHER));
    assert!(reproduced.stdout.is_empty(), "it began");
    assert_eq!(fs::read_to_string(&file).expect("a file"), "in the way");
}

#[cfg(unix)]
#[test]
fn readers_may_leave_early() {
    let left_alone = |args: &[&str]| -> Output {
        let mut child = command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        child.wait_with_output().expect("it ends")
    };
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("run");
    let few = ["--train-limit", "100", "--test-limit", "100", "--epochs", "1", "--device", "cpu"];
    let train =
        [&["train", "--json", "--network", "lenet1", "--out", path(&out)][..], &few].concat();
    assert!(left_alone(&train).status.success(), "a run whose lines nobody reads goes on");
    assert!(out.join("model.safetensors").exists());
    let model = out.join("model.safetensors");
    let model = path(&model);
    let commands = [
        &["runs", path(folder.path())][..],
        &["runs", path(folder.path()), "--csv"],
        &["compare", path(&out), path(&out), "--device", "cpu"],
        &["evaluate", model, "--device", "cpu"],
        &["predict", model, "--index", "1", "--device", "cpu"],
        &["data", "--show", "3"],
        &["completions", "zsh"],
        &["man"],
        &["--help"],
        &["--version"],
    ];
    for args in commands {
        let output = left_alone(args);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("error"), "{args:?}: {said}");
    }
}

#[test]
fn documents_link_to_what_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let in_docs = fs::read_dir(root.join("docs"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let documents =
        ["README.md", "CHANGELOG.md", "benches/peers/README.md"].map(|name| root.join(name));
    let mut broken = Vec::new();
    for document in in_docs.chain(documents).filter(|path| path.extension() == Some("md".as_ref()))
    {
        let text = fs::read_to_string(&document).expect("a document");
        let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (link, _) in links.filter(|(link, _)| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => document.clone(),
                _ => document.with_file_name(path),
            };
            let is_there = match anchor {
                "" => target.exists(),
                _ => fs::read_to_string(&target)
                    .is_ok_and(|text| anchors(&text).iter().any(|name| name == anchor)),
            };
            if !is_there {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
    headings
        .map(|heading| heading.trim_start_matches('#').trim().to_lowercase())
        .map(|heading| heading.chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn the_readme_shows_a_shader_as_it_is() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    let (_, shown) = readme.split_once("```wgsl\n").expect("a shader");
    let (shown, _) = shown.split_once("```").expect("its end");
    assert_eq!(shown, fs::read_to_string(root.join("shaders/sgd.wgsl")).expect("a shader"));
}

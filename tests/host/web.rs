//! The page: its folder and its server, without a browser. What it does in one is in `tests/browser`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::program::{USAGE, fails, path, prints};
use serde_json::Value;
use tempfile::TempDir;

fn read(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&read(file)).expect("JSON")
}

/// A page of 100 training digits in a folder.
fn exported() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let status = Command::new(env!("CARGO_BIN_EXE_lenet"))
        .args(["export", "--format", "web", "--digits", "100", "--out", path(folder.path())])
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("the program runs").success());
    folder
}

#[test]
fn every_file_that_the_menu_names_is_there_and_every_program_is_whole() {
    let folder = exported();
    let file = |name: &Value| folder.path().join(name.as_str().expect("a name"));
    let menu = json(&folder.path().join("menu.json"));
    let networks = menu["networks"].as_array().expect("networks");
    let programs = menu["programs"].as_array().expect("programs");
    assert_eq!(networks.len(), 2);
    assert_eq!(programs.len(), 2 * 2 * 3 * 6, "networks x plans x batches x methods");
    let inspections = networks.iter().map(|network| &network["inspect"]);
    for name in programs.iter().map(|program| &program["file"]).chain(inspections) {
        let mut program = json(&file(name));
        for kernel in program["kernels"].as_array_mut().expect("kernels") {
            let text = String::from_utf8(read(&file(&kernel["wgsl"]))).expect("text");
            kernel["wgsl"] = Value::from(text);
        }
        let program = lenet::plan::Program::of_json(&program.to_string()).expect("a program");
        assert_eq!(program.replicas.len(), 1, "{name}: the page has one device");
    }
    for network in networks {
        lenet::Model::read(&file(&network["model"])).expect("a model");
    }
    let checks = json(&folder.path().join("doctor.json"));
    let checks = checks.as_array().expect("checks");
    assert_eq!(checks.len(), lenet::doctor::checks::all().len());
    assert!(
        checks.iter().all(|check| check["wgsl"].as_str().is_some_and(|text| text.contains("fn ")))
    );
    for (set, count) in [("train", 100), ("test", 10_000)] {
        let digits = &menu["digits"][set];
        assert_eq!(digits["count"], count);
        let mut unpacked = Vec::new();
        let packed = read(&file(&digits["images"]));
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).expect("gzip");
        assert_eq!(unpacked.len(), 16 + count * 784, "{set}");
    }
}

/// One workgroup cannot hold a sample of this network, so it is planned in layers only.
#[test]
fn a_wide_network_has_a_page() {
    let folder = TempDir::new().expect("a folder");
    let table = include_str!("../../assets/networks/lenet5.toml");
    let table = table.replace("lenet5", "wide").replace("maps = 6 ", "maps = 30 ");
    let table = table.replace(", connections = \"table-1\"", "");
    let file = folder.path().join("wide.toml");
    std::fs::write(&file, table).expect("a file");
    let out = folder.path().join("page");
    let page = ["export", "--format", "web", "--digits", "10", "--out", path(&out)];
    prints(&[&page[..], &["--network", path(&file)]].concat());
    let menu = json(&out.join("menu.json"));
    let programs = menu["programs"].as_array().expect("programs");
    assert_eq!(programs.len(), 3 * 6, "batches x methods");
    assert!(programs.iter().all(|program| program["plan"] == "layered"));
}

#[test]
fn code_and_style_are_small_and_ask_nobody_else() {
    let folder = exported();
    let mut size = 0;
    for entry in std::fs::read_dir(folder.path()).expect("the folder") {
        let path = entry.expect("an entry").path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ["js", "css", "html"].contains(&ending) {
            let text = String::from_utf8(read(&path)).expect("text");
            size += text.len();
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                let asks = ["src=\"http", "href=\"http", "fetch(\"http", "from \"http", "url(http"];
                assert!(asks.iter().all(|ask| !line.contains(ask)), "{}: {line}", path.display());
            }
        }
    }
    assert!((10_000..150_000).contains(&size), "{size} bytes");
}

/// A server on a free port, ended with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lenet"))
            .args(["serve", "--port", "0", "--digits", "10"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("its address");
        let port = line.trim().trim_end_matches('/').rsplit(':').next().expect("a port");
        Server { port: port.parse().expect("a port"), child }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).expect("a connection")
    }

    /// Status and head, and the body, of the answer to the first line of a request.
    fn ask(&self, line: &str) -> (String, Vec<u8>) {
        self.ask_host(line, "localhost:80")
    }

    /// The same from a page that calls this machine by that name.
    fn ask_host(&self, line: &str, host: &str) -> (String, Vec<u8>) {
        let mut stream = self.connect();
        write!(stream, "{line} HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("it listens");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serves_the_page_and_nothing_else() {
    let server = Server::start();
    let (head, body) = server.ask("GET /");
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/html"), "{head}");
    assert_eq!(body, include_bytes!("../../assets/web/index.html"));
    for (name, kind) in [
        ("worker.js", "text/javascript"),
        ("style.css", "text/css"),
        ("menu.json", "application/json"),
        ("data/train-images.gz", "application/octet-stream"),
        ("index.html?x=1", "text/html"),
    ] {
        let (head, body) = server.ask(&format!("GET /{name}"));
        assert!(head.starts_with("HTTP/1.1 200") && head.contains(kind), "{name}: {head}");
        assert!(!body.is_empty() && head.contains(&format!("Content-Length: {}", body.len())));
    }
    for path in
        ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "//etc/passwd", "/data", "/data/../menu.json"]
    {
        let (head, _) = server.ask(&format!("GET {path}"));
        assert!(head.starts_with("HTTP/1.1 404"), "{path}: {head}");
    }
    let (head, body) = server.ask("HEAD /main.js");
    assert!(head.starts_with("HTTP/1.1 200") && body.is_empty());
    assert!(server.ask("POST /").0.starts_with("HTTP/1.1 405"));
    let (head, _) = server.ask_host("GET /", "elsewhere.example");
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
}

#[test]
fn the_policy_of_the_server_is_that_of_the_page() {
    let server = Server::start();
    let (head, body) = server.ask("GET /");
    let policy = |text: &str, before: &str, after: char| {
        let start = text.find(before).expect("a policy") + before.len();
        let end = start + text[start..].find(after).expect("its end");
        text[start..end].trim().to_string()
    };
    let page = String::from_utf8_lossy(&body).into_owned();
    let sent = policy(&head, "Content-Security-Policy: ", '\r');
    let written = policy(&page, "Content-Security-Policy\" content=\"", '"');
    // A <meta> cannot say who may frame the page.
    assert_eq!(sent, format!("{written}; frame-ancestors 'none'"));
}

#[test]
fn a_client_that_says_nothing_holds_up_nobody() {
    let server = Server::start();
    let silent: Vec<TcpStream> = (0..8).map(|_| server.connect()).collect();
    let start = Instant::now();
    assert!(server.ask("GET /").0.starts_with("HTTP/1.1 200"));
    assert!(start.elapsed() < Duration::from_secs(8), "it waited for a silent client");
    drop(silent);
}

#[test]
fn refuses_what_makes_no_page() {
    let server = Server::start();
    let port = server.port.to_string();
    fails(&["serve", "--port", &port], USAGE, &["--port", &port]);
    fails(&["serve", "--port", "66000"], USAGE, &["--port", "66000"]);
    fails(&["serve", "--network", "lenet9"], USAGE, &["--network", "lenet9"]);
    fails(&["serve", "--digits", "0", "--port", "0"], USAGE, &["--digits"]);
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("mine"), "mine").expect("a file");
    let out = path(folder.path());
    fails(&["export", "--format", "web", "--out", out], USAGE, &["--out", "--force"]);
    fails(&["export", "--format", "onnx", "--out", "x.onnx"], USAGE, &["MODEL"]);
}

//! A server for one page on one machine: GET and HEAD of the files of a [`Site`], over HTTP/1.1.
//!
//! Files are looked up by name in memory, so no path reaches the disk. Requests must name this machine as
//! their host, so that no page from elsewhere can read a model. A client that is too slow is dropped, and
//! more than [`MOST_CLIENTS`] at once are turned away.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::Site;
use crate::error::{Error, Result};

/// Longest head of a request.
const MAX_HEAD: usize = 16 << 10;
/// How long a client may take to send a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a client may take to receive an answer.
const TRANSFER: Duration = Duration::from_secs(120);
/// Names of this machine.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];
const MOST_CLIENTS: usize = 32;
/// Files of the page and nothing else; in step with the `<meta>` of `assets/web/index.html`.
const SECURITY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    style-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// MIME types by ending.
const TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("wgsl", "text/wgsl; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
];

/// Opens a port of this machine alone; 0 takes a free one.
///
/// # Errors
/// [`Error::Usage`] if another program has the port, [`Error::Other`] if it cannot be opened.
pub fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Error::Usage(format!(
            "--port {port} is in use by another program: give another, or 0 for a free one"
        )),
        ErrorKind::PermissionDenied => Error::Usage(format!(
            "--port {port} is reserved by the system: give one from 1024 on, or 0 for a free one"
        )),
        _ => Error::Other(format!("cannot open port {port}: {error}")),
    })
}

/// Serves a page until the process ends.
pub fn serve(listener: &TcpListener, site: Site) -> ! {
    let site = Arc::new(site);
    // Every client holds a clone.
    let clients = Arc::new(());
    loop {
        let Ok((stream, _)) = listener.accept() else {
            // The client has left again, or the system has no more connections for now.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        let (its_site, client) = (site.clone(), clients.clone());
        if Arc::strong_count(&clients) <= MOST_CLIENTS {
            // Whoever leaves in the middle misses the rest.
            let started = stream.try_clone().and_then(|stream| {
                thread::Builder::new().spawn(move || {
                    let _ = answer(stream, &its_site);
                    drop(client);
                })
            });
            if started.is_err() {
                // The system gives no thread: the others wait.
                let _ = answer(stream, &site);
            }
        }
    }
}

/// Reads one request and answers it.
fn answer(mut stream: TcpStream, site: &Site) -> io::Result<()> {
    let Some(head) = head(&mut stream)? else { return Ok(()) };
    let host = head.lines().find_map(|line| {
        let (name, host) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| host.trim().to_ascii_lowercase())
    });
    let named = |host: &String| {
        let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
        HOSTS.contains(&name.map_or(host.as_str(), |(name, _)| name))
    };
    let local = host.as_ref().is_some_and(named);
    let mut words = head.split_ascii_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let (status, body, ending) = match (method, site.files.get(name)) {
        _ if !local => ("403 Forbidden", b"This page is for this machine alone.\n".as_slice(), ""),
        ("GET" | "HEAD", Some(bytes)) => ("200 OK", bytes.as_slice(), name),
        ("GET" | "HEAD", None) => ("404 Not Found", b"There is no such file.\n".as_slice(), ""),
        _ => ("405 Method Not Allowed", b"This page takes GET alone.\n".as_slice(), ""),
    };
    let ending = ending.rsplit('.').next().unwrap_or_default();
    let kind = TYPES.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind);
    let kind = kind.unwrap_or(if status == "200 OK" {
        "application/octet-stream"
    } else {
        "text/plain; charset=utf-8"
    });
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Content-Security-Policy: {SECURITY}\r\nX-Content-Type-Options: nosniff\r\n\
         Referrer-Policy: no-referrer\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    let end = Instant::now() + TRANSFER;
    for piece in body.chunks(64 << 10).filter(|_| method != "HEAD") {
        let left = end.saturating_duration_since(Instant::now());
        stream.set_write_timeout(Some(left.max(Duration::from_millis(1))))?;
        stream.write_all(piece)?;
    }
    stream.flush()
}

/// The head of a request; `None` if the client is too slow, sends too much or leaves.
fn head(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let end = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    let ends = |bytes: &[u8]| {
        [&b"\r\n\r\n"[..], b"\n\n"].iter().any(|end| bytes.windows(end.len()).any(|it| it == *end))
    };
    while !ends(&bytes) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || bytes.len() > MAX_HEAD {
            return Ok(None);
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut piece)? {
            0 => return Ok(None),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

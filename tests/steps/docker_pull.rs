//! `docker` steps that fetch their image: from a registry on the loopback, as engines trust no other one without a certificate.

use super::docker_engine::Engine;
use super::docker_interrupted::{send, spawned};
use super::http_server::{Connection, Seen, Server, hold};
use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use rustix::process::Signal;
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};

/// An image as a registry has it.
struct Image {
    manifest: Vec<u8>,
    /// By digest.
    blobs: Vec<(String, Vec<u8>)>,
}

fn digest(bytes: &[u8]) -> String {
    let mut sum = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sha256sum");
    sum.stdin.take().expect("a pipe").write_all(bytes).expect("it reads");
    let output = sum.wait_with_output().expect("it ends").stdout;
    format!("sha256:{}", String::from_utf8_lossy(&output).split(' ').next().expect("a sum"))
}

impl Image {
    /// One with the files of the base image.
    fn of(engine: &Engine) -> Self {
        let layer = std::fs::read(engine.root()).expect("an archive");
        let zipped = Command::new("gzip").arg("-c").arg(engine.root()).output().expect("gzip").stdout;
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let config = json!({
            "architecture": architecture, "os": "linux", "config": { "Cmd": ["echo", "fetched"] },
            "rootfs": { "type": "layers", "diff_ids": [digest(&layer)] },
        });
        let config = config.to_string().into_bytes();
        let blobs = vec![(digest(&config), config.clone()), (digest(&zipped), zipped.clone())];
        let manifest = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": { "mediaType": "application/vnd.docker.container.image.v1+json", "size": config.len(), "digest": blobs[0].0 },
            "layers": [{ "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": zipped.len(), "digest": blobs[1].0 }],
        });
        Self { manifest: manifest.to_string().into_bytes(), blobs }
    }

    /// Gives what a request asks for.
    fn answer(&self, request: &Seen, connection: &mut dyn Connection) {
        let blob = self.blobs.iter().find(|(digest, _)| request.target.ends_with(digest));
        let (type_, body) = match blob {
            Some((_, blob)) => ("application/octet-stream", blob.clone()),
            None if request.target.contains("/app/manifests/") => {
                ("application/vnd.docker.distribution.manifest.v2+json", self.manifest.clone())
            }
            None if request.target == "/v2/" => ("application/json", b"{}".to_vec()),
            None => {
                let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
                let head = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nConnection: close";
                let _ = connection.write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
                return;
            }
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {type_}\r\nDocker-Content-Digest: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            digest(&body),
            body.len()
        );
        let _ = connection.write_all(head.as_bytes());
        if request.method != "HEAD" {
            let _ = connection.write_all(&body);
        }
    }
}

/// Closes connections that begin to speak TLS, which engines try first.
fn plain(stream: TcpStream) -> Option<Box<dyn Connection>> {
    let mut first = [0];
    stream.peek(&mut first).ok()?;
    (first != [0x16]).then(|| -> Box<dyn Connection> { Box::new(stream) })
}

fn manifests(server: &Server) -> usize {
    server.seen().iter().filter(|seen| seen.target.contains("/manifests/")).count()
}

#[test]
fn an_image_is_fetched_when_it_has_to_be() {
    let engine = Engine::start();
    let image = Image::of(&engine);
    let server = Server::over(plain, move |request, connection| image.answer(request, connection));
    let ran = |name: &str, pull: &str| {
        let text = format!(
            "workflow main {{\n  step it: docker \"{}/{name}\" {{ {pull} reads only }}\n  output it: string = it.stdout.trim()\n}}\n",
            server.host()
        );
        engine.ran(&Place::with(&text))
    };
    let outcome = ran("app:1", "pull: \"never\",");
    assert!(outcome.code == 1 && outcome.stderr.contains("and `pull` is \"never\""), "{}", outcome.stderr);
    assert_eq!(manifests(&server), 0);
    let outcome = ran("app:1", "");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "it = fetched\n"), "{}", outcome.stderr);
    for said in ["| it: * pulling 127.0.0.1:", ": Pull complete", "| it: * Status: Downloaded newer image"] {
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
    let asked = manifests(&server);
    assert!(asked > 0);
    assert_eq!(ran("app:1", "").code, 0);
    assert_eq!(manifests(&server), asked);
    assert_eq!(ran("app:1", "pull: \"always\",").code, 0);
    assert!(manifests(&server) > asked);
    let outcome = ran("other:1", "");
    assert!(outcome.code == 1 && outcome.stderr.contains("mend the name of the image"), "{}", outcome.stderr);
}

#[test]
fn a_registry_sees_who_has_logged_in() {
    let engine = Engine::start();
    let image = Image::of(&engine);
    // `me:canary-5Kx`
    let password = "bWU6Y2FuYXJ5LTVLeA==";
    let server = Server::over(plain, move |request, connection| {
        if request.header("authorization") == format!("Basic {password}") {
            return image.answer(request, connection);
        }
        let head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        let _ = connection.write_all(head.as_bytes());
    });
    let place = Place::with(&format!(
        "workflow main {{\n  step it: docker \"{0}/app:1\" {{ reads only }}\n  step built: docker {{ build: {{ context: \".\" }}, no undo \"x\" }}\n}}\n",
        server.host()
    ));
    place.write("Dockerfile", &format!("FROM {}/app:2\n", server.host()));
    let outcome = engine.ran(&place);
    assert!(outcome.code == 1 && outcome.stderr.contains("log in by `docker login`"), "{}", outcome.stderr);
    let entry = json!({ "auths": { server.host(): { "auth": password } } });
    place.write(".docker/config.json", &entry.to_string());
    let outcome = engine.ran(&place);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("5Kx") && !outcome.stderr.contains(password), "{}", outcome.stderr);
}

#[test]
fn a_run_that_waits_for_an_image_is_cancelled_at_once() {
    let engine = Engine::start();
    let server = Server::over(plain, |_, connection| hold(connection));
    let place =
        Place::with(&format!("workflow main {{\n  step it: docker \"{}/app:1\" {{ no undo \"x\" }}\n}}\n", server.host()));
    let run = spawned(&mut engine.command(&place, &["run", "main.wf"]));
    until("the request", || !server.seen().is_empty());
    send(&run, Signal::TERM);
    assert_eq!(Outcome::of(run.wait_with_output().expect("it ends")).code, 143);
    assert_eq!(engine.containers(), "");
}

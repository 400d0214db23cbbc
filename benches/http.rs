//! Measures what an `http` step costs over its client used bare, and ends with 1 when that is more than a fifth.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measurement prints its figures and has nobody to tell of errors")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use wf_model::script::{Argument, Call};
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Executor, OutputSink, Stop, Stream};
use wf_steps::http::Http;

/// Requests of a round, one after the other.
const REQUESTS: usize = 100;

/// Rounds of each, in turn; the first one of each warms up and does not count.
const ROUNDS: usize = 11;

/// How many times the bare client's time a step may take.
const BOUND: f64 = 1.2;

struct Nowhere;

impl OutputSink for Nowhere {
    fn write(&self, _: Stream, _: &[u8]) {}
}

/// A server that answers every request with the same body over connections that stay open.
async fn serve(listener: TcpListener, body: usize) {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body}\r\n\r\n{}", json(body));
    while let Ok((mut stream, _)) = listener.accept().await {
        let answer = answer.clone();
        tokio::spawn(async move {
            let (mut block, mut seen) = ([0; 4096], Vec::new());
            while let Ok(length @ 1..) = stream.read(&mut block).await {
                seen.extend_from_slice(block.get(..length).unwrap_or_default());
                if seen.ends_with(b"\r\n\r\n") {
                    seen.clear();
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        });
    }
}

/// A list of digits of this length as JSON.
fn json(length: usize) -> String {
    format!("[1{}]", ",1".repeat(length.saturating_sub(3) / 2))
}

async fn step(http: &Http, url: &str) {
    let (_keep, stop) = watch::channel(Stop::No);
    let arguments = vec![("url".into(), Argument::Value(Value::string(url)))];
    let attempt = Attempt {
        call: Call { kind: "http".into(), arguments, decode: None, is_unread: false, undoes: None },
        folder: "/".into(),
        scratch: "/".into(),
        kept: "/".into(),
        shared: "/".into(),
        variables: vec![("WF_KEY", "bench-1".to_owned())],
        inherited: Arc::default(),
        secrets: Arc::new([]),
        output: Arc::new(Nowhere),
        stop,
    };
    http.execute(attempt).await.outcome.expect("the server answers");
}

/// What a program does that uses the client itself: it takes the body and reads it as JSON.
async fn bare(client: &reqwest::Client, url: &str) {
    let answer = client.get(url).send().await.expect("the server answers");
    let body = answer.text().await.expect("a body");
    serde_json::from_str::<serde_json::Value>(&body).expect("JSON");
}

fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().expect("a client")
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64) / REQUESTS as f64 * 1e6
}

/// Microseconds of a request by the step and by the bare client.
async fn measured(url: &str) -> (f64, f64) {
    let (http, client) = (Http::default(), client());
    let (mut steps, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..REQUESTS {
            step(&http, url).await;
        }
        steps.push(begun.elapsed());
        let begun = Instant::now();
        for _ in 0..REQUESTS {
            bare(&client, url).await;
        }
        bares.push(begun.elapsed());
    }
    (median(steps.split_off(1)), median(bares.split_off(1)))
}

fn main() -> ExitCode {
    let server = Runtime::new().expect("threads");
    let runtime = Runtime::new().expect("threads");
    let mut missed = false;
    for body in [3, 1 << 12, 1 << 16] {
        let body = json(body).len();
        let listener = server.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        server.spawn(serve(listener, body));
        let (step, bare) = runtime.block_on(measured(&url));
        let ratio = step / bare;
        println!("http, body of {body} bytes: {step:.0} µs as a step, {bare:.0} µs bare: {ratio:.2} × (at most {BOUND} ×)");
        missed |= ratio > BOUND;
    }
    ExitCode::from(u8::from(missed))
}

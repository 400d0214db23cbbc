//! `http` beside reqwest.

use super::{measured, perform, step, told};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wf_model::value::Value;
use wf_steps::http::Http;

/// Requests of each.
const REQUESTS: usize = 2000;

/// How many times the bare client's time a step may take.
const BOUND: f64 = 1.2;

/// A server that answers every request with the same body over connections that stay open.
pub(super) async fn serve(listener: TcpListener, body: usize) {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body}\r\n\r\n{}", json(body));
    while let Ok((mut stream, _)) = listener.accept().await {
        let answer = answer.clone();
        tokio::spawn(async move {
            let (mut block, mut seen) = ([0; 4096], Vec::new());
            while let Ok(length @ 1..) = stream.read(&mut block).await {
                seen.extend_from_slice(block.get(..length).unwrap_or_default());
                // A request ends with its head, or with the object that is its body.
                if seen.ends_with(b"\r\n\r\n") || seen.ends_with(b"}") {
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

/// What a program does that uses the client itself.
async fn bare(client: &reqwest::Client, url: &str) -> String {
    let answer = client.get(url).send().await.expect("the server answers");
    answer.text().await.expect("a body")
}

pub(super) fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().expect("a client")
}

/// Requests with bodies of three sizes.
pub(super) fn measure(runtime: &Runtime) -> bool {
    let server = Runtime::new().expect("threads");
    let (http, client) = (Http::default(), client());
    let of_size = |body: usize| {
        let body = json(body).len();
        let listener = server.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        server.spawn(serve(listener, body));
        let attributes = [("url", Value::string(&url))];
        // A step reads a body as JSON where somebody reads its value; so does the program beside it.
        let by_step = async || perform("http", &http, Path::new("/"), &attributes, true).await;
        let times = measured(runtime, REQUESTS, by_step, async || drop(bare(&client, &url).await));
        let met = told(&format!("http, body of {body} bytes"), times, Some(BOUND));
        let by_step = async || step("http", &http, Path::new("/"), &attributes).await;
        let read = async || drop(serde_json::from_str::<serde_json::Value>(&bare(&client, &url).await).expect("JSON"));
        told(&format!("http, body of {body} bytes, read as JSON"), measured(runtime, REQUESTS, by_step, read), None);
        met
    };
    [3, 1 << 12, 1 << 16].map(of_size).iter().all(|met| *met)
}

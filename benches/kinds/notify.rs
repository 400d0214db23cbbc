//! `notify` to a webhook beside reqwest.

use super::http::{client, serve};
use super::{measured, step, told};
use std::fs;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wf_model::value::{Channel, Value};
use wf_steps::notify::Notify;

/// Messages of each.
const MESSAGES: usize = 500;

/// A message with the receipt that keeps it from going out twice.
pub(super) fn measure(runtime: &Runtime) -> bool {
    let server = Runtime::new().expect("threads");
    let listener = server.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    server.spawn(serve(listener, 3));
    let folder = tempfile::tempdir().expect("a folder");
    let (notify, client) = (Notify::default(), client());
    let to = Value::Channel(Arc::new(Channel { kind: "webhook".into(), arguments: vec![Value::string(&url)] }));
    let attributes = [("message", Value::string("it is done")), ("to", to)];
    let by_step = async || {
        step("notify", &notify, folder.path(), &attributes).await;
        // Whoever has a receipt has the message.
        let _ = fs::remove_dir_all(folder.path().join("kept"));
    };
    let by_client = async || {
        let sent = client.post(&url).header("content-type", "application/json").body(r#"{"message":"it is done"}"#).send();
        assert!(sent.await.expect("the server answers").status().is_success());
    };
    told("notify, a webhook", measured(runtime, MESSAGES, by_step, by_client), None)
}

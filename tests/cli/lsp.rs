//! `wfc lsp`: the real binary, spoken to as editors do.

use super::Place;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// A server and the pipes to it.
struct Server {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Server {
    fn start(place: &Place) -> Self {
        let mut command = place.command(&["lsp", "--stdio"]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let (input, output) = (process.stdin.take().expect("a pipe"), process.stdout.take().expect("a pipe"));
        Self { process, input, output: BufReader::new(output) }
    }

    fn say(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    fn hear(&mut self) -> Value {
        let (mut line, mut length) = (String::new(), 0);
        while self.output.read_line(&mut line).expect("the server writes") > 2 {
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().expect("a number");
            }
            line.clear();
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).expect("the server writes");
        serde_json::from_slice(&text).expect("JSON")
    }

    fn end(mut self) -> i32 {
        drop(self.input);
        self.process.wait().expect("the server ends").code().expect("no signal ended it")
    }
}

#[test]
fn an_editor_is_served_from_initialize_to_exit() {
    let place = Place::with("workflow main {\n  step a: shell \"echo ${nmae}\" { reads only }\n}\n");
    let uri = format!("file://{}", place.path("main.wf").display());
    let mut server = Server::start(&place);
    server.say(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "capabilities": {} } }));
    let answer = server.hear();
    assert_eq!(answer["result"]["serverInfo"], json!({ "name": "wfc", "version": env!("CARGO_PKG_VERSION") }));
    server.say(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    let document = json!({ "uri": uri, "languageId": "wf", "version": 1, "text": place.read("main.wf") });
    server.say(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } }));
    let pushed = server.hear();
    assert_eq!((&pushed["method"], &pushed["params"]["uri"]), (&json!("textDocument/publishDiagnostics"), &json!(uri)));
    let checked: Value = serde_json::from_str(&place.wfc(&["check", "main.wf", "--format", "json"]).stdout).expect("JSON");
    let (found, expected) = (&pushed["params"]["diagnostics"][0], &checked["diagnostics"][0]);
    assert_eq!(found["code"], expected["slug"]);
    assert!(found["message"].as_str().expect("a text").starts_with(expected["message"].as_str().expect("a text")));
    server.say(&json!({ "jsonrpc": "2.0", "id": 2, "method": "shutdown" }));
    assert_eq!(server.hear()["result"], json!(null));
    server.say(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(server.end(), 0);
}

#[test]
fn an_editor_that_goes_away_without_a_word_leaves_no_server() {
    let place = Place::new();
    let mut server = Server::start(&place);
    server.say(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "capabilities": {} } }));
    server.hear();
    assert_eq!(server.end(), 1);
}

//! An editor, as far as a test needs one.

use crate::World;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use wf_compiler::{FileProblem, Files};
use wf_model::diagnostic::Level;

/// The disk.
pub(super) struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        let problem = |error: std::io::Error| FileProblem { message: error.to_string(), help: String::new() };
        std::fs::read_to_string(path).map_err(problem)
    }

    fn resolve(&self, folder: &str, path: &str) -> String {
        let joined = Path::new(folder).join(path);
        std::fs::canonicalize(&joined).unwrap_or_else(|_| joined.components().collect()).display().to_string()
    }
}

/// A client in a folder of its own, beside a server.
pub(super) struct Editor {
    folder: TempDir,
    input: WriteHalf<DuplexStream>,
    output: BufReader<ReadHalf<DuplexStream>>,
    next: i64,
    /// What came that nobody has waited for yet.
    inbox: VecDeque<Value>,
    /// What the server answered to `initialize`.
    pub(super) server: Value,
    version: RefCell<i32>,
}

impl Editor {
    /// One that says nothing of what it can do.
    pub(super) async fn plain() -> Self {
        Self::with(json!({})).await
    }

    /// One that can do this.
    pub(super) async fn with(capabilities: Value) -> Self {
        let (ours, theirs) = duplex(1 << 20);
        let (input, output) = split(theirs);
        let world = World { kinds: wf_steps::registry(), files: Box::new(Disk), level: Level::Standard };
        tokio::spawn(crate::serve(world, input, output));
        let (output, input) = split(ours);
        let output = BufReader::new(output);
        let folder = tempfile::tempdir().unwrap();
        let (inbox, server, version) = (VecDeque::new(), Value::Null, RefCell::new(0));
        let mut editor = Self { folder, input, output, next: 0, inbox, server, version };
        let root = editor.uri("");
        let folders = json!([{ "uri": root, "name": "root" }]);
        let params = json!({ "processId": null, "rootUri": root, "workspaceFolders": folders, "capabilities": capabilities });
        editor.server = editor.request("initialize", params).await;
        editor.notify("initialized", json!({})).await;
        editor
    }

    fn root(&self) -> PathBuf {
        std::fs::canonicalize(self.folder.path()).unwrap()
    }

    /// Writes a file that is not open.
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.root().join(name), text).unwrap();
    }

    /// The address of a file.
    pub(super) fn uri(&self, name: &str) -> String {
        let path = self.root().join(name);
        format!("file://{}", path.display()).trim_end_matches('/').to_owned()
    }

    /// The identifier of a document.
    pub(super) fn document(&self, name: &str) -> Value {
        json!({ "uri": self.uri(name) })
    }

    /// Opens a document.
    pub(super) async fn open(&mut self, name: &str, text: &str) {
        let version = self.count();
        let document = json!({ "uri": self.uri(name), "languageId": "wf", "version": version, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    }

    /// Gives a document another text.
    pub(super) async fn replace(&mut self, name: &str, text: &str) {
        self.change(name, json!([{ "text": text }])).await;
    }

    /// Changes a document; its version comes back.
    pub(super) async fn change(&mut self, name: &str, changes: Value) -> i32 {
        let version = self.count();
        let document = json!({ "uri": self.uri(name), "version": version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes })).await;
        version
    }

    /// Closes a document.
    pub(super) async fn close(&mut self, name: &str) {
        let document = self.document(name);
        self.notify("textDocument/didClose", json!({ "textDocument": document })).await;
    }

    fn count(&self) -> i32 {
        *self.version.borrow_mut() += 1;
        *self.version.borrow()
    }

    /// Asks about a place in a document.
    pub(super) async fn at(&mut self, method: &str, name: &str, place: (u32, u32)) -> Value {
        self.at_with(method, name, place, json!({})).await
    }

    /// Asks about a place in a document, with more to say.
    pub(super) async fn at_with(&mut self, method: &str, name: &str, place: (u32, u32), more: Value) -> Value {
        let mut params = json!({ "textDocument": self.document(name), "position": { "line": place.0, "character": place.1 } });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.request(method, params).await
    }

    /// Says something.
    pub(super) async fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    /// Asks something and waits for the answer.
    pub(super) async fn request(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await;
        let answer = self.answer(answer).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Asks something; the number of the request comes back.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let params = if params.is_null() { json!({}) } else { params };
        let mut message = json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params });
        if method == "shutdown" {
            message.as_object_mut().unwrap().remove("params");
        }
        self.send(&message).await;
        self.next
    }

    /// Waits for an answer.
    pub(super) async fn answer(&mut self, id: i64) -> Value {
        self.wait(|message| message.get("method").is_none() && message["id"] == id).await
    }

    /// Waits for a notification or a request of the server.
    pub(super) async fn called(&mut self, method: &str) -> Value {
        self.wait(|message| message["method"] == method).await["params"].clone()
    }

    /// The slugs that are pushed for a document in this version, once they are.
    pub(super) async fn pushed(&mut self, name: &str) -> Vec<String> {
        let (uri, version) = (self.uri(name), *self.version.borrow());
        let of = |message: &Value| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics" && params["uri"] == *uri && params["version"] == version
        };
        slugs(&self.wait(of).await["params"]["diagnostics"])
    }

    /// Everything that came and was not waited for.
    pub(super) fn inbox(&self) -> impl Iterator<Item = &Value> {
        self.inbox.iter()
    }

    async fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(found) = self.inbox.iter().position(&wanted) {
                return self.inbox.remove(found).unwrap();
            }
            let message = self.receive().await;
            if message.get("method").is_some()
                && let Some(id) = message.get("id")
            {
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null })).await;
            }
            self.inbox.push_back(message);
        }
    }

    async fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        self.input.write_all(text.as_bytes()).await.unwrap();
    }

    async fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).await.unwrap() > 0, "the server went away");
            match line.trim().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).await.unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

/// The slugs of diagnostics.
pub(super) fn slugs(diagnostics: &Value) -> Vec<String> {
    diagnostics.as_array().unwrap().iter().map(|diagnostic| diagnostic["code"].as_str().unwrap().to_owned()).collect()
}

/// A text without its mark `^`, and the place where that stood.
pub(super) fn place(marked: &str) -> (String, (u32, u32)) {
    let (before, after) = marked.split_once('^').expect("a mark");
    let line = before.matches('\n').count();
    let character = before.rsplit('\n').next().unwrap().chars().map(char::len_utf16).sum::<usize>();
    (format!("{before}{after}"), (u32::try_from(line).unwrap(), u32::try_from(character).unwrap()))
}

/// A text with the edits of one document made, as an editor makes them.
pub(super) fn edited(text: &str, edits: &Value) -> String {
    use crate::position::{Encoding, Lines};
    use crate::types::TextEdit;
    let edits: Vec<TextEdit> = serde_json::from_value(edits.clone()).unwrap();
    let lines = Lines::new(text);
    let at = |position| lines.offset(text, position, Encoding::Utf16);
    let mut placed: Vec<_> = edits.iter().map(|edit| (at(edit.range.start)..at(edit.range.end), &edit.new_text)).collect();
    placed.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    placed.into_iter().for_each(|(range, new)| text.replace_range(range, new));
    text
}

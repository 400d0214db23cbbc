//! Typing: every answer to every beginning of a text, and to many random changes. Nothing may panic, and what is left is what a
//! server knows that never saw anything else.

use super::editor::Disk;
use crate::World;
use crate::features::{
    code_action, code_lens, completion, definition, diagnostics, document_link, folding, formatting, highlight, hover,
    inlay_hint, rename, selection, semantic_tokens, signature, symbols,
};
use crate::position::{Encoding, Lines};
use crate::session::{Listener, Message, Session, serve};
use crate::snapshot::Snapshot;
use crate::types::{Diagnostic, Range, TextDocumentContentChangeEvent, Uri};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use wf_model::diagnostic::Level;

/// Of the beginnings of a text every so manieth is looked at.
const STEP: usize = 13;

/// So many random changes are made.
const CHANGES: usize = 1_500;

struct Nobody;

impl Listener for Nobody {
    fn diagnostics(&self, _: Uri, _: Option<i32>, _: Vec<Diagnostic>) {}
    fn refresh(&self) {}
}

/// A session with one document.
struct Typist {
    queue: Sender<Message>,
    uri: Uri,
    text: String,
    version: i32,
}

impl Typist {
    fn new(path: &Path, text: &str) -> Self {
        let world = World { kinds: wf_steps::registry(), files: Box::new(Disk), level: Level::Strict };
        let (queue, messages) = channel();
        thread::Builder::new()
            .stack_size(8 << 20)
            .spawn(move || serve(Session::new(world, Box::new(Nobody)), &messages))
            .expect("a thread");
        let uri = Uri::from_str(&format!("file://{}", path.display())).unwrap();
        queue.send(Message::Open { uri: uri.clone(), version: 0, text: text.to_owned() }).unwrap();
        Self { queue, uri, text: text.to_owned(), version: 0 }
    }

    /// Replaces bytes; what undoes it comes back.
    fn replace(&mut self, range: std::ops::Range<usize>, new: &str) -> (std::ops::Range<usize>, String) {
        let positions: Range = Lines::new(&self.text).range(&self.text, range.clone(), Encoding::Utf16);
        let old = self.text.get(range.clone()).unwrap().to_owned();
        self.text.replace_range(range.clone(), new);
        self.version += 1;
        let change = TextDocumentContentChangeEvent { range: Some(positions), range_length: None, text: new.to_owned() };
        let message = Message::Change { uri: self.uri.clone(), version: self.version, changes: vec![change] };
        self.queue.send(message).unwrap();
        (range.start..range.start + new.len(), old)
    }

    /// Every answer about a place.
    fn ask(&self, offset: usize) -> String {
        let (sender, receiver) = channel();
        let uri = self.uri.clone();
        let answer = move |session: Option<&mut Session>| {
            let session = session.expect("nothing else waits");
            let snapshot = session.snapshot(&uri).expect("an open document");
            let answers = everything(&snapshot, offset) + &typed(session, &snapshot, offset);
            sender.send((snapshot.text().to_owned(), answers)).unwrap();
        };
        self.queue.send(Message::Ask { about: Some(self.uri.clone()), answer: Box::new(answer) }).unwrap();
        let (text, answers) = receiver.recv().expect("nothing panics");
        assert_eq!(text, self.text);
        answers
    }
}

/// What is answered while somebody types at a place.
fn typed(session: &Session, snapshot: &Snapshot, offset: usize) -> String {
    let probe = completion::probe(snapshot.text(), offset);
    let probed = session.probed(&snapshot.uri, &probe).expect("an open document");
    let items = completion::items(&probed, &probe, Range::default(), true);
    let call = signature::call(snapshot, offset);
    let help = call.map(|call| {
        let probed = session.probed(&snapshot.uri, &call.probe).expect("an open document");
        signature::help(probed.analysis.offer.as_ref(), &call)
    });
    format!("{:?} {help:?}", items.len())
}

fn everything(snapshot: &Snapshot, offset: usize) -> String {
    let position = snapshot.lines[0].position(snapshot.text(), offset, snapshot.encoding);
    let whole = Range { start: crate::types::Position::default(), end: position };
    let of_place = (
        hover::at(snapshot, position, true),
        definition::at(snapshot, position),
        highlight::at(snapshot, position),
        rename::prepare(snapshot, position),
        selection::at(snapshot, &[position]),
    );
    let of_text = (
        diagnostics::of(snapshot),
        code_action::quick_fixes(snapshot, whole),
        formatting::range(snapshot, whole),
        symbols::document(snapshot),
        folding::document(snapshot),
        semantic_tokens::document(snapshot, None),
        inlay_hint::types(snapshot, whole),
        code_lens::document(snapshot),
        document_link::document(snapshot),
    );
    format!("{of_place:?} {of_text:?}")
}

fn examples() -> Vec<(PathBuf, String)> {
    let root = std::fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples")).unwrap();
    let (mut folders, mut files) = (vec![root], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("wf") => files.push((path.clone(), std::fs::read_to_string(path).unwrap())),
                _ if path.is_dir() => folders.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_beginning_of_an_example_gets_its_answers() {
    let examples = examples();
    assert!(examples.len() > 10, "the examples are found");
    for (number, (path, text)) in examples.iter().enumerate() {
        let mut typist = Typist::new(path, "");
        let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        for end in ends.filter(|end| end % STEP == number % STEP || *end == text.len()) {
            let typed = typist.text.len();
            typist.replace(typed..typed, text.get(typed..end).unwrap());
            typist.ask(end);
        }
        assert_eq!(typist.ask(0), Typist::new(path, text).ask(0), "{path:?}");
    }
}

#[test]
fn random_changes_and_their_undoing_leave_what_a_fresh_server_knows() {
    let pieces = [
        "{",
        "}",
        "\"",
        "${",
        "\n",
        "  step x: shell \"a\"\n",
        "x",
        ".",
        "😀",
        "\"\"\"",
        "for each i in ",
        "(",
        "[",
        "#",
        "é",
        ":",
    ];
    let examples = examples();
    let mut random = fastrand::Rng::with_seed(7);
    let (path, text) = &examples[random.usize(..examples.len())];
    let mut typist = Typist::new(path, text);
    let mut undo: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for number in 0..CHANGES {
        let mut place = || {
            let mut at = random.usize(..=typist.text.len());
            while !typist.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (one, other) = (place(), place());
        match random.u8(..10) {
            0..5 => {
                let piece = pieces[random.usize(..pieces.len())];
                undo.push(typist.replace(one..one, piece));
            }
            5..7 => {
                let mut end = other.clamp(one, (one + 20).min(typist.text.len()).max(one));
                while !typist.text.is_char_boundary(end) {
                    end += 1;
                }
                undo.push(typist.replace(one..end, ""));
            }
            _ => {
                if let Some((range, old)) = undo.pop() {
                    typist.replace(range, &old);
                }
            }
        }
        if number % 10 == 0 {
            typist.ask(one.min(typist.text.len()));
        }
    }
    while let Some((range, old)) = undo.pop() {
        typist.replace(range, &old);
    }
    assert_eq!(&typist.text, text, "all was undone");
    assert_eq!(typist.ask(0), Typist::new(path, text).ask(0));
}

//! The one queue of everything that the client says: in order, on a thread of its own.

use super::Session;
use crate::session::abilities::Abilities;
use crate::session::settings::Settings;
use crate::types::{TextDocumentContentChangeEvent, Uri};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;

/// What the client says.
pub(crate) enum Message {
    /// Who it is.
    Initialize {
        /// What it can do.
        abilities: Abilities,
        /// The folders that it has open.
        folders: Vec<Uri>,
        /// What the user sets.
        settings: Option<Settings>,
    },
    /// It holds a text now.
    Open {
        /// Which.
        uri: Uri,
        /// Its version.
        version: i32,
        /// The whole text.
        text: String,
    },
    /// A text that it holds is another now.
    Change {
        /// Which.
        uri: Uri,
        /// The version that it has with them.
        version: i32,
        /// In their order.
        changes: Vec<TextDocumentContentChangeEvent>,
    },
    /// The text is the disk's again.
    Close(Uri),
    /// Files on disk are others now, or are gone.
    FilesChanged(Vec<Uri>),
    /// The user set something.
    Configure(Settings),
    /// Folders were opened and closed.
    Folders {
        /// Opened ones.
        added: Vec<Uri>,
        /// Closed ones.
        removed: Vec<Uri>,
    },
    /// It asks something.
    Ask {
        /// The document that the answer is true for as long as that does not change.
        about: Option<Uri>,
        /// Gives the answer, or, without the session, says that it is of no use any more.
        answer: Answer,
    },
}

/// Gives an answer.
type Answer = Box<dyn FnOnce(Option<&mut Session>) + Send>;

/// Takes in what the client says until it is gone.
pub(crate) fn serve(mut session: Session, messages: &Receiver<Message>) {
    let mut waiting: VecDeque<Message> = VecDeque::new();
    loop {
        if waiting.is_empty() {
            // What changed is told when nothing else is to be done, so that no text is reported on that is gone already.
            // What one text does to the compiler must not take the editor's server away.
            drop(catch_unwind(AssertUnwindSafe(|| session.report())));
            let Ok(next) = messages.recv() else { return };
            waiting.push_back(next);
        }
        waiting.extend(messages.try_iter());
        let Some(message) = waiting.pop_front() else { continue };
        let done = catch_unwind(AssertUnwindSafe(|| take_in(&mut session, message, &waiting)));
        if done.is_err() {
            session.forget();
        }
    }
}

fn take_in(session: &mut Session, message: Message, waiting: &VecDeque<Message>) {
    match message {
        Message::Initialize { abilities, folders, settings } => session.initialize(abilities, &folders, settings),
        Message::Open { uri, version, text } => session.open(uri, version, text),
        Message::Change { uri, version, changes } => session.change(&uri, version, changes),
        Message::Close(uri) => session.close(&uri),
        Message::FilesChanged(uris) => session.files_changed(&uris),
        Message::Configure(settings) => session.configure(settings),
        Message::Folders { added, removed } => session.folders(&added, &removed),
        Message::Ask { about, answer } => {
            let stale = about.is_some_and(|uri| changes(waiting, &uri));
            answer(if stale { None } else { Some(session) });
        }
    }
}

/// Whether what waits changes a document.
fn changes(waiting: &VecDeque<Message>, document: &Uri) -> bool {
    waiting.iter().any(|message| match message {
        Message::Open { uri, .. } | Message::Change { uri, .. } | Message::Close(uri) => uri == document,
        Message::Initialize { .. }
        | Message::FilesChanged(_)
        | Message::Configure(_)
        | Message::Folders { .. }
        | Message::Ask { .. } => false,
    })
}

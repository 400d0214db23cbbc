//! Answers that are kept in a folder, so that a test need not ask a model.

use super::answer::Answer;
use super::conversation::Conversation;
use crate::process::not_started;
use serde_json::{Value as Json, json};
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use wf_model::failure::Failure;
use wf_runtime::mask::Masker;

/// Names the folder that answers are taken from; nobody is asked then.
const REPLAY: &str = "WFC_AGENT_REPLAY";

/// Names the folder that answers are kept in; who is not in it is asked.
const RECORD: &str = "WFC_AGENT_RECORD";

/// Answers in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Records {
    /// There are none: every question is asked.
    None,
    /// All answers are there.
    Replay(PathBuf),
    /// Answers that are not there come to be there.
    Record(PathBuf),
}

impl Records {
    /// Those that variables of the environment name.
    ///
    /// # Errors
    /// Where they contradict each other.
    pub(super) fn of(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Failure> {
        let folder = |name| variable(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        match (folder(REPLAY), folder(RECORD)) {
            (None, None) => Ok(Self::None),
            (Some(folder), None) => Ok(Self::Replay(folder)),
            (None, Some(folder)) => Ok(Self::Record(folder)),
            (Some(_), Some(_)) => Err(not_started(&format!("both `{REPLAY}` and `{RECORD}` are set; unset one of them"))),
        }
    }

    /// The answer to a question, if there is one.
    ///
    /// # Errors
    /// Where it has to be there and is not, or cannot be read.
    pub(super) fn answer(&self, conversation: &Conversation) -> Result<Option<Answer>, Failure> {
        let (folder, has_to) = match self {
            Self::None => return Ok(None),
            Self::Replay(folder) => (folder, true),
            Self::Record(folder) => (folder, false),
        };
        let path = path(folder, conversation);
        let unread = |why: &str| not_started(&format!("the recorded answer `{}` cannot be read: {why}", path.display()));
        match std::fs::read_to_string(&path) {
            Ok(text) => read(&text).map(Some).ok_or_else(|| unread("it holds no `text`")),
            Err(error) if error.kind() == ErrorKind::NotFound && !has_to => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(not_started(&format!(
                "no answer to this question is recorded in `{}`: run once with `{RECORD}` instead of `{REPLAY}`",
                folder.display()
            ))),
            Err(error) => Err(unread(&error.to_string())),
        }
    }

    /// Keeps an answer where that is asked for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn keep(&self, conversation: &Conversation, answer: &Answer, masker: &Masker) -> Result<(), Failure> {
        let Self::Record(folder) = self else { return Ok(()) };
        let Answer { text, tokens, written } = answer;
        let kept = json!({ "asked": conversation.body(), "text": text, "tokens": tokens, "written": written });
        let text = masker.text(&format!("{kept:#}\n"));
        let path = path(folder, conversation);
        let write = || {
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.persist(&path).map_err(|error| error.error)
        };
        write().map(drop).map_err(|error| not_started(&format!("the answer cannot be recorded in `{}`: {error}", path.display())))
    }
}

fn path(folder: &Path, conversation: &Conversation) -> PathBuf {
    let digest = blake3::hash(Json::Object(conversation.body()).to_string().as_bytes()).to_hex();
    folder.join(format!("{}.json", digest.as_str().get(..32).unwrap_or_default()))
}

fn read(text: &str) -> Option<Answer> {
    let json: Json = serde_json::from_str(text).ok()?;
    let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let tokens = json.get("tokens").and_then(Json::as_i64).unwrap_or(0);
    Some(Answer { text: text("text")?, tokens, written: text("written") })
}

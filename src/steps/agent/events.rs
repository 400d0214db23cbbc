//! Answers that come piece by piece: server-sent events with pieces of a chat completion.

use serde::Deserialize;
use serde_json::Value as Json;

/// A longer line is no piece of an answer.
const LONGEST_LINE: usize = 4 << 20;

/// Puts an answer together.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The beginning of a line that has not come whole.
    line: Vec<u8>,
    /// The data of an event that has not come whole.
    data: String,
    pub(super) text: String,
    pub(super) tokens: i64,
    pub(super) end: Option<End>,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The model has said all.
    Whole,
    /// It said more than it may.
    Cut,
    /// It does not want to, and says this, or nothing.
    Refused(String),
}

/// What is wrong with what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The endpoint tells an error.
    Told(String),
    /// It is no piece of a chat completion.
    Strange,
}

#[derive(Deserialize)]
struct Completion {
    error: Option<Json>,
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    total_tokens: Option<i64>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
}

impl Events {
    /// Takes in what came; what it adds to the text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<String, Fault> {
        let before = self.text.len();
        for byte in bytes {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.take_line(&String::from_utf8_lossy(&line))?;
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(*byte);
            } else {
                return Err(Fault::Strange);
            }
        }
        Ok(self.text.get(before..).unwrap_or_default().to_owned())
    }

    /// Whether the endpoint has said that this was all.
    pub(super) fn is_done(&self) -> bool {
        self.end.is_some() && self.data == DONE
    }

    /// The rest of what came, at its end.
    pub(super) fn finish(&mut self) -> Result<String, Fault> {
        self.push(b"\n\n")
    }

    fn take_line(&mut self, line: &str) -> Result<(), Fault> {
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return self.take_event(&data);
        }
        if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
        }
        Ok(())
    }

    fn take_event(&mut self, data: &str) -> Result<(), Fault> {
        match data.trim() {
            "" => Ok(()),
            DONE => {
                self.end.get_or_insert(End::Whole);
                self.data = DONE.to_owned();
                Ok(())
            }
            json => self.take(json),
        }
    }

    /// Takes in a piece of a completion, or a whole one.
    pub(super) fn take(&mut self, json: &str) -> Result<(), Fault> {
        let completion: Completion = serde_json::from_str(json).map_err(|_| Fault::Strange)?;
        if let Some(error) = completion.error.filter(|error| !error.is_null()) {
            let message = error.get("message").and_then(Json::as_str).map_or_else(|| error.to_string(), str::to_owned);
            return Err(Fault::Told(message));
        }
        if completion.choices.is_empty() && completion.usage.is_none() {
            return Ok(());
        }
        if let Some(usage) = completion.usage {
            let parts = usage.prompt_tokens.unwrap_or(0).saturating_add(usage.completion_tokens.unwrap_or(0));
            self.tokens = usage.total_tokens.unwrap_or(parts).max(0);
        }
        if let Some(choice) = completion.choices.into_iter().next() {
            self.take_choice(choice);
        }
        Ok(())
    }

    fn take_choice(&mut self, choice: Choice) {
        let Delta { content, refusal } = choice.delta.unwrap_or_default();
        self.text.push_str(&content.unwrap_or_default());
        match (refusal.filter(|refusal| !refusal.is_empty()), &mut self.end) {
            (Some(more), Some(End::Refused(refusal))) => refusal.push_str(&more),
            (Some(refusal), end) => *end = Some(End::Refused(refusal)),
            (None, _) => {}
        }
        let reason = choice.finish_reason;
        let end = match reason.as_deref() {
            None | Some("") => return,
            Some("length") => End::Cut,
            Some("content_filter") => End::Refused("its filter does not let the answer through".to_owned()),
            Some(_) => End::Whole,
        };
        self.end.get_or_insert(end);
    }
}

/// The last event.
const DONE: &str = "[DONE]";

#[cfg(test)]
mod tests {
    use super::{End, Events, Fault};

    fn piece(text: &str) -> String {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{}}}}}]}}\r\n\r\n", serde_json::Value::from(text))
    }

    #[test]
    fn pieces_become_a_text_however_they_are_cut() {
        let told = format!(
            ": keep-alive\n\n{}{}data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\ndata: {{\"choices\":[],\"usage\":{{\"total_tokens\":12}}}}\n\ndata: [DONE]\n\n",
            piece("é \"a\"\n"),
            piece("data: b")
        );
        for size in [1, 2, 7, told.len()] {
            let mut events = Events::default();
            let pieces: Vec<String> = told.as_bytes().chunks(size).map(|bytes| events.push(bytes).unwrap()).collect();
            assert_eq!(pieces.concat(), "é \"a\"\ndata: b");
            assert_eq!((&*events.text, events.tokens, &events.end), ("é \"a\"\ndata: b", 12, &Some(End::Whole)));
            assert!(events.is_done());
        }
    }

    #[test]
    fn ends_are_told_apart() {
        let end = |told: &str| {
            let mut events = Events::default();
            events.push(told.as_bytes()).and_then(|_| events.finish()).map(|_| events.end)
        };
        assert_eq!(end(&piece("a")), Ok(None));
        assert_eq!(end("data: {\"choices\":[{\"finish_reason\":\"length\"}]}"), Ok(Some(End::Cut)));
        assert_eq!(
            end("data: {\"choices\":[{\"delta\":{\"refusal\":\"no\"},\"finish_reason\":\"stop\"}]}"),
            Ok(Some(End::Refused("no".to_owned())))
        );
        assert_eq!(end("data: {\"error\":{\"message\":\"busy\"}}"), Err(Fault::Told("busy".to_owned())));
        assert_eq!(end("data: <html>"), Err(Fault::Strange));
    }
}

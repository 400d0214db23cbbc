//! What is said.

use serde_json::json;
use wf_model::value::Value;
use wf_runtime::executor::Attempt;

/// A message with what receivers may know of where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) title: Option<String>,
    pub(super) text: String,
    pub(super) run: String,
    pub(super) step: String,
    /// The same for all attempts of the step, so that a receiver knows a message that it has.
    pub(super) key: String,
}

impl Message {
    /// The message of an attempt.
    pub(super) fn of(attempt: &Attempt) -> Self {
        let title = attempt.call.value("title").map(Value::exposed).filter(|title| !title.trim().is_empty());
        Self {
            title,
            text: attempt.call.value("message").map_or_else(String::new, Value::exposed),
            run: attempt.variable("WF_RUN").to_owned(),
            step: attempt.variable("WF_STEP").to_owned(),
            key: attempt.variable("WF_KEY").to_owned(),
        }
    }

    /// The title in one line.
    pub(super) fn heading(&self) -> Option<String> {
        let words = |title: &String| {
            title
                .split(|c: char| c.is_whitespace() || c.is_control())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        };
        self.title.as_ref().map(words)
    }

    /// What Slack takes: text in which nothing is a command or a mark, whatever it holds.
    pub(super) fn slack(&self) -> String {
        let text = match self.heading() {
            Some(heading) => format!("{heading}\n{}", self.text),
            None => self.text.clone(),
        };
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        json!({ "text": text, "mrkdwn": false, "link_names": false }).to_string()
    }

    /// What other servers take.
    pub(super) fn json(&self) -> String {
        let title = self.title.as_ref().map_or(serde_json::Value::Null, |title| title.as_str().into());
        json!({ "title": title, "message": self.text, "run": self.run, "step": self.step }).to_string()
    }
}

/// The result of a step.
pub(super) fn result(delivered: bool) -> Value {
    Value::map([("delivered", Value::Bool(delivered))])
}

#[cfg(test)]
mod tests {
    use super::Message;

    fn message(title: Option<&str>, text: &str) -> Message {
        let [run, step, key] = ["r", "tell", "r-1"].map(str::to_owned);
        Message { title: title.map(str::to_owned), text: text.to_owned(), run, step, key }
    }

    #[test]
    fn values_are_no_commands_of_slack() {
        let sent = message(Some("a\r\nb"), "<!channel> & <https://x|y>\n\"q\"").slack();
        let sent: serde_json::Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(sent["text"], "a b\n&lt;!channel&gt; &amp; &lt;https://x|y&gt;\n\"q\"");
        assert_eq!(sent["mrkdwn"], false);
    }

    #[test]
    fn other_servers_get_all_parts() {
        let sent: serde_json::Value = serde_json::from_str(&message(None, "x\u{0}").json()).unwrap();
        assert_eq!(sent, serde_json::json!({ "title": null, "message": "x\u{0}", "run": "r", "step": "tell" }));
    }
}

//! What is asked of a model, and what it said that did not fit.

use super::schema::Schema;
use serde_json::{Map, Value as Json, json};
use wf_model::script::Call;
use wf_model::value::Value;

/// Everything that decides an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conversation {
    model: Option<String>,
    temperature: Option<f64>,
    system: Option<String>,
    prompt: String,
    schema: Option<Schema>,
    /// Answers that did not fit, each with why.
    misfits: Vec<(String, String)>,
}

impl Conversation {
    /// The question of a step.
    pub(super) fn of(call: &Call) -> Self {
        let text = |name| call.value(name).and_then(Value::render);
        let temperature = match call.value("temperature") {
            Some(Value::Float(temperature)) => Some(*temperature),
            _ => None,
        };
        Self {
            model: text("model"),
            temperature,
            system: text("system"),
            prompt: text("prompt").unwrap_or_default(),
            schema: call.decode.as_ref().and_then(Schema::of),
            misfits: Vec::new(),
        }
    }

    /// Takes in an answer that does not fit, to ask again.
    pub(super) fn disagree(&mut self, answer: &str, why: &str) {
        self.misfits.push((answer.to_owned(), why.to_owned()));
    }

    /// The number of the question, from one.
    pub(super) const fn number(&self) -> usize {
        self.misfits.len() + 1
    }

    /// What an endpoint is asked.
    pub(super) fn body(&self) -> Map<String, Json> {
        let mut body = Map::new();
        if let Some(model) = &self.model {
            body.insert("model".to_owned(), json!(model));
        }
        body.insert("messages".to_owned(), Json::Array(self.messages()));
        if let Some(temperature) = self.temperature {
            body.insert("temperature".to_owned(), json!(temperature));
        }
        if let Some(Schema { json, strict }) = &self.schema {
            let format = json!({ "type": "json_schema", "json_schema": { "name": "answer", "strict": strict, "schema": json } });
            body.insert("response_format".to_owned(), format);
        }
        body
    }

    fn messages(&self) -> Vec<Json> {
        let said = |role: &str, content: &str| json!({ "role": role, "content": content });
        let mut messages: Vec<Json> = self.system.iter().map(|system| said("system", system)).collect();
        messages.push(said("user", &self.prompt));
        for (answer, why) in &self.misfits {
            messages.push(said("assistant", answer));
            messages.push(said("user", &objection(why)));
        }
        messages
    }

    /// What a command reads.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for part in self.system.iter().chain([&self.prompt]) {
            text.push_str(part);
            text.push_str(if part.ends_with('\n') { "\n" } else { "\n\n" });
        }
        if let Some(schema) = &self.schema {
            text.push_str(&format!("Answer with nothing but JSON that fits this schema:\n{}\n\n", schema.json));
        }
        for (answer, why) in &self.misfits {
            text.push_str(&format!("You answered:\n{}\n\n{}\n\n", answer.trim_end(), objection(why)));
        }
        // Nobody asked for a blank line at the end.
        text.truncate(text.trim_end_matches('\n').len());
        text.push('\n');
        text
    }
}

fn objection(why: &str) -> String {
    format!("That answer does not fit: {why}. Answer again, with nothing but what was asked for.")
}

#[cfg(test)]
mod tests {
    use super::Conversation;
    use serde_json::json;
    use wf_model::script::{Argument, Call};
    use wf_model::types::Type;
    use wf_model::value::Value;

    fn conversation(decode: Option<Type>) -> Conversation {
        let arguments = [("prompt", "Judge ${x}"), ("system", "Be brief"), ("model", "small")];
        let arguments = arguments.map(|(name, text)| (name.into(), Argument::Value(Value::string(text)))).into();
        Conversation::of(&Call { kind: "agent".into(), arguments, decode, is_unread: false, undoes: None })
    }

    #[test]
    fn an_endpoint_gets_messages() {
        let mut asked = conversation(Some(Type::Int));
        asked.disagree("seven", "expected int, found a string");
        let body = asked.body();
        let roles: Vec<_> = body["messages"].as_array().unwrap().iter().map(|message| message["role"].clone()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"]);
        assert_eq!(body["messages"][1]["content"], "Judge ${x}");
        assert_eq!((&body["model"], body.get("temperature")), (&json!("small"), None));
        assert_eq!(body["response_format"]["json_schema"]["strict"], true);
        assert_eq!(asked.number(), 2);
    }

    #[test]
    fn a_command_gets_text() {
        assert_eq!(conversation(None).text(), "Be brief\n\nJudge ${x}\n");
        let mut asked = conversation(Some(Type::Int));
        asked.disagree("seven\n", "expected int, found a string");
        let text = asked.text();
        assert!(
            text.contains("\"type\":\"integer\"")
                && text.contains("You answered:\nseven\n\nThat answer does not fit: expected int")
        );
    }
}

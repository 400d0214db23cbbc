//! Runs `agent` steps.

use super::answer::Answer;
use super::command::Program;
use super::conversation::Conversation;
use super::endpoint::Endpoint;
use super::recorded::Records;
use crate::process::{self, not_started};
use crate::web::client::Clients;
use crate::web::log::Log;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::Kind;
use wf_model::types::Type;
use wf_model::value::{DecodeError, Secret, Value};
use wf_runtime::executor::{Attempt, Ended, Executor, Stop};
use wf_runtime::mask::Masker;

/// How often a question is asked again whose answer does not fit.
const FURTHER: usize = 2;

/// Runs `agent` steps; clones share their connections.
#[derive(Clone, Debug, Default)]
pub struct Agent {
    clients: Arc<Clients>,
}

impl Executor for Agent {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        let clients = Arc::clone(&self.clients);
        async move {
            let masker = Masker::of_values(&attempt.secrets);
            // What is asked for as a secret is shown nowhere.
            let secret = attempt.call.decode.as_ref().is_some_and(Type::holds_secret);
            let log = Log::new(masker.clone(), Arc::clone(&attempt.output), !secret);
            let mut asking = Asking { attempt: &attempt, clients: &clients, log, masker, secret, leaked: false };
            let outcome = asking.perform().await;
            let (leaked, masker) = (asking.leaked, asking.masker);
            match outcome {
                Ok((result, decoded)) => Ended { outcome: Ok(result), decoded, leaked },
                Err(failure) => Ended { outcome: Err(masker.failure(failure)), decoded: None, leaked },
            }
        }
        .boxed()
    }
}

/// A step under way.
struct Asking<'a> {
    attempt: &'a Attempt,
    clients: &'a Clients,
    log: Log,
    masker: Masker,
    /// Whether the answer is a secret.
    secret: bool,
    leaked: bool,
}

/// Who answers.
enum Model<'a> {
    Endpoint(Endpoint),
    Program(Program<'a>),
}

impl Asking<'_> {
    async fn perform(&mut self) -> Result<(Value, Option<Value>), Failure> {
        let call = &self.attempt.call;
        let model = match (call.argument("endpoint"), call.argument("command")) {
            (Some(_), None) => Model::Endpoint(Endpoint::of(call, &process::folder(call, &self.attempt.folder))?),
            (None, Some(_)) => Model::Program(Program::of(self.attempt)?),
            _ => return Err(not_started("a model is asked by `endpoint` or by `command`, one of them")),
        };
        let records = Records::of(|name| std::env::var_os(name))?;
        if self.secret && records != Records::None {
            return Err(not_started("an answer that is a secret is neither recorded nor taken from a record"));
        }
        let mut conversation = Conversation::of(call);
        let mut tokens = 0_i64;
        loop {
            let answer = self.answer(&model, &records, &conversation).await?;
            tokens = tokens.saturating_add(answer.tokens);
            let Some(type_) = &call.decode else { return Ok((self.result(&answer, tokens), None)) };
            match answer.read(type_) {
                Ok(value) => return Ok((self.result(&answer, tokens), Some(value))),
                Err(error) => self.disagree(&mut conversation, &answer, &error)?,
            }
        }
    }

    /// The answer to a question, from the records or from the model.
    async fn answer(&mut self, model: &Model<'_>, records: &Records, conversation: &Conversation) -> Result<Answer, Failure> {
        if let Some(answer) = records.answer(conversation)? {
            self.log.line("* answer from a record");
            self.log.body(answer.text.as_bytes());
            self.log.end_body();
            return Ok(answer);
        }
        let answer = match model {
            Model::Endpoint(endpoint) => self.asked(endpoint, conversation).await?,
            Model::Program(program) => {
                let (answer, leaked) = program.ask(conversation).await?;
                self.leaked |= leaked;
                answer
            }
        };
        let answer = if self.secret { answer } else { self.without_secrets(answer) };
        records.keep(conversation, &answer, &self.masker)?;
        Ok(answer)
    }

    async fn asked(&mut self, endpoint: &Endpoint, conversation: &Conversation) -> Result<Answer, Failure> {
        let key = self.attempt.variable("WF_KEY");
        let mut stop = self.attempt.stop.clone();
        tokio::select! {
            answer = endpoint.ask(conversation, key, self.clients, &mut self.log) => answer,
            Ok(_) = stop.wait_for(|stop| *stop != Stop::No) => Err(self.log.ended()),
        }
    }

    fn without_secrets(&self, answer: Answer) -> Answer {
        let written = answer.written.map(|written| self.masker.text(&written));
        Answer { text: self.masker.text(&answer.text), written, ..answer }
    }

    /// Prepares to ask again.
    ///
    /// # Errors
    /// When it was asked often enough, or is not to be any more.
    fn disagree(&self, conversation: &mut Conversation, answer: &Answer, error: &DecodeError) -> Result<(), Failure> {
        let why = if self.secret { error.without_value() } else { error.to_string() };
        let number = conversation.number();
        if number > FURTHER {
            let message = format!("answer does not fit, also not the {number} times it was asked for: {why}");
            return Err(Failure::final_of(FailureKind::Decode, &message));
        }
        if *self.attempt.stop.borrow() != Stop::No {
            return Err(Failure::final_of(FailureKind::Signal, "was ended before its answer was one that fits"));
        }
        self.log.line(&format!("* the answer does not fit, so it is asked for again: {why}"));
        conversation.disagree(answer.written.as_ref().unwrap_or(&answer.text), &why);
        Ok(())
    }

    fn result(&self, answer: &Answer, tokens: i64) -> Value {
        let text = if self.secret { Value::Secret(Secret::new(&answer.text)) } else { Value::string(&answer.text) };
        Value::map([("text", text), ("tokens", Value::Int(tokens))])
    }
}

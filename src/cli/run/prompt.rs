//! Asking for parameters that nobody gave, where somebody sits at a terminal.

use crate::report::{Output, printable_line, somebody_is_there};
use std::io::{self, BufRead};
use wf_model::diagnostic::Diagnostic;
use wf_model::program::{Parameter, Workflow};
use wf_model::source::Sources;
use wf_runtime::parameters::{Given, GivenValue, Origin, Surroundings, missing, wrong_with_text};

/// Who asks: the workflow, the text of its files, and what conditions see.
pub(super) struct Prompt<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) sources: &'a Sources,
    pub(super) surroundings: &'a mut dyn Surroundings,
}

impl Prompt<'_> {
    /// Asks for what is missing, until it fits; without a terminal, and in CI, nobody is asked.
    ///
    /// # Errors
    /// Where stderr cannot be written.
    pub(super) fn complete(&mut self, given: Vec<Given>, output: &mut Output) -> io::Result<Vec<Given>> {
        if !somebody_is_there() {
            return Ok(given);
        }
        self.ask_for_all(given, &mut io::stdin().lock(), output)
    }

    fn ask_for_all(&mut self, mut given: Vec<Given>, input: &mut dyn BufRead, output: &mut Output) -> io::Result<Vec<Given>> {
        let wanted: Vec<&Parameter> =
            missing(self.workflow, &given).into_iter().filter(|parameter| !parameter.type_.holds_secret()).collect();
        for parameter in wanted {
            let Some(text) = self.ask(parameter, &given, input, output)? else { break };
            given.push(Given { name: parameter.name.to_string(), value: GivenValue::Text(text), origin: Origin::Prompt });
        }
        Ok(given)
    }

    /// Asks for one parameter; `None` where the input ends.
    fn ask(
        &mut self,
        parameter: &Parameter,
        given: &[Given],
        input: &mut dyn BufRead,
        output: &mut Output,
    ) -> io::Result<Option<String>> {
        if let Some(doc) = &parameter.doc {
            output.note(&format!("{doc}\n"))?;
        }
        loop {
            output.note(&format!("{} ({}): ", parameter.name, parameter.type_))?;
            let mut line = Vec::new();
            if input.read_until(b'\n', &mut line)? == 0 {
                output.note("\n")?;
                return Ok(None);
            }
            let Ok(line) = String::from_utf8(line) else {
                output.note("that does not fit: it is not UTF-8\n")?;
                continue;
            };
            let text = line.trim_end_matches(['\n', '\r']);
            match wrong_with_text(self.workflow, given, parameter, text, self.surroundings) {
                None => return Ok(Some(text.to_owned())),
                Some(problem) => output.note(&format!("that does not fit: {}\n", self.told(parameter, &problem)))?,
            }
        }
    }

    /// What is wrong, without what whoever answers the question knows; with the condition that does not hold.
    fn told(&self, parameter: &Parameter, problem: &Diagnostic) -> String {
        let known = format!("parameter `{}` does not fit: ", parameter.name);
        let message = problem.message.strip_prefix(&known).unwrap_or(&problem.message);
        let is_condition = parameter.constraint.as_ref().is_some_and(|constraint| constraint.span == problem.primary.span);
        let span = problem.primary.span;
        let condition = self.sources.get(span.source).filter(|_| is_condition).map(|source| source.slice(span));
        let condition = condition.map(|condition| format!(" (where {condition})")).unwrap_or_default();
        printable_line(&format!("{message}{condition}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Prompt;
    use crate::report::Output;
    use std::io;
    use wf_model::expression::{Function, GlobalId, ValueId};
    use wf_model::program::{Parameter, Workflow};
    use wf_model::source::Sources;
    use wf_model::span::Span;
    use wf_model::types::Type;
    use wf_model::value::Value;
    use wf_runtime::parameters::{Origin, Surroundings};

    struct Nothing;

    impl Surroundings for Nothing {
        fn global(&self, _: GlobalId) -> Option<Value> {
            None
        }

        fn run(&self) -> Option<Value> {
            None
        }

        fn observe(&mut self, _: Function, _: &[Value]) -> Result<Value, String> {
            Err("nothing is seen here".to_owned())
        }

        fn folder(&self, _: &Origin) -> String {
            "/here".to_owned()
        }
    }

    fn answered(input: &[u8]) -> usize {
        let parameter = Parameter {
            name: "count".into(),
            doc: None,
            value: ValueId(0),
            type_: Type::Int,
            default: None,
            constraint: None,
            span: Span::default(),
        };
        let workflow = Workflow { parameters: vec![parameter], ..Workflow::empty("main".into(), "/".into(), Span::default()) };
        let mut output = Output::new(Box::new(io::sink()), Box::new(io::sink()));
        let mut prompt = Prompt { workflow: &workflow, sources: &Sources::default(), surroundings: &mut Nothing };
        prompt.ask_for_all(Vec::new(), &mut &*input, &mut output).unwrap().len()
    }

    #[test]
    fn what_does_not_fit_is_asked_for_again() {
        assert_eq!(answered(b"many\n7\n"), 1);
        assert_eq!(answered(b"\xff\n7"), 1);
        assert_eq!(answered(b"many\n"), 0);
    }
}

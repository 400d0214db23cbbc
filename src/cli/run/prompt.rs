//! Asking for parameters that nobody gave, where somebody sits at a terminal.

use crate::report::Output;
use std::io::{self, BufRead, IsTerminal};
use wf_model::program::{Parameter, Workflow};
use wf_runtime::parameters::{Given, GivenValue, Origin, missing, read_text};

/// Asks for what is missing, until it fits; without a terminal, and in CI, nobody is asked.
///
/// # Errors
/// Where stderr cannot be written.
pub(super) fn complete(workflow: &Workflow, mut given: Vec<Given>, output: &mut Output) -> io::Result<Vec<Given>> {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    if in_ci || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(given);
    }
    let wanted: Vec<&Parameter> =
        missing(workflow, &given).into_iter().filter(|parameter| !parameter.type_.holds_secret()).collect();
    for parameter in wanted {
        let Some(text) = ask(parameter, &mut io::stdin().lock(), output)? else { break };
        given.push(Given { name: parameter.name.to_string(), value: GivenValue::Text(text), origin: Origin::Prompt });
    }
    Ok(given)
}

/// Asks for one parameter; `None` where the input ends.
fn ask(parameter: &Parameter, input: &mut dyn BufRead, output: &mut Output) -> io::Result<Option<String>> {
    if let Some(doc) = &parameter.doc {
        output.note(&format!("{doc}\n"))?;
    }
    loop {
        output.note(&format!("{} ({}): ", parameter.name, parameter.type_))?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            output.note("\n")?;
            return Ok(None);
        }
        let text = line.trim_end_matches(['\n', '\r']);
        match read_text(text, &parameter.type_) {
            Ok(_) => return Ok(Some(text.to_owned())),
            Err(problem) => output.note(&format!("that does not fit: {problem}\n"))?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ask;
    use crate::report::Output;
    use std::io;
    use wf_model::expression::ValueId;
    use wf_model::program::Parameter;
    use wf_model::span::Span;
    use wf_model::types::Type;

    #[test]
    fn what_does_not_fit_is_asked_for_again() {
        let parameter = Parameter {
            name: "count".into(),
            doc: None,
            value: ValueId(0),
            type_: Type::Int,
            default: None,
            constraint: None,
            span: Span::default(),
        };
        let mut output = Output::new(Box::new(io::sink()), Box::new(io::sink()));
        let mut answer = |text: &str| ask(&parameter, &mut text.as_bytes(), &mut output).unwrap();
        assert_eq!(answer("many\n7\n"), Some("7".to_owned()));
        assert_eq!(answer("many\n"), None);
    }
}

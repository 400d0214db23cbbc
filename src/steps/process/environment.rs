//! The environment of a step's process.

use super::not_started;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use wf_model::failure::Failure;
use wf_model::script::Call;
use wf_model::value::Value;
use wf_runtime::executor::Attempt;

/// The variables that an attempt gets beside those that it inherits: those of `env`, its own, and those of its command; of two with one
/// name the later one counts.
pub(super) fn variables(
    attempt: &Attempt,
    output_file: &Path,
    command: Vec<(String, Vec<u8>)>,
) -> Result<Vec<(OsString, OsString)>, Failure> {
    let mut variables = given(&attempt.call)?;
    variables.extend(attempt.variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))));
    variables.push(("WF_OUTPUT".into(), output_file.as_os_str().to_owned()));
    variables.extend(command.into_iter().map(|(name, value)| (OsString::from(name), OsString::from_vec(value))));
    Ok(variables)
}

/// The variables of `env`.
pub(crate) fn given(call: &Call) -> Result<Vec<(OsString, OsString)>, Failure> {
    let Some(Value::Map(given)) = call.value("env") else { return Ok(Vec::new()) };
    given.iter().map(|(name, value)| Ok((checked(name)?.to_owned(), OsString::from(value.exposed())))).collect()
}

fn checked(name: &str) -> Result<&OsStr, Failure> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(not_started(&format!("`env` has a variable {name:?}, which is no name: it is empty or holds `=`")));
    }
    Ok(OsStr::new(name))
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn names_of_variables_are_checked() {
        assert!(checked("A_1").is_ok() && checked("with-dash").is_ok());
        for name in ["", "A=B", "A\0"] {
            let failure = checked(name).expect_err(name);
            assert!(failure.message.contains("no name"), "{}", failure.message);
        }
    }
}

//! The variables that programs are given.

use std::ffi::{CStr, CString, NulError, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

/// Variables in the form in which the system takes them, so that those that all steps inherit are put into it once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: Vec<Variable>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    /// How long the name is, in bytes.
    name: usize,
    /// `NAME=value`
    text: CString,
}

impl Variable {
    fn new(name: &OsStr, value: &OsStr) -> Result<Self, NulError> {
        let mut text = OsString::with_capacity(name.len() + value.len() + 2);
        text.push(name);
        text.push("=");
        text.push(value);
        Ok(Self { name: name.len(), text: CString::new(text.into_vec())? })
    }

    fn name(&self) -> &[u8] {
        self.text.as_bytes().get(..self.name).unwrap_or_default()
    }

    fn value(&self) -> &OsStr {
        OsStr::from_bytes(self.text.as_bytes().get(self.name + 1..).unwrap_or_default())
    }
}

impl Environment {
    /// Variables by name; of two with one name the later counts.
    ///
    /// # Errors
    /// Where one holds a NUL character.
    pub fn new<'a>(variables: impl IntoIterator<Item = (&'a OsStr, &'a OsStr)>) -> Result<Self, NulError> {
        let mut all: Vec<Variable> = Vec::new();
        for (name, value) in variables {
            let variable = Variable::new(name, value)?;
            all.retain(|earlier| earlier.name() != variable.name());
            all.push(variable);
        }
        Ok(Self { variables: all })
    }

    /// The variables of this process but for `withheld` ones.
    #[must_use]
    pub fn of_this_process(withheld: &[OsString]) -> Self {
        let given = std::env::vars_os().filter(|(name, _)| !withheld.contains(name));
        // What the system gave holds no NUL character.
        Self { variables: given.filter_map(|(name, value)| Variable::new(&name, &value).ok()).collect() }
    }

    /// What a variable holds.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|variable| variable.name() == name.as_bytes()).map(Variable::value)
    }

    /// These variables and `others`, which win over them: `NAME=value`.
    pub(super) fn with<'a>(&'a self, others: &'a Self) -> impl Iterator<Item = &'a CStr> {
        let is_other = |variable: &&Variable| others.variables.iter().any(|other| other.name() == variable.name());
        self.variables.iter().filter(move |variable| !is_other(variable)).chain(&others.variables).map(|variable| &*variable.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Environment;
    use std::ffi::OsStr;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(variables.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value)))).unwrap()
    }

    #[test]
    fn the_later_of_two_counts_and_others_win() {
        let inherited = environment(&[("A", "1"), ("PATH", "/bin"), ("A", "2=3"), ("AB", "")]);
        assert_eq!(inherited.get("A"), Some(OsStr::new("2=3")));
        assert_eq!((inherited.get("AB"), inherited.get("B")), (Some(OsStr::new("")), None));
        let others = environment(&[("AB", "x"), ("C", "y")]);
        let all: Vec<_> = inherited.with(&others).map(|text| text.to_str().unwrap()).collect();
        assert_eq!(all, ["PATH=/bin", "A=2=3", "AB=x", "C=y"]);
        assert!(Environment::new([(OsStr::new("A"), OsStr::new("\0"))]).is_err());
    }
}

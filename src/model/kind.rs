//! Descriptors of step kinds: all that checker, completion, hover, plan and docs know of a kind.

use crate::types::Type;
use foldhash::fast::RandomState;
use indexmap::IndexMap;

/// What a kind is, what it takes and what it gives.
#[derive(Clone, Debug)]
pub struct Kind {
    /// How programs write it.
    pub name: &'static str,
    /// Markdown: the first sentence stands alone in lists.
    pub doc: &'static str,
    /// A whole `.wf` file that shows it.
    pub example: &'static str,
    /// The attributes that the literal of a header may set, by the type of the literal: usually one.
    /// Exactly one of them has to be given, unless `main_optional`.
    pub main: &'static [&'static str],
    /// Whether a step may leave all main attributes out.
    pub main_optional: bool,
    /// What it takes.
    pub attributes: Vec<Attribute>,
    /// What it gives: a record.
    pub result: Type,
    /// The field of the result that `-> T` decodes; without one the kind takes no `->`.
    pub decodes: Option<&'static str>,
    /// What it does to the world.
    pub effect: EffectRule,
    /// Whether it ends by itself in a time that the program knows, so that it needs no `timeout`.
    pub bounded: bool,
    /// The programs that it starts on this machine, beside those that a step names.
    pub programs: &'static [&'static str],
    /// Whether its steps wait for somebody.
    pub waits: Waits,
}

/// Whether steps of a kind wait for somebody, so that nothing of them runs meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// They do not.
    Never,
    /// They do, and the engine runs them: nothing has to be started.
    Always,
    /// They may, where an attribute is given that is none of these values.
    Unless {
        /// The attribute.
        attribute: &'static str,
        /// Its values with which they do not.
        values: &'static [&'static str],
    },
}

/// One attribute of a kind.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// How programs write it.
    pub name: &'static str,
    /// Markdown: the first sentence stands alone in lists.
    pub doc: &'static str,
    /// What it may be; more than one where it takes several forms, the first that fits counts.
    pub types: Vec<Type>,
    /// Whether a step has to give it; main attributes leave that to [`Kind::main_optional`].
    pub required: bool,
    /// An attribute that takes its place, so that a step has to give one of them.
    pub required_unless: Option<&'static str>,
    /// The default, as programs would write it; for documentation.
    pub default: Option<&'static str>,
    /// How interpolation into its text is read.
    pub text: TextSyntax,
    /// Whether secrets fit, in it or in its elements.
    pub takes_secret: bool,
    /// Whether the paths in it lead to what has to be there when the step starts.
    pub reads_paths: bool,
    /// Where its keys are names of a program's variables, the words that cannot be.
    pub variables: Option<&'static [&'static str]>,
    /// Whether its text is the permissions of a file in octal.
    pub is_mode: bool,
    /// Attributes that do not go together with it.
    pub excludes: &'static [&'static str],
    /// An attribute that has to stand beside it, and a sentence that says why.
    pub asks_for: Option<(&'static str, &'static str)>,
    /// The schemes of the URLs that it takes; empty where it takes no URL, or any.
    pub schemes: &'static [&'static str],
    /// Whether it leaves nothing that `-> T` could decode.
    pub leaves_nothing: bool,
}

/// What reads the text of an attribute, and so what an interpolated value means there (§12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextSyntax {
    /// Nothing: text is data.
    #[default]
    Plain,
    /// A POSIX shell: values travel as variables.
    Shell,
    /// A database: values are bind parameters.
    Sql,
    /// A URL: values are percent-encoded for their place.
    Url,
    /// An interpreter that takes no interpolation.
    Code,
    /// A path pattern.
    Glob,
}

/// What steps of a kind do to the world when they say nothing themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectRule {
    /// Only reads.
    Reads,
    /// Changes the world.
    Changes,
    /// Changes the world and undoes itself.
    UndoesItself,
    /// Decided by the text of an attribute.
    ByAttribute {
        /// The attribute.
        attribute: &'static str,
        /// What it is when it is left out.
        default: &'static str,
        /// Values with which the kind only reads.
        reads: &'static [&'static str],
        /// Values with which it may run twice, beside those that only read.
        repeatable: &'static [&'static str],
    },
}

/// All kinds there are, in the order of the reference.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    kinds: IndexMap<&'static str, Kind, RandomState>,
}

impl Registry {
    /// Takes the kinds in.
    #[must_use]
    pub fn new(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self { kinds: kinds.into_iter().map(|kind| (kind.name, kind)).collect() }
    }

    /// The kind called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// All kinds.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values()
    }
}

impl Kind {
    /// Whether a step may run twice without harm; `text` gives what an attribute of it is.
    #[must_use]
    pub fn may_run_twice(&self, text: impl Fn(&str) -> Option<String>) -> bool {
        match self.effect {
            EffectRule::Reads | EffectRule::UndoesItself => true,
            EffectRule::Changes => false,
            EffectRule::ByAttribute { attribute, default, reads, repeatable } => {
                let given = text(attribute).unwrap_or_else(|| default.to_owned());
                reads.contains(&&*given) || repeatable.contains(&&*given)
            }
        }
    }

    /// The attribute called `name`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

impl Attribute {
    /// An optional attribute without a default whose text is data and that takes no secret.
    #[must_use]
    pub fn new(name: &'static str, types: impl IntoIterator<Item = Type>, doc: &'static str) -> Self {
        let types = types.into_iter().collect();
        Self {
            name,
            doc,
            types,
            required: false,
            required_unless: None,
            default: None,
            text: TextSyntax::Plain,
            takes_secret: false,
            reads_paths: false,
            variables: None,
            is_mode: false,
            excludes: &[],
            asks_for: None,
            schemes: &[],
            leaves_nothing: false,
        }
    }

    /// The attribute as one that does not go together with these.
    #[must_use]
    pub fn excluding(self, excludes: &'static [&'static str]) -> Self {
        Self { excludes, ..self }
    }

    /// The attribute as one that wants another beside it; a sentence says why.
    #[must_use]
    pub fn asking_for(self, attribute: &'static str, why: &'static str) -> Self {
        Self { asks_for: Some((attribute, why)), ..self }
    }

    /// The attribute as one that takes URLs of these schemes.
    #[must_use]
    pub fn of_schemes(self, schemes: &'static [&'static str]) -> Self {
        Self { schemes, ..self }
    }

    /// The attribute as one that leaves nothing to decode.
    #[must_use]
    pub fn leaving_nothing(self) -> Self {
        Self { leaves_nothing: true, ..self }
    }

    /// The attribute with a default, as programs would write it.
    #[must_use]
    pub fn with_default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// The attribute with text that something reads.
    #[must_use]
    pub fn read_as(self, text: TextSyntax) -> Self {
        Self { text, ..self }
    }

    /// The attribute as one that every step has to give.
    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The attribute as one that a step has to give, unless it gives the other.
    #[must_use]
    pub fn required_unless(self, other: &'static str) -> Self {
        Self { required_unless: Some(other), ..self }
    }

    /// The attribute as one whose paths lead to what has to be there.
    #[must_use]
    pub fn reading_paths(self) -> Self {
        Self { reads_paths: true, ..self }
    }

    /// The attribute as one whose keys are names of a program's variables, none of them one of `reserved`.
    #[must_use]
    pub fn naming_variables(self, reserved: &'static [&'static str]) -> Self {
        Self { variables: Some(reserved), ..self }
    }

    /// The attribute as one whose text is the permissions of a file.
    #[must_use]
    pub fn as_mode(self) -> Self {
        Self { is_mode: true, ..self }
    }

    /// The attribute as one that secrets fit in.
    #[must_use]
    pub fn taking_secrets(self) -> Self {
        Self { takes_secret: true, ..self }
    }
}

/// Kinds that only wait, so that their attempts hold no slot.
const WAITING_KINDS: [&str; 4] = ["approval", "gate", "signal", "sleep"];

/// Whether attempts of a kind only wait, so that they hold no slot.
#[must_use]
pub fn only_waits(kind: &str) -> bool {
    WAITING_KINDS.contains(&kind)
}

/// The permissions that a program may ask for.
const MODE_BITS: u32 = 0o7777;

/// The permissions of a file that a text such as `0644` means; `None` for any other.
#[must_use]
pub fn parse_mode(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    u32::from_str_radix(text, 8).ok().filter(|mode| digits && *mode <= MODE_BITS)
}

/// Whether programs of a language with these reserved words can read a variable of this name. Names that begin with two `_` belong to
/// their languages.
#[must_use]
pub fn is_variable(name: &str, reserved: &[&str]) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.chars().all(letters) && !name.starts_with("__") && !reserved.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::{is_variable, parse_mode};

    #[test]
    fn modes_are_octal_numbers() {
        for (text, expected) in [("0644", 0o644), ("600", 0o600), ("0", 0), ("7777", 0o7777), ("00001777", 0o1777)] {
            assert_eq!(parse_mode(text), Some(expected));
        }
        for text in ["", "0o644", "888", "+644", "10000", "rw-r--r--", "64 4", "77777777777777777777"] {
            assert_eq!(parse_mode(text), None, "{text}");
        }
    }

    #[test]
    fn names_that_programs_can_read_are_variables() {
        for name in ["a", "_a", "A_1", "classes"] {
            assert!(is_variable(name, &["class"]), "{name}");
        }
        for name in ["", "1a", "a-b", "a b", "class", "__name__", "é", "a\n"] {
            assert!(!is_variable(name, &["class"]), "{name}");
        }
    }
}

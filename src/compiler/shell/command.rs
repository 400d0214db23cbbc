//! A simple command, read word by word: which of its words another interpreter reads as code.

use super::bashism::BashismKind;
use super::context::Refusal;
use super::interpreter::{Interpreter, SOURCE, Wrapper, base_name, interpreter, wrapper};

/// A finished word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Its text without quotes, as far as it is literal.
    pub(super) text: String,
    /// Whether something in it is known only when it runs.
    pub(super) open: bool,
    /// Whether a part of it is quoted, so that it is no reserved word.
    pub(super) quoted: bool,
}

impl Word {
    /// The text of a word that is wholly literal.
    fn known(&self) -> Option<&str> {
        (!self.open).then_some(self.text.as_str())
    }

    /// The text of a word that is wholly literal and unquoted.
    pub(super) fn plain(&self) -> Option<&str> {
        self.known().filter(|_| !self.quoted)
    }
}

/// What a word that begins now is to the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// An assignment before the command, or the command's name.
    Start,
    /// Data.
    Argument,
    /// The value of an assignment, as `export A=…` takes it.
    Declaration,
    /// The value of an assignment in a word of its own, as `env A=…` takes it.
    Assignment,
    /// Exactly one data word.
    One,
    /// A place that takes no value.
    Refused(Refusal),
}

/// Reads the words of one simple command.
#[derive(Clone, Debug, Default)]
pub(super) struct Command {
    stage: Stage,
    /// Whether the words stand behind `find … -exec`, which ends with `;` or `+`.
    in_find: bool,
    /// Whether any word was read.
    begun: bool,
    /// Its name, if it writes its arguments or what it reads.
    name: Option<&'static str>,
    /// Whether it is `[` or `test`.
    tests: bool,
}

#[derive(Clone, Debug, Default)]
enum Stage {
    /// The next word is an assignment, a reserved word or the command's name.
    #[default]
    Start,
    /// Options and operands of a command that starts another one.
    Wrapped { wrapper: &'static Wrapper, operands: usize, skip: bool },
    /// The arguments of `find`.
    Find,
    /// The arguments of an interpreter.
    Program(Program),
    /// `export`, `declare` and their like; with whether an option changes how the value is read, and whether
    /// as a number or a name.
    Declaration { evaluates: bool, numbers: bool },
    /// A builtin that takes names of variables.
    Names,
    /// `printf`, `test`, `[`, `wait`: one option takes the name of a variable.
    NameOption { option: &'static str, next: bool },
    /// `for`, `select`: the name of the variable.
    Loop { name: Option<String> },
    /// `function`: its name.
    Function,
    /// Arguments that are data.
    Data,
}

/// Arguments of an interpreter, as far as they are read.
#[derive(Clone, Debug)]
struct Program {
    interpreter: &'static Interpreter,
    /// How many operands were read.
    operands: usize,
    /// Whether an option gave the program.
    given: bool,
    /// What the next words are.
    expecting: Expecting,
    /// Whether options have ended.
    ended: bool,
    /// Whether the program is the standard input, whatever the operands are.
    input: bool,
    /// Whether the next word is a file with the program.
    file: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expecting {
    Anything,
    Data(usize),
    Code,
}

/// Commands that write their arguments.
const WRITES_ARGUMENTS: [&str; 3] = ["echo", "printf", "cat"];

/// Commands that write what they read, or a part of it.
const COPIES_INPUT: [&str; 14] =
    ["cat", "tee", "sort", "uniq", "head", "tail", "grep", "tr", "cut", "tac", "rev", "sed", "awk", "envsubst"];

/// Reserved words behind which a command begins.
const BEFORE_COMMANDS: [&str; 13] = ["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "}", "done", "fi"];

impl Command {
    /// Whether the next word may be a reserved word, an assignment or the command's name.
    pub(super) fn at_start(&self) -> bool {
        matches!(self.stage, Stage::Start)
    }

    /// Whether no word was read.
    pub(super) fn is_empty(&self) -> bool {
        !self.begun
    }

    /// What a word is of which `prefix` is read.
    pub(super) fn role(&self, prefix: &Word) -> Role {
        match &self.stage {
            Stage::Start if self.in_find => Role::Argument,
            Stage::Start => Role::Start,
            Stage::Wrapped { wrapper, .. } if wrapper.assignments && prefix.text.contains('=') => Role::Assignment,
            Stage::Wrapped { .. } | Stage::Find | Stage::Data => Role::Argument,
            Stage::Program(program) => program.role(&prefix.text),
            Stage::Declaration { evaluates: true, .. } => Role::Refused(Refusal::Arithmetic),
            Stage::Declaration { evaluates: false, .. } if prefix.text.contains('=') => Role::Declaration,
            Stage::Declaration { .. } | Stage::Names => Role::Refused(Refusal::Name),
            Stage::NameOption { next: true, .. } => Role::Refused(Refusal::Name),
            Stage::NameOption { .. } => Role::Argument,
            Stage::Loop { name: Some(_) } => Role::Argument,
            Stage::Loop { name: None } | Stage::Function => Role::Refused(Refusal::Name),
        }
    }

    /// Takes the next word in.
    pub(super) fn push(&mut self, word: &Word) {
        self.begun = true;
        match &mut self.stage {
            Stage::Start => self.start(word),
            Stage::Wrapped { wrapper, operands, skip } => {
                let starts = wrapped(wrapper, operands, skip, word);
                if starts {
                    self.start(word);
                }
            }
            Stage::Find if matches!(word.known(), Some("-exec" | "-execdir" | "-ok" | "-okdir")) => {
                self.in_find = true;
                self.stage = Stage::Start;
            }
            Stage::Program(program) => program.push(word),
            Stage::Declaration { evaluates, numbers } => {
                *evaluates |= is_option_with(word, &['i', 'a', 'A', 'n']);
                *numbers |= is_option_with(word, &['i', 'n']);
            }
            Stage::NameOption { option, next } => *next = word.known() == Some(option),
            Stage::Loop { name } => drop(name.get_or_insert_with(|| word.text.clone())),
            Stage::Function => self.stage = Stage::Start,
            Stage::Find | Stage::Names | Stage::Data => {}
        }
        if self.in_find && matches!(word.known(), Some(";" | "+")) {
            self.stage = Stage::Find;
        }
    }

    /// The interpreter whose program is the standard input of this command.
    pub(super) fn reads_program(&self) -> Option<&'static Interpreter> {
        match &self.stage {
            Stage::Program(program) => program.reads_input(),
            _ => None,
        }
    }

    /// The interpreter that reads the file that the next word names as its program.
    pub(super) fn reads_file(&self) -> Option<&'static Interpreter> {
        match &self.stage {
            Stage::Program(program) => program.reads_file(),
            _ => None,
        }
    }

    /// Whether it writes its arguments as they are.
    pub(super) fn writes_arguments(&self) -> bool {
        self.name.is_some_and(|name| WRITES_ARGUMENTS.contains(&name))
    }

    /// Whether it writes what it reads, or most of it.
    pub(super) fn copies_input(&self) -> bool {
        self.name.is_some_and(|name| COPIES_INPUT.contains(&name))
    }

    /// Notes that something else than a simple command was read, behind which only redirections stand.
    pub(super) fn leave(&mut self) {
        self.begun = true;
        self.stage = Stage::Data;
    }

    /// What of it only bash reads: a word that it has taken in, with whether it might have been a command's name.
    pub(super) fn bashism(&self, word: &Word, at_start: bool) -> Option<BashismKind> {
        match (at_start, word.plain()?) {
            (true, "[[") => Some(BashismKind::Test),
            (true, "source") => Some(BashismKind::Source),
            (true, "function") => Some(BashismKind::Function),
            (false, "==") if self.tests => Some(BashismKind::Equality),
            _ => None,
        }
    }

    /// Whether the name of a loop's variable comes next.
    pub(super) fn takes_loop_name(&self) -> bool {
        matches!(self.stage, Stage::Loop { name: None })
    }

    /// The variable of the loop whose words these are.
    pub(super) fn loop_name(&self) -> Option<&str> {
        match &self.stage {
            Stage::Loop { name } => name.as_deref(),
            _ => None,
        }
    }

    /// Whether the words are assignments, as those of `export` are.
    pub(super) fn declares(&self) -> bool {
        matches!(self.stage, Stage::Declaration { .. })
    }

    /// Whether what the words assign is evaluated, now and later.
    pub(super) fn declares_numbers(&self) -> bool {
        matches!(self.stage, Stage::Declaration { numbers: true, .. })
    }

    fn start(&mut self, word: &Word) {
        if !self.in_find && (is_assignment(word) || word.plain().is_some_and(|word| BEFORE_COMMANDS.contains(&word))) {
            return;
        }
        let known = word.known().map(base_name);
        self.tests = matches!(known, Some("[" | "test"));
        self.name = WRITES_ARGUMENTS.into_iter().chain(COPIES_INPUT).find(|name| known == Some(name));
        self.stage = word.known().map_or(Stage::Data, stage_of);
    }
}

/// What follows a command's name.
fn stage_of(name: &str) -> Stage {
    match name {
        "for" | "select" => return Stage::Loop { name: None },
        "function" => return Stage::Function,
        "export" | "readonly" | "local" => return Stage::Declaration { evaluates: false, numbers: false },
        "declare" | "typeset" | "integer" => return Stage::Declaration { evaluates: false, numbers: false },
        "read" | "unset" | "mapfile" | "readarray" | "getopts" => return Stage::Names,
        "printf" | "test" | "[" => return Stage::NameOption { option: "-v", next: false },
        "wait" => return Stage::NameOption { option: "-p", next: false },
        _ => {}
    }
    if matches!(name, "." | "source") {
        return Stage::Program(Program::new(&SOURCE));
    }
    if let Some(wrapper) = wrapper(name) {
        return Stage::Wrapped { wrapper, operands: wrapper.operands, skip: false };
    }
    if base_name(name) == "find" {
        return Stage::Find;
    }
    interpreter(name).map_or(Stage::Data, |interpreter| Stage::Program(Program::new(interpreter)))
}

/// Reads a word before the command that a wrapper starts; says whether it is that command's name.
fn wrapped(wrapper: &Wrapper, operands: &mut usize, skip: &mut bool, word: &Word) -> bool {
    if wrapper.searches {
        return word.known().is_some_and(|name| interpreter(name).is_some());
    }
    if std::mem::take(skip) {
        return false;
    }
    if word.text.starts_with('-') {
        *skip = wrapper.valued.contains(&word.text.as_str());
        return false;
    }
    if wrapper.assignments && word.text.contains('=') {
        return false;
    }
    match operands.checked_sub(1) {
        Some(left) => *operands = left,
        None => return true,
    }
    false
}

/// Whether a word has an option of `declare`: with `-i`, `-a`, `-A` and `-n` the value is read as arithmetic, as a list in
/// parentheses or as a name.
fn is_option_with(word: &Word, letters: &[char]) -> bool {
    word.text.starts_with(['-', '+']) && word.text.contains(letters)
}

/// Whether a word is `NAME=…`, `NAME+=…` or `NAME[…]=…`.
fn is_assignment(word: &Word) -> bool {
    word.text.split_once('=').is_some_and(|(name, _)| is_target(name))
}

/// Whether a text is what may stand before the `=` of an assignment.
pub(super) fn is_target(name: &str) -> bool {
    let name = name.strip_suffix('+').unwrap_or(name);
    let name = name.split_once('[').map_or(name, |(name, _)| name);
    is_name(name)
}

/// Whether a text may be the name of a variable.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Program {
    fn new(interpreter: &'static Interpreter) -> Self {
        Self { interpreter, operands: 0, given: false, expecting: Expecting::Anything, ended: false, input: false, file: false }
    }

    /// Whether options are still looked for.
    fn takes_options(&self) -> bool {
        !self.ended && (self.operands == 0 || self.interpreter.permutes)
    }

    fn role(&self, prefix: &str) -> Role {
        let code = Role::Refused(Refusal::Code(self.interpreter));
        match self.expecting {
            Expecting::Code => return code,
            Expecting::Data(_) => return Role::One,
            Expecting::Anything => {}
        }
        let is_code = if self.takes_options() && prefix.starts_with('-') && prefix.len() > 1 {
            self.attached_code(prefix)
        } else {
            self.operand_is_code()
        };
        if is_code { code } else { Role::Argument }
    }

    /// Whether what follows `prefix` in the same word is code.
    fn attached_code(&self, prefix: &str) -> bool {
        if let Some((option, _)) = prefix.split_once('=')
            && self.interpreter.code_options.contains(&option)
        {
            return true;
        }
        self.interpreter.attached && is_cluster_with(prefix, self.interpreter)
    }

    fn operand_is_code(&self) -> bool {
        let from = self.interpreter.operand.filter(|_| !self.given);
        from.is_some_and(|from| self.operands == from || self.interpreter.rest && self.operands > from)
    }

    fn push(&mut self, word: &Word) {
        self.file = false;
        match self.expecting {
            Expecting::Data(left) => {
                self.expecting = if left > 1 { Expecting::Data(left - 1) } else { Expecting::Anything };
            }
            // `sh -c -e '…'`: the code is the first operand.
            Expecting::Code if self.takes_options() && !self.interpreter.attached && word.text.starts_with('-') => {}
            Expecting::Code => {
                self.expecting = Expecting::Anything;
                self.ended = !self.interpreter.permutes && !self.interpreter.attached;
                self.operands += usize::from(self.ended);
            }
            Expecting::Anything if self.takes_options() && is_option(&word.text) => self.option(&word.text),
            Expecting::Anything if word.text == "-" => self.input = true,
            Expecting::Anything => self.operands += 1,
        }
    }

    fn option(&mut self, word: &str) {
        let known = self.interpreter;
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        let letters = word.strip_prefix('-').unwrap_or("");
        self.input |= !letters.starts_with('-') && letters.contains(|letter| known.input_letters.contains(letter));
        if word == "--" {
            self.ended = true;
        } else if known.code_options.contains(&name) {
            self.given = true;
            self.expecting = if name == word { Expecting::Code } else { Expecting::Anything };
        } else if known.valued_twice.contains(&word) {
            self.expecting = Expecting::Data(2);
        } else if known.valued.contains(&word) || takes_name(word, known) {
            self.expecting = Expecting::Data(1);
        } else if known.file_options.iter().any(|option| word.starts_with(option)) {
            self.given = true;
            self.file = known.file_options.contains(&word);
            // The program comes from elsewhere, so every operand is data.
            self.expecting = if self.file { Expecting::Data(1) } else { Expecting::Anything };
            self.operands += usize::from(!known.permutes && known.operand.is_none());
        } else if is_cluster_with(word, known) {
            self.given = true;
            let ends = word.chars().last().is_some_and(|last| known.code_letters.contains(last));
            self.expecting = if ends || !known.attached { Expecting::Code } else { Expecting::Anything };
        }
    }

    fn reads_file(&self) -> Option<&'static Interpreter> {
        let script = self.interpreter.script && self.operands == 0 && !self.given && self.expecting == Expecting::Anything;
        (script || self.file).then_some(self.interpreter)
    }

    fn reads_input(&self) -> Option<&'static Interpreter> {
        let known = self.interpreter;
        // Operands before the code, such as the host of `ssh`, and all operands of `psql`, are none.
        let others = known.operand.unwrap_or(if known.permutes { usize::MAX } else { 0 });
        (known.input && !self.given && (self.input || self.operands <= others)).then_some(known)
    }
}

/// Whether a word of options has one that takes code.
fn is_cluster_with(word: &str, interpreter: &Interpreter) -> bool {
    let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else { return false };
    // What these letters take is attached to them: folders, modules and the like.
    let own = letters.chars().take_while(|letter| !"IMFmxV0".contains(*letter));
    own.take_while(char::is_ascii_alphanumeric).any(|letter| interpreter.code_letters.contains(letter))
}

/// Whether a word is options of a shell of which the last is `-o`.
fn takes_name(word: &str, interpreter: &Interpreter) -> bool {
    let options = word.starts_with(['-', '+']) && !word.starts_with("--") && !word.contains('c');
    !interpreter.input_letters.is_empty() && options && word.ends_with(['o', 'O'])
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with(['-', '+'])
}

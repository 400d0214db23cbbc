//! The simple commands of a shell text, read just well enough to tell words, values and pipes apart.

use wf_model::expression::{Expression, ExpressionKind, TextPart};
use wf_model::program::AttributeValue;
use wf_model::script::ScriptPart;

/// Words behind which a command begins; behind the first four its failure is an answer.
const BEFORE_COMMANDS: [&str; 13] =
    ["if", "while", "until", "!", "elif", "then", "else", "do", "{", "time", "sudo", "exec", "env"];

/// A simple command.
#[derive(Debug, Default)]
pub(super) struct Command<'a> {
    /// Its words, its name first.
    pub(super) words: Vec<Word<'a>>,
    /// Whether its output goes to the next command.
    pub(super) piped: bool,
    /// Whether it gets the output of the one before.
    pub(super) fed: bool,
    /// Whether a condition asks how it ends.
    pub(super) asked: bool,
}

/// A word of a command.
#[derive(Debug, Default)]
pub(super) struct Word<'a> {
    /// Its text without quotes and values.
    pub(super) text: String,
    /// The value that it begins with.
    pub(super) first: Option<&'a Expression>,
    begun: bool,
}

impl Command<'_> {
    /// What is run, without its folder.
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", |word| word.text.rsplit('/').next().unwrap_or(""))
    }
}

#[derive(Clone, Copy)]
enum Symbol<'a> {
    Character(char),
    Value(&'a Expression),
}

/// The commands of a text, up to its first here-document.
pub(super) fn commands(text: &AttributeValue) -> Vec<Command<'_>> {
    let symbols = symbols(text);
    let mut reader =
        Reader { symbols: &symbols, at: 0, commands: Vec::new(), command: Command::default(), word: Word::default() };
    while reader.step() {}
    reader.end_command();
    reader.commands
}

fn symbols(text: &AttributeValue) -> Vec<Symbol<'_>> {
    let mut symbols = Vec::new();
    match text {
        AttributeValue::Script(script) => {
            for part in &script.parts {
                match part {
                    ScriptPart::Literal(text) => symbols.extend(text.chars().map(Symbol::Character)),
                    ScriptPart::Value { value, .. } => symbols.push(Symbol::Value(value)),
                }
            }
        }
        AttributeValue::Expression(expression) => match &expression.kind {
            ExpressionKind::Text(parts) => {
                for part in parts {
                    match part {
                        TextPart::Literal(text) => symbols.extend(text.chars().map(Symbol::Character)),
                        TextPart::Value(value) => symbols.push(Symbol::Value(value)),
                    }
                }
            }
            _ => symbols.extend(expression.constant_text().unwrap_or_default().chars().map(Symbol::Character)),
        },
    }
    symbols
}

struct Reader<'s, 'a> {
    symbols: &'s [Symbol<'a>],
    at: usize,
    commands: Vec<Command<'a>>,
    command: Command<'a>,
    word: Word<'a>,
}

impl<'a> Reader<'_, 'a> {
    fn character(&self, ahead: usize) -> Option<char> {
        match self.symbols.get(self.at + ahead) {
            Some(Symbol::Character(character)) => Some(*character),
            _ => None,
        }
    }

    /// Reads on; says whether anything is left.
    fn step(&mut self) -> bool {
        let Some(symbol) = self.symbols.get(self.at).copied() else { return false };
        self.at += 1;
        let character = match symbol {
            Symbol::Value(value) => {
                self.value(value);
                return true;
            }
            Symbol::Character(character) => character,
        };
        match character {
            '\\' => {
                self.letters(self.character(0));
                self.at += 1;
            }
            '\'' | '"' => self.quoted(character),
            '#' if !self.word.begun => {
                while self.character(0).is_some_and(|next| next != '\n') || self.is_value() {
                    self.at += 1
                }
            }
            '<' if self.character(0) == Some('<') => return false,
            '<' | '>' => self.redirection(),
            '|' | '&' => self.joined(character),
            '\n' | ';' | '(' | ')' | '`' => self.end_command(),
            _ if character.is_whitespace() => self.end_word(),
            _ => self.letters(Some(character)),
        }
        true
    }

    fn is_value(&self) -> bool {
        matches!(self.symbols.get(self.at), Some(Symbol::Value(_)))
    }

    fn letters(&mut self, character: Option<char>) {
        self.word.begun = true;
        self.word.text.extend(character.filter(|character| *character != '\n'));
    }

    fn value(&mut self, value: &'a Expression) {
        if self.word.text.is_empty() && self.word.first.is_none() {
            self.word.first = Some(value);
        }
        self.word.begun = true;
    }

    fn quoted(&mut self, quote: char) {
        self.word.begun = true;
        while let Some(symbol) = self.symbols.get(self.at).copied() {
            self.at += 1;
            match symbol {
                Symbol::Character(character) if character == quote => return,
                Symbol::Character('\\') if quote == '"' => {
                    self.letters(self.character(0));
                    self.at += 1;
                }
                Symbol::Character(character) => self.letters(Some(character)),
                Symbol::Value(value) => self.value(value),
            }
        }
    }

    /// Skips the word behind `<` or `>`.
    fn redirection(&mut self) {
        if self.word.text.chars().all(|character| character.is_ascii_digit()) && self.word.first.is_none() {
            self.word = Word::default();
        }
        self.end_word();
        while self.character(0).is_some_and(|next| ">&|".contains(next) || next == ' ') {
            self.at += 1;
        }
        while self.is_value() || self.character(0).is_some_and(|next| !next.is_whitespace() && !";|&()<>".contains(next)) {
            self.at += 1;
        }
    }

    /// `|`, `||`, `&`, `&&`, `&>`
    fn joined(&mut self, character: char) {
        if character == '&' && self.character(0) == Some('>') {
            return;
        }
        let doubled = self.character(0) == Some(character);
        let piped = character == '|' && !doubled;
        self.at += usize::from(doubled || (piped && self.character(0) == Some('&')));
        self.end_word();
        self.command.piped = piped;
        self.command.asked |= doubled;
        self.end_command();
        self.command.fed = piped;
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if !word.begun {
            return;
        }
        if self.command.words.is_empty() && word.first.is_none() {
            let assigned = word.text.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
            });
            let before = BEFORE_COMMANDS.iter().position(|known| *known == word.text);
            self.command.asked |= before.is_some_and(|place| place < 5);
            if assigned || before.is_some() {
                return;
            }
        }
        self.command.words.push(word);
    }

    fn end_command(&mut self) {
        self.end_word();
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() {
            self.commands.push(command);
        }
    }
}

//! What the lexer is inside of.

use super::command::{Command, Word};

/// A construct that has begun and not ended.
#[derive(Debug)]
pub(super) enum Frame {
    /// Words, outside quotes.
    Words(Box<Words>),
    /// `"…"`
    Double {
        /// Its first symbol.
        opened: usize,
    },
    /// `$((…))` or `((…))`.
    Arithmetic {
        /// Its first symbol.
        opened: usize,
        /// Parentheses inside that are open.
        depth: usize,
    },
    /// `${…}`
    Expansion {
        /// Its first symbol.
        opened: usize,
        /// Whether `'` is no quote here.
        single_is_text: bool,
    },
    /// The body of an unquoted here-document, up to the limit.
    HereDocument {
        /// The limit of what stands around.
        outer_limit: usize,
        /// Behind the line of the delimiter.
        behind: usize,
        /// What reads the body as its program.
        reader: Option<&'static super::interpreter::Interpreter>,
    },
}

/// Only so many bytes of a word are kept.
const LONGEST_WORD: usize = 256;

/// What a command reads, as far as values are in it.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// Values of here-strings and of what is piped in.
    pub(super) values: Vec<usize>,
    /// Number of here-documents on this line that are its input, the latest ones.
    pub(super) documents: usize,
}

impl Input {
    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.documents == 0
    }
}

/// Words up to a closer.
#[derive(Debug)]
pub(super) struct Words {
    /// What the words mean.
    pub(super) mode: Mode,
    /// What ends them.
    pub(super) closer: Closer,
    /// The first symbol of the construct.
    pub(super) opened: usize,
    /// The simple command that is read.
    pub(super) command: Command,
    /// The word as far as it is read.
    pub(super) word: Word,
    /// Whether a word has begun.
    pub(super) in_word: bool,
    /// The value that the word consists of so far beside the letters of a name; it is refused where `=` follows.
    pub(super) in_name: Option<usize>,
    /// Values of the word in `[[ ]]`, and of the word before.
    pub(super) operands: [Vec<usize>; 2],
    /// Whether the next word belongs to a redirection.
    pub(super) redirection: bool,
    /// Whether that redirection is `<<<`.
    pub(super) here_string: bool,
    /// Where the command's program comes from if it reads one from its standard input.
    pub(super) input: Input,
    /// Values among its words, which it writes if it only passes text on.
    pub(super) output: Vec<usize>,
    /// The variable that takes the elements, where they are those of an array.
    pub(super) array: Option<String>,
    /// Values that commands of the list wrote to its standard output.
    pub(super) written: Vec<usize>,
    /// Where in `written` the values of each compound command around begin.
    groups: Vec<usize>,
    /// Values that the compound command that has just ended wrote.
    pub(super) group: Vec<usize>,
    /// In `[[ ]]`: what the last operator makes of the next word.
    pub(super) test: Test,
}

/// What words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Commands.
    Commands,
    /// Between `case` and the `in` behind its word.
    CaseWord {
        /// Whether the word is read.
        seen: bool,
    },
    /// Patterns of `case`.
    CasePattern,
    /// `[[ … ]]`
    Test,
    /// Elements of an array.
    Array,
    /// A pattern such as `@(a|b)`.
    Pattern,
}

/// What ends a list of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closer {
    /// The end of the text.
    End,
    /// The `)` of `$(`, `<(` and `>(`.
    Substitution,
    /// The `)` of a subshell, an array or a pattern.
    Parenthesis,
    /// `;;` or `esac`.
    CaseBody,
    /// `esac`
    Esac,
    /// `]]`
    Brackets,
}

/// What the operator before makes of a word in `[[ ]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Data.
    Plain,
    /// A number: evaluated.
    Number,
    /// A regular expression.
    Regex,
    /// The name of a variable.
    Name,
}

impl Words {
    /// Words that begin now.
    pub(super) fn new(mode: Mode, closer: Closer, opened: usize) -> Self {
        Self {
            mode,
            closer,
            opened,
            command: Command::default(),
            word: Word::default(),
            in_word: false,
            in_name: None,
            operands: [Vec::new(), Vec::new()],
            redirection: false,
            here_string: false,
            input: Input::default(),
            output: Vec::new(),
            array: None,
            written: Vec::new(),
            groups: Vec::new(),
            group: Vec::new(),
            test: Test::Plain,
        }
    }

    /// How the construct begins.
    pub(super) fn begin(&self) -> &'static str {
        match (self.closer, self.mode) {
            (Closer::End, _) => "",
            (Closer::Substitution, _) => "$(",
            (Closer::Parenthesis, _) => "(",
            (Closer::CaseBody | Closer::Esac, _) => "case",
            (Closer::Brackets, _) => "[[",
        }
    }

    /// What would end it.
    pub(super) fn end(&self) -> &'static str {
        match self.closer {
            Closer::End => "",
            Closer::Substitution | Closer::Parenthesis => ")",
            Closer::CaseBody | Closer::Esac => "esac",
            Closer::Brackets => "]]",
        }
    }

    /// Adds a literal character to the word.
    pub(super) fn push(&mut self, character: char, quoted: bool) {
        self.in_word = true;
        self.word.quoted |= quoted;
        // Enough to tell commands and options; a bound keeps looking at it cheap.
        if self.word.text.len() < LONGEST_WORD {
            self.word.text.push(character);
        }
    }

    /// Notes that something in the word is known only when it runs.
    pub(super) fn push_open(&mut self) {
        self.in_word = true;
        self.word.open = true;
    }

    /// Notes that a reserved word begins or ends a compound command, if it does.
    pub(super) fn group_word(&mut self, word: &str) {
        match word {
            "{" | "if" | "for" | "select" | "while" | "until" => self.groups.push(self.written.len()),
            "}" | "fi" | "done" => {
                let begin = self.groups.pop().unwrap_or(0).min(self.written.len());
                self.group.extend(self.written.drain(begin..));
            }
            _ => {}
        }
    }

    /// Ends the word, if one has begun, and gives it to the command; a redirection's argument is none of its words.
    pub(super) fn end_word(&mut self) -> Option<Word> {
        self.in_name = None;
        if !std::mem::take(&mut self.in_word) {
            return None;
        }
        let word = std::mem::take(&mut self.word);
        if std::mem::take(&mut self.redirection) {
            return None;
        }
        if self.mode == Mode::Commands {
            self.command.push(&word);
        }
        Some(word)
    }
}

//! Reads POSIX shell and bash text, one symbol after another, with an explicit stack.
//!
//! The reading follows the token recognition of POSIX (Shell Command Language, 2.3) with the extensions of bash that change
//! what is quoted. Where shells differ, the reading that refuses more values wins.

use super::bashism::Bashism;
use super::context::{Carried, Context, Flaw, FlawKind, Refusal};
use super::frame::{Closer, Frame, Mode, Words};
use super::here_document::Pending;
use super::symbols::{Symbol, Symbols};
use super::variables::Variables;
use std::collections::VecDeque;

/// No more constructs stand inside each other.
pub(super) const DEEPEST: usize = 64;

/// What a text holds.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The context of each value, in the order of the text.
    pub(super) contexts: Vec<Context>,
    /// What is wrong with the text itself, in the order in which it showed.
    pub(super) flaws: Vec<Flaw>,
    /// Values that variables carry to code.
    pub(super) carried: Vec<Carried>,
    /// Each `$name`, with its place.
    pub(super) parameters: Vec<(String, usize)>,
    /// What of the text needs bash, in the order in which it showed.
    pub(super) bashisms: Vec<Bashism>,
}

/// Reads a whole text.
pub(super) fn read(symbols: &Symbols) -> Reading {
    let mut lexer = Lexer::new(symbols);
    while lexer.step() {}
    lexer.finish()
}

/// The state of the reading.
pub(super) struct Lexer<'a> {
    symbols: &'a Symbols,
    /// The next symbol.
    pub(super) place: usize,
    /// Where the reading ends for now: the end of the text or of a here-document's body.
    pub(super) limit: usize,
    /// What stands around, outermost first; the bottom is the text itself.
    pub(super) frames: Vec<Frame>,
    /// Here-documents whose bodies come behind the end of the line, apart for each command substitution around.
    pub(super) pending: Vec<VecDeque<Pending>>,
    /// Behind the last `]` of a `$[…]`: values before it are arithmetic.
    pub(super) arithmetic_until: usize,
    /// Variables of the shell, used and assigned.
    pub(super) variables: Variables,
    /// What was found.
    pub(super) reading: Reading,
}

impl<'a> Lexer<'a> {
    fn new(symbols: &'a Symbols) -> Self {
        let text = Frame::Words(Box::new(Words::new(Mode::Commands, Closer::End, 0)));
        Self {
            symbols,
            place: 0,
            limit: symbols.length(),
            frames: vec![text],
            pending: vec![VecDeque::new()],
            arithmetic_until: 0,
            variables: Variables::default(),
            reading: Reading::default(),
        }
    }

    /// Reads on; says whether anything is left.
    fn step(&mut self) -> bool {
        if self.place >= self.limit {
            return self.end_of_limit();
        }
        match self.frames.last() {
            Some(Frame::Words(_)) => self.in_words(),
            Some(Frame::Double { .. }) => self.in_double_quotes(),
            Some(Frame::Arithmetic { .. }) => self.in_arithmetic(),
            Some(Frame::Expansion { .. }) => self.in_expansion(),
            Some(Frame::HereDocument { .. }) => self.in_here_document(),
            None => return false,
        }
        true
    }

    /// What is left of the frames at the end of the text or of a here-document's body; says whether anything is left to read.
    fn end_of_limit(&mut self) -> bool {
        let around = self.frames.len();
        self.word_ends();
        if self.frames.len() != around {
            return true;
        }
        if around == 1 {
            self.end_command(false);
            self.leave_level();
        }
        match self.frames.pop() {
            None => return false,
            Some(Frame::HereDocument { outer_limit, behind, .. }) => {
                self.limit = outer_limit;
                self.place = behind;
                self.next_here_document();
            }
            Some(frame) => self.forget(&frame),
        }
        true
    }

    /// Reports a frame that has no end.
    fn forget(&mut self, frame: &Frame) {
        let (opened, begin, end) = match frame {
            Frame::Words(words) if words.closer == Closer::End => return,
            Frame::Words(words) => {
                if words.closer == Closer::Substitution {
                    self.leave_level();
                }
                (words.opened, words.begin(), words.end())
            }
            Frame::Double { opened } => (*opened, "\"", "\""),
            Frame::Arithmetic { opened, .. } => (*opened, "((", "))"),
            Frame::Expansion { opened, .. } => (*opened, "${", "}"),
            Frame::HereDocument { .. } => return,
        };
        self.flaw(opened, FlawKind::Unclosed(begin, end));
    }

    /// Ends the reading: values that were not reached are refused.
    fn finish(mut self) -> Reading {
        self.reading.contexts.resize(self.value_count(), Context::Refused(Refusal::Unread));
        self.reading.carried = self.variables.carried(self.value_count());
        self.reading
    }

    /// Number of values of the text.
    pub(super) fn value_count(&self) -> usize {
        self.symbols.value_count()
    }

    /// The symbol `ahead` places on, within what is read now.
    pub(super) fn peek(&self, ahead: usize) -> Option<Symbol> {
        let place = self.place + ahead;
        if place < self.limit { self.symbols.get(place) } else { None }
    }

    /// The symbol at `place`, wherever the reading is.
    pub(super) fn symbol(&self, place: usize) -> Option<Symbol> {
        self.symbols.get(place)
    }

    /// The character `ahead` places on; values are none.
    pub(super) fn character(&self, ahead: usize) -> Option<char> {
        match self.peek(ahead) {
            Some(Symbol::Character(character)) => Some(character),
            Some(Symbol::Value(_)) | None => None,
        }
    }

    /// Whether the text goes on with these characters.
    pub(super) fn follows(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, character)| self.character(ahead) == Some(character))
    }

    /// Notes the context of the next value.
    pub(super) fn found(&mut self, value: usize, context: Context) {
        if let Some(used) = value.checked_sub(self.value_count()) {
            return self.variables.note(used, context);
        }
        if self.reading.contexts.len() <= value {
            self.reading.contexts.resize(value + 1, Context::Refused(Refusal::Unread));
        }
        let data = !matches!(context, Context::Refused(_));
        let context = if data && self.place < self.arithmetic_until { Context::Refused(Refusal::Arithmetic) } else { context };
        if let Some(known) = self.reading.contexts.get_mut(value) {
            *known = context;
        }
    }

    /// Notes that a value stands where none may.
    pub(super) fn refuse(&mut self, value: usize, refusal: Refusal) {
        self.found(value, Context::Refused(refusal));
    }

    /// Notes a flaw of the text.
    pub(super) fn flaw(&mut self, place: usize, kind: FlawKind) {
        self.reading.flaws.push(Flaw { place, kind });
    }

    /// Goes into a construct.
    pub(super) fn enter(&mut self, frame: Frame) {
        if self.frames.len() < DEEPEST {
            self.frames.push(frame);
            return;
        }
        self.flaw(self.place.saturating_sub(1), FlawKind::TooDeep);
        // What follows cannot be told any more.
        self.frames.clear();
        self.place = self.symbols.length();
        self.limit = self.place;
    }

    /// Goes into `$(…)`, `<(…)` or `>(…)`, whose parenthesis is read.
    pub(super) fn enter_substitution(&mut self, opened: usize) {
        self.pending.push(VecDeque::new());
        self.enter(Frame::Words(Box::new(Words::new(Mode::Commands, Closer::Substitution, opened))));
    }

    /// The innermost list of words, if nothing stands inside it.
    pub(super) fn words(&mut self) -> Option<&mut Words> {
        match self.frames.last_mut() {
            Some(Frame::Words(words)) => Some(words),
            _ => None,
        }
    }

    /// The list of words that the innermost double quotes stand in directly.
    pub(super) fn words_around(&mut self) -> Option<&mut Words> {
        match self.frames.as_mut_slice() {
            [.., Frame::Words(words), Frame::Double { .. }] => Some(words),
            _ => None,
        }
    }

    /// What stands behind a `$` that is the next symbol, and is read with it.
    pub(super) fn dollar(&mut self, quoted: bool) {
        let opened = self.place;
        if self.follows("$((") {
            self.place += 3;
            self.enter(Frame::Arithmetic { opened, depth: 0 });
        } else if self.follows("$(") {
            self.place += 2;
            self.enter_substitution(opened);
        } else if self.follows("$[") {
            self.place += 2;
            self.bracket_arithmetic();
        } else if self.follows("${") {
            self.place += 2;
            let name = self.name_at(0);
            if !name.is_empty() {
                self.variable(name, opened);
            }
            let single_is_text = quoted && self.takes_single_quotes_as_text();
            self.enter(Frame::Expansion { opened, single_is_text });
        } else if let Some(Symbol::Value(value)) = self.peek(1) {
            self.place += 2;
            self.refuse(value, Refusal::AfterDollar);
        } else {
            self.parameter();
        }
    }

    /// Looks for the end of `$[…]`, behind whose `[` the reading stands. bash evaluates what is in it, other shells do not, so it
    /// is read on as what stands around it; without an end bash reads nothing behind it.
    fn bracket_arithmetic(&mut self) {
        if self.place < self.arithmetic_until {
            return;
        }
        let mut depth = 1;
        let mut place = self.place;
        while depth > 0 && place < self.limit {
            match self.symbol(place) {
                Some(Symbol::Character('[')) => depth += 1,
                Some(Symbol::Character(']')) => depth -= 1,
                Some(_) | None => {}
            }
            place += 1;
        }
        self.arithmetic_until = if depth > 0 { place + 1 } else { place };
    }

    /// `$name`, or `$$`, `$#` and their like, whose second character means nothing else.
    fn parameter(&mut self) {
        let opened = self.place;
        let name = self.name_at(1);
        if name.is_empty() {
            let special = self.character(1).is_some_and(|c| "$#?!@*-".contains(c) || c.is_ascii_digit());
            self.place += if special { 2 } else { 1 };
        } else {
            self.place += 1 + name.len();
            self.reading.parameters.push((name.clone(), opened));
            self.variable(name, opened);
        }
    }

    /// In double quotes, `'` is a quote behind `#`, `%` and `/` of an expansion, and text behind all other operators.
    fn takes_single_quotes_as_text(&self) -> bool {
        let mut ahead = 0;
        while self.character(ahead).is_some_and(|c| c.is_ascii_alphanumeric() || "_@*!?".contains(c)) && ahead < 256 {
            ahead += 1;
        }
        self.character(ahead).is_none_or(|operator| !"#%/^,".contains(operator))
    }

    /// Skips `` `…` ``; values inside are refused.
    pub(super) fn backticks(&mut self) {
        let opened = self.place;
        self.place += 1;
        loop {
            match self.peek(0) {
                None => return self.flaw(opened, FlawKind::Unclosed("`", "`")),
                Some(Symbol::Value(value)) => self.refuse(value, Refusal::Backticks),
                Some(Symbol::Character('\\')) if self.character(1).is_some() => self.place += 1,
                Some(Symbol::Character('`')) => {
                    self.place += 1;
                    return;
                }
                Some(Symbol::Character(_)) => {}
            }
            self.place += 1;
        }
    }

    /// Skips `'…'` or `$'…'`, whose opening quote is the next symbol; gives its text. Values inside are refused with `refusal`.
    pub(super) fn single_quotes(&mut self, dollar: bool, refusal: Refusal) -> String {
        let opened = self.place;
        let mut text = String::new();
        self.place += 1;
        loop {
            match self.peek(0) {
                None => {
                    self.flaw(opened, FlawKind::Unclosed("'", "'"));
                    return text;
                }
                Some(Symbol::Value(value)) => self.refuse(value, refusal),
                Some(Symbol::Character('\'')) => {
                    self.place += 1;
                    return text;
                }
                Some(Symbol::Character('\\')) if dollar && self.character(1).is_some() => self.place += 1,
                Some(Symbol::Character(character)) => text.push(character),
            }
            self.place += 1;
        }
    }

    /// Whether a word that has just ended at `place` or before it ends with the symbol there.
    pub(super) fn symbol_is_last_of(&self, word: &str, place: usize) -> bool {
        matches!(self.symbol(place), Some(Symbol::Character(last)) if word.ends_with(last))
    }

    /// Skips `\` and what it escapes; a value there is refused. Gives the character.
    pub(super) fn backslash(&mut self) -> Option<char> {
        match self.peek(1) {
            Some(Symbol::Value(value)) => {
                self.place += 2;
                self.refuse(value, Refusal::AfterBackslash);
                None
            }
            Some(Symbol::Character(character)) => {
                self.place += 2;
                Some(character)
            }
            None => {
                self.place += 1;
                None
            }
        }
    }
}

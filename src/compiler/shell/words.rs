//! Outside quotes: words, operators, redirections, comments and what reserved words begin.

use super::bashism::BashismKind;
use super::command::{Role, is_name, is_target};
use super::context::{Context, FlawKind, ListPlace, Refusal};
use super::frame::{Closer, Frame, Mode, Test, Words};
use super::interpreter::EXPANDED_VARIABLE;
use super::lexer::Lexer;
use super::symbols::Symbol;

/// Longer braces are not looked through.
const LONGEST_BRACES: usize = 256;

impl Lexer<'_> {
    /// Reads a symbol outside quotes.
    pub(super) fn in_words(&mut self) {
        match self.peek(0) {
            None => {}
            Some(Symbol::Value(value)) => self.value_in_words(value),
            Some(Symbol::Character(character)) => self.character_in_words(character),
        }
    }

    fn character_in_words(&mut self, character: char) {
        match character {
            ' ' | '\t' => {
                self.place += 1;
                self.word_ends();
            }
            '\n' => self.line_ends(),
            '\'' | '"' | '\\' | '$' | '`' => self.quote(character),
            '#' if self.comment_may_begin() => self.comment(),
            '<' | '>' => self.angle(character),
            '&' | ';' | '|' => self.separator(character),
            '(' => self.parenthesis_opens(),
            ')' => self.parenthesis_closes(),
            _ => self.letter(character),
        }
    }

    /// Reads a character that stands for itself.
    fn letter(&mut self, character: char) {
        if character == '{' {
            self.braces();
        }
        self.place += 1;
        let Some(words) = self.words() else { return };
        let named = words.in_name.filter(|_| character == '=' && words.may_be_target());
        words.push(character, false);
        if let Some(value) = named {
            words.in_name = None;
            self.refuse(value, Refusal::Name);
        }
    }

    /// Looks whether bash makes several words of `{…}` at hand.
    fn braces(&mut self) {
        let assigned = |words: &mut Words| words.target().is_some() && words.word.text.contains('=');
        let expands = self.words().is_some_and(|words| words.mode == Mode::Commands && !assigned(words));
        let characters = (1..LONGEST_BRACES).map_while(|ahead| self.character(ahead));
        let inside: String = characters.take_while(|c| c.is_ascii_alphanumeric() || "_-./,".contains(*c)).collect();
        let closed = self.character(inside.len() + 1) == Some('}');
        let bound = |bound: &str| bound.len() == 1 || bound.parse::<i64>().is_ok();
        let range = inside.split_once("..").is_some_and(|(first, last)| bound(first) && bound(last));
        if expands && closed && (range || inside.contains(',')) {
            self.needs_bash(BashismKind::Braces, self.place, inside.len() + 2);
        }
    }

    /// Reads what begins with a quoting character.
    fn quote(&mut self, character: char) {
        let opened = self.place;
        match (character, self.character(1)) {
            ('\\', Some('\n')) => self.place += 2,
            ('\\', _) => {
                let escaped = self.backslash();
                self.push_quoted(escaped);
            }
            ('\'', _) => self.single_quoted_word(false, Refusal::SingleQuotes),
            ('$', Some('\'')) => {
                self.needs_bash(BashismKind::DollarQuotes, opened, 2);
                self.place += 1;
                self.single_quoted_word(true, Refusal::DollarQuotes);
            }
            // bash translates `$"…"` and reads it as `"…"` otherwise.
            ('$', Some('"')) => self.place += 1,
            ('"', _) => {
                self.place += 1;
                if let Some(words) = self.words() {
                    words.in_word = true;
                    words.word.quoted = true;
                }
                self.enter(Frame::Double { opened });
            }
            _ => {
                if let Some(words) = self.words() {
                    words.push_open();
                }
                if character == '`' { self.backticks() } else { self.dollar(false) }
            }
        }
    }

    fn push_quoted(&mut self, character: Option<char>) {
        if let Some(words) = self.words() {
            match character {
                Some(character) => words.push(character, true),
                None => words.push_open(),
            }
        }
    }

    fn single_quoted_word(&mut self, dollar: bool, otherwise: Refusal) {
        let refusal = match self.words().map(|words| words.context(true)) {
            Some(Context::Refused(refusal)) => refusal,
            _ => otherwise,
        };
        let text = self.single_quotes(dollar, refusal);
        if let Some(words) = self.words() {
            words.in_word = true;
            words.word.quoted = true;
            text.chars().for_each(|character| words.push(character, true));
        }
    }

    fn value_in_words(&mut self, value: usize) {
        let context = self.context_of(value, false);
        self.place += 1;
        self.found(value, context);
        if let Some(words) = self.words() {
            words.push_open();
        }
    }

    /// The context of the next symbol, a value in a word, and what may refuse it later.
    pub(super) fn context_of(&mut self, value: usize, quoted: bool) -> Context {
        let ends = match self.peek(1) {
            None => true,
            Some(Symbol::Character(next)) => " \t\n;&|()<>".contains(next),
            Some(Symbol::Value(_)) => false,
        };
        let words = if quoted { self.words_around() } else { self.words() };
        let Some(words) = words else { return Context::Refused(Refusal::Unread) };
        words.note(value, quoted);
        let target = words.target();
        let context = words.context(!quoted && !words.in_word && ends);
        self.variables.assign(target, value);
        match context {
            Context::Bare { .. } if quoted => Context::Quoted,
            context => context,
        }
    }

    fn comment_may_begin(&mut self) -> bool {
        self.words().is_some_and(|words| !words.in_word && !matches!(words.mode, Mode::Pattern | Mode::Test))
    }

    fn comment(&mut self) {
        while let Some(symbol) = self.peek(0) {
            match symbol {
                Symbol::Character('\n') => return,
                Symbol::Character(_) => {}
                Symbol::Value(value) => self.found(value, Context::Comment),
            }
            self.place += 1;
        }
    }

    fn line_ends(&mut self) {
        self.place += 1;
        self.word_ends();
        self.end_command(false);
        self.next_here_document();
    }

    /// Reads `<` or `>`.
    fn angle(&mut self, character: char) {
        let opened = self.place;
        match self.words().map(|words| (words.mode, words.test)) {
            Some((Mode::Test, Test::Regex) | (Mode::Pattern, _)) => return self.letter(character),
            Some((Mode::Test, _)) => self.word_ends(),
            _ => {}
        }
        if self.words().is_none_or(|words| words.mode == Mode::Test) {
            self.place += 1;
            return;
        }
        if self.character(1) == Some('(') {
            self.needs_bash(BashismKind::ProcessSubstitution, opened, 2);
            self.place += 2;
            if let Some(words) = self.words() {
                words.push_open();
            }
            return self.enter_substitution(opened);
        }
        self.drop_descriptor();
        self.word_ends();
        if self.follows("<<<") {
            self.needs_bash(BashismKind::HereString, opened, 3);
            self.place += 3;
        } else if self.follows("<<") {
            return self.here_delimiter();
        } else {
            self.place += 1;
            self.place += usize::from(matches!(self.character(0), Some('<' | '>' | '&' | '|')));
        }
        let here_string = self.place == opened + 3;
        if let Some(words) = self.words() {
            words.redirection = true;
            words.here_string = here_string;
        }
    }

    /// The digits before a redirection are none of the command's words.
    fn drop_descriptor(&mut self) {
        let Some(words) = self.words() else { return };
        let digits = words.in_word && words.word.plain().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
        if digits {
            words.in_word = false;
            words.word.text.clear();
        }
    }

    /// Reads `&`, `;`, `|` and what they begin.
    fn separator(&mut self, character: char) {
        match self.words().map(|words| (words.mode, words.test)) {
            Some((Mode::Test, Test::Regex) | (Mode::Pattern, _)) => return self.letter(character),
            _ => self.word_ends(),
        }
        // The word may have ended what it stands in.
        if self.words().is_none_or(|words| words.mode != Mode::Commands) {
            self.place += 1;
            return;
        }
        if self.follows("&>") {
            self.needs_bash(BashismKind::BothStreams, self.place, 2);
            self.place += 1;
            return;
        }
        if self.follows("|&") {
            self.needs_bash(BashismKind::BothStreamsPiped, self.place, 2);
        }
        let doubled = self.character(1) == Some(character);
        let ends_case = character == ';' && (doubled || self.character(1) == Some('&'));
        self.place += if doubled || ends_case || self.follows("|&") { 2 } else { 1 };
        self.end_command(character == '|' && !doubled);
        if ends_case {
            self.place += usize::from(doubled && self.character(0) == Some('&'));
            self.case_body_ends();
        }
    }

    fn case_body_ends(&mut self) {
        if self.words().is_some_and(|words| words.closer == Closer::CaseBody) {
            self.leave_words();
        }
    }

    /// Reads `(`.
    fn parenthesis_opens(&mut self) {
        let opened = self.place;
        let empty = self.closes_at_once();
        let arithmetic = self.character(1) == Some('(');
        let Some(words) = self.words() else { return };
        match words.opening(arithmetic, empty.is_some()) {
            Opening::Letter => self.letter('('),
            Opening::Skip => {
                self.place += 1;
                self.word_ends();
            }
            Opening::Function => {
                self.place += empty.unwrap_or(1);
                self.word_ends();
                self.end_command(false);
            }
            Opening::Arithmetic => {
                words.command.leave();
                self.place += 2;
                self.enter(Frame::Arithmetic { opened, depth: 0 });
            }
            Opening::Words(mode) => {
                self.place += 1;
                if mode == Mode::Commands {
                    self.word_ends();
                    if let Some(words) = self.words() {
                        words.command.leave();
                    }
                }
                if mode == Mode::Array {
                    self.needs_bash(BashismKind::Array, opened, 1);
                }
                let array = self.words().and_then(|words| words.target()).filter(|_| mode == Mode::Array);
                let mut words = Words::new(mode, Closer::Parenthesis, opened);
                words.array = array;
                self.enter(Frame::Words(Box::new(words)));
            }
        }
    }

    /// Behind how many symbols `( )` ends, if nothing but blanks stands in it.
    fn closes_at_once(&self) -> Option<usize> {
        let mut ahead = 1;
        while matches!(self.character(ahead), Some(' ' | '\t')) && ahead < 64 {
            ahead += 1;
        }
        (self.character(ahead) == Some(')')).then_some(ahead + 1)
    }

    /// Reads `)`.
    fn parenthesis_closes(&mut self) {
        let Some(words) = self.words() else { return };
        if words.mode == Mode::Test && words.test == Test::Regex {
            return self.letter(')');
        }
        // The word may have ended what it stands in.
        self.word_ends();
        let place = self.place;
        self.place += 1;
        match self.words().map(|words| (words.closer, words.mode)) {
            None | Some((Closer::Brackets, _)) => {}
            Some((Closer::Esac, _)) => self.enter(Frame::Words(Box::new(Words::new(Mode::Commands, Closer::CaseBody, place)))),
            Some((Closer::Substitution, _)) => {
                self.end_command(false);
                let opened = self.words().map_or(0, |words| words.opened);
                let written = self.leave_words();
                self.leave_level();
                self.substituted(opened, written);
            }
            Some((Closer::Parenthesis, mode)) => {
                self.end_command(false);
                self.leave_words();
                if let Some(words) = self.words().filter(|_| mode != Mode::Commands) {
                    words.push_open();
                }
            }
            Some((Closer::End | Closer::CaseBody, _)) => self.flaw(place, FlawKind::StrayParenthesis),
        }
    }

    /// Ends the word and does what it means.
    pub(super) fn word_ends(&mut self) {
        let opened = self.place.saturating_sub(1);
        let Some(words) = self.words() else { return };
        let at_start = words.command.at_start();
        let Some(word) = words.end_word() else { return };
        if words.command.declares_numbers() {
            let name = word.text.split('=').next().filter(|name| is_name(name));
            return name.into_iter().for_each(|name| self.variables.evaluated(name, opened));
        }
        if words.mode == Mode::Commands {
            let kind = words.command.bashism(&word, at_start);
            kind.into_iter().for_each(|kind| self.word_needs_bash(kind, &word.text, opened));
        }
        let Some(words) = self.words() else { return };
        match words.mode {
            Mode::Commands if at_start => match word.plain() {
                Some("case") => {
                    self.enter(Frame::Words(Box::new(Words::new(Mode::CaseWord { seen: false }, Closer::Esac, opened))));
                }
                Some("[[") => self.enter(Frame::Words(Box::new(Words::new(Mode::Test, Closer::Brackets, opened)))),
                Some("esac") if words.closer == Closer::CaseBody => {
                    self.leave_words();
                    self.leave_words();
                }
                Some(word) => words.group_word(word),
                None => {}
            },
            Mode::CaseWord { seen: false } => words.mode = Mode::CaseWord { seen: true },
            Mode::CaseWord { seen: true } if word.plain() == Some("in") => words.mode = Mode::CasePattern,
            Mode::CasePattern if word.plain() == Some("esac") => drop(self.leave_words()),
            Mode::Test => self.test_word(word.plain()),
            Mode::Commands | Mode::CaseWord { .. } | Mode::CasePattern | Mode::Array | Mode::Pattern => {}
        }
    }

    fn test_word(&mut self, word: Option<&str>) {
        let Some(words) = self.words() else { return };
        let [now, before] = &mut words.operands;
        std::mem::swap(now, before);
        let last = std::mem::take(now);
        words.test = Test::Plain;
        match word {
            Some("]]") => drop(self.frames.pop()),
            Some("=~") => words.test = Test::Regex,
            Some("-v" | "-R" | "-o") => words.test = Test::Name,
            Some("-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge") => {
                words.test = Test::Number;
                last.into_iter().for_each(|value| self.refuse(value, Refusal::Arithmetic));
            }
            _ => {}
        }
    }
}

/// What a value is behind `NAME=`.
fn assigned(target: &str) -> Context {
    match target.strip_suffix('+').unwrap_or(target) {
        "PS4" | "BASH_ENV" => Context::Refused(Refusal::Code(&EXPANDED_VARIABLE)),
        _ => Context::Bare { list: ListPlace::One },
    }
}

/// What a `(` is.
enum Opening {
    /// A character of the word.
    Letter,
    /// Nothing of importance.
    Skip,
    /// `name()`
    Function,
    /// `((`
    Arithmetic,
    /// A subshell, an array or a pattern.
    Words(Mode),
}

impl Words {
    fn opening(&self, arithmetic: bool, empty: bool) -> Opening {
        match self.mode {
            Mode::Test if self.test == Test::Regex => return Opening::Letter,
            Mode::Test | Mode::CaseWord { .. } => return Opening::Skip,
            Mode::CasePattern if !self.in_word => return Opening::Skip,
            Mode::CasePattern | Mode::Array | Mode::Pattern => return Opening::Words(Mode::Pattern),
            Mode::Commands => {}
        }
        let text = self.word.text.as_str();
        if self.in_word && text.ends_with('=') {
            return Opening::Words(Mode::Array);
        }
        let negation = text == "!" && self.command.at_start();
        if self.in_word && !negation && text.ends_with(['?', '*', '+', '@', '!']) {
            return Opening::Words(Mode::Pattern);
        }
        if arithmetic && !self.in_word && (self.command.at_start() || self.command.takes_loop_name()) {
            return Opening::Arithmetic;
        }
        if empty && (self.in_word || !self.command.is_empty()) {
            return Opening::Function;
        }
        Opening::Words(Mode::Commands)
    }

    /// Whether the word so far may stand before the `=` of an assignment.
    fn may_be_target(&self) -> bool {
        let text = self.word.text.strip_suffix('+').unwrap_or(&self.word.text);
        !self.word.quoted && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    /// Remembers a value of the word for what is known only later.
    pub(super) fn note(&mut self, value: usize, quoted: bool) {
        match self.mode {
            Mode::Test => {
                let [now, _] = &mut self.operands;
                now.push(value);
            }
            Mode::Commands if self.redirection && self.here_string => self.input.values.push(value),
            Mode::Commands if self.redirection => {}
            Mode::Commands => {
                let name = self.command.at_start() && !quoted && (self.word.text.is_empty() || is_name(&self.word.text));
                self.in_name = Some(value).filter(|_| name);
                self.output.push(value);
            }
            Mode::CaseWord { .. } | Mode::CasePattern | Mode::Array | Mode::Pattern => {}
        }
    }

    /// What a value is that comes next in the word.
    pub(super) fn context(&self, whole: bool) -> Context {
        let one = Context::Bare { list: ListPlace::One };
        let words = Context::Bare { list: if whole { ListPlace::Words } else { ListPlace::Part } };
        match self.mode {
            Mode::Commands if self.redirection => one,
            Mode::Commands => match self.command.role(&self.word) {
                Role::Start => self.start_context().unwrap_or(words),
                Role::Argument => words,
                Role::One => one,
                Role::Declaration => self.word.text.split_once('=').map_or(one, |(target, _)| assigned(target)),
                Role::Assignment => match self.word.text.split_once('=').map(|(target, _)| assigned(target)) {
                    Some(refused @ Context::Refused(_)) => refused,
                    Some(_) | None => words,
                },
                Role::Refused(refusal) => Context::Refused(refusal),
            },
            Mode::CaseWord { .. } | Mode::CasePattern | Mode::Pattern => one,
            Mode::Test => match self.test {
                Test::Plain => one,
                Test::Number => Context::Refused(Refusal::Arithmetic),
                Test::Regex => Context::Refused(Refusal::Regex),
                Test::Name => Context::Refused(Refusal::Name),
            },
            Mode::Array if self.word.text.starts_with('[') && !self.word.quoted => {
                if self.word.text.contains("]=") {
                    one
                } else {
                    Context::Refused(Refusal::Arithmetic)
                }
            }
            Mode::Array => words,
        }
    }

    /// What a value is in an assignment or in the index of an array, at the start of a command.
    fn start_context(&self) -> Option<Context> {
        let text = self.word.text.as_str();
        if let Some((target, _)) = text.split_once('=').filter(|(target, _)| is_target(target)) {
            let closed = !target.contains('[') || target.contains(']');
            return closed.then(|| assigned(target));
        }
        let (array, index) = text.split_once('[')?;
        (is_name(array) && !index.contains(']')).then_some(Context::Refused(Refusal::Arithmetic))
    }
}

//! Inside double quotes, arithmetic and expansions.

use super::context::{Context, FlawKind, Refusal};
use super::frame::Frame;
use super::lexer::Lexer;
use super::symbols::Symbol;

impl Lexer<'_> {
    /// Reads a symbol inside `"…"`.
    pub(super) fn in_double_quotes(&mut self) {
        match self.peek(0) {
            None => {}
            Some(Symbol::Value(value)) => {
                let context = self.quoted_context(value);
                self.place += 1;
                self.found(value, context);
                self.open_around();
            }
            Some(Symbol::Character(character)) => match character {
                '"' => {
                    self.place += 1;
                    self.frames.pop();
                }
                '\\' => {
                    let escaped = self.backslash();
                    self.push_around(escaped);
                }
                '$' => {
                    self.open_around();
                    self.dollar(true);
                }
                '`' => {
                    self.open_around();
                    self.backticks();
                }
                _ => {
                    self.place += 1;
                    self.push_around(Some(character));
                }
            },
        }
    }

    fn quoted_context(&mut self, value: usize) -> Context {
        if self.words_around().is_none() {
            // Double quotes stand in words or in an expansion.
            return Context::Refused(Refusal::Expansion);
        }
        match self.context_of(value, true) {
            refused @ Context::Refused(_) => refused,
            Context::Bare { .. } | Context::Quoted | Context::Comment => Context::Quoted,
        }
    }

    fn open_around(&mut self) {
        if let Some(words) = self.words_around() {
            words.push_open();
        }
    }

    fn push_around(&mut self, character: Option<char>) {
        if let Some(words) = self.words_around() {
            match character {
                Some(character) => words.push(character, true),
                None => words.push_open(),
            }
        }
    }

    /// Reads a symbol inside `((…))`.
    pub(super) fn in_arithmetic(&mut self) {
        match self.peek(0) {
            None => {}
            Some(Symbol::Value(value)) => {
                self.place += 1;
                self.refuse(value, Refusal::Arithmetic);
            }
            Some(Symbol::Character(character)) => match character {
                '(' => self.arithmetic_depth(true),
                ')' => self.arithmetic_depth(false),
                '$' => self.dollar(true),
                '`' => self.backticks(),
                '\\' => drop(self.backslash()),
                _ if character.is_ascii_alphanumeric() || character == '_' => self.arithmetic_word(),
                _ => self.place += 1,
            },
        }
    }

    fn arithmetic_depth(&mut self, deeper: bool) {
        let Some(Frame::Arithmetic { opened, depth }) = self.frames.last_mut() else { return };
        let opened = *opened;
        let left = if deeper { Some(*depth + 1) } else { depth.checked_sub(1) };
        if let Some(left) = left {
            *depth = left;
            self.place += 1;
            return;
        }
        self.frames.pop();
        if self.character(1) == Some(')') {
            self.place += 2;
        } else {
            self.place += 1;
            self.flaw(opened, FlawKind::AmbiguousArithmetic);
        }
    }

    /// Reads a symbol inside `${…}`.
    pub(super) fn in_expansion(&mut self) {
        let single_is_text = matches!(self.frames.last(), Some(Frame::Expansion { single_is_text: true, .. }));
        match self.peek(0) {
            None => {}
            Some(Symbol::Value(value)) => {
                self.place += 1;
                self.refuse(value, Refusal::Expansion);
            }
            Some(Symbol::Character(character)) => match character {
                '}' => {
                    self.place += 1;
                    self.frames.pop();
                }
                '\'' if !single_is_text => drop(self.single_quotes(false, Refusal::Expansion)),
                '"' => {
                    let opened = self.place;
                    self.place += 1;
                    self.enter(Frame::Double { opened });
                }
                '$' if !single_is_text && self.character(1) == Some('\'') => {
                    self.place += 1;
                    self.single_quotes(true, Refusal::Expansion);
                }
                '$' => self.dollar(single_is_text),
                '`' => self.backticks(),
                '\\' => drop(self.backslash()),
                _ => self.place += 1,
            },
        }
    }
}

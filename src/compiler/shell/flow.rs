//! What commands write, as far as values are in it, and what reads it as a program.

use super::context::{Context, Refusal};
use super::frame::{Closer, Frame, Mode, Words};
use super::lexer::Lexer;
use super::symbols::Symbol;

impl Lexer<'_> {
    /// Ends the simple command: what it reads as its program is known now.
    pub(super) fn end_command(&mut self, piped: bool) {
        let Some(words) = self.words().filter(|words| words.mode == Mode::Commands) else { return };
        if words.command.is_empty() && words.input.is_empty() {
            return;
        }
        words.redirection = false;
        let command = std::mem::take(&mut words.command);
        let input = std::mem::take(&mut words.input);
        let mut written = std::mem::take(&mut words.output);
        if !command.writes_arguments() {
            written.clear();
        }
        written.append(&mut words.group);
        if command.copies_input() {
            written.extend(&input.values);
        }
        if piped {
            words.input.values = written;
            words.input.documents = if command.copies_input() { input.documents } else { 0 };
        } else {
            words.written.append(&mut written);
        }
        if let Some(reader) = command.reads_program() {
            input.values.into_iter().for_each(|value| self.refuse(value, Refusal::CodeInput(reader)));
            let waiting = self.pending.last_mut().into_iter().flat_map(|level| level.iter_mut().rev());
            waiting.take(input.documents).for_each(|document| document.reader = Some(reader));
        }
    }

    /// Goes out of a list of words; what its commands wrote goes on as that of the command that it is. Gives it for a substitution.
    pub(super) fn leave_words(&mut self) -> Vec<usize> {
        let Some(Frame::Words(mut left)) = self.frames.pop() else { return Vec::new() };
        let mut written = left.written;
        written.append(&mut left.group);
        if left.closer != Closer::Substitution
            && let Some(words) = self.words()
        {
            words.group.append(&mut written);
        }
        written
    }

    /// Values that a substitution writes are read as the text is that it stands for.
    pub(super) fn substituted(&mut self, opened: usize, written: Vec<usize>) {
        if written.is_empty() {
            return;
        }
        let process = self.symbol(opened) != Some(Symbol::Character('$'));
        let quoted = matches!(self.frames.last(), Some(Frame::Double { .. }));
        let words = if quoted { self.words_around() } else { self.words() };
        if let Some(name) = words.and_then(|words| words.target()).filter(|_| !process) {
            written.iter().for_each(|value| self.variables.assign(Some(name.clone()), *value));
        }
        let refusal = match self.frames.last_mut() {
            Some(Frame::Words(words)) if process => words.command.reads_file().map(Refusal::Code),
            Some(Frame::Words(words)) => words.takes_text(&written, false),
            Some(Frame::HereDocument { reader, .. }) => reader.map(Refusal::CodeInput),
            Some(Frame::Arithmetic { .. }) => Some(Refusal::Arithmetic),
            Some(Frame::Double { .. }) => self.words_around().and_then(|words| words.takes_text(&written, true)),
            Some(Frame::Expansion { .. }) | None => None,
        };
        if let Some(refusal) = refusal {
            written.into_iter().for_each(|value| self.refuse(value, refusal));
        }
    }
}

impl Words {
    /// Takes text with these values into the word; says why they cannot stand there.
    fn takes_text(&mut self, values: &[usize], quoted: bool) -> Option<Refusal> {
        values.iter().for_each(|value| self.note(*value, quoted));
        match self.context(false) {
            Context::Refused(refusal) => Some(refusal),
            Context::Bare { .. } | Context::Quoted | Context::Comment => None,
        }
    }
}

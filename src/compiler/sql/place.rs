//! Which values of an SQL text stand for names.

use super::lexer::{Token, TokenKind};

/// Statements that take no bind parameters, until a query begins in them.
const DEFINES: [&str; 13] = [
    "create", "alter", "drop", "truncate", "rename", "grant", "revoke", "reindex", "vacuum", "analyze", "pragma", "use",
    "describe",
];

/// What a list of expressions or names belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Clause {
    /// Expressions.
    #[default]
    Expressions,
    /// `from`, `join`, `into`, `update`, `table`, `by`: names, separated by commas.
    Names,
    /// `into t`: a list of columns may follow in parentheses.
    Into,
    /// The columns of `into t (a, b)`, `using (a, b)`.
    Columns,
    /// `set a = …, b = …`
    Set,
}

/// One level of parentheses.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    clause: Clause,
    /// Whether a `from` of this level names tables: not so in `extract(epoch from …)`.
    query: bool,
    /// The word that began a statement which takes no bind parameters.
    defines: Option<&'static str>,
}

/// Goes through the tokens of a text in order.
#[derive(Debug, Default)]
pub(super) struct Reader {
    levels: Vec<Level>,
    level: Level,
    begun: bool,
}

impl Reader {
    /// Reads the next token; the value that it is, where that stands for a name.
    pub(super) fn read(&mut self, tokens: &[Token], position: usize, token: &Token) -> Option<usize> {
        let before = position.checked_sub(1).and_then(|before| tokens.get(before));
        match &token.kind {
            TokenKind::Value(value) => {
                let after = tokens.get(position + 1);
                return self.is_name(token, before, after).then_some(*value);
            }
            TokenKind::Sign(';') => *self = Self::default(),
            TokenKind::Sign('(') => {
                let clause = if matches!(self.level.clause, Clause::Into) || is_word(before, "using") {
                    Clause::Columns
                } else {
                    Clause::Expressions
                };
                self.levels.push(self.level);
                self.level = Level { clause, query: false, defines: self.level.defines };
            }
            TokenKind::Sign(')') => self.level = self.levels.pop().unwrap_or_default(),
            TokenKind::Sign(_) => {}
            TokenKind::Word(word) => self.word(word, before),
        }
        None
    }

    fn word(&mut self, word: &str, before: Option<&Token>) {
        if !std::mem::replace(&mut self.begun, true) {
            self.level.defines = DEFINES.into_iter().find(|first| *first == word);
        }
        let clause = match word {
            "select" | "delete" | "insert" | "values" => {
                self.level.defines = self.level.defines.filter(|first| *first != "create");
                self.level.query |= matches!(word, "select" | "delete");
                Clause::Expressions
            }
            "from" if !self.level.query || is_word(before, "distinct") => return,
            "update" if self.begun && is_word(before, "for") => return,
            "from" | "join" | "update" | "table" | "by" => Clause::Names,
            // SQLite's `vacuum into` takes the name of a file as any text.
            "into" if self.level.defines == Some("vacuum") => {
                self.level.defines = None;
                Clause::Expressions
            }
            "into" => Clause::Into,
            "set" => Clause::Set,
            "where" | "on" | "having" | "limit" | "offset" | "returning" | "union" | "except" | "intersect" | "using"
            | "when" => Clause::Expressions,
            _ => return,
        };
        self.level.clause = clause;
    }

    fn is_name(&self, token: &Token, before: Option<&Token>, after: Option<&Token>) -> bool {
        let touching = |token: &Token| token.touches;
        let glued_before = token.touches && before.is_some_and(is_part_of_name);
        let glued_after = after.is_some_and(|after| touching(after) && is_part_of_name(after));
        if glued_before || glued_after || self.level.defines.is_some() || is_word(before, "as") {
            return true;
        }
        let begins = before.is_none_or(|before| matches!(before.kind, TokenKind::Word(_) | TokenKind::Sign(',')));
        match self.level.clause {
            Clause::Expressions => false,
            Clause::Names | Clause::Into => begins,
            Clause::Columns => true,
            Clause::Set => begins && after.is_some_and(|after| after.kind == TokenKind::Sign('=')),
        }
    }
}

/// Whether what touches a token of this sort is one name with it.
fn is_part_of_name(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Word(_) | TokenKind::Value(_) | TokenKind::Sign('.'))
}

fn is_word(token: Option<&Token>, word: &str) -> bool {
    token.is_some_and(|token| matches!(&token.kind, TokenKind::Word(found) if found == word))
}

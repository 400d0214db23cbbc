// What a token cannot say by itself: where an entry ends with its line, and where `%` belongs to a number.
//
// An entry ends with its line unless the next line begins with an operator (but `-`), or with a word that goes on: the same rule as in
// `src/syntax/scan/entries.rs`. Lines that end with an operator need no rule here, because no entry can end there.

#include "tree_sitter/parser.h"

#include <string.h>

enum Token { LINE_END, PERCENT, RECOVERING };

// The words that make a line go on the one above it.
static const char *const CONTINUING_WORDS[] = {"and", "or", "in", "contains", "matches", "then", "depends", "when", "where", "else"};

// No word that counts is longer.
#define LONGEST 16

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\r' || c == 0xFEFF; }

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

static bool is_word(int32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; }

// Reads a word; one that is too long comes out empty.
static void read_word(TSLexer *lexer, char *word) {
  size_t length = 0;
  while (is_word(lexer->lookahead)) {
    if (length < LONGEST) word[length] = (char)lexer->lookahead;
    length++;
    advance(lexer);
  }
  word[length <= LONGEST ? length : 0] = '\0';
}

static void skip_blanks(TSLexer *lexer) {
  while (is_blank(lexer->lookahead)) advance(lexer);
}

// Whether the line at hand, behind its blanks, goes on the one above it.
static bool goes_on(TSLexer *lexer) {
  switch (lexer->lookahead) {
  case '+': case '*': case '/': case '%': case '<': case '>': case '.': case '|':
    return true;
  case '-':
    advance(lexer);
    return lexer->lookahead == '>';
  case '=': case '!':
    advance(lexer);
    return lexer->lookahead == '=';
  case '?':
    advance(lexer);
    return lexer->lookahead == '?' || lexer->lookahead == '.';
  case '&':
    advance(lexer);
    return lexer->lookahead == '&';
  default:
    break;
  }
  if (!is_word(lexer->lookahead)) return false;
  char word[LONGEST + 1];
  read_word(lexer, word);
  skip_blanks(lexer);
  if (strcmp(word, "not") == 0) {
    read_word(lexer, word);
    return strcmp(word, "in") == 0;
  }
  // `in: …` is an attribute.
  if (lexer->lookahead == ':') return false;
  for (size_t i = 0; i < sizeof CONTINUING_WORDS / sizeof *CONTINUING_WORDS; i++) {
    if (strcmp(word, CONTINUING_WORDS[i]) == 0) return true;
  }
  return false;
}

static bool line_end(TSLexer *lexer) {
  advance(lexer);
  lexer->mark_end(lexer);
  for (;;) {
    skip_blanks(lexer);
    if (lexer->lookahead == '\n') {
      advance(lexer);
    } else if (lexer->lookahead == '#') {
      while (lexer->lookahead != '\n' && !lexer->eof(lexer)) advance(lexer);
    } else {
      break;
    }
  }
  lexer->result_symbol = LINE_END;
  return !goes_on(lexer);
}

// `80%` and `0.5%`, where no operand touches the sign: `10%3` is a remainder.
static bool percent(TSLexer *lexer) {
  while (is_digit(lexer->lookahead) || lexer->lookahead == '_') advance(lexer);
  if (lexer->lookahead == '.') {
    advance(lexer);
    if (!is_digit(lexer->lookahead)) return false;
    while (is_digit(lexer->lookahead) || lexer->lookahead == '_') advance(lexer);
  }
  if (lexer->lookahead != '%') return false;
  advance(lexer);
  lexer->mark_end(lexer);
  lexer->result_symbol = PERCENT;
  int32_t next = lexer->lookahead;
  return !is_word(next) && next != '(' && next != '"' && next != '\'';
}

void *tree_sitter_wf_external_scanner_create(void) { return NULL; }

void tree_sitter_wf_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_wf_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}

void tree_sitter_wf_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

bool tree_sitter_wf_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  if (valid[RECOVERING]) return false;
  while (is_blank(lexer->lookahead) || (lexer->lookahead == '\n' && !valid[LINE_END])) lexer->advance(lexer, true);
  if (valid[LINE_END] && lexer->lookahead == '\n') return line_end(lexer);
  if (valid[PERCENT] && is_digit(lexer->lookahead)) return percent(lexer);
  return false;
}

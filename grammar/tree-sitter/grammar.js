// The syntax of `.wf` for editors. `../wf.pest` is the definition; this grammar says the same for files that check, and goes on
// behind what does not. `tests/editors/tree_sitter.rs` holds it to the compiler.

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// As in the Pratt parser of `src/syntax/parse/expression.rs`, weakest first.
const PRECEDENCE = {
  conditional: 0,
  or: 1,
  and: 2,
  not: 3,
  compare: 4,
  default: 5,
  range: 6,
  add: 7,
  multiply: 8,
  negate: 9,
  as: 10,
  postfix: 11,
};

// What begins an entry of a body may be called as an attribute, too.
const ENTRY_WORDS = [
  "param", "secret", "let", "output", "step", "if", "stage", "parallel", "for", "repeat", "rollback", "checkpoint", "commit",
  "timeout", "retry", "expect", "reads", "no", "undo", "on", "fail", "cache", "lock", "estimate", "finally", "trigger", "run", "mock",
];

const DIGITS = /[0-9](_?[0-9])*/;

/** Elements with commas or line breaks between them. */
const listed = ($, rule) => optional(seq(rule, repeat(seq($._separator, rule)), optional($._separator)));

/** Words in a row. */
const words = (text) => seq(...text.split(" "));

module.exports = grammar({
  name: "wf",

  word: ($) => $.identifier,

  // The end of an entry, or of an element between brackets; `80%`, where no operand touches it; never valid but while an error is
  // recovered from.
  externals: ($) => [$._line_end, $.percent, $._recovering],

  extras: ($) => [/[ \t\r\n\uFEFF]/, $.comment, $.doc_comment],

  supertypes: ($) => [$.expression, $.type],

  conflicts: ($) => [[$.depends], [$._label, $.attribute]],

  rules: {
    source_file: ($) => seq(repeat($._end), optional(seq($._item, repeat(seq(repeat1($._end), $._item)), repeat($._end)))),

    _end: ($) => choice($._line_end, ","),
    _separator: ($) => choice(",", seq($._line_end, optional(","))),

    comment: () => token(seq("#", /[^\n]*/)),
    doc_comment: () => token(prec(1, seq("##", /[^\n]*/))),
    identifier: () => /[A-Za-z_][A-Za-z0-9_]*/,

    // ------------------------------------------------------------------------------------------------------------- items

    _item: ($) => choice($.use, $.type_declaration, $.let, $.workflow, $.test),

    use: ($) =>
      seq(
        "use",
        field("module", choice($.string, $.module)),
        optional(seq("as", field("alias", $.identifier))),
        optional(seq("(", commaed(field("name", $.identifier)), optional(","), ")")),
      ),
    module: ($) => seq($.identifier, repeat(seq(".", $.identifier))),
    type_declaration: ($) => seq("type", field("name", $.identifier), "=", field("type", $.type)),
    workflow: ($) => seq("workflow", field("name", $.identifier), field("body", $.body)),
    test: ($) => seq("test", field("name", $.string), field("body", $.body)),

    body: ($) => seq("{", repeat($._end), optional(seq($._entry, repeat(seq(repeat1($._end), $._entry)), repeat($._end))), "}"),

    _entry: ($) => choice($._declaration, $._statement, $._clause, $.handler, $.trigger, $.run, $.mock, $.attribute),

    // ------------------------------------------------------------------------------------------------------ declarations

    _declaration: ($) => choice($.param, $.secret, $.let, $.output),

    param: ($) =>
      seq("param", field("name", $.identifier), optional($._declared_type), optional($._declared_value), optional($.where)),
    let: ($) => seq("let", field("name", $.identifier), optional($._declared_type), $._declared_value),
    output: ($) => seq("output", field("name", $.identifier), optional($._declared_type), $._declared_value),
    secret: ($) =>
      seq("secret", field("name", $.identifier), "from", $.secret_source, repeat(seq("or", optional("from"), $.secret_source))),
    secret_source: ($) => choice(seq(choice("env", "file"), $.string), seq("command", $.list)),
    where: ($) => seq("where", $.expression),
    _declared_type: ($) => seq(":", field("type", $.type)),
    _declared_value: ($) => seq("=", field("value", $.expression)),

    // -------------------------------------------------------------------------------------------------------- statements

    _statement: ($) => choice($.step, $.if, $.stage, $.parallel, $.for, $.repeat, $.rollback, $.checkpoint, $.commit),

    step: ($) => seq("step", field("name", $.identifier), ":", $._invocation, optional(field("body", $.body))),
    _invocation: ($) => prec.right(seq(field("kind", $.callee), repeat(choice(field("main", $._main), $.decode, $.depends, $.when)))),
    callee: ($) => seq($.identifier, optional(seq(".", $.identifier))),
    _main: ($) => choice($.string, $._number, $.list, $.parenthesised, alias($._negative, $.unary)),
    _negative: ($) => seq("-", $._number),
    decode: ($) => seq("->", field("type", $.type)),
    depends: ($) => seq("depends", "on", choice("nothing", commaed(field("on", $.identifier)))),
    when: ($) => seq("when", field("condition", $.expression)),

    _label: ($) => seq(field("name", $.identifier), ":"),
    _block_parts: ($) => repeat1(choice($.depends, $.when)),
    if: ($) =>
      seq(
        optional($._label),
        "if",
        field("condition", $.expression),
        optional($._block_parts),
        field("body", $.body),
        repeat($.else_if),
        optional($.else),
      ),
    else_if: ($) => seq("else", "if", field("condition", $.expression), field("body", $.body)),
    else: ($) => seq("else", field("body", $.body)),
    stage: ($) => seq(optional($._label), "stage", optional($._block_parts), field("body", $.body)),
    parallel: ($) => seq(optional($._label), $._concurrency, optional($._block_parts), field("body", $.body)),
    for: ($) =>
      seq(
        optional($._label),
        "for",
        "each",
        commaed($.iterator),
        optional($._concurrency),
        optional($._block_parts),
        field("body", $.body),
      ),
    repeat: ($) =>
      seq(
        optional($._label),
        "repeat",
        "until",
        field("condition", $.expression),
        optional($._pause),
        "max",
        field("max", $.expression),
        "times",
        optional($._block_parts),
        field("body", $.body),
      ),
    iterator: ($) =>
      seq(optional(seq(field("index", $.identifier), ",")), field("item", $.identifier), "in", field("list", $.expression)),
    _concurrency: ($) =>
      seq("parallel", optional(seq("wait", choice("all", "any", "first"))), optional(seq("max", field("max", $.expression)))),
    _pause: ($) => seq("pause", $.expression),

    rollback: ($) => $._rollback,
    _rollback: ($) => prec.right(seq("rollback", optional(choice("manually", seq("to", field("to", $.identifier)))))),
    checkpoint: ($) => seq("checkpoint", field("name", $.identifier)),
    commit: () => "commit",

    // ----------------------------------------------------------------------------------------------------------- clauses

    _clause: ($) =>
      choice(
        $.timeout,
        $.retry,
        $.expect,
        $.reads_only,
        $.no_undo,
        $.undo,
        $.continue,
        $.fail_fast,
        $.cache,
        $.lock,
        $.estimate,
        $.on_unknown,
      ),

    timeout: ($) => seq("timeout", $.expression),
    estimate: ($) => seq("estimate", $.expression),
    retry: ($) =>
      seq(
        "retry",
        $.expression,
        "times",
        repeat(choice($._pause, seq("backoff", $.expression, "to", $.expression), seq("within", $.expression), $.when)),
      ),
    expect: ($) => seq("expect", field("condition", $.expression), optional(seq("else", $.expression))),
    reads_only: () => words("reads only"),
    no_undo: ($) => seq("no", "undo", $.string),
    undo: ($) => seq("undo", $._invocation, optional(field("body", $.body))),
    continue: ($) => seq("on", "failure", "continue", optional($.when)),
    fail_fast: () => words("fail fast"),
    cache: ($) => seq("cache", "inputs", $.expression, "outputs", $.expression, optional(seq("key", $.expression))),
    lock: ($) =>
      seq("lock", $.expression, optional(seq("max", $.expression)), optional(seq("else", choice("skip", "fail")))),
    on_unknown: ($) =>
      seq(
        "on",
        "unknown",
        choice("rerun", "done", "fail", "ask", seq("check", $._invocation, optional(field("body", $.body)))),
      ),

    handler: ($) =>
      seq(
        choice(seq("on", choice(seq("failure", optional(seq("or", "cancel"))), "success", "cancel")), "finally"),
        choice(field("body", $.body), seq(alias($._rollback, $.rollback), optional(field("body", $.body)))),
      ),
    trigger: ($) =>
      seq("trigger", field("kind", $.identifier), $.string, repeat($.trigger_option), optional(field("body", $.body))),
    trigger_option: ($) =>
      seq(choice(words("catch up"), words("signed by"), "timezone", "overlap", "settle", "with"), $.expression),

    // ------------------------------------------------------------------------------------------------------------- tests

    run: ($) => seq("run", field("workflow", $.identifier), optional(seq("with", $.expression))),
    mock: ($) =>
      seq(
        "mock",
        field("step", $.expression),
        choice(
          seq("succeeds", optional(seq("with", $.expression))),
          seq("fails", optional($.string), optional(seq($._number, "times"))),
          words("times out"),
          "crashes",
          seq("gives", $.expression),
        ),
        optional(seq("after", $.expression)),
      ),

    attribute: ($) =>
      seq(
        field("name", choice($.identifier, ...ENTRY_WORDS.map((word) => alias(word, $.identifier)))),
        ":",
        field("value", $.expression),
      ),

    // ------------------------------------------------------------------------------------------------------- expressions

    expression: ($) =>
      choice(
        $.conditional,
        $.binary,
        $.unary,
        $.as,
        $.member,
        $.index,
        $.call,
        $.string,
        $._number,
        $.constant,
        $.identifier,
        $.list,
        $.record,
        $.parenthesised,
      ),

    conditional: ($) =>
      prec.right(PRECEDENCE.conditional, seq("if", $.expression, "then", $.expression, "else", $.expression)),
    binary: ($) =>
      choice(
        ...[
          [PRECEDENCE.or, choice("or", "||")],
          [PRECEDENCE.and, choice("and", "&&")],
          [PRECEDENCE.compare, choice("==", "!=", "<", "<=", ">", ">=", "in", seq("not", "in"), "contains", "matches")],
          [PRECEDENCE.default, "??"],
          [PRECEDENCE.range, ".."],
          [PRECEDENCE.add, choice("+", "-")],
          [PRECEDENCE.multiply, choice("*", "/", "%")],
        ].map(([precedence, operator]) =>
          prec.left(precedence, seq(field("left", $.expression), field("operator", operator), field("right", $.expression))),
        ),
      ),
    unary: ($) =>
      choice(
        prec(PRECEDENCE.not, seq(choice("not", "!"), $.expression)),
        prec(PRECEDENCE.negate, seq("-", $.expression)),
      ),
    as: ($) => prec(PRECEDENCE.as, seq($.expression, "as", field("type", $.type))),
    member: ($) =>
      prec.right(
        PRECEDENCE.postfix,
        seq(
          field("object", $.expression),
          choice(".", "?."),
          field("field", $.identifier),
          optional(field("arguments", $.arguments)),
        ),
      ),
    index: ($) => prec(PRECEDENCE.postfix, seq(field("object", $.expression), token.immediate("["), $.expression, "]")),
    call: ($) => prec(PRECEDENCE.postfix, seq(field("function", $.identifier), field("arguments", $.arguments))),
    arguments: ($) => seq(token.immediate("("), listed($, $.expression), ")"),
    constant: () => choice("true", "false", "null"),
    parenthesised: ($) => seq("(", $.expression, ")"),
    list: ($) =>
      seq("[", choice(listed($, $.expression), seq($.expression, $.comprehension, optional($._line_end))), "]"),
    comprehension: ($) =>
      seq(
        "for",
        optional(seq(field("index", $.identifier), ",")),
        field("item", $.identifier),
        "in",
        field("list", $.expression),
        optional(seq("if", field("condition", $.expression))),
      ),
    record: ($) => seq("{", listed($, $.pair), "}"),
    pair: ($) => seq(field("key", choice($.string, $.identifier)), ":", field("value", $.expression)),

    // ---------------------------------------------------------------------------------------------------------- literals

    _number: ($) => choice($.duration, $.size, $.percent, $.float, $.integer),
    duration: () => token(prec(1, repeat1(seq(DIGITS, choice("ms", "d", "h", "m", "s"))))),
    size: () => token(prec(1, seq(DIGITS, choice("GB", "MB", "KB", "B")))),
    float: () => token(seq(DIGITS, ".", DIGITS)),
    integer: () => token(DIGITS),

    string: ($) =>
      choice(
        seq('"', repeat(choice($._double_text, $.escape, $.interpolation)), token.immediate('"')),
        seq('"""', repeat(choice($._block_text, $.block_escape, $.interpolation)), token.immediate('"""')),
        seq("'", optional(alias(token.immediate(prec(2, /[^'\n]+/)), $.content)), token.immediate("'")),
        seq("'''", optional(alias(token.immediate(prec(2, /([^']|'[^']|''[^'])+/)), $.content)), token.immediate("'''")),
      ),
    _double_text: ($) => prec.right(repeat1(alias(choice(token.immediate(prec(2, /[^"$\\\n]+/)), token.immediate("$")), $.content))),
    _block_text: ($) =>
      prec.right(
        repeat1(alias(choice(token.immediate(prec(2, /[^"$\\]+/)), token.immediate(/""?/), token.immediate("$"), token.immediate("\\")), $.content)),
      ),
    escape: () => token.immediate(choice(/\\u\{[^}"\n]*\}/, /\\[^\n]/)),
    block_escape: () => token.immediate("\\${"),
    interpolation: ($) => seq(token.immediate("${"), $.expression, "}"),

    // ------------------------------------------------------------------------------------------------------------- types

    type: ($) =>
      choice($.named_type, $.literal_type, $.list_type, $.map_type, $.record_type, $.union_type, $.optional_type, $.parenthesised_type),
    named_type: ($) => $.identifier,
    literal_type: ($) => $.string,
    list_type: ($) => seq("[", $.type, "]"),
    map_type: ($) => seq("[", field("key", $.identifier), ":", field("value", $.type), "]"),
    record_type: ($) => seq("{", listed($, $.type_field), "}"),
    type_field: ($) => seq(field("name", $.identifier), ":", field("type", $.type)),
    union_type: ($) => prec.left(1, seq($.type, "|", $.type)),
    optional_type: ($) => prec.left(seq($.type, "?")),
    parenthesised_type: ($) => seq("(", $.type, ")"),
  },
});

/** At least one, with commas between them. */
function commaed(rule) {
  return seq(rule, repeat(seq(",", rule)));
}

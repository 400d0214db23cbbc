//! Tests of the reading of shell text.

use super::script;
use wf_model::diagnostic::Diagnostic;
use wf_model::expression::{Expression, ExpressionKind, Function, Place};
use wf_model::script::{Script, ScriptPart, ScriptPlace};
use wf_model::span::{SourceId, Span};
use wf_model::types::Type;
use wf_model::value::Value;
use wf_syntax::ast::{self, Quotes, Text, TextPart};

/// A text in which `‹name›` is a value; one called `list` is a list, one called `raw` is `raw(…)`.
pub(super) fn text(written: &str) -> (Text, Vec<(Expression, Span)>) {
    let mut parts = Vec::new();
    let mut values = Vec::new();
    let mut offset = 0;
    for piece in written.split_inclusive(['‹', '›']) {
        let content = piece.trim_end_matches(['‹', '›']);
        let span = Span::new(SourceId(0), offset, offset + content.len());
        offset += content.len();
        if piece.ends_with('›') {
            let expression = ast::Expression { kind: ast::ExpressionKind::Name(content.into()), span };
            parts.push(TextPart::Value { expression, span });
            values.push((value(content, span), span));
        } else if !content.is_empty() {
            parts.push(TextPart::Literal { text: content.to_owned(), span });
        }
    }
    (Text { quotes: Quotes::Double, parts }, values)
}

fn value(name: &str, span: Span) -> Expression {
    let type_ = if name == "list" { Type::list(Type::String) } else { Type::String };
    let literal = Expression { kind: ExpressionKind::Literal(Value::string(name)), type_, span };
    if name != "raw" {
        return literal;
    }
    let kind = ExpressionKind::Call(Function::Raw, vec![literal], Place(0));
    Expression { kind, type_: Type::String, span }
}

pub(super) fn read(written: &str, shell: Option<&str>) -> (Script<Expression>, Vec<Diagnostic>) {
    let (text, values) = text(written);
    let mut diagnostics = Vec::new();
    let script = script(&text, values, shell, &mut diagnostics);
    (script, diagnostics)
}

/// The places of all values, `b`, `q` or `r`.
fn places(script: &Script<Expression>) -> String {
    let place = |part: &ScriptPart<Expression>| match part {
        ScriptPart::Literal(_) => None,
        ScriptPart::Value { place: ScriptPlace::Bare, .. } => Some('b'),
        ScriptPart::Value { place: ScriptPlace::Quoted, .. } => Some('q'),
        ScriptPart::Value { place: ScriptPlace::Raw, .. } => Some('r'),
    };
    script.parts.iter().filter_map(place).collect()
}

fn slugs(diagnostics: &[Diagnostic]) -> Vec<&'static str> {
    diagnostics.iter().map(|found| found.slug).collect()
}

/// The text with the fix applied.
fn mended(written: &str, found: &Diagnostic) -> String {
    let mut text = written.replace(['‹', '›'], "");
    let mut edits = found.fix.clone().expect("a fix").edits;
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    edits.iter().for_each(|edit| text.replace_range(edit.span.range(), &edit.replacement));
    text
}

/// Texts with the places of their values.
const TAKEN: &[(&str, &str)] = &[
    ("echo ‹x›", "b"),
    ("‹x›", "b"),
    ("‹x› a", "b"),
    ("echo a‹x›b‹y›", "bb"),
    ("echo \"a ‹x›\" ‹y›", "qb"),
    ("echo \"$(cat ‹x›)\" ‹y›", "bb"),
    ("echo \"$(cat \"‹x›\")‹y›\"", "qq"),
    ("echo \"it's ‹x›\"", "q"),
    ("echo \"a\\\"‹x›\"", "q"),
    ("echo a\\\\‹x›", "b"),
    ("echo \"$\"‹x› '$'‹y›", "bb"),
    ("echo 'it'‹x›'s'", "b"),
    ("x=‹x›", "b"),
    ("x=a\"‹x›\" y=‹y› cmd ‹z›", "qbb"),
    ("export x=‹x›; local y=\"‹y›\"", "bq"),
    ("a[1]=‹x›", "b"),
    ("a=(‹x› ‹list› \"‹y›\") b=1", "bbq"),
    ("a=([1]=‹x›)", "b"),
    ("cat <‹x› >>\"‹y›\" 2>‹z›", "bqb"),
    ("cat <<< ‹x›; cat <<<\"‹y›\"", "bq"),
    ("cat <<END\na ‹x› 'b ‹y›' \"‹z›\"\nEND\necho ‹w›", "qqqb"),
    ("cat <<-END\n\t‹x›\n\tEND\necho ‹w›", "qb"),
    ("cat <<A <<B\n‹x›\nA\n$(cat ‹y›)\nB\necho ‹w›", "qbb"),
    ("(cat <<A)\n‹x›\nA\n", "q"),
    ("x=$(cat <<A\n‹x›\nA\n) ‹y›", "qb"),
    ("cat <<A; x=$(cat <<B\n‹y›\nB\n)\n‹x›\nA\n‹z›", "qqb"),
    ("cat <<A\n$(cat <<B\n‹y›\nB\n)‹x›\nA\n‹z›", "qqb"),
    ("case ‹x› in ‹y›) a;; (b|‹z›*) echo ‹w›;; esac; echo ‹v›", "bbbbb"),
    ("echo $(case ‹x› in a) echo b;; *) echo ‹y›; esac) ‹z›", "bbb"),
    ("case x in esac; echo ‹x›", "b"),
    ("case x in a) case y in b) echo ‹x›;; esac;; c) echo ‹y›;; esac | cat ‹z›", "bbb"),
    ("[[ ‹x› == ‹y› && -n \"‹z›\" ]] && echo ‹w›", "bbqb"),
    ("[[ $a =~ ^(a|b)$ ]] && echo ‹x›", "b"),
    ("f() { echo ‹x›; }; f ‹y›", "bb"),
    ("function f { echo ‹x›; }\nf ‹y›", "bb"),
    ("if [ ‹x› = \"‹y›\" ]; then echo ‹z›; fi", "bqb"),
    ("for i in ‹list› ‹x›; do echo ‹y› $i; done > ‹z›", "bbbb"),
    ("while read -r l; do echo ‹x›; done < ‹y›", "bb"),
    ("echo $((1 + $(wc -l < ‹x›)))", "b"),
    ("echo $# ‹x› ${#} ‹y› a#‹z›", "bbb"),
    ("echo ${x:-a} ‹x› \"${x#'}'}\" ‹y› \"${x:-'}\" ‹z›", "bbb"),
    ("diff <(sort ‹x›) >(cat ‹y›) ‹z›", "bbb"),
    ("ls @(a|‹x›)b ‹y›", "bb"),
    ("(cd ‹x› && ls ‹y›) | sort ‹z› & wait", "bbb"),
    ("awk -v x=‹x› '{print x}' ‹y›", "bb"),
    ("awk -f p.awk ‹y›", "b"),
    ("jq --arg x ‹x› '.[$x]' ‹y›", "bb"),
    ("sh -c 'echo \"$1\"' sh ‹x› ‹list›", "bb"),
    ("bash -euo pipefail -c 'echo \"$1\"' bash ‹x›", "b"),
    ("python3 -c 'import sys' ‹x›; python3 a.py ‹y›; python3 -m m ‹z›", "bbb"),
    ("perl -ne 'print' ‹x›; perl -Mre -i.bak -pe 's/a/b/' ‹y›", "bb"),
    ("sed -e s/a/b/ ‹x›; sed -n 1p ‹y›; sed -i -f s.sed ‹z›", "bbb"),
    ("ssh ‹x› uptime; ssh -i ‹y› -p 22 h uptime", "bb"),
    ("find ‹x› -name ‹y› -exec grep ‹z› {} \\; -print", "bbb"),
    ("xargs -I ‹x› sh -c 'echo \"$1\"' sh ‹y›", "bb"),
    ("sudo -u ‹x› env A=‹y› timeout 5 cmd ‹z›", "bbb"),
    ("docker run -e A=‹x› image sh -c 'echo \"$1\"' sh ‹y›", "bb"),
    ("bash -s -- ‹x› < script; printf %s ‹y› | ssh h 'cat > f'", "bb"),
    ("echo ‹x› | python3 -c 'import sys'", "b"),
    ("eval ‹raw›; echo '‹raw›'", "rr"),
    ("echo \\\n‹x›", "b"),
    ("echo a;#c\necho ‹x›", "b"),
    ("echo ‹x›; { echo a; } | sh; (echo b) | sh; if c; then d; fi | sh", "b"),
    ("{ echo ‹x›; } | cat; echo a | sh; (echo ‹x›); sh f", "bb"),
    ("eval \"$(ssh-agent -s)\"; eval \"$(generate ‹x› | sort)\"; bash <(generate ‹x›)", "bb"),
    ("bash f <(echo ‹x›); diff <(echo ‹x›) <(echo ‹y›); sh -c 'cat \"$1\"' sh <(echo ‹x›)", "bbbb"),
    ("v=$(echo ‹x›); echo \"${v}$(echo ‹y›)\" | sort", "bb"),
    ("echo $[1 + 1]‹x› '$['‹y› \"$[a[1]]‹z›\"", "bbq"),
    ("printf '%s\\n' ‹x› ‹list›", "bb"),
    ("./configure --prefix=‹x›", "b"),
    ("‹list›", "b"),
    ("echo {a,‹x›}", "b"),
    ("! grep -q ‹x› f || { echo ‹y›; }", "bb"),
];

#[test]
fn places_that_take_values() {
    let mut wrong = Vec::new();
    for (written, expected) in TAKEN {
        let (script, diagnostics) = read(written, Some("/bin/bash"));
        if !diagnostics.is_empty() || places(&script) != *expected {
            wrong.push((written, slugs(&diagnostics), places(&script)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Each slug with texts that have exactly this finding.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "interpolation-in-quotes",
        &[
            "echo '‹x›'",
            "echo 'a ‹x› b'",
            "echo $'a\\'‹x›'",
            "echo \"$(echo '‹x›')\"",
            "cat <<'END'\n‹x›\nEND\n",
            "cat <<\\END\n‹x›\nEND\n",
            "cat <<\"END\"\n‹x›\nEND\n",
            "cat <<-'END'\n\t‹x›\n\tEND\n",
        ],
    ),
    (
        "interpolation-in-code",
        &[
            "eval ‹x›",
            "eval \"echo ‹x›\"",
            "eval 'echo ‹x›'",
            "eval echo a ‹x›",
            "sh -c ‹x›",
            "sh -c \"echo ‹x›\"",
            "sh -c 'echo ‹x›'",
            "/usr/bin/bash -euo pipefail -c \"‹x›\"",
            "bash -lc \"‹x›\"",
            "dash -c -e ‹x›",
            "busybox sh -c ‹x›",
            "zsh -c ‹x›",
            "su - user -c \"ls ‹x›\"",
            "su -c \"ls ‹x›\" user",
            "ssh host \"ls ‹x›\"",
            "ssh host ls ‹x›",
            "ssh -i key -p 22 u@h ls ‹x›",
            "ssh h 'ls ‹x›'",
            "awk '{ print \"‹x›\" }' f",
            "awk -F: -v a=1 \"{ print ‹x› }\" f",
            "gawk -e '‹x›'",
            "sed s/a/‹x›/ f",
            "sed -i -e \"s/a/‹x›/\" f",
            "sed -n --expression=‹x› f",
            "sed -e‹x› f",
            "sed s/a/b/ f -e ‹x›",
            "jq \".‹x›\" f",
            "jq -r '.‹x›' f",
            "jq --arg a b .a.‹x›",
            "yq \".‹x›\" f",
            "perl -e \"‹x›\"",
            "perl -lane '‹x›'",
            "perl -pi -e ‹x› f",
            "python3 -c \"print('‹x›')\"",
            "python3.12 -c \"‹x›\"",
            "node -e \"‹x›\"",
            "node --eval=‹x›",
            "ruby -e '‹x›'",
            "php -r ‹x›",
            "psql -c \"select '‹x›'\"",
            "psql --command=‹x›",
            "mysql -e \"‹x›\" db",
            "sqlite3 f.db \"‹x›\"",
            "xargs sh -c \"‹x›\"",
            "xargs -0 -I{} sh -c '‹x› {}'",
            "find . -exec sh -c \"‹x›\" \\;",
            "find . -name a -exec grep b {} + -exec bash -c ‹x› \\;",
            "env A=b sh -c ‹x›",
            "env -u A -i sh -c ‹x›",
            "sudo -u root sh -c ‹x›",
            "A=b sudo -E nohup nice -n 5 sh -c ‹x›",
            "timeout -k 5 10 sh -c ‹x›",
            "command eval ‹x›",
            "exec -a n sh -c ‹x›",
            "if ! sh -c ‹x›; then :; fi",
            "docker exec -it c sh -c \"‹x›\"",
            "kubectl exec pod -- bash -c \"‹x›\"",
            "docker run --rm python:3 python -c \"‹x›\"",
            "trap 'rm ‹x›' EXIT",
            "trap \"rm ‹x›\" EXIT",
            "alias a=‹x›",
            "compgen -W ‹x›",
            "compgen -A file -C \"‹x›\" a",
            "complete -C ‹x› a",
            "PS4=‹x›",
            "PS4+=\"a ‹x›\" b",
            "export BASH_ENV=‹x›",
            "env A=b BASH_ENV=‹x› bash f",
            "let a=‹x›",
            "watch ls ‹x›",
            "2>log sh -c ‹x›",
            "echo a | sh -c ‹x›",
            "sh <<END\necho ‹x›\nEND\n",
            "ssh host <<END\necho ‹x›\nEND\n",
            "bash -s a <<'END'\necho ‹x›\nEND\n",
            "sudo python3 - <<END\n‹x›\nEND\n",
            "<<END psql db\n‹x›\nEND\n",
            "bash <<< \"echo ‹x›\"",
            "bash <<< ‹x›",
            "echo \"ls ‹x›\" | sh",
            "printf %s ‹x› | sudo bash",
            "cat <<END | ssh host\n‹x›\nEND\n",
            "{ echo a; echo ‹x›; } | sh",
            "(echo a; (echo ‹x›)) | sh",
            "if a; then echo ‹x›; else echo b; fi | ssh host",
            "for i in ‹list›; do { printf '%s' ‹x›; }; done | sh",
            "case a in a) echo ‹x›;; b) ;; esac | sh",
            "case a in a) echo a;; b) echo ‹x›\nesac | sh",
            "echo ‹x› | sort | tee f | sh",
            "eval \"$(echo ‹x›)\"",
            "eval $(printf 'v=%s' \"‹x›\")",
            "sh -c \"a; $(echo a; { echo ‹x›; })\"",
            "ssh host \"$(cat <<< ‹x›)\"",
            "echo \"$(echo ‹x›)\" | sh",
            "sh <<END\na $(echo ‹x›)\nEND\n",
            "sh <<< \"$(echo ‹x›)\"",
            "bash <(echo ‹x›)",
            "bash -eu <(echo a; echo ‹x›) b",
            ". <(echo ‹x›)",
            "source <(cat <<< ‹x›)",
            "python3 <(echo ‹x›)",
            "awk -f <(echo ‹x›) g",
            "echo $((1 + $(echo ‹x›)))",
            "echo $((‹x› + 1))",
            "echo $[‹x› + 1]",
            "echo \"a $[b[1] + $(echo ‹x›)]\"",
            "echo \"$[\"$[1] ‹x›",
            "echo $(( (1 + ‹x›) * 2 ))",
            "((a = ‹x›))",
            "for ((i = 0; i < ‹x›; i++)); do :; done",
            "a[‹x›]=1",
            "a=([‹x›]=1)",
            "[[ ‹x› -eq 1 ]]",
            "[[ 1 -lt \"‹x›\" ]]",
            "declare -i a=‹x›",
        ],
    ),
    ("interpolation-in-comment", &["# ‹x›", "echo a # '‹x›"]),
    (
        "interpolation-carried",
        &[
            "v=‹x›; echo $((v + 1))",
            "v=a\"‹x›\"; ((v > 1))",
            "v=‹x›; echo \"$(( $v ))\" \"$(( ${v} ))\"",
            "v=‹x›; w=$v; u=\"a${w}\"; [[ $u -gt 1 ]]",
            "export v=‹x›; echo $[1 + $v]",
            "f() { local v=‹x›; let w=$v; }",
            "for v in a ‹x› b; do echo $((v)); done",
            "for v in ‹list›; do eval \"$v\"; done",
            "a=(‹x›); sh -c \"echo ${a[0]}\"",
            "v=$(echo ‹x›); ssh host \"ls $v\"",
            "v+=‹x›; echo \"$v\" | sh",
            "v=‹x›; bash <<< $v",
            "v=‹x›; sh <<END\nls $v\nEND\n",
            "v=‹x›; trap \"rm $v\" EXIT",
            "declare -i v; v=‹x›",
            "f() { local -i v=1; }; v=‹x›",
            "declare -n r=$v; v=‹x›",
            "v=‹x›; PS4=$v",
        ],
    ),
    ("interpolation-in-delimiter", &["cat <<‹x›\n"]),
    ("interpolation-in-backticks", &["echo `cat ‹x›`", "echo \"`cat \\`ls ‹x›\\``\""]),
    (
        "interpolation-in-expansion",
        &["echo ${a:-‹x›}", "echo \"${a:-‹x›}\"", "echo \"${a:-\"‹x›\"}\"", "echo ${a#'‹x›'}", "cat <<END\n${a:-‹x›}\nEND\n"],
    ),
    (
        "interpolation-in-name",
        &[
            "‹x›=1",
            "a‹x›b=1",
            "‹x›+=1",
            "export ‹x›=1",
            "export ‹x›",
            "read -r ‹x›",
            "unset \"‹x›\"",
            "printf -v ‹x› a",
            "[ -v ‹x› ]",
            "[[ -v ‹x› ]]",
            "for ‹x› in a; do :; done",
        ],
    ),
    ("interpolation-in-pattern", &["[[ a =~ ‹x› ]]", "[[ a =~ ^(\"‹x›\"|b)$ ]]"]),
    ("interpolation-escaped", &["echo $‹x›", "echo \"$‹x›\"", "echo \\‹x›", "echo \"\\‹x›\"", "cat <<END\n\\‹x›\nEND\n"]),
    (
        "interpolation-of-list",
        &[
            "echo a‹list›",
            "echo \"‹list›\"",
            "a=‹list›",
            "export a=‹list›",
            "cat < ‹list›",
            "cat <<END\n‹list›\nEND\n",
            "case ‹list› in a) ;; esac",
            "[[ ‹list› = a ]]",
        ],
    ),
];

#[test]
fn places_that_take_none_are_reported() {
    let mut wrong = Vec::new();
    for (slug, texts) in REFUSED {
        for text in *texts {
            let (_, diagnostics) = read(text, Some("bash"));
            if slugs(&diagnostics) != [*slug] {
                wrong.push((text, slugs(&diagnostics), slug));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn text_that_does_not_end_is_reported_where_it_begins() {
    for (written, slug_at, message) in [
        ("echo 'a ", 5, "`'` of the shell text does not end"),
        ("echo \"a $b", 5, "`\"` of the shell text does not end"),
        ("echo $(ls", 5, "`$(` of the shell text does not end"),
        ("echo `ls", 5, "``` of the shell text does not end"),
        ("echo ${a", 5, "`${` of the shell text does not end"),
        ("echo $((1", 5, "`((` of the shell text does not end"),
        ("(ls", 0, "`(` of the shell text does not end"),
        ("[[ a", 2, "`[[` of the shell text does not end"),
        ("cat <<END\na\n END", 4, "a here-document of the shell text does not end"),
        ("cat <<END", 4, "a here-document of the shell text does not end"),
        ("ls )", 3, "a `)` of the shell text closes nothing"),
        ("echo $((ls); (ls))", 5, "`((` of the shell text is not closed by `))`"),
    ] {
        let (_, diagnostics) = read(written, Some("sh"));
        let found = diagnostics.first().unwrap_or_else(|| panic!("{written}"));
        assert_eq!((found.slug, found.message.as_str()), ("shell-syntax", message), "{written}");
        assert_eq!(found.primary.span.start, slug_at, "{written}");
    }
}

#[test]
fn quotes_are_closed_around_a_value() {
    for (written, expected) in [
        ("echo 'a ‹x› b'", "echo 'a 'x' b'"),
        ("echo '‹x›'", "echo x"),
        ("echo '‹x›' '‹y›!'", "echo x '‹y›!'"),
        ("echo $'a\\t‹x›!'", "echo $'a\\t'x$'!'"),
    ] {
        let (_, diagnostics) = read(written, Some("bash"));
        let mended = mended(written, diagnostics.first().unwrap());
        assert_eq!(mended, expected.replace(['‹', '›'], ""), "{written}");
    }
    let (_, diagnostics) = read("cat <<'E'\n‹x›\nE\n", Some("bash"));
    assert_eq!(diagnostics.first().unwrap().fix, None, "a delimiter without quotes changes the rest of the text as well");
}

#[test]
fn help_shows_how_the_value_is_passed() {
    for (written, expected) in [
        ("awk '/‹version›/'", "Pass it as a variable: `awk -v version=${version} '… version …'`."),
        ("jq '.‹key›'", "Pass it as a variable: `jq --arg key ${key} '… $key …'`."),
        ("bash -c 'ls ‹dir›'", "Pass it as an argument: `sh -c '… \"$1\" …' sh ${dir}`."),
        ("eval \"‹x›\"", "Set a variable first, `x=${x}`, and let the text name it: `eval '… \"$x\" …'`."),
        ("ls a‹list›", "Join it to one text, `${list.join(\" \")}`, or let it stand alone, outside quotes."),
    ] {
        let (_, diagnostics) = read(written, Some("sh"));
        assert_eq!(diagnostics.first().and_then(|found| found.help.as_deref()), Some(expected), "{written}");
    }
}

#[test]
fn other_shells_take_no_values() {
    for shell in [None, Some("fish"), Some("/usr/bin/pwsh"), Some("busybox awk")] {
        let (script, diagnostics) = read("echo ‹x› ‹raw› '‹y›'", shell);
        assert_eq!(
            (slugs(&diagnostics).as_slice(), places(&script).as_str()),
            (["shell-unknown"].as_slice(), "qrq"),
            "{shell:?}"
        );
        assert!(read("echo 'a ‹raw›", shell).1.is_empty(), "{shell:?}: its quoting is its own");
    }
    for shell in ["sh", "/bin/bash", "/bin/busybox sh", "dash", "zsh"] {
        assert!(read("echo ‹x›", Some(shell)).1.is_empty(), "{shell}");
    }
}

#[test]
fn text_for_sh_that_needs_bash_is_told_so() {
    for (written, place, what) in [
        ("[[ a = b ]] && ls", 0..2, "`[[ … ]]`"),
        ("if [[ -f a ]]; then ls; fi; [[ b ]]", 3..5, "`[[ … ]]`"),
        ("ls; source env.sh", 4..10, "`source`"),
        ("a=(1 2)", 2..3, "an array"),
        ("diff <(ls) b", 5..7, "`<(…)`"),
        ("cat <<< ‹x›", 4..7, "`<<<`"),
        ("function f { ls; }", 0..8, "`function`"),
        ("[ a == \"$b\" ]", 4..6, "`==` in `[ … ]`"),
        ("if test a == b\nthen ls; fi", 10..12, "`==` in `[ … ]`"),
        ("ls &>/dev/null", 3..5, "`&>`"),
        ("ls |& cat", 3..5, "`|&`"),
        ("echo $'a\\t'", 5..7, "`$'…'`"),
        ("for i in {1..5}; do ls; done", 9..15, "a brace expansion"),
        ("cp a.{txt,md} b", 5..13, "a brace expansion"),
        ("echo \"$([[ a ]])\"", 8..10, "`[[ … ]]`"),
    ] {
        for shell in ["sh", "/bin/dash", "sh -e"] {
            let (_, diagnostics) = read(written, Some(shell));
            let [found] = diagnostics.as_slice() else { panic!("{written}: {diagnostics:#?}") };
            assert_eq!(found.slug, "shell-not-posix", "{written}");
            assert_eq!(found.message, format!("{what} stands in text for `sh`"), "{written}");
            assert_eq!(found.primary.span.range(), place, "{written}");
        }
        assert_eq!(slugs(&read(written, Some("bash")).1), Vec::<&str>::new(), "{written}");
    }
    let equality = "[ a == b ]";
    assert_eq!(mended(equality, read(equality, Some("sh")).1.first().unwrap()), "[ a = b ]");
}

#[test]
fn text_that_every_shell_reads_is_left_alone() {
    for written in [
        "echo '[[' a == b source function",
        "[ a = b ] && . ./env.sh > log 2>&1",
        "f() { ls; }; f & wait",
        "echo '<(' \"$'a'\" \"<<<\" # [[ a ]]",
        "cat <<END\n[[ a ]]\nsource x\nEND\n",
        "bash -c '[[ a == b ]]'",
        "echo '{1..5}' \"{a,b}\" {} {a} \\{a,b} {..a} $x{a b,c} ${x#{a,b}}",
        "a={b,c} ls",
        "grep \"a[[:space:]]\" b",
        "case $a in [[:digit:]]*) ls ;; esac",
    ] {
        assert_eq!(slugs(&read(written, Some("sh")).1), Vec::<&str>::new(), "{written}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("{}‹x›", "$(\"".repeat(100));
    let (_, diagnostics) = read(&deep, Some("sh"));
    assert_eq!(slugs(&diagnostics), ["shell-syntax"]);
    assert!(diagnostics.first().unwrap().message.contains("64"));
}

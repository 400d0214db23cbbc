//! The places of a shell text that take a value, with what arrives there.

use super::batch::{BATCH, Readers, expand};

/// A place, or several of one sort.
pub(super) struct Place {
    pub(super) readers: Readers,
    /// Shell text as a `.wf` file has it. `emit` notes its arguments, `emit_input` its standard input.
    ///
    /// What stands in `«…»`, or else the whole line, stands there once for each value of a batch. `${x}` is the value, `${y}` the next one,
    /// `${many}` the list of `${x}`, an empty text, `${y}` and `${x}${y}`, `${none}` an empty list, `${file}` the value as far as
    /// it may be the name of a file, `№` a number.
    pub(super) text: &'static str,
    /// What `emit` and `emit_input` note, in order: words apart by `|`. With `∀` before it, a note comes once for each value.
    pub(super) notes: &'static [&'static str],
}

const fn all(text: &'static str, notes: &'static [&'static str]) -> Place {
    Place { readers: Readers::All, text, notes }
}

const fn arguments(text: &'static str, notes: &'static [&'static str]) -> Place {
    Place { readers: Readers::Arguments, text, notes }
}

const fn bash(text: &'static str, notes: &'static [&'static str]) -> Place {
    Place { readers: Readers::Bash, text, notes }
}

/// Words, parts of words, quotes, lists and what a program gets.
const WORDS: &[Place] = &[
    all("emit ${x}", &["${x}"]),
    all("emit ${x} ${y} ${x}", &["${x}|${y}|${x}"]),
    all("emit a${x} ${x}b a${x}b${y}c ${x}${y}", &["a${x}|${x}b|a${x}b${y}c|${x}${y}"]),
    all(r#"emit -o=${x} --name=${x} ./${x} \\"${x}" '$'${x}'\'${x}"#, &[r"-o=${x}|--name=${x}|./${x}|\${x}|$${x}\${x}"]),
    all("emit *${x}* {a,${x} ~${x} 2>&1", &["*${x}*|{a,${x}|~${x}"]),
    all(r#"emit "${x}" "a${x}b ${y}" "${x}"${y}'c'"#, &["${x}|a${x}b ${y}|${x}${y}c"]),
    all(r#"emit "it's ${x}" "\"${x}\"" "\\ ${x}" "'${x}'" "$ ${x} $""#, &[r#"it's ${x}|"${x}"|\ ${x}|'${x}'|$ ${x} $"#]),
    all(r##"emit "#${x}" a#${x} "!${x}" "\`${x}\`" "{${x}}""##, &["#${x}|a#${x}|!${x}|`${x}`|{${x}}"]),
    all("emit ${many}", &["${many}"]),
    all("emit a ${many} b ${x}", &["a|${many}|b|${x}"]),
    all("emit ${none} a ${none}", &["a"]),
    all(r#"set -- ${many}; emit "$#" "$@""#, &["4|${many}"]),
    all("emit ${x} \\\n  ${y}", &["${x}|${y}"]),
    all(r#"IFS=a:; emit ${x} "${x}" a${x} ${many}; unset IFS"#, &["${x}|${x}|a${x}|${many}"]),
    all("set -f; emit ${x}; set +f; set -x; emit ${x}; set +x", &["${x}", "${x}"]),
    arguments(
        "sh -c 'printf \"%s\\0\" \"$#\" \"$@\"' sh «${x} \"${y}\" ${many} a${x} » >>\"$received\"",
        &["«${x}|${y}|${many}|a${x}|»"],
    ),
    arguments("env printf '%s\\0' 24 «${x} \"${x}\" a${x}b » >>\"$received\"", &["«${x}|${x}|a${x}b|»"]),
    arguments("printf '%s\\0' 8 «${x} » | xargs -0 env printf '%s\\0' >>\"$received\"", &["«${x}|»"]),
];

/// Control structures, substitutions and assignments.
const CONSTRUCTS: &[Place] = &[
    all("for i in ${many} ${x}; do emit \"$i\"; done", &["${x}", "", "${y}", "${x}${y}", "${x}"]),
    all("{ emit ${x}; }; emit ${x} && emit ${y} || emit no", &["${x}", "${x}", "${y}"]),
    all("if emit ${x}; then emit \"${x}\"; else emit no; fi", &["${x}", "${x}"]),
    all("if ! :; then emit no; elif emit ${x}; then emit ${y}; fi", &["${x}", "${y}"]),
    all("i=0; while [ $i -lt 1 ]; do emit ${x}; i=1; done; until emit ${x}; do :; done", &["${x}", "${x}"]),
    all("f() { emit ${x} \"$1\"; emit \"${x}$1\"; }; f ${y}", &["${x}|${y}", "${x}${y}"]),
    all("f() { local v=${x} w=\"a${x}\"; emit \"$v\" \"$w\"; }; f", &["${x}|a${x}"]),
    all("(«emit ${x}; » («emit \"${x}\"; »))", &["∀${x}", "∀${x}"]),
    all("{ «emit ${x}; » } | emit_input", &["∀${x}", ""]),
    all("{ «printf '%s,' ${x} \"${x}\"; » } | emit_input", &["«${x},${x},»"]),
    all("{ «emit ${x} \"a${x}\"; » } & wait", &["∀${x}|a${x}"]),
    all(": $(«emit ${x}; ») \"$(«emit \"${x}\"; »)\"", &["∀${x}", "∀${x}"]),
    all("emit \"a$(«printf '%s,' ${x} \"${x}\"; »)\"", &["a«${x},${x},»"]),
    all("emit \"$(printf '%s' \"$(«printf '%s,' \"${x}\" a${y}; »)\")${x1}\"", &["«${x},a${y},»${x1}"]),
    all("v=$(«printf '%s,' ${x}; »); emit \"$v\"", &["«${x},»"]),
    all("emit \"$(case ${x1} in *) «printf '%s,' ${x};» ;; esac)\"", &["«${x},»"]),
    all("emit $((1 + $(«emit ${x}; » echo 1)))", &["∀${x}", "2"]),
    all("v=${x}; emit \"$v\"", &["${x}"]),
    all("v=a${x}b\"${y}\" w=\"${x}\"; emit \"$v\" \"$w\"", &["a${x}b${y}|${x}"]),
    all("v=~/${x}:~${x}; emit \"$v\"", &["/home/nobody/${x}:~${x}"]),
    all("readonly constant№=${x}; emit \"$constant№\"", &["${x}"]),
    all("g() { emit \"$v\"; }; v=${x} g; v=${x} w=${y} emit a", &["${x}", "a"]),
    arguments(
        "«export v№=${x} w№=\"${y}\"; » env sh -c 'printf \"%s\\0\" 16 «\"$v№\" \"$w№\" »' >>\"$received\"; unset «v№ w№ »",
        &["«${x}|${y}|»"],
    ),
    arguments("«v№=${x} » env sh -c 'printf \"%s\\0\" 8 «\"$v№\" »' >>\"$received\"", &["«${x}|»"]),
];

/// Here-documents, files, comparisons and patterns.
const REDIRECTIONS: &[Place] = &[
    all("emit_input <<END\n«${x}\n»END", &["«${x}\n»"]),
    all(
        "emit_input <<END\n«a ${x} '${y}' \"${x}\" \\\\ ${x} $ ${x}$\n\t${y}\n»END",
        &["«a ${x} '${y}' \"${x}\" \\ ${x} $ ${x}$\n\t${y}\n»"],
    ),
    all("emit_input <<-END\n«\t\ta ${x}\n\t${y}\n»\tEND", &["«a ${x}\n${y}\n»"]),
    all("emit_input <<A; emit_input <<B\n«${x}\n»A\n«${y}\n»B", &["«${x}\n»", "«${y}\n»"]),
    all("emit_input <<END\n$(«printf '%s,' ${x}; ») $(«printf '%s,' \"${x}\"; »)\nEND", &["«${x},» «${x},»\n"]),
    all("v=$(cat <<END\n«${x}\n»END\nprintf x); emit \"$v\"", &["«${x}\n»x"]),
    all("f() { if emit_input <<END\n«${x}\n»END\nthen emit «${y} »; fi; }; f", &["«${x}\n»", "«${y}|»"]),
    all("(emit_input <<-END)\n«\t${x}\n»\tEND", &["«${x}\n»"]),
    all("printf 'a\\n' >${file}; read -r v <${file}; emit \"$v\"", &["a"]),
    all(
        "printf 'b\\n' >|\"${file}\"; printf 'c\\n' >>${file}; { read -r v; read -r w; emit $v $w; } 0<\"$PWD/${file}\"",
        &["b|c"],
    ),
    all("for i in 1; do printf 'd\\n'; done >./${file}.copy 2>&1; while read -r v; do emit $v; done <${file}.copy", &["d"]),
    all("case ${x} in ${x}) emit yes;; *) emit no;; esac", &["yes"]),
    all("case \"${x}\" in a${x}) emit no;; \"${x}\"|b) emit \"${x}\" ${y};; esac", &["${x}|${y}"]),
    all("case a${x}b in a${x}) emit no;; (a${x}?) emit yes;; *) emit other;; esac", &["yes"]),
    all("case xa${x} in *\"${x}\") emit yes;; *) emit no;; esac", &["yes"]),
    all("if [ ${x} = ${x} ]; then emit yes; fi", &["yes"]),
    all("if test \"a${x}\" = a${x}; then emit yes; fi", &["yes"]),
    all("if [ a${x} != a${y} ]; then emit differ; else emit same; fi; [ -n a${x} ] && emit ${x}", &["differ", "${x}"]),
    arguments("emit_input <<END | env cat\n«${x}\n»END", &["«${x}\n»"]),
];

/// What only bash reads.
const BASH: &[Place] = &[
    bash("emit_input <<<${x1}; emit_input <<<\"a${x2}\"", &["${x1}\n", "a${x2}\n"]),
    bash(
        "mapfile -d '' a <<<${x}; emit \"\\${a[@]}\"; mapfile -d '' a <<< \"a${x}\"b; emit \"\\${a[@]}\"",
        &["${x}\n", "a${x}b\n"],
    ),
    bash("if [[ ${x} == ${x} && a${x} = \"a${x}\" && ! ${x} != ${x} ]]; then emit yes; fi", &["yes"]),
    bash("if [[ -n a${x} && a${x}b == a${x}* && ! a${x} == a${y} ]]; then emit yes; fi", &["yes"]),
    bash("[[ a${x} < a${x}b ]] && emit yes", &["yes"]),
    bash("a=(${x} \"${y}\" ${many} a${x}); emit \"\\${a[@]}\"", &["${x}|${y}|${many}|a${x}"]),
    bash("a=([1]=${x}); a+=(${y}); a[4]=${x}; emit \"\\${a[@]}\"", &["${x}|${y}|${x}"]),
    bash("declare -A m; m[k]=${x}; emit \"\\${m[k]}\"; declare v=${x}; emit \"$v\"", &["${x}", "${x}"]),
    bash("v=a; v+=${x}; emit \"$v\"; emit $\"${x}\"", &["a${x}", "${x}"]),
    bash("emit_input < <(«printf '%s,' ${x} \"${x}\"; »)", &["«${x},${x},»"]),
    bash("{ «printf '%s,' \"${x}\"; » } > >(emit_input); wait $!", &["«${x},»"]),
    bash("{ «emit ${x}; » } |& emit_input", &["∀${x}", ""]),
    bash("echo e &>${file}; read -r v <${file}; emit $v; echo f &>>\"${file}\"; emit \"$(<${file})\"", &["e", "e\nf"]),
    bash("shopt -s extglob nullglob globstar; emit ${x} \"${x}\" a${x}; shopt -u nullglob", &["${x}|${x}|a${x}"]),
    bash("case ${x} in @(${x}|b)) emit yes;; *) emit no;; esac", &["yes"]),
    bash("case ${x} in ${x}) emit ${x};;& *) emit ${y};& b) emit c;; esac", &["${x}", "${y}", "c"]),
    bash("function g { emit ${x}; }; g; for ((n = 0; n < 1; n++)); do emit ${x}; done", &["${x}", "${x}"]),
    bash("set -H; emit ${x} \"${x}\"; set +H; set -o posix; emit ${x} \"${x}\"; set +o posix", &["${x}|${x}", "${x}|${x}"]),
    bash("printf -v v '%s' ${x}; emit \"$v\"; time emit ${x}", &["${x}", "${x}"]),
    bash("coproc { «emit ${x}; » }; wait", &["∀${x}"]),
];

/// All places that a shell reads.
pub(super) fn places(readers: &[Readers]) -> Vec<&'static Place> {
    let all = [WORDS, CONSTRUCTS, REDIRECTIONS, BASH].into_iter().flatten();
    all.filter(|place| readers.contains(&place.readers)).collect()
}

/// A file whose only step has these places in its shell text.
pub(super) fn program(places: &[&Place], shell: &str) -> String {
    let mut text = String::from(PROLOGUE);
    for (number, place) in places.iter().enumerate() {
        let line = if place.text.contains('«') { place.text.to_owned() } else { format!("«{}\n»", place.text) };
        text += &format!("emit place {number}\n{}\n", expand(&line));
    }
    let parameter = |number| format!("param x{number}: string\nparam file{number}: string\nparam many{number}: [string]\n");
    let parameters: String = (1..=BATCH).map(parameter).collect();
    format!(
        "workflow main {{\n{parameters}param none: [string]\nstep places: shell {{\nshell: \"{shell}\"\nrun: \"\"\"\n{text}\"\"\"\nreads only\n}}\n}}\n"
    )
}

/// Each note is the number of its words and the words, each ended by NUL. The input is read before it is noted, so that the
/// notes of what writes it stand first.
const PROLOGUE: &str = r#"received=$PWD/received
emit() { printf '%s\0' "$#" "$@" >>"$received"; }
emit_input() { cat >"$received.part"; { printf '1\0'; cat "$received.part"; printf '\0'; } >>"$received"; }
cd out
"#;

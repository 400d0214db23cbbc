//! The script around the commands, as somebody careful wants it: it says what it does, stops at the first thing that does not go well and
//! before what only a person can do, because what is behind that may stand on it, and goes on from any place.

use super::command::{Act, Part};
use crate::text::quote;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What every script ends with, however it does: what it came to, and how to go on.
const AT_THE_END: &str = r#"code=$?
if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
if [ "$code" -ne 0 ] && [ "$at" -gt 0 ]; then
  echo "stopped at $at of $all, the $what; nothing behind it is undone" >&2
  echo "go on with WFC_FROM=$at once it is mended, or with WFC_FROM=$((at + 1)) once it is done by hand" >&2
fi
exit "$code"
"#;

/// The secrets that the commands name.
pub(super) fn secrets(parts: &[Part]) -> BTreeSet<usize> {
    parts.iter().flat_map(|part| part.secrets.iter().copied()).collect()
}

/// The commands in a shell of their own, so that one which fails ends no terminal.
pub(super) fn script(demands: &str, parts: &[Part]) -> String {
    let all = parts.iter().filter(|part| part.act != Act::Nothing).count();
    let needs_scratch = parts.iter().any(|part| matches!(&part.act, Act::Command(command) if command.contains("$scratch")));
    let mut text = format!("(\nset -eu\n{demands}from=${{WFC_FROM:-1}} at=0 all={all} what= scratch=\n");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "trap {} EXIT", quote(AT_THE_END));
    if needs_scratch {
        text.push_str("scratch=$(TMPDIR=/tmp mktemp -d)\n");
    }
    let mut at = 0;
    for part in parts {
        text.push_str(&part.text);
        at += usize::from(part.act != Act::Nothing);
        text.push_str(&guarded(part, at));
    }
    text + ")\n"
}

/// What is done, unless the script goes on behind it.
fn guarded(part: &Part, at: usize) -> String {
    let (says, does) = match &part.act {
        Act::Nothing => return String::new(),
        Act::ByHand => ("$at of $all: the $what is done by hand, as the script says above it", "exit 1\n"),
        Act::Command(command) => ("$at of $all: the $what", command.as_str()),
    };
    let what = quote(&part.what);
    format!("at={at} what={what}\nif [ \"$from\" -le \"$at\" ]; then\necho \"{says}\" >&2\n{does}fi\n")
}

//! Scripts of `sed -i` that change a second time what they have changed: a line that is added, a replacement that is found again.

use super::commands::is_short;

/// Whether a command edits files in place by a script that is known to change them once more.
pub(super) fn edits_again(words: &[String]) -> bool {
    let Some((name, rest)) = words.split_first() else { return false };
    let in_place = |word: &String| is_short(word, 'i') || word.starts_with("--in-place");
    if name != "sed" || !rest.iter().any(in_place) {
        return false;
    }
    let given = rest.windows(2).filter(|pair| matches!(pair, [option, _] if option == "-e")).filter_map(|pair| pair.get(1));
    let mut scripts: Vec<&String> = given.collect();
    if scripts.is_empty() {
        scripts.extend(rest.iter().find(|word| !word.starts_with('-')));
    }
    scripts.iter().any(|script| changes_again(script))
}

/// Whether a script of one command is known to change what it has written.
fn changes_again(script: &str) -> bool {
    let (address, command) = split(script.trim());
    let by_number = !address.is_empty() && !address.starts_with('/');
    match command.chars().next() {
        Some('a' | 'i') => true,
        // The line of that number is another one then.
        Some('d') => by_number,
        Some('s') => replaces_again(command),
        _ => false,
    }
}

/// The address of a command, and the command.
fn split(script: &str) -> (&str, &str) {
    let end = match script.strip_prefix('/') {
        Some(rest) => rest.find('/').map(|end| end + 2),
        None => script.find(|character: char| !(character.is_ascii_digit() || matches!(character, '$' | ','))),
    };
    let (address, command) = script.split_at_checked(end.unwrap_or(0)).unwrap_or(("", script));
    (address, command.trim_start())
}

/// Whether `s/PATTERN/REPLACEMENT/` finds its pattern in what it has written.
fn replaces_again(command: &str) -> bool {
    let Some(delimiter) = command.chars().nth(1) else { return false };
    let mut parts = command.split(delimiter).skip(1);
    let (Some(pattern), Some(replacement)) = (parts.next(), parts.next()) else { return false };
    let (start, end) = (pattern.starts_with('^'), pattern.ends_with('$'));
    let core = pattern.trim_start_matches('^').trim_end_matches('$');
    let is_found = |text: &str| match (start, end) {
        (true, true) => false,
        (true, false) => replacement.starts_with(text),
        (false, true) => replacement.ends_with(text),
        (false, false) => replacement.contains(text) && !text.is_empty(),
    };
    let is_plain = !core.contains(['\\', '.', '*', '[', ']', '+', '?', '(', ')', '{', '}', '|']);
    let changes = replacement != "&" && replacement != core;
    changes && (is_found("&") || is_plain && is_found(core))
}

#[cfg(test)]
mod tests {
    use super::{changes_again, edits_again};

    #[test]
    fn what_is_found_again_is_known() {
        for script in
            ["s/^/# /", "s/$/,/", "s/a/ab/", "s|a|ba|g", "s/^a/ab/", "s/.*/&x/", "1d", "$d", "2,3d", "/x/a y", "$a y", "1i y"]
        {
            assert!(changes_again(script), "{script}");
        }
        for script in ["s/a/b/", "s/^a=.*/a=1/", "s/^a/ba/", "s/^a$/aa/", "s/a/a/", "s/^a/#&/", "/x/d", "d", "s", "p", "", "/x"] {
            assert!(!changes_again(script), "{script}");
        }
        let edits = |text: &str| edits_again(&text.split('|').map(str::to_owned).collect::<Vec<_>>());
        assert!(edits("sed|-i|s/^/#/|f") && edits("sed|-i.old|-e|s/a/b/|-e|1d|f") && edits("sed|--in-place|1d|f"));
        assert!(!edits("sed|s/^/#/|f") && !edits("sed|-i") && !edits("awk|-i|s/^/#/"));
    }
}

//! The commands of a shell text, as far as they can be told without a shell: also those that another command runs.

/// A command that runs the one behind it: its name, its options with a value of their own, and how many words stand before the command.
type Wrapper = (&'static str, &'static [&'static str], usize);

const WRAPPERS: [Wrapper; 20] = [
    ("sudo", &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "--user", "--group"], 0),
    ("doas", &["-u", "-C"], 0),
    ("env", &["-u", "-C", "--unset", "--chdir"], 0),
    ("timeout", &["-k", "-s", "--kill-after", "--signal"], 1),
    ("nice", &["-n", "--adjustment"], 0),
    ("ionice", &["-c", "-n"], 0),
    ("stdbuf", &["-i", "-o", "-e"], 0),
    ("setsid", &[], 0),
    ("nohup", &[], 0),
    ("exec", &["-a"], 0),
    ("command", &[], 0),
    ("time", &["-f", "-o"], 0),
    ("if", &[], 0),
    ("while", &[], 0),
    ("until", &[], 0),
    ("then", &[], 0),
    ("else", &[], 0),
    ("elif", &[], 0),
    ("do", &[], 0),
    ("!", &[], 0),
];

/// Commands that run the text behind `-c`.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "zsh", "ksh"];

/// The simple commands of a shell text, as words without quotes.
pub(super) fn commands(text: &str) -> Vec<Vec<String>> {
    let (mut found, mut left) = (Vec::new(), vec![text.to_owned()]);
    while let Some(text) = left.pop() {
        for words in simple(&text) {
            let words = unwrapped(&words);
            match script(words) {
                Some(script) => left.push(script.to_owned()),
                None if words.is_empty() => {}
                None => found.push(words.to_vec()),
            }
        }
    }
    found
}

/// The commands of a text as they are written.
fn simple(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut words, mut word, mut quote) = (Vec::new(), Vec::new(), None::<String>, None);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None | Some('"'), '\\') => {
                // A backslash before a line break joins the lines.
                word.get_or_insert_default().extend(characters.next().filter(|next| *next != '\n'));
            }
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => {
                characters.by_ref().find(|next| *next == '\n');
                all.push(std::mem::take(&mut words));
            }
            (None, '\n' | ';' | '|' | '&' | '(' | ')' | '{' | '}') => {
                words.extend(word.take());
                all.push(std::mem::take(&mut words));
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    all.push(words);
    all
}

/// The command without those that only run it, and without what it is given of variables.
fn unwrapped(mut words: &[String]) -> &[String] {
    while let Some((first, rest)) = words.split_first() {
        let wrapper = WRAPPERS.iter().find(|(name, ..)| name == first);
        words = match wrapper {
            Some((_, valued, before)) => {
                let rest = behind_options(rest, valued);
                rest.get(*before..).unwrap_or_default()
            }
            None if first.contains('=') && !first.starts_with('-') => rest,
            None => return words,
        };
    }
    words
}

/// What stands behind options.
fn behind_options<'a>(mut words: &'a [String], valued: &[&str]) -> &'a [String] {
    while let Some((first, rest)) = words.split_first()
        && first.starts_with('-')
    {
        words = if valued.contains(&first.as_str()) { rest.get(1..).unwrap_or_default() } else { rest };
    }
    words
}

/// The text that a shell is given to run.
fn script(words: &[String]) -> Option<&str> {
    let (name, rest) = words.split_first()?;
    let name = name.rsplit('/').next()?;
    let place = rest.iter().position(|word| is_short(word, 'c'))?;
    let is_shell = SHELLS.contains(&name) && rest.iter().take(place).all(|word| word.starts_with('-'));
    rest.get(place + 1).filter(|_| is_shell || name == "su").map(String::as_str)
}

/// Whether a word is a group of short options with this one: `-c`, `-euc`.
pub(super) fn is_short(word: &str, letter: char) -> bool {
    word.strip_prefix('-').is_some_and(|letters| !letters.starts_with('-') && letters.contains(letter))
}

#[cfg(test)]
mod tests {
    use super::commands;

    fn found(text: &str) -> Vec<String> {
        commands(text).iter().map(|words| words.join("·")).collect()
    }

    #[test]
    fn commands_are_found_within_others() {
        for text in [
            "rm x",
            "bash -c 'rm x'",
            "/bin/sh -euc \"rm x\"",
            "sudo rm x",
            "sudo -u app -- rm x",
            "sudo -n bash -ec 'exec rm x'",
            "timeout 5 rm x",
            "timeout -k 1s --signal=KILL 5s rm x",
            "A=b rm x",
            "env -i A=b C=d rm x",
            "nice -n 10 rm x",
            "ionice -c 3 nice rm x",
            "su app -c 'rm x'",
            "# it's not said\nrm x",
            "r\\\nm \"x\"",
        ] {
            assert_eq!(found(text), ["rm·x"], "{text}");
        }
        assert_eq!(found("cd a && sh -c 'b; c \"d e\"' | f"), ["cd·a", "f", "b", "c·d e"]);
        for text in ["", "sudo", "timeout 5", "sh -c", "bash run.sh -c 'rm x'", "'", "A=b"] {
            assert!(!found(text).contains(&"rm·x".to_owned()), "{text}");
        }
    }
}

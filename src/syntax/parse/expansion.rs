//! What shells do with a variable in `${…}`, and what does the same with a value.

/// The expression that gives what a shell's expansion gives: `x^^` → `x.upper()`; `None` where none does.
pub(super) fn value_of(expansion: &str) -> Option<String> {
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(name) = expansion.strip_prefix('#').filter(|name| name.chars().all(named)) {
        return is_value(name).then(|| format!("{name}.length"));
    }
    let end = expansion.find(|c| !named(c))?;
    let (name, operation) = expansion.split_at_checked(end)?;
    if !is_value(name) {
        return None;
    }
    let text = |text: &str| format!("{text:?}");
    let replaced = |rest: &str| {
        let (from, to) = rest.split_once('/').unwrap_or((rest, ""));
        plain(from).then(|| format!("{name}.replace({}, {})", text(from), text(to)))
    };
    match operation {
        "^^" => Some(format!("{name}.upper()")),
        ",," => Some(format!("{name}.lower()")),
        "##*/" => Some(format!("{name}.name")),
        "%/*" => Some(format!("{name}.parent")),
        "%.*" | "%%.*" => Some(format!("{name}.stem")),
        "[@]" | "[*]" => Some(name.to_owned()),
        _ => {
            let default = operation.strip_prefix(":-").or_else(|| operation.strip_prefix(":="));
            let replacement = operation.strip_prefix("//").or_else(|| operation.strip_prefix('/'));
            default
                .filter(|default| plain(default))
                .map(|default| format!("{name} ?? {}", text(default)))
                .or_else(|| replacement.and_then(replaced))
        }
    }
}

/// Whether a value can have this name.
fn is_value(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.contains(|c: char| c.is_ascii_uppercase())
}

/// Whether a text means itself to a shell.
fn plain(text: &str) -> bool {
    !text.contains(['*', '?', '[', '$', '`', '"', '\'', '\\'])
}

#[cfg(test)]
mod tests {
    use super::value_of;

    #[test]
    fn what_shells_do_with_variables_is_done_with_values() {
        for (expansion, expected) in [
            ("x^^", "x.upper()"),
            ("x:-d", "x ?? \"d\""),
            ("#x", "x.length"),
            ("x//a/b", "x.replace(\"a\", \"b\")"),
            ("x##*/", "x.name"),
            ("x%.*", "x.stem"),
            ("list[@]", "list"),
        ] {
            assert_eq!(value_of(expansion).as_deref(), Some(expected), "{expansion}");
        }
        for expansion in ["HOME:-x", "x:0:3", "!x", "x%y", "1", "@", "x:-$y", "x/*/b"] {
            assert_eq!(value_of(expansion), None, "{expansion}");
        }
    }
}

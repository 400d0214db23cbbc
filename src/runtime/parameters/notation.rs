//! Records, maps and lists as a program writes them, on the command line.

use serde_json::{Map, Value as Json};
use wf_model::suggest::nearest;
use wf_model::types::Type;
use wf_model::unit::{Duration, Size};
use wf_model::value::DEEPEST_JSON;

/// Reads a literal without names and interpolations as the JSON that says the same; units become strings.
pub(super) fn parse(text: &str) -> Option<Json> {
    let mut reader = Reader { rest: text };
    let value = reader.value(DEEPEST_JSON)?;
    reader.skip_blanks();
    reader.rest.is_empty().then_some(value)
}

/// A number without the underscores that stand between its digits.
pub(super) fn without_underscores(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let separates = |at: usize| digit(at.checked_sub(1)) && digit(at.checked_add(1));
    text.char_indices().filter(|&(at, character)| character != '_' || !separates(at)).map(|(_, character)| character).collect()
}

/// The first field that a record type does not name, with the place of its record; what nests deeper than JSON has no such field.
pub(super) fn unknown_field(json: &Json, type_: &Type) -> Option<String> {
    let mut open = vec![(json, type_)];
    while let Some((json, type_)) = open.pop() {
        match (type_.required(), json) {
            (Type::Record(fields), Json::Object(object)) => {
                let names = || fields.iter().map(|field| &*field.name);
                if let Some(stranger) = object.keys().find(|key| !names().any(|name| name == key.as_str())) {
                    let near = nearest(stranger, names()).map(|near| format!("; did you mean `{near}`?"));
                    return Some(format!("unknown field `{}`{}", stranger.escape_debug(), near.unwrap_or_default()));
                }
                open.extend(fields.iter().filter_map(|field| Some((object.get(&*field.name)?, &field.type_))));
            }
            (Type::List(element), Json::Array(elements)) => open.extend(elements.iter().map(|json| (json, &**element))),
            (Type::Map(element), Json::Object(object)) => open.extend(object.values().map(|json| (json, &**element))),
            _ => {}
        }
    }
    None
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, mark: char) -> Option<()> {
        self.skip_blanks();
        self.rest = self.rest.strip_prefix(mark)?;
        Some(())
    }

    /// What stands before the first character that does not belong.
    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|character| !belongs(character)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    /// Recursion is bounded by `depth`.
    fn value(&mut self, depth: usize) -> Option<Json> {
        let depth = depth.checked_sub(1)?;
        self.skip_blanks();
        match self.rest.chars().next()? {
            '{' => self.object(depth),
            '[' => self.list(depth),
            '"' | '\'' => self.string().map(Json::String),
            _ => self.scalar(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut object = Map::new();
        self.take('{')?;
        while self.take('}').is_none() {
            let key = if self.rest.starts_with(['"', '\'']) {
                self.string()?
            } else {
                self.word(|c| c.is_ascii_alphanumeric() || c == '_').to_owned()
            };
            self.take(':')?;
            let value = self.value(depth)?;
            // Which of two would count is for nobody to guess.
            if key.is_empty() || object.insert(key, value).is_some() {
                return None;
            }
            self.separated('}')?;
        }
        Some(Json::Object(object))
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        let mut elements = Vec::new();
        self.take('[')?;
        while self.take(']').is_none() {
            elements.push(self.value(depth)?);
            self.separated(']')?;
        }
        Some(Json::Array(elements))
    }

    /// A comma or a line break, unless the end follows.
    fn separated(&mut self, end: char) -> Option<()> {
        let blanks = self.word(char::is_whitespace);
        if self.rest.starts_with(end) || blanks.contains('\n') && !self.rest.starts_with(',') {
            return Some(());
        }
        self.take(',')?;
        self.skip_blanks();
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        if self.rest.starts_with('\'') {
            self.take('\'')?;
            let text = self.word(|c| c != '\'' && c != '\n').to_owned();
            return self.take_here('\'').map(|()| text);
        }
        self.take('"')?;
        let mut text = String::new();
        loop {
            text += self.word(|c| !matches!(c, '"' | '\\' | '\n' | '$'));
            let mut characters = self.rest.chars();
            let first = characters.next()?;
            self.rest = characters.as_str();
            match first {
                '"' => return Some(text),
                '\\' => text.push(self.escaped()?),
                // An interpolation has nothing to see here.
                '$' if !self.rest.starts_with('{') => text.push('$'),
                _ => return None,
            }
        }
    }

    fn take_here(&mut self, mark: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(mark)?;
        Some(())
    }

    fn escaped(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let escape = characters.next()?;
        self.rest = characters.as_str();
        match escape {
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            '\\' | '"' | '$' => Some(escape),
            'u' => {
                self.take_here('{')?;
                let digits = self.word(|c| c.is_ascii_hexdigit());
                self.take_here('}')?;
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)
            }
            _ => None,
        }
    }

    fn scalar(&mut self) -> Option<Json> {
        let word = self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        match word {
            "null" => return Some(Json::Null),
            "true" => return Some(Json::Bool(true)),
            "false" => return Some(Json::Bool(false)),
            _ => {}
        }
        let word = without_underscores(word);
        if let Ok(number) = serde_json::from_str::<serde_json::Number>(&word) {
            return Some(Json::Number(number));
        }
        let unit = Duration::parse_signed(&word).is_some() || Size::parse_signed(&word).is_some();
        unit.then_some(Json::String(word))
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, unknown_field, without_underscores};
    use serde_json::json;
    use wf_model::types::Type;

    #[test]
    fn literals_of_programs_are_read() {
        for (text, value) in [
            (r#"{name: "b", port: 2_000}"#, json!({ "name": "b", "port": 2000 })),
            (r#"{ "a b": [1, -2.5,], c: 1h30m }"#, json!({ "a b": [1, -2.5], "c": "1h30m" })),
            ("{a: true\n b: null\n}", json!({ "a": true, "b": null })),
            (r#"['a\b', "x\n\u{e9}\$ $y"]"#, json!(["a\\b", "x\n\u{e9}$ $y"])),
            ("{}", json!({})),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_literal_is_not_read() {
        let deep = "[".repeat(100_000);
        for text in ["", "{a 1}", "{a: 1 b: 2}", "[a]", "[1", r#"["${x}"]"#, r#"["\q"]"#, "{a: 1, a: 2}", "[,]", "[1] 2", &deep] {
            assert_eq!(parse(text), None, "{text:.20}");
        }
    }

    #[test]
    fn underscores_stand_between_digits() {
        assert_eq!(without_underscores("1_000_000"), "1000000");
        assert_eq!(without_underscores("_1__0_"), "_1__0_");
    }

    #[test]
    fn fields_that_a_record_does_not_name_are_found_at_any_depth() {
        let host = Type::record([("name", Type::String), ("port", Type::optional(Type::Int))]);
        let found = unknown_field(&json!([{ "name": "x", "prot": 1 }]), &Type::list(host.clone()));
        assert_eq!(found.as_deref(), Some("unknown field `prot`; did you mean `port`?"));
        assert_eq!(unknown_field(&json!({ "name": "x" }), &host), None);
    }
}

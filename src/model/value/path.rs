//! Relative paths.

use super::Value;
use crate::types::Type;
use std::sync::Arc;

/// A path as it is seen from `folder`, which is absolute; an absolute path stays, and so does every path where there is no folder.
#[must_use]
pub fn absolute(folder: &str, path: &str) -> String {
    if path.starts_with('/') || folder.is_empty() {
        return path.to_owned();
    }
    match path.strip_prefix("./").unwrap_or(path) {
        "" | "." => folder.to_owned(),
        path => format!("{}/{path}", folder.trim_end_matches('/')),
    }
}

/// A value of a type with every `path` in it as it is seen from `folder`.
#[must_use]
pub fn with_absolute_paths(value: Value, type_: &Type, folder: &str) -> Value {
    match (value, type_.required()) {
        (Value::String(path), Type::Path) => Value::string(&absolute(folder, &path)),
        (Value::List(elements), Type::List(element)) => {
            Value::list(elements.iter().map(|value| with_absolute_paths(value.clone(), element, folder)))
        }
        (Value::Map(entries), Type::Map(element)) => {
            let entry = |(key, value): (&Arc<str>, &Value)| (key.clone(), with_absolute_paths(value.clone(), element, folder));
            Value::Map(Arc::new(entries.iter().map(entry).collect()))
        }
        (Value::Map(entries), Type::Record(fields)) => {
            let entry = |(key, value): (&Arc<str>, &Value)| {
                let field = fields.iter().find(|field| field.name == *key);
                let value = value.clone();
                (key.clone(), field.map_or(value.clone(), |field| with_absolute_paths(value, &field.type_, folder)))
            };
            Value::Map(Arc::new(entries.iter().map(entry).collect()))
        }
        (value, _) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::{absolute, with_absolute_paths};
    use crate::types::Type;
    use crate::value::Value;

    #[test]
    fn relative_paths_are_seen_from_a_folder() {
        for (folder, path, expected) in [
            ("/a", "./b", "/a/b"),
            ("/a/", "b/../c", "/a/b/../c"),
            ("/a", "/b", "/b"),
            ("/a", ".", "/a"),
            ("/", "b", "/b"),
            ("", "./b", "./b"),
        ] {
            assert_eq!(absolute(folder, path), expected);
        }
    }

    #[test]
    fn paths_are_found_wherever_their_type_says() {
        let type_ = Type::optional(Type::record([("files", Type::list(Type::Path)), ("name", Type::String)]));
        let value = |path| Value::map([("files", Value::list([Value::string(path)])), ("name", Value::string("./n"))]);
        assert_eq!(with_absolute_paths(value("./b"), &type_, "/a"), value("/a/b"));
        assert_eq!(with_absolute_paths(Value::Null, &type_, "/a"), Value::Null);
        let map = Value::map([("k", Value::string("b"))]);
        assert_eq!(with_absolute_paths(map, &Type::map(Type::Path), "/a"), Value::map([("k", Value::string("/a/b"))]));
    }
}

//! What the user sets.

use serde::Deserialize;
use wf_model::diagnostic::Level;

/// What the user sets; what is left out, or is not understood, stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// How much is asked of a file.
    pub(crate) level: Option<Level>,
    /// Whether types are shown where none is written.
    pub(crate) hints: bool,
    /// Whether there are lenses; their commands are the client's.
    pub(crate) lenses: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { level: None, hints: true, lenses: false }
    }
}

impl Settings {
    /// Those that a client sends, by themselves or below `wfc`; `None` for what holds none.
    pub(crate) fn of(value: &serde_json::Value) -> Option<Self> {
        let own = value.get("wfc").unwrap_or(value);
        own.is_object().then(|| Self::deserialize(own).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use serde_json::json;
    use wf_model::diagnostic::Level;

    #[test]
    fn settings_may_stand_below_the_name_of_the_server() {
        let strict = Some(Settings { level: Some(Level::Strict), ..Settings::default() });
        assert_eq!(Settings::of(&json!({ "level": "strict" })), strict);
        assert_eq!(Settings::of(&json!({ "wfc": { "level": "strict", "other": 1 } })), strict);
        assert_eq!(Settings::of(&json!({ "wfc": {} })), Some(Settings::default()));
        assert_eq!(Settings::of(&json!(null)), None);
        assert_eq!(Settings::of(&json!({ "level": "loud" })), None);
    }
}

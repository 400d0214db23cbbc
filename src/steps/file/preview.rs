//! What a step would change, told before it runs.

use super::state::followed;
use super::wish::{Aim, Wish};
use similar::TextDiff;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use wf_model::script::{Argument, Call};
use wf_runtime::executor::Known;

/// Larger files are not shown, in bytes.
const LARGEST: u64 = 1 << 20;

/// Permissions without the sort of the file.
const PERMISSIONS: u32 = 0o7777;

/// The difference that a step would make, as lines; `None` where only a run knows the path.
pub(super) fn preview(step: &Known) -> Option<String> {
    let known = |name: &str| step.value(name).cloned();
    let path = known("path")?;
    if step.is_open("content") || step.is_open("mode") || step.is_open("absent") {
        return Some(format!("{}: what it becomes is known when the step runs\n", path.render()?));
    }
    let arguments = ["content", "mode", "absent"].into_iter().filter_map(|name| Some((name, known(name)?)));
    let arguments = arguments.chain([("path", path.clone())]).map(|(name, value)| (name.into(), Argument::Value(value)));
    let call = Call { kind: "file".into(), arguments: arguments.collect(), decode: None, is_unread: false, undoes: None };
    let shown = path.render()?;
    Some(match Wish::of(&call, &step.folder) {
        Ok(wish) => told(&shown, &wish),
        Err(failure) => format!("{}\n", failure.message),
    })
}

/// What stands at a path, as far as it can be shown.
enum Standing {
    Missing,
    File { text: Option<String>, bytes: u64, mode: u32 },
    Else(&'static str),
}

fn standing(path: &Path) -> Standing {
    let Ok(found) = fs::metadata(path) else {
        return if path.symlink_metadata().is_err() { Standing::Missing } else { Standing::Else("is a link that leads nowhere") };
    };
    if !found.is_file() {
        return Standing::Else("is no file");
    }
    let (bytes, mode) = (found.len(), found.permissions().mode() & PERMISSIONS);
    let text = (bytes <= LARGEST).then(|| fs::read(path).ok()).flatten().and_then(|content| String::from_utf8(content).ok());
    Standing::File { text, bytes, mode }
}

fn told(name: &str, wish: &Wish) -> String {
    match &wish.aim {
        Aim::Absent => removed(name, &wish.path),
        Aim::Present { content, mode } => {
            let path = followed(&wish.path).unwrap_or_else(|_| wish.path.clone());
            made(name, &standing(&path), content.as_deref(), *mode)
        }
    }
}

fn removed(name: &str, path: &Path) -> String {
    match path.symlink_metadata() {
        Err(_) => format!("{name}: is not there already\n"),
        Ok(found) if found.is_symlink() => format!("{name}: the link goes\n"),
        Ok(_) => match standing(path) {
            Standing::File { text: Some(text), .. } => difference((name, "/dev/null"), &text, ""),
            Standing::File { bytes, .. } => format!("{name}: {bytes} bytes go\n"),
            Standing::Else(problem) => format!("{name}: {problem}, so the step will fail\n"),
            Standing::Missing => format!("{name}: is not there already\n"),
        },
    }
}

fn made(name: &str, standing: &Standing, content: Option<&[u8]>, mode: Option<u32>) -> String {
    let wanted = content.map(String::from_utf8_lossy);
    match standing {
        Standing::Else(problem) => format!("{name}: {problem}, so the step will fail\n"),
        Standing::Missing => {
            let text = wanted.unwrap_or_default();
            let mode = mode.map(|mode| format!("new file mode {mode:04o}\n")).unwrap_or_default();
            let lines = difference(("/dev/null", name), "", &text);
            if lines.is_empty() { format!("{mode}{name}: is made, empty\n") } else { mode + &lines }
        }
        Standing::File { text, bytes, mode: before } => {
            let permissions = match mode {
                Some(after) if after != *before => format!("old mode {before:04o}\nnew mode {after:04o}\n"),
                _ => String::new(),
            };
            let lines = match (text, wanted) {
                (Some(text), Some(wanted)) => difference((name, name), text, &wanted),
                (None, Some(wanted)) => {
                    format!("{name}: {bytes} bytes that are no text, or too many to show, become {}\n", wanted.len())
                }
                (_, None) => String::new(),
            };
            let told = permissions + &lines;
            if told.is_empty() { format!("{name}: is so already\n") } else { told }
        }
    }
}

/// A unified diff; nothing where nothing differs.
fn difference((before, after): (&str, &str), old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().header(before, after).to_string()
}

#[cfg(test)]
mod tests {
    use super::preview;
    use std::fs;
    use std::path::Path;
    use wf_model::value::Value;
    use wf_runtime::executor::Known;

    fn shown(folder: &Path, attributes: &[(&str, Option<Value>)]) -> Option<String> {
        let attributes = attributes.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        preview(&Known { attributes, folder: folder.to_owned() })
    }

    #[test]
    fn a_difference_is_that_of_the_content_and_the_mode() {
        let folder = tempfile::tempdir().unwrap();
        let text = |text: &str| Some(Value::string(text));
        let path = ("path", text("a.txt"));
        let said = |rest: &[(&str, Option<Value>)]| shown(folder.path(), &[std::slice::from_ref(&path), rest].concat()).unwrap();
        assert_eq!(
            said(&[("content", text("one\n")), ("mode", text("0600"))]),
            "new file mode 0600\n--- /dev/null\n+++ a.txt\n@@ -0,0 +1 @@\n+one\n"
        );
        assert_eq!(said(&[]), "a.txt: is made, empty\n");
        assert_eq!(said(&[("absent", Some(Value::Bool(true)))]), "a.txt: is not there already\n");
        fs::write(folder.path().join("a.txt"), "one\ntwo\n").unwrap();
        assert_eq!(said(&[("content", text("one\nthree\n"))]), "--- a.txt\n+++ a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n");
        assert_eq!(said(&[("content", text("one\ntwo\n"))]), "a.txt: is so already\n");
        assert_eq!(said(&[("absent", Some(Value::Bool(true)))]), "--- a.txt\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-one\n-two\n");
        assert_eq!(said(&[("content", None)]), "a.txt: what it becomes is known when the step runs\n");
        fs::write(folder.path().join("a.txt"), b"\xff\x00").unwrap();
        assert_eq!(said(&[("content", text("x"))]), "a.txt: 2 bytes that are no text, or too many to show, become 1\n");
        fs::remove_file(folder.path().join("a.txt")).unwrap();
        fs::create_dir(folder.path().join("a.txt")).unwrap();
        assert_eq!(said(&[("content", text("x"))]), "a.txt: is no file, so the step will fail\n");
        assert_eq!(shown(folder.path(), &[("path", None)]), None);
    }
}

//! What somebody does with a file in a real Neovim, with the package as it is shipped.

use super::tree_sitter::{neovim, package};
use super::{root, succeeds};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

const TEXT: &str = "## Greets somebody.
workflow main {
  ## Whom.
  param name: string = \"you\"
  step   hello: shell \"echo hello ${nmae}; echo ${name}\" -> string { reads only, timeout 5s }
  output said: string = hello
}
";

/// The folder of the binary that is tested, before the usual ones.
fn path() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_wfc")).parent().expect("a folder");
    format!("{}:/usr/bin:/bin", folder.display())
}

#[test]
fn a_file_is_mended_renamed_in_and_formatted_in_neovim() {
    let (package, place) = (package(), tempfile::tempdir().expect("a folder"));
    let file = place.path().join("main.wf");
    fs::write(&file, TEXT).expect("a file");
    let mut command = Command::new(neovim());
    command.env("PATH", path()).env("HOME", place.path()).env("XDG_STATE_HOME", place.path());
    command.args(["--headless", "-u", "NONE", "-l"]).arg(root().join("tests/editors/round.lua"));
    let told = succeeds(command.arg(package.path().join("editors/neovim")).arg(&file));
    let told: Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!((&told["filetype"], &told["comment"], &told["server"]), (&"wf".into(), &"# %s".into(), &"wfc".into()));
    let diagnostic = &told["diagnostic"];
    assert_eq!((&diagnostic["line"], &diagnostic["slug"]), (&5.into(), &"unknown-name".into()), "{told:#}");
    assert!(diagnostic["message"].as_str().is_some_and(|message| message.contains("nmae")), "{told:#}");
    assert!(told["fix"].as_str().is_some_and(|title| title.contains("name")), "{told:#}");
    let hover = told["hover"].as_str().expect("a text");
    assert!(hover.contains("name: string") && hover.contains("Whom."), "{hover}");
    assert_eq!(told["definition"], 4);
    let renamed = TEXT.replace("nmae", "name").replace("param name", "param who").replace("${name}", "${who}");
    assert_eq!(told["renamed"], renamed.as_str());
    assert_eq!(told["formatted"], renamed.replace("step   hello", "step hello").as_str());
}

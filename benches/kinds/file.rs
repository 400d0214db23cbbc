//! `file` beside a durable write of the same content.

use super::{measured, step, told};
use std::fs::{self, File as Handle};
use std::io::Write;
use std::path::Path;
use tokio::runtime::Runtime;
use wf_model::value::Value;
use wf_steps::file::File;

/// Files of each.
const FILES: usize = 200;

/// Writes a file beside its place, and moves it there once it is on disk.
fn bare(folder: &Path, content: &str) {
    let written = folder.join("bare.new");
    let mut file = Handle::create(&written).expect("a file");
    file.write_all(content.as_bytes()).and_then(|()| file.sync_all()).expect("it is written");
    fs::rename(&written, folder.join("bare.txt")).expect("it moves");
    Handle::open(folder).and_then(|folder| folder.sync_all()).expect("the folder is on disk");
}

/// A file that is made anew each time with another content.
pub(super) fn measure(runtime: &Runtime) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut count, mut bare_count) = (0, 0);
    let by_step = async || {
        count += 1;
        let attributes = [("path", Value::string("step.txt")), ("content", Value::string(&format!("content {count}\n")))];
        step("file", &File, folder.path(), &attributes).await;
        fs::remove_dir_all(folder.path().join("kept")).expect("what undoes it");
    };
    let times = measured(runtime, FILES, by_step, async || {
        bare_count += 1;
        bare(folder.path(), &format!("content {bare_count}\n"));
    });
    told("file, with what undoes it", times, None)
}

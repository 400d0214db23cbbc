//! What a run sees of the world outside its steps: clock, chance, environment and files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_model::event::Timestamp;
use wf_model::expression::Function;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// The largest file that `read` takes.
const LARGEST_FILE: u64 = 64 << 20;

/// What a run sees of the world.
pub trait World: Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Since which start of the machine this process runs; `None` where nobody knows.
    fn boot(&self) -> Option<Arc<str>>;

    /// A delay, uniform in zero to `upper`, both included.
    fn draw(&self, upper: Duration) -> Duration;

    /// Answers a call that looks outside; may block.
    ///
    /// # Errors
    /// Says in one lower case fact why there is no answer.
    fn observe(&self, function: Function, arguments: &[Value]) -> Result<Value, String>;
}

/// The machine that the process runs on.
#[derive(Clone, Debug)]
pub struct RealWorld {
    /// What paths are relative to: absolute.
    pub folder: PathBuf,
}

/// Since which start of the machine this process runs; `None` where it does not tell.
#[must_use]
pub fn boot() -> Option<Arc<str>> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().into())
}

impl World for RealWorld {
    fn now(&self) -> Timestamp {
        Timestamp { milliseconds: jiff::Timestamp::now().as_millisecond() }
    }

    fn boot(&self) -> Option<Arc<str>> {
        boot()
    }

    fn draw(&self, upper: Duration) -> Duration {
        Duration { milliseconds: fastrand::i64(0..=upper.milliseconds.max(0)) }
    }

    fn observe(&self, function: Function, arguments: &[Value]) -> Result<Value, String> {
        match (function, arguments) {
            (Function::Env, [Value::String(name)]) => environment(name),
            (Function::Read, [Value::String(path)]) => read(&self.folder.join(&**path)),
            (Function::Glob, [Value::String(pattern)]) => {
                let paths = super::paths::fitting(&self.folder, pattern)?;
                Ok(Value::list(paths.into_iter().map(|path| Value::String(path.into()))))
            }
            (Function::Now, arguments) => time(self.now(), arguments),
            (Function::Uuid, []) => Ok(Value::string(&uuid::Uuid::new_v4().to_string())),
            (function, _) => Err(format!("`{}` does not take these arguments", function.name())),
        }
    }
}

/// A variable that is not set is `null`.
fn environment(name: &str) -> Result<Value, String> {
    // These names have no value anywhere, and the standard library does not take them.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Ok(Value::Null);
    }
    match std::env::var(name) {
        Ok(value) => Ok(Value::string(&value)),
        Err(std::env::VarError::NotPresent) => Ok(Value::Null),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("environment variable `{name}` is not UTF-8")),
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| format!("file `{shown}` cannot be read: {error}"))?;
    let mut bytes = Vec::new();
    let read = file.take(LARGEST_FILE + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("file `{shown}` cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("file `{shown}` is larger than 64 MB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("file `{shown}` is not UTF-8"))?;
    Ok(Value::String(text.into()))
}

/// What `now` gives at a time: RFC 3339, or, in UTC, what a format of `strftime` says.
pub(crate) fn time(now: Timestamp, arguments: &[Value]) -> Result<Value, String> {
    let now = jiff::Timestamp::from_millisecond(now.milliseconds).map_err(|error| error.to_string())?;
    let text = match arguments {
        [] => now.to_string(),
        [Value::String(format)] => jiff::fmt::strtime::format(&**format, &now.to_zoned(jiff::tz::TimeZone::UTC))
            .map_err(|error| format!("format `{format}` does not fit a time: {error}"))?,
        _ => return Err("`now` takes a format alone".to_owned()),
    };
    Ok(Value::string(&text))
}

#[cfg(test)]
mod tests {
    use super::{Function, RealWorld, Value, World};

    fn world() -> (tempfile::TempDir, RealWorld) {
        let folder = tempfile::Builder::new().prefix("a[b]").tempdir().unwrap();
        let world = RealWorld { folder: folder.path().to_owned() };
        (folder, world)
    }

    fn see(world: &RealWorld, function: Function, argument: &str) -> Result<Value, String> {
        world.observe(function, &[Value::string(argument)])
    }

    #[test]
    fn patterns_give_sorted_paths_relative_to_the_folder() {
        let (folder, world) = world();
        std::fs::create_dir_all(folder.path().join("data/deep")).unwrap();
        for name in ["data/b.csv", "data/a.csv", "data/deep/c.csv", "data/.hidden.csv", "data/a.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = see(&world, Function::Glob, "data/**/*.csv").unwrap();
        assert_eq!(found, Value::list(["data/a.csv", "data/b.csv", "data/deep/c.csv"].map(Value::string)));
        assert_eq!(see(&world, Function::Glob, "nothing/*").unwrap(), Value::list([]));
    }

    #[test]
    fn files_are_read_as_text() {
        let (folder, world) = world();
        std::fs::write(folder.path().join("version"), "1.2\n").unwrap();
        std::fs::write(folder.path().join("bytes"), [0xff]).unwrap();
        assert_eq!(see(&world, Function::Read, "version").unwrap(), Value::string("1.2\n"));
        assert!(see(&world, Function::Read, "missing").unwrap_err().contains("cannot be read"));
        assert!(see(&world, Function::Read, "bytes").unwrap_err().ends_with("is not UTF-8"));
    }

    #[test]
    fn what_is_not_set_is_null_and_a_bad_format_is_said() {
        let (_folder, world) = world();
        assert_eq!(see(&world, Function::Env, "WF_SURELY_NOT_SET").unwrap(), Value::Null);
        assert_eq!(see(&world, Function::Env, "A=B").unwrap(), Value::Null);
        assert!(see(&world, Function::Now, "%Q?%!").is_err());
        let Value::String(date) = see(&world, Function::Now, "%Y-%m-%d").unwrap() else { panic!("text") };
        assert_eq!(date.len(), 10);
    }
}

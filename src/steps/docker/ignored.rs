//! `.dockerignore`: what of a directory does not go to the engine, as Docker reads it.

use globset::{GlobBuilder, GlobMatcher};
use std::path::{Component, Path, PathBuf};

/// The patterns of a file in their order; of several that fit, the last one counts.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    matcher: GlobMatcher,
    /// Whether it begins with `!`: what fits is not ignored.
    is_exception: bool,
}

impl Ignored {
    /// Reads the text of a file; gives the first line that does not parse otherwise.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.starts_with('#'));
        let lines = lines.map(str::trim).filter(|line| !line.is_empty());
        let patterns = lines.map(|line| Pattern::read(line).ok_or_else(|| line.to_owned()));
        let patterns = patterns.collect::<Result<Vec<Option<Pattern>>, _>>()?;
        Ok(Self { patterns: patterns.into_iter().flatten().collect() })
    }

    /// Whether a path, seen from the directory, is left out; `above` says whether the directory around it is.
    pub(super) fn holds(&self, path: &Path, above: bool) -> bool {
        self.patterns.iter().fold(above, |ignored, pattern| {
            // A pattern that fits a directory means all that is in it.
            let fits = ignored == pattern.is_exception && path.ancestors().any(|part| pattern.fits(part));
            if fits { !pattern.is_exception } else { ignored }
        })
    }

    /// Whether something may be taken in although a directory around it is left out.
    pub(super) fn has_exceptions(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_exception)
    }
}

impl Pattern {
    /// Reads a line; nothing where it says nothing, such as `/`, and not at all where it does not parse.
    #[expect(clippy::option_option, reason = "a line that says nothing is no line that does not parse")]
    fn read(line: &str) -> Option<Option<Self>> {
        let (is_exception, written) = line.strip_prefix('!').map_or((false, line), |written| (true, written.trim()));
        let path = clean(written);
        if path.as_os_str().is_empty() {
            return Some(None);
        }
        // Braces mean themselves to Docker.
        let pattern = path.to_str()?.replace('{', "[{]").replace('}', "[}]").replace("[^", "[!");
        let glob = GlobBuilder::new(&pattern).literal_separator(true).backslash_escape(true).build().ok()?;
        Some(Some(Self { matcher: glob.compile_matcher(), is_exception }))
    }

    fn fits(&self, path: &Path) -> bool {
        !path.as_os_str().is_empty() && self.matcher.is_match(path)
    }
}

/// A pattern as a path below the directory: without slashes around it, `.` and `..`.
fn clean(written: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for component in Path::new(written).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => drop(path.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::Ignored;
    use std::path::Path;

    #[test]
    fn patterns_mean_what_docker_takes_them_for() {
        for (text, ignored, taken) in [
            ("target", &["target", "target/a/b"][..], &["x/target", "targets"][..]),
            ("/target/", &["target/a"], &["x/target"]),
            ("*.log", &["a.log"], &["x/a.log", "a.logs"]),
            ("**/*.log", &["a.log", "x/a.log", "x/y/a.log"], &["a.txt"]),
            ("*/temp*", &["x/temp", "x/temporary/a"], &["temp", "x/y/temp"]),
            ("**", &["a", "a/b"], &[]),
            ("*\n!README.md\n!src", &["a", "srcs"], &["README.md", "src", "src/a/b"]),
            ("*.md\n!README*.md\nREADME-secret.md", &["a.md", "README-secret.md"], &["README.md", "README-a.md"]),
            ("# *\n  a  \n\n", &["a"], &["b", "# *"]),
            ("docs/**/*.txt", &["docs/a.txt", "docs/x/y/a.txt"], &["a.txt", "docs/a.md"]),
            ("a?c\n[x-z]1\n[^a]2", &["abc", "y1", "b2"], &["a/c", "a1", "a2"]),
            ("./a/../b\n/\n.", &["b", "b/c"], &["a", "c"]),
            ("{a,b}", &["{a,b}"], &["a", "b"]),
            ("a\\*", &["a*"], &["ab"]),
        ] {
            let found = Ignored::read(text).unwrap();
            for path in ignored {
                assert!(found.holds(Path::new(path), false), "{text:?} ignores {path}");
            }
            for path in taken {
                assert!(!found.holds(Path::new(path), false), "{text:?} takes {path}");
            }
        }
        assert_eq!(Ignored::read("a\nb[").unwrap_err(), "b[");
    }
}

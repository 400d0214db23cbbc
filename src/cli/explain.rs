//! `wfc explain [SLUG]`: the long form of a diagnostic.

use crate::exit::Exit;
use crate::report::Output;
use std::fmt::Write as _;
use std::io;
use wf_model::suggest::nearest;

/// Slugs and pages, sorted by slug.
type Pages<'a> = &'a [(&'a str, &'a str)];

const PAGES: Pages<'static> = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// What `wfc explain` is asked for.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The name in the report, such as `unknown-name`; without it, all are listed.
    slug: Option<String>,
}

impl Explain {
    /// Prints the page or the list.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let Some(slug) = &self.slug else {
            output.result(&list(PAGES))?;
            return Ok(Exit::Done);
        };
        match page(PAGES, slug) {
            Ok(text) => output.result(text).map(|()| Exit::Done),
            Err(text) => output.note(&text).map(|()| Exit::Usage),
        }
    }
}

/// The page of `slug`, or what to say where there is none.
fn page<'a>(pages: Pages<'a>, slug: &str) -> Result<&'a str, String> {
    if let Some((_, text)) = pages.iter().find(|(name, _)| *name == slug) {
        return Ok(text);
    }
    let help = match nearest(slug, pages.iter().map(|(name, _)| *name)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "`wfc explain` lists all diagnostics.".to_owned(),
    };
    Err(format!("error: no diagnostic is called `{}`\nhelp: {help}\n", slug.escape_debug()))
}

/// Every slug with the first sentence of its page.
fn list(pages: Pages<'_>) -> String {
    let width = pages.iter().map(|(slug, _)| slug.len()).max().unwrap_or(0);
    pages.iter().fold(String::new(), |mut lines, (slug, text)| {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{slug:width$}  {}", first_sentence(text));
        lines
    })
}

/// The page of `slug`, if there is one.
pub(crate) fn known(slug: &str) -> Option<&'static str> {
    PAGES.iter().find(|(name, _)| *name == slug).map(|(_, text)| *text)
}

/// The first sentence of the first paragraph below the title, on one line.
pub(crate) fn first_sentence(page: &str) -> String {
    let lines = page.lines().skip_while(|line| line.starts_with('#') || line.trim().is_empty());
    let paragraph = lines.take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ");
    match paragraph.split_once(". ") {
        Some((sentence, _)) => format!("{sentence}."),
        None => paragraph,
    }
}

#[cfg(test)]
mod tests {
    use super::{list, page};

    const PAGES: &[(&str, &str)] = &[
        ("type-mismatch", "# type-mismatch\n\nA value has\nanother type. It is refused.\n\n## Before\n"),
        ("unknown-name", "# unknown-name\n\nNothing has this name.\n"),
    ];

    #[test]
    fn the_list_shows_first_sentences_in_a_column() {
        assert_eq!(list(PAGES), "type-mismatch  A value has another type.\nunknown-name   Nothing has this name.\n");
        assert_eq!(list(&[]), "");
    }

    #[test]
    fn a_known_slug_shows_its_page() {
        assert_eq!(page(PAGES, "unknown-name"), Ok("# unknown-name\n\nNothing has this name.\n"));
    }

    #[test]
    fn a_near_slug_is_suggested() {
        let text = page(PAGES, "unknown-nam").unwrap_err();
        assert_eq!(text, "error: no diagnostic is called `unknown-nam`\nhelp: Did you mean `unknown-name`?\n");
    }

    #[test]
    fn control_characters_of_a_slug_are_escaped() {
        assert!(page(PAGES, "\u{1b}[31m").unwrap_err().contains("`\\u{1b}[31m`"));
    }
}

//! Where the lines of a run go: on a terminal below them a line for each step under way, elsewhere nothing but the lines.

use super::lines::Title;
use super::look;
use super::quiet::{Patience, Quiet};
use console::{Term, truncate_str};
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use wf_model::event::InstanceId;

/// At most so many steps under way have a line.
const MOST_LINES: usize = 16;

/// How often the times of steps under way are drawn again.
const TICK: Duration = Duration::from_millis(250);

/// How often it is looked whether a step runs long.
const LOOK: Duration = Duration::from_secs(1);

/// Where a run is told.
pub(super) enum Screen {
    /// A terminal on stderr, with lines for the steps under way.
    Live(Arc<Mutex<Live>>),
    /// stderr, where nothing can be drawn; steps that run long get a line.
    Quiet(Arc<Mutex<Quiet>>),
    /// stderr, with nothing but the lines.
    Plain,
    /// A text, for what happened before.
    Kept(Mutex<String>),
    /// Nowhere, for what was told before.
    Nowhere,
}

/// The lines at the bottom of a terminal.
///
/// The cursor waits at the beginning of the line below them, so that what the terminal echoes there (`^C`) goes away with them.
pub(super) struct Live {
    term: Term,
    under_way: Vec<(InstanceId, String, Instant)>,
    /// How long the run still takes.
    left: Option<String>,
    /// How many lines are drawn.
    drawn: usize,
    /// What somebody is asked, in the place of the steps under way: the cursor waits behind it.
    prompt: Option<String>,
    /// Whether a question stands below everything.
    asked: bool,
}

/// Whether steps under way can be drawn.
pub(in crate::report) fn is_live() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && look().unicode && !set("CI")
}

impl Screen {
    /// A terminal that draws the steps under way.
    pub(super) fn live() -> Self {
        let live = Arc::new(Mutex::new(Live {
            term: Term::stderr(),
            under_way: Vec::new(),
            left: None,
            drawn: 0,
            prompt: None,
            asked: false,
        }));
        let drawn = Arc::downgrade(&live);
        std::thread::spawn(move || tick(&drawn));
        Self::Live(live)
    }

    /// stderr that gets a line where a step runs long.
    pub(super) fn quiet() -> Self {
        let quiet = Arc::new(Mutex::new(Quiet::new(Patience::default())));
        let told = Arc::downgrade(&quiet);
        std::thread::spawn(move || tell_again_and_again(&told));
        Self::Quiet(quiet)
    }

    /// Writes a line, which may have several, and that stays.
    pub(super) fn line(&self, line: &str) {
        match self {
            Self::Live(live) => lock(live).draw(&format!("{line}\n")),
            // A reader that went away misses the lines; the run goes on.
            Self::Quiet(_) | Self::Plain => drop(io::stderr().write_all(format!("{line}\n").as_bytes())),
            Self::Kept(text) => {
                let mut text = lock(text);
                text.push_str(line);
                text.push('\n');
            }
            Self::Nowhere => {}
        }
    }

    /// Takes what was written so far, where it is kept.
    pub(super) fn kept(&self) -> String {
        match self {
            Self::Live(_) | Self::Quiet(_) | Self::Plain | Self::Nowhere => String::new(),
            Self::Kept(text) => std::mem::take(&mut lock(text)),
        }
    }

    /// Draws a step that began.
    pub(super) fn begin(&self, id: InstanceId, title: Title) {
        match self {
            Self::Live(live) => lock(live).begin(id, &title),
            Self::Quiet(quiet) => lock(quiet).begin(id, title, Instant::now()),
            Self::Plain | Self::Kept(_) | Self::Nowhere => {}
        }
    }

    /// Takes the line of a step away, with the next line that is written.
    pub(super) fn end(&self, id: InstanceId) {
        match self {
            Self::Live(live) => lock(live).under_way.retain(|(known, ..)| *known != id),
            Self::Quiet(quiet) => lock(quiet).end(id),
            Self::Plain | Self::Kept(_) | Self::Nowhere => {}
        }
    }

    /// Takes in how long the run still takes, to be shown beside the steps under way.
    pub(super) fn expects(&self, left: Option<String>) {
        match self {
            Self::Live(live) => lock(live).left = left,
            Self::Quiet(quiet) => lock(quiet).expects(left),
            Self::Plain | Self::Kept(_) | Self::Nowhere => {}
        }
    }

    /// Asks somebody something below everything, or nothing any more.
    pub(super) fn prompt(&self, prompt: Option<&str>) {
        match self {
            Self::Live(live) => lock(live).ask(prompt),
            Self::Quiet(_) | Self::Plain => drop(io::stderr().write_all(prompt.unwrap_or_default().as_bytes())),
            Self::Kept(_) | Self::Nowhere => {}
        }
    }

    /// Takes all lines of steps away.
    pub(super) fn finish(&self) {
        match self {
            Self::Live(live) => {
                let mut live = lock(live);
                live.under_way.clear();
                live.prompt = None;
                live.draw("");
            }
            Self::Quiet(quiet) => lock(quiet).clear(),
            Self::Plain | Self::Kept(_) | Self::Nowhere => {}
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A thread that panicked while it drew left nothing that could not be drawn again.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells what runs long, until the screen is gone.
fn tell_again_and_again(quiet: &Weak<Mutex<Quiet>>) {
    loop {
        std::thread::sleep(LOOK);
        let Some(quiet) = quiet.upgrade() else { return };
        let mut quiet = lock(&quiet);
        let text = quiet.due(Instant::now());
        if !text.is_empty() {
            // Written while the steps are locked: none of these has ended yet.
            drop(io::stderr().write_all(text.as_bytes()));
        }
    }
}

/// Draws again and again, until the screen is gone.
fn tick(live: &Weak<Mutex<Live>>) {
    loop {
        std::thread::sleep(TICK);
        let Some(live) = live.upgrade() else { return };
        let mut live = lock(&live);
        if !live.under_way.is_empty() && live.prompt.is_none() {
            live.draw("");
        }
    }
}

impl Live {
    fn begin(&mut self, id: InstanceId, title: &Title) {
        if !self.under_way.iter().any(|(known, ..)| *known == id) {
            self.under_way.push((id, title.to_string(), Instant::now()));
            self.draw("");
        }
    }

    fn ask(&mut self, prompt: Option<&str>) {
        let asked = std::mem::replace(&mut self.prompt, prompt.map(str::to_owned)).is_some();
        if asked || prompt.is_some() {
            self.draw("");
        }
    }

    /// Puts `lines` above what is drawn for the steps under way, in one write.
    fn draw(&mut self, lines: &str) {
        let mut text = String::new();
        if self.drawn > 0 {
            // Up, and away with everything below.
            let _ = write!(text, "\r\x1b[{}A\x1b[J", self.drawn);
        } else if self.asked {
            text += "\r\x1b[J";
        }
        self.asked = self.prompt.is_some();
        text += lines;
        let (height, width) = self.term.size();
        if let Some(prompt) = &self.prompt {
            text += prompt;
            self.drawn = 0;
            let _ = self.term.write_str(&text);
            let _ = self.term.flush();
            return;
        }
        let left = self.left.as_ref().filter(|_| !self.under_way.is_empty());
        let room = usize::from(height).saturating_sub(2 + usize::from(left.is_some())).clamp(1, MOST_LINES);
        let shown = if self.under_way.len() > room { room - 1 } else { self.under_way.len() };
        let mut add = |line: &str| {
            let _ = writeln!(text, "{}", truncate_str(line, usize::from(width).saturating_sub(1), "…"));
        };
        for (_, path, since) in self.under_way.iter().take(shown) {
            add(&format!("running  {path} ({}s)", since.elapsed().as_secs()));
        }
        let hidden = self.under_way.len() - shown;
        if hidden > 0 {
            add(&format!("running  {hidden} more"));
        }
        left.into_iter().for_each(|left| add(left));
        self.drawn = shown + usize::from(hidden > 0) + usize::from(left.is_some());
        // A reader that went away misses the lines; the run goes on.
        let _ = self.term.write_str(&text);
        let _ = self.term.flush();
    }
}

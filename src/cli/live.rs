//! `jobrisk top --watch`: in place on a terminal, else a line for each change.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::time::Duration;

use tokio::time::Instant;

use super::{person, top};
use crate::cluster::watched::{Change, Reports, failure};
use crate::cluster::{Cluster, Place};
use crate::output::top::{ChangeLines, TopFormat, TopView, write};
use crate::severity::Severity;

/// The least time between two pictures, whatever happens.
const PACE: Duration = Duration::from_millis(250);
/// After this time a picture in which nothing changed is drawn anew, for the ages in it.
const AGE: Duration = Duration::from_secs(5);

/// Shows the reports of a place until nobody looks any more.
///
/// # Errors
/// When they cannot be listed at the beginning, in words for the user. Later it is tried again, for ever.
pub(super) async fn follow(
    cluster: &Cluster,
    place: &Place,
    lowest: Severity,
    view: TopView,
) -> Result<(), String> {
    let mut follower = cluster.follow_reports(place)?;
    let mut reports = Reports::new(lowest);
    let mut show = Show::new(place, lowest, view);
    loop {
        tokio::select! {
            event = follower.next() => match event {
                Ok(event) => {
                    let changes = reports.take(event);
                    if reports.is_complete() {
                        show.works();
                        show.changed(&changes)?;
                    }
                }
                Err(error) => {
                    let failure = failure(place, &error).to_string();
                    if !reports.is_complete() {
                        return Err(failure);
                    }
                    show.fails(failure);
                }
            },
            () = show.due() => show.draw(&reports)?,
        }
        if show.is_over {
            return Ok(());
        }
    }
}

/// What the user sees.
struct Show<'a> {
    place: &'a Place,
    lowest: Severity,
    view: TopView,
    /// Pictures on a terminal; else lines.
    is_screen: bool,
    lines: ChangeLines,
    trouble: Option<String>,
    /// When the next picture is to be drawn.
    due: Option<Instant>,
    drawn: Option<Instant>,
    /// Nobody reads any more.
    is_over: bool,
}

impl<'a> Show<'a> {
    fn new(place: &'a Place, lowest: Severity, view: TopView) -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let is_screen = view.format != TopFormat::Json && io::stdout().is_terminal() && !is_dumb;
        Self {
            place,
            lowest,
            view,
            is_screen,
            lines: ChangeLines::default(),
            trouble: None,
            due: None,
            drawn: None,
            is_over: false,
        }
    }

    /// Ends when a picture is to be drawn.
    async fn due(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Plans the next picture.
    fn plan(&mut self) {
        let soonest = self.drawn.map_or_else(Instant::now, |drawn| drawn + PACE);
        self.due = Some(self.due.map_or(soonest, |due| due.min(soonest)));
    }

    fn changed(&mut self, changes: &[Change]) -> Result<(), String> {
        if self.is_screen {
            if !changes.is_empty() || self.drawn.is_none() {
                self.plan();
            }
            return Ok(());
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.view.now = person::now();
        let (lines, view) = (&mut self.lines, self.view);
        let mut out = BufWriter::new(io::stdout().lock());
        let written = lines.write(changes, view, &mut out).and_then(|()| out.flush());
        drop(out);
        self.written(written)
    }

    fn fails(&mut self, failure: String) {
        if self.trouble.as_ref() != Some(&failure) {
            if self.is_screen {
                self.plan();
            } else {
                person::say(&failure);
            }
            self.trouble = Some(failure);
        }
    }

    fn works(&mut self) {
        if self.trouble.take().is_some() {
            if self.is_screen {
                self.plan();
            } else {
                person::say("the API server answers again");
            }
        }
    }

    /// Draws over what was drawn before.
    fn draw(&mut self, reports: &Reports) -> Result<(), String> {
        self.view.now = person::now();
        let reports = reports.sorted();
        let mut table = Vec::new();
        if reports.is_empty() {
            table.extend_from_slice(top::nothing(self.place, self.lowest).as_bytes());
        } else {
            write(&reports, self.view, &mut table).map_err(|error| format!("cannot print: {error}"))?;
        }
        let table = String::from_utf8_lossy(&table);
        let lines: Vec<&str> = table.lines().collect();
        let picture = picture(&lines, self.trouble.as_deref(), rows(), self.drawn.is_none());
        let now = Instant::now();
        self.drawn = Some(now);
        self.due = Some(now + AGE);
        let mut out = io::stdout().lock();
        let written = out.write_all(picture.as_bytes()).and_then(|()| out.flush());
        drop(out);
        self.written(written)
    }

    fn written(&mut self, written: io::Result<()>) -> Result<(), String> {
        match written {
            // `jobrisk top -w | head` has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_over = true;
                Ok(())
            }
            written => written.map_err(|error| format!("cannot print: {error}")),
        }
    }
}

/// How many lines the terminal has.
fn rows() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_row));
    size.filter(|rows| *rows > 0).unwrap_or(24)
}

/// The bytes that make a terminal of so many rows show the lines, in one piece, so that nothing flickers and no state
/// stays behind wherever the program ends.
fn picture(lines: &[&str], trouble: Option<&str>, rows: usize, is_first: bool) -> String {
    const CLEAR_ALL: &str = "\u{1b}[2J";
    const HOME: &str = "\u{1b}[H";
    const CLEAR_LINE: &str = "\u{1b}[K\n";
    const CLEAR_BELOW: &str = "\u{1b}[J";
    // A line that is too long is cut by the terminal, which knows how wide each character is.
    const NO_WRAP: &str = "\u{1b}[?7l";
    const WRAP: &str = "\u{1b}[?7h";
    // The cursor stands in the last one.
    let room = rows.saturating_sub(1 + usize::from(trouble.is_some())).max(1);
    let hidden = if lines.len() > room { lines.len() - (room - 1) } else { 0 };
    let mut picture = String::from(if is_first { CLEAR_ALL } else { "" });
    picture.push_str(HOME);
    picture.push_str(NO_WRAP);
    for line in lines.iter().take(lines.len() - hidden) {
        picture.push_str(line);
        picture.push_str(CLEAR_LINE);
    }
    if hidden > 0 {
        picture.push_str("… and ");
        picture.push_str(&hidden.to_string());
        picture.push_str(" more");
        picture.push_str(CLEAR_LINE);
    }
    if let Some(trouble) = trouble {
        picture.push_str(trouble);
        picture.push_str(CLEAR_LINE);
    }
    picture.push_str(CLEAR_BELOW);
    picture.push_str(WRAP);
    picture
}

#[cfg(test)]
mod tests {
    use super::picture;

    #[test]
    fn a_picture_fits_on_the_terminal() {
        let lines = ["HEAD", "a", "b", "c", "d"];
        let shown = |rows, trouble| {
            let picture = picture(&lines, trouble, rows, false);
            let text = picture.replace("\u{1b}[K", "").replace("\u{1b}[H", "").replace("\u{1b}[?7l", "");
            text.replace("\u{1b}[J\u{1b}[?7h", "")
        };
        assert_eq!(shown(6, None), "HEAD\na\nb\nc\nd\n");
        assert_eq!(shown(5, None), "HEAD\na\nb\n… and 2 more\n");
        assert_eq!(shown(5, Some("broken")), "HEAD\na\n… and 3 more\nbroken\n");
        assert_eq!(shown(1, None), "… and 5 more\n");
        assert!(picture(&lines, None, 6, true).starts_with("\u{1b}[2J"));
    }
}

//! Numbered steps on the terminal: everything that waits says what it waits for.

use std::{fmt::Display, time::Instant};

/// Prints `[2/6] what  (3.1 s)` lines; the time is since the start.
pub struct Progress {
    started: Instant,
    total: usize,
    done: usize,
}

#[expect(
    clippy::print_stdout,
    reason = "this is what talks to the person at the terminal"
)]
impl Progress {
    pub fn new(total: usize) -> Self {
        Self {
            started: Instant::now(),
            total,
            done: 0,
        }
    }

    /// Announces the next step.
    pub fn step(&mut self, what: impl Display) {
        self.done += 1;
        println!(
            "[{}/{}] {what}  ({:.1} s)",
            self.done,
            self.total,
            self.started.elapsed().as_secs_f64()
        );
    }

    /// A line below the current step.
    pub fn detail(&self, what: impl Display) {
        Self::note(what);
    }

    /// A line below the current step, from wherever the step is taken.
    pub fn note(what: impl Display) {
        println!("      {what}");
    }

    /// A line of the closing message.
    pub fn say(&self, line: impl Display) {
        println!("{line}");
    }
}

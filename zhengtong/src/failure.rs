//! How a failure is told: the causes of an error, and what a panic leaves in the log.

use crate::signals;
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic::PanicHookInfo,
};

/// An error with its causes, each once: many of them say themselves what they come from.
pub fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// What a shell says of a program that wrote to somebody who had gone.
const CUT_OFF: i32 = 141;

/// Whether whoever read the answer of a command has gone, as `head` does: nothing is wrong, and nobody is left to be told.
fn is_cut_off(panic: &str) -> bool {
    panic.starts_with("failed printing to stdout") && panic.contains("Broken pipe")
}

/// A panic is a mistake of this program, or of a library that meets damaged data: one line of the log, which the error of
/// the command follows, and a trace only where `RUST_BACKTRACE` asks for one. Once the program is told to stop, parts of it
/// meet others that are gone already, and libraries make panics of that: these are no news.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if is_cut_off(panic.payload_as_str().unwrap_or_default()) {
            std::process::exit(CUT_OFF);
        }
        let text = line(panic);
        let trace = Backtrace::capture();
        match trace.status() {
            BacktraceStatus::Captured if signals::is_stopping() => {
                tracing::debug!("while stopping: {text}\n{trace}");
            }
            _ if signals::is_stopping() => tracing::debug!("while stopping: {text}"),
            BacktraceStatus::Captured => tracing::error!("internal failure at {text}\n{trace}"),
            _ => tracing::error!("internal failure at {text}"),
        }
    }));
}

/// Where and what, without the folders of the machine that the program was built on.
fn line(panic: &PanicHookInfo<'_>) -> String {
    let text = panic.payload_as_str().unwrap_or("no message");
    let Some(at) = panic.location() else {
        return format!("an unknown place: {text}");
    };
    let file = at.file().rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{file}:{}: {text}", at.line())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Error, ErrorKind},
        sync::{Arc, Mutex},
    };

    #[derive(Debug, thiserror::Error)]
    #[error("key file k: {source}; run chmod")]
    struct Told {
        source: Error,
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        drop(reader);
        let error = std::io::Write::write_all(&mut writer, b"x").unwrap_err();
        // As `println` says it.
        assert!(is_cut_off(&format!("failed printing to stdout: {error}")));
        assert!(!is_cut_off("failed printing to stdout: No space left on device"));
    }

    #[test]
    fn a_cause_is_told_once() {
        let cause = || Error::new(ErrorKind::NotFound, "nothing there");
        let error = anyhow::Error::new(Told { source: cause() }).context("the gateway");
        assert_eq!(told(&error), "the gateway: key file k: nothing there; run chmod");
        let error = anyhow::Error::new(cause()).context("cannot read x");
        assert_eq!(told(&error), "cannot read x: nothing there");
    }

    #[test]
    fn a_panic_says_its_file_and_line_without_folders() {
        let (heard, usual) = (Arc::new(Mutex::new(Vec::new())), std::panic::take_hook());
        let mine = std::thread::current().id();
        let lines = heard.clone();
        std::panic::set_hook(Box::new(move |panic| {
            // Other tests may panic meanwhile.
            if std::thread::current().id() == mine {
                lines.lock().unwrap().push(line(panic));
            }
        }));
        let _ = std::panic::catch_unwind(|| panic!("an example"));
        std::panic::set_hook(usual);
        let heard = heard.lock().unwrap();
        assert!(
            heard[0].starts_with("failure.rs:") && heard[0].ends_with(": an example"),
            "{heard:?}"
        );
    }
}

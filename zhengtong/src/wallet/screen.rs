//! QR codes on a terminal: dark on light, whatever its colours.

use super::wire::Parts;
use anyhow::{Context, Result};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use std::io::{IsTerminal as _, Write as _};

/// Black on white.
const COLOURS: &str = "\x1b[30;47m";
const PLAIN: &str = "\x1b[0m";

/// A text as lines of half blocks, two modules a character. Upper case makes smaller codes, and URs allow it.
pub fn draw(text: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(text.to_ascii_uppercase(), EcLevel::L);
    let code = code.ok().context("too long for a QR code")?;
    Ok(code.render::<Dense1x2>().quiet_zone(true).build())
}

/// Shows one code, where there is a terminal to show it on.
pub fn show_code(text: &str) -> Result<()> {
    if std::io::stdout().is_terminal() {
        print(&draw(text)?, false);
    }
    Ok(())
}

/// Shows the next part of a long text in place of the one before.
pub fn show_next(parts: &mut Parts) -> Result<()> {
    if std::io::stdout().is_terminal() {
        let is_first = parts.shown() == 0;
        let part = parts.next_part()?;
        print(&draw(&part)?, !is_first);
    }
    Ok(())
}

fn print(code: &str, in_place: bool) {
    let mut out = std::io::stdout().lock();
    let lines = code.lines().count();
    let up = if in_place {
        format!("\x1b[{lines}A")
    } else {
        String::new()
    };
    let body: String = code
        .lines()
        .map(|line| format!("{COLOURS}{line}{PLAIN}\n"))
        .collect();
    let _ = write!(out, "{up}{body}");
    let _ = out.flush();
}

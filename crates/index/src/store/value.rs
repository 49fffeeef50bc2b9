//! Values between Rust and the two databases.

use std::str::FromStr;

use super::StoreError;

/// An unsigned number as the databases keep it. Their integers end at 2⁶³ − 1; a larger number
/// (a consent "until" the end of time) is kept as that.
pub fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A number read back; the tables hold no negative ones where this is used.
pub fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A number read back into its narrower type.
pub fn narrow<T: TryFrom<i64>>(
    table: &'static str,
    column: &'static str,
    value: i64,
) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Corrupt {
        table,
        column,
        value: value.to_string(),
    })
}

/// Lower-case 0x hex.
pub fn hex(value: impl std::fmt::LowerHex) -> String {
    format!("{value:#x}")
}

/// Text as PostgreSQL takes it: without NUL.
pub fn text(value: &str) -> String {
    value.replace('\0', "\u{FFFD}")
}

/// A value read back from its text.
pub fn parse<T: FromStr>(table: &'static str, column: &'static str, value: String) -> Result<T, StoreError> {
    value
        .parse()
        .map_err(|_| StoreError::Corrupt { table, column, value })
}

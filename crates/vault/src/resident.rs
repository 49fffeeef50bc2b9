use thiserror::Error;
use zeroize::Zeroizing;

use crate::Secret;

/// Why a text is not a resident number. Never carries the text.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NumberError {
    /// Not 17 digits and a digit or X.
    #[error("a resident number has 17 digits and then a digit or X")]
    Shape,
    /// Digits 7 to 14 are no date.
    #[error("digits 7 to 14 of a resident number are a date of birth (YYYYMMDD)")]
    Date,
    /// The last character does not match the others.
    #[error("the check character does not match: a digit was mistyped")]
    CheckDigit,
}

/// A citizen's 18-character number (公民身份号码, GB 11643-1999). Cannot be printed.
pub struct ResidentNumber(Secret<String>);

impl ResidentNumber {
    /// Parses a number; a trailing `x` counts as `X`.
    ///
    /// # Errors
    /// Names the part that is wrong, never the number.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let bytes = text.as_bytes();
        if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) {
            return Err(NumberError::Shape);
        }
        let last = bytes[17].to_ascii_uppercase();
        if !last.is_ascii_digit() && last != b'X' {
            return Err(NumberError::Shape);
        }
        if !is_date(&bytes[6..14]) {
            return Err(NumberError::Date);
        }
        let mut body = Zeroizing::new([0u8; 17]);
        body.copy_from_slice(&bytes[..17]);
        if check_digit(&body) != char::from(last) {
            return Err(NumberError::CheckDigit);
        }
        Ok(Self(Secret::new(text.to_ascii_uppercase())))
    }

    /// The 18 characters.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The check character of 17 ASCII digits (ISO 7064:1983 MOD 11-2, as GB 11643-1999 says).
pub fn check_digit(digits: &[u8; 17]) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHARACTERS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight)
        .sum();
    CHARACTERS[(sum % 11) as usize]
}

fn is_date(digits: &[u8]) -> bool {
    let number = |range: std::ops::Range<usize>| {
        digits[range]
            .iter()
            .fold(0u32, |n, d| n * 10 + u32::from(d - b'0'))
    };
    let (year, month, day) = (number(0..4), number(4..6), number(6..8));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1800..=2200).contains(&year) && (1..=days).contains(&day)
}

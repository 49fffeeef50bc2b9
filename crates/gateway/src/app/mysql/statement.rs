//! What a query may not have in MySQL, where a session that only reads may still write files, lock and wait.
//!
//! It keeps a mapping from doing harm by mistake. What holds against intent is what the agency grants: a user with `SELECT`
//! on some tables, and neither `FILE` nor `EXECUTE`.

use crate::app::mapping::QueryProblem;

/// Functions that write a file, lock or wait, in any spelling.
const FUNCTIONS: [&str; 6] = [
    "LOAD_FILE",
    "GET_LOCK",
    "RELEASE_LOCK",
    "RELEASE_ALL_LOCKS",
    "SLEEP",
    "BENCHMARK",
];

#[derive(PartialEq, Eq)]
enum Token {
    /// In capitals.
    Word(String),
    /// In capitals, without its quotes.
    QuotedName(String),
    Open,
    Other,
}

/// Refuses a query that does more than read.
pub(in crate::app) fn check(sql: &str) -> Result<(), QueryProblem> {
    let tokens = tokens(sql)?;
    let is =
        |place: usize, word: &str| matches!(tokens.get(place), Some(Token::Word(found)) if found == word);
    for (place, token) in tokens.iter().enumerate() {
        if is(place, "INTO") {
            return Err(QueryProblem::MoreThanReading("INTO"));
        }
        if is(place, "LOCK") {
            return Err(QueryProblem::MoreThanReading("LOCK"));
        }
        if is(place, "FOR") && (is(place + 1, "UPDATE") || is(place + 1, "SHARE")) {
            return Err(QueryProblem::MoreThanReading("FOR UPDATE or FOR SHARE"));
        }
        let (Token::Word(name) | Token::QuotedName(name)) = token else {
            continue;
        };
        if let Some(function) = FUNCTIONS.into_iter().find(|function| function == name)
            && tokens.get(place + 1) == Some(&Token::Open)
        {
            return Err(QueryProblem::MoreThanReading(function));
        }
    }
    Ok(())
}

fn tokens(sql: &str) -> Result<Vec<Token>, QueryProblem> {
    let mut tokens = Vec::new();
    let mut rest = sql.chars().peekable();
    while let Some(character) = rest.next() {
        let next = rest.peek().copied();
        let token = match (character, next) {
            ('#', _) | ('/', Some('*')) | ('-', Some('-')) => return Err(QueryProblem::Comment),
            // A quote in a literal is two, and so the literal two literals: the session takes no backslash for an escape.
            ('\'', _) => {
                rest.by_ref().find(|inner| *inner == '\'');
                Token::Other
            }
            ('"' | '`', _) => {
                let name = rest.by_ref().take_while(|inner| *inner != character);
                Token::QuotedName(name.collect::<String>().to_ascii_uppercase())
            }
            ('(', _) => Token::Open,
            // `\N` is a value, and what follows it another word.
            ('\\', _) => return Err(QueryProblem::RunTogether("\\".into())),
            (space, _) if space.is_whitespace() => continue,
            (letter, _) if is_of_word(letter) => {
                let mut word = String::from(letter);
                while let Some(letter) = rest.next_if(|letter| is_of_word(*letter)) {
                    word.push(letter);
                }
                let has_sign = matches!(rest.peek(), Some('+' | '-'));
                if letter.is_ascii_digit() && !is_number(&word, has_sign) {
                    return Err(QueryProblem::RunTogether(word));
                }
                Token::Word(word.to_ascii_uppercase())
            }
            _ => Token::Other,
        };
        tokens.push(token);
    }
    Ok(tokens)
}

/// Whether what begins with a digit is a number to its end. MySQL ends some numbers where letters begin, and takes those for
/// the next word.
fn is_number(word: &str, has_sign: bool) -> bool {
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(digits) = word.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    match word.split_once(['e', 'E']) {
        Some((number, exponent)) => {
            all_digits(number) && (all_digits(exponent) || exponent.is_empty() && has_sign)
        }
        None => all_digits(word),
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_writes_a_file_locks_or_waits_is_refused() {
        for (sql, word) in [
            ("SELECT a INTO OUTFILE '/tmp/x' FROM t", "INTO"),
            ("SELECT a FROM t into dumpfile '/tmp/x'", "INTO"),
            ("SELECT 'it''s', LOAD_FILE('/etc/passwd')", "LOAD_FILE"),
            ("SELECT a FROM t FOR\n UPDATE", "FOR UPDATE or FOR SHARE"),
            ("SELECT a FROM t for share", "FOR UPDATE or FOR SHARE"),
            ("SELECT a FROM t LOCK IN SHARE MODE", "LOCK"),
            ("SELECT get_lock (?, 1)", "GET_LOCK"),
            ("SELECT `sleep`(10)", "SLEEP"),
            ("SELECT \"Sleep\" (10)", "SLEEP"),
            ("SELECT benchmark(1, 1)", "BENCHMARK"),
        ] {
            assert_eq!(check(sql), Err(QueryProblem::MoreThanReading(word)), "{sql}");
        }
        for sql in [
            "SELECT/**/a",
            "SELECT 1 /*!50000 INTO OUTFILE 'x' */",
            "SELECT 1 -- x",
            "SELECT 1 # x",
        ] {
            assert_eq!(check(sql), Err(QueryProblem::Comment), "{sql}");
        }
    }

    #[test]
    fn a_number_does_not_hide_the_word_behind_it() {
        for (sql, together) in [
            ("SELECT 1.0INTO OUTFILE '/tmp/x'", "0INTO"),
            ("SELECT 1, 1e0INTO OUTFILE '/tmp/x'", "1e0INTO"),
            ("SELECT 1, 1e-5INTO OUTFILE '/tmp/x'", "5INTO"),
            ("SELECT \\NINTO OUTFILE '/tmp/x'", "\\"),
            ("SELECT a FROM t WHERE 1=1.0LOCK IN SHARE MODE", "0LOCK"),
            ("SELECT a FROM t WHERE 1=.5FOR UPDATE", "5FOR"),
            ("SELECT 0x41INTO OUTFILE '/tmp/x'", "0x41INTO"),
            ("SELECT 0b01INTO OUTFILE '/tmp/x'", "0b01INTO"),
        ] {
            let refused = QueryProblem::RunTogether(together.into());
            assert_eq!(check(sql), Err(refused), "{sql}");
        }
        for sql in [
            "SELECT 1, 1.5, .5, 1e5, 1.5E+3, 1e-5, 0x4F",
            "SELECT a1, t.`2020_sales` FROM t",
        ] {
            assert_eq!(check(sql), Ok(()), "{sql}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        for sql in [
            "SELECT 'for update', 'a -- b', '# /* into'",
            "SELECT sleep, share, t.sleep FROM diary t",
            "SELECT \"into\", `lock` FROM t",
            "SELECT a FROM t FORCE INDEX FOR JOIN (i) WHERE into_office <= ?",
            "SELECT a - -1, a/b FROM t",
        ] {
            assert_eq!(check(sql), Ok(()), "{sql}");
        }
    }
}

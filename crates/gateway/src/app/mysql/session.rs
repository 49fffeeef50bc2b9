//! What every connection is told before anything else.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use sqlx_mysql::{MySql, MySqlConnection};

/// Quoting and `||` as the standard, SQLite and PostgreSQL have them, so that a mapping is read as it was checked: `"a"` is a
/// name, `'\'` a text.
const SQL_MODE: &str =
    "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY,STRICT_ALL_TABLES";

/// Statements that make a session one that only reads, and whose queries the server ends after `longest`.
pub(super) async fn settings(
    connection: &mut MySqlConnection,
    longest: Duration,
) -> Result<Vec<String>, sqlx::Error> {
    let version: String = sqlx::query_scalar::<MySql, _>("SELECT VERSION()")
        .fetch_one(&mut *connection)
        .await?;
    Ok(statements(&version, longest))
}

fn statements(version: &str, longest: Duration) -> Vec<String> {
    let limit = if version.contains("MariaDB") {
        format!("max_statement_time = {:.3}", longest.as_secs_f64())
    } else {
        format!("max_execution_time = {}", longest.as_millis())
    };
    // Tables that are being altered are not waited for any longer.
    let wait_s = longest.as_secs().max(1);
    vec![
        format!("SET SESSION sql_mode = '{SQL_MODE}', lock_wait_timeout = {wait_s}, {limit}"),
        "SET SESSION TRANSACTION READ ONLY".to_owned(),
    ]
}

/// Carries them out.
pub(super) async fn set(connection: &mut MySqlConnection, statements: &[String]) -> Result<(), sqlx::Error> {
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement.clone()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_told_its_limit_in_its_own_unit() {
        let of = |version| statements(version, Duration::from_millis(2500)).join("; ");
        let mysql = of("8.4.6");
        assert!(mysql.contains("max_execution_time = 2500;"), "{mysql}");
        let mariadb = of("10.11.14-MariaDB-0+deb12u2");
        assert!(mariadb.contains("max_statement_time = 2.500;"), "{mariadb}");
        for all in [mysql, mariadb] {
            assert!(all.contains("lock_wait_timeout = 2,"), "{all}");
            assert!(all.ends_with("SET SESSION TRANSACTION READ ONLY"), "{all}");
        }
    }
}

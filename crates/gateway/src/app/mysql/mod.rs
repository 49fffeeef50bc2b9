//! The agency's own tables in MySQL or MariaDB: by TLS where a network is between, and read-only.
//!
//! ```text
//! connection   what a URL may say, and what it means       (this file)
//! session      what every connection is told first
//! statement    what a query may not have
//! ```

mod session;
mod statement;

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::Connection as _;
use sqlx_mysql::{MySqlConnectOptions, MySqlPool, MySqlPoolOptions, MySqlSslMode};
use thiserror::Error;
use url::Url;
use zhengtong_vault::sql::{ACQUIRE_TIMEOUT, MAX_CONNECTIONS};
use zhengtong_vault::{VaultError, keyfile};

pub(super) use statement::check;

use super::host::{bare, is_this_machine};

const SCHEMES: [&str; 2] = ["mysql:", "mariadb:"];
/// What an address may say besides user, host and database.
pub const PARAMETERS: [&str; 6] = [
    "ssl-mode",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "socket",
    "password-file",
];

/// Why MySQL or MariaDB is not read. Names no person: what the server says here is about users and hosts of its own.
#[derive(Debug, Error)]
pub enum MySqlError {
    /// Not an address.
    #[error("source_url: {0}")]
    Url(#[from] url::ParseError),
    /// No user or no database.
    #[error(
        "source_url: names no {0}: write mysql://USER@HOST/DATABASE?password-file=FILE, or mysql://USER@localhost/DATABASE?socket=PATH"
    )]
    Missing(&'static str),
    /// A parameter that means nothing here.
    #[error("source_url: unknown parameter \"{0}\": there are {PARAMETERS:?}")]
    Parameter(String),
    /// A parameter with a value that means nothing.
    #[error("source_url: {0}")]
    Value(#[source] sqlx::Error),
    /// Parameters that do not go together.
    #[error("source_url: {0}")]
    Together(&'static str),
    /// A network, and nothing that keeps others from reading along or answering.
    #[error(
        "source_url: {0} is reached by a network, so ssl-mode must be VERIFY_IDENTITY (the default) or VERIFY_CA; \
         ssl-ca names the authority's PEM file, if it is none of the system's"
    )]
    NotVerified(String),
    /// The password's file.
    #[error("source_url: password-file: {0}")]
    Password(#[source] VaultError),
    /// The server wants the password encrypted by RSA.
    #[error(
        "the database at {0} wants the password by RSA (caching_sha2_password or sha256_password without TLS), which is not \
         spoken here: turn TLS on at the server, and name its authority by ssl-ca, or give the user another authentication plugin"
    )]
    Rsa(String),
    /// The server says no.
    #[error(
        "the database at {at} refuses (error {number}): {message}; for 1044 and 1045, check user, password and grants"
    )]
    Refused {
        /// Where.
        at: String,
        /// The server's number.
        number: u16,
        /// The server's word.
        message: String,
    },
    /// No TLS, or not with the right one.
    #[error(
        "the database at {at} cannot be spoken to by TLS: {problem}; ssl-ca must name the PEM file of the authority that \
         certified the server, and with VERIFY_IDENTITY its certificate must name this host"
    )]
    Tls {
        /// Where.
        at: String,
        /// What is wrong.
        problem: String,
    },
    /// Nobody answers, or not in this protocol.
    #[error("the database at {at} cannot be reached: {problem}")]
    Unreachable {
        /// Where.
        at: String,
        /// Why.
        problem: String,
    },
}

/// Whether a URL is of MySQL or MariaDB.
pub(crate) fn is_meant(url: &str) -> bool {
    SCHEMES.iter().any(|scheme| url.starts_with(scheme))
}

/// Opens a database whose server ends each query after `longest`.
pub(super) async fn connect(url: &str, longest: Duration) -> Result<MySqlPool, MySqlError> {
    let options = options(url)?;
    let at = address(&options);
    let has_key = url.contains("ssl-key=");
    // Once outside of the pool, which would try again and say only that it took too long.
    let session = tokio::time::timeout(ACQUIRE_TIMEOUT, tried(&options, longest))
        .await
        .map_err(|_| MySqlError::Unreachable {
            at: at.clone(),
            problem: format!("no answer within {ACQUIRE_TIMEOUT:?}"),
        })?
        .map_err(|error| refused(at, error, has_key))?;
    Ok(MySqlPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |connection, _| {
            let session = session.clone();
            Box::pin(async move { session::set(connection, &session).await })
        })
        .connect_lazy_with(options))
}

/// Connects once; what every connection is to be told.
async fn tried(options: &MySqlConnectOptions, longest: Duration) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = options.connect().await?;
    let session = session::settings(&mut connection, longest).await?;
    session::set(&mut connection, &session).await?;
    // It may hang up before TLS took its leave.
    let _ = connection.close().await;
    Ok(session)
}

/// What a URL says. The driver's options would print the password: they are not to be shown.
fn options(text: &str) -> Result<MySqlConnectOptions, MySqlError> {
    let url = Url::parse(text)?;
    let parameter = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    if let Some((unknown, _)) = url
        .query_pairs()
        .find(|(key, _)| !PARAMETERS.contains(&key.as_ref()))
    {
        return Err(MySqlError::Parameter(unknown.into_owned()));
    }
    if url.username().is_empty() {
        return Err(MySqlError::Missing("user"));
    }
    if url.path().trim_matches('/').is_empty() {
        return Err(MySqlError::Missing("database"));
    }
    if parameter("ssl-cert").is_some() != parameter("ssl-key").is_some() {
        return Err(MySqlError::Together("ssl-cert and ssl-key go together"));
    }
    let mut options = MySqlConnectOptions::from_url(&url).map_err(MySqlError::Value)?;
    // The driver's own settings are the session's (`session`); the time zone stays the agency's, whose tables mean it.
    options = options
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None);
    let host = bare(url.host_str().unwrap_or("localhost"));
    options = options.host(host);
    if let Some(path) = parameter("password-file") {
        if url.password().is_some() {
            return Err(MySqlError::Together(
                "give the password by password-file or in the URL, not both",
            ));
        }
        let password = keyfile::read_text(Path::new(&path)).map_err(MySqlError::Password)?;
        options = options.password(password.expose());
    }
    if options.get_socket().is_some() || is_this_machine(host) {
        return Ok(options);
    }
    match options.get_ssl_mode() {
        MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity => Ok(options),
        _ if parameter("ssl-mode").is_none() => Ok(options.ssl_mode(MySqlSslMode::VerifyIdentity)),
        _ => Err(MySqlError::NotVerified(host.to_owned())),
    }
}

/// Where it is, for errors.
fn address(options: &MySqlConnectOptions) -> String {
    match options.get_socket() {
        Some(path) => path.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

fn refused(at: String, error: sqlx::Error, has_key: bool) -> MySqlError {
    use sqlx_mysql::MySqlDatabaseError;
    match error {
        sqlx::Error::Database(error) => {
            let number = error
                .try_downcast_ref::<MySqlDatabaseError>()
                .map_or(0, MySqlDatabaseError::number);
            let message = error.message().to_owned();
            MySqlError::Refused { at, number, message }
        }
        // Unless it is a key of our own that the driver cannot use, only RSA is left that it is not configured for.
        sqlx::Error::Configuration(_) if !has_key => MySqlError::Rsa(at),
        sqlx::Error::Tls(problem) => MySqlError::Tls {
            at,
            problem: problem.to_string(),
        },
        sqlx::Error::Io(problem) if problem.kind() == std::io::ErrorKind::InvalidData => MySqlError::Tls {
            at,
            problem: problem.to_string(),
        },
        other => MySqlError::Unreachable {
            at,
            problem: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests;

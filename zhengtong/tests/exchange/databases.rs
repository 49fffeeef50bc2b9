//! Databases for the gateways: SQLite in a folder, or a PostgreSQL server started for the test.

#[path = "../../../crates/index/tests/index/common/databases.rs"]
#[allow(dead_code, reason = "shared with the index's tests, which use more of it")]
mod servers;

use std::path::Path;

pub use servers::Postgres;

/// The gateway whose books are files wherever the others' are.
const EMBEDDED: &str = "public-security";

/// Where the gateways of a test keep what they keep.
pub enum Databases {
    /// Files in each one's folder.
    Sqlite,
    /// One server, a database each.
    Postgres(Postgres),
}

impl Databases {
    /// A PostgreSQL server. Where `apt-get` is, it is installed by `tools/setup.sh test`: not finding it there is a failure.
    #[expect(clippy::print_stdout, reason = "a test says what it could not run")]
    pub fn postgres() -> Option<Self> {
        match Postgres::start() {
            Ok(server) => Some(Self::Postgres(server)),
            Err(missing) if Path::new("/usr/bin/apt-get").exists() => {
                panic!("run tools/setup.sh test: {missing}")
            }
            Err(missing) => {
                println!("not run on PostgreSQL: {missing}");
                None
            }
        }
    }

    /// The store and vault of a gateway, as its configuration names them; `None`: SQLite in the data folder. One gateway is
    /// on SQLite always.
    pub fn store(&self, slug: &str) -> Option<String> {
        match self {
            Self::Postgres(_) if slug == EMBEDDED => None,
            Self::Sqlite => None,
            Self::Postgres(server) => Some(server.database(&format!("store_{}", slug.replace('-', "_")))),
        }
    }

    /// An agency's own, filled with these statements.
    pub async fn source(&self, slug: &str, folder: &Path, statements: &str) -> String {
        let url = match self {
            Self::Sqlite => zhengtong_vault::sql::sqlite_url(&folder.join(format!("{slug}.sqlite"))),
            Self::Postgres(server) => server.database(&format!("source_{}", slug.replace('-', "_"))),
        };
        let pool = zhengtong_vault::sql::connect(&url, zhengtong_vault::sql::Access::ReadWrite)
            .await
            .unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()))
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
        url
    }
}

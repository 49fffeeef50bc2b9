use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::{Any, AnyPool, QueryBuilder};
use zhengtong_vault::sql::{self, Access};

use crate::people::{Population, generate};
use crate::tables::{self, Table, Value};
use crate::{DemoResident, PopulationError, demo_residents};

/// Agency and schema of its database.
pub const AGENCIES: [(&str, &str); 5] = [
    (
        "public-security",
        include_str!("../../../agencies/public-security/schema.sql"),
    ),
    (
        "civil-affairs",
        include_str!("../../../agencies/civil-affairs/schema.sql"),
    ),
    (
        "human-resources",
        include_str!("../../../agencies/human-resources/schema.sql"),
    ),
    (
        "disabled-federation",
        include_str!("../../../agencies/disabled-federation/schema.sql"),
    ),
    ("health", include_str!("../../../agencies/health/schema.sql")),
];
const ROWS_A_STATEMENT: usize = 200;
const RECORD: &str = "population.json";

/// A population on disk.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Seed it was made with.
    pub seed: u64,
    /// Day its ages were counted on.
    pub today: Date,
    /// Agency to database URL.
    pub databases: BTreeMap<&'static str, String>,
}

impl Prepared {
    /// The demo residents in these databases.
    pub fn demo_residents(&self) -> Vec<DemoResident> {
        demo_residents(self.seed, self.today)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    synthetic: bool,
    seed: u64,
    today: Date,
}

/// Makes the agencies' databases in `folder` if they are not there, and finds them if they are:
/// then `seed` and `today` are those of the first time.
///
/// # Errors
/// The folder or a database cannot be written. What was half made is made again next time.
pub async fn prepare(folder: &Path, seed: u64, today: Date) -> Result<Prepared, PopulationError> {
    let record_path = folder.join(RECORD);
    let path_of = |agency: &str| folder.join(format!("{agency}.sqlite"));
    let databases = AGENCIES
        .iter()
        .map(|(agency, _)| (*agency, sql::sqlite_url(&path_of(agency))))
        .collect();
    if let Some(record) = read(&record_path)? {
        return Ok(Prepared {
            seed: record.seed,
            today: record.today,
            databases,
        });
    }
    fs::create_dir_all(folder).map_err(|source| PopulationError::File {
        path: folder.into(),
        source,
    })?;
    let population = generate(seed, today);
    for (agency, schema) in AGENCIES {
        make(agency, schema, &path_of(agency), &population, today).await?;
    }
    write(
        &record_path,
        &Record {
            synthetic: true,
            seed,
            today,
        },
    )?;
    Ok(Prepared {
        seed,
        today,
        databases,
    })
}

fn read(path: &Path) -> Result<Option<Record>, PopulationError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| PopulationError::Record {
                path: path.into(),
                source,
            }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(PopulationError::File {
            path: path.into(),
            source,
        }),
    }
}

/// Written last: where the record is, the databases are whole.
fn write(path: &Path, record: &Record) -> Result<(), PopulationError> {
    let scratch = path.with_extension("new");
    serde_json::to_vec_pretty(record)
        .map_err(std::io::Error::from)
        .and_then(|bytes| fs::write(&scratch, bytes))
        .and_then(|()| File::open(&scratch)?.sync_all())
        .and_then(|()| fs::rename(&scratch, path))
        .map_err(|source| PopulationError::File {
            path: path.into(),
            source,
        })
}

async fn make(
    agency: &'static str,
    schema: &'static str,
    path: &Path,
    population: &Population,
    today: Date,
) -> Result<(), PopulationError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut stale = path.to_path_buf().into_os_string();
        stale.push(suffix);
        match fs::remove_file(&stale) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(PopulationError::File {
                    path: stale.into(),
                    source,
                });
            }
            _ => {}
        }
    }
    let pool = sql::connect(&sql::sqlite_url(path), Access::ReadWrite)
        .await
        .map_err(|source| PopulationError::Open { agency, source })?;
    let filled = fill(&pool, schema, tables::of(agency, population, today)).await;
    pool.close().await;
    filled.map_err(|source| PopulationError::Database { agency, source })
}

async fn fill(pool: &AnyPool, schema: &'static str, tables: Vec<Table>) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::raw_sql(schema).execute(&mut *transaction).await?;
    for Table {
        name,
        columns,
        mut rows,
    } in tables
    {
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(ROWS_A_STATEMENT));
            let mut insert: QueryBuilder<Any> = QueryBuilder::new(format!("INSERT INTO {name} ({columns}) "));
            insert.push_values(std::mem::replace(&mut rows, rest), |mut row, values| {
                for value in values {
                    match value {
                        Value::Text(text) => row.push_bind(text),
                        Value::Integer(integer) => row.push_bind(integer),
                        Value::Null => row.push_bind(None::<String>),
                    };
                }
            });
            insert.build().execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await
}

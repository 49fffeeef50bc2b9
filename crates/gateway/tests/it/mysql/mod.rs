//! An agency whose tables are in MariaDB: answered from through the gate, read-only, within its time.

mod connection;
mod server;

use std::time::Duration;

use alloy_primitives::{B256, keccak256};
use axum::http::StatusCode;
use serde_json::json;
use server::MariaDb;
use zhengtong_bindings::{UNKNOWN, addresses};
use zhengtong_gateway::FinalizedUse;
use zhengtong_gateway::app::exchange::{ReleaseError, Wanted};
use zhengtong_gateway::app::mapping::Mapping;
use zhengtong_gateway::app::source::{AnswerError, Person, Predicate, Source};
use zhengtong_population::{Doubt, generate};
use zhengtong_vault::ResidentNumber;
use zhengtong_vault::sql::{self, Access};

use crate::answers::{CASE, chain, expected, log, predicate};
use crate::exchange::{PROVIDER, ask, connect, reviewed};
use crate::wallet::CERTIFICATE_FIELDS;
use crate::world::{OWNER, SEED, TODAY, World, population, repository};

/// The certificates as an agency might have them in MariaDB, and a user who may read them alone.
const CERTIFICATES: &str = "
CREATE DATABASE agency CHARACTER SET utf8mb4;
CREATE TABLE agency.certificate (
  certificate_no VARCHAR(24) NOT NULL PRIMARY KEY,
  number CHAR(18) NOT NULL,
  name VARCHAR(64) NOT NULL,
  type ENUM('visual', 'hearing', 'speech', 'physical', 'intellectual', 'mental', 'multiple') NOT NULL,
  grade TINYINT UNSIGNED NOT NULL,
  status VARCHAR(16) NOT NULL,
  issued_on DATE NOT NULL,
  valid_to DATE NOT NULL,
  KEY (number)
);
CREATE USER reader@localhost;
GRANT SELECT ON agency.certificate TO reader@localhost;
";

/// A server with the prepared certificates.
async fn certificates() -> Option<MariaDb> {
    let server = MariaDb::start().await?;
    server.execute(CERTIFICATES).await;
    let prepared = &population().await.1.databases[PROVIDER];
    let pool = sql::connect(prepared, Access::ReadOnly).await.unwrap();
    let columns = "certificate_no, number, name, type, grade, status, issued_on, valid_to";
    let query = format!("SELECT {columns} FROM certificate");
    type Certificate = (String, String, String, String, i64, String, String, String);
    let rows: Vec<Certificate> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(rows.len() > 10);
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(id, number, name, kind, grade, status, from, to)| {
            format!("('{id}', '{number}', '{name}', '{kind}', {grade}, '{status}', '{from}', '{to}')")
        })
        .collect();
    let insert = format!(
        "INSERT INTO agency.certificate ({columns}) VALUES {};\n",
        rows.join(", ")
    );
    server.execute(&insert).await;
    Some(server)
}

/// How often a server is asked whether it ended a query.
const MAX_TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// Answers one predicate by a mapping of it alone.
async fn answer(source: &Source, predicate: Predicate, number: &ResidentNumber) -> i32 {
    let receipt = chain().receipt_with(log(1), true);
    let gate = FinalizedUse::verify(&receipt, addresses().uses, expected(1)).unwrap();
    let person = Person {
        case_id: CASE,
        number,
        day: TODAY,
    };
    source.answer(gate, &[predicate], &person).await.unwrap()[0]
}

/// The same as a record with one integer, which says why it gives nothing.
async fn refusal(source: &Source, number: &ResidentNumber) -> ReleaseError {
    let receipt = chain().receipt_with(log(1), true);
    let gate = FinalizedUse::verify(&receipt, addresses().uses, expected(1)).unwrap();
    let wanted = Wanted {
        record: "asked",
        fields: &["value"],
        consumer: B256::ZERO,
        details: keccak256(""),
        person: &Person {
            case_id: CASE,
            number,
            day: TODAY,
        },
    };
    source.records(gate, &wanted).await.err().expect("rows")
}

fn mapping(query: &str, timeout_ms: u64) -> Mapping {
    Mapping::parse(&format!(
        "format = \"zhengtong-mapping/1\"\norganisation = \"{PROVIDER}\"\n\
         [predicates.asked]\nkind = \"integer\"\ntimeout_ms = {timeout_ms}\nquery = '''{query}'''\n\
         [records.asked]\ntimeout_ms = {timeout_ms}\nquery = '''{query}'''\n\
         [records.asked.fields]\nvalue = \"integer\""
    ))
    .unwrap()
}

fn asked() -> Predicate {
    Predicate {
        id: "asked".into(),
        min: -200,
        max: 100_000,
    }
}

fn somebody() -> ResidentNumber {
    ResidentNumber::parse(&generate(SEED, TODAY).residents[0].number).unwrap()
}

/// By the agency's own mapping, which is written for SQLite and PostgreSQL.
#[tokio::test]
async fn facts_and_records_of_mariadb_go_through_the_gate() {
    let Some(server) = certificates().await else {
        return;
    };
    let mut world = World::new().await;
    world.sources.push((PROVIDER, server.url("reader", "agency")));
    let world = connect(world, &[]).await;
    let wallet = world.wallet("subsidy-work-injury-50").await;
    // What only MariaDB says.
    server
        .execute(&format!(
            "UPDATE agency.certificate SET type = 'mental', grade = 3, name = '示例·残' WHERE number = '{}';\n",
            wallet.number
        ))
        .await;

    let (_, case) = reviewed(&world, 1).await;
    let path = format!("/v1/desk/cases/{:#x}", case.id);
    let file = world.get(OWNER, &path, &world.bearer(OWNER, 0).await).await;
    let facts = file.json["facts"].as_array().unwrap();
    let of_mariadb = |fact: &&serde_json::Value| fact["predicate"] == "certified-disability-qualifies";
    let fact = facts.iter().find(of_mariadb).unwrap();
    assert_eq!(fact["value"], 1, "{}", file.text);

    let record = ask(&world, &case, "first", &[]).await;
    assert_eq!(record.status, StatusCode::OK, "{}", record.text);
    let rows =
        json!([{ "certificate.type": "mental", "certificate.grade": 3, "certificate.status": "valid" }]);
    assert_eq!(record.json["rows"], rows);
    assert_eq!(record.json["fields"], json!(CERTIFICATE_FIELDS));
    assert_eq!(record.json["useTag"], case.tag(PROVIDER, 1).to_string());
    let fewer = ask(&world, &case, "second", &["certificate.grade"]).await;
    assert_eq!(
        fewer.json["rows"],
        json!([{ "certificate.grade": 3 }]),
        "{}",
        fewer.text
    );

    let path = repository().join("agencies").join(PROVIDER).join("mapping.toml");
    let open = async |url: &str| {
        let mapping = Mapping::load(&path, PROVIDER).unwrap();
        Source::open(Some(url), None, mapping).await.unwrap()
    };
    let mariadb = open(&server.url("reader", "agency")).await;
    let sqlite = open(&population().await.1.databases[PROVIDER]).await;
    let mut seen = std::collections::BTreeSet::new();
    let everybody = generate(SEED, TODAY).residents;
    let some = |doubt: Option<Doubt>| {
        let such = everybody
            .iter()
            .filter(move |one| one.certificate.as_ref().map(|it| it.doubt) == doubt);
        such.filter(|one| one.number != wallet.number).take(20)
    };
    let doubts = [None, Some(Doubt::Firm), Some(Doubt::UnderCheck)];
    for resident in doubts.into_iter().flat_map(some) {
        let number = ResidentNumber::parse(&resident.number).unwrap();
        let question = || predicate("certified-disability-qualifies");
        let expected = answer(&sqlite, question(), &number).await;
        assert_eq!(
            answer(&mariadb, question(), &number).await,
            expected,
            "{}",
            resident.number
        );
        seen.insert(expected);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [UNKNOWN, 0, 1]);
}

#[tokio::test]
async fn more_rows_dates_and_decimals_are_given_as_the_mapping_says() {
    let Some(server) = certificates().await else {
        return;
    };
    let text = |query: &str| {
        format!(
            "format = \"zhengtong-mapping/1\"\norganisation = \"{PROVIDER}\"\n\
             [predicates.certified-disability-qualifies]\nkind = \"boolean\"\nquery = \"SELECT 1 WHERE :number <> ''\"\n\
             [records.certificate]\nmax_rows = 2\nquery = '''{query}'''\n[records.certificate.fields]\n\
             type = \"text\"\ngrade = \"integer\"\nstatus = \"boolean\""
        )
    };
    for (query, rows) in [
        (
            "SELECT DATE('2026-01-31') AS type, CAST(12 AS DECIMAL(9,2)) AS grade, 1 = 1 AS status WHERE :number <> ''",
            json!([{ "certificate.type": "2026-01-31", "certificate.grade": 12, "certificate.status": true }]),
        ),
        (
            "WITH two AS (SELECT 1 AS i UNION ALL SELECT 2) \
             SELECT '示例' || :day AS type, i AS grade, i = 2 AS \"status\" FROM two WHERE :number <> '' ORDER BY i",
            json!([
                { "certificate.type": format!("示例{TODAY}"), "certificate.grade": 1, "certificate.status": false },
                { "certificate.type": format!("示例{TODAY}"), "certificate.grade": 2, "certificate.status": true },
            ]),
        ),
        (
            "SELECT NULL AS type, NULL AS grade, NULL AS status WHERE :number <> ''",
            json!([{ "certificate.type": null, "certificate.grade": null, "certificate.status": null }]),
        ),
        (
            "SELECT type, grade, 1 AS status FROM certificate WHERE number <> :number",
            serde_json::Value::Null,
        ),
    ] {
        let mut world = World::new().await;
        world.sources.push((PROVIDER, server.url("reader", "agency")));
        let world = connect(world, &[(PROVIDER, &text(query))]).await;
        let (_, case) = reviewed(&world, 1).await;
        let answer = ask(&world, &case, "one", &[]).await;
        assert_eq!(answer.json["rows"], rows, "{query}: {}", answer.text);
        if rows.is_null() {
            assert_eq!(answer.kind(), "source-failed", "{query}: {}", answer.text);
        }
    }
}

const EVERY_TYPE: &str = "
CREATE DATABASE agency CHARACTER SET utf8mb4;
CREATE TABLE agency.kinds (
  tiny TINYINT, flag TINYINT(1), small_one SMALLINT UNSIGNED, medium MEDIUMINT, wide INT UNSIGNED, huge BIGINT,
  beyond BIGINT UNSIGNED, bits BIT(9), born YEAR, whole_one DECIMAL(12, 2), broken_one DECIMAL(12, 2), real_one DOUBLE,
  day_one DATE, moment DATETIME, letters VARCHAR(20), kind ENUM('a', 'b'), bytes_one VARBINARY(20), nothing INT,
  document JSON
);
INSERT INTO agency.kinds VALUES (-128, 1, 65535, -70000, 70000, -5, 18446744073709551615, 257, 1955, 42.00, 42.50, 42,
  '2026-01-31', '2026-01-31 10:00:00', '42', 'b', '42', NULL, '{\"a\": 42}');
CREATE USER reader@localhost;
GRANT SELECT ON agency.* TO reader@localhost;
";

#[tokio::test]
async fn a_type_that_is_not_read_is_named_with_its_column() {
    let Some(server) = MariaDb::start().await else {
        return;
    };
    server.execute(EVERY_TYPE).await;
    let number = somebody();
    let open = async |value: &str| {
        let query = format!("SELECT {value} AS value FROM kinds WHERE :number <> ''");
        let url = server.url("reader", "agency");
        Source::open(Some(&url), None, mapping(&query, 2000))
            .await
            .unwrap()
    };
    for (value, expected) in [
        ("tiny", -128),
        ("flag", 1),
        ("small_one", 65_535),
        ("medium + 69900", -100),
        ("wide", 70_000),
        ("huge", -5),
        ("bits", 257),
        ("born", 1955),
        ("whole_one", 42),
        ("SUM(huge) * 2", -10),
        ("COUNT(*)", 1),
        ("letters = '42'", 1),
        ("day_one < :day", 1),
        ("TIMESTAMPDIFF(YEAR, day_one, '2030-01-30')", 3),
        ("CAST(letters AS SIGNED)", 42),
        ("CAST(DATE_FORMAT(day_one, '%Y') AS SIGNED)", 2026),
        ("nothing", UNKNOWN),
    ] {
        let source = open(value).await;
        assert_eq!(answer(&source, asked(), &number).await, expected, "{value}");
    }
    for (value, kind) in [
        ("real_one", "DOUBLE"),
        ("day_one", "DATE"),
        ("moment", "DATETIME"),
        ("letters", "VARCHAR"),
        ("kind", "ENUM"),
        ("bytes_one", "VARBINARY"),
        ("document", "BLOB"),
    ] {
        let source = open(value).await;
        assert_eq!(answer(&source, asked(), &number).await, UNKNOWN, "{value}");
        match refusal(&source, &number).await {
            ReleaseError::Answer(AnswerError::Column { column, found, .. }) => {
                assert_eq!((column.as_str(), found.as_str()), ("value", kind), "{value}");
            }
            other => panic!("{value}: {other}"),
        }
    }
    for value in ["beyond", "broken_one"] {
        let source = open(value).await;
        assert_eq!(answer(&source, asked(), &number).await, UNKNOWN, "{value}");
        let refused = refusal(&source, &number).await;
        assert!(
            matches!(refused, ReleaseError::Answer(AnswerError::NotANumber)),
            "{value}: {refused}"
        );
    }
    // The server's message would quote the number.
    let refused = refusal(&open("EXTRACTVALUE('<a/>', '!' || :number)").await, &number).await;
    assert_eq!(refused.to_string(), "the database failed (code 1105)");
}

const WRITERS: &str = "
CREATE DATABASE agency CHARACTER SET utf8mb4;
CREATE TABLE agency.seen (number VARCHAR(18));
CREATE TABLE agency.seen_plainly (number VARCHAR(18)) ENGINE = MyISAM;
CREATE SEQUENCE agency.counter;
CREATE FUNCTION agency.note(who VARCHAR(18)) RETURNS INT BEGIN INSERT INTO agency.seen VALUES (who); RETURN 1; END;
CREATE FUNCTION agency.note_plainly(who VARCHAR(18)) RETURNS INT
  BEGIN INSERT INTO agency.seen_plainly VALUES (who); RETURN 1; END;
CREATE USER writer@localhost;
GRANT ALL ON *.* TO writer@localhost;
";

#[tokio::test]
async fn the_server_refuses_what_would_write_and_the_mapping_what_it_would_not() {
    let Some(server) = MariaDb::start().await else {
        return;
    };
    server.execute(WRITERS).await;
    let number = somebody();
    // Even one who may write everything.
    let url = server.url("writer", "agency");
    for query in [
        "SELECT note(:number) AS value",
        "SELECT note_plainly(:number) AS value",
        "SELECT NEXTVAL(counter) AS value WHERE :number <> ''",
    ] {
        let source = Source::open(Some(&url), None, mapping(query, 2000))
            .await
            .unwrap();
        for _ in 0..2 {
            assert_eq!(answer(&source, asked(), &number).await, UNKNOWN, "{query}");
        }
        let refused = refusal(&source, &number).await.to_string();
        assert_eq!(refused, "the database failed (code 1792)", "{query}");
    }
    let written = "SELECT (SELECT COUNT(*) FROM agency.seen) + (SELECT COUNT(*) FROM agency.seen_plainly)";
    assert_eq!(server.number(written).await, 0);

    let file = server.path("written");
    for (query, word) in [
        (
            format!(
                "SELECT 1 AS value INTO OUTFILE '{}' WHERE :number <> ''",
                file.display()
            ),
            "INTO",
        ),
        (
            "SELECT 1 AS value FROM seen WHERE number = :number FOR UPDATE".into(),
            "FOR UPDATE",
        ),
        ("SELECT GET_LOCK(:number, 1) AS value".into(), "GET_LOCK"),
    ] {
        let refused = Source::open(Some(&url), None, mapping(&query, 2000)).await;
        let refused = refused.err().expect(word).to_string();
        assert!(
            refused.starts_with("mapping: predicates.asked.query: "),
            "{refused}"
        );
        assert!(refused.contains(word), "{refused}");
    }
    assert!(!file.exists());
}

#[tokio::test]
async fn the_server_itself_ends_what_takes_too_long() {
    let Some(server) = MariaDb::start().await else {
        return;
    };
    server
        .execute("CREATE DATABASE agency;\nCREATE USER reader@localhost;\nGRANT SELECT ON agency.* TO reader@localhost;\n")
        .await;
    let number = somebody();
    let slow =
        "SELECT COUNT(*) AS value FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq + b.seq = :number";
    let url = server.url("reader", "agency");
    let source = Source::open(Some(&url), None, mapping(slow, 500)).await.unwrap();
    assert_eq!(answer(&source, asked(), &number).await, UNKNOWN);
    let ended = "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM information_schema.GLOBAL_STATUS \
                 WHERE VARIABLE_NAME = 'Max_statement_time_exceeded'";
    let under_way = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%seq_1_to_1000000 a%' \
                     AND ID <> CONNECTION_ID()";
    let mut tries = 0;
    while server.number(ended).await == 0 || server.number(under_way).await > 0 {
        assert!(tries < MAX_TRIES, "the server goes on");
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

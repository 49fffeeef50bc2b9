use std::path::Path;

use super::query::MAX_TIMEOUT_MS;
use super::*;
use crate::app::database::Dialect;

fn parse(predicate: &str) -> Result<Mapping, MappingError> {
    Mapping::parse(&format!(
        "format = \"{FORMAT}\"\norganisation = \"health\"\n{predicate}"
    ))
}

fn query(sql: &str) -> Result<Query, QueryProblem> {
    let text = format!("[predicates.p]\nkind = \"boolean\"\nquery = \"\"\"{sql}\"\"\"");
    match parse(&text) {
        Ok(mapping) => match &mapping.predicates["p"].reading {
            Reading::Database(query) => Ok(query.clone()),
            Reading::Api(request) => panic!("{request:?}"),
        },
        Err(MappingError::Query { problem, .. }) => Err(problem),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_agencies_mappings_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agencies");
    for agency in [
        "public-security",
        "civil-affairs",
        "human-resources",
        "disabled-federation",
        "health",
    ] {
        let mapping = Mapping::load(&folder.join(agency).join("mapping.toml"), agency).unwrap();
        assert!(!mapping.predicates.is_empty());
        assert_eq!(mapping.identity.is_some(), agency == "public-security");
        assert_eq!(mapping.guardianship.is_some(), agency == "public-security");
    }
    let wrong = Mapping::load(&folder.join("health/mapping.toml"), "civil-affairs");
    assert!(matches!(wrong, Err(MappingError::Organisation { .. })));
}

#[test]
fn named_binds_become_positions_and_literals_stay() {
    let query =
        query("SELECT ':x', a::text FROM t WHERE n = :number AND d <= :day AND n <> :number").unwrap();
    let numbered = query.statement(Dialect::Numbered);
    assert_eq!(
        numbered.sql,
        "SELECT ':x', a::text FROM t WHERE n = $1 AND d <= $2 AND n <> $1"
    );
    assert_eq!(numbered.binds, [Bind::Number, Bind::Day]);
    let mysql = query.statement(Dialect::MySql);
    assert_eq!(
        mysql.sql,
        "SELECT ':x', a::text FROM t WHERE n = ? AND d <= ? AND n <> ?"
    );
    assert_eq!(mysql.binds, [Bind::Number, Bind::Day, Bind::Number]);
}

#[test]
fn queries_that_could_do_harm_are_refused() {
    use QueryProblem as P;
    for (sql, problem) in [
        ("", P::Length),
        ("DELETE FROM t WHERE n = :number", P::NotOneSelect),
        ("SELECT 1; DROP TABLE t", P::NotOneSelect),
        ("SELECT :name", P::UnknownBind("name".into())),
        ("SELECT :code", P::UnknownBind("code".into())),
        ("SELECT 1", P::NoNumber),
        ("SELECT 1 WHERE n = ?", P::Positional),
        ("SELECT 1 WHERE n = $1", P::Positional),
    ] {
        assert_eq!(query(sql), Err(problem), "{sql}");
    }
    assert_eq!(
        query(&format!("SELECT :number {}", "x".repeat(MAX_QUERY_CHARS))),
        Err(P::Length)
    );
}

#[test]
fn guardianship_asks_about_a_child_and_a_guardian() {
    let of = |sql: &str| parse(&format!("[guardianship]\nquery = \"{sql}\""));
    let good = of("SELECT 'parent' AS kind WHERE :number <> :guardian AND :day <> ''").unwrap();
    let binds = [Bind::Number, Bind::Guardian, Bind::Day];
    let asked = good.guardianship.as_ref().unwrap().statement(Dialect::MySql);
    assert_eq!(asked.binds, binds);
    assert!(good.reads_only(true, false).is_ok());
    assert!(matches!(
        good.reads_only(false, true),
        Err(MappingError::NoSource { .. })
    ));
    for (sql, problem) in [
        ("SELECT 1 WHERE :number = ''", QueryProblem::NoGuardian),
        ("SELECT 1 WHERE :guardian = ''", QueryProblem::NoNumber),
        (
            "SELECT :number, :guardian, :code",
            QueryProblem::UnknownBind("code".into()),
        ),
    ] {
        match of(sql) {
            Err(MappingError::Query { problem: found, .. }) => assert_eq!(found, problem, "{sql}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[test]
fn unknown_keys_names_kinds_and_limits_are_refused() {
    let good = "kind = \"boolean\"\nquery = \"SELECT :number\"\n";
    assert!(parse(&format!("[predicates.p]\n{good}")).is_ok());
    for bad in [
        format!("extra = 1\n[predicates.p]\n{good}"),
        format!("[predicates.p]\n{good}colour = 1"),
        "[predicates.p]\nkind = \"text\"\nquery = \"SELECT :number\"".into(),
    ] {
        assert!(matches!(parse(&bad), Err(MappingError::Toml(_))), "{bad}");
    }
    for bad in [
        "[predicates.p]\nkind = \"boolean\"".into(),
        format!("[predicates.p]\n{good}get = \"/:number\""),
        format!("[predicates.p]\n{good}answer = \"/x\""),
    ] {
        assert!(matches!(parse(&bad), Err(MappingError::OneReading(_))), "{bad}");
    }
    assert!(matches!(
        parse(&format!("[predicates.P_1]\n{good}")),
        Err(MappingError::Name(_))
    ));
    for timeout in [0, MAX_TIMEOUT_MS + 1] {
        let error = parse(&format!("[predicates.p]\n{good}timeout_ms = {timeout}")).unwrap_err();
        assert!(
            error.to_string().starts_with("mapping: predicates.p.timeout_ms"),
            "{error}"
        );
    }
    let other = Mapping::parse("format = \"x/2\"\norganisation = \"health\"");
    assert!(matches!(other, Err(MappingError::Format(_))));
}

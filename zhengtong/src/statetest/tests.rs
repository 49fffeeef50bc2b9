//! A sample of Ethereum's own state tests, and that a wrong answer is noticed.

use super::{Summary, check, files};
use std::{fs, path::Path};
use zhengtong_evm::Fork;

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/state")
}

#[test]
fn the_sample_passes() {
    let mut summary = Summary::default();
    for file in files(&sample()).unwrap() {
        let text = fs::read(&file).unwrap();
        check(&file.display().to_string(), &text, None, &mut summary);
    }
    assert!(summary.failed.is_empty(), "{:#?}", summary.failed);
    assert_eq!(summary.skipped, 0);
    let forks = ["Cancun", "Prague", "Osaka"].map(|fork| summary.by_fork[fork]);
    assert!(forks[0] >= 20 && forks[1] >= 70 && forks[2] >= 70, "{summary:?}");
    // All of `osaka/collision.json`: three under each of two forks.
    assert_eq!(summary.with_storage_taken, 6);
}

/// That an account with storage is taken must not make up for anything else.
#[test]
fn a_wrong_root_is_a_failure_with_storage_taken_too() {
    let text = fs::read_to_string(sample().join("osaka/collision.json")).unwrap();
    let mut fixtures: serde_json::Value = serde_json::from_str(&text).unwrap();
    let one = &mut fixtures["collision: by a transaction, Osaka"]["post"]["Osaka"][0]["hash"];
    *one = format!("0x{}", "1".repeat(64)).into();
    let mut summary = Summary::default();
    check("file", fixtures.to_string().as_bytes(), None, &mut summary);
    assert_eq!(
        (summary.passed, summary.with_storage_taken, summary.failed.len()),
        (5, 5, 1)
    );
    assert!(summary.failed[0].1.contains("the state's root is"), "{summary:?}");
}

#[test]
fn a_wrong_root_and_wrong_logs_and_a_missing_refusal_are_failures() {
    let text = fs::read_to_string(sample().join("add11.json")).unwrap();
    let failure = |text: &str| {
        let mut summary = Summary::default();
        check("file", text.as_bytes(), None, &mut summary);
        assert_eq!(summary.failed.len(), 1, "{summary:?}");
        summary.failed.remove(0).1
    };
    let root = "e8010ce590f401c9d61fef8ab05bea9bcec24281b795e5868809bc4e515aa530";
    let reason = failure(&text.replace(root, &"1".repeat(64)));
    assert!(reason.contains(&format!("root is 0x{root}")), "{reason}");
    let logs = "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
    let reason = failure(&text.replace(logs, &"1".repeat(64)));
    assert!(reason.contains("hash of its logs"), "{reason}");
    let refused = text.replace("\"hash\" :", "\"expectException\" : \"why\", \"hash\" :");
    let reason = failure(&refused);
    assert!(reason.contains("should be refused: why"), "{reason}");
    let reason = failure(&text.replace(
        "\"currentGasLimit\" : \"0xff112233445566\"",
        "\"currentGasLimit\" : \"0x10\"",
    ));
    assert!(reason.starts_with("it was refused"), "{reason}");
    let reason = failure("{ \"name\": {} }");
    assert!(reason.contains("is no state test"), "{reason}");
}

#[test]
fn a_fork_that_a_fixture_has_not_is_skipped() {
    let text = fs::read(sample().join("add11.json")).unwrap();
    let mut summary = Summary::default();
    check("file", &text, Some(Fork::Osaka), &mut summary);
    assert_eq!((summary.passed, summary.failed.len(), summary.skipped), (0, 0, 1));
}

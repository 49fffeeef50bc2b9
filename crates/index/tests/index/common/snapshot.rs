//! Reviewed answers. `UPDATE_SNAPSHOTS=1 cargo test -p zhengtong-index` writes them anew.

use std::path::Path;

use serde_json::Value;

/// Compares with `tests/snapshots/<name>.json`.
pub fn assert_snapshot(name: &str, value: &Value) {
    assert_file(&Path::new("tests/snapshots").join(format!("{name}.json")), value);
}

/// Compares with a file of the crate.
pub fn assert_file(path: &Path, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    let found = serde_json::to_string_pretty(&sorted).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &found).expect("a snapshot");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == found,
        "{} is stale. Look at the difference; if it is meant, run UPDATE_SNAPSHOTS=1 cargo test -p zhengtong-index.\n\
         found:\n{found}",
        path.display()
    );
}

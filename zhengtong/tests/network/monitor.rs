//! What a node tells its operator, and what the dashboard and the alerts in `ops/` ask for.

use crate::{
    commands::text,
    processes::{PATIENCE, Process, ports},
};
use std::{collections::BTreeSet, fs, path::Path, time::Duration};

async fn get(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("it serves");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

/// Every name of a metric in a file of `ops/`.
fn names(file: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops").join(file);
    let text = fs::read_to_string(path).expect("it is there");
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("validator_") || word.starts_with("runtime_"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn a_node_tells_what_the_dashboard_and_the_alerts_ask_for() {
    let root = tempfile::tempdir().expect("a folder");
    let addresses = ports(2);
    let (rpc, monitor) = (addresses[0].to_string(), addresses[1].to_string());
    let data = root.path().join("data");
    let mut node = Process::start(&[
        "dev",
        "--chain-only",
        "--data",
        text(&data),
        "--rpc",
        &rpc,
        "--monitor",
        &monitor,
    ]);
    node.wait_for("ready");
    assert_eq!(get(&format!("http://{monitor}/healthz")).await.0, 200);
    let (status, told) = get(&format!("http://{monitor}/metrics")).await;
    assert_eq!(status, 200);
    let tells: BTreeSet<&str> = told
        .lines()
        .filter_map(|line| line.split([' ', '{']).next())
        .collect();
    for file in ["grafana/zhengtong.json", "prometheus/zhengtong.yml"] {
        let asked = names(file);
        assert!(!asked.is_empty());
        for name in asked {
            assert!(tells.contains(name.as_str()), "{file} asks for {name}");
        }
    }
    assert!(told.ends_with("# EOF\n"), "as OpenMetrics wants");
    // Blocks are made by themselves.
    let ready = async {
        while get(&format!("http://{monitor}/readyz")).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        get(&format!("http://{monitor}/readyz")).await.1
    };
    let told = tokio::time::timeout(PATIENCE, ready).await.expect("in time");
    assert!(told.contains("\"ready\":true"), "{told}");
    node.terminate();
}

//! Starting: what is wrong is said, and nothing runs.

use zhengtong_gateway::{GatewayError, open};

use crate::chain::{TestChain, TestClock};
use crate::world::{NOW_S, World, nobody};

#[tokio::test]
async fn a_folder_of_another_network_or_organisation_is_refused() {
    let world = World::new().await;
    let config = world.config("health").await;
    let clock = TestClock::new(NOW_S);
    let elsewhere = TestChain::new(99, clock.clone(), nobody());
    let refused = open(config.clone(), elsewhere, clock.clone())
        .await
        .err()
        .unwrap();
    assert!(matches!(refused, GatewayError::WrongNetwork { .. }), "{refused}");
    assert!(refused.to_string().contains("belongs to the network"));

    let mut other = world.config("disabled-federation").await;
    other.data_folder = config.data_folder.clone();
    let refused = open(other, world.chain.clone(), clock).await.err().unwrap();
    assert!(
        matches!(refused, GatewayError::WrongOrganisation { .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn a_wrong_configuration_names_the_field() {
    let world = World::new().await;
    let clock = TestClock::new(NOW_S);
    let base = world.config("health").await;
    let open_with = async |change: fn(&mut zhengtong_gateway::Config)| {
        let mut config = base.clone();
        change(&mut config);
        open(config, world.chain.clone(), clock.clone())
            .await
            .err()
            .expect("started")
            .to_string()
    };
    for (change, says) in [
        (
            (|c| c.organisation = "Health".into()) as fn(&mut zhengtong_gateway::Config),
            "configuration: organisation",
        ),
        (|c| c.session_domains.clear(), "configuration: session_domains"),
        (
            |c| c.session_domains = vec!["http://x/".into()],
            "configuration: session_domains",
        ),
        (
            |c| c.mapping = "/nowhere/mapping.toml".into(),
            "mapping /nowhere/mapping.toml",
        ),
        (
            |c| c.services = "/nowhere".into(),
            "configuration: services: /nowhere",
        ),
        (
            |c| c.source_url = Some("sqlite:///nowhere/x.sqlite".into()),
            "the agency's own database (`source_url`): the database file /nowhere/x.sqlite: No such file",
        ),
        (
            |c| c.source_url = Some("oracle://x".into()),
            "configuration: source_url: must begin with",
        ),
        (
            |c| c.source_url = Some("mysql://x".into()),
            "source_url: names no user",
        ),
        (
            |c| c.database_url = Some("mysql://gateway@db.internal/gateway".into()),
            "configuration: database_url: a gateway keeps its own books in SQLite or PostgreSQL",
        ),
        (
            |c| c.database_url = Some("sqlite:books.sqlite".into()),
            "configuration: database_url: must begin with postgres:",
        ),
    ] {
        let error = open_with(change).await;
        assert!(error.contains(says), "{error} does not say {says}");
    }
    let wrong_mapping = open_with(|c| {
        c.mapping = c
            .mapping
            .parent()
            .unwrap()
            .parent()
            .unwrap()
            .join("civil-affairs/mapping.toml");
    });
    assert!(wrong_mapping.await.contains("this gateway is of \"health\""));
}

#[tokio::test]
async fn a_node_that_is_not_there_is_named() {
    let world = World::new().await;
    let mut config = world.config("health").await;
    config.rpc_url = "not an address".into();
    let error = zhengtong_gateway::Gateway::start(config).await.err().unwrap();
    assert!(error.to_string().starts_with("chain: "), "{error}");
}

#[tokio::test]
async fn health_says_how_far_it_is_and_the_description_is_the_reviewed_one() {
    let world = World::new().await;
    let health = world.get("health", "/healthz", &[]).await;
    assert_eq!(health.json["status"], "ok");
    assert_eq!(health.json["registered"], true);
    assert_eq!(health.json["block_number"], world.chain.block_count() - 1);
    let served = world.get("health", "/openapi.json", &[]).await;
    let snapshot = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let described = serde_json::to_string_pretty(&zhengtong_gateway::http::openapi()).unwrap() + "\n";
    assert_eq!(
        served.json,
        serde_json::from_str::<serde_json::Value>(&described).unwrap()
    );
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(snapshot, &described).unwrap();
    }
    let reviewed = std::fs::read_to_string(snapshot).unwrap_or_default();
    assert!(
        reviewed == described,
        "openapi.json is stale: run with UPDATE_SNAPSHOTS=1 and review it"
    );
    let metrics = world.get("health", "/metrics", &[]).await;
    assert!(
        metrics.text.contains("zhengtong_gateway_blocks_total"),
        "{}",
        metrics.text
    );
}

#[tokio::test]
async fn a_gateway_that_stopped_asks_its_chain_nothing_any_more() {
    let world = World::new().await;
    let config = world.config("health").await;
    let before = std::sync::Arc::strong_count(&world.chain);
    let (router, gateway) =
        zhengtong_gateway::Gateway::start_on(config, world.chain.clone(), TestClock::new(NOW_S))
            .await
            .unwrap();
    drop(router);
    assert!(std::sync::Arc::strong_count(&world.chain) > before);
    gateway.stop().await;
    assert_eq!(std::sync::Arc::strong_count(&world.chain), before);
}

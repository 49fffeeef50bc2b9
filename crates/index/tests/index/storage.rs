//! What the store promises, on each database.

use std::sync::Arc;

use crate::common::{
    Chain,
    databases::{Postgres, sqlite},
    network,
    story::{self, OFFICER, TOO_YOUNG, UNKNOWN_HOUSEHOLD, WAITING, YOUNG_OLD},
};
use tokio::sync::watch;
use zhengtong_bindings::addresses;
use zhengtong_index::{
    follow::{FollowError, Follower, Progress},
    source::BlockSource,
    store::{Applied, Store, StoreError, cases::CaseFilter},
    view::{
        PageRequest,
        case::{Case, FactState},
    },
    words::{Cause, Outcome, Status},
};

const ALL: PageRequest = PageRequest {
    page: 1,
    per_page: 100,
};

async fn follower(url: &str, chain: &Chain) -> (Store, Follower) {
    let store = Store::open(url, chain.source.network(), false)
        .await
        .expect("opens");
    let source: Arc<dyn BlockSource> = Arc::new(chain.source.clone());
    let follower = Follower::new(
        store.clone(),
        source,
        Default::default(),
        watch::Sender::new(Progress::default()),
    );
    let follower = follower.await.expect("starts");
    (store, follower)
}

/// Every row that the API can show, as text.
async fn everything(store: &Store) -> String {
    let (_, cases) = store.cases(&CaseFilter::default(), ALL).await.expect("lists");
    let mut full: Vec<Case> = Vec::new();
    for case in cases {
        full.push(
            store
                .case(case.id.parse().expect("a hash"))
                .await
                .expect("reads")
                .expect("is there"),
        );
    }
    let rest = (
        store.organisations().await.expect("reads"),
        store.statutes().await.expect("reads"),
        store.latest_services().await.expect("reads"),
        store.statistics().await.expect("reads"),
        store.rule_set(story::rule_set_id()).await.expect("reads"),
        store.cursor().await.expect("reads").number,
    );
    serde_json::to_string_pretty(&(full, rest)).expect("serialises")
}

async fn a_history_is_projected(url: &str) {
    let mut chain = Chain::new("a");
    story::tell(&mut chain);
    let (store, mut follower) = follower(url, &chain).await;
    index_all(&mut follower, &chain).await;

    let case = store
        .case(story::case(YOUNG_OLD))
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(
        (case.summary.status, case.summary.cause),
        (Status::Approved, None)
    );
    let decision = case.decision.expect("decided");
    assert_eq!(
        (decision.outcome, decision.row, decision.amount_fen),
        (Outcome::Approve, Some(1), 7_500)
    );
    assert_eq!(decision.officer, None);
    assert_eq!(
        case.facts.iter().map(|fact| fact.value).collect::<Vec<_>>(),
        [Some(1), Some(66)]
    );
    assert_eq!(case.facts[1].predicate, "age-on-day");
    assert_eq!(
        case.events
            .iter()
            .filter_map(|event| event.seq)
            .collect::<Vec<_>>(),
        [0, 1, 2, 3]
    );
    assert_eq!((case.uses.len(), case.credential.is_some()), (1, true));

    let case = store
        .case(story::case(TOO_YOUNG))
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(
        (case.summary.status, case.summary.cause),
        (Status::Review, Some(Cause::Appeal))
    );
    assert_eq!(
        (case.summary.frozen, case.summary.appeals, case.summary.appeal_by),
        (true, 1, None)
    );
    let officer = case.decision.expect("was decided").officer;
    assert_eq!(officer, Some(format!("{OFFICER:#x}")));

    let case = store
        .case(story::case(UNKNOWN_HOUSEHOLD))
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(case.summary.status, Status::Supplement);
    assert!(case.summary.paused_at.is_some());
    assert_eq!(
        (case.facts[0].state, case.facts[0].value),
        (FactState::Unknown, None)
    );
    assert!(case.decision.is_none());

    let case = store
        .case(story::case(WAITING))
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(
        (case.summary.status, case.facts[0].state),
        (Status::Asking, FactState::Asked)
    );

    let filter = CaseFilter {
        service: None,
        status: Some(Status::Review),
    };
    assert_eq!(store.cases(&filter, ALL).await.expect("lists").0, 1);
    let uri = store.latest_services().await.expect("reads").remove(0).uri;
    assert_eq!(
        uri, "https://example.org/\u{FFFD}package",
        "PostgreSQL takes no NUL"
    );
}

async fn index_all(follower: &mut Follower, chain: &Chain) {
    let mut blocks = chain.source.follow(1);
    let height = chain.source.tip().await.expect("a tip").number;
    for _ in 0..height {
        let block = futures::StreamExt::next(&mut blocks)
            .await
            .expect("a block")
            .expect("is well");
        assert_eq!(follower.index(&block).await.expect("indexes"), Applied::New);
    }
}

async fn blocks_given_twice_change_nothing(url: &str) {
    let mut chain = Chain::new("a");
    story::tell(&mut chain);
    let (store, mut follower) = follower(url, &chain).await;
    index_all(&mut follower, &chain).await;
    let before = everything(&store).await;
    let mut blocks = chain.source.follow(1);
    for _ in 0..6 {
        let block = futures::StreamExt::next(&mut blocks)
            .await
            .expect("a block")
            .expect("is well");
        assert_eq!(follower.index(&block).await.expect("is known"), Applied::Known);
    }
    assert_eq!(everything(&store).await, before);
}

async fn a_block_that_fails_halfway_leaves_nothing(url: &str) {
    let mut chain = Chain::new("a");
    story::tell(&mut chain);
    let (store, mut follower) = follower(url, &chain).await;
    index_all(&mut follower, &chain).await;
    let before = everything(&store).await;
    // The first event is right, the second leaves out number 3.
    let at = addresses();
    let mut logs = story::attest(&at, WAITING, 1, 66);
    logs.push(story::decided(
        &at,
        WAITING,
        4,
        alloy_primitives::Address::ZERO,
        1,
        1,
    ));
    let error = follower.index(&chain.next(logs)).await.expect_err("refused");
    let FollowError::Store(StoreError::Sequence { expected, got, .. }) = &error else {
        panic!("{error}")
    };
    assert_eq!((*expected, *got), (3, 4));
    assert_eq!(everything(&store).await, before);
    assert_eq!(store.cursor().await.expect("reads").number, 6);
}

async fn a_restart_goes_on_where_it_was(url: &str) {
    let mut chain = Chain::new("a");
    story::tell(&mut chain);
    let mut blocks = chain.source.follow(1);
    {
        let (store, mut follower) = follower(url, &chain).await;
        for _ in 0..3 {
            let block = futures::StreamExt::next(&mut blocks)
                .await
                .expect("a block")
                .expect("is well");
            follower.index(&block).await.expect("indexes");
        }
        store.close().await;
    }
    let (store, mut follower) = follower(url, &chain).await;
    assert_eq!(store.cursor().await.expect("reads").number, 3);
    for _ in 3..6 {
        let block = futures::StreamExt::next(&mut blocks)
            .await
            .expect("a block")
            .expect("is well");
        follower.index(&block).await.expect("indexes");
    }
    let in_two_parts = everything(&store).await;
    store.close().await;

    let store = Store::open(url, chain.source.network(), true)
        .await
        .expect("rebuilds");
    assert_eq!(store.cursor().await.expect("reads").number, 0);
    store.close().await;
    let (store, mut follower) = self::follower(url, &chain).await;
    index_all(&mut follower, &chain).await;
    assert_eq!(
        everything(&store).await,
        in_two_parts,
        "a rebuilt index is the same"
    );
}

async fn another_network_is_refused(url: &str) {
    let chain = Chain::new("a");
    let (store, _) = follower(url, &chain).await;
    store.close().await;
    let error = Store::open(url, &network("b"), false)
        .await
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("network a ") && error.contains("this is network b "),
        "names both: {error}"
    );
}

async fn blocks_that_do_not_follow_are_refused(url: &str) {
    let mut chain = Chain::new("a");
    let (store, mut follower) = follower(url, &chain).await;
    let first = chain.next(vec![]);
    follower.index(&first).await.expect("indexes");

    let mut fork = first.clone();
    fork.hash = alloy_primitives::B256::repeat_byte(9);
    let error = follower.index(&fork).await.expect_err("refused");
    assert!(
        matches!(error, FollowError::Store(StoreError::Fork { number: 1, .. })),
        "{error}"
    );

    let mut orphan = chain.next(vec![]);
    orphan.parent_hash = alloy_primitives::B256::repeat_byte(9);
    let error = follower.index(&orphan).await.expect_err("refused");
    assert!(
        matches!(
            error,
            FollowError::Store(StoreError::WrongParent { number: 2, .. })
        ),
        "{error}"
    );

    let later = chain.next(vec![]);
    let error = follower.index(&later).await.expect_err("refused");
    assert!(
        matches!(error, FollowError::Store(StoreError::Gap { at: 1, got: 3 })),
        "{error}"
    );
    assert_eq!(store.cursor().await.expect("reads").number, 1);
}

macro_rules! on_each_database {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            use super::*;
            $(#[tokio::test] async fn $test() {
                let folder = tempfile::tempdir().expect("a folder");
                super::$test(&sqlite(folder.path())).await;
            })+
        }

        #[tokio::test]
        async fn on_postgres() {
            let server = match Postgres::start() {
                Ok(server) => server,
                Err(missing) => return println!("not run on PostgreSQL: {missing}"),
            };
            $(
                println!("on PostgreSQL: {}", stringify!($test));
                $test(&server.database(stringify!($test))).await;
            )+
        }
    };
}

on_each_database![
    a_history_is_projected,
    blocks_given_twice_change_nothing,
    a_block_that_fails_halfway_leaves_nothing,
    a_restart_goes_on_where_it_was,
    another_network_is_refused,
    blocks_that_do_not_follow_are_refused,
];

#[tokio::test]
async fn an_unknown_database_is_refused() {
    let error = Store::open("mysql://x", &network("a"), false)
        .await
        .expect_err("refused");
    assert!(matches!(error, StoreError::UnknownScheme { .. }), "{error}");
}

#[tokio::test]
async fn a_database_that_does_not_open_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("missing/index.sqlite").display().to_string();
    let error = Store::open(&format!("sqlite:{path}"), &network("a"), false)
        .await
        .expect_err("refused");
    assert!(matches!(error, StoreError::Open { .. }), "{error}");
    assert!(error.to_string().contains(&path), "{error}");
}

//! The same journeys on PostgreSQL: every table, and nearly every query, of store and vault.

#[path = "../../../index/tests/index/common/databases.rs"]
#[allow(dead_code, reason = "shared with the index's tests, which use more of it")]
mod servers;

use std::path::Path;

use servers::Postgres;
use zhengtong_population::AGENCIES;

use crate::world::World;
use crate::{desk, path};

/// A world on databases of its own.
async fn world(server: &Postgres, name: &str) -> World {
    let database = |slug: &str| server.database(&format!("{name}_{}", slug.replace('-', "_")));
    World::on(AGENCIES.iter().map(|(slug, _)| (*slug, database(slug))).collect()).await
}

#[tokio::test]
async fn the_journeys_are_the_same_on_postgresql() {
    let server = match Postgres::start() {
        Ok(server) => server,
        Err(missing) if Path::new("/usr/bin/apt-get").exists() => {
            panic!("run tools/setup.sh test: {missing}")
        }
        Err(missing) => return println!("not run on PostgreSQL: {missing}"),
    };
    path::approved(world(&server, "approved").await).await;
    path::every_use(world(&server, "uses").await).await;
    path::appealed(world(&server, "appealed").await).await;
    desk::refused(world(&server, "refused").await).await;
    desk::supplemented(world(&server, "supplemented").await).await;
    desk::queue(world(&server, "queue").await).await;
    desk::forgotten(world(&server, "forgotten").await).await;
}

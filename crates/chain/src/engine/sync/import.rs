//! Completes a fetched state: compares its root, and fetches the code that its accounts name.

use super::{
    SyncError, SyncStep,
    archive::{Archive, Found, Item},
    certified_header, watched,
};
use crate::{
    application::App,
    engine::{Runtime, StartError},
    store::Start,
};
use alloy_primitives::B256;
use zhengtong_state::{Database, code_hashes};

/// Codes that are fetched at a time.
const CODES_AT_ONCE: usize = 32;

/// Makes the block usable that this node begins at. Its state database is open and has all its operations.
pub async fn import<E: Runtime>(
    context: &E,
    app: &App<E>,
    database: &Database<E>,
    start: &Start,
    archive: &mut Archive,
) -> Result<(), StartError> {
    let (store, report) = (&app.0.store, &app.0.config.report);
    let header = certified_header(store, start)?.0;
    let missing = {
        let database = database.read().await;
        let root = B256::from_slice(database.root().as_ref());
        check_root(start.number, header.state_root, root)?;
        report.tell(SyncStep::Checked { root });
        let named = code_hashes(&database)
            .await
            .map_err(|source| StartError::State(source.to_string()))?;
        let mut missing = Vec::new();
        for hash in named {
            if store.code(hash)?.is_none() {
                missing.push(hash);
            }
        }
        missing
    };
    for (done, hashes) in missing.chunks(CODES_AT_ONCE).enumerate() {
        let items = hashes.iter().map(|hash| Item::Code(*hash)).collect();
        let mut codes = Vec::with_capacity(hashes.len());
        let fetched = archive.fetch(items, |item, found| {
            if let (Item::Code(hash), Found::Code(code)) = (item, found) {
                codes.push((hash, code));
            }
        });
        let missing = missing.len() - done * CODES_AT_ONCE;
        watched(context, report, fetched, |_| SyncStep::Codes { missing }).await;
        store.put_codes(&codes)?;
    }
    store.complete(start)?;
    app.0.pending.lock().advance(start.hash, start.number);
    report.tell(SyncStep::Following {
        from: start.number + 1,
    });
    Ok(())
}

/// The sync engine has checked the operations alone; the header's `stateRoot` covers the whole database.
fn check_root(number: u64, expected: B256, found: B256) -> Result<(), SyncError> {
    if expected == found {
        return Ok(());
    }
    Err(SyncError::WrongRoot {
        number,
        expected,
        found,
    })
}

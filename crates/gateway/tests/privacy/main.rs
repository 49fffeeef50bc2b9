//! No personal data leaves the vault: not to the chain, not to the store, not to the logs.
//!
//! A binary of its own: the log of a whole process is captured.

#![expect(dead_code, reason = "the world of the other tests is used in part")]

#[path = "../it/chain.rs"]
mod chain;
#[path = "../it/tokens.rs"]
mod tokens;
#[path = "../it/wallet.rs"]
mod wallet;
#[path = "../it/world.rs"]
mod world;

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{OWNER, World};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A text in the forms in which it might slip through.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let hex = hex::encode(text);
    vec![
        text.as_bytes().to_vec(),
        hex.clone().into_bytes(),
        hex::encode_upper(text).into_bytes(),
    ]
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn chain_logs_and_store_hold_no_name_number_birth_date_or_answer_of_a_form() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let mut world = World::new().await;
    world.require_tokens().await;
    let mut needles = Vec::new();
    for (seed, label) in [(1, "approved-66"), (2, "refused-64"), (3, "household-missing")] {
        let wallet = world.wallet(label).await;
        let case = world.apply(&wallet, seed, "old-age-allowance").await;
        let bearer = world.bearer(OWNER, 0).await;
        world
            .get(OWNER, &format!("/v1/desk/cases/{:#x}", case.id), &bearer)
            .await;
        let birth = &wallet.number[6..14];
        needles.extend(forms(&wallet.number));
        needles.extend(forms(&wallet.name));
        needles.extend(forms(&format!(
            "{}-{}-{}",
            &birth[..4],
            &birth[4..6],
            &birth[6..]
        )));
        needles.extend(forms("social-security-card"));
        needles.push(case.use_secret("health").to_vec());
        needles.extend(forms(&hex::encode(case.use_secret("health"))));
    }
    let logs = captured.0.lock().clone();
    assert!(contains(&logs, b"facts attested"), "the logs were not captured");
    let mut places = vec![
        ("the chain".to_owned(), world.chain.public_bytes()),
        ("the logs".to_owned(), logs),
    ];
    for (organisation, _) in &world.gateways {
        let folder = world.folder.path().join(organisation);
        for file in std::fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    assert!(places.len() > 10);
    for (place, bytes) in &places {
        for needle in &needles {
            assert!(
                !contains(bytes, needle),
                "{place} holds {}",
                String::from_utf8_lossy(needle)
            );
        }
    }
}

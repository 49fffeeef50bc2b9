//! Exchange between gateways: fields of a record, where a yes or no is not enough.
//!
//! ```text
//! ask       the one who decides asks: declared fields, a basis it can name        (this gateway as consumer)
//! provide   the one who holds the record answers: permit, use record, final, gate (this gateway as provider)
//! envelope  signed messages (RFC 9421); keys are rooted in the Registry           (key)
//! message   what is said; answers are sealed with HPKE (RFC 9180)
//! permit    what a request may have; everything it claims is compared with the chain
//! release   the one function that reads a record, and it takes a FinalizedUse     (mapped, budget)
//! ```
//!
//! Protocol, byte formats and reasons of refusal: `docs/exchange.md`. To let an agency give a new record:
//! `agencies/README.md`.

mod ask;
pub mod budget;
mod envelope;
pub mod key;
mod locks;
pub mod mapped;
pub mod message;
mod permit;
mod provide;
mod refusal;
mod release;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use ask::{ASK_TIMEOUT, MAX_TRIES, RECEIVED, Received, Wish};
pub use envelope::{CLOCK_SKEW_S, HttpAnswer, HttpRequest, LABEL, LIFE_S, MAX_LIFE_S, texts};
pub use provide::{ANSWER_KEPT_MS, FINAL_TIMEOUT, MAX_AT_ONCE, PATH, SEND_TIMEOUT};
pub use refusal::{Reason, Refusal};
pub use release::{ReleaseError, Rows, Wanted};

pub(crate) use ask::Peers;
pub(crate) use envelope::Signing;

/// What exchanges need besides the parts of a gateway.
pub(crate) struct Exchange {
    pub signing: Signing,
    pub peers: Peers,
    pub cases: locks::Locks,
    pub in_flight: provide::InFlight,
    pub looked_at: Arc<Semaphore>,
}

impl Exchange {
    pub fn new(signing: Signing, peers: Peers) -> Self {
        Self {
            signing,
            peers,
            cases: locks::Locks::default(),
            in_flight: provide::InFlight::default(),
            looked_at: Arc::new(Semaphore::new(provide::MAX_LOOKED_AT)),
        }
    }
}

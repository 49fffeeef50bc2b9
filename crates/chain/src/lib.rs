//! The consensus application: propose, verify and apply blocks; transaction pool; genesis.

mod view;

pub use view::{ChainView, MAX_PROVEN_SLOTS, STATE_WINDOW_BLOCKS, SealedBlock, SubmitError, ViewError};

//! Typed interfaces of the contracts, generated from the compiled ABIs.

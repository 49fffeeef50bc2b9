//! The consensus application: propose, verify and apply blocks; transaction pool; genesis.

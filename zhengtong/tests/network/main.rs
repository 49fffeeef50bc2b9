//! A network of real processes on this machine, set up by the documented commands alone.

mod backup;
mod cold;
mod collector;
mod commands;
mod council;
mod faults;
mod forgotten;
mod membership;
mod monitor;
mod ops;
mod processes;
mod state_sync;
mod traces;
mod transfers;

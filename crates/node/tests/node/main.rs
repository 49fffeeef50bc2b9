//! A real validator on disk, in this process and in one that is killed.

mod backup;
mod common;
mod genesis;
mod kill;
mod lifecycle;
mod plan;
mod quotas;
mod refusal;
mod several;

//! A seeded synthetic population, consistent across the agencies' databases.
//!
//! Nobody here exists. Resident numbers have valid check digits (GB 11643) and area codes that no
//! place has (`9901xx`, `9902xx`: GB/T 2260 assigns 11 to 82, foreigners' permits put such a code
//! behind the 9, and neither 90 is one), every given name begins with a character that says
//! "example", and every table has a column `data_origin` or a heading that says `synthetic`.
//!
//! Statuses and ages reach every row and boundary of the rules in `services/`; some records are
//! missing or under check, so that `unknown` is reached as well. The same seed and day give the
//! same population. [`prepare`] writes one SQLite database an agency and keeps it.
//!
//! To add an attribute: a field of [`Resident`], a column in the agency's `schema.sql`, a line in
//! `tables.rs`, and a way to reach it in `people.rs`.

mod demo;
mod error;
mod names;
mod people;
mod resident;
mod tables;
#[cfg(test)]
mod tests;
mod write;

pub use demo::{DemoResident, demo_residents};
pub use error::PopulationError;
pub use people::{SIZE, generate};
pub use resident::{
    Allowance, Certificate, Death, Doubt, Employment, Illness, MinimumLiving, Registration, Resident,
    Support, WorkInjury,
};
pub use write::{AGENCIES, Prepared, prepare};

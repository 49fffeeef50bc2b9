//! What this repository ships: the catalogue and the packages of `services/`, inside the binary.
//!
//! To ship another package, add its folder to [`PACKAGES`].

use crate::{Catalogue, Library, Package};

/// The catalogue's JSON.
pub const CATALOGUE: &str = include_str!("../../../services/catalogue/guangan-service-items.json");

macro_rules! files {
    ($slug:literal: $($file:literal),+ $(,)?) => {
        ($slug, &[$(($file, include_str!(concat!("../../../services/", $slug, "/", $file)))),+])
    };
}

macro_rules! packages {
    ($($slug:literal),+ $(,)?) => {
        &[$(files!(
            $slug: "credential.json", "evidence.json", "form.schema.json", "item.json", "pages.json", "rules.json",
            "tests.json", "texts/en.json", "texts/zh-CN.json", "workflow.json",
        )),+]
    };
}

/// A file's name and text.
pub type File = (&'static str, &'static str);

/// The packages' files by slug.
pub const PACKAGES: &[(&str, &[File])] = packages!(
    "disability-living-subsidy",
    "old-age-allowance",
    "temporary-relief"
);

/// Reads what is shipped.
///
/// # Errors
/// A sentence naming what is wrong; the tests of this crate keep it from happening.
pub fn library() -> Result<Library, String> {
    let catalogue = Catalogue::parse(CATALOGUE).map_err(|error| error.to_string())?;
    let packages = PACKAGES.iter().map(|(slug, files)| {
        Package::from_files(files.iter().copied()).map_err(|errors| format!("{slug}:\n{errors}"))
    });
    let packages = packages.collect::<Result<Vec<_>, _>>()?;
    Library::new(catalogue, packages).map_err(|error| error.to_string())
}

//! Bundled packages as files that a test can change.

use serde_json::Value;
use std::collections::BTreeMap;
use zhengtong_services::{Package, PackageErrors, bundled};

pub type Files = BTreeMap<String, Value>;

pub fn files(slug: &str) -> Files {
    let (_, files) = bundled::PACKAGES
        .iter()
        .find(|(name, _)| *name == slug)
        .expect("bundled");
    files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), serde_json::from_str(text).expect("JSON")))
        .collect()
}

pub fn load(files: &Files) -> Result<Package, PackageErrors> {
    let texts: Vec<_> = files
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_string()))
        .collect();
    Package::from_files(texts.iter().map(|(name, text)| (*name, text.as_str())))
}

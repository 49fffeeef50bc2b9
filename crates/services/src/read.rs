//! The bytes of a package: from a folder, or from its canonical form.

use crate::error::{PackageError, Problem};
use crate::json;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

/// The files of a package, all of them needed.
pub const FILES: [&str; 10] = [
    "credential.json",
    "evidence.json",
    "form.schema.json",
    "item.json",
    "pages.json",
    "rules.json",
    "tests.json",
    "texts/en.json",
    "texts/zh-CN.json",
    "workflow.json",
];
/// Longest file of a package in bytes.
pub const MAX_FILE_BYTES: usize = 64 * 1024;
/// Longest canonical form of a package in bytes.
pub const MAX_PACKAGE_BYTES: usize = FILES.len() * MAX_FILE_BYTES;

const BUNDLE_FILE: &str = "compose.json";
const TEXTS_FOLDER: &str = "texts";
/// More entries than this in a folder are not looked at.
const MAX_FOLDER_ENTRIES: usize = 64;

/// The files of a package as JSON, by name: exactly [`FILES`].
pub(crate) type Contents = BTreeMap<String, Value>;

pub(crate) fn from_folder(folder: &Path) -> Result<Contents, Vec<PackageError>> {
    let mut errors = Vec::new();
    let mut contents = Contents::new();
    refuse_unknown_files(folder, &mut errors);
    for name in FILES {
        match read_file(folder, name) {
            Ok(value) => {
                contents.insert(name.to_owned(), value);
            }
            Err(problem) => errors.push(PackageError::new(name, ".", problem)),
        }
    }
    if errors.is_empty() {
        Ok(contents)
    } else {
        Err(errors)
    }
}

pub(crate) fn from_texts<'a>(
    texts: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Contents, Vec<PackageError>> {
    let mut contents = Contents::new();
    for (name, text) in texts {
        check_name(name).and_then(|()| parse_file(text)).map_or_else(
            |problem| Err(vec![PackageError::new(name, ".", problem)]),
            |value| Ok(contents.insert(name.to_owned(), value)),
        )?;
    }
    complete(contents)
}

pub(crate) fn from_canonical(bytes: &[u8]) -> Result<Contents, Vec<PackageError>> {
    let refuse = |problem| vec![PackageError::new(".", ".", problem)];
    if bytes.len() > MAX_PACKAGE_BYTES {
        return Err(refuse(Problem::TooLong {
            limit: MAX_PACKAGE_BYTES,
        }));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| refuse(Problem::Json(error.to_string())))?;
    let value = json::parse(text).map_err(|error| refuse(Problem::Json(error.to_string())))?;
    from_value(value)
}

pub(crate) fn from_value(value: Value) -> Result<Contents, Vec<PackageError>> {
    let Value::Object(files) = value else {
        return Err(vec![PackageError::new(
            ".",
            ".",
            Problem::Json("not an object of files".to_owned()),
        )]);
    };
    for name in files.keys() {
        check_name(name).map_err(|problem| vec![PackageError::new(name, ".", problem)])?;
    }
    complete(files.into_iter().collect())
}

/// Reads one file of a package into its type.
pub(crate) fn typed<T: DeserializeOwned>(contents: &Contents, name: &str) -> Result<T, PackageError> {
    let value = contents
        .get(name)
        .ok_or_else(|| PackageError::new(name, ".", Problem::FileMissing))?;
    serde_path_to_error::deserialize(value).map_err(|error| {
        PackageError::new(
            name,
            error.path().to_string(),
            Problem::Json(error.inner().to_string()),
        )
    })
}

fn complete(contents: Contents) -> Result<Contents, Vec<PackageError>> {
    let missing = FILES.iter().filter(|name| !contents.contains_key(**name));
    let errors: Vec<_> = missing
        .map(|name| PackageError::new(name, ".", Problem::FileMissing))
        .collect();
    if errors.is_empty() {
        Ok(contents)
    } else {
        Err(errors)
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    match name {
        BUNDLE_FILE => Err(Problem::NotSupported("a bundle of services (compose.json)")),
        _ if FILES.contains(&name) => Ok(()),
        _ => Err(Problem::FileUnknown),
    }
}

fn refuse_unknown_files(folder: &Path, errors: &mut Vec<PackageError>) {
    let mut check = |prefix: &str, folder: &Path| {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                errors.push(PackageError::new(
                    prefix,
                    ".",
                    Problem::Unreadable(error.to_string()),
                ));
                return;
            }
        };
        for entry in entries.take(MAX_FOLDER_ENTRIES).flatten() {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if name == TEXTS_FOLDER {
                continue;
            }
            if let Err(problem) = check_name(&name) {
                errors.push(PackageError::new(&name, ".", problem));
            }
        }
    };
    check("", folder);
    check("texts/", &folder.join(TEXTS_FOLDER));
}

fn read_file(folder: &Path, name: &str) -> Result<Value, Problem> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem::FileMissing,
        _ => Problem::Unreadable(error.to_string()),
    };
    let mut text = String::new();
    let file = fs::File::open(folder.join(name)).map_err(unreadable)?;
    file.take(MAX_FILE_BYTES as u64 + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    parse_file(&text)
}

fn parse_file(text: &str) -> Result<Value, Problem> {
    if text.len() > MAX_FILE_BYTES {
        return Err(Problem::TooLong {
            limit: MAX_FILE_BYTES,
        });
    }
    json::parse(text).map_err(|error| Problem::Json(error.to_string()))
}

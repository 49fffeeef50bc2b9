use crate::{Catalogue, Law, Package};
use alloy_primitives::{B256, keccak256};
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use std::collections::BTreeMap;

/// A catalogue, and the packages that run some of its items.
#[derive(Debug, Clone)]
pub struct Library {
    catalogue: Catalogue,
    packages: Vec<Package>,
}

/// An article as the `Statutes` contract lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statute {
    /// The law.
    pub law: String,
    /// Its article.
    pub article: String,
    /// keccak-256 of the wording in UTF-8.
    pub text_hash: B256,
    /// First second in force, unix time; the day begins at midnight in China, as the day of an application does.
    pub valid_from_s: u64,
    /// First second no longer in force, of the same midnight; 0 if open.
    pub valid_to_s: u64,
}

/// Why packages and catalogue do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// Two packages of the same name.
    #[error("two packages are called {0:?}")]
    DuplicateSlug(String),
    /// Two packages for the same item.
    #[error("two packages run the item {0}")]
    DuplicateItem(String),
    /// A package for an item that the catalogue does not have.
    #[error("{slug}: item.json: item_code: the catalogue has no item {item_code}")]
    UnknownItem {
        /// The package.
        slug: String,
        /// The code it names.
        item_code: String,
    },
    /// A package that gives the item another kind.
    #[error("{slug}: item.json: task_type: the catalogue says {expected}")]
    TaskType {
        /// The package.
        slug: String,
        /// The catalogue's number.
        expected: u8,
    },
    /// A credential in place of a question, of a type that no package issues, or without a claim that is needed.
    #[error("{slug}: evidence.json: no package issues {vct} with the claim {claim:?}")]
    Held {
        /// The package that asks for it.
        slug: String,
        /// The type.
        vct: String,
        /// The claim.
        claim: String,
    },
    /// Two packages that quote the same article differently.
    #[error("{slug}: item.json: laws: {law} {article} is quoted or dated differently in another package")]
    LawDisagrees {
        /// The second package.
        slug: String,
        /// The law.
        law: String,
        /// Its article.
        article: String,
    },
}

impl Library {
    /// Joins packages with the catalogue.
    ///
    /// # Errors
    /// [`LibraryError`], naming the package.
    pub fn new(catalogue: Catalogue, mut packages: Vec<Package>) -> Result<Self, LibraryError> {
        packages.sort_by(|a, b| a.slug().cmp(b.slug()));
        for (index, package) in packages.iter().enumerate() {
            let (item, slug) = (package.item(), package.slug().to_owned());
            if packages[..index].iter().any(|other| other.slug() == slug) {
                return Err(LibraryError::DuplicateSlug(slug));
            }
            if packages[..index]
                .iter()
                .any(|other| other.item().item_code == item.item_code)
            {
                return Err(LibraryError::DuplicateItem(item.item_code.clone()));
            }
            let Some(listed) = catalogue.get(&item.item_code) else {
                return Err(LibraryError::UnknownItem {
                    slug,
                    item_code: item.item_code.clone(),
                });
            };
            let expected = u8::from(listed.task_type);
            if expected != item.task_type {
                return Err(LibraryError::TaskType { slug, expected });
            }
        }
        let library = Self { catalogue, packages };
        library.check_laws()?;
        library.check_held()?;
        Ok(library)
    }

    fn check_laws(&self) -> Result<(), LibraryError> {
        let mut seen = BTreeMap::new();
        for package in &self.packages {
            for law in &package.item().laws {
                let content = (&law.title, &law.text, law.valid_from, law.valid_to);
                if *seen.entry(law.reference()).or_insert(content) != content {
                    let (slug, law) = (package.slug().to_owned(), law.reference());
                    return Err(LibraryError::LawDisagrees {
                        slug,
                        law: law.law,
                        article: law.article,
                    });
                }
            }
        }
        Ok(())
    }

    fn check_held(&self) -> Result<(), LibraryError> {
        for package in &self.packages {
            let materials = package.evidence().materials.iter();
            for held in materials.flat_map(|material| &material.held) {
                let issued = self.packages.iter().map(Package::credential);
                let issued = issued.clone().find(|issued| issued.vct == held.vct);
                let missing = match issued {
                    Some(issued) => held.missing_in(issued),
                    None => held.claims.first().cloned(),
                };
                if let Some(claim) = missing {
                    let (slug, vct) = (package.slug().to_owned(), held.vct.clone());
                    return Err(LibraryError::Held { slug, vct, claim });
                }
            }
        }
        Ok(())
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The packages by slug.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// A package by slug or item code.
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| package.slug() == name || package.item().item_code == name)
    }

    /// A package by content address.
    pub fn package_by_hash(&self, hash: B256) -> Option<&Package> {
        self.packages.iter().find(|package| package.hash() == hash)
    }

    /// Every article that the packages cite, once, in the order of its reference.
    pub fn statutes(&self) -> Vec<Statute> {
        let laws = self.packages.iter().flat_map(|package| &package.item().laws);
        let laws: BTreeMap<_, _> = laws.map(|law| (law.reference(), law)).collect();
        laws.into_values().map(Law::statute).collect()
    }
}

impl Law {
    /// The article as the `Statutes` contract lists it.
    pub fn statute(&self) -> Statute {
        Statute {
            law: self.law.clone(),
            article: self.article.clone(),
            text_hash: keccak256(self.text.as_bytes()),
            valid_from_s: unix_seconds(self.valid_from),
            valid_to_s: self.valid_to.map_or(0, unix_seconds),
        }
    }
}

/// China's time, all year.
const CHINA: Offset = Offset::constant(8);

/// The start of a day in China; days before 1970 count as 0.
fn unix_seconds(day: Date) -> u64 {
    let start = TimeZone::fixed(CHINA).to_timestamp(day.at(0, 0, 0, 0));
    start.map_or(0, |start| u64::try_from(start.as_second()).unwrap_or(0))
}

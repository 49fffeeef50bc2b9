//! The catalogue: published items, the packages that stand behind some of them, and search.

mod search;

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::B256;

use zhengtong_services::{CatalogueItem as Item, LANGUAGES, Library};

use crate::view::service::{
    CatalogueItem, Department, PackageError, PublishedService, ServiceDetail, ServiceState, ServiceSummary,
};
use search::{Query, Text};

/// Key of a package's title among its texts.
const TITLE: &str = "service.title";

/// A service package that is on this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    pub slug: String,
    pub item_code: String,
    /// keccak256 of the canonical package.
    pub hash: B256,
    /// Title by language.
    pub title: BTreeMap<String, String>,
    /// The whole package.
    pub json: serde_json::Value,
}

/// Items and packages, read once at start.
#[derive(Debug)]
pub struct Catalogue {
    items: Vec<Entry>,
    packages: BTreeMap<String, Package>,
}

#[derive(Debug)]
struct Entry {
    item: Item,
    slug: Option<String>,
    text: Text,
}

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words that must all be found.
    pub text: Option<String>,
    /// Exact name of a department.
    pub department: Option<String>,
    /// Only items that run (`true`) or do not run (`false`).
    pub available: Option<bool>,
}

/// What the chain publishes, by slug.
pub type Published = HashMap<String, PublishedService>;

impl Package {
    fn of(package: &zhengtong_services::Package) -> Self {
        let title = LANGUAGES
            .iter()
            .filter_map(|(language, _)| {
                Some(((*language).to_owned(), package.text(language, TITLE)?.to_owned()))
            })
            .collect();
        Self {
            slug: package.slug().to_owned(),
            item_code: package.item().item_code.clone(),
            hash: package.hash(),
            title,
            json: package.to_json(),
        }
    }
}

impl Catalogue {
    /// The catalogue and packages of a checked library.
    pub fn of(library: &Library) -> Self {
        Self::new(
            library.catalogue().items().to_vec(),
            library.packages().iter().map(Package::of).collect(),
        )
    }

    /// Puts items and packages together. A package belongs to the item whose code it names.
    pub fn new(items: Vec<Item>, packages: Vec<Package>) -> Self {
        let packages: BTreeMap<_, _> = packages
            .into_iter()
            .map(|package| (package.slug.clone(), package))
            .collect();
        let by_code: HashMap<_, _> = packages
            .values()
            .map(|package| (package.item_code.as_str(), package))
            .collect();
        let items = items
            .into_iter()
            .map(|item| {
                let package = by_code.get(item.item_code.as_str()).copied();
                Entry {
                    text: Text::of(&item, package),
                    slug: package.map(|package| package.slug.clone()),
                    item,
                }
            })
            .collect();
        Self { items, packages }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items that fit, best first: by rank of the words, then those that run, then as published. Where none fits, those
    /// that nearly do.
    pub fn find(&self, filter: &Filter, published: &Published) -> Vec<CatalogueItem> {
        let Some(query) = filter.text.as_deref().map(Query::new) else {
            return self.ranked(filter, published, |_| Some(0));
        };
        let found = self.ranked(filter, published, |text| query.rank(text));
        if found.is_empty() {
            return self.ranked(filter, published, |text| query.nearness(text));
        }
        found
    }

    fn ranked(
        &self,
        filter: &Filter,
        published: &Published,
        rank: impl Fn(&Text) -> Option<u32>,
    ) -> Vec<CatalogueItem> {
        let mut found: Vec<_> = self
            .items
            .iter()
            .filter(|entry| {
                filter
                    .department
                    .as_ref()
                    .is_none_or(|name| &entry.item.department == name)
            })
            .filter_map(|entry| {
                let rank = rank(&entry.text)?;
                let item = self.view(entry, published);
                let runs = item
                    .service
                    .as_ref()
                    .is_some_and(|service| service.state == ServiceState::Running);
                filter
                    .available
                    .is_none_or(|wanted| wanted == runs)
                    .then_some((rank, !runs, item))
            })
            .collect();
        found.sort_by_key(|(rank, idle, _)| (*rank, *idle));
        found.into_iter().map(|(_, _, item)| item).collect()
    }

    /// One item by its code, or one service by its slug.
    pub fn get(&self, id: &str, published: &Published) -> Option<ServiceDetail> {
        let by_slug = |entry: &&Entry| entry.slug.as_deref() == Some(id);
        let entry = self
            .items
            .iter()
            .find(by_slug)
            .or_else(|| self.items.iter().find(|e| e.item.item_code == id));
        let slug = entry.and_then(|entry| entry.slug.as_deref()).unwrap_or(id);
        let service = self.service(slug, published);
        if entry.is_none() && service.is_none() {
            return None;
        }
        let package = self.packages.get(slug);
        let on_chain = published.get(slug);
        let state = service.as_ref().map(|service| service.state);
        let shown = matches!(state, Some(ServiceState::Running | ServiceState::Inactive));
        let error = match (state, package, on_chain) {
            (Some(ServiceState::PackageMismatch), Some(package), Some(on_chain)) => Some(PackageError {
                published_hash: on_chain.package_hash.clone(),
                local_hash: format!("{:#x}", package.hash),
            }),
            _ => None,
        };
        Some(ServiceDetail {
            item: entry.map(|entry| self.view(entry, published)),
            service,
            published: on_chain.cloned(),
            package: package.filter(|_| shown).map(|package| package.json.clone()),
            error,
        })
    }

    /// Departments in the order of the catalogue.
    pub fn departments(&self, published: &Published) -> Vec<Department> {
        let mut departments: Vec<Department> = Vec::new();
        let mut places = HashMap::<&str, usize>::new();
        for entry in &self.items {
            let place = *places.entry(&entry.item.department).or_insert_with(|| {
                departments.push(Department {
                    name: entry.item.department.clone(),
                    count: 0,
                    running: 0,
                });
                departments.len() - 1
            });
            let service = entry
                .slug
                .as_deref()
                .and_then(|slug| self.service(slug, published));
            departments[place].count += 1;
            departments[place].running +=
                u32::from(service.is_some_and(|s| s.state == ServiceState::Running));
        }
        departments
    }

    fn view(&self, entry: &Entry, published: &Published) -> CatalogueItem {
        let Item {
            item_code,
            name,
            department,
            group,
            task_type,
            ..
        } = entry.item.clone();
        let task_type = u8::from(task_type).into();
        let service = entry
            .slug
            .as_deref()
            .and_then(|slug| self.service(slug, published));
        CatalogueItem {
            item_code,
            name,
            department,
            group,
            task_type,
            service,
        }
    }

    /// What is known of a service: from the package, the chain, or both.
    fn service(&self, slug: &str, published: &Published) -> Option<ServiceSummary> {
        let (package, on_chain) = (self.packages.get(slug), published.get(slug));
        let state = match (package, on_chain) {
            (None, None) => return None,
            (Some(_), None) => ServiceState::Unpublished,
            (None, Some(_)) => ServiceState::PackageMissing,
            (Some(package), Some(on_chain)) if format!("{:#x}", package.hash) != on_chain.package_hash => {
                ServiceState::PackageMismatch
            }
            (Some(_), Some(on_chain)) if on_chain.active => ServiceState::Running,
            (Some(_), Some(_)) => ServiceState::Inactive,
        };
        Some(ServiceSummary {
            slug: slug.to_owned(),
            version: on_chain.map(|service| service.version),
            title: package.map(|package| package.title.clone()).unwrap_or_default(),
            state,
        })
    }
}

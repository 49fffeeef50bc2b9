//! Catalogues and libraries that are refused, each with its place.

use serde_json::{Value, json};
use zhengtong_services::{Catalogue, CatalogueError, Library, LibraryError, Package, TaskType, bundled};

fn items() -> Vec<Value> {
    serde_json::from_str(bundled::CATALOGUE).expect("JSON")
}

fn parse(items: &[Value]) -> Result<Catalogue, CatalogueError> {
    Catalogue::parse(&Value::from(items.to_vec()).to_string())
}

fn package(slug: &str, change: impl Fn(&str, &mut Value)) -> Package {
    let (_, files) = bundled::PACKAGES
        .iter()
        .find(|(name, _)| *name == slug)
        .expect("bundled");
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| {
            let mut value: Value = serde_json::from_str(text).expect("JSON");
            change(name, &mut value);
            (*name, value.to_string())
        })
        .collect();
    Package::from_files(files.iter().map(|(name, text)| (*name, text.as_str())))
        .unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn an_item_is_found_by_its_code() {
    let catalogue = parse(&items()).expect("valid");
    let item = catalogue
        .get("512B0003600031-511602000000-000-11511301008778298W-1-00")
        .expect("item");
    assert_eq!(
        (item.name.as_str(), item.task_type),
        ("临时救助", TaskType::PublicService)
    );
    assert!(catalogue.get("nothing").is_none());
}

#[test]
fn a_bad_item_is_refused_by_its_place() {
    let mut list = items();
    list[3]["task_type"] = json!(3);
    assert!(matches!(parse(&list), Err(CatalogueError::Json { path, .. }) if path == "[3].task_type"));
    let mut list = items();
    list[4]["surprise"] = json!(1);
    assert!(matches!(parse(&list), Err(CatalogueError::Json { path, .. }) if path.starts_with("[4]")));
    let mut list = items();
    list[5]["name"] = json!("");
    assert_eq!(
        parse(&list).err(),
        Some(CatalogueError::Text {
            index: 5,
            field: "name"
        })
    );
    let mut list = items();
    let item_code = list[0]["item_code"].as_str().expect("code").to_owned();
    list[6]["item_code"] = item_code.clone().into();
    assert_eq!(
        parse(&list).err(),
        Some(CatalogueError::Duplicate { index: 6, item_code })
    );
    assert!(Catalogue::parse("[]x").is_err());
}

#[test]
fn packages_must_fit_the_catalogue_and_each_other() {
    let catalogue = || parse(&items()).expect("valid");
    let allowance = || package("old-age-allowance", |_, _| {});
    assert!(Library::new(catalogue(), vec![allowance()]).is_ok());

    let twice = Library::new(catalogue(), vec![allowance(), allowance()]);
    assert!(matches!(twice, Err(LibraryError::DuplicateSlug(slug)) if slug == "old-age-allowance"));

    let edit = |key: &'static str, value: Value| {
        package("old-age-allowance", move |name, file| {
            if name == "item.json" {
                file[key] = value.clone();
            }
        })
    };
    let same_item = Library::new(catalogue(), vec![allowance(), edit("slug", json!("other"))]);
    assert!(matches!(same_item, Err(LibraryError::DuplicateItem(_))));
    let unknown = Library::new(catalogue(), vec![edit("item_code", json!("nothing"))]);
    assert!(matches!(unknown, Err(LibraryError::UnknownItem { .. })));
    let kind = Library::new(catalogue(), vec![edit("task_type", json!(1))]);
    assert!(matches!(kind, Err(LibraryError::TaskType { expected: 20, .. })));

    let misquoting = package("temporary-relief", |name, file| {
        if name == "item.json" {
            let laws = file["laws"].as_array_mut().expect("laws");
            let law = laws
                .iter_mut()
                .find(|law| law["id"] == "two-months")
                .expect("law");
            law["text"] = "别的文字".into();
        }
    });
    let disagreeing = Library::new(catalogue(), vec![allowance(), misquoting]);
    assert!(
        matches!(disagreeing, Err(LibraryError::LawDisagrees { slug, .. }) if slug == "temporary-relief")
    );
}

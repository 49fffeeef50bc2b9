//! What the repository ships passes its own checks, and says what the law says.

use zhengtong_services::{Library, Package, bundled};

fn library() -> Library {
    bundled::library().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_package_passes_every_check() {
    let slugs: Vec<_> = library()
        .packages()
        .iter()
        .map(|package| package.slug().to_owned())
        .collect();
    assert_eq!(
        slugs,
        [
            "disability-living-subsidy",
            "old-age-allowance",
            "temporary-relief"
        ]
    );
}

#[test]
fn the_catalogue_has_1135_items_in_34_departments() {
    let library = library();
    assert_eq!(library.catalogue().items().len(), 1135);
    let departments = library.catalogue().departments();
    assert_eq!(departments.len(), 34);
    assert_eq!(
        departments
            .iter()
            .map(|department| department.items)
            .sum::<usize>(),
        1135
    );
}

#[test]
fn packages_run_the_items_they_name() {
    let library = library();
    let names = ["困难残疾人生活补贴", "80周岁以上老年人高龄津贴发放", "临时救助"];
    for (package, name) in library.packages().iter().zip(names) {
        let item = library.catalogue().get(&package.item().item_code).expect("item");
        assert_eq!((item.name.as_str(), item.department.as_str()), (name, "区民政局"));
    }
}

#[test]
fn the_folder_the_bundle_and_the_canonical_bytes_are_one_package() {
    let services = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services");
    for package in library().packages() {
        let loaded =
            Package::load(&services.join(package.slug())).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(loaded.hash(), package.hash());
        let again = Package::from_canonical(package.canonical()).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(again.hash(), package.hash());
        assert_eq!(again.to_json(), package.to_json());
        assert_eq!(again.listing(), package.listing());
    }
}

#[test]
fn statutes_are_listed_once_with_their_dates() {
    let statutes = library().statutes();
    let find = |law: &str, article: &str| {
        let mut found = statutes
            .iter()
            .filter(|statute| statute.law == law && statute.article == article);
        let statute = found.next().unwrap_or_else(|| panic!("{law} {article}"));
        assert!(found.next().is_none());
        statute.clone()
    };
    // 2016-05-01, 2024-01-01 and 2021-11-01 at midnight in China, by `TZ=Asia/Shanghai date -d … +%s`.
    assert_eq!(find("沪府发〔2016〕24号", "二").valid_from_s, 1_462_032_000);
    assert_eq!(
        find("中华人民共和国行政复议法", "第二十条").valid_from_s,
        1_704_038_400
    );
    assert_eq!(
        find("中华人民共和国个人信息保护法", "第二十九条").valid_from_s,
        1_635_696_000
    );
    assert!(statutes.iter().all(|statute| statute.valid_to_s == 0));
    // And a law that ends: on 2026-11-22 at midnight in China it is no longer in force.
    let mut law = library().packages()[0].item().laws[0].clone();
    law.valid_to = Some(jiff::civil::date(2026, 11, 22));
    assert_eq!(law.statute().valid_to_s, 1_795_276_800);
}

#[test]
fn every_service_can_be_appealed_for_60_days_and_promises_less_than_two_months() {
    for package in library().packages() {
        let listing = package.listing();
        assert_eq!(listing.appeal_seconds, 60 * 86_400);
        assert!(
            listing.promised_seconds <= listing.statutory_seconds && listing.statutory_seconds <= 59 * 86_400
        );
    }
}

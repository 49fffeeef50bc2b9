//! The description of the API is a reviewed file: the portal's types are made from it.

use std::path::Path;

#[test]
fn openapi_json_is_up_to_date() {
    let document = serde_json::to_value(zhengtong_index::openapi()).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    crate::common::snapshot::assert_file(Path::new("openapi.json"), &document);
}

//! An index over the story, asked over HTTP without a socket.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::B256;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use zhengtong_index::{
    Config, Handle, Index,
    catalogue::{Catalogue, Package},
};
use zhengtong_services::bundled;

use super::{Chain, databases::sqlite, story};

/// Code of the item that the allowance runs.
pub const ITEM: &str = "512B0003600037-511602000000-000-11511301008778298W-1-00";

pub struct Api {
    pub router: Router,
    pub handle: Handle,
    pub chain: Chain,
    _folder: TempDir,
}

/// The real catalogue with one package, whose content hash is `hash`.
pub fn catalogue(hash: B256) -> Catalogue {
    let library = bundled::library().expect("a sound library");
    let titles = [("zh-CN", "老年综合津贴"), ("en", "Old-age allowance")];
    let package = Package {
        slug: "old-age-allowance".into(),
        item_code: ITEM.into(),
        hash,
        title: BTreeMap::from(titles.map(|(language, title)| (language.to_owned(), title.to_owned()))),
        json: json!({"item": {"slug": "old-age-allowance"}}),
    };
    Catalogue::new(library.catalogue().items().to_vec(), vec![package])
}

impl Api {
    /// The story, told to the end, with the package that the chain knows.
    pub async fn new() -> Self {
        Self::with(catalogue(story::package_hash())).await
    }

    pub async fn with(catalogue: Catalogue) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut chain = Chain::new("test");
        story::tell(&mut chain);
        let config = Config {
            database: sqlite(folder.path()),
            rebuild: false,
            source: Arc::new(chain.source.clone()),
            catalogue,
        };
        let (router, handle) = Index::start(config).await.expect("starts");
        handle
            .progress()
            .wait_for(|progress| progress.height == 6)
            .await
            .expect("follows");
        Self {
            router,
            handle,
            chain,
            _folder: folder,
        }
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        let (status, _, body) = self.get_with(path, &[]).await;
        (
            status,
            serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{path} answered no JSON")),
        )
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let response = self.open(path, headers).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 64 << 20).await.expect("a body");
        (parts.status, parts.headers, body.to_vec())
    }

    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> axum::response::Response {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        self.router.clone().oneshot(request).await.expect("an answer")
    }
}

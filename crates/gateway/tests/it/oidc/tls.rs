//! The provider is reached by TLS, and its certificate is checked.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::serve::Listener;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::SigningKey;
use p256::pkcs8::EncodePrivateKey as _;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use zhengtong_credentials::Jwk;
use zhengtong_credentials::x509::{Authority, Subject};

use super::{BROWSER, Fake, bearer, begin, config, person, redirect_uri, sign_in};
use crate::chain::CHAIN_ID;
use crate::world::{OWNER, World};

/// 2020: certificates are checked by the real clock, so they hold for long.
const FROM_S: u64 = 1_577_836_800;
const YEAR_S: u64 = 365 * 24 * 3600;

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

fn authority(number: u8) -> Authority {
    Authority::new(&[number; 32], "Test authority", FROM_S, FROM_S + 60 * YEAR_S).unwrap()
}

/// A certificate of `host`, and its key.
fn certified(by: &Authority, host: &str) -> TlsAcceptor {
    let key = SigningKey::from_slice(&[33; 32]).unwrap();
    let point = key.verifying_key().to_sec1_point(false);
    let part = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap());
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": part(point.x().map(AsRef::as_ref)),
        "y": part(point.y().map(AsRef::as_ref)) });
    let certificate = by
        .certify(&Subject {
            key: &Jwk::parse(&jwk, "key").unwrap(),
            chain_id: CHAIN_ID,
            organisation: OWNER,
            issuer: "https://sso.example",
            host,
            from_s: FROM_S,
            until_s: FROM_S + 60 * YEAR_S,
        })
        .unwrap();
    let der = key.to_pkcs8_der().unwrap().as_bytes().to_vec();
    let key = PrivateKeyDer::Pkcs8(der.into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().to_vec().into()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A world whose provider is at this machine by TLS, under a certificate for `host`, and which trusts `trusted`.
async fn over_tls(host: &str, trusted: Option<&Authority>) -> (World, Fake) {
    let mut world = World::new().await;
    let fake = Fake::new(world.clock.clone());
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("https://{}/realms/x", tcp.local_addr().unwrap());
    let router = fake.router(&issuer);
    let tls = Tls {
        tcp,
        acceptor: certified(&authority(7), host),
    };
    tokio::spawn(async move { axum::serve(tls, router).await });
    let mut oidc = config(&world, &fake);
    if let Some(trusted) = trusted {
        let path = world.folder.path().join("authority.pem");
        std::fs::write(&path, trusted.certificate().to_pem()).unwrap();
        oidc.certificates = Some(path);
    }
    world.oidc = Some(oidc);
    world.restart().await;
    (world, fake)
}

#[tokio::test]
async fn a_provider_is_reached_by_tls_if_its_certificate_is_good() {
    let (world, fake) = over_tls("127.0.0.1", Some(&authority(7))).await;
    begin(&world).await;
    bearer(&sign_in(&world, &fake, &person(1, &["handlers"])).await);

    // Another authority, another host, and an authority that the system does not know.
    for (host, trusted) in [
        ("127.0.0.1", Some(authority(8))),
        ("sso.example", Some(authority(7))),
        ("127.0.0.1", None),
    ] {
        let (world, _fake) = over_tls(host, trusted.as_ref()).await;
        let body = json!({ "redirect_uri": redirect_uri(), "browser": hex::encode(Sha256::digest(BROWSER)) });
        let refused = world.post(OWNER, "/v1/session/oidc", &body).await;
        assert_eq!(
            (refused.status, refused.kind()),
            (StatusCode::SERVICE_UNAVAILABLE, "provider-unusable"),
            "{host}"
        );
    }
}

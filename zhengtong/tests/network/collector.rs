//! A collector of traces in the test's own process.

use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::Span,
};
use prost::Message as _;
use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::net::TcpListener;

/// How long spans may take to come: they are sent every five seconds.
const COME: Duration = Duration::from_secs(120);

/// What has come so far.
pub struct Collector {
    pub url: String,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

fn locked(bodies: &Mutex<Vec<Bytes>>) -> MutexGuard<'_, Vec<Bytes>> {
    bodies.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Collector {
    pub async fn start() -> Self {
        let bodies: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let take = |State(bodies): State<Arc<Mutex<Vec<Bytes>>>>, body: Bytes| async move {
            locked(&bodies).push(body);
        };
        let app = Router::new()
            .route("/v1/traces", post(take))
            .with_state(bodies.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}/v1/traces", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, bodies }
    }

    /// Everything that came, as it came.
    pub fn bytes(&self) -> Vec<u8> {
        locked(&self.bodies).concat()
    }

    pub fn spans(&self) -> Vec<Span> {
        let bodies = locked(&self.bodies);
        let requests = bodies
            .iter()
            .map(|body| ExportTraceServiceRequest::decode(body.as_ref()).expect("OTLP"));
        requests
            .flat_map(|request| request.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }

    /// Waits until spans of all these names have come.
    pub async fn wait_for(&self, names: &[&str]) {
        let all = async {
            loop {
                let spans = self.spans();
                let come: BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).collect();
                if names.iter().all(|name| come.contains(name)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let waited = tokio::time::timeout(COME, all).await;
        let come: BTreeSet<String> = self.spans().into_iter().map(|span| span.name).collect();
        waited.unwrap_or_else(|_| panic!("wanted {names:?}, came {come:?}"));
    }

    /// Panics if there is anything in the spans but numbers, and words that the program has of itself.
    pub fn says_only(&self, names: &[&str], words: &[&str]) {
        for span in self.spans() {
            assert!(names.contains(&span.name.as_str()), "{}", span.name);
            assert!(span.events.is_empty() && span.links.is_empty(), "{span:?}");
            assert!(
                span.status
                    .as_ref()
                    .is_none_or(|status| status.message.is_empty()),
                "{span:?}"
            );
            for attribute in &span.attributes {
                let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
                match value {
                    Some(Value::IntValue(_)) => {}
                    Some(Value::StringValue(word)) => assert!(words.contains(&word.as_str()), "{span:?}"),
                    other => panic!("{}: {other:?}", attribute.key),
                }
            }
        }
    }

    /// Panics if any of this came, in these bytes.
    pub fn lacks(&self, secrets: &[&[u8]]) {
        let all = self.bytes();
        for secret in secrets {
            let found = all.windows(secret.len()).any(|part| part == *secret);
            assert!(!found, "{:?} was sent", String::from_utf8_lossy(secret));
        }
    }
}

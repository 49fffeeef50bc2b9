//! What the program tells its operator: a log on standard error, and traces to an OpenTelemetry collector if one is named.
//!
//! Only spans with the target `zhengtong::traced` leave the process. They are made by this project alone, their attributes are
//! numbers and words of the program, and events within them stay: what a library or a log line says is not sent to anybody.

use anyhow::{Context as _, Result};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use std::{io::IsTerminal as _, time::Duration};
use tracing_subscriber::{
    Layer as _,
    filter::{EnvFilter, LevelFilter, filter_fn},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};
use zhengtong_chain::TRACED;

/// How long a collector may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long the end of the program may wait for what is left to be sent.
const LAST: Duration = Duration::from_secs(2);
const ALL: u16 = 1_000;

/// Every command has these: they stand behind its own.
const HEADING: &str = "Traces";
/// Behind the options that have no place of their own.
const LAST_IN_HELP: usize = 10_000;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Telemetry {
    /// Send traces to this OpenTelemetry collector, by OTLP over plain HTTP: `http://127.0.0.1:4318/v1/traces`.
    #[arg(long, global = true, value_name = "URL", env = "ZHENGTONG_OTLP_ENDPOINT", value_parser = endpoint,
          help_heading = HEADING, display_order = LAST_IN_HELP)]
    otlp_endpoint: Option<String>,
    /// How many of a thousand traces are sent: 1 to 1,000.
    #[arg(long, global = true, value_name = "N", help_heading = HEADING, display_order = LAST_IN_HELP, env = "ZHENGTONG_OTLP_PER_MILLE", default_value_t = ALL,
          value_parser = clap::value_parser!(u16).range(1..=i64::from(ALL)))]
    otlp_per_mille: u16,
}

/// There is no TLS to a collector, so an address that asks for it would only fail later.
fn endpoint(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() != "http"
        || url.host().is_none()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(
            "expected an address of plain http without a user; put a collector beside this program".into(),
        );
    }
    Ok(text.to_owned())
}

/// Sends what is left when it is dropped.
pub struct Sending(Option<SdkTracerProvider>);

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(provider) = self.0.take() {
            // A collector that is away is no reason not to end.
            let _ = provider.shutdown_with_timeout(LAST);
        }
    }
}

impl Telemetry {
    /// Begins to log and to trace, under a name for the collector.
    pub fn start(&self, service: &'static str) -> Result<Sending> {
        let provider = self.otlp_endpoint.as_ref().map(|url| self.provider(url, service));
        let provider = provider.transpose().context("traces cannot be sent")?;
        let traces = provider.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("zhengtong"))
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
                .with_target(false)
                .with_level(false)
                .with_filter(filter_fn(|metadata| {
                    metadata.is_span() && metadata.target() == TRACED
                }))
        });
        let log = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_filter(log_filter());
        tracing_subscriber::registry().with(log).with(traces).init();
        Ok(Sending(provider))
    }

    fn provider(&self, url: &str, service: &'static str) -> Result<SdkTracerProvider> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(url)
            .with_timeout(TIMEOUT)
            .build()?;
        let share = f64::from(self.otlp_per_mille) / f64::from(ALL);
        Ok(SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder_empty().with_service_name(service).build())
            .with_sampler(Sampler::TraceIdRatioBased(share))
            .build())
    }
}

/// Warnings and errors, unless `RUST_LOG` says otherwise. Nothing that is logged names a person.
fn log_filter() -> EnvFilter {
    match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(asked) => EnvFilter::builder()
            .with_default_directive(LevelFilter::WARN.into())
            .parse_lossy(asked),
        // The state database warns that it is empty whenever a genesis is computed.
        Err(_) => EnvFilter::new("warn,commonware_storage::qmdb=error"),
    }
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn a_collector_is_reached_by_plain_http() {
        assert!(endpoint("http://127.0.0.1:4318/v1/traces").is_ok());
        for wrong in [
            "https://collector",
            "collector:4318",
            "http://user:secret@collector",
            "unix:/run/collector",
        ] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn chain_and_gateway_trace_under_one_target() {
        assert_eq!(zhengtong_chain::TRACED, zhengtong_gateway::TRACED);
    }
}

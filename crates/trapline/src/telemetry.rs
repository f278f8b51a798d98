//! The log on standard error, and spans for an OpenTelemetry collector.

use std::io::IsTerminal;

use clap::ValueEnum;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// For programs: a JSON object on each line
    Json,
}

/// Sends spans to a collector. The remaining ones are sent when it is dropped.
pub struct Spans(SdkTracerProvider);

impl Drop for Spans {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last spans could not be sent to the collector");
        }
    }
}

/// Starts the log. `RUST_LOG` sets its level, otherwise `default`.
pub fn start(default: &str, format: LogFormat) {
    // A second call fails, because the log is running already.
    let _ = tracing_subscriber::registry().with(log(default, format)).try_init();
}

/// Starts the log, and sends spans of requests and jobs to a collector, such as `http://localhost:4318`. Must
/// be called outside of a runtime, because sending blocks.
pub fn start_with_spans(
    default: &str,
    format: LogFormat,
    collector: &str,
) -> Result<Spans, ExporterBuildError> {
    let endpoint = format!("{}/v1/traces", collector.trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build()?;
    let service = Resource::builder().with_service_name("trapline").build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(service).build();
    // The level of the log does not apply to spans: a collector filters them itself.
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("trapline"))
        .with_filter(EnvFilter::new("info,opentelemetry=off,hyper=off,reqwest=off"));
    let _ = tracing_subscriber::registry().with(log(default, format)).with(spans).try_init();
    Ok(Spans(provider))
}

fn log<S>(default: &str, format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        // Colours are only for terminals.
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.with_filter(filter).boxed(),
        LogFormat::Json => log.json().flatten_event(true).with_filter(filter).boxed(),
    }
}

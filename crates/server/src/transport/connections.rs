//! Accepting connections: limits on their number and on the time that a slow client may take, and a graceful
//! stop.

use std::io::{Error, ErrorKind, Result, Write};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::representation::problem::MEDIA_TYPE;
use crate::transport::timed_stream::TimedStream;
use metrics::metrics;

/// Wait after an accept failed, for example because the process has no file descriptor left.
const RETRY_DELAY: Duration = Duration::from_millis(100);
/// A failure within this time after the last one belongs to the same outage.
const SAME_OUTAGE: Duration = Duration::from_mins(1);
/// Size of the buffers of a connection in bytes. It also limits the head of a request.
const MAX_BUFFER: usize = 128 << 10;
/// Connections beyond the limit that are refused with care at the same time; see [`refuse`].
const MAX_REFUSALS: usize = 64;
/// How long such a connection may take to send its request, and again to read the answer.
const REFUSAL_TIMEOUT: Duration = Duration::from_millis(500);

/// The answer to a connection beyond the limit.
static REFUSAL: LazyLock<String> = LazyLock::new(|| {
    let detail = "The server has too many open connections (--max-connections); try again in a moment";
    let body =
        format!(r#"{{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"{detail}"}}"#);
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {MEDIA_TYPE}\r\nx-content-type-options: nosniff\r\n\
         retry-after: 2\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
});

/// Limits on connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Maximum number of connections; more are answered with 503 and closed.
    pub max_connections: usize,
    /// The longest that the head of a request may take. It also limits the pause between two requests.
    pub head_timeout: Duration,
    /// The longest that a client may read nothing of an answer.
    pub write_timeout: Duration,
}

impl ConnectionLimits {
    /// Generous limits where few clients connect: the clients of this machine, or Prometheus.
    pub const FEW: Self = Self {
        max_connections: 64,
        head_timeout: Duration::from_mins(1),
        write_timeout: Duration::from_secs(30),
    };
}

/// Repeated failures, which are logged once.
#[derive(Default)]
struct Outage {
    last: Option<Instant>,
}

impl Outage {
    /// Notes a failure, and returns whether it begins an outage.
    fn note_failure(&mut self) -> bool {
        let begins = self.last.is_none_or(|last| last.elapsed() > SAME_OUTAGE);
        self.last = Some(Instant::now());
        begins
    }
}

/// Serves connections until `stopping` is cancelled, and then waits for the requests in progress.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: ConnectionLimits,
    stopping: CancellationToken,
) {
    let connections = TaskTracker::new();
    let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
    let (mut full, mut failing) = (Outage::default(), Outage::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) if connections.len() < limits.max_connections => {
                connections.spawn(answer(stream, routes.clone(), limits, stopping.clone()));
            }
            Ok((stream, _)) => {
                metrics().refused.inc();
                if full.note_failure() {
                    let max_connections = limits.max_connections;
                    tracing::warn!(max_connections, "connections are refused because too many are open");
                }
                refuse(stream, &refusals);
            }
            Err(error) if is_client_error(&error) => {}
            Err(error) => {
                if failing.note_failure() {
                    tracing::warn!(%error, "connections cannot be accepted for now");
                }
                sleep(RETRY_DELAY).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Whether an error concerns one client that disconnected early, and not the listener.
fn is_client_error(error: &Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers with 503 and closes the connection.
///
/// Closing a connection with unread bytes can discard the answer before the client reads it. So up to
/// [`MAX_REFUSALS`] connections are read from for a moment before and after. Any more are closed at once, so
/// that refusing needs few file descriptors.
fn refuse(stream: TcpStream, refusals: &Arc<Semaphore>) {
    if let Ok(permit) = Arc::clone(refusals).try_acquire_owned() {
        tokio::spawn(async move {
            // Fails if the client has disconnected, which is fine.
            let _ = refuse_request(stream).await;
            drop(permit);
        });
    } else if let Ok(mut stream) = stream.into_std() {
        // The buffer of a new connection has room for it; the socket does not block in any case.
        let _ = stream.write_all(REFUSAL.as_bytes());
    }
}

async fn refuse_request(mut stream: TcpStream) -> Result<()> {
    let mut head = [0; 1024];
    let _ = timeout(REFUSAL_TIMEOUT, stream.read(&mut head)).await;
    stream.write_all(REFUSAL.as_bytes()).await?;
    stream.shutdown().await?;
    let mut nowhere = tokio::io::sink();
    let _ = timeout(REFUSAL_TIMEOUT, tokio::io::copy(&mut stream, &mut nowhere)).await;
    Ok(())
}

/// Answers the requests of a connection. Disconnects clients that send the head of a request too slowly or do
/// not read the answer.
async fn answer(stream: TcpStream, routes: Router, limits: ConnectionLimits, stopping: CancellationToken) {
    // Answers are written in one piece, so waiting for more bytes would only delay them.
    let _ = stream.set_nodelay(true);
    limit_acknowledgement(&stream, limits.write_timeout);
    let stream = TimedStream::new(stream, limits.write_timeout);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Normal: clients disconnect at any time.
        tracing::debug!(%error, "a connection ended");
    }
}

/// Makes the operating system close a connection whose client does not acknowledge bytes, for example because
/// its machine is gone. The write timeout does not notice that while all bytes fit into the buffers of the
/// system.
#[cfg(target_os = "linux")]
fn limit_acknowledgement(stream: &TcpStream, longest: Duration) {
    let milliseconds = u32::try_from(longest.as_millis()).unwrap_or(u32::MAX);
    // If this fails, such a connection ends after some minutes.
    let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, milliseconds);
}

#[cfg(not(target_os = "linux"))]
fn limit_acknowledgement(_stream: &TcpStream, _longest: Duration) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_an_answer_like_any_other() {
        let (head, body) = REFUSAL.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["status"], 503);
    }

    #[test]
    fn an_outage_is_logged_once() {
        let mut outage = Outage::default();
        assert_eq!([outage.note_failure(), outage.note_failure()], [true, false]);
    }
}

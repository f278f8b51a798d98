//! Connections: so many at once, each given so long to say what it wants and to take what it asked for,
//! and let go when the server stops.

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

use super::problem::MEDIA_TYPE;
use super::timed_stream::TimedStream;
use crate::metrics::metrics;

/// Wait after the operating system gave no connection, as when a process has as many as it may.
const AGAIN: Duration = Duration::from_millis(100);
/// What goes wrong again within this time belongs to the same outage.
const SAME_OUTAGE: Duration = Duration::from_mins(1);
/// Bytes of one request, or of one answer, that are kept at once; the longest head of a request.
const MAX_BUFFER: usize = 128 << 10;
/// Connections at once that are being told that there are too many.
const MAX_REFUSALS: usize = 64;
/// How long such a connection may take to send its request, and again to hear the answer.
const REFUSAL_TIME: Duration = Duration::from_millis(500);

/// What a connection beyond the limit is told.
static REFUSAL: LazyLock<String> = LazyLock::new(|| {
    let detail =
        "As many connections are open as this server takes (--max-connections); try again in a moment";
    let body =
        format!(r#"{{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"{detail}"}}"#);
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {MEDIA_TYPE}\r\nx-content-type-options: nosniff\r\n\
         retry-after: 2\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
});

/// How many connections there may be, and how long each may keep the server waiting.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at once; more are answered with 503 and closed.
    pub max_connections: usize,
    /// The longest that the head of a request may take, and a connection may be silent between two.
    pub head_timeout: Duration,
    /// The longest that a client may take nothing of what is written to it.
    pub write_timeout: Duration,
}

/// Something that goes wrong many times in a row, and is logged once.
#[derive(Default)]
struct Outage {
    last: Option<Instant>,
}

impl Outage {
    /// Notes a failure. Returns whether it begins an outage.
    fn note_failure(&mut self) -> bool {
        let begins = self.last.is_none_or(|last| last.elapsed() > SAME_OUTAGE);
        self.last = Some(Instant::now());
        begins
    }
}

/// Answers connections until `stopping`, and then those that are being answered to their end.
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
                metrics().connection_refused();
                if full.note_failure() {
                    let max_connections = limits.max_connections;
                    tracing::warn!(max_connections, "connections are refused; as many are open as may be");
                }
                refuse(stream, &refusals);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if failing.note_failure() {
                    tracing::warn!(%error, "no connection can be accepted for now");
                }
                sleep(AGAIN).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Whether a client went away before it was accepted, which says nothing about the next one.
fn is_of_one_connection(error: &Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers with 503 and closes the connection.
///
/// Some are read from for a moment before and after, since closing a connection with unread bytes can
/// take the answer from the client. When many come at once, the rest is closed immediately, so that
/// refusing needs few descriptors.
fn refuse(stream: TcpStream, refusals: &Arc<Semaphore>) {
    if let Ok(permit) = Arc::clone(refusals).try_acquire_owned() {
        tokio::spawn(async move {
            // The client may have gone, which is what it was asked to do.
            let _ = refuse_request(stream).await;
            drop(permit);
        });
    } else if let Ok(mut stream) = stream.into_std() {
        // A new connection has room for it, and does not block when it has none.
        let _ = stream.write_all(REFUSAL.as_bytes());
    }
}

async fn refuse_request(mut stream: TcpStream) -> Result<()> {
    let mut head = [0; 1024];
    let _ = timeout(REFUSAL_TIME, stream.read(&mut head)).await;
    stream.write_all(REFUSAL.as_bytes()).await?;
    stream.shutdown().await?;
    let mut nowhere = tokio::io::sink();
    let _ = timeout(REFUSAL_TIME, tokio::io::copy(&mut stream, &mut nowhere)).await;
    Ok(())
}

/// Answers the requests of a connection. A client that does not say within `head_timeout` what it wants,
/// sends it a byte a second, or does not read its answer is not waited for.
async fn answer(stream: TcpStream, routes: Router, limits: ConnectionLimits, stopping: CancellationToken) {
    // Answers are written whole; waiting for more would only hold them up.
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
        // Clients come and go.
        tracing::debug!(%error, "a connection ended");
    }
}

/// Has the system end a connection whose client does not acknowledge what was sent, as when its machine
/// has gone: a few events fit into the buffers of the system, where no write waits for them.
#[cfg(target_os = "linux")]
fn limit_acknowledgement(stream: &TcpStream, longest: Duration) {
    let milliseconds = u32::try_from(longest.as_millis()).unwrap_or(u32::MAX);
    // Without it such a connection ends after some minutes.
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
    fn an_outage_is_told_once() {
        let mut outage = Outage::default();
        assert_eq!([outage.note_failure(), outage.note_failure()], [true, false]);
    }
}

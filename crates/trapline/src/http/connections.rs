//! Connections: accepted, given so long to say what they want, and let go when the server stops.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Wait after the operating system gave no connection, as when a process has as many as it may.
const AGAIN: Duration = Duration::from_millis(100);

/// Answers connections until `stopping`, and then those that are being answered to their end. A
/// client that does not say within `head` what it wants, or sends it a byte a second, is not waited
/// for.
pub async fn serve(listener: TcpListener, routes: Router, head: Duration, stopping: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(answer(stream, routes.clone(), head, stopping.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn answer(stream: TcpStream, routes: Router, head: Duration, stopping: CancellationToken) {
    // Answers are written whole; waiting for more would only hold them up.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
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

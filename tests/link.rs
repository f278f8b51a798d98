//! A bad link between a client and a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::support::Server;

/// What is wrong with it.
#[derive(Clone, Copy)]
pub enum Fault {
    /// Each connection is cut off after so many bytes of answers.
    CutsOff { after: usize },
    /// Answers come in small pieces, one at a time.
    Slow { piece: usize, pause: Duration },
}

/// An address that leads to a server.
pub struct Link {
    pub url: String,
    cuts: Arc<AtomicUsize>,
}

impl Link {
    pub async fn start(server: &Server, fault: Fault) -> Self {
        let to = server.url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let cuts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&cuts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // When the server is not there, neither is the connection.
                let Ok(server) = TcpStream::connect(&to).await else { continue };
                let (mut asked, told) = client.into_split();
                let (answers, mut asks) = server.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut asked, &mut asks).await });
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    if hand_on(fault, answers, told).await {
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Self { url, cuts }
    }

    /// How many connections were cut off.
    pub fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }
}

/// Forwards the answer of a server, and returns whether it cut the answer off.
async fn hand_on(fault: Fault, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> bool {
    let (size, mut left) = match fault {
        Fault::CutsOff { after } => (4096, after),
        Fault::Slow { piece, .. } => (piece, usize::MAX),
    };
    let mut bytes = vec![0; size];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if read > left {
            return true;
        }
        left -= read;
        if to.write_all(&bytes[..read]).await.is_err() {
            return false;
        }
        if let Fault::Slow { pause, .. } = fault {
            tokio::time::sleep(pause).await;
        }
    }
    false
}

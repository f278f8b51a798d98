//! Connections: how many there may be, and those without a reader.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use testkit::RedisServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::raw::{address, code, send};
use crate::support::{Home, Server, wait_until};

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST_HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A connection that was answered and stays open.
async fn connect(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(address(server)).await.unwrap();
    stream.write_all(HEALTH.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    stream
}

#[tokio::test]
async fn more_connections_than_there_may_be_are_asked_to_come_back() {
    let server = Home::with_examples().arguments(&["--max-connections", "3"]).start_api();
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(connect(&server).await);
    }
    for _ in 0..5 {
        let refused = send(address(&server), LAST_HEALTH).await;
        assert_eq!(code(&refused), 503, "{refused}");
        assert!(refused.contains("retry-after: ") && refused.contains("--max-connections"), "{refused}");
        assert!(refused.contains("application/problem+json"), "{refused}");
    }
    // One that goes makes room for another.
    open.pop();
    wait_until("room for another", async || code(&send(address(&server), LAST_HEALTH).await) == 200).await;
    let told = server.log().matches("connections are refused").count();
    assert_eq!(told, 1, "{}", server.log());
    drop(open);
    wait_until("all to have gone", async || server.get("/healthz").await.status() == 200).await;
    let metrics = server.get("/metrics").await.text().await.unwrap();
    let line = metrics.lines().find(|line| line.starts_with("trapline_connections_refused_total ")).unwrap();
    assert!(line.rsplit(' ').next().unwrap().parse::<u64>().unwrap() >= 5, "{line}");
}

/// What the descriptors of a process are of.
fn descriptors(server: &Server) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap();
    entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()).collect()
}

fn downloads(server: &Server) -> usize {
    let of_file = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "pdf");
    descriptors(server).iter().filter(of_file).count()
}

#[tokio::test]
async fn a_download_that_nobody_reads_is_given_up() {
    let redis = RedisServer::start();
    let home = Home::with_examples().with_redis(&redis).arguments(&["--write-timeout", "5"]);
    let server = home.start_api();
    // Far more than the buffers of the system hold between the two.
    let (name, size) = ("report_large_1.pdf", 64 << 20);
    let record = json!({"status": "completed", "job_id": "large", "filename": name, "file_size_bytes": size});
    redis.cli(&["SET", "export_job:large", &record.to_string(), "EX", "600"]);
    File::create(home.exports().join(name)).unwrap().set_len(size).unwrap();
    let path = format!("/api/static/exports/{name}");
    assert_eq!(downloads(&server), 0);
    let mut streams = Vec::new();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(address(&server)).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    wait_until("downloads to be held up", async || downloads(&server) == 10).await;
    let held = descriptors(&server).len();
    wait_until("downloads to be given up", async || downloads(&server) == 0).await;
    wait_until("their connections to be closed", async || descriptors(&server).len() <= held - 20).await;
    // One that is read goes on.
    assert_eq!(server.get(&path).await.bytes().await.unwrap().len() as u64, size);
}

/// A server that may have few descriptors.
fn with_descriptors(home: &Home, most: u32) -> Command {
    let serve = home.command();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {most} && exec \"$@\""), "sh"]);
    command.arg(serve.get_program()).args(serve.get_args()).current_dir(home.folder.path());
    command
}

#[tokio::test]
async fn a_lack_of_descriptors_is_waited_out_and_told_once() {
    let home = Home::with_examples().arguments(&["--max-connections", "1000", "--workers", "0"]);
    let server = home.start_as(with_descriptors(&home, 100));
    let mut open = Vec::new();
    for _ in 0..150 {
        open.push(TcpStream::connect(address(&server)).await.unwrap());
    }
    wait_until("the server to say so", async || server.log().contains("connections cannot be accepted"))
        .await;
    // One that goes lets one of those that wait in, and then there are too few again.
    let most = descriptors(&server).len();
    for _ in 0..10 {
        drop(open.remove(0));
        wait_until("another to take its place", async || descriptors(&server).len() >= most).await;
    }
    drop(open);
    wait_until("the server to go on", async || code(&send(address(&server), LAST_HEALTH).await) == 200).await;
    assert_eq!(server.log().matches("connections cannot be accepted").count(), 1, "{}", server.log());
}

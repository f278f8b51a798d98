//! Media files on other hosts: fetched when that is allowed, within limits, from servers on the
//! loopback address.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as In, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{KilledOnDrop, Package, free_port, picture};
use tokio::sync::Barrier;
use tokio_util::io::ReaderStream;

use crate::support::{Home, certificate, program, run, serve, wait_until};
use crate::zips::{manifest_of, names_in};

/// What a media server has seen.
#[derive(Default)]
struct SeenRequest {
    requests: AtomicUsize,
    now: AtomicUsize,
    most_at_once: AtomicUsize,
}

/// A server of pictures, and of everything else that may come instead.
async fn media_server(together: usize) -> (String, Arc<SeenRequest>) {
    let seen = Arc::new(SeenRequest::default());
    let barrier = Arc::new(Barrier::new(together));
    let counted = Arc::clone(&seen);
    let routes = Router::new()
        .route("/picture.jpg", get(async || picture("colour.jpg")))
        .route("/led/{more}", get(led))
        .route("/led-away", get(async || Redirect::to("ftp://127.0.0.1/picture.jpg")))
        .route("/busy", get(busy))
        .route("/huge", get(async || vec![0_u8; 3 << 20]))
        .route("/endless", get(async || Body::from_stream(ReaderStream::new(tokio::io::repeat(0)))))
        .route("/page", get(async || "<html>Please log in</html>"))
        .route("/never", get(never))
        .route(
            "/together/{number}",
            get(async move |State(seen): State<Arc<SeenRequest>>| together_with(seen, barrier).await),
        )
        .layer(axum::middleware::from_fn(move |request, next: axum::middleware::Next| {
            counted.requests.fetch_add(1, Ordering::SeqCst);
            next.run(request)
        }))
        .with_state(Arc::clone(&seen));
    (serve(routes).await, seen)
}

async fn led(In(more): In<u32>) -> Response {
    match more {
        0 => picture("colour.jpg").into_response(),
        more => Redirect::temporary(&format!("{}", more - 1)).into_response(),
    }
}

/// Answers the first request with “try again”.
async fn busy(State(seen): State<Arc<SeenRequest>>) -> Response {
    if seen.now.fetch_add(1, Ordering::SeqCst) == 0 {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    picture("colour.jpg").into_response()
}

async fn never() {
    std::future::pending::<()>().await;
}

/// Answers when as many ask at once as the barrier holds back.
async fn together_with(seen: Arc<SeenRequest>, barrier: Arc<Barrier>) -> Vec<u8> {
    let now = seen.now.fetch_add(1, Ordering::SeqCst) + 1;
    seen.most_at_once.fetch_max(now, Ordering::SeqCst);
    barrier.wait().await;
    seen.now.fetch_sub(1, Ordering::SeqCst);
    picture("colour.jpg")
}

/// A data set with a detection on each of these addresses, by the address's own name.
fn package(addresses: &[String]) -> TempDir {
    let mut package = Package::new();
    for (number, address) in addresses.iter().enumerate() {
        package.doe(&format!("d{number}"), address, None, [0.1, 0.1, 0.5, 0.5]);
    }
    package.write()
}

/// Makes an archive on the command line. For each address: the code of why it is not in, or
/// nothing, and the reason in full.
fn archive(addresses: &[String], arguments: &[&str], trusted: Option<&Path>) -> Vec<(String, String)> {
    let folder = package(addresses);
    let file = folder.path().join("out.zip");
    let mut command = program();
    command.arg("archive").arg("--data").arg(folder.path()).arg("-o").arg(&file).args(arguments);
    if let Some(trusted) = trusted {
        command.env("SSL_CERT_FILE", trusted);
    }
    let call = run(&mut command);
    if call.code != 0 {
        return addresses.iter().map(|_| ("nothing".into(), call.told.clone())).collect();
    }
    let bytes = std::fs::read(&file).unwrap();
    let (names, manifest) = (names_in(&bytes), manifest_of(&bytes));
    let missing: BTreeMap<&str, &Value> = manifest["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["detection_id"].as_str().unwrap(), one))
        .collect();
    let told = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let of = |number| {
        if let Some(one) = missing.get(format!("d{number}").as_str()) {
            return (told(one, "reason"), told(one, "message"));
        }
        assert!(names.contains(&format!("crops/detection_d{number}.jpg")));
        (String::new(), String::new())
    };
    (0..addresses.len()).map(of).collect()
}

async fn archive_of(addresses: Vec<String>, arguments: &'static [&str]) -> Vec<(String, String)> {
    tokio::task::spawn_blocking(move || archive(&addresses, arguments, None)).await.unwrap()
}

#[tokio::test]
async fn nothing_is_fetched_unless_asked_for() {
    let (url, seen) = media_server(1).await;
    for (_, told) in archive_of(vec![format!("{url}/picture.jpg")], &[]).await {
        assert!(told.contains("remote"), "{told}");
    }
    assert_eq!(seen.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn hosts_that_are_not_on_the_internet_are_not_spoken_to() {
    let (url, seen) = media_server(1).await;
    let by_name = url.replace("127.0.0.1", "localhost");
    let addresses =
        [url.clone(), by_name, url.replace("127.0.0.1", "[::1]"), url.replace("127.0.0.1", "2130706433")];
    let addresses = addresses.map(|url| format!("{url}/picture.jpg"));
    for (_, told) in archive_of(addresses.to_vec(), &["--fetch-media"]).await {
        assert!(told.contains("private_address") || told.contains("--fetch-private"), "{told}");
    }
    assert_eq!(seen.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_file_is_fetched_within_limits_and_what_comes_instead_is_told() {
    let (url, _) = media_server(1).await;
    let cases = [
        ("/picture.jpg", "", ""),
        ("/led/3", "", ""),
        ("/led/6", "not_fetched", "more than 5 redirects"),
        ("/led-away", "not_fetched", "a kind that is not fetched (ftp:)"),
        ("/busy", "", ""),
        ("/gone", "not_fetched", "the server answered 404"),
        ("/huge", "too_large", "larger than 1048576 bytes"),
        ("/endless", "too_large", "larger than 1048576 bytes"),
        ("/page", "not_a_picture", "begins like neither JPEG nor PNG"),
    ];
    let mut addresses: Vec<_> = cases.iter().map(|(path, ..)| format!("{url}{path}")).collect();
    addresses.push(format!("http://127.0.0.1:{}/picture.jpg", free_port()));
    addresses.push("gs://bucket/picture.jpg".into());
    let arguments = &["--fetch-media", "--fetch-private", "--max-file-size", "1"];
    let told = archive_of(addresses, arguments).await;
    for ((path, code, reason), told) in cases.iter().zip(&told) {
        assert_eq!(told.0, *code, "{path}: {}", told.1);
        assert!(told.1.contains(reason), "{path}: {}", told.1);
    }
    let [.., nobody, elsewhere] = told.as_slice() else { panic!("{told:?}") };
    assert!(nobody.0 == "not_fetched" && nobody.1.contains("refused"), "{nobody:?}");
    assert_eq!(elsewhere.0, "remote");
}

#[tokio::test]
async fn a_file_that_does_not_come_is_given_up() {
    let (url, _) = media_server(1).await;
    let arguments = &["--fetch-media", "--fetch-private", "--fetch-timeout", "1"];
    for (_, told) in archive_of(vec![format!("{url}/never")], arguments).await {
        assert!(told.contains("no answer within 1 s"), "{told}");
    }
}

#[tokio::test]
async fn files_are_fetched_at_once_and_never_more_than_allowed() {
    let (url, seen) = media_server(4).await;
    let addresses = (0..12).map(|number| format!("{url}/together/{number}")).collect();
    let told = archive_of(addresses, &["--fetch-media", "--fetch-private", "--fetch-parallel", "4"]).await;
    assert!(told.iter().all(|(code, _)| code.is_empty()), "{told:?}");
    assert_eq!(seen.most_at_once.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_deletion_ends_a_fetch() {
    let (url, seen) = media_server(1).await;
    let folder = package(&[format!("{url}/never"), format!("{url}/picture.jpg")]);
    let arguments = ["--workers", "1", "--fetch-media", "--fetch-private", "--fetch-timeout", "86400"];
    let server = Home::with_data(&[folder.path()]).arguments(&arguments).start();
    let stuck = server.submit("zip", &json!({"detection_ids": ["d0"]})).await;
    wait_until("the file is asked for", async || seen.requests.load(Ordering::SeqCst) == 1).await;
    server.delete(&stuck).await;
    // The only worker is free for it.
    let next = server.submit("zip", &json!({"detection_ids": ["d1"]})).await;
    assert_eq!(server.completed("zip", &next).await["missing_count"], json!(0));
}

#[tokio::test]
async fn a_server_with_tls_is_believed_when_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = certificate(folder.path());
    std::fs::write(folder.path().join("picture.jpg"), picture("colour.jpg")).unwrap();
    let port = free_port();
    let mut command = Command::new("openssl");
    command.args(["s_server", "-accept", &port.to_string(), "-cert", &certificate, "-key", &key, "-WWW"]);
    command.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let _server = KilledOnDrop(command.spawn().unwrap());
    wait_until("it listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok())
        .await;

    let addresses = [format!("https://127.0.0.1:{port}/picture.jpg")];
    let arguments = ["--fetch-media", "--fetch-private", "--fetch-timeout", "20"];
    let strange = archive(&addresses, &arguments, None);
    assert!(strange[0].1.contains("certificate"), "{strange:?}");
    let trusted = archive(&addresses, &arguments, Some(Path::new(&certificate)));
    assert_eq!(trusted[0].0, "", "{trusted:?}");
}

//! Pages of others: names that lead here, and requests that a browser sends for another site.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::access::token;
use crate::browser::Browser;
use crate::raw::{address, code, send};
use crate::support::{Home, Server, season};

/// Gets a path with these lines as the head of the request.
async fn get(server: &Server, target: &str, head: &str) -> String {
    send(address(server), &format!("GET {target} HTTP/1.1\r\n{head}Connection: close\r\n\r\n")).await
}

async fn exports(server: &Server) -> usize {
    let list = server.json("/api/exports").await;
    list["exports"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_server_without_tokens_is_called_by_the_names_of_this_machine() {
    let server = Home::with_examples().arguments(&["--host", "exports.example.org"]).start_api();
    for own in [
        "localhost",
        "LOCALHOST:1",
        "localhost.",
        "a.localhost:8080",
        "127.0.0.1",
        "127.8.9.1:5",
        "[::1]:8080",
        "exports.example.org",
        "Exports.Example.org:443",
    ] {
        let answer = get(&server, "/api/datasets", &format!("Host: {own}\r\n")).await;
        assert_eq!(code(&answer), 200, "{own}: {answer}");
    }
    for other in ["evil.example", "evil.example:8080", "localhost.evil.example", "192.0.2.1", "127.1"] {
        for path in ["/", "/page/page.js", "/docs/", "/openapi.json", "/api/exports", "/healthz", "/readyz"] {
            let answer = get(&server, path, &format!("Host: {other}\r\n")).await;
            assert_eq!(code(&answer), 421, "{other}{path}: {answer}");
            let name = other.trim_end_matches(":8080");
            assert!(answer.contains(&format!("--host {name}")), "{answer}");
            assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        }
    }
    for (method, path) in [("POST", "/api/exports/pdf"), ("DELETE", "/api/exports/a"), ("OPTIONS", "/")] {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
        assert_eq!(code(&send(address(&server), &request).await), 421, "{method}");
    }
}

#[tokio::test]
async fn a_request_has_one_host_that_can_be_read() {
    let (_, grant) = token("anna", "export");
    let open = Home::with_examples().start_api();
    let guarded = Home::with_examples().arguments(&["--access", &grant]).start_api();
    for server in [&open, &guarded] {
        for head in [
            "",
            "Host: localhost\r\nHost: localhost\r\n",
            "Host: \r\n",
            "Host: a b\r\n",
            "Host: a:b\r\n",
            "Host: a:99999\r\n",
            "Host: a@b\r\n",
            "Host: [::1\r\n",
            "Host: http://localhost\r\n",
        ] {
            let answer = get(server, "/healthz", head).await;
            assert_eq!(code(&answer), 400, "{head}: {answer}");
            assert!(answer.contains("application/problem+json"), "{answer}");
        }
        assert_eq!(code(&send(address(server), "GET /healthz HTTP/1.0\r\n\r\n").await), 400);
        let old = send(address(server), "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n").await;
        assert_eq!(code(&old), 200, "{old}");
    }
    // With tokens the name does not matter.
    assert_eq!(code(&get(&guarded, "/healthz", "Host: any.example\r\n").await), 200);
}

/// What a client of a proxy writes, where the target counts and not the header.
#[tokio::test]
async fn a_target_that_is_a_whole_address_says_which_host_is_meant() {
    let server = Home::with_examples().start_api();
    for (target, host, expected) in [
        ("http://localhost/healthz", "localhost", 200),
        ("http://localhost/healthz", "evil.example", 200),
        ("http://evil.example/healthz", "localhost", 421),
        ("https://evil.example:8080/api/exports", "localhost", 421),
        ("http://a@localhost/healthz", "localhost", 400),
    ] {
        let answer = get(&server, target, &format!("Host: {host}\r\n")).await;
        assert_eq!(code(&answer), expected, "{target} {host}: {answer}");
    }
    assert_eq!(code(&get(&server, "http://localhost/healthz", "").await), 400);
}

/// What a browser says of the page that sends a request.
type Sender<'a> = [Option<&'a str>; 2];

fn add_sender(request: RequestBuilder, [origin, site]: Sender<'_>) -> RequestBuilder {
    let request = match origin {
        Some(origin) => request.header("origin", origin),
        None => request,
    };
    match site {
        Some(site) => request.header("sec-fetch-site", site),
        None => request,
    }
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let (anna, grant) = token("anna", "admin");
    let listed = "https://platform.example.org";
    let open = Home::with_examples().arguments(&["--cors-origin", listed]).start_api();
    let guarded = Home::with_examples().arguments(&["--access", &grant, "--cors-origin", listed]).start_api();
    for server in [&open, &guarded] {
        let call = async |method: Method, path: &str, sender: Sender<'_>| {
            let request = server.client.request(method, format!("{}{path}", server.url)).bearer_auth(&anna);
            add_sender(request.json(&season()), sender).send().await.unwrap()
        };
        let own = server.url.as_str();
        let behind_tls = own.replace("http://", "https://");
        let mut taken = Vec::new();
        for sender in [
            [None, None],
            [Some(own), Some("same-origin")],
            [Some(own), None],
            [Some(behind_tls.as_str()), Some("same-origin")],
            [None, Some("none")],
            [Some(listed), Some("cross-site")],
            [Some(listed), None],
        ] {
            let answer = call(Method::POST, "/api/exports/pdf", sender).await;
            assert_eq!(answer.status(), 202, "{sender:?}");
            taken.push(answer.json::<Value>().await.unwrap()["job_id"].as_str().unwrap().to_owned());
        }
        let with_localhost = own.replace("127.0.0.1", "localhost");
        for sender in [
            [Some("https://evil.example"), Some("cross-site")],
            [Some("https://evil.example"), None],
            [Some("https://evil.example"), Some("same-origin")],
            [Some("null"), Some("cross-site")],
            [Some("null"), None],
            [Some("http://127.0.0.1:1"), Some("same-site")],
            [Some(with_localhost.as_str()), None],
            [Some(own), Some("same-site")],
            [None, Some("cross-site")],
            [None, Some("same-site")],
        ] {
            let first = format!("/api/exports/{}", taken[0]);
            for (method, path) in [
                (Method::POST, "/api/exports/pdf"),
                (Method::POST, "/api/exports/zip"),
                (Method::DELETE, first.as_str()),
                (Method::PUT, "/api/exports/pdf"),
                (Method::PATCH, "/api/exports/pdf"),
            ] {
                let answer = call(method.clone(), path, sender).await;
                assert_eq!(answer.status(), 403, "{method} {path} {sender:?}");
                assert_eq!(answer.headers()["content-type"], "application/problem+json");
                let problem: Value = answer.json().await.unwrap();
                assert!(problem["detail"].as_str().unwrap().contains("--cors-origin"), "{problem}");
            }
            // A link on another page may lead here.
            assert_eq!(call(Method::GET, "/api/exports", sender).await.status(), 200, "{sender:?}");
        }
        let list: Value = call(Method::GET, "/api/exports", [None, None]).await.json().await.unwrap();
        assert_eq!(list["exports"].as_array().unwrap().len(), taken.len());
    }
}

/// A proxy that speaks TLS forwards the name without a port.
#[tokio::test]
async fn a_page_behind_a_proxy_is_of_the_same_site() {
    let server = Home::with_examples().arguments(&["--host", "exports.example.org"]).start_api();
    let submit = async |origin: &str| {
        let body = season().to_string();
        let request = format!(
            "POST /api/exports/pdf HTTP/1.1\r\nHost: exports.example.org\r\nOrigin: {origin}\r\n\
             Sec-Fetch-Site: same-origin\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        code(&send(address(&server), &request).await)
    };
    assert_eq!(submit("https://exports.example.org").await, 202);
    assert_eq!(submit("https://exports.example.org:8443").await, 403);
    assert_eq!(submit("https://other.example.org").await, 403);
    assert_eq!(exports(&server).await, 1);
}

/// The server of another site, which has only an empty page.
async fn other_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\n\
                            Connection: close\r\n\r\n<title>other</title>\n";
                let mut head = [0; 4096];
                // A browser that opens a connection and does not use it is no matter.
                if stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(page.as_bytes()).await;
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_page_of_another_origin_submits_nothing_and_reads_nothing() {
    let server = Home::with_examples().start_api();
    let job_id = server.submit("pdf", &season()).await;
    let port = other_server().await;
    let url = &server.url;
    let body = season();
    // One of another port, and one of another site.
    for page in [format!("http://127.0.0.1:{port}/"), format!("http://localhost:{port}/")] {
        let browser = Browser::open(&page).await;
        assert_eq!(browser.value("document.title").await, "other");
        let submit = format!(
            "fetch('{url}/api/exports/pdf', {{method: 'POST', mode: 'no-cors', headers: {{'content-type': \
             'text/plain'}}, body: JSON.stringify({body})}}).then(() => done('sent'), () => done('sent'))"
        );
        // Whether it was answered the page may see, and not how.
        assert_eq!(browser.run_script(&submit).await, "sent", "{page}");
        let read = format!("fetch('{url}/api/exports').then(() => done('read'), () => done('not read'))");
        assert_eq!(browser.run_script(&read).await, "not read", "{page}");
        let delete = format!(
            "fetch('{url}/api/exports/{job_id}', {{method: 'DELETE'}}).then(() => done('sent'), () => \
             done('not sent'))"
        );
        assert_eq!(browser.run_script(&delete).await, "not sent", "{page}");
        assert_eq!(exports(&server).await, 1, "{page}");
    }
    // Both were sent, so it was the server that refused them.
    let refused = "trapline_http_requests_total{method=\"POST\",route=\"/api/exports/pdf\",code=\"403\"} 2";
    let metrics = server.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains(refused), "{metrics}");
}

/// The name of another page that leads to this machine.
#[tokio::test]
async fn a_page_whose_name_leads_here_reads_nothing() {
    let server = Home::with_examples().start_api();
    let port = server.url.rsplit(':').next().unwrap();
    let resolver = ["--host-resolver-rules=MAP evil.example 127.0.0.1", "--no-proxy-server"];
    let browser = Browser::open_with(&format!("http://evil.example:{port}/"), &resolver).await;
    let shown = browser.value("document.body.innerText").await;
    assert!(shown.as_str().unwrap().contains("--host evil.example"), "{shown}");
    let body = season();
    for call in [
        "fetch('/api/exports')".to_owned(),
        "fetch('/api/datasets')".to_owned(),
        format!("fetch('/api/exports/pdf', {{method: 'POST', body: JSON.stringify({body})}})"),
        "fetch('/api/exports/a', {method: 'DELETE'})".to_owned(),
    ] {
        let status = format!("{call}.then((answer) => done(answer.status), (error) => done(String(error)))");
        assert_eq!(browser.run_script(&status).await, 421, "{call}");
    }
    assert_eq!(exports(&server).await, 0);
}

#[tokio::test]
async fn pages_of_the_server_itself_submit() {
    let server = Home::with_examples().start_api();
    let body = season();
    for (path, expected) in [("/", 1), ("/docs/", 2)] {
        let browser = Browser::open(&format!("{}{path}", server.url)).await;
        let submit = format!(
            "fetch('/api/exports/pdf', {{method: 'POST', body: JSON.stringify({body})}}).then((answer) => \
             done(answer.status), (error) => done(String(error)))"
        );
        assert_eq!(browser.run_script(&submit).await, 202, "{path}");
        assert_eq!(exports(&server).await, expected);
    }
}

//! Who may do what: tokens with names and roles, and links that are good for one file.

use std::process::Output;

use jiff::Timestamp;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::support::{Home, Server, herons, on_both_stores, program, season, wait_until};

/// A token, and the grant for the server.
pub fn token(name: &str, role: &str) -> (String, String) {
    let output = program().args(["token", "new", name, "--role", role, "--json"]).output().unwrap();
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    (made["token"].as_str().unwrap().into(), made["access"].as_str().unwrap().into())
}

/// A server that lets in three people.
struct GuardedServer {
    server: Server,
    home: Home,
    anna: String,
    ben: String,
    admin: String,
    reader: String,
}

impl GuardedServer {
    fn start(on: impl Fn(Home) -> Home, more: &[&str]) -> Self {
        let people = [("anna", "export"), ("ben", "export"), ("chief", "admin"), ("guest", "read")];
        let tokens = people.map(|(name, role)| token(name, role));
        let mut arguments = vec!["--access"];
        let grants = tokens.iter().map(|(_, grant)| grant.as_str()).collect::<Vec<_>>().join(" ");
        arguments.push(&grants);
        arguments.extend(more);
        let home = on(Home::with_examples().arguments(&arguments));
        let [anna, ben, admin, reader] = tokens.map(|(token, _)| token);
        Self { server: home.start(), home, anna, ben, admin, reader }
    }

    async fn call(&self, who: &str, method: Method, path: &str, body: Option<&Value>) -> Response {
        let mut request = self.server.client.request(method, format!("{}{path}", self.server.url));
        if !who.is_empty() {
            request = request.bearer_auth(who);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, who: &str, path: &str) -> Response {
        self.call(who, Method::GET, path, None).await
    }

    async fn json(&self, who: &str, path: &str) -> Value {
        let answer = self.get(who, path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    async fn submit(&self, who: &str, kind: &str, body: &Value) -> String {
        let answer = self.call(who, Method::POST, &format!("/api/exports/{kind}"), Some(body)).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        answer.json::<Value>().await.unwrap()["job_id"].as_str().unwrap().into()
    }

    async fn completed(&self, who: &str, job_id: &str) -> Value {
        let path = format!("/api/exports/{job_id}");
        let mut status = Value::Null;
        wait_until("the end of a job", async || {
            status = self.json(who, &path).await;
            status["status"] == "completed"
        })
        .await;
        status
    }
}

on_both_stores!(an_export_is_seen_by_its_owner_and_by_admins_only);

async fn an_export_is_seen_by_its_owner_and_by_admins_only(on: impl Fn(Home) -> Home) {
    let guarded = GuardedServer::start(on, &[]);
    let (anna, ben, admin) = (guarded.anna.as_str(), guarded.ben.as_str(), guarded.admin.as_str());
    let job_id = guarded.submit(anna, "zip", &herons()).await;
    let status = guarded.completed(anna, &job_id).await;
    let file = format!("/api/static/exports/{}", status["filename"].as_str().unwrap());
    let own = [
        format!("/api/exports/{job_id}"),
        format!("/api/exports/zip/{job_id}"),
        format!("/api/exports/{job_id}/events"),
        format!("/api/exports/zip/{job_id}/pictures"),
        format!("/api/exports/zip/{job_id}/pictures/0"),
        file,
    ];
    for path in &own {
        assert_eq!(guarded.get(anna, path).await.status(), StatusCode::OK, "{path}");
        assert_eq!(guarded.get(admin, path).await.status(), StatusCode::OK, "{path}");
        // As if it were not there.
        let other = guarded.get(ben, path).await;
        assert_eq!(other.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(other.json::<Value>().await.unwrap()["detail"], "Job not found or expired");
    }
    let delete = format!("/api/exports/{job_id}");
    assert_eq!(guarded.call(ben, Method::DELETE, &delete, None).await.status(), StatusCode::NOT_FOUND);
    let list = async |who: &str| guarded.json(who, "/api/exports").await["exports"].as_array().unwrap().len();
    assert_eq!((list(anna).await, list(ben).await, list(admin).await), (1, 0, 1));
    assert_eq!(guarded.call(admin, Method::DELETE, &delete, None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(list(anna).await, 0);
}

#[tokio::test]
async fn without_a_token_that_is_known_nothing_is_told() {
    let guarded = GuardedServer::start(|home| home, &[]);
    let job_id = guarded.submit(&guarded.anna, "pdf", &season()).await;
    let paths = [
        "/api/datasets".to_owned(),
        "/api/summary?season=rut&year=2018".into(),
        "/api/exports".into(),
        "/api/exports/events".into(),
        format!("/api/exports/{job_id}"),
        format!("/api/exports/{job_id}/events"),
        format!("/api/static/exports/report_{job_id}_1.pdf"),
    ];
    for path in &paths {
        for who in ["", "trapline_0000", &guarded.anna[1..]] {
            let answer = guarded.get(who, path).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
    }
    let delete = guarded.call("", Method::DELETE, &format!("/api/exports/{job_id}"), None).await;
    assert_eq!(delete.status(), StatusCode::UNAUTHORIZED);
    let submit = guarded.call("", Method::POST, "/api/exports/pdf", Some(&season())).await;
    assert_eq!(submit.status(), StatusCode::UNAUTHORIZED);
    // Not even what there is, and what may be done with it.
    for (method, path) in [
        (Method::GET, "/api"),
        (Method::GET, "/api/"),
        (Method::GET, "/api/nowhere"),
        (Method::POST, "/api/nowhere"),
        (Method::PUT, "/api/exports"),
        (Method::POST, "/api/datasets"),
        (Method::PATCH, "/api/exports/a"),
        (Method::DELETE, "/api/exports/pdf"),
        (Method::POST, "/metrics"),
    ] {
        for who in ["", "trapline_0000"] {
            let answer = guarded.call(who, method.clone(), path, None).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        }
    }
    assert_eq!(guarded.get(&guarded.admin, "/api/nowhere").await.status(), StatusCode::NOT_FOUND);
    let wrong = guarded.call(&guarded.admin, Method::PUT, "/api/exports", None).await;
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    // Who looks whether the server lives, or reads what it can do, needs none.
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs/", "/"] {
        assert_eq!(guarded.get("", path).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn each_role_may_do_what_it_says() {
    let guarded = GuardedServer::start(|home| home, &[]);
    let reader = guarded.reader.as_str();
    assert_eq!(guarded.get(reader, "/api/summary?season=rut&year=2018").await.status(), StatusCode::OK);
    assert_eq!(guarded.json(reader, "/api/exports").await["exports"], json!([]));
    for (kind, body) in [("pdf", season()), ("zip", herons())] {
        let answer = guarded.call(reader, Method::POST, &format!("/api/exports/{kind}"), Some(&body)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let problem: Value = answer.json().await.unwrap();
        assert!(problem["detail"].as_str().unwrap().contains("is for reading only"), "{problem}");
    }
    let answer = guarded.call(reader, Method::DELETE, "/api/exports/a", None).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_key_of_one_is_not_a_key_of_another() {
    let guarded = GuardedServer::start(|home| home, &[]);
    let submit = async |who: &str| {
        let request = guarded.server.client.post(format!("{}/api/exports/pdf", guarded.server.url));
        let request = request.bearer_auth(who).header("idempotency-key", "monthly").json(&season());
        request.send().await.unwrap().json::<Value>().await.unwrap()["job_id"].clone()
    };
    let annas = submit(&guarded.anna).await;
    assert_eq!(submit(&guarded.anna).await, annas);
    assert_ne!(submit(&guarded.ben).await, annas);
}

/// A link works without a token, and for nothing but what it is to.
#[tokio::test]
async fn a_link_is_good_for_one_file_until_it_expires() {
    let guarded = GuardedServer::start(|home| home, &["--ttl", "5"]);
    let job_id = guarded.submit(&guarded.anna, "zip", &herons()).await;
    let status = guarded.completed(&guarded.anna, &job_id).await;
    let link = status["download_url"].as_str().unwrap();
    let file = guarded.get("", link).await;
    assert_eq!(file.status(), StatusCode::OK);
    assert_eq!(file.bytes().await.unwrap().len() as u64, status["file_size_bytes"].as_u64().unwrap());
    assert_eq!(guarded.call("", Method::HEAD, link, None).await.status(), StatusCode::OK);
    let pictures = guarded.json(&guarded.anna, &format!("/api/exports/zip/{job_id}/pictures")).await;
    let picture = pictures["pictures"][0]["url"].as_str().unwrap();
    assert_eq!(guarded.get("", picture).await.headers()["content-type"], "image/jpeg");

    let (path, query) = link.split_once('?').unwrap();
    let expires = query.split(['=', '&']).nth(1).unwrap();
    let later = link.replace(expires, &(expires.parse::<i64>().unwrap() + 3600).to_string());
    let mut other = link.to_owned();
    let last = if other.pop() == Some('0') { '1' } else { '0' };
    other.push(last);
    let of_another = format!("/api/exports/zip/{job_id}/pictures/0?{query}");
    let short = format!("{path}?expires={expires}&signature=00");
    for changed in [&later, &other, &of_another, &short] {
        let answer = guarded.get("", changed).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{changed}");
        assert!(answer.text().await.unwrap().contains("has been changed"));
    }
    assert_eq!(
        guarded.call("", Method::DELETE, &format!("/api/exports/{job_id}?{query}"), None).await.status(),
        401
    );
    // A token is asked for what it may see, link or not.
    assert_eq!(guarded.get(&guarded.ben, link).await.status(), StatusCode::NOT_FOUND);

    let end = Timestamp::from_second(expires.parse().unwrap()).unwrap();
    wait_until("the link to expire", async || Timestamp::now() > end + jiff::SignedDuration::from_secs(1))
        .await;
    let answer = guarded.get("", link).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.text().await.unwrap().contains("has expired"));
}

/// All processes of a service make links that the others take.
#[tokio::test]
async fn a_link_outlives_the_process_that_made_it() {
    let guarded = GuardedServer::start(|home| home, &["--link-secret", "of all servers"]);
    let job_id = guarded.submit(&guarded.anna, "pdf", &season()).await;
    let status = guarded.completed(&guarded.anna, &job_id).await;
    let GuardedServer { server, home, .. } = guarded;
    server.kill();
    let server = home.start();
    assert_eq!(server.get(status["download_url"].as_str().unwrap()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn events_tell_each_what_is_theirs() {
    let guarded = GuardedServer::start(|home| home, &[]);
    let address = format!("{}/api/exports/events", guarded.server.url);
    let listen = async |who: &str| {
        let answer = guarded.server.client.get(&address).bearer_auth(who).send().await.unwrap();
        crate::support::Events::new(answer)
    };
    let mut bens = listen(&guarded.ben).await;
    assert_eq!(bens.next().await.unwrap().data["exports"], json!([]));
    let annas_job = guarded.submit(&guarded.anna, "pdf", &season()).await;
    guarded.completed(&guarded.anna, &annas_job).await;
    let bens_job = guarded.submit(&guarded.ben, "pdf", &season()).await;
    let next = bens.wait_until(|event| event.name == "status").await;
    assert_eq!(next.data["job_id"], bens_job.as_str());
}

fn serve(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let data = testkit::examples().join("algar.zip");
    let mut command = program();
    command.current_dir(folder.path()).arg("serve").arg("--data").arg(data).args(arguments);
    command.output().unwrap()
}

#[test]
fn a_server_without_tokens_listens_on_this_machine_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let refused = serve(&["--listen", address]);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.contains("trapline token new") && told.contains("127.0.0.1"), "{told}");
    }
    let refused = serve(&["--access", "anna:owner:00"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("NAME:ROLE:SHA256"), "{refused:?}");
}

#[test]
fn a_token_is_long_and_told_once() {
    let (first, grant) = token("anna", "export");
    let (second, _) = token("anna", "export");
    assert_eq!((first.len(), first != second), (73, true));
    assert!(!grant.contains(&first[9..]) && grant.starts_with("anna:export:"), "{grant}");
    let wrong = program().args(["token", "new", "an na"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

#[tokio::test]
async fn a_person_signs_in_on_the_page() {
    let guarded = GuardedServer::start(|home| home, &[]);
    let browser = Browser::open(&guarded.server.url).await;
    browser.wait_until("document.getElementById('login').open", true).await;
    browser.wait_until("document.getElementById('connection').textContent", "Not signed in").await;
    assert_eq!(browser.barriers().await, [""; 0]);
    browser.write("#token", "trapline_wrong").await;
    browser.click("#sign-in [type=submit]").await;
    let message =
        "document.getElementById('sign-in-message').textContent.startsWith('This token is not valid')";
    browser.wait_until(message, true).await;
    browser.write("#token", &guarded.anna).await;
    browser.click("#sign-in [type=submit]").await;
    browser.is_ready().await;
    browser.click("#submit").await;
    let ready = "document.querySelectorAll('.export.completed').length";
    browser.wait_until(ready, 1).await;
    browser.press("Open").await;
    let report = "fetch(document.querySelector('#viewer iframe').src).then((answer) => done(answer.status))";
    assert_eq!(browser.run_script(report).await, 200);
    browser.click("#viewer-close").await;
    browser.click("#sign-out").await;
    browser.wait_until("document.getElementById('login').open", true).await;
    assert_eq!(browser.value("sessionStorage.getItem('token')").await, Value::Null);
}

/// Other pages may speak to the server when their origin is listed, and not otherwise.
#[tokio::test]
async fn pages_of_other_origins_are_let_in_when_they_are_listed() {
    let listed = "https://platform.example.org";
    let guarded = GuardedServer::start(|home| home, &["--cors-origin", listed]);
    let ask = async |method: Method, origin: &str| {
        let request =
            guarded.server.client.request(method, format!("{}/api/exports/pdf", guarded.server.url));
        let request = request.header("origin", origin).header("access-control-request-method", "POST");
        let answer = request.header("access-control-request-headers", "authorization").send().await.unwrap();
        let allowed = answer
            .headers()
            .get("access-control-allow-origin")
            .map(|origin| origin.to_str().unwrap().to_owned());
        (answer.status().as_u16(), allowed)
    };
    assert_eq!(ask(Method::OPTIONS, listed).await, (200, Some(listed.into())));
    // The answer to one without a token can be read there too.
    assert_eq!(ask(Method::POST, listed).await, (401, Some(listed.into())));
    assert_eq!(ask(Method::OPTIONS, "https://example.org").await.1, None);
    let closed = Home::with_examples().start();
    let request = closed.client.get(format!("{}/api/exports", closed.url)).header("origin", listed);
    assert!(!request.send().await.unwrap().headers().contains_key("access-control-allow-origin"));
}

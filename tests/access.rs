//! Who may do what: tokens with names and roles, and links that are good for one file.

use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::support::{
    CallResult, Caller, Home, Server, answer_of, herons, on_both_stores, program, read_json, run, season,
    trapline, wait_until,
};

/// A token, and the grant for the server.
pub fn token(name: &str, role: &str) -> (String, String) {
    let made = run(program().args(["token", "new", name, "--role", role, "--json"])).json();
    (made["token"].as_str().unwrap().into(), made["access"].as_str().unwrap().into())
}

/// A server that lets in these people.
pub struct GuardedServer {
    pub server: Server,
    home: Home,
    pub anna: Caller,
    pub ben: Caller,
    pub admin: Caller,
    reader: Caller,
}

impl GuardedServer {
    pub fn start(on: impl Fn(Home) -> Home, more: &[&str]) -> Self {
        Self::start_at(on(Home::with_examples()), more)
    }

    pub fn start_at(home: Home, more: &[&str]) -> Self {
        let people = [("anna", "export"), ("ben", "export"), ("chief", "admin"), ("guest", "read")];
        let tokens = people.map(|(name, role)| token(name, role));
        let grants = tokens.iter().map(|(_, grant)| grant.as_str()).collect::<Vec<_>>().join(" ");
        let home = home.arguments(&[&["--access", &grants], more].concat());
        let server = home.start();
        let [anna, ben, admin, reader] = tokens.map(|(token, _)| server.caller_with(&token));
        Self { server, home, anna, ben, admin, reader }
    }
}

on_both_stores!(an_export_is_seen_by_its_owner_and_by_admins_only);

async fn an_export_is_seen_by_its_owner_and_by_admins_only(on: impl Fn(Home) -> Home) {
    let guarded = GuardedServer::start(on, &[]);
    let GuardedServer { anna, ben, admin, .. } = &guarded;
    let status = anna.make("zip", &herons()).await;
    let job_id = status["job_id"].as_str().unwrap();
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
        assert_eq!(anna.get(path).await.status(), StatusCode::OK, "{path}");
        assert_eq!(admin.get(path).await.status(), StatusCode::OK, "{path}");
        // As if it were not there.
        let other = read_json(ben.get(path).await, 404).await;
        assert_eq!(other["detail"], "Job not found or expired");
    }
    assert_eq!(ben.delete(job_id).await, StatusCode::NOT_FOUND);
    let list = async |who: &Caller| who.json("/api/exports").await["exports"].as_array().unwrap().len();
    assert_eq!((list(anna).await, list(ben).await, list(admin).await), (1, 0, 1));
    assert_eq!(admin.delete(job_id).await, StatusCode::NO_CONTENT);
    assert_eq!(list(anna).await, 0);
}

/// One who calls with this token, or without one.
fn caller(server: &Server, token: Option<&str>) -> Caller {
    Caller { token: token.map(str::to_owned), ..server.caller_with("") }
}

#[tokio::test]
async fn without_a_token_that_is_known_nothing_is_told() {
    let guarded = GuardedServer::start(|home| home, &[]);
    let GuardedServer { server, anna, admin, .. } = &guarded;
    let job_id = anna.submit("pdf", &season()).await;
    let token = anna.token.as_ref().unwrap();
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
        for caller in [None, Some("trapline_0000"), Some(&token[1..])].map(|token| caller(server, token)) {
            let answer = caller.get(path).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
    }
    assert_eq!(server.delete(&job_id).await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.post("/api/exports/pdf", &season()).await.status(), StatusCode::UNAUTHORIZED);
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
        for caller in [None, Some("trapline_0000")].map(|token| caller(server, token)) {
            let answer = caller.request(method.clone(), path).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        }
    }
    assert_eq!(admin.get("/api/nowhere").await.status(), StatusCode::NOT_FOUND);
    let wrong = admin.request(Method::PUT, "/api/exports").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    // Who looks whether the server lives, or reads what it can do, needs none.
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs/", "/"] {
        assert_eq!(server.get(path).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn each_role_may_do_what_it_says() {
    let GuardedServer { reader, server: _server, .. } = GuardedServer::start(|home| home, &[]);
    assert_eq!(reader.get("/api/summary?season=rut&year=2018").await.status(), StatusCode::OK);
    assert_eq!(reader.json("/api/exports").await["exports"], json!([]));
    for (kind, body) in [("pdf", season()), ("zip", herons())] {
        let (status, problem) = reader.answer(kind, &body).await;
        assert_eq!(status, 403);
        assert!(problem["detail"].as_str().unwrap().contains("is for reading only"), "{problem}");
    }
    assert_eq!(reader.delete("a").await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_key_of_one_is_not_a_key_of_another() {
    let guarded = GuardedServer::start(|home| home, &[]);
    let submit = async |who: &Caller| {
        let request = who.request(Method::POST, "/api/exports/pdf").header("idempotency-key", "monthly");
        let response = request.json(&season()).send().await.unwrap();
        answer_of(response).await.1["job_id"].clone()
    };
    let annas = submit(&guarded.anna).await;
    assert_eq!(submit(&guarded.anna).await, annas);
    assert_ne!(submit(&guarded.ben).await, annas);
}

/// A link works without a token, and for nothing but what it is to.
#[tokio::test]
async fn a_link_is_good_for_one_file_until_it_expires() {
    let guarded = GuardedServer::start(|home| home, &["--ttl", "5"]);
    let GuardedServer { server, anna, ben, .. } = &guarded;
    let status = anna.make("zip", &herons()).await;
    let job_id = status["job_id"].as_str().unwrap();
    let link = status["download_url"].as_str().unwrap();
    let file = server.download(&status).await;
    assert_eq!(file.len() as u64, status["file_size_bytes"].as_u64().unwrap());
    let head = server.request(Method::HEAD, link).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    let pictures = anna.json(&format!("/api/exports/zip/{job_id}/pictures")).await;
    let picture = pictures["pictures"][0]["url"].as_str().unwrap();
    assert_eq!(server.get(picture).await.headers()["content-type"], "image/jpeg");

    let (path, query) = link.split_once('?').unwrap();
    let expires = query.split(['=', '&']).nth(1).unwrap();
    let later = link.replace(expires, &(expires.parse::<i64>().unwrap() + 3600).to_string());
    let mut other = link.to_owned();
    let last = if other.pop() == Some('0') { '1' } else { '0' };
    other.push(last);
    let of_another = format!("/api/exports/zip/{job_id}/pictures/0?{query}");
    let short = format!("{path}?expires={expires}&signature=00");
    for changed in [&later, &other, &of_another, &short] {
        let answer = server.get(changed).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{changed}");
        assert!(answer.text().await.unwrap().contains("has been changed"));
    }
    assert_eq!(server.delete(&format!("{job_id}?{query}")).await, StatusCode::UNAUTHORIZED);
    // A token is asked for what it may see, link or not.
    assert_eq!(ben.get(link).await.status(), StatusCode::NOT_FOUND);

    let end = Timestamp::from_second(expires.parse().unwrap()).unwrap();
    wait_until("the link to expire", async || Timestamp::now() > end + jiff::SignedDuration::from_secs(1))
        .await;
    let answer = server.get(link).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.text().await.unwrap().contains("has expired"));
}

/// All processes of a service make links that the others take.
#[tokio::test]
async fn a_link_outlives_the_process_that_made_it() {
    let guarded = GuardedServer::start(|home| home, &["--link-secret", "of all servers"]);
    let status = guarded.anna.make("pdf", &season()).await;
    let GuardedServer { server, home, .. } = guarded;
    server.kill();
    let server = home.start();
    assert_eq!(server.get(status["download_url"].as_str().unwrap()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn events_tell_each_what_is_theirs() {
    let guarded = GuardedServer::start(|home| home, &[]);
    let mut bens = guarded.ben.listen("/api/exports/events", None).await;
    assert_eq!(bens.next().await.unwrap().data["exports"], json!([]));
    guarded.anna.make("pdf", &season()).await;
    let bens_job = guarded.ben.submit("pdf", &season()).await;
    let next = bens.wait_until(|event| event.name == "status").await;
    assert_eq!(next.data["job_id"], bens_job.as_str());
}

fn serve(arguments: &[&str]) -> CallResult {
    let data = testkit::examples().join("algar.zip").display().to_string();
    trapline(tempfile::tempdir().unwrap(), &[&["serve", "--data", &data], arguments].concat())
}

#[test]
fn a_server_without_tokens_listens_on_this_machine_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        serve(&["--listen", address]).assert_told(2, &["trapline token new", "127.0.0.1"]);
    }
    serve(&["--access", "anna:owner:00"]).assert_told(2, &["NAME:ROLE:SHA256"]);
}

#[test]
fn a_token_is_long_and_told_once() {
    let (first, grant) = token("anna", "export");
    let (second, _) = token("anna", "export");
    assert_eq!((first.len(), first != second), (73, true));
    assert!(!grant.contains(&first[9..]) && grant.starts_with("anna:export:"), "{grant}");
    run(program().args(["token", "new", "an na"])).assert_told(2, &[]);
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
    browser.write("#token", guarded.anna.token.as_ref().unwrap()).await;
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
        let request = guarded.server.request(method, "/api/exports/pdf");
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
    let answer = closed.get_with("/api/exports", &[("origin", listed)]).await;
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
}

//! What a server takes, and what it asks to come back later.

use reqwest::Response;
use serde_json::Value;

use crate::access::token;
use crate::support::{Home, on_both_stores, season};

on_both_stores!(more_exports_than_may_wait_are_asked_to_come_back, one_name_does_not_take_all_the_room,);

async fn told(answer: Response) -> (u16, bool, String) {
    let (status, come_back) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
    let problem: Value = answer.json().await.unwrap();
    (status, come_back, problem["detail"].as_str().unwrap_or_default().into())
}

async fn more_exports_than_may_wait_are_asked_to_come_back(on: impl Fn(Home) -> Home) {
    let home = on(Home::with_examples().arguments(&["--max-queued", "2"]));
    let server = home.start_api();
    let first = server.submit("pdf", &season()).await;
    server.submit("pdf", &season()).await;
    let (status, come_back, detail) = told(server.post("/api/exports/pdf", &season()).await).await;
    assert_eq!((status, come_back), (503, true));
    assert!(detail.contains("As many exports wait as this server takes"), "{detail}");
    // One that goes makes room for another.
    server.delete(&first).await;
    server.submit("pdf", &season()).await;
}

async fn one_name_does_not_take_all_the_room(on: impl Fn(Home) -> Home) {
    let (anna, annas) = token("anna", "export");
    let (ben, bens) = token("ben", "export");
    let arguments = ["--access", &annas, "--access", &bens, "--max-queued-each", "3"];
    let server = on(Home::with_examples().arguments(&arguments)).start_api();
    let submit = async |who: &str| {
        let request = server.client.post(format!("{}/api/exports/pdf", server.url));
        request.bearer_auth(who).json(&season()).send().await.unwrap()
    };
    for _ in 0..3 {
        assert_eq!(submit(&anna).await.status(), 202);
    }
    let (status, come_back, detail) = told(submit(&anna).await).await;
    assert_eq!((status, come_back), (429, true));
    assert!(detail.contains("wait for some to end, or delete some"), "{detail}");
    let bens: Value = submit(&ben).await.json().await.unwrap();
    // Anna's other two do not hold it up.
    let address = format!("{}/api/exports/{}", server.url, bens["job_id"].as_str().unwrap());
    let status: Value =
        server.client.get(address).bearer_auth(&ben).send().await.unwrap().json().await.unwrap();
    assert!(status["queue_position"].as_u64() <= Some(2), "{status}");
}

//! What may happen to a server, and how it is reached.

use std::time::Duration;

use jobs::{
    ChangeMessage, JobQueue, JobReader, JobState, JobSubmitter, OpenError, RedisAddress, RedisStore,
    StoreError, StoreOptions, WorkerId,
};
use testkit::RedisServer;

use crate::{claim, job, store, submit, wait_until};

async fn open(address: &str) -> Result<RedisStore, OpenError> {
    RedisStore::open(&address.parse::<RedisAddress>().unwrap(), StoreOptions::default()).await
}

#[tokio::test]
async fn two_processes_share_one_server() {
    let (server, first) = store().await;
    let second = open(&server.url()).await.unwrap();
    let new = submit(&first).await;
    let claim = second.claim(&WorkerId::random()).await.unwrap().unwrap();
    assert_eq!((claim.held.job_id.clone(), claim.request), (new.job_id.clone(), new.request));
    assert_eq!(first.get(&new.job_id).await.unwrap().unwrap().state, JobState::Running);
    first.delete(&new.job_id).await.unwrap();
    assert!(!second.is_held(&claim.held).await.unwrap());
}

#[tokio::test]
async fn a_worker_in_another_process_is_woken() {
    let (server, first) = store().await;
    let second = open(&server.url()).await.unwrap();
    wait_until("both to listen", async || server.cli(&["PUBSUB", "NUMSUB", "trapline:work"]).ends_with('2'))
        .await;
    // What it is woken for at the start.
    second.wait_for_work().await;
    let woken = async { tokio::time::timeout(Duration::from_mins(1), second.wait_for_work()).await };
    let (woken, _) = tokio::join!(woken, async { first.submit(&job()).await.unwrap() });
    woken.expect("a message");
}

#[tokio::test]
async fn databases_of_one_server_are_apart() {
    let (server, zero) = store().await;
    let one = open(&format!("{}/1", server.url())).await.unwrap();
    zero.submit(&job()).await.unwrap();
    assert_eq!(one.claim(&WorkerId::random()).await.unwrap(), None);
    assert!(zero.claim(&WorkerId::random()).await.unwrap().is_some());
}

#[tokio::test]
async fn messages_of_another_database_are_not_heard() {
    let (server, zero) = store().await;
    let one = open(&format!("{}/1", server.url())).await.unwrap();
    wait_until("the subscription", async || one.is_subscribed()).await;
    let mut messages = one.subscribe();
    zero.submit(&job()).await.unwrap();
    let own = submit(&one).await;
    let number = one.changes(None).await.unwrap().now;
    let told = ChangeMessage::Changed { number, job_id: own.job_id, is_heartbeat: false };
    assert_eq!(messages.recv().await.unwrap(), told);
}

#[tokio::test]
async fn a_subscription_that_is_cut_is_made_anew() {
    let (server, store) = store().await;
    wait_until("the subscription", async || store.is_subscribed()).await;
    let mut messages = store.subscribe();
    server.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    // Once when it ends, and once when there is another.
    for _ in 0..2 {
        assert_eq!(messages.recv().await.unwrap(), ChangeMessage::Missed);
    }
    let new = submit(&store).await;
    let told = messages.recv().await.unwrap();
    assert!(matches!(told, ChangeMessage::Changed { job_id, .. } if job_id == new.job_id));
    assert!(store.is_subscribed());
}

#[tokio::test]
async fn a_look_at_many_jobs_is_one_command() {
    let (server, store) = store().await;
    let mut ids = Vec::new();
    for _ in 0..50 {
        ids.push(submit(&store).await.job_id);
    }
    let before = server.commands_processed();
    assert!(store.peek_many(&ids).await.unwrap().iter().all(|record| matches!(record, Ok(Some(_)))));
    assert_eq!(store.queue_positions(&ids).await.unwrap().last(), Some(&Some(50)));
    // MGET, and the script with the ZRANGE in it; the rest is what the server's own client asks.
    let cost = server.commands_processed() - before;
    assert!(cost <= 5, "{cost}");
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_told_them_again() {
    let (server, store) = store().await;
    server.cli(&["SCRIPT", "FLUSH"]);
    let new = submit(&store).await;
    assert_eq!(claim(&store).await.job_id, new.job_id);
}

#[tokio::test]
async fn jobs_survive_the_restart_of_a_server_that_writes_to_its_disk() {
    let mut server = RedisServer::start_on_disk();
    let store = open(&server.url()).await.unwrap();
    let (running, waiting) = (submit(&store).await, submit(&store).await);
    let held = claim(&store).await;
    server.kill();
    assert!(matches!(store.get(&running.job_id).await, Err(StoreError::Unavailable(_))));
    assert!(store.ping().await.is_err());
    server.restart();
    wait_until("the store to answer", async || store.ping().await.is_ok()).await;
    store.heartbeat(&held, Some(1)).await.unwrap();
    assert_eq!(claim(&store).await.job_id, waiting.job_id);
}

#[tokio::test]
async fn users_passwords_and_sockets_lead_to_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let server = RedisServer::start_with(&["--unixsocket", socket.to_str().unwrap()]);
    open(&format!("redis+unix://{}", socket.display())).await.unwrap().ping().await.unwrap();
    server.cli(&["ACL", "SETUSER", "app", "on", ">p@ss", "~*", "&*", "+@all"]);
    let address = |login: &str| format!("redis://{login}@127.0.0.1:{}", server.port());
    open(&address("app:p%40ss")).await.unwrap().ping().await.unwrap();
    let refused = open(&address("app:other")).await;
    assert!(matches!(refused, Err(OpenError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_user_needs_no_more_rights_than_the_scripts_use() {
    let server = RedisServer::start();
    // As the documentation tells operators to set it up.
    let rights = [
        "~export_job:*",
        "~trapline:*",
        "resetchannels",
        "&trapline:*",
        "+@read",
        "+@write",
        "+@scripting",
        "+@pubsub",
        "+@connection",
        "+time",
        "-@dangerous",
    ];
    let mut command = vec!["ACL", "SETUSER", "app", "on", ">secret"];
    command.extend(rights);
    server.cli(&command);
    let store = open(&format!("redis://app:secret@127.0.0.1:{}", server.port())).await.unwrap();
    let new = submit(&store).await;
    let held = claim(&store).await;
    store.heartbeat(&held, Some(1)).await.unwrap();
    store.release(&held).await.unwrap();
    store.reap().await.unwrap();
    store.list(None, 10).await.unwrap();
    store.ping().await.unwrap();
    assert!(store.delete(&new.job_id).await.unwrap().is_some());
}

//! A server that refuses something in the middle: a transition happens as a whole, or not at all.

use jobs::{
    Artifact, Failure, JobQueue, JobReader, JobState, JobSubmitter, Lease, LeaseError, RedisStore,
    StoreError, SubmitError, WorkerId,
};
use testkit::RedisServer;

use crate::{claim, get, job, record_key, store, submit};

/// Every command that a script calls.
const COMMANDS: [&str; 29] = [
    "del",
    "exists",
    "get",
    "hdel",
    "hget",
    "hgetall",
    "hincrby",
    "hmget",
    "hset",
    "incr",
    "pexpire",
    "pttl",
    "publish",
    "sadd",
    "scard",
    "set",
    "smembers",
    "srem",
    "time",
    "zadd",
    "zcard",
    "zcount",
    "zrange",
    "zrangebyscore",
    "zrank",
    "zrem",
    "zremrangebyrank",
    "zrevrangebyscore",
    "zscore",
];

/// All that the server holds, as text.
fn snapshot(server: &RedisServer) -> String {
    // When a worker asked for the last time is noted whatever comes of it.
    let script = "redis.call('DEL', 'trapline:claimed') \
                  local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do \
                  all[#all + 1] = key .. ' ' .. redis.sha1hex(redis.call('DUMP', key)) end \
                  table.sort(all) return table.concat(all, '\\n')";
    server.cli(&["EVAL", script, "0"])
}

/// Transitions by their names, each on a job that is in the state for it.
const TRANSITIONS: [&str; 9] =
    ["submit", "claim", "heartbeat", "complete", "fail", "retry", "release", "delete", "reap"];

async fn attempt(store: &RedisStore, transition: &str, held: &Lease) -> Result<(), LeaseError> {
    let failure = |may_pass| Failure { message: "no picture".into(), may_pass };
    let artifact = Artifact { filename: "detections_x_1.zip".into(), size: 1, ..Artifact::default() };
    match transition {
        "submit" => match store.submit(&job()).await {
            Ok(_) => {}
            Err(SubmitError::Store(error)) => return Err(error.into()),
            Err(refused) => panic!("{refused}"),
        },
        "claim" => store.claim(&WorkerId::random()).await.map(|_| ())?,
        "heartbeat" => store.heartbeat(held, Some(5)).await?,
        "complete" => store.complete(held, &artifact).await?,
        "fail" => store.fail(held, &failure(false)).await.map(|_| ())?,
        "retry" => store.fail(held, &failure(true)).await.map(|_| ())?,
        "release" => store.release(held).await?,
        "delete" => store.delete(&held.job_id).await.map(|_| ())?,
        _ => store.reap().await.map(|_| ())?,
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_in_the_middle_leaves_nothing_half_done() {
    let (server, store) = store().await;
    let mut refused = 0;
    for command in COMMANDS {
        for transition in TRANSITIONS {
            server.cli(&["FLUSHALL"]);
            for _ in 0..5 {
                store.submit(&job()).await.unwrap();
            }
            let held = claim(&store).await;
            let before = snapshot(&server);
            server.cli(&["ACL", "SETUSER", "default", &format!("-{command}")]);
            let answer = attempt(&store, transition, &held).await;
            server.cli(&["ACL", "SETUSER", "default", "+@all"]);
            if let Err(error) = answer {
                refused += 1;
                assert!(matches!(error, LeaseError::Store(_)), "{transition} without {command}: {error}");
                // A heartbeat sets times, and is sent again.
                if transition != "heartbeat" {
                    assert_eq!(snapshot(&server), before, "{transition} without {command}: {error}");
                }
                assert!(store.is_held(&held).await.unwrap(), "{transition} without {command}: {error}");
            }
            // It goes on right.
            attempt(&store, transition, &held).await.ok();
            let next = store.claim(&WorkerId::random()).await.unwrap();
            assert!(next.is_some(), "{transition} without {command}");
        }
    }
    assert!(refused > 100, "{refused} refusals");
}

/// Spoils a job, of which it is given the keys of the record and of the work.
type Spoil = &'static dyn Fn(&RedisServer, &str, &str);

/// What another program, or a fault, leaves in the place of a job.
#[tokio::test]
async fn a_job_that_was_spoilt_holds_up_no_other() {
    let spoilt: [Spoil; 7] = [
        &|server, record, _| drop((server.cli(&["DEL", record]), server.cli(&["RPUSH", record, "a"]))),
        &|server, record, _| drop(server.cli(&["SET", record, "no JSON"])),
        &|server, record, _| drop(server.cli(&["SET", record, r#"{"status":[[["processing"]]]}"#])),
        &|server, _, work| drop((server.cli(&["DEL", work]), server.cli(&["SET", work, "a"]))),
        &|server, _, work| drop(server.cli(&["HDEL", work, "attempt", "handed_back", "turn", "seq"])),
        &|server, _, work| drop(server.cli(&["HSET", work, "request", &"[".repeat(3000)])),
        &|server, _, work| drop(server.cli(&["HSET", work, "kind", "no kind", "attempt", "many"])),
    ];
    for (number, spoil) in spoilt.iter().enumerate() {
        let (server, store) = store().await;
        let (first, second) = (submit(&store).await, submit(&store).await);
        spoil(&server, &record_key(&first.job_id), &format!("trapline:job:{}", first.job_id));
        let worker = WorkerId::random();
        let mut claimed = store.claim(&worker).await.unwrap().expect("a job").held;
        if claimed.job_id == first.job_id {
            // It can be worked on all the same.
            store.fail(&claimed, &Failure { message: "no".into(), may_pass: false }).await.unwrap();
            claimed = store.claim(&worker).await.unwrap().expect("the next job").held;
        }
        assert_eq!(claimed.job_id, second.job_id, "{number}");
        assert!(store.claim(&WorkerId::random()).await.unwrap().is_none(), "{number}");
        store.reap().await.unwrap();
        store.list(None, 10).await.unwrap();
        match store.get(&first.job_id).await {
            Ok(record) => assert!(record.is_none_or(|record| record.state == JobState::Failed), "{number}"),
            Err(error) => assert!(matches!(error, StoreError::Damaged(_)), "{number}: {error:?}"),
        }
        store.delete(&first.job_id).await.unwrap();
        assert_eq!(get(&store, &first.job_id).await, None, "{number}");
    }
}

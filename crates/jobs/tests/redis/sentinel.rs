//! A master, a replica, and a sentinel that makes the one into the other.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use jobs::{JobQueue, JobReader, JobState, RedisStore, StoreOptions};
use testkit::{KilledOnDrop, RedisServer};

use crate::{claim, get, submit, wait_until};

/// A sentinel process on a free port. Dropped, it is killed.
struct Sentinel {
    _process: KilledOnDrop,
    port: u16,
}

impl Sentinel {
    /// Watches the master. On a busy machine it takes its time to call it dead, so the test does.
    fn start(folder: &Path, master: u16) -> Self {
        let settings = format!(
            "sentinel monitor main 127.0.0.1 {master} 1\nsentinel down-after-milliseconds main 60000\n\
             sentinel failover-timeout main 5000\n"
        );
        let file = folder.join("sentinel.conf");
        for _ in 0..20 {
            let port = testkit::free_port();
            std::fs::write(&file, &settings).unwrap();
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL", "redis-server"]).arg(&file);
            command.args(["--sentinel", "--bind", "127.0.0.1", "--port", &port.to_string()]);
            let child = command.current_dir(folder).stdout(Stdio::null()).spawn().unwrap();
            let mut process = KilledOnDrop(child);
            while process.0.try_wait().unwrap().is_none() {
                if cli(port, &["SENTINEL", "MYID"]).is_some() {
                    return Self { _process: process, port };
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("redis-server --sentinel does not start");
    }
}

fn cli(port: u16, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("redis-cli").args(["-e", "-p", &port.to_string()]).args(arguments).output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test]
async fn when_the_master_dies_its_replica_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut master = RedisServer::start();
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &master.port().to_string()]);
    let sentinel = Sentinel::start(folder.path(), master.port());
    wait_until("the sentinel to know the replica", async || {
        let known = cli(sentinel.port, &["SENTINEL", "REPLICAS", "main"]).unwrap_or_default();
        known.contains(&replica.port().to_string()) && known.contains("master-link-status\nok")
    })
    .await;
    let address = format!("redis+sentinel://127.0.0.1:{}/main/2", sentinel.port).parse().unwrap();
    let store = RedisStore::open(&address, StoreOptions::default()).await.unwrap();
    let (running, waiting) = (submit(&store).await, submit(&store).await);
    let held = claim(&store).await;
    // Writes that a master did not replicate before it died are lost, so the test waits for replication.
    assert_eq!(master.cli(&["WAIT", "1", "10000"]), "1");
    master.kill();
    wait_until("the sentinel to make the replica the master", async || {
        cli(sentinel.port, &["SENTINEL", "FAILOVER", "main"]).is_some()
    })
    .await;
    wait_until("the replica to be the master", async || store.ping().await.is_ok()).await;
    store.heartbeat(&held, Some(1)).await.unwrap();
    assert_eq!(get(&store, &running.job_id).await.unwrap().state, JobState::Running);
    assert_eq!(claim(&store).await.job_id, waiting.job_id);
    assert_eq!(replica.cli(&["-n", "2", "EXISTS", &format!("export_job:{}", running.job_id)]), "1");
}

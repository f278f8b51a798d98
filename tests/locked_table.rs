//! Many requests at once that wait for a database: others are answered all the same.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::StatusCode;
use testkit::{KilledOnDrop, PostgresServer};

use crate::support::{Home, season, wait_until};

/// How long an answer may take that waits for nothing.
const AT_ONCE: Duration = Duration::from_secs(10);

/// A session that has locked the pictures. Dropped, it ends.
struct Lock(KilledOnDrop);

impl Lock {
    async fn take(database: &PostgresServer) -> Self {
        let mut psql = Command::new("psql");
        psql.arg(database.url()).args(["-X", "-q", "-c"]);
        psql.arg(
            "BEGIN; LOCK TABLE images, detections, locations IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)",
        );
        let lock = Self(KilledOnDrop(psql.stdout(Stdio::null()).spawn().unwrap()));
        let held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
        wait_until("the lock", async || database.sql(held).parse::<u32>().unwrap() >= 3).await;
        lock
    }

    /// Gives the tables back. The server would notice late that a sleeping session's client has gone.
    fn release(self, database: &PostgresServer) {
        database.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()",
        );
        drop(self.0);
    }
}

#[tokio::test]
async fn a_crowd_that_waits_for_a_locked_table_holds_up_nobody_else() {
    let database = PostgresServer::start();
    testkit::fill(&database, 500, 10);
    let algar = testkit::examples().join("algar.zip");
    let server = Home::with_data(&[&algar, &PathBuf::from(database.url())]).start();
    let (status, file) = server.make_file("pdf", &season()).await;

    let lock = Lock::take(&database).await;
    let summary =
        format!("{}/api/summary?dataset=survey&start_date=2024-03-01&end_date=2024-05-31", server.url);
    let crowd: Vec<_> = (0..700)
        .map(|_| {
            let request = server.client.get(&summary).send();
            tokio::spawn(async move { request.await.unwrap() })
        })
        .collect();
    // Some of them are at the database by now.
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trapline' AND wait_event_type = 'Lock'";
    wait_until("the first of the crowd", async || database.sql(waiting) != "0").await;
    let most: u32 = database
        .sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trapline'")
        .parse()
        .unwrap();
    assert!(most <= 4, "{most} connections, of which exports need some");
    let others = async {
        assert_eq!(server.download(&status).await, file);
        assert_eq!(server.status("pdf", status["job_id"].as_str().unwrap()).await["status"], "completed");
        assert_eq!(server.get("/healthz").await.status(), StatusCode::OK);
        // It may have to come back while the crowd arrives.
        wait_until("an export to be accepted", async || {
            server.post("/api/exports/pdf", &season()).await.status() == StatusCode::ACCEPTED
        })
        .await;
    };
    tokio::time::timeout(AT_ONCE, others).await.expect("what waits for nobody");
    for answer in crowd {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"));
    }
    lock.release(&database);
    wait_until("summaries", async || {
        server.client.get(&summary).send().await.unwrap().status() == StatusCode::OK
    })
    .await;
}

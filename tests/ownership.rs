//! Nothing is removed that the program did not write, and no two services share one folder or bucket.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testkit::{RedisServer, S3Server, assert_contains};

use crate::support::{Home, Server, on_both_stores, run, season, start_api_on_redis, wait_until};

/// Files of people, which are called like exports.
const OF_PEOPLE: [&str; 6] = [
    "report_annual_2023.pdf",
    "report_2024_1.pdf",
    "detections_final_2.zip",
    ".report_2024_1.pdf.part",
    "report_705e6036-0b1c-4e07-9d5a-3f6c2e9d8f11_1.pdf",
    "notes.txt",
];
/// A file of a job without a record.
const LEFT: &str = "report_0c0f7a9e-1111-4aaa-8bbb-123456789abc_1.pdf";

fn put_files_of_people(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for name in OF_PEOPLE {
        std::fs::write(folder.join(name), name).unwrap();
    }
    std::fs::create_dir_all(folder.join("report_2022_1.pdf")).unwrap();
}

fn files_of_people_are_there(folder: &Path) {
    for name in OF_PEOPLE {
        assert_eq!(std::fs::read_to_string(folder.join(name)).unwrap(), name);
    }
    assert!(folder.join("report_2022_1.pdf").is_dir());
}

/// A report that is made, and the name of its file.
async fn report(server: &Server) -> (String, String) {
    let status = server.make("pdf", &season()).await;
    let [job_id, filename] = ["job_id", "filename"].map(|field| status[field].as_str().unwrap().to_owned());
    (job_id, filename)
}

/// What a process says that does not start, since its call is wrong.
fn refusal(home: &Home) -> String {
    let refused = run(&mut home.command());
    refused.assert_told(2, &[]);
    refused.told
}

/// Puts a file there as an attempt at a job without a record left it.
fn leave_a_file(home: &Home) {
    let journals = std::fs::read_dir(home.marker().parent().unwrap()).unwrap().map(|entry| entry.unwrap());
    let journal = journals.map(|entry| entry.path()).find(|path| path.is_dir()).unwrap();
    std::fs::write(journal.join(LEFT), "").unwrap();
    std::fs::write(home.exports().join(LEFT), "left").unwrap();
}

async fn file_goes(server: &Server, name: &str) {
    wait_until("a file to go", async || !server.files().iter().any(|file| file == name)).await;
}

/// A file that expires, which is when a process looks for others that may go.
async fn sweep(server: &Server) {
    let (_, filename) = report(server).await;
    file_goes(server, &filename).await;
}

on_both_stores!(files_of_people_stay_whatever_they_are_called);

async fn files_of_people_stay_whatever_they_are_called(on: impl Fn(Home) -> Home) {
    let home = on(Home::with_examples()).arguments(&["--ttl", "2"]);
    put_files_of_people(&home.exports());
    let server = home.start();
    for _ in 0..2 {
        leave_a_file(&home);
        sweep(&server).await;
        file_goes(&server, LEFT).await;
        files_of_people_are_there(&home.exports());
    }
    assert!(server.terminate().success());
    let server = home.start();
    leave_a_file(&home);
    sweep(&server).await;
    files_of_people_are_there(&home.exports());
}

#[tokio::test]
async fn a_redis_that_was_flushed_leaves_no_file() {
    let (redis, home) = Home::on_redis();
    put_files_of_people(&home.exports());
    let server = home.start();
    let (_, filename) = report(&server).await;
    server.kill();
    redis.cli(&["FLUSHALL"]);
    let server = home.start();
    file_goes(&server, &filename).await;
    files_of_people_are_there(&home.exports());
}

/// A version that kept no journal made the file.
#[tokio::test]
async fn files_of_an_earlier_version_are_taken_over() {
    let (redis, home) = Home::on_redis();
    let server = home.start();
    let (_, filename) = report(&server).await;
    server.kill();
    std::fs::remove_dir_all(home.marker().parent().unwrap()).unwrap();
    put_files_of_people(&home.exports());
    let server = home.start();
    assert!(server.files().contains(&filename));
    server.kill();
    redis.cli(&["FLUSHALL"]);
    let server = home.start();
    file_goes(&server, &filename).await;
    files_of_people_are_there(&home.exports());
}

#[tokio::test]
async fn two_services_cannot_use_one_folder() {
    let first = Home::with_examples();
    let server = first.start();
    let status = server.make("pdf", &season()).await;
    let second = Home::with_examples().with_artifacts(&first.exports());
    let said = refusal(&second);
    let stores = [&first, &second].map(|home| home.folder.path().canonicalize().unwrap().join("jobs"));
    let (exports, marker) = (first.exports(), first.marker().canonicalize().unwrap());
    let paths = [&exports, &marker, &stores[0], &stores[1]].map(|path| path.to_str().unwrap());
    assert_contains(&said, &paths);
    assert_contains(&said, &["--artifacts", "--service NAME", "delete the marker"]);
    assert!(server.download(&status).await.starts_with(b"%PDF"));
    // The second may take it over when the first is gone and the flag is given.
    assert!(server.terminate().success());
    std::fs::remove_file(first.marker()).unwrap();
    let server = second.start();
    assert!(refusal(&first).contains(stores[1].to_str().unwrap()));
    // What the first made is not the second's to remove.
    let filename = status["filename"].as_str().unwrap();
    report(&server).await;
    assert!(first.exports().join(filename).is_file());
}

#[tokio::test]
async fn processes_of_one_service_share_its_folder() {
    let (redis, home, server) = start_api_on_redis();
    // It is the same server and database, however it is written.
    let home = home.with_store(&format!("redis://127.0.0.1:{}/0", redis.port()));
    let _worker = home.start_worker(1);
    report(&server).await;
    let other_database = home.with_store(&format!("redis://127.0.0.1:{}/1", redis.port()));
    let said = refusal(&other_database);
    assert!(said.contains(&format!("redis://127.0.0.1:{}/1 on ", redis.port())), "{said}");
}

#[tokio::test]
async fn a_name_makes_one_service_of_different_addresses() {
    let redis = RedisServer::start();
    let named = ["--service", "deer"];
    let home = Home::with_examples().with_redis(&redis).arguments(&named);
    let server = home.start_api();
    let home = home.with_store(&format!("redis://localhost:{}", redis.port()));
    let _worker = home.start_worker(1);
    report(&server).await;
    let other = home.arguments(&["--service", "boar"]);
    let said = refusal(&other);
    assert!(said.contains("“--service deer”") && said.contains("“--service boar”"), "{said}");
    let unnamed = refusal(&other.arguments(&[]));
    assert!(unnamed.contains("“--service deer”") && unnamed.contains("redis://localhost:"), "{unnamed}");
    let wrong = Home::with_examples().arguments(&["--service", "a deer"]);
    assert!(refusal(&wrong).contains("1 to 64 characters"));
}

#[tokio::test]
async fn processes_that_start_at_once_mark_a_folder_for_one_service() {
    for _ in 0..3 {
        let first = Home::with_examples();
        let second = Home::with_examples().with_artifacts(&first.exports());
        let start = |home: &Home| home.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut processes = [start(&first), start(&second)];
        // One of them ends by itself.
        let mut ended = [false, false];
        wait_until("one to be refused", async || {
            for (ended, process) in ended.iter_mut().zip(&mut processes) {
                *ended = process.try_wait().unwrap().is_some();
            }
            ended.contains(&true)
        })
        .await;
        assert_ne!(ended, [true, true], "and the other has the folder");
        for mut process in processes {
            // It may have ended.
            let _ = process.kill();
            process.wait().unwrap();
        }
    }
}

/// Puts another marker in the place of the one that is there, at once: a sweep that met a half of it would
/// say that as well.
fn replace_marker(home: &Home, content: &[u8]) {
    let new = home.folder.path().join("marker");
    std::fs::write(&new, content).unwrap();
    std::fs::rename(new, home.marker()).unwrap();
}

#[tokio::test]
async fn a_marker_that_is_gone_or_another_s_stops_the_sweep_and_says_so_once() {
    let home = Home::with_examples().arguments(&["--ttl", "2"]);
    let server = home.start();
    let ours = std::fs::read(home.marker()).unwrap();
    let said = |what: &str| server.log().matches(what).count();
    let stopped = "files without a record are not removed because of the marker";

    let other = json!({"format": 1, "owner": "service:boar", "description": "--service boar"});
    replace_marker(&home, other.to_string().as_bytes());
    leave_a_file(&home);
    sweep(&server).await;
    wait_until("the log to say so", async || said(stopped) == 1).await;
    assert_eq!(said("--service boar"), 1);
    sweep(&server).await;
    sweep(&server).await;
    assert_eq!(said(stopped), 1, "{}", server.log());
    assert!(server.files().contains(&LEFT.to_owned()));

    std::fs::remove_file(home.marker()).unwrap();
    sweep(&server).await;
    wait_until("the log to say so", async || said(stopped) == 2).await;
    assert!(server.files().contains(&LEFT.to_owned()));

    replace_marker(&home, &ours);
    sweep(&server).await;
    file_goes(&server, LEFT).await;
    assert_eq!(said("files without a record are removed again"), 1);
}

#[tokio::test]
async fn a_bucket_belongs_to_one_service_and_files_of_people_stay_in_it() {
    let (store, redis) = (S3Server::start(), RedisServer::start());
    let mut of_people: Vec<String> = OF_PEOPLE.map(|name| format!("trapline/{name}")).into();
    of_people.push("trapline/2024/report_2024_1.pdf".into());
    of_people.push(format!("trapline/2024/{LEFT}"));
    of_people.sort();
    for key in &of_people {
        store.put("exports", key, b"mine");
    }
    let home = Home::with_examples().with_redis(&redis).in_bucket(&store);
    let server = home.start();
    report(&server).await;
    assert_eq!(store.objects().len(), of_people.len() + 1);
    let second = Home::with_examples().in_bucket(&store);
    let said = refusal(&second);
    assert!(said.contains("s3://exports/trapline/.trapline/store.json"), "{said}");
    server.kill();
    redis.cli(&["FLUSHALL"]);
    let server = home.start();
    wait_until("the file of a forgotten job to go", async || store.objects() == of_people).await;
    // What was noted goes with a file: nothing adds up.
    let noted = store.all_objects().len();
    let (job_id, _) = report(&server).await;
    assert_eq!(server.delete(&job_id).await, 204);
    wait_until("the note to go", async || store.all_objects().len() == noted).await;
}

/// `trapline check` leaves no marker, and tells whose a folder is.
#[test]
fn whose_a_folder_is_can_be_found_out_without_taking_it() {
    let home = Home::with_examples();
    let check = |home: &Home| {
        let mut command = home.command_of("check");
        run(command.args(["--listen", "127.0.0.1:0"]))
    };
    check(&home).assert_out(0, &[]);
    assert!(!home.marker().exists());
    let server = home.start();
    assert!(server.terminate().success());
    check(&home).assert_out(0, &[]);
    let checked = check(&Home::with_examples().with_artifacts(&home.exports()));
    checked.assert_out(2, &["FAIL  artifacts: the files belong to another service"]);
}

#[tokio::test]
async fn a_link_or_a_pipe_in_place_of_a_file_is_not_opened() {
    let home = Home::with_examples();
    let server = home.start();
    let secret = home.folder.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    let (linked, filename) = report(&server).await;
    let path = home.exports().join(&filename);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&secret, &path).unwrap();
    let address = format!("/api/static/exports/{filename}");
    let answer = server.get(&address).await;
    assert_eq!(answer.status(), 500);
    assert!(!answer.text().await.unwrap().contains("secret"));
    assert_eq!(server.delete(&linked).await, 204);
    assert!(path.symlink_metadata().unwrap().is_symlink(), "it is not the program's");
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "secret");

    let (_, filename) = report(&server).await;
    let path = home.exports().join(&filename);
    std::fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_eq!(server.get(&format!("/api/static/exports/{filename}")).await.status(), 500);
}

/// A link with the name under which a file would be begun.
#[tokio::test]
async fn an_export_is_not_written_through_a_link() {
    let home = Home::with_examples().arguments(&["--workers", "0"]);
    let server = home.start();
    let job_id = server.submit("pdf", &season()).await;
    let target = home.folder.path().join("target");
    let link = home.exports().join(format!(".report_{job_id}_1.pdf.part"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert!(server.terminate().success());
    let server = home.arguments(&[]).start();
    let status: Value = server.completed("pdf", &job_id).await;
    assert_eq!(status["attempt"], 2, "{status}");
    assert!(!target.exists());
    assert!(server.download(&status).await.starts_with(b"%PDF"));
}

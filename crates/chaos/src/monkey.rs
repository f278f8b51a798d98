//! Chooses what is killed or stopped, and when.

use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::environment::Platform;
use crate::processes::{Fleet, ProcessRole};
use crate::verdict::Verdict;

/// Something that was stopped and is resumed later.
enum StoppedProcess {
    Process(usize),
    Redis,
}

/// Disturbs processes and services until the time is over.
pub fn run(mut fleet: Fleet, seed: u64, until: Instant, verdict: &Verdict) -> Fleet {
    let mut rng = Rng::with_seed(seed);
    let mut stopped: Vec<(Instant, StoppedProcess)> = Vec::new();
    while Instant::now() < until {
        sleep(Duration::from_millis(rng.u64(200..1000)));
        resume_due(&fleet, &mut stopped, Instant::now());
        let is_stopped = |number: usize| {
            stopped.iter().any(|(_, what)| matches!(what, StoppedProcess::Process(other) if *other == number))
        };
        let number = rng.usize(0..fleet.processes.len());
        let later = Instant::now() + Duration::from_millis(rng.u64(500..6000));
        match rng.u32(0..100) {
            0..65 => {
                stopped
                    .retain(|(_, what)| !matches!(what, StoppedProcess::Process(other) if *other == number));
                fleet.kill(number);
                verdict.count_kill();
            }
            65..80 if !is_stopped(number) => {
                fleet.processes[number].signal("STOP");
                verdict.count_stop();
                stopped.push((later, StoppedProcess::Process(number)));
            }
            80..90 if !is_stopped(number) && fleet.processes[number].role != ProcessRole::Server(0) => {
                fleet.terminate(number);
                verdict.count_termination();
            }
            90..95 => {
                fleet.environment.redis.freeze();
                verdict.count_stop();
                stopped.push((later, StoppedProcess::Redis));
            }
            95..97 => {
                stopped.retain(|(_, what)| !matches!(what, StoppedProcess::Redis));
                fleet.environment.redis.kill();
                sleep(Duration::from_millis(rng.u64(0..2000)));
                fleet.environment.redis.restart();
                verdict.count_redis_restart();
            }
            97..100 => {
                if let Some(platform) = fleet.environment.as_platform() {
                    disturb_platform(platform, &mut rng, verdict);
                }
            }
            _ => {}
        }
    }
    if let Some(platform) = fleet.environment.as_platform() {
        platform.s3.delay(Duration::ZERO);
    }
    resume_due(&fleet, &mut stopped, Instant::now() + Duration::from_hours(1));
    fleet
}

/// Kills the database or makes the object store fail, for a while.
fn disturb_platform(platform: &mut Platform, rng: &mut Rng, verdict: &Verdict) {
    let while_away = Duration::from_millis(rng.u64(0..3000));
    let choice = rng.u32(0..5);
    if choice == 0 {
        platform.postgres.kill();
        sleep(while_away);
        platform.postgres.restart();
        return verdict.count_postgres_restart();
    }
    verdict.count_s3_failure();
    match choice {
        1 => platform.s3.fail(rng.u32(1..20)),
        2 => platform.s3.cut_off(rng.u32(1..20)),
        3 => platform.s3.delay(Duration::from_millis(rng.u64(0..2) * 100)),
        _ => {
            platform.s3.stop();
            sleep(while_away);
            platform.s3.restart();
        }
    }
}

/// Resumes what was stopped until `now` or before.
fn resume_due(fleet: &Fleet, stopped: &mut Vec<(Instant, StoppedProcess)>, now: Instant) {
    stopped.retain(|(at, what)| {
        if *at > now {
            return true;
        }
        match what {
            StoppedProcess::Process(number) => fleet.processes[*number].signal("CONT"),
            StoppedProcess::Redis => fleet.environment.redis.thaw(),
        }
        false
    });
}

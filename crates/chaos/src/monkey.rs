//! What is ended or stopped, and when.

use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::ground::Platform;
use crate::processes::{Fleet, Role};
use crate::toll::Toll;

/// Something that was stopped and goes on later.
enum Stopped {
    Process(usize),
    Redis,
}

/// Does harm until the time is over, and returns what is left.
pub fn run(mut fleet: Fleet, seed: u64, until: Instant, toll: &Toll) -> Fleet {
    let mut rng = Rng::with_seed(seed);
    let mut stopped: Vec<(Instant, Stopped)> = Vec::new();
    while Instant::now() < until {
        sleep(Duration::from_millis(rng.u64(200..1000)));
        go_on(&fleet, &mut stopped, Instant::now());
        let is_stopped = |number: usize| {
            stopped.iter().any(|(_, what)| matches!(what, Stopped::Process(other) if *other == number))
        };
        let number = rng.usize(0..fleet.processes.len());
        let later = Instant::now() + Duration::from_millis(rng.u64(500..6000));
        match rng.u32(0..100) {
            0..65 => {
                stopped.retain(|(_, what)| !matches!(what, Stopped::Process(other) if *other == number));
                fleet.kill(number);
                toll.killed();
            }
            65..80 if !is_stopped(number) => {
                fleet.processes[number].signal("STOP");
                toll.stopped();
                stopped.push((later, Stopped::Process(number)));
            }
            80..90 if !is_stopped(number) && fleet.processes[number].role != Role::Server(0) => {
                fleet.terminate(number);
                toll.terminated();
            }
            90..95 => {
                fleet.ground.redis.freeze();
                toll.stopped();
                stopped.push((later, Stopped::Redis));
            }
            95..97 => {
                stopped.retain(|(_, what)| !matches!(what, Stopped::Redis));
                fleet.ground.redis.kill();
                sleep(Duration::from_millis(rng.u64(0..2000)));
                fleet.ground.redis.restart();
                toll.redis_restarted();
            }
            97..100 => {
                if let Some(platform) = fleet.ground.as_platform() {
                    upset(platform, &mut rng, toll);
                }
            }
            _ => {}
        }
    }
    if let Some(platform) = fleet.ground.as_platform() {
        platform.s3.delay(Duration::ZERO);
    }
    go_on(&fleet, &mut stopped, Instant::now() + Duration::from_hours(1));
    fleet
}

/// Ends the database or makes the object store fail, for a while.
fn upset(platform: &mut Platform, rng: &mut Rng, toll: &Toll) {
    let while_away = Duration::from_millis(rng.u64(0..3000));
    let choice = rng.u32(0..5);
    if choice == 0 {
        platform.postgres.kill();
        sleep(while_away);
        platform.postgres.restart();
        return toll.postgres_restarted();
    }
    toll.s3_failed();
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

/// Lets go on what was stopped for long enough.
fn go_on(fleet: &Fleet, stopped: &mut Vec<(Instant, Stopped)>, now: Instant) {
    stopped.retain(|(at, what)| {
        if *at > now {
            return true;
        }
        match what {
            Stopped::Process(number) => fleet.processes[*number].signal("CONT"),
            Stopped::Redis => fleet.ground.redis.thaw(),
        }
        false
    });
}

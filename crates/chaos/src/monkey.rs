//! What is ended or stopped, and when.

use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;

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
                fleet.redis.freeze();
                toll.stopped();
                stopped.push((later, Stopped::Redis));
            }
            95..100 => {
                stopped.retain(|(_, what)| !matches!(what, Stopped::Redis));
                fleet.redis.kill();
                sleep(Duration::from_millis(rng.u64(0..2000)));
                fleet.redis.restart();
                toll.redis_restarted();
            }
            _ => {}
        }
    }
    go_on(&fleet, &mut stopped, Instant::now() + Duration::from_hours(1));
    fleet
}

/// Lets go on what was stopped for long enough.
fn go_on(fleet: &Fleet, stopped: &mut Vec<(Instant, Stopped)>, now: Instant) {
    stopped.retain(|(at, what)| {
        if *at > now {
            return true;
        }
        match what {
            Stopped::Process(number) => fleet.processes[*number].signal("CONT"),
            Stopped::Redis => fleet.redis.thaw(),
        }
        false
    });
}

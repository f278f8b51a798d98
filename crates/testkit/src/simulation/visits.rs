//! The visits of one species to one location.

use std::collections::BTreeSet;

use super::random::Random;
use super::{Species, VaryingShare};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Longest time between two images of a burst, seconds.
const BETWEEN_IMAGES: u32 = 60;
/// Visits begin at least so long after the longest burst that began before: they are independent events by
/// the usual half hour.
const APART: i64 = 31 * 60;
/// Times that are drawn for a visit before it is given up.
const TRIES: u32 = 2000;

/// A deployment of a location.
pub(super) struct Deployment {
    /// The half of the survey that it is in, 0 or 1.
    pub half: usize,
    /// Its first day, since 1970. It begins and ends at midnight.
    pub first_day: i64,
    /// Its length.
    pub days: u32,
}

impl Deployment {
    pub fn start(&self) -> i64 {
        self.first_day * DAY
    }

    pub fn end(&self) -> i64 {
        (self.first_day + i64::from(self.days)) * DAY
    }
}

/// A visit.
pub(super) struct Visit {
    /// Place of the deployment among those of its location.
    pub deployment: usize,
    /// When each of its images was taken, seconds since 1970.
    pub images: Vec<i64>,
    /// `female`, `male`, or empty when no sex is written.
    pub sex: &'static str,
    pub has_young: bool,
}

/// What is the same for all visits of a species to a location.
struct Habits {
    /// What the mean rate is multiplied by.
    richness: f64,
    /// Shares of the peaks of the curve.
    shares: Vec<f64>,
    females: Option<f64>,
    with_young: f64,
}

impl Habits {
    fn draw(species: &Species, random: &mut Random) -> Self {
        Self {
            richness: species.richness.map_or(1.0, |shape| random.draw_gamma(shape) / shape),
            shares: species.curve.draw_shares(species.alike_curves, random),
            females: species.females.map(|share| draw_share(share, random)),
            with_young: species.with_young.map_or(0.0, |share| draw_share(share, random)),
        }
    }
}

fn draw_share(share: VaryingShare, random: &mut Random) -> f64 {
    let Some(alike) = share.alike else { return share.mean };
    let (yes, no) = (random.draw_gamma(share.mean * alike), random.draw_gamma((1.0 - share.mean) * alike));
    yes / (yes + no)
}

/// The visits to a location, in no order.
///
/// # Panics
/// When there are more visits than fit into the time with half an hour between them.
pub(super) fn simulate_visits(
    species: &Species,
    deployments: &[Deployment],
    random: &mut Random,
) -> Vec<Visit> {
    let habits = Habits::draw(species, random);
    let mut visits = Vec::new();
    let mut taken = BTreeSet::new();
    for (number, deployment) in deployments.iter().enumerate() {
        let (more, clump_days) =
            species.clumps.map_or((0.0, 1), |clumps| (clumps.more_visits, clumps.days.min(deployment.days)));
        let rate = species.rate_in(deployment.half) * habits.richness / (1.0 + more);
        for _ in 0..random.draw_poisson(rate * f64::from(deployment.days)) {
            let first = random.draw_below(deployment.days);
            let size = if species.clumps.is_some() { 1 + random.draw_geometric(more) } else { 1 };
            for _ in 0..size {
                // Days after the last begin again at the first, so that the mean rate does not change.
                let draw_time = |random: &mut Random| {
                    let day = (first + random.draw_below(clump_days)) % deployment.days;
                    let hour = species.curve.draw_hour(&habits.shares, random);
                    #[allow(clippy::cast_possible_truncation)]
                    let seconds = (hour * 3600.0) as i64;
                    deployment.start() + i64::from(day) * DAY + seconds
                };
                let time = find_free_time(species, &mut taken, random, draw_time);
                visits.push(draw_visit(species, &habits, number, time, deployment.end(), random));
            }
        }
    }
    visits
}

/// A time that is far enough from all visits before.
fn find_free_time(
    species: &Species,
    taken: &mut BTreeSet<i64>,
    random: &mut Random,
    draw_time: impl Fn(&mut Random) -> i64,
) -> i64 {
    let apart = APART + i64::from(species.most_images * BETWEEN_IMAGES);
    for _ in 0..TRIES {
        let time = draw_time(random);
        if taken.range(time - apart..=time + apart).next().is_none() {
            taken.insert(time);
            return time;
        }
    }
    panic!("more visits of {} than fit into a few days: lower its rate or its clumps", species.name);
}

fn draw_visit(
    species: &Species,
    habits: &Habits,
    deployment: usize,
    time: i64,
    end: i64,
    random: &mut Random,
) -> Visit {
    let mut images = vec![time];
    let mut last = time;
    for _ in 0..random.draw_below(species.most_images) {
        last += i64::from(1 + random.draw_below(BETWEEN_IMAGES));
        images.push(last);
    }
    // A camera that was taken away takes no more images.
    images.retain(|image| *image < end);
    let sex = match habits.females {
        Some(share) if random.draw_uniform() < share => "female",
        Some(_) => "male",
        None => "",
    };
    let has_young = sex == "female" && random.draw_uniform() < habits.with_young;
    Visit { deployment, images, sex, has_young }
}

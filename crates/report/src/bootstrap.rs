//! Resampling deployments: drawn once for a report and used for all its classes and periods.

/// Fixed, so that the same data give the same report.
const SEED: u64 = 20_030_630;

/// Resamples of the units of a survey, its deployments: how often each was drawn.
///
/// Units are drawn with replacement within their stratum, so each stratum keeps its size. For a
/// comparison a stratum is the deployments that were at work in the same of its periods.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// For each unit, the times that each resample holds it.
    drawn: Vec<u8>,
    units: usize,
    resamples: usize,
}

impl Bootstrap {
    /// `strata` names the stratum of each unit.
    pub fn new(strata: &[u32], resamples: usize) -> Self {
        let units = strata.len();
        let mut drawn = vec![0_u8; units * resamples];
        let mut random = fastrand::Rng::with_seed(SEED);
        for members in members(strata) {
            for resample in 0..resamples {
                for _ in 0..members.len() {
                    let unit = members[random.usize(..members.len())];
                    let slot = &mut drawn[unit * resamples + resample];
                    *slot = slot.saturating_add(1);
                }
            }
        }
        Self { drawn, units, resamples }
    }

    /// How many units there are.
    pub fn units(&self) -> usize {
        self.units
    }

    /// The sum over each resample of a value that each unit has.
    pub fn totals(&self, values: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut totals = vec![0.0; self.resamples];
        for (unit, value) in values.into_iter().enumerate().filter(|(_, value)| *value != 0.0) {
            let drawn = &self.drawn[unit * self.resamples..][..self.resamples];
            for (total, times) in totals.iter_mut().zip(drawn) {
                *total += value * f64::from(*times);
            }
        }
        totals
    }
}

/// The units of each stratum.
fn members(strata: &[u32]) -> Vec<Vec<usize>> {
    let mut sorted: Vec<(u32, usize)> = strata.iter().copied().zip(0..).collect();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a.0 == b.0).map(|of_one| of_one.iter().map(|(_, unit)| *unit).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_resample_holds_as_many_units_of_a_stratum_as_there_are() {
        let strata = [1, 2, 1, 1, 2];
        let bootstrap = Bootstrap::new(&strata, 300);
        for stratum in [1, 2] {
            let size = strata.iter().filter(|s| **s == stratum).count();
            let totals = bootstrap.totals(strata.iter().map(|s| f64::from(u8::from(*s == stratum))));
            assert!(totals.iter().all(|total| (*total - size as f64).abs() < 1e-9));
        }
    }

    #[test]
    fn the_mean_of_the_resamples_is_that_of_the_units() {
        let values = [3.0, 0.0, 10.0, 7.0, 1.0, 9.0];
        let totals = Bootstrap::new(&[0; 6], 4000).totals(values);
        let mean = totals.iter().sum::<f64>() / totals.len() as f64;
        assert!((mean - 30.0).abs() < 0.5, "{mean}");
        assert!(totals.iter().any(|total| *total < 25.0) && totals.iter().any(|total| *total > 35.0));
    }
}

//! What a database holds, as far as that is known without going through its rows.

use std::sync::Arc;

use super::error::DatabaseError;
use super::link::Database;
use crate::model::Dataset;
use crate::observations::ObservationType;
use crate::overview::Overview;

impl Database {
    /// Its outline, and how many detections each class has, which is counted with the outline at most
    /// once a minute. Pictures are not looked for, and rows are not read.
    pub async fn overview(
        &self,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Arc<Dataset>, Overview), DatabaseError> {
        let known = self.known(stop).await?;
        let data = &known.outline;
        let kinds = &self.inner().options.mapping.classes;
        let mut overview = Overview::outline_of(data);
        let mut of_class = vec![0_u64; data.classes.len()];
        for (name, detections) in &known.numbers {
            match (kinds.kind(name), data.class(name)) {
                (ObservationType::Animal, Some(class)) => of_class[class as usize] += *detections,
                (ObservationType::Animal, None) => overview.unnamed_animals += *detections,
                (kind, _) => overview.non_animals.add(kind, *detections),
            }
        }
        overview.set_species(data, &of_class);
        Ok((Arc::clone(data), overview))
    }
}

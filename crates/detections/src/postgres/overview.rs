//! The contents of a database in numbers, as far as they are known without reading all rows.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::database::Database;
use super::error::DatabaseError;
use crate::model::Dataset;
use crate::observations::ObservationType;
use crate::overview::Overview;

impl Database {
    /// The outline and the number of detections of each class, which are read at most once a minute.
    /// Pictures are not looked for.
    pub async fn load_overview(
        &self,
        cancellation: &CancellationToken,
    ) -> Result<(Arc<Dataset>, Overview), DatabaseError> {
        let cached = self.find_outline(cancellation).await?;
        let data = &cached.outline;
        let kinds = &self.inner().options.mapping.classes;
        let mut overview = Overview::count_outline(data);
        let mut of_class = vec![0_u64; data.classes.len()];
        for (name, detections) in &cached.class_counts {
            match (kinds.kind(name), data.find_class(name)) {
                (ObservationType::Animal, Some(class)) => of_class[class as usize] += *detections,
                (ObservationType::Animal, None) => overview.unnamed_animals += *detections,
                (kind, _) => overview.non_animals.add(kind, *detections),
            }
        }
        overview.set_species(data, &of_class);
        Ok((Arc::clone(data), overview))
    }
}

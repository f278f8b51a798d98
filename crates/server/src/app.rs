//! The state that all handlers share.

use axum::extract::FromRef;
use exports::datasets::Datasets;
use exports::templates::Templates;

use crate::access::Access;
use crate::access::guarded_jobs::{GuardedJobs, GuardedStore};
use crate::config::Config;

/// The state that all handlers share.
#[derive(Clone)]
pub struct App {
    /// The jobs. Handlers reach them through the [`Viewer`](crate::access::viewer::Viewer) of a request.
    pub jobs: GuardedJobs,
    /// The data sets that requests may name.
    pub datasets: Datasets,
    /// The templates that requests may name.
    pub templates: Templates,
    /// The settings.
    pub config: Config,
}

/// Lets handlers extract the parts of the state.
macro_rules! parts_of_app {
    ($($part:ty = $($field:ident).+;)*) => {
        $(
            impl FromRef<App> for $part {
                fn from_ref(app: &App) -> Self {
                    app.$($field).+.clone()
                }
            }
        )*
    };
}

parts_of_app! {
    Config = config;
    Access = config.access;
    GuardedJobs = jobs;
    Datasets = datasets;
    Templates = templates;
}

impl FromRef<App> for GuardedStore {
    fn from_ref(app: &App) -> Self {
        app.jobs.store()
    }
}

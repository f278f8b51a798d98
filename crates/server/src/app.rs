//! The state that all handlers share.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use exports::datasets::Datasets;
use exports::templates::Templates;

use crate::access::Access;
use crate::access::guarded_jobs::{GuardedJobs, GuardedStore};
use crate::config::Config;

/// The state that all handlers share.
pub struct App {
    /// The jobs. Handlers reach them through the [`Viewer`](crate::access::viewer::Viewer) of a request.
    pub jobs: Arc<GuardedJobs>,
    /// The data sets that requests may name.
    pub datasets: Datasets,
    /// The templates that requests may name.
    pub templates: Templates,
    /// The settings.
    pub config: Config,
}

/// The state as handlers get it. Each request gets a copy, which only counts one more reference.
#[derive(Clone)]
pub struct SharedApp(Arc<App>);

impl SharedApp {
    /// Shares the state.
    pub fn new(app: App) -> Self {
        Self(Arc::new(app))
    }
}

impl Deref for SharedApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

/// Lets handlers extract the parts of the state.
macro_rules! parts_of_app {
    ($($part:ty = $($field:ident).+;)*) => {
        $(
            impl FromRef<SharedApp> for $part {
                fn from_ref(app: &SharedApp) -> Self {
                    app.$($field).+.clone()
                }
            }
        )*
    };
}

parts_of_app! {
    Config = config;
    Access = config.access;
    Arc<GuardedJobs> = jobs;
    Datasets = datasets;
    Templates = templates;
}

impl FromRef<SharedApp> for GuardedStore {
    fn from_ref(app: &SharedApp) -> Self {
        app.jobs.store()
    }
}

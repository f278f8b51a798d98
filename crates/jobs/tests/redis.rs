//! The Redis store keeps the contract, on a real server of each test's own.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jobs::contract::Harness;
use jobs::{JobStore, RedisStore, StoreOptions};
use testkit::RedisServer;

/// Each store on a server of its own, which goes with the harness.
#[derive(Default)]
struct Servers(Mutex<Vec<RedisServer>>);

#[async_trait]
impl Harness for Servers {
    async fn open(&self, options: StoreOptions) -> Arc<dyn JobStore> {
        let server = RedisServer::start();
        let store = RedisStore::open(&server.url().parse().unwrap(), options).await.unwrap();
        self.0.lock().unwrap().push(server);
        Arc::new(store)
    }
}

jobs::contract_tests!(Servers::default());

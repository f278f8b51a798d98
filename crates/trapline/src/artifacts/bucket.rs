//! Files in a bucket of an object store: S3 and what speaks as it does, Google Cloud Storage, Azure.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::multipart::MultipartStore;
use object_store::path::Path as Key;
use object_store::signer::Signer;
use object_store::{BackoffConfig, ClientOptions, GetOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use reqwest::Url;

use super::{Name, Pieces};

/// The longest that one request to the store may take, a part of 8 MiB being the most that it carries.
const REQUEST: Duration = Duration::from_mins(1);
const CONNECT: Duration = Duration::from_secs(5);
/// How long a request that fails is tried again.
const INSIST: Duration = Duration::from_secs(30);
/// How long a store has to say that it is there.
const CHECK: Duration = Duration::from_secs(5);

/// A bucket, and where in it.
pub struct Bucket {
    pub(super) objects: Arc<dyn ObjectStore>,
    /// The same for somebody who waits: it gives up sooner.
    pub(super) hurried: Arc<dyn ObjectStore>,
    pub(super) parts: Arc<dyn MultipartStore>,
    signer: Arc<dyn Signer>,
    prefix: Key,
    address: String,
    scratch: PathBuf,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.address).finish()
    }
}

/// An error of the store as one of reading and writing.
pub(super) fn fault(error: object_store::Error) -> io::Error {
    let kind = match &error {
        object_store::Error::NotFound { .. } => io::ErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            io::ErrorKind::PermissionDenied
        }
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

impl Bucket {
    /// A bucket at an address. Credentials, regions and endpoints are those of the environment, by the
    /// names that the tools of each store use (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`,
    /// `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_KEY` and so on).
    pub fn at(url: &Url) -> io::Result<Self> {
        let [patient, hurried] = [INSIST, CHECK].map(|retry_timeout| RetryConfig {
            backoff: BackoffConfig { max_backoff: Duration::from_secs(3), ..BackoffConfig::default() },
            max_retries: 20,
            retry_timeout,
        });
        let client = ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(CONNECT);
        // The builders have the same methods and no trait for them.
        macro_rules! open {
            ($builder:expr, $client:expr) => {{
                let builder = $builder.with_client_options($client).with_url(url.as_str());
                let build = |retry| builder.clone().with_retry(retry).build().map_err(fault);
                Ok(Self::of(build(patient)?, build(hurried)?, url))
            }};
        }
        match url.scheme() {
            "gs" => open!(GoogleCloudStorageBuilder::from_env(), client),
            "az" => open!(MicrosoftAzureBuilder::from_env(), client),
            _ => {
                // An address without TLS was written so on purpose.
                let plain = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3"]
                    .iter()
                    .any(|name| std::env::var(name).is_ok_and(|address| address.starts_with("http://")));
                open!(AmazonS3Builder::from_env(), client.with_allow_http(plain))
            }
        }
    }

    fn of<T: ObjectStore + MultipartStore + Signer>(store: T, hurried: T, url: &Url) -> Self {
        let store = Arc::new(store);
        Self {
            hurried: Arc::new(hurried),
            objects: Arc::clone(&store) as Arc<dyn ObjectStore>,
            parts: Arc::clone(&store) as Arc<dyn MultipartStore>,
            signer: store,
            prefix: Key::from(url.path()),
            address: url.to_string(),
            scratch: std::env::temp_dir(),
        }
    }

    /// Where something with a name is.
    pub(super) fn key(&self, file_name: &str) -> Key {
        self.prefix.clone().join(file_name)
    }

    pub(super) fn prefix(&self) -> &Key {
        &self.prefix
    }

    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Writes an object and removes it.
    pub async fn try_out(&self) -> io::Result<()> {
        let key = self.key(&format!("trapline-tries-this-bucket-{}", uuid::Uuid::new_v4()));
        self.objects.put(&key, "it can be written to".into()).await.map_err(fault)?;
        self.objects.delete(&key).await.map_err(fault)
    }

    /// Whether the store answers.
    pub async fn check(&self) -> io::Result<()> {
        let mut listed = self.hurried.list(Some(&self.prefix));
        match tokio::time::timeout(CHECK, listed.next()).await {
            Ok(first) => first.transpose().map(drop).map_err(fault),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    pub async fn pieces(&self, name: &Name, bytes: Range<u64>) -> io::Result<Pieces> {
        let options = GetOptions { range: Some(bytes.into()), ..GetOptions::default() };
        let found = self.hurried.get_opts(&self.key(&name.file_name()), options).await.map_err(fault)?;
        Ok(found.into_stream().map_err(fault).boxed())
    }

    pub async fn link(&self, name: &Name, good_for: Duration) -> io::Result<Url> {
        self.signer.signed_url(Method::GET, &self.key(&name.file_name()), good_for).await.map_err(fault)
    }

    /// Removes what has a name; what is not there is no error.
    pub async fn remove(&self, file_name: &str) -> io::Result<()> {
        match self.objects.delete(&self.key(file_name)).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(fault(error)),
        }
    }

    /// The names of all that is there.
    pub async fn list(&self) -> io::Result<Vec<String>> {
        let listed = self.objects.list(Some(&self.prefix)).map_err(fault);
        let names = listed.try_filter_map(async |object| Ok(object.location.filename().map(str::to_owned)));
        names.try_collect().await
    }

    /// Gives up an upload whose marker has a name: its parts go, and the marker.
    pub async fn give_up(&self, name: &Name) -> io::Result<()> {
        let marker = self.key(&name.unfinished());
        let id = match self.objects.get(&marker).await {
            Ok(found) => found.bytes().await.map_err(fault)?,
            Err(object_store::Error::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(fault(error)),
        };
        let id = String::from_utf8_lossy(&id).into_owned();
        match self.parts.abort_multipart(&self.key(&name.file_name()), &id).await {
            // It was completed or given up before.
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            // Some stores have other words for an upload that they no longer know.
            Err(error) => match self.objects.head(&self.key(&name.file_name())).await {
                Ok(_) => {}
                Err(_) => return Err(fault(error)),
            },
        }
        self.remove(&name.unfinished()).await
    }
}

//! Files in a bucket of an object store: S3 and what speaks as it does, Google Cloud Storage, Azure.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::Method;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::multipart::MultipartStore;
use object_store::path::Path as Key;
use object_store::signer::Signer;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
    RetryConfig,
};
use reqwest::Url;

use super::journal::Listing;
use super::owner::{BOOKKEEPING, LONGEST_MARKER, MARKER};
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
    /// The name of the service's journal.
    journal: String,
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
    /// A bucket at an address, in which a service has its journal. Credentials, regions and endpoints
    /// are those of the environment, by the names that the tools of each store use
    /// (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, `GOOGLE_SERVICE_ACCOUNT`,
    /// `AZURE_STORAGE_ACCOUNT_KEY` and so on).
    pub fn at(url: &Url, journal: String) -> io::Result<Self> {
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
                Ok(Self::of(build(patient)?, build(hurried)?, url, journal))
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

    fn of<T: ObjectStore + MultipartStore + Signer>(
        store: T,
        hurried: T,
        url: &Url,
        journal: String,
    ) -> Self {
        let store = Arc::new(store);
        Self {
            hurried: Arc::new(hurried),
            objects: Arc::clone(&store) as Arc<dyn ObjectStore>,
            parts: Arc::clone(&store) as Arc<dyn MultipartStore>,
            signer: store,
            prefix: Key::from(url.path()),
            journal,
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

    /// Where something of the program's own is.
    fn bookkeeping(&self, name: &str) -> Key {
        self.prefix.clone().join(BOOKKEEPING).join(name)
    }

    fn entry(&self, name: &Name) -> Key {
        self.bookkeeping(&self.journal).join(name.file_name())
    }

    /// Where the marker is, for people.
    pub fn marker(&self) -> String {
        format!("{}/{BOOKKEEPING}/{MARKER}", self.address.trim_end_matches('/'))
    }

    /// What the marker says; `None` without one.
    pub async fn read_marker(&self) -> io::Result<Option<Vec<u8>>> {
        let found = match self.objects.get(&self.bookkeeping(MARKER)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            found => found.map_err(fault)?,
        };
        // What is longer is no marker, and is not read.
        if found.meta.size > LONGEST_MARKER {
            return Ok(Some(Vec::new()));
        }
        let content = found.bytes().await.map_err(fault)?;
        Ok(Some(content.to_vec()))
    }

    /// Writes the marker, unless there is one: of two processes that do so at once one succeeds.
    pub async fn create_marker(&self, content: String) -> io::Result<()> {
        let key = self.bookkeeping(MARKER);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(&key, content.clone().into(), options).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => {
                // Not every store knows this request. The marker is read after this and before each
                // sweep, so the process whose marker was overwritten finds out and removes nothing.
                tracing::debug!(%error, "the marker cannot be written on a condition");
                self.objects.put(&key, content.into()).await.map(drop).map_err(fault)
            }
        }
    }

    /// Notes that a file is ours, before there is one.
    pub async fn note(&self, name: &Name) -> io::Result<()> {
        self.objects.put(&self.entry(name), PutPayload::new()).await.map(drop).map_err(fault)
    }

    /// Removes what was noted, after the file has gone.
    pub async fn forget(&self, name: &Name) -> io::Result<()> {
        self.remove_key(&self.entry(name)).await
    }

    /// Writes an object and removes it. Its name is the same each time, so a process that is killed in
    /// between leaves nothing that adds up.
    pub async fn try_out(&self) -> io::Result<()> {
        let key = self.bookkeeping("write-check");
        self.objects.put(&key, "it can be written to".into()).await.map_err(fault)?;
        self.remove_key(&key).await
    }

    /// Whether the store answers.
    pub async fn check(&self) -> io::Result<()> {
        let mut listed = self.hurried.list(Some(&self.prefix));
        match tokio::time::timeout(CHECK, listed.next()).await {
            Ok(first) => first.transpose().map(drop).map_err(fault),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    pub async fn find_size(&self, name: &Name) -> io::Result<u64> {
        let found = self.hurried.head(&self.key(&name.file_name())).await.map_err(fault)?;
        Ok(found.size)
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
        self.remove_key(&self.key(file_name)).await
    }

    async fn remove_key(&self, key: &Key) -> io::Result<()> {
        match self.objects.delete(key).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(fault(error)),
        }
    }

    /// What is there.
    pub async fn list(&self) -> io::Result<Listing> {
        let mut listing = Listing::default();
        let mut objects = self.objects.list(Some(&self.prefix));
        while let Some(object) = objects.try_next().await.map_err(fault)? {
            let Some(parts) = object.location.prefix_match(&self.prefix) else { continue };
            let parts: Vec<String> = parts.map(|part| AsRef::<str>::as_ref(&part).to_owned()).collect();
            match parts.as_slice() {
                [file_name] => listing.add_name(file_name.clone()),
                [bookkeeping, journal, file_name]
                    if bookkeeping == BOOKKEEPING && *journal == self.journal =>
                {
                    let seconds = u64::try_from(object.last_modified.timestamp()).unwrap_or_default();
                    listing.add_entry(file_name, SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
                }
                // Others keep what they like below the prefix.
                _ => {}
            }
        }
        Ok(listing)
    }

    /// Gives up an upload that an object with a hidden name tells of: its parts go, and that object.
    pub async fn give_up(&self, name: &Name) -> io::Result<()> {
        let id = match self.objects.get(&self.key(&name.unfinished())).await {
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

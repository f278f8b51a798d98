//! Files in a bucket of an object store: S3 and compatible stores, Google Cloud Storage, Azure.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, TryStreamExt};
use http::Method;
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

use super::journal::JournalListing;
use super::owner::{BOOKKEEPING, MARKER, MAX_MARKER_SIZE};
use crate::artifact_error::ArtifactError;
use crate::artifact_name::ArtifactName;
use crate::content::ContentStream;

/// The longest that one request to the store may take. It sends 8 MiB at most, except for parts of huge
/// files.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a failed request is retried.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
/// The same while a client waits.
const IMPATIENT_RETRY_TIMEOUT: Duration = Duration::from_secs(5);

/// A bucket, and a prefix in it.
pub struct Bucket {
    pub(super) objects: Arc<dyn ObjectStore>,
    /// The same with fewer retries, for requests of clients.
    pub(super) impatient_objects: Arc<dyn ObjectStore>,
    pub(super) parts: Arc<dyn MultipartStore>,
    signer: Arc<dyn Signer>,
    prefix: Key,
    /// The name of the service's journal.
    journal: String,
    address: String,
    scratch_folder: PathBuf,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.address).finish()
    }
}

/// What was found, or `None` if there is no such object.
fn if_found<T>(outcome: object_store::Result<T>) -> Result<Option<T>, ArtifactError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Bucket {
    /// Opens the bucket at an address, for a service with this journal. Credentials, region and endpoint come
    /// from the environment variables that the tools of each store use (`AWS_ACCESS_KEY_ID`,
    /// `AWS_ENDPOINT_URL`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_KEY` and so on).
    pub fn open(url: &Url, journal: String) -> Result<Self, ArtifactError> {
        let [patient, impatient] =
            [RETRY_TIMEOUT, IMPATIENT_RETRY_TIMEOUT].map(|retry_timeout| RetryConfig {
                backoff: BackoffConfig { max_backoff: Duration::from_secs(3), ..BackoffConfig::default() },
                max_retries: 20,
                retry_timeout,
            });
        let client = ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_connect_timeout(CONNECT_TIMEOUT);
        // A macro, since the builders have the same methods but no common trait.
        macro_rules! open {
            ($builder:expr, $client:expr) => {{
                let builder = $builder.with_client_options($client).with_url(url.as_str());
                let build = |retry| builder.clone().with_retry(retry).build();
                Ok(Self::new(build(patient)?, build(impatient)?, url, journal))
            }};
        }
        match url.scheme() {
            "gs" => open!(GoogleCloudStorageBuilder::from_env(), client),
            "az" => open!(MicrosoftAzureBuilder::from_env(), client),
            _ => {
                // Plain HTTP only for an endpoint whose address begins with http://.
                let plain = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3"]
                    .iter()
                    .any(|name| std::env::var(name).is_ok_and(|address| address.starts_with("http://")));
                open!(AmazonS3Builder::from_env(), client.with_allow_http(plain))
            }
        }
    }

    fn new<T: ObjectStore + MultipartStore + Signer>(
        store: T,
        impatient: T,
        url: &Url,
        journal: String,
    ) -> Self {
        let store = Arc::new(store);
        Self {
            impatient_objects: Arc::new(impatient),
            objects: Arc::clone(&store) as Arc<dyn ObjectStore>,
            parts: Arc::clone(&store) as Arc<dyn MultipartStore>,
            signer: store,
            prefix: Key::from(url.path()),
            journal,
            address: url.to_string(),
            scratch_folder: std::env::temp_dir(),
        }
    }

    /// The key of a file.
    pub(super) fn key(&self, file_name: &str) -> Key {
        self.prefix.clone().join(file_name)
    }

    pub(super) fn prefix(&self) -> &Key {
        &self.prefix
    }

    pub fn scratch_folder(&self) -> &Path {
        &self.scratch_folder
    }

    /// The key of the marker or of a journal.
    fn bookkeeping_key(&self, name: &str) -> Key {
        self.prefix.clone().join(BOOKKEEPING).join(name)
    }

    fn entry_key(&self, name: &ArtifactName) -> Key {
        self.bookkeeping_key(&self.journal).join(name.file_name())
    }

    /// The place of the marker, for people.
    pub fn describe_marker(&self) -> String {
        format!("{}/{BOOKKEEPING}/{MARKER}", self.address.trim_end_matches('/'))
    }

    /// Reads the marker; `None` if there is none.
    pub async fn read_marker(&self) -> Result<Option<Vec<u8>>, ArtifactError> {
        let object = if_found(self.objects.get(&self.bookkeeping_key(MARKER)).await)?;
        let Some(object) = object else { return Ok(None) };
        // A larger object is not a marker. Empty content counts as unreadable.
        if object.meta.size > MAX_MARKER_SIZE {
            return Ok(Some(Vec::new()));
        }
        let content = object.bytes().await?;
        Ok(Some(content.to_vec()))
    }

    /// Writes the marker unless there is one. If two processes do so at once, one succeeds.
    pub async fn create_marker(&self, content: String) -> Result<(), ArtifactError> {
        let key = self.bookkeeping_key(MARKER);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(&key, content.clone().into(), options).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => {
                // Not every store supports conditional writes. The marker is read after this and before each
                // sweep, so a process whose marker was overwritten notices that and removes nothing.
                tracing::debug!(%error, "the store does not support conditional writes");
                self.objects.put(&key, content.into()).await?;
                Ok(())
            }
        }
    }

    /// Adds a file to the journal, before the file exists.
    pub async fn note(&self, name: &ArtifactName) -> Result<(), ArtifactError> {
        self.objects.put(&self.entry_key(name), PutPayload::new()).await?;
        Ok(())
    }

    /// Whether a file is in the journal.
    pub async fn is_noted(&self, name: &ArtifactName) -> Result<bool, ArtifactError> {
        Ok(if_found(self.objects.head(&self.entry_key(name)).await)?.is_some())
    }

    /// Removes a file from the journal, after the file itself.
    pub async fn forget(&self, name: &ArtifactName) -> Result<(), ArtifactError> {
        self.remove_key(&self.entry_key(name)).await
    }

    /// Checks that objects can be written, with one that it removes again. Its name is the same each time, so
    /// processes that are killed in between leave one object at most.
    pub async fn check_writable(&self) -> Result<(), ArtifactError> {
        let key = self.bookkeeping_key("write-check");
        self.objects.put(&key, "it can be written to".into()).await?;
        self.remove_key(&key).await
    }

    /// Checks that the store answers.
    pub async fn check(&self) -> Result<(), ArtifactError> {
        let mut objects = self.impatient_objects.list(Some(&self.prefix));
        match tokio::time::timeout(IMPATIENT_RETRY_TIMEOUT, objects.next()).await {
            Ok(first) => Ok(first.transpose().map(drop)?),
            Err(_) => Err(ArtifactError::Unavailable(io::ErrorKind::TimedOut.into())),
        }
    }

    pub async fn find_size(&self, name: &ArtifactName) -> Result<u64, ArtifactError> {
        let object = self.impatient_objects.head(&self.key(&name.file_name())).await;
        object.map(|object| object.size).map_err(ArtifactError::from_read)
    }

    pub async fn read(&self, name: &ArtifactName, bytes: Range<u64>) -> Result<ContentStream, ArtifactError> {
        let options = GetOptions { range: Some(bytes.into()), ..GetOptions::default() };
        let key = self.key(&name.file_name());
        let object =
            self.impatient_objects.get_opts(&key, options).await.map_err(ArtifactError::from_read)?;
        Ok(object.into_stream().map_err(ArtifactError::from_read).boxed())
    }

    pub async fn create_link(&self, name: &ArtifactName, lifetime: Duration) -> Result<Url, ArtifactError> {
        Ok(self.signer.signed_url(Method::GET, &self.key(&name.file_name()), lifetime).await?)
    }

    /// Removes an object, if there is one.
    pub async fn remove(&self, file_name: &str) -> Result<(), ArtifactError> {
        self.remove_key(&self.key(file_name)).await
    }

    async fn remove_key(&self, key: &Key) -> Result<(), ArtifactError> {
        if_found(self.objects.delete(key).await).map(drop)
    }

    /// Lists the files and the journal.
    pub async fn list(&self) -> Result<JournalListing, ArtifactError> {
        let mut listing = JournalListing::default();
        let mut objects = self.objects.list(Some(&self.prefix));
        while let Some(object) = objects.try_next().await? {
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
                // Other objects below the prefix are not ours.
                _ => {}
            }
        }
        Ok(listing)
    }

    /// Aborts an unfinished upload, whose id is in an object with the hidden name, and removes that object.
    pub async fn abort_upload(&self, name: &ArtifactName) -> Result<(), ArtifactError> {
        let object = if_found(self.objects.get(&self.key(&name.unfinished_name())).await)?;
        let Some(object) = object else { return Ok(()) };
        let id = String::from_utf8_lossy(&object.bytes().await?).into_owned();
        match self.parts.abort_multipart(&self.key(&name.file_name()), &id).await {
            // The upload was completed or aborted before.
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            // Some stores report an unknown upload with another error. Then a visible file means success.
            Err(error) => match self.objects.head(&self.key(&name.file_name())).await {
                Ok(_) => {}
                Err(_) => return Err(error.into()),
            },
        }
        self.remove(&name.unfinished_name()).await
    }
}

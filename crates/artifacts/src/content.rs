//! The content of a file, as it is read.

use std::io::{Read, Seek};

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::artifact_error::ArtifactError;

/// The content of a file as a stream.
pub type ContentStream = BoxStream<'static, Result<Bytes, ArtifactError>>;

/// A file that can be read from any position.
pub trait Seekable: Read + Seek + Send {}
impl<T: Read + Seek + Send> Seekable for T {}

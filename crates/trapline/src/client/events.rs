//! Following a job to its end, by Server-Sent Events.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use super::{Client, ClientError};

/// How long a server may be away.
const PATIENCE: Duration = Duration::from_mins(5);
/// Between two attempts to reach it.
const AGAIN: Duration = Duration::from_secs(1);

/// What is told of a job on its way.
pub enum News<'a> {
    /// Its status is now this.
    Status(&'a Value),
    /// The server is away, and is tried again.
    Away(&'a ClientError),
}

/// One event.
#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: String,
}

impl Client {
    /// Follows a job to its end, and returns its last status. A server that is away is waited for,
    /// five minutes long.
    pub async fn follow(&self, job_id: &str, mut tell: impl FnMut(News)) -> Result<Value, ClientError> {
        let (mut last, mut heard) = (None, Instant::now());
        loop {
            let error = match self.listen(job_id, &mut last, &mut heard, &mut tell).await {
                Ok(Some(status)) => return Ok(status),
                // The server stops, and has said so.
                Ok(None) => {
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
                Err(error) if error.may_pass() && heard.elapsed() < PATIENCE => error,
                Err(error) => return Err(error),
            };
            tell(News::Away(&error));
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Listens until the end of the job, which is returned, or of the connection.
    async fn listen(
        &self,
        job_id: &str,
        last: &mut Option<String>,
        heard: &mut Instant,
        tell: &mut impl FnMut(News),
    ) -> Result<Option<Value>, ClientError> {
        let mut request = self.request(Method::GET, &format!("api/exports/{job_id}/events"))?;
        if let Some(last) = &last {
            request = request.header("last-event-id", last);
        }
        let mut answer = self.once(request).await?;
        *heard = Instant::now();
        if answer.status() == StatusCode::NO_CONTENT {
            // It ended while the connection was lost.
            return self.status(job_id).await.map(Some);
        }
        let mut text = Vec::new();
        let cut_off = |error: reqwest::Error| ClientError::unreachable(&self.server, &error);
        while let Some(chunk) = answer.chunk().await.map_err(cut_off)? {
            *heard = Instant::now();
            text.extend_from_slice(&chunk);
            while let Some(event) = next_event(&mut text) {
                match event.name.as_str() {
                    "gone" => return Err(ClientError::Gone),
                    "status" => *last = Some(event.id),
                    _ => continue,
                }
                let status: Value = serde_json::from_str(&event.data).unwrap_or_default();
                tell(News::Status(&status));
                if status["status"] != "processing" {
                    return Ok(Some(status));
                }
            }
        }
        Ok(None)
    }
}

/// Takes the next whole event out of what has arrived.
fn next_event(text: &mut Vec<u8>) -> Option<Event> {
    let end = text.windows(2).position(|pair| pair == b"\n\n")?;
    let block: Vec<u8> = text.drain(..end + 2).collect();
    let mut event = Event::default();
    for line in String::from_utf8_lossy(&block).lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => event.name = value.into(),
            "id" => event.id = value.into(),
            "data" => event.data.push_str(value),
            // A comment is a sign of life.
            _ => {}
        }
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_pieces() {
        let mut text = b": hello\n\nevent: status\nid: 7\ndata: {\"a\":".to_vec();
        assert_eq!(next_event(&mut text), Some(Event::default()));
        assert_eq!(next_event(&mut text), None);
        text.extend_from_slice(b"\"\xc3\xa9\"}\n\nevent: gone");
        let event = next_event(&mut text).unwrap();
        assert_eq!(
            (event.name.as_str(), event.id.as_str(), event.data.as_str()),
            ("status", "7", "{\"a\":\"é\"}")
        );
        assert_eq!(next_event(&mut text), None);
    }
}

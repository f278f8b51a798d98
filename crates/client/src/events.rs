//! Follows a job to its end by Server-Sent Events.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use super::{Client, ClientError};

/// How long a server may be unreachable.
const SERVER_TIMEOUT: Duration = Duration::from_mins(5);
/// The pause between two attempts to reach it.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// What happens while a job is followed.
pub enum JobEvent<'a> {
    /// The status of the job changed to this.
    Status(&'a Value),
    /// The server cannot be reached, and is tried again.
    Unreachable(&'a ClientError),
}

/// One Server-Sent Event.
#[derive(Debug, Default, PartialEq)]
struct ServerSentEvent {
    name: String,
    id: String,
    data: String,
}

impl Client {
    /// Follows a job to its end, and returns its last status. Waits up to five minutes for a server that
    /// cannot be reached.
    pub async fn follow(
        &self,
        job_id: &str,
        mut on_event: impl FnMut(JobEvent),
    ) -> Result<Value, ClientError> {
        let (mut last_event_id, mut last_contact) = (None, Instant::now());
        loop {
            let error = match self.listen(job_id, &mut last_event_id, &mut last_contact, &mut on_event).await
            {
                Ok(Some(status)) => return Ok(status),
                // The server closed the connection properly because it stops.
                Ok(None) => {
                    tokio::time::sleep(RETRY_PAUSE).await;
                    continue;
                }
                Err(error) if error.is_temporary() && last_contact.elapsed() < SERVER_TIMEOUT => error,
                Err(error) => return Err(error),
            };
            on_event(JobEvent::Unreachable(&error));
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    /// Listens until the job ends and returns its status, or returns `None` when the connection ends.
    async fn listen(
        &self,
        job_id: &str,
        last_event_id: &mut Option<String>,
        last_contact: &mut Instant,
        on_event: &mut impl FnMut(JobEvent),
    ) -> Result<Option<Value>, ClientError> {
        let mut request = self.request(Method::GET, &format!("api/exports/{job_id}/events"))?;
        if let Some(id) = &last_event_id {
            request = request.header("last-event-id", id);
        }
        let mut answer = self.send_once(request).await?;
        *last_contact = Instant::now();
        if answer.status() == StatusCode::NO_CONTENT {
            // It ended while the connection was lost.
            return self.status(job_id).await.map(Some);
        }
        let mut text = Vec::new();
        let cut_off = |error: reqwest::Error| ClientError::unreachable(&self.server, &error);
        while let Some(chunk) = answer.chunk().await.map_err(cut_off)? {
            *last_contact = Instant::now();
            text.extend_from_slice(&chunk);
            while let Some(event) = take_event(&mut text) {
                match event.name.as_str() {
                    "gone" => return Err(ClientError::Gone),
                    "status" => *last_event_id = Some(event.id),
                    _ => continue,
                }
                let status: Value = serde_json::from_str(&event.data).unwrap_or_default();
                on_event(JobEvent::Status(&status));
                if status["status"] != "processing" {
                    return Ok(Some(status));
                }
            }
        }
        Ok(None)
    }
}

/// Removes the next complete event from the text that has arrived.
fn take_event(text: &mut Vec<u8>) -> Option<ServerSentEvent> {
    let end = text.windows(2).position(|pair| pair == b"\n\n")?;
    let block: Vec<u8> = text.drain(..end + 2).collect();
    let mut event = ServerSentEvent::default();
    for line in String::from_utf8_lossy(&block).lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => event.name = value.into(),
            "id" => event.id = value.into(),
            "data" => event.data.push_str(value),
            // Comments keep the connection alive.
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
        assert_eq!(take_event(&mut text), Some(ServerSentEvent::default()));
        assert_eq!(take_event(&mut text), None);
        text.extend_from_slice(b"\"\xc3\xa9\"}\n\nevent: gone");
        let event = take_event(&mut text).unwrap();
        assert_eq!((event.name.as_str(), event.id.as_str()), ("status", "7"));
        assert_eq!(event.data, "{\"a\":\"é\"}");
        assert_eq!(take_event(&mut text), None);
    }
}

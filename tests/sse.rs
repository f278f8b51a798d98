//! Server-Sent Events, as a client reads them.

use reqwest::Response;
use serde_json::Value;

/// Server-Sent Events on their way.
pub struct Events {
    response: Response,
    text: String,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: Value,
}

impl Events {
    /// Those of an answer that has begun.
    pub fn new(response: Response) -> Self {
        Self { response, text: String::new() }
    }

    /// The next event; `None` when the server has ended them.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim().to_owned())
                };
                let event = field("event:").zip(field("id:")).zip(field("data:"));
                self.text = rest.into();
                // Anything else is a sign of life.
                if let Some(((name, id), data)) = event {
                    return Some(Event { name, id, data: serde_json::from_str(&data).unwrap() });
                }
            }
            self.text.push_str(std::str::from_utf8(&self.response.chunk().await.unwrap()?).unwrap());
        }
    }

    /// The next event of a job that is as wanted.
    pub async fn wait_until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.next().await.expect("another event");
            if wanted(&event) {
                return event;
            }
        }
    }

    /// All events to the end.
    pub async fn all(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

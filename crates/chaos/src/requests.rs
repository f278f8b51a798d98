//! What clients ask for: reports, archives, and requests that are made to do harm.

use std::sync::Arc;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::data_set::{DETECTIONS, detection_id};
use crate::pictures::DATASET;

/// The most ids that a request for an archive may contain.
const MAX_IDS: usize = 10_000;

/// A request.
#[derive(Debug)]
pub struct Request {
    /// `pdf` or `zip`.
    pub kind: &'static str,
    pub body: Value,
    /// The ids of the requested detections, for an archive of crops.
    pub ids: Vec<String>,
    /// It is made to do harm. It may be refused and it may fail.
    pub is_poisoned: bool,
}

/// The detections that requests choose from.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The detections of the platform; without them those of [`crate::data_set`].
    pub ids: Option<Arc<Vec<String>>>,
    /// The detections on each picture of the data set of pictures.
    pub pictures: Arc<Vec<Vec<String>>>,
}

impl Choices {
    /// Chooses a request.
    pub fn choose(&self, rng: &mut Rng) -> Request {
        match rng.u32(0..20) {
            0..5 => report(rng),
            5..9 => self.archive_of_pictures(rng),
            9..12 => self.make_malicious(rng),
            _ => self.archive(rng),
        }
    }

    /// An archive of the first data set.
    fn archive(&self, rng: &mut Rng) -> Request {
        if self.ids.is_some() && rng.u32(0..8) == 0 {
            let (month, stand) = (rng.u32(1..=12), rng.u32(0..40));
            let filter = json!({"start_date": format!("2024-{month:02}-01"), "end_date": format!("2024-{month:02}-28"),
                "locations": [format!("Stand {stand:02}")], "classifications": ["buck", "doe"]});
            let body = json!({"filter": filter, "max": 200});
            return Request { kind: "zip", body, ids: Vec::new(), is_poisoned: false };
        }
        let first = rng.usize(0..DETECTIONS / 2);
        // Many small archives, and some that take long enough for several kills.
        let most = rng.usize(1..DETECTIONS / 2);
        let part = rng.usize(1..=20);
        let many = rng.usize(1..=1 + most / part);
        let ids: Vec<String> = match &self.ids {
            None => (first..first + many).map(detection_id).collect(),
            Some(ids) => ids[first..first + many].to_vec(),
        };
        Request { kind: "zip", body: json!({"detection_ids": ids}), ids, is_poisoned: false }
    }

    /// An archive of some of the pictures, whole and broken ones and pipes, in any order.
    fn archive_of_pictures(&self, rng: &mut Rng) -> Request {
        let ids = self.ids_on_pictures(rng);
        let body = json!({"dataset": DATASET, "detection_ids": ids});
        Request { kind: "zip", body, ids, is_poisoned: false }
    }

    fn ids_on_pictures(&self, rng: &mut Rng) -> Vec<String> {
        let mut pictures: Vec<&Vec<String>> = self.pictures.iter().collect();
        rng.shuffle(&mut pictures);
        pictures.truncate(rng.usize(2..=self.pictures.len()));
        pictures.into_iter().flatten().cloned().collect()
    }

    /// A correct request with a malicious addition.
    fn make_malicious(&self, rng: &mut Rng) -> Request {
        let request = if rng.bool() { report(rng) } else { self.archive_of_pictures(rng) };
        let mut request = Request { is_poisoned: true, ..request };
        match rng.u32(0..6) {
            0 | 1 => request.body["note"] = nested(rng),
            2 => request.body["classifications"] = nested(rng),
            3 => {
                let many = rng.usize(MAX_IDS + 1..5 * MAX_IDS);
                request.body["detection_ids"] = (0..many).map(detection_id).collect();
            }
            4 => request.body["note"] = vec![json!([]); rng.usize(MAX_IDS..10 * MAX_IDS)].into(),
            _ => add_control_characters(&mut request, rng),
        }
        request
    }
}

fn report(rng: &mut Rng) -> Request {
    let mut body =
        json!({"report_type": "seasonal_activity", "start_date": "2023-09-01", "end_date": "2023-11-30"});
    if rng.bool() {
        body["group_by"] = "week".into();
    }
    Request { kind: "pdf", body, ids: Vec::new(), is_poisoned: false }
}

/// Lists and objects inside each other, deeper than any request needs.
fn nested(rng: &mut Rng) -> Value {
    let depth = rng.u32(31..=200);
    let is_list = rng.bool();
    (0..depth).fold(json!(1), |inner, _| if is_list { json!([inner]) } else { json!({"a": inner}) })
}

/// Adds characters that no terminal, table or page can display.
fn add_control_characters(request: &mut Request, rng: &mut Rng) {
    let text: String = (0..rng.usize(1..80)).map(|_| char::from(rng.u8(0..0x20))).collect();
    if request.kind == "pdf" {
        request.body["title"] = text.into();
    } else if let Some(ids) = request.body["detection_ids"].as_array_mut() {
        ids.push(text.into());
    }
}

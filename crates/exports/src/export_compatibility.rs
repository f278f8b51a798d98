//! Stored requests of the version before this one, so that an update loses no job that waits.

use serde_json::{Map, Value, json};

/// The stored form of today for one of the version before: `{"dataset": …, "what": {"report": …}}`. Any other
/// value is returned unchanged.
pub fn update_stored(mut stored: Value) -> Value {
    let Some(mut what) = stored.get_mut("what").map(Value::take) else { return stored };
    let dataset = stored["dataset"].take();
    if let Some(report) = what.get_mut("report") {
        return json!({"dataset": dataset, "report": update_report(report.take())});
    }
    let archive = what.get_mut("archive").map(Value::take).unwrap_or_default();
    json!({"dataset": dataset, "archive": update_archive(archive)})
}

fn update_report(mut report: Value) -> Value {
    let (period, include) = (report["period"].take(), report["include"].take());
    for compared in report["comparison_periods"].as_array_mut().into_iter().flatten() {
        rename(compared, &[("start", "start_date"), ("end", "end_date")]);
    }
    let Some(fields) = report.as_object_mut() else { return report };
    fields.retain(|name, value| !value.is_null() && !["period", "include"].contains(&name.as_str()));
    fields.insert("start_date".into(), period["start"].clone());
    fields.insert("end_date".into(), period["end"].clone());
    for part in ["charts", "tables", "insights"] {
        fields.insert(format!("include_{part}"), include[part].clone());
    }
    report
}

fn update_archive(mut archive: Value) -> Value {
    let (mut detections, share) = (archive["detections"].take(), archive["share"].take());
    let Some(fields) = archive.as_object_mut() else { return archive };
    for gone in ["detections", "share", "asked"] {
        fields.remove(gone);
    }
    if let Some(filter) = detections.get_mut("filter") {
        rename(filter, &[("start", "start_date"), ("end", "end_date"), ("classes", "classifications")]);
        fields.insert("filter".into(), filter.take());
    }
    let counts = ["max", "sample"].map(|name| (name, share.get(name).cloned()));
    let ids = ("detection_ids", detections.get("ids").cloned());
    let given = counts.into_iter().chain([ids]).filter_map(|(name, value)| Some((name.to_owned(), value?)));
    fields.extend(given.collect::<Map<String, Value>>());
    archive
}

fn rename(object: &mut Value, names: &[(&str, &str)]) {
    let Some(fields) = object.as_object_mut() else { return };
    for (old, new) in names {
        if let Some(value) = fields.remove(*old) {
            fields.insert((*new).to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::{Export, ExportRequest};

    fn read(stored: Value) -> Export {
        serde_json::from_value(update_stored(stored)).unwrap()
    }

    #[test]
    fn a_stored_report_of_the_version_before_is_read() {
        let export = read(json!({"dataset": "algar", "what": {"report": {
            "report_type": "comparison", "period": {"start": "2018-05-01", "end": "2019-04-30"},
            "group_by": "week", "independence_minutes": 60, "independence_since": "last_event",
            "classifications": ["Ursus americanus"], "without": [], "title": null,
            "include": {"charts": true, "tables": false, "insights": true},
            "comparison_periods": [{"label": "A", "start": "2018-06-01", "end": "2018-08-31"}],
            "time_of_day": "solar", "coordinates": "exact", "cameras": "together", "sex_and_age": false,
            "template": null, "archival": true}}}));
        let ExportRequest::Report(request) = &export.request else { panic!("a report") };
        assert_eq!(export.dataset, "algar");
        assert_eq!(request.start_date, Some("2018-05-01".parse().unwrap()));
        assert_eq!(request.comparison_periods[0].end_date, "2018-08-31".parse().unwrap());
        assert_eq!((request.include_tables, request.include_charts, request.archival), (false, true, true));
        assert_eq!((request.independence_minutes, &*request.classifications[0]), (60, "Ursus americanus"));
    }

    #[test]
    fn a_stored_archive_of_the_version_before_is_read() {
        let options = json!({"layout": "camtrap-dp", "media": "crops", "include_crops": true,
            "include_originals": false, "include_metadata_csv": true, "include_humans": true,
            "include_damaged": false, "crop_size": 512, "coordinates": "rounded", "asked": {"x": 1}});
        let with = |detections: Value, share: Value| {
            let mut archive = options.clone();
            (archive["detections"], archive["share"]) = (detections, share);
            let export = read(json!({"dataset": "heron", "what": {"archive": archive}}));
            let ExportRequest::Archive(request) = export.request else { panic!("an archive") };
            request
        };
        let filter = json!({"filter": {"start": "2021-04-11", "end": null, "classes": ["Ardea"], "locations": [],
            "min_confidence": 0.5, "humans": false, "without_box": false}});
        let request = with(filter, json!({"max": 7, "sample": {"seed": 3, "per_class": 2}}));
        let selection = request.filter.as_ref().unwrap();
        assert_eq!(selection.classes, ["Ardea"]);
        assert_eq!(selection.min_confidence, Some(0.5));
        assert_eq!((request.max, request.sample.unwrap().seed, request.crop_size), (Some(7), 3, 512));
        let request = with(json!({"ids": ["a", "b"]}), json!({"max": null, "sample": null}));
        assert_eq!((request.detection_ids.unwrap().len(), request.filter, request.max), (2, None, None));
    }

    #[test]
    fn other_values_stay_as_they_are() {
        for stored in [json!({"dataset": "a", "report": {"title": "x"}}), json!(7), json!(null)] {
            assert_eq!(update_stored(stored.clone()), stored);
        }
    }
}

//! The Lua scripts, one for each transition, and their answers.

use std::sync::LazyLock;
use std::time::Duration;

use redis::{FromRedisValue, ParsingError, Value};

/// A script, and its name for the log.
pub(super) struct Script {
    pub name: &'static str,
    pub text: &'static str,
    pub code: redis::Script,
}

impl Script {
    fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, code: redis::Script::new(text) }
    }
}

/// All scripts.
pub(super) struct Scripts {
    pub submit: Script,
    pub claim: Script,
    pub heartbeat: Script,
    pub held: Script,
    pub complete: Script,
    pub fail: Script,
    pub release: Script,
    pub delete: Script,
    pub reap: Script,
    pub list: Script,
    pub position: Script,
    pub changes: Script,
    pub callback: Script,
    pub callback_done: Script,
    pub check: Script,
    pub stats: Script,
}

macro_rules! script {
    ($name:literal) => {
        Script::new(
            $name,
            concat!(include_str!("lua/common.lua"), "\n", include_str!(concat!("lua/", $name, ".lua"))),
        )
    };
}

pub(super) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
    submit: script!("submit"),
    claim: script!("claim"),
    heartbeat: script!("heartbeat"),
    held: script!("held"),
    complete: script!("complete"),
    fail: script!("fail"),
    release: script!("release"),
    delete: script!("delete"),
    reap: script!("reap"),
    list: script!("list"),
    position: script!("position"),
    changes: script!("changes"),
    callback: script!("callback"),
    callback_done: script!("callback_done"),
    check: script!("check"),
    stats: script!("stats"),
});

impl Scripts {
    pub fn all(&self) -> [&Script; 16] {
        [
            &self.submit,
            &self.claim,
            &self.heartbeat,
            &self.held,
            &self.complete,
            &self.fail,
            &self.release,
            &self.delete,
            &self.reap,
            &self.list,
            &self.position,
            &self.changes,
            &self.callback,
            &self.callback_done,
            &self.check,
            &self.stats,
        ]
    }
}

/// A duration in milliseconds, as the scripts expect it.
pub(super) fn format_millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// The answer of `submit.lua`.
pub(super) struct SubmitAnswer {
    /// `new`, `before`, `exists`, `taken`, `full` or `owner full`. Only the first two have a record.
    pub outcome: String,
    pub text: String,
    /// The time to live in milliseconds.
    pub left: i64,
    pub job_id: String,
}

impl FromRedisValue for SubmitAnswer {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let mut parts = Vec::<Value>::from_redis_value(value)?.into_iter();
        let outcome = parts.next().map_or(Ok(String::new()), String::from_redis_value)?;
        if parts.len() == 0 {
            return Ok(Self { outcome, text: String::new(), left: 0, job_id: String::new() });
        }
        let mut next = || parts.next().unwrap_or(Value::Nil);
        let text = String::from_redis_value(next())?;
        let left = i64::from_redis_value(next())?;
        Ok(Self { outcome, text, left, job_id: String::from_redis_value(next())? })
    }
}

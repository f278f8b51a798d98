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

/// Declares all scripts. A script is the file `lua/NAME.lua` after `lua/common.lua`.
macro_rules! scripts {
    ($($name:ident),+ $(,)?) => {
        pub(super) struct Scripts {
            $(pub $name: Script,)+
        }

        pub(super) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
            $($name: Script::new(
                stringify!($name),
                concat!(
                    include_str!("lua/common.lua"),
                    "\n",
                    include_str!(concat!("lua/", stringify!($name), ".lua"))
                ),
            ),)+
        });

        impl Scripts {
            pub fn list_all(&self) -> Vec<&Script> {
                vec![$(&self.$name),+]
            }
        }
    };
}

scripts! {
    submit, claim, heartbeat, held, complete, fail, release, delete, reap, list, position, changes, callback,
    callback_done, check, stats,
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

//! The Lua scripts, one for each transition.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use redis::ScriptInvocation;

use super::arguments::Arguments;

/// A script, and its name for the log.
pub(super) struct Script {
    pub name: &'static str,
    pub text: &'static str,
    code: redis::Script,
}

impl Script {
    fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, code: redis::Script::new(text) }
    }

    /// Prepares a call on a database. Without the optimizer it also checks that the script uses exactly these
    /// arguments.
    pub fn prepare(&self, arguments: &Arguments<'_>, database: &str) -> ScriptInvocation<'_> {
        debug_assert_eq!(self.list_used_names(), list_names(arguments), "arguments of {}", self.name);
        let mut call = self.code.arg(self.name);
        for (name, value) in arguments {
            if let Some(text) = value.to_text() {
                call.arg(*name).arg(&*text);
            }
        }
        call.arg(DATABASE).arg(database);
        call
    }

    /// The names of the arguments that the script uses.
    fn list_used_names(&self) -> BTreeSet<&str> {
        let uses = self.text.split("args.").skip(1);
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        uses.map(|rest| rest.split(|letter| !is_part(letter)).next().unwrap_or_default()).collect()
    }
}

/// The argument of each call with the number of the database.
const DATABASE: &str = "database";

/// The names of the arguments of a call, in all.
fn list_names(arguments: &Arguments<'_>) -> BTreeSet<&'static str> {
    arguments.iter().map(|(name, _)| *name).chain([DATABASE]).collect()
}

/// Declares all scripts. A script is the file `lua/NAME.lua` after the files that all scripts share.
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
                    include_str!("lua/record.lua"),
                    "\n",
                    include_str!("lua/transitions.lua"),
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
    submit, claim, heartbeat, is_held, complete, fail, release, delete, reap, list, queue_positions, changes,
    claim_callback, settle_callback, ping, stats,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "arguments of claim")]
    fn a_missing_argument_is_found() {
        SCRIPTS.claim.prepare(&[("worker", &"a"), ("ttl_ms", &1_u32)], "0");
    }

    #[test]
    #[should_panic(expected = "arguments of is_held")]
    fn an_argument_that_the_script_does_not_use_is_found() {
        SCRIPTS.is_held.prepare(&[("job_id", &"a"), ("attempt", &1_u32), ("worker", &"a")], "0");
    }
}

//! The arguments of scripts, which have names.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use crate::id::{JobId, WorkerId};

/// The arguments of a call: all names that the script uses, each with its value.
pub(super) type Arguments<'a> = [(&'static str, &'a dyn Argument)];

/// The value of an argument.
pub(super) trait Argument: Sync {
    /// The text for the script; `None` if the argument has no value, which is `nil` in the script.
    fn to_text(&self) -> Option<Cow<'_, str>>;
}

impl<T: Argument> Argument for Option<T> {
    fn to_text(&self) -> Option<Cow<'_, str>> {
        self.as_ref()?.to_text()
    }
}

macro_rules! impl_argument {
    ($($type:ty: $value:ident => $text:expr;)+) => {
        $(impl Argument for $type {
            fn to_text(&self) -> Option<Cow<'_, str>> {
                let $value = self;
                Some($text.into())
            }
        })+
    };
}

impl_argument! {
    &str: text => *text;
    String: text => text;
    JobId: id => id.as_str();
    WorkerId: id => id.as_str();
    u32: number => number.to_string();
    u64: number => number.to_string();
    bool: is_set => if *is_set { "1" } else { "0" };
    // In milliseconds.
    Duration: duration => duration.as_millis().to_string();
    // As JSON.
    Value: value => value.to_string();
}

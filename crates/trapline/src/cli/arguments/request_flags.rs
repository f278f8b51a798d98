//! Flags for the fields of a request, made from its declaration.
//!
//! A field has the flag of its name, with `-` for `_`; a switch that is on by default has one to turn it
//! off. What differs stands in [`FlagName`]s.

use std::marker::PhantomData;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use exports::requests::{Field, FieldError, FieldKind, fields_of};

/// How a field is written on the command line.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// As its kind suggests.
    Plain,
    /// A switch that stands for this value.
    Switch(&'static str),
    /// Names without the beginning that all of them have.
    WithoutPrefix(&'static str),
    /// `LABEL=FROM..TO`, as often as needed.
    Periods,
    /// No flag of this kind: another argument of the command says it.
    Elsewhere,
}

/// A flag whose name, form or help differs from those of its field.
#[derive(Debug)]
pub struct FlagName {
    /// Path of the field, such as `filter.start_date`.
    pub field: &'static str,
    /// Name of the flag, without `--`.
    pub flag: &'static str,
    pub form: Form,
    /// What stands for the value in the help, if the flag has one.
    pub value: &'static str,
    /// Help in place of the field's description.
    pub help: Option<&'static str>,
}

impl FlagName {
    /// A flag with another name than its field.
    pub const fn new(field: &'static str, flag: &'static str, value: &'static str) -> Self {
        Self { field, flag, form: Form::Plain, value, help: None }
    }

    /// The same flag with help of its own.
    pub const fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    /// The same flag in another form.
    pub const fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }
}

/// The flags of a command that makes what a type of requests asks for.
pub trait RequestFlagNames: ToSchema + Sized {
    /// Flags that differ from the names of their fields.
    const FLAG_NAMES: &'static [FlagName];
    /// Fields of the period, for the groups of the help.
    const PERIOD: &'static [&'static str];

    /// The fields of the request.
    fn fields() -> Vec<Field> {
        fields_of::<Self>()
    }
}

/// The request that flags describe, as JSON.
#[derive(Clone, Debug)]
pub struct RequestFlags<T> {
    /// The fields that were given.
    pub object: Map<String, Value>,
    request: PhantomData<T>,
}

/// A flag for a field.
struct Flag {
    path: String,
    name: String,
    form: Form,
    value: &'static str,
    help: String,
    is_period: bool,
    kind: FieldKind,
    default: Option<Value>,
}

impl<T: RequestFlagNames> RequestFlags<T> {
    fn flags() -> Vec<Flag> {
        let mut flags = Vec::new();
        add_flags::<T>("", T::fields(), &mut flags);
        flags
    }

    /// An error of a field as an error of its flag.
    pub fn describe(error: &FieldError) -> String {
        let flags = Self::flags();
        let repeated = flags.iter().filter(|flag| matches!(flag.form, Form::Periods)).find_map(|flag| {
            let place = error.field.strip_prefix(&flag.path)?;
            Some(describe_period(&flag.name, place, &error.detail))
        });
        if let Some(described) = repeated {
            return described;
        }
        let named = flags.iter().map(|flag| (flag.path.as_str(), flag.name.as_str()));
        let elsewhere = T::FLAG_NAMES.iter().filter(|rule| matches!(rule.form, Form::Elsewhere));
        let named: Vec<(&str, &str)> = named.chain(elsewhere.map(|rule| (rule.field, rule.flag))).collect();
        let detail = named.iter().fold(error.detail.clone(), |detail, (path, flag)| {
            let name = path.rsplit('.').next().unwrap_or(path);
            replace_word(&detail, name, &format!("--{flag}"))
        });
        match named.iter().find(|(path, _)| *path == error.field) {
            Some((_, flag)) if !detail.starts_with(&format!("--{flag}")) => format!("--{flag}: {detail}"),
            _ => detail,
        }
    }

    /// A table of the fields and their flags, in Markdown.
    #[cfg(test)]
    pub fn table() -> String {
        let flags = Self::flags();
        let describe_flag = |path: &str| {
            let Some(flag) = flags.iter().find(|flag| flag.path == path) else { return String::new() };
            let is_switch = matches!(flag.kind, FieldKind::Flag) || matches!(flag.form, Form::Switch(_));
            let value = if is_switch { String::new() } else { format!(" {}", flag.value) };
            format!("`--{}{value}`", flag.name)
        };
        let rows = exports::requests::flatten(T::fields())
            .into_iter()
            .map(|(path, field)| format!("| `{path}` | {} | {} |\n", describe_flag(&path), field.describe()));
        format!("| HTTP field | flag | what it does |\n|---|---|---|\n{}", rows.collect::<String>())
    }
}

fn add_flags<T: RequestFlagNames>(outer: &str, fields: Vec<Field>, flags: &mut Vec<Flag>) {
    for field in fields {
        let path = format!("{outer}{}", field.name);
        let rule = T::FLAG_NAMES.iter().find(|rule| rule.field == path);
        let form = rule.map_or(Form::Plain, |rule| rule.form);
        match (form, field.kind) {
            (Form::Elsewhere, _) => {}
            (_, FieldKind::Object(fields)) => add_flags::<T>(&format!("{path}."), fields, flags),
            (form, kind) => {
                let plain =
                    field.name.strip_prefix("include_").filter(|_| field.default == Some(Value::Bool(true)));
                let own = plain.map_or_else(|| field.name.clone(), |plain| format!("no_{plain}"));
                let name = rule.map_or_else(|| own.replace('_', "-"), |rule| rule.flag.to_owned());
                let help = rule
                    .and_then(|rule| rule.help)
                    .map_or_else(|| first_sentence(&field.description), str::to_owned);
                let help = if name.starts_with("no-") {
                    help.replacen("Show", "Leave out", 1).replacen("Include", "Leave out", 1)
                } else {
                    help
                };
                let value = rule
                    .map(|rule| rule.value)
                    .filter(|value| !value.is_empty())
                    .unwrap_or(value_name(&kind));
                let is_period = T::PERIOD.contains(&path.as_str());
                flags.push(Flag { path, name, form, value, help, is_period, kind, default: field.default });
            }
        }
    }
}

fn first_sentence(description: &str) -> String {
    let end = description.find(". ").unwrap_or(description.trim_end_matches('.').len());
    description[..end].replace('`', "")
}

fn value_name(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Date => "DATE",
        FieldKind::Integer(..) | FieldKind::Number(..) => "N",
        FieldKind::Choice(_) | FieldKind::List(..) => "NAME",
        FieldKind::Text(_) | FieldKind::Flag | FieldKind::Object(_) => "TEXT",
    }
}

impl Flag {
    fn to_arg(&self) -> Arg {
        let heading = if self.is_period { "Period" } else { "Content" };
        let arg =
            Arg::new(self.name.clone()).long(self.name.clone()).help(self.help.clone()).help_heading(heading);
        if matches!(self.kind, FieldKind::Flag) || matches!(self.form, Form::Switch(_)) {
            return arg.action(ArgAction::SetTrue);
        }
        let arg = match (&self.kind, self.form) {
            (FieldKind::List(..), Form::Periods) => arg.action(ArgAction::Append).value_delimiter(';'),
            (FieldKind::List(..), _) => arg.action(ArgAction::Append),
            (FieldKind::Choice(names), _) => {
                arg.value_parser(PossibleValuesParser::new(names.iter().map(|name| self.short(name))))
            }
            _ => arg,
        };
        let default = self.default.as_ref().map(text_of).map(|default| self.short(&default));
        let arg = arg.value_name(self.value);
        default.into_iter().fold(arg, Arg::default_value)
    }

    /// A name without the prefix that all names have.
    fn short(&self, name: &str) -> String {
        match self.form {
            Form::WithoutPrefix(prefix) => name.strip_prefix(prefix).unwrap_or(name).to_owned(),
            _ => name.to_owned(),
        }
    }

    /// The value that was given, if it is not the default.
    fn value(&self, matches: &ArgMatches) -> Option<Value> {
        let name = self.name.as_str();
        let value = match (&self.kind, self.form) {
            (_, Form::Switch(value)) => matches.get_flag(name).then(|| json!(value)),
            (FieldKind::Flag, _) => {
                let is_on_by_default = self.default == Some(Value::Bool(true));
                matches.get_flag(name).then(|| json!(!is_on_by_default))
            }
            (FieldKind::List(..), form) => {
                let texts: Vec<String> = matches.get_many::<String>(name)?.cloned().collect();
                match form {
                    Form::Periods => Some(texts.iter().map(|text| read_period(text)).collect()),
                    _ => Some(json!(texts)),
                }
            }
            (FieldKind::Integer(..) | FieldKind::Number(..), _) => {
                let text = matches.get_one::<String>(name)?;
                Some(serde_json::from_str(text).unwrap_or_else(|_| json!(text)))
            }
            (_, Form::WithoutPrefix(prefix)) => {
                matches.get_one::<String>(name).map(|text| json!(format!("{prefix}{text}")))
            }
            _ => matches.get_one::<String>(name).map(|text| json!(text)),
        };
        value.filter(|value| self.default.as_ref() != Some(value))
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A period for a comparison. One that is written in another way is passed on as it is, and refused with the
/// rest of what is wrong.
fn read_period(text: &str) -> Value {
    let parts = text.rsplit_once('=').and_then(|(label, dates)| Some((label, dates.split_once("..")?)));
    match parts {
        Some((label, (from, to))) => {
            json!({"label": label.trim(), "start_date": from.trim(), "end_date": to.trim()})
        }
        None => json!(text),
    }
}

impl<T: RequestFlagNames> Args for RequestFlags<T> {
    fn augment_args(command: Command) -> Command {
        let mut flags = Self::flags();
        // The help shows groups in the order of their first flags.
        flags.sort_by_key(|flag| !flag.is_period);
        flags.iter().fold(command, |command, flag| command.arg(flag.to_arg()))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<T: RequestFlagNames> FromArgMatches for RequestFlags<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut object = Map::new();
        for flag in Self::flags() {
            let Some(value) = flag.value(matches) else { continue };
            let mut place = &mut object;
            let mut names = flag.path.split('.').peekable();
            while let Some(name) = names.next() {
                if names.peek().is_none() {
                    place.insert(name.to_owned(), value);
                    break;
                }
                let inner = place.entry(name).or_insert_with(|| Value::Object(Map::new()));
                place = inner.as_object_mut().expect("fields with a dot are in objects");
            }
        }
        Ok(Self { object, request: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// An error of the periods of a flag: `place` is where in the list it is, such as `[1].end_date`.
fn describe_period(flag: &str, place: &str, detail: &str) -> String {
    let number = place.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((number, field)) =
        number.and_then(|(number, field)| Some((number.parse::<usize>().ok()?, field)))
    else {
        return format!("a comparison needs 2 to 5 periods, each as --{flag} LABEL=FROM..TO");
    };
    let number = number + 1;
    if field.is_empty() {
        let example = "'Summer 2018=2018-06-01..2018-08-31'";
        return format!("--{flag}, period {number}: expected LABEL=FROM..TO, such as {example}");
    }
    let parts = [("start_date", "FROM"), ("end_date", "TO"), ("label", "LABEL")];
    let detail =
        parts.iter().fold(detail.to_owned(), |detail, (name, part)| replace_word(&detail, name, part));
    format!("--{flag}, period {number}: {detail}")
}

/// Replaces a word outside of quotation marks, unless it has an article and so is no name of a field.
fn replace_word(text: &str, word: &str, with: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let is_quoted = out.matches('“').count() + before.matches('“').count()
            > out.matches('”').count() + before.matches('”').count();
        let is_noun = ["the ", "a ", "an ", "this "].iter().any(|article| before.ends_with(article));
        let is_word = !is_noun
            && !before.chars().next_back().or(out.chars().next_back()).is_some_and(is_part)
            && !after.chars().next().is_some_and(is_part);
        out.push_str(before);
        out.push_str(if is_word && !is_quoted { with } else { word });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_replaced_and_their_parts_are_not() {
        let replaced = |text| replace_word(text, "max", "--max");
        assert_eq!(
            replaced("max belongs to a filter, not maximum"),
            "--max belongs to a filter, not maximum"
        );
        assert_eq!(replaced("no species “max”; give max"), "no species “max”; give --max");
        assert_eq!(replaced("--max max"), "--max --max");
        assert_eq!(
            replace_word("year: a season needs the year", "year", "--year"),
            "--year: a season needs the year"
        );
    }

    #[test]
    fn an_error_of_a_period_names_its_flag_and_place() {
        let describe = |field: &str, detail: &str| {
            RequestFlags::<report::Request>::describe(&FieldError::new(field, detail))
        };
        assert_eq!(
            describe("comparison_periods[1].end_date", "end_date must be a date"),
            "--compare, period 2: TO must be a date"
        );
        assert!(describe("comparison_periods[0]", "x").contains("expected LABEL=FROM..TO"));
        assert!(describe("comparison_periods", "x").starts_with("a comparison needs 2 to 5 periods"));
        assert_eq!(describe("template", "template is missing"), "--template is missing");
        assert_eq!(describe("classifications", "No species “max”"), "--class: No species “max”");
    }

    #[test]
    fn a_period_has_a_label_and_two_dates() {
        assert_eq!(
            read_period("A = b=2018-06-01 .. 2018-08-31"),
            json!({"label": "A = b", "start_date": "2018-06-01", "end_date": "2018-08-31"})
        );
        assert_eq!(read_period("Summer"), json!("Summer"));
    }

    /// The tables of fields in the documentation are written by `UPDATE_DOCS=1 scripts/test fields`.
    fn assert_documented<T: RequestFlagNames>(file: &str) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let (start, end) = ("<!-- fields of a request -->\n", "<!-- end of fields -->");
        let (before, rest) = text.split_once(start).expect("the start of the table");
        let (table, after) = rest.split_once(end).expect("the end of the table");
        let expected = RequestFlags::<T>::table();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, format!("{before}{start}{expected}{end}{after}")).unwrap();
        } else {
            assert_eq!(table, expected, "docs/{file}: UPDATE_DOCS=1 scripts/test fields");
        }
    }

    #[test]
    fn the_documentation_has_all_fields_and_flags() {
        assert_documented::<report::Request>("REPORTS.md");
        assert_documented::<archive::ArchiveRequest>("ARCHIVES.md");
    }
}

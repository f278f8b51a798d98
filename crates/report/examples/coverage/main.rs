//! How often the intervals of a report hold the truth, and how often its tests find a difference without
//! one: measured on simulated surveys, each of which is written as a package, read and computed like any
//! other.
//!
//! `cargo run --example coverage -- [--surveys N] [--seed N] [--write]`, or `scripts/coverage`. Prints a
//! Markdown table; `--write` puts it into `docs/STATISTICS.md`, between the two lines that are made for it.
//! The same seed gives the same table, however many cores there are.

mod differences;
mod judges;
mod rates;
mod times;

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

use detections::ReadOptions;
use report::{LabelledPeriod, Period, Request};
use serde_json::Value;
use testkit::simulation::{SurveyPlan, run_surveys};

use judges::{first_row, interval_holds, is_different};

const HEAD: &str = "| what | setting | surveys | measured | promised |\n|---|---|---|---|---|\n";
const BEGIN: &str = "<!-- coverage: begin -->";
const END: &str = "<!-- coverage: end -->";

/// A kind of survey, and what is measured on many of them.
pub struct Question {
    /// In words, for the table.
    pub setting: String,
    /// What is simulated.
    pub plan: SurveyPlan,
    /// The report on it.
    pub request: Request,
    /// Only one survey in so many is made, since resampling takes longer than counting.
    pub one_in: usize,
    /// What is measured.
    pub measures: Vec<Measure>,
}

/// One line of the table.
pub struct Measure {
    /// What is counted.
    pub what: &'static str,
    /// How often it should be the case.
    pub promised: &'static str,
    judge: Judge,
}

/// Whether something is the case in the JSON of a report; `None` where the report makes no such statement.
type Judge = Box<dyn Fn(&Value) -> Option<bool> + Sync>;

impl Measure {
    /// Counts the reports of which `judge` says yes, among those of which it says anything.
    pub fn new(
        what: &'static str,
        promised: &'static str,
        judge: impl Fn(&Value) -> Option<bool> + Sync + 'static,
    ) -> Self {
        Self { what, promised, judge: Box::new(judge) }
    }

    /// Whether an interval in the first row of a table holds a number.
    pub fn interval(what: &'static str, table: &'static str, ends: [&'static str; 2], truth: f64) -> Self {
        Self::new(what, "95%", move |numbers| interval_holds(first_row(numbers, table)?, ends, truth))
    }

    /// Whether the first row of a table is a difference.
    pub fn difference(what: &'static str, promised: &'static str, table: &'static str) -> Self {
        Self::new(what, promised, move |numbers| is_different(first_row(numbers, table)?))
    }
}

/// A question on each survey of a plan.
fn question(setting: String, request: Request, plan: SurveyPlan, measures: Vec<Measure>) -> Question {
    Question { setting, plan, request, one_in: 1, measures }
}

/// A half of a plan as the period of a report.
fn period((start, end): (String, String)) -> Period {
    let date = |text: String| text.parse().expect("a date of the calendar");
    Period { start: date(start), end: date(end) }
}

/// A report on the first half of a plan.
fn report_on_first_half(plan: &SurveyPlan) -> Request {
    report_on(period(plan.half(0)))
}

fn report_on(Period { start, end }: Period) -> Request {
    Request::seasonal_activity(start, end)
}

/// A comparison of both halves.
fn comparison(plan: &SurveyPlan) -> Request {
    let labelled = |label: &str, half| LabelledPeriod::new(label, period(plan.half(half)));
    Request::comparison(vec![labelled("First", 0), labelled("Second", 1)])
}

/// What the command line asks for.
struct Options {
    surveys: usize,
    seed: u64,
    write: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self { surveys: 1000, seed: 1, write: false };
        while let Some(argument) = arguments.next() {
            let mut number = || arguments.next().ok_or(format!("a number is expected after {argument}"));
            match argument.as_str() {
                "--surveys" => options.surveys = number()?.parse()?,
                "--seed" => options.seed = number()?.parse()?,
                "--write" => options.write = true,
                other => Err(format!("{other} is not known; expected --surveys N, --seed N or --write"))?,
            }
        }
        Ok(options)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    // A page without a place for the table is a mistake to hear of before an hour of work.
    let page = if options.write { Some(Page::read()?) } else { None };
    let questions: Vec<Question> =
        [rates::questions(), differences::questions(), times::questions()].into_iter().flatten().collect();
    let mut table = HEAD.to_owned();
    for (number, question) in questions.iter().enumerate() {
        let begun = Instant::now();
        eprint!("{} of {}: {} ...", number + 1, questions.len(), question.setting);
        table.push_str(&answer(question, number, &options)?);
        eprintln!(" {:.1} s", begun.elapsed().as_secs_f64());
    }
    print!("{table}");
    if let Some(page) = page {
        page.write(&table)?;
    }
    Ok(())
}

/// The lines of a question.
fn answer(question: &Question, number: usize, options: &Options) -> Result<String, std::fmt::Error> {
    let surveys = options.surveys.div_ceil(question.one_in);
    // No two surveys of a table have the same seed.
    let seed = options.seed.wrapping_add((number as u64) << 32);
    let answers = run_surveys(surveys, |survey| run_survey(question, seed.wrapping_add(survey as u64)));
    let mut lines = String::new();
    for (at, measure) in question.measures.iter().enumerate() {
        let judged: Vec<bool> = answers.iter().filter_map(|of_survey| of_survey[at]).collect();
        let yes = judged.iter().filter(|answer| **answer).count();
        let measured = if judged.is_empty() {
            "no statement".to_owned()
        } else {
            format!("{:.1}%", 100.0 * yes as f64 / judged.len() as f64)
        };
        let (what, setting, promised) = (measure.what, &question.setting, measure.promised);
        writeln!(lines, "| {what} | {setting} | {} | {measured} | {promised} |", judged.len())?;
    }
    Ok(lines)
}

/// What each measure of a question says of one survey.
fn run_survey(question: &Question, seed: u64) -> Vec<Option<bool>> {
    let folder = question.plan.simulate(seed).write();
    let data =
        detections::open(folder.path(), &ReadOptions::default()).expect("a simulated package is sound");
    let numbers = report::compute(&data, &question.request).expect("the request fits the survey");
    let numbers = serde_json::to_value(&numbers).expect("a report is JSON");
    question.measures.iter().map(|measure| (measure.judge)(&numbers)).collect()
}

/// The page that the table stands on.
struct Page {
    path: PathBuf,
    before: String,
    after: String,
}

impl Page {
    fn read() -> Result<Self, Box<dyn Error>> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/STATISTICS.md");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let missing = |line: &str| format!("{}: the line {line} is missing", path.display());
        let (before, rest) = text.split_once(BEGIN).ok_or_else(|| missing(BEGIN))?;
        let (_, after) = rest.split_once(END).ok_or_else(|| missing(END))?;
        let (before, after) = (before.to_owned(), after.to_owned());
        Ok(Self { path, before, after })
    }

    fn write(&self, table: &str) -> std::io::Result<()> {
        std::fs::write(&self.path, format!("{}{BEGIN}\n\n{table}\n{END}{}", self.before, self.after))
    }
}

// The chosen data set and period, and the counts in it.
import { get, messageOf, number } from "./api.js";
import { draw } from "./chart.js";

const $ = (id) => document.getElementById(id);
const MARCH = ["03-01", "05-31"], JUNE = ["06-01", "08-31"], SEPTEMBER = ["09-01", "11-30"], DECEMBER = ["12-01", "02"];
/** First and last day of each season, by hemisphere. */
const SEASONS = {
  north: { rut: ["09-01", "01-31"], spring: MARCH, summer: JUNE, fall: SEPTEMBER, winter: DECEMBER },
  south: { spring: SEPTEMBER, summer: DECEMBER, fall: MARCH, winter: JUNE },
};

let datasets = [], request = null, timer = 0;

/** The period, as in requests. */
export function chosenPeriod() {
  const period = { start_date: $("start_date").value, end_date: $("end_date").value };
  return datasets.length > 1 ? { dataset: $("dataset").value, ...period } : period;
}

export function dataset() {
  return datasets.find((one) => one.name === $("dataset").value) || datasets[0];
}

function lastDay(year, end) {
  // The last day of February depends on the year.
  return end === "02" ? new Date(Date.UTC(year, 2, 0)).toISOString().slice(0, 10) : `${year}-${end}`;
}

function seasons() {
  return SEASONS[dataset().hemisphere] || SEASONS.north;
}

/** Shows the months of each season in the hemisphere of the data set, and hides seasons that it does not have. */
function showSeasons() {
  const month = (day) => new Date(`2001-${day.slice(0, 2)}-01T00:00:00Z`).toLocaleString("en", { month: "short", timeZone: "UTC" });
  for (const option of $("season").options) {
    if (!option.value) continue;
    const days = seasons()[option.value];
    option.hidden = option.disabled = !days;
    const name = option.value.charAt(0).toUpperCase() + option.value.slice(1);
    if (days) option.textContent = `${name} (${month(days[0])} to ${month(days[1])})`;
  }
}

function chooseSeason() {
  const [from, to] = seasons()[$("season").value] || [];
  $("year").disabled = !from;
  if (!from) return;
  const year = Number($("year").value);
  $("start_date").value = `${year}-${from}`;
  $("end_date").value = lastDay(to < from ? year + 1 : year, to);
  showSoon();
}

function chooseDataset() {
  const one = dataset();
  showProblem([one.problem, ...(one.warnings || [])].filter(Boolean).join("\n"));
  const last = (one.last_day || new Date().toISOString()).slice(0, 10), first = (one.first_day || last).slice(0, 10);
  const years = [];
  for (let year = Number(last.slice(0, 4)); year >= Number(first.slice(0, 4)) - 1; year -= 1) years.push(new Option(year, year));
  $("year").replaceChildren(...years);
  const dayBefore = new Date(`${last}T00:00:00Z`);
  dayBefore.setUTCDate(dayBefore.getUTCDate() - 364);
  const begin = dayBefore.toISOString().slice(0, 10);
  $("start_date").value = begin > first ? begin : first;
  $("end_date").value = last;
  showSeasons();
  $("season").value = "";
  $("year").disabled = true;
  const classes = one.classes.map((row) => new Option(row.vernacular_name ? `${row.vernacular_name} (${row.classification})` : row.classification, row.classification));
  $("classification").replaceChildren(new Option("all", ""), ...classes);
  showSoon();
}

/** Shows why a data set cannot be used, or how many of its rows could not be read. */
function showProblem(text) {
  $("dataset-problem").textContent = text.charAt(0).toUpperCase() + text.slice(1);
  $("dataset-problem").hidden = !text;
}

/** Shows the counts of the period, once the dates have not changed for a moment. */
function showSoon() {
  sessionStorage.setItem("period", JSON.stringify({ ...chosenPeriod(), season: $("season").value, year: $("year").value }));
  clearTimeout(timer);
  timer = setTimeout(show, 150);
}

async function show() {
  const period = chosenPeriod();
  request?.abort();
  if (!period.start_date || !period.end_date) return;
  request = new AbortController();
  $("summary").classList.add("old");
  try {
    const summary = await get(`/api/summary?${new URLSearchParams(period)}`, request.signal);
    $("period-message").textContent = "";
    $("fact-events").textContent = number.format(summary.events);
    $("fact-classes").textContent = number.format(summary.classes.length);
    $("fact-locations").textContent = number.format(summary.locations_surveyed);
    $("fact-effort").textContent = number.format(Math.round(summary.effort_days));
    $("fact-crops").textContent = number.format(summary.detections);
    draw(summary, $("chart"), $("legend"));
    $("summary").classList.remove("old");
  } catch (error) {
    // The reason why a data set cannot be used is shown already.
    const { problem } = dataset(), isShown = problem && error.message.includes(problem);
    if (error.name !== "AbortError") $("period-message").textContent = isShown ? "" : messageOf(error);
  }
}

export async function start() {
  ({ datasets } = await get("/api/datasets"));
  $("dataset").replaceChildren(...datasets.map((one) => new Option(`${one.title || one.name}`, one.name)));
  const kept = JSON.parse(sessionStorage.getItem("period") || "null");
  if (kept?.dataset) $("dataset").value = kept.dataset;
  if (!dataset()) $("dataset").selectedIndex = 0;
  chooseDataset();
  if (kept) {
    for (const id of ["season", "year", "start_date", "end_date"]) if (kept[id]) $(id).value = kept[id];
    $("year").disabled = !$("season").value;
    showSoon();
  }
  $("dataset").addEventListener("change", chooseDataset);
  $("season").addEventListener("change", chooseSeason);
  $("year").addEventListener("change", chooseSeason);
  for (const id of ["start_date", "end_date"]) {
    $(id).addEventListener("change", () => {
      $("season").value = "";
      $("year").disabled = true;
      showSoon();
    });
  }
}

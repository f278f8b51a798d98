// The forms of exports, with messages of the server under the fields that they are about.
import { messageOf, post, Problem, withLabels } from "./api.js";
import { chosenPeriod, dataset } from "./period.js";

const $ = (id) => document.getElementById(id);
const HINTS = {
  seasonal_activity: "Counts, rates, activity and a map of the period, as a PDF file.",
  comparison: "Two to five periods side by side, as a PDF file.",
  custom: "The same numbers with another template, such as one page for a landowner, as a PDF file.",
  archive: "Pictures of animals with their data, as a ZIP file.",
};
let key = null, sent = "", touched = false;

const kindOf = () => document.querySelector("[name=what]:checked").value;
const numberIn = (id) => ($(id).value === "" ? undefined : Number($(id).value));

function show() {
  const kind = kindOf();
  for (const part of document.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind);
  const byIds = $("by").value === "ids";
  $("ids-field").hidden = !byIds;
  $("species-field").hidden = byIds;
  $("max").disabled = byIds;
  $("media").disabled = $("layout").value === "crops";
  // COCO archives cannot hold web addresses.
  for (const one of $("media").options) one.disabled = one.value === "remote" && $("layout").value === "coco";
  if ($("media").selectedOptions[0]?.disabled) $("media").value = "whole";
  $("include_originals").disabled = $("layout").value !== "crops";
  $("make-hint").textContent = HINTS[kind];
  $("submit").textContent = kind === "archive" ? "Create ZIP file" : "Create report";
  if (kind === "comparison") proposePeriods();
}

/** Proposes the period and the same one a year earlier, until the periods are edited. */
function proposePeriods() {
  if (touched) return;
  const { start_date, end_date } = chosenPeriod();
  const before = (date) => date.replace(/^\d+/, (year) => String(Number(year) - 1).padStart(4, "0"));
  $("compared").replaceChildren();
  addPeriod("Before", before(start_date), before(end_date));
  addPeriod("Now", start_date, end_date);
}

function addPeriod(label = "", start = "", end = "") {
  const row = $("compared-row").content.firstElementChild.cloneNode(true);
  row.querySelector(".label").value = label;
  row.querySelector(".start_date").value = start;
  row.querySelector(".end_date").value = end;
  row.querySelector(".remove").addEventListener("click", () => {
    row.remove();
    touched = true;
    $("add-period").focus();
  });
  $("compared").append(row);
  return row;
}

function buildReport() {
  const body = {
    report_type: kindOf(), ...chosenPeriod(), group_by: $("group_by").value, time_of_day: $("time_of_day").value,
    independence_minutes: numberIn("independence_minutes"),
  };
  for (const id of ["include_charts", "include_tables", "include_insights", "archival"]) body[id] = $(id).checked;
  if ($("title").value) body.title = $("title").value;
  if (body.report_type === "custom") body.template = $("template").value || undefined;
  if (body.report_type === "comparison") {
    const value = (row, name) => row.querySelector(`.${name}`).value;
    body.comparison_periods = [...$("compared").children].map((row) => ({
      label: value(row, "label"), start_date: value(row, "start_date"), end_date: value(row, "end_date"),
    }));
  }
  return body;
}

function buildArchive() {
  const { dataset: named, ...period } = chosenPeriod();
  const layout = $("layout").value;
  const body = { dataset: named, layout, crop_size: numberIn("crop_size"), include_humans: $("include_humans").checked };
  if (layout === "crops") body.include_originals = $("include_originals").checked;
  else body.media = $("media").value;
  if ($("by").value === "ids") {
    body.detection_ids = $("ids").value.split("\n").map((id) => id.trim()).filter(Boolean);
  } else {
    body.filter = { ...period };
    if ($("classification").value) body.filter.classifications = [$("classification").value];
    body.max = numberIn("max");
  }
  return body;
}

function clearMessages() {
  $("make-message").textContent = "";
  showWarnings([]);
  for (const shown of document.querySelectorAll(".error")) shown.remove();
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}

/** The field on the page that a message of the server is about. */
function fieldOf(name) {
  const inside = /^comparison_periods\[(\d+)\]\.(\w+)$/.exec(name);
  if (inside) return $("compared").children[inside[1]]?.querySelector(`.${inside[2]}`);
  return document.querySelector(`[data-field="${CSS.escape(name)}"], [data-field="${CSS.escape(name.replace(/^filter\./, ""))}"]`);
}

function showWarnings(warnings) {
  $("make-warnings").textContent = warnings.map(withLabels).join(" ");
  $("make-warnings").hidden = !warnings.length;
}

function showErrors(error) {
  const rest = [];
  let first = null;
  const errors = error instanceof Problem && error.errors.length ? error.errors : [{ field: "", detail: messageOf(error) }];
  errors.forEach(({ field, detail }, i) => {
    const at = field && fieldOf(field);
    // Messages about a data set may name columns of its tables.
    const text = field === "dataset" ? detail : withLabels(detail);
    if (!at || at.closest("[hidden]")) return rest.push(text);
    const message = document.createElement("span");
    message.className = "error";
    message.id = `error-${i}`;
    message.textContent = text;
    at.setAttribute("aria-invalid", "true");
    at.setAttribute("aria-describedby", message.id);
    at.closest("details")?.setAttribute("open", "");
    if (at.tagName === "FIELDSET") at.append(message);
    else (at.closest(".with-unit") || at).after(message);
    first ||= at;
  });
  $("make-message").textContent = rest.join(" ") || "Please correct the marked fields.";
  first?.focus();
}

function makeKey() {
  // randomUUID exists on secure pages only, and this one may be served on a local network.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function submit(event) {
  event.preventDefault();
  clearMessages();
  const body = kindOf() === "archive" ? buildArchive() : buildReport();
  const text = JSON.stringify(body);
  // If the response is lost and the same request is sent again, it makes no second job.
  if (text !== sent) [key, sent] = [makeKey(), text];
  $("submit").disabled = true;
  try {
    const { warnings = [] } = await post(`/api/exports/${kindOf() === "archive" ? "zip" : "pdf"}`, body, key);
    sent = "";
    showWarnings(warnings);
    document.dispatchEvent(new CustomEvent("announce", { detail: "Export started." }));
    if (matchMedia("(max-width: 60rem)").matches) $("exports-title").scrollIntoView();
  } catch (error) {
    if (error instanceof Problem) sent = "";
    showErrors(error);
  } finally {
    $("submit").disabled = false;
  }
}

export function start() {
  $("make").addEventListener("submit", submit);
  $("make").addEventListener("change", show);
  for (const event of ["input", "change"]) $("compared").addEventListener(event, () => { touched = true; });
  $("add-period").addEventListener("click", () => {
    touched = true;
    addPeriod().querySelector("input").focus();
  });
  $("period").addEventListener("change", show);
  if (dataset()) show();
}

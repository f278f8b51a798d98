// Asking for an export, with the server's own messages beside the fields they are about.
import { post, told, Problem } from "./api.js";
import { chosen, dataset } from "./period.js";

const $ = (id) => document.getElementById(id);
const HINTS = {
  seasonal_activity: "Counts, rates, activity and a map of the period, as a PDF.",
  comparison: "Two to five periods side by side, by effort, as a PDF.",
  custom: "The same numbers on pages of your own, as a PDF.",
  archive: "Pictures of the detections with their data, as a ZIP.",
};
let key = null, asked = "", touched = false;

const what = () => document.querySelector("[name=what]:checked").value;
const whole = (id) => ($(id).value === "" ? undefined : Number($(id).value));

function show() {
  const kind = what();
  for (const part of document.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind);
  const byIds = $("by").value === "ids";
  $("ids-field").hidden = !byIds;
  $("class-field").hidden = byIds;
  $("max").disabled = byIds;
  $("media").disabled = $("layout").value === "crops";
  // COCO has pictures and no addresses.
  for (const one of $("media").options) one.disabled = one.value === "remote" && $("layout").value === "coco";
  if ($("media").selectedOptions[0]?.disabled) $("media").value = "whole";
  $("include_originals").disabled = $("layout").value !== "crops";
  $("make-hint").textContent = HINTS[kind];
  $("submit").textContent = kind === "archive" ? "Make the archive" : "Make the report";
  if (kind === "comparison") propose();
}

/** The period and the same a year before, as long as nobody has written anything else. */
function propose() {
  if (touched) return;
  const { start_date, end_date } = chosen();
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

function report() {
  const body = {
    report_type: what(), ...chosen(), group_by: $("group_by").value, time_of_day: $("time_of_day").value,
    independence_minutes: whole("independence_minutes"),
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

function archive() {
  const { dataset: named, ...period } = chosen();
  const layout = $("layout").value;
  const body = { dataset: named, layout, crop_size: whole("crop_size"), include_humans: $("include_humans").checked };
  if (layout === "crops") body.include_originals = $("include_originals").checked;
  else body.media = $("media").value;
  if ($("by").value === "ids") {
    body.detection_ids = $("ids").value.split("\n").map((id) => id.trim()).filter(Boolean);
  } else {
    body.filter = { ...period };
    if ($("classification").value) body.filter.classifications = [$("classification").value];
    body.max = whole("max");
  }
  return body;
}

function clear() {
  $("make-message").textContent = "";
  for (const shown of document.querySelectorAll(".error")) shown.remove();
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}

/** The field that a message of the server is about. */
function fieldOf(name) {
  const inside = /^comparison_periods\[(\d+)\]\.(\w+)$/.exec(name);
  if (inside) return $("compared").children[inside[1]]?.querySelector(`.${inside[2]}`);
  return document.querySelector(`[data-field="${CSS.escape(name)}"], [data-field="${CSS.escape(name.replace(/^filter\./, ""))}"]`);
}

function explain(error) {
  const rest = [];
  let first = null;
  const errors = error instanceof Problem && error.errors.length ? error.errors : [{ field: "", detail: told(error) }];
  errors.forEach(({ field, detail }, i) => {
    const at = field && fieldOf(field);
    if (!at || at.closest("[hidden]")) return rest.push(detail);
    const message = document.createElement("span");
    message.className = "error";
    message.id = `error-${i}`;
    message.textContent = detail;
    at.setAttribute("aria-invalid", "true");
    at.setAttribute("aria-describedby", message.id);
    at.closest("details")?.setAttribute("open", "");
    if (at.tagName === "FIELDSET") at.append(message);
    else (at.closest(".with-unit") || at).after(message);
    first ||= at;
  });
  $("make-message").textContent = rest.join(" ") || "Something is wrong; see the fields that are marked.";
  first?.focus();
}

function fresh() {
  // randomUUID is there on secure pages only, and this one may be served on a local network.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function submit(event) {
  event.preventDefault();
  clear();
  const body = what() === "archive" ? archive() : report();
  const text = JSON.stringify(body);
  // What is sent again since its answer did not come makes no second job.
  if (text !== asked) [key, asked] = [fresh(), text];
  $("submit").disabled = true;
  try {
    await post(`/api/exports/${what() === "archive" ? "zip" : "pdf"}`, body, key);
    asked = "";
    document.dispatchEvent(new CustomEvent("said", { detail: "The export was taken." }));
    if (matchMedia("(max-width: 60rem)").matches) $("exports-title").scrollIntoView();
  } catch (error) {
    if (error instanceof Problem) asked = "";
    explain(error);
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

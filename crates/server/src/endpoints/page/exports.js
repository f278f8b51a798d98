// The list of exports, live.
import { get, listen, messageOf, number, remove } from "./api.js";

const $ = (id) => document.getElementById(id);
const rows = new Map(), deleting = new Map();
const GRACE = 10000;

const announce = (text) => { $("announcement").textContent = text; };

function formatSize(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let i = -1;
  do { bytes /= 1000; i += 1; } while (bytes >= 999.5 && i < units.length - 1);
  return `${bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[i]}`;
}

function formatDuration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

const secondsUntil = (time) => (Date.parse(time) - Date.now()) / 1000;

function stateOf(job) {
  if (job.status === "completed") return "Ready";
  if (job.status === "failed") return "Failed";
  return job.phase === "queued" ? "Waiting" : "In progress";
}

function describe(job) {
  const parts = [];
  if (job.status === "completed") {
    if (job.file_size_bytes !== null) parts.push(`${job.kind === "pdf" ? "PDF" : "ZIP"}, ${formatSize(job.file_size_bytes)}`);
    if (job.remote_pictures) parts.push(`${number.format(job.remote_pictures)} ${job.remote_pictures === 1 ? "picture" : "pictures"} as web addresses`);
    if (job.missing_count) parts.push(describeMissing(job));
    if (job.expires_at) parts.push(`expires in ${formatDuration(secondsUntil(job.expires_at))}`);
  } else if (job.status === "processing" && job.phase === "queued") {
    const missing = { worker: "no worker is running", disk: "the server's disk is full" }[job.waiting_for];
    if (missing) parts.push(missing);
    parts.push(job.queue_position > 1 ? `number ${number.format(job.queue_position)} in the queue` : "next in the queue");
  } else if (job.status === "processing") {
    if (job.total_detections) parts.push(`${number.format(job.processed_count || 0)} of ${number.format(job.total_detections)} detections`);
    const left = job.estimated_completion ? secondsUntil(job.estimated_completion) : 0;
    if (job.processed_count && left > 1) parts.push(`about ${formatDuration(left)} left`);
    if (job.attempt > 1) parts.push(`attempt ${job.attempt}`);
  }
  if (job.created_at) parts.push(`requested ${new Date(job.created_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
  return parts.join(" · ");
}

/** What is missing from an archive, with the reasons if the record has them. */
function describeMissing(job) {
  const reasons = (job.missing_reasons ?? []).slice(0, 3).map((reason) => reason.message).join(", ");
  const counts = `${number.format(job.missing_count)} of ${number.format(job.total_detections)} not included`;
  return `${counts} (see missing.csv)${reasons && `: ${reasons}`}`;
}

function makeAction(label, name, act) {
  const made = document.createElement(act instanceof Function ? "button" : "a");
  made.textContent = label;
  made.className = "button quiet";
  made.setAttribute("aria-label", `${label}: ${name}`);
  if (act instanceof Function) {
    made.type = "button";
    made.addEventListener("click", act);
  } else {
    made.href = act;
    made.download = "";
  }
  return made;
}

function listActions(job) {
  const name = job.title || job.job_id, made = [];
  if (job.status === "completed" && job.download_url) {
    if (job.kind === "pdf") made.push(makeAction("Open", name, () => openReport(job)));
    else made.push(makeAction("Preview", name, () => openArchive(job)));
    made.push(makeAction("Download", name, job.download_url));
  }
  made.push(makeAction(job.status === "processing" ? "Cancel" : "Delete", name, () => deleteSoon(job)));
  return made;
}

function paint(row) {
  const { job, item } = row, part = (selector) => item.querySelector(selector);
  item.className = `export ${job.status}`;
  part("h3").textContent = job.title || `${job.kind === "pdf" ? "Report" : "Archive"} ${job.job_id}`;
  part(".state").textContent = stateOf(job);
  part(".about").textContent = describe(job);
  part(".reason").textContent = job.error_message || "";
  const bar = part("progress"), running = job.status === "processing";
  bar.hidden = !running;
  bar.setAttribute("aria-label", `Progress of ${job.title || job.job_id}`);
  if (job.phase === "running" && job.total_detections) bar.value = job.progress_percent;
  else if (job.phase === "queued") bar.value = 0;
  else bar.removeAttribute("value");
  // Buttons that may have the focus are not replaced.
  const shape = [job.status, job.download_url].join();
  if (row.shape !== shape) {
    row.shape = shape;
    part(".actions").replaceChildren(...listActions(job));
  }
  item.hidden = deleting.has(job.job_id);
}

function put(job) {
  let row = rows.get(job.job_id);
  const before = row?.job.status;
  if (!row) {
    row = { item: $("export-row").content.firstElementChild.cloneNode(true) };
    rows.set(job.job_id, row);
    row.item.dataset.job = job.job_id;
    const later = [...rows.values()].filter((other) => other.job && other.job.created_at < job.created_at);
    const next = later.sort((a, b) => (a.job.created_at < b.job.created_at ? 1 : -1))[0];
    $("exports").insertBefore(row.item, next?.item ?? null);
  }
  row.job = job;
  paint(row);
  if (before === "processing" && job.status !== before) announce(`${job.title || job.job_id}: ${stateOf(job)}`);
}

function drop(jobId) {
  rows.get(jobId)?.item.remove();
  rows.delete(jobId);
}

function showHint() {
  $("none").hidden = [...rows.values()].some((row) => !row.item.hidden);
}

/** Hides an export, and deletes it unless that is undone within ten seconds. */
function deleteSoon(job) {
  const deleteNow = () => {
    deleting.delete(job.job_id);
    $("undo").hidden = !deleting.size;
    remove(job.job_id).catch((error) => {
      if (error.status === 404) return;
      paint(rows.get(job.job_id));
      showHint();
      announce(messageOf(error));
    });
  };
  deleting.set(job.job_id, { deleteNow, timer: setTimeout(deleteNow, GRACE) });
  paint(rows.get(job.job_id));
  showHint();
  $("undo").hidden = false;
  $("undo").querySelector("span").textContent = `“${job.title || job.job_id}” deleted.`;
  $("undo").querySelector("button").onclick = () => {
    clearTimeout(deleting.get(job.job_id)?.timer);
    deleting.delete(job.job_id);
    $("undo").hidden = true;
    if (rows.has(job.job_id)) paint(rows.get(job.job_id));
    showHint();
    $("exports-title").focus();
  };
  $("undo").querySelector("button").focus();
}

function view(job, content) {
  $("viewer-title").textContent = job.title || job.job_id;
  $("viewer-download").href = job.download_url;
  $("viewer-content").replaceChildren(content);
  $("viewer").showModal();
}

function openReport(job) {
  const frame = document.createElement("iframe");
  frame.title = job.title || "Report";
  frame.src = `${job.download_url}${job.download_url.includes("?") ? "&" : "?"}inline`;
  view(job, frame);
}

async function openArchive(job) {
  const list = document.createElement("ul");
  list.className = "sheet";
  try {
    const { pictures } = await get(`/api/exports/zip/${encodeURIComponent(job.job_id)}/pictures`);
    list.append(...pictures.map(({ name, url }) => {
      const item = document.createElement("li"), figure = document.createElement("figure");
      const image = document.createElement("img"), caption = document.createElement("figcaption");
      Object.assign(image, { src: url, alt: "", loading: "lazy" });
      caption.textContent = name.split("/").pop().replace(/^detection_/, "").replace(/\.\w+$/, "");
      figure.append(image, caption);
      item.append(figure);
      return item;
    }));
    if (!pictures.length) list.textContent = "The archive has no pictures.";
  } catch (error) {
    list.textContent = messageOf(error);
  }
  view(job, list);
}

function connect() {
  const state = $("connection");
  const acts = {
    exports({ exports }) {
      const there = new Set(exports.map((job) => job.job_id));
      for (const jobId of [...rows.keys()]) if (!there.has(jobId)) drop(jobId);
      exports.forEach(put);
    },
    status: put,
    gone: ({ job_id }) => drop(job_id),
  };
  listen("/api/exports/events", {
    received(event, data) {
      acts[event]?.(data);
      showHint();
    },
    opened() {
      state.textContent = "Connected";
      state.className = "";
      document.dispatchEvent(new Event("connected"));
    },
    lost(why) {
      state.textContent = why?.status === 401 ? "Not signed in" : "The server cannot be reached. Trying again…";
      state.className = "off";
    },
  });
}

export function start() {
  connect();
  setInterval(() => rows.forEach((row) => { row.item.querySelector(".about").textContent = describe(row.job); }), 1000);
  $("viewer-close").addEventListener("click", () => $("viewer").close());
  $("viewer").addEventListener("close", () => $("viewer-content").replaceChildren());
  document.addEventListener("announce", (event) => announce(event.detail));
  addEventListener("pagehide", () => {
    for (const { deleteNow, timer } of [...deleting.values()]) {
      clearTimeout(timer);
      deleteNow();
    }
  });
}

// A small chart of events by month: stacked bars, drawn as SVG.
import { number } from "./api.js";

const WIDTH = 640, HEIGHT = 208, LEFT = 40, BOTTOM = 24, TOP = 8;
const SERIES = 5;

function element(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The most frequent species, and all others as one. */
function series(summary) {
  const names = summary.classes.map((row) => row.classification);
  const own = names.length <= SERIES + 1 ? names : names.slice(0, SERIES);
  const label = (name) => summary.classes.find((row) => row.classification === name).vernacular_name || name;
  const counts = (bucket, list) => list.reduce((sum, name) => sum + (bucket.events[name] || 0), 0);
  const rows = own.map((name) => ({ label: label(name), values: summary.buckets.map((b) => counts(b, [name])) }));
  const rest = names.slice(own.length);
  if (rest.length) rows.push({ label: `${rest.length} others`, values: summary.buckets.map((b) => counts(b, rest)) });
  return rows;
}

/** A step of 1, 2 or 5 times a power of ten, so that about four lines fit. */
function step(most) {
  const rough = Math.max(most / 4, 1), power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
}

function monthName(start) {
  const day = new Date(`${start}T00:00:00Z`);
  const month = day.toLocaleString("en", { month: "short", timeZone: "UTC" });
  return day.getUTCMonth() === 0 ? `${month} ${day.getUTCFullYear()}` : month;
}

export function draw(summary, chart, legend) {
  const rows = series(summary), buckets = summary.buckets;
  const totals = buckets.map((_, i) => rows.reduce((sum, row) => sum + row.values[i], 0));
  const most = Math.max(1, ...totals), unit = step(most), top = Math.ceil(most / unit) * unit;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const wide = (WIDTH - LEFT) / Math.max(buckets.length, 1);
  const said = buckets.map((b, i) => `${monthName(b.start)} ${number.format(totals[i])}`).join(", ");
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Events by month: ${said || "none"}` });
  for (let value = 0; value <= top; value += unit) {
    svg.append(element("line", { x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }));
    svg.append(element("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, number.format(value)));
  }
  const every = Math.ceil(buckets.length / 12);
  buckets.forEach((bucket, i) => {
    let from = 0;
    rows.forEach((row, s) => {
      if (!row.values[i]) return;
      const bar = element("rect", { class: `s${s}`, x: LEFT + wide * (i + 0.14), width: wide * 0.72, y: y(from + row.values[i]), height: y(from) - y(from + row.values[i]) });
      bar.append(element("title", {}, `${row.label}, ${monthName(bucket.start)}: ${number.format(row.values[i])}`));
      svg.append(bar);
      from += row.values[i];
    });
    if (i % every === 0) svg.append(element("text", { x: LEFT + wide * (i + 0.5), y: HEIGHT - 6, "text-anchor": "middle" }, monthName(bucket.start)));
  });
  chart.replaceChildren(svg);
  legend.replaceChildren(...rows.map((row, s) => {
    const item = document.createElement("li"), mark = document.createElement("i");
    mark.className = `s${s}`;
    item.title = `${row.label} ${number.format(row.values.reduce((a, b) => a + b, 0))}`;
    item.append(mark, item.title);
    return item;
  }));
  // Always the same number of entries, so that nothing below moves.
  while (legend.children.length < SERIES + 1) {
    const room = document.createElement("li");
    room.setAttribute("aria-hidden", "true");
    legend.append(room);
  }
}

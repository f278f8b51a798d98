// Requests to the server, and its messages.

/** An error response of the server, with `errors`: [{field, detail}]. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || `The server answered with ${status}.`);
    this.status = status;
    this.errors = body.errors || [];
  }
}

const TOKEN = "token";

/** The header with the access token, if there is one. The token is kept until the tab is closed. */
function tokenHeader() {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { authorization: `Bearer ${token}` } : {};
}

export const hasToken = () => sessionStorage.getItem(TOKEN) !== null;

export function setToken(token) {
  if (token) sessionStorage.setItem(TOKEN, token);
  else sessionStorage.removeItem(TOKEN);
}

function requireSignIn(response) {
  if (response.status === 401) document.dispatchEvent(new Event("unauthorized"));
}

async function readBody(response) {
  requireSignIn(response);
  if (response.status === 204) return null;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

export async function get(path, signal) {
  return readBody(await fetch(path, { signal, headers: tokenHeader() }));
}

/** Submits a request. Repeating it with the same key makes no second job. */
export async function post(path, body, key) {
  const headers = { ...tokenHeader(), "content-type": "application/json", "idempotency-key": key };
  return readBody(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export async function remove(jobId) {
  return readBody(await fetch(`/api/exports/${encodeURIComponent(jobId)}`, { method: "DELETE", keepalive: true, headers: tokenHeader() }));
}

/** The complete events in a text, and the rest of it. */
function splitEvents(text) {
  const blocks = text.split("\n\n"), rest = blocks.pop();
  const fields = blocks.map((block) => Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/, 2))));
  return [fields.filter((event) => event.data), rest];
}

/** Listens to Server-Sent Events for ever. The EventSource of browsers cannot send a token. */
export async function listen(path, { received, opened, lost }) {
  let last = null;
  for (;;) {
    let why = null;
    try {
      const response = await fetch(path, { cache: "no-store", headers: { ...tokenHeader(), ...(last && { "last-event-id": last }) } });
      requireSignIn(response);
      if (!response.ok) throw new Problem(response.status, {});
      opened();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = "", piece = await reader.read(); !piece.done; piece = await reader.read()) {
        let whole;
        [whole, rest] = splitEvents(rest + piece.value);
        for (const { event, id, data } of whole) {
          last = id;
          received(event, JSON.parse(data));
        }
      }
    } catch (error) {
      // Whatever it was, the connection is tried again.
      why = error;
    }
    lost(why);
    await new Promise((done) => { setTimeout(done, 2000); });
  }
}

/** The label of a field of requests on this page, in lower case. */
function labelOf(name) {
  if (name === "label") return "name";
  const field = document.querySelector(`[data-field="${name}"], [data-field$=".${name}"]`);
  const label = field?.querySelector("legend") ?? field?.closest("label")?.firstChild;
  return label?.textContent.trim().replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}

/** A message of the server, with labels of this page in place of names of fields outside of quotes. */
export function withLabels(message) {
  const names = /“[^”]*”|\b[a-z]+(?:_[a-z]+)+\b|^[a-z]+\b/g;
  return message.replace(names, (name) => (name.startsWith("“") ? name : labelOf(name) ?? name))
    .replace(/^[a-z]/, (letter) => letter.toUpperCase());
}

/** A message for people about anything that was thrown. */
export function messageOf(error) {
  if (error instanceof Problem) return withLabels(error.message);
  return "The server cannot be reached. Nothing is lost; try again in a moment.";
}

export const number = new Intl.NumberFormat("en");

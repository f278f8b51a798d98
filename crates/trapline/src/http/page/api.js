// Speaking with the server.

/** What the server said was wrong, with `errors`: [{field, detail}]. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || `The server answered ${status}`);
    this.status = status;
    this.errors = body.errors || [];
  }
}

const KEPT = "token";

/** Who we are, for servers that ask: kept for as long as the page is. */
const who = () => (sessionStorage.getItem(KEPT) ? { authorization: `Bearer ${sessionStorage.getItem(KEPT)}` } : {});

export const known = () => sessionStorage.getItem(KEPT) !== null;

export function be(token) {
  if (token) sessionStorage.setItem(KEPT, token);
  else sessionStorage.removeItem(KEPT);
}

function asked(response) {
  if (response.status === 401) document.dispatchEvent(new Event("asked"));
}

async function answer(response) {
  asked(response);
  if (response.status === 204) return null;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

export async function get(path, signal) {
  return answer(await fetch(path, { signal, headers: who() }));
}

/** Sends a request that may be sent again: the same key makes one job. */
export async function post(path, body, key) {
  const headers = { ...who(), "content-type": "application/json", "idempotency-key": key };
  return answer(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export async function remove(jobId) {
  return answer(await fetch(`/api/exports/${encodeURIComponent(jobId)}`, { method: "DELETE", keepalive: true, headers: who() }));
}

/** The events in what has arrived so far, and the rest. */
function events(text) {
  const blocks = text.split("\n\n"), rest = blocks.pop();
  const fields = blocks.map((block) => Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/, 2))));
  return [fields.filter((event) => event.data), rest];
}

/** Listens to Server-Sent Events for ever. A browser's own EventSource cannot say who we are. */
export async function listen(path, { told, opened, lost }) {
  let last = null;
  for (;;) {
    let why = null;
    try {
      const response = await fetch(path, { cache: "no-store", headers: { ...who(), ...(last && { "last-event-id": last }) } });
      asked(response);
      if (!response.ok) throw new Problem(response.status, {});
      opened();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = "", piece = await reader.read(); !piece.done; piece = await reader.read()) {
        let whole;
        [whole, rest] = events(rest + piece.value);
        for (const { event, id, data } of whole) {
          last = id;
          told(event, JSON.parse(data));
        }
      }
    } catch (error) {
      // Tried again, whatever it was.
      why = error;
    }
    lost(why);
    await new Promise((done) => { setTimeout(done, 2000); });
  }
}

/** A message for a person out of anything that was thrown. */
export function told(error) {
  if (error instanceof Problem) return error.message;
  return "The server cannot be reached. Nothing is lost; try again in a moment.";
}

export const number = new Intl.NumberFormat("en");

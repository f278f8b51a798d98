// Speaking with the server.

/** What the server said was wrong, with `errors`: [{field, detail}]. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || `The server answered ${status}`);
    this.status = status;
    this.errors = body.errors || [];
  }
}

async function answer(response) {
  if (response.status === 204) return null;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

export async function get(path, signal) {
  return answer(await fetch(path, { signal }));
}

/** Sends a request that may be sent again: the same key makes one job. */
export async function post(path, body, key) {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  return answer(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export async function remove(jobId) {
  return answer(await fetch(`/api/exports/${encodeURIComponent(jobId)}`, { method: "DELETE", keepalive: true }));
}

/** A message for a person out of anything that was thrown. */
export function told(error) {
  if (error instanceof Problem) return error.message;
  return "The server cannot be reached. Nothing is lost; try again in a moment.";
}

export const number = new Intl.NumberFormat("en");

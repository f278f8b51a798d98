// The page: a period, what to make of it, and what was made.
import { be, get, known } from "./api.js";
import * as exports from "./exports.js";
import * as forms from "./forms.js";
import * as period from "./period.js";

const $ = (id) => document.getElementById(id);

// A server that asks who we are.
document.addEventListener("asked", () => {
  if ($("login").open) return;
  $("who-message").textContent = known() ? "The token is not known here." : "";
  be(null);
  $("login").showModal();
});
$("who").addEventListener("submit", async (event) => {
  event.preventDefault();
  be($("token").value.trim());
  try {
    await get("/api/datasets");
    location.reload();
  } catch (error) {
    be(null);
    $("who-message").textContent = error.message;
    $("token").select();
  }
});
// Without a token the page cannot do anything.
$("login").addEventListener("cancel", (event) => event.preventDefault());
$("leave").hidden = !known();
$("leave").addEventListener("click", () => {
  be(null);
  location.reload();
});

exports.start();

const LOOK_EACH = 10000;
/** Says what the operator of the server has to look at. */
async function showServerProblems() {
  let text = "";
  try {
    const body = await (await fetch("/readyz")).json();
    text = body.problems ? body.problems.join(" ") : body.detail || "";
  } catch {
    // The server is away, which is said beside its name.
  }
  $("server-problems").textContent = text;
  $("server-problems").hidden = !text;
  setTimeout(showServerProblems, LOOK_EACH);
}
showServerProblems();

let begun = false;
async function begin() {
  if (begun) return;
  begun = true;
  try {
    await period.start();
    forms.start();
  } catch {
    // The server is not there; once it is, it says so.
    begun = false;
  }
}
document.addEventListener("connected", begin);
begin();

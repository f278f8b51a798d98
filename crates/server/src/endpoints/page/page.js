// The page: a period, a form for exports, and the list of exports.
import { get, hasToken, messageOf, setToken } from "./api.js";
import * as exports from "./exports.js";
import * as forms from "./forms.js";
import * as period from "./period.js";

const $ = (id) => document.getElementById(id);

document.addEventListener("unauthorized", () => {
  if ($("login").open) return;
  $("sign-in-message").textContent = hasToken() ? "This token is not valid. Ask your administrator for a new one." : "";
  setToken(null);
  $("login").showModal();
});
$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  setToken($("token").value.trim());
  try {
    await get("/api/datasets");
    location.reload();
  } catch (error) {
    setToken(null);
    $("sign-in-message").textContent = messageOf(error);
    $("token").select();
  }
});
// Without a token the page cannot do anything.
$("login").addEventListener("cancel", (event) => event.preventDefault());
$("sign-out").hidden = !hasToken();
$("sign-out").addEventListener("click", () => {
  setToken(null);
  location.reload();
});

exports.start();

const CHECK_INTERVAL = 10000;
/** Shows problems of the server, every ten seconds. */
async function showServerProblems() {
  let text = "";
  try {
    const body = await (await fetch("/readyz")).json();
    text = body.problems ? body.problems.join(" ") : body.detail || "";
  } catch {
    // The head of the page says that the server cannot be reached.
  }
  $("server-problems").textContent = text;
  $("server-problems").hidden = !text;
  setTimeout(showServerProblems, CHECK_INTERVAL);
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
    // Tried again when the server can be reached.
    begun = false;
  }
}
document.addEventListener("connected", begin);
begin();

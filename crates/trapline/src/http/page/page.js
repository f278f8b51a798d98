// The page: a period, what to make of it, and what was made.
import * as exports from "./exports.js";
import * as forms from "./forms.js";
import * as period from "./period.js";

exports.start();

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

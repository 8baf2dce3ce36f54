// While a phone is asked: the seconds go down, and the page is loaded anew as soon as there is an answer, or the next question.
// Without this file the page loads itself anew every few seconds (<noscript>), and its button does the same at any time.

const EVERY = 2_000; // ms
const waits = document.querySelector("[data-waits]");
const seconds = waits.querySelector(".ring text");
const arc = waits.querySelector(".ring__left");
const note = waits.querySelector(".rows__note");
let left = Number(seconds.textContent);

function show() {
  seconds.textContent = String(left);
  arc.setAttribute("stroke-dasharray", `${left} ${arc.getAttribute("pathLength")}`);
  note.textContent = note.textContent.replace(/\d+/, String(left));
}

async function look() {
  try {
    const answer = await fetch(waits.dataset.waits, {redirect: "error"});
    const state = await answer.json();
    if (!state.waiting || String(state.number) !== waits.dataset.number) {
      location.reload();
      return;
    }
    left = state.left;
    show();
  } catch {
    // Nobody answered just now: asked again, and the button is there.
  }
  setTimeout(look, EVERY);
}

setInterval(() => { left = Math.max(0, left - 1); show(); }, 1_000);
setTimeout(look, EVERY);

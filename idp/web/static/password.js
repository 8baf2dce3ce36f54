// Password fields: a button that shows what was typed, and a word when Caps Lock is on or letters carry Vietnamese marks. A button
// that is pressed twice sends once: of two guesses at the same moment the second would have to wait (authn/lockout.py).
// Everything works without this file; all texts stand in the page, in its language.

for (const box of document.querySelectorAll(".secret")) {
  const input = box.querySelector("input");
  const button = box.querySelector(".secret__show");
  const typing = document.getElementById(`${input.id}-typing`);

  const show = (visible) => {
    input.type = visible ? "text" : "password";
    for (const words of button.querySelectorAll("[data-when]")) {
      words.hidden = words.dataset.when !== (visible ? "shown" : "hidden");
    }
  };
  const warn = (what, on) => { typing.querySelector(`[data-warns="${what}"]`).hidden = !on; };

  button.hidden = false;
  box.classList.add("secret--ready");
  button.addEventListener("click", () => show(input.type === "password"));
  input.form.addEventListener("submit", () => show(false)); // so that no browser keeps it as ordinary text

  let sent = -Infinity;
  input.form.addEventListener("submit", (event) => {
    if (event.timeStamp - sent < 2000) event.preventDefault(); // later on it is meant: perhaps the network was away
    else sent = event.timeStamp;
  });

  const caps = (event) => {
    if (event.getModifierState) warn("caps", event.getModifierState("CapsLock"));
  };
  input.addEventListener("keydown", caps);
  input.addEventListener("keyup", caps);
  input.addEventListener("blur", () => warn("caps", false));
  input.addEventListener("input", () => warn("marks", /[^\x20-\x7e]/.test(input.value)));
}

// Passkeys: asks our server what is to be proven (or made), has the browser do it, and sends the answer as an ordinary form.
// Without this file the other ways of signing in stand on the page; all texts stand in the page, in its language.
// The two forms of binary data are written out, for browsers that lack parseRequestOptionsFromJSON and toJSON.

const RENEW = 270_000; // ms; a question lives for five minutes
const RENEWALS = 12;

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const words = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (credentials) => credentials.map((one) => ({...one, id: bytes(one.id)}));

async function question(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST", headers: {"X-CSRFToken": form.elements.csrf_token.value}, redirect: "error"});
  if (!answer.ok) throw Object.assign(new Error(String(answer.status)), {notDue: answer.status === 409});
  const options = await answer.json();
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  if (options.excludeCredentials) options.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = named(options.allowCredentials);
  return options;
}

function send(form, {id, rawId, type, response: told}) {
  const response = {clientDataJSON: words(told.clientDataJSON)};
  if (told.attestationObject) {
    response.attestationObject = words(told.attestationObject);
    response.transports = told.getTransports?.() ?? [];
  } else {
    response.authenticatorData = words(told.authenticatorData);
    response.signature = words(told.signature);
    response.userHandle = told.userHandle?.byteLength ? words(told.userHandle) : null;
  }
  form.elements[form.dataset.passkey].value = JSON.stringify({id, rawId: words(rawId), type, response});
  form.submit();
}

function say(form, what) {
  for (const text of form.querySelectorAll("[data-says]")) text.hidden = text.dataset.says !== what;
}

let offered = null; // what waits in the list of names, until a button is pressed

async function offer(form) {
  for (let round = 0; round < RENEWALS; round += 1) {
    const waiting = new AbortController();
    offered = waiting;
    let late = false;
    const timer = setTimeout(() => { late = true; waiting.abort(); }, RENEW);
    try {
      const publicKey = await question(form);
      if (waiting.signal.aborted) return;
      send(form, await navigator.credentials.get({publicKey, mediation: "conditional", signal: waiting.signal}));
      return;
    } catch {
      if (!late) return;
    } finally {
      clearTimeout(timer);
    }
  }
}

async function ask(form) {
  const button = form.querySelector("button");
  offered?.abort();
  button.disabled = true;
  say(form, "waiting");
  try {
    const publicKey = await question(form);
    send(form, publicKey.user ? await navigator.credentials.create({publicKey}) : await navigator.credentials.get({publicKey}));
  } catch (error) {
    if (error.notDue) location.assign(location.href); // another step is: the server says which
    say(form, {NotAllowedError: "cancelled", InvalidStateError: "known"}[error.name] ?? "failed");
    button.disabled = false;
  }
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    for (const one of document.querySelectorAll("[data-passkey-shows]")) one.hidden = false;
    for (const one of document.querySelectorAll("[data-passkey-hides]")) one.hidden = true;
    form.addEventListener("submit", (event) => {
      const name = form.elements.name;
      if (name && !name.value.trim()) return; // the server says what is missing
      event.preventDefault();
      ask(form);
    });
    if ("offers" in form.dataset) {
      PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => { if (can) offer(form); }, () => {});
    }
  }
}

// A person with a browser that knows only forms, links and cookies: enough to sign in, agree and sign out.

export class Browser {
  constructor() { this.cookies = new Map(); }

  async request(url, options = {}) {
    const headers = { 'accept-language': 'vi', ...(options.headers ?? {}) };
    if (this.cookies.size) headers.cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { ...options, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const [name, ...rest] = pair.split('=');
      const gone = attributes.some((a) => /^\s*max-age=0\s*$/i.test(a));
      if (gone) this.cookies.delete(name.trim()); else this.cookies.set(name.trim(), rest.join('='));
    }
    return answer;
  }

  // Follow redirects and fill in forms until the address begins with `target`; gives that address.
  async until(start, target, fields) {
    const { url, pages } = await this.walk(start, fields, target);
    if (!url.startsWith(target)) throw new Error(`no form at ${url}: ${pages.at(-1).slice(0, 2000)}`);
    return new URL(url);
  }

  // The same until there is nothing to fill in; gives every page on the way.
  async finish(start, fields) {
    return (await this.walk(start, fields)).pages;
  }

  // Where a page has several forms, the one meant is the first behind the words `fields.about`.
  async walk(start, fields, target) {
    let url = String(start);
    let options = {};
    const pages = [];
    for (let step = 0; step < 20; step += 1) {
      if (target && url.startsWith(target)) return { url, pages };
      const answer = await this.request(url, options);
      const location = answer.headers.get('location');
      if (location) { url = new URL(location, url).href; options = {}; continue; }
      const page = await answer.text();
      pages.push(page);
      const form = /<form\b[^>]*method="post"[^>]*>([\s\S]*?)<\/form>/i.exec(page.slice(Math.max(0, page.indexOf(fields.about ?? ''))));
      if (!form) return { url, pages };
      const action = /action="([^"]*)"/i.exec(form[0]);
      const body = new URLSearchParams();
      for (const [input] of form[1].matchAll(/<input\b[^>]*>/gi)) {
        const name = /name="([^"]*)"/.exec(input)?.[1];
        const value = (/value="([^"]*)"/.exec(input)?.[1] ?? '').replaceAll('&amp;', '&').replaceAll('&#34;', '"');
        if (name) body.set(name, fields[name] ?? value);
      }
      if (/name="answer"/.test(form[1])) body.set('answer', fields.answer ?? 'accept');
      const approval = /name="approval" value="([^"]*)"/.exec(form[1]);
      if (approval) body.set('approval', approval[1]);
      url = new URL((action?.[1] ?? url).replaceAll('&amp;', '&'), url).href;
      options = { method: 'POST', body, headers: { origin: new URL(url).origin } };
    }
    throw new Error(`did not arrive at ${target ?? 'an end'}; last address ${url}`);
  }
}

export function environment() {
  const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, POST_LOGOUT_URI, OFFICER, PASSWORD } = process.env;
  return { issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI,
    postLogoutUri: POST_LOGOUT_URI, fields: { username: OFFICER, password: PASSWORD } };
}

// What a bank has of its own: a key to sign with, perhaps one to decrypt with, and whether it signs its requests.
export async function bank() {
  const read = (jwk, algorithm, uses) => crypto.subtle.importKey('jwk', jwk, algorithm, false, uses);
  const { kid, alg, use, ...signing } = JSON.parse(process.env.KEY);
  const found = { signs: process.env.SIGNED === 'yes',
    key: { kid, key: await read(signing, { name: 'ECDSA', namedCurve: 'P-256' }, ['sign']) } };
  if (process.env.DECRYPTION_KEY) {
    const own = JSON.parse(process.env.DECRYPTION_KEY);
    const { kty, crv, x, y, d } = own;
    found.decryption = { kid: own.kid, alg: own.alg,
      key: await read({ kty, crv, x, y, d }, { name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits']) };
  }
  return found;
}

export function check(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
  console.log(`ok ${what}`);
}

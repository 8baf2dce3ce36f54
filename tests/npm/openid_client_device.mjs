// openid-client as a device without a browser: it shows a code, an officer answers elsewhere, and it polls.
import * as client from 'openid-client';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const config = await client.discovery(new URL(env.issuer), env.clientId, undefined, client.None(),
  { execute: [client.allowInsecureRequests] });
const begin = () => client.initiateDeviceAuthorization(config, { scope: 'openid profile offline_access' });

const asked = await begin();
check(asked.verification_uri.startsWith(env.issuer) && asked.verification_uri_complete.endsWith(asked.user_code),
  'the device knows where the officer types which code');
const browser = new Browser();
const waiting = client.pollDeviceAuthorizationGrant(config, asked);
await browser.until(asked.verification_uri_complete, `${env.issuer}/device/`, env.fields).then((page) =>
  browser.until(page, `${env.issuer}/nowhere`, env.fields)).catch((error) => {
  if (!/no form at .*\/device\//.test(error.message)) throw error; // the last page has nothing to fill in
});
const tokens = await waiting;
const claims = tokens.claims();
check(claims.sub && claims.sid && claims.auth_time && claims.acr, 'ID token says who, which session, when and how well');
const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
check(person.sub === claims.sub && person.name, 'userinfo is of the officer who approved');
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
check(refreshed.access_token !== tokens.access_token, 'refresh gives another access token');

const second = await begin();
const refused = client.pollDeviceAuthorizationGrant(config, second).then(() => 'tokens', (error) => error.error);
await browser.until(second.verification_uri_complete, `${env.issuer}/nowhere`, { ...env.fields, answer: 'deny' }).catch((error) => {
  if (!/no form at .*\/device\//.test(error.message)) throw error;
});
check(await refused === 'access_denied', 'a refusal is told');
console.log('done');

// openid-client as devices without a browser: each shows a code, an officer answers elsewhere, and it polls.
import * as client from 'openid-client';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const config = await client.discovery(new URL(env.issuer), env.clientId, undefined, client.None(),
  { execute: [client.allowInsecureRequests] });
const begin = () => client.initiateDeviceAuthorization(config, { scope: 'openid profile offline_access' });

const [asked, other] = [await begin(), await begin()];
check(asked.verification_uri.startsWith(env.issuer) && asked.verification_uri_complete.endsWith(asked.user_code),
  'the device knows where the officer types which code');
const waiting = client.pollDeviceAuthorizationGrant(config, asked);
const refusal = client.pollDeviceAuthorizationGrant(config, other).then(() => 'tokens', (error) => error.error);
const browser = new Browser();
check((await browser.finish(asked.verification_uri_complete, env.fields)).at(-1).includes('Đã chấp thuận'), 'the officer approves');
check((await browser.finish(other.verification_uri_complete, { ...env.fields, answer: 'deny' })).at(-1).includes('Đã từ chối'),
  'the officer refuses the other device');

const tokens = await waiting;
const claims = tokens.claims();
check(claims.sub && claims.sid && claims.auth_time && claims.acr, 'ID token says who, which session, when and how well');
const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
check(person.preferred_username === env.fields.username, 'userinfo is of the officer who approved');
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
check(refreshed.access_token !== tokens.access_token, 'refresh gives another access token');
check(await refusal === 'access_denied', 'a refusal is told');
console.log('done');

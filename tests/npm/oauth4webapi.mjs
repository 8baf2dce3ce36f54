// oauth4webapi against a running provider: code + PKCE, userinfo, refresh, revocation, logout, and a code that is used twice;
// with a secret (in the form, or signing with it) introspection and client credentials too, without one as a public client.
import * as oauth from 'oauth4webapi';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(env.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
const client = { client_id: env.clientId };
const secretAuth = process.env.AUTH === 'client_secret_jwt' ? oauth.ClientSecretJwt : oauth.ClientSecretPost;
const auth = env.clientSecret ? secretAuth(env.clientSecret) : oauth.None();
const browser = new Browser();

async function authorize(parameters = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const url = new URL(as.authorization_endpoint);
  for (const [name, value] of Object.entries({ client_id: env.clientId, redirect_uri: env.redirectUri, response_type: 'code',
    scope: 'openid profile email offline_access', code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256', state, nonce, ...parameters })) {
    url.searchParams.set(name, value);
  }
  const arrived = await browser.until(url, env.redirectUri, env.fields);
  check(arrived.searchParams.get('iss') === env.issuer, 'the answer names the issuer');
  return { arrived, verifier, state, nonce };
}

function redeem({ parameters, verifier }) {
  return oauth.authorizationCodeGrantRequest(as, client, auth, parameters, env.redirectUri, verifier, http);
}

const first = await authorize();
first.parameters = oauth.validateAuthResponse(as, client, first.arrived, first.state);
const answer = await redeem(first);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer,
  { requireIdToken: true, expectedNonce: first.nonce });
await oauth.validateApplicationLevelSignature(as, answer, http);
check(tokens.id_token, 'the ID token is signed by a published key');
const claims = oauth.getValidatedIdTokenClaims(tokens);
check(claims.sub.length > 10 && !claims.sub.includes(env.fields.username), 'the subject is opaque');

const person = await oauth.processUserInfoResponse(as, client, claims.sub,
  await oauth.userInfoRequest(as, client, tokens.access_token, http));
check(person.name && person.email === `${env.fields.username}@haugiang.gov.vn`, 'userinfo is of the same officer');

const refreshed = await oauth.processRefreshTokenResponse(as, client,
  await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, http));
check(refreshed.access_token !== tokens.access_token && refreshed.refresh_token !== tokens.refresh_token,
  'refresh gives another access and another refresh token');

if (env.clientSecret) {
  const introspect = async (token) => oauth.processIntrospectionResponse(as, client,
    await oauth.introspectionRequest(as, client, auth, token, http));
  const live = await introspect(refreshed.access_token);
  check(live.active && live.sub === claims.sub && live.client_id === env.clientId, 'introspection says active');
  const proof = await oauth.introspectionRequest(as, client, auth, refreshed.access_token, { ...http, requestJwtResponse: true });
  check(proof.headers.get('content-type') === 'application/token-introspection+jwt', 'introspection answers with a JWT');
  const kept = await oauth.processIntrospectionResponse(as, client, proof);
  await oauth.validateApplicationLevelSignature(as, proof, http);
  check(kept.active && kept.sub === claims.sub, 'which is signed by a published key and says the same');
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, refreshed.access_token, http));
  check((await introspect(refreshed.access_token)).active === false, 'introspection says revoked');
  const machine = await oauth.processClientCredentialsResponse(as, client,
    await oauth.clientCredentialsGrantRequest(as, client, auth, new URLSearchParams(), http));
  const itself = await introspect(machine.access_token);
  check(itself.active && itself.sub !== claims.sub && !machine.refresh_token && !machine.id_token,
    'client credentials give a token without an officer');
}
await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, refreshed.refresh_token, http));
const late = await oauth.refreshTokenGrantRequest(as, client, auth, refreshed.refresh_token, http);
check(late.status === 400 && (await late.json()).error === 'invalid_grant', 'a revoked refresh token gives nothing');
check((await oauth.userInfoRequest(as, client, refreshed.access_token, http)).status === 401, 'nor does its access token');

const second = await authorize();
second.parameters = oauth.validateAuthResponse(as, client, second.arrived, second.state);
const once = await oauth.processAuthorizationCodeResponse(as, client, await redeem(second),
  { requireIdToken: true, expectedNonce: second.nonce });
check(oauth.getValidatedIdTokenClaims(once).sid === claims.sid, 'the second time needs no password: it is the same session');
const twice = await redeem(second);
check(twice.status === 400 && (await twice.json()).error === 'invalid_grant', 'a code works once');
check((await oauth.userInfoRequest(as, client, once.access_token, http)).status === 401, 'its replay ended the first token');

const third = await authorize();
third.parameters = oauth.validateAuthResponse(as, client, third.arrived, third.state);
third.verifier = oauth.generateRandomCodeVerifier();
const stolen = await redeem(third);
check(stolen.status === 400 && (await stolen.json()).error === 'invalid_grant', 'a code is worth nothing without its verifier');

const out = new URL(as.end_session_endpoint);
for (const [name, value] of Object.entries({ id_token_hint: once.id_token, post_logout_redirect_uri: env.postLogoutUri,
  state: 'bye' })) out.searchParams.set(name, value);
const back = await browser.until(out, env.postLogoutUri, {});
check(back.searchParams.get('state') === 'bye', 'logout comes back with its state');
const silent = await authorize({ prompt: 'none' });
let refused;
try { oauth.validateAuthResponse(as, client, silent.arrived, silent.state); } catch (error) { refused = error; }
check(refused instanceof oauth.AuthorizationResponseError && refused.error === 'login_required', 'and the session is over');
console.log('done');

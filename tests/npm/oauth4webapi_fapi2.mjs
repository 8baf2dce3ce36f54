// oauth4webapi as a client of FAPI 2.0: PAR, DPoP and private_key_jwt, and with SIGNED also signed requests (JAR) and answers
// (JARM). The library checks what its own FAPI 2.0 examples check; what a lesser client would be given is tried beside it.
import * as oauth from 'oauth4webapi';
import { Browser, bank, check, environment } from './browser.mjs';

const env = environment();
const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(env.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
const { key, signs } = await bank();
const client = { client_id: env.clientId, id_token_signed_response_alg: 'ES256', authorization_signed_response_alg: 'ES256' };
const auth = oauth.PrivateKeyJwt(key);
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
const browser = new Browser();
check(as.code_challenge_methods_supported.includes('S256'), 'discovery says S256');
check(as.authorization_response_iss_parameter_supported === true, 'discovery says that answers name the issuer');
check(as.dpop_signing_alg_values_supported.every((alg) => ['ES256', 'PS256', 'EdDSA'].includes(alg)), 'proofs have good algorithms');

async function push(changes = {}, options = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  let parameters = new URLSearchParams({ client_id: env.clientId, redirect_uri: env.redirectUri, response_type: 'code',
    scope: 'openid profile offline_access', code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256', state, nonce, ...(signs ? { response_mode: 'jwt' } : {}), ...changes });
  if (signs && !options.unsigned) {
    parameters = new URLSearchParams({ client_id: env.clientId,
      request: await oauth.issueRequestObject(as, client, parameters, key) });
  }
  const answer = await oauth.pushedAuthorizationRequest(as, client, auth, parameters, { DPoP, ...http });
  return { answer, verifier, state, nonce };
}

async function arrive(first) {
  const { request_uri } = await oauth.processPushedAuthorizationResponse(as, client, first.answer);
  const url = new URL(as.authorization_endpoint);
  url.searchParams.set('client_id', env.clientId);
  url.searchParams.set('request_uri', request_uri);
  const arrived = await browser.until(url, env.redirectUri, env.fields);
  if (!signs) return oauth.validateAuthResponse(as, client, arrived, first.state);
  check([...arrived.searchParams.keys()].join() === 'response', 'the answer is one signed parameter');
  return oauth.validateJwtAuthResponse(as, client, arrived, first.state, http);
}

const redeem = (parameters, verifier, options = { DPoP }) =>
  oauth.authorizationCodeGrantRequest(as, client, auth, parameters, env.redirectUri, verifier, { ...options, ...http });

const first = await push();
const answer = await redeem(await arrive(first), first.verifier);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer,
  { expectedNonce: first.nonce, requireIdToken: true });
await oauth.validateApplicationLevelSignature(as, answer, http);
check(tokens.token_type === 'dpop', 'tokens are bound to the key');
const claims = oauth.getValidatedIdTokenClaims(tokens);
const person = await oauth.processUserInfoResponse(as, client, claims.sub,
  await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP, ...http }));
check(person.name, 'userinfo is of the officer');
const other = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
check((await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP: other, ...http })).status === 401,
  'another key gets nothing with the token');
check((await oauth.userInfoRequest(as, client, tokens.access_token, http)).status === 401, 'nor does who has none');

for (const which of ['first', 'second']) {
  const again = await oauth.processRefreshTokenResponse(as, client,
    await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, { DPoP, ...http }));
  check(again.token_type === 'dpop' && again.refresh_token === undefined, `the refresh token stays at its ${which} use`);
}

const second = await push();
const unbound = await redeem(await arrive(second), second.verifier, { DPoP: other });
check(unbound.status === 400 && (await unbound.json()).error === 'invalid_grant', 'the code is bound to the key of the pushed request');
const plain = await push({ code_challenge_method: 'plain' });
check(plain.answer.status === 400, 'plain PKCE is refused');
if (signs) check((await push({}, { unsigned: true })).answer.status === 400, 'a request that is not signed is refused');
const bare = new URL(as.authorization_endpoint);
for (const [name, value] of Object.entries({ client_id: env.clientId, redirect_uri: env.redirectUri, response_type: 'code',
  scope: 'openid', state: 'x' })) bare.searchParams.set(name, value);
check((await browser.until(bare, env.redirectUri, {})).searchParams.get('error') === 'invalid_request',
  'a request that was not pushed is refused');
console.log('done');

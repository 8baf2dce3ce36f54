// oauth4webapi registers itself with leave that an operator gave, is used, changes what it registered, and unregisters.
import * as oauth from 'oauth4webapi';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(env.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
const metadata = { client_name: 'Tự đăng ký', redirect_uris: [env.redirectUri], token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['authorization_code', 'refresh_token'], scope: 'openid profile', something_else: true };

const stranger = await oauth.dynamicClientRegistrationRequest(as, metadata, { ...http, initialAccessToken: 'x'.repeat(43) });
check(stranger.status === 401 && stranger.headers.get('www-authenticate').startsWith('Bearer'), 'without leave nobody registers');
const client = await oauth.processDynamicClientRegistrationResponse(
  await oauth.dynamicClientRegistrationRequest(as, metadata, { ...http, initialAccessToken: process.env.INITIAL_ACCESS_TOKEN }));
check(client.client_secret && !('something_else' in client), 'what is registered is told, and nothing else');
const again = await oauth.dynamicClientRegistrationRequest(as, metadata,
  { ...http, initialAccessToken: process.env.INITIAL_ACCESS_TOKEN });
check(again.status === 401, 'leave for one is for one');

async function signIn(secret) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(as.authorization_endpoint);
  for (const [name, value] of Object.entries({ client_id: client.client_id, redirect_uri: env.redirectUri, response_type: 'code',
    scope: 'openid profile', code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    state })) url.searchParams.set(name, value);
  const arrived = await new Browser().until(url, env.redirectUri, env.fields);
  return oauth.processAuthorizationCodeResponse(as, client, await oauth.authorizationCodeGrantRequest(as, client,
    oauth.ClientSecretBasic(secret), oauth.validateAuthResponse(as, client, arrived, state), env.redirectUri, verifier, http));
}

const tokens = await signIn(client.client_secret);
check(oauth.getValidatedIdTokenClaims(tokens).aud === client.client_id, 'an officer signs in to it at once');

const manage = (method, token, members) => fetch(client.registration_client_uri, {
  method, headers: { authorization: `Bearer ${token}`, ...(members ? { 'content-type': 'application/json' } : {}) },
  body: members && JSON.stringify(members) });
const read = await (await manage('GET', client.registration_access_token)).json();
check(read.client_name === 'Tự đăng ký' && !('client_secret' in read), 'it reads its registration');
const changed = await (await manage('PUT', client.registration_access_token,
  { ...metadata, client_id: client.client_id, client_name: 'Đã đổi' })).json();
check(changed.client_name === 'Đã đổi' && changed.registration_access_token !== client.registration_access_token,
  'it changes its registration and gets another token');
check((await manage('GET', client.registration_access_token)).status === 401, 'the token before is worth nothing');
const gone = await manage('DELETE', changed.registration_access_token);
check(gone.status === 204 && (await gone.text()) === '' && !gone.headers.get('content-length'), 'it deletes its registration');
check((await manage('GET', changed.registration_access_token)).status === 401, 'and is gone');
check((await oauth.userInfoRequest(as, client, tokens.access_token, http)).status === 401, 'with every token it had');
console.log('done');

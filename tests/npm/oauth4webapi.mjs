// oauth4webapi against a running provider, as a public client: code + PKCE, form_post errors, userinfo, refresh, client credentials.
import * as oauth from 'oauth4webapi';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(env.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
const client = { client_id: env.clientId };
const auth = env.clientSecret ? oauth.ClientSecretPost(env.clientSecret) : oauth.None();

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const url = new URL(as.authorization_endpoint);
for (const [name, value] of Object.entries({ client_id: env.clientId, redirect_uri: env.redirectUri, response_type: 'code',
  scope: 'openid profile email', code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state })) {
  url.searchParams.set(name, value);
}
const browser = new Browser();
const arrived = await browser.until(url, env.redirectUri, env.fields);
const parameters = oauth.validateAuthResponse(as, client, arrived, state);
check(arrived.searchParams.get('iss') === env.issuer, 'the answer names the issuer');

const answer = await oauth.authorizationCodeGrantRequest(as, client, auth, parameters, env.redirectUri, verifier, http);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { requireIdToken: true });
await oauth.validateApplicationLevelSignature(as, answer, http);
check(tokens.id_token, 'the ID token is signed by a published key');

const again = await oauth.authorizationCodeGrantRequest(as, client, auth, parameters, env.redirectUri, verifier, http);
check(again.status === 400 && (await again.json()).error === 'invalid_grant', 'a code works once');
const claims = oauth.getValidatedIdTokenClaims(tokens);
const person = await oauth.userInfoRequest(as, client, tokens.access_token, http);
check(person.status === 401, 'its replay ended the first token');
check(claims.sub.length > 10, 'the subject is opaque');
console.log('done');

// openid-client against a running provider: code + PKCE, refresh, userinfo, introspection, revocation, logout.
import * as client from 'openid-client';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const insecure = { execute: [client.allowInsecureRequests] };
const auth = process.env.AUTH === 'client_secret_jwt' ? client.ClientSecretJwt : client.ClientSecretBasic;
const config = await client.discovery(new URL(env.issuer), env.clientId,
  { client_secret: env.clientSecret, redirect_uris: [env.redirectUri] }, auth(env.clientSecret), insecure);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const url = client.buildAuthorizationUrl(config, { redirect_uri: env.redirectUri, scope: 'openid profile email unit offline_access',
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state, nonce });

const browser = new Browser();
const arrived = await browser.until(url, env.redirectUri, env.fields);
const tokens = await client.authorizationCodeGrant(config, arrived,
  { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true });
check(tokens.token_type === 'bearer', 'tokens for the code');
const claims = tokens.claims();
check(claims.sub && claims.sid && claims.auth_time && claims.acr, 'ID token says who, which session, when and how well');

const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
check(person.sub === claims.sub && person.name, 'userinfo is of the same officer');

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
check(refreshed.access_token !== tokens.access_token, 'refresh gives another access token');
check(refreshed.refresh_token && refreshed.refresh_token !== tokens.refresh_token, 'and another refresh token');
check(refreshed.claims().auth_time === claims.auth_time, 'with the same auth_time');

const live = await client.tokenIntrospection(config, refreshed.access_token);
check(live.active && live.sub === claims.sub, 'introspection says active');
const proving = new client.Configuration(config.serverMetadata(), env.clientId, { client_secret: env.clientSecret },
  auth(env.clientSecret));
client.allowInsecureRequests(proving);
client.enableNonRepudiationChecks(proving);
let falsify = (answer) => answer;
proving[client.customFetch] = async (where, options) => {
  if (where !== config.serverMetadata().introspection_endpoint) return fetch(where, options);
  const answer = await fetch(where, { ...options, headers: { ...options.headers, accept: 'application/token-introspection+jwt' } });
  return new Response(falsify(await answer.text()), answer);
};
const proven = await client.tokenIntrospection(proving, refreshed.access_token);
check(proven.active && proven.sub === claims.sub, 'introspection says so in a JWT that is signed by a published key');
falsify = (jwt) => jwt.replace(/[^.]+$/, (signature) => signature.split('').reverse().join(''));
const doubted = await client.tokenIntrospection(proving, refreshed.access_token).catch((error) => error);
check(doubted instanceof Error && !(doubted instanceof client.ResponseBodyError), 'and with another signature is not believed');
await client.tokenRevocation(config, refreshed.refresh_token);
const dead = await client.tokenIntrospection(config, refreshed.access_token);
check(dead.active === false, 'revoking the refresh token ends the access token');

const out = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: env.postLogoutUri, state: 'bye' });
const back = await browser.until(out, env.postLogoutUri, {});
check(back.searchParams.get('state') === 'bye', 'logout comes back with its state');
const silent = client.buildAuthorizationUrl(config, { redirect_uri: env.redirectUri, scope: 'openid', prompt: 'none', state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
const refused = await browser.until(silent, env.redirectUri, {});
check(refused.searchParams.get('error') === 'login_required', 'and the session is over');
check(refused.searchParams.get('iss') === env.issuer, 'errors name the issuer');
console.log('done');

// openid-client against a running provider: an officer signs in to one application, and another one acts for them (RFC 8693).
import * as client from 'openid-client';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const insecure = { execute: [client.allowInsecureRequests] };
const open = (id, secret) => client.discovery(new URL(env.issuer), id, { client_secret: secret },
  client.ClientSecretBasic(secret), insecure);
const origin = await open(env.clientId, env.clientSecret);
const bus = await open(process.env.BUS_ID, process.env.BUS_SECRET);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const url = client.buildAuthorizationUrl(origin, { redirect_uri: env.redirectUri, scope: 'openid profile email offline_access', state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
const arrived = await new Browser().until(url, env.redirectUri, env.fields);
const tokens = await client.authorizationCodeGrant(origin, arrived, { pkceCodeVerifier: verifier, expectedState: state });

const TYPE = 'urn:ietf:params:oauth:token-type:access_token';
const exchange = (config, more = {}) => client.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:token-exchange',
  { subject_token: tokens.access_token, subject_token_type: TYPE, ...more });
const answer = await exchange(bus, { audience: env.clientId, scope: 'profile' });
check(answer.issued_token_type === TYPE && answer.scope === 'profile', 'a token for a token, with less scope');
check(answer.expires_in <= tokens.expires_in && !answer.refresh_token && !answer.id_token, 'that lives no longer, and nothing beside it');
const told = await client.tokenIntrospection(origin, answer.access_token);
check(told.active && told.sub === tokens.claims().sub && told.aud === env.clientId, 'its audience learns of the same officer');
check(told.client_id === process.env.BUS_ID && told.act.sub === process.env.BUS_ID, 'and who acts');

let refused;
try { await exchange(origin); } catch (error) { refused = error; }
check(refused.error === 'unauthorized_client', 'an application that is not registered for it gets nothing');
await client.tokenRevocation(origin, tokens.refresh_token);
check((await client.tokenIntrospection(bus, answer.access_token)).active === false, 'it ends with its origin');
try { await exchange(bus); } catch (error) { refused = error; }
check(refused.error === 'invalid_request', 'and nothing more comes of it');
console.log('done');

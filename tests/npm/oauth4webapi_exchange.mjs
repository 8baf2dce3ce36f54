// oauth4webapi: an officer signs in to one application, and another one acts for them (RFC 8693), saying by a token who it is.
import * as oauth from 'oauth4webapi';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(env.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
const origin = { client_id: env.clientId };
const originAuth = oauth.ClientSecretBasic(env.clientSecret);
const bus = { client_id: process.env.BUS_ID };
const busAuth = oauth.ClientSecretBasic(process.env.BUS_SECRET);

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const url = new URL(as.authorization_endpoint);
for (const [name, value] of Object.entries({ client_id: env.clientId, redirect_uri: env.redirectUri, response_type: 'code',
  scope: 'openid profile email', code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256', state })) url.searchParams.set(name, value);
const arrived = await new Browser().until(url, env.redirectUri, env.fields);
const tokens = await oauth.processAuthorizationCodeResponse(as, origin, await oauth.authorizationCodeGrantRequest(as, origin,
  originAuth, oauth.validateAuthResponse(as, origin, arrived, state), env.redirectUri, verifier, http));
const machine = await oauth.processClientCredentialsResponse(as, bus,
  await oauth.clientCredentialsGrantRequest(as, bus, busAuth, {}, http));

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const exchange = async (more) => oauth.processGenericTokenEndpointResponse(as, bus, await oauth.genericTokenEndpointRequest(
  as, bus, busAuth, 'urn:ietf:params:oauth:grant-type:token-exchange',
  { subject_token: tokens.access_token, subject_token_type: ACCESS_TOKEN, ...more }, http));
const told = (more) => exchange(more).then(() => 'a token', (error) => error.error);

const answer = await exchange({ audience: env.clientId, scope: 'openid profile', actor_token: machine.access_token,
  actor_token_type: ACCESS_TOKEN });
check(answer.issued_token_type === ACCESS_TOKEN && answer.token_type === 'bearer', 'a token for a token');
check(answer.expires_in <= tokens.expires_in && !answer.refresh_token && !answer.id_token, 'that lives no longer, and nothing beside it');

const proof = await oauth.introspectionRequest(as, origin, originAuth, answer.access_token, { ...http, requestJwtResponse: true });
const kept = await oauth.processIntrospectionResponse(as, origin, proof);
await oauth.validateApplicationLevelSignature(as, proof, http);
check(kept.active && kept.sub === oauth.getValidatedIdTokenClaims(tokens).sub && kept.aud === env.clientId,
  'its audience is told the same officer, signed by a published key');
check(kept.client_id === bus.client_id && kept.act.sub === bus.client_id, 'and who acts');
check((await oauth.userInfoRequest(as, bus, answer.access_token, http)).status === 401, 'userinfo is not its audience');
const plain = await exchange({ scope: 'openid profile' });
const person = await oauth.processUserInfoResponse(as, bus, kept.sub,
  await oauth.userInfoRequest(as, bus, plain.access_token, http));
check(person.name && !('email' in person), 'without an audience userinfo gives what its scope allows');

check(await told({ scope: 'openid profile email' }) === 'invalid_scope', 'no scope beyond its own registration');
check(await told({ audience: 'khong-co' }) === 'invalid_target', 'no audience that there is not');
check(await told({ actor_token: tokens.access_token, actor_token_type: ACCESS_TOKEN }) === 'invalid_request', 'nobody acts as somebody else');
check(await told({ subject_token: tokens.id_token, subject_token_type: ID_TOKEN }) === 'invalid_request', 'an ID token is not exchanged');
check(await told({ requested_token_type: ID_TOKEN }) === 'invalid_request', 'nor given');

await oauth.processRevocationResponse(await oauth.revocationRequest(as, origin, originAuth, tokens.access_token, http));
check(await told({}) === 'invalid_request', 'of a token given back comes nothing more');
console.log('done');

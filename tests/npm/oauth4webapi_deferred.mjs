// oauth4webapi waits for an officer who answers elsewhere, as a device without a browser (RFC 8628) or asking by name (CIBA);
// it polls by hand, so every answer of the token endpoint on the way is seen.
import * as oauth from 'oauth4webapi';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(env.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
const client = { client_id: env.clientId };
const auth = env.clientSecret ? oauth.ClientSecretBasic(env.clientSecret) : oauth.None();
const scope = 'openid profile offline_access';

const device = {
  begin: async () => oauth.processDeviceAuthorizationResponse(as, client,
    await oauth.deviceAuthorizationRequest(as, client, auth, { scope }, http)),
  redeem: (asked) => oauth.deviceCodeGrantRequest(as, client, auth, asked.device_code, http),
  read: oauth.processDeviceCodeResponse,
  page: (asked) => [asked.verification_uri_complete, {}],
};
let messages = 0;
const ciba = {
  begin: async () => {
    const message = `MA-${messages += 1}000`;
    const asked = await oauth.processBackchannelAuthenticationResponse(as, client, await oauth.backchannelAuthenticationRequest(
      as, client, auth, { scope, login_hint: env.fields.username, binding_message: message }, http));
    return { ...asked, message };
  },
  redeem: (asked) => oauth.backchannelAuthenticationGrantRequest(as, client, auth, asked.auth_req_id, http),
  read: oauth.processBackchannelAuthenticationGrantResponse,
  page: (asked) => [`${env.issuer}/approvals`, { about: asked.message }],
};
const way = { device, ciba }[process.env.WAY];

const browser = new Browser();
const answer = async (asked, said) => {
  const [page, more] = way.page(asked);
  return (await browser.finish(page, { ...env.fields, ...more, answer: said })).at(-1);
};
const told = async (asked) => way.read(as, client, await way.redeem(asked)).then(() => 'tokens', (error) => error.error);

const first = await way.begin();
check(await told(first) === 'authorization_pending', 'nothing comes before the officer answers');
const early = Date.now();
const second = await way.begin();
check(await told(second) === 'authorization_pending' && await told(second) === 'slow_down', 'who asks too early is slowed down');
const third = await way.begin();
check((await answer(third, 'deny')).includes('Đã từ chối'), 'the officer refuses one');
check(await told(third) === 'access_denied', 'a refusal is told');
check((await answer(first, 'accept')).includes('Đã chấp thuận'), 'the officer approves one');

await new Promise((resolve) => { setTimeout(resolve, early + first.interval * 1000 - Date.now()); });
const response = await way.redeem(first);
const tokens = await way.read(as, client, response);
await oauth.validateApplicationLevelSignature(as, response, http);
const claims = oauth.getValidatedIdTokenClaims(tokens);
check(claims.sub && claims.sid && claims.auth_time && claims.acr, 'a signed ID token says who, which session, when and how well');
const person = await oauth.processUserInfoResponse(as, client, claims.sub,
  await oauth.userInfoRequest(as, client, tokens.access_token, http));
check(person.preferred_username === env.fields.username, 'userinfo is of the officer who approved');
const refreshed = await oauth.processRefreshTokenResponse(as, client,
  await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, http));
check(refreshed.access_token !== tokens.access_token, 'refresh gives another access token');
check(await told(first) === 'invalid_grant', 'what was approved is taken once');
console.log('done');

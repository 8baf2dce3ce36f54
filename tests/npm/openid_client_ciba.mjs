// openid-client asks an officer who is elsewhere by name (CIBA): it polls while the officer answers at /approvals.
import * as client from 'openid-client';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const config = await client.discovery(new URL(env.issuer), env.clientId, { client_secret: env.clientSecret },
  client.ClientSecretBasic(env.clientSecret), { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] });
const begin = (message, whom) => client.initiateBackchannelAuthentication(config,
  { scope: 'openid profile offline_access', binding_message: message, ...whom });
const browser = new Browser();
const answer = (message, said) => browser.finish(`${env.issuer}/approvals`, { ...env.fields, about: message, answer: said });

const unknown = await begin('W4SCT', { login_hint: 'khongai' }).catch((error) => error);
check(unknown.error === 'unknown_user_id', 'that nobody has a name is told');

const asked = await begin('MA-1111', { login_hint: env.fields.username });
const other = await begin('MA-2222', { login_hint: `${env.fields.username}@haugiang.gov.vn` });
const waiting = client.pollBackchannelAuthenticationGrant(config, asked);
const refusal = client.pollBackchannelAuthenticationGrant(config, other).then(() => 'tokens', (error) => error.error);
const approved = await answer('MA-1111', 'accept');
check(approved.at(-2).includes('MA-1111') && approved.at(-1).includes('Đã chấp thuận'), 'the officer reads the message and approves');

const tokens = await waiting;
const claims = tokens.claims();
check(claims.sub && claims.sid && claims.auth_time && claims.acr, 'a signed ID token says who, which session, when and how well');
const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
check(person.preferred_username === env.fields.username, 'userinfo is of the officer who approved');
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
check(refreshed.access_token !== tokens.access_token && refreshed.claims().sub === claims.sub, 'refresh gives another access token');

await begin('MA-3333', { id_token_hint: tokens.id_token });
check((await answer('MA-3333', 'accept')).at(-2).includes('MA-3333'), 'an ID token names the officer too');

const refused = await answer('MA-2222', 'deny');
check(refused.at(-2).includes('MA-2222') && refused.at(-1).includes('Đã từ chối'), 'the officer finds the other one by mail address and refuses');
check(await refusal === 'access_denied', 'a refusal is told');
const again = await begin('MA-4444', { login_hint: env.fields.username }).catch((error) => error);
check(again.error === 'access_denied', 'who was refused does not ask again at once');
console.log('done');

// openid-client against a running provider: answers that are signed (JARM), and answers with tokens in the fragment, whose
// hashes it checks (c_hash, s_hash) before it believes them.
import * as client from 'openid-client';
import { Browser, check, environment } from './browser.mjs';

const env = environment();
const browser = new Browser();
const verifier = client.randomPKCECodeVerifier();
const challenge = await client.calculatePKCECodeChallenge(verifier);

async function configure(...also) {
  return client.discovery(new URL(env.issuer), env.clientId, { client_secret: env.clientSecret },
    client.ClientSecretBasic(env.clientSecret), { execute: [client.allowInsecureRequests, ...also] });
}

async function arrive(config, parameters = {}) {
  const state = client.randomState();
  const nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, { redirect_uri: env.redirectUri, scope: 'openid profile',
    code_challenge: challenge, code_challenge_method: 'S256', state, nonce, ...parameters });
  return { arrived: await browser.until(url, env.redirectUri, env.fields), state, nonce };
}

const signed = await configure(client.useJwtResponseMode);
const first = await arrive(signed);
check([...first.arrived.searchParams.keys()].join() === 'response', 'a signed answer is one parameter');
const tokens = await client.authorizationCodeGrant(signed, first.arrived,
  { pkceCodeVerifier: verifier, expectedState: first.state, expectedNonce: first.nonce, idTokenExpected: true });
check(tokens.claims().sub, 'a signed answer is believed and its code redeemed');

const silent = await arrive(signed, { prompt: 'none', max_age: '0' });
let refused;
try {
  await client.authorizationCodeGrant(signed, silent.arrived, { pkceCodeVerifier: verifier, expectedState: silent.state });
} catch (error) { refused = error; }
check(refused instanceof client.AuthorizationResponseError && refused.error === 'login_required', 'a signed error is read');

const [head, body, signature] = (await arrive(signed)).arrived.searchParams.get('response').split('.');
const forged = new URL(env.redirectUri);
forged.searchParams.set('response', [head, body, signature.split('').reverse().join('')].join('.'));
let disbelieved;
try { await client.authorizationCodeGrant(signed, forged, { pkceCodeVerifier: verifier }); } catch (error) { disbelieved = error; }
check(disbelieved && !(disbelieved instanceof client.ResponseBodyError), 'an answer with another signature is not believed');

const hybrid = await configure(client.useCodeIdTokenResponseType, client.enableDetachedSignatureResponseChecks);
const second = await arrive(hybrid);
check(second.arrived.search === '' && second.arrived.hash.includes('id_token='), 'code and ID token come in the fragment');
const more = await client.authorizationCodeGrant(hybrid, second.arrived,
  { pkceCodeVerifier: verifier, expectedState: second.state, expectedNonce: second.nonce, idTokenExpected: true });
check(more.claims().sub === tokens.claims().sub, 'the code of a hybrid answer gives the same officer');

const implicit = await configure(client.useIdTokenResponseType);
const third = await arrive(implicit);
const claims = await client.implicitAuthentication(implicit, third.arrived, third.nonce, { expectedState: third.state });
check(claims.sub === tokens.claims().sub && claims.name, 'an ID token alone tells who it is');
console.log('done');

// openid-client as a client of FAPI 2.0: PAR, DPoP and private_key_jwt; with SIGNED also signed requests (JAR), signed answers
// (JARM), and ID tokens encrypted to its key.
import * as client from 'openid-client';
import { Browser, bank, check, environment } from './browser.mjs';

const env = environment();
const { key, signs, decryption } = await bank();
const config = await client.discovery(new URL(env.issuer), env.clientId,
  { id_token_signed_response_alg: 'ES256', authorization_signed_response_alg: 'ES256' }, client.PrivateKeyJwt(key),
  { execute: [client.allowInsecureRequests, ...(signs ? [client.useJwtResponseMode] : [])] });
if (decryption) client.enableDecryptingResponses(config, ['A256GCM'], decryption);
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
let parameters = new URLSearchParams({ redirect_uri: env.redirectUri, scope: 'openid profile offline_access', state: expectedState,
  nonce: expectedNonce, code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256' });
if (signs) parameters = (await client.buildAuthorizationUrlWithJAR(config, parameters, key)).searchParams;
const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
check([...url.searchParams.keys()].sort().join() === 'client_id,request_uri', 'the browser carries a reference alone');

const arrived = await new Browser().until(url, env.redirectUri, env.fields);
check([...arrived.searchParams.keys()].includes('response') === signs, 'the answer is signed where that was asked for');
const tokens = await client.authorizationCodeGrant(config, arrived,
  { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }, undefined, { DPoP });
check(tokens.token_type === 'dpop', 'tokens are bound to the key');
check(tokens.id_token.split('.').length === (decryption ? 5 : 3), 'the ID token is encrypted where that is registered');
const { sub } = tokens.claims();
check((await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).name, 'userinfo is of the officer');
for (const which of ['first', 'second']) {
  const again = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  check(again.refresh_token === undefined && again.claims().sub === sub, `the refresh token stays at its ${which} use`);
}
let refused;
try { await client.refreshTokenGrant(config, tokens.refresh_token); } catch (error) { refused = error; }
check(refused?.status === 400, 'without a proof it gives nothing');
console.log('done');

// Tells a page that frames this one whether the officer's session has changed (Session Management 1.0, section 3.2). The hash is
// computed here, not by crypto.subtle, which old browsers and pages over http do not have. A classic script, so that the oldest
// browsers run it.
(function () {
  "use strict";
  var cookie = document.body.getAttribute("data-cookie");
  var question = /^([A-Za-z0-9._~-]{1,128}) ([0-9a-f]{64}\.([A-Za-z0-9_-]{1,64}))$/;
  var K = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2];

  function turn(word, by) { return (word >>> by) | (word << (32 - by)); }

  // One block of 16 words (FIPS 180-4, section 6.2.2).
  function compress(hash, words, at) {
    var s = hash.slice(0), w = [], i, one, two;
    for (i = 0; i < 64; i += 1) {
      w[i] = i < 16 ? words[at + i] | 0
        : (w[i - 16] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3))
          + w[i - 7] + (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10))) | 0;
      one = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + K[i] + w[i];
      two = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
      s = [(one + two) | 0, s[0], s[1], s[2], (s[3] + one) | 0, s[4], s[5], s[6]];
    }
    for (i = 0; i < 8; i += 1) { s[i] = (s[i] + hash[i]) | 0; }
    return s;
  }

  // SHA-256 of an ASCII text, in hex.
  function sha256(text) {
    var hash = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    var words = [], hex = "", i;
    for (i = 0; i < text.length; i += 1) { words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8); }
    words[i >> 2] |= 0x80 << (24 - (i % 4) * 8);
    words[(((i + 8) >> 6) << 4) + 15] = i * 8;
    for (i = 0; i < words.length; i += 16) { hash = compress(hash, words, i); }
    for (i = 0; i < 8; i += 1) { hex += ("00000000" + (hash[i] >>> 0).toString(16)).slice(-8); }
    return hex;
  }

  // The state of this browser; "" where there is none or it is kept from us.
  function browserState() {
    var pairs, i;
    try {
      pairs = document.cookie.split("; ");
    } catch (refused) {
      return "";
    }
    for (i = 0; i < pairs.length; i += 1) {
      if (pairs[i].indexOf(cookie + "=") === 0) { return pairs[i].slice(cookie.length + 1); }
    }
    return "";
  }

  function receive(event) {
    var asked = typeof event.data === "string" ? question.exec(event.data) : null, state;
    function say(word) { event.source.postMessage(word, event.origin); }
    // A page without an origin of its own cannot be answered; our own pages never ask.
    if (!event.source || !/^https?:\/\//.test(event.origin) || event.origin === location.origin) { return; }
    if (!asked) { say("error"); return; }
    state = browserState();
    if (/^[A-Za-z0-9_-]{43}$/.test(state)) {
      say(sha256(asked[1] + " " + event.origin + " " + state + " " + asked[3]) + "." + asked[3] === asked[2] ? "unchanged" : "changed");
    } else if (document.hasStorageAccess) {
      // Gone, or kept from framed pages? Then we know nothing, and "changed" would send the application round for ever.
      document.hasStorageAccess().then(function (has) { say(has ? "changed" : "error"); }, function () { say("error"); });
    } else {
      say(navigator.cookieEnabled === false ? "error" : "changed");
    }
  }

  window.addEventListener("message", receive);
})();

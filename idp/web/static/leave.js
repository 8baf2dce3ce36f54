// Leaves the page as soon as every frame on it has loaded, after three seconds at the latest: without this file the browser waits for
// a frame as long as that takes (Front-Channel Logout 1.0). A classic script, so that the oldest browsers run it.
(function () {
  "use strict";
  var link = document.querySelector("a[data-leave]"), left = false;
  function leave() {
    if (link && !left) {
      left = true;
      location.replace(link.href);
    }
  }
  if (document.readyState === "complete") {
    leave();
  } else {
    window.addEventListener("load", leave);
    setTimeout(leave, 3000);
  }
})();

// Sends the answer on without a press of the button (Form Post Response Mode). A classic script, so that the oldest browsers run it.
(function () {
  "use strict";
  var form = document.querySelector("form[data-continue]");
  if (form) { form.submit(); }
})();

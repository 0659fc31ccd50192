// Chromium forgets autofocus when a page has loaded before its first frame is drawn: then the field gets it here.
"use strict";
addEventListener("load", () => {
  if (document.activeElement === document.body) document.querySelector("[autofocus]")?.focus();
});

// What the theme leaves undone for keyboards and screen readers.
(() => {
  "use strict";

  // What scrolls sideways must be reachable by keyboard.
  function reachable() {
    for (const box of document.querySelectorAll("pre, mjx-container, .cx-table, .math.block")) {
      if (box.scrollWidth > box.clientWidth && !box.hasAttribute("tabindex")) box.tabIndex = 0;
    }
  }

  document.addEventListener("DOMContentLoaded", reachable);
  window.addEventListener("load", reachable);
})();

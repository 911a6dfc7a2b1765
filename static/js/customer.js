// The customer page: "l" opens the log, and whoever asked for older events goes on reading at the first of them.
"use strict";

(() => {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (event.key !== "l" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    document.querySelector(".ident [data-log]")?.click();
  });

  document.addEventListener("htmx:afterSettle", () => {
    const first = document.querySelector("#timeline li[data-focus]");
    first?.removeAttribute("data-focus");
    first?.focus({ preventScroll: true });
  });
})();

// What htmx cannot do: keys, the row cursor, the user menu and dialogs. Every page works without this file.
"use strict";

(() => {
  const typing = (event) =>
    event.isComposing || event.ctrlKey || event.metaKey || event.altKey ||
    (event.target instanceof HTMLElement && event.target.matches("input, textarea, select, [contenteditable]"));
  const rows = () => [...document.querySelectorAll("[data-row]")];

  const moveCursor = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("cursor"));
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    all.forEach((row) => row.classList.toggle("cursor", row === next));
    (next.querySelector("[data-open]") || next.querySelector("a"))?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };

  const follow = (selector) => {
    document.querySelector(`[data-row].cursor ${selector}`)?.click();
  };

  const keys = {
    "/": () => document.getElementById("search")?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
    j: () => moveCursor(1),
    k: () => moveCursor(-1),
    ArrowDown: () => moveCursor(1),
    ArrowUp: () => moveCursor(-1),
    o: () => follow("[data-open]"),
    c: () => follow("[data-call]"),
    l: () => follow("[data-log]"),
    s: () => follow("[data-put-off]"),
    n: () => follow("[data-dismiss]"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.querySelectorAll("details[open].user-menu").forEach((menu) => menu.removeAttribute("open"));
      const hits = document.getElementById("search-hits");
      if (hits) hits.replaceChildren();
      document.querySelector("[data-close]")?.click();
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target instanceof HTMLElement) {
      event.target.closest("form")?.requestSubmit();
      return;
    }
    if (typing(event) || document.querySelector("dialog[open]")) return;
    const act = keys[event.key];
    if (act && (rows().length || !event.key.startsWith("Arrow"))) {
      event.preventDefault();
      act();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-close]")) event.target.closest(".drawer")?.remove();
    document.querySelectorAll("details[open].user-menu").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
    const hits = document.getElementById("search-hits");
    if (hits && !hits.parentElement.contains(event.target)) hits.replaceChildren();
  });

  // A form is sent once: a second click while the first is under way does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    window.addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form) delete form.dataset.sent;
  });

  // How much of a file has been sent.
  document.addEventListener("htmx:xhr:progress", (event) => {
    const bar = event.target.querySelector?.("progress.sending");
    if (bar && event.detail.lengthComputable) bar.value = (100 * event.detail.loaded) / event.detail.total;
  });

  // The page shows in plain words that a part could not be fetched; an expired session leads to sign-in.
  const say = (text) => {
    const line = document.createElement("p");
    line.className = "toast-line";
    line.textContent = text;
    document.querySelector(".toasts")?.replaceChildren(line);
  };
  const words = (name) => document.querySelector(".toasts")?.dataset[name] || "";
  document.addEventListener("htmx:sendError", () => say(words("offline")));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 403) say(words("denied"));
    else say(words("failed"));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if ([422, 429].includes(event.detail.xhr.status)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
    if (event.detail.xhr.responseURL && new URL(event.detail.xhr.responseURL).pathname.startsWith("/login")) {
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    event.detail.target?.querySelector?.("[data-focus]")?.focus(); // none when the browser goes back
  });
})();

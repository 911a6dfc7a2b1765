// What htmx cannot do: keys, the row cursor, focus after a swap, the user menu and what went wrong. Every page works
// without this file.
"use strict";

(() => {
  const isField = (node) => node instanceof HTMLElement && node.matches("input, textarea, select, [contenteditable]");
  // A key that an input method is still working on is not ours: 229 is what older browsers say of it.
  const composing = (event) => event.isComposing || event.keyCode === 229;
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const cursorRow = () => document.querySelector("[data-row].cursor");

  const setCursor = (row, takesFocus) => {
    rows().forEach((one) => one.classList.toggle("cursor", one === row));
    if (takesFocus) (row.querySelector("[data-open]") || row.querySelector("a, button"))?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const moveCursor = (step) => {
    const all = rows();
    if (!all.length) return;
    setCursor(all[Math.min(Math.max(all.indexOf(cursorRow()) + step, 0), all.length - 1)], true);
  };
  const follow = (selector) => cursorRow()?.querySelector(selector)?.click();

  // What went wrong is said over the page, which stays as it was.
  const box = document.querySelector(".toasts");
  const words = (name) => box?.dataset[name] || "";
  const dismissible = (line) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.ariaLabel = words("dismiss");
    button.addEventListener("click", () => line.remove());
    line.append(button);
    return line;
  };
  const lineOf = (text) => {
    const line = document.createElement("p");
    line.className = "toast-line";
    line.dataset.level = "error";
    line.textContent = text;
    return line;
  };
  const say = (line) => box?.replaceChildren(dismissible(line));
  box?.querySelectorAll(".toast-line").forEach(dismissible);

  // A drawer gives the focus back to what opened it, and asks once before it takes typed text away.
  let opener = null;
  document.addEventListener("input", (event) => {
    const drawer = event.target.closest(".drawer");
    if (drawer && event.target.matches("textarea, input[type=text]")) drawer.dataset.typed = "yes";
  });
  const closeDrawer = () => {
    const drawer = document.querySelector(".drawer");
    if (!drawer) return;
    if (drawer.dataset.typed) {
      delete drawer.dataset.typed;
      say(lineOf(words("unsaved")));
      return;
    }
    drawer.remove();
    const back = opener?.isConnected ? opener : cursorRow()?.querySelector("a, button");
    back?.focus();
    opener = null;
  };
  const closeMenus = (except) => {
    document.querySelectorAll("details[open]:is(.user-menu, .confirm)").forEach((menu) => {
      if (menu.contains(except)) return;
      const held = menu.contains(document.activeElement);
      menu.removeAttribute("open");
      if (held) menu.querySelector("summary").focus();
    });
  };
  const closeHits = (except) => {
    const hits = document.getElementById("search-hits");
    if (!hits || hits.parentElement.contains(except)) return;
    if (hits.contains(document.activeElement)) document.getElementById("search").focus();
    hits.replaceChildren();
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
    if (composing(event)) return;
    if (event.key === "Escape") {
      closeMenus(null);
      closeHits(null);
      closeDrawer();
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target instanceof HTMLElement) {
      event.target.closest("form")?.requestSubmit();
      return;
    }
    const isOurs = !event.ctrlKey && !event.metaKey && !event.altKey && !isField(event.target);
    if (!isOurs || document.querySelector("dialog[open]")) return;
    const act = keys[event.key];
    if (act && (rows().length || !event.key.startsWith("Arrow"))) {
      event.preventDefault();
      act();
    }
  });

  document.addEventListener("click", (event) => {
    const shut = event.target.closest?.("[data-close]");
    if (shut?.closest(".drawer")) closeDrawer();
    if (shut?.closest("details")) {
      event.preventDefault();
      closeMenus(null);
    }
    closeMenus(event.target);
    closeHits(event.target);
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.confirm[open]")) event.target.querySelector("footer .btn")?.focus();
  }, true);

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

  document.addEventListener("htmx:sendError", () => say(lineOf(words("offline"))));
  document.addEventListener("htmx:responseError", (event) => {
    const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    const line = answer.querySelector(".toast-line");
    say(line ? document.importNode(line, true) : lineOf(words("failed")));
  });

  const showConnection = () => {
    const banner = document.getElementById("offline");
    if (banner) banner.hidden = navigator.onLine;
  };
  window.addEventListener("online", showConnection);
  window.addEventListener("offline", showConnection);
  showConnection();

  // Where the reader was before a part of the page is exchanged, so that afterwards they are there again.
  let place = null;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target?.id === "drawer") opener = event.detail.elt;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if ([422, 429].includes(xhr.status) && !xhr.responseText.includes("toast-line")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
    if (xhr.responseURL && new URL(xhr.responseURL).pathname.startsWith("/login")) {
      event.detail.shouldSwap = false;
      window.location.reload(); // the session is over
    }
    const row = cursorRow();
    const active = document.activeElement;
    place = {
      held: target.contains(active) && active !== document.body ? active : null,
      id: row && target.contains(row) ? row.id : "",
      index: row && target.contains(row) ? rows().indexOf(row) : -1,
    };
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    // The new element, not event.detail.target: that one is gone when the swap replaced it.
    const find = (selector) => event.target.querySelector?.(selector);
    const wanted = find('[aria-invalid="true"]') || find("[data-focus]");
    if (wanted) {
      const field = isField(wanted) ? wanted : wanted.querySelector("input:checked, input, select, textarea");
      (field || wanted).focus();
    } else if (place) {
      restore(place);
    }
    place = null;
  });
  const restore = ({ held, id, index }) => {
    const all = rows();
    const row = (id && document.getElementById(id)) || all[Math.min(index, all.length - 1)];
    const isLost = Boolean(held) && document.activeElement === document.body;
    const name = isLost && held.getAttribute("name");
    const same = name && document.querySelector(`[name="${CSS.escape(name)}"]`);
    if (same) same.focus({ preventScroll: true });
    if (row && index >= 0) setCursor(row, isLost && !same);
    else if (isLost && !same) document.getElementById("page")?.focus({ preventScroll: true });
  };
})();

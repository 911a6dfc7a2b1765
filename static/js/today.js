// The cursor of the list keeps its place when an answer loads the page anew without its row (app.js keeps it over swaps).
"use strict";

(() => {
  const KEY = "today-cursor";
  const rows = () => [...document.querySelectorAll("#worklist [data-row]")];
  const put = (row) => rows().forEach((one) => one.classList.toggle("cursor", one === row));

  // A row that is used by mouse or Tab is the row that the keys mean.
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("#worklist [data-row]");
    if (row) put(row);
  });

  window.addEventListener("pagehide", () => {
    sessionStorage.setItem(KEY, String(rows().findIndex((row) => row.classList.contains("cursor"))));
  });
  const place = Number(sessionStorage.getItem(KEY) ?? -1);
  sessionStorage.removeItem(KEY);
  const row = rows()[Math.min(place, rows().length - 1)];
  if (!row) return;
  put(row);
  if (document.querySelector("[autofocus]")) return; // the browser goes there, since the address has no fragment
  row.querySelector("[data-open]")?.focus({ preventScroll: true });
})();

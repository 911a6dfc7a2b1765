// The cursor of the list stays where it was: on its row when a part is swapped, at its place when a row has gone.
"use strict";

(() => {
  const KEY = "today-cursor";
  const rows = () => [...document.querySelectorAll("#worklist [data-row]")];
  const at = () => rows().findIndex((row) => row.classList.contains("cursor"));
  const put = (row, isFocused) => {
    rows().forEach((one) => one.classList.toggle("cursor", one === row));
    if (isFocused) row?.querySelector("[data-open]")?.focus({ preventScroll: true });
  };

  // A row that is used by mouse or Tab is the row that the keys mean.
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("#worklist [data-row]");
    if (row && !row.classList.contains("cursor")) put(row, false);
  });

  let opened = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    opened = event.target.closest?.("#worklist [data-row]")?.id || "";
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!opened || !document.querySelector("#worklist")) return;
    const isAnswering = document.activeElement?.closest(".evidence");
    put(document.getElementById(opened), !isAnswering && document.activeElement === document.body);
  });

  // An answer loads the page anew without its row: the next one takes its place.
  window.addEventListener("pagehide", () => sessionStorage.setItem(KEY, String(at())));
  const place = Number(sessionStorage.getItem(KEY) ?? -1);
  sessionStorage.removeItem(KEY);
  const all = rows();
  if (place >= 0 && all.length && !document.querySelector("[autofocus]")) put(all[Math.min(place, all.length - 1)], true);
})();

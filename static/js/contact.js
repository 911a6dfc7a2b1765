// The next day follows the result that is chosen, until somebody has set it; a sale opens what is to be said of it.
"use strict";

(() => {
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form.log-form");
    if (!form) return;
    const date = form.elements.namedItem("next_date");
    if (event.target === date) date.dataset.set = "yes";
    if (event.target.name === "outcome" && event.target.value === "sold") form.querySelector("details").open = true;
    const next = event.target.closest("[data-next]");
    if (next && date && !date.dataset.set) date.value = next.dataset.next;
  }, true);
})();

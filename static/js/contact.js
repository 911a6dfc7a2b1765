// The next day follows the result that is chosen, until somebody has set it; a result that needs a sentence leads to its box.
"use strict";

(() => {
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form.log-form");
    if (!form) return;
    const date = form.elements.namedItem("next_date");
    if (event.target === date) date.dataset.set = "yes";
    const next = event.target.closest("[data-next]");
    if (next && date && !date.dataset.set) date.value = next.dataset.next;
  }, true);

  // Only after a press: who goes through the results by the arrow keys stays among them.
  document.addEventListener("click", (event) => {
    const picked = event.detail > 0 && event.target.closest?.("form[data-needing] .pick")?.querySelector("input");
    if (!picked || picked.name !== "outcome") return;
    const form = picked.form;
    const summary = form.elements.namedItem("summary");
    const needs = form.dataset.needing.split(" ").includes(picked.value);
    const texted = form.querySelector("input[name=channel][value=sms]")?.checked;
    if (needs && !texted && !summary.value) setTimeout(() => summary.focus());
  });
})();

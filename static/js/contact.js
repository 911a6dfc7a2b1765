// The next day follows the result that is chosen, until somebody has set it; a sale opens what is to be said of it, and a
// result that needs a sentence leads to its box.
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

  // Only after a press: who goes through the results by the arrow keys stays among them.
  let isPressed = false;
  document.addEventListener("pointerdown", (event) => { isPressed = Boolean(event.target.closest(".pick")); }, true);
  document.addEventListener("keydown", () => { isPressed = false; }, true);
  document.addEventListener("change", (event) => {
    const form = isPressed && event.target.name === "outcome" && event.target.closest("form[data-needing]");
    if (!form) return;
    const summary = form.elements.namedItem("summary");
    const isTexted = form.querySelector("input[name=channel][value=sms]")?.checked;
    if (form.dataset.needing.split(" ").includes(event.target.value) && !isTexted && !summary.value) summary.focus();
  });
})();

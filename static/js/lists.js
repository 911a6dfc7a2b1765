// Lists: how many rows are ticked, all of a page at once, and x for the row of the cursor. Forms work without.
"use strict";

(() => {
  const ticks = () => [...document.querySelectorAll("input[data-tick]")];
  const bar = () => document.querySelector("#bulk-form [data-ticked]");

  const tell = () => {
    const line = bar();
    if (!line) return;
    line.dataset.plain ??= line.textContent;
    const number = ticks().filter((one) => one.checked).length;
    line.textContent = number ? `${number} ${line.dataset.ticked}` : line.dataset.plain;
    const all = document.querySelector("[data-tick-all]");
    all.checked = number > 0 && number === ticks().length;
    all.indeterminate = number > 0 && !all.checked;
  };

  const ready = () => {
    document.querySelectorAll(".tick-all").forEach((one) => one.removeAttribute("hidden"));
    tell();
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) {
      ticks().forEach((one) => { one.checked = event.target.checked; });
    }
    if (event.target.matches("[data-tick], [data-tick-all]")) tell();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select") || document.querySelector("dialog[open]")) return;
    document.querySelector("[data-row].cursor input[data-tick]")?.click();
  });
  // One menu is open at a time, and none after a click elsewhere.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.pop[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.pop[open]").forEach((menu) => {
      menu.removeAttribute("open");
      menu.querySelector("summary").focus();
    });
  });
  document.addEventListener("htmx:afterSwap", ready);
  ready();
})();

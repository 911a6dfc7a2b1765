// Call mode: the digits choose a result, Enter saves and goes on to the next customer.
"use strict";

(() => {
  const form = document.querySelector("form[data-call]");
  if (!form) return;
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches?.("input:not([type=radio]), textarea, select");
    const choice = form.querySelectorAll("input[name=outcome]")[Number(event.key) - 1];
    if (!typing && choice) {
      choice.checked = true;
      choice.focus();
      event.preventDefault();
    } else if (event.key === "Enter" && (event.target === document.body || form.contains(event.target))) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
})();

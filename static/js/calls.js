// Call mode: the digits choose a result, Enter saves and goes on to the next customer. Where the result needs a sentence
// and there is none, Enter leads to its box first. A sale opens the boxes of what was sold.
"use strict";

(() => {
  const form = document.querySelector("form[data-call]");
  if (!form) return;
  const opened = () => {
    if (form.querySelector("input[name=outcome]:checked")?.value === "sold") form.querySelector("[data-sale]").open = true;
  };
  form.addEventListener("change", opened);
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches?.("input:not([type=radio]), textarea, select");
    const choice = form.querySelectorAll("input[name=outcome]")[Number(event.key) - 1];
    if (!typing && choice) {
      choice.checked = true;
      opened();
      choice.focus();
      event.preventDefault();
    } else if (event.key === "Enter" && (event.target === document.body || form.contains(event.target))) {
      event.preventDefault();
      const chosen = form.querySelector("input[name=outcome]:checked");
      const summary = form.querySelector("[name=summary]");
      if (chosen && form.dataset.needing.split(" ").includes(chosen.value) && !summary.value.trim()) summary.focus();
      else form.requestSubmit();
    }
  });
})();

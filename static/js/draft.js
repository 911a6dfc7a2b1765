// A contact that is being written survives an expired session and a save that failed: it stays in this tab until its
// writer can go on, and nowhere else. Signing out, another user's sign-in, and a page that shows it was saved remove it.
"use strict";

(() => {
  const KEY = "contact-draft";
  const writer = document.body.dataset.user || "";
  const forms = () => document.querySelectorAll("form[data-draft]");
  const pathOf = (address) => new URL(address, window.location.origin).pathname;

  const keep = (form, isUnsaved) => {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    const draft = { writer, address: form.getAttribute("action"), fields, isUnsaved };
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  };
  const forget = () => sessionStorage.removeItem(KEY);
  const kept = () => JSON.parse(sessionStorage.getItem(KEY) || "null");
  const mark = (draft, marks) => sessionStorage.setItem(KEY, JSON.stringify({ ...draft, ...marks }));

  const restore = (form, fields) => {
    form.querySelectorAll("input[type=radio], input[type=checkbox]").forEach((input) => {
      input.checked = fields.some(([name, value]) => name === input.name && value === input.value);
    });
    fields.forEach(([name, value]) => {
      const input = form.querySelector(`[name="${name}"]:not([type=radio], [type=checkbox])`);
      if (input) input.value = value;
    });
    const line = document.createElement("p");
    line.className = "toast-line";
    line.textContent = document.querySelector(".toasts")?.dataset.restored || "";
    document.querySelector(".toasts")?.replaceChildren(line);
  };

  // Sent as a page of its own: whether it was saved shows on the next page.
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-draft]")) keep(event.target, false);
    if (event.target.matches("form[data-signs-out]")) forget();
  });
  // Sent by htmx, or any part of the page asked for: the answer comes from the sign-in page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const answered = event.detail.xhr.responseURL;
    if (!answered || !pathOf(answered).startsWith("/login")) return;
    forms().forEach((form) => keep(form, false));
  });
  // Refused, broken or not sent: the form is still there, and comes back if the page has to be loaded again.
  ["htmx:responseError", "htmx:sendError"].forEach((name) => {
    document.addEventListener(name, (event) => {
      if (event.target.matches?.("form[data-draft]")) keep(event.target, true);
    });
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && event.target.matches?.("form[data-draft]") && event.detail.xhr.status === 204) forget();
  });

  const draft = kept();
  if (!draft) return;
  if (!writer || "problem" in document.body.dataset) {
    mark(draft, { isUnsaved: true, isSought: false });
    return;
  }
  if (!draft.isUnsaved || draft.writer !== writer) {
    forget();
    return;
  }
  const form = [...forms()].find((one) => pathOf(one.action) === pathOf(draft.address));
  if (form) {
    forget();
    restore(form, draft.fields);
  } else if (draft.isSought || window.location.pathname === pathOf(draft.address)) {
    forget(); // its page has no form any more: the customer is not this user's now, or is gone
  } else {
    mark(draft, { isSought: true });
    window.location.replace(draft.address);
  }
})();

// What is typed into a contact form, a plan or a reason stays in this tab until the server has stored it: over a
// reload, the way back, a failed save and an expired session. It is kept by customer and for this user alone; signing
// out, another user's sign-in and the server's word that it is stored (cookie saved_contact) remove it.
"use strict";

(() => {
  const KEY = "contact-draft";
  const writer = document.body.dataset.user || "";
  const pathOf = (address) => new URL(address, window.location.origin).pathname;

  // {writer, drafts: {path: {address, fields}}, sent: path, unsaved: path, isSought}
  const kept = () => JSON.parse(sessionStorage.getItem(KEY) || "null");
  const forgetAll = () => sessionStorage.removeItem(KEY);
  const write = (store) => {
    if (Object.keys(store.drafts).length) sessionStorage.setItem(KEY, JSON.stringify(store));
    else forgetAll();
  };
  const change = (edit) => {
    const store = kept() || { writer, drafts: {} };
    edit(store);
    write(store);
  };
  const forget = (path) => change((store) => delete store.drafts[path]);

  const keep = (form) => {
    const fields = [...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "next"].includes(name));
    const action = form.getAttribute("action");
    // Where the form can be asked for again: mostly its own address, else a page that holds it.
    change((store) => (store.drafts[pathOf(action)] = { address: form.dataset.draftPage || action, fields }));
  };

  const forgetSaved = () => {
    const saved = document.cookie.match(/(?:^|; )saved_contact=([^;]+)/)?.[1];
    if (!saved || !kept()) return;
    change((store) => {
      Object.entries(store.drafts).forEach(([path, draft]) => {
        if (draft.fields.some(([name, value]) => name === "submission" && value === saved)) delete store.drafts[path];
      });
    });
  };

  const say = () => {
    const line = document.createElement("p");
    line.className = "toast-line";
    line.textContent = document.querySelector(".toasts")?.dataset.restored || "";
    document.querySelector(".toasts")?.replaceChildren(line);
  };

  const restore = (form) => {
    const draft = kept()?.drafts[pathOf(form.action)];
    // A form that came back with errors already holds what was sent.
    if (!draft || form.querySelector("[role=alert]")) return;
    form.querySelectorAll("input[type=radio], input[type=checkbox]").forEach((input) => {
      input.checked = draft.fields.some(([name, value]) => name === input.name && value === input.value);
    });
    draft.fields.forEach(([name, value]) => {
      const input = form.elements.namedItem(name);
      if (input && "value" in input && !["radio", "checkbox", "submit"].includes(input.type) && input.type) input.value = value;
    });
    form.closest("details")?.setAttribute("open", ""); // what came back is to be seen
    const note = form.querySelector("[data-draft-note]");
    if (note) note.hidden = false;
  };
  const restoreIn = (part) => part.querySelectorAll?.("form[data-draft]").forEach(restore);

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form) keep(form);
  });
  document.addEventListener("click", (event) => {
    const form = event.target.closest?.("[data-draft-drop]")?.closest("form[data-draft]");
    if (!form) return;
    forget(pathOf(form.action));
    form.reset();
    form.querySelector("[data-draft-note]").hidden = true;
  });

  // Sent as a page of its own: whether the session had expired shows on the next page.
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-signs-out]")) forgetAll();
    if (!event.target.matches("form[data-draft]")) return;
    keep(event.target);
    change((store) => (store.sent = pathOf(event.target.action)));
  });
  // Sent by htmx, or any part of the page asked for: the answer comes from the sign-in page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const answered = event.detail.xhr.responseURL;
    const typed = [...document.querySelectorAll("form[data-draft]")].find((one) => kept()?.drafts[pathOf(one.action)]);
    const form = document.querySelector(".drawer form[data-draft]") || typed;
    if (!form || !answered || !pathOf(answered).startsWith("/login")) return;
    keep(form);
    change((store) => (store.unsaved = pathOf(form.action)));
  });
  document.addEventListener("htmx:afterRequest", forgetSaved);
  document.addEventListener("htmx:load", (event) => restoreIn(event.detail.elt));

  forgetSaved();
  const store = kept();
  if (!store) return;
  if (!store.drafts || (writer && store.writer !== writer)) {
    forgetAll();
    return;
  }
  // The sign-in page, or one that says what went wrong, in place of the page that follows a save.
  const problem = document.body.dataset.problem;
  if (!writer || problem) {
    if (store.sent) write({ ...store, unsaved: store.sent, sent: "" });
    // The form's own page is not there any more: the customer is gone, or another's now.
    else if (problem === "404" && window.location.pathname === store.unsaved) forget(store.unsaved);
    return;
  }
  // A form without a submission number has no cookie: the page that follows it, not reached by going back, is its answer.
  const isAnswered = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  const sent = store.drafts[store.sent];
  if (isAnswered && sent && !sent.fields.some(([name]) => name === "submission")) delete store.drafts[store.sent];
  const draft = store.drafts[store.unsaved];
  const isHere = [...document.querySelectorAll("form[data-draft]")].some((form) => pathOf(form.action) === store.unsaved);
  if (draft && !isHere && !store.isSought && window.location.pathname !== store.unsaved) {
    write({ ...store, sent: "", isSought: true });
    window.location.replace(draft.address);
    return;
  }
  write({ ...store, sent: "", unsaved: "", isSought: false });
  if (draft && !isHere) forget(store.unsaved); // its page has no form any more: the customer is gone, or another's now
  if (draft && isHere) say();
  restoreIn(document);
})();

// The clock of a call from the lobby runs on between two renewals of the page; what it says when it ends the server tells.
"use strict";

setInterval(() => {
  document.querySelectorAll(".clock[data-left]").forEach((clock) => {
    const left = Math.max(Number(clock.dataset.left) - 1, 0);
    clock.dataset.left = String(left);
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  });
}, 1000);

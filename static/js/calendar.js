// Drag a customer to another working day: the same form as on the plan's own page, which works without this.
(() => {
  const form = document.getElementById("move");
  if (!form) return;
  let moved = null;
  for (const link of document.querySelectorAll(".cal [data-move]")) {
    link.draggable = true;
    link.addEventListener("dragstart", (event) => {
      moved = link;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", link.textContent);
    });
    link.addEventListener("dragend", () => { moved = null; });
  }
  for (const cell of document.querySelectorAll(".cal [data-day]")) {
    cell.addEventListener("dragover", (event) => {
      if (!moved || cell.contains(moved)) return;
      event.preventDefault();
      cell.classList.add("drop");
    });
    cell.addEventListener("dragleave", (event) => {
      if (!cell.contains(event.relatedTarget)) cell.classList.remove("drop");
    });
    cell.addEventListener("drop", (event) => {
      if (!moved) return;
      event.preventDefault();
      form.action = moved.dataset.move;
      form.elements.due_date.value = cell.dataset.day;
      form.submit();
    });
  }
})();

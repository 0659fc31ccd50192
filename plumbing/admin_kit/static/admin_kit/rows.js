// Tables that people fill row by row: add, remove, show what belongs to a choice, and fill from a suggestion
// (data-rows-suggest="<field name>").
(() => {
  "use strict";

  const controls = (row) => [...row.querySelectorAll("input, select")];
  const clear = (row) => controls(row).forEach((control) => { control.value = ""; });
  const isEmpty = (row) => controls(row).every((control) => !control.value);

  function fit(table, row) {
    row.querySelectorAll("[data-only-for]").forEach((control) => {
      const [column, value] = control.dataset.onlyFor.split("=");
      const shown = row.querySelector(`[name="${table.dataset.name}-${column}"]`).value === value;
      control.hidden = !shown;
      if (!shown) control.value = "";
    });
  }

  function wire(table, row) {
    const remove = row.querySelector("[data-row-remove]");
    remove.hidden = false;
    remove.addEventListener("click", () => {
      const next = row.nextElementSibling;
      if (table.querySelectorAll("[data-row]").length > 1) row.remove(); else { clear(row); fit(table, row); }
      next?.querySelector("input, select, button")?.focus();
      table.dispatchEvent(new Event("change", { bubbles: true }));
    });
    row.addEventListener("change", () => fit(table, row));
    fit(table, row);
  }

  function addRow(table) {
    const rows = table.querySelectorAll("[data-row]");
    const row = rows[rows.length - 1].cloneNode(true);
    clear(row);
    rows[rows.length - 1].after(row);
    wire(table, row);
    return row;
  }

  function start(table) {
    table.classList.add("lo-live");
    const rows = [...table.querySelectorAll("[data-row]")];
    rows.forEach((row) => wire(table, row));
    // One empty row stays: it invites, and it is the pattern for new ones.
    rows.filter(isEmpty).slice(1).forEach((row) => row.remove());
    const add = table.querySelector("[data-row-add]");
    add.hidden = false;
    add.addEventListener("click", () => controls(addRow(table))[0].focus());
  }

  function suggest(button) {
    const table = document.querySelector(`[data-rows][data-name="${button.dataset.rowsSuggest}"]`);
    if (!table) return;
    const row = [...table.querySelectorAll("[data-row]")].find(isEmpty) || addRow(table);
    const [left, right] = controls(row);
    left.value = button.dataset.value;
    button.disabled = true;
    row.scrollIntoView({ block: "center", behavior: "smooth" });
    right.focus({ preventScroll: true });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-rows]").forEach(start);
    document.querySelectorAll("[data-rows-suggest]").forEach((button) => button.addEventListener("click", () => suggest(button)));
  });
})();

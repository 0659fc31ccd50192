// Keys where work repeats: j/k move, Enter look, x choose, a claim, r retry, z snooze, e resolve, / search.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-keys]");
  const rows = () => [...document.querySelectorAll("[data-keys] [data-row]")];
  const remembered = "leadops.exceptions.row";
  let current = -1;

  const choose = (index, scroll = true) => {
    const listed = rows();
    if (!listed.length) return;
    current = Math.max(0, Math.min(index, listed.length - 1));
    listed.forEach((row, number) => row.toggleAttribute("data-current", number === current));
    listed[current].focus({ preventScroll: true });
    if (scroll) listed[current].scrollIntoView({ block: "nearest" });
    sessionStorage.setItem(remembered, String(current));
  };

  const count = () => {
    const bulk = document.querySelector("[data-bulk]");
    if (!bulk) return;
    const chosen = document.querySelectorAll(".lo-tick:checked").length;
    bulk.hidden = !chosen;
    bulk.querySelector("[data-chosen]").textContent = String(chosen);
  };

  // A field of a dialog that has just been closed keeps the focus until the next frame: nobody types there.
  const shown = (element) => element !== null && element.checkVisibility();
  const typing = (target) =>
    shown(target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) ||
    shown(document.querySelector("#modal-overlay"));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const row = rows()[current] ?? (rows().length === 1 ? rows()[0] : null);
    if (event.key === "j" || event.key === "k") choose(current + (event.key === "j" ? 1 : -1));
    else if (event.key === "/") document.querySelector("[data-search]")?.focus();
    else if (!row) return;
    else if (event.key === "Enter" && [row, document.body].includes(event.target) && row.dataset.open) window.location.assign(row.dataset.open);
    else if (event.key === "x") row.querySelector(".lo-tick")?.click();
    else if ("arze".includes(event.key)) row.querySelector(`[data-key="${event.key}"]`)?.click();
    else return;
    event.preventDefault();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches(".lo-tick")) count();
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });
  form?.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (row) choose(rows().indexOf(row), false);
  });
  // What has just been swapped in may not be shown yet, and a hidden field takes no focus.
  const focusField = (patience) => {
    const field = document.querySelector("#dialog [autofocus]");
    field?.focus();
    if (field && document.activeElement !== field && patience > 0) setTimeout(() => focusField(patience - 1), 50);
  };
  document.addEventListener("htmx:afterSettle", () => focusField(40));

  // The answer to a retry comes within seconds: look again for a while, unless somebody is at work on the page.
  const tries = "leadops.exceptions.tries";
  const looks = Number(sessionStorage.getItem(tries));
  if (!document.querySelector("[data-trying]")) sessionStorage.removeItem(tries);
  else if (looks < 10)
    setTimeout(() => {
      const busy = document.querySelector(".lo-tick:checked, .lo-more [aria-expanded=true]") || typing(document.activeElement ?? document.body);
      sessionStorage.setItem(tries, String(looks + 1));
      if (!busy) window.location.reload();
    }, 2000);

  count();
  const cameFromHere = document.referrer.split("?")[0] === window.location.href.split("?")[0];
  const last = Number(sessionStorage.getItem(remembered));
  if (cameFromHere && last >= 0 && form?.id === "exceptions") choose(last);
});

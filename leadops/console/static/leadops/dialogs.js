// Dialogs are loaded into the page: their selects become searchable once they are there.
"use strict";
document.addEventListener("htmx:afterSettle", () => {
  const $ = window.django?.jQuery;
  const dialog = document.getElementById("dialog");
  if (!$ || !dialog) return;
  $(dialog)
    .find(".unfold-admin-autocomplete")
    .not(".select2-hidden-accessible")
    // Inside the dialog, which closes on clicks outside of itself.
    .select2({ dropdownParent: $(dialog), width: "100%", placeholder: "Search owners and queues" });
  dialog.querySelector("input:not([type=hidden]), select")?.focus();
});

// The order of rows is saved on drop; each row has two buttons that move it without a mouse.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const table = document.querySelector("#result_list[data-ordering-field]");
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value;
  // "form-3-position" stands in the row, "form-3-id" above the table.
  const idOf = (body) => {
    const position = body.querySelector(`[name$="-${table.dataset.orderingField}"]`)?.name ?? "";
    return document.querySelector(`[name="${position.replace(/[^-]+$/, "id")}"]`)?.value;
  };
  const bodies = () => [...table.querySelectorAll("tbody")].filter(idOf);
  if (!table || !token || !bodies().length) return;
  const address = new URL("order/", window.location.href.split("?")[0]);

  const status = document.createElement("div");
  status.className = "lo-toast";
  status.setAttribute("role", "status");
  document.body.append(status);
  const say = (text, undo) => {
    status.replaceChildren(text);
    if (!undo) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "lo-button";
    button.textContent = "Undo";
    button.addEventListener("click", () => save(undo, { reload: true }));
    status.append(" ", button);
  };

  // The bar above the list says what is not published yet.
  const refreshBar = async () => {
    const page = new DOMParser().parseFromString(await (await fetch(window.location.href)).text(), "text/html");
    const fresh = page.querySelector("[data-draft-bar]");
    if (fresh) document.querySelector("[data-draft-bar]")?.replaceWith(fresh);
  };

  let saving = Promise.resolve();
  const save = (order, { reload = false } = {}) => {
    const form = new FormData();
    order.forEach((id) => form.append("row", id));
    say("Saving the order…");
    saving = saving.then(async () => {
      const answer = await fetch(address, { method: "POST", body: form, headers: { "X-CSRFToken": token }, keepalive: true }).catch(() => null);
      if (!answer?.ok) return say("The order was not saved. Load the page again, and try once more.");
      if (reload) return window.location.reload();
      const { before } = await answer.json();
      say("Order saved as a draft.", before);
      await refreshBar();
    });
    return saving;
  };
  const changed = () => save(bodies().map(idOf));

  // Unfold's own handler fills in the hidden positions first.
  table.addEventListener("end", () => setTimeout(changed));

  // Whoever goes on to publish at once waits for the order to be there.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-draft-bar] a");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    saving.then(() => window.location.assign(link.href));
  });

  const move = (body, by) => {
    const rows = bodies();
    const other = rows[rows.indexOf(body) + by];
    if (!other) return;
    if (by < 0) other.before(body);
    else other.after(body);
    window.sortRecords?.({ from: table });
    changed();
  };
  for (const body of bodies()) {
    const handle = body.querySelector("td");
    const both = document.createElement("span");
    both.className = "lo-move";
    for (const [by, icon, label] of [[-1, "keyboard_arrow_up", "Move up"], [1, "keyboard_arrow_down", "Move down"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "lo-icon-button";
      button.setAttribute("aria-label", label);
      button.title = label;
      button.innerHTML = `<span class="material-symbols-outlined" aria-hidden="true">${icon}</span>`;
      button.addEventListener("click", () => {
        move(body, by);
        button.focus();
      });
      both.append(button);
    }
    handle?.append(both);
  }
});

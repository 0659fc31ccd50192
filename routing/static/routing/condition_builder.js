// The editor of conditions. The textarea stays the form's value; this keeps it in step with rows of field,
// operator and value. Structure changes draw the whole editor again; typing changes only the JSON and the sentence.
(() => {
  "use strict";

  const { GROUPS, operatorOf, sentence } = window.leadopsConditions;
  const MANY = ["in", "not_in", "contains", "starts_with", "has_word", "eq", "ne"];
  const SINGLE_OF = { in: "eq", not_in: "ne" };
  const FEW = 8;

  function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === false || value === undefined || value === null) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }
  const icon = (name) => h("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);

  // ---- JSON <-> model: {join, parts} and {field, operator, values} ---------------------------------------------------

  function toModel(json) {
    if (!json || typeof json !== "object" || Array.isArray(json)) return { join: "all", parts: [] };
    if ("field" in json) return { join: "all", parts: [toLeaf(json)] };
    const groups = GROUPS.filter((group) => Array.isArray(json[group]));
    const parts = (group) => json[group].map((part) => (part && "field" in part ? toLeaf(part) : toModel(part)));
    if (groups.length === 1) return { join: groups[0], parts: parts(groups[0]) };
    // Several groups side by side must all hold.
    return { join: "all", parts: groups.flatMap((group) => (group === "all" ? parts(group) : [{ join: group, parts: parts(group) }])) };
  }

  function toLeaf(json) {
    const operator = operatorOf(json) || "in";
    const value = json[operator];
    if (operator === "is") return { field: json.field, operator: `is:${value}`, values: [] };
    if (typeof value === "boolean" && (operator === "eq" || operator === "ne")) {
      return { field: json.field, operator: `eq:${operator === "eq" ? value : !value}`, values: [] };
    }
    return { field: json.field, operator, values: Array.isArray(value) ? value : [value] };
  }

  function toJson(node, paths, path = "") {
    if (!node.parts) {
      paths.set(path, node);
      const [operator, fixed] = node.operator.split(":");
      if (operator === "is") return { field: node.field, is: fixed };
      if (fixed) return { field: node.field, eq: fixed === "true" };
      if (operator === "between") return { field: node.field, between: [node.values[0] ?? "", node.values[1] ?? ""] };
      if (node.values.length === 1) return { field: node.field, [SINGLE_OF[operator] || operator]: node.values[0] };
      return { field: node.field, [operator]: MANY.includes(operator) ? node.values : (node.values[0] ?? "") };
    }
    const kept = node.parts.filter((part) => (part.parts ? part.parts.length : part.field));
    const written = kept
      .map((part, index) => toJson(part, paths, `${path}${path && "."}${node.join}[${index}]`))
      .filter((part) => Object.keys(part).length);
    return written.length ? { [node.join]: written } : {};
  }

  // ---- the editor ----------------------------------------------------------------------------------------------------

  class Builder {
    constructor(host) {
      this.host = host;
      this.words = JSON.parse(document.getElementById(host.dataset.vocabulary).textContent);
      this.fields = Object.fromEntries(this.words.fields.map((field) => [field.name, field]));
      this.labels = Object.fromEntries(this.words.fields.map((field) => [field.name, field.words]));
      this.textarea = host.querySelector("textarea");
      this.problems = new Map();
      this.lists = 0;
      try { this.model = toModel(JSON.parse(this.textarea.value || "{}")); } catch { return; }

      this.said = h("p", { class: "lo-cond-words", "aria-live": "polite" });
      this.editor = h("div");
      const wrong = h("p", { class: "lo-cond-error", role: "alert", hidden: true });
      const text = h("details", { class: "lo-cond-text" }, h("summary", {}, "As text"));
      host.prepend(this.said, this.editor);
      text.append(this.textarea, wrong);
      host.append(text);
      this.textarea.setAttribute("aria-label", "Condition as JSON");
      this.textarea.addEventListener("input", () => {
        if (this.writing) return;
        try {
          this.model = toModel(JSON.parse(this.textarea.value || "{}"));
          wrong.hidden = true;
          this.draw();
          this.say(JSON.parse(this.textarea.value || "{}"));
        } catch (error) {
          wrong.textContent = `This is not JSON yet: ${error.message}`;
          wrong.hidden = false;
        }
      });

      const paths = new Map();
      const json = toJson(this.model, paths);
      for (const { path, message } of JSON.parse(host.dataset.problems || "[]")) {
        const leaf = paths.get(path);
        if (leaf) this.problems.set(leaf, message);
      }
      this.draw();
      this.say(json);
    }

    kindOf(field) { return this.fields[field]?.kind || "text"; }

    changed(leaf) {
      if (leaf) this.problems.delete(leaf);
      const json = toJson(this.model, new Map());
      this.textarea.value = JSON.stringify(json, null, 2);
      this.writing = true;
      for (const name of ["input", "change"]) this.textarea.dispatchEvent(new Event(name, { bubbles: true }));
      this.writing = false;
      this.say(json);
    }

    say(json) {
      const empty = !Object.keys(json).length;
      this.said.textContent = empty ? this.host.dataset.always || "No comparison yet." : sentence(json, this.labels, this.words.operator_words);
      this.said.classList.toggle("lo-cond-empty", empty);
    }

    redraw(focus, leaf) {
      this.changed(leaf);
      this.focus = focus;
      this.draw();
    }

    draw() {
      this.lists = 0;
      this.editor.replaceChildren(this.drawGroup(this.model, 1, null));
      if (this.wanted) this.wanted.focus();
      this.focus = this.wanted = null;
    }

    drawGroup(group, depth, parent) {
      const choose = h("select", {
        class: this.words.classes.select, "aria-label": "How these lines belong together",
        onchange: (event) => { group.join = event.target.value; this.redraw({ node: group, part: "join" }); },
      }, ...GROUPS.map((join) => h("option", { value: join, selected: join === group.join }, this.words.operator_words.groups[join])));
      if (this.focus?.node === group && this.focus.part === "join") this.wanted = choose;
      const add = h("button", {
        type: "button", class: "lo-text-button",
        onclick: () => {
          const leaf = { field: "", operator: "in", values: [] };
          group.parts.push(leaf);
          this.redraw({ node: leaf, part: "field" });
        },
      }, icon("add"), "Comparison");
      if (this.focus?.node === group && this.focus.part === "add") this.wanted = add;
      const nest = depth < this.words.deepest ? h("button", {
        type: "button", class: "lo-text-button",
        onclick: () => {
          const leaf = { field: "", operator: "in", values: [] };
          group.parts.push({ join: group.join === "any" ? "all" : "any", parts: [leaf] });
          this.redraw({ node: leaf, part: "field" });
        },
      }, icon("account_tree"), "Group") : null;
      const head = group.parts.length > 1 || parent || group.join === "none"
        ? h("div", { class: "lo-cond-head" }, choose, parent ? this.removeButton(group, parent, "Remove this group") : null) : null;
      return h("div", { class: `lo-cond-group lo-cond-depth-${depth}`, role: "group", "aria-label": this.words.operator_words.groups[group.join] },
        head,
        ...group.parts.map((part, index) => h("div", { class: "lo-cond-line" },
          h("span", { class: "lo-cond-joint", "aria-hidden": "true" }, index ? this.words.operator_words.joints[group.join] : group.join === "none" ? "not" : "if"),
          part.parts ? this.drawGroup(part, depth + 1, group) : this.drawLeaf(part, group))),
        h("div", { class: "lo-cond-foot" }, add, nest));
    }

    removeButton(node, parent, label) {
      return h("button", {
        type: "button", class: "lo-icon-button", title: label, "aria-label": label,
        onclick: () => {
          const index = parent.parts.indexOf(node);
          parent.parts.splice(index, 1);
          const next = parent.parts[Math.min(index, parent.parts.length - 1)];
          this.redraw(next ? { node: next, part: next.parts ? "join" : "field" } : { node: parent, part: "add" }, node);
        },
      }, icon("close"));
    }

    drawLeaf(leaf, parent) {
      const problem = this.problems.get(leaf);
      const row = h("div", { class: `lo-cond-leaf${problem ? " lo-cond-wrong" : ""}` },
        this.drawField(leaf), leaf.field ? this.drawOperator(leaf) : h("span"),
        leaf.field ? this.drawValue(leaf) : h("span", { class: "lo-muted" }, "Choose what to look at."),
        this.removeButton(leaf, parent, "Remove this comparison"));
      if (problem) row.append(h("p", { class: "lo-cond-error" }, problem));
      return row;
    }

    drawField(leaf) {
      const extra = this.words.extra.map((name) => `extra.${name}`);
      const own = leaf.field.startsWith("extra.") && !extra.includes(leaf.field);
      const option = (value, label) => h("option", { value, selected: value === (own ? "extra." : leaf.field) }, label);
      const groups = new Map();
      for (const field of this.words.fields) {
        if (!groups.has(field.group)) groups.set(field.group, []);
        groups.get(field.group).push(option(field.name, field.label));
      }
      const strange = leaf.field && !own && !this.fields[leaf.field] && !extra.includes(leaf.field);
      const select = h("select", {
        class: this.words.classes.select, "aria-label": "Field",
        onchange: (event) => {
          const before = this.kindOf(leaf.field);
          leaf.field = event.target.value;
          const kind = this.kindOf(leaf.field);
          if (kind !== before || kind === "choice" || !leaf.operator) {
            leaf.operator = this.words.operators[kind][0][0];
            leaf.values = [];
          }
          this.redraw({ node: leaf, part: leaf.field === "extra." ? "extra" : "operator" }, leaf);
        },
      },
      h("option", { value: "", selected: !leaf.field, disabled: Boolean(leaf.field) }, "Field…"),
      strange ? option(leaf.field, leaf.field) : null,
      ...[...groups].map(([label, options]) => h("optgroup", { label }, ...options)),
      h("optgroup", { label: "Extra values" }, ...extra.map((name) => option(name, name.slice(6))), option("extra.", "Another extra value…")));
      if (this.focus?.node === leaf && this.focus.part === "field") this.wanted = select;
      if (!own && leaf.field !== "extra.") return select;
      const name = h("input", {
        type: "text", class: this.words.classes.input, "aria-label": "Name of the extra value", placeholder: "name in the form",
        value: leaf.field.slice(6), oninput: (event) => { leaf.field = `extra.${event.target.value.trim()}`; this.changed(leaf); },
      });
      if (this.focus?.node === leaf && this.focus.part === "extra") this.wanted = name;
      return h("span", { class: "lo-cond-extra" }, select, name);
    }

    wordsOf(operator) { return this.words.operator_words.says[operator] || this.words.operator_words.states[operator.slice(3)] || operator; }
    drawOperator(leaf) {
      const known = this.words.operators[this.kindOf(leaf.field)];
      const shown = { eq: "in", ne: "not_in" }[leaf.operator];
      if (!known.some(([name]) => name === leaf.operator) && known.some(([name]) => name === shown)) leaf.operator = shown;
      const options = known.some(([name]) => name === leaf.operator) ? known
        : [...known, [leaf.operator, this.wordsOf(leaf.operator)]];
      const select = h("select", {
        class: this.words.classes.select, "aria-label": "Comparison",
        onchange: (event) => {
          leaf.operator = event.target.value;
          if (leaf.operator.includes(":")) leaf.values = [];
          this.redraw({ node: leaf, part: leaf.operator.includes(":") ? "operator" : "value" }, leaf);
        },
      }, ...options.map(([name, label]) => h("option", { value: name, selected: name === leaf.operator }, label)));
      if (this.focus?.node === leaf && this.focus.part === "operator") this.wanted = select;
      return select;
    }

    drawValue(leaf) {
      const kind = this.kindOf(leaf.field);
      if (leaf.operator.includes(":")) return h("span");
      const choices = this.words.choices[leaf.field];
      let control;
      if (leaf.operator === "between") {
        control = h("span", { class: "lo-cond-between" }, this.input(leaf, 0, kind, "From"), h("span", {}, "and"), this.input(leaf, 1, kind, "To"));
      } else if (kind === "number" || kind === "date") {
        control = this.input(leaf, 0, kind, "Value");
      } else if (choices && choices.length <= FEW && choices.length) {
        control = this.pills(leaf, choices);
      } else {
        control = this.chips(leaf, choices || null);
      }
      if (this.focus?.node === leaf && this.focus.part === "value") this.wanted = control.matches("input") ? control : control.querySelector("input, button[aria-pressed]");
      return control;
    }

    input(leaf, index, kind, label) {
      return h("input", {
        class: this.words.classes.input, type: { number: "number", date: "date" }[kind] || "text", step: kind === "number" ? "any" : false,
        "aria-label": label, placeholder: label === "Value" ? false : label.toLowerCase(), value: leaf.values[index] ?? "",
        oninput: (event) => {
          const typed = event.target.value;
          leaf.values[index] = kind === "number" && typed !== "" ? Number(typed) : typed;
          this.changed(leaf);
        },
        onkeydown: (event) => { if (event.key === "Enter") event.preventDefault(); },
      });
    }

    pills(leaf, choices) {
      const strangers = leaf.values.filter((value) => !choices.some(([known]) => known === value)).map((value) => [value, value]);
      return h("span", { class: "lo-cond-pills", role: "group", "aria-label": "Values" },
        ...[...choices, ...strangers].map(([value, label]) => h("button", {
          type: "button", class: "lo-chip", "aria-pressed": String(leaf.values.includes(value)),
          onclick: (event) => {
            const on = !leaf.values.includes(value);
            leaf.values = on ? [...leaf.values, value] : leaf.values.filter((other) => other !== value);
            event.currentTarget.setAttribute("aria-pressed", String(on));
            this.changed(leaf);
          },
        }, label)));
    }

    chips(leaf, choices) {
      const box = h("span", { class: `${this.words.classes.input} lo-cond-chips` });
      const note = h("span", { class: "lo-cond-error", role: "alert" });
      const listId = `${this.textarea.id}-values-${this.lists++}`;
      const labelOf = (value) => {
        const choice = choices?.find(([known]) => known === value);
        return choice && choice[1] !== choice[0] ? `${choice[1]} (${choice[0]})` : String(value);
      };
      const draw = () => {
        box.querySelectorAll(".lo-chip").forEach((chip) => chip.remove());
        input.before(...leaf.values.map((value) => h("span", { class: "lo-chip lo-chip-on" }, labelOf(value), h("button", {
          type: "button", "aria-label": `Remove ${labelOf(value)}`, title: "Remove",
          onclick: () => { leaf.values = leaf.values.filter((other) => other !== value); draw(); this.changed(leaf); input.focus(); },
        }, icon("close")))));
        input.placeholder = leaf.values.length ? "or…" : choices ? "Type to choose" : "Type, then Enter";
      };
      const take = () => {
        note.textContent = "";
        for (const typed of input.value.split(",").map((part) => part.trim()).filter(Boolean)) {
          const low = typed.toLowerCase();
          const known = choices?.find(([value, label]) => value.toLowerCase() === low || label.toLowerCase() === low)
            || (choices && low.length > 2 && choices.filter(([, label]) => label.toLowerCase().startsWith(low)).length === 1
              ? choices.find(([, label]) => label.toLowerCase().startsWith(low)) : null);
          if (choices && !known) { note.textContent = `There is no “${typed}”.`; continue; }
          const value = known ? known[0] : typed;
          if (!leaf.values.includes(value)) leaf.values.push(value);
          input.value = "";
        }
        draw();
        this.changed(leaf);
      };
      const input = h("input", {
        type: "text", "aria-label": "Value", list: choices ? listId : false, autocomplete: "off",
        onkeydown: (event) => {
          if (event.key === "Enter" || (event.key === "," && input.value.trim())) { event.preventDefault(); take(); }
          if (event.key === "Backspace" && !input.value && leaf.values.length) { leaf.values.pop(); draw(); this.changed(leaf); }
        },
        onblur: () => { if (input.value.trim()) take(); },
        oninput: (event) => {
          // A choice picked from the list arrives whole, not as typed text.
          if (choices && event.inputType !== "insertText" && choices.some(([value]) => value === input.value)) take();
        },
      });
      box.append(input);
      if (choices) box.append(h("datalist", { id: listId }, ...choices.map(([value, label]) => h("option", { value, label }))));
      draw();
      box.addEventListener("click", (event) => { if (event.target === box) input.focus(); });
      return h("span", { class: "lo-cond-values" }, box, note);
    }
  }

  const start = () => document.querySelectorAll("[data-condition-builder]").forEach((host) => {
    if (host.dataset.ready) return;
    host.dataset.ready = "1";
    new Builder(host);
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();

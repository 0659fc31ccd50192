// Conditions as sentences: the same words as routing/engine/wording.py (a browser test compares the two).
(() => {
  "use strict";

  const GROUPS = ["all", "any", "none"];
  const SAYS = {
    eq: "is", in: "is", ne: "is not", not_in: "is not", contains: "contains", starts_with: "starts with",
    has_word: "has the word", gt: "is more than", gte: "is at least", lt: "is less than", lte: "is at most",
    between: "is between",
  };
  const STATES = { present: "is filled in", missing: "is empty", named: "is a named account" };
  const PIECES = { all: " and ", any: " or ", none: " or " };

  const operatorOf = (leaf) => Object.keys(leaf).find((name) => name !== "field");
  const list = (value) => (Array.isArray(value) ? value : [value]).map(String);

  function joined(value) {
    const items = list(value);
    return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${items[items.length - 1]}`;
  }

  function say(node, labels, inside) {
    if ("field" in node) return sayLeaf(node, labels);
    const groups = GROUPS.filter((group) => group in node);
    return groups.map((group) => sayGroup(group, node[group], labels, inside || groups.length > 1)).join(" and ");
  }

  function sayGroup(group, parts, labels, inside) {
    const said = parts.map((part) => say(part, labels, parts.length > 1)).join(PIECES[group]);
    if (group === "none") return `not (${said})`;
    return inside && group === "any" && parts.length > 1 ? `(${said})` : said;
  }

  function sayLeaf(leaf, labels) {
    const label = labels[leaf.field] || leaf.field.replace(/^extra\./, "").replaceAll("_", " ");
    const operator = operatorOf(leaf);
    const wanted = leaf[operator];
    if (operator === "is") return `${label} ${STATES[wanted]}`;
    if (operator === "between") return `${label} is between ${wanted[0]} and ${wanted[1]}`;
    if (typeof wanted === "boolean" && (operator === "eq" || operator === "ne")) {
      const yes = wanted === (operator === "eq");
      if (label.includes(" is ")) return yes ? label : label.replace(" is ", " is not ");
      return `${label} is ${yes ? "yes" : "no"}`;
    }
    return `${label} ${SAYS[operator]} ${joined(wanted)}`;
  }

  const JOIN_LABELS = { all: "All of these hold", any: "Any of these holds", none: "None of these holds" };
  const JOINTS = { all: "and", any: "or", none: "nor" };

  window.leadopsConditions = {
    GROUPS, JOIN_LABELS, JOINTS, SAYS, STATES, operatorOf,
    sentence: (condition, labels) => (condition && Object.keys(condition).length ? say(condition, labels, false) : "always"),
  };
})();

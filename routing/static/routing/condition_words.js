// Conditions as sentences, in the words that the page brings (routing/engine/operator_words.py); their order is that of
// routing/engine/wording.py (a browser test compares the two).
(() => {
  "use strict";

  const GROUPS = ["all", "any", "none"];

  const operatorOf = (leaf) => Object.keys(leaf).find((name) => name !== "field");
  const list = (value) => (Array.isArray(value) ? value : [value]).map(String);

  function joined(value) {
    const items = list(value);
    return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${items[items.length - 1]}`;
  }

  function sayer({ says, states, pieces }, labels) {
    const say = (node, inside) => {
      if ("field" in node) return sayLeaf(node);
      const groups = GROUPS.filter((group) => group in node);
      return groups.map((group) => sayGroup(group, node[group], inside || groups.length > 1)).join(" and ");
    };
    const sayGroup = (group, parts, inside) => {
      const said = parts.map((part) => say(part, parts.length > 1)).join(pieces[group]);
      if (group === "none") return `not (${said})`;
      return inside && group === "any" && parts.length > 1 ? `(${said})` : said;
    };
    const sayLeaf = (leaf) => {
      const label = labels[leaf.field] || leaf.field.replace(/^extra\./, "").replaceAll("_", " ");
      const operator = operatorOf(leaf);
      const wanted = leaf[operator];
      if (operator === "is") return `${label} ${states[wanted]}`;
      if (operator === "between") return `${label} ${says.between} ${wanted[0]} and ${wanted[1]}`;
      if (typeof wanted === "boolean" && (operator === "eq" || operator === "ne")) {
        const yes = wanted === (operator === "eq");
        if (label.includes(" is ")) return yes ? label : label.replace(" is ", " is not ");
        return `${label} is ${yes ? "yes" : "no"}`;
      }
      return `${label} ${says[operator]} ${joined(wanted)}`;
    };
    return (condition) => (condition && Object.keys(condition).length ? say(condition, false) : "always");
  }

  window.leadopsConditions = {
    GROUPS, operatorOf,
    sentence: (condition, labels, words) => sayer(words, labels)(condition),
  };
})();

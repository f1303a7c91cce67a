"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const list = byId("list");
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // Closed details would be missing on paper.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => {
    closed.forEach((details) => { details.open = false; });
    closed = [];
  });
  if (!list) { return; }

  const bodies = Array.from(list.tBodies);
  const number = (name) => (body) => Number(body.dataset[name]);
  const cell = (index) => (body) => body.rows[0].cells[index].textContent;
  const keys = {
    // The order of the page is by severity, worst first.
    severity: (body) => -Number(body.dataset.index),
    score: number("score"),
    suspicion: number("suspicion"),
    findings: number("findings"),
    name: cell(3),
    source: cell(5),
  };
  const text = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => (typeof a === "number" ? a - b : text.compare(a, b));

  const sortBy = (header, descending) => {
    const key = keys[header.dataset.key];
    const sorted = bodies
      .map((body) => ({ body, value: key(body), index: Number(body.dataset.index) }))
      .sort((a, b) => (descending ? compare(b.value, a.value) : compare(a.value, b.value)) || a.index - b.index);
    list.append(...sorted.map((entry) => entry.body));
    for (const other of list.tHead.rows[0].cells) { other.removeAttribute("aria-sort"); }
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  };

  for (const header of list.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent.trim();
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      const now = header.getAttribute("aria-sort");
      const isText = header.dataset.key === "name" || header.dataset.key === "source";
      sortBy(header, now ? now === "ascending" : !isText);
    });
  }

  const boxes = all("#controls input[type=checkbox]");
  const texts = new Map();
  const textOf = (body) => {
    if (!texts.has(body)) { texts.set(body, body.textContent.toLowerCase()); }
    return texts.get(body);
  };
  const filter = () => {
    const words = byId("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const body of bodies) {
      const matches = severities.has(body.dataset.severity) && words.every((word) => textOf(body).includes(word));
      body.hidden = !matches;
      shown += matches ? 1 : 0;
    }
    byId("shown").textContent = `${shown} of ${bodies.length} shown`;
    byId("nothing").hidden = shown > 0;
  };
  let waiting = 0;
  byId("text").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  boxes.forEach((box) => box.addEventListener("change", filter));
  const openAll = (open) => () => all("tbody:not([hidden]) > .detail > td > details", list)
    .forEach((details) => { details.open = open; });
  byId("open").addEventListener("click", openAll(true));
  byId("close").addEventListener("click", openAll(false));
  byId("controls").hidden = false;
  filter();
})();

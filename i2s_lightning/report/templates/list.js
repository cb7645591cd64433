"use strict";
// The list of pictures: filtered, sorted, and shown a page at a time, as a sheet or as a table.

const PER_PAGE = 60; // what a browser draws at once, however many pictures there are

const list = {
  query: "", status: "", verdict: "", key: "name", descending: false, view: "sheet", page: 0,
  shown: report.names.map((_, index) => index),
};

function valuesOf(key) {
  if (key === "name") return report.names;
  if (key === "status") return report.statuses;
  if (key === "verdict") return report.verdicts;
  return report.numbers[key];
}

const places = new Map();

/** Give numbers to sort a column by: of texts their places, found once, as comparing them takes long. */
function keysOf(key) {
  const values = valuesOf(key);
  if (typeof values[0] !== "string") return values;
  if (!places.has(key)) {
    const ordered = [...new Set(values)].sort(new Intl.Collator(undefined, {numeric: true}).compare);
    const place = new Map(ordered.map((value, i) => [value, i]));
    places.set(key, values.map(value => place.get(value)));
  }
  return places.get(key);
}

/** Order picture numbers by a column; those without a value come last, equal ones stay in the order of their names. */
function sorted(some, key, descending) {
  const keys = keysOf(key);
  const sign = descending ? -1 : 1;
  return some.sort((i, j) => {
    const a = keys[i], b = keys[j];
    if (a === null || b === null) return (a === null) - (b === null) || i - j;
    return sign * (a - b) || i - j;
  });
}

function matches(index) {
  return report.names[index].toLowerCase().includes(list.query)
    && (!list.status || report.statuses[index] === list.status)
    && (!list.verdict || report.verdicts[index] === list.verdict);
}

/** Change what is listed, and draw it. */
function relist(change) {
  Object.assign(list, {page: 0}, change);
  list.shown = sorted(report.names.map((_, index) => index).filter(matches), list.key, list.descending);
  draw();
}

const pageCount = () => Math.max(1, Math.ceil(list.shown.length / PER_PAGE));

function turnTo(page) {
  list.page = Math.min(Math.max(page, 0), pageCount() - 1);
  draw();
}

function draw() {
  const some = list.shown.slice(list.page * PER_PAGE, (list.page + 1) * PER_PAGE);
  const sheet = list.view === "sheet";
  byId("sheet").hidden = byId("sheet-tools").hidden = !sheet;
  byId("table").hidden = sheet;
  byId("sheet").replaceChildren(...(sheet ? some.map(card) : []));
  byId("rows").replaceChildren(...(sheet ? [] : some.map(row)));
  drawOrder();
  drawPager(some.length);
}

function drawOrder() {
  for (const heading of document.querySelectorAll("th[data-key]")) {
    if (heading.dataset.key === list.key) heading.ariaSort = list.descending ? "descending" : "ascending";
    else heading.removeAttribute("aria-sort");
  }
  byId("order").value = list.key;
  byId("direction").textContent = list.descending ? "↓" : "↑";
  byId("direction").title = list.descending ? "descending" : "ascending";
}

function drawPager(count) {
  const total = list.shown.length.toLocaleString("en");
  const of = list.shown.length === report.names.length ? total : `${total} (of ${report.names.length.toLocaleString("en")})`;
  const first = list.page * PER_PAGE + 1;
  byId("count").textContent = count ? `${first.toLocaleString("en")} to ${(first + count - 1).toLocaleString("en")} of ${of}` : "No picture fits.";
  const pages = pageCount();
  byId("pager").hidden = pages === 1;
  Object.assign(byId("page"), {value: list.page + 1, max: pages});
  byId("page-count").textContent = `of ${pages.toLocaleString("en")}`;
  for (const button of document.querySelectorAll("#pager button")) {
    const back = ["first", "previous"].includes(button.dataset.go);
    button.disabled = back ? list.page === 0 : list.page === pages - 1;
  }
}

/** Draw a picture of the sheet. */
function card(index) {
  const name = report.names[index];
  const tiles = ["target", "embedding"].filter(role => has(index, role)).map(role => picture(index, role, `${role} of ${name}`));
  if (has(index, "target") && byId("differences").checked) tiles.push(difference(index));
  if (!tiles.length) tiles.push(element("span", {className: "missing"}, "no picture kept"));
  const state = report.statuses[index] === "done" ? [] : [mark(index)];
  const score = "psnr" in report.numbers ? formatted("psnr", index) : "";
  return element("li", {}, element("a", {href: link(index), title: name},
    element("span", {className: "tiles"}, ...tiles),
    element("span", {className: "name"}, name),
    element("span", {className: "score"}, score, ...state)));
}

function row(index) {
  const name = report.names[index];
  const small = has(index, "embedding") ? [picture(index, "embedding", "")] : [];
  const numbers = report.columns.filter(column => column.listed).map(column =>
    element("td", {className: "number"}, formatted(column.key, index).replace(` ${column.unit}`, "")));
  const verdict = report.verdicts ? [element("td", {className: "verdict"}, report.verdicts[index])] : [];
  return element("tr", {},
    element("td", {className: "small"}, ...small),
    element("th", {scope: "row"}, element("a", {href: link(index)}, name)),
    element("td", {}, mark(index)), ...numbers, ...verdict);
}

const mark = index => element("span", {className: "status", "data-status": report.statuses[index]}, report.statuses[index]);

function startList() {
  fill("status", report.statuses);
  if (report.verdicts) fill("verdict", report.verdicts);
  else byId("verdict-label").hidden = true;
  const keys = [...document.querySelectorAll("th[data-key]")].map(heading => [heading.dataset.key, heading.textContent.trim()]);
  byId("order").append(...keys.map(([value, text]) => element("option", {value}, text)));

  byId("tools").addEventListener("submit", event => event.preventDefault());
  byId("query").addEventListener("input", event => relist({query: event.target.value.trim().toLowerCase()}));
  byId("status").addEventListener("change", event => relist({status: event.target.value}));
  byId("verdict").addEventListener("change", event => relist({verdict: event.target.value}));
  byId("order").addEventListener("change", event => sortBy(event.target.value));
  byId("direction").addEventListener("click", () => relist({descending: !list.descending}));
  for (const heading of document.querySelectorAll("th[data-key]")) {
    heading.querySelector("button").addEventListener("click", () => sortBy(heading.dataset.key));
  }
  for (const choice of document.querySelectorAll("[name=view]")) {
    choice.addEventListener("change", () => { list.view = choice.value; draw(); });
  }
  byId("size").addEventListener("input", event => byId("sheet").style.setProperty("--tile", `${event.target.value}px`));
  byId("differences").addEventListener("change", draw);
  byId("page").addEventListener("change", event => turnTo(Number(event.target.value) - 1));
  const moves = {first: () => 0, previous: () => list.page - 1, next: () => list.page + 1, last: () => pageCount() - 1};
  for (const button of document.querySelectorAll("#pager button")) {
    button.addEventListener("click", () => {
      turnTo(moves[button.dataset.go]());
      byId("count").scrollIntoView({block: "nearest"}); // a new page is looked at from its top
    });
  }
  relist({});
}

/** Sort by a column, the best or the first on top; the same column again turns the order round. */
function sortBy(key) {
  const natural = columns.get(key)?.better === "high";
  relist({key, descending: key === list.key ? !list.descending : natural});
}

function fill(id, values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  byId(id).append(...[...counts].map(([value, count]) => element("option", {value}, `${value} (${count.toLocaleString("en")})`)));
}

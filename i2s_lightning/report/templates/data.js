"use strict";
// What the page is about, and where its pictures and curves are.

const report = JSON.parse(document.getElementById("data").textContent);
const columns = new Map(report.columns.map(column => [column.key, column]));
const indices = new Map(report.names.map((name, index) => [name, index]));

/** Make an element; text is never read as HTML. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const byId = id => document.getElementById(id);

function formatted(key, index) {
  const value = report.numbers[key][index];
  if (value === null) return "–";
  const {digits, unit} = columns.get(key);
  return value.toFixed(digits) + (unit ? ` ${unit}` : "");
}

const has = (index, role) => Number(report.pictures.kept[index]) >= (role === "target" ? 2 : 1);

/** Say where a picture is: in the page, or beside it. */
function address(index, role) {
  const {inline, folder, ending} = report.pictures;
  if (inline) return inline[index][role];
  const path = report.names[index].split("/").map(encodeURIComponent).join("/");
  return `${encodeURIComponent(folder)}/${role}/${path}${ending}`;
}

function picture(index, role, alt) {
  const {height, width} = report.pictures;
  return element("img", {alt, width, height, loading: "lazy", decoding: "async", className: role, src: address(index, role)});
}

/** Show where target and embedding differ: the browser subtracts and multiplies. */
function difference(index) {
  const label = `difference of target and embedding of ${report.names[index]}`;
  return element("span", {className: "difference", role: "img", "aria-label": label},
    picture(index, "target", ""), picture(index, "embedding", ""));
}

const link = index => `#picture=${encodeURIComponent(report.names[index])}`;

// Curves of a large run lie in scripts beside the page: a page on disk may load scripts, but read no other files.

const curves = new Map(Object.entries(report.curves.within).map(([index, curve]) => [Number(index), curve]));
const loading = new Map();

function receiveCurves(some) {
  for (const [index, curve] of Object.entries(some)) curves.set(Number(index), curve);
}

/** Give a picture's curve, [steps, losses]; undefined if it has none. */
async function curveOf(index) {
  const {chunk} = report.curves;
  if (!curves.has(index) && chunk !== null) {
    const number = Math.floor(index / chunk);
    if (!loading.has(number)) loading.set(number, load(`${report.pictures.folder}/curves/${String(number).padStart(4, "0")}.js`));
    await loading.get(number);
  }
  return curves.get(index);
}

function load(source) {
  return new Promise(done => {
    document.head.append(element("script", {src: source, onload: done, onerror: done}));
  });
}
